package httpapi_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/httpapi"
)

// TestNames is what a host may call its server.
func TestNames(t *testing.T) {
	s := serve(t, false)
	h := httpapi.New(s.e, httpapi.WithVersion("7.1.2"), httpapi.WithClusterID("kilns"))
	for path, want := range map[string]string{
		"/info":        `{"KsqlServerInfo":{"version":"7.1.2","kafkaClusterId":"kilns",`,
		"/v1/metadata": `{"version":"7.1.2","clusterId":{"scope":{"path":[],"clusters":{"kafka-cluster":"kilns",`,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if got := w.Body.String(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s", path, got)
		}
	}
}

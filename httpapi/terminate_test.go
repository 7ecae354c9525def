package httpapi_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/httpapi"
)

// TestTerminate ends a cluster: what is asked for afterwards is refused, and only the sinks that are named are gone.
func TestTerminate(t *testing.T) {
	s := serve(t, false)
	s.must(kilns + `CREATE TABLE HEAT2 AS SELECT KILN, COUNT(*) AS N FROM KILNS GROUP BY KILN; CREATE STREAM "bar1" AS SELECT * FROM KILNS; CREATE STREAM FOO AS SELECT * FROM KILNS; CREATE STREAM FOOL AS SELECT * FROM KILNS;`)
	code, _, got := s.ask("POST", "/ksql/terminate", "", `{"deleteTopicList":["FOO","HEA.","bar.*","kilns|glazes"]}`)
	if code != 200 || !strings.HasPrefix(got, `[{"@type":"currentStatus","statementText":"TERMINATE CLUSTER;","commandId":"cluster/TerminateCluster/terminate","commandStatus":{"status":"SUCCESS","message":"Cluster terminated.","queryId":null},"commandSequenceNumber":`) {
		t.Errorf("got %d %s", code, got)
	}
	refused(t, s, `{"@type":"generic_error","error_code":50304,"message":"The server is shut down"}`)
	topics, err := s.e.Log().Topics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(topics))
	for _, x := range []struct {
		name  string
		there bool
	}{{"HEAT", false}, {"bar1", false}, {"FOO", false}, {"HEAT2", true}, {"FOOL", true}, {"kilns", true}, {"glazes", true}} {
		if slices.Contains(names, x.name) != x.there {
			t.Errorf("topic %s among %q: want %v", x.name, names, x.there)
		}
	}
}

// TestTerminating refuses what is asked for while a cluster ends.
func TestTerminating(t *testing.T) {
	s := serve(t, false)
	s.must(kilns)
	working, goOn, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		_, err := s.e.Server().Terminate(context.Background(), func(string) bool {
			working <- true
			<-goOn
			return false
		})
		done <- err
	}()
	<-working
	refused(t, s, `{"@type":"generic_error","error_code":50303,"message":"The server is shutting down"}`)
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
	refused(t, s, `{"@type":"generic_error","error_code":50304,"message":"The server is shut down"}`)
}

// refused asks every route, and some that are none.
func refused(t *testing.T, s *server, want string) {
	t.Helper()
	h := httpapi.New(s.e)
	for _, r := range append(httpapi.Routes(h), "GET /nothing", "DELETE /ksql", "POST /ksql/terminate/") {
		method, path, _ := strings.Cut(r, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader("{}")))
		got := w.Body.String()
		if strings.HasPrefix(path, "/chc/") {
			if w.Code != 200 || got != "{}" {
				t.Errorf("%s: got %d %s", r, w.Code, got)
			}
		} else if w.Code != 503 || got != want {
			t.Errorf("%s: got %d %s, want %s", r, w.Code, got, want)
		}
	}
}

package httpapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/httpapi"
)

// TestTerminate ends a cluster in the place of an engine: what is asked for meanwhile and afterwards is refused.
func TestTerminate(t *testing.T) {
	s := serve(t, false)
	h := httpapi.New(s.e)
	ask := func(request, body string) (int, string) {
		method, path, _ := strings.Cut(request, " ")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	refused := func(want string) {
		t.Helper()
		for _, r := range append(httpapi.Routes(h), "GET /nothing", "DELETE /ksql", "POST /ksql/terminate/") {
			code, got := ask(r, "{}")
			if strings.HasPrefix(r, "GET /chc/") {
				if code != 200 || got != "{}" {
					t.Errorf("%s: got %d %s", r, code, got)
				}
			} else if code != 503 || got != want {
				t.Errorf("%s: got %d %s, want %s", r, code, got, want)
			}
		}
	}
	var asked [][]string
	working, done := make(chan bool), make(chan error)
	httpapi.Ends(h, func(ctx context.Context, patterns []string) error {
		asked = append(asked, patterns)
		working <- true
		return errors.Join(<-done, ctx.Err())
	})
	for _, c := range []struct {
		body, want string
		patterns   []string
		err        error
	}{
		{"", `{"@type":"statement_error","error_code":50000,"message":"Could not write the statement 'TERMINATE CLUSTER;' into the command topic.","statementText":"TERMINATE CLUSTER;","entities":[]}`,
			nil, errors.New("Could not write the statement 'TERMINATE CLUSTER;' into the command topic.")},
		{`{"deleteTopicList":null,"other":1}`, `{"@type":"statement_error","error_code":50000,"message":"no","statementText":"TERMINATE CLUSTER;","entities":[]}`, nil, errors.New("no")},
		{`{"deleteTopicList":["FOO","bar.*","(?i)a|b"]}`, `[{"@type":"currentStatus","statementText":"TERMINATE CLUSTER;","commandId":"cluster/TerminateCluster/terminate","commandStatus":{"status":"SUCCESS","message":"Cluster terminated.","queryId":null},"commandSequenceNumber":-1,"warnings":[]}]`,
			[]string{"FOO", "bar.*", "(?i)a|b"}, nil},
	} {
		if code, got := ask("GET /info", ""); code != 200 {
			t.Fatalf("before: %d %s", code, got)
		}
		asked = nil
		answer := make(chan string)
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, "POST", "/ksql/terminate", strings.NewReader(c.body)))
			answer <- w.Body.String()
		}()
		<-working
		cancel() // who asked may leave
		refused(`{"@type":"generic_error","error_code":50303,"message":"The server is shutting down"}`)
		done <- c.err
		if got := <-answer; got != c.want || len(asked) != 1 || !slices.Equal(asked[0], c.patterns) {
			t.Errorf("%s: got %s\nwant %s\nasked for %q", c.body, got, c.want, asked)
		}
	}
	refused(`{"@type":"generic_error","error_code":50304,"message":"The server is shut down"}`)
}

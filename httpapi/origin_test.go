package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/httpapi"
)

// TestOrigins lets no page of another origin send anything that has effects, in a form that browsers send without
// asking first.
func TestOrigins(t *testing.T) {
	s := serve(t, true)
	trusting := http.NewCrossOriginProtection()
	if err := trusting.AddTrustedOrigin("https://ui.example"); err != nil {
		t.Fatal(err)
	}
	ask := func(h http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Host, r.ProtoMajor = "127.0.0.1:8088", 2
		r.Header.Set("Content-Type", "text/plain")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	const create = `{"ksql":"CREATE TYPE A AS INT; DROP TYPE A;"}`
	origins := []struct {
		name              string
		headers           []string
		own, trusted, all bool // is let through
	}{
		{"no browser", nil, true, true, true},
		{"the server's own page", []string{"Origin", "http://127.0.0.1:8088", "Sec-Fetch-Site", "same-origin"}, true, true, true},
		{"the user", []string{"Sec-Fetch-Site", "none"}, true, true, true},
		{"another site", []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, false, false, true},
		{"another port", []string{"Origin", "http://127.0.0.1:3000", "Sec-Fetch-Site", "same-site"}, false, false, true},
		{"a form without origin", []string{"Origin", "null", "Sec-Fetch-Site", "cross-site"}, false, false, true},
		{"without a referrer", []string{"Sec-Fetch-Site", "cross-site"}, false, false, true},
		{"an old browser", []string{"Origin", "https://evil.example"}, false, false, true},
		{"an old browser's own page", []string{"Origin", "http://127.0.0.1:8088"}, true, true, true},
		{"a user interface elsewhere", []string{"Origin", "https://ui.example", "Sec-Fetch-Site", "cross-site"}, false, true, true},
	}
	for i, h := range []http.Handler{httpapi.New(s.e), httpapi.New(s.e, httpapi.WithCrossOrigin(trusting)), httpapi.New(s.e, httpapi.WithCrossOrigin(nil))} {
		for _, o := range origins {
			w := ask(h, "POST", "/ksql", create, o.headers...)
			want := 403
			if [...]bool{o.own, o.trusted, o.all}[i] {
				want = 200
			}
			if w.Code != want || want == 403 && !strings.HasPrefix(w.Body.String(), `{"@type":"generic_error","error_code":40300,"message":"Requests from pages of other origins are refused. Origin: `) {
				t.Errorf("%s, handler %d: got %d %s, want %d", o.name, i, w.Code, w.Body, want)
			}
		}
	}
	// Whatever the method and the route: nothing runs.
	h := httpapi.New(s.e)
	for _, r := range httpapi.Routes(h) {
		method, path, _ := strings.Cut(r, " ")
		if w := ask(h, method, path, create, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); method != "GET" && w.Code != 403 {
			t.Errorf("%s: got %d %s", r, w.Code, w.Body)
		}
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		for _, path := range []string{"/ksql", "/ksql/terminate", "/query", "/query-stream", "/inserts-stream", "/close-query"} {
			if w := ask(h, method, path, create); w.Code != 404 {
				t.Errorf("%s %s: got %d %s", method, path, w.Code, w.Body)
			}
		}
	}
}

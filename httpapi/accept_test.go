package httpapi

import "testing"

func TestAccept(t *testing.T) {
	stream := []string{delim, plain, v1, proto}
	for _, c := range []struct{ accept, want string }{
		{"*/*", delim},
		{"application/json", plain},
		{"application/json; charset=utf-8", plain},
		{"APPLICATION/JSON", plain},
		{"application/*", delim},
		{"json", plain},
		{"application/json;q=0.9, */*", delim},
		{"application/json;q=0.98, */*", plain},
		{"application/json, text/plain, */*", plain},
		{"application/vnd.ksql.v1+json; q=0.9, application/json; q=0.5", v1},
		{"text/csv, " + proto + ";q=0", proto},
		{"text/html", ""},
	} {
		got, ok := choose(accepted([]string{c.accept}), stream)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s: got %q %v, want %q", c.accept, got, ok, c.want)
		}
	}
	if got, ok := choose(accepted(nil), stream); got != "" || !ok {
		t.Errorf("without Accept: got %q %v", got, ok)
	}
}

package uri

import "testing"

// TestParse holds the parts to those that OpenJDK 17 gives. "-" is a part that is missing.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		in, scheme, host string
		port             int32
		path, query      string
		fragment         string
	}{
		{"https://u:p@docs.example.com:80/x?a=b#f", "https", "docs.example.com", 80, "/x", "a=b", "f"},
		{"http://my_host:80/x", "http", "-", -1, "/x", "-", "-"},
		{"http://[::1]:8080/", "http", "[::1]", 8080, "/", "-", "-"},
		{"//h.example/x", "-", "h.example", -1, "/x", "-", "-"},
		{"mailto:a@b", "mailto", "-", -1, "", "-", "-"},
		{"http://1.2.3.4.5/", "http", "-", -1, "/", "-", "-"},
		{"http://1.2.3.4/", "http", "1.2.3.4", -1, "/", "-", "-"},
		{"http://a.example./", "http", "a.example.", -1, "/", "-", "-"},
		{"https://a.example:/x", "https", "a.example", -1, "/x", "-", "-"},
		{"https://a.example:99999/%20?#", "https", "a.example", 99999, "/%20", "", ""},
		{"www.x.y/p", "-", "-", -1, "www.x.y/p", "-", "-"},
		{"", "-", "-", -1, "", "-", "-"},
	} {
		u, err := Parse(c.in)
		if err != nil || show(u.Scheme) != c.scheme || show(u.Host) != c.host || u.Port != c.port || u.Path != c.path || show(u.Query) != c.query || show(u.Fragment) != c.fragment {
			t.Errorf("%q: %+v, %v", c.in, u, err)
		}
	}
	for _, bad := range []string{"http://", "http://a b", "https://a.example/%zz", ":x", "1a:x", "http://[::1", "http:"} {
		if u, err := Parse(bad); err == nil {
			t.Errorf("%q is taken: %+v", bad, u)
		}
	}
}

func show(p Part) string {
	if !p.OK {
		return "-"
	}
	return p.Text
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{"/x%20y+z": "/x y+z", "%C3%BC": "\u00fc", "%C3x": "\ufffdx", "%zz": "%zz", "100%": "100%"} {
		if got := Decode(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

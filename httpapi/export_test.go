package httpapi

import "net/http"

// Routes is the route table: GET /info and so on.
func Routes(h http.Handler) []string {
	var out []string
	for _, r := range h.(*api).table() {
		out = append(out, r.method+" "+r.path)
	}
	return out
}

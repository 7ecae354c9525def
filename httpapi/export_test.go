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

// Held is the bytes that large requests and answers hold.
func Held(h http.Handler) int64 { return h.(*api).buffers.held.Load() }

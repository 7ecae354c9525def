package httpapi

import (
	"context"
	"net/http"
)

// Routes is the route table: GET /info and so on.
func Routes(h http.Handler) []string {
	var out []string
	for _, r := range h.(*api).table() {
		out = append(out, r.method+" "+r.path)
	}
	return out
}

// Ends puts something else in the place of the engine that can terminate a cluster.
func Ends(h http.Handler, end func(ctx context.Context, patterns []string) error) {
	h.(*api).ends = ending(end)
}

type ending func(context.Context, []string) error

func (f ending) TerminateCluster(ctx context.Context, patterns []string) error {
	return f(ctx, patterns)
}

// Held is the bytes that large requests and answers hold.
func Held(h http.Handler) int64 { return h.(*api).buffers.held.Load() }

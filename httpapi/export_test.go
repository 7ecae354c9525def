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

// ShapeOf is the shape of a query and the values that were taken out.
func ShapeOf(text string) (string, []any) {
	s := shapeOf(text)
	return s.text, s.values
}

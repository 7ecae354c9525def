package exec

import (
	"slices"
	"strings"
)

// Transient is a push query at work, or a pull query on a stream.
type Transient struct {
	ID, Text string
	Push     bool
}

// Transients is the push queries and stream pull queries that run now, by id.
func (e *Engine) Transients() []Transient {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Transient, 0, len(e.pushes))
	for id, r := range e.pushes {
		out = append(out, Transient{ID: id, Text: r.Text, Push: r.Push})
	}
	slices.SortFunc(out, func(a, b Transient) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// EndTransient ends a push query or stream pull query, named without letter case: its rows end as they do
// when the engine closes. It reports whether there was one.
func (e *Engine) EndTransient(id string) bool {
	e.mu.Lock()
	var found *Rows
	for have, r := range e.pushes {
		if strings.EqualFold(have, id) {
			found = r
		}
	}
	e.mu.Unlock()
	if found == nil {
		return false
	}
	return found.Close() == nil
}

package plan

import (
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// Explain prints a query's steps as ksqlDB's EXPLAIN does, the last step first.
func Explain(q *Query) string {
	var b strings.Builder
	explain(&b, q, q.Root, 0)
	return b.String()
}

func explain(b *strings.Builder, q *Query, s Step, depth int) {
	h := s.Out()
	var cols sql.Schema
	for _, c := range h.Schema {
		if c.Role != sql.PseudoRole {
			cols = append(cols, c)
		}
	}
	logger := h.Name
	if sink, ok := s.(*Sink); ok {
		logger = sink.Source
	}
	b.WriteString(strings.Repeat("\t\t", depth) + " > [ " + stepTitle(s) + " ] | Schema: " + cols.String() + " | Logger: " + q.ID + "." + logger + "\n")
	for _, in := range s.Inputs() {
		explain(b, q, in, depth+1)
	}
}

// stepTitle is the kind of a step as EXPLAIN prints it.
func stepTitle(s Step) string {
	switch s := s.(type) {
	case *Scan:
		return "SOURCE"
	case *Sink:
		return "SINK"
	case *Filter:
		return "FILTER"
	case *Project:
		return "PROJECT"
	case *FlatMap:
		return "FLAT_MAP"
	case *Rekey:
		return "REKEY"
	case *Exchange:
		return "GROUP_BY"
	case *Aggregate:
		if s.Head.Window != nil {
			return "WINDOW_AGGREGATE"
		}
		return "AGGREGATE"
	}
	return "MATERIALIZE"
}

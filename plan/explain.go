package plan

import (
	"fmt"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// Explain prints a query's steps as ksqlDB's EXPLAIN does, the last step first. A step with several readers has a
// number: under the first of them it is printed, under the others its number stands for it.
func Explain(q *Query) string {
	e := explainer{query: q, readers: map[Step]int{}, number: map[Step]int{}}
	for _, s := range Steps(q.Root) {
		for _, in := range s.Inputs() {
			e.readers[in]++
		}
	}
	e.step(q.Root, 0)
	return e.text.String()
}

type explainer struct {
	query   *Query
	text    strings.Builder
	readers map[Step]int
	number  map[Step]int // of steps with several readers that are printed
}

func (e *explainer) step(s Step, depth int) {
	fmt.Fprintf(&e.text, "%s > [ %s ]", strings.Repeat("\t\t", depth), s.title())
	if e.readers[s] > 1 {
		n, again := e.number[s]
		if !again {
			n = len(e.number) + 1
			e.number[s] = n
		}
		fmt.Fprintf(&e.text, " #%d", n)
		if again {
			e.text.WriteByte('\n')
			return
		}
	}
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
	fmt.Fprintf(&e.text, " | Schema: %s | Logger: %s.%s\n", cols, e.query.ID, logger)
	for _, in := range s.Inputs() {
		e.step(in, depth+1)
	}
}

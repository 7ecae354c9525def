package plan

import (
	"fmt"
	"slices"
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

// ExplainPull prints how a pull query on a table finds its rows, and what it makes of them: the last step first.
func ExplainPull(p *Pull) string {
	out := " > [ PROJECT ] | Schema: " + p.Schema.String() + "\n"
	tabs := "\t"
	if p.Filter != nil {
		out += tabs + " > [ FILTER ] | " + p.Filter.String() + "\n"
		tabs += "\t"
	}
	windows := slices.Concat(bounds(windowStart, p.Start), bounds(windowEnd, p.End))
	how, reads := "TABLE SCAN", "all rows"
	switch {
	case len(p.Keys) == 1:
		how, reads = "KEY LOOKUP", strings.Join(append([]string{"rows of 1 key"}, windows...), ", ")
	case len(p.Keys) > 1:
		how, reads = "KEY LOOKUP", strings.Join(append([]string{fmt.Sprintf("rows of %d keys", len(p.Keys))}, windows...), ", ")
	case p.Range != nil:
		how, reads = "RANGE SCAN", "rows with "+strings.Join(p.Range.bounds(p.Columns[0].Name), ", ")+", looking at all keys"
	case len(windows) > 0:
		how, reads = "WINDOW SCAN", "rows with "+strings.Join(windows, ", ")
	}
	return out + tabs + " > [ " + how + " ] | State of: " + p.QueryID + " | Reads: " + reads + "\n"
}

func bounds(name string, list []Bound) (out []string) {
	for _, b := range list {
		out = append(out, fmt.Sprint(name, " ", b.Op, " ", b.X))
	}
	return out
}

// bounds is the range of a key of this name, as text.
func (r *Range) bounds(name string) (out []string) {
	one := func(x Expr, in, open sql.BinaryOp, isOpen bool) {
		if isOpen {
			in = open
		}
		if x != nil {
			out = append(out, fmt.Sprint(name, " ", in, " ", x))
		}
	}
	one(r.Lo, sql.OpGe, sql.OpGt, r.LoOpen)
	one(r.Hi, sql.OpLe, sql.OpLt, r.HiOpen)
	return out
}

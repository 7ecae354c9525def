package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// Filter keeps the rows for which Pred is true. On a table with Old a row that stops passing leaves as Delete.
// A stream's rows without a value are dropped.
type Filter struct {
	Head
	In   Step
	Pred Expr
}

// Inputs is its one input.
func (s *Filter) Inputs() []Step { return []Step{s.In} }

func (s *Filter) title() string        { return "FILTER" }
func (*Filter) free() bool             { return true }
func (s *Filter) givesOld(_ bool) bool { return s.In.Out().Old }
func (*Filter) readsOld(bool) bool     { return true }

func (s *Filter) needs(_ int, want []bool) []bool {
	if want == nil {
		return nil
	}
	in := slices.Clone(want)
	Columns(s.Pred, in)
	return in
}

// filter keeps the rows for which e is true.
func (q *builder) filter(in Step, e sql.Expr, clause, name string, synth map[*sql.ColumnRef]int) (Step, error) {
	pred, err := q.binderWith(in.Out().Schema, synth).Predicate(e, clause)
	if err != nil {
		return nil, err
	}
	h := *in.Out()
	h.Name = name
	if in.Out().Shape == sql.TableKind {
		h.Old = true
	}
	return &Filter{Head: h, In: in, Pred: pred}, nil
}

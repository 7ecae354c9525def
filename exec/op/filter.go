package op

import (
	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// Filter keeps the rows for which a predicate is true.
type Filter struct {
	step *plan.Filter
	pred *expr.Program
	call expr.Call
	rows []int32
	pass []bool
	ops  []Op
	gather
}

// NewFilter is the operator of s.
func NewFilter(s *plan.Filter, env *expr.Env) (*Filter, error) {
	p, err := expr.CompilePredicate(s.Pred, env)
	return &Filter{step: s, pred: p}, err
}

// Process drops rows. On a stream rows without a value go too. On a table with old values an update whose
// new row fails leaves as Delete, one whose old row failed as Insert; a Delete of a row that never passed
// is nobody's business (ksqlDB: a tombstone only if the previous row matched).
func (f *Filter) Process(c *Context, b *Batch, emit Emit) error {
	f.call.Cols, f.call.N, f.call.Params = b.Cols, b.N, c.Params
	f.call.Fail = func(row int, err error) { c.reportNew(f.step.Name, b, row, &PredicateError{f.step.Pred.String(), err}) }
	f.call.Nested = func(row int, err error) { c.reportNew(f.step.Name, b, row, err) }
	f.rows = f.pred.Filter(&f.call, f.rows[:0])
	if b.Ops == nil {
		switch len(f.rows) {
		case 0:
			return nil
		case b.N:
			return emit(b)
		}
		return emit(f.take(b, f.rows, f.step.Live))
	}
	if f.step.Shape == sql.StreamKind {
		kept := f.rows[:0]
		for _, r := range f.rows {
			if b.Ops[r] == Insert {
				kept = append(kept, r)
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return emit(f.take(b, kept, f.step.Live))
	}
	return f.changes(b, emit)
}

func (f *Filter) changes(b *Batch, emit Emit) error {
	f.pass = append(f.pass[:0], make([]bool, b.N)...)
	for _, r := range f.rows {
		f.pass[r] = true
	}
	f.rows, f.ops = f.rows[:0], f.ops[:0]
	add := func(i int, o Op) { f.rows, f.ops = append(f.rows, int32(i)), append(f.ops, o) }
	for i := 0; i < b.N; i++ {
		switch b.Ops[i] {
		case Before:
			switch old, now := f.pass[i], f.pass[i+1]; {
			case old && now:
				add(i, Before)
				add(i+1, After)
			case old:
				add(i, Delete)
			case now:
				add(i+1, Insert)
			}
			i++
		default:
			if f.pass[i] {
				add(i, b.Ops[i])
			}
		}
	}
	if len(f.rows) == 0 {
		return nil
	}
	out := f.take(b, f.rows, f.step.Live)
	out.Ops = f.ops
	return emit(out)
}

// PredicateError is a condition that failed for one row.
type PredicateError struct {
	Expr string
	Err  error
}

// Error is ksqlDB's text of it.
func (e *PredicateError) Error() string {
	return "Error evaluating predicate " + e.Expr + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *PredicateError) Unwrap() error { return e.Err }

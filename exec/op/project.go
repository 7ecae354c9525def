package op

import (
	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Project computes the columns of its schema.
type Project struct {
	step  *plan.Project
	items []*expr.Program
	call  expr.Call
	out   Batch
	part  gather     // the rows that have a value, when some do not
	full  []*vec.Vec // results spread over all rows again
	rows  []int32
	keyed []bool // the item reads key columns only (or none)
	told  []Problem
	note  func(Problem)
}

// NewProject is the operator of s.
func NewProject(s *plan.Project, env *expr.Env) (*Project, error) {
	p := &Project{step: s, full: make([]*vec.Vec, len(s.Items)), out: Batch{Cols: make([]*vec.Vec, len(s.Items))}}
	p.note = func(x Problem) { p.told = append(p.told, x) }
	in := s.In.Out().Schema
	for _, it := range s.Items {
		prog, err := expr.Compile(it.X, env)
		if err != nil {
			return nil, err
		}
		p.items = append(p.items, prog)
		p.keyed = append(p.keyed, keyOnly(it.X, in))
	}
	return p, nil
}

// keyOnly reports whether e reads no column but keys and window bounds.
func keyOnly(e plan.Expr, in sql.Schema) bool {
	return plan.EachColumn(e, func(i int) bool { return in[i].Role == sql.KeyRole || bound(in[i]) })
}

// bound reports whether c is a window bound: it belongs to the key.
func bound(c sql.Column) bool {
	return c.Role == sql.PseudoRole && (c.Name == "WINDOWSTART" || c.Name == "WINDOWEND")
}

// Process evaluates the items, for halves of b where what they make of all its rows is too large. A row without a value
// keeps its key, everything else of it is null (ksqlDB: the projection is skipped); a deleted row of a table with old
// values still has them.
func (p *Project) Process(c *Context, b *Batch, emit Emit) error {
	tell := *c
	if p.told = p.told[:0]; c.Report != nil {
		tell.Report = p.note
	}
	if tooLarge(func() { p.eval(&tell, b) }) {
		return halves(b, func(half *Batch) error { return p.Process(c, half, emit) })
	}
	for _, x := range p.told {
		c.Report(x)
	}
	return emit(&p.out)
}

func (p *Project) eval(c *Context, b *Batch) {
	cols := p.out.Cols
	p.out = *b
	p.out.Cols = cols
	p.call.Cols, p.call.N, p.call.Params, p.call.Halve = b.Cols, b.N, c.Params, true
	if b.Ops != nil && !p.step.Old && p.some(b) {
		p.sparse(c, b)
		return
	}
	p.call.Nested = func(row int, err error) { c.reportNew(p.step.Name, b, row, err) }
	for i, it := range p.items {
		p.call.Fail = func(row int, err error) { p.report(c, b, row, i, err) }
		cols[i] = it.Eval(&p.call)
		c.Env.Stop.Check()
	}
}

func (p *Project) report(c *Context, b *Batch, row, i int, err error) {
	it := p.step.Items[i]
	c.reportNew(p.step.Name, b, row, &ColumnError{it.X.String(), it.Name, i, err})
}

// some notes the rows that have a value; false: all have.
func (p *Project) some(b *Batch) bool {
	p.rows = p.rows[:0]
	for i, o := range b.Ops {
		if o != Delete {
			p.rows = append(p.rows, int32(i))
		}
	}
	return len(p.rows) != b.N
}

func (p *Project) sparse(c *Context, b *Batch) {
	some := p.part.take(b, p.rows, nil)
	for i, it := range p.items {
		if p.keyed[i] && p.step.Schema[i].Role != sql.ValueRole {
			p.call.Cols, p.call.N, p.call.Params = b.Cols, b.N, c.Params
			p.call.Fail, p.call.Nested = nil, nil
			p.out.Cols[i] = it.Eval(&p.call)
			continue
		}
		p.call.Cols, p.call.N = some.Cols, some.N
		p.call.Fail = func(row int, err error) { p.report(c, some, row, i, err) }
		p.call.Nested = func(row int, err error) { c.reportNew(p.step.Name, some, row, err) }
		v := it.Eval(&p.call)
		if p.full[i] == nil {
			p.full[i] = v.Like()
		}
		p.full[i].Reset()
		k := 0
		for row := 0; row < b.N; row++ {
			if k < len(p.rows) && int(p.rows[k]) == row {
				p.full[i].AppendFrom(v, k)
				k++
			} else {
				p.full[i].AppendNull()
			}
		}
		p.out.Cols[i] = p.full[i]
	}
}

// ColumnError is a select expression that failed for one row.
type ColumnError struct {
	Expr, Column string
	Index        int
	Err          error
}

// Error is ksqlDB's text of it.
func (e *ColumnError) Error() string {
	return "Error computing expression " + e.Expr + " for column " + e.Column + " with index " + itoa(e.Index) + ": " + e.Err.Error()
}

// Unwrap is the cause.
func (e *ColumnError) Unwrap() error { return e.Err }

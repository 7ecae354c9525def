package expr

import "github.com/ksqlgo/ksql/sql/vec"

// try evaluates a batch; there is no result when its values become too large for a column.
func (p *Program) try(f *frame) (out *vec.Vec) {
	defer func() {
		if r := recover(); r == vec.ErrTooLarge {
			out = nil
		} else if r != nil {
			panic(r)
		}
	}()
	return p.root.eval(f)
}

// rowByRow repeats a batch whose values became too large: the rows that make them so fail. What has failed
// before is told already.
func (p *Program) rowByRow(f *frame) *vec.Vec {
	out := vec.NewIn(p.typ, p.env.Budget)
	one := frame{slots: make([]*vec.Vec, len(f.slots)), params: f.params}
	for row := range f.n {
		p.env.Stop.Check()
		for s, col := range p.columns {
			if col >= 0 {
				one.slots[s] = vec.New(f.slots[s].Type)
				one.slots[s].AppendFrom(f.slots[s], row)
			}
		}
		one.begin(1, func(_ int, err error) { f.fail(row, err) })
		if !p.add(out, &one) {
			out.Truncate(row)
			f.fail(row, vec.ErrTooLarge)
		}
		if out.N == row {
			out.AppendNull()
		}
	}
	return out
}

// add evaluates one row into out; false: it does not fit.
func (p *Program) add(out *vec.Vec, one *frame) (fits bool) {
	defer func() {
		if r := recover(); r != nil && r != vec.ErrTooLarge {
			panic(r)
		}
	}()
	if v := p.root.eval(one); !one.any {
		out.AppendFrom(v, 0)
	}
	return true
}

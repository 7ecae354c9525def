package expr

import (
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// cases compiles the searched CASE. Its parts run only for the rows that reach them, unless they cannot fail.
func (c *compiler) cases(e *plan.Case) (node, error) {
	n := &cases{stop: c.env.Stop, out: c.vec(e.T)}
	for _, w := range e.Whens {
		cond, err := c.branch(w.Cond)
		if err != nil {
			return nil, err
		}
		then, err := c.branch(w.Then)
		if err != nil {
			return nil, err
		}
		n.conds = append(n.conds, cond)
		n.thens = append(n.thens, &arm{branch: then, null: w.Then.Type().Kind == sql.Null})
	}
	if e.Else != nil {
		b, err := c.branch(e.Else)
		if err != nil {
			return nil, err
		}
		n.thens = append(n.thens, &arm{branch: b, null: e.Else.Type().Kind == sql.Null})
	}
	return n, nil
}

type cases struct {
	conds []*branch
	thens []*arm // one more than conds when there is an ELSE
	open  []int32
	which []int32 // the arm of each row, -1: none
	out   *vec.Vec
	stop  *fn.Stop
}

// arm is a THEN or the ELSE.
type arm struct {
	*branch
	null  bool
	rows  []int32  // those that it gives the result of, in order
	v     *vec.Vec // its result; nil: none
	whole bool     // v is of all rows, not only of those
	next  int      // the next row of v otherwise
}

func (n *cases) fails() bool { return true }

func (n *cases) eval(f *frame) *vec.Vec {
	n.which = resize(n.which, f.n)
	n.open = n.open[:0]
	for i := range f.n {
		n.open = append(n.open, int32(i))
		n.which[i] = -1
	}
	for _, a := range n.thens {
		a.rows = a.rows[:0]
	}
	for k, cond := range n.conds {
		if len(n.open) == 0 {
			break
		}
		n.stop.Check()
		left := n.open[:0]
		whole := !cond.fails() || len(n.open) == f.n
		var v *vec.Vec
		if whole {
			v = cond.eval(f)
		} else {
			v = cond.on(f, n.open)
		}
		for j, i := range n.open {
			if whole {
				j = int(i)
			}
			switch {
			case v.IsNull(j):
				f.fail(int(i), errNullBool)
			case f.bad(int(i)):
			case v.Bool[j]:
				n.thens[k].rows = append(n.thens[k].rows, i)
			default:
				left = append(left, i)
			}
		}
		n.open = left
	}
	if len(n.thens) > len(n.conds) {
		last := n.thens[len(n.conds)]
		last.rows = append(last.rows, n.open...)
	}
	for k, a := range n.thens {
		a.v = nil
		if len(a.rows) == 0 || a.null {
			continue
		}
		a.whole = !a.fails() || len(a.rows) == f.n
		if a.whole {
			a.v = a.eval(f)
		} else {
			a.v = a.on(f, a.rows)
		}
		for _, i := range a.rows {
			n.which[i] = int32(k)
		}
	}
	n.collect(f.n)
	return n.out
}

// collect puts the results of the arms together.
func (n *cases) collect(rows int) {
	switch n.out.Type.Kind {
	case sql.Integer, sql.Date, sql.Time:
		n.out.SetLen(rows)
		scatter(n, n.out.I32, func(v *vec.Vec) []int32 { return v.I32 })
	case sql.Bigint, sql.Timestamp:
		n.out.SetLen(rows)
		scatter(n, n.out.I64, func(v *vec.Vec) []int64 { return v.I64 })
	case sql.Double:
		n.out.SetLen(rows)
		scatter(n, n.out.F64, func(v *vec.Vec) []float64 { return v.F64 })
	case sql.Boolean:
		n.out.SetLen(rows)
		scatter(n, n.out.Bool, func(v *vec.Vec) []bool { return v.Bool })
	default:
		n.gather(rows)
		return
	}
	for i, k := range n.which {
		if k < 0 {
			n.out.SetNull(i)
		}
	}
}

func scatter[T any](n *cases, out []T, values func(*vec.Vec) []T) {
	for _, a := range n.thens {
		if a.v == nil {
			continue
		}
		src := values(a.v)
		for j, i := range a.rows {
			if a.whole {
				j = int(i)
			}
			out[i] = src[j]
			if a.v.IsNull(j) {
				n.out.SetNull(int(i))
			}
		}
	}
}

func (n *cases) gather(rows int) {
	for _, a := range n.thens {
		a.next = 0
	}
	n.out.Reset()
	text := n.out.Type.Kind == sql.String
	for i := range rows {
		k := n.which[i]
		if k < 0 {
			n.out.AppendNull()
			continue
		}
		a := n.thens[k]
		j := i
		if !a.whole {
			j = a.next
			a.next++
		}
		if text && a.v.Nulls == 0 {
			n.out.AppendBytes(a.v.Data[a.v.Offs[j]:a.v.Offs[j+1]])
		} else {
			n.out.AppendFrom(a.v, j)
		}
	}
}

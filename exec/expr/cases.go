package expr

import (
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// cases compiles the searched CASE. Its parts run only for the rows that reach them, unless they cannot fail.
func (c *compiler) cases(e *plan.Case) (node, error) {
	n := &cases{out: vec.New(e.T)}
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
	at    []int32 // the row of the arm's result
	out   *vec.Vec
}

// arm is a THEN or the ELSE.
type arm struct {
	*branch
	null bool
	rows []int32
	v    *vec.Vec
}

func (n *cases) fails() bool { return true }

func (n *cases) eval(f *frame) *vec.Vec {
	n.which, n.at = resize(n.which, f.n), resize(n.at, f.n)
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
		if len(a.rows) == 0 || a.null {
			continue
		}
		whole := !a.fails() || len(a.rows) == f.n
		if whole {
			a.v = a.eval(f)
		} else {
			a.v = a.on(f, a.rows)
		}
		for j, i := range a.rows {
			n.which[i] = int32(k)
			if whole {
				j = int(i)
			}
			n.at[i] = int32(j)
		}
	}
	n.out.Reset()
	for i, k := range n.which {
		if k < 0 {
			n.out.AppendNull()
		} else {
			n.out.AppendFrom(n.thens[k].v, int(n.at[i]))
		}
	}
	return n.out
}

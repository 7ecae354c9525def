package expr

import (
	"errors"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

var errNullBool = errors.New("a condition is null")

// logic compiles AND and OR. The right side runs only for the rows that the left one leaves open, if it
// could fail there.
func (c *compiler) logic(e *plan.Logic) (node, error) {
	l, err := c.node(e.L)
	if err != nil {
		return nil, err
	}
	r, err := c.branch(e.R)
	if err != nil {
		return nil, err
	}
	return &logic{or: e.Op == sql.OpOr, l: l, r: r, out: c.vec(sql.TBoolean)}, nil
}

type logic struct {
	or   bool
	l    node
	r    *branch
	out  *vec.Vec
	open []int32
}

func (n *logic) fails() bool { return true }

func (n *logic) eval(f *frame) *vec.Vec {
	l := n.l.eval(f)
	failNullBools(f, l)
	n.out.SetLen(f.n)
	out := n.out.Bool
	if !n.r.fails() {
		r := n.r.eval(f)
		a, b := l.Bool[:len(out)], r.Bool[:len(out)]
		if n.or {
			for i, x := range a {
				out[i] = x || b[i]
			}
		} else {
			for i, x := range a {
				out[i] = x && b[i]
			}
		}
		if r.Nulls > 0 {
			for i := range out {
				if r.IsNull(i) && a[i] == !n.or {
					f.fail(i, errNullBool)
				}
			}
		}
		return n.out
	}
	copy(out, l.Bool)
	n.open = n.open[:0]
	for i, x := range out {
		if x != n.or && !f.bad(i) {
			n.open = append(n.open, int32(i))
		}
	}
	if len(n.open) == 0 {
		return n.out
	}
	r := n.r.on(f, n.open)
	for k, i := range n.open {
		if r.IsNull(k) {
			f.fail(int(i), errNullBool)
		} else {
			out[i] = r.Bool[k]
		}
	}
	return n.out
}

func failNullBools(f *frame, v *vec.Vec) {
	if v.Nulls == 0 {
		return
	}
	for i := range f.n {
		if v.IsNull(i) {
			f.fail(i, errNullBool)
		}
	}
}

// not is NOT x.
type not struct {
	x   node
	out *vec.Vec
}

func (n *not) fails() bool { return true }

func (n *not) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	failNullBools(f, v)
	n.out.SetLen(f.n)
	out := n.out.Bool
	for i, x := range v.Bool[:len(out)] {
		out[i] = !x
	}
	return n.out
}

// isNull is IS [NOT] NULL.
type isNull struct {
	x       node
	negated bool
	out     *vec.Vec
}

func (n *isNull) fails() bool { return n.x.fails() }

func (n *isNull) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	n.out.SetLen(f.n)
	out := n.out.Bool
	if v.Nulls == 0 {
		for i := range out {
			out[i] = n.negated
		}
		return n.out
	}
	for i := range out {
		out[i] = v.IsNull(i) != n.negated
	}
	return n.out
}

// between compiles x BETWEEN lo AND hi as two comparisons over one evaluation of x, joined by AND: lo is not
// reached where x is null, nor hi where the first comparison is false.
func (c *compiler) between(e *plan.Between) (node, error) {
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	n := &between{x: x, out: c.vec(sql.TBoolean)}
	lo, err := c.later(e.Lo, &n.lo)
	if err != nil {
		return nil, err
	}
	hi, err := c.later(e.Hi, &n.hi)
	if err != nil {
		return nil, err
	}
	if n.ge, err = newCompare(sql.OpGe, e.X.Type(), e.Lo.Type(), &n.held, lo); err != nil {
		return nil, err
	}
	n.le, err = newCompare(sql.OpLe, e.X.Type(), e.Hi.Type(), &n.held, hi)
	return n, err
}

type between struct {
	x      node
	held   held
	lo, hi later
	ge, le node
	out    *vec.Vec
}

func (n *between) fails() bool { return n.x.fails() || n.ge.fails() || n.le.fails() }

func (n *between) eval(f *frame) *vec.Vec {
	n.held.v = n.x.eval(f)
	n.lo.unlessNull(f, n.held.v)
	a := n.ge.eval(f).Bool
	n.hi.where(f, a)
	b := n.le.eval(f).Bool
	n.out.SetLen(f.n)
	out := n.out.Bool
	a, b = a[:len(out)], b[:len(out)]
	for i, x := range a {
		out[i] = x && b[i]
	}
	return n.out
}

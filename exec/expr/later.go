package expr

import (
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// later is an operand that ksqlDB does not reach for every row, so it must not fail the rows that stop before it.
// One that cannot fail runs for all rows where it stands, and its later stays empty.
type later struct {
	part *branch
	open []int32
	v    *vec.Vec // null where it did not run
	out  *vec.Vec
}

// later compiles e: the node is l, or e's own where that cannot fail.
func (c *compiler) later(e plan.Expr, l *later) (node, error) {
	b, err := c.branch(e)
	if err != nil {
		return nil, err
	}
	if !b.fails() {
		return b.node, nil
	}
	l.part, l.out = b, c.vec(e.Type())
	return l, nil
}

func (n *later) fails() bool          { return true }
func (n *later) eval(*frame) *vec.Vec { return n.v }

// unlessNull runs it for the rows where the operand before it is not null.
func (n *later) unlessNull(f *frame, before *vec.Vec) {
	switch {
	case n.part == nil:
		return
	case before.Nulls == 0:
		n.v = n.part.eval(f)
		return
	}
	n.open = n.open[:0]
	for i := range f.n {
		if !before.IsNull(i) && !f.bad(i) {
			n.open = append(n.open, int32(i))
		}
	}
	n.run(f)
}

// where runs it for the rows where the condition before it holds.
func (n *later) where(f *frame, before []bool) {
	if n.part == nil {
		return
	}
	n.open = n.open[:0]
	for i := range f.n {
		if before[i] && !f.bad(i) {
			n.open = append(n.open, int32(i))
		}
	}
	n.run(f)
}

func (n *later) run(f *frame) {
	if len(n.open) == f.n {
		n.v = n.part.eval(f)
		return
	}
	n.v = n.out
	n.v.Reset()
	if len(n.open) > 0 {
		v, next := n.part.on(f, n.open), 0
		for k, i := range n.open {
			for ; next < int(i); next++ {
				n.v.AppendNull()
			}
			n.v.AppendFrom(v, k)
			next++
		}
	}
	for n.v.N < f.n {
		n.v.AppendNull()
	}
}

// compare compiles a comparison. Where its left side is null it is false, and the right side is not reached.
func (c *compiler) compare(e *plan.Compare) (node, error) {
	l, err := c.node(e.L)
	if err != nil {
		return nil, err
	}
	if _, ok := constant(l); ok || e.Op == sql.OpDistinct { // DISTINCT looks at both sides
		r, err := c.node(e.R)
		if err != nil {
			return nil, err
		}
		return newCompare(e.Op, e.L.Type(), e.R.Type(), l, r)
	}
	n := &compareLater{l: l}
	r, err := c.later(e.R, &n.r)
	if err != nil {
		return nil, err
	}
	if n.r.part == nil {
		return newCompare(e.Op, e.L.Type(), e.R.Type(), l, r)
	}
	n.node, err = newCompare(e.Op, e.L.Type(), e.R.Type(), &n.held, r)
	return n, err
}

// compareLater is a comparison whose right side may fail.
type compareLater struct {
	node
	l    node
	held held
	r    later
}

func (n *compareLater) eval(f *frame) *vec.Vec {
	n.held.v = n.l.eval(f)
	n.r.unlessNull(f, n.held.v)
	return n.node.eval(f)
}

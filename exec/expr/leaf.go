package expr

import (
	"errors"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// column gives an input column or a lambda's parameter as it is.
type column struct{ slot int }

func (n *column) fails() bool            { return false }
func (n *column) eval(f *frame) *vec.Vec { return f.slots[n.slot] }

// literal is a constant: a column that is filled once, as far as batches go. Many are only asked for their value.
type literal struct {
	t     sql.Type
	value any
	out   *vec.Vec // nil until it is needed

	budget *vec.Budget
}

func newLiteral(t sql.Type, v any) *literal { return &literal{t: t, value: v} }

func (n *literal) fails() bool { return false }

func (n *literal) eval(f *frame) *vec.Vec {
	if n.out == nil {
		n.out = vec.NewIn(n.t, n.budget)
	}
	if n.t.Kind == sql.Null {
		n.out.SetLen(f.n)
		return n.out
	}
	n.out.Truncate(f.n)
	for n.out.N < f.n {
		n.out.Append(n.value)
	}
	return n.out
}

// constant gives the value of a literal node that is not null.
func constant(n node) (any, bool) {
	if l, ok := n.(*literal); ok && l.value != nil {
		return l.value, true
	}
	return nil, false
}

// param is a bound parameter: a constant of one run.
type param struct {
	n   int
	out *vec.Vec
}

var errNoParam = errors.New("no value is given for a parameter")

func (n *param) fails() bool { return true }

func (n *param) eval(f *frame) *vec.Vec {
	n.out.Reset()
	for i := range f.n {
		if n.n >= len(f.params) {
			f.fail(i, errNoParam)
			n.out.AppendNull()
			continue
		}
		n.out.Append(f.params[n.n])
	}
	return n.out
}

// held gives a column that its parent has computed already.
type held struct {
	v   *vec.Vec
	bad bool
}

func (n *held) fails() bool          { return n.bad }
func (n *held) eval(*frame) *vec.Vec { return n.v }

package expr

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

var (
	errNull = errors.New("an operand is null")
	errZero = errors.New("/ by zero")
)

// arith compiles + - * / % (spec 5.5). A null operand is an error, except for the concatenation of strings.
func (c *compiler) arith(e *plan.Arith, l, r node) (node, error) {
	lt, rt := e.L.Type(), e.R.Type()
	switch e.T.Kind {
	case sql.Integer:
		return newArith[int32](e, l, r), nil
	case sql.Bigint:
		return newArith[int64](e, toI64(l, lt), toI64(r, rt)), nil
	case sql.Double:
		return newArith[float64](e, toF64(l, lt), toF64(r, rt)), nil
	case sql.Decimal:
		return newDecimalArith(e, l, r), nil
	case sql.String:
		if p, ok := l.(*plus); ok { // a long chain is one node: else each part would copy all before it
			p.parts = append(p.parts, r)
			return p, nil
		}
		return &plus{parts: []node{l, r}, out: c.vec(sql.TString)}, nil
	}
	return nil, fmt.Errorf("Error processing expression: %s. Unsupported arithmetic types. %s %s", e, lt.Kind, rt.Kind)
}

// arith computes on columns of one machine type. A literal operand has no node; its value is lit.
type arith[T number] struct {
	op   sql.BinaryOp
	l, r node
	lit  T
	div  divisor // of lit
	out  *vec.Vec
}

func newArith[T number](e *plan.Arith, l, r node) node {
	n := &arith[T]{op: e.Op, l: l, r: r, out: vec.New(e.T)}
	if v, ok := constant(r); ok {
		n.lit, _ = as[T](v)
		if e.T.Kind == sql.Double || n.lit != 0 {
			n.r = nil
		}
		if e.T.Kind != sql.Double && n.lit != 0 {
			n.div = newDivisor(int64(n.lit))
		}
	} else if v, ok := constant(l); ok {
		n.lit, _ = as[T](v)
		n.l = nil
	}
	return n
}

func (n *arith[T]) fails() bool { return true }

func (n *arith[T]) eval(f *frame) *vec.Vec {
	var l, r *vec.Vec
	if n.l != nil {
		l = n.l.eval(f)
		failNulls(f, l)
	}
	if n.r != nil {
		r = n.r.eval(f)
		failNulls(f, r)
	}
	n.out.SetLen(f.n)
	out := slice[T](n.out)
	switch {
	case r == nil:
		n.byLiteral(out, slice[T](l)[:len(out)])
	case l == nil:
		n.ofLiteral(f, out, slice[T](r)[:len(out)])
	default:
		n.columns(f, out, slice[T](l)[:len(out)], slice[T](r)[:len(out)])
	}
	return n.out
}

// failNulls fails the rows that are null in v.
func failNulls(f *frame, v *vec.Vec) {
	if v.Nulls == 0 {
		return
	}
	for i := range v.N {
		if v.IsNull(i) {
			f.fail(i, errNull)
		}
	}
}

func (n *arith[T]) columns(f *frame, out, l, r []T) {
	out, r = out[:len(l)], r[:len(l)]
	switch n.op {
	case sql.OpAdd:
		for i, x := range l {
			out[i] = x + r[i]
		}
	case sql.OpSub:
		for i, x := range l {
			out[i] = x - r[i]
		}
	case sql.OpMul:
		for i, x := range l {
			out[i] = x * r[i]
		}
	default:
		for i, x := range l {
			out[i] = n.divide(f, i, x, r[i])
		}
	}
}

// divide is x / y or x % y; integers fail on a zero divisor.
func (n *arith[T]) divide(f *frame, i int, x, y T) T {
	switch x := any(x).(type) {
	case float64:
		if n.op == sql.OpMod {
			return T(math.Mod(x, float64(y)))
		}
		return T(x / float64(y))
	}
	if y == 0 {
		f.fail(i, errZero)
		return 0
	}
	if n.op == sql.OpMod {
		return T(int64(x) % int64(y))
	}
	return T(int64(x) / int64(y))
}

// byLiteral computes column op literal; an integer divisor is not zero.
func (n *arith[T]) byLiteral(out, l []T) {
	out = out[:len(l)]
	c := n.lit
	switch n.op {
	case sql.OpAdd:
		for i, x := range l {
			out[i] = x + c
		}
	case sql.OpSub:
		for i, x := range l {
			out[i] = x - c
		}
	case sql.OpMul:
		for i, x := range l {
			out[i] = x * c
		}
	case sql.OpDiv:
		switch any(c).(type) {
		case float64:
			for i, x := range l {
				out[i] = x / c
			}
		default:
			d := n.div
			if d.plain {
				for i, x := range l {
					out[i] = T(int64(x) / d.d)
				}
				return
			}
			for i, x := range l {
				out[i] = T(d.quo(int64(x)))
			}
		}
	default:
		switch any(c).(type) {
		case float64:
			for i, x := range l {
				out[i] = T(math.Mod(float64(x), float64(c)))
			}
		default:
			d := n.div
			if d.plain {
				for i, x := range l {
					out[i] = T(int64(x) % d.d)
				}
				return
			}
			for i, x := range l {
				out[i] = T(d.rem(int64(x)))
			}
		}
	}
}

// ofLiteral computes literal op column.
func (n *arith[T]) ofLiteral(f *frame, out, r []T) {
	out = out[:len(r)]
	c := n.lit
	switch n.op {
	case sql.OpAdd:
		for i, y := range r {
			out[i] = c + y
		}
	case sql.OpSub:
		for i, y := range r {
			out[i] = c - y
		}
	case sql.OpMul:
		for i, y := range r {
			out[i] = c * y
		}
	default:
		for i, y := range r {
			out[i] = n.divide(f, i, c, y)
		}
	}
}

// neg is -x.
type neg struct {
	x   node
	out *vec.Vec
}

func (n *neg) fails() bool { return true }

func (n *neg) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	failNulls(f, v)
	n.out.SetLen(f.n)
	switch n.out.Type.Kind {
	case sql.Integer:
		for i, x := range v.I32[:f.n] {
			n.out.I32[i] = -x
		}
	case sql.Bigint:
		for i, x := range v.I64[:f.n] {
			n.out.I64[i] = -x
		}
	case sql.Double:
		for i, x := range v.F64[:f.n] {
			n.out.F64[i] = -x
		}
	case sql.Decimal:
		for i := range f.n {
			switch {
			case v.IsNull(i):
				n.out.SetNull(i)
			case vec.Wide(v.Type):
				n.out.Big[i] = negBig(v.Big[i])
			default:
				n.out.Dec[i] = v.Dec[i].Neg()
			}
		}
	}
	return n.out
}

// plus is STRING + STRING + ...: a null part stands as the text null, as Java adds strings.
type plus struct {
	parts []node
	texts []*vec.Vec
	out   *vec.Vec
}

func (n *plus) fails() bool { return slices.ContainsFunc(n.parts, node.fails) }

func (n *plus) eval(f *frame) *vec.Vec {
	n.texts = n.texts[:0]
	for _, p := range n.parts {
		n.texts = append(n.texts, p.eval(f))
	}
	n.out.Reset()
	for i := range f.n {
		for _, v := range n.texts {
			if v.IsNull(i) {
				n.out.Data = append(n.out.Data, "null"...)
			} else {
				n.out.Data = append(n.out.Data, v.Bytes(i)...)
			}
			n.out.Bound(len(n.out.Data))
		}
		n.out.EndBytes()
	}
	return n.out
}

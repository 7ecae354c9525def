package expr

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// newCompare compiles = <> < <= > >= and IS DISTINCT FROM (spec 5.4). A null side makes a comparison false.
func newCompare(op sql.BinaryOp, lt, rt sql.Type, l, r node) (node, error) {
	b := compareBase{op: op, out: vec.New(sql.TBoolean)}
	if _, ok := constant(l); ok {
		if _, ok := constant(r); !ok { // kernels want the literal on the right
			l, r, lt, rt = r, l, rt, lt
			b.op = op.Mirror()
		}
	}
	timed := func(t sql.Type) bool { return t.Kind == sql.Date || t.Kind == sql.Time || t.Kind == sql.Timestamp }
	switch {
	case lt.Kind == sql.String && timed(rt):
		l, lt = newCast(l, lt, rt, nil), rt
	case rt.Kind == sql.String && timed(lt):
		r, rt = newCast(r, rt, lt, nil), lt
	}
	b.l, b.r = l, r
	switch {
	case lt.Kind == sql.Decimal && rt.Numeric() || rt.Kind == sql.Decimal && lt.Numeric():
		if lt.Kind == sql.Double || rt.Kind == sql.Double {
			return &compareMixed{b}, nil
		}
		return newCompareDecimal(b, lt, rt), nil
	case lt.Numeric() && rt.Numeric():
		switch {
		case lt.Kind == sql.Double || rt.Kind == sql.Double:
			b.l, b.r = toF64(l, lt), toF64(r, rt)
			return newCompareNumber[float64](b), nil
		case lt.Kind == sql.Integer && rt.Kind == sql.Integer:
			return newCompareNumber[int32](b), nil
		}
		b.l, b.r = toI64(l, lt), toI64(r, rt)
		return newCompareNumber[int64](b), nil
	case timed(lt) && timed(rt):
		if lt.Kind == rt.Kind && lt.Kind != sql.Timestamp {
			return newCompareNumber[int32](b), nil
		}
		if lt.Kind == sql.Time || rt.Kind == sql.Time {
			break
		}
		b.l, b.r = toI64(l, lt), toI64(r, rt)
		return newCompareNumber[int64](b), nil
	case lt.Kind != rt.Kind:
	case lt.Kind == sql.String:
		return newCompareText(b), nil
	case lt.Kind == sql.Bytes, lt.Kind == sql.Boolean:
		return &compareOrdered{b}, nil
	case lt.Kind == sql.Array, lt.Kind == sql.Map, lt.Kind == sql.Struct:
		return &compareDeep{b, lt.Equal(rt)}, nil
	}
	return nil, fmt.Errorf("Cannot compare %s to %s", lt, rt)
}

type compareBase struct {
	op   sql.BinaryOp
	l, r node
	out  *vec.Vec
}

func (n *compareBase) fails() bool { return n.l.fails() || n.r.fails() }

// nulls corrects the rows where a side is null.
func (n *compareBase) nulls(out []bool, l, r *vec.Vec) {
	if l.Nulls == 0 && (r == nil || r.Nulls == 0) {
		return
	}
	for i := range out {
		a, b := l.IsNull(i), r != nil && r.IsNull(i)
		if a || b {
			out[i] = n.op == sql.OpDistinct && a != b
		}
	}
}

// holds tells what the operator says of a three-way comparison.
func (n *compareBase) holds(c int) bool {
	switch n.op {
	case sql.OpEq:
		return c == 0
	case sql.OpLt:
		return c < 0
	case sql.OpLe:
		return c <= 0
	case sql.OpGt:
		return c > 0
	case sql.OpGe:
		return c >= 0
	}
	return c != 0
}

// compareNumber compares columns of one machine type, or such a column with a literal.
type compareNumber[T number] struct {
	compareBase
	lit T // when r is nil
}

func newCompareNumber[T number](b compareBase) node {
	n := &compareNumber[T]{compareBase: b}
	if v, ok := constant(b.r); ok {
		n.lit, _ = as[T](v)
		n.r = nil
	}
	return n
}

func (n *compareNumber[T]) fails() bool { return n.l.fails() || n.r != nil && n.r.fails() }

func (n *compareNumber[T]) eval(f *frame) *vec.Vec {
	l := n.l.eval(f)
	var r *vec.Vec
	if n.r != nil {
		r = n.r.eval(f)
	}
	n.out.SetLen(f.n)
	out := n.out.Bool
	if r == nil {
		withLiteral(n.op, out, slice[T](l), n.lit)
	} else {
		withColumn(n.op, out, slice[T](l), slice[T](r))
	}
	n.nulls(out, l, r)
	return n.out
}

func withLiteral[T number](op sql.BinaryOp, out []bool, l []T, c T) {
	l = l[:len(out)]
	switch op {
	case sql.OpEq:
		for i, x := range l {
			out[i] = x == c
		}
	case sql.OpLt:
		for i, x := range l {
			out[i] = x < c
		}
	case sql.OpLe:
		for i, x := range l {
			out[i] = x <= c
		}
	case sql.OpGt:
		for i, x := range l {
			out[i] = x > c
		}
	case sql.OpGe:
		for i, x := range l {
			out[i] = x >= c
		}
	default: // Java's promotion makes NaN <> NaN false
		for i, x := range l {
			out[i] = x < c || x > c
		}
	}
}

func withColumn[T number](op sql.BinaryOp, out []bool, l, r []T) {
	l, r = l[:len(out)], r[:len(out)]
	switch op {
	case sql.OpEq:
		for i, x := range l {
			out[i] = x == r[i]
		}
	case sql.OpLt:
		for i, x := range l {
			out[i] = x < r[i]
		}
	case sql.OpLe:
		for i, x := range l {
			out[i] = x <= r[i]
		}
	case sql.OpGt:
		for i, x := range l {
			out[i] = x > r[i]
		}
	case sql.OpGe:
		for i, x := range l {
			out[i] = x >= r[i]
		}
	default:
		for i, x := range l {
			out[i] = x < r[i] || x > r[i]
		}
	}
}

// compareText compares strings, in order of their UTF-16 units.
type compareText struct {
	compareBase
	lit []byte // when isLit
	is  bool
}

func newCompareText(b compareBase) node {
	n := &compareText{compareBase: b}
	if v, ok := constant(b.r); ok {
		n.lit, n.is = []byte(v.(string)), true
	}
	return n
}

func (n *compareText) eval(f *frame) *vec.Vec {
	l := n.l.eval(f)
	n.out.SetLen(f.n)
	out := n.out.Bool
	equality := n.op == sql.OpEq || n.op == sql.OpNe || n.op == sql.OpDistinct
	if n.is && equality {
		want := n.op == sql.OpEq
		size := int32(len(n.lit))
		offs := l.Offs[:len(out)+1]
		lo := offs[0]
		for i, hi := range offs[1:] {
			out[i] = (hi-lo == size && string(l.Data[lo:hi]) == string(n.lit)) == want
			lo = hi
		}
		n.nulls(out, l, nil)
		return n.out
	}
	r := n.r.eval(f)
	switch {
	case equality:
		want := n.op == sql.OpEq
		for i := range out {
			out[i] = bytes.Equal(l.Bytes(i), r.Bytes(i)) == want
		}
	default:
		for i := range out {
			out[i] = n.holds(vec.CompareUTF16(l.Str(i), r.Str(i)))
		}
	}
	n.nulls(out, l, r)
	return n.out
}

// compareOrdered compares BYTES and BOOLEAN columns.
type compareOrdered struct{ compareBase }

func (n *compareOrdered) eval(f *frame) *vec.Vec {
	l, r := n.l.eval(f), n.r.eval(f)
	n.out.SetLen(f.n)
	out := n.out.Bool
	if l.Type.Kind == sql.Boolean {
		want := n.op == sql.OpEq
		for i := range out {
			out[i] = (l.Bool[i] == r.Bool[i]) == want
		}
	} else {
		for i := range out {
			out[i] = n.holds(vec.CompareBytes(l.Bytes(i), r.Bytes(i)))
		}
	}
	n.nulls(out, l, r)
	return n.out
}

// compareDecimal compares DECIMALs with each other and with integers, whatever their scales.
type compareDecimal struct {
	compareBase
	x, y decimalOperand
	wide bool
}

func newCompareDecimal(b compareBase, lt, rt sql.Type) node {
	n := &compareDecimal{compareBase: b, wide: vec.Wide(lt) || vec.Wide(rt)}
	n.x.init(b.l, lt)
	n.y.init(b.r, rt)
	scale := max(n.x.own, n.y.own)
	if max(wholeDigits(lt), wholeDigits(rt))+scale > 38 {
		n.wide = true
		return n
	}
	n.x.align(scale)
	n.y.align(scale)
	return n
}

func (n *compareDecimal) eval(f *frame) *vec.Vec {
	n.out.SetLen(f.n)
	out := n.out.Bool
	l, r := n.l.eval(f), n.r.eval(f)
	if n.wide {
		for i := range out {
			if !l.IsNull(i) && !r.IsNull(i) {
				a := vec.Decimal{Unscaled: bigAt(l, i), Scale: n.x.own}
				out[i] = n.holds(a.Cmp(vec.Decimal{Unscaled: bigAt(r, i), Scale: n.y.own}))
			}
		}
		n.nulls(out, l, r)
		return n.out
	}
	x, y := n.x.values(l, f.n), n.y.values(r, f.n)
	for i := range out {
		out[i] = n.holds(at(x, i).Cmp(at(y, i)))
	}
	n.nulls(out, l, r)
	return n.out
}

// compareMixed compares a DECIMAL with a DOUBLE, which enters through its shortest text.
type compareMixed struct{ compareBase }

var errNotFinite = errors.New("Infinite or NaN")

func (n *compareMixed) fails() bool { return true }

func (n *compareMixed) eval(f *frame) *vec.Vec {
	l, r := n.l.eval(f), n.r.eval(f)
	n.out.SetLen(f.n)
	out := n.out.Bool
	for i := range out {
		out[i] = false
		if l.IsNull(i) || r.IsNull(i) {
			continue
		}
		x, y := l, r
		if x.Type.Kind == sql.Double {
			x, y = r, l
		}
		c, ok := compareDouble(x, y.F64[i], i)
		if !ok {
			f.fail(i, errNotFinite)
			continue
		}
		if l.Type.Kind == sql.Double {
			c = -c
		}
		out[i] = n.holds(c)
	}
	n.nulls(out, l, r)
	return n.out
}

// compareDouble compares row i of a DECIMAL column with a double.
func compareDouble(v *vec.Vec, d float64, i int) (c int, ok bool) {
	if math.IsNaN(d) || math.IsInf(d, 0) {
		return 0, false
	}
	if !vec.Wide(v.Type) {
		// Far apart, the doubles nearest to both decide already.
		x := v.Dec[i].Float(v.Type.Scale)
		if diff := x - d; math.Abs(diff) > 1e-12*(math.Abs(x)+math.Abs(d)) {
			if diff < 0 {
				return -1, true
			}
			return 1, true
		}
	}
	var buf [32]byte
	e, ok := vec.ParseDecimal(vec.AppendDouble(buf[:0], d))
	return vec.Decimal{Unscaled: v.BigAt(i), Scale: v.Type.Scale}.Cmp(e), ok
}

// compareDeep compares ARRAYs, MAPs and STRUCTs for equality.
type compareDeep struct {
	compareBase
	same bool // the types are equal
}

func (n *compareDeep) eval(f *frame) *vec.Vec {
	l, r := n.l.eval(f), n.r.eval(f)
	n.out.SetLen(f.n)
	out := n.out.Bool
	want := n.op == sql.OpEq
	for i := range out {
		if n.same {
			out[i] = vec.Equal(l, i, r, i) == want
		} else {
			out[i] = equalAcross(l, i, r, i) == want
		}
	}
	n.nulls(out, l, r)
	return n.out
}

// equalAcross is vec.Equal for columns whose types may differ: Java's equals never widens.
func equalAcross(a *vec.Vec, i int, b *vec.Vec, j int) bool {
	if x, y := a.IsNull(i), b.IsNull(j); x || y {
		return x && y
	}
	switch k := a.Type.Kind; {
	case k != b.Type.Kind:
		return false
	case k == sql.Array:
		p, q, n := int(a.Offs[i]), int(b.Offs[j]), int(a.Offs[i+1]-a.Offs[i])
		if int(b.Offs[j+1])-q != n {
			return false
		}
		for m := range n {
			if !equalAcross(a.Kids[0], p+m, b.Kids[0], q+m) {
				return false
			}
		}
		return true
	case k == sql.Map:
		if a.Offs[i+1]-a.Offs[i] != b.Offs[j+1]-b.Offs[j] {
			return false
		}
	entries:
		for p := int(a.Offs[i]); p < int(a.Offs[i+1]); p++ {
			for q := int(b.Offs[j]); q < int(b.Offs[j+1]); q++ {
				if equalAcross(a.Kids[0], p, b.Kids[0], q) {
					if !equalAcross(a.Kids[1], p, b.Kids[1], q) {
						return false
					}
					continue entries
				}
			}
			return false
		}
		return true
	case k == sql.Struct && !a.Type.Equal(b.Type):
		return false
	}
	return vec.Equal(a, i, b, j)
}

package expr

import (
	"unsafe"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// number is a machine type of numeric columns. DATE and TIME columns are int32, TIMESTAMP ones int64.
type number interface{ int32 | int64 | float64 }

// slice is the values of a column of machine type T.
func slice[T number](v *vec.Vec) []T {
	switch any(T(0)).(type) {
	case int32:
		return *(*[]T)(unsafe.Pointer(&v.I32))
	case int64:
		return *(*[]T)(unsafe.Pointer(&v.I64))
	default:
		return *(*[]T)(unsafe.Pointer(&v.F64))
	}
}

// as converts a Go value of a numeric or time literal to T.
func as[T number](x any) (T, bool) {
	switch x := x.(type) {
	case int32:
		return T(x), true
	case int64:
		return T(x), true
	case float64:
		return T(x), true
	case vec.Date:
		return T(x), true
	case vec.Time:
		return T(x), true
	case vec.Timestamp:
		return T(x), true
	case vec.Decimal:
		return T(x.Float()), true
	}
	return 0, false
}

// widen converts a numeric column to a wider machine type. Nulls stay.
type widen[F, T number] struct {
	x     node
	scale T // factor: DATE (days) to ms
	out   *vec.Vec
}

func (n *widen[F, T]) fails() bool { return n.x.fails() }

func (n *widen[F, T]) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	n.out.SetLen(f.n)
	out := slice[T](n.out)
	if n.scale == 1 {
		for i, x := range slice[F](v)[:len(out)] {
			out[i] = T(x)
		}
	} else {
		for i, x := range slice[F](v)[:len(out)] {
			out[i] = T(x) * n.scale
		}
	}
	copyNulls(n.out, v)
	return n.out
}

// fromDecimal converts a DECIMAL column to DOUBLE.
type fromDecimal struct {
	x   node
	out *vec.Vec
}

func (n *fromDecimal) fails() bool { return n.x.fails() }

func (n *fromDecimal) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	n.out.SetLen(f.n)
	for i := range n.out.F64 {
		switch {
		case v.IsNull(i):
		case vec.Wide(v.Type):
			n.out.F64[i] = vec.Decimal{Unscaled: v.Big[i], Scale: v.Type.Scale}.Float()
		default:
			n.out.F64[i] = v.Dec[i].Float(v.Type.Scale)
		}
	}
	copyNulls(n.out, v)
	return n.out
}

// copyNulls makes the rows of dst (no nulls so far) null that are null in src.
func copyNulls(dst, src *vec.Vec) {
	if src.Nulls == 0 {
		return
	}
	for i := range src.N {
		if src.IsNull(i) {
			dst.SetNull(i)
		}
	}
}

// toI64 makes x, an INTEGER, BIGINT, DATE (as ms) or TIMESTAMP node, an int64 one.
func toI64(x node, t sql.Type) node {
	scale := int64(1)
	if t.Kind == sql.Date {
		scale = 86400000
	}
	if t.Kind == sql.Bigint || t.Kind == sql.Timestamp {
		return x
	}
	if l, ok := constant(x); ok {
		v, _ := as[int64](l)
		return newLiteral(sql.TBigint, v*scale)
	}
	return &widen[int32, int64]{x, scale, vec.New(sql.TBigint)}
}

// toF64 makes x, a numeric node, a DOUBLE one.
func toF64(x node, t sql.Type) node {
	if t.Kind == sql.Double {
		return x
	}
	if l, ok := constant(x); ok {
		v, _ := as[float64](l)
		return newLiteral(sql.TDouble, v)
	}
	switch t.Kind {
	case sql.Integer:
		return &widen[int32, float64]{x, 1, vec.New(sql.TDouble)}
	case sql.Bigint:
		return &widen[int64, float64]{x, 1, vec.New(sql.TDouble)}
	}
	return &fromDecimal{x, vec.New(sql.TDouble)}
}

package fn

import (
	"math"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func correlationFunc() Func {
	return Func{
		Name: "CORRELATION", Declared: "correlation", Category: "AGGREGATE", Author: "Confluent",
		Doc:      "Pearson's correlation of pairs of numbers; pairs with a null are left out. NaN below two pairs or when one side never changes.",
		Variants: []Variant{correlationVariant[float64](), correlationVariant[int32](), correlationVariant[int64]()},
	}
}

// pairs is the state of CORRELATION.
type pairs struct {
	x, y, xx, yy, xy float64
	n                int64
}

func correlationVariant[T addable]() Variant {
	t := typeOf[T]()
	var state []sql.Field
	for _, name := range []string{"X_SUM", "Y_SUM", "X_SQUARED_SUM", "Y_SQUARED_SUM", "XY_SUM"} {
		state = append(state, sql.Field{Name: name, Type: sql.TDouble})
	}
	state = append(state, sql.Field{Name: "COUNT", Type: sql.TBigint})
	add := func(s *pairs, args []*vec.Vec, i int, n int64) error {
		if args[0].IsNull(i) || args[1].IsNull(i) {
			return nil
		}
		xs, _ := fixed[T](args[0])
		ys, _ := fixed[T](args[1])
		x, y, sign := float64(xs[i]), float64(ys[i]), float64(n)
		s.x += sign * x
		s.y += sign * y
		s.xx += sign * (x * x)
		s.yy += sign * (y * y)
		s.xy += sign * (x * y)
		s.n += n
		return nil
	}
	agg := RowAgg[pairs]{
		Add:  func(s *pairs, args []*vec.Vec, i int) error { return add(s, args, i, 1) },
		Undo: func(s *pairs, args []*vec.Vec, i int) error { return add(s, args, i, -1) },
		Merge: func(s, f *pairs) error {
			*s = pairs{s.x + f.x, s.y + f.y, s.xx + f.xx, s.yy + f.yy, s.xy + f.xy, s.n + f.n}
			return nil
		},
		Read: func(s *pairs, out *vec.Vec) error {
			out.AppendF64(s.correlation())
			return nil
		},
		Save: func(s *pairs, dst []byte) []byte { return appendWords(dst, s) },
		Load: func(s *pairs, src []byte) ([]byte, error) { return readWords(src, s) },
	}
	return Variant{
		Args: signature("val1: one side of the pairs; val2: the other side", t, t), Returns: sql.TDouble,
		Undo: true, State: stateIs(sql.StructOf(state...)),
		Agg: func(Site) (Accumulator, error) { return agg.New(), nil },
	}
}

// correlation keeps ksqlDB's order of operations, and no fused ones: rounding shows when a side is constant.
func (s *pairs) correlation() float64 {
	if s.n < 2 {
		return math.NaN()
	}
	n := float64(s.n)
	num := float64(n*s.xy) - float64(s.x*s.y)
	dx := float64(n*s.xx) - float64(s.x*s.x)
	dy := float64(n*s.yy) - float64(s.y*s.y)
	return num / math.Sqrt(dx*dy)
}

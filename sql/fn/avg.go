package fn

import "github.com/ksqlgo/ksql/sql"

func avgFunc() Func {
	return Func{
		Name: "AVG", Declared: "avg", Category: "AGGREGATE", Author: "Confluent",
		Doc:      "The mean of the numbers of a group; 0 when there is none.",
		Variants: []Variant{avgVariant[int64](), avgVariant[int32](), avgVariant[float64]()},
	}
}

// mean is the state of AVG. The sum of INTEGERs wraps at 32 bit, so it is kept as T.
type mean[T addable] struct {
	sum T
	n   int64
}

func avgVariant[T addable]() Variant {
	return Agg[mean[T], T, float64]{
		Add:   func(s *mean[T], x T) { s.sum += x; s.n++ },
		Undo:  func(s *mean[T], x T) { s.sum -= x; s.n-- },
		Merge: func(into, from *mean[T]) { into.sum += from.sum; into.n += from.n },
		Read: func(s *mean[T]) (float64, bool) {
			if s.n == 0 {
				return 0, true
			}
			return float64(s.sum) / float64(s.n), true
		},
	}.Variant("val1: the numbers (nulls are left out)", sql.StructOf(
		sql.Field{Name: "SUM", Type: typeOf[T]()}, sql.Field{Name: "COUNT", Type: sql.TBigint}))
}

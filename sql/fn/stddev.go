package fn

import (
	"math"

	"github.com/ksqlgo/ksql/sql"
)

func stddevFuncs() []Func {
	// Undo leaves rounding errors: a variance just below 0 is 0, where ksqlDB gives NaN.
	root := func(x float64) float64 { return math.Sqrt(max(x, 0)) }
	same := func(x float64) float64 { return x }
	return []Func{{
		Name: "STDDEV_SAMPLE", Category: "AGGREGATE", Author: "Confluent",
		Doc: "The sample standard deviation of the numbers of a group; 0 below two numbers.",
		Variants: []Variant{
			stddevVariant(root, realMean[int64]), stddevVariant(root, realMean[int32]), stddevVariant(root, realMean[float64]),
		},
	}, {
		Name: "STDDEV_SAMP", Category: "AGGREGATE", Author: "Confluent",
		Doc: "The sample variance of the numbers of a group (no square root is taken, in spite of the name). Use STDDEV_SAMPLE.",
		Variants: []Variant{
			stddevVariant(same, wholeMean[int64]), stddevVariant(same, wholeMean[int32]), stddevVariant(same, realMean[float64]),
		},
	}}
}

// spread is the state of STDDEV_SAMPLE: m2 is the sum of squared distances from the mean, kept up to date
// by the method of Youngs and Cramer. The sum of INTEGERs wraps at 32 bit, as in ksqlDB.
type spread[T addable] struct {
	sum T
	n   int64
	m2  float64
}

func realMean[T addable](sum T, n int64) float64 { return float64(sum) / float64(n) }

// wholeMean cuts the mean to a whole number, as STDDEV_SAMP does when session windows merge.
func wholeMean[T int32 | int64](sum T, n int64) float64 { return float64(int64(sum) / n) }

// step is what the n-th number x adds to m2 when the sum, x included, is sum.
func step[T addable](x, sum T, n int64) float64 {
	if n < 2 {
		return 0
	}
	var d float64
	switch x := any(x).(type) {
	case float64:
		d = float64(n)*x - float64(sum)
	case int64:
		d = float64(n*x - int64(sum))
	case int32:
		d = float64(n*int64(x) - int64(sum))
	}
	return d * d / float64(n*(n-1))
}

func stddevVariant[T addable](result func(float64) float64, mean func(T, int64) float64) Variant {
	return Agg[spread[T], T, float64]{
		Add: func(s *spread[T], x T) {
			s.n++
			s.sum += x
			s.m2 += step(x, s.sum, s.n)
		},
		Undo: func(s *spread[T], x T) {
			s.m2 -= step(x, s.sum, s.n)
			s.sum -= x
			s.n--
		},
		Merge: func(into, from *spread[T]) {
			if into.n != 0 && from.n != 0 {
				d := mean(into.sum, into.n) - mean(from.sum, from.n)
				into.m2 += float64(into.n*from.n) * (d * d) / float64(into.n+from.n)
			}
			into.m2 += from.m2
			into.n += from.n
			into.sum += from.sum
		},
		Read: func(s *spread[T]) (float64, bool) {
			if s.n < 2 {
				return 0, true
			}
			return result(s.m2 / float64(s.n-1)), true
		},
	}.Variant("val1: the numbers (nulls are left out)", sql.StructOf(sql.Field{Name: "SUM", Type: typeOf[T]()},
		sql.Field{Name: "COUNT", Type: sql.TBigint}, sql.Field{Name: "M2", Type: sql.TDouble}))
}

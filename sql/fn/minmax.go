package fn

import (
	"bytes"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// ordered is the types whose values ksqlDB can order, in the order in which it lists them.
func ordered() []sql.Type {
	return []sql.Type{
		sql.TInteger, sql.TBigint, sql.TDouble, {Kind: sql.Decimal}, sql.TDate, sql.TTime, sql.TTimestamp, sql.TString, sql.TBytes,
	}
}

func minMaxFuncs() []Func {
	least := Func{Name: "MIN", Category: "AGGREGATE", Author: "Confluent", Doc: "The least value of a group; null when there is none."}
	greatest := Func{Name: "MAX", Category: "AGGREGATE", Author: "Confluent", Doc: "The greatest value of a group; null when there is none."}
	for _, t := range ordered() {
		least.Variants = append(least.Variants, extremeVariant(t, -1))
		greatest.Variants = append(greatest.Variants, extremeVariant(t, 1))
	}
	return []Func{least, greatest}
}

// extremeVariant is MIN (want -1) or MAX (want 1).
func extremeVariant(t sql.Type, want int) Variant {
	return Variant{
		Args: signature("val1: the values (nulls are left out)", t), Returns: t, Infer: inferFirst, State: stateFirst,
		Agg: func(s Site) (Accumulator, error) {
			switch s.Args[0].Kind {
			case sql.Integer, sql.Date, sql.Time:
				return newExtreme[int32](want, func(a, b int32) bool { return a < b }), nil
			case sql.Bigint, sql.Timestamp:
				return newExtreme[int64](want, func(a, b int64) bool { return a < b }), nil
			case sql.Double:
				return newExtreme[float64](want, func(a, b float64) bool { return vec.CompareDouble(a, b) < 0 }), nil
			}
			return extremeCells(want), nil
		},
	}
}

// found is a value that is there once any is set.
type found[T any] struct {
	x   T
	any int64
}

func newExtreme[T int32 | int64 | float64](want int, less func(a, b T) bool) Accumulator {
	add := func(s *found[T], x T) {
		if s.any == 0 || want < 0 && less(x, s.x) || want > 0 && less(s.x, x) {
			s.x, s.any = x, 1
		}
	}
	return Agg[found[T], T, T]{
		Add: add,
		Merge: func(into, from *found[T]) {
			if from.any != 0 {
				add(into, from.x)
			}
		},
		Read: func(s *found[T]) (T, bool) { return s.x, s.any != 0 },
	}.New()
}

// extremeCells is MIN or MAX of DECIMAL, STRING and BYTES: the state is the value's cell, nil when there is none.
func extremeCells(want int) Accumulator {
	var cell []byte
	add := func(s *[]byte, c []byte) {
		if *s == nil || bytes.Compare(c, *s) == want {
			*s = append((*s)[:0], c...)
		}
	}
	return RowAgg[[]byte]{
		Add: func(s *[]byte, args []*vec.Vec, i int) error {
			if !args[0].IsNull(i) {
				cell = vec.AppendKey(cell[:0], args, i)
				add(s, cell)
			}
			return nil
		},
		Merge: func(into, from *[]byte) error {
			if *from != nil {
				add(into, *from)
			}
			return nil
		},
		Read: func(s *[]byte, out *vec.Vec) error { return readOne(*s, out) },
		Save: func(s *[]byte, dst []byte) []byte { return appendCell(dst, *s) },
		Load: loadCell,
	}.New()
}

// loadCell reads a cell, which is nil when it is empty.
func loadCell(s *[]byte, src []byte) ([]byte, error) {
	b, rest, err := readCell(src)
	if *s = nil; len(b) > 0 {
		*s = append([]byte(nil), b...)
	}
	return rest, err
}

package fn

import (
	"bytes"
	"unsafe"

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
				return &extremum[int32]{sign: int32(want)}, nil
			case sql.Bigint, sql.Timestamp:
				return &extremum[int64]{sign: int64(want)}, nil
			case sql.Double:
				return &extremum[float64]{sign: float64(want)}, nil
			case sql.String:
				return extremeCells(want, compareText, appendRaw, readRaw), nil
			case sql.Bytes:
				return extremeCells(want, vec.CompareBytes, appendRaw, readRaw), nil
			}
			return extremeCells(want, bytes.Compare, func(dst []byte, v *vec.Vec, i int) []byte {
				return vec.AppendKey(dst, []*vec.Vec{v}, i)
			}, readOne), nil
		},
	}
}

// found is a value that is there once any is set.
type found[T any] struct {
	x   T
	any int64
}

// extremum is MIN (sign -1) or MAX (sign 1) of plain numbers. Its loop is written out, as that of COUNT.
type extremum[T addable] struct {
	perGroup[found[T]]
	sign T
}

// take takes x into s.
func (a *extremum[T]) take(s *found[T], x T) {
	if s.any == 0 {
		s.x, s.any = x, 1
		return
	}
	if a.sign < 0 && x < s.x || a.sign > 0 && x > s.x {
		s.x = x
		return
	}
	if f, ok := any(x).(float64); ok && (x != x || x == 0) { // NaN is above all numbers, 0.0 above -0.0
		if vec.CompareDouble(f, float64(s.x))*int(a.sign) > 0 {
			s.x = x
		}
	} else if s.x != s.x && a.sign < 0 {
		s.x = x
	}
}

func (a *extremum[T]) Fold(groups []int32, _ []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	v, s := args[0], a.s
	x, _ := fixed[T](v)
	x = x[:len(groups)]
	if show != nil || v.Nulls > 0 || out.Nulls > 0 {
		for i, g := range groups {
			if !v.IsNull(i) {
				a.take(&s[g], x[i])
			}
			if show == nil || show[i] {
				a.put(g, out)
			}
		}
		return nil
	}
	dst := grow[T](out, len(groups))
	for i, g := range groups {
		a.take(&s[g], x[i])
		dst[i] = s[g].x
	}
	return nil
}

func (a *extremum[T]) put(g int32, out *vec.Vec) {
	if s := &a.s[g]; s.any == 0 {
		out.AppendNull()
	} else if out.Nulls == 0 {
		grow[T](out, 1)[0] = s.x
	} else {
		putFixed(out, func(s *found[T]) (T, bool) { return s.x, true }, s)
	}
}

func (a *extremum[T]) Merge(into, from int32) error {
	if f := a.s[from]; f.any != 0 {
		a.take(&a.s[into], f.x)
	}
	return nil
}

func (a *extremum[T]) Read(groups []int32, out *vec.Vec) error {
	for _, g := range groups {
		a.put(g, out)
	}
	return nil
}

func (a *extremum[T]) Save(g int32, dst []byte) []byte { return appendWords(dst, &a.s[g]) }

func (a *extremum[T]) Load(g int32, src []byte) ([]byte, error) { return readWords(src, &a.s[g]) }

func compareText(a, b []byte) int { return vec.CompareUTF16(text(a), text(b)) }

// text is b as a string without a copy.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// appendRaw and readRaw keep STRING and BYTES as they are, behind a byte that tells an empty one from none.
func appendRaw(dst []byte, v *vec.Vec, i int) []byte { return append(append(dst, 1), v.Bytes(i)...) }

func readRaw(cell []byte, out *vec.Vec) error {
	if cell == nil {
		out.AppendNull()
	} else {
		out.AppendBytes(cell[1:])
	}
	return nil
}

// extremeCells is MIN or MAX of DECIMAL, STRING and BYTES: the state is a value in bytes, nil when there is none.
func extremeCells(want int, compare func(a, b []byte) int, write func([]byte, *vec.Vec, int) []byte, read func([]byte, *vec.Vec) error) Accumulator {
	var cell []byte
	add := func(s *[]byte, c []byte) {
		if *s == nil || compare(c, *s)*want > 0 {
			*s = append((*s)[:0], c...)
		}
	}
	return RowAgg[[]byte]{
		Add: func(s *[]byte, args []*vec.Vec, i int) error {
			if !args[0].IsNull(i) {
				cell = write(cell[:0], args[0], i)
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
		Read:  func(s *[]byte, out *vec.Vec) error { return read(*s, out) },
		Save:  func(s *[]byte, dst []byte) []byte { return appendCell(dst, *s) },
		Load:  loadCell,
		Bytes: func(s *[]byte) int { return cap(*s) },
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

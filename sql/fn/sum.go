package fn

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func sumFuncs() []Func {
	const sig = "val1: the numbers (nulls are left out)"
	const list = "val1: arrays of numbers (null arrays and null items are left out)"
	return []Func{{
		Name: "SUM", Category: "AGGREGATE", Author: "Confluent",
		Doc: "Adds up the numbers of a group. INTEGER and BIGINT sums wrap around; a DECIMAL sum that does not fit ends the query.",
		Variants: []Variant{
			{
				Args: signature(sig, sql.Type{Kind: sql.Decimal}), Returns: sql.Type{Kind: sql.Decimal}, Infer: inferFirst,
				Undo: true, State: stateFirst, Agg: newDecimalSum,
			},
			sumVariant[float64](sig), sumVariant[int64](sig), sumVariant[int32](sig),
		},
	}, {
		Name: "SUM_LIST", Declared: "sum_list", Category: "AGGREGATE", Author: "Confluent",
		Doc:      "Adds up the items of all arrays of a group.",
		Variants: []Variant{listVariant[float64](list), listVariant[int32](list), listVariant[int64](list)},
	}}
}

func inferFirst(args []sql.Type) (sql.Type, error) { return args[0], nil }

type addable interface{ int32 | int64 | float64 }

func sumVariant[T addable](sig string) Variant {
	t := typeOf[T]()
	return Variant{
		Args: signature(sig, t), Returns: t, Undo: true, State: stateFirst,
		Agg: func(Site) (Accumulator, error) { return &sum[T]{}, nil },
	}
}

func listVariant[T addable](sig string) Variant {
	t := typeOf[T]()
	return Variant{
		Args: signature(sig, sql.ArrayOf(t)), Returns: t, Undo: true, State: stateIs(t),
		Agg: func(Site) (Accumulator, error) { return &sumList[T]{}, nil },
	}
}

// sum is SUM of the numbers that Go can add. Its loop is written out, as that of COUNT.
type sum[T addable] struct{ perGroup[T] }

// grow makes room for n rows more in a column without nulls.
func grow[T any](out *vec.Vec, n int) []T {
	base := out.N
	out.SetLen(base + n)
	s, _ := fixed[T](out)
	return s[base : base+n]
}

func (a *sum[T]) Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	v, s := args[0], a.s
	base := out.N
	dst := grow[T](out, len(groups))
	x, _ := fixed[T](v)
	x = x[:len(groups)]
	if sign == nil && show == nil && v.Nulls == 0 {
		for i, g := range groups {
			t := s[g] + x[i]
			s[g] = t
			dst[i] = t
		}
		return nil
	}
	k := 0
	for i, g := range groups {
		if !v.IsNull(i) {
			if sign == nil || sign[i] >= 0 {
				s[g] += x[i]
			} else {
				s[g] -= x[i]
			}
		}
		if show == nil || show[i] {
			dst[k] = s[g]
			k++
		}
	}
	out.SetLen(base + k)
	return nil
}

func (a *sum[T]) Merge(into, from int32) error {
	a.s[into] += a.s[from]
	return nil
}

func (a *sum[T]) Read(groups []int32, out *vec.Vec) error {
	dst := grow[T](out, len(groups))
	for i, g := range groups {
		dst[i] = a.s[g]
	}
	return nil
}

func (a *sum[T]) Save(g int32, dst []byte) []byte {
	var w uint64
	switch x := any(a.s[g]).(type) {
	case int32:
		w = uint64(x)
	case int64:
		w = uint64(x)
	case float64:
		w = math.Float64bits(x)
	}
	return binary.LittleEndian.AppendUint64(dst, w)
}

func (a *sum[T]) Load(g int32, src []byte) ([]byte, error) {
	w, rest, err := readInt(src)
	switch x := any(&a.s[g]).(type) {
	case *int32:
		*x = int32(w)
	case *int64:
		*x = w
	case *float64:
		*x = math.Float64frombits(uint64(w))
	}
	return rest, err
}

// sumList is SUM_LIST.
type sumList[T addable] struct{ sum[T] }

func (a *sumList[T]) Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	v := args[0]
	items := v.Kids[0]
	x, _ := fixed[T](items)
	base := out.N
	dst := grow[T](out, len(groups))
	k := 0
	for i, g := range groups {
		if !v.IsNull(i) {
			for j := int(v.Offs[i]); j < int(v.Offs[i+1]); j++ {
				if items.IsNull(j) {
					continue
				}
				if sign == nil || sign[i] >= 0 {
					a.s[g] += x[j]
				} else {
					a.s[g] -= x[j]
				}
			}
		}
		if show == nil || show[i] {
			dst[k] = a.s[g]
			k++
		}
	}
	out.SetLen(base + k)
	return nil
}

func newDecimalSum(site Site) (Accumulator, error) {
	if vec.Wide(site.Args[0]) {
		return newWideSum(site.Args[0]), nil
	}
	return &decimalSum{t: site.Args[0]}, nil
}

// decimalSum is SUM of DECIMALs of at most 38 digits. Adding a row checks the bounds of the type; undo and
// merge only round to the type's digits, as in ksqlDB.
type decimalSum struct {
	perGroup[vec.Num]
	t sql.Type
}

// overflow is the error of a sum that does not fit t.
func overflow(x *big.Int, t sql.Type) error {
	_, err := vec.Decimal{Unscaled: x, Scale: t.Scale}.Fit(t, vec.Exact)
	return err
}

// limit rounds x half up to the digits of t, in the scale of t.
func limit(x *big.Int, t sql.Type) *big.Int {
	d, _ := vec.Decimal{Unscaled: x, Scale: t.Scale}.Limit(t.Precision, vec.HalfUp).Rescale(t.Scale, vec.HalfUp)
	return d.Unscaled
}

// combine makes group g what exact gives, which is r where that fits.
func (a *decimalSum) combine(g int32, r vec.Num, ok bool, exact func() *big.Int) error {
	if !ok || !r.Fits(a.t.Precision) {
		x := limit(exact(), a.t)
		if r, ok = vec.NumOfBig(x); !ok {
			return overflow(x, a.t)
		}
	}
	a.s[g] = r
	return nil
}

func (a *decimalSum) Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	v := args[0]
	for i, g := range groups {
		if !v.IsNull(i) {
			x := v.Dec[i]
			if sign != nil && sign[i] < 0 {
				r, ok := a.s[g].Sub(x)
				if err := a.combine(g, r, ok, func() *big.Int { return new(big.Int).Sub(a.s[g].Big(), x.Big()) }); err != nil {
					return err
				}
			} else {
				r, ok := a.s[g].Add(x)
				if !ok || !r.Fits(a.t.Precision) {
					return overflow(new(big.Int).Add(a.s[g].Big(), x.Big()), a.t)
				}
				a.s[g] = r
			}
		}
		if show == nil || show[i] {
			out.AppendNum(a.s[g])
		}
	}
	return nil
}

func (a *decimalSum) Merge(into, from int32) error {
	r, ok := a.s[into].Add(a.s[from])
	return a.combine(into, r, ok, func() *big.Int { return new(big.Int).Add(a.s[into].Big(), a.s[from].Big()) })
}

func (a *decimalSum) Read(groups []int32, out *vec.Vec) error {
	for _, g := range groups {
		out.AppendNum(a.s[g])
	}
	return nil
}

func (a *decimalSum) Save(g int32, dst []byte) []byte { return appendWords(dst, &a.s[g]) }

func (a *decimalSum) Load(g int32, src []byte) ([]byte, error) { return readWords(src, &a.s[g]) }

// newWideSum is SUM of DECIMALs of more than 38 digits.
func newWideSum(t sql.Type) Accumulator {
	get := func(s **big.Int) *big.Int {
		if *s == nil {
			return new(big.Int)
		}
		return *s
	}
	return RowAgg[*big.Int]{
		Add: func(s **big.Int, args []*vec.Vec, i int) error {
			if args[0].IsNull(i) {
				return nil
			}
			r := new(big.Int).Add(get(s), args[0].BigAt(i))
			if vec.DigitsBig(r) > t.Precision {
				return overflow(r, t)
			}
			*s = r
			return nil
		},
		Undo: func(s **big.Int, args []*vec.Vec, i int) error {
			if !args[0].IsNull(i) {
				*s = limit(new(big.Int).Sub(get(s), args[0].BigAt(i)), t)
			}
			return nil
		},
		Merge: func(into, from **big.Int) error {
			*into = limit(new(big.Int).Add(get(into), get(from)), t)
			return nil
		},
		Read: func(s **big.Int, out *vec.Vec) error {
			out.AppendBig(get(s))
			return nil
		},
		Save: func(s **big.Int, dst []byte) []byte {
			x := get(s)
			return appendCell(append(dst, byte(x.Sign()+1)), x.Bytes())
		},
		Load: func(s **big.Int, src []byte) ([]byte, error) {
			if len(src) == 0 {
				return nil, errState
			}
			b, rest, err := readCell(src[1:])
			if *s = new(big.Int).SetBytes(b); src[0] == 0 {
				(*s).Neg(*s)
			}
			return rest, err
		},
		Bytes: func(s **big.Int) int {
			if *s == nil {
				return 0
			}
			return 32 + 8*cap((*s).Bits())
		},
	}.New()
}

// Package vec is a SQL column in memory: raw slices in Arrow's layout, reused from batch to batch.
// It alone imports Arrow, which stands at the door: see arrow.go.
package vec

import (
	"math/big"
	"unsafe"

	"github.com/ksqlgo/ksql/sql"
)

// Vec is a column of N values of one type. Which slices hold the values depends on the kind of Type:
//
//	BOOLEAN               Bool
//	INTEGER, DATE, TIME   I32 (days; ms of day)
//	BIGINT, TIMESTAMP     I64 (ms)
//	DOUBLE                F64
//	DECIMAL               Dec, unscaled, or Big when the precision is above 38
//	STRING, BYTES         Data between Offs[i] and Offs[i+1]
//	ARRAY                 Kids[0] between Offs[i] and Offs[i+1]
//	MAP                   Kids[0] (keys) and Kids[1] (values) between Offs[i] and Offs[i+1]
//	STRUCT                Kids, one a field, each of N rows
//	untyped NULL          nothing: every row is null
//
// A Vec belongs to who made it (a decoder, an operator, an expression node) and is lent to others until
// its owner works again. Who keeps values copies them.
type Vec struct {
	Type  sql.Type
	N     int
	Nulls int    // how many rows are null
	Valid []byte // bitmap, bit i&7 of byte i>>3 is 1 where row i has a value. Meaningless while Nulls is 0
	Bool  []bool
	I32   []int32
	I64   []int64
	F64   []float64
	Dec   []Num
	Big   []*big.Int
	Offs  []int32
	Data  []byte
	Kids  []*Vec

	max    int // bytes of Data, or items of Kids, for which there is room in budget
	budget *Budget
}

// New is an empty column of type t.
func New(t sql.Type) *Vec {
	v := &Vec{Type: t}
	switch t.Kind {
	case sql.String, sql.Bytes:
		v.Offs = append(make([]int32, 0, 16), 0)
	case sql.Array:
		v.Offs = append(make([]int32, 0, 16), 0)
		v.Kids = []*Vec{New(*t.Elem)}
	case sql.Map:
		v.Offs = append(make([]int32, 0, 16), 0)
		v.Kids = []*Vec{New(*t.Key), New(*t.Elem)}
	case sql.Struct:
		for _, f := range t.Fields {
			v.Kids = append(v.Kids, New(f.Type))
		}
	}
	return v
}

// Wide reports whether t is a DECIMAL kept in Big.
func Wide(t sql.Type) bool { return t.Kind == sql.Decimal && t.Precision > 38 }

// Reset empties v and keeps its buffers.
func (v *Vec) Reset() {
	v.N, v.Nulls = 0, 0
	v.Valid = v.Valid[:0]
	switch v.Type.Kind {
	case sql.Boolean:
		v.Bool = v.Bool[:0]
	case sql.Integer, sql.Date, sql.Time:
		v.I32 = v.I32[:0]
	case sql.Bigint, sql.Timestamp:
		v.I64 = v.I64[:0]
	case sql.Double:
		v.F64 = v.F64[:0]
	case sql.Decimal:
		v.Dec, v.Big = v.Dec[:0], v.Big[:0]
	case sql.String, sql.Bytes:
		v.Offs, v.Data = v.Offs[:1], v.Data[:0]
	case sql.Array, sql.Map:
		v.Offs = v.Offs[:1]
		for _, k := range v.Kids {
			k.Reset()
		}
	case sql.Struct:
		for _, k := range v.Kids {
			k.Reset()
		}
	}
}

// Truncate drops all rows from n on, and what was added to Kids or Data of a row not ended yet: a decoder's
// way to take back a half-read row.
func (v *Vec) Truncate(n int) {
	if n > v.N {
		return
	}
	if v.Type.Kind == sql.Null {
		v.N, v.Nulls = n, n
		return
	}
	if v.Nulls > 0 && n < v.N {
		for i := n; i < v.N; i++ {
			if v.Valid[i>>3]&(1<<(i&7)) == 0 {
				v.Nulls--
			}
		}
		v.Valid = v.Valid[:(n+7)>>3]
		if n&7 != 0 {
			v.Valid[n>>3] &= 1<<(n&7) - 1
		}
	}
	v.N = n
	switch v.Type.Kind {
	case sql.Boolean:
		v.Bool = v.Bool[:n]
	case sql.Integer, sql.Date, sql.Time:
		v.I32 = v.I32[:n]
	case sql.Bigint, sql.Timestamp:
		v.I64 = v.I64[:n]
	case sql.Double:
		v.F64 = v.F64[:n]
	case sql.Decimal:
		if Wide(v.Type) {
			v.Big = v.Big[:n]
		} else {
			v.Dec = v.Dec[:n]
		}
	case sql.String, sql.Bytes:
		v.Offs = v.Offs[:n+1]
		v.Data = v.Data[:v.Offs[n]]
	case sql.Array, sql.Map:
		v.Offs = v.Offs[:n+1]
		for _, k := range v.Kids {
			k.Truncate(int(v.Offs[n]))
		}
	case sql.Struct:
		for _, k := range v.Kids {
			k.Truncate(n)
		}
	}
}

func resize[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	t := make([]T, n, max(n, 2*cap(s)))
	copy(t, s[:cap(s)])
	return t
}

// SetLen makes v hold n valid rows whose values are whatever the buffers held: for kernels that then
// write every row. Only for types of fixed width (not STRING, BYTES, ARRAY, MAP); a STRUCT sets its
// fields' length too.
func (v *Vec) SetLen(n int) {
	v.N, v.Nulls = n, 0
	switch v.Type.Kind {
	case sql.Boolean:
		v.Bool = resize(v.Bool, n)
	case sql.Integer, sql.Date, sql.Time:
		v.I32 = resize(v.I32, n)
	case sql.Bigint, sql.Timestamp:
		v.I64 = resize(v.I64, n)
	case sql.Double:
		v.F64 = resize(v.F64, n)
	case sql.Decimal:
		if Wide(v.Type) {
			v.Big = resize(v.Big, n)
		} else {
			v.Dec = resize(v.Dec, n)
		}
	case sql.Struct:
		for _, k := range v.Kids {
			k.SetLen(n)
		}
	case sql.Null:
		v.Nulls = n
	}
}

// IsNull reports whether row i is null.
func (v *Vec) IsNull(i int) bool {
	return v.Nulls > 0 && (v.Type.Kind == sql.Null || v.Valid[i>>3]&(1<<(i&7)) == 0)
}

// SetNull makes row i of a column of fixed width null. Its value slot stays.
func (v *Vec) SetNull(i int) {
	if v.Type.Kind == sql.Null {
		return
	}
	if v.Nulls == 0 {
		v.allValid(v.N)
	}
	if m := byte(1) << (i & 7); v.Valid[i>>3]&m != 0 {
		v.Valid[i>>3] &^= m
		v.Nulls++
	}
}

// allValid fills the bitmap for n rows with ones.
func (v *Vec) allValid(n int) {
	v.Valid = resize(v.Valid, (n+7)>>3)
	for i := range v.Valid {
		v.Valid[i] = 0xff
	}
	if n&7 != 0 {
		v.Valid[n>>3] = 1<<(n&7) - 1
	}
}

// next counts one more valid row. The caller appends its value.
func (v *Vec) next() {
	if v.Nulls > 0 {
		i := v.N
		if i>>3 >= len(v.Valid) {
			v.Valid = append(v.Valid, 0)
		}
		v.Valid[i>>3] |= 1 << (i & 7)
	}
	v.N++
}

// AppendNull adds a null row.
func (v *Vec) AppendNull() {
	if v.Type.Kind == sql.Null {
		v.N++
		v.Nulls++
		return
	}
	if v.Nulls == 0 {
		v.allValid(v.N)
	}
	i := v.N
	if i>>3 >= len(v.Valid) {
		v.Valid = append(v.Valid, 0)
	}
	v.Valid[i>>3] &^= 1 << (i & 7)
	v.Nulls++
	v.N++
	switch v.Type.Kind {
	case sql.Boolean:
		v.Bool = append(v.Bool, false)
	case sql.Integer, sql.Date, sql.Time:
		v.I32 = append(v.I32, 0)
	case sql.Bigint, sql.Timestamp:
		v.I64 = append(v.I64, 0)
	case sql.Double:
		v.F64 = append(v.F64, 0)
	case sql.Decimal:
		if Wide(v.Type) {
			v.Big = append(v.Big, nil)
		} else {
			v.Dec = append(v.Dec, Num{})
		}
	case sql.String, sql.Bytes, sql.Array, sql.Map:
		v.Offs = append(v.Offs, v.Offs[len(v.Offs)-1])
	case sql.Struct:
		for _, k := range v.Kids {
			k.AppendNull()
		}
	}
}

// AppendBool adds a BOOLEAN.
func (v *Vec) AppendBool(x bool) { v.Bool = append(v.Bool, x); v.next() }

// AppendI32 adds an INTEGER, DATE (days) or TIME (ms).
func (v *Vec) AppendI32(x int32) { v.I32 = append(v.I32, x); v.next() }

// AppendI64 adds a BIGINT or TIMESTAMP (ms).
func (v *Vec) AppendI64(x int64) { v.I64 = append(v.I64, x); v.next() }

// AppendF64 adds a DOUBLE.
func (v *Vec) AppendF64(x float64) { v.F64 = append(v.F64, x); v.next() }

// AppendNum adds a DECIMAL of at most 38 digits; x is unscaled, of the column's scale.
func (v *Vec) AppendNum(x Num) { v.Dec = append(v.Dec, x); v.next() }

// AppendBig adds a DECIMAL of either width; x is unscaled, of the column's scale, and is not kept when
// the column is narrow.
func (v *Vec) AppendBig(x *big.Int) {
	if Wide(v.Type) {
		v.Big = append(v.Big, x)
	} else {
		n, _ := NumOfBig(x)
		v.Dec = append(v.Dec, n)
	}
	v.next()
}

// AppendBytes adds a copy of b as STRING or BYTES.
func (v *Vec) AppendBytes(b []byte) {
	v.Data = append(v.Data, b...)
	v.EndBytes()
}

// AppendString adds s as STRING or BYTES.
func (v *Vec) AppendString(s string) {
	v.Data = append(v.Data, s...)
	v.EndBytes()
}

// EndBytes ends a STRING or BYTES row whose bytes the caller has appended to Data.
func (v *Vec) EndBytes() {
	if len(v.Data) > v.max {
		v.grow(len(v.Data))
	}
	v.Offs = append(v.Offs, int32(len(v.Data)))
	v.next()
}

// EndList ends an ARRAY or MAP row whose items the caller has appended to Kids.
func (v *Vec) EndList() {
	if v.Kids[0].N > v.max {
		v.grow(v.Kids[0].N)
	}
	v.Offs = append(v.Offs, int32(v.Kids[0].N))
	v.next()
}

// AppendLists appends ARRAY rows whose items lie one after another in items, the first at from. ends is the offsets of
// the rows there and one more, of which only the distances count.
func (v *Vec) AppendLists(items *Vec, from int, ends []int32) {
	kid := v.Kids[0]
	first := int32(kid.N) - ends[0]
	kid.AppendRange(items, from, from+int(ends[len(ends)-1]-ends[0]))
	if kid.N > v.max {
		v.grow(kid.N)
	}
	for _, end := range ends[1:] {
		v.Offs = append(v.Offs, first+end)
		v.next()
	}
}

// EndStruct ends a STRUCT row whose fields the caller has appended to Kids.
func (v *Vec) EndStruct() { v.next() }

// Bytes is row i of a STRING or BYTES column, lent.
func (v *Vec) Bytes(i int) []byte { return v.Data[v.Offs[i]:v.Offs[i+1]:v.Offs[i+1]] }

// Str is row i of a STRING column, lent: it changes when the owner works again. Use string(v.Bytes(i))
// to keep it.
func (v *Vec) Str(i int) string {
	b := v.Data[v.Offs[i]:v.Offs[i+1]]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// BigAt is row i of a DECIMAL column of either width, unscaled. It must not be changed.
func (v *Vec) BigAt(i int) *big.Int {
	if Wide(v.Type) {
		return v.Big[i]
	}
	return v.Dec[i].Big()
}

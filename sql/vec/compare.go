package vec

import (
	"bytes"
	"cmp"
	"math"

	"github.com/ksqlgo/ksql/sql"
)

// Compare orders row i of a and row j of b, columns of one type (scales of DECIMALs may differ), as ksqlDB does:
// FALSE first, -0.0 before 0.0, NaN last, strings by UTF-16 unit, bytes as signed numbers. Nulls come first.
// ARRAYs and STRUCTs go item by item; MAPs, which have no order in SQL, by their entries sorted by key.
func Compare(a *Vec, i int, b *Vec, j int) int {
	if x, y := a.IsNull(i), b.IsNull(j); x || y {
		return order(y, x)
	}
	switch a.Type.Kind {
	case sql.Boolean:
		return order(a.Bool[i], b.Bool[j])
	case sql.Integer, sql.Date, sql.Time:
		return cmp.Compare(a.I32[i], b.I32[j])
	case sql.Bigint, sql.Timestamp:
		return cmp.Compare(a.I64[i], b.I64[j])
	case sql.Double:
		return CompareDouble(a.F64[i], b.F64[j])
	case sql.Decimal:
		if a.Type.Scale == b.Type.Scale && !Wide(a.Type) && !Wide(b.Type) {
			return a.Dec[i].Cmp(b.Dec[j])
		}
		return Decimal{a.BigAt(i), a.Type.Scale}.Cmp(Decimal{b.BigAt(j), b.Type.Scale})
	case sql.String:
		return CompareUTF16(a.Str(i), b.Str(j))
	case sql.Bytes:
		return CompareBytes(a.Bytes(i), b.Bytes(j))
	case sql.Array:
		p, q := a.Offs[i], b.Offs[j]
		for ; p < a.Offs[i+1] && q < b.Offs[j+1]; p, q = p+1, q+1 {
			if c := Compare(a.Kids[0], int(p), b.Kids[0], int(q)); c != 0 {
				return c
			}
		}
		return int(a.Offs[i+1]-p) - int(b.Offs[j+1]-q)
	case sql.Map:
		return CompareValues(a.Get(i), b.Get(j))
	case sql.Struct:
		for k := range a.Kids {
			if c := Compare(a.Kids[k], i, b.Kids[k], j); c != 0 {
				return c
			}
		}
	}
	return 0
}

// Equal reports whether row i of a and row j of b, columns of one type, are the same value, as Java's equals
// sees it: nulls are equal, NaN equals NaN, 0.0 and -0.0 differ, DECIMALs of another scale differ, the entries
// of a MAP have no order.
func Equal(a *Vec, i int, b *Vec, j int) bool {
	if x, y := a.IsNull(i), b.IsNull(j); x || y {
		return x && y
	}
	switch a.Type.Kind {
	case sql.Boolean:
		return a.Bool[i] == b.Bool[j]
	case sql.Integer, sql.Date, sql.Time:
		return a.I32[i] == b.I32[j]
	case sql.Bigint, sql.Timestamp:
		return a.I64[i] == b.I64[j]
	case sql.Double:
		return CompareDouble(a.F64[i], b.F64[j]) == 0
	case sql.Decimal:
		if a.Type.Scale != b.Type.Scale {
			return false
		}
		return Compare(a, i, b, j) == 0
	case sql.String, sql.Bytes:
		return a.Str(i) == b.Str(j)
	case sql.Array:
		p, q, n := int(a.Offs[i]), int(b.Offs[j]), int(a.Offs[i+1]-a.Offs[i])
		if int(b.Offs[j+1])-q != n {
			return false
		}
		for k := 0; k < n; k++ {
			if !Equal(a.Kids[0], p+k, b.Kids[0], q+k) {
				return false
			}
		}
		return true
	case sql.Map:
		if a.Offs[i+1]-a.Offs[i] != b.Offs[j+1]-b.Offs[j] {
			return false
		}
	entries:
		for p := int(a.Offs[i]); p < int(a.Offs[i+1]); p++ {
			for q := int(b.Offs[j]); q < int(b.Offs[j+1]); q++ {
				if Equal(a.Kids[0], p, b.Kids[0], q) {
					if !Equal(a.Kids[1], p, b.Kids[1], q) {
						return false
					}
					continue entries
				}
			}
			return false
		}
		return true
	case sql.Struct:
		for k := range a.Kids {
			if !Equal(a.Kids[k], i, b.Kids[k], j) {
				return false
			}
		}
	}
	return true
}

func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// CompareDouble is Java's Double.compare: -0.0 before 0.0, NaN last and equal to itself.
func CompareDouble(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b && a != 0:
		return 0
	}
	x, y := doubleBits(a), doubleBits(b)
	return cmp.Compare(int64(x), int64(y))
}

// doubleBits is the bits of f, with one pattern only for NaN.
func doubleBits(f float64) uint64 {
	if f != f {
		return 0x7ff8000000000000
	}
	return math.Float64bits(f)
}

// CompareBytes orders byte strings as ksqlDB does: each byte a signed number.
func CompareBytes(a, b []byte) int {
	for k := 0; k < len(a) && k < len(b); k++ {
		if a[k] != b[k] {
			return int(int8(a[k])) - int(int8(b[k]))
		}
	}
	return len(a) - len(b)
}

// CompareValues is Compare for Go values of one type, in the forms that Get gives.
func CompareValues(a, b any) int {
	if a == nil || b == nil {
		return order(b == nil, a == nil)
	}
	switch x := a.(type) {
	case bool:
		return order(x, b.(bool))
	case int32:
		return cmp.Compare(x, b.(int32))
	case Date:
		return cmp.Compare(x, b.(Date))
	case Time:
		return cmp.Compare(x, b.(Time))
	case int64:
		return cmp.Compare(x, b.(int64))
	case Timestamp:
		return cmp.Compare(x, b.(Timestamp))
	case float64:
		return CompareDouble(x, b.(float64))
	case Decimal:
		return x.Cmp(b.(Decimal))
	case string:
		return CompareUTF16(x, b.(string))
	case []byte:
		return CompareBytes(x, b.([]byte))
	case []any:
		return compareLists(x, b.([]any))
	case StructValue:
		return compareLists(x, b.(StructValue))
	case *MapValue:
		x, y := x.Sorted(), b.(*MapValue).Sorted()
		if c := compareLists(x.Keys, y.Keys); c != 0 {
			return c
		}
		return compareLists(x.Values, y.Values)
	}
	return 0
}

func compareLists(a, b []any) int {
	for k := 0; k < len(a) && k < len(b); k++ {
		if c := CompareValues(a[k], b[k]); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

// Sorted is m with its entries in the order of their keys.
func (m *MapValue) Sorted() *MapValue {
	s := &MapValue{append([]any(nil), m.Keys...), append([]any(nil), m.Values...)}
	for i := 1; i < len(s.Keys); i++ {
		for k := i; k > 0 && CompareValues(s.Keys[k], s.Keys[k-1]) < 0; k-- {
			s.Keys[k], s.Keys[k-1] = s.Keys[k-1], s.Keys[k]
			s.Values[k], s.Values[k-1] = s.Values[k-1], s.Values[k]
		}
	}
	return s
}

// EqualValues is Equal for Go values. Values of different Go types are not equal.
func EqualValues(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && CompareDouble(x, y) == 0
	case Decimal:
		y, ok := b.(Decimal)
		return ok && x.Scale == y.Scale && x.Unscaled.Cmp(y.Unscaled) == 0
	case []byte:
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	case []any:
		y, ok := b.([]any)
		return ok && equalLists(x, y)
	case StructValue:
		y, ok := b.(StructValue)
		return ok && equalLists(x, y)
	case *MapValue:
		y, ok := b.(*MapValue)
		if !ok || len(x.Keys) != len(y.Keys) {
			return false
		}
	entries:
		for i, k := range x.Keys {
			for j, l := range y.Keys {
				if EqualValues(k, l) {
					if !EqualValues(x.Values[i], y.Values[j]) {
						return false
					}
					continue entries
				}
			}
			return false
		}
		return true
	}
	return a == b
}

func equalLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if !EqualValues(a[k], b[k]) {
			return false
		}
	}
	return true
}

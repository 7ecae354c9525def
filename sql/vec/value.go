package vec

import (
	"math/big"

	"github.com/ksqlgo/ksql/sql"
)

// The Go forms of single SQL values, for the slow paths (literals, INSERT VALUES, rows given to a user):
// bool, int32, int64, float64, string, []byte, Decimal, Date, Time, Timestamp, []any (ARRAY), *MapValue,
// StructValue; nil is null.
type (
	// Decimal is an exact number: Unscaled / 10^Scale.
	Decimal struct {
		Unscaled *big.Int
		Scale    int
	}
	// Date is days since 1970-01-01.
	Date int32
	// Time is ms of day.
	Time int32
	// Timestamp is ms since epoch, UTC.
	Timestamp int64
	// MapValue is a MAP; entries keep their order.
	MapValue struct{ Keys, Values []any }
	// StructValue is a STRUCT's values in the order of its type's fields.
	StructValue []any
)

// Get is row i as a Go value of its own.
func (v *Vec) Get(i int) any {
	if v.IsNull(i) {
		return nil
	}
	switch v.Type.Kind {
	case sql.Boolean:
		return v.Bool[i]
	case sql.Integer:
		return v.I32[i]
	case sql.Date:
		return Date(v.I32[i])
	case sql.Time:
		return Time(v.I32[i])
	case sql.Bigint:
		return v.I64[i]
	case sql.Timestamp:
		return Timestamp(v.I64[i])
	case sql.Double:
		return v.F64[i]
	case sql.Decimal:
		return Decimal{v.BigAt(i), v.Type.Scale}
	case sql.String:
		return string(v.Bytes(i))
	case sql.Bytes:
		return append([]byte{}, v.Bytes(i)...)
	case sql.Array:
		out := make([]any, 0, v.Offs[i+1]-v.Offs[i])
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			out = append(out, v.Kids[0].Get(int(k)))
		}
		return out
	case sql.Map:
		m := &MapValue{}
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			m.Keys = append(m.Keys, v.Kids[0].Get(int(k)))
			m.Values = append(m.Values, v.Kids[1].Get(int(k)))
		}
		return m
	case sql.Struct:
		out := make(StructValue, len(v.Kids))
		for k := range v.Kids {
			out[k] = v.Kids[k].Get(i)
		}
		return out
	}
	return nil
}

// Append adds a Go value of the form that Get gives for v's type; a Decimal must have the column's scale.
// It panics on another form: callers coerce first.
func (v *Vec) Append(x any) {
	if x == nil {
		v.AppendNull()
		return
	}
	switch v.Type.Kind {
	case sql.Boolean:
		v.AppendBool(x.(bool))
	case sql.Integer:
		v.AppendI32(x.(int32))
	case sql.Date:
		v.AppendI32(int32(x.(Date)))
	case sql.Time:
		v.AppendI32(int32(x.(Time)))
	case sql.Bigint:
		v.AppendI64(x.(int64))
	case sql.Timestamp:
		v.AppendI64(int64(x.(Timestamp)))
	case sql.Double:
		v.AppendF64(x.(float64))
	case sql.Decimal:
		v.AppendBig(x.(Decimal).Unscaled)
	case sql.String:
		v.AppendString(x.(string))
	case sql.Bytes:
		v.AppendBytes(x.([]byte))
	case sql.Array:
		for _, e := range x.([]any) {
			v.Kids[0].Append(e)
		}
		v.EndList()
	case sql.Map:
		m := x.(*MapValue)
		for k := range m.Keys {
			v.Kids[0].Append(m.Keys[k])
			v.Kids[1].Append(m.Values[k])
		}
		v.EndList()
	case sql.Struct:
		for k, e := range x.(StructValue) {
			v.Kids[k].Append(e)
		}
		v.EndStruct()
	case sql.Null:
		v.AppendNull()
	}
}

package vec

import (
	"fmt"
	"math/big"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/ksqlgo/ksql/sql"
)

// The Arrow names that the rest of the module needs: it imports Arrow nowhere else.
type (
	// Record is a batch of columns of one length. Its memory is counted: who gets it from this module calls Release
	// once, who hands it to somebody who keeps it calls Retain before.
	Record = arrow.Record
	// Mem gives and takes back the memory of Records.
	Mem = memory.Allocator
)

// GoMem is memory of the Go heap.
func GoMem() Mem { return memory.NewGoAllocator() }

// ArrowType is the Arrow type of columns of type t: DECIMALs of more than 76 digits, which Arrow does not have, are
// text.
func ArrowType(t sql.Type) arrow.DataType {
	switch t.Kind {
	case sql.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case sql.Integer:
		return arrow.PrimitiveTypes.Int32
	case sql.Bigint:
		return arrow.PrimitiveTypes.Int64
	case sql.Double:
		return arrow.PrimitiveTypes.Float64
	case sql.Decimal:
		switch {
		case t.Precision <= 38:
			return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
		case t.Precision <= 76:
			return &arrow.Decimal256Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
		}
		return arrow.BinaryTypes.String
	case sql.String:
		return arrow.BinaryTypes.String
	case sql.Bytes:
		return arrow.BinaryTypes.Binary
	case sql.Date:
		return arrow.FixedWidthTypes.Date32
	case sql.Time:
		return arrow.FixedWidthTypes.Time32ms
	case sql.Timestamp:
		return arrow.FixedWidthTypes.Timestamp_ms // UTC
	case sql.Array:
		return arrow.ListOf(ArrowType(*t.Elem))
	case sql.Map:
		return arrow.MapOf(ArrowType(*t.Key), ArrowType(*t.Elem))
	case sql.Struct:
		fields := make([]arrow.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = arrow.Field{Name: f.Name, Type: ArrowType(f.Type), Nullable: true}
		}
		return arrow.StructOf(fields...)
	}
	return arrow.Null
}

// NewRecord copies the first n rows of cols into memory of mem. The caller releases the Record. Arrow's maps have
// no null keys: such a key is the text null, as in JSON, or the zero of its type.
func NewRecord(mem Mem, names []string, cols []*Vec, n int) Record {
	fields := make([]arrow.Field, len(cols))
	arrays := make([]arrow.Array, len(cols))
	for i, v := range cols {
		fields[i] = arrow.Field{Name: names[i], Type: ArrowType(v.Type), Nullable: true}
		d := v.arrowData(mem, n)
		arrays[i] = array.MakeFromData(d)
		d.Release()
	}
	r := array.NewRecord(arrow.NewSchema(fields, nil), arrays, int64(n))
	for _, a := range arrays {
		a.Release()
	}
	return r
}

// arrowData copies the first n rows.
func (v *Vec) arrowData(mem Mem, n int) arrow.ArrayData {
	t := ArrowType(v.Type)
	missing := 0
	var valid *memory.Buffer
	if v.Nulls > 0 && v.Type.Kind != sql.Null {
		for i := 0; i < n; i++ {
			if v.IsNull(i) {
				missing++
			}
		}
		valid = copyBuffer(mem, v.Valid[:(n+7)>>3])
	}
	buffers := []*memory.Buffer{valid}
	var kids []arrow.ArrayData
	switch v.Type.Kind {
	case sql.Null:
		missing, buffers = n, []*memory.Buffer{nil}
	case sql.Boolean:
		b := newBuffer(mem, (n+7)>>3)
		bits := b.Bytes()
		clear(bits)
		for i, x := range v.Bool[:n] {
			if x {
				bits[i>>3] |= 1 << (i & 7)
			}
		}
		buffers = append(buffers, b)
	case sql.Integer, sql.Date, sql.Time:
		buffers = append(buffers, copyBuffer(mem, rawBytes(v.I32[:n])))
	case sql.Bigint, sql.Timestamp:
		buffers = append(buffers, copyBuffer(mem, rawBytes(v.I64[:n])))
	case sql.Double:
		buffers = append(buffers, copyBuffer(mem, rawBytes(v.F64[:n])))
	case sql.Decimal:
		switch {
		case !Wide(v.Type):
			xs := make([]decimal128.Num, n)
			for i, x := range v.Dec[:n] {
				xs[i] = decimal128.New(x.Hi, x.Lo)
			}
			buffers = append(buffers, copyBuffer(mem, rawBytes(xs)))
		case v.Type.Precision <= 76:
			xs := make([]decimal256.Num, n)
			for i, x := range v.Big[:n] {
				if x != nil {
					xs[i] = decimal256.FromBigInt(x)
				}
			}
			buffers = append(buffers, copyBuffer(mem, rawBytes(xs)))
		default:
			offs := make([]int32, 1, n+1)
			var text []byte
			for i, x := range v.Big[:n] {
				if !v.IsNull(i) {
					text = AppendPlain(text, x, v.Type.Scale)
				}
				offs = append(offs, int32(len(text)))
			}
			buffers = append(buffers, copyBuffer(mem, rawBytes(offs)), copyBuffer(mem, text))
		}
	case sql.String, sql.Bytes:
		buffers = append(buffers, copyBuffer(mem, rawBytes(v.Offs[:n+1])), copyBuffer(mem, v.Data[:v.Offs[n]]))
	case sql.Array:
		buffers = append(buffers, copyBuffer(mem, rawBytes(v.Offs[:n+1])))
		kids = append(kids, v.Kids[0].arrowData(mem, int(v.Offs[n])))
	case sql.Map:
		buffers = append(buffers, copyBuffer(mem, rawBytes(v.Offs[:n+1])))
		items := int(v.Offs[n])
		key, item := mapKeys(v.Kids[0], items).arrowData(mem, items), v.Kids[1].arrowData(mem, items)
		kids = append(kids, array.NewData(t.(*arrow.MapType).Elem(), items, []*memory.Buffer{nil}, []arrow.ArrayData{key, item}, 0, 0))
		key.Release()
		item.Release()
	case sql.Struct:
		for _, k := range v.Kids {
			kids = append(kids, k.arrowData(mem, n))
		}
	}
	d := array.NewData(t, n, buffers, kids, missing, 0)
	for _, b := range buffers {
		if b != nil {
			b.Release()
		}
	}
	for _, k := range kids {
		k.Release()
	}
	return d
}

// mapKeys is the first n keys with something in the place of nulls.
func mapKeys(keys *Vec, n int) *Vec {
	if keys.Nulls == 0 {
		return keys
	}
	out := New(keys.Type)
	for i := range n {
		if keys.IsNull(i) && keys.Type.Kind == sql.String {
			out.AppendString("null")
		} else {
			out.AppendFrom(keys, i)
		}
	}
	out.Nulls = 0 // all slots count as values
	return out
}

func newBuffer(mem Mem, n int) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(n)
	return b
}

func copyBuffer(mem Mem, src []byte) *memory.Buffer {
	b := newBuffer(mem, len(src))
	copy(b.Bytes(), src)
	return b
}

func rawBytes[T any](s []T) []byte {
	var x T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(x)))
}

// FromRecord copies a Record's columns. An Arrow type that no SQL type corresponds to is an error.
func FromRecord(r Record) ([]*Vec, error) {
	var out []*Vec
	for i, a := range r.Columns() {
		t, err := sqlType(a.DataType())
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", r.ColumnName(i), err)
		}
		v := New(t)
		for k := 0; k < a.Len(); k++ {
			v.appendArrow(a, k)
		}
		out = append(out, v)
	}
	return out, nil
}

func sqlType(t arrow.DataType) (sql.Type, error) {
	switch t := t.(type) {
	case *arrow.NullType:
		return sql.TNull, nil
	case *arrow.BooleanType:
		return sql.TBoolean, nil
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type:
		return sql.TInteger, nil
	case *arrow.Int64Type:
		return sql.TBigint, nil
	case *arrow.Float32Type, *arrow.Float64Type:
		return sql.TDouble, nil
	case *arrow.Decimal128Type:
		return sql.DecimalOf(int(t.Precision), int(t.Scale)), nil
	case *arrow.Decimal256Type:
		return sql.DecimalOf(int(t.Precision), int(t.Scale)), nil
	case *arrow.StringType, *arrow.LargeStringType:
		return sql.TString, nil
	case *arrow.BinaryType, *arrow.LargeBinaryType:
		return sql.TBytes, nil
	case *arrow.Date32Type:
		return sql.TDate, nil
	case *arrow.Time32Type:
		return sql.TTime, nil
	case *arrow.TimestampType:
		return sql.TTimestamp, nil
	case *arrow.MapType:
		k, err := sqlType(t.KeyType())
		if err != nil {
			return k, err
		}
		v, err := sqlType(t.ItemType())
		return sql.MapOf(k, v), err
	case *arrow.ListType:
		e, err := sqlType(t.Elem())
		return sql.ArrayOf(e), err
	case *arrow.StructType:
		var fields []sql.Field
		for _, f := range t.Fields() {
			ft, err := sqlType(f.Type)
			if err != nil {
				return ft, err
			}
			fields = append(fields, sql.Field{Name: f.Name, Type: ft})
		}
		return sql.StructOf(fields...), nil
	}
	return sql.TNull, fmt.Errorf("no SQL type for Arrow's %s", t)
}

// appendArrow adds row i of a.
func (v *Vec) appendArrow(a arrow.Array, i int) {
	if a.IsNull(i) {
		v.AppendNull()
		return
	}
	switch a := a.(type) {
	case *array.Null:
		v.AppendNull()
	case *array.Boolean:
		v.AppendBool(a.Value(i))
	case *array.Int8:
		v.AppendI32(int32(a.Value(i)))
	case *array.Int16:
		v.AppendI32(int32(a.Value(i)))
	case *array.Int32:
		v.AppendI32(a.Value(i))
	case *array.Int64:
		v.AppendI64(a.Value(i))
	case *array.Float32:
		v.AppendF64(float64(a.Value(i)))
	case *array.Float64:
		v.AppendF64(a.Value(i))
	case *array.Decimal128:
		x := a.Value(i)
		v.AppendNum(Num{x.LowBits(), x.HighBits()})
	case *array.Decimal256:
		v.AppendBig(new(big.Int).Set(a.Value(i).BigInt()))
	case *array.String:
		v.AppendString(a.Value(i))
	case *array.LargeString:
		v.AppendString(a.Value(i))
	case *array.Binary:
		v.AppendBytes(a.Value(i))
	case *array.LargeBinary:
		v.AppendBytes(a.Value(i))
	case *array.Date32:
		v.AppendI32(int32(a.Value(i)))
	case *array.Time32:
		// Both units of Time32 count from midnight.
		v.AppendI32(int32(int64(a.Value(i)) * int64(a.DataType().(*arrow.Time32Type).Unit.Multiplier()) / 1e6))
	case *array.Timestamp:
		v.AppendI64(a.Value(i).ToTime(a.DataType().(*arrow.TimestampType).Unit).UnixMilli())
	case *array.Map:
		lo, hi := a.ValueOffsets(i)
		for k := lo; k < hi; k++ {
			v.Kids[0].appendArrow(a.Keys(), int(k))
			v.Kids[1].appendArrow(a.Items(), int(k))
		}
		v.EndList()
	case *array.List:
		lo, hi := a.ValueOffsets(i)
		for k := lo; k < hi; k++ {
			v.Kids[0].appendArrow(a.ListValues(), int(k))
		}
		v.EndList()
	case *array.Struct:
		for k := range v.Kids {
			v.Kids[k].appendArrow(a.Field(k), i)
		}
		v.EndStruct()
	}
}

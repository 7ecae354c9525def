package vec

import "github.com/ksqlgo/ksql/sql"

// AppendFrom adds row i of src, a column of the same type.
func (v *Vec) AppendFrom(src *Vec, i int) {
	if src.IsNull(i) {
		v.AppendNull()
		return
	}
	switch v.Type.Kind {
	case sql.Boolean:
		v.AppendBool(src.Bool[i])
	case sql.Integer, sql.Date, sql.Time:
		v.AppendI32(src.I32[i])
	case sql.Bigint, sql.Timestamp:
		v.AppendI64(src.I64[i])
	case sql.Double:
		v.AppendF64(src.F64[i])
	case sql.Decimal:
		if Wide(v.Type) {
			v.AppendBig(src.Big[i])
		} else {
			v.AppendNum(src.Dec[i])
		}
	case sql.String, sql.Bytes:
		v.AppendBytes(src.Bytes(i))
	case sql.Array, sql.Map:
		lo, hi := int(src.Offs[i]), int(src.Offs[i+1])
		for k := range v.Kids {
			v.Kids[k].AppendRange(src.Kids[k], lo, hi)
		}
		v.EndList()
	case sql.Struct:
		for k := range v.Kids {
			v.Kids[k].AppendFrom(src.Kids[k], i)
		}
		v.EndStruct()
	}
}

// AppendRange adds rows lo to hi (not included) of src, a column of the same type.
func (v *Vec) AppendRange(src *Vec, lo, hi int) {
	if src.Nulls > 0 || v.Nulls > 0 || v.Type.Kind >= sql.Array && v.Type.Kind <= sql.Struct {
		for i := lo; i < hi; i++ {
			v.AppendFrom(src, i)
		}
		return
	}
	switch v.Type.Kind {
	case sql.Boolean:
		v.Bool = append(v.Bool, src.Bool[lo:hi]...)
	case sql.Integer, sql.Date, sql.Time:
		v.I32 = append(v.I32, src.I32[lo:hi]...)
	case sql.Bigint, sql.Timestamp:
		v.I64 = append(v.I64, src.I64[lo:hi]...)
	case sql.Double:
		v.F64 = append(v.F64, src.F64[lo:hi]...)
	case sql.Decimal:
		if Wide(v.Type) {
			v.Big = append(v.Big, src.Big[lo:hi]...)
		} else {
			v.Dec = append(v.Dec, src.Dec[lo:hi]...)
		}
	case sql.String, sql.Bytes:
		if n := len(v.Data) + int(src.Offs[hi]-src.Offs[lo]); n > v.max {
			v.grow(n)
		}
		shift := int32(len(v.Data)) - src.Offs[lo]
		v.Data = append(v.Data, src.Data[src.Offs[lo]:src.Offs[hi]]...)
		for _, o := range src.Offs[lo+1 : hi+1] {
			v.Offs = append(v.Offs, o+shift)
		}
	}
	v.N += hi - lo
}

// AppendRows adds the rows of src that rows names, in that order: what filters, exchanges and joins are
// made of. The types are the same.
func (v *Vec) AppendRows(src *Vec, rows []int32) {
	if src.Nulls > 0 || v.Nulls > 0 || v.Type.Kind >= sql.Array && v.Type.Kind <= sql.Struct {
		for _, i := range rows {
			v.AppendFrom(src, int(i))
		}
		return
	}
	switch v.Type.Kind {
	case sql.Boolean:
		v.Bool = take(v.Bool, src.Bool, rows)
	case sql.Integer, sql.Date, sql.Time:
		v.I32 = take(v.I32, src.I32, rows)
	case sql.Bigint, sql.Timestamp:
		v.I64 = take(v.I64, src.I64, rows)
	case sql.Double:
		v.F64 = take(v.F64, src.F64, rows)
	case sql.Decimal:
		if Wide(v.Type) {
			v.Big = take(v.Big, src.Big, rows)
		} else {
			v.Dec = take(v.Dec, src.Dec, rows)
		}
	case sql.String, sql.Bytes:
		for _, i := range rows {
			v.Data = append(v.Data, src.Data[src.Offs[i]:src.Offs[i+1]]...)
			if len(v.Data) > v.max {
				v.grow(len(v.Data))
			}
			v.Offs = append(v.Offs, int32(len(v.Data)))
		}
	}
	v.N += len(rows)
}

func take[T any](dst, src []T, rows []int32) []T {
	n := len(dst)
	dst = resize(dst, n+len(rows))
	out := dst[n:]
	for k, i := range rows {
		out[k] = src[i]
	}
	return dst
}

// Clone is a column of its own with the same rows.
func (v *Vec) Clone() *Vec {
	c := v.Like()
	c.AppendRange(v, 0, v.N)
	return c
}

package expr

import (
	"strconv"
	"time"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// appendText adds the text that CAST(x AS STRING) gives for row i, which is not null. Within an ARRAY, MAP or
// STRUCT (top is false) values print as Java's toString prints them.
func appendText(dst []byte, v *vec.Vec, i int, top bool) []byte {
	switch v.Type.Kind {
	case sql.Boolean:
		return strconv.AppendBool(dst, v.Bool[i])
	case sql.Integer:
		return strconv.AppendInt(dst, int64(v.I32[i]), 10)
	case sql.Bigint:
		return strconv.AppendInt(dst, v.I64[i], 10)
	case sql.Double:
		return vec.AppendDouble(dst, v.F64[i])
	case sql.Decimal:
		return v.AppendDecimalText(dst, i, !top)
	case sql.String:
		return append(dst, v.Bytes(i)...)
	case sql.Date:
		return time.Unix(int64(v.I32[i])*86400, 0).UTC().AppendFormat(dst, time.DateOnly)
	case sql.Time:
		return appendTime(dst, v.I32[i], top)
	case sql.Timestamp:
		t := time.UnixMilli(v.I64[i]).UTC()
		if top {
			return t.AppendFormat(dst, "2006-01-02T15:04:05.000")
		}
		dst = t.AppendFormat(dst, "2006-01-02 15:04:05.999")
		if t.Nanosecond() == 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	case sql.Bytes:
		n := strconv.Itoa(len(v.Bytes(i)))
		return append(dst, "java.nio.HeapByteBuffer[pos=0 lim="+n+" cap="+n+"]"...)
	case sql.Array:
		dst = append(dst, '[')
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			if k > v.Offs[i] {
				dst = append(dst, ", "...)
			}
			dst = appendItem(dst, v.Kids[0], int(k))
		}
		return append(dst, ']')
	case sql.Map:
		dst = append(dst, '{')
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			if k > v.Offs[i] {
				dst = append(dst, ", "...)
			}
			dst = append(appendItem(dst, v.Kids[0], int(k)), '=')
			dst = appendItem(dst, v.Kids[1], int(k))
		}
		return append(dst, '}')
	case sql.Struct:
		dst = append(dst, "Struct{"...)
		first := true
		for k, f := range v.Type.Fields {
			if v.Kids[k].IsNull(i) {
				continue
			}
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = append(append(dst, f.Name...), '=')
			dst = appendItem(dst, v.Kids[k], i)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

func appendItem(dst []byte, v *vec.Vec, i int) []byte {
	v.Bound(len(dst))
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	return appendText(dst, v, i, false)
}

// appendTime writes HH:mm or HH:mm:ss; Java's java.sql.Time always has seconds.
func appendTime(dst []byte, ms int32, top bool) []byte {
	t := time.UnixMilli(int64(ms)).UTC()
	if top && t.Second() == 0 {
		return t.AppendFormat(dst, "15:04")
	}
	return t.AppendFormat(dst, time.TimeOnly)
}

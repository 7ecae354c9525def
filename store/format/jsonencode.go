package format

import (
	"encoding/base64"
	"math"
	"strconv"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/json"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// Encode implements Codec.
func (c *jsonCodec) Encode(cols []*vec.Vec, n int, skip []bool, dst []byte, at []store.Span) ([]byte, []store.Span, error) {
	for i := 0; i < n; i++ {
		if skip != nil && skip[i] || c.spec.Unwrapped && cols[0].IsNull(i) {
			at = append(at, store.Span{Off: 0, Len: -1})
			continue
		}
		from := len(dst)
		if c.spec.Unwrapped {
			dst = appendJSON(dst, &c.rec.fields[0], cols[0], i)
		} else {
			dst = appendObject(dst, c.rec, cols, i)
		}
		var err error
		if at, err = c.spec.span(at, from, len(dst), i); err != nil {
			return dst, at, err
		}
	}
	return dst, at, nil
}

// appendObject adds row i of cols with all fields, nulls too.
func appendObject(dst []byte, r *jsonRecord, cols []*vec.Vec, i int) []byte {
	if len(cols) == 0 {
		return append(dst, "{}"...)
	}
	for k, v := range cols {
		f := &r.fields[k]
		dst = append(dst, f.lead...)
		if v.Nulls == 0 {
			switch f.kind {
			case sql.Bigint, sql.Timestamp:
				dst = appendInt(dst, v.I64[i])
				continue
			case sql.String:
				dst = json.AppendQuoted(dst, v.Data[v.Offs[i]:v.Offs[i+1]])
				continue
			}
		}
		dst = appendJSON(dst, f, v, i)
	}
	return append(dst, '}')
}

// appendInt is strconv.AppendInt for what columns mostly hold, four digits at a time and without a copy.
func appendInt(dst []byte, x int64) []byte {
	if x < 0 || x >= 1e16 {
		return strconv.AppendInt(dst, x, 10)
	}
	n := width(uint64(x))
	at := len(dst)
	dst = append(dst, "0000000000000000"[:n]...)
	w := dst[at : at+n]
	u := uint64(x)
	for len(w) >= 4 {
		q := u / 10000
		d := (u - q*10000) * 2
		e := d / 200 * 2
		d -= e * 100
		w[len(w)-4], w[len(w)-3], w[len(w)-2], w[len(w)-1] = pairs[e], pairs[e+1], pairs[d], pairs[d+1]
		w = w[:len(w)-4]
		u = q
	}
	for k := len(w) - 1; k >= 0; k-- {
		w[k] = '0' + byte(u%10)
		u /= 10
	}
	return dst
}

const pairs = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849" +
	"5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// width is the number of digits of x.
func width(x uint64) int {
	n := 1
	for x >= 10000 {
		x /= 10000
		n += 4
	}
	switch {
	case x >= 1000:
		return n + 3
	case x >= 100:
		return n + 2
	case x >= 10:
		return n + 1
	}
	return n
}

// appendJSON adds row i of v.
func appendJSON(dst []byte, f *jsonField, v *vec.Vec, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	switch f.kind {
	case sql.Boolean:
		return strconv.AppendBool(dst, v.Bool[i])
	case sql.Integer, sql.Date, sql.Time:
		return strconv.AppendInt(dst, int64(v.I32[i]), 10)
	case sql.Bigint, sql.Timestamp:
		return strconv.AppendInt(dst, v.I64[i], 10)
	case sql.Double:
		if x := v.F64[i]; x != x || math.IsInf(x, 0) {
			return append(vec.AppendDouble(append(dst, '"'), x), '"')
		}
		return vec.AppendDouble(dst, v.F64[i])
	case sql.Decimal:
		return v.AppendDecimalText(dst, i, true)
	case sql.String:
		return json.AppendQuoted(dst, v.Bytes(i))
	case sql.Bytes:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes(i))
		return append(dst, '"')
	case sql.Array:
		dst = append(dst, '[')
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			if k > v.Offs[i] {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, f.item, v.Kids[0], int(k))
		}
		return append(dst, ']')
	case sql.Map:
		dst = append(dst, '{')
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			if k > v.Offs[i] {
				dst = append(dst, ',')
			}
			if v.Kids[0].IsNull(int(k)) {
				dst = append(dst, `"null"`...)
			} else {
				dst = json.AppendQuoted(dst, v.Kids[0].Bytes(int(k)))
			}
			dst = appendJSON(append(dst, ':'), f.item, v.Kids[1], int(k))
		}
		return append(dst, '}')
	case sql.Struct:
		return appendObject(dst, f.rec, v.Kids, i)
	}
	return append(dst, "null"...)
}

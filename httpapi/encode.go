package httpapi

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unsafe"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store/format"
)

// encoder writes values of one type as ksqlDB's HTTP API does. It is made once for a query.
type encoder struct {
	kind   sql.Kind
	inside bool // of a STRUCT, where times are numbers (Kafka Connect's JSON)
	name   []byte
	key    *encoder
	item   *encoder
	fields []encoder
}

func newEncoder(t sql.Type, inside bool) encoder {
	e := encoder{kind: t.Kind, inside: inside}
	switch t.Kind {
	case sql.Array:
		item := newEncoder(*t.Elem, inside)
		e.item = &item
	case sql.Map:
		key, item := newEncoder(*t.Key, inside), newEncoder(*t.Elem, inside)
		e.key, e.item = &key, &item
	case sql.Struct:
		for _, f := range t.Fields {
			x := newEncoder(f.Type, true)
			x.name = append(appendString(nil, f.Name), ':')
			e.fields = append(e.fields, x)
		}
	}
	return e
}

// rowEncoder writes rows as JSON arrays.
type rowEncoder []encoder

func newRowEncoder(s sql.Schema) rowEncoder {
	out := make(rowEncoder, len(s))
	for i, c := range s {
		out[i] = newEncoder(c.Type, false)
	}
	return out
}

// row adds row i of a page: [1,"a",null]. keep nil: all columns.
func (r rowEncoder) row(dst []byte, p *ksql.Page, i int) []byte {
	dst = append(dst, '[')
	for k := range r {
		if k > 0 {
			dst = append(dst, ',')
		}
		dst = r[k].value(dst, p.Cols[k], i)
	}
	return append(dst, ']')
}

// value adds row i of v.
func (e *encoder) value(dst []byte, v *vec.Vec, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	switch e.kind {
	case sql.Boolean:
		return strconv.AppendBool(dst, v.Bool[i])
	case sql.Integer:
		return strconv.AppendInt(dst, int64(v.I32[i]), 10)
	case sql.Bigint:
		return strconv.AppendInt(dst, v.I64[i], 10)
	case sql.Double:
		if x := v.F64[i]; x != x || math.IsInf(x, 0) {
			return append(vec.AppendDouble(append(dst, '"'), x), '"')
		}
		return vec.AppendDouble(dst, v.F64[i])
	case sql.Decimal:
		return v.AppendDecimalText(dst, i, false)
	case sql.String:
		return format.AppendQuoted(dst, v.Bytes(i))
	case sql.Bytes:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes(i))
		return append(dst, '"')
	case sql.Date:
		if e.inside {
			return strconv.AppendInt(dst, int64(v.I32[i]), 10)
		}
		return append(appendDate(append(dst, '"'), int64(v.I32[i])), '"')
	case sql.Time:
		if e.inside {
			return strconv.AppendInt(dst, int64(v.I32[i]), 10)
		}
		return append(appendTime(append(dst, '"'), v.I32[i]), '"')
	case sql.Timestamp:
		if e.inside {
			return strconv.AppendInt(dst, v.I64[i], 10)
		}
		return append(appendTimestamp(append(dst, '"'), v.I64[i]), '"')
	case sql.Array:
		dst = append(dst, '[')
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			if k > v.Offs[i] {
				dst = append(dst, ',')
			}
			dst = e.item.value(dst, v.Kids[0], int(k))
		}
		return append(dst, ']')
	case sql.Map:
		return e.object(dst, v, i)
	case sql.Struct:
		dst = append(dst, '{')
		for k := range e.fields {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, e.fields[k].name...)
			dst = e.fields[k].value(dst, v.Kids[k], i)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// object adds a MAP. Its keys are texts; keys of other types inside a STRUCT make it a list of pairs (Connect).
func (e *encoder) object(dst []byte, v *vec.Vec, i int) []byte {
	if e.inside && e.key.kind != sql.String {
		dst = append(dst, '[')
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			if k > v.Offs[i] {
				dst = append(dst, ',')
			}
			dst = append(e.key.value(append(dst, '['), v.Kids[0], int(k)), ',')
			dst = append(e.item.value(dst, v.Kids[1], int(k)), ']')
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
		if k > v.Offs[i] {
			dst = append(dst, ',')
		}
		from := len(dst)
		dst = e.key.value(dst, v.Kids[0], int(k))
		if dst[from] != '"' {
			dst = append(appendString(dst[:from], string(dst[from:])), ':')
		} else {
			dst = append(dst, ':')
		}
		dst = e.item.value(dst, v.Kids[1], int(k))
	}
	return append(dst, '}')
}

// appendDate adds days since 1970 as Java's LocalDate prints them.
func appendDate(dst []byte, days int64) []byte {
	t := time.Unix(days*86400, 0).UTC()
	y := t.Year()
	switch {
	case y > 9999:
		dst = append(dst, '+')
	case y < 0:
		dst, y = append(dst, '-'), -y
	}
	for n := 1000; n > 1 && y < n; n /= 10 {
		dst = append(dst, '0')
	}
	dst = strconv.AppendInt(dst, int64(y), 10)
	dst = two(append(dst, '-'), int(t.Month()))
	return two(append(dst, '-'), t.Day())
}

// appendTime adds ms of day to the second, without seconds where these are zero.
func appendTime(dst []byte, ms int32) []byte {
	s := int(ms / 1000)
	dst = two(dst, s/3600)
	dst = two(append(dst, ':'), s/60%60)
	if s%60 != 0 {
		dst = two(append(dst, ':'), s%60)
	}
	return dst
}

// appendTimestamp adds ms since 1970 as 2024-03-09T09:30:15.250.
func appendTimestamp(dst []byte, ms int64) []byte {
	days := ms / 86400000
	if ms < days*86400000 {
		days--
	}
	rest := int(ms - days*86400000)
	dst = appendDate(dst, days)
	dst = two(append(dst, 'T'), rest/3600000)
	dst = two(append(dst, ':'), rest/60000%60)
	dst = two(append(dst, ':'), rest/1000%60)
	dst = append(dst, '.', byte('0'+rest/100%10))
	return two(dst, rest%100)
}

func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

func appendInt(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }

func appendText(dst []byte, s string) []byte { return append(dst, s...) }

// appendString adds s as a JSON string.
func appendString(dst []byte, s string) []byte {
	return format.AppendQuoted(dst, unsafe.Slice(unsafe.StringData(s), len(s)))
}

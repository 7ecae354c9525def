package fn

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/document"
	"github.com/ksqlgo/ksql/sql/vec"
)

// appendJSON appends row i of v as TO_JSON_STRING writes it.
func appendJSON(dst []byte, v *vec.Vec, i int) ([]byte, error) {
	v.Bound(len(dst))
	if v.IsNull(i) {
		return append(dst, "null"...), nil
	}
	quoted := func(f func([]byte) []byte) ([]byte, error) { return append(f(append(dst, '"')), '"'), nil }
	switch v.Type.Kind {
	case sql.Boolean:
		return strconv.AppendBool(dst, v.Bool[i]), nil
	case sql.Integer:
		return strconv.AppendInt(dst, int64(v.I32[i]), 10), nil
	case sql.Bigint:
		return strconv.AppendInt(dst, v.I64[i], 10), nil
	case sql.Double:
		if x := v.F64[i]; math.IsNaN(x) || math.IsInf(x, 0) {
			return quoted(func(b []byte) []byte { return vec.AppendDouble(b, x) })
		}
		return vec.AppendDouble(dst, v.F64[i]), nil
	case sql.Decimal:
		return v.AppendDecimalText(dst, i, false), nil
	case sql.String:
		return document.AppendQuoted(dst, v.Str(i)), nil
	case sql.Bytes:
		return quoted(func(b []byte) []byte { return base64.StdEncoding.AppendEncode(b, v.Bytes(i)) })
	case sql.Date:
		return quoted(func(b []byte) []byte { return appendInstant(b, int64(v.I32[i])*86_400_000, "2006-01-02") })
	case sql.Time:
		layout := "15:04:05"
		if v.I32[i]/1000%60 == 0 {
			layout = "15:04"
		}
		return quoted(func(b []byte) []byte { return appendInstant(b, int64(v.I32[i]), layout) })
	case sql.Timestamp:
		return quoted(func(b []byte) []byte { return appendInstant(b, v.I64[i], "2006-01-02T15:04:05.000") })
	case sql.Array:
		dst = append(dst, '[')
		lo, hi := items(v, i)
		for k := lo; k < hi; k++ {
			if k > lo {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendJSON(dst, v.Kids[0], k); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case sql.Map:
		return appendJSONMap(dst, v, i)
	case sql.Struct:
		order := make([]int, len(v.Kids))
		for k := range order {
			order[k] = k
		}
		slices.SortFunc(order, func(a, b int) int { return vec.CompareUTF16(v.Type.Fields[a].Name, v.Type.Fields[b].Name) })
		dst = append(dst, '{')
		for n, k := range order {
			if n > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendJSON(append(document.AppendQuoted(dst, v.Type.Fields[k].Name), ':'), v.Kids[k], i); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return dst, errors.New("TO_JSON_STRING cannot write a value of type " + v.Type.String())
}

func appendJSONMap(dst []byte, v *vec.Vec, i int) ([]byte, error) {
	type entry struct {
		key string
		at  int
	}
	var entries []entry
	for lo, hi := items(v, i); lo < hi; lo++ {
		if v.Kids[0].IsNull(lo) {
			return dst, errors.New("TO_JSON_STRING cannot write a null key")
		}
		entries = append(entries, entry{string(appendText(nil, v.Kids[0], lo)), lo})
	}
	slices.SortFunc(entries, func(a, b entry) int { return vec.CompareUTF16(a.key, b.key) })
	dst = append(dst, '{')
	for n, e := range entries {
		if n > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendJSON(append(document.AppendQuoted(dst, e.key), ':'), v.Kids[1], e.at); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendInstant(dst []byte, ms int64, layout string) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(dst, layout)
}

package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// readRow reads the JSON object of an inserted row into values of the columns. Names are compared in upper case
// unless they are quoted; members that no column has are ignored, missing ones are null but for keys.
func readRow(line []byte, columns sql.Schema) ([]any, *problem) {
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if err := d.Decode(&m); err != nil || m == nil || d.More() {
		return nil, generic(badRequest, "Invalid JSON in inserts stream")
	}
	m, err := folded(m)
	if err != nil {
		return nil, generic(badRequest, err.Error())
	}
	row := make([]any, len(columns))
	for i, c := range columns {
		v, ok := m[c.Name]
		if !ok && c.Role == sql.KeyRole {
			return nil, generic(badRequest, "Key field must be specified: "+c.Name)
		}
		if row[i], err = coerce(v, c.Type); err != nil {
			return nil, generic(badRequest, err.Error())
		}
	}
	return row, nil
}

func folded(m map[string]any) (map[string]any, error) {
	out := make(map[string]any, len(m))
	for k, v := range m {
		name, ok := columnName(k)
		if !ok {
			name = k
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("Found duplicate column / struct field name: %s", name)
		}
		out[name] = v
	}
	return out, nil
}

// coerce gives v the form of a value of type t (vec.Vec.Get's), by ksqlDB's rules for inserted rows: numbers
// widen, numbers and numeric texts become DECIMAL, texts become times and (as base64) BYTES.
func coerce(v any, t sql.Type) (any, error) {
	if v == nil {
		return nil, nil
	}
	bad := func() (any, error) {
		return nil, fmt.Errorf("Can't coerce a field of type class %s into type %s", javaClass(v), t)
	}
	num, isNum := v.(json.Number)
	text, isText := v.(string)
	switch t.Kind {
	case sql.Boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case sql.String:
		if isText {
			return text, nil
		}
	case sql.Integer:
		if n, err := strconv.ParseInt(string(num), 10, 32); isNum && err == nil {
			return int32(n), nil
		}
	case sql.Bigint:
		if n, err := strconv.ParseInt(string(num), 10, 64); isNum && err == nil {
			return n, nil
		}
	case sql.Double:
		if f, err := strconv.ParseFloat(string(num), 64); isNum && err == nil && !math.IsInf(f, 0) {
			return f, nil
		}
	case sql.Decimal:
		if isNum {
			text = string(num)
		}
		if isNum || isText {
			d, ok := vec.ParseDecimal([]byte(strings.TrimSpace(text)))
			if !ok {
				return bad()
			}
			fit, err := d.Fit(t, vec.HalfUp)
			if err != nil {
				return nil, err
			}
			return fit, nil
		}
	case sql.Bytes:
		if b, ok := fromBase64(text); isText && ok {
			return b, nil
		}
	case sql.Date, sql.Time, sql.Timestamp:
		if isText {
			if x, ok := parseTime(text, t.Kind); ok {
				return x, nil
			}
		}
	case sql.Array:
		if list, ok := v.([]any); ok {
			out := make([]any, len(list))
			for i := range list {
				x, err := coerce(list[i], *t.Elem)
				if err != nil {
					return nil, err
				}
				out[i] = x
			}
			return out, nil
		}
	case sql.Map:
		if m, ok := v.(map[string]any); ok {
			return coerceMap(m, t)
		}
	case sql.Struct:
		if m, ok := v.(map[string]any); ok {
			return coerceStruct(m, t)
		}
	}
	return bad()
}

// fromBase64 reads base64 as JSON libraries write it: the plain alphabet or the one for URLs (Vert.x, and so ksqlDB's
// Java client), with its padding or without, and with white space between groups of four (Jackson).
func fromBase64(s string) ([]byte, bool) {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(s)
	var b []byte
	for group := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r <= ' ' }) {
		if len(b)%4 != 0 {
			return nil, false
		}
		b = append(b, group...)
	}
	if pad := len(b) - len(bytes.TrimRight(b, "=")); pad > 0 {
		if pad > 2 || len(b)%4 != 0 {
			return nil, false
		}
		b = b[:len(b)-pad]
	}
	out, err := base64.RawStdEncoding.AppendDecode(nil, b)
	return out, err == nil
}

func coerceMap(m map[string]any, t sql.Type) (any, error) {
	out := &vec.MapValue{}
	for k, v := range m {
		var key any = k
		if t.Key.Kind != sql.String {
			var err error
			if key, err = coerce(json.Number(k), *t.Key); err != nil {
				return nil, err
			}
		}
		x, err := coerce(v, *t.Elem)
		if err != nil {
			return nil, err
		}
		out.Keys, out.Values = append(out.Keys, key), append(out.Values, x)
	}
	return out.Sorted(), nil
}

func coerceStruct(m map[string]any, t sql.Type) (any, error) {
	m, err := folded(m)
	if err != nil {
		return nil, err
	}
	out := make(vec.StructValue, len(t.Fields))
	for i, f := range t.Fields {
		if out[i], err = coerce(m[f.Name], f.Type); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// timePatterns are the texts that times may have, the fullest first.
var timePatterns = map[sql.Kind][]string{
	sql.Date:      {"yyyy-MM-dd"},
	sql.Time:      {"HH:mm:ss.SSS", "HH:mm:ss", "HH:mm"},
	sql.Timestamp: {"yyyy-MM-dd'T'HH:mm:ss.SSSX", "yyyy-MM-dd'T'HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ssX", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd"},
}

func parseTime(text string, kind sql.Kind) (any, bool) {
	for _, pattern := range timePatterns[kind] {
		p, err := fn.CompilePattern(pattern)
		if err != nil {
			continue
		}
		ms, err := p.ParseMillis(text)
		if err != nil {
			continue
		}
		switch kind {
		case sql.Date:
			return vec.Date(ms / 86400000), true
		case sql.Time:
			return vec.Time(ms), true
		}
		return vec.Timestamp(ms), true
	}
	return nil, false
}

// javaClass is the class by whose name ksqlDB's message calls a JSON value.
func javaClass(v any) string {
	switch v := v.(type) {
	case bool:
		return "java.lang.Boolean"
	case string:
		return "java.lang.String"
	case json.Number:
		n, ok := new(big.Int).SetString(string(v), 10)
		switch {
		case !ok:
			return "java.lang.Double"
		case !n.IsInt64():
			return "java.math.BigInteger"
		case n.Int64() == int64(int32(n.Int64())):
			return "java.lang.Integer"
		}
		return "java.lang.Long"
	case []any:
		return "io.vertx.core.json.JsonArray"
	}
	return "io.vertx.core.json.JsonObject"
}

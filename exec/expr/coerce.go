package expr

import (
	"encoding/base64"
	"fmt"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Coerce makes v, a value of type from in vec.Vec.Get's form, a value of type to as INSERT VALUES does (spec
// 4.4): no rounding, no number from text. field names the column in the error, which is ksqlDB's.
func Coerce(v any, from, to sql.Type, field string) (any, error) {
	out, ok := coerce(v, from, to)
	if ok {
		return out, nil
	}
	text := "null"
	if v != nil {
		c := vec.New(from)
		c.Append(v)
		text = string(appendText(nil, c, 0, false))
	}
	hint := ""
	if from.Kind == sql.String {
		switch to.Kind {
		case sql.Timestamp:
			hint = ". Timestamp format must be yyyy-mm-ddThh:mm:ss[.S]"
		case sql.Time:
			hint = ". Time format must be hh:mm:ss[.S]"
		case sql.Date:
			hint = ". Date format must be yyyy-mm-dd"
		}
	}
	return nil, fmt.Errorf("Expected type %s for field `%s` but got %s(%s)%s", to, field, from.Kind, text, hint)
}

func coerce(v any, from, to sql.Type) (any, bool) {
	if v == nil {
		return nil, true
	}
	if from.Equal(to) {
		return v, true
	}
	switch to.Kind {
	case sql.Bigint:
		n, ok := v.(int32)
		return int64(n), ok
	case sql.Double:
		switch n := v.(type) {
		case int32:
			return float64(n), true
		case int64:
			return float64(n), true
		case vec.Decimal:
			return n.Float(), true
		}
	case sql.Decimal:
		d, ok := vec.DecimalOf(v)
		if !ok {
			return nil, false
		}
		d, err := d.Fit(to, vec.Exact)
		return d, err == nil
	case sql.Timestamp, sql.Date, sql.Time, sql.Bytes:
		s, ok := v.(string)
		if !ok {
			return nil, false
		}
		return coerceText(s, to.Kind)
	case sql.Array:
		list, ok := v.([]any)
		if !ok || from.Kind != sql.Array {
			return nil, false
		}
		return coerceList(list, *from.Elem, *to.Elem)
	case sql.Map:
		m, ok := v.(*vec.MapValue)
		if !ok || from.Kind != sql.Map {
			return nil, false
		}
		keys, ok := coerceList(m.Keys, *from.Key, *to.Key)
		if !ok {
			return nil, false
		}
		values, ok := coerceList(m.Values, *from.Elem, *to.Elem)
		return &vec.MapValue{Keys: keys, Values: values}, ok
	case sql.Struct:
		s, ok := v.(vec.StructValue)
		if !ok || from.Kind != sql.Struct {
			return nil, false
		}
		out := make(vec.StructValue, len(to.Fields))
		for k, f := range to.Fields {
			for j, g := range from.Fields {
				if g.Name != f.Name {
					continue
				}
				if out[k], ok = coerce(s[j], g.Type, f.Type); !ok {
					return nil, false
				}
			}
		}
		return out, true
	}
	return nil, false
}

func coerceList(list []any, from, to sql.Type) ([]any, bool) {
	out := make([]any, len(list))
	for i, x := range list {
		var ok bool
		if out[i], ok = coerce(x, from, to); !ok {
			return nil, false
		}
	}
	return out, true
}

func coerceText(s string, to sql.Kind) (any, bool) {
	switch to {
	case sql.Timestamp:
		x, err := plan.ParseTimestamp(s)
		return vec.Timestamp(x), err == nil
	case sql.Date:
		x, err := plan.ParseDate(s)
		return vec.Date(x), err == nil
	case sql.Time:
		x, err := plan.ParseTime(s)
		return vec.Time(x), err == nil
	}
	x, err := base64.StdEncoding.DecodeString(s)
	return x, err == nil
}

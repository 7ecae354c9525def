package vec

import (
	"fmt"
	"strconv"

	"github.com/ksqlgo/ksql/sql"
)

// Fits reports whether some values of type t can be values of type u by Fit.
func Fits(t, u sql.Type) bool {
	switch {
	case t.Kind == sql.Null:
		return true
	case t.Numeric() && u.Numeric():
		return t.Kind != sql.Double || u.Kind >= sql.Decimal
	case t.Kind == sql.String && u.Kind == sql.Decimal, t.Kind == sql.Timestamp && (u.Kind == sql.Date || u.Kind == sql.Bigint):
		return true
	case t.Kind != u.Kind:
		return false
	case t.Kind == sql.Array:
		return Fits(*t.Elem, *u.Elem)
	case t.Kind == sql.Map:
		return Fits(*t.Key, *u.Key) && Fits(*t.Elem, *u.Elem)
	}
	for _, f := range t.Fields {
		if i := fieldNamed(u, f.Name); i < 0 || !Fits(f.Type, u.Fields[i].Type) {
			return false
		}
	}
	return true
}

// fieldNamed is the field of a STRUCT with that name, or one that is the same but for case and underscores; -1:
// there is none.
func fieldNamed(t sql.Type, name string) int {
	near := -1
	for i, f := range t.Fields {
		if f.Name == name {
			return i
		}
		if plainName(f.Name) == plainName(name) {
			near = i
		}
	}
	return near
}

// Fit is x, a value of type t, as a value of type u, where that loses nothing: a number that u can hold, the text
// of a DECIMAL, a TIMESTAMP as BIGINT (ms since epoch) or, if it begins a day, as DATE, and what is made of such.
// Fields that x lacks are null.
func Fit(x any, t, u sql.Type) (any, error) {
	if x == nil || t.Equal(u) {
		return x, nil
	}
	bad := fmt.Errorf("%v does not fit %s", x, u)
	switch v := x.(type) {
	case []any:
		if u.Kind != sql.Array {
			return nil, bad
		}
		return fitItems(v, *t.Elem, *u.Elem)
	case *MapValue:
		if u.Kind != sql.Map {
			return nil, bad
		}
		keys, err := fitItems(v.Keys, *t.Key, *u.Key)
		if err != nil {
			return nil, err
		}
		values, err := fitItems(v.Values, *t.Elem, *u.Elem)
		return &MapValue{keys, values}, err
	case StructValue:
		out := make(StructValue, len(u.Fields))
		for k, f := range t.Fields {
			i := fieldNamed(u, f.Name)
			if i < 0 {
				return nil, bad
			}
			var err error
			if out[i], err = Fit(v[k], f.Type, u.Fields[i].Type); err != nil {
				return nil, err
			}
		}
		return out, nil
	case Timestamp:
		const day = 24 * 60 * 60 * 1000
		switch {
		case u.Kind == sql.Bigint:
			return int64(v), nil
		case u.Kind == sql.Date && v%day == 0:
			return Date(v / day), nil
		}
		return nil, bad
	}
	if out, ok := fitNumber(x, u); ok {
		return out, nil
	}
	return nil, bad
}

func fitItems(items []any, t, u sql.Type) ([]any, error) {
	out := make([]any, len(items))
	for i, x := range items {
		var err error
		if out[i], err = Fit(x, t, u); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fitNumber is the number, or its text, as one of type u.
func fitNumber(x any, u sql.Type) (any, bool) {
	d, ok := DecimalOf(x)
	if !ok {
		text, isText := x.(string)
		if f, isFloat := x.(float64); isFloat {
			text = strconv.FormatFloat(f, 'f', -1, 64)
		} else if !isText {
			return nil, false
		}
		if d, ok = ParseDecimal([]byte(text)); !ok || u.Kind != sql.Decimal {
			return nil, false
		}
	}
	switch u.Kind {
	case sql.Decimal:
		out, err := d.Fit(u, Exact)
		return out, err == nil
	case sql.Double:
		return d.Float(), true
	case sql.Integer, sql.Bigint:
		w, err := d.Fit(sql.DecimalOf(19, 0), Exact)
		if err != nil || !w.Unscaled.IsInt64() {
			return nil, false
		}
		n := w.Unscaled.Int64()
		if u.Kind == sql.Bigint {
			return n, true
		}
		return int32(n), n == int64(int32(n))
	}
	return nil, false
}

// common is the type that holds the values of both.
func common(t, u sql.Type) (sql.Type, bool) {
	switch {
	case t.Kind == sql.Null, t.Equal(u):
		return u, true
	case u.Kind == sql.Null:
		return t, true
	case t.Kind == sql.Decimal && u.Kind == sql.Decimal:
		scale := max(t.Scale, u.Scale)
		return sql.DecimalOf(max(t.Precision-t.Scale, u.Precision-u.Scale)+scale, scale), true
	case t.Numeric() && u.Numeric() && t.Kind != sql.Decimal && u.Kind != sql.Decimal:
		return sql.Type{Kind: max(t.Kind, u.Kind)}, true
	case t.Kind != u.Kind:
		return t, false
	case t.Kind == sql.Array:
		e, ok := common(*t.Elem, *u.Elem)
		return sql.ArrayOf(e), ok
	case t.Kind == sql.Map:
		k, ok := common(*t.Key, *u.Key)
		e, too := common(*t.Elem, *u.Elem)
		return sql.MapOf(k, e), ok && too
	case t.Kind == sql.Struct && len(t.Fields) == len(u.Fields):
		fields := make([]sql.Field, len(t.Fields))
		for i, f := range t.Fields {
			e, ok := common(f.Type, u.Fields[i].Type)
			if !ok || f.Name != u.Fields[i].Name {
				return t, false
			}
			fields[i] = sql.Field{Name: f.Name, Type: e}
		}
		return sql.StructOf(fields...), true
	}
	return t, false
}

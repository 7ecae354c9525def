package vec

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/sql"
)

// Bind is a Go value of a program as a SQL value: its type, and its form as Get gives it.
//
//	nil, a nil pointer, slice or map      NULL, of no type
//	bool                                  BOOLEAN
//	int, uint                             INTEGER if the value fits, as for a literal; else BIGINT
//	int8, int16, int32, uint8, uint16     INTEGER
//	int64, uint32, uint64                 BIGINT
//	float32, float64                      DOUBLE
//	Decimal, *big.Int                     DECIMAL of as many digits as the value has
//	string                                STRING
//	[]byte                                BYTES
//	time.Time, Timestamp                  TIMESTAMP: ms, what is finer is cut off
//	Date                                  DATE
//	time.Duration, Time                   TIME: since midnight, in ms
//	slices and arrays                     ARRAY of the type that holds all items
//	maps                                  MAP, entries in the order of their keys' texts; *MapValue keeps its own
//	structs                               STRUCT: fields by the tag ksql:"name", or their name in upper case
//
// Types of a program's own are what they are made of; pointers are what they point to.
func Bind(x any) (sql.Type, any, error) {
	switch v := x.(type) {
	case nil:
		return sql.TNull, nil, nil
	case time.Time:
		return sql.TTimestamp, Timestamp(v.UnixMilli()), nil
	case time.Duration:
		if v < 0 || v >= 24*time.Hour {
			return sql.Type{}, nil, fmt.Errorf("%s is no time of day", v)
		}
		return sql.TTime, Time(v.Milliseconds()), nil
	case Timestamp:
		return sql.TTimestamp, v, nil
	case Date:
		return sql.TDate, v, nil
	case Time:
		return sql.TTime, v, nil
	case *big.Int:
		if v == nil {
			return sql.TNull, nil, nil
		}
		return Bind(Decimal{v, 0})
	case Decimal:
		if v.Unscaled == nil {
			v.Unscaled = new(big.Int)
		}
		return sql.DecimalOf(max(v.Scale, DigitsBig(v.Unscaled), 1), v.Scale), v, nil
	case *MapValue:
		if v == nil {
			return sql.TNull, nil, nil
		}
		return bindMap(v.Keys, v.Values)
	}
	return bindKind(reflect.ValueOf(x))
}

func bindKind(r reflect.Value) (sql.Type, any, error) {
	switch r.Kind() {
	case reflect.Bool:
		return sql.TBoolean, r.Bool(), nil
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return sql.TInteger, int32(r.Int()), nil
	case reflect.Int:
		if n := r.Int(); n == int64(int32(n)) {
			return sql.TInteger, int32(n), nil
		}
		return sql.TBigint, r.Int(), nil
	case reflect.Int64:
		return sql.TBigint, r.Int(), nil
	case reflect.Uint8, reflect.Uint16:
		return sql.TInteger, int32(r.Uint()), nil
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		n := r.Uint()
		switch {
		case n > math.MaxInt64:
			return sql.Type{}, nil, fmt.Errorf("%d does not fit BIGINT", n)
		case r.Kind() == reflect.Uint && n <= math.MaxInt32:
			return sql.TInteger, int32(n), nil
		}
		return sql.TBigint, int64(n), nil
	case reflect.Float32, reflect.Float64:
		return sql.TDouble, r.Float(), nil
	case reflect.String:
		return sql.TString, r.String(), nil
	case reflect.Pointer:
		if r.IsNil() {
			return sql.TNull, nil, nil
		}
		return Bind(r.Elem().Interface())
	case reflect.Slice, reflect.Array:
		if r.Kind() == reflect.Slice && r.IsNil() {
			return sql.TNull, nil, nil
		}
		if r.Kind() == reflect.Slice && r.Type().Elem().Kind() == reflect.Uint8 {
			return sql.TBytes, bytes.Clone(r.Bytes()), nil // the caller may change it before the last page is made
		}
		items := make([]any, r.Len())
		for i := range items {
			items[i] = r.Index(i).Interface()
		}
		t, out, err := bindItems("array", items)
		return sql.ArrayOf(t), out, err
	case reflect.Map:
		if r.IsNil() {
			return sql.TNull, nil, nil
		}
		names := r.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		var keys, values []any
		for _, k := range names {
			keys, values = append(keys, k.Interface()), append(values, r.MapIndex(k).Interface())
		}
		return bindMap(keys, values)
	case reflect.Struct:
		return bindStruct(r)
	}
	return sql.Type{}, nil, fmt.Errorf("a %s cannot be a parameter", r.Type())
}

func bindMap(keys, values []any) (sql.Type, any, error) {
	k, ks, err := bindItems("map from", keys)
	if err != nil {
		return sql.Type{}, nil, err
	}
	v, vs, err := bindItems("map to", values)
	return sql.MapOf(k, v), &MapValue{ks, vs}, err
}

func bindStruct(r reflect.Value) (sql.Type, any, error) {
	var fields []sql.Field
	out := StructValue{}
	for i := range r.NumField() {
		f := r.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		name := f.Tag.Get("ksql")
		if name == "" {
			name = strings.ToUpper(f.Name)
		}
		t, v, err := Bind(r.Field(i).Interface())
		if err != nil {
			return sql.Type{}, nil, fmt.Errorf("field %s: %w", f.Name, err)
		}
		fields, out = append(fields, sql.Field{Name: name, Type: t}), append(out, v)
	}
	if len(fields) == 0 {
		return sql.Type{}, nil, fmt.Errorf("a %s cannot be a parameter: it shows no field", r.Type())
	}
	return sql.StructOf(fields...), out, nil
}

// bindItems binds each item and brings all to the type that holds them.
func bindItems(of string, items []any) (sql.Type, []any, error) {
	t, out, types := sql.TNull, make([]any, len(items)), make([]sql.Type, len(items))
	for i, x := range items {
		et, v, err := Bind(x)
		if err != nil {
			return sql.Type{}, nil, err
		}
		both, ok := common(t, et)
		if !ok {
			return sql.Type{}, nil, fmt.Errorf("%s %s and %s", of, t, et)
		}
		t, out[i], types[i] = both, v, et
	}
	for i, x := range out {
		v, err := Fit(x, types[i], t)
		if err != nil {
			return sql.Type{}, nil, err
		}
		out[i] = v
	}
	return t, out, nil
}

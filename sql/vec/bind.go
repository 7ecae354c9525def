package vec

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/sql"
)

// Bind is a Go value of a program as a SQL value: its type, and its form as Get gives it. nil is an untyped
// null; an int is INTEGER if it fits, as a literal is, else BIGINT; int64 is BIGINT, smaller ones INTEGER; time.Time is TIMESTAMP; slices are ARRAYs of
// what their items are.
func Bind(x any) (sql.Type, any, error) {
	switch v := x.(type) {
	case nil:
		return sql.TNull, nil, nil
	case bool:
		return sql.TBoolean, v, nil
	case int:
		if int(int32(v)) == v {
			return sql.TInteger, int32(v), nil
		}
		return sql.TBigint, int64(v), nil
	case int64:
		return sql.TBigint, v, nil
	case int32:
		return sql.TInteger, v, nil
	case int16:
		return sql.TInteger, int32(v), nil
	case int8:
		return sql.TInteger, int32(v), nil
	case uint8:
		return sql.TInteger, int32(v), nil
	case uint16:
		return sql.TInteger, int32(v), nil
	case uint32:
		return sql.TBigint, int64(v), nil
	case uint64:
		if v > math.MaxInt64 {
			return sql.Type{}, nil, fmt.Errorf("%d does not fit BIGINT", v)
		}
		return sql.TBigint, int64(v), nil
	case float64:
		return sql.TDouble, v, nil
	case float32:
		return sql.TDouble, float64(v), nil
	case string:
		return sql.TString, v, nil
	case []byte:
		return sql.TBytes, v, nil
	case time.Time:
		return sql.TTimestamp, Timestamp(v.UnixMilli()), nil
	case Timestamp:
		return sql.TTimestamp, v, nil
	case Date:
		return sql.TDate, v, nil
	case Time:
		return sql.TTime, v, nil
	case *big.Int:
		return Bind(Decimal{v, 0})
	case Decimal:
		return sql.DecimalOf(max(v.Scale, len(new(big.Int).Abs(v.Unscaled).String()), 1), v.Scale), v, nil
	}
	if r := reflect.ValueOf(x); r.Kind() == reflect.Slice {
		t := sql.TNull
		out := make([]any, r.Len())
		for i := range out {
			et, ev, err := Bind(r.Index(i).Interface())
			if err != nil {
				return sql.Type{}, nil, err
			}
			if t.Kind == sql.Null {
				t = et
			} else if et.Kind != sql.Null && !et.Equal(t) {
				return sql.Type{}, nil, fmt.Errorf("array of %s and %s", t, et)
			}
			out[i] = ev
		}
		return sql.ArrayOf(t), out, nil
	} else if r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return sql.TNull, nil, nil
		}
		return Bind(r.Elem().Interface())
	}
	return sql.Type{}, nil, fmt.Errorf("a %T cannot be a parameter", x)
}

// Assign stores a value of Get's form where dst points. A null leaves nil in a pointer, slice, map or any, and
// the zero value elsewhere. Numbers fit if their value does; DECIMAL also into float64 and string, TIMESTAMP
// and DATE into time.Time (UTC), a STRUCT into a struct as AssignStruct does; t is the value's SQL type.
func Assign(dst, x any, t sql.Type) error {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("cannot scan into a %T: a pointer is needed", dst)
	}
	return assign(p.Elem(), x, t)
}

// AssignStruct stores named values in the fields of the struct that dst points to: by name without case and
// underscores, or by the tag ksql:"name". Every value needs a field.
func AssignStruct(dst any, names []string, types []sql.Type, values []any) error {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() || p.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("cannot scan rows into a %T: a pointer to a struct is needed", dst)
	}
	s := p.Elem()
	for i, n := range names {
		f := field(s, n)
		if !f.IsValid() {
			return fmt.Errorf("%s has no field for column %s", s.Type(), n)
		}
		if err := assign(f, values[i], types[i]); err != nil {
			return fmt.Errorf("column %s: %w", n, err)
		}
	}
	return nil
}

// OneValue reports whether dst takes one value (and not the columns of a row).
func OneValue(dst any) bool {
	switch dst.(type) {
	case *time.Time, *Decimal, *MapValue:
		return true
	}
	t := reflect.TypeOf(dst)
	return t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct
}

func field(s reflect.Value, name string) reflect.Value {
	t := s.Type()
	plain := func(n string) string { return strings.ToUpper(strings.ReplaceAll(n, "_", "")) }
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Tag.Get("ksql") == name {
			return s.Field(i)
		}
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Tag.Get("ksql") == "" && plain(f.Name) == plain(name) {
			return s.Field(i)
		}
	}
	return reflect.Value{}
}

func assign(d reflect.Value, x any, t sql.Type) error {
	if x == nil {
		d.SetZero()
		return nil
	}
	if v := reflect.ValueOf(x); v.Type().AssignableTo(d.Type()) {
		d.Set(v)
		return nil
	}
	if d.Kind() == reflect.Pointer {
		d.Set(reflect.New(d.Type().Elem()))
		return assign(d.Elem(), x, t)
	}
	bad := fmt.Errorf("%s does not fit a %s", t, d.Type())
	if d.Type() == reflect.TypeFor[time.Time]() {
		switch v := x.(type) {
		case Timestamp:
			d.Set(reflect.ValueOf(time.UnixMilli(int64(v)).UTC()))
		case Date:
			d.Set(reflect.ValueOf(time.Unix(int64(v)*86400, 0).UTC()))
		default:
			return bad
		}
		return nil
	}
	n := reflect.ValueOf(x)
	switch d.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if !n.CanInt() || d.OverflowInt(n.Int()) {
			return bad
		}
		d.SetInt(n.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if !n.CanInt() || n.Int() < 0 || d.OverflowUint(uint64(n.Int())) {
			return bad
		}
		d.SetUint(uint64(n.Int()))
	case reflect.Float32, reflect.Float64:
		switch {
		case n.CanFloat():
			d.SetFloat(n.Float())
		case n.CanInt() && t.Numeric():
			d.SetFloat(float64(n.Int()))
		default:
			v, ok := x.(Decimal)
			if !ok {
				return bad
			}
			f, _ := new(big.Rat).SetFrac(v.Unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Scale)), nil)).Float64()
			d.SetFloat(f)
		}
	case reflect.String:
		switch v := x.(type) {
		case string:
			d.SetString(v)
		case Decimal:
			d.SetString(v.String())
		default:
			return bad
		}
	case reflect.Bool:
		v, ok := x.(bool)
		if !ok {
			return bad
		}
		d.SetBool(v)
	case reflect.Slice:
		switch v := x.(type) {
		case []any:
			out := reflect.MakeSlice(d.Type(), len(v), len(v))
			for i, e := range v {
				if err := assign(out.Index(i), e, *t.Elem); err != nil {
					return err
				}
			}
			d.Set(out)
		case []byte:
			if d.Type().Elem().Kind() != reflect.Uint8 {
				return bad
			}
			d.SetBytes(v)
		default:
			return bad
		}
	case reflect.Map:
		v, ok := x.(*MapValue)
		if !ok {
			return bad
		}
		out := reflect.MakeMapWithSize(d.Type(), len(v.Keys))
		for i := range v.Keys {
			k, e := reflect.New(d.Type().Key()).Elem(), reflect.New(d.Type().Elem()).Elem()
			if err := assign(k, v.Keys[i], *t.Key); err != nil {
				return err
			}
			if err := assign(e, v.Values[i], *t.Elem); err != nil {
				return err
			}
			out.SetMapIndex(k, e)
		}
		d.Set(out)
	case reflect.Struct:
		v, ok := x.(StructValue)
		if !ok {
			return bad
		}
		for i, f := range t.Fields {
			fd := field(d, f.Name)
			if !fd.IsValid() {
				return fmt.Errorf("%s has no field for %s", d.Type(), f.Name)
			}
			if err := assign(fd, v[i], f.Type); err != nil {
				return err
			}
		}
	default:
		return bad
	}
	return nil
}

package vec

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/sql"
)

// Assign stores a value of Get's form where dst points. A null leaves nil in a pointer, slice, map or any, and
// the zero value elsewhere. Numbers fit if their value does; DECIMAL also into float64 and string, TIMESTAMP
// and DATE into time.Time (UTC), TIME into time.Duration (since midnight), a STRUCT into a struct as AssignStruct
// does; t is the value's SQL type.
func Assign(dst, x any, t sql.Type) error {
	p := reflect.ValueOf(dst)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return fmt.Errorf("cannot scan into a %T: a pointer is needed", dst)
	}
	return assign(p.Elem(), x, t)
}

// AssignStruct stores named values in the fields of the struct that dst points to: by the tag ksql:"name",
// without case, or by the field's name, without case and underscores. Every value needs a field.
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

// plainName is a name without case and underscores.
func plainName(n string) string { return strings.ToUpper(strings.ReplaceAll(n, "_", "")) }

func field(s reflect.Value, name string) reflect.Value {
	t := s.Type()
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Tag.Get("ksql") == name {
			return s.Field(i)
		}
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && strings.EqualFold(f.Tag.Get("ksql"), name) {
			return s.Field(i)
		}
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Tag.Get("ksql") == "" && plainName(f.Name) == plainName(name) {
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
	if v, ok := x.(Time); ok && d.Type() == reflect.TypeFor[time.Duration]() {
		d.SetInt(int64(v) * int64(time.Millisecond))
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

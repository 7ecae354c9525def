package plan

import (
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// listError says that the items of a list have no common type. It has no frame yet.
type listError struct {
	msg      string
	mismatch bool // the types differ; else a text does not parse
}

func (e *listError) Error() string { return e.msg }

func formatInt(n int64) string { return strconv.FormatInt(n, 10) }

// common is the common type of a list that the user wrote: ARRAY items, MAP keys or values, x IN (list)
// (spec 5.7). It is the null type when all of them are null.
func (b *Binder) common(list []sql.Expr) (sql.Type, error) {
	target := sql.TNull
	for _, e := range list {
		x, err := b.bind(e)
		if err != nil {
			return target, err
		}
		next, err := b.widen(target, e, x.Type())
		if err != nil {
			if l, ok := err.(*listError); ok && l.mismatch {
				l.msg = "operator does not exist: " + target.String() + " = " + x.Type().String() + " (" + sql.Text(e) + ")\n" +
					"Hint: You might need to add explicit type casts."
			}
			return target, err
		}
		target = next
	}
	return target, nil
}

func mismatch() error { return &listError{mismatch: true} }

// badText says that a literal's text is no value of the type.
func badText(t sql.Type, text string) error {
	return &listError{msg: "invalid input syntax for type " + t.Kind.String() + ": \"" + text + "\"."}
}

// widen is target made wide enough for e, which is of type t.
func (b *Binder) widen(target sql.Type, e sql.Expr, t sql.Type) (sql.Type, error) {
	if t.Kind == sql.Null {
		return target, nil
	}
	if target.Kind == sql.Null {
		return t, nil
	}
	switch e := e.(type) {
	case *sql.ArrayCons:
		if target.Kind != sql.Array {
			return target, mismatch()
		}
		elem, err := b.widenAll(*target.Elem, e.Items)
		return sql.ArrayOf(elem), err
	case *sql.MapCons:
		if target.Kind != sql.Map {
			return target, mismatch()
		}
		key, err := b.widenAll(*target.Key, e.Keys)
		if err != nil {
			return target, err
		}
		value, err := b.widenAll(*target.Elem, e.Values)
		return sql.MapOf(key, value), err
	case *sql.StructCons:
		if target.Kind != sql.Struct {
			return target, mismatch()
		}
		var fields []sql.Field
		have := fieldFinder(target.Fields)
		for i, name := range e.Names {
			f := t.Fields[i].Type
			if k := have.find(&sql.Field{Name: name}); k >= 0 {
				var err error
				if f, err = b.widen(target.Fields[k].Type, e.Values[i], f); err != nil {
					return target, err
				}
			}
			fields = append(fields, sql.Field{Name: name, Type: f})
		}
		return sql.StructOf(restOf(fields, target.Fields)...), nil
	case *sql.Literal:
		if e.Kind == sql.StringLiteral {
			return widenText(target, e.Text)
		}
		if target.Kind == sql.String {
			return target, nil
		}
	}
	return widenType(target, t)
}

// restOf adds to fields those of more that it does not have.
func restOf(fields, more []sql.Field) []sql.Field {
	have := fieldFinder(fields)
	for _, f := range more {
		if have.find(&f) < 0 {
			fields = append(fields, f)
		}
	}
	return fields
}

func (b *Binder) widenAll(target sql.Type, list []sql.Expr) (sql.Type, error) {
	for _, e := range list {
		x, err := b.bind(e)
		if err != nil {
			return target, err
		}
		if target, err = b.widen(target, e, x.Type()); err != nil {
			return target, err
		}
	}
	return target, nil
}

func widenText(target sql.Type, text string) (sql.Type, error) {
	switch {
	case target.Numeric():
		t, _, ok := numberText(text)
		if !ok {
			return target, badText(target, text)
		}
		return widenType(target, t)
	case target.Kind == sql.Boolean:
		if _, ok := booleanText(text); !ok {
			return target, badText(target, text)
		}
		return target, nil
	}
	return widenType(target, sql.TString)
}

// widenType is the type to which both coerce strictly.
func widenType(a, b sql.Type) (sql.Type, error) {
	timed := func(k sql.Kind) bool { return k >= sql.Time && k <= sql.Bytes }
	switch {
	case a.Equal(b):
		return a, nil
	case a.Numeric() && b.Numeric():
		wider := max(a.Kind, b.Kind)
		if wider == sql.Decimal {
			x, y := asDecimal(a), asDecimal(b)
			s := max(x.Scale, y.Scale)
			return sql.DecimalOf(max(x.Precision-x.Scale, y.Precision-y.Scale)+s, s), nil
		}
		return sql.Type{Kind: wider}, nil
	case a.Kind == sql.String && timed(b.Kind):
		return b, nil
	case b.Kind == sql.String && timed(a.Kind):
		return a, nil
	case a.Kind != b.Kind:
		return a, mismatch()
	case a.Kind == sql.Array:
		e, err := widenType(*a.Elem, *b.Elem)
		return sql.ArrayOf(e), err
	case a.Kind == sql.Map:
		k, err := widenType(*a.Key, *b.Key)
		if err != nil {
			return a, err
		}
		v, err := widenType(*a.Elem, *b.Elem)
		return sql.MapOf(k, v), err
	}
	var fields []sql.Field // types of another kind are the same
	have := fieldFinder(a.Fields)
	for _, f := range b.Fields {
		if k := have.find(&f); k >= 0 {
			var err error
			if f.Type, err = widenType(a.Fields[k].Type, f.Type); err != nil {
				return a, err
			}
		}
		fields = append(fields, f)
	}
	return sql.StructOf(restOf(fields, a.Fields)...), nil
}

// convert binds e as a value of type t, to which its type widens: literals are typed anew, constructors item by
// item, the rest is cast.
func (b *Binder) convert(e sql.Expr, t sql.Type) (Expr, error) {
	x, err := b.bind(e)
	if err != nil {
		return nil, err
	}
	if x.Type().Equal(t) {
		return x, nil
	}
	switch e := e.(type) {
	case *sql.Literal:
		return convertBound(x.(*Literal), e, t)
	case *sql.ArrayCons:
		n := &ArrayCons{Typed: b.typed(t, e)}
		n.Items, err = b.convertAll(e.Items, *t.Elem)
		return n, err
	case *sql.MapCons:
		n := &MapCons{Typed: b.typed(t, e)}
		if n.Keys, err = b.convertAll(e.Keys, *t.Key); err != nil {
			return nil, err
		}
		n.Values, err = b.convertAll(e.Values, *t.Elem)
		return n, err
	case *sql.StructCons:
		n := &StructCons{Typed: b.typed(t, e)}
		for _, f := range t.Fields {
			var v Expr = &Literal{Typed: Typed{T: f.Type, Text: "null"}}
			for i, name := range e.Names {
				if name == f.Name {
					if v, err = b.convert(e.Values[i], f.Type); err != nil {
						return nil, err
					}
				}
			}
			n.Values = append(n.Values, v)
		}
		return n, nil
	}
	return implied(x, t), nil
}

func (b *Binder) convertAll(list []sql.Expr, t sql.Type) ([]Expr, error) {
	out := make([]Expr, len(list))
	for i, e := range list {
		x, err := b.convert(e, t)
		if err != nil {
			return nil, err
		}
		out[i] = x
	}
	return out, nil
}

// convertBound types a literal anew.
func convertBound(x *Literal, e *sql.Literal, t sql.Type) (Expr, error) {
	v, ok := convertLiteral(x.Value, x.T, t)
	if ok {
		return &Literal{Typed{T: t, Text: x.Text}, v}, nil
	}
	if e.Kind == sql.StringLiteral && t.Kind != sql.Bytes {
		return nil, badText(t, e.Text)
	}
	return implied(x, t), nil
}

// implied casts x to t where the types differ.
func implied(x Expr, t sql.Type) Expr {
	if x.Type().Equal(t) {
		return x
	}
	return &Cast{Typed{T: t, Text: x.String()}, x, true}
}

const issue4239 = "(see https://github.com/confluentinc/ksql/issues/4239)."

func (b *Binder) arrayCons(e *sql.ArrayCons) (Expr, error) {
	if len(e.Items) == 0 {
		return nil, errorf("Array constructor cannot be empty. Please supply at least one element %s", issue4239)
	}
	t, err := b.common(e.Items)
	if err != nil {
		return nil, prefixed("", err)
	}
	if t.Kind == sql.Null {
		return nil, errorf("Cannot construct an array with all NULL elements %s As a workaround, you may cast a NULL value to the desired type.", issue4239)
	}
	n := &ArrayCons{Typed: b.typed(sql.ArrayOf(t), e)}
	n.Items, err = b.convertAll(e.Items, t)
	return n, prefixed("", err)
}

func (b *Binder) mapCons(e *sql.MapCons) (Expr, error) {
	if len(e.Keys) == 0 {
		return nil, errorf("Map constructor cannot be empty. Please supply at least one key value pair %s", issue4239)
	}
	k, err := b.common(e.Keys)
	if err != nil {
		return nil, prefixed("", err)
	}
	v, err := b.common(e.Values)
	if err != nil {
		return nil, prefixed("", err)
	}
	for _, side := range []struct {
		t    sql.Type
		what string
	}{{k, "keys"}, {v, "values"}} {
		if side.t.Kind == sql.Null {
			return nil, errorf("Cannot construct a map with all NULL %s %s As a workaround, you may cast a NULL value to the desired type.", side.what, issue4239)
		}
	}
	n := &MapCons{Typed: b.typed(sql.MapOf(k, v), e)}
	if n.Keys, err = b.convertAll(e.Keys, k); err != nil {
		return nil, prefixed("", err)
	}
	n.Values, err = b.convertAll(e.Values, v)
	return n, prefixed("", err)
}

func (b *Binder) structCons(e *sql.StructCons) (Expr, error) {
	n := &StructCons{}
	var fields []sql.Field
	seen := make(map[string]bool, len(e.Names))
	for i, name := range e.Names {
		if seen[name] {
			return nil, errorf("Duplicate field names found in STRUCT: '%s'. Duplicates: [%s]", sql.Text(e), strings.Join(e.Names[i:i+1], ", "))
		}
		x, err := b.bind(e.Values[i])
		if err != nil {
			return nil, err
		}
		if untyped(x.Type()) {
			return nil, errUntyped
		}
		seen[name] = true
		fields = append(fields, sql.Field{Name: name, Type: x.Type()})
		n.Values = append(n.Values, x)
	}
	n.Typed = b.typed(sql.StructOf(fields...), e)
	return n, reasonable(n.T)
}

// untyped reports whether t is the type of NULL, or is built on it.
func untyped(t sql.Type) bool {
	return t.Kind == sql.Null || t.Key != nil && untyped(*t.Key) || t.Elem != nil && untyped(*t.Elem)
}

var errUntyped = errorf("Can't infer a type of null. Please explicitly cast it to a required type, e.g. CAST(null AS VARCHAR).")

package fn

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// ArgType is what resolution knows of one argument of a call.
type ArgType struct {
	Type   sql.Type                                  // of a value argument; the zero Type is an untyped NULL
	Unit   bool                                      // an interval unit
	Lambda int                                       // the number of parameters if it is a lambda, else 0
	Body   func(params []sql.Type) (sql.Type, error) // of a lambda: types its body
}

// Resolved is the variant that a call means, with all type variables bound.
type Resolved struct {
	Func    *Func
	Variant *Variant
	Args    []sql.Type   // the type each argument must have after implicit casts; zero for lambdas and interval units
	Lambdas [][]sql.Type // the parameter types of each lambda, in order
	Returns sql.Type
}

// Resolve finds the variant of a function that fits the arguments: first with their exact types, then, for
// scalar and table functions, with implicit casts. Its errors are ksqlDB's.
func (s *Set) Resolve(name string, args []ArgType) (Resolved, error) {
	f, ok := s.Lookup(name)
	if !ok {
		return Resolved{}, errors.New("Can't find any functions with the name '" + name + "'")
	}
	best, err := f.choose(args, false)
	if err == nil && best == nil && !f.aggregate() {
		best, err = f.choose(args, true)
	}
	if err != nil {
		return Resolved{}, err
	}
	if best == nil {
		return Resolved{}, f.noMatch(args, nil)
	}
	return best.finish(f, args)
}

func (f *Func) aggregate() bool { return len(f.Variants) > 0 && f.Variants[0].Agg != nil }

// match is a variant that fits: what its type variables stand for, and the declared argument that each
// argument of the call goes to.
type match struct {
	v     *Variant
	binds map[string]sql.Type
	decl  []int
}

// choose gives the best variant, nil when none fits, and an error when two fit equally well.
func (f *Func) choose(args []ArgType, casts bool) (*match, error) {
	var fits []*match
	for i := range f.Variants {
		if m := f.Variants[i].match(args, casts); m != nil {
			fits = append(fits, m)
		}
	}
	slices.SortStableFunc(fits, func(a, b *match) int { return a.v.compare(b.v) })
	switch n := len(fits); {
	case n == 0:
		return nil, nil
	case n == 1 || fits[n-1].v.compare(fits[n-2].v) > 0:
		return fits[n-1], nil
	}
	return nil, errors.New("Function '" + f.declared() + "' cannot be resolved due to ambiguous method parameters " +
		argList(args, nil) + ".\nUse CAST() to explicitly cast your parameters to one of the supported signatures.\n" + f.alternatives())
}

// compare ranks variants that both fit; the greater one wins.
func (v *Variant) compare(w *Variant) int {
	return cmp.Or(
		-cmp.Compare(min(v.Variadic, 1), min(w.Variadic, 1)),
		cmp.Compare(len(v.Args), len(w.Args)),
		-cmp.Compare(v.generics(), w.generics()),
		-cmp.Compare(v.anyVariadic(), w.anyVariadic()),
		cmp.Compare(v.Variadic, w.Variadic),
	)
}

func (v *Variant) generics() int {
	n := 0
	for i := range v.Args {
		if open(v.Args[i].Type) {
			n++
		}
	}
	return n + v.anyVariadic()
}

func (v *Variant) anyVariadic() int {
	if v.Variadic > 0 && v.Args[v.Variadic-1].Type.Kind == sql.Any {
		return 1
	}
	return 0
}

// open reports whether t contains a type variable.
func open(t sql.Type) bool {
	switch t.Kind {
	case sql.Var:
		return true
	case sql.Array:
		return open(*t.Elem)
	case sql.Map:
		return open(*t.Key) || open(*t.Elem)
	case sql.Lambda:
		if open(*t.Elem) {
			return true
		}
	}
	for _, f := range t.Fields {
		if open(f.Type) {
			return true
		}
	}
	return false
}

// match is nil when the arguments do not fit. Lambdas are checked by their number of parameters only:
// their bodies are typed once the other arguments have bound the variables.
func (v *Variant) match(args []ArgType, casts bool) *match {
	extra := len(args) - len(v.Args)
	if v.Variadic == 0 && extra != 0 || extra < -1 {
		return nil
	}
	m := &match{v: v, binds: map[string]sql.Type{}, decl: make([]int, len(args))}
	for i := range args {
		d := i
		if v.Variadic > 0 && i >= v.Variadic-1 {
			d = max(v.Variadic-1, i-extra)
		}
		m.decl[i] = d
		p := v.Args[d].Type
		a := &args[i]
		switch {
		case a.Unit:
			if p.Kind != sql.Interval {
				return nil
			}
		case a.Lambda > 0 || p.Kind == sql.Lambda:
			if p.Kind != sql.Lambda || a.Lambda != len(p.Fields) {
				return nil
			}
		case a.Type.Kind == sql.Null: // fits every other parameter and binds nothing
		case open(p):
			if !unify(p, a.Type, m.binds) {
				return nil
			}
		case !accepts(p, a.Type, casts):
			return nil
		}
	}
	return m
}

// unify binds the variables of p so that it becomes t: no casts here.
func unify(p, t sql.Type, binds map[string]sql.Type) bool {
	if p.Kind == sql.Var {
		if b, ok := binds[p.Name]; ok {
			return b.Equal(t)
		}
		binds[p.Name] = t
		return true
	}
	if !open(p) {
		return accepts(p, t, false)
	}
	if p.Kind != t.Kind {
		return false
	}
	switch p.Kind {
	case sql.Array:
		return unify(*p.Elem, *t.Elem, binds)
	case sql.Map:
		return unify(*p.Key, *t.Key, binds) && unify(*p.Elem, *t.Elem, binds)
	case sql.Struct:
		if len(p.Fields) != len(t.Fields) {
			return false
		}
		for i := range p.Fields {
			if p.Fields[i].Name != t.Fields[i].Name || !unify(p.Fields[i].Type, t.Fields[i].Type, binds) {
				return false
			}
		}
		return true
	}
	return false
}

// accepts reports whether a parameter of type p, without variables, takes an argument of type t.
func accepts(p, t sql.Type, casts bool) bool {
	switch {
	case p.Kind == sql.Any:
		return true
	case p.Kind == sql.Array && t.Kind == sql.Array:
		return accepts(*p.Elem, *t.Elem, casts)
	case p.Kind == sql.Map && t.Kind == sql.Map:
		return accepts(*p.Key, *t.Key, casts) && accepts(*p.Elem, *t.Elem, casts)
	case p.Kind == sql.Struct:
		return p.Equal(t)
	case p.Kind == t.Kind:
		return true
	}
	return casts && castable(t.Kind, p.Kind)
}

// castable is the table of implicit casts of base types.
func castable(from, to sql.Kind) bool {
	switch from {
	case sql.Integer, sql.Bigint, sql.Decimal:
		return to > from && to <= sql.Double
	case sql.String:
		return to == sql.Time || to == sql.Date || to == sql.Timestamp || to == sql.Bytes
	}
	return false
}

// implied is the type that an argument of type t has once it is cast to p. A DECIMAL parameter without
// digits takes the digits that hold t.
func implied(p, t sql.Type) sql.Type {
	switch {
	case p.Kind == sql.Any || p.Kind == sql.Struct:
		return t
	case p.Kind == sql.Array:
		return sql.ArrayOf(implied(*p.Elem, *t.Elem))
	case p.Kind == sql.Map:
		return sql.MapOf(implied(*p.Key, *t.Key), implied(*p.Elem, *t.Elem))
	case p.Kind == sql.Decimal && p.Precision == 0:
		switch t.Kind {
		case sql.Integer:
			return sql.DecimalOf(10, 0)
		case sql.Bigint:
			return sql.DecimalOf(19, 0)
		}
		return t
	}
	return p
}

// finish types the lambdas and works out the types of the arguments and of the result.
func (m *match) finish(f *Func, args []ArgType) (Resolved, error) {
	r := Resolved{Func: f, Variant: m.v, Args: make([]sql.Type, len(args))}
	for i := range args {
		if args[i].Lambda == 0 {
			continue
		}
		p := m.v.Args[m.decl[i]].Type
		params := make([]sql.Type, len(p.Fields))
		for k := range p.Fields {
			params[k] = substitute(p.Fields[k].Type, m.binds)
		}
		r.Lambdas = append(r.Lambdas, params)
		body, err := args[i].Body(params)
		if err != nil {
			return Resolved{}, err
		}
		if body.Kind != sql.Null && !unify(*p.Elem, body, m.binds) {
			return Resolved{}, f.noMatch(args, append(r.Lambdas, []sql.Type{body}))
		}
	}
	var decimal *sql.Type // for an untyped NULL in the place of a DECIMAL
	for i := range args {
		if p := m.v.Args[m.decl[i]].Type; p.Kind == sql.Decimal && args[i].Type.Kind == sql.Decimal {
			decimal = &args[i].Type
		}
	}
	for i := range args {
		p := m.v.Args[m.decl[i]].Type
		switch {
		case args[i].Unit || args[i].Lambda > 0:
		case args[i].Type.Kind == sql.Null:
			if p.Kind == sql.Decimal && p.Precision == 0 && decimal != nil {
				p = *decimal
			}
			r.Args[i] = substitute(p, m.binds)
		case open(p):
			r.Args[i] = args[i].Type
		default:
			r.Args[i] = implied(p, args[i].Type)
		}
	}
	if m.v.Infer != nil {
		var err error
		r.Returns, err = m.v.Infer(r.Args)
		return r, err
	}
	r.Returns = substitute(m.v.Returns, m.binds)
	return r, nil
}

// substitute puts the bound types in the place of variables. Nothing is known of a variable that only an
// untyped NULL met: it becomes the type of NULL. So does ANY; and a DECIMAL without digits gets one.
func substitute(t sql.Type, binds map[string]sql.Type) sql.Type {
	switch t.Kind {
	case sql.Var:
		return binds[t.Name]
	case sql.Any:
		return sql.TNull
	case sql.Decimal:
		if t.Precision == 0 {
			return sql.DecimalOf(1, 0)
		}
	case sql.Array:
		return sql.ArrayOf(substitute(*t.Elem, binds))
	case sql.Map:
		return sql.MapOf(substitute(*t.Key, binds), substitute(*t.Elem, binds))
	case sql.Struct:
		fields := make([]sql.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = sql.Field{Name: f.Name, Type: substitute(f.Type, binds)}
		}
		return sql.Type{Kind: sql.Struct, Fields: fields}
	}
	return t
}

func (f *Func) noMatch(args []ArgType, lambdas [][]sql.Type) error {
	return errors.New("Function '" + f.declared() + "' does not accept parameters " + argList(args, lambdas) + ".\n" + f.alternatives())
}

func (f *Func) declared() string {
	if f.Declared != "" {
		return f.Declared
	}
	return f.Name
}

func (f *Func) alternatives() string {
	var b strings.Builder
	b.WriteString("Valid alternatives are:\n")
	for i := range f.Variants {
		b.WriteString(f.Signature(i) + "\n")
	}
	b.WriteString("For detailed information on a function run: DESCRIBE FUNCTION <Function-Name>;")
	return b.String()
}

// Signature prints variant i as ksqlDB's messages do: NAME(VARCHAR a, INT... b).
func (f *Func) Signature(i int) string {
	v := &f.Variants[i]
	var b strings.Builder
	if v.Scalar != nil {
		b.WriteString(f.Name)
	} else {
		b.WriteString(f.declared())
	}
	b.WriteByte('(')
	for k, a := range v.Args {
		if k > 0 {
			b.WriteString(", ")
		}
		b.WriteString(ParamType(a.Type))
		if v.Variadic == k+1 {
			b.WriteString("...")
		}
		if a.Name != "" {
			b.WriteString(" " + a.Name)
		}
	}
	b.WriteByte(')')
	return b.String()
}

// ParamType prints the type of a parameter as ksqlDB does in signatures, which is not how it prints SQL types.
func ParamType(t sql.Type) string {
	switch t.Kind {
	case sql.Integer:
		return "INT"
	case sql.String:
		return "VARCHAR"
	case sql.Decimal:
		return "DECIMAL"
	case sql.Array:
		return "ARRAY<" + ParamType(*t.Elem) + ">"
	case sql.Map:
		return "MAP<" + ParamType(*t.Key) + ", " + ParamType(*t.Elem) + ">"
	case sql.Struct, sql.Lambda:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = ParamType(f.Type)
			if t.Kind == sql.Struct {
				fields[i] = f.Name + " " + fields[i]
			}
		}
		if t.Kind == sql.Struct {
			return "STRUCT<" + strings.Join(fields, ", ") + ">"
		}
		return "LAMBDA (" + strings.Join(fields, ", ") + ") => " + ParamType(*t.Elem)
	}
	return t.String()
}

// argList prints the types of the arguments. lambdas holds the parameter types of those lambdas that are
// typed and, at the end, the result of the last of them.
func argList(args []ArgType, lambdas [][]sql.Type) string {
	var out []string
	seen := 0
	for _, a := range args {
		switch {
		case a.Unit:
			out = append(out, sql.Interval.String())
		case a.Lambda == 0:
			out = append(out, a.Type.Plain())
		case seen+2 == len(lambdas):
			lambda := sql.Type{Kind: sql.Lambda, Elem: &lambdas[seen+1][0]}
			for _, p := range lambdas[seen] {
				lambda.Fields = append(lambda.Fields, sql.Field{Type: p})
			}
			out = append(out, lambda.Plain())
			seen++
		default:
			out = append(out, "LAMBDA")
			seen++
		}
	}
	return "(" + strings.Join(out, ", ") + ")"
}

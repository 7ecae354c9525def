package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/property"
)

// boundBody is the last binding of a lambda, for given types of its parameters and of those around it.
type boundBody struct {
	scopes []lambdaScope
	body   Expr
}

func (b *Binder) call(e *sql.Call) (Expr, error) {
	n := &Call{Args: make([]Expr, len(e.Args))}
	args := make([]fn.ArgType, len(e.Args))
	n.Site.Lits = make([]any, len(e.Args))
	n.Site.Config = b.Config
	var lambdas []*sql.LambdaExpr
	for i, a := range e.Args {
		switch a := a.(type) {
		case *sql.LambdaExpr:
			if !property.On(b.Config, "ksql.lambdas.enabled") {
				return nil, errorf("Lambda functions are disabled: %s", sql.Text(a))
			}
			lambdas = append(lambdas, a)
			args[i] = fn.ArgType{Lambda: len(a.Params), Body: func(params []sql.Type) (sql.Type, error) {
				body, err := b.body(a, params)
				if err != nil {
					return sql.TNull, err
				}
				return body.Type(), nil
			}}
			continue
		case *sql.Literal:
			if a.Kind == sql.UnitLiteral {
				args[i].Unit = true
				n.Site.Lits[i] = a.Text
				continue
			}
		}
		x, err := b.bind(a)
		if err != nil {
			return nil, err
		}
		n.Args[i], args[i].Type = x, x.Type()
	}
	r, err := b.Functions.Resolve(e.Name, args)
	if err != nil {
		return nil, err
	}
	n.Func, n.Variant = r.Func, r.Variant
	for i, x := range n.Args {
		if x == nil {
			continue
		}
		want := r.Args[i]
		if want.Kind == sql.Interval { // NULL in the place of a unit
			n.Args[i] = nil
			continue
		}
		lit, isLit := x.(*Literal)
		if isLit && want.Kind != sql.Null {
			if v, ok := convertLiteral(lit.Value, lit.T, want); ok {
				lit = &Literal{Typed{T: want, Text: lit.Text}, v}
				x = lit
			}
		}
		n.Args[i] = implied(x, want)
		if isLit {
			n.Site.Lits[i] = lit.Value
		}
	}
	for k, l := range lambdas {
		body, err := b.body(l, r.Lambdas[k])
		if err != nil {
			return nil, err
		}
		n.Lambdas = append(n.Lambdas, &Lambda{Params: r.Lambdas[k], Body: body})
	}
	n.Site.Args, n.Site.Returns = r.Args, r.Returns
	n.Typed = b.typed(r.Returns, e)
	return n, nil
}

// body binds a lambda's body for given types of its parameters.
func (b *Binder) body(e *sql.LambdaExpr, params []sql.Type) (Expr, error) {
	outer, memo := b.scopes, b.memo
	b.scopes = append(outer[:len(outer):len(outer)], lambdaScope{e.Params, params})
	defer func() { b.scopes, b.memo = outer, memo }()
	if last, ok := b.bodies[e]; ok && sameScopes(last.scopes, b.scopes) {
		return last.body, nil
	}
	b.memo = nil
	x, err := b.bind(e.Body)
	if err != nil {
		return nil, err
	}
	if b.bodies == nil {
		b.bodies = map[*sql.LambdaExpr]boundBody{}
	}
	b.bodies[e] = boundBody{b.scopes, x}
	return x, nil
}

func sameScopes(a, b []lambdaScope) bool {
	return slices.EqualFunc(a, b, func(x, y lambdaScope) bool { return slices.EqualFunc(x.types, y.types, sql.Type.Equal) })
}

func (b *Binder) index(e *sql.Index) (Expr, error) {
	x, i, err := b.pair(e.X, e.I)
	if err != nil {
		return nil, err
	}
	switch t := x.Type(); t.Kind {
	case sql.Array:
		if k := i.Type().Kind; k != sql.Integer && k != sql.Bigint {
			return nil, errorf("The index of an ARRAY should be INTEGER or BIGINT, but %s is %s.", sql.Text(e.I), i.Type())
		}
		return &Index{b.typed(*t.Elem, e), x, i}, nil
	case sql.Map:
		return &Index{b.typed(*t.Elem, e), x, i}, nil
	case sql.Struct:
		return nil, errorf("Subscript is not supported on STRUCT: %s. Use the dereference operator ->.", sql.Text(e))
	default:
		return nil, errorf("Subscript is not supported on %s: %s", t, sql.Text(e))
	}
}

func (b *Binder) deref(e *sql.Deref) (Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	t := x.Type()
	if t.Kind != sql.Struct {
		return nil, errorf("Expected STRUCT type, got: %s", t)
	}
	k := b.finders.field(t.Fields, e.Field)
	if k < 0 {
		return nil, errorf("Could not find field '%s' in '%s'.", e.Field, sql.Text(e.X))
	}
	return &Deref{b.typed(t.Fields[k].Type, e), x, k}, nil
}

package plan

import (
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// Binder turns expressions of the AST into bound ones over given input columns. Its errors are ksqlDB's, without
// the words that name the clause.
type Binder struct {
	Functions *fn.Set
	// Column resolves a column; its error is the ready message.
	Column func(ref *sql.ColumnRef) (index int, t sql.Type, err error)
	Named  func(name string) (sql.Type, bool) // custom types; nil: none
	Config map[string]string
	Params []sql.Type // types of bound parameters, nil when none

	depth   int
	magic   bool // ROWTIME, WINDOWSTART and WINDOWEND compare with the text of a timestamp
	late    bool // LIKE and BETWEEN are checked behind the keys, as in ksqlDB's pull queries
	later   error
	scopes  []lambdaScope
	memo    map[sql.Expr]Expr // what is bound already in this scope: lists are typed before they are bound
	bodies  map[*sql.LambdaExpr]boundBody
	finders *finders // of the columns and fields that are named
	check   func()   // gives up; nil: never
}

type lambdaScope struct {
	names []string
	types []sql.Type
}

// Bind resolves names, checks types and chooses functions.
func (b *Binder) Bind(e sql.Expr) (Expr, error) {
	b.memo, b.bodies, b.scopes, b.depth = nil, nil, nil, 0
	if b.finders == nil {
		b.finders = &finders{}
	}
	return b.bind(e)
}

// Predicate binds the condition of a WHERE or HAVING, which clause names in the error texts. The condition must
// be BOOLEAN; pseudo columns of time may be compared with the text of a timestamp there.
func (b *Binder) Predicate(e sql.Expr, clause string) (Expr, error) {
	b.magic = true
	x, err := b.Bind(e)
	b.magic = false
	if err != nil {
		if m, ok := err.(*magicError); ok {
			return nil, errorf("%s", m.Error())
		}
		return nil, &Error{Msg: "Error in " + clause + " expression: " + message(err), Text: sql.Text(e)}
	}
	if x.Type().Kind != sql.Boolean {
		return nil, &Error{Text: sql.Text(e),
			Msg: "Type error in " + clause + " expression: Should evaluate to boolean but is " + sql.Text(e) + " (" + x.Type().String() + ") instead."}
	}
	return x, nil
}

// message is an error's text without a statement.
func message(err error) string {
	if e, ok := err.(*Error); ok {
		return e.Msg
	}
	return err.Error()
}

// magicError is a text that stands for a time and is none. No clause is named before it.
type magicError struct{ error }

// mistyped is err, or nil where it comes later: ksqlDB finds it when it compiles the condition.
func (b *Binder) mistyped(err error) error {
	if !b.late || err == nil {
		return err
	}
	if b.later == nil {
		b.later = errorf("Invalid expression: %s", message(err))
	}
	return nil
}

// ResolveType replaces custom types by what they stand for. Types that nothing could hold are refused.
func ResolveType(t sql.Type, named func(name string) (sql.Type, bool)) (sql.Type, error) {
	t, err := resolveType(t, named)
	if err != nil {
		return t, err
	}
	return t, reasonable(t)
}

func resolveType(t sql.Type, named func(name string) (sql.Type, bool)) (sql.Type, error) {
	if t.Kind == sql.Named {
		if named != nil {
			if r, ok := named(t.Name); ok {
				return r, nil
			}
		}
		return t, errorf("Cannot resolve unknown type: %s", t.Name)
	}
	var err error
	part := func(p *sql.Type) *sql.Type {
		if p == nil || err != nil {
			return p
		}
		var r sql.Type
		r, err = resolveType(*p, named)
		return &r
	}
	t.Key, t.Elem = part(t.Key), part(t.Elem)
	if len(t.Fields) > 0 {
		fields := make([]sql.Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = sql.Field{Name: f.Name, Type: *part(&f.Type)}
		}
		t.Fields = fields
	}
	return t, err
}

func (b *Binder) bind(e sql.Expr) (Expr, error) {
	if x, ok := b.memo[e]; ok {
		return x, nil
	}
	if b.check != nil {
		b.check()
	}
	b.depth++
	x, err := b.fresh(e)
	b.depth--
	if err != nil {
		return nil, err
	}
	if b.memo == nil {
		b.memo = map[sql.Expr]Expr{}
	}
	b.memo[e] = x
	return x, nil
}

// deepest is the depth down to which bound expressions know their text. Each knows all of it, so in a chain of
// thousands of terms the texts of all of them would be longer than memory; messages show the upper ones only.
const deepest = 64

func (b *Binder) typed(t sql.Type, e sql.Expr) Typed {
	if b.depth > deepest {
		return Typed{T: t}
	}
	return Typed{T: t, Text: sql.Text(e)}
}

func (b *Binder) fresh(e sql.Expr) (Expr, error) {
	switch e := e.(type) {
	case *sql.Literal:
		return b.literal(e)
	case *sql.ColumnRef:
		return b.column(e)
	case *sql.Param:
		if e.N >= len(b.Params) {
			return nil, errorf("no value is given for parameter %d", e.N+1)
		}
		return &Param{b.typed(b.Params[e.N], e), e.N}, nil
	case *sql.Binary:
		return b.binary(e)
	case *sql.Unary:
		return b.unary(e)
	case *sql.Not:
		return b.not(e)
	case *sql.Between:
		return b.between(e)
	case *sql.In:
		return b.in(e)
	case *sql.Like:
		return b.like(e)
	case *sql.IsNull:
		x, err := b.bind(e.X)
		if err != nil {
			return nil, err
		}
		return &IsNull{b.typed(sql.TBoolean, e), x, e.Not}, nil
	case *sql.Case:
		return b.cases(e)
	case *sql.Cast:
		return b.cast(e)
	case *sql.ArrayCons:
		return b.arrayCons(e)
	case *sql.MapCons:
		return b.mapCons(e)
	case *sql.StructCons:
		return b.structCons(e)
	case *sql.Call:
		return b.call(e)
	case *sql.Index:
		return b.index(e)
	case *sql.Deref:
		return b.deref(e)
	}
	return nil, errorf("unsupported expression: %s", sql.Text(e))
}

func (b *Binder) column(e *sql.ColumnRef) (Expr, error) {
	if e.Source == "" {
		for depth := range b.scopes {
			s := b.scopes[len(b.scopes)-1-depth]
			for i, name := range s.names {
				if name == e.Name {
					return &LambdaVar{b.typed(s.types[i], e), depth, i}, nil
				}
			}
		}
	}
	if b.Column == nil {
		return nil, errorf("Unknown column %s.", sql.Text(e))
	}
	i, t, err := b.Column(e)
	if err != nil {
		return nil, err
	}
	return &Column{b.typed(t, e), i}, nil
}

func (b *Binder) pair(l, r sql.Expr) (Expr, Expr, error) {
	x, err := b.bind(l)
	if err != nil {
		return nil, nil, err
	}
	y, err := b.bind(r)
	return x, y, err
}

func (b *Binder) unary(e *sql.Unary) (Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	t := x.Type()
	if !t.Numeric() {
		return nil, errorf("Error processing expression: %s. Negation on unsupported type: %s", sql.Text(e), t)
	}
	if !e.Neg {
		return x, nil
	}
	return &Neg{b.typed(t, e), x}, nil
}

func (b *Binder) not(e *sql.Not) (Expr, error) {
	var x Expr
	var err error
	if c, ok := e.X.(*sql.Binary); ok && c.Op == sql.OpDistinct {
		x, err = b.compare(c, "IS_NOT_DISTINCT_FROM")
	} else {
		x, err = b.boolean(e.X, "NOT")
	}
	if err != nil {
		return nil, err
	}
	return &Not{b.typed(sql.TBoolean, e), x}, nil
}

// boolean binds an operand of NOT, AND or OR.
func (b *Binder) boolean(e sql.Expr, op string) (Expr, error) {
	x, err := b.bind(e)
	if err == nil && x.Type().Kind != sql.Boolean {
		return nil, errorf("Operands of %s should be boolean, but %s is %s.", op, sql.Text(e), x.Type())
	}
	return x, err
}

func (b *Binder) binary(e *sql.Binary) (Expr, error) {
	switch {
	case e.Op == sql.OpAnd || e.Op == sql.OpOr:
		l, err := b.boolean(e.L, e.Op.String())
		if err != nil {
			return nil, err
		}
		r, err := b.boolean(e.R, e.Op.String())
		if err != nil {
			return nil, err
		}
		return &Logic{b.typed(sql.TBoolean, e), e.Op, l, r}, nil
	case e.Op >= sql.OpEq:
		return b.compare(e, compareNames[e.Op])
	}
	l, r, err := b.pair(e.L, e.R)
	if err != nil {
		return nil, err
	}
	t, err := arithType(e, l.Type(), r.Type())
	if err != nil {
		return nil, err
	}
	return &Arith{b.typed(t, e), e.Op, l, r}, nil
}

// arithType is the result type of + - * / % (spec 5.5).
func arithType(e *sql.Binary, l, r sql.Type) (sql.Type, error) {
	switch {
	case l.Kind == sql.Null || r.Kind == sql.Null:
		return l, errorf("Error processing expression: %s. Arithmetic on types %s and %s are not supported.", sql.Text(e), l, r)
	case l.Kind == sql.String && r.Kind == sql.String && e.Op == sql.OpAdd:
		return l, nil
	case !l.Numeric() || !r.Numeric():
		return l, errorf("Error processing expression: %s. Unsupported arithmetic types. %s %s", sql.Text(e), l.Kind, r.Kind)
	case l.Kind == sql.Double || r.Kind == sql.Double:
		return sql.TDouble, nil
	case l.Kind == sql.Decimal || r.Kind == sql.Decimal:
		t := decimalResult(e.Op, asDecimal(l), asDecimal(r))
		return t, reasonable(t)
	case l.Kind == sql.Bigint || r.Kind == sql.Bigint:
		return sql.TBigint, nil
	}
	return sql.TInteger, nil
}

// asDecimal is the DECIMAL that holds every value of an exact numeric type.
func asDecimal(t sql.Type) sql.Type {
	switch t.Kind {
	case sql.Integer:
		return sql.DecimalOf(10, 0)
	case sql.Bigint:
		return sql.DecimalOf(19, 0)
	}
	return t
}

func decimalResult(op sql.BinaryOp, l, r sql.Type) sql.Type {
	p1, s1, p2, s2 := l.Precision, l.Scale, r.Precision, r.Scale
	switch op {
	case sql.OpAdd, sql.OpSub:
		return sql.DecimalOf(max(s1, s2)+max(p1-s1, p2-s2)+1, max(s1, s2))
	case sql.OpMul:
		return sql.DecimalOf(p1+p2+1, s1+s2)
	case sql.OpDiv:
		s := max(6, s1+p2+1)
		return sql.DecimalOf(p1-s1+s2+s, s)
	}
	return sql.DecimalOf(min(p1-s1, p2-s2)+max(s1, s2), max(s1, s2))
}

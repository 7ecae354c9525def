package plan

import (
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// Expr is an expression bound to the columns of a step's input: names are resolved, functions chosen,
// implicit casts written out. The set is closed: see the types below. String is ksqlDB's text of the
// expression as the user wrote it (spec: canonical text), for messages.
type Expr interface {
	Type() sql.Type
	String() string
	children() []Expr
}

// Typed is the part that all expressions share.
type Typed struct {
	T    sql.Type
	Text string
}

// Type is the SQL type of the result.
func (t Typed) Type() sql.Type { return t.T }

// String is ksqlDB's text of the expression.
func (t Typed) String() string { return t.Text }

// The bound expressions.
type (
	// Column is a column of the input.
	Column struct {
		Typed
		Index int
	}
	// Literal is a constant in vec.Vec.Get's form for its type; nil is null.
	Literal struct {
		Typed
		Value any
	}
	// Param is a bound parameter, given when the query runs.
	Param struct {
		Typed
		N int
	}
	// LambdaVar is a parameter of an enclosing lambda: Depth 0 is the innermost.
	LambdaVar struct {
		Typed
		Depth, Index int
	}
	// Arith is + - * / % on two operands; + on STRING concatenates. Mixed numeric operands keep their types.
	Arith struct {
		Typed
		Op   sql.BinaryOp
		L, R Expr
	}
	// Neg is -x.
	Neg struct {
		Typed
		X Expr
	}
	// Compare is = <> < <= > >= or IS DISTINCT FROM.
	Compare struct {
		Typed
		Op   sql.BinaryOp
		L, R Expr
	}
	// Logic is AND or OR.
	Logic struct {
		Typed
		Op   sql.BinaryOp
		L, R Expr
	}
	// Not is NOT x.
	Not struct {
		Typed
		X Expr
	}
	// IsNull is IS NULL, or with Negated IS NOT NULL.
	IsNull struct {
		Typed
		X       Expr
		Negated bool
	}
	// Between is x BETWEEN lo AND hi.
	Between struct {
		Typed
		X, Lo, Hi Expr
	}
	// In is x IN (list); all of one type. Own is the list before it was given that type.
	In struct {
		Typed
		X         Expr
		List, Own []Expr
	}
	// Like is x LIKE pattern.
	Like struct {
		Typed
		X, Pattern Expr
		Escape     string
	}
	// Case is the searched CASE; Else may be nil.
	Case struct {
		Typed
		Whens []When
		Else  Expr
	}
	// Cast is CAST(x AS T), written by the user or implied.
	Cast struct {
		Typed
		X       Expr
		Implied bool
	}
	// ArrayCons is ARRAY[...].
	ArrayCons struct {
		Typed
		Items []Expr
	}
	// MapCons is MAP(k := v, ...).
	MapCons struct {
		Typed
		Keys, Values []Expr
	}
	// StructCons is STRUCT(f := v, ...): fields in the type's order.
	StructCons struct {
		Typed
		Values []Expr
	}
	// Call is a scalar function. Args holds the value arguments; nil stands for an interval unit or a lambda.
	Call struct {
		Typed
		Func    *fn.Func
		Variant *fn.Variant
		Site    fn.Site
		Args    []Expr
		Lambdas []*Lambda // in order of their appearance
	}
	// Lambda is the body of a lambda argument.
	Lambda struct {
		Params []sql.Type
		Body   Expr
	}
	// Index is x[i] on an ARRAY (1-based, negative from the end) or a MAP.
	Index struct {
		Typed
		X, I Expr
	}
	// Deref is x->field.
	Deref struct {
		Typed
		X     Expr
		Field int
	}
)

// When is one arm of a Case.
type When struct{ Cond, Then Expr }

func (*Column) children() []Expr      { return nil }
func (*Literal) children() []Expr     { return nil }
func (*Param) children() []Expr       { return nil }
func (*LambdaVar) children() []Expr   { return nil }
func (e *Arith) children() []Expr     { return []Expr{e.L, e.R} }
func (e *Neg) children() []Expr       { return []Expr{e.X} }
func (e *Compare) children() []Expr   { return []Expr{e.L, e.R} }
func (e *Logic) children() []Expr     { return []Expr{e.L, e.R} }
func (e *Not) children() []Expr       { return []Expr{e.X} }
func (e *IsNull) children() []Expr    { return []Expr{e.X} }
func (e *Between) children() []Expr   { return []Expr{e.X, e.Lo, e.Hi} }
func (e *In) children() []Expr        { return append([]Expr{e.X}, e.List...) }
func (e *Like) children() []Expr      { return []Expr{e.X, e.Pattern} }
func (e *Cast) children() []Expr      { return []Expr{e.X} }
func (e *ArrayCons) children() []Expr { return e.Items }
func (e *MapCons) children() []Expr {
	return append(append([]Expr{}, e.Keys...), e.Values...)
}
func (e *StructCons) children() []Expr { return e.Values }
func (e *Index) children() []Expr      { return []Expr{e.X, e.I} }
func (e *Deref) children() []Expr      { return []Expr{e.X} }
func (e *Case) children() []Expr {
	var out []Expr
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Then)
	}
	if e.Else != nil {
		out = append(out, e.Else)
	}
	return out
}
func (e *Call) children() []Expr {
	var out []Expr
	for _, a := range e.Args {
		if a != nil {
			out = append(out, a)
		}
	}
	for _, l := range e.Lambdas {
		out = append(out, l.Body)
	}
	return out
}

// Columns marks in used the input columns that e reads.
func Columns(e Expr, used []bool) {
	EachColumn(e, func(i int) bool {
		used[i] = true
		return true
	})
}

// EachColumn shows the input columns that e reads, until see gives false. It gives what the last call gave.
func EachColumn(e Expr, see func(i int) bool) bool {
	if c, ok := e.(*Column); ok && !see(c.Index) {
		return false
	}
	for _, k := range e.children() {
		if !EachColumn(k, see) {
			return false
		}
	}
	return true
}

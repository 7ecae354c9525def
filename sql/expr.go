package sql

// Expr is an expression as written. The set is closed: see the types below.
type Expr interface {
	Node
	expr()
}

// LiteralKind is the lexical kind of a literal.
type LiteralKind uint8

// The literal kinds. A number is typed by its text: INTEGER if it fits 32 bit, else BIGINT; DECIMAL with
// a point; DOUBLE with an exponent.
const (
	NullLiteral LiteralKind = iota
	BoolLiteral
	IntegerLiteral
	BigintLiteral
	DecimalLiteral
	DoubleLiteral
	StringLiteral
	UnitLiteral // an interval unit as a function's argument: Text is DAYS, HOURS, ...
)

// BinaryOp is the operator of a Binary.
type BinaryOp uint8

// The binary operators.
const (
	OpAdd BinaryOp = iota
	OpSub
	OpMul
	OpDiv
	OpMod
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpDistinct // IS DISTINCT FROM
	OpAnd
	OpOr
)

// String is the operator as written.
func (o BinaryOp) String() string {
	return [...]string{"+", "-", "*", "/", "%", "=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "AND", "OR"}[o]
}

// Mirror is the comparison with its operands changed over: a < b is b > a.
func (o BinaryOp) Mirror() BinaryOp {
	switch o {
	case OpLt:
		return OpGt
	case OpLe:
		return OpGe
	case OpGt:
		return OpLt
	case OpGe:
		return OpLe
	}
	return o
}

// The expressions.
type (
	// Literal is a constant. Text is its canonical text: digits with sign, or the string's content.
	Literal struct {
		At
		Kind LiteralKind
		Text string
		Bool bool
	}
	// ColumnRef names a column, perhaps through its source. Source is empty when not written.
	ColumnRef struct {
		At
		Source, Name string
	}
	// Binary is an arithmetic, comparison or logical operation.
	Binary struct {
		At
		Op   BinaryOp
		L, R Expr
	}
	// Unary is a sign.
	Unary struct {
		At
		Neg bool
		X   Expr
	}
	// Not is NOT x. NOT LIKE, NOT IN, NOT BETWEEN and IS NOT DISTINCT FROM are a Not around the plain form.
	Not struct {
		At
		X Expr
	}
	// Between is x BETWEEN lo AND hi.
	Between struct {
		At
		X, Lo, Hi Expr
	}
	// In is x IN (list).
	In struct {
		At
		X    Expr
		List []Expr
	}
	// Like is x LIKE pattern [ESCAPE 'c'].
	Like struct {
		At
		X, Pattern Expr
		Escape     string // one character, or empty
	}
	// IsNull is x IS [NOT] NULL.
	IsNull struct {
		At
		X   Expr
		Not bool
	}
	// Case is CASE [x] WHEN ... END. X is nil for the searched form, Else may be nil.
	Case struct {
		At
		X     Expr
		Whens []When
		Else  Expr
	}
	// Cast is CAST(x AS t).
	Cast struct {
		At
		X    Expr
		Type Type
	}
	// ArrayCons is ARRAY[...].
	ArrayCons struct {
		At
		Items []Expr
	}
	// MapCons is MAP(k := v, ...).
	MapCons struct {
		At
		Keys, Values []Expr
	}
	// StructCons is STRUCT(f := v, ...).
	StructCons struct {
		At
		Names  []string
		Values []Expr
	}
	// Call is f(args). a || b is CONCAT(a, b).
	Call struct {
		At
		Name string // upper case
		Star bool   // f(*)
		Args []Expr
	}
	// Index is x[i].
	Index struct {
		At
		X, I Expr
	}
	// Deref is x->field.
	Deref struct {
		At
		X     Expr
		Field string
	}
	// LambdaExpr is (a, b) => body.
	LambdaExpr struct {
		At
		Params []string
		Body   Expr
	}
	// Param is a bound parameter (?), counted from 0. Only Engine calls with arguments may use it.
	Param struct {
		At
		N int
	}
)

// When is one arm of a Case.
type When struct{ Cond, Then Expr }

func (*Literal) expr()    {}
func (*ColumnRef) expr()  {}
func (*Binary) expr()     {}
func (*Unary) expr()      {}
func (*Not) expr()        {}
func (*Between) expr()    {}
func (*In) expr()         {}
func (*Like) expr()       {}
func (*IsNull) expr()     {}
func (*Case) expr()       {}
func (*Cast) expr()       {}
func (*ArrayCons) expr()  {}
func (*MapCons) expr()    {}
func (*StructCons) expr() {}
func (*Call) expr()       {}
func (*Index) expr()      {}
func (*Deref) expr()      {}
func (*LambdaExpr) expr() {}
func (*Param) expr()      {}

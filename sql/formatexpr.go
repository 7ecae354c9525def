package sql

import (
	"strconv"
	"strings"
)

// Text is an expression as ksqlDB's messages write it: names are never quoted and decimals are written as
// Java's BigDecimal writes them, so it may not parse. For text that does, use String.
func Text(e Expr) string {
	p := printer{plain: true}
	p.expr(e)
	return p.String()
}

// printer writes canonical SQL, or with plain set the text of messages.
type printer struct {
	strings.Builder
	plain bool
}

func (p *printer) put(ss ...string) {
	for _, s := range ss {
		p.WriteString(s)
	}
}

func (p *printer) name(n string) {
	if !p.plain {
		n = Quote(n)
	}
	p.WriteString(n)
}

// operandName writes a name where MAP, ARRAY and STRUCT would start a constructor.
func (p *printer) operandName(n string) {
	if !p.plain && (n == "MAP" || n == "ARRAY" || n == "STRUCT") {
		n = "`" + n + "`"
		p.WriteString(n)
		return
	}
	p.name(n)
}

func (p *printer) typ(t Type) {
	if p.plain {
		p.WriteString(t.Plain())
		return
	}
	switch t.Kind {
	case Array:
		p.put("ARRAY<")
		p.typ(*t.Elem)
		p.put(">")
	case Map:
		p.put("MAP<")
		p.typ(*t.Key)
		p.put(", ")
		p.typ(*t.Elem)
		p.put(">")
	case Struct:
		if len(t.Fields) == 0 {
			p.put(t.String())
			return
		}
		p.put("STRUCT<")
		for i, f := range t.Fields {
			if i > 0 {
				p.put(", ")
			}
			p.name(f.Name)
			p.put(" ")
			p.typ(f.Type)
		}
		p.put(">")
	case Named:
		p.operandName(t.Name)
	default:
		p.put(t.String())
	}
}

func (p *printer) list(es []Expr) {
	for i, e := range es {
		if i > 0 {
			p.put(", ")
		}
		p.expr(e)
	}
}

// primary writes what a subscript or a dereference follows.
func (p *printer) primary(e Expr) {
	if _, sign := e.(*Unary); sign && !p.plain {
		p.put("(")
		p.expr(e)
		p.put(")")
		return
	}
	p.expr(e)
}

func (p *printer) expr(e Expr) {
	switch x := e.(type) {
	case *Literal:
		p.literal(x)
	case *ColumnRef:
		if x.Source != "" {
			p.name(x.Source)
			p.put(".")
			p.name(x.Name)
			return
		}
		p.operandName(x.Name)
	case *Binary:
		p.put("(")
		p.expr(x.L)
		p.put(" ", x.Op.String(), " ")
		p.expr(x.R)
		p.put(")")
	case *Unary:
		p.unary(x)
	case *Not:
		p.put("(NOT ")
		p.expr(x.X)
		p.put(")")
	case *Between:
		p.put("(")
		p.expr(x.X)
		p.put(" BETWEEN ")
		p.expr(x.Lo)
		p.put(" AND ")
		p.expr(x.Hi)
		p.put(")")
	case *In:
		p.put("(")
		p.expr(x.X)
		p.put(" IN (")
		p.list(x.List)
		p.put("))")
	case *Like:
		p.put("(")
		p.expr(x.X)
		p.put(" LIKE ")
		p.expr(x.Pattern)
		if x.Escape != "" {
			p.put(" ESCAPE ", quoteString(x.Escape))
		}
		p.put(")")
	case *IsNull:
		p.put("(")
		p.expr(x.X)
		if x.Not {
			p.put(" IS NOT NULL)")
		} else {
			p.put(" IS NULL)")
		}
	case *Case:
		p.caseExpr(x)
	case *Cast:
		p.put("CAST(")
		p.expr(x.X)
		p.put(" AS ")
		p.typ(x.Type)
		p.put(")")
	case *ArrayCons:
		p.put("ARRAY[")
		p.list(x.Items)
		p.put("]")
	case *MapCons:
		p.put("MAP(")
		for i := range x.Keys {
			if i > 0 {
				p.put(", ")
			}
			p.expr(x.Keys[i])
			p.put(":=")
			p.expr(x.Values[i])
		}
		p.put(")")
	case *StructCons:
		p.put("STRUCT(")
		for i := range x.Names {
			if i > 0 {
				p.put(", ")
			}
			p.name(x.Names[i])
			p.put(":=")
			p.expr(x.Values[i])
		}
		p.put(")")
	case *Call:
		p.call(x)
	case *Index:
		p.primary(x.X)
		p.put("[")
		p.expr(x.I)
		p.put("]")
	case *Deref:
		p.primary(x.X)
		p.put("->")
		p.name(x.Field)
	case *LambdaExpr:
		p.put("(")
		for i, n := range x.Params {
			if i > 0 {
				p.put(", ")
			}
			p.name(n)
		}
		p.put(") => ")
		p.expr(x.Body)
	case *Param:
		p.put("?")
	}
}

func (p *printer) literal(x *Literal) {
	switch x.Kind {
	case StringLiteral:
		p.put(quoteString(x.Text))
	case DecimalLiteral:
		if p.plain {
			p.put(decimalMessage(x.Text))
			return
		}
		p.put(x.Text)
	case NullLiteral:
		p.put("null")
	case BoolLiteral:
		p.put(strconv.FormatBool(x.Bool))
	default:
		p.put(x.Text)
	}
}

// unary keeps a minus apart from what it would join to another token.
func (p *printer) unary(x *Unary) {
	sign := "+"
	if x.Neg {
		sign = "-"
	}
	l, number := x.X.(*Literal)
	number = number && l.Kind >= IntegerLiteral && l.Kind <= DoubleLiteral
	if x.Neg && number && !p.plain && !strings.HasPrefix(l.Text, "-") {
		p.put("-(", l.Text, ")")
		return
	}
	inner := printer{plain: p.plain}
	inner.expr(x.X)
	text := inner.String()
	p.put(sign)
	if x.Neg && strings.HasPrefix(text, "-") {
		p.put(" ")
	}
	p.put(text)
}

func (p *printer) caseExpr(x *Case) {
	p.put("(CASE")
	if x.X != nil {
		p.put(" ")
		p.expr(x.X)
	}
	for _, w := range x.Whens {
		p.put(" WHEN ")
		p.expr(w.Cond)
		p.put(" THEN ")
		p.expr(w.Then)
	}
	if x.Else != nil {
		p.put(" ELSE ")
		p.expr(x.Else)
	}
	p.put(" END)")
}

func (p *printer) call(x *Call) {
	p.operandName(x.Name)
	switch {
	case x.Star && (!p.plain || x.Name == "COUNT"), p.plain && x.Name == "COUNT" && len(x.Args) == 0:
		p.put("(*)")
	default:
		p.put("(")
		p.list(x.Args)
		p.put(")")
	}
}

func exprString(e Expr) string {
	var p printer
	p.expr(e)
	return p.String()
}

// String is canonical SQL.
func (x *Literal) String() string { return exprString(x) }

// String is canonical SQL.
func (x *ColumnRef) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Binary) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Unary) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Not) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Between) String() string { return exprString(x) }

// String is canonical SQL.
func (x *In) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Like) String() string { return exprString(x) }

// String is canonical SQL.
func (x *IsNull) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Case) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Cast) String() string { return exprString(x) }

// String is canonical SQL.
func (x *ArrayCons) String() string { return exprString(x) }

// String is canonical SQL.
func (x *MapCons) String() string { return exprString(x) }

// String is canonical SQL.
func (x *StructCons) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Call) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Index) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Deref) String() string { return exprString(x) }

// String is canonical SQL.
func (x *LambdaExpr) String() string { return exprString(x) }

// String is canonical SQL.
func (x *Param) String() string { return exprString(x) }

package sql

import (
	"sort"
	"strconv"
	"unicode/utf8"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// raiser turns TiDB's tree of the lowered text into ours.
type raiser struct {
	*lowering
	starts []int // of the lines in the MySQL text
}

// src is the source token of a node: its offset gives the line, the line the lowered token.
func (r *raiser) src(n ast.Node) int {
	off := n.OriginTextPosition()
	return int(r.out[sort.SearchInts(r.starts, off+1)-1].src)
}

// tok is the source token behind a lowered name.
func tok(name string) int {
	i, _ := strconv.Atoi(name)
	return i
}

func columnTok(e ast.ExprNode) int {
	c, ok := e.(*ast.ColumnNameExpr)
	if !ok {
		return 0
	}
	return tok(c.Name.Name.O)
}

// raiseExpr raises what was lowered as DO expr.
func (l *lowering) raiseExpr() (e Expr) {
	l.parse(func(r *raiser, st ast.StmtNode) { e = r.expr(st.(*ast.DoStmt).Exprs[0]) })
	return e
}

// raiseInsert raises the columns and the values of an INSERT.
func (l *lowering) raiseInsert() (cols []string, vals []Expr) {
	l.parse(func(r *raiser, st ast.StmtNode) {
		in := st.(*ast.InsertStmt)
		for _, c := range in.Columns {
			cols = append(cols, r.name(tok(c.Name.O)))
		}
		vals = r.exprs(in.Lists[0])
	})
	return cols, vals
}

// raiseQuery fills q from what was lowered.
func (l *lowering) raiseQuery(q *Select) {
	l.parse(func(r *raiser, st ast.StmtNode) {
		s := st.(*ast.SelectStmt)
		for _, f := range s.Fields.Fields {
			q.Items = append(q.Items, r.item(f))
		}
		at := 0 // the star of "*" has no place in TiDB's tree; the list gives it
		for i := range q.Items {
			at = r.itemStart(at)
			q.Items[i].At = At{Pos(r.toks[r.out[at].src].off)}
			at = r.itemEnd(at)
		}
		r.joins(q, s.From.TableRefs)
		if s.Where != nil {
			q.Where = r.expr(s.Where)
		}
		if s.GroupBy != nil {
			q.GroupBy = r.by(s.GroupBy.Items)
		}
		if s.OrderBy != nil {
			q.PartitionBy = r.by(s.OrderBy.Items)
		}
		if s.Having != nil {
			q.Having = r.expr(s.Having.Expr)
		}
	})
}

// itemStart skips the SELECT or comma before an item of the lowered select list.
func (r *raiser) itemStart(at int) int { return at + 1 }

// itemEnd is where the item that starts at the lowered token ends: at the comma or FROM at its own level.
func (r *raiser) itemEnd(at int) int {
	open := 0
	for ; at < len(r.out); at++ {
		open += len(r.out[at].pre)
		switch s := r.out[at].sym; {
		case s == symOpen || s == symFunc || s >= symDeref:
			open++
		case s == symClose:
			open--
		case (s == symComma || s == symFrom) && open == 0:
			return at
		}
	}
	return at - 1
}

func (r *raiser) item(f *ast.SelectField) Item {
	it := Item{}
	if f.AsName.O != "" {
		it.HasAlias, it.Alias = true, r.name(tok(f.AsName.O))
	}
	if f.WildCard != nil {
		it.Star = true
		if t := f.WildCard.Table.O; t != "" {
			it.Source = r.name(tok(t))
		}
		return it
	}
	if c, ok := f.Expr.(*ast.FuncCallExpr); ok && c.FnName.O == "->*" {
		it.Fields, it.X = true, r.expr(c.Args[0])
		return it
	}
	it.X = r.expr(f.Expr)
	return it
}

func (r *raiser) joins(q *Select, j *ast.Join) {
	if left, ok := j.Left.(*ast.Join); ok {
		r.joins(q, left)
	} else {
		q.From = r.relationOf(j.Left)
	}
	if j.Right == nil {
		return
	}
	out := Join{Right: r.relationOf(j.Right), Within: r.withins[len(q.Joins)], On: r.expr(j.On.Expr)}
	out.At = out.Right.At
	switch {
	case j.StraightJoin:
		out.Kind = FullJoin
	case j.Tp == ast.LeftJoin:
		out.Kind = LeftJoin
	case j.Tp == ast.RightJoin:
		out.Kind = RightJoin
	}
	q.Joins = append(q.Joins, out)
}

func (r *raiser) relationOf(n ast.ResultSetNode) Relation {
	ts := n.(*ast.TableSource)
	i := tok(ts.Source.(*ast.TableName).Name.O)
	out := Relation{At: At{Pos(r.toks[i].off)}, Name: r.checkSource(i)}
	out.Alias = out.Name
	if ts.AsName.O != "" {
		out.Alias = r.checkSource(tok(ts.AsName.O))
	}
	return out
}

func (r *raiser) by(items []*ast.ByItem) []Expr {
	out := make([]Expr, len(items))
	for i, it := range items {
		out[i] = r.expr(it.Expr)
	}
	return out
}

func (r *raiser) exprs(es []ast.ExprNode) []Expr {
	out := make([]Expr, len(es))
	for i, e := range es {
		out[i] = r.expr(e)
	}
	return out
}

// binaryOp is our operator for TiDB's.
func binaryOp(o opcode.Op) (BinaryOp, bool) {
	switch o {
	case opcode.Plus:
		return OpAdd, true
	case opcode.Minus:
		return OpSub, true
	case opcode.Mul:
		return OpMul, true
	case opcode.Div:
		return OpDiv, true
	case opcode.Mod:
		return OpMod, true
	case opcode.EQ:
		return OpEq, true
	case opcode.NE:
		return OpNe, true
	case opcode.LT:
		return OpLt, true
	case opcode.LE:
		return OpLe, true
	case opcode.GT:
		return OpGt, true
	case opcode.GE:
		return OpGe, true
	case opcode.LogicAnd:
		return OpAnd, true
	case opcode.LogicOr:
		return OpOr, true
	}
	return 0, false
}

func (r *raiser) expr(e ast.ExprNode) Expr {
	if p, ok := e.(*ast.ParenthesesExpr); ok {
		return r.expr(p.Expr)
	}
	i := r.src(e)
	at := At{Pos(r.toks[i].off)}
	switch x := e.(type) {
	case ast.ParamMarkerExpr:
		return r.marker(i)
	case *ast.ColumnNameExpr:
		c := &ColumnRef{At: at, Name: r.name(tok(x.Name.Name.O))}
		if t := x.Name.Table.O; t != "" {
			c.Source = r.name(tok(t))
		}
		return c
	case *ast.UnaryOperationExpr:
		v := r.expr(x.V)
		if x.Op == opcode.Not {
			return &Not{at, v}
		}
		return &Unary{at, x.Op == opcode.Minus, v}
	case *ast.BinaryOperationExpr:
		return r.binary(at, x)
	case *ast.BetweenExpr:
		return negated(x.Not, at, &Between{at, r.expr(x.Expr), r.expr(x.Left), r.expr(x.Right)})
	case *ast.PatternInExpr:
		return negated(x.Not, at, &In{at, r.expr(x.Expr), r.exprs(x.List)})
	case *ast.PatternLikeOrIlikeExpr:
		return negated(x.Not, at, r.like(at, x))
	case *ast.IsNullExpr:
		return &IsNull{at, r.expr(x.Expr), x.Not}
	case *ast.CaseExpr:
		c := &Case{At: at}
		if x.Value != nil {
			c.X = r.expr(x.Value)
		}
		for _, w := range x.WhenClauses {
			c.Whens = append(c.Whens, When{r.expr(w.Expr), r.expr(w.Result)})
		}
		if x.ElseClause != nil {
			c.Else = r.expr(x.ElseClause)
		}
		return c
	case *ast.FuncCallExpr:
		return r.call(at, x)
	}
	return r.foreign(i)
}

// foreign refuses a node that no lowered text can give.
func (r *raiser) foreign(tok int) Expr {
	r.broken(tok)
	return nil
}

// paramNumber counts the parameters before a token.
func (p *parser) paramNumber(at int) int { return p.before + sort.SearchInts(p.params, at) }

func (r *raiser) marker(i int) Expr {
	t := r.toks[i]
	switch {
	case t.kind == paramToken:
		return &Param{At{Pos(t.off)}, r.paramNumber(i)}
	case timeUnit[t.word] != "":
		return &Literal{At: At{Pos(t.off)}, Kind: UnitLiteral, Text: wordText[t.word]}
	}
	return r.constant(i)
}

func (r *raiser) binary(at At, x *ast.BinaryOperationExpr) Expr {
	switch x.Op {
	case opcode.Or:
		return &Call{At: at, Name: "CONCAT", Args: []Expr{r.expr(x.L), r.expr(x.R)}}
	case opcode.NullEQ:
		f := x.R.(*ast.FuncCallExpr)
		return negated(f.FnName.O == "same", at, &Binary{at, OpDistinct, r.expr(x.L), r.expr(f.Args[0])})
	}
	op, ok := binaryOp(x.Op)
	if !ok {
		return r.foreign(r.src(x))
	}
	return &Binary{at, op, r.expr(x.L), r.expr(x.R)}
}

func (r *raiser) like(at At, x *ast.PatternLikeOrIlikeExpr) Expr {
	f := x.Pattern.(*ast.FuncCallExpr)
	out := &Like{At: at, X: r.expr(x.Expr), Pattern: r.expr(f.Args[0])}
	if len(f.Args) == 2 {
		i := r.src(f.Args[1])
		out.Escape = unquote(r.raw(i))
		if utf8.RuneCountInString(out.Escape) != 1 {
			r.note(i, r.location(i)+": Expected single character escape but got: "+out.Escape)
		}
	}
	return out
}

func negated(not bool, at At, e Expr) Expr {
	if not {
		return &Not{at, e}
	}
	return e
}

// call raises a function or a carrier.
func (r *raiser) call(at At, x *ast.FuncCallExpr) Expr {
	n := x.FnName.O
	if len(n) > 1 && n[0] == 'f' && isDigit(n[1]) {
		c := &Call{At: at, Name: upper(r.name(tok(n[1:])))}
		if len(x.Args) == 1 {
			if col, ok := x.Args[0].(*ast.ColumnNameExpr); ok && col.Name.Name.O == "*" {
				c.Star = true
				return c
			}
		}
		c.Args = r.exprs(x.Args)
		return c
	}
	switch n {
	case "->":
		return &Deref{at, r.expr(x.Args[0]), r.name(columnTok(x.Args[1]))}
	case "[]":
		return &Index{at, r.expr(x.Args[0]), r.expr(x.Args[1])}
	case "array":
		return &ArrayCons{at, r.exprs(x.Args)}
	case "map":
		m := &MapCons{At: at}
		for i := 0; i+1 < len(x.Args); i += 2 {
			m.Keys = append(m.Keys, r.expr(x.Args[i]))
			m.Values = append(m.Values, r.expr(x.Args[i+1]))
		}
		return m
	case "struct":
		s := &StructCons{At: at}
		for i := 0; i+1 < len(x.Args); i += 2 {
			s.Names = append(s.Names, r.name(columnTok(x.Args[i])))
			s.Values = append(s.Values, r.expr(x.Args[i+1]))
		}
		return s
	case "cast":
		return &Cast{at, r.expr(x.Args[0]), r.types[r.src(x.Args[1])]}
	case "=>":
		return r.lambda(at, x)
	case "type":
		return r.typed(at, x)
	}
	return r.foreign(r.src(x))
}

func (r *raiser) lambda(at At, x *ast.FuncCallExpr) Expr {
	last := len(x.Args) - 1
	out := &LambdaExpr{At: at}
	for _, p := range x.Args[:last] {
		out.Params = append(out.Params, r.name(columnTok(p)))
	}
	out.Body = r.expr(x.Args[last])
	Walk(out.Body, func(e Expr) bool {
		if in, ok := e.(*LambdaExpr); ok {
			for _, p := range in.Params {
				for _, q := range out.Params {
					if p == q {
						r.fault(r.src(x), "Reusing lambda arguments in nested lambda is not allowed")
						return false
					}
				}
			}
		}
		return true
	})
	return out
}

// typed raises NAME 'text'. Only DECIMAL, in quotes since the word is reserved, names a type here.
func (r *raiser) typed(at At, x *ast.FuncCallExpr) Expr {
	i, j := columnTok(x.Args[0]), r.src(x.Args[1])
	text := unquote(r.raw(j))
	out := &Literal{At: at, Kind: DecimalLiteral, Text: text}
	if n := r.name(i); n != "DECIMAL" {
		r.fault(i, "Unknown type: %s, location:%s", n, r.location(i))
		return out
	}
	l := lex(text, false)
	sign, t := "", 0
	if l.toks[0].word == wMinus {
		sign, t = "-", 1
	}
	if len(l.toks) != t+2 || !l.toks[t].number() || l.toks[t].kind == floatToken {
		r.fault(j, "Invalid numeric literal: %s", text)
		return out
	}
	out.Text = decimalText(sign, l.raw(t))
	return out
}

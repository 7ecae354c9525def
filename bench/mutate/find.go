package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// The kinds of changes: what a tired hand does.
const (
	kindCondition = "condition" // a condition, or a case of a switch, turned round
	kindBranch    = "branch"    // what stands behind an if or an else is never done
	kindBoundary  = "boundary"  // < and <=, > and >=
	kindEqual     = "equal"     // == and !=
	kindLogic     = "logic"     // && and ||
	kindSum       = "sum"       // + and -, += and -=, ++ and --, min and max
	kindConstant  = "constant"  // one too many, or too few
	kindTruth     = "truth"     // true and false
	kindDrop      = "drop"      // an assignment or a call is left out
	kindReturn    = "return"    // zero values are given back
	kindJump      = "jump"      // break and continue
)

// swapped is what an operator becomes, and the kind of that.
var swapped = map[token.Token]struct {
	to   token.Token
	kind string
}{
	token.LSS: {token.LEQ, kindBoundary}, token.LEQ: {token.LSS, kindBoundary},
	token.GTR: {token.GEQ, kindBoundary}, token.GEQ: {token.GTR, kindBoundary},
	token.EQL: {token.NEQ, kindEqual}, token.NEQ: {token.EQL, kindEqual},
	token.LAND: {token.LOR, kindLogic}, token.LOR: {token.LAND, kindLogic},
	token.ADD: {token.SUB, kindSum}, token.SUB: {token.ADD, kindSum},
	token.ADD_ASSIGN: {token.SUB_ASSIGN, kindSum}, token.SUB_ASSIGN: {token.ADD_ASSIGN, kindSum},
	token.INC: {token.DEC, kindSum}, token.DEC: {token.INC, kindSum},
	token.BREAK: {token.CONTINUE, kindJump}, token.CONTINUE: {token.BREAK, kindJump},
}

// finder lists the changes of a file. It does not know types: what does not compile is found out later.
type finder struct {
	name string
	src  []byte
	fset *token.FileSet
	out  []change
	seen map[change]bool
	skip map[any]bool // nodes that a node around them has left out
}

func (f *finder) off(p token.Pos) int { return f.fset.Position(p).Offset }

func (f *finder) text(n ast.Node) string { return string(f.src[f.off(n.Pos()):f.off(n.End())]) }

func (f *finder) add(kind string, from, to token.Pos, text string) {
	c := change{file: f.name, kind: kind, line: f.fset.Position(from).Line, off: f.off(from), end: f.off(to), text: text}
	if !f.seen[c] {
		f.seen[c] = true
		f.out = append(f.out, c)
	}
}

func (f *finder) swap(op token.Token, at token.Pos) {
	if s, ok := swapped[op]; ok {
		f.add(s.kind, at, at+token.Pos(len(op.String())), s.to.String())
	}
}

func (f *finder) decl(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Body != nil && leftFuncs[d.Name.Name] == "" {
			f.walk(d.Body, d.Type)
		}
	case *ast.GenDecl: // constants are limits that were chosen, or names of cases
		if d.Tok == token.VAR {
			f.walk(d, nil)
		}
	}
}

// walk goes through the body of a function.
func (f *finder) walk(body ast.Node, of *ast.FuncType) {
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil || f.skip[n] {
			return false
		}
		if lit, ok := n.(*ast.FuncLit); ok {
			f.walk(lit.Body, lit.Type)
			return false
		}
		switch n := n.(type) {
		case ast.Stmt:
			return f.stmt(n, of)
		case ast.Expr:
			return f.expr(n)
		case *ast.GenDecl:
			return n.Tok == token.VAR
		}
		return true
	})
}

func (f *finder) stmt(n ast.Stmt, of *ast.FuncType) bool {
	switch n := n.(type) {
	case *ast.BlockStmt:
		f.drops(n.List)
	case *ast.CommClause:
		f.drops(n.Body)
	case *ast.CaseClause:
		f.drops(n.Body)
	case *ast.SwitchStmt:
		for _, s := range n.Body.List {
			for _, x := range s.(*ast.CaseClause).List {
				if n.Tag == nil {
					f.negate(x)
				} else {
					f.skip[x] = true // another case then has no name, or two have it
				}
			}
		}
	case *ast.IfStmt:
		if !aboutError(n.Cond) {
			f.negate(n.Cond)
			f.add(kindBranch, n.Cond.Pos(), n.Cond.End(), "false && ("+f.text(n.Cond)+")")
		}
		if b, ok := n.Else.(*ast.BlockStmt); ok && len(b.List) > 0 {
			f.add(kindBranch, b.Pos(), b.End(), "{}")
		}
	case *ast.ForStmt:
		if n.Post != nil {
			f.skip[n.Post] = true // it would go on for ever
		}
	case *ast.IncDecStmt:
		f.swap(n.Tok, n.TokPos)
	case *ast.AssignStmt:
		f.swap(n.Tok, n.TokPos)
	case *ast.BranchStmt:
		if n.Label == nil {
			f.swap(n.Tok, n.TokPos)
		}
	case *ast.ReturnStmt:
		f.zero(n, of)
		if mentionsError(n) {
			for _, x := range n.Results {
				if _, ok := x.(*ast.BasicLit); ok {
					f.skip[x] = true // nobody looks at what stands beside an error
				}
			}
		}
	}
	return true
}

func (f *finder) expr(n ast.Expr) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		full, last := called(n.Fun)
		switch {
		case leftCalls[full] != "":
			return false
		case full == "make":
			for _, a := range n.Args[min(2, len(n.Args)):] {
				f.skip[a] = true // room
			}
		case full == "min" || full == "max":
			other := map[string]string{"min": "max", "max": "min"}[last]
			f.add(kindSum, n.Fun.Pos(), n.Fun.End(), other)
		}
	case *ast.ArrayType:
		return false
	case *ast.BinaryExpr:
		if aboutError(n) || n.Op == token.SHL || n.Op == token.SHR {
			return false
		}
		f.swap(n.Op, n.OpPos)
	case *ast.UnaryExpr:
		if lit, ok := n.X.(*ast.BasicLit); ok && n.Op == token.SUB {
			f.skip[lit] = true // -1 is a sign, no number
		}
		if n.Op == token.NOT {
			f.add(kindCondition, n.Pos(), n.End(), f.text(n.X))
		}
	case *ast.BasicLit:
		f.constant(n)
	case *ast.Ident:
		if n.Name == "true" || n.Name == "false" {
			f.add(kindTruth, n.Pos(), n.End(), strconv.FormatBool(n.Name == "false"))
		}
	}
	return true
}

// negate turns a condition round, unless a change of its operator is the same.
func (f *finder) negate(x ast.Expr) {
	switch y := x.(type) {
	case *ast.UnaryExpr:
		if y.Op == token.NOT {
			return
		}
	case *ast.BinaryExpr:
		if y.Op == token.EQL || y.Op == token.NEQ {
			return
		}
	case *ast.Ident:
		if y.Name == "true" || y.Name == "false" {
			return
		}
	}
	f.add(kindCondition, x.Pos(), x.End(), "!("+f.text(x)+")")
}

func (f *finder) constant(n *ast.BasicLit) {
	if n.Kind != token.INT {
		return
	}
	v, err := strconv.Atoi(n.Value) // others than plain decimal ones are masks and sizes
	switch {
	case err != nil || v > largestConstant:
	case v == 1:
		f.add(kindConstant, n.Pos(), n.End(), "0")
	default:
		f.add(kindConstant, n.Pos(), n.End(), strconv.Itoa(v+1))
	}
}

// drops leaves out statements of a list, one at a time.
func (f *finder) drops(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE || !slices.ContainsFunc(s.Lhs, func(x ast.Expr) bool { return f.text(x) != "_" }) {
				continue
			}
		case *ast.IncDecStmt:
		case *ast.ExprStmt:
			c, ok := s.X.(*ast.CallExpr)
			if !ok {
				continue
			}
			if full, last := called(c.Fun); leftCalls[full] != "" || leftDrops[last] != "" {
				continue
			}
		default:
			continue
		}
		f.add(kindDrop, s.Pos(), s.End(), "")
	}
}

// zero gives back zero values for what a return gives back. One that gives an error back stays: the branch around it
// is another change.
func (f *finder) zero(n *ast.ReturnStmt, of *ast.FuncType) {
	if len(n.Results) == 0 || of == nil || of.Results == nil || mentionsError(n) {
		return
	}
	plain := true
	for _, x := range n.Results {
		switch x := x.(type) {
		case *ast.Ident:
			plain = plain && (x.Name == "nil" || x.Name == "true" || x.Name == "false")
		case *ast.BasicLit:
			plain = plain && (x.Value == "0" || x.Value == "1" || x.Value == `""`)
		case *ast.CompositeLit:
			plain = plain && len(x.Elts) == 0
		default:
			plain = false
		}
	}
	if plain {
		return
	}
	var zeros []string
	for _, r := range of.Results.List {
		for range max(1, len(r.Names)) {
			zeros = append(zeros, fmt.Sprintf("*new(%s)", f.text(r.Type)))
		}
	}
	f.add(kindReturn, n.Pos(), n.End(), "return "+strings.Join(zeros, ", "))
}

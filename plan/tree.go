package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// rewrite copies e from the top down: where swap answers with an expression, that stands there instead and
// is not looked into. A name that an enclosing lambda declares is no column, and swap is not asked.
func rewrite(e sql.Expr, swap func(sql.Expr) sql.Expr) sql.Expr {
	return rewriter{swap: swap}.expr(e)
}

type rewriter struct {
	swap   func(sql.Expr) sql.Expr
	params []string // of enclosing lambdas
}

func (r rewriter) expr(e sql.Expr) sql.Expr {
	if e == nil {
		return nil
	}
	if c, ok := e.(*sql.ColumnRef); ok && c.Source == "" && slices.Contains(r.params, c.Name) {
		return e
	}
	if s := r.swap(e); s != nil {
		return s
	}
	switch e := e.(type) {
	case *sql.Binary:
		c := *e
		c.L, c.R = r.expr(e.L), r.expr(e.R)
		return &c
	case *sql.Unary:
		c := *e
		c.X = r.expr(e.X)
		return &c
	case *sql.Not:
		c := *e
		c.X = r.expr(e.X)
		return &c
	case *sql.Between:
		c := *e
		c.X, c.Lo, c.Hi = r.expr(e.X), r.expr(e.Lo), r.expr(e.Hi)
		return &c
	case *sql.In:
		c := *e
		c.X, c.List = r.expr(e.X), r.all(e.List)
		return &c
	case *sql.Like:
		c := *e
		c.X, c.Pattern = r.expr(e.X), r.expr(e.Pattern)
		return &c
	case *sql.IsNull:
		c := *e
		c.X = r.expr(e.X)
		return &c
	case *sql.Case:
		c := *e
		c.X, c.Else = r.expr(e.X), r.expr(e.Else)
		c.Whens = make([]sql.When, len(e.Whens))
		for i, w := range e.Whens {
			c.Whens[i] = sql.When{Cond: r.expr(w.Cond), Then: r.expr(w.Then)}
		}
		return &c
	case *sql.Cast:
		c := *e
		c.X = r.expr(e.X)
		return &c
	case *sql.ArrayCons:
		c := *e
		c.Items = r.all(e.Items)
		return &c
	case *sql.MapCons:
		c := *e
		c.Keys, c.Values = r.all(e.Keys), r.all(e.Values)
		return &c
	case *sql.StructCons:
		c := *e
		c.Values = r.all(e.Values)
		return &c
	case *sql.Call:
		c := *e
		c.Args = r.all(e.Args)
		return &c
	case *sql.Index:
		c := *e
		c.X, c.I = r.expr(e.X), r.expr(e.I)
		return &c
	case *sql.Deref:
		c := *e
		c.X = r.expr(e.X)
		return &c
	case *sql.LambdaExpr:
		c := *e
		inner := r
		inner.params = append(slices.Clone(r.params), e.Params...)
		c.Body = inner.expr(e.Body)
		return &c
	}
	return e
}

func (r rewriter) all(es []sql.Expr) []sql.Expr {
	if es == nil {
		return nil
	}
	out := make([]sql.Expr, len(es))
	for i, e := range es {
		out[i] = r.expr(e)
	}
	return out
}

// visit calls see for e and its parts from the top down, those for which it answers false not being looked into.
// Parameters of lambdas are left out.
func visit(e sql.Expr, see func(sql.Expr) bool) { visitUnder(nil, e, see) }

// visitUnder is visit within lambdas of these parameters.
func visitUnder(params []string, e sql.Expr, see func(sql.Expr) bool) {
	sql.Walk(e, func(e sql.Expr) bool {
		switch x := e.(type) {
		case *sql.ColumnRef:
			if x.Source == "" && slices.Contains(params, x.Name) {
				return false
			}
		case *sql.LambdaExpr:
			if see(x) {
				visitUnder(append(slices.Clone(params), x.Params...), x.Body, see)
			}
			return false
		}
		return see(e)
	})
}

// references are the column references in e, in order.
func references(e sql.Expr) []*sql.ColumnRef {
	var out []*sql.ColumnRef
	visit(e, func(e sql.Expr) bool {
		if c, ok := e.(*sql.ColumnRef); ok {
			out = append(out, c)
		}
		return true
	})
	return out
}

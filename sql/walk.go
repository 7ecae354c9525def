package sql

import "slices"

// Walk visits e and, where visit gives true, what is inside it, from left to right.
func Walk(e Expr, visit func(Expr) bool) {
	if e == nil || !visit(e) {
		return
	}
	switch x := e.(type) {
	case *Binary:
		Walk(x.L, visit)
		Walk(x.R, visit)
	case *Unary:
		Walk(x.X, visit)
	case *Not:
		Walk(x.X, visit)
	case *Between:
		Walk(x.X, visit)
		Walk(x.Lo, visit)
		Walk(x.Hi, visit)
	case *In:
		Walk(x.X, visit)
		walkAll(x.List, visit)
	case *Like:
		Walk(x.X, visit)
		Walk(x.Pattern, visit)
	case *IsNull:
		Walk(x.X, visit)
	case *Case:
		Walk(x.X, visit)
		for _, w := range x.Whens {
			Walk(w.Cond, visit)
			Walk(w.Then, visit)
		}
		Walk(x.Else, visit)
	case *Cast:
		Walk(x.X, visit)
	case *ArrayCons:
		walkAll(x.Items, visit)
	case *MapCons:
		for i := range x.Keys {
			Walk(x.Keys[i], visit)
			Walk(x.Values[i], visit)
		}
	case *StructCons:
		walkAll(x.Values, visit)
	case *Call:
		walkAll(x.Args, visit)
	case *Index:
		Walk(x.X, visit)
		Walk(x.I, visit)
	case *Deref:
		Walk(x.X, visit)
	case *LambdaExpr:
		Walk(x.Body, visit)
	}
}

func walkAll(es []Expr, visit func(Expr) bool) {
	for _, e := range es {
		Walk(e, visit)
	}
}

// Rewrite gives e with every node replaced by what f makes of it, inner nodes first. Nodes in which nothing
// changes are shared with e, which itself stays as it was.
func Rewrite(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	r := rewriter{f: f}
	switch x := e.(type) {
	case *Binary:
		if l, rr := r.one(x.L), r.one(x.R); r.changed {
			e = &Binary{x.At, x.Op, l, rr}
		}
	case *Unary:
		if y := r.one(x.X); r.changed {
			e = &Unary{x.At, x.Neg, y}
		}
	case *Not:
		if y := r.one(x.X); r.changed {
			e = &Not{x.At, y}
		}
	case *Between:
		if y, lo, hi := r.one(x.X), r.one(x.Lo), r.one(x.Hi); r.changed {
			e = &Between{x.At, y, lo, hi}
		}
	case *In:
		if y, list := r.one(x.X), r.all(x.List); r.changed {
			e = &In{x.At, y, list}
		}
	case *Like:
		if y, p := r.one(x.X), r.one(x.Pattern); r.changed {
			e = &Like{x.At, y, p, x.Escape}
		}
	case *IsNull:
		if y := r.one(x.X); r.changed {
			e = &IsNull{x.At, y, x.Not}
		}
	case *Case:
		y := r.one(x.X)
		whens := slices.Clone(x.Whens)
		for i, w := range whens {
			whens[i] = When{r.one(w.Cond), r.one(w.Then)}
		}
		if other := r.one(x.Else); r.changed {
			e = &Case{x.At, y, whens, other}
		}
	case *Cast:
		if y := r.one(x.X); r.changed {
			e = &Cast{x.At, y, x.Type}
		}
	case *ArrayCons:
		if items := r.all(x.Items); r.changed {
			e = &ArrayCons{x.At, items}
		}
	case *MapCons:
		if ks, vs := r.all(x.Keys), r.all(x.Values); r.changed {
			e = &MapCons{x.At, ks, vs}
		}
	case *StructCons:
		if vs := r.all(x.Values); r.changed {
			e = &StructCons{x.At, x.Names, vs}
		}
	case *Call:
		if args := r.all(x.Args); r.changed {
			e = &Call{x.At, x.Name, x.Star, args}
		}
	case *Index:
		if y, i := r.one(x.X), r.one(x.I); r.changed {
			e = &Index{x.At, y, i}
		}
	case *Deref:
		if y := r.one(x.X); r.changed {
			e = &Deref{x.At, y, x.Field}
		}
	case *LambdaExpr:
		if body := r.one(x.Body); r.changed {
			e = &LambdaExpr{x.At, x.Params, body}
		}
	}
	return f(e)
}

type rewriter struct {
	f       func(Expr) Expr
	changed bool
}

func (r *rewriter) one(e Expr) Expr {
	out := Rewrite(e, r.f)
	r.changed = r.changed || out != e
	return out
}

func (r *rewriter) all(es []Expr) []Expr {
	out := slices.Clone(es)
	for i, e := range es {
		out[i] = r.one(e)
	}
	return out
}

// Equal reports whether a and b are the same tree, wherever they stand. Bound parameters compare by number.
func Equal(a, b Expr) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch x := a.(type) {
	case *Literal:
		y, ok := b.(*Literal)
		return ok && x.Kind == y.Kind && x.Text == y.Text && x.Bool == y.Bool
	case *ColumnRef:
		y, ok := b.(*ColumnRef)
		return ok && x.Source == y.Source && x.Name == y.Name
	case *Binary:
		y, ok := b.(*Binary)
		return ok && x.Op == y.Op && Equal(x.L, y.L) && Equal(x.R, y.R)
	case *Unary:
		y, ok := b.(*Unary)
		return ok && x.Neg == y.Neg && Equal(x.X, y.X)
	case *Not:
		y, ok := b.(*Not)
		return ok && Equal(x.X, y.X)
	case *Between:
		y, ok := b.(*Between)
		return ok && Equal(x.X, y.X) && Equal(x.Lo, y.Lo) && Equal(x.Hi, y.Hi)
	case *In:
		y, ok := b.(*In)
		return ok && Equal(x.X, y.X) && slices.EqualFunc(x.List, y.List, Equal)
	case *Like:
		y, ok := b.(*Like)
		return ok && x.Escape == y.Escape && Equal(x.X, y.X) && Equal(x.Pattern, y.Pattern)
	case *IsNull:
		y, ok := b.(*IsNull)
		return ok && x.Not == y.Not && Equal(x.X, y.X)
	case *Case:
		y, ok := b.(*Case)
		return ok && Equal(x.X, y.X) && Equal(x.Else, y.Else) && slices.EqualFunc(x.Whens, y.Whens, func(v, w When) bool {
			return Equal(v.Cond, w.Cond) && Equal(v.Then, w.Then)
		})
	case *Cast:
		y, ok := b.(*Cast)
		return ok && x.Type.Equal(y.Type) && Equal(x.X, y.X)
	case *ArrayCons:
		y, ok := b.(*ArrayCons)
		return ok && slices.EqualFunc(x.Items, y.Items, Equal)
	case *MapCons:
		y, ok := b.(*MapCons)
		return ok && slices.EqualFunc(x.Keys, y.Keys, Equal) && slices.EqualFunc(x.Values, y.Values, Equal)
	case *StructCons:
		y, ok := b.(*StructCons)
		return ok && slices.Equal(x.Names, y.Names) && slices.EqualFunc(x.Values, y.Values, Equal)
	case *Call:
		y, ok := b.(*Call)
		return ok && x.Name == y.Name && x.Star == y.Star && slices.EqualFunc(x.Args, y.Args, Equal)
	case *Index:
		y, ok := b.(*Index)
		return ok && Equal(x.X, y.X) && Equal(x.I, y.I)
	case *Deref:
		y, ok := b.(*Deref)
		return ok && x.Field == y.Field && Equal(x.X, y.X)
	case *LambdaExpr:
		y, ok := b.(*LambdaExpr)
		return ok && slices.Equal(x.Params, y.Params) && Equal(x.Body, y.Body)
	case *Param:
		y, ok := b.(*Param)
		return ok && x.N == y.N
	}
	return false
}

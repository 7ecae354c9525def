package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// Generic reports whether p, planned with bound parameters, is what would be planned with literals of their types
// in their places, whatever the values: every parameter is compared with a column for equality, and loses nothing
// as a value of the column's type.
func (p *Pull) Generic() bool {
	if p.Stream != nil || p.Filter == nil || !generic(p.Filter) {
		return false
	}
	return !slices.ContainsFunc(p.Items, func(it Item) bool { return bound(it.X) })
}

func generic(e Expr) bool {
	switch e := e.(type) {
	case *Param:
		return false
	case *Compare:
		col, left := e.L.(*Column)
		param, right := e.R.(*Param)
		if left && right {
			return e.Op == sql.OpEq && (param.T.Equal(col.T) || param.T.Kind == sql.Integer && (col.T.Kind == sql.Bigint || col.T.Kind == sql.Double))
		}
	}
	return !slices.ContainsFunc(e.children(), func(x Expr) bool { return !generic(x) })
}

package plan

import (
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// query is one SELECT and what it is for. It becomes steps in three moves: its scope says what names mean, its analysis
// what the clauses are, and a builder makes the steps.
type query struct {
	*Catalog
	env    *Env
	kind   QueryKind
	pull   bool   // a pull query: its rules differ a little
	sink   string // the sink's name; empty for transient queries
	text   string // the statement
	sel    *sql.Select
	params []sql.Type // of bound parameters
}

func (q *query) persistent() bool { return q.sink != "" }

func (q *query) statementName() string {
	if q.kind == PersistentInsert {
		return "INSERT INTO statement"
	}
	return "CREATE TABLE AS SELECT statement"
}

// newPlanner reports whether the property asks for ksqlDB's alternative planner: it keeps key columns in the
// order of the projection.
func (q *query) newPlanner() bool { return q.env.enabled("ksql.new.query.planner.enabled") }

// function is the function that x calls, nil when x is no call or the function is of another kind.
func (q *query) function(x sql.Expr, kind func(*fn.Variant) bool) *fn.Func {
	c, ok := x.(*sql.Call)
	if !ok {
		return nil
	}
	if f, ok := q.env.Functions.Lookup(c.Name); ok && len(f.Variants) > 0 && kind(&f.Variants[0]) {
		return f
	}
	return nil
}

func aggregates(v *fn.Variant) bool { return v.Agg != nil }

func givesRows(v *fn.Variant) bool { return v.Rows != nil }

// calls are the outermost calls in e of functions of that kind.
func (q *query) calls(e sql.Expr, kind func(*fn.Variant) bool) []*sql.Call {
	var out []*sql.Call
	visit(e, func(x sql.Expr) bool {
		if q.function(x, kind) == nil {
			return true
		}
		out = append(out, x.(*sql.Call))
		return false
	})
	return out
}

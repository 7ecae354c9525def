package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// selectItem is an entry of the select list. A star is expanded once the columns it stands for are known.
type selectItem struct {
	name  string
	alias bool // the user named it
	star  bool
	x     sql.Expr
}

// analysis is what the clauses of a query say. Nothing changes it once analyze has made it. Its expressions name columns
// without their source where there is one source only.
type analysis struct {
	*scope
	items       []selectItem
	where       sql.Expr
	having      sql.Expr
	groupBy     []sql.Expr
	partitionBy []sql.Expr
	groups      *finder[sql.Expr] // of groupBy
}

// analyze resolves every name of the query and checks what needs no types.
func (q *query) analyze() (*analysis, error) {
	s, err := q.open()
	if err != nil {
		return nil, err
	}
	a := &analysis{scope: s}
	if a.items, err = s.selected(); err != nil {
		return nil, err
	}
	if a.where, err = s.qualify(q.sel.Where); err != nil {
		return nil, err
	}
	if a.having, err = s.qualify(q.sel.Having); err != nil {
		return nil, err
	}
	if a.groupBy, err = s.qualifyAll(q.sel.GroupBy); err != nil {
		return nil, err
	}
	if a.partitionBy, err = s.qualifyAll(q.sel.PartitionBy); err != nil {
		return nil, err
	}
	a.groups = exprFinder(a.groupBy)
	if err := a.checkNames(); err != nil {
		return nil, err
	}
	if len(s.from) > 1 {
		return nil, errorf("JOIN is not available yet")
	}
	return a, a.checkFunctions()
}

// check is the rules that need the whole query. It reports whether the query aggregates.
func (q *analysis) check() (grouped bool, err error) {
	for _, r := range q.from {
		if q.persistent() && r.Kind == sql.TableKind && r.KeyWindow != nil {
			return false, errorf("KSQL does not support persistent queries on windowed tables.")
		}
	}
	if grouped, err = q.analyzeGroups(); err != nil {
		return false, err
	}
	if err := q.checkRows(grouped); err != nil {
		return false, err
	}
	if q.sel.Emit == sql.EmitFinal && (!grouped || q.sel.Window == nil) {
		return false, errorf("EMIT FINAL is only supported for windowed aggregations.")
	}
	return grouped, q.checkNewPlanner()
}

// checkNames reports columns that do not exist, and names that a result may not have.
func (q *analysis) checkNames() error {
	for _, it := range q.items {
		if it.star {
			continue
		}
		if it.alias && reserved(it.name) {
			if c, same := it.x.(*sql.ColumnRef); !same || c.Name != it.name {
				return errorf("`%s` is a reserved column name. You cannot use it as an alias for a column.", it.name)
			}
		}
		if q.persistent() && reserved(it.name) {
			return errorf("Reserved column name in select: `%s`. Please remove or alias the column.", it.name)
		}
	}
	for _, j := range q.sel.Joins {
		if err := q.checkOn(j.On); err != nil {
			return err
		}
	}
	if err := q.checkClause("WHERE", q.where); err != nil {
		return err
	}
	for _, e := range q.groupBy {
		if err := q.checkReferences("GROUP BY", e); err != nil {
			return err
		}
	}
	for _, e := range q.partitionBy {
		if err := q.checkReferences("PARTITION BY", e); err != nil {
			c, name := q.unresolved("PARTITION BY", e)
			if slices.ContainsFunc(q.items, func(i selectItem) bool { return i.name == c.Name }) {
				return errorf("%s '%s' must be a column in the source schema since PARTITION BY is applied on the input.", message(err), name)
			}
			return err
		}
	}
	if err := q.checkClause("HAVING", q.having); err != nil {
		return err
	}
	for _, it := range q.items {
		if it.star {
			continue
		}
		if err := q.checkReferences("SELECT", it.x); err != nil {
			return err
		}
	}
	return nil
}

// checkOn reports columns of a join's criteria that no source has.
func (q *analysis) checkOn(on sql.Expr) error {
	e, err := q.qualify(on)
	if err != nil {
		return err
	}
	if err := q.checkReferences("JOIN ON", e); err != nil {
		for _, c := range references(e) {
			if !slices.ContainsFunc(q.from, func(r relation) bool { return r.alias == c.Source && r.has(c.Name) }) {
				line, col := q.env.place(c.Offset, q.text)
				return errorf("Line: %d, Col: %d: %s", line, col, message(err))
			}
		}
		return err
	}
	return nil
}

func (q *analysis) checkClause(clause string, e sql.Expr) error {
	if e == nil {
		return nil
	}
	return q.checkReferences(clause, e)
}

// checkFunctions reports functions that do not exist, in the order of the clauses.
func (q *analysis) checkFunctions() error {
	var err error
	for _, e := range q.clauses() {
		visit(e, func(x sql.Expr) bool {
			if c, ok := x.(*sql.Call); ok && err == nil {
				if _, known := q.env.Functions.Lookup(c.Name); !known {
					err = errorf("Can't find any functions with the name '%s'", c.Name)
				}
			}
			return true
		})
	}
	return err
}

// clauses are all expressions of the query.
func (q *analysis) clauses() []sql.Expr {
	var out []sql.Expr
	for _, it := range q.items {
		if !it.star {
			out = append(out, it.x)
		}
	}
	if q.where != nil {
		out = append(out, q.where)
	}
	out = append(append(out, q.groupBy...), q.partitionBy...)
	if q.having != nil {
		out = append(out, q.having)
	}
	return out
}

// checkNewPlanner refuses what ksqlDB's alternative planner does not do.
func (q *analysis) checkNewPlanner() error {
	if !q.newPlanner() {
		return nil
	}
	for _, c := range []struct {
		name string
		has  bool
	}{
		{"WHERE", q.where != nil}, {"GROUP BY", q.sel.HasGroup}, {"HAVING", q.having != nil}, {"WINDOW", q.sel.Window != nil},
		{"PARTITION BY", q.sel.HasPart}, {"LIMIT", q.sel.Limit != nil},
	} {
		if c.has {
			return errorf("New query planner does not support %s", c.name)
		}
	}
	return nil
}

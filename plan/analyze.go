package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// query is one SELECT on its way to steps. After analyze its expressions name columns without their source.
type query struct {
	*Catalog
	env    *Env
	kind   QueryKind
	pull   bool   // a pull query: its rules differ a little
	sink   string // the sink's name; empty for transient queries
	text   string // the statement
	sel    *sql.Select
	from   []relation
	params []sql.Type // of bound parameters

	items       []selectItem
	where       sql.Expr
	having      sql.Expr
	groupBy     []sql.Expr
	partitionBy []sql.Expr
	names       *namer
	finders     *finders
	groups      *finder[sql.Expr] // of groupBy, once it is known

	checkResult func(sql.Schema) error // of a persistent query: what must hold for its columns before their keys are judged
}

// relation is a source in FROM or JOIN.
type relation struct {
	alias string
	*Source
	finders *finders
}

// selectItem is an entry of the select list. A star is expanded once the columns it stands for are known.
type selectItem struct {
	name  string
	alias bool // the user named it
	star  bool
	x     sql.Expr
}

func (q *query) persistent() bool { return q.sink != "" }

func (q *query) source() *Source { return q.from[0].Source }

// analyze resolves every name of the query and checks what needs no types.
func (q *query) analyze() error {
	q.finders = &finders{}
	if err := q.findSources(); err != nil {
		return err
	}
	if err := q.checkQualifiers(); err != nil {
		return err
	}
	if err := q.resolveItems(); err != nil {
		return err
	}
	for _, c := range []struct {
		in  sql.Expr
		out *sql.Expr
	}{{q.sel.Where, &q.where}, {q.sel.Having, &q.having}} {
		if c.in == nil {
			continue
		}
		var err error
		if *c.out, err = q.qualify(c.in); err != nil {
			return err
		}
	}
	var err error
	if q.groupBy, err = q.qualifyAll(q.sel.GroupBy); err != nil {
		return err
	}
	if q.partitionBy, err = q.qualifyAll(q.sel.PartitionBy); err != nil {
		return err
	}
	if err := q.checkShape(); err != nil {
		return err
	}
	if err := q.checkNames(); err != nil {
		return err
	}
	if len(q.from) > 1 {
		return errorf("JOIN is not available yet")
	}
	return q.checkFunctions()
}

func (q *query) findSources() error {
	rels := []sql.Relation{q.sel.From}
	for _, j := range q.sel.Joins {
		rels = append(rels, j.Right)
	}
	for _, r := range rels {
		s := q.Source(r.Name)
		if s == nil {
			return &sql.Error{Msg: "Exception while preparing statement: " + r.Name + " does not exist." + q.caseHint(r.Name, nil)}
		}
		q.from = append(q.from, relation{r.Alias, s, q.finders})
	}
	var clash []string
	for _, c := range q.source().Schema {
		if c.Name == rowPartition || c.Name == rowOffset {
			clash = append(clash, "`"+c.Name+"`")
		}
	}
	if len(clash) > 0 {
		return errorf("Your stream/table has columns with the same name as newly introduced pseudocolumns in ksqlDB, and cannot be queried as a result. The conflicting names are: %s.", strings.Join(clash, ", "))
	}
	return nil
}

// checkQualifiers wants every name before a dot to be a source of the query.
func (q *query) checkQualifiers() error {
	s := q.sel
	list := append(append([]sql.Expr{s.Where, s.Having}, s.GroupBy...), s.PartitionBy...)
	for _, j := range s.Joins {
		list = append(list, j.On)
	}
	unknown := ""
	for _, it := range s.Items {
		if it.Star && it.Source != "" && !q.alias(it.Source) {
			return unprepared("'%s' is not a valid stream/table name or alias.", it.Source)
		}
		list = append(list, it.X)
	}
	for _, e := range list {
		if e == nil {
			continue
		}
		for _, c := range references(e) {
			if c.Source != "" && !q.alias(c.Source) && unknown == "" {
				unknown = c.Source
			}
		}
	}
	if unknown != "" {
		return unprepared("'%s' is not a valid stream/table name or alias.", unknown)
	}
	return nil
}

// has reports whether the relation has a column of that name, pseudo columns and window bounds included.
func (r relation) has(name string) bool {
	return isPseudo(name) || isBound(name) && r.KeyWindow != nil || r.finders.column(r.Schema, name) >= 0
}

// qualify resolves the columns of e. With one source, names lose their qualifier; names that no source has stay.
func (q *query) qualify(e sql.Expr) (sql.Expr, error) {
	q.env.check()
	var err error
	out := rewrite(e, func(x sql.Expr) sql.Expr {
		switch x := x.(type) {
		case *sql.ColumnRef:
			c, e := q.resolveName(x)
			if e != nil && err == nil {
				err = e
			}
			return c
		case *sql.LambdaExpr:
			for _, p := range x.Params {
				for _, r := range q.from {
					if r.has(p) && err == nil {
						err = unprepared("Lambda function argument can't be a column name: %s", p)
					}
				}
			}
		}
		return nil
	})
	return out, err
}

// alias reports whether a source of the query goes by that name.
func (q *query) alias(name string) bool {
	return slices.ContainsFunc(q.from, func(r relation) bool { return r.alias == name })
}

func (q *query) qualifyAll(es []sql.Expr) ([]sql.Expr, error) {
	var out []sql.Expr
	for _, e := range es {
		x, err := q.qualify(e)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func (q *query) resolveName(c *sql.ColumnRef) (sql.Expr, error) {
	out := *c
	if c.Source != "" {
		if len(q.from) == 1 && q.visible(c.Name) { // else a message names it as it was written
			out.Source = ""
		}
		return &out, nil
	}
	var homes []string
	for _, r := range q.from {
		if r.has(c.Name) {
			homes = append(homes, r.alias)
		}
	}
	if len(homes) > 1 {
		for i, h := range homes {
			homes[i] = h + "." + c.Name
		}
		line, col := q.env.place(c.Offset, q.text)
		return &out, &sql.Error{Msg: fmt.Sprintf("Exception while preparing statement: Line: %d, Col: %d: Column '%s' is ambiguous. Could be %s.", line, col, c.Name, join(homes, "or"))}
	}
	if len(homes) == 1 && len(q.from) > 1 {
		out.Source = homes[0]
	}
	return &out, nil
}

// resolveItems names the select items and resolves their columns.
func (q *query) resolveItems() error {
	var existing []string
	for _, r := range q.from {
		for _, c := range r.Schema {
			existing = append(existing, c.Name)
		}
	}
	q.names = newNamer(existing)
	q.items = make([]selectItem, 0, len(q.sel.Items))
	for _, it := range q.sel.Items {
		if it.Star {
			q.items = append(q.items, selectItem{star: true})
			continue
		}
		x, err := q.qualify(it.X)
		if err != nil {
			return err
		}
		if it.Fields {
			if err := q.structItems(x); err != nil {
				return err
			}
			continue
		}
		item := selectItem{name: it.Alias, alias: it.HasAlias, x: x}
		if !it.HasAlias {
			item.name = q.itemName(x)
		}
		q.items = append(q.items, item)
	}
	return nil
}

// itemName is the name of an item that the user gave none. A column that several sources have takes its source's
// alias in front.
func (q *query) itemName(x sql.Expr) string {
	if c, ok := x.(*sql.ColumnRef); ok && len(q.from) > 1 && c.Source != "" {
		homes := 0
		for _, r := range q.from {
			if r.has(c.Name) {
				homes++
			}
		}
		if homes > 1 {
			return c.Source + "_" + c.Name
		}
	}
	return q.names.of(x)
}

// structItems expands x->*.
func (q *query) structItems(x sql.Expr) error {
	if len(q.from) > 1 {
		return nil
	}
	if err := q.checkReferences("SELECT", x); err != nil {
		return err
	}
	b, err := q.binder(q.scanSchema()).Bind(x)
	if err != nil {
		return err
	}
	if b.Type().Kind != sql.Struct {
		return errorf("Cannot resolve '%s->*': it is not a STRUCT", sql.Text(x))
	}
	for _, f := range b.Type().Fields {
		q.items = append(q.items, selectItem{name: f.Name, x: &sql.Deref{At: sql.At{Offset: x.Pos()}, X: x, Field: f.Name}})
	}
	return nil
}

// checkShape is the rules on which clauses go together.
func (q *query) checkShape() error {
	switch {
	case q.sel.HasGroup && q.sel.HasPart:
		return unprepared("Queries only support one of PARTITION BY and GROUP BY")
	case q.sel.HasGroup && len(q.groupBy) == 0:
		return errorf("GROUP BY requires at least one expression")
	case q.sel.HasPart && len(q.partitionBy) == 0:
		return errorf("PARTITION BY requires at least one expression")
	}
	for _, c := range []struct {
		name string
		list []sql.Expr
	}{{"GROUP BY", q.groupBy}, {"PARTITION BY", q.partitionBy}} {
		list := exprFinder(c.list)
		for i, e := range c.list {
			if list.find(&e) < i {
				return errorf("Duplicate %s expression: %s", c.name, sql.Text(q.qualified(e)))
			}
		}
	}
	return nil
}

// qualified is e with its source's alias before each column, as ksqlDB keeps it internally.
func (q *query) qualified(e sql.Expr) sql.Expr {
	q.env.check()
	return rewrite(e, func(x sql.Expr) sql.Expr {
		if c, ok := x.(*sql.ColumnRef); ok && c.Source == "" && len(q.from) == 1 && q.visible(c.Name) {
			out := *c
			out.Source = q.from[0].alias
			return &out
		}
		return nil
	})
}

// visible reports whether a clause may name that column: the bounds of the query's own window count.
func (q *query) visible(name string) bool {
	return isBound(name) && q.sel.Window != nil || slices.ContainsFunc(q.from, func(r relation) bool { return r.has(name) })
}

func (q *query) checkReferences(clause string, e sql.Expr) error {
	q.env.check()
	for _, c := range references(e) {
		name := c.Name
		known := q.visible(name)
		if c.Source != "" {
			name = c.Source + "." + name
			known = slices.ContainsFunc(q.from, func(r relation) bool { return r.alias == c.Source && r.has(c.Name) })
		}
		if known || len(q.from) > 1 && clause == "SELECT" && strings.HasPrefix(name, "ROWKEY") { // a join may make that key
			continue
		}
		msg := clause + " column '" + name + "' cannot be resolved."
		if clause == "PARTITION BY" && slices.ContainsFunc(q.items, func(i selectItem) bool { return i.name == c.Name }) {
			msg += " '" + name + "' must be a column in the source schema since PARTITION BY is applied on the input."
		}
		return errorf("%s", msg)
	}
	return nil
}

// checkNames reports columns that do not exist, and names that a result may not have.
func (q *query) checkNames() error {
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
func (q *query) checkOn(on sql.Expr) error {
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

func (q *query) checkClause(clause string, e sql.Expr) error {
	if e == nil {
		return nil
	}
	return q.checkReferences(clause, e)
}

// checkFunctions reports functions that do not exist, in the order of the clauses.
func (q *query) checkFunctions() error {
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
func (q *query) clauses() []sql.Expr {
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

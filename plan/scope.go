package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// scope is the names that a query can use: those of its relations, in their order.
type scope struct {
	*query
	from    []relation
	finders *finders
}

// relation is a source in FROM or JOIN, under its alias, or what stands there in its place: then the source is made up.
type relation struct {
	alias string
	*Source
	finders *finders
	reads   []*Source                           // the sources that its rows come from
	in      func(pseudo func(string) bool) Step // gives them; nil: the source is scanned
}

// scan reads the relation; pseudo tells which pseudo columns are wanted.
func (r *relation) scan(pseudo func(string) bool) Step {
	if r.in != nil {
		return r.in(pseudo)
	}
	return newScan(r.Source, pseudo)
}

// union is the relation of the rows of some streams with the same columns.
func (q *query) union(r sql.Relation, branches []string) (relation, error) {
	u := relation{alias: r.Alias}
	for _, name := range branches {
		s := q.Source(name)
		switch {
		case s == nil || s.Kind != sql.StreamKind:
			return u, errorf("UNION of %s: there is no stream %s", r.Name, name)
		case u.Source != nil && s.Schema.String() != u.Schema.String():
			return u, errorf("UNION of %s: %s has %s, not %s", r.Name, name, s.Schema, u.Schema)
		case u.Source == nil:
			made := *s
			made.Name = r.Name
			u.Source = &made
		}
		u.reads = append(u.reads, s)
	}
	u.in = func(pseudo func(string) bool) Step {
		out := &Union{}
		for _, s := range u.reads {
			out.Ins = append(out.Ins, newScan(s, pseudo))
		}
		out.Head = *out.Ins[0].Out()
		out.Name = "Union"
		return out
	}
	return u, nil
}

// has reports whether the relation has a column of that name, pseudo columns and window bounds included.
func (r relation) has(name string) bool {
	return isPseudo(name) || isBound(name) && r.KeyWindow != nil || r.finders.column(r.Schema, name) >= 0
}

// open finds the relations of a query.
func (q *query) open() (*scope, error) {
	s := &scope{query: q, finders: &finders{}}
	if err := s.findSources(); err != nil {
		return nil, err
	}
	return s, s.checkQualifiers()
}

func (q *scope) findSources() error {
	rels := []sql.Relation{q.sel.From}
	for _, j := range q.sel.Joins {
		rels = append(rels, j.Right)
	}
	for _, r := range rels {
		s := q.Source(r.Name)
		if s == nil && q.env.Unions != nil {
			if branches := q.env.Unions(r.Name); len(branches) > 0 {
				u, err := q.union(r, branches)
				if err != nil {
					return err
				}
				u.finders = q.finders
				q.from = append(q.from, u)
				continue
			}
		}
		if s == nil {
			return &sql.Error{Msg: "Exception while preparing statement: " + r.Name + " does not exist." + q.caseHint(r.Name, nil)}
		}
		q.from = append(q.from, relation{alias: r.Alias, Source: s, finders: q.finders, reads: []*Source{s}})
	}
	var clash []string
	for _, r := range q.from {
		for _, c := range r.Schema {
			if c.Name == rowPartition || c.Name == rowOffset {
				clash = append(clash, "`"+c.Name+"`")
			}
		}
	}
	if len(clash) > 0 {
		return errorf("Your stream/table has columns with the same name as newly introduced pseudocolumns in ksqlDB, and cannot be queried as a result. The conflicting names are: %s.", strings.Join(clash, ", "))
	}
	return nil
}

// checkQualifiers wants every name before a dot to be a source of the query.
func (q *scope) checkQualifiers() error {
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

// qualify resolves the columns of e. With one source, names lose their qualifier; names that no source has stay.
func (q *scope) qualify(e sql.Expr) (sql.Expr, error) {
	if e == nil {
		return nil, nil
	}
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
func (q *scope) alias(name string) bool {
	return slices.ContainsFunc(q.from, func(r relation) bool { return r.alias == name })
}

func (q *scope) qualifyAll(es []sql.Expr) ([]sql.Expr, error) {
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

func (q *scope) resolveName(c *sql.ColumnRef) (sql.Expr, error) {
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

// selected names the select items and resolves their columns.
func (q *scope) selected() ([]selectItem, error) {
	var existing []string
	for _, r := range q.from {
		for _, c := range r.Schema {
			existing = append(existing, c.Name)
		}
	}
	names := newNamer(existing)
	items := make([]selectItem, 0, len(q.sel.Items))
	for _, it := range q.sel.Items {
		if it.Star {
			items = append(items, selectItem{star: true})
			continue
		}
		x, err := q.qualify(it.X)
		if err != nil {
			return nil, err
		}
		if it.Fields {
			list, err := q.structItems(x)
			if err != nil {
				return nil, err
			}
			items = append(items, list...)
			continue
		}
		item := selectItem{name: it.Alias, alias: it.HasAlias, x: x}
		if !it.HasAlias {
			item.name = q.itemName(x, names)
		}
		items = append(items, item)
	}
	return items, nil
}

// structItems expands x->*.
func (q *scope) structItems(x sql.Expr) ([]selectItem, error) {
	if len(q.from) > 1 {
		return nil, nil
	}
	if err := q.checkReferences("SELECT", x); err != nil {
		return nil, err
	}
	b, err := q.binder(append(q.star(), allPseudo()...)).Bind(x)
	if err != nil {
		return nil, err
	}
	if b.Type().Kind != sql.Struct {
		return nil, errorf("Cannot resolve '%s->*': it is not a STRUCT", sql.Text(x))
	}
	var items []selectItem
	for _, f := range b.Type().Fields {
		items = append(items, selectItem{name: f.Name, x: &sql.Deref{At: sql.At{Offset: x.Pos()}, X: x, Field: f.Name}})
	}
	return items, nil
}

// itemName is the name of an item that the user gave none. A column that several sources have takes its source's
// alias in front.
func (q *scope) itemName(x sql.Expr, names *namer) string {
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
	return names.of(x)
}

// qualified is e with its source's alias before each column, as ksqlDB keeps it internally.
func (q *scope) qualified(e sql.Expr) sql.Expr {
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
func (q *scope) visible(name string) bool {
	return isBound(name) && q.sel.Window != nil || slices.ContainsFunc(q.from, func(r relation) bool { return r.has(name) })
}

// sources are the names of the sources the query reads.
func (q *scope) sources() []string {
	var out []string
	for _, r := range q.from {
		for _, s := range r.reads {
			out = append(out, s.Name)
		}
	}
	return out
}

// head is the source whose formats, partitions and retention a result inherits.
func (q *scope) head() *Source { return q.from[0].Source }

// shape is what rows of all relations together are.
func (q *scope) shape() Shape {
	for _, r := range q.from {
		if r.Kind == sql.StreamKind {
			return sql.StreamKind
		}
	}
	return sql.TableKind
}

// unresolved is the first column of e that is not there, and its name as it is written.
func (q *scope) unresolved(clause string, e sql.Expr) (c *sql.ColumnRef, name string) {
	q.env.check()
	for _, c := range references(e) {
		name := c.Name
		known := q.visible(name)
		if c.Source != "" {
			name = c.Source + "." + name
			known = slices.ContainsFunc(q.from, func(r relation) bool { return r.alias == c.Source && r.has(c.Name) })
		}
		if !known && !(len(q.from) > 1 && clause == "SELECT" && strings.HasPrefix(name, "ROWKEY")) { // a join may make that key
			return c, name
		}
	}
	return nil, ""
}

func (q *scope) checkReferences(clause string, e sql.Expr) error {
	if c, name := q.unresolved(clause, e); c != nil {
		return errorf("%s column '%s' cannot be resolved.", clause, name)
	}
	return nil
}

// together reports whether rows of one key have the same partition, whichever source they come from.
func (q *scope) together() bool {
	head := q.head()
	for _, r := range q.from {
		for _, s := range r.reads {
			if s.Partitions != head.Partitions || s.Key.describe(nil) != head.Key.describe(nil) {
				return false
			}
		}
	}
	return true
}

// star is the columns that * stands for.
func (q *scope) star() sql.Schema {
	var out sql.Schema
	for _, r := range q.from {
		out = append(out, scanColumns(r.Source)...)
	}
	return out
}

// binder binds names to the columns of a step, or to those of synth.
func (q *scope) binder(s sql.Schema) *Binder { return q.binderWith(s, nil) }

// binderWith also knows columns that stand for parts of the query, which their references print as.
func (q *scope) binderWith(s sql.Schema, synth map[*sql.ColumnRef]int) *Binder {
	b := newBinder(q.Catalog, q.env, func(c *sql.ColumnRef) (int, sql.Type, error) {
		if i, ok := synth[c]; ok {
			return i, s[i].Type, nil
		}
		if c.Source == "" {
			if i := q.finders.column(s, c.Name); i >= 0 {
				return i, s[i].Type, nil
			}
		}
		return 0, sql.Type{}, errorf("Unknown column %s.", sql.Text(c))
	})
	b.Params, b.finders = q.params, q.finders
	return b
}

func newBinder(c *Catalog, env *Env, column func(*sql.ColumnRef) (int, sql.Type, error)) *Binder {
	return &Binder{
		Functions: env.Functions,
		Column:    column,
		Named:     env.named(c),
		Config:    env.Props,
		check:     env.check,
	}
}

// bindArgs binds the arguments of an aggregate or table function.
func (q *scope) bindArgs(c *sql.Call, schema sql.Schema) ([]Expr, []fn.ArgType, error) {
	var args []Expr
	var types []fn.ArgType
	for _, a := range c.Args {
		x, err := q.binder(schema).Bind(a)
		if err != nil {
			return nil, nil, err
		}
		args = append(args, x)
		types = append(types, fn.ArgType{Type: x.Type()})
	}
	return args, types, nil
}

package plan

import (
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// Pull is a planned pull query. On a table it reads the state of a running query; on a stream it is a bounded
// query of its own (Stream).
type Pull struct {
	Source     *Source
	QueryID    string     // whose state answers
	Columns    sql.Schema // what Filter and Items are bound to: keys, WINDOWSTART and WINDOWEND if windowed, values, headers, ROWTIME
	Keys       [][]Expr   // keys to look up, each with one expression without columns per key column, of its type
	Range      *Range     // of the only key column; nil: none. Without Keys and Range all rows are read
	Start, End []Bound    // all must hold for the window; a narrowing only, Filter asks again
	Filter     Expr       // WHERE; nil: all rows
	Items      []Item     // the result's columns
	Schema     sql.Schema // of the result; KeyRole marks key columns and window bounds
	Limit      *int
	Stream     *Query // set for a stream: kind PullStream, to the end as of its start
}

// Range is an interval of a key in the byte order of its serialized form.
type Range struct {
	Lo, Hi         Expr // without columns, of the key's type; nil: open
	LoOpen, HiOpen bool // the bound itself is out
}

// Bound compares a window bound with an expression without columns.
type Bound struct {
	Op sql.BinaryOp
	X  Expr
}

// Printed is the result's schema as ksqlDB's answers print it: of header columns it says that they stand before the
// values, while the rows have them behind.
func (p *Pull) Printed() sql.Schema {
	if p.Stream != nil {
		return p.Schema
	}
	var out sql.Schema
	for _, role := range []sql.Role{sql.KeyRole, sql.HeadersRole, sql.ValueRole} {
		if role == sql.ValueRole && len(out) == p.Schema.Keys() {
			return p.Schema // no headers
		}
		for _, c := range p.Schema {
			if c.Role == role {
				out = append(out, c)
			}
		}
	}
	return out
}

const pullHint = " See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query."

// PlanPull plans a SELECT without EMIT. params are the types of bound parameters.
func PlanPull(c *Catalog, env *Env, s *sql.Select, text string, params ...sql.Type) (p *Pull, err error) {
	defer given(&err)
	q := &query{Catalog: c, env: env, text: text, kind: PullStream, pull: true, sel: s, params: params}
	p, err = q.planPull(text)
	if err != nil {
		return nil, withText(err, text)
	}
	return p, nil
}

func (q *query) planPull(text string) (*Pull, error) {
	if !q.env.enabled("ksql.pull.queries.enable") {
		return nil, errorf("Pull queries are disabled.%s\nPlease set ksql.pull.queries.enable=true to enable this feature.\n", pullHint)
	}
	if err := q.checkPull(); err != nil {
		return nil, err
	}
	a, err := q.analyze()
	if err != nil {
		return nil, err
	}
	return a.planPull(text)
}

func (q *analysis) planPull(text string) (*Pull, error) {
	if err := q.checkPullColumns(); err != nil {
		return nil, err
	}
	src := q.head()
	if src.Kind == sql.StreamKind {
		return q.pullStream(text)
	}
	if _, err := q.analyzeGroups(); err != nil {
		return nil, err
	}
	if err := q.checkRows(false); err != nil {
		return nil, err
	}
	p := &Pull{Source: src, QueryID: src.State, Limit: q.sel.Limit}
	p.Columns = append(scanColumns(src), pseudoColumn(rowTime, sql.TBigint))
	if err := q.pullItems(p); err != nil {
		return nil, err
	}
	if q.Query(src.State) == nil {
		return nil, errorf("The `%s` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_%s AS SELECT * FROM %s'.%s", src.Name, src.Name, src.Name, pullHint)
	}
	if q.where == nil {
		return p, q.access(p)
	}
	b := q.binder(p.Columns)
	b.late = true
	var err error
	if p.Filter, err = b.Predicate(q.where, "WHERE"); err != nil {
		return nil, err
	}
	if err := checkLike(p.Filter); err != nil {
		return nil, err
	}
	if err := q.access(p); err != nil {
		return nil, err
	}
	return p, b.later
}

// checkPull refuses the clauses that pull queries do not have.
func (q *query) checkPull() error {
	for _, c := range []struct {
		name string
		has  bool
	}{
		{"JOIN", len(q.sel.Joins) > 0}, {"WINDOW", q.sel.Window != nil}, {"GROUP BY", q.sel.HasGroup},
		{"PARTITION BY", q.sel.HasPart}, {"HAVING", q.sel.Having != nil},
	} {
		if c.has {
			return errorf("Pull queries don't support %s clauses.%s", c.name, pullHint)
		}
	}
	if l := q.sel.Limit; l != nil {
		if !q.env.enabled("ksql.query.pull.limit.clause.enabled") {
			return errorf("LIMIT clause in pull queries is currently disabled. You can enable them by setting ksql.query.pull.limit.clause.enabled=true.%s", pullHint)
		}
		if *l < 0 {
			return errorf("Pull queries don't support negative integers in the LIMIT clause.%s", pullHint)
		}
	}
	if q.sel.Emit != sql.EmitNone {
		return errorf("Pull queries don't support EMIT clauses.%s", pullHint)
	}
	return nil
}

// checkPullColumns refuses ROWPARTITION and ROWOFFSET, and stars beside other items.
func (q *analysis) checkPullColumns() error {
	list := func(es ...sql.Expr) string {
		var out []string
		for _, p := range []string{rowPartition, rowOffset} {
			for _, e := range es {
				found := false
				for _, c := range references(e) {
					found = found || c.Name == p
				}
				if found {
					out = append(out, "`"+p+"`")
					break
				}
			}
		}
		return strings.Join(out, ", ")
	}
	var items []sql.Expr
	stars := 0
	for _, it := range q.items {
		if it.star {
			stars++
		} else {
			items = append(items, it.x)
		}
	}
	if bad := list(items...); bad != "" {
		return errorf("Pull queries don't support the following columns in SELECT clauses: %s\n%s", bad, pullHint)
	}
	if q.where != nil {
		if bad := list(q.where); bad != "" {
			return errorf("Pull queries don't support the following columns in WHERE clauses: %s\n%s", bad, pullHint)
		}
	}
	if stars > 0 && len(q.items) > 1 && q.head().Kind == sql.TableKind {
		return errorf("Pull queries only support wildcards in the projects if they are the only expression")
	}
	return nil
}

// pullStream is a pull query on a stream: a query of its own, from the oldest row to the end as of now.
func (q *analysis) pullStream(text string) (*Pull, error) {
	if !q.env.enabled("ksql.query.pull.stream.enabled") {
		return nil, errorf("Pull queries on streams are disabled. To create a push query on the stream, add EMIT CHANGES to the end. To enable pull queries on streams, set the ksql.query.pull.stream.enabled config to 'true'.")
	}
	root, err := q.builder().plan()
	if err != nil {
		return nil, err
	}
	run := q.finish(root, "", text)
	for i := range run.Schema {
		run.Schema[i].Role, run.Schema[i].Header = sql.ValueRole, ""
	}
	for topic := range run.Earliest {
		run.Earliest[topic] = true
	}
	return &Pull{Source: q.head(), Stream: run, Schema: run.Schema, Limit: run.Limit}, nil
}

func (q *analysis) pullItems(p *Pull) error {
	b := q.binder(p.Columns)
	values := map[string]bool{}
	for _, it := range expand(q.items, p.Columns, q.persistent()) {
		x, err := bindItem(b, it.x)
		if err != nil {
			return err
		}
		col := sql.Column{Field: sql.Field{Name: it.name, Type: x.Type()}}
		if c, ok := x.(*Column); ok {
			of := p.Columns[c.Index]
			switch {
			case of.Role == sql.KeyRole || isBound(of.Name) && of.Role == sql.PseudoRole:
				col.Role = sql.KeyRole
			case of.Role == sql.HeadersRole:
				col.Role, col.Header = of.Role, of.Header
			}
		}
		if col.Role != sql.KeyRole {
			if values[col.Name] {
				return errorf("Duplicate value columns found in schema: `%s` %s", col.Name, col.Type)
			}
			values[col.Name] = true
		}
		p.Items = append(p.Items, Item{Name: it.name, X: x})
		p.Schema = append(p.Schema, col)
	}
	return nil
}

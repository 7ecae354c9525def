package plan

import (
	"github.com/ksqlgo/ksql/sql"
)

// plan builds the steps of the analyzed query up to its projection.
func (q *query) plan() (Step, error) {
	src := q.source()
	if q.persistent() && src.Kind == sql.TableKind && src.KeyWindow != nil {
		return nil, errorf("KSQL does not support persistent queries on windowed tables.")
	}
	grouped, err := q.analyzeGroups()
	if err != nil {
		return nil, err
	}
	if err := q.checkRows(grouped); err != nil {
		return nil, err
	}
	if q.sel.Emit == sql.EmitFinal && (!grouped || q.sel.Window == nil) {
		return nil, errorf("EMIT FINAL is only supported for windowed aggregations.")
	}
	if err := q.checkNewPlanner(); err != nil {
		return nil, err
	}
	var in Step = q.scan(grouped)
	if src.Kind == sql.TableKind && (q.persistent() || q.where != nil || grouped) {
		h := *in.Out()
		h.Name = "KsqlTopic-Reduce"
		in = &Latest{Head: h, State: "Latest", In: in}
	}
	if q.where != nil {
		if in, err = q.filter(in, q.where, "WHERE", "WhereFilter", nil); err != nil {
			return nil, err
		}
	}
	if q.sel.HasPart {
		if in, err = q.rekey(in); err != nil {
			return nil, err
		}
	}
	if grouped {
		return q.group(in)
	}
	star := in.Out().Schema
	in, synth, err := q.flatMap(in)
	if err != nil {
		return nil, err
	}
	return q.project(in, star, synth)
}

// scanSchema is the source's columns as a scan gives them, without pseudo columns but with all names bindable.
func (q *query) scanSchema() sql.Schema {
	return append(scanColumns(q.source()), allPseudo()...)
}

func allPseudo() []sql.Column {
	var out []sql.Column
	for _, p := range pseudoTypes {
		out = append(out, pseudoColumn(p.Name, p.Type))
	}
	return out
}

// scan reads the query's source, with the pseudo columns that its clauses name. The rows of a table may be remembered
// for what CREATE OR REPLACE will name.
func (q *query) scan(grouped bool) *Scan {
	if q.persistent() && q.source().Kind == sql.TableKind {
		return newScan(q.source(), func(string) bool { return true })
	}
	used := map[string]bool{}
	for _, e := range q.clauses() {
		for _, c := range references(e) {
			used[c.Name] = true
		}
		for _, c := range q.calls(e, aggregates) {
			if grouped && len(c.Args) == 0 {
				used[rowTime] = true
			}
		}
	}
	return newScan(q.source(), func(name string) bool { return used[name] })
}

// binder binds names to the columns of a step, or to those of synth.
func (q *query) binder(s sql.Schema) *Binder { return q.binderWith(s, nil) }

// binderWith also knows columns that stand for parts of the query, which their references print as.
func (q *query) binderWith(s sql.Schema, synth map[*sql.ColumnRef]int) *Binder {
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

// checkNewPlanner refuses what ksqlDB's alternative planner does not do.
func (q *query) checkNewPlanner() error {
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

// newPlanner reports whether the property asks for ksqlDB's alternative planner: it keeps key columns in the
// order of the projection.
func (q *query) newPlanner() bool { return q.env.enabled("ksql.new.query.planner.enabled", false) }

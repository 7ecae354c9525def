package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// builder makes the steps of an analyzed query. The select items become its own: it puts columns of its steps in the
// place of what they compute.
type builder struct {
	*analysis
	items       []selectItem
	checkResult func(sql.Schema) error // of a persistent query: what must hold for its columns before their keys are judged
}

func (q *analysis) builder() *builder { return &builder{analysis: q, items: slices.Clone(q.items)} }

// plan builds the steps up to the projection.
func (q *builder) plan() (Step, error) {
	grouped, err := q.check()
	if err != nil {
		return nil, err
	}
	in := q.read(&q.from[0], grouped)
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

// read is the rows of a relation, with the pseudo columns that the query's clauses name. The rows of a table may be
// remembered for what CREATE OR REPLACE will name.
func (q *builder) read(r *relation, grouped bool) Step {
	table := r.Kind == sql.TableKind
	if !table {
		return r.scan(q.pseudo())
	}
	pseudo := q.pseudo()
	if q.persistent() {
		pseudo = func(string) bool { return true }
	}
	in := r.scan(pseudo)
	if !q.persistent() && q.where == nil && !grouped {
		return in
	}
	h := *in.Out()
	h.Name = "KsqlTopic-Reduce"
	return &Latest{Head: h, State: "Latest", In: in}
}

// pseudo tells which pseudo columns the query's clauses name; COUNT(*) counts ROWTIME.
func (q *builder) pseudo() func(string) bool {
	used := map[string]bool{}
	for _, e := range q.clauses() {
		for _, c := range references(e) {
			used[c.Name] = true
		}
		for _, c := range q.calls(e, aggregates) {
			if len(c.Args) == 0 {
				used[rowTime] = true
			}
		}
	}
	return func(name string) bool { return used[name] }
}

package plan

import (
	"github.com/ksqlgo/ksql/sql"
)

// PlanPush plans SELECT ... EMIT. The query's id is the caller's to give; params are the types of bound parameters.
func PlanPush(c *Catalog, env *Env, s *sql.Select, text string, params ...sql.Type) (run *Query, err error) {
	defer given(&err)
	q := &query{Catalog: c, env: env, text: text, kind: Push, sel: s, params: params}
	run, err = q.push(text)
	if err != nil {
		return nil, withText(err, text)
	}
	return run, nil
}

func (q *query) push(text string) (*Query, error) {
	a, err := q.analyze()
	if err != nil {
		return nil, err
	}
	root, err := a.builder().plan()
	if err != nil {
		return nil, err
	}
	if l := q.sel.Limit; l != nil && *l < 0 {
		return nil, errorf("Push queries don't support negative integers in the LIMIT clause.")
	}
	run := a.finish(root, "", text)
	for i := range run.Schema {
		run.Schema[i].Role, run.Schema[i].Header = sql.ValueRole, ""
	}
	return run, nil
}

package httpapi

import (
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/sql"
)

// statements is POST /ksql: everything but queries. The answer is one entity for each statement that has one.
func (a *api) statements(c *call) {
	body, ok := c.body()
	if !ok {
		return
	}
	r, err := decode(body, ksqlRequest)
	if err != nil {
		c.fail(err, atStatements, "")
		return
	}
	out, err := a.execute(c, r)
	if err != nil {
		c.fail(err, atStatements, r.text)
		return
	}
	if out == nil {
		out = []stmt.Result{}
	}
	c.ok(out)
}

func (a *api) execute(c *call, r *request) ([]stmt.Result, error) {
	if err := a.run.Alive(); err != nil {
		return nil, err
	}
	if err := a.reach(c, r.sequence); err != nil {
		return nil, err
	}
	props, err := a.override(r.props)
	if err != nil {
		return nil, err
	}
	list, err := sql.Parse(r.text, a.variables(r))
	if err != nil {
		return nil, err
	}
	return stmt.Run(c.r.Context(), a.run, &stmt.Request{Props: props, Vars: r.vars}, list)
}

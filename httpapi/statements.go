package httpapi

import (
	"github.com/ksqlgo/ksql"
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
	c.answer(append(out, ']'))
}

// execute runs the statements. Each answer becomes JSON when it comes: many short statements can have long ones.
func (a *api) execute(c *call, r *request) ([]byte, error) {
	if err := a.server.Alive(); err != nil {
		return nil, err
	}
	if err := a.reach(c, r.sequence); err != nil {
		return nil, err
	}
	if err := a.server.CheckProperties(r.props); err != nil {
		return nil, err
	}
	list, err := c.parse(r.text, a.variables(r))
	if err != nil {
		return nil, err
	}
	out := []byte{'['}
	err = a.server.Run(c.r.Context(), list, func(x ksql.Result) error {
		b, err := marshal(x)
		if err != nil {
			return err
		}
		if len(out)+len(b) > small {
			if err := c.hold(2 * int64(len(b))); err != nil { // a slice may have twice what it needs
				return err
			}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, b...)
		return nil
	}, options(r.props, r.vars)...)
	return out, err
}

// parse reads statements. What they become takes many times the place of their text.
func (c *call) parse(text string, vars map[string]string) ([]sql.Parsed, error) {
	if len(text) > small {
		if err := c.hold(16 * int64(len(text))); err != nil {
			return nil, err
		}
	}
	return sql.Parse(text, vars)
}

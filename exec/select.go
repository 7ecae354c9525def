package exec

import (
	"context"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// Request is what comes with a query besides its text.
type Request struct {
	Props      map[string]string
	ParamTypes []sql.Type
	Params     []any
}

// Select runs a SELECT. For a pull query on a table it also gives the ready query, good for other parameters
// of the same types as long as the catalog stays.
func (e *Engine) Select(ctx context.Context, s *sql.Select, text string, r Request) (*Rows, *Pull, error) {
	if err := e.alive(); err != nil {
		return nil, nil, err
	}
	cat, env := e.Catalog(), e.Env(ctx, r.Props, nil)
	if s.Emit != sql.EmitNone {
		p, err := plan.PlanPush(cat, env, s, text, r.ParamTypes...)
		if err != nil {
			return nil, nil, err
		}
		rows, err := e.Push(ctx, p, r.Params)
		return rows, nil, err
	}
	p, err := plan.PlanPull(cat, env, s, text, r.ParamTypes...)
	if err != nil {
		return nil, nil, err
	}
	if p.Stream != nil {
		rows, err := e.Push(ctx, p.Stream, r.Params)
		return rows, nil, err
	}
	u, err := e.NewPull(p, r.Props)
	if err != nil {
		return nil, nil, err
	}
	rows, err := u.Run(ctx, r.Params)
	return rows, u, err
}

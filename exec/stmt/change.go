package stmt

import (
	"context"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// Command is the answer to a statement that changes the catalog.
type Command struct {
	Statement string
	Message   string
	Warning   string
	QueryID   string // of the query that was started
}

// Text is the statement.
func (c *Command) Text() string { return c.Statement }

func change(ctx context.Context, e *exec.Engine, r *Request, p sql.Parsed) (Result, error) {
	cmd, err := e.Change(ctx, p.Statement, p.Text, r.Props)
	if err != nil {
		return nil, err
	}
	out := &Command{Statement: p.Text, Message: cmd.Message, Warning: cmd.Warning}
	if cmd.Start != nil {
		out.QueryID = cmd.Start.ID
	}
	return out, nil
}

func insert(ctx context.Context, e *exec.Engine, r *Request, s *sql.InsertValues) error {
	in, err := plan.PlanInsert(e.Catalog(), e.Env(r.Props, nil), s, r.ParamTypes...)
	if err != nil {
		return err
	}
	if err := e.Insert(ctx, in, r.Params, r.Props); err != nil {
		return &plan.Error{Msg: "Failed to insert values into '" + s.Target + "'. " + err.Error(), Text: s.String()}
	}
	return nil
}

// check finds the first statement that would be refused, each against the catalog that those before it
// would leave.
func check(ctx context.Context, e *exec.Engine, r *Request, list []sql.Parsed) error {
	topics, err := e.Log().Topics(ctx)
	if err != nil {
		return err
	}
	made := map[string]int{}
	lookup := func(name string) (int, bool) {
		if n, ok := made[name]; ok {
			return n, n > 0
		}
		t, ok := topics[name]
		return int(t.Partitions), ok
	}
	cat := e.Catalog()
	sandbox := *r
	for _, p := range list {
		switch s := p.Statement.(type) {
		case *sql.CreateSource, *sql.CreateAs, *sql.AlterSource, *sql.DropSource, *sql.InsertSelect,
			*sql.CreateType, *sql.DropType, *sql.Terminate, *sql.Pause, *sql.Resume:
			cmd, err := plan.Check(cat, e.Env(sandbox.Props, lookup), s, p.Text)
			if err != nil {
				return err
			}
			cat = cmd.Catalog
			for _, t := range cmd.Create {
				made[t.Name] = t.Partitions
			}
			if cmd.DeleteTopic != "" {
				made[cmd.DeleteTopic] = 0
			}
		case *sql.InsertValues:
			if _, err := plan.PlanInsert(cat, e.Env(sandbox.Props, lookup), s, r.ParamTypes...); err != nil {
				return err
			}
		case *sql.Set:
			if _, err := set(e, &sandbox, s, p.Text); err != nil {
				return err
			}
		case *sql.Unset:
			if _, err := unset(&sandbox, s, p.Text); err != nil {
				return err
			}
		}
	}
	return nil
}

package stmt

import (
	"context"
	"errors"
	"strings"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// Command is the answer to a statement that changes the catalog.
type Command struct {
	Statement string
	Message   string
	Warning   string // why nothing was done (IF NOT EXISTS); empty otherwise
	QueryID   string // of the query that was started
	ID        string // under which the engine keeps its status
	Seq       int64  // its sequence number; -1: it was not logged, because nothing was to do
}

// Text is the statement.
func (c *Command) Text() string { return c.Statement }

func change(ctx context.Context, e *exec.Engine, r *Request, p sql.Parsed) (Result, error) {
	if s, ok := p.Statement.(*sql.Terminate); ok && transient(s) {
		return endTransient(e, s, p)
	}
	cmd, err := e.Change(ctx, p, r.Props)
	if err != nil {
		return nil, err
	}
	out := &Command{Statement: p.Text, Message: cmd.Command.Message, Warning: cmd.Warning, ID: exec.CommandID(p.Statement), Seq: -1}
	if cmd.Logged {
		out.Message, out.QueryID, out.Seq = cmd.Status.Message, cmd.QueryID, cmd.Seq
		switch s := p.Statement.(type) {
		case *sql.CreateSource:
			out.Statement = written(cmd.Catalog.Source(s.Name))
		case *sql.CreateAs:
			out.Statement = written(cmd.Catalog.Source(s.Name))
		}
	}
	return out, nil
}

// transient reports whether s names a push query: these are not in the catalog.
func transient(s *sql.Terminate) bool {
	return !s.All && strings.Contains(strings.ToLower(s.ID), "transient_")
}

func endTransient(e *exec.Engine, s *sql.Terminate, p sql.Parsed) (Result, error) {
	if !e.EndTransient(s.ID) {
		return nil, &plan.Error{Msg: "Failed to terminate query with query ID: '" + s.ID + "'", Text: p.Text, Bare: true}
	}
	return &Ended{Head: Head{"terminate_query", p.Text}, QueryID: s.ID, WasTerminated: true, Tail: tail()}, nil
}

func insert(ctx context.Context, e *exec.Engine, r *Request, s *sql.InsertValues) error {
	in, err := plan.PlanInsert(e.Catalog(), e.Env(ctx, r.Props, nil), s, r.ParamTypes...)
	if err != nil {
		return err
	}
	if err := e.Insert(ctx, in, exec.Request{Props: r.Props, ParamTypes: r.ParamTypes, Params: r.Params}); err != nil {
		return &plan.Error{Msg: "Failed to insert values into '" + s.Target + "'. " + err.Error(), Text: s.String(), Err: err}
	}
	return nil
}

// check finds the first statement that would be refused, each against the catalog that those before it
// would leave.
func check(ctx context.Context, e *exec.Engine, r *Request, list []sql.Parsed) error {
	made := map[string]int{}
	var unknown error
	lookup := func(name string) (int, bool) {
		if n, ok := made[name]; ok {
			return n, n > 0
		}
		t, err := e.Log().Topic(ctx, name)
		if err != nil && !errors.Is(err, store.ErrNoTopic) {
			unknown = err
		}
		return int(t.Partitions), err == nil
	}
	cat := e.Catalog()
	logged := 0 // of the statements so far: each takes a number
	sandbox := *r
	for _, p := range list {
		switch s := p.Statement.(type) {
		case *sql.CreateSource, *sql.CreateAs, *sql.AlterSource, *sql.DropSource, *sql.InsertSelect,
			*sql.CreateType, *sql.DropType, *sql.Terminate, *sql.Pause, *sql.Resume:
			if t, ok := s.(*sql.Terminate); ok && transient(t) {
				continue
			}
			env := e.Env(ctx, sandbox.Props, lookup)
			env.Request = p.Source
			env.NextQuery += logged
			cmd, err := plan.Check(cat, env, s, p.Text)
			if unknown != nil {
				return unknown
			}
			if err != nil {
				return err
			}
			if cmd.Catalog != cat {
				logged++
			}
			cat = cmd.Catalog
			for _, t := range cmd.CreateTopics {
				made[t.Name] = t.Partitions
			}
			for _, name := range cmd.DeleteTopics {
				made[name] = 0
			}
		case *sql.Select, *sql.Print:
			return &QueryError{Text: p.Text}
		case *sql.Describe:
			if err := checkDescribe(e, cat, s, p); err != nil {
				return err
			}
		case *sql.Explain:
			if _, err := explained(ctx, e, cat, &sandbox, s, p); err != nil {
				return err
			}
		case *sql.InsertValues:
			if _, err := plan.PlanInsert(cat, e.Env(ctx, sandbox.Props, lookup), s, r.ParamTypes...); err != nil {
				return err
			}
		case *sql.Set:
			if err := set(e, &sandbox, s, p); err != nil {
				return err
			}
		case *sql.Unset:
			if err := unset(&sandbox, s, p); err != nil {
				return err
			}
		}
	}
	return nil
}

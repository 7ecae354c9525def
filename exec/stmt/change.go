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
	out := &Command{Statement: p.Text, Message: cmd.Command.Message, Warning: cmd.Warning, ID: plan.CommandID(p.Statement), Seq: -1}
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

// sandbox is the world as the statements of a request that were tried would leave it.
type sandbox struct {
	Request
	ctx    context.Context
	e      *exec.Engine
	cat    *plan.Catalog
	made   map[string]int // topics with their partitions; 0: it is gone
	bad    error          // of a topic that could not be asked for
	logged int            // how many of the statements take a number
}

// try finds the first statement of a request that would be refused, each against the catalog that those before it would
// leave.
func try(ctx context.Context, e *exec.Engine, r *Request, list []sql.Parsed) error {
	x := &sandbox{Request: *r, ctx: ctx, e: e, cat: e.Catalog(), made: map[string]int{}}
	for _, p := range list {
		if a := actionOf(p); a.try != nil {
			if err := a.try(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// topic tells the partitions of a topic.
func (x *sandbox) topic(name string) (int, bool) {
	if n, ok := x.made[name]; ok {
		return n, n > 0
	}
	t, err := x.e.Log().Topic(x.ctx, name)
	if err != nil && !errors.Is(err, store.ErrNoTopic) {
		x.bad = err
	}
	return int(t.Partitions), err == nil
}

// change tries a statement that changes the catalog.
func (x *sandbox) change(p sql.Parsed) error {
	if t, ok := p.Statement.(*sql.Terminate); ok && transient(t) {
		return nil
	}
	env := x.e.Env(x.ctx, x.Props, x.topic)
	env.Request = p.Source
	env.NextQuery += x.logged
	cmd, err := plan.Check(x.cat, env, p.Statement, p.Text)
	if x.bad != nil {
		return x.bad
	}
	if err != nil {
		return err
	}
	if cmd.Catalog != x.cat {
		x.logged++
	}
	x.cat = cmd.Catalog
	for _, t := range cmd.CreateTopics {
		x.made[t.Name] = t.Partitions
	}
	for _, name := range cmd.DeleteTopics {
		x.made[name] = 0
	}
	return nil
}

// insert tries INSERT INTO ... VALUES.
func (x *sandbox) insert(s *sql.InsertValues) error {
	_, err := plan.PlanInsert(x.cat, x.e.Env(x.ctx, x.Props, x.topic), s, x.ParamTypes...)
	return err
}

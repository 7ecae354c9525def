package door

import (
	"context"
	"maps"
	"slices"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/property"
)

// Formats makes PRINT name the formats of a topic, in lines before its records.
func Formats(r *stmt.Request) { r.Formats = true }

// Each runs statements that are parsed, and hands their answers over as they come.
func (e *Engine) Each(ctx context.Context, list []sql.Parsed, take func(stmt.Result) error, opts []Option) error {
	r := &stmt.Request{}
	for _, o := range opts {
		o(r)
	}
	return stmt.Each(ctx, e.Engine, r, list, take)
}

// Answer runs a SELECT or PRINT that is parsed. A pull query is kept under the text that it came in, if there is one.
func (e *Engine) Answer(ctx context.Context, p sql.Parsed, text string, opts []Option) (*Rows, error) {
	r := &stmt.Request{}
	for _, o := range opts {
		o(r)
	}
	switch s := p.Statement.(type) {
	case *sql.Print:
		rows, err := e.Print(ctx, s, p.Text, r.Formats, r.Props)
		return e.newRows(ctx, rows), err
	case *sql.Select:
		cat := e.Catalog()
		rows, pull, err := e.Select(ctx, s, p.Text, exec.Request{Props: r.Props})
		if err == nil && pull != nil && text != "" {
			e.keep(ctx, text, r.Props, cat, pull)
		}
		return e.newRows(ctx, rows), err
	}
	return nil, errNoRows
}

var errNoRows = &plan.Error{Msg: "only SELECT and PRINT give rows: use Execute for other statements"}

// CheckProperty tells whether a session may set a property at all.
func (e *Engine) CheckProperty(name string) error {
	if _, ok := property.Find(name); !ok {
		return &stmt.UnknownProperty{Name: name}
	}
	return stmt.CheckDenied(e.Engine, name)
}

// CheckProperties tells whether a session may set these properties to these values, in the order of their names.
func (e *Engine) CheckProperties(props map[string]string) error {
	names := slices.Sorted(maps.Keys(props))
	if err := stmt.CheckDenied(e.Engine, names...); err != nil {
		return err
	}
	for _, n := range names {
		if err := stmt.CheckOverride(e.Engine, n, props[n]); err != nil {
			return badValue{err}
		}
	}
	return nil
}

// Append writes rows to the topic of a source, as of now, and waits until they are durable.
func (e *Engine) Append(ctx context.Context, src *plan.Source, columns sql.Schema, rows [][]any) error {
	at := make([]int64, len(rows))
	for i := range at {
		at[i] = e.Now()
	}
	seq, err := e.AppendRows(ctx, src, columns, rows, at)
	if err != nil {
		return err
	}
	return e.log.Wait(ctx, seq)
}

// End terminates the cluster: see exec.Engine.Terminate.
func (e *Engine) End(ctx context.Context, match func(topic string) bool) (stmt.Result, error) {
	done, err := e.Terminate(ctx, match)
	if err != nil {
		return nil, err
	}
	return &stmt.Command{Statement: "TERMINATE CLUSTER;", ID: done.ID, Message: done.Status.Message, Seq: done.Seq}, nil
}

package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// command is one record of the command topic: a statement that changed the catalog, with all that it
// depended on. Folding the records gives the catalog again; no side effect is replayed.
type command struct {
	Text   string            // after variables
	Props  map[string]string // of the session
	Topics map[string]int    // topics that it asked for and that existed, with their partitions
}

// commands is the topic of the command log.
func (e *Engine) commands() string {
	return "_confluent-ksql-" + e.Property("ksql.service.id", "default_") + "_command_topic"
}

// replay folds the command topic into the catalog and starts its queries. Topics that a crash kept from
// being made are made.
func (e *Engine) replay(ctx context.Context) error {
	cat := e.initial()
	if err := e.ensure(ctx, e.commands(), store.TopicConfig{Partitions: 1, Internal: true}); err != nil {
		return err
	}
	if err := e.ensureProblems(ctx); err != nil {
		return err
	}
	r, err := store.Whole(ctx, e.log, e.commands())
	if err != nil {
		return err
	}
	defer r.Close()
	specs := map[string]plan.TopicSpec{}
	for runs, err := range store.Runs(ctx, r, 1<<16) {
		if err != nil {
			return err
		}
		for i := range runs {
			for row := range runs[i].Time {
				if err := ctx.Err(); err != nil {
					return err
				}
				next, err := e.refold(cat, runs[i].Value[row].Of(runs[i].Bytes), runs[i].Offset(row), specs)
				if err != nil {
					return fmt.Errorf("command topic, offset %d: %w", runs[i].Offset(row), err)
				}
				cat = next
			}
		}
	}
	for name, s := range specs {
		if err := e.ensure(ctx, name, e.config(s)); err != nil {
			return err
		}
	}
	e.catalog.Store(cat)
	for p := range cat.Queries() {
		q, err := e.start(ctx, p, nil)
		if err != nil {
			return err
		}
		e.queries[p.ID] = q
	}
	return nil
}

func (e *Engine) refold(cat *plan.Catalog, value []byte, offset int64, specs map[string]plan.TopicSpec) (*plan.Catalog, error) {
	var c command
	if err := json.Unmarshal(value, &c); err != nil {
		return nil, err
	}
	parsed, err := sql.Parse(c.Text, nil)
	if err != nil {
		return nil, err
	}
	env := e.Env(c.Props, func(name string) (int, bool) { n, ok := c.Topics[name]; return n, ok })
	for _, p := range parsed {
		cmd, err := plan.Check(cat, env, p.Statement, p.Text)
		if err != nil {
			return nil, err
		}
		cat = cmd.Catalog
		e.count(cmd)
		e.settle(p.Statement, cmd, offset, nil)
		for _, t := range cmd.CreateTopics {
			specs[t.Name] = t
		}
		for _, name := range cmd.DeleteTopics {
			delete(specs, name)
		}
	}
	return cat, nil
}

// mostPartitions bounds the topics that statements make: each partition is a task of every query that reads it.
const mostPartitions = 4096

func (e *Engine) config(s plan.TopicSpec) store.TopicConfig {
	n := int32(max(1, s.Partitions))
	if m := int32(e.opt.MaxPartitions); m > 0 && n > m {
		n = m
	}
	c := store.TopicConfig{Partitions: n, Compact: s.Compact}
	if s.Retention > 0 && s.Retention <= math.MaxInt64/int64(time.Millisecond) { // longer is for ever
		c.Retention = time.Duration(s.Retention) * time.Millisecond
	}
	return c
}

// Change checks a statement, logs it, waits until it is durable, and makes the world match. What is logged is
// carried out also when ctx ends before that: the log and the catalog must not differ.
func (e *Engine) Change(ctx context.Context, p sql.Parsed, props map[string]string) (*plan.Command, error) {
	if err := e.stmt.enter(ctx, e.Done()); err != nil {
		return nil, err
	}
	cmd, finish, err := e.logged(ctx, p, props)
	if finish == nil {
		e.stmt.leave()
		return cmd, err
	}
	done := make(chan error, 1)
	go func() {
		err := finish()
		e.stmt.leave()
		e.teller.flush()
		done <- err
	}()
	select {
	case err := <-done:
		return cmd, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// logged checks a statement and appends it to the log. finish does the rest; nil: there is nothing to do.
func (e *Engine) logged(ctx context.Context, p sql.Parsed, props map[string]string) (cmd *plan.Command, finish func() error, err error) {
	if err := e.alive(); err != nil {
		return nil, nil, err
	}
	asked := map[string]int{}
	var unknown error
	lookup := func(name string) (int, bool) {
		t, err := e.log.Topic(ctx, name)
		if err != nil {
			if !errors.Is(err, store.ErrNoTopic) {
				unknown = err
			}
			return 0, false
		}
		asked[name] = e.declared(name, int(t.Partitions))
		return asked[name], true
	}
	cat := e.Catalog()
	env := e.Env(props, lookup)
	env.Request = p.Source
	cmd, err = plan.Check(cat, env, p.Statement, p.Text)
	if unknown != nil {
		return nil, nil, unknown
	}
	if err != nil {
		return nil, nil, err
	}
	if cmd.Catalog == cat {
		return cmd, nil, nil // IF [NOT] EXISTS
	}
	rec, err := json.Marshal(command{Text: p.Text, Props: props, Topics: asked})
	if err != nil {
		return nil, nil, err
	}
	run := &store.Records{TP: store.TP{Topic: e.commands()}}
	run.Add(e.opt.Now(), nil, rec)
	for _, t := range cmd.CreateTopics {
		if _, err := e.log.Topic(ctx, t.Name); errors.Is(err, store.ErrNoTopic) {
			if n := e.config(t).Partitions; n > mostPartitions {
				return nil, nil, &plan.Error{Msg: fmt.Sprintf("Topic '%s' cannot have %d partitions: at most %d are possible", t.Name, n, mostPartitions), Text: p.Text}
			}
			if err := e.log.Create(ctx, t.Name, e.config(t)); err != nil {
				return nil, nil, err
			}
		} else if err != nil {
			return nil, nil, err
		}
	}
	seq, err := e.log.Append(ctx, run)
	if err != nil {
		return nil, nil, err
	}
	e.count(cmd)
	return cmd, func() error {
		if err := e.log.Wait(e.base, seq); err != nil {
			return err
		}
		err := e.apply(cmd)
		e.settle(p.Statement, cmd, run.First, err)
		e.moved()
		return err
	}, nil
}

// count makes the next query's number follow those that were started.
func (e *Engine) count(cmd *plan.Command) {
	if cmd.Start != nil && !cmd.Replace {
		e.nextQuery.Add(1)
	}
}

// declared is the partitions that the catalog knows of a topic: with MaxPartitions there may be fewer.
func (e *Engine) declared(topic string, n int) int {
	for s := range e.Catalog().Over(topic) {
		n = max(n, s.Partitions)
	}
	return n
}

// apply makes the world match a command that is logged. It is not cancelled half way.
func (e *Engine) apply(cmd *plan.Command) error {
	ctx := e.base
	for _, id := range cmd.Stop {
		if q := e.remove(id); q != nil {
			q.stop()
			q.tell(true)
			if err := q.forget(ctx); err != nil {
				return err
			}
		}
	}
	e.catalog.Store(cmd.Catalog)
	if p := cmd.Start; p != nil {
		var old *Query
		if cmd.Replace {
			if old = e.remove(p.ID); old != nil {
				old.stop()
				old.tell(true)
			}
		}
		q, err := e.start(ctx, p, old)
		if err != nil {
			return err
		}
		e.mu.Lock()
		e.queries[p.ID] = q
		e.mu.Unlock()
	}
	for _, id := range cmd.Pause {
		if q, ok := e.Query(id); ok {
			q.pause(true)
		}
	}
	for _, id := range cmd.Resume {
		if q, ok := e.Query(id); ok {
			q.pause(false)
		}
	}
	for _, name := range cmd.DeleteTopics {
		t, err := e.log.Topic(ctx, name)
		if err != nil {
			return err
		}
		if err := e.log.Delete(ctx, name, t.ID); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) remove(id string) *Query {
	e.mu.Lock()
	defer e.mu.Unlock()
	q := e.queries[id]
	if q != nil && q.Err() != nil {
		e.failed[id] = q.Err()
	}
	delete(e.queries, id)
	return q
}

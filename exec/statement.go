package exec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// commands is the topic of the statement log.
func (e *Engine) commands() string {
	return e.own("_command_topic")
}

// Changed is what a statement did.
type Changed struct {
	*plan.Command
	Status      // of its record
	Logged bool // false: nothing was to do
}

// mostTries is how often a statement that another engine overtook is checked anew.
const mostTries = 5

// Change carries out a statement that changes the catalog: it claims the command topic, checks the statement, builds
// what it needs, logs its effect and does it. What is logged can be done, and is done also when ctx ends before that.
func (e *Engine) Change(ctx context.Context, p sql.Parsed, props map[string]string) (*Changed, error) {
	return e.alone(ctx, func() (*Changed, error) {
		return e.propose(ctx, func() (*plan.Command, *record, *built, error) { return e.draft(ctx, p, props) })
	})
}

// alone runs one statement at a time. It returns when ctx ends, though the statement may go on.
func (e *Engine) alone(ctx context.Context, run func() (*Changed, error)) (*Changed, error) {
	if err := e.stmt.enter(ctx, e.Done(), nil); err != nil {
		return nil, err
	}
	type answer struct {
		changed *Changed
		err     error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if x := recover(); x != nil {
				a = answer{nil, panicked(x)}
			}
			e.stmt.leave()
			done <- a
		}()
		a.changed, a.err = run()
	}()
	select {
	case a := <-done:
		return a.changed, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// propose lets draft write a record and appends it; where another engine was faster it is written anew.
func (e *Engine) propose(ctx context.Context, draft func() (*plan.Command, *record, *built, error)) (*Changed, error) {
	for try := 0; ; try++ {
		c, err := e.attempt(ctx, draft)
		if !errors.Is(err, store.ErrMoved) || try == mostTries {
			return c, err
		}
		e.teller.log.Info("another engine was first with a statement; this one is tried again", "try", try+1)
		select { // those who were overtaken together come again apart
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Duration(e.opt.Rand() % uint64(5*time.Millisecond<<try))):
		}
	}
}

// attempt claims the command topic, waits until all that is in it is carried out, and appends the record of draft.
func (e *Engine) attempt(ctx context.Context, draft func() (*plan.Command, *record, *built, error)) (*Changed, error) {
	if err := e.alive(); err != nil {
		return nil, err
	}
	claim, err := e.log.Claim(ctx, e.commands())
	if err != nil {
		return nil, err
	}
	defer claim.Release()
	if err := e.apply.await(ctx, claim.End()); err != nil {
		return nil, err
	}
	if err := e.pay(ctx); err != nil {
		return nil, err
	}
	cmd, rec, b, err := draft()
	if err != nil || rec == nil {
		return &Changed{Command: cmd}, err
	}
	value, err := json.Marshal(rec)
	if err != nil {
		return nil, err
	}
	own := &proposal{hash: hash(value), built: b, done: make(chan Status, 1)}
	e.apply.propose(own)
	run := &store.Records{TP: store.TP{Topic: e.commands()}}
	run.Add(e.opt.Now(), nil, value)
	if err := claim.Append(e.base, run); errors.Is(err, store.ErrMoved) {
		return nil, err
	} else if err != nil {
		return nil, fmt.Errorf("the statement may be in the log, and then it is carried out: %w", err)
	}
	select {
	case s := <-own.done:
		if s.failed != nil {
			return nil, s.failed
		}
		return &Changed{Command: cmd, Status: s, Logged: true}, nil
	case <-e.apply.broken:
		return nil, fmt.Errorf("the statement is in the log, and is carried out when the engine is opened again: %w", e.apply.await(ctx, math.MaxInt64))
	case <-e.following.Done():
		return nil, ErrClosed
	}
}

// draft checks a statement and writes the record of its effect. record nil: there is nothing to do.
func (e *Engine) draft(ctx context.Context, p sql.Parsed, props map[string]string) (*plan.Command, *record, *built, error) {
	var fault error
	lookup := func(name string) (int, bool) {
		t, err := e.log.Topic(ctx, name)
		if err != nil {
			if !errors.Is(err, store.ErrNoTopic) {
				fault = err
			}
			return 0, false
		}
		return e.declared(name, int(t.Partitions)), true
	}
	f, live := e.apply.snapshot()
	env := e.Env(ctx, props, lookup)
	env.Request, env.NextQuery, env.Named = p.Source, int(f.next), map[string]sql.Type{}
	cmd, err := plan.Check(f.cat, env, p.Statement, p.Text)
	if fault != nil {
		return nil, nil, nil, fault
	}
	if err != nil || cmd.Catalog == f.cat {
		return cmd, nil, nil, err // IF [NOT] EXISTS
	}
	if err := e.owed.blocks(cmd.Catalog); err != nil {
		return nil, nil, nil, err
	}
	effect := cmd.Effect
	rec := &record{
		Version: recordVersion, Prev: f.prev, By: e.id, ID: plan.CommandID(p.Statement), Text: p.Text, Message: createdMessage(cmd), Effect: &effect,
		Deeds: e.owed.wanted(cmd.Catalog, &effect, live),
	}
	effect.Start, effect.CreateTopics, effect.DeleteTopics = nil, nil, nil
	if err := e.toMake(ctx, rec, cmd.CreateTopics, p.Text); err != nil {
		return nil, nil, nil, err
	}
	var b *built
	if q := cmd.Start; q != nil {
		if b, err = e.record(ctx, rec, cmd, q, p, f.next, env.Named); err != nil {
			return nil, nil, nil, err
		}
		if cmd.Replace {
			if err := e.succeed(ctx, rec, b, live(q.ID)); err != nil {
				return nil, nil, nil, err
			}
		}
		if err := e.ownTopics(ctx, rec, live(q.ID)); err != nil {
			return nil, nil, nil, err
		}
	}
	for _, id := range effect.Stop {
		old := live(id)
		if old == nil {
			continue
		}
		rec.Deeds.Forget = append(rec.Deeds.Forget, old.Session)
		if err := e.toDelete(ctx, rec, old.topics()); err != nil {
			return nil, nil, nil, err
		}
	}
	return cmd, rec, b, e.toDelete(ctx, rec, cmd.DeleteTopics)
}

// recorded is properties without what must not stand in a log: how to log in elsewhere. No query rests on it.
func recorded(props map[string]string) map[string]string {
	out := maps.Clone(props)
	maps.DeleteFunc(out, func(name, _ string) bool {
		return strings.Contains(name, "ssl.") || strings.Contains(name, "sasl.") || strings.Contains(name, "password") || strings.Contains(name, "auth.")
	})
	return out
}

// record writes down what the query q rests on, and builds it from that alone.
func (e *Engine) record(ctx context.Context, rec *record, cmd *plan.Command, q *plan.Query, p sql.Parsed, number int64, named map[string]sql.Type) (*built, error) {
	r := &queryRecord{
		ID: q.ID, Session: fmt.Sprintf("%s@%d", e.internal(q.ID, ""), number), Version: 1, Kind: q.Kind, Number: number, Text: q.Text, Made: p.Text,
		Props: recorded(q.Props), Writes: q.Writes, From: map[string][]int64{}, Types: named,
	}
	for _, name := range q.Reads {
		r.Reads = append(r.Reads, cmd.Catalog.Source(name))
	}
	if q.Writes != "" {
		r.Into = cmd.Catalog.Source(q.Writes)
		n, err := e.width(ctx, rec, r.Into.Topic)
		if err != nil {
			return nil, err
		}
		r.Parts = n
	}
	for _, s := range r.Reads {
		n, err := e.width(ctx, rec, s.Topic)
		if err != nil {
			return nil, err
		}
		from := make([]int64, n)
		if !q.Earliest[s.Topic] {
			if err := e.endOf(ctx, s.Topic, from); err != nil {
				return nil, err
			}
		}
		r.From[s.Topic] = from
	}
	b, err := e.build(ctx, r)
	if err != nil {
		return nil, err
	}
	r.Shape, rec.Query = b.shape, r
	return b, nil
}

// width is the partitions of a topic that is there, or that rec makes.
func (e *Engine) width(ctx context.Context, rec *record, topic string) (int32, error) {
	for _, t := range rec.Deeds.Create {
		if t.Name == topic {
			return t.Config.Partitions, nil
		}
	}
	info, err := e.log.Topic(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("topic %s: %w", topic, err)
	}
	return info.Partitions, nil
}

// endOf fills in the end of each partition; a topic that is yet to be made is empty.
func (e *Engine) endOf(ctx context.Context, topic string, out []int64) error {
	var tps []store.TP
	for i := range out {
		tps = append(tps, store.TP{Topic: topic, Partition: int32(i)})
	}
	ends, err := e.log.Ends(ctx, tps)
	if errors.Is(err, store.ErrNoTopic) {
		return nil
	}
	for tp, n := range ends {
		out[tp.Partition] = n
	}
	return err
}

// succeed makes the query of rec follow the one of its id that runs: its place at the log, its state and its topics.
func (e *Engine) succeed(ctx context.Context, rec *record, b *built, old *queryRecord) error {
	if old == nil {
		return nil
	}
	if err := b.takesOver(old); err != nil {
		return err
	}
	r := rec.Query
	r.Session, r.Version = old.Session, old.Version+1
	for topic, from := range old.From {
		if len(r.From[topic]) == len(from) {
			r.From[topic] = from
		}
	}
	needs := map[string]bool{}
	for _, name := range r.topics() {
		needs[name] = true
	}
	var gone []string
	for _, name := range old.topics() {
		if !needs[name] {
			gone = append(gone, name)
		}
	}
	return e.toDelete(ctx, rec, gone)
}

// ownTopics lets rec make the query's own topics. Those that are there must be of the query that it replaces.
func (e *Engine) ownTopics(ctx context.Context, rec *record, old *queryRecord) error {
	had := map[string]bool{}
	if old != nil {
		for _, name := range old.topics() {
			had[name] = true
		}
	}
	for _, t := range rec.Query.own() {
		info, err := e.log.Topic(ctx, t.Name)
		switch {
		case errors.Is(err, store.ErrNoTopic):
			if err := e.log.Validate(ctx, t.Name, t.Config); err != nil {
				return err
			}
			rec.Deeds.Create = append(rec.Deeds.Create, t)
		case err != nil:
			return err
		case !had[t.Name]:
			return fmt.Errorf("topic %s is there already, but no query has it: delete it first", t.Name)
		case info.Partitions != t.Config.Partitions:
			return fmt.Errorf("topic %s has %d partitions, the query needs %d", t.Name, info.Partitions, t.Config.Partitions)
		}
	}
	return nil
}

// toMake lets rec make the topics that are not there.
func (e *Engine) toMake(ctx context.Context, rec *record, list []plan.TopicSpec, text string) error {
	for _, s := range list {
		_, err := e.log.Topic(ctx, s.Name)
		if err == nil {
			continue
		}
		if !errors.Is(err, store.ErrNoTopic) {
			return err
		}
		c := e.config(s)
		if c.Partitions > mostPartitions {
			return &plan.Error{Msg: fmt.Sprintf("Topic '%s' cannot have %d partitions: at most %d are possible", s.Name, c.Partitions, mostPartitions), Text: text}
		}
		if err := e.log.Validate(ctx, s.Name, c); err != nil {
			return err
		}
		rec.Deeds.Create = append(rec.Deeds.Create, madeTopic{s.Name, c})
	}
	return nil
}

// toDelete lets rec delete topics, as the ones that they are now.
func (e *Engine) toDelete(ctx context.Context, rec *record, names []string) error {
	for _, name := range names {
		info, err := e.log.Topic(ctx, name)
		if errors.Is(err, store.ErrNoTopic) {
			continue
		}
		if err != nil {
			return err
		}
		rec.Deeds.Delete = append(rec.Deeds.Delete, goneTopic{name, info.ID})
	}
	return nil
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

// declared is the partitions that the catalog knows of a topic: with MaxPartitions there may be fewer.
func (e *Engine) declared(topic string, n int) int {
	for s := range e.Catalog().Over(topic) {
		n = max(n, s.Partitions)
	}
	return n
}

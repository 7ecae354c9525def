package exec

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// built is a query of a record, planned and cut: what can be built can be started.
type built struct {
	rec    *queryRecord
	plan   *plan.Query
	stages []stage
	shape  shape
	first  bool // nobody has run it yet
}

// build plans a query from its record alone and makes all its operators once, to see that it can be done, unless ctx
// ends before.
func (e *Engine) build(ctx context.Context, r *queryRecord) (b *built, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = panicked(x)
		}
	}()
	b = &built{rec: r}
	var into *plan.Source
	if b.plan, into, err = e.planned(ctx, r); err != nil {
		return nil, err
	}
	if b.shape.Result, err = result(b.plan.Root, into); err != nil {
		return nil, err
	}
	b.stages = staged(b.plan.Root, func(topic string) int32 { return int32(len(r.From[topic])) }, r.Parts, func(part string) string { return e.internal(r.ID, part) })
	for i := range b.stages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s := &b.stages[i]
		l, err := s.build(e.context(b.plan, 0, nil), r.Kind, true, nil)
		if err != nil {
			return nil, refused(err)
		}
		s.answers = l.read != nil
		at := s.shape()
		for _, k := range l.keepers {
			for _, t := range k.Tables() {
				row := tableShape{Name: t.Name(), Print: t.Print()}
				if e.log.Durable() {
					row.Topic = e.changelog(r.ID, t)
				}
				at.Tables = append(at.Tables, row)
			}
		}
		b.shape.Stages = append(b.shape.Stages, at)
	}
	return b, nil
}

// result is what a query writes: schema and formats.
func result(root plan.Step, into *plan.Source) (string, error) {
	s, ok := root.(*plan.Sink)
	if !ok {
		return fmt.Sprintf("%s %s", root.Out().Shape, root.Out().Schema), nil
	}
	formats, err := json.Marshal([]plan.Format{s.Key, s.Value})
	return fmt.Sprintf("%s %s, formats %s, timestamp %s", s.Shape, into.Schema, formats, s.Timestamp), err
}

// planned plans the statement of a record over the sources in it. into is what it writes; nil: nothing.
func (e *Engine) planned(ctx context.Context, r *queryRecord) (q *plan.Query, into *plan.Source, err error) {
	list, err := sql.Parse(r.Made, nil)
	if err != nil {
		return nil, nil, err
	}
	if len(list) != 1 {
		return nil, nil, fmt.Errorf("the record of query %s holds %d statements", r.ID, len(list))
	}
	known := &plan.Effect{}
	topics := map[string]int{}
	for _, s := range r.Reads {
		topics[s.Topic] = s.Partitions
		if r.Kind != plan.PersistentSource {
			known.Put = append(known.Put, s)
		}
	}
	if into = r.Into; into != nil {
		topics[into.Topic] = into.Partitions
		if r.Kind == plan.PersistentInsert {
			known.Put = append(known.Put, into)
		}
	}
	for name, t := range r.Types {
		known.PutTypes = append(known.PutTypes, plan.NamedType{Name: name, Type: t})
	}
	env := e.Env(ctx, nil, func(name string) (int, bool) { n, ok := topics[name]; return n, ok })
	env.Props, env.NextQuery, env.ReadOnly = r.Props, int(r.Number), nil // what was allowed then stays so
	env.Ended = ctx.Err
	cmd, err := plan.Check(plan.NewCatalog().Apply(known), env, list[0].Statement, list[0].Text)
	if err != nil {
		return nil, nil, err
	}
	if cmd.Start == nil {
		return nil, nil, fmt.Errorf("the record of query %s makes no query", r.ID)
	}
	planned := *cmd.Start
	planned.ID, planned.Text, planned.Props = r.ID, r.Text, r.Props
	if r.Kind == plan.PersistentAs {
		into = cmd.Catalog.Source(r.Writes)
	}
	return &planned, into, nil
}

// differs says in what the shape of a query has changed since its record; nil: in nothing.
func (b *built) differs() error {
	was, now := b.rec.Shape, b.shape
	if was.Result != now.Result {
		return fmt.Errorf("its result was %s and would be %s now", was.Result, now.Result)
	}
	if len(was.Stages) != len(now.Stages) {
		return fmt.Errorf("it had %d stages and would have %d now", len(was.Stages), len(now.Stages))
	}
	for i, a := range was.Stages {
		z := now.Stages[i]
		for j, t := range a.Tables {
			if j < len(z.Tables) && t.Name == z.Tables[j].Name {
				if err := z.Tables[j].Print.Reads(t.Print); err != nil {
					return fmt.Errorf("the state of %s was made by another form of the query: %w", t.Name, err)
				}
			}
		}
		if !reflect.DeepEqual(a, z) {
			return fmt.Errorf("stage %s was %+v and would be %+v now", a.Name, a, z)
		}
	}
	return nil
}

// takesOver says why the state of the running query cannot be that of b, which replaces it; nil: it can.
func (b *built) takesOver(old *queryRecord) error {
	had := map[string]state.Print{}
	for _, s := range old.Shape.Stages {
		for _, t := range s.Tables {
			had[t.Name] = t.Print
		}
	}
	for _, s := range b.shape.Stages {
		for _, t := range s.Tables {
			p, ok := had[t.Name]
			if !ok {
				continue
			}
			if err := t.Print.Reads(p); err != nil {
				return &plan.Error{Msg: "Query is not upgradeable. The state of " + t.Name + " cannot be read by the new query: " + err.Error()}
			}
		}
	}
	return nil
}

// lacks is the topic that the query needs and that is not there, or not as it was.
func (e *Engine) lacks(ctx context.Context, of shape) error {
	for _, s := range of.Stages {
		need := map[string]int32{}
		for _, t := range append(s.reads(), s.writes()...) {
			need[t.Topic] = t.Parts
		}
		for _, t := range s.Tables {
			if t.Topic != "" {
				need[t.Topic] = s.width()
			}
		}
		for name, n := range need {
			info, err := e.log.Topic(ctx, name)
			if err != nil {
				return unread(fmt.Errorf("topic %s: %w", name, err))
			}
			if info.Partitions != n {
				return fmt.Errorf("topic %s has %d partitions; the query was made for %d", name, info.Partitions, n)
			}
		}
	}
	return nil
}

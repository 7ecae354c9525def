package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store"
)

// Query is a persistent query at work: one session at the log, one task for each of its units.
type Query struct {
	e      *Engine
	plan   *plan.Query
	stages []stage
	sess   store.Session
	tasks  []*task
	cancel context.CancelFunc
	wg     sync.WaitGroup
	paused atomic.Bool
	err    atomic.Pointer[error]

	stateM sync.Mutex
	told   string    // the state that was told of last
	since  time.Time // it has it
}

// Plan is what the query does.
func (q *Query) Plan() *plan.Query { return q.plan }

// Err is what stopped the query; nil: it runs, or was told to end.
func (q *Query) Err() error {
	if p := q.err.Load(); p != nil {
		return *p
	}
	return nil
}

// State is RUNNING, PAUSED or ERROR.
func (q *Query) State() string {
	switch {
	case q.Err() != nil:
		return "ERROR"
	case q.paused.Load():
		return "PAUSED"
	}
	return "RUNNING"
}

// tell tells of the query's state, or that it was ended for good, if that is news. Locks may be held: who leaves the
// last one calls teller.flush.
func (q *Query) tell(ended bool) {
	q.stateM.Lock()
	defer q.stateM.Unlock()
	state := q.State()
	if ended {
		state = "TERMINATED"
	}
	if q.told == state || q.told == "TERMINATED" {
		return
	}
	i := QueryStateInfo{Query: q.plan.ID, From: q.told, To: state, At: q.e.wall()}
	if state == "ERROR" {
		i.Err = q.Err()
	}
	q.told, q.since = state, i.At
	q.e.teller.later(i)
}

// internal is the full name of one of the query's own topics (ksqlDB: application id, then the part).
func (e *Engine) internal(id, part string) string {
	return "_confluent-ksql-" + e.Property("ksql.service.id", "default_") + "query_" + id + "-" + part
}

// start begins the work of p. Its topics exist. old is the stopped query that it replaces; nil: none.
func (e *Engine) start(ctx context.Context, p *plan.Query, old *Query) (*Query, error) {
	q := &Query{e: e, plan: p}
	q.paused.Store(p.Paused)
	in, err := e.log.Topic(ctx, source(p.Root).Topic)
	if err != nil {
		return nil, err
	}
	sinkParts := int32(1)
	if s, ok := p.Root.(*plan.Sink); ok {
		t, err := e.log.Topic(ctx, s.Topic)
		if err != nil {
			return nil, err
		}
		sinkParts = t.Partitions
	}
	if q.stages, err = cut(p.Root, in.Partitions, sinkParts, false, func(part string) string { return e.internal(p.ID, part) }); err != nil {
		return nil, err
	}
	var spec []store.Stage
	for i := range q.stages {
		s := &q.stages[i]
		st := store.Stage{Name: s.name, In: []string{s.topic}, From: map[string]int64{s.topic: 0}}
		if i == 0 && !p.Earliest[s.topic] {
			st.From[s.topic] = -1
		}
		if s.send != nil {
			if err := e.ensure(ctx, s.out, store.TopicConfig{Partitions: s.parts, Internal: true}); err != nil {
				return nil, err
			}
		}
		if e.log.Durable() {
			names, err := e.changelogs(p, s)
			if err != nil {
				return nil, err
			}
			for _, n := range names {
				if err := e.ensure(ctx, n, store.TopicConfig{Partitions: in.Partitions, Internal: true, Compact: true}); err != nil {
					return nil, err
				}
			}
			st.Change = names
		}
		spec = append(spec, st)
	}
	if q.sess, err = e.log.Session(ctx, p.ID, spec); err != nil {
		return nil, err
	}
	units, err := q.sess.Units(ctx)
	if err != nil {
		return nil, err
	}
	run, cancel := context.WithCancel(e.ctx)
	q.cancel = cancel
	for _, u := range units {
		t, err := q.open(ctx, u, old)
		if err != nil {
			cancel()
			q.sess.Close()
			return nil, fmt.Errorf("query %s: %w", p.ID, err)
		}
		q.tasks = append(q.tasks, t)
	}
	q.tell(false)
	for _, t := range q.tasks {
		q.wg.Add(1)
		go t.run(run)
	}
	return q, nil
}

// changelogs names the topics that keep the state of a stage.
func (e *Engine) changelogs(p *plan.Query, s *stage) ([]string, error) {
	l, err := s.build(e.context(p, 0, nil), p.Kind, true, nil)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, k := range l.keepers {
		for _, t := range k.Tables() {
			out = append(out, e.internal(p.ID, t.Name+"-changelog"))
		}
	}
	return out, nil
}

func source(s plan.Step) *plan.Scan {
	for {
		if scan, ok := s.(*plan.Scan); ok {
			return scan
		}
		s = s.Inputs()[0]
	}
}

func (e *Engine) ensure(ctx context.Context, topic string, c store.TopicConfig) error {
	_, err := e.log.Topic(ctx, topic)
	if errors.Is(err, store.ErrNoTopic) {
		err = e.log.Create(ctx, topic, c)
	}
	return err
}

// stop ends the tasks at a commit and waits for them.
func (q *Query) stop() {
	q.cancel()
	q.wg.Wait()
	for _, t := range q.tasks {
		t.work.Close()
	}
	q.sess.Close()
}

// forget deletes what the query leaves behind: its positions, its state, its topics.
func (q *Query) forget(ctx context.Context) error {
	if err := q.e.log.Forget(ctx, q.plan.ID); err != nil {
		return err
	}
	topics, err := q.e.log.Topics(ctx)
	if err != nil {
		return err
	}
	prefix := q.e.internal(q.plan.ID, "")
	for name, t := range topics {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			if err := q.e.log.Delete(ctx, name, t.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *Query) fail(err error, u store.Unit) {
	if q.err.CompareAndSwap(nil, &err) {
		q.cancel()
		q.e.teller.later(FaultInfo{Part: PartQueries, Query: q.plan.ID, Stage: u.Stage, Partition: u.Partition, Err: err})
		q.tell(false)
		q.e.moved()
	}
}

// pause holds the tasks, or lets them go on.
func (q *Query) pause(on bool) {
	q.paused.Store(on)
	for _, t := range q.tasks {
		t.poke()
	}
	q.tell(false)
	q.e.moved()
}

// Positions is the next offset of each partition that the query reads, as of its last commits.
func (q *Query) Positions() map[store.TP]int64 {
	out := map[store.TP]int64{}
	for _, t := range q.tasks {
		t.seen.Lock()
		for tp, at := range t.done {
			out[tp] = at
		}
		t.seen.Unlock()
	}
	return out
}

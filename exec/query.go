package exec

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store"
)

// Query is a persistent query at work: one session at the log, one task for each of its units.
type Query struct {
	e      *Engine
	rec    *queryRecord
	plan   *plan.Query
	stages []stage
	sess   store.Session
	tasks  []*task
	cancel context.CancelFunc
	wg     sync.WaitGroup
	paused atomic.Bool
	torn   atomic.Bool // a task was cancelled: its state is not that of a commit
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

// tell tells of the query's state, or that it was ended for good, if that is news.
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
	return e.own("query_" + id + "-" + part)
}

func (e *Engine) ensure(ctx context.Context, topic string, c store.TopicConfig) error {
	if err := e.log.Create(ctx, topic, c); !errors.Is(err, store.ErrExists) {
		return err
	}
	return nil
}

// A query that is to end may work off the rows at hand, then it is cancelled; where a function of the user does not
// return, it is left to itself. A query that another continues has more time for its rows.
const (
	grace    = 20 * time.Millisecond
	patience = time.Second
)

// within waits until all of g are done; false: they are not after d.
func within(g *sync.WaitGroup, d time.Duration) bool {
	done := make(chan struct{})
	go func() {
		g.Wait()
		close(done)
	}()
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case <-done:
		return true
	case <-late.C:
		return false
	}
}

// stop ends the tasks, at a commit if there is one within grace. A task that does not end in time is left: the log
// refuses what it commits later. A query that never ran has no tasks.
func (q *Query) stop(grace time.Duration) (err error) {
	if q.cancel == nil {
		return nil
	}
	q.cancel()
	if !within(&q.wg, grace) {
		for _, t := range q.tasks {
			t.ctx.Env.Stop.Set()
		}
		if !within(&q.wg, patience) {
			q.torn.Store(true)
		}
	}
	for _, t := range q.tasks {
		err = errors.Join(err, t.work.Close())
	}
	return errors.Join(err, q.sess.Close())
}

func (q *Query) fail(err error, u store.Unit) {
	if q.err.CompareAndSwap(nil, &err) {
		if q.cancel != nil {
			q.cancel()
		}
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

// remove takes a query out of those that there are.
func (e *Engine) remove(id string) *Query {
	e.mu.Lock()
	defer e.mu.Unlock()
	q := e.queries[id]
	delete(e.queries, id)
	return q
}

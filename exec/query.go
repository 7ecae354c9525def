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

// Query is a persistent query at work: one session at the log, one task for each unit that runs here, or did.
type Query struct {
	e      *Engine
	rec    *queryRecord
	plan   *plan.Query
	stages []stage
	shape  shape
	first  bool          // nobody has run it before
	old    *Query        // it has the state that the tasks begin with; nil: it is in the log
	places []store.Stage // what the log is told of them
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	list   atomic.Pointer[[]*task] // by stage and partition; only the goroutine that follows the units writes it
	paused atomic.Bool
	torn   atomic.Bool // a task was cancelled: its state is not that of a commit
	err    atomic.Pointer[stopped]
	faults condition // of the session

	placed chan struct{} // closed when the log has said which units run here
	left   chan struct{} // closed when nobody may wait for its state any more
	once   sync.Once

	sessM sync.Mutex
	sess  store.Session // nil: none yet

	stateM sync.Mutex
	told   string    // the state that was told of last
	since  time.Time // it has it
}

// stopped is what stopped a query, and what to do about it.
type stopped struct {
	err  error
	hint string
}

// Plan is what the query does.
func (q *Query) Plan() *plan.Query { return q.plan }

// Err is what stopped the query; nil: it runs, or was told to end.
func (q *Query) Err() error {
	if p := q.err.Load(); p != nil {
		return p.err
	}
	return nil
}

// Hint says what to do about Err.
func (q *Query) Hint() string {
	if p := q.err.Load(); p != nil {
		return p.hint
	}
	return ""
}

// tasks is those that there are. The slice stays as it is.
func (q *Query) tasks() []*task {
	if p := q.list.Load(); p != nil {
		return *p
	}
	return nil
}

// ended reports whether the query was told to end, or has failed.
func (q *Query) ended() bool { return q.Err() != nil || q.ctx.Err() != nil }

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
// return, it is left to itself. A query that another continues has more time for its rows. All that takes less than a
// second, with what a statement does besides.
const (
	grace    = 20 * time.Millisecond
	patience = 500 * time.Millisecond
	deadline = 750 * time.Millisecond
)

// settling is how long a statement waits for the state of the query that it starts, so that it can tell if there is
// none to be had. State that takes longer to read is read behind it.
const settling = 100 * time.Millisecond

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
		for _, t := range q.tasks() {
			t.stop.Set()
		}
		if !within(&q.wg, deadline-grace) {
			q.torn.Store(true)
		}
	}
	q.leave()
	return q.release()
}

// stopAll stops queries all at once: together they take no longer than one.
func stopAll(list []*Query) error {
	var ending sync.WaitGroup
	errs := make([]error, len(list))
	for i, q := range list {
		ending.Go(func() { errs[i] = q.stop(grace) })
	}
	ending.Wait()
	return errors.Join(errs...)
}

// release gives back what the log gave: a task that is late gets ErrLost.
func (q *Query) release() (err error) {
	q.sessM.Lock()
	defer q.sessM.Unlock()
	for _, t := range q.tasks() {
		err = errors.Join(err, t.close())
	}
	if q.sess != nil {
		err = errors.Join(err, q.sess.Close())
	}
	return err
}

// leave sends away those who wait for the state of a task that does not leave its gate.
func (q *Query) leave() { q.once.Do(func() { close(q.left) }) }

func (q *Query) fail(err error, hint string, u store.Unit) {
	if q.err.CompareAndSwap(nil, &stopped{err, hint}) {
		if q.cancel != nil {
			q.cancel()
		}
		q.leave()
		q.e.teller.later(FaultInfo{Part: PartQueries, Query: q.plan.ID, Stage: u.Stage, Partition: u.Partition, Err: err})
		q.tell(false)
		q.e.moved()
	}
}

// pause holds the tasks, or lets them go on.
func (q *Query) pause(on bool) {
	q.paused.Store(on)
	for _, t := range q.tasks() {
		t.poke()
	}
	q.tell(false)
	q.e.moved()
}

// Positions is the next offset of each partition that the query reads, as of its last commits.
func (q *Query) Positions() map[store.TP]int64 {
	out := map[store.TP]int64{}
	for _, t := range q.tasks() {
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

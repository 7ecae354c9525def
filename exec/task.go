package exec

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// task is one unit's place in a query: one goroutine that only calls step, and restores the unit when something went
// wrong.
type task struct {
	q     *Query
	unit  store.Unit
	stage *stage
	in    []store.TP         // the partitions that it reads
	ends  map[store.TP]int64 // of them when the unit was opened, where there are several
	merge *merger            // puts their rows in order; nil: the log does

	ending <-chan struct{} // closed when the query is told to end
	stop   *fn.Stop        // of its expressions
	here   atomic.Bool     // the log says that the unit is to run here
	rests  atomic.Bool     // the query is paused, and what was at hand is committed
	rested bool            // rests, for the task's goroutine

	// state is held from the first row after a commit until the next one, and while there is no state, so that a
	// reader never sees anything but committed state. readers counts those who wait for it: they make the task commit.
	state   gate
	readers atomic.Int32
	held    bool
	line    *line // the operators, nil: there is no state
	view    *view // reads the state: see pull.go
	ctx     *op.Context
	loads   int64 // how often the state was read back
	tables  int64 // bytes of the tables, as of the last commit
	count   int64 // commits: who holds state sees whether anything has changed
	pending int   // rows processed since the commit
	most    int   // rows to run at once: fewer where they became a lot of output
	since   time.Time
	pos     map[store.TP]int64 // next offset of each input to process
	polled  map[store.TP]int64 // what the rows of the last Poll reach to, and what follows them without a row
	out     []*store.Records
	trouble []op.Problem

	seen    sync.Mutex
	work    store.Work         // nil: the unit is not open; written with seen by the task's goroutine
	done    map[store.TP]int64 // pos as of the last commit, for Sync
	wake    chan struct{}
	changed int // changelog rows since the last checkpoint
	read    int // rows read since the last trim
	saving  atomic.Bool
	unsave  context.CancelFunc // ends the checkpoint that is being made
	saver   sync.WaitGroup
	commits condition     // that the log takes
	ailing  bool          // the last one was not taken: only the task's goroutine asks
	saves   condition     // of checkpoints
	faults  condition     // that broke its work off
	begun   chan struct{} // closed when it has had state, or tried in vain
	first   error         // why it never will
	tries   int           // since it last went right
	doubt   bool          // only a commit says that it goes right

	from atomic.Pointer[task] // has the state that it begins with, until it has it; nil: it is in the log
}

// newTask is a task that has no state yet: it holds its gate until it has some.
func (q *Query) newTask(u store.Unit) *task {
	t := &task{
		q: q, unit: u, state: newGate(), held: true, stop: new(fn.Stop), pos: map[store.TP]int64{}, polled: map[store.TP]int64{},
		done: map[store.TP]int64{}, wake: make(chan struct{}, 1), begun: make(chan struct{}),
	}
	t.from.Store(q.old.source(u))
	t.state.lock()
	for i := range q.stages {
		if q.stages[i].Name == u.Stage {
			t.stage = &q.stages[i]
		}
	}
	t.in = t.stage.inputs(u.Partition)
	t.here.Store(true)
	return t
}

// run is the task's goroutine.
func (t *task) run(ctx context.Context) {
	defer t.rest()
	t.ending = ctx.Done()
	for {
		if err := t.live(ctx); err == nil || !t.mend(ctx, err) {
			return
		}
	}
}

// live works until ctx ends, or something goes wrong.
func (t *task) live(ctx context.Context) error {
	if t.work == nil {
		if err := t.load(ctx); err != nil {
			return err
		}
	}
	for ctx.Err() == nil {
		if !t.here.Load() {
			if err := t.commit(); err != nil {
				return err
			}
			return store.ErrLost
		}
		progress, err := t.step()
		if err != nil {
			return err
		}
		if progress {
			continue
		}
		select {
		case <-ctx.Done():
		case <-t.work.Ready():
		case <-t.wake:
		}
	}
	return t.commit()
}

func (t *task) poke() { poke(t.wake) }

// step polls, runs the pipeline, and commits when nothing more is ready, enough was done, or somebody waits.
func (t *task) step() (progress bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	if t.rested {
		t.rested = false
		t.rests.Store(false) // before paused is looked at: who sees both is not misled
	}
	if t.q.paused.Load() {
		if err := t.commit(); err != nil {
			return false, err
		}
		t.rested = true
		t.rests.Store(true)
		t.q.e.moved()
		return false, nil
	}
	runs, err := t.work.Poll(t.q.e.opt.Batch)
	if err != nil {
		err = unread(err)
		if judge(err).class == passing { // what is processed is in no doubt: a log that is read badly must not hold it up
			if bad := t.commit(); bad != nil {
				return false, bad
			}
		}
		return t.lost(err)
	}
	t.work.Position(t.polled)
	if t.merge != nil || t.line.unordered(runs) {
		return t.merged(runs)
	}
	if len(runs) == 0 {
		maps.Copy(t.pos, t.polled)
		if t.held {
			return false, t.commit()
		}
		t.passed()
		if !t.doubt {
			t.well()
		}
		return false, nil
	}
	for len(runs) > 0 {
		var part []store.Records
		part, runs = split(runs, min(t.most, t.q.e.opt.Batch), batchBytes)
		if err := t.part(part, len(runs) == 0); err != nil {
			return false, err
		}
	}
	return true, nil
}

// lost goes on behind rows that the log no longer keeps, as a Kafka Streams task does (auto.offset.reset), from the
// oldest row left and not without saying so. Rows of a repartition topic are nobody's to drop: without them the
// query ends.
func (t *task) lost(err error) (progress bool, _ error) {
	var gap *store.Gap
	if !errors.As(err, &gap) || t.stage.internal(gap.TP.Topic) {
		return false, err
	}
	t.hold()
	t.trouble = append(t.trouble, op.Problem{Kind: op.ProcessingError, Topic: gap.TP.Topic, Partition: gap.TP.Partition, Offset: gap.From, Err: gap})
	if t.merge == nil { // else rows before it may still be here
		t.pos[gap.TP] = gap.To
	}
	return true, nil
}

// passed notes offsets without a row behind the last one that was committed: there is nothing to commit of them,
// and nothing is lost if they are read again.
func (t *task) passed() {
	if maps.Equal(t.done, t.pos) { // only this goroutine writes them
		return
	}
	t.seen.Lock()
	maps.Copy(t.done, t.pos)
	t.seen.Unlock()
	t.q.e.moved()
}

// part runs some rows through the pipeline; last: they are the last ones of what was polled.
func (t *task) part(runs []store.Records, last bool) error {
	t.hold()
	for _, r := range runs {
		t.pending += r.Len()
		t.pos[r.TP] = r.Offset(r.Len()-1) + 1
	}
	if last {
		maps.Copy(t.pos, t.polled)
	}
	return t.process(func() error { return t.line.feed(runs) })
}

// process does some work on rows, and commits when that was enough.
func (t *task) process(work func() error) error {
	before := t.line.bytes()
	if err := work(); err != nil {
		return &Fault{err}
	}
	made := t.line.bytes()
	if made-before > batchBytes {
		t.most = max(1, t.most/4)
	} else if t.most < t.q.e.opt.Batch {
		t.most *= 2
	}
	if t.pending >= t.q.e.opt.CommitRows || t.readers.Load() > 0 || made > 2*batchBytes || len(t.trouble) > mostTrouble || time.Since(t.since) > t.q.e.opt.CommitEvery {
		return t.commit()
	}
	return nil
}

// mostTrouble is how many problems may wait for a commit.
const mostTrouble = 4096

func (t *task) hold() {
	if !t.held {
		t.state.lock()
		t.held = true
		t.since = time.Now()
	}
}

// reached reports whether the task has committed everything below ends.
func (t *task) reached(ends map[store.TP]int64) bool {
	t.seen.Lock()
	defer t.seen.Unlock()
	for _, tp := range t.in {
		if end, ok := ends[tp]; ok && t.done[tp] < end {
			return false
		}
	}
	return true
}

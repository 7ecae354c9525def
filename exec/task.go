package exec

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/store"
)

// task is one stage on one partition: one goroutine that only calls step.
type task struct {
	q     *Query
	unit  store.Unit
	stage *stage
	in    []store.TP         // the partitions that it reads
	ends  map[store.TP]int64 // of them when the unit was opened, where there are several
	merge *merger            // puts their rows in order; nil: the log does
	work  store.Work
	line  *line
	ctx   *op.Context

	ending <-chan struct{} // closed when the query is told to end
	rests  atomic.Bool     // the query is paused, and what was at hand is committed
	rested bool            // rests, for the task's goroutine

	// state is held from the first row after a commit until the next one, so that a reader never sees anything
	// but committed state. readers counts those who wait for it: they make the task commit.
	state   gate
	readers atomic.Int32
	held    bool
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
	done    map[store.TP]int64 // pos as of the last commit, for Sync
	wake    chan struct{}
	changed int // changelog rows since the last checkpoint
	read    int // rows read since the last trim
	saving  atomic.Bool
	saver   sync.WaitGroup
	commits condition // that the log takes
	ailing  bool      // the last one was not taken: only the task's goroutine asks
	saves   condition // of checkpoints
	view    *view     // reads the state: see pull.go
}

func (q *Query) open(ctx context.Context, u store.Unit, old *Query) (*task, error) {
	t := &task{q: q, unit: u, state: newGate(), most: 64, pos: map[store.TP]int64{}, polled: map[store.TP]int64{}, done: map[store.TP]int64{}, wake: make(chan struct{}, 1)}
	for i := range q.stages {
		if q.stages[i].Name == u.Stage {
			t.stage = &q.stages[i]
		}
	}
	t.in = t.stage.inputs(u.Partition)
	t.ctx = q.e.context(q.plan, u.Partition, func(p op.Problem) { t.trouble = append(t.trouble, p) })
	var err error
	if t.line, err = t.stage.build(t.ctx, q.plan.Kind, q.e.log.Durable(), func(*op.Batch) error { return nil }); err != nil {
		return nil, err
	}
	if t.work, err = q.sess.Open(ctx, u); err != nil {
		return nil, err
	}
	if err := t.restore(ctx, old); err != nil {
		return nil, errors.Join(err, t.work.Close())
	}
	t.work.Position(t.pos)
	t.work.Position(t.done)
	if len(t.line.heads) > 1 {
		if t.ends, err = q.e.log.Ends(ctx, t.in); err != nil {
			return nil, errors.Join(err, t.work.Close())
		}
	}
	if t.line.read != nil {
		if t.view, err = newView(t.line, t.ctx.Env); err != nil {
			return nil, errors.Join(err, t.work.Close())
		}
	}
	return t, nil
}

// run is the task's goroutine.
func (t *task) run(ctx context.Context) {
	defer t.q.wg.Done()
	defer t.unaccount()
	defer t.saver.Wait()
	t.ending = ctx.Done()
	for ctx.Err() == nil {
		progress, err := t.step()
		if err != nil {
			t.abandon(ctx, err)
			return
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
	if err := t.commit(); err != nil {
		t.abandon(ctx, err)
	}
}

func (t *task) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

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

// merged takes runs that come without an order between the topics, and processes the rows whose turn it is.
func (t *task) merged(runs []store.Records) (progress bool, err error) {
	if t.merge == nil {
		if t.merge, err = t.line.merge(t.work, t.ctx, t.ends, t.q.e.opt.Batch); err != nil {
			return false, err
		}
	}
	report := func(p op.Problem) {
		t.hold()
		t.trouble = append(t.trouble, p)
	}
	t.merge.add(runs)
	for progress = len(runs) > 0; ; progress = true {
		l, last, err := t.merge.pick()
		if err != nil {
			return false, &Fault{err}
		}
		if l == nil {
			break
		}
		t.hold()
		if err := t.process(func() error {
			n, err := l.forward(min(t.most, t.q.e.opt.Batch), last)
			t.pending += n
			t.merge.settle(t.pos, report)
			return err
		}); err != nil {
			return false, err
		}
	}
	if progress {
		return true, nil
	}
	t.merge.settle(t.pos, report)
	if d, ok := t.merge.wait(); ok {
		time.AfterFunc(d, t.poke)
	}
	if t.held {
		return false, t.commit()
	}
	t.passed()
	return false, nil
}

// process does some work on rows, and commits when that was enough.
func (t *task) process(work func() error) error {
	before := t.made()
	if err := work(); err != nil {
		return &Fault{err}
	}
	if made := t.made(); made-before > batchBytes {
		t.most = max(1, t.most/4)
	} else if t.most < t.q.e.opt.Batch {
		t.most *= 2
	}
	if t.pending >= t.q.e.opt.CommitRows || t.readers.Load() > 0 || t.made() > 2*batchBytes || len(t.trouble) > mostTrouble || time.Since(t.since) > t.q.e.opt.CommitEvery {
		return t.commit()
	}
	return nil
}

// made is how many bytes of output wait for the commit.
func (t *task) made() int {
	return t.line.bytes()
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

// commit makes what was done since the last one visible and durable as one: outputs, changelog rows,
// positions, and what went wrong.
func (t *task) commit() error {
	if !t.held {
		return nil
	}
	if err := t.account(); err != nil {
		return &Fault{err}
	}
	t.out = t.line.take(t.out[:0])
	if t.q.e.log.Durable() {
		for _, k := range t.line.keepers {
			for _, tab := range k.Tables() {
				if !tab.Changed() {
					continue
				}
				r := &store.Records{TP: store.TP{Topic: t.q.e.changelog(t.q.plan.ID, tab), Partition: t.unit.Partition}}
				tab.Changes(r)
				t.changed += r.Len()
				t.out = append(t.out, r)
			}
		}
	}
	told := t.q.e.teller
	wrong := told.count(t.trouble)
	troubled := len(t.trouble) > 0
	if troubled {
		if r := t.q.e.problems(t.q.plan.ID, t.trouble); r != nil {
			t.out = append(t.out, r)
		}
		t.trouble = t.trouble[:0]
	}
	var began time.Time
	if len(told.commit) > 0 {
		began = time.Now()
	}
	if err := t.write(store.Commit{Appends: t.out, Positions: t.pos}); err != nil {
		return err
	}
	var took time.Duration
	if len(told.commit) > 0 {
		took = time.Since(began)
	}
	t.seen.Lock()
	for tp, n := range t.pos {
		t.done[tp] = n
	}
	t.seen.Unlock()
	read := t.pending
	t.read += read
	t.pending, t.held = 0, false
	t.count++
	t.state.leave()
	t.q.e.moved()
	if len(told.commit) > 0 {
		t.committed(read, took)
	}
	if troubled {
		told.rows(t.q.plan.ID, t.unit.Stage, t.unit.Partition, &wrong)
	}
	t.checkpoint()
	return t.trim()
}

// committed tells of a commit of rows read.
func (t *task) committed(read int, took time.Duration) {
	i := CommitInfo{Query: t.q.plan.ID, Stage: t.unit.Stage, Partition: t.unit.Partition, Read: read, Took: took}
	for _, r := range t.out {
		i.Written += r.Len()
	}
	t.q.e.teller.committed(i)
}

// mostPause is the longest time between two tries to commit.
const mostPause = time.Second

// write commits c. A log that cannot take it now has nothing of it: it is tried again until the query is told to end,
// and the engine's health tells so. A query that was ended goes on from the commit before when it starts again.
func (t *task) write(c store.Commit) error {
	e := t.q.e
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, mostPause) {
		err := t.work.Commit(e.base, c)
		if !errors.Is(err, store.ErrTransient) {
			if err == nil && t.ailing {
				t.ailing = false
				t.commits.went(nil, e.wall())
				e.teller.later(recovered(PartLog))
			}
			return err
		}
		t.commits.went(err, e.wall())
		if !t.ailing { // told once: the log may tell of each
			t.ailing = true
			e.teller.later(FaultInfo{Part: PartLog, Query: t.q.plan.ID, Stage: t.unit.Stage, Partition: t.unit.Partition, Err: err})
		}
		select {
		case <-t.ending:
			return err
		case <-time.After(pause):
		}
	}
}

// trimRows is how many rows of a repartition topic may be read before they are given up.
const trimRows = 1 << 16

// trim tells the log that rows of a repartition topic have been consumed: nobody else reads it.
func (t *task) trim() error {
	if t.read < trimRows {
		return nil
	}
	t.read = 0
	below := maps.Clone(t.pos)
	maps.DeleteFunc(below, func(tp store.TP, _ int64) bool { return !t.stage.internal(tp.Topic) })
	if len(below) == 0 {
		return nil
	}
	return t.q.e.log.Trim(t.q.e.base, below)
}

// abandon leaves state as it is: the query has failed, or was cancelled. It says so before anybody may look at that
// state.
func (t *task) abandon(ctx context.Context, err error) {
	if taken(err) { // by a statement, perhaps, which will end the query
		if bad := t.q.e.catchUp(ctx); bad != nil && ctx.Err() == nil {
			err = errors.Join(err, bad)
		}
	}
	ended := ctx.Err() != nil
	if !ended { // else it was to end anyway
		t.q.fail(err, t.unit)
	}
	if ended || t.held {
		t.q.torn.Store(true)
	}
	if t.held {
		t.held = false
		t.state.leave()
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

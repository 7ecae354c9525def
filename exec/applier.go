package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store"
)

// ErrFormat is what Open gets from a command topic that another build wrote.
var ErrFormat = errors.New("the directory is of another build")

// fold is what the command topic says up to an offset.
type fold struct {
	cat  *plan.Catalog
	live map[string]*queryRecord // the queries that exist, by id
	next int64                   // offset of the next record
	last *record                 // newest; nil: there is none
	prev string                  // its hash
	read time.Time               // when it was read
}

// add takes one record: its effect and no more. The query that it starts is not planned yet.
func (f *fold) add(value []byte, offset int64) (*record, error) {
	r, err := readRecord(value, f.prev)
	if err != nil {
		return nil, fmt.Errorf("command topic, offset %d: %w", offset, err)
	}
	f.cat = f.cat.Apply(r.effect(nil))
	for _, id := range r.Effect.Stop {
		delete(f.live, id)
	}
	if q := r.Query; q != nil {
		f.live[q.ID] = q
	}
	f.last, f.next, f.prev, f.read = r, offset+1, hash(value), time.Now()
	return r, nil
}

// effect is what the record does to the catalog; q is its query if that is planned.
func (r *record) effect(q *plan.Query) *plan.Effect {
	if r.Query == nil {
		return r.Effect
	}
	all := *r.Effect
	if all.Start = q; q == nil {
		all.Start = r.Query.bare()
	}
	return &all
}

// applier follows the command topic: it alone changes the catalog, and starts and ends queries.
type applier struct {
	in store.Reader

	mu     sync.Mutex
	fold   fold               // written by the applier only
	at     map[store.TP]int64 // the reader's position
	passed int64              // all records below it are carried out, and it may be beyond the last (markers)
	done   int64              // offset after the last record that is carried out
	moved  chan struct{}      // closed and made anew when passed has grown, or err is set
	err    error              // why it reads no further
	broken chan struct{}      // closed when err is set
	own    *proposal          // the record that this engine is appending

	waiting map[string]*built // queries whose topics are not there yet, by id; the applier's only
	made    chan struct{}     // has a token when topics were made for another engine's record
}

// proposal is a record of this engine's on its way into the topic.
type proposal struct {
	hash  string
	built *built // nil: it starts no query
	done  chan Status
}

// replay folds the command topic up to end, does the deeds of its last record again, and starts the queries.
func (e *Engine) replay(ctx context.Context) error {
	topic := e.commands()
	if err := e.ensure(ctx, topic, store.TopicConfig{Partitions: 1, Internal: true}); err != nil {
		return err
	}
	if err := e.ensureProblems(ctx); err != nil {
		return err
	}
	claim, err := e.log.Claim(ctx, topic)
	if err != nil {
		return err
	}
	defer claim.Release()
	a := &e.apply
	a.fold = fold{cat: e.initial(), live: map[string]*queryRecord{}}
	a.moved, a.broken = make(chan struct{}), make(chan struct{})
	a.waiting, a.made = map[string]*built{}, make(chan struct{}, 1)
	if a.in, err = e.log.Reader(ctx, map[store.TP]int64{{Topic: topic}: -1}, nil); err != nil {
		return err
	}
	views, err := e.statuses.catchUp()
	if err != nil {
		return err
	}
	for a.position() < claim.End() {
		err := a.read(ctx, func(value []byte, offset int64) error {
			r, err := a.fold.add(value, offset)
			if err == nil {
				views.add(r.status(offset, nil), a.fold.prev)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := views.end(); err != nil {
		return err
	}
	if err := e.redo(ctx); err != nil {
		return err
	}
	if err := e.resume(ctx); err != nil {
		return err
	}
	e.paid = a.fold.next
	a.finish(a.fold.next)
	a.pass(a.position())
	e.applying.Add(1)
	go e.follow()
	return nil
}

// resume plans and starts the queries that the command topic leaves alive. One that cannot start is in ERROR; the
// others do not wait for it.
func (e *Engine) resume(ctx context.Context) error {
	f := &e.apply.fold
	var start []*built
	for q := range f.cat.Queries() {
		r := f.live[q.ID]
		b, err := e.build(e.base, r)
		if err == nil {
			err = b.differs()
		}
		if err != nil {
			e.queries[r.ID] = e.stuck(r, q, err)
			continue
		}
		b.plan.Paused = q.Paused
		e.apply.planned(b)
		start = append(start, b)
	}
	e.catalog.Store(f.cat)
	for _, b := range start {
		if err := ctx.Err(); err != nil {
			return err
		}
		if q := e.launch(ctx, b, nil); q != nil {
			e.put(q)
			q.loaded(ctx)
		}
	}
	return nil
}

// carryOut makes the world match one record.
func (e *Engine) carryOut(value []byte, offset int64) error {
	a := &e.apply
	a.mu.Lock()
	r, err := a.fold.add(value, offset)
	a.mu.Unlock()
	if err != nil {
		return err
	}
	own := a.mine(a.fold.prev)
	var unseen error
	if own == nil && r.Query != nil && len(r.Deeds.Create) > 0 {
		if _, unseen = e.leave(e.following, deeds{Create: r.Deeds.Create}, a.fold); errors.Is(unseen, store.ErrMoved) || errors.Is(unseen, ErrClosed) {
			unseen = nil
		}
		if err := e.following.Err(); err != nil {
			return err
		}
	}
	status := r.status(offset, errors.Join(unseen, e.match(e.base, r, own)))
	e.settle(status, a.fold.prev)
	a.finish(offset + 1)
	e.moved()
	if own != nil {
		own.done <- status
	}
	return nil
}

// match stops and starts what r says. Its deeds are done by the engine that wrote it, which holds the claim.
func (e *Engine) match(ctx context.Context, r *record, own *proposal) (err error) {
	var left deeds
	if own != nil {
		left, err = e.begin(ctx, r.Deeds)
	}
	var gone []*Query
	for _, id := range r.Effect.Stop {
		delete(e.apply.waiting, id)
		if q := e.remove(id); q != nil {
			gone = append(gone, q)
		}
	}
	err = errors.Join(err, stopAll(gone))
	for _, q := range gone {
		q.tell(true)
	}
	if r.Query != nil {
		err = errors.Join(err, e.renew(ctx, r, own))
	}
	e.catalog.Store(e.apply.fold.cat)
	if r.End {
		err = errors.Join(err, e.ended())
	}
	e.pause(r.Effect.Pause)
	err = errors.Join(err, e.goOn(ctx, r.Effect.Resume))
	if own != nil {
		more, bad := e.finish(ctx, r.Deeds)
		left.Forget, left.Delete = more.Forget, more.Delete
		err = errors.Join(err, bad)
		e.owed = left
		e.paid = e.apply.fold.next
		var undone error
		if !left.empty() {
			undone = err
		}
		e.went(PartStatements, &e.deedsC, undone)
	}
	return err
}

// renew starts the query of r, in the place of the one that it replaces.
func (e *Engine) renew(ctx context.Context, r *record, own *proposal) error {
	var b *built
	var err error
	if own != nil {
		b = own.built
	} else if b, err = e.build(e.base, r.Query); err == nil {
		err = b.differs()
	}
	delete(e.apply.waiting, r.Query.ID)
	old := e.remove(r.Query.ID)
	var stopped error
	if old != nil {
		stopped = old.stop(patience)
		old.tell(true)
	}
	var q *Query
	switch {
	case err != nil:
		q = e.stuck(r.Query, r.Query.bare(), err)
	case own == nil && errors.Is(e.lacks(ctx, b.shape), store.ErrNoTopic):
		e.apply.planned(b)
		e.apply.waiting[r.Query.ID] = b
	default:
		e.apply.planned(b)
		b.first = own != nil && r.Query.Version == 1
		q = e.launch(ctx, b, old)
	}
	if q == nil { // it waits for its topics, or for its end
		return stopped
	}
	e.put(q)
	return errors.Join(q.unable(ctx), stopped)
}

// planned puts a query into the catalog in the place of its bare one.
func (a *applier) planned(b *built) {
	a.mu.Lock()
	a.fold.cat = a.fold.cat.Apply(&plan.Effect{Start: b.plan, Replace: true})
	a.mu.Unlock()
}

// snapshot is the fold as it is now, and where the record of a query that lives is found.
func (a *applier) snapshot() (f fold, live func(id string) *queryRecord) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.fold, func(id string) *queryRecord {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.fold.live[id]
	}
}

// mine is the proposal whose record has that hash; nil: it is another engine's.
func (a *applier) mine(hash string) *proposal {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.own
	if p == nil || p.hash != hash {
		return nil
	}
	a.own = nil
	return p
}

// reached is the offset after the last record that is carried out.
func (a *applier) reached() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done
}

func (a *applier) propose(p *proposal) {
	a.mu.Lock()
	a.own = p
	a.mu.Unlock()
}

func (a *applier) finish(to int64) {
	a.mu.Lock()
	a.done = to
	a.mu.Unlock()
	a.pass(to)
}

func (a *applier) pass(to int64) {
	a.mu.Lock()
	if to <= a.passed {
		a.mu.Unlock()
		return
	}
	a.passed = to
	close(a.moved)
	a.moved = make(chan struct{})
	a.mu.Unlock()
}

func (a *applier) end(err error) {
	a.mu.Lock()
	a.err = err
	close(a.broken)
	close(a.moved)
	a.moved = make(chan struct{})
	a.mu.Unlock()
}

// await returns when all records below to are carried out.
func (a *applier) await(ctx context.Context, to int64) error {
	for {
		a.mu.Lock()
		passed, moved, err := a.passed, a.moved, a.err
		a.mu.Unlock()
		if passed >= to {
			return nil
		}
		if err != nil {
			return fmt.Errorf("no statement can be carried out: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

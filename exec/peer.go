package exec

import (
	"context"
	"errors"
	"io"
	"maps"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// Several engines may follow one log. Who wrote a record does its deeds; the others give it the time for that, and do
// them when it does not: then it is no more.
const deedsTime = 2 * time.Second

// leave waits until d, deeds of the last record of f that another engine wrote, are seen to be done, or the time for
// that is over: then done is false. What was seen to be done must not be done again: a newer statement may be undoing
// it at this moment. ErrMoved: a newer record was written, so that they were done, and what is seen now may be what later
// ones left.
func (e *Engine) leave(ctx context.Context, d deeds, f fold) (done bool, err error) {
	end := f.read.Add(deedsTime)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if done, err := e.seen(ctx, d); done || err != nil {
			return done, err
		}
		if newer, err := e.newer(ctx, f.next); err != nil {
			return false, err
		} else if newer {
			return false, store.ErrMoved
		}
		if time.Now().After(end) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-e.Done():
			return false, ErrClosed
		case <-time.After(pause):
		}
	}
}

// seen reports whether the topics are as d leaves them.
func (e *Engine) seen(ctx context.Context, d deeds) (bool, error) {
	for _, t := range d.Create {
		if _, err := e.log.Topic(ctx, t.Name); err != nil {
			return false, without(err)
		}
	}
	for _, t := range d.Delete {
		info, err := e.log.Topic(ctx, t.Name)
		if without(err) != nil {
			return false, err
		}
		if err == nil && info.ID == t.ID {
			return false, nil
		}
	}
	return true, nil
}

// without is err unless it says that there is no such topic.
func without(err error) error {
	if errors.Is(err, store.ErrNoTopic) {
		return nil
	}
	return err
}

// newer reports whether the command topic has a record at next or later. Its end does not tell: there may be offsets
// without a record.
func (e *Engine) newer(ctx context.Context, next int64) (found bool, err error) {
	tp := store.TP{Topic: e.commands()}
	to, err := e.log.Ends(ctx, []store.TP{tp})
	if err != nil || to[tp] <= next {
		return false, err
	}
	in, err := e.log.Reader(ctx, map[store.TP]int64{tp: next}, to)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	for {
		runs, err := in.Poll(1)
		if errors.Is(err, io.EOF) {
			return len(runs) > 0, nil
		}
		if err != nil || len(runs) > 0 {
			return err == nil, err
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-in.Ready():
		}
	}
}

// pay does what earlier statements left undone: deeds that failed, and those of a record whose writer has not done
// them in its time. ErrMoved: another statement was faster.
func (e *Engine) pay(ctx context.Context) error {
	f, _ := e.apply.snapshot()
	foreign := f.last != nil && f.last.By != e.id && e.paid < f.next
	if foreign {
		done, err := e.leave(ctx, f.last.Deeds, f)
		if err != nil {
			return err
		}
		if e.owed = f.last.Deeds; done { // with those of ours that its writer could not do either
			e.owed = f.last.Deeds.unseen()
		}
	}
	e.paid = f.next
	if e.owed.empty() {
		return nil
	}
	var err error
	e.owed, err = e.do(ctx, e.owed)
	e.went(PartStatements, &e.deedsC, err)
	if foreign {
		select {
		case e.apply.made <- struct{}{}:
		default:
		}
	}
	return nil
}

// redo does the deeds of the last record again, at opening: its writer may have ended before it did them.
func (e *Engine) redo(ctx context.Context) (err error) {
	f := &e.apply.fold
	if f.last == nil {
		return nil
	}
	done := false
	if e.log.Shared() {
		done, err = e.leave(ctx, f.last.Deeds, *f)
		if errors.Is(err, store.ErrMoved) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	again := f.last.Deeds.unseen()
	if !done {
		if again, err = e.again(ctx, f.last); err != nil {
			return err
		}
	}
	e.owed, err = e.do(ctx, again)
	e.went(PartStatements, &e.deedsC, err)
	return nil
}

// startWaiting starts the queries of other engines' records whose topics are there by now. One whose topics nobody
// has made is in ERROR until somebody does.
func (e *Engine) startWaiting(ctx context.Context) {
	a := &e.apply
	for id, b := range maps.Clone(a.waiting) {
		p := *b.plan
		p.Paused = a.fold.cat.Query(id).Paused
		b.plan = &p
		bad := e.lacks(ctx, b.shape)
		if !errors.Is(bad, store.ErrNoTopic) {
			delete(a.waiting, id)
			e.put(e.launch(ctx, b, nil)) // which may let it wait again
			continue
		}
		if _, told := e.Query(id); told {
			continue
		}
		if newer, err := e.newer(ctx, a.fold.next); !newer {
			e.put(e.stuck(b.rec, b.plan, errors.Join(bad, err)))
		}
	}
}

// taken is what a query sees of a statement that another engine has logged and done already: its topics are gone, and
// its place at the log.
func taken(err error) bool { return errors.Is(err, store.ErrNoTopic) || errors.Is(err, store.ErrLost) }

// catchUp waits until all that is in the command topic now is carried out.
func (e *Engine) catchUp(ctx context.Context) error {
	tp := store.TP{Topic: e.commands()}
	ends, err := e.log.Ends(ctx, []store.TP{tp})
	if err != nil {
		return err
	}
	return e.apply.await(ctx, ends[tp])
}

// put lists a query; nil: there is none.
func (e *Engine) put(q *Query) {
	if q == nil {
		return
	}
	e.mu.Lock()
	e.queries[q.plan.ID] = q
	e.mu.Unlock()
}

package exec

import (
	"context"
	"errors"
)

// pause holds queries.
func (e *Engine) pause(ids []string) {
	for _, id := range ids {
		if q, ok := e.Query(id); ok {
			q.pause(true)
		}
	}
}

// goOn lets queries go on. One in ERROR is tried again: built anew and started from its last commit. It is an error if
// it still cannot run; the others go on.
func (e *Engine) goOn(ctx context.Context, ids []string) (err error) {
	for _, id := range ids {
		q, ok := e.Query(id)
		switch {
		case !ok:
		case q.Err() == nil:
			q.pause(false)
		case e.apply.waiting[id] == nil: // else it starts by itself
			err = errors.Join(err, e.retry(ctx, q))
		}
	}
	return err
}

// retry starts a query again that has failed.
func (e *Engine) retry(ctx context.Context, old *Query) error {
	err := old.stop(grace)
	b, bad := e.build(e.base, old.rec)
	if bad == nil {
		bad = b.differs()
	}
	if bad != nil {
		p := *old.plan
		p.Paused = false
		q := e.stuck(old.rec, &p, bad)
		if !e.log.Durable() {
			q.old = old
		}
		e.put(q)
		return errors.Join(bad, err)
	}
	e.apply.planned(b)
	e.catalog.Store(e.apply.fold.cat)
	q := e.launch(ctx, b, old)
	if q == nil { // it waits for its end
		return err
	}
	e.put(q)
	return errors.Join(q.unable(ctx), err)
}

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
func (e *Engine) goOn(ctx context.Context, ids []string) error {
	var failed []*Query
	for _, id := range ids {
		q, ok := e.Query(id)
		switch {
		case !ok:
		case q.Err() == nil:
			q.pause(false)
		case e.apply.waiting[id] == nil: // else it starts by itself
			failed = append(failed, q)
		}
	}
	err := stopAll(failed)
	for i, q := range failed {
		failed[i] = e.retry(ctx, q)
	}
	ctx, cancel := context.WithTimeout(ctx, settling) // for all of them together
	defer cancel()
	for _, q := range failed {
		if q != nil {
			err = errors.Join(err, q.unable(ctx))
		}
	}
	return err
}

// retry starts a query again that has failed, and was stopped. nil: it waits for its end.
func (e *Engine) retry(ctx context.Context, old *Query) *Query {
	b, err := e.build(e.base, old.rec)
	if err == nil {
		err = b.differs()
	}
	var q *Query
	if err != nil {
		p := *old.plan
		p.Paused = false
		q = e.stuck(old.rec, &p, err)
		if !e.log.Durable() {
			q.old = old
		}
	} else {
		e.apply.planned(b)
		e.catalog.Store(e.apply.fold.cat)
		q = e.launch(ctx, b, old)
	}
	e.put(q)
	return q
}

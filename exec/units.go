package exec

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// begin takes the query's place at the log and lets the units that are to run here work, which read their state first.
// What may pass does not keep it from beginning, nor does a log that takes its time.
func (q *Query) begin(ctx context.Context) (err error) {
	q.places = q.rec.places(q.shape.Stages)
	q.ctx, q.cancel = context.WithCancel(q.e.ctx)
	soon, end := context.WithTimeout(ctx, settling)
	defer end()
	units, err := q.units(soon)
	if err != nil && (judge(err).class != passing || ctx.Err() != nil) {
		q.cancel()
		return errors.Join(err, q.release())
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		q.faults.went(err, q.e.wall())
	}
	tasks := q.assign(units)
	if err == nil {
		q.place()
	}
	q.tell(false)
	q.work(tasks)
	q.wg.Go(q.follow)
	return nil
}

// place notes that the log has said which units run here.
func (q *Query) place() {
	q.old = nil
	close(q.placed)
}

// unable is why a query that was just started cannot run, as far as it is known soon; nil: nothing says so. What its
// rows do to it is not meant.
func (q *Query) unable(ctx context.Context) error {
	if q.cancel == nil { // it has no tasks
		return q.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	q.loaded(ctx)
	for _, t := range q.tasks() {
		select {
		case <-t.begun:
			if t.first != nil {
				return t.first
			}
		default:
		}
	}
	return nil
}

// loaded waits until the tasks have their state, have failed to get it, or try again.
func (q *Query) loaded(ctx context.Context) {
	for _, t := range q.tasks() {
		select {
		case <-t.begun:
		case <-ctx.Done():
			return
		}
	}
}

// units waits until the log says which units are to run here. The first time it takes the query's place.
func (q *Query) units(ctx context.Context) ([]store.Unit, error) {
	if q.sess == nil { // which nobody else changes
		if err := q.enter(ctx); err != nil {
			return nil, err
		}
	}
	list, err := q.sess.Units(ctx)
	if err != nil {
		return nil, unread(err)
	}
	return list, nil
}

func (q *Query) enter(ctx context.Context) error {
	if err := q.e.lacks(ctx, q.shape); err != nil {
		return err
	}
	q.sessM.Lock()
	defer q.sessM.Unlock()
	s, err := q.e.log.Session(ctx, q.rec.Session, q.places)
	if err != nil {
		return unread(err)
	}
	q.sess = s
	return nil
}

// follow is the goroutine that brings the units of the log's answers to work, and to rest.
func (q *Query) follow() {
	for tries := 0; ; {
		list, err := q.units(q.ctx)
		if q.ctx.Err() != nil {
			return
		}
		if err == nil {
			if tries = 0; q.faults.went(nil, q.e.wall()) {
				q.e.teller.later(recovered(PartQueries))
			}
			q.work(q.assign(list))
			if !q.known() {
				q.place()
				q.e.moved()
			}
			continue
		}
		if !q.mend(err) {
			return
		}
		if tries++; tries == 1 {
			q.e.teller.later(FaultInfo{Part: PartQueries, Query: q.plan.ID, Err: err})
		}
		select {
		case <-q.ctx.Done():
			return
		case <-time.After(rest(tries)):
		}
	}
}

// known reports whether the log has said which units run here.
func (q *Query) known() bool {
	select {
	case <-q.placed:
		return true
	default:
		return false
	}
}

// await waits until it has: before that no answer is whole.
func (q *Query) await(ctx context.Context) error {
	if q.known() {
		return nil
	}
	select {
	case <-q.placed:
		return nil
	case <-q.left:
		return q.gone(ctx)
	case <-q.e.Done():
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mend judges a fault of the session. false: it is the end of the query.
func (q *Query) mend(err error) bool {
	if taken(err) { // by a statement, perhaps, which will end the query
		if bad := q.e.catchUp(q.ctx); bad != nil {
			err = errors.Join(err, bad)
		}
	}
	if q.ctx.Err() != nil {
		return false
	}
	v := judge(err)
	if v.class == passing {
		q.faults.went(err, q.e.wall())
		return true
	}
	if v.class == foreign {
		v.hint = "another engine runs the query: end one of them, then RESUME it"
	}
	q.fail(err, v.hint, store.Unit{})
	return false
}

// assign makes list the units that run here. It returns the tasks of those that never did; the others hear of it.
func (q *Query) assign(list []store.Unit) (news []*task) {
	all := q.tasks()
	gone := make(map[store.Unit]bool, len(all))
	for _, t := range all {
		gone[t.unit] = true
	}
	for _, u := range list {
		if !gone[u] {
			news = append(news, q.newTask(u))
		}
		delete(gone, u)
	}
	for _, t := range all {
		if here := !gone[t.unit]; t.here.Swap(here) != here {
			t.poke()
		}
	}
	if len(news) == 0 {
		return nil
	}
	all = append(slices.Clone(all), news...)
	place := func(t *task) int {
		return slices.IndexFunc(q.stages, func(s stage) bool { return s.Name == t.unit.Stage })
	}
	slices.SortStableFunc(all, func(a, b *task) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.unit.Partition, b.unit.Partition))
	})
	q.list.Store(&all)
	return news
}

// work lets tasks begin.
func (q *Query) work(tasks []*task) {
	for _, t := range tasks {
		q.wg.Go(func() { t.run(q.ctx) })
	}
}

// task is the one of u; nil: it never ran here.
func (q *Query) task(u store.Unit) *task {
	if q == nil {
		return nil
	}
	for _, t := range q.tasks() {
		if t.unit == u {
			return t
		}
	}
	return nil
}

// source is the task that has the state of u where the log keeps none: one that never got any still knows whose it was
// to be. nil: nobody has.
func (q *Query) source(u store.Unit) *task {
	for ; q != nil; q = q.old {
		if t := q.task(u); t != nil {
			for from := t.from.Load(); from != nil; from = t.from.Load() {
				t = from
			}
			return t
		}
		if q.torn.Load() {
			return nil
		}
	}
	return nil
}

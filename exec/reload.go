package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
)

// load opens the unit, as of its last commit, and lets readers in. Where the state at hand is not that of a commit,
// or there is none yet, it is made anew: from the checkpoint and the changelog, or from what another task hands over.
func (t *task) load(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	fresh := t.line == nil
	if fresh {
		t.ctx = t.q.e.context(t.q.plan, t.unit.Partition, func(p op.Problem) { t.trouble = append(t.trouble, p) })
		t.ctx.Env.Stop = t.stop
		if t.line, err = t.stage.build(t.ctx, t.q.plan.Kind, t.q.e.log.Durable(), func(*op.Batch) error { return nil }); err != nil {
			return err
		}
	}
	work, err := t.q.sess.Open(ctx, t.unit)
	if err != nil {
		return unread(err)
	}
	t.seen.Lock()
	t.work = work
	t.seen.Unlock()
	if err := t.restore(ctx, fresh); err != nil {
		return err
	}
	t.weigh() // whether it may be so much is asked when it grows
	if fresh && t.line.read != nil {
		if t.view, err = newView(t.line, t.ctx.Env); err != nil {
			return err
		}
	}
	t.merge = nil
	if len(t.line.heads) > 1 {
		if t.ends, err = t.q.e.log.Ends(ctx, t.in); err != nil {
			return unread(err)
		}
	}
	clear(t.polled)
	t.seen.Lock()
	clear(t.done)
	t.work.Position(t.done)
	t.seen.Unlock()
	t.q.e.moved()
	t.most = 64
	if t.held {
		t.loads++
		t.count++
		t.held = false
		t.state.leave()
	}
	t.from.Store(nil)
	t.start(nil)
	return nil
}

// start lets those go on who wait for the task to begin. err: it never will.
func (t *task) start(err error) {
	select {
	case <-t.begun:
	default:
		t.first = err
		close(t.begun)
	}
}

// remembers reports whether the task has tables.
func (t *task) remembers() bool {
	return slices.ContainsFunc(t.line.keepers, func(k op.Keeper) bool { return len(k.Tables()) > 0 })
}

// unload closes the unit. State that is not that of a commit, or not ours any more, goes, and readers wait until it is
// back.
func (t *task) unload(drop bool) error {
	if t.saving.Load() {
		t.unsave()
		t.changed = checkpointRows // it is made again soon
	}
	t.saver.Wait()
	if drop {
		t.unaccount()
		t.line, t.view = nil, nil
		t.pending, t.trouble = 0, nil
	}
	return t.close()
}

// close closes what the log has given for the unit. Any goroutine may.
func (t *task) close() error {
	t.seen.Lock()
	defer t.seen.Unlock()
	if t.work == nil {
		return nil
	}
	return t.work.Close()
}

// mostRest is the longest time between a fault and the next try.
const mostRest = time.Second

// rest is the time between a fault and the next try, after that many.
func rest(tries int) time.Duration { return min(5*time.Millisecond<<min(tries-1, 20), mostRest) }

// mend makes the task ready to go on from the last commit, after a while. false: it has ended.
func (t *task) mend(ctx context.Context, err error) bool {
	if taken(err) && ctx.Err() == nil { // by a statement, perhaps, which will end the query
		t.start(nil)
		if bad := t.q.e.catchUp(ctx); bad != nil && ctx.Err() == nil {
			err = errors.Join(err, bad)
		}
	}
	if ctx.Err() != nil { // it was to end anyway
		return false
	}
	v := judge(err)
	if (t.held || v.class == foreign) && t.loads > 0 && t.line != nil && t.remembers() && !t.q.e.log.Durable() {
		v = verdict{permanent, forgotten} // whatever it was: what is at hand is not as of a commit
	}
	if v.class == permanent {
		if t.loads == 0 {
			err = fmt.Errorf("query %s cannot run: %s/%d: %w", t.q.plan.ID, t.unit.Stage, t.unit.Partition, err)
			defer t.start(err)
		}
		t.q.fail(err, v.hint, t.unit)
		return false
	}
	if v.class == foreign && !t.held {
		if t.state.enter(ctx, nil, nil) != nil {
			return false
		}
		t.held = true
	}
	t.doubt = t.doubt || t.pending > 0
	err = errors.Join(err, t.unload(t.held))
	t.seen.Lock()
	t.work = nil
	t.seen.Unlock()
	t.broke(err)
	t.start(nil)
	return t.pause(ctx)
}

// pause waits before the next try: longer each time, until something has gone right; and for a unit to come back.
func (t *task) pause(ctx context.Context) bool {
	late := time.NewTimer(rest(t.tries))
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-t.wake:
			if t.here.Load() {
				return true
			}
		case <-late.C:
			if t.here.Load() {
				return true
			}
		}
	}
}

// broke notes what broke the work off. It is told once, until something has gone right.
func (t *task) broke(err error) {
	t.tries++
	e := t.q.e
	t.faults.went(err, e.wall())
	if t.tries == 1 {
		e.teller.later(t.fault(PartQueries, err))
	}
}

// well notes that work goes on after something broke it off.
func (t *task) well() {
	if t.tries == 0 {
		return
	}
	t.tries, t.doubt = 0, false
	t.faults.went(nil, t.q.e.wall())
	t.q.e.teller.later(recovered(PartQueries))
}

// fault is err of the unit.
func (t *task) fault(p Part, err error) FaultInfo {
	return FaultInfo{Part: p, Query: t.q.plan.ID, Stage: t.unit.Stage, Partition: t.unit.Partition, Err: err}
}

// rest ends the task. State that is not that of a commit is said to be so before anybody may look at it.
func (t *task) rest() {
	if t.held {
		if t.loads > 0 {
			t.q.torn.Store(true)
		}
		t.state.leave()
	}
	t.start(nil)
	t.saver.Wait()
	t.unaccount()
}

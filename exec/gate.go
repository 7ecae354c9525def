package exec

import (
	"context"
	"errors"

	"github.com/ksqlgo/ksql/sql/fn"
)

// gate is a lock that one need not wait for for ever. Who waits longest is next.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

// enter waits until ctx ends, or closed or left is closed.
func (g gate) enter(ctx context.Context, closed, left <-chan struct{}) error {
	select {
	case g <- struct{}{}:
		return nil
	default:
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-closed:
		return ErrClosed
	case <-left:
		return errLeft
	}
}

// errLeft is what those get who wait at a gate that nobody may enter any more.
var errLeft = errors.New("the gate is shut")

// lock is enter for those who cannot turn back.
func (g gate) lock() { g <- struct{}{} }

func (g gate) leave() { <-g }

// reading runs f on committed state: the task commits after the batch at hand when somebody waits here.
func (t *task) reading(ctx context.Context, stop *fn.Stop, f func() error) error {
	t.readers.Add(1)
	err := t.state.enter(ctx, t.q.e.Done(), t.q.left)
	t.readers.Add(-1)
	if err == errLeft {
		err = t.q.gone(ctx)
	}
	if err != nil {
		return err
	}
	defer t.state.leave()
	if err := t.q.failed(); err != nil { // while it was waited for: what is here was not committed
		return err
	}
	if t.loads == 0 { // it has ended, and never had state
		return t.q.gone(ctx)
	}
	if stop != nil {
		t.view.stop.With(stop)
		defer t.view.stop.With(nil)
	}
	return f()
}

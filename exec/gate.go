package exec

import (
	"context"
	"errors"
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

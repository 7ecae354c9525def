package storetest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// AbortingLog is a durable log some of whose units fail, as those of a log in many processes do.
type AbortingLog struct {
	store.Log
	*dice
	in                                       int // one of so many
	calm                                     atomic.Bool
	aborted, lost, refused, unread, restored atomic.Int64
}

// Aborting is l, a durable log, with faults at random, which follow seed. Of about in commits one does not succeed:
// it is rolled back (store.ErrAborted: the unit is of no use until it is opened again), the unit is revoked
// (store.ErrLost: Session.Units gives the set without it, and some time later with it), or the log cannot take it now
// (store.ErrTransient). Of 4*in reads that would give rows of a unit's input, and of 4*in of its changelog, one fails
// with an error of a disk; then the unit gives no rows until it is opened again, but commits. Whatever fails has done nothing. Readers, claims
// and appends outside of sessions never fail.
func Aborting(l store.Log, seed uint64, in int) *AbortingLog {
	return &AbortingLog{Log: l, dice: &dice{r: rand.New(rand.NewPCG(seed, 13))}, in: in}
}

// Calm ends the faults, or lets them come again.
func (l *AbortingLog) Calm(on bool) { l.calm.Store(on) }

// Faults is how many commits were rolled back, units revoked, commits refused, reads of the input broken off, and
// reads of a changelog.
func (l *AbortingLog) Faults() [5]int64 {
	return [...]int64{l.aborted.Load(), l.lost.Load(), l.refused.Load(), l.unread.Load(), l.restored.Load()}
}

// hit reports whether one of so many fails now.
func (l *AbortingLog) hit(of int) bool { return !l.calm.Load() && l.n(of) == 0 }

// broken is a read that a disk broke off.
func broken(what string) error {
	return &fs.PathError{Op: "read", Path: what, Err: syscall.EIO}
}

// Session is a place some of whose units go and come back.
func (l *AbortingLog) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	s, err := l.Log.Session(ctx, id, stages)
	if err != nil {
		return nil, err
	}
	return &abortingSession{Session: s, l: l, gone: map[store.Unit]int{}, wake: make(chan struct{}, 1)}, nil
}

type abortingSession struct {
	store.Session
	l *AbortingLog

	mu    sync.Mutex
	units []store.Unit       // all, once the inner session has given them
	gone  map[store.Unit]int // revoked: 1, and told so: 2
	wake  chan struct{}      // has a token when gone has grown
}

// Units gives the units that are here, once a unit has gone or come back.
func (s *abortingSession) Units(ctx context.Context) ([]store.Unit, error) {
	s.mu.Lock()
	first := s.units == nil
	s.mu.Unlock()
	if first {
		units, err := s.Session.Units(ctx)
		if err != nil || units == nil {
			return units, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.units = units
		return slices.Clone(units), nil
	}
	inner, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := s.Session.Units(inner)
		ended <- err
	}()
	defer func() { cancel() }()
	for {
		back := time.NewTimer(time.Hour)
		s.mu.Lock()
		away := len(s.gone) > 0
		s.mu.Unlock()
		if away {
			back.Reset(time.Duration(1+s.l.n(5)) * time.Millisecond)
		}
		var err error
		select {
		case err = <-ended:
			back.Stop()
			return nil, errors.Join(err, ctx.Err())
		case <-s.wake:
		case <-back.C:
		}
		back.Stop()
		if here, news := s.change(); news {
			cancel()
			<-ended
			return here, ctx.Err()
		}
	}
}

// change is the units that are here now: the revoked ones have gone, those that were told to have gone come back.
func (s *abortingSession) change() (here []store.Unit, news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.units {
		switch s.gone[u] {
		case 1:
			s.gone[u], news = 2, true
			continue
		case 2:
			delete(s.gone, u)
			news = true
		}
		here = append(here, u)
	}
	return here, news
}

func (s *abortingSession) revoke(u store.Unit) {
	s.mu.Lock()
	s.gone[u] = 1
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *abortingSession) Open(ctx context.Context, u store.Unit) (store.Work, error) {
	s.mu.Lock()
	gone := s.gone[u] > 0
	s.mu.Unlock()
	if gone {
		return nil, fmt.Errorf("unit %s/%d: %w", u.Stage, u.Partition, store.ErrLost)
	}
	w, err := s.Session.Open(ctx, u)
	if err != nil {
		return nil, err
	}
	return &abortingWork{Work: w, s: s, u: u}, nil
}

// abortingWork is a unit until something of it is rolled back.
type abortingWork struct {
	store.Work
	s  *abortingSession
	u  store.Unit
	of error // why it is of no use any more

	unread error // why it gives no rows any more
}

func (w *abortingWork) Restore(ctx context.Context) (store.Checkpoint, store.Reader, error) {
	cp, r, err := w.Work.Restore(ctx)
	if r != nil {
		r = &abortingReader{r, w.s.l}
	}
	return cp, r, err
}

// abortingReader is a changelog.
type abortingReader struct {
	store.Reader
	l *AbortingLog
}

func (r *abortingReader) Poll(limit int) ([]store.Records, error) {
	if r.l.hit(4 * r.l.in) {
		r.l.restored.Add(1)
		return nil, broken("changelog")
	}
	return r.Reader.Poll(limit)
}

func (w *abortingWork) Poll(limit int) ([]store.Records, error) {
	if w.of != nil {
		return nil, w.of
	}
	if w.unread != nil {
		return nil, w.unread
	}
	runs, err := w.Work.Poll(limit)
	if len(runs) == 0 || !w.s.l.hit(4*w.s.l.in) { // who polls more often than there are rows has no more faults
		return runs, err
	}
	w.s.l.unread.Add(1)
	w.unread = broken("input")
	return nil, w.unread
}

func (w *abortingWork) Commit(ctx context.Context, c store.Commit) error {
	l := w.s.l
	if w.of != nil {
		return w.of
	}
	if !l.hit(l.in) {
		return w.Work.Commit(ctx, c)
	}
	switch l.n(4) {
	case 0:
		l.lost.Add(1)
		w.s.revoke(w.u)
		w.of = fmt.Errorf("unit %s/%d: %w", w.u.Stage, w.u.Partition, store.ErrLost)
	case 1:
		l.refused.Add(1)
		return fmt.Errorf("%w: no room", store.ErrTransient)
	default:
		l.aborted.Add(1)
		w.of = fmt.Errorf("unit %s/%d: %w", w.u.Stage, w.u.Partition, store.ErrAborted)
	}
	return w.of
}

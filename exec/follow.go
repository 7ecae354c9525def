package exec

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// position is where the reader is: there is nothing below it that was not given.
func (a *applier) position() (at int64) {
	if a.at == nil {
		a.at = map[store.TP]int64{}
	}
	a.in.Position(a.at)
	for _, n := range a.at {
		at = n
	}
	return at
}

// read calls f with the next records, waiting for the first, or for the position to move without one.
func (a *applier) read(ctx context.Context, f func(value []byte, offset int64) error) error {
	for {
		before := a.position()
		runs, err := a.in.Poll(1 << 12)
		if err != nil && !errors.Is(err, io.EOF) {
			return unread(err)
		}
		for i := range runs {
			for row := range runs[i].Time {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := f(runs[i].Value[row].Of(runs[i].Bytes), runs[i].Offset(row)); err != nil {
					return err
				}
			}
		}
		if len(runs) > 0 || a.position() > before {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.in.Ready():
		case <-a.made:
			return nil
		}
	}
}

// follow is the applier's goroutine.
func (e *Engine) follow() {
	defer e.applying.Done()
	for tries := 0; ; {
		err := e.apply.read(e.following, e.carryOut)
		if err == nil {
			if tries > 0 {
				tries = 0
				e.went(PartStatements, &e.commandsC, nil)
			}
			e.apply.pass(e.apply.position())
			e.startWaiting(e.base)
		}
		for err != nil {
			if tries++; !e.readsOn(err, tries) {
				return
			}
			err = e.apply.reopen(e.following, e.log)
		}
	}
}

// readsOn waits until the command topic may be read again after a fault. false: it is the end of reading.
func (e *Engine) readsOn(err error, tries int) bool {
	if e.following.Err() != nil {
		return false
	}
	if tries == 1 {
		e.went(PartStatements, &e.commandsC, err)
	} else {
		e.commandsC.went(err, e.wall())
	}
	if judge(err).class != passing {
		e.apply.end(err)
		return false
	}
	select {
	case <-e.following.Done():
		return false
	case <-time.After(rest(tries)):
		return true
	}
}

// reopen reads the topic anew, from where the reader is.
func (a *applier) reopen(ctx context.Context, log store.Log) error {
	a.position()
	in, err := log.Reader(ctx, a.at, nil)
	if err != nil {
		return unread(err)
	}
	old := a.in
	a.in = in
	if err := old.Close(); err != nil {
		return unread(err)
	}
	return nil
}

package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// earlySync is how many bytes may wait for the disk before a sync begins by itself.
const earlySync = 8 << 20

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wait returns when seq is on disk. A sync that fails is mended first if it can be.
func (j *journal) wait(ctx context.Context, seq int64) error {
	for {
		j.mu.Lock()
		done, err := j.done, j.err
		if err == nil && j.sick != nil && !j.mending {
			err = fmt.Errorf("journal: written, but not on disk: %w", j.sick)
		}
		reached := j.synced >= min(seq, j.written)
		j.mu.Unlock()
		if reached {
			return nil
		}
		if err != nil {
			return err
		}
		token(j.kick)
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sync is the one place that brings appended frames to disk; all who wait share it.
func (j *journal) sync() {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if j.ailing() != nil {
		return
	}
	j.mu.Lock()
	target, cur, named := j.written, j.cur, j.named
	rolled := slices.Clone(j.rolled)
	j.mu.Unlock()
	var err error
	for _, s := range append(rolled, cur) {
		s.mu.RLock()
		if err == nil && !s.gone {
			if err = s.f.Sync(); err != nil {
				err = j.at("sync", s.name, err)
			}
		}
		s.mu.RUnlock()
	}
	if err == nil && !named {
		if err = j.fs.SyncDir(j.path("journal")); err != nil {
			err = j.at("sync", j.path("journal"), err)
		}
	}
	if err != nil {
		j.mu.Lock()
		j.sick, j.mending = err, true
		j.mu.Unlock()
		j.health.failed(store.Syncing, "", err)
		token(j.kick)
		return
	}
	j.mu.Lock()
	j.rolled = j.rolled[len(rolled):]
	j.named = j.cur == cur
	j.mu.Unlock()
	j.reached(target)
}

// syncLoop syncs when somebody waits, some time after a write in any case, and puts a mark into an idle
// journal, so that its last frames are known to have been on disk too. It mends what failed.
func (j *journal) syncLoop(l *log) {
	defer l.done.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	marked := true
	var again pause
	for {
		next := j.opt.SyncEvery
		select {
		case <-l.closed:
			j.end(l)
			return
		case <-j.kick:
			j.sync()
			marked = false
		case <-j.dirty:
			marked = false
		case <-timer.C:
			j.mu.Lock()
			clean := j.synced == j.written
			j.mu.Unlock()
			if !clean {
				j.sync()
			} else if marked {
				next = time.Hour
			} else if l.write.TryLock() {
				marked = j.mark(l)
				l.write.Unlock()
			}
		}
		if j.tend(l, &again) {
			next = min(next, mostTending)
		}
		timer.Reset(next)
	}
}

// end brings all to disk when the log is closed.
func (j *journal) end(l *log) {
	j.sync()
	j.mend(l)
	l.write.Lock()
	j.mark(l)
	l.write.Unlock()
	j.sync()
	j.mend(l)
	if err := j.ailing(); err != nil {
		j.fail(fmt.Errorf("journal: %w", err))
	}
	j.fail(store.ErrClosed)
}

// mark writes a frame that holds nothing but how far the disk is, if it can. The caller holds the write lock.
func (j *journal) mark(l *log) bool {
	if j.refused() != nil {
		return false
	}
	e := j.encoders.Get().(*encoder)
	defer j.encoders.Put(e)
	e.begin()
	e.endHead()
	j.mu.Lock()
	synced := j.synced
	j.mu.Unlock()
	e.seal(j.salt, l.seq, synced, 0)
	return j.write(e.frame) == nil
}

// close ends the files. The log's goroutines are gone.
func (j *journal) close() error {
	j.mu.Lock()
	err := j.err
	j.mu.Unlock()
	if errors.Is(err, store.ErrClosed) {
		err = nil
	}
	for _, s := range j.segs {
		err = errors.Join(err, s.end())
	}
	return errors.Join(err, j.lock.Close())
}

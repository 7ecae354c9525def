package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// journal is the young end of a directory log: files of frames, written one after the other.
type journal struct {
	fs       FS
	dir      string // of the whole log
	salt     uint32
	opt      Options
	health   *health
	lock     io.Closer
	encoders sync.Pool
	damage   error    // not nil: read-only
	stale    []string // files that do not count, found at open
	torn     bool     // the last file is longer than its frames, found at open
	kick     chan struct{}
	soiled   chan struct{}
	retire   chan struct{}

	// Under the log's write lock.
	segs  []*segment // the last one is written
	total int64
	since int64 // bytes written since the disk was last asked to begin

	syncing sync.Mutex // one sync at a time

	mu      sync.Mutex
	cur     *segment
	named   bool       // the name of cur is on disk
	rolled  []*segment // full files that may not be on disk yet
	written int64      // last seq in the files
	synced  int64      // last seq known to be on disk
	done    chan struct{}
	err     error // final
}

func (j *journal) path(parts ...string) string {
	return filepath.Join(append([]string{j.dir}, parts...)...)
}

func (j *journal) segmentName(n int64) string { return j.path("journal", fmt.Sprintf("%012d", n)) }

func (l *log) readOnly() bool { return l.j != nil && l.j.damage != nil }

// append writes c as one frame. The caller holds the write lock.
func (j *journal) append(l *log, first int64, c *change) (place, error) {
	if err := j.refused(); err != nil {
		return place{}, err
	}
	if j.cur.size >= j.opt.SegmentBytes {
		if err := j.roll(l); err != nil {
			return place{}, j.fail(err)
		}
	}
	e := c.enc
	if e == nil {
		e = j.encoders.Get().(*encoder)
		defer j.encoders.Put(e)
		e.begin()
		e.endHead()
	}
	if c.create != nil || c.remove != 0 || c.forget != "" || c.who != "" {
		e.insert(c)
	}
	for i, r := range c.runs {
		e.first(i, r.First)
	}
	count := max(1, len(c.runs))
	j.mu.Lock()
	synced := j.synced
	j.mu.Unlock()
	e.seal(j.salt, first, synced, count)
	from := j.cur.size
	at := place{j.cur, from + e.bodyAt}
	if err := j.write(e); err != nil {
		return place{}, j.fail(err)
	}
	j.mu.Lock()
	clean := j.written == j.synced
	j.written = first + int64(count) - 1
	j.mu.Unlock()
	if clean {
		token(j.soiled)
	}
	// Under load the disk works all the time instead of at the end of a file.
	if j.since += j.cur.size - from; j.since > earlySync {
		j.since = 0
		token(j.kick)
	}
	if j.total > j.opt.JournalBytes && len(j.segs) > 1 {
		token(j.retire)
	}
	return at, nil
}

const earlySync = 8 << 20

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (j *journal) refused() error {
	if j.damage != nil {
		return fmt.Errorf("%w: %w", store.ErrReadOnly, j.damage)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// write puts a sealed frame at the end of the current file.
func (j *journal) write(e *encoder) error {
	n := int64(len(e.buf))
	if _, err := j.cur.f.Write(e.buf); err != nil {
		return err
	}
	for _, b := range e.pieces {
		if _, err := j.cur.f.Write(b); err != nil {
			return err
		}
		n += int64(len(b))
	}
	clear(e.pieces) // they hold other people's arenas
	j.cur.size += n
	j.total += n
	return nil
}

// fail ends the journal: what reached the disk is unknown now, a reopen decides from the bytes.
func (j *journal) fail(err error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		if !errors.Is(err, store.ErrClosed) {
			err = fmt.Errorf("journal: %w", err)
			j.health.final(store.Writing, "", err)
		}
		j.err = err
		close(j.done)
	}
	return j.err
}

// maxRolled is how many full files may wait for the disk before writers do.
const maxRolled = 4

// roll begins the next file with a snapshot of all that is not rows, so that older files can go. The full one
// reaches the disk behind the writers' back: like every frame its tail counts only when a sync has said so.
func (j *journal) roll(l *log) error {
	j.mu.Lock()
	wait := len(j.rolled) >= maxRolled
	j.mu.Unlock()
	if wait {
		j.sync()
	}
	j.mu.Lock()
	j.rolled = append(j.rolled, j.cur)
	synced := j.synced
	j.mu.Unlock()
	if err := j.refused(); err != nil {
		return err
	}
	if err := j.begin(l, j.cur.n+1, synced); err != nil {
		return err
	}
	token(j.kick)
	return nil
}

// reached notes that everything up to seq is on disk.
func (j *journal) reached(seq int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq > j.synced && j.err == nil {
		j.synced = seq
		close(j.done)
		j.done = make(chan struct{})
	}
}

// begin makes file n, with its first frame. synced is what is known to be on disk.
func (j *journal) begin(l *log, n, synced int64) error {
	name := j.segmentName(n)
	f, err := j.fs.Create(name + ".tmp")
	if err != nil {
		return err
	}
	e := j.encoders.Get().(*encoder)
	defer j.encoders.Put(e)
	e.begin()
	e.snapshot(l)
	e.endHead()
	e.seal(j.salt, l.seq, synced, 0)
	if _, err = f.Write(e.buf); err == nil {
		err = j.fs.Rename(name+".tmp", name)
	}
	if err != nil {
		f.Close()
		return err
	}
	s := &segment{fs: j.fs, name: name, n: n, size: int64(len(e.buf)), f: f}
	j.segs = append(j.segs, s)
	j.total += s.size
	j.mu.Lock()
	j.cur, j.named = s, false
	j.mu.Unlock()
	return nil
}

// wait returns when seq is on disk.
func (j *journal) wait(ctx context.Context, seq int64) error {
	for {
		j.mu.Lock()
		done, err := j.done, j.err
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
	j.mu.Lock()
	target, cur, named, err := j.written, j.cur, j.named, j.err
	rolled := slices.Clone(j.rolled)
	j.mu.Unlock()
	if err != nil {
		return
	}
	for _, s := range append(rolled, cur) {
		s.mu.RLock()
		if err == nil && !s.gone {
			err = s.f.Sync()
		}
		s.mu.RUnlock()
	}
	if err == nil && !named {
		err = j.fs.SyncDir(j.path("journal"))
	}
	if err != nil {
		j.fail(err)
		return
	}
	j.mu.Lock()
	j.rolled = j.rolled[len(rolled):]
	j.named = j.cur == cur
	j.mu.Unlock()
	j.reached(target)
}

// run syncs when somebody waits, some time after a write in any case, and puts a mark into an idle
// journal, so that its last frames are known to have been on disk too.
func (j *journal) run(l *log) {
	defer l.done.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	marked := true
	for {
		select {
		case <-l.closed:
			j.sync()
			l.write.Lock()
			j.mark(l)
			l.write.Unlock()
			j.sync()
			j.fail(store.ErrClosed)
			return
		case <-j.kick:
			j.sync()
			marked = false
			timer.Reset(j.opt.SyncEvery)
		case <-j.soiled:
			marked = false
			timer.Reset(j.opt.SyncEvery)
		case <-timer.C:
			j.mu.Lock()
			clean := j.synced == j.written
			j.mu.Unlock()
			if !clean {
				j.sync()
				timer.Reset(j.opt.SyncEvery)
			} else if !marked && l.write.TryLock() {
				j.mark(l)
				l.write.Unlock()
				marked = true
			}
		}
	}
}

// mark writes a frame that holds nothing but how far the disk is. The caller holds the write lock.
func (j *journal) mark(l *log) {
	if j.refused() != nil {
		return
	}
	e := j.encoders.Get().(*encoder)
	defer j.encoders.Put(e)
	e.begin()
	e.endHead()
	j.mu.Lock()
	synced := j.synced
	j.mu.Unlock()
	e.seal(j.salt, l.seq, synced, 0)
	if err := j.write(e); err != nil {
		j.fail(err)
	}
}

// close ends the files. The log's goroutines are gone.
func (j *journal) close(l *log) error {
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

// insert puts what c changes besides runs into the head of a frame whose body may be there already.
func (e *encoder) insert(c *change) {
	var b []byte
	if c.create != nil {
		b = putTopic(b, c.create)
	}
	if c.remove != 0 {
		b = binary.AppendUvarint(append(b, tagRemove), uint64(c.remove))
	}
	if c.forget != "" {
		b = putString(append(b, tagForget), c.forget)
	}
	if c.who != "" {
		b = putMoves(b, &moveSet{c.who, c.unit, c.moves})
	}
	tail := len(e.buf) - int(e.bodyAt)
	e.buf = append(e.buf, b...)
	copy(e.buf[int(e.bodyAt)+len(b):], e.buf[e.bodyAt:int(e.bodyAt)+tail])
	copy(e.buf[e.bodyAt:], b)
	e.bodyAt += int64(len(b))
}

// snapshot puts all that is not rows.
func (e *encoder) snapshot(l *log) {
	e.buf = binary.AppendUvarint(append(e.buf, tagNextID), uint64(l.nextID))
	for _, t := range l.topics {
		e.buf = putTopic(e.buf, &topicDef{t.id, t.name, t.config})
		for i, p := range t.parts {
			e.buf = putPart(e.buf, &partState{tid{t.id, int32(i)}, p.low, p.next})
		}
	}
	for who, s := range l.sessions {
		for u, to := range s.at {
			e.buf = putMoves(e.buf, &moveSet{who, u, to})
		}
	}
}

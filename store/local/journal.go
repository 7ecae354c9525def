package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
	frames   sync.Pool
	damage   error    // not nil: read-only
	stale    []string // files that do not count, found at open
	torn     bool     // the last file is longer than its frames, found at open
	kick     chan struct{}
	soiled   chan struct{}
	retire   chan struct{}

	// Under the log's write lock.
	segs   []*segment // the last one is written
	total  int64
	since  int64         // bytes written since the disk was last asked to begin
	ragged bool          // the last file may be longer than its frames: a write failed
	unfit  int64         // size of the frame that could not be written; 0: the last one could
	unfitP pause         // until it is seen whether there is room again
	roller error         // why no new file could be begun
	rollP  pause         // until the next try
	mends  chan struct{} // closed when the first try is over; nil: it is, or nothing is to be mended

	syncing sync.Mutex // one sync at a time

	mu       sync.Mutex
	cur      *segment
	named    bool       // the name of cur is on disk
	rolled   []*segment // full files that may not be on disk yet
	written  int64      // last seq in the files
	synced   int64      // last seq known to be on disk
	unsynced unsynced   // what lies between
	done     chan struct{}
	sick     error // a sync has failed: what lies between has to be written again
	frozen   bool  // until then nothing comes to it (changed under the write lock, too)
	mending  bool  // and nobody has tried yet
	err      error // final
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
	if j.cur.size >= j.full() {
		if j.rollP.over() {
			j.rollOn(l)
		}
		if j.roller != nil && j.cur.size >= mostGrowth*j.full() {
			return place{}, transient(j.roller)
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
	if err := j.write(e.frame); err != nil {
		return place{}, transient(err)
	}
	size := j.cur.size - from
	j.mu.Lock()
	clean := j.written == j.synced
	j.written = first + int64(count) - 1
	j.unsynced.add(kept{first: first, last: j.written, seg: j.cur, off: from, size: size}, e)
	j.mu.Unlock()
	if clean {
		token(j.soiled)
	}
	// Under load the disk works all the time instead of at the end of a file.
	if j.since += size; j.since > earlySync {
		j.since = 0
		token(j.kick)
	}
	if j.total > j.opt.JournalBytes && len(j.segs) > 1 {
		token(j.retire)
	}
	return at, nil
}

// full is the size at which the last file is full. However much exists, its snapshot is at most half of it.
func (j *journal) full() int64 { return max(j.opt.SegmentBytes, 2*j.cur.began) }

// mostGrowth is how many times its size the last file grows when no new one can be begun.
const mostGrowth = 4

func transient(err error) error {
	if errors.Is(err, store.ErrTransient) {
		return err
	}
	return fmt.Errorf("%w: journal: %w", store.ErrTransient, err)
}

const earlySync = 8 << 20

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// refused is why nothing can be written, if so.
func (j *journal) refused() error {
	if j.damage != nil {
		return fmt.Errorf("%w: %w", store.ErrReadOnly, j.damage)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil && j.frozen {
		return transient(j.sick)
	}
	return j.err
}

// ailing is why nothing reaches the disk, if so.
func (j *journal) ailing() error {
	if j.damage != nil {
		return fmt.Errorf("%w: %w", store.ErrReadOnly, j.damage)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	return j.sick
}

// write puts a sealed frame at the end of the current file. If that fails nothing of it stays.
func (j *journal) write(f *frame) error {
	if err := j.cut(); err != nil {
		return err
	}
	n, err := f.writeTo(j.cur.f)
	if err != nil {
		clear(f.pieces) // they hold other people's arenas
		j.unwritten(f.size(), err)
		return j.at("write", j.cur.name, err)
	}
	if j.unfit > 0 && n >= j.unfit {
		j.fits()
	}
	j.cur.size += n
	j.total += n
	return nil
}

// unwritten notes that size bytes could not be written, and takes away what was.
func (j *journal) unwritten(size int64, err error) {
	j.ails(store.Writing, j.at("write", j.cur.name, err))
	j.unfit, j.ragged = max(j.unfit, size), true
	if j.cut() != nil {
		return // it is tried again before the next write
	}
}

func (j *journal) fits() {
	j.unfit, j.unfitP = 0, pause{}
	j.health.works(store.Writing, "")
}

// cut takes away what a failed write has left behind the last whole frame.
func (j *journal) cut() error {
	if !j.ragged {
		return nil
	}
	if err := j.cur.f.Truncate(j.cur.size); err != nil {
		err = j.at("cut", j.cur.name, err)
		j.ails(store.Writing, err)
		return err
	}
	j.ragged = false
	return nil
}

// ails notes that something does not work, and wakes who mends it: in an idle log run sleeps.
func (j *journal) ails(what string, err error) {
	j.health.failed(what, "", err)
	token(j.soiled)
}

// fail ends the journal: a reopen decides from the bytes.
func (j *journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = err
		close(j.done)
	}
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
	if err := j.ailing(); err != nil {
		return err
	}
	// What lies behind the last whole frame might be taken for one that comes before the new file.
	if err := j.cut(); err != nil {
		return err
	}
	j.mu.Lock()
	synced := j.synced
	j.mu.Unlock()
	if err := j.begin(l, j.cur.n+1, synced); err != nil {
		return err
	}
	token(j.kick)
	return nil
}

// rollOn is roll; if it fails the last file grows on for a while.
func (j *journal) rollOn(l *log) {
	if j.roller = j.roll(l); j.roller != nil {
		j.rollP.grow()
		j.ails(store.Rolling, j.roller)
	} else {
		j.rollP = pause{}
		j.health.works(store.Rolling, "")
	}
}

// reached notes that everything up to seq is on disk.
func (j *journal) reached(seq int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq > j.synced && j.err == nil {
		j.synced = seq
		j.unsynced.release(seq, func(f *frame) { j.frames.Put(f) })
		close(j.done)
		j.done = make(chan struct{})
	}
}

// begin makes file n, with its first frame. synced is what is known to be on disk.
func (j *journal) begin(l *log, n, synced int64) error {
	name := j.segmentName(n)
	e := j.encoders.Get().(*encoder)
	defer j.encoders.Put(e)
	e.begin()
	e.snapshot(l)
	e.endHead()
	e.seal(j.salt, l.seq, synced, 0)
	f, err := j.fs.Create(name + ".tmp")
	if err != nil {
		return j.at("create", name, err)
	}
	if _, err = f.Write(e.buf); err != nil {
		err = j.at("write", name, err)
	} else if err = j.fs.Rename(name+".tmp", name); err != nil {
		err = j.at("rename", name, err)
	}
	if err != nil {
		// The rename may have been done all the same. Nothing counts on the name yet.
		return errors.Join(err, f.Close(), j.remove(name+".tmp"), j.remove(name))
	}
	s := &segment{fs: j.fs, health: j.health, name: name, n: n, from: l.seq, size: int64(len(e.buf)), began: int64(len(e.buf)), f: f}
	j.segs = append(j.segs, s)
	j.total += s.size
	j.mu.Lock()
	if j.cur != nil {
		j.rolled = append(j.rolled, j.cur)
	}
	j.cur, j.named = s, false
	j.mu.Unlock()
	return nil
}

// at says what could not be done to which file of the log. Where the log is its clients need not know.
func (j *journal) at(op, name string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	if errors.As(err, &path) {
		err = path.Err
	} else if errors.As(err, &link) {
		err = link.Err
	}
	if short, e := filepath.Rel(j.dir, name); e == nil {
		name = short
	}
	return fmt.Errorf("%s %s: %w", op, name, err)
}

// remove removes a file if it is there.
func (j *journal) remove(name string) error {
	if err := j.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return j.at("remove", name, err)
	}
	return nil
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

// run syncs when somebody waits, some time after a write in any case, and puts a mark into an idle
// journal, so that its last frames are known to have been on disk too. It mends what failed.
func (j *journal) run(l *log) {
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
		case <-j.soiled:
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
			alive := make(map[tid]int64, len(to))
			for at, next := range to {
				if l.byID[at.id] != nil { // positions in topics that are gone are nobody's
					alive[at] = next
				}
			}
			e.buf = putMoves(e.buf, &moveSet{who, u, alive})
		}
	}
}

package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

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
	dirty    chan struct{}
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
		token(j.dirty)
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

func transient(err error) error {
	if errors.Is(err, store.ErrTransient) {
		return err
	}
	return fmt.Errorf("%w: journal: %w", store.ErrTransient, err)
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
	token(j.dirty)
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

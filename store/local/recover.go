package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/ksqlgo/ksql/store"
)

// Open opens the log in directory dir and makes it if it is not there. store.ErrLocked: another log has
// it open. A journal damaged where it had been on disk opens read-only: reads work up to the damage,
// everything else answers store.ErrReadOnly and store.ErrCorrupt with file and offset (see Damage).
func Open(dir string, o Options) (store.Log, error) {
	o = o.filled()
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return nil, errors.New("a directory log needs a little-endian machine")
	}
	l := newLog(o)
	j := &journal{
		fs: o.FS, dir: dir, opt: o, health: &l.health, done: make(chan struct{}),
		kick: make(chan struct{}, 1), dirty: make(chan struct{}, 1), retire: make(chan struct{}, 1),
		frames: sync.Pool{New: func() any { return new(frame) }},
	}
	j.encoders.New = func() any { return &encoder{spare: &j.frames} }
	j.unsynced.limit = o.UnsyncedBytes
	l.j = j
	if err := o.FS.MkdirAll(j.path("journal")); err != nil {
		return nil, err
	}
	lock, err := o.FS.Lock(j.path("LOCK"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	j.lock = lock
	if err := j.open(l); err != nil {
		for _, s := range j.segs {
			err = errors.Join(err, s.end())
		}
		return nil, errors.Join(err, lock.Close())
	}
	if j.damage != nil {
		l.health.final(store.Damaged, "", j.damage)
	} else {
		l.done.Add(2)
		go j.syncLoop(l)
		go l.retireLoop()
		if j.total > o.JournalBytes {
			token(j.retire)
		}
	}
	return l, nil
}

// Damage is what makes l read-only; nil: it is not. What else is wrong is in its Health.
func Damage(l store.Log) error {
	d, ok := l.(*log)
	if !ok || d.j == nil {
		return nil
	}
	return d.j.damage
}

func (j *journal) open(l *log) error {
	if err := j.identify(); err != nil {
		return err
	}
	l.cold = &cold{l: l}
	if err := l.cold.open(); err != nil {
		return err
	}
	numbers, err := j.files(l.cold.retired)
	if err != nil {
		return err
	}
	if len(numbers) == 0 {
		if l.cold.retired > 0 {
			return fmt.Errorf("%s: no file after %d: %w", j.path("journal"), l.cold.retired, store.ErrCorrupt)
		}
		if err := j.clear(); err != nil { // the first file is about to use such a name
			return err
		}
		if err := j.begin(l, 1, l.seq-1); err != nil {
			return err
		}
	} else if err := j.recover(l, numbers); err != nil {
		return err
	}
	if err := l.cold.index(); err != nil {
		return err
	}
	j.written, j.synced = l.seq-1, l.seq-1
	return nil
}

// files is the numbers of the journal's files above retired, in order. Older ones, whose rows are in cold
// files, and unfinished ones are stale.
func (j *journal) files(retired int64) ([]int64, error) {
	names, err := j.fs.List(j.path("journal"))
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, name := range names {
		n, err := strconv.ParseInt(name, 10, 64)
		if strings.HasSuffix(name, ".tmp") || err == nil && n <= retired {
			j.stale = append(j.stale, j.path("journal", name))
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: not a file of the journal: %w", j.path("journal", name), store.ErrCorrupt)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

// recover reads the files. A bad frame above the highest seq known to have been on disk is a torn tail: the
// journal ends there, for a power cut may have taken the end of a file and left some of the next. At or
// below it is damage: the log stays as it is and is read-only.
func (j *journal) recover(l *log, numbers []int64) error {
	for _, n := range numbers {
		f, err := j.fs.Open(j.segmentName(n))
		if err != nil {
			return err
		}
		s := &segment{fs: j.fs, health: j.health, name: j.segmentName(n), n: n, f: f}
		j.segs = append(j.segs, s)
		if s.size, err = f.Size(); err != nil {
			return err
		}
		j.total += s.size
	}
	sc := &scan{j: j, l: l}
	starts, err := sc.starts()
	if err != nil {
		return err
	}
	j.cur = j.segs[len(j.segs)-1]
	if first := j.segs[0]; first.n != l.cold.retired+1 && !(starts[0].again && starts[0].after <= l.cold.retired) {
		j.damage = fmt.Errorf("%s is missing: %w", j.segmentName(l.cold.retired+1), store.ErrCorrupt)
		l.seq = 1
		return nil
	}
	for i, s := range j.segs {
		sc.limit = starts[i].limit
		if sc.begun && l.seq == sc.limit {
			continue // a later file has all that follows
		}
		var good int64
		if i == 0 || s.n == j.segs[i-1].n+1 || starts[i].again && starts[i].after == j.segs[i-1].n {
			if good, err = sc.frames(s); err != nil {
				return err
			}
			if good == s.size && good > 0 || sc.begun && l.seq == sc.limit {
				continue
			}
			if good > 0 && i < len(j.segs)-1 && starts[i+1].seq == l.seq {
				// If no place in the order is missing only a mark was hit, or a frame that could not be written.
				if rest, err := sc.knownIn(s, good); err != nil {
					return err
				} else if rest < l.seq {
					continue
				}
			}
		}
		known, err := sc.knownAfter(i, good)
		if err != nil {
			return err
		}
		if known >= l.seq || i == 0 && good == 0 {
			j.damage = fmt.Errorf("%s at %d: %w", s.name, good, store.ErrCorrupt)
			return nil
		}
		j.cutAt(i, good)
		break
	}
	return nil
}

// cutAt ends the journal at a torn frame: in file i, at offset good. A file without a whole frame goes, and so do
// all behind it.
func (j *journal) cutAt(i int, good int64) {
	if good > 0 {
		s := j.segs[i]
		j.torn = true
		j.total -= s.size - good
		s.size = good
		i++
	}
	for _, s := range j.segs[i:] {
		j.health.passed(store.Closing, s.name, s.end())
		j.stale = append(j.stale, s.name)
		j.total -= s.size
	}
	j.segs = j.segs[:i]
	j.cur = j.segs[i-1]
}

// clear removes the stale files.
func (j *journal) clear() error {
	for _, name := range j.stale {
		if err := j.fs.Remove(name); err != nil {
			return err
		}
	}
	j.stale = nil
	return nil
}

// tidy takes away what does not count, once nothing was found damaged: until then the directory stays as it is.
func (j *journal) tidy() error {
	// What says that files are retired may be in the page cache only.
	if err := j.fs.SyncDir(j.dir); err != nil {
		return err
	}
	if err := j.clear(); err != nil {
		return err
	}
	if j.torn {
		if err := j.cur.f.Truncate(j.cur.size); err != nil {
			return err
		}
	}
	j.torn = false
	// What was read may be in the page cache only.
	for _, s := range j.segs {
		if err := s.f.Sync(); err != nil {
			return err
		}
	}
	return j.fs.SyncDir(j.path("journal"))
}

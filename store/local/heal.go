package local

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// pause is how long to wait before something that failed is tried again: the longer the more often it failed.
type pause struct {
	long  time.Duration
	until time.Time
}

const (
	firstPause  = 10 * time.Millisecond
	mostPause   = 5 * time.Second
	mostTending = 20 * time.Millisecond // between two looks at what has failed
)

func (p *pause) grow() {
	p.long = min(max(firstPause, 2*p.long), mostPause)
	p.until = time.Now().Add(p.long)
}

func (p *pause) over() bool { return p.long == 0 || !time.Now().Before(p.until) }

// tend tries again what has failed, when it is time, and says whether anything is left to try.
func (j *journal) tend(l *log, again *pause) bool {
	if j.health.bad.Load() == 0 {
		return false
	}
	if j.ailing() != nil {
		if again.over() && j.mend(l) {
			again.grow()
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.err == nil && j.sick != nil
	}
	*again = pause{}
	if !l.write.TryLock() {
		return true
	}
	defer l.write.Unlock()
	if j.unfit > 0 && j.unfitP.over() {
		j.probe()
	}
	if j.roller != nil && j.rollP.over() {
		j.rollOn(l)
	}
	return j.unfit > 0 || j.roller != nil
}

// probe finds out whether there is room again for the frame that did not fit. The caller holds the write lock.
func (j *journal) probe() {
	j.unfitP.grow()
	if j.cut() != nil {
		return
	}
	j.ragged = true
	zeros := make([]byte, min(j.unfit, 1<<20))
	var err error
	for n := j.unfit; n > 0 && err == nil; n -= int64(len(zeros)) {
		_, err = j.cur.f.Write(zeros[:min(n, int64(len(zeros)))])
	}
	if err != nil {
		j.unwritten(j.unfit, err)
	} else if j.cut() == nil {
		j.fits()
	}
}

// mend writes all that a failed sync has left in doubt into a new file, from memory: what the page cache says of
// the old one may be a lie. It says whether that was needed and has failed.
func (j *journal) mend(l *log) bool {
	l.write.Lock()
	j.mu.Lock()
	sick, first := j.sick, j.mending
	frames, from, lost := slices.Clone(j.unsynced.frames), j.synced+1, j.unsynced.lost
	if sick != nil && j.err == nil {
		j.frozen = true
	}
	ended := j.err != nil
	j.mu.Unlock()
	if sick == nil || ended {
		l.write.Unlock()
		return false
	}
	if first {
		j.mends = make(chan struct{})
	}
	var err error
	var s *segment
	var at []int64
	if lost >= from {
		err = fmt.Errorf("journal: %w; not all that was written since is in memory, so nothing is taken until the log is opened again", sick)
		j.health.final(store.Syncing, "", err)
		j.fail(err)
		l.write.Unlock()
	} else {
		old := j.counting(from)
		e := j.encoders.Get().(*encoder)
		e.begin()
		e.buf = binary.AppendUvarint(append(e.buf, tagAgain), uint64(old))
		e.snapshot(l)
		e.endHead()
		e.seal(j.salt, from, from-1, 0)
		s = &segment{fs: j.fs, health: j.health, n: j.cur.n + 1, name: j.segmentName(j.cur.n + 1), from: from}
		l.write.Unlock()
		at, err = j.again(s, e.frame, frames)
		j.encoders.Put(e)
		if err != nil {
			j.health.failed(store.Syncing, "", err)
		}
	}

	l.write.Lock()
	l.mu.Lock()
	j.mu.Lock()
	var ends []*segment
	if err == nil {
		ends = j.replace(l, s, frames, at)
		j.frozen, j.sick = false, nil
	}
	if j.mending = false; j.err == nil {
		close(j.done)
		j.done = make(chan struct{})
	}
	j.mu.Unlock()
	l.mu.Unlock()
	if j.mends != nil {
		close(j.mends)
		j.mends = nil
	}
	l.write.Unlock()
	if err != nil {
		return true
	}
	for _, s := range ends {
		// A file that stays does not count: the next opening removes it.
		j.health.passed(store.Removing, s.name, errors.Join(s.end(), j.remove(s.name)))
	}
	j.health.works(store.Syncing, "")
	token(j.retire)
	return false
}

// counting is the number of the last file that holds something below seq; 0: none does.
func (j *journal) counting(seq int64) int64 {
	for _, s := range slices.Backward(j.segs) {
		if s.from < seq {
			return s.n
		}
	}
	return 0
}

// again writes file s: its first frame, and frames. It says where they are.
func (j *journal) again(s *segment, head *frame, frames []kept) ([]int64, error) {
	f, err := j.fs.Create(s.name + ".tmp")
	if err != nil {
		return nil, j.at("create", s.name, err)
	}
	at := make([]int64, len(frames))
	w := bufio.NewWriterSize(f, chunkBytes)
	s.size, err = head.writeTo(w)
	s.began = s.size
	for i := 0; i < len(frames) && err == nil; i++ {
		k := &frames[i]
		at[i] = s.size
		s.size += k.size
		if k.big != nil {
			_, err = k.big.writeTo(w)
		} else {
			_, err = w.Write(k.small)
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = j.fs.Rename(s.name+".tmp", s.name)
	}
	if err == nil {
		err = j.fs.SyncDir(j.path("journal"))
	}
	if err != nil {
		// If it has its name already it is as good as the next try: it is whole and on disk.
		return nil, errors.Join(j.at("write again", s.name, err), f.Close(), j.remove(s.name+".tmp"))
	}
	s.f = f
	return at, nil
}

// replace makes s the file that is written, and gives the runs of frames their new places. The files that hold
// nothing more are returned. The caller holds all three locks.
func (j *journal) replace(l *log, s *segment, frames []kept, at []int64) (ends []*segment) {
	last := s.from - 1
	if n := len(frames); n > 0 {
		last = frames[n-1].last
	}
	for _, t := range l.topics {
		for _, p := range t.parts {
			for i := len(p.runs) - 1; i >= 0 && p.runs[i].seq >= s.from; i-- {
				r := &p.runs[i]
				k := sort.Search(len(frames), func(k int) bool { return frames[k].last >= r.seq })
				r.at.seg, r.at.off = s, r.at.off-frames[k].off+at[k]
			}
		}
	}
	var segs []*segment
	for _, o := range j.segs {
		if o.from >= s.from {
			ends = append(ends, o)
			j.total -= o.size
		} else {
			segs = append(segs, o)
		}
	}
	j.segs, j.total = append(segs, s), j.total+s.size
	j.cur, j.named, j.rolled, j.ragged = s, true, nil, false
	j.synced = last
	j.unsynced.release(last, func(f *frame) { j.frames.Put(f) })
	return ends
}

// enter takes the write lock for a change. While the journal is being mended for the first time it waits.
func (l *log) enter(ctx context.Context) error {
	for {
		l.write.Lock()
		if err := l.alive(ctx); err != nil {
			l.write.Unlock()
			return err
		}
		if l.j == nil || l.j.mends == nil {
			return nil
		}
		mends := l.j.mends
		l.write.Unlock()
		select {
		case <-mends:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

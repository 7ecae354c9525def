package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/ksqlgo/ksql/store"
)

// segment is one file of frames: of the journal, or of one partition's old rows.
type segment struct {
	fs     FS
	health *health
	name   string
	began  int64 // size of what a file of the journal begins with: a snapshot that grows with what exists
	n      int64 // number in the journal; 0: a cold file
	from   int64 // seq of the first frame, of the journal
	size   int64

	mu   sync.RWMutex // read: using f; write: ending it
	f    File         // nil: opened for each read (cold files are many)
	gone bool
}

// where is the place of a run's part of a frame body.
type where struct {
	seg            *segment
	off            int64
	arena, headers uint32
	crc            uint32
	flags          uint8
}

// errMoved says that the file has ended: the index knows the new place of its runs.
var errMoved = errors.New("the run's file was retired")

// read fills b from offset off.
func (s *segment) read(b []byte, off int64) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.gone {
		return errMoved
	}
	if s.f != nil {
		return s.readFrom(s.f, b, off)
	}
	f, err := s.fs.Open(s.name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: %w", s.name, store.ErrCorrupt)
	} else if err != nil {
		return err
	}
	err = s.readFrom(f, b, off)
	s.health.passed(store.Closing, s.name, f.Close()) // what was read is good all the same
	return err
}

func (s *segment) readFrom(f File, b []byte, off int64) error {
	n, err := f.ReadAt(b, off)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = store.ErrCorrupt // it was cut since
	}
	return fmt.Errorf("%s at %d: %w", s.name, off, err)
}

// end closes the file when nobody reads it any more.
func (s *segment) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.health.forget(store.Reading, s.name+" at ")
	if s.f == nil {
		return nil
	}
	f := s.f
	s.f = nil
	return f.Close()
}

// unread notes whether a run could be read back.
func (l *log) unread(r *run, err error) {
	if err == nil && l.health.bad.Load() == 0 {
		return
	}
	l.health.outcome(store.Reading, fmt.Sprintf("%s at %d", r.at.seg.name, r.at.off), err)
}

func (r *run) head() runHead {
	return runHead{
		first: r.first, span: r.end - r.first, rows: uint32(r.rows), youngest: r.youngest,
		flags: r.at.flags, arena: r.at.arena, headers: r.at.headers, crc: r.at.crc,
	}
}

// load reads a run back from its file.
func (r *run) load(p *part) (*store.Records, error) {
	h := r.head()
	data := aligned(h.size())
	if err := r.at.seg.read(data, r.at.off); err != nil {
		return nil, err
	}
	rec, err := decodeRun(&h, data)
	if err != nil {
		return nil, fmt.Errorf("%s at %d: %w", r.at.seg.name, r.at.off, store.ErrCorrupt)
	}
	rec.TP, rec.Seq = p.tp, r.seq
	return rec, nil
}

// place is where a frame's body begins.
type place struct {
	seg *segment
	off int64
}

func (at place) run(e *encoder, i int) where { return at.of(&e.heads[i], e.offs[i]) }

func (at place) of(h *runHead, off int64) where {
	return where{seg: at.seg, off: at.off + off, arena: h.arena, headers: h.headers, crc: h.crc, flags: h.flags}
}

// cache bounds what a directory log keeps in memory: the oldest runs go first.
type cache struct {
	bytes int64
	queue []cached
}

type cached struct {
	p     *part
	first int64
	bytes int64
}

// add notes that r's rows are in memory. The caller holds mu.
func (c *cache) add(l *log, p *part, r *run) {
	c.queue = append(c.queue, cached{p, r.first, r.bytes})
	c.bytes += r.bytes
	n := 0
	for ; c.bytes > l.opt.CacheBytes && n < len(c.queue)-1; n++ {
		q := &c.queue[n]
		c.bytes -= q.bytes
		if i := q.p.find(q.first); i < len(q.p.runs) && q.p.runs[i].first == q.first {
			q.p.runs[i].rec = nil
		}
		*q = cached{}
	}
	c.queue = c.queue[n:]
}

package local

import (
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"github.com/ksqlgo/ksql/store"
)

// coldWriter appends frames to a partition's cold files.
type coldWriter struct {
	c    *cold
	m    *moved
	at   tid
	f    File
	s    *segment // a new one; an old file goes on under a new entry, the old one stays as it was
	head []byte
	hold []pending
	body [][]byte
	size int64
}

type pending struct {
	r   run
	h   runHead
	off int64
}

// frameBytes is how much a frame of a cold file holds, about.
const frameBytes = 1 << 20

// all writes all rows.
func (w *coldWriter) all(order []run) error {
	for i := range order {
		r := &order[i]
		h := r.head()
		data := aligned(h.size())
		if err := r.at.seg.read(data, r.at.off); err != nil {
			return err
		}
		if crc32.Checksum(data, castagnoli) != h.crc {
			return fmt.Errorf("%s at %d: %w", r.at.seg.name, r.at.off, store.ErrCorrupt)
		}
		if err := w.add(r, h, data); err != nil {
			return err
		}
	}
	return nil
}

// thin writes the latest row of each key only. Keys are found from the newest run to the oldest, runs
// are written from the oldest: which rows stay is all that is kept in between.
func (w *coldWriter) thin(order []run) error {
	p := w.m.p
	keep := newNewest(order)
	if !p.topic.config.Internal {
		limit := w.c.l.opt.Clock().Add(-tombstoneAge).UnixMilli()
		keep.drop = func(r *store.Records, row int) bool { return r.Value[row].Len < 0 && r.Time[row] < limit }
	}
	rows := make([][]int, len(order))
	whole := make([]bool, len(order))
	for i := len(order) - 1; i >= 0; i-- {
		rec, err := order[i].load(p)
		if err != nil {
			return err
		}
		rows[i] = keep.rows(rec)
		whole[i] = len(rows[i]) == rec.Len()
	}
	w.m.cold.thin = 0
	e := &encoder{}
	for i := range order {
		r := &order[i]
		if len(rows[i]) == 0 {
			delete(w.m.runs, r.seq)
			continue
		}
		rec, err := r.load(p)
		if err != nil {
			return err
		}
		if !whole[i] {
			rec = pick(rec, rows[i])
		}
		h, data := e.single(rec, p.topic.id)
		h.span = r.end - r.first
		if err := w.add(r, h, data); err != nil {
			return err
		}
		w.m.cold.thin += h.size()
	}
	return nil
}

// single encodes one run by itself.
func (e *encoder) single(r *store.Records, id int64) (runHead, []byte) {
	e.begin()
	e.add(r, id, 0)
	e.endHead()
	e.data(r)
	data := append([]byte(nil), e.buf[e.bodyAt:]...)
	for _, b := range e.pieces {
		data = append(data, b...)
	}
	return e.heads[0], data
}

func (w *coldWriter) add(r *run, h runHead, data []byte) error {
	h.at = w.at
	if len(w.hold) > 0 {
		h.skip = r.seq - w.hold[0].r.seq
	}
	w.head = h.put(w.head)
	w.hold = append(w.hold, pending{*r, h, w.size})
	w.body = append(w.body, data)
	w.size += int64(len(data))
	if w.size >= frameBytes {
		return w.flush()
	}
	return nil
}

// flush writes a frame and notes the places of its runs.
func (w *coldWriter) flush() error {
	if len(w.hold) == 0 {
		return nil
	}
	if w.s == nil || w.s.size >= w.c.l.opt.SegmentBytes {
		if err := w.next(); err != nil {
			return err
		}
	}
	e := &encoder{}
	e.begin()
	e.buf = append(e.buf, w.head...)
	e.endHead()
	e.body = w.size
	e.seal(w.c.l.j.salt, w.hold[0].r.seq, 0, len(w.hold))
	n := int64(len(e.buf))
	if _, err := w.f.Write(e.buf); err != nil {
		return err
	}
	for _, b := range w.body {
		if _, err := w.f.Write(b); err != nil {
			return err
		}
		n += int64(len(b))
	}
	at := place{w.s, w.s.size + e.bodyAt}
	for i := range w.hold {
		p := &w.hold[i]
		w.m.runs[p.r.seq] = p.h.runAt(at, p.r.seq-p.h.skip, p.off)
	}
	w.s.size += n
	w.head, w.hold, w.body, w.size = w.head[:0], w.hold[:0], nil, 0
	return nil
}

// next opens the file to write: the partition's last one while it has room, else a new one. After a failure it is a
// new one: the old one's end is in doubt, and a manifest that may be on disk may count on it.
func (w *coldWriter) next() error {
	if err := w.syncFile(); err != nil {
		return err
	}
	files := w.c.l.j.fs
	if n := len(w.m.cold.files); n > 0 && w.s == nil && w.m.cold.files[n-1].size < w.c.l.opt.SegmentBytes && !w.c.failed {
		s := w.m.cold.files[n-1]
		f, err := files.Open(s.name)
		if err != nil {
			return err
		}
		w.f, w.s = f, &segment{fs: s.fs, health: s.health, name: s.name, size: s.size}
		w.m.cold.files[n-1] = w.s
		return f.Truncate(s.size) // what a failed try left
	}
	dir := w.c.dir(w.at)
	if err := files.MkdirAll(dir); err != nil {
		return err
	}
	name := filepath.Join(dir, fmt.Sprintf("%020d-%d", w.hold[0].r.first, w.c.version))
	w.c.made = append(w.c.made, name) // it may be there though Create fails
	f, err := files.Create(name)
	if err != nil {
		return err
	}
	w.f, w.s = f, &segment{fs: files, health: &w.c.l.health, name: name}
	w.m.cold.files = append(w.m.cold.files, w.s)
	for d := dir; ; d = filepath.Dir(d) {
		if err := files.SyncDir(d); err != nil {
			return err
		}
		if d == w.c.l.j.dir || len(d) < len(w.c.l.j.dir) {
			return nil
		}
	}
}

func (w *coldWriter) syncFile() error {
	if w.f == nil {
		return nil
	}
	return errors.Join(w.f.Sync(), w.close())
}

func (w *coldWriter) finish() error {
	if err := w.flush(); err != nil {
		return errors.Join(err, w.close())
	}
	return w.syncFile()
}

func (w *coldWriter) close() error {
	if w.f == nil {
		return nil
	}
	f := w.f
	w.f = nil
	return f.Close()
}

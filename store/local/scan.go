package local

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"

	"github.com/ksqlgo/ksql/store"
)

// scan reads frames at open.
type scan struct {
	j     *journal
	l     *log
	begun bool
	limit int64    // frames from this seq on do not count
	known int64    // highest synced found
	of    *segment // what buf was read from, and where it begins there
	at    int64
	buf   []byte
}

// start is how a file begins.
type start struct {
	seq   int64 // -1: its first frame is bad
	again bool  // it holds all from seq on
	after int64 // of the files before only those up to this one count
	limit int64 // from here on a later file has all
}

// starts reads the first frame of each file. Files that do not count beside one that was written again are stale.
func (sc *scan) starts() ([]start, error) {
	j := sc.j
	starts := make([]start, len(j.segs))
	limit, count := int64(maxID), int64(maxID)
	for i, s := range slices.Backward(j.segs) {
		if s.n > count {
			starts[i].limit = -1
			continue
		}
		starts[i] = start{seq: -1, limit: limit}
		h, b, err := sc.frame(s, 0)
		if err != nil {
			return nil, err
		}
		if h == nil {
			continue
		}
		starts[i].seq, s.from = h.seq, h.seq
		if hd, err := parseHead(b[headerBytes : headerBytes+int64(h.head)]); err == nil && hd.again {
			starts[i].again, starts[i].after = true, hd.after
			limit, count = h.seq, hd.after
		}
	}
	var segs []*segment
	var left []start
	for i, s := range j.segs {
		if starts[i].limit >= 0 {
			segs, left = append(segs, s), append(left, starts[i])
			continue
		}
		j.stale = append(j.stale, s.name)
		j.total -= s.size
		j.health.passed(store.Closing, s.name, s.end())
	}
	j.segs = segs
	return left, nil
}

// frames applies the whole frames of s and says where they end.
func (sc *scan) frames(s *segment) (int64, error) {
	at := int64(0)
	for at < s.size {
		if err := sc.j.opt.Context.Err(); err != nil {
			return 0, err
		}
		h, b, err := sc.frame(s, at)
		if err != nil {
			return 0, err
		}
		if h == nil || sc.begun && h.seq != sc.l.seq || h.count > 0 && h.seq >= sc.limit {
			return at, nil
		}
		hd, err := parseHead(b[headerBytes : headerBytes+int64(h.head)])
		if err != nil || !sc.apply(h, &hd, place{s, at + headerBytes + int64(h.head)}, b[headerBytes+int64(h.head):]) {
			return at, nil
		}
		sc.known = max(sc.known, h.synced)
		if at == 0 {
			s.began = int64(len(b))
		}
		at += int64(len(b))
	}
	return at, nil
}

// frame reads the frame at offset at; no header if it is bad. An error means that the disk cannot be read.
func (sc *scan) frame(s *segment, at int64) (*header, []byte, error) {
	if s.size-at < headerBytes {
		return nil, nil, nil
	}
	fixed, err := sc.view(s, at, headerBytes)
	if err != nil {
		return nil, nil, err
	}
	h, ok := parseHeader(fixed, s.size-at, sc.j.salt)
	if !ok {
		return nil, nil, nil
	}
	b, err := sc.view(s, at, headerBytes+int64(h.head)+h.body)
	if err != nil {
		return nil, nil, err
	}
	if headCRC(sc.j.salt, b[:headerBytes+int64(h.head)]) != h.crc {
		return nil, nil, nil
	}
	return &h, b, nil
}

// view is n bytes of s from offset at, good until the next call. Small frames share one read.
func (sc *scan) view(s *segment, at, n int64) ([]byte, error) {
	if from := at - sc.at; sc.of == s && from >= 0 && from+n <= int64(len(sc.buf)) {
		return sc.buf[from : from+n], nil
	}
	want := min(max(n, viewBytes), s.size-at)
	if int64(cap(sc.buf)) < want {
		sc.buf = make([]byte, want+want/4)
	}
	sc.of, sc.at, sc.buf = s, at, sc.buf[:want]
	if err := s.read(sc.buf, at); err != nil {
		sc.of = nil
		return nil, err
	}
	return sc.buf[:n], nil
}

const viewBytes = 256 << 10

// apply checks the body and brings the frame into the log; false: it is bad, and nothing was changed.
func (sc *scan) apply(h *header, hd *head, at place, body []byte) bool {
	l := sc.l
	off := int64(0)
	for i := range hd.runs {
		r := &hd.runs[i]
		if off+r.size() > int64(len(body)) || crc32.Checksum(body[off:off+r.size()], castagnoli) != r.crc {
			return false
		}
		off += r.size()
	}
	if off != int64(len(body)) || h.count > 0 && int(h.count) != max(1, len(hd.runs)) {
		return false
	}
	if h.count == 0 && len(hd.runs) > 0 {
		return false
	}
	if h.count == 0 && sc.begun {
		// A mark, or the snapshot of a later file: only what was trimmed is news.
		for _, p := range hd.parts {
			if t := l.byID[p.at.id]; t != nil && int(p.at.partition) < len(t.parts) {
				t.parts[p.at.partition].trim(p.low)
			}
		}
		return true
	}
	sc.begun = true
	for i := range hd.creates {
		l.apply(&change{create: &hd.creates[i]}, h.seq, at)
	}
	for _, id := range hd.removes {
		l.apply(&change{remove: id}, h.seq, at)
	}
	for _, who := range hd.forgets {
		l.apply(&change{forget: who}, h.seq, at)
	}
	for _, m := range hd.moves {
		l.apply(&change{who: m.who, unit: m.unit, moves: m.to}, h.seq, at)
	}
	for _, p := range hd.parts {
		if t := l.byID[p.at.id]; t != nil && int(p.at.partition) < len(t.parts) {
			q := t.parts[p.at.partition]
			q.next, q.low = p.next, max(q.low, p.low)
		}
	}
	l.nextID = max(l.nextID, hd.nextID)
	off = 0
	for i := range hd.runs {
		r := &hd.runs[i]
		if t := l.byID[r.at.id]; t != nil && int(r.at.partition) < len(t.parts) && r.rows > 0 {
			p := t.parts[r.at.partition]
			p.push(r.runAt(at, h.seq, off))
			p.expire(l)
		}
		off += r.size()
	}
	l.seq = h.seq + int64(h.count)
	return true
}

// runAt is the index entry of a run in a frame.
func (r *runHead) runAt(at place, seq, off int64) run {
	return run{
		seq: seq + r.skip, first: r.first, end: r.first + r.span, rows: int32(r.rows),
		bytes: r.size() + 256, youngest: r.youngest, at: at.of(r, off),
	}
}

// knownAfter is the highest seq that any whole head behind offset at of file i says was on disk.
func (sc *scan) knownAfter(i int, at int64) (int64, error) {
	known := sc.known
	for _, s := range sc.j.segs[i:] {
		in, err := sc.knownIn(s, at)
		if err != nil {
			return 0, err
		}
		known, at = max(known, in), 0
	}
	return known, nil
}

// knownIn is the same in one file.
func (sc *scan) knownIn(s *segment, at int64) (known int64, err error) {
	rest := make([]byte, s.size-at)
	if err := s.read(rest, at); err != nil {
		return 0, err
	}
	var magic [4]byte
	binary.LittleEndian.PutUint32(magic[:], frameMagic^sc.j.salt)
	for len(rest) > 0 {
		i := bytes.Index(rest, magic[:])
		if i < 0 {
			break
		}
		rest = rest[i:]
		if len(rest) < headerBytes {
			break
		}
		// The body need not be whole: a head that is whole says what was on disk.
		head := binary.LittleEndian.Uint32(rest[24:])
		if end := headerBytes + int64(head); end <= int64(len(rest)) &&
			headCRC(sc.j.salt, rest[:end]) == binary.LittleEndian.Uint32(rest[4:]) {
			known = max(known, int64(binary.LittleEndian.Uint64(rest[16:])))
		}
		rest = rest[1:]
	}
	return known, nil
}

package local

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
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
		kick: make(chan struct{}, 1), soiled: make(chan struct{}, 1), retire: make(chan struct{}, 1),
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
		go j.run(l)
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

const formatName = "FORMAT"

// identify reads the file that names the format and the log, and makes it first. The log's random salt
// goes into all checksums: rows that hold a journal's bytes are never taken for frames.
func (j *journal) identify() error {
	name := j.path(formatName)
	text, err := readFile(j.fs, name)
	if err == nil {
		body, ok := unseal(text)
		var id uint32
		if _, e := fmt.Sscanf(string(body), "ksql log 1 %x\n", &id); !ok || e != nil {
			return fmt.Errorf("%s: %w", name, store.ErrCorrupt)
		}
		j.salt = id
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if names, err := j.fs.List(j.path("journal")); err != nil || len(names) > 0 {
		return errors.Join(err, fmt.Errorf("%s is missing beside a journal: %w", name, store.ErrCorrupt))
	}
	if err := j.fs.SyncDir(filepath.Dir(filepath.Clean(j.dir))); err != nil {
		return err
	}
	var id [4]byte
	rand.Read(id[:])
	j.salt = binary.LittleEndian.Uint32(id[:])
	_, err = writeFile(j.fs, name, seal(fmt.Appendf(nil, "ksql log 1 %08x\n", j.salt)))
	return err
}

// seal adds a line with the checksum of text; unseal takes it off.
func seal(text []byte) []byte {
	return fmt.Appendf(text, "crc32c %08x\n", crc32.Checksum(text, castagnoli))
}

func unseal(text []byte) ([]byte, bool) {
	const tail = len("crc32c 00000000\n")
	if len(text) < tail {
		return nil, false
	}
	body := text[:len(text)-tail]
	return body, bytes.Equal(seal(slices.Clone(body)), text)
}

func readFile(fs FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	b := make([]byte, size)
	if err == nil {
		var n int
		if n, err = f.ReadAt(b, 0); n == len(b) {
			err = nil
		}
	}
	return b, errors.Join(err, f.Close())
}

// writeFile makes a whole file that survives a power cut, or leaves the old one. After an error it may be in doubt
// which of the two it is.
func writeFile(fs FS, name string, data []byte) (doubt bool, err error) {
	f, err := fs.Create(name + ".tmp")
	if err != nil {
		return false, err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return false, err
	}
	if err := fs.Rename(name+".tmp", name); err != nil {
		return true, err
	}
	if err := fs.SyncDir(filepath.Dir(name)); err != nil {
		return true, err
	}
	return false, nil
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
			p.push(r.run(at, h.seq, off))
			p.expire(l)
		}
		off += r.size()
	}
	l.seq = h.seq + int64(h.count)
	return true
}

// run is the index entry of a run in a frame.
func (r *runHead) run(at place, seq, off int64) run {
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

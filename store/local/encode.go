package local

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"
	"unsafe"

	"github.com/ksqlgo/ksql/store"
)

// encoder makes frames. Its buffers are used again.
type encoder struct {
	*frame            // nil until the next begin: who keeps the frame takes it away
	spare  *sync.Pool // of frames; nil: none
	heads  []runHead
	firsts []int // places in buf of the runs' first offsets
	offs   []int64
	bodyAt int64
	body   int64
}

// frame is the bytes of one frame.
type frame struct {
	buf    []byte   // header, head, and the body up to the first big arena
	pieces [][]byte // what follows buf: arenas as they are, and what lies between them
	mid    []byte   // holds what lies between
}

// writeTo writes the frame and says how much of it was written.
func (f *frame) writeTo(w io.Writer) (n int64, err error) {
	m, err := w.Write(f.buf)
	n = int64(m)
	for i := 0; i < len(f.pieces) && err == nil; i++ {
		m, err = w.Write(f.pieces[i])
		n += int64(m)
	}
	return n, err
}

func (f *frame) size() int64 {
	n := int64(len(f.buf))
	for _, b := range f.pieces {
		n += int64(len(b))
	}
	return n
}

// bigArena is written from where it lies; a smaller one is copied, to save a system call.
const bigArena = 32 << 10

// bytesOf is the memory of s.
func bytesOf[T int64 | store.Span](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*8)
}

var zeros [8]byte

// runs encodes runs of these partitions, except for what only the write lock knows: seq, synced, offsets.
func (e *encoder) runs(runs []*store.Records, parts []*part) {
	e.begin()
	small := make([]*store.Records, len(runs))
	for i, r := range runs {
		small[i] = tight(r)
		e.add(small[i], parts[i].topic.id, int64(i))
	}
	e.endHead()
	for _, r := range small {
		e.data(r)
	}
}

func (e *encoder) begin() {
	if e.frame == nil && e.spare != nil {
		e.frame = e.spare.Get().(*frame)
	} else if e.frame == nil {
		e.frame = new(frame)
	}
	e.buf = append(e.buf[:0], make([]byte, headerBytes)...)
	e.pieces, e.heads, e.firsts, e.offs = e.pieces[:0], e.heads[:0], e.firsts[:0], e.offs[:0]
	e.mid, e.body = e.mid[:0], 0
}

// tight is r with an arena of its own if it uses little of the one it shares with others.
func tight(r *store.Records) *store.Records {
	if len(r.Bytes) < 4096 {
		return r
	}
	used := 0
	for i := range r.Key {
		used += int(max(0, r.Key[i].Len)) + int(max(0, r.Value[i].Len))
	}
	if used*2 > len(r.Bytes) {
		return r
	}
	rows := make([]int, r.Len())
	for i := range rows {
		rows[i] = len(rows) - 1 - i
	}
	out := pick(r, rows)
	if r.Offsets == nil {
		out.Offsets = nil
	}
	return out
}

// add puts the head of r; its data follows in the same order.
func (e *encoder) add(r *store.Records, id, skip int64) {
	h := runHead{
		at: tid{id, r.TP.Partition}, first: r.First, span: int64(r.Len()), skip: skip,
		rows: uint32(r.Len()), arena: uint32(len(r.Bytes)), youngest: youngest(r.Time),
	}
	if r.Mark != nil {
		h.flags |= hasMark
	}
	if r.Offsets != nil {
		h.flags |= hasOffsets
	}
	from := len(e.mid)
	if len(r.Headers) > 0 {
		h.flags |= hasHeaders
		e.mid = putHeaders(e.mid, r.Headers)
		h.headers = uint32(len(e.mid) - from)
	}
	c := crc32.Checksum(bytesOf(r.Time), castagnoli)
	sum := func(b []byte) {
		c = crc32.Update(c, castagnoli, b)
		if n := len(b) & 7; n != 0 {
			c = crc32.Update(c, castagnoli, zeros[:8-n])
		}
	}
	sum(bytesOf(r.Key))
	sum(bytesOf(r.Value))
	sum(bytesOf(r.Offsets))
	sum(r.Mark)
	sum(e.mid[from:])
	sum(r.Bytes)
	e.mid = e.mid[:from]
	h.crc = c
	e.offs = append(e.offs, e.body)
	e.body += h.size()
	e.firsts = append(e.firsts, len(e.buf)+firstAt)
	e.heads = append(e.heads, h)
	e.buf = h.put(e.buf)
}

func putHeaders(b []byte, hs []store.Header) []byte {
	b = binary.AppendUvarint(b, uint64(len(hs)))
	for _, h := range hs {
		b = binary.AppendUvarint(b, uint64(h.Row))
		b = putString(b, h.Key)
		if h.Value == nil {
			b = append(b, 0)
		} else {
			b = putString(append(b, 1), string(h.Value))
		}
	}
	return b
}

func (e *encoder) endHead() { e.bodyAt = int64(len(e.buf)) }

// data puts the slices of r.
func (e *encoder) data(r *store.Records) {
	to := &e.buf
	if len(e.pieces) > 0 {
		to = &e.mid
	}
	from := len(e.mid)
	put := func(b []byte) {
		*to = append(*to, b...)
		if n := len(b) & 7; n != 0 {
			*to = append(*to, zeros[:8-n]...)
		}
	}
	put(bytesOf(r.Time))
	put(bytesOf(r.Key))
	put(bytesOf(r.Value))
	put(bytesOf(r.Offsets))
	put(r.Mark)
	if len(r.Headers) > 0 {
		put(putHeaders(nil, r.Headers))
	}
	if len(r.Bytes) < bigArena {
		put(r.Bytes)
	}
	if to == &e.mid {
		e.pieces = append(e.pieces, e.mid[from:len(e.mid):len(e.mid)])
	}
	if len(r.Bytes) >= bigArena {
		e.pieces = append(e.pieces, r.Bytes)
		if n := len(r.Bytes) & 7; n != 0 {
			e.pieces = append(e.pieces, zeros[:8-n])
		}
	}
}

// seal fills what came last and computes the checksum.
func (e *encoder) seal(salt uint32, seq, synced int64, count int) {
	h := header{seq: seq, synced: synced, head: uint32(e.bodyAt - headerBytes), count: uint32(count), body: e.body}
	h.put(e.buf, salt)
	binary.LittleEndian.PutUint32(e.buf[4:], headCRC(salt, e.buf[:e.bodyAt]))
}

// first sets the offset of row 0 of run i.
func (e *encoder) first(i int, offset int64) {
	e.heads[i].first = offset
	binary.LittleEndian.PutUint64(e.buf[e.firsts[i]:], uint64(offset))
}

func (e *encoder) youngest(i int) int64 { return e.heads[i].youngest }

// decodeRun makes records of one run's part of a body, which they keep: data is theirs, and aligned.
func decodeRun(h *runHead, data []byte) (*store.Records, error) {
	if int64(len(data)) != h.size() || checksum(data) != h.crc {
		return nil, errFrame
	}
	n := int(h.rows)
	next := func(size int64) []byte {
		out := data[:size:size]
		data = data[pad8(size):]
		return out
	}
	r := &store.Records{First: h.first, Time: as[int64](next(int64(n) * 8))}
	r.Key, r.Value = as[store.Span](next(int64(n)*8)), as[store.Span](next(int64(n)*8))
	if h.flags&hasOffsets != 0 {
		r.Offsets = as[int64](next(int64(n) * 8))
	}
	if h.flags&hasMark != 0 {
		r.Mark = next(int64(n))
	}
	if h.flags&hasHeaders != 0 {
		s := scanner{b: next(int64(h.headers))}
		for k := s.u(); k > 0 && !s.bad; k-- {
			hd := store.Header{Row: int32(s.n(uint64(max(n, 1)) - 1)), Key: s.str()}
			if s.take(1)[0] == 1 {
				hd.Value = []byte(s.str())
			}
			r.Headers = append(r.Headers, hd)
		}
		if s.bad {
			return nil, errFrame
		}
	}
	r.Bytes = next(int64(h.arena))
	for _, spans := range [2][]store.Span{r.Key, r.Value} {
		for _, s := range spans {
			if s.Len >= 0 && (s.Off < 0 || int64(s.Off)+int64(s.Len) > int64(h.arena)) {
				return nil, errFrame
			}
		}
	}
	return r, nil
}

// as sees b, which starts at a multiple of 8, as values of 8 bytes.
func as[T int64 | store.Span](b []byte) []T {
	if len(b) == 0 {
		return []T{}
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(b)/8)
}

// aligned is n bytes at a multiple of 8.
func aligned(n int64) []byte {
	if n == 0 {
		return nil
	}
	words := make([]int64, (n+7)/8)
	return bytesOf(words)[:n:n]
}

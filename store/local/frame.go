package local

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// A frame is one step of the log in a file:
//
//	magic u32 (of the log: its salt is in it) | crc u32 of the rest of the header and the head | seq u64 | synced u64 |
//	head length u32 | count u32 | body length u64 | head | body
//
// count is how many places in the order it takes (0: a mark, a snapshot). synced is the highest seq
// known to be on disk when the frame was written. The head is a list of tagged items; each run in it
// carries the crc of its own part of the body, so that one run can be read and checked alone. The body
// is the runs' slices as they are in memory, little endian, each padded to 8 bytes.
const (
	frameMagic  = 0x666c736b // "kslf"
	headerBytes = 40
)

const (
	tagRun = iota + 1
	tagCreate
	tagRemove
	tagForget
	tagMoves
	tagPart
	tagNextID
	tagAgain
)

const (
	hasMark = 1 << iota
	hasHeaders
	hasOffsets
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errFrame = errors.New("bad frame")

// header is the fixed part of a frame.
type header struct {
	crc         uint32
	seq, synced int64
	head, count uint32
	body        int64
}

func (h *header) put(b []byte, salt uint32) {
	binary.LittleEndian.PutUint32(b, frameMagic^salt)
	binary.LittleEndian.PutUint64(b[8:], uint64(h.seq))
	binary.LittleEndian.PutUint64(b[16:], uint64(h.synced))
	binary.LittleEndian.PutUint32(b[24:], h.head)
	binary.LittleEndian.PutUint32(b[28:], h.count)
	binary.LittleEndian.PutUint64(b[32:], uint64(h.body))
}

// parseHeader looks at the numbers only; the crc is checked when the head has been read.
func parseHeader(b []byte, room int64, salt uint32) (h header, ok bool) {
	if len(b) < headerBytes || binary.LittleEndian.Uint32(b) != frameMagic^salt {
		return h, false
	}
	h = header{
		crc:    binary.LittleEndian.Uint32(b[4:]),
		seq:    int64(binary.LittleEndian.Uint64(b[8:])),
		synced: int64(binary.LittleEndian.Uint64(b[16:])),
		head:   binary.LittleEndian.Uint32(b[24:]),
		count:  binary.LittleEndian.Uint32(b[28:]),
		body:   int64(binary.LittleEndian.Uint64(b[32:])),
	}
	left := room - headerBytes - int64(h.head)
	return h, h.seq >= 0 && h.seq <= maxID && h.synced >= 0 && left >= 0 && h.body >= 0 && h.body <= left
}

// headCRC is the checksum of a frame whose header and head lie in b, under the log's salt.
func headCRC(salt uint32, b []byte) uint32 { return crc32.Update(salt, castagnoli, b[8:]) }

// runHead is a run in the head of a frame.
type runHead struct {
	at       tid
	first    int64
	span     int64 // offsets it stands for
	youngest int64
	skip     int64 // seq after the frame's (cold files: sparse); in the journal the index of the run
	rows     uint32
	flags    uint8
	arena    uint32
	headers  uint32
	crc      uint32
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

func pad8(n int64) int64 { return (n + 7) &^ 7 }

// size is how long the run's part of the body is.
func (r *runHead) size() int64 {
	n := int64(r.rows) * 24
	if r.flags&hasOffsets != 0 {
		n += int64(r.rows) * 8
	}
	if r.flags&hasMark != 0 {
		n += pad8(int64(r.rows))
	}
	return n + pad8(int64(r.headers)) + pad8(int64(r.arena))
}

// firstAt is where in an encoded run head the offset of row 0 lies: after the tag.
const firstAt = 1

func (r *runHead) put(b []byte) []byte {
	b = append(b, tagRun)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.first))
	b = binary.AppendUvarint(b, uint64(r.at.id))
	b = binary.AppendUvarint(b, uint64(r.at.partition))
	b = binary.AppendUvarint(b, uint64(r.span))
	b = binary.AppendUvarint(b, uint64(r.skip))
	b = binary.AppendUvarint(b, uint64(r.rows))
	b = append(b, r.flags)
	b = binary.AppendUvarint(b, uint64(r.arena))
	b = binary.AppendUvarint(b, uint64(r.headers))
	b = binary.AppendVarint(b, r.youngest)
	return binary.LittleEndian.AppendUint32(b, r.crc)
}

// head is what the head of a frame says.
type head struct {
	runs    []runHead
	creates []topicDef
	removes []int64
	forgets []string
	moves   []moveSet
	parts   []partState
	nextID  int64
	again   bool  // the file holds all from the frame's seq on: nothing of that counts in files before it,
	after   int64 // and nothing at all of those after this one
}

type moveSet struct {
	who  string
	unit store.Unit
	to   map[tid]int64
}

// partState is the ends of a partition in a snapshot.
type partState struct {
	at        tid
	low, next int64
}

func putString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func putTopic(b []byte, d *topicDef) []byte {
	b = append(b, tagCreate)
	b = binary.AppendUvarint(b, uint64(d.id))
	b = putString(b, d.name)
	b = binary.AppendUvarint(b, uint64(d.config.Partitions))
	var flags byte
	if d.config.Compact {
		flags |= 1
	}
	if d.config.Internal {
		flags |= 2
	}
	b = append(b, flags)
	return binary.AppendVarint(b, int64(d.config.Retention))
}

func putMoves(b []byte, m *moveSet) []byte {
	b = putString(append(b, tagMoves), m.who)
	b = putString(b, m.unit.Stage)
	b = binary.AppendUvarint(b, uint64(m.unit.Partition))
	b = binary.AppendUvarint(b, uint64(len(m.to)))
	for at, next := range m.to {
		b = binary.AppendUvarint(b, uint64(at.id))
		b = binary.AppendUvarint(b, uint64(at.partition))
		b = binary.AppendVarint(b, next)
	}
	return b
}

func putPart(b []byte, p *partState) []byte {
	b = binary.AppendUvarint(append(b, tagPart), uint64(p.at.id))
	b = binary.AppendUvarint(b, uint64(p.at.partition))
	b = binary.AppendVarint(b, p.low)
	return binary.AppendVarint(b, p.next)
}

// scanner reads varints; after the first mistake it gives zeros.
type scanner struct {
	b   []byte
	bad bool
}

func (s *scanner) take(n int) []byte {
	if n < 0 || n > len(s.b) {
		s.bad, s.b = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	out := s.b[:n]
	s.b = s.b[n:]
	return out
}

func (s *scanner) u() uint64 {
	v, n := binary.Uvarint(s.b)
	if n <= 0 {
		s.bad, s.b = true, nil
		return 0
	}
	s.b = s.b[n:]
	return v
}

func (s *scanner) i() int64 {
	v, n := binary.Varint(s.b)
	if n <= 0 {
		s.bad, s.b = true, nil
		return 0
	}
	s.b = s.b[n:]
	return v
}

// n is a number that must not be above limit.
func (s *scanner) n(limit uint64) int64 {
	v := s.u()
	if v > limit {
		s.bad = true
		return 0
	}
	return int64(v)
}

func (s *scanner) str() string {
	n := s.u()
	if n > uint64(len(s.b)) {
		s.bad, s.b = true, nil
		return ""
	}
	return string(s.take(int(n)))
}

const maxID = 1 << 60

func (s *scanner) tid() tid { return tid{s.n(maxID), int32(s.n(maxPartitions))} }

// parseHead reads a head. Any input gives a head or errFrame.
func parseHead(b []byte) (head, error) {
	var h head
	s := scanner{b: b}
	for len(s.b) > 0 && !s.bad {
		switch s.take(1)[0] {
		case tagRun:
			var r runHead
			r.first = int64(binary.LittleEndian.Uint64(s.take(8)))
			r.at = s.tid()
			r.span = s.n(maxID)
			r.skip = s.n(maxID)
			r.rows = uint32(s.n(1 << 31))
			r.flags = s.take(1)[0]
			r.arena = uint32(s.n(1 << 31))
			r.headers = uint32(s.n(1 << 31))
			r.youngest = s.i()
			r.crc = binary.LittleEndian.Uint32(s.take(4))
			if r.first < 0 || r.first > maxID || r.span < int64(r.rows) {
				s.bad = true
			}
			h.runs = append(h.runs, r)
		case tagCreate:
			d := topicDef{id: s.n(maxID), name: s.str()}
			d.config.Partitions = int32(s.n(maxPartitions))
			flags := s.take(1)[0]
			d.config.Compact, d.config.Internal = flags&1 != 0, flags&2 != 0
			d.config.Retention = time.Duration(s.i())
			h.creates = append(h.creates, d)
		case tagRemove:
			h.removes = append(h.removes, s.n(maxID))
		case tagForget:
			h.forgets = append(h.forgets, s.str())
		case tagMoves:
			m := moveSet{who: s.str()}
			m.unit = store.Unit{Stage: s.str(), Partition: int32(s.n(maxPartitions))}
			n := s.n(maxID)
			m.to = map[tid]int64{}
			for ; n > 0 && !s.bad; n-- {
				at := s.tid()
				m.to[at] = s.i()
			}
			h.moves = append(h.moves, m)
		case tagPart:
			h.parts = append(h.parts, partState{at: s.tid(), low: s.i(), next: s.i()})
		case tagNextID:
			h.nextID = s.n(maxID)
		case tagAgain:
			h.again, h.after = true, s.n(maxID)
		default:
			s.bad = true
		}
	}
	if s.bad {
		return head{}, errFrame
	}
	return h, nil
}

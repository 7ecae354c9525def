package state

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// Buffer is the rows of a stream that wait for those of another: by key and time, those of the same key and time in the
// order in which they came. Rows have the numbers of the Ordered that holds them.
type Buffer struct {
	*Ordered
	next  uint64 // of the arrival; derived
	key   []byte
	arena []byte
	spans []store.Span
}

// NewBuffer is an empty buffer. Its rows expire.
func NewBuffer(l OrderedLayout) *Buffer {
	l.Expires = true
	return &Buffer{Ordered: NewOrdered(l)}
}

// A key of a Buffer is that of the row, its time and the number of its arrival.
const bufferTail = 16

func appendTime(dst []byte, t int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64(t)^1<<63)
}

// Insert adds the rows of cols that rows names, each under its key and time, and appends their numbers to out. A nil
// column is null.
func (b *Buffer) Insert(keys, cols []*vec.Vec, time []int64, rows []int32, out []int32) []int32 {
	b.arena, b.spans = AppendRows(b.arena[:0], b.spans[:0], cols, rows)
	for n, i := range rows {
		b.key = appendTime(vec.AppendKey(b.key[:0], keys, int(i)), time[i])
		b.key = binary.BigEndian.AppendUint64(b.key, b.next)
		b.next++
		out = append(out, b.Put(b.key, time[i], b.spans[n].Of(b.arena)))
	}
	return out
}

// Probe appends the rows that have the key in row i of keys, and times from `from` to `to`, both included: by time, then
// as they came.
func (b *Buffer) Probe(keys []*vec.Vec, i int, from, to int64, out []int32) []int32 {
	if from > to {
		return out
	}
	k := vec.AppendKey(b.key[:0], keys, i)
	n := len(k)
	k = appendTime(k, from)
	lo := len(k)
	k = appendTime(append(k, k[:n]...), to)
	for range 9 { // behind all numbers of arrival
		k = append(k, 0xff)
	}
	b.key = k
	return b.Ascend(k[:lo], k[lo:], math.MaxInt, out)
}

// Read appends these rows to cols.
func (b *Buffer) Read(rows []int32, cols []*vec.Vec) error {
	b.arena, b.spans = b.arena[:0], b.spans[:0]
	for _, row := range rows {
		off := len(b.arena)
		b.arena = append(b.arena, b.Value(row)...)
		b.spans = append(b.spans, store.Span{Off: int32(off), Len: int32(len(b.arena) - off)})
	}
	_, err := ReadRows(b.arena, b.spans, cols)
	return b.wrap(err)
}

// Restored says whether what was read back can be worked with, and goes on counting arrivals behind it.
func (b *Buffer) Restored() error {
	if err := b.Ordered.Restored(); err != nil {
		return err
	}
	for row, s := range b.state {
		if s&isDead != 0 {
			continue
		}
		key := b.Key(int32(row))
		n := len(key) - bufferTail
		if n < 0 {
			return b.wrap(errShort)
		}
		if t := int64(binary.BigEndian.Uint64(key[n:]) ^ 1<<63); t != b.Time(int32(row)) {
			return b.wrap(fmt.Errorf("a row of time %d stands at %d", b.Time(int32(row)), t))
		}
		b.next = max(b.next, binary.BigEndian.Uint64(key[n+8:])+1)
	}
	return nil
}

package op

import (
	"encoding/binary"
	"slices"

	"github.com/ksqlgo/ksql/store"
)

// outbox is the records of one topic that wait for a commit, a run for each partition.
type outbox struct {
	topic string
	runs  []*store.Records // nil while empty
	last  []runSize        // of the runs before, which the next will be like: the largest, slowly forgotten
}

type runSize struct{ rows, bytes int }

func newOutbox(topic string, partitions int32) outbox {
	return outbox{topic: topic, runs: make([]*store.Records, partitions), last: make([]runSize, partitions)}
}

// Bytes is the size of the largest run that waits.
func (o *outbox) Bytes() int {
	n := 0
	for _, r := range o.runs {
		if r != nil {
			n = max(n, len(r.Bytes))
		}
	}
	return n
}

// Take appends the runs that wait to dst and forgets them: they belong to the log now.
func (o *outbox) Take(dst []*store.Records) []*store.Records {
	for i, r := range o.runs {
		if r != nil && r.Len() > 0 {
			dst = append(dst, r)
			l := &o.last[i]
			l.rows, l.bytes = max(r.Len(), l.rows-l.rows/16), max(len(r.Bytes), l.bytes-l.bytes/16)
		}
		o.runs[i] = nil
	}
	return dst
}

// run is the run of partition p, for at least n more rows.
func (o *outbox) run(p int32, n int) *store.Records {
	if o.runs[p] == nil {
		rows, size := o.last[p].rows, o.last[p].bytes
		rows, size = max(rows+rows/16, n, 16), max(size+size/16, 512)
		o.runs[p] = &store.Records{TP: store.TP{Topic: o.topic, Partition: p}, Bytes: make([]byte, 0, size),
			Time: make([]int64, 0, rows), Key: make([]store.Span, 0, rows), Value: make([]store.Span, 0, rows)}
	}
	return o.runs[p]
}

// addKeys appends the keys of these rows (nil: all) to r: spans of arena.
func addKeys(r *store.Records, arena []byte, keys []store.Span, rows []int32) {
	n := len(r.Key)
	if rows == nil {
		r.Key = append(r.Key, keys...)
	} else {
		r.Key = pick(slices.Grow(r.Key, len(rows)), keys, rows)
	}
	size := 0
	for _, s := range r.Key[n:] {
		size += int(max(0, s.Len))
	}
	off := len(r.Bytes)
	r.Bytes = slices.Grow(r.Bytes, size)[:off+size]
	for i, s := range r.Key[n:] {
		switch {
		case s.Len < 0:
			continue
		case s.Len == 8: // a number
			binary.LittleEndian.PutUint64(r.Bytes[off:], binary.LittleEndian.Uint64(arena[s.Off:]))
		default:
			copy(r.Bytes[off:], s.Of(arena))
		}
		r.Key[n+i].Off = int32(off)
		off += int(s.Len)
	}
}

// addHeaders copies the headers of the records that caused these rows of b (nil: all), the last ones of r: Kafka
// Streams forwards them.
func addHeaders(r *store.Records, b *Batch, rows []int32) {
	if b.From == nil || !b.From.headers() {
		return
	}
	n := len(rows)
	if rows == nil {
		n = b.N
	}
	first := r.Len() - n
	for k := range n {
		i := k
		if rows != nil {
			i = int(rows[k])
		}
		run, row := b.From.At(b.Cause(i))
		for _, h := range run.Headers {
			if int(h.Row) == row {
				h.Row = int32(first + k)
				r.Headers = append(r.Headers, h)
			}
		}
	}
}

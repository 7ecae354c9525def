package local

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"github.com/ksqlgo/ksql/store"
)

// reader gives the rows of some partitions in the log's order.
type reader struct {
	l     *log
	cur   []cursor
	ready chan struct{}
	out   []store.Records
	shut  bool // under mu

	bounded bool // it gives io.EOF when every cursor is at its end

	// The run last read from a file: Polls that take slices of it read it once.
	held    *store.Records
	heldSeq int64
}

// cursor is the place in one partition.
type cursor struct {
	p    *part
	next int64 // -1: the oldest row, wherever that is at the first Poll
	to   int64
	hint int // where its run was last time
}

// endless is the end of a cursor that has none.
const endless = math.MaxInt64

func (l *log) Reader(ctx context.Context, from, to map[store.TP]int64) (store.Reader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	cur := make([]cursor, 0, len(from))
	for tp, offset := range from {
		p, err := l.part(tp)
		if err != nil {
			return nil, err
		}
		c := cursor{p: p, next: offset, to: endless}
		if end, ok := to[tp]; ok {
			c.to = end
		}
		cur = append(cur, c)
	}
	for tp := range to {
		if _, ok := from[tp]; !ok {
			return nil, fmt.Errorf("topic %s/%d: a reader with an end there and no beginning", tp.Topic, tp.Partition)
		}
	}
	r := l.reader(cur)
	r.bounded = to != nil
	return r, nil
}

// reader starts at these places. The caller holds mu.
func (l *log) reader(cur []cursor) *reader {
	r := &reader{l: l, ready: make(chan struct{}, 1)}
	r.start(cur)
	return r
}

func (r *reader) start(cur []cursor) {
	slices.SortFunc(cur, func(a, b cursor) int {
		return cmp.Or(cmp.Compare(a.p.tp.Topic, b.p.tp.Topic), cmp.Compare(a.p.tp.Partition, b.p.tp.Partition))
	})
	r.cur = cur
	for i := range cur {
		cur[i].p.readers = append(cur[i].p.readers, r)
	}
	r.token()
}

func (r *reader) token() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

func (r *reader) Ready() <-chan struct{} { return r.ready }

// Poll gives the next runs. A big run comes in slices, which share its bytes; a changed row's two halves
// stay together, even if limit is 1.
func (r *reader) Poll(limit int) ([]store.Records, error) {
	clear(r.out)
	r.out = r.out[:0]
	for limit > 0 {
		n, err := r.one(limit)
		if err != nil {
			if len(r.out) > 0 {
				r.token() // give what is good; the error comes again
				return r.out, nil
			}
			if gap := (*store.Gap)(nil); errors.As(err, &gap) {
				r.skip(gap)
			}
			return nil, err
		}
		if n == 0 {
			break
		}
		limit -= n
	}
	if len(r.out) == 0 {
		return nil, nil
	}
	if limit <= 0 {
		r.token()
	}
	return r.out, nil
}

// skip goes on behind rows that are gone, once that was told.
func (r *reader) skip(g *store.Gap) {
	for i := range r.cur {
		if c := &r.cur[i]; c.p.tp == g.TP {
			c.next = g.To
		}
	}
	r.token()
}

// Position is the next offset of each partition.
func (r *reader) Position(at map[store.TP]int64) {
	for i := range r.cur {
		c := &r.cur[i]
		next := c.next
		if next < 0 {
			r.l.mu.RLock()
			next = c.p.low
			r.l.mu.RUnlock()
		}
		at[c.p.tp] = next
	}
}

// one adds the next run or a piece of it and says how many rows that is.
func (r *reader) one(limit int) (int, error) {
	for {
		r.l.mu.RLock()
		c, err := r.head()
		if err != nil || c == nil {
			r.l.mu.RUnlock()
			return 0, err
		}
		own := c.p.runs[c.hint]
		r.l.mu.RUnlock()

		rec := own.rec
		if rec == nil && r.held != nil && r.heldSeq == own.seq {
			rec = r.held
		}
		if rec == nil {
			if rec, err = own.load(c.p); err != nil {
				if r.moved(c, &own) {
					continue
				}
				r.l.unread(&own, err)
				return 0, fmt.Errorf("topic %s/%d: %w", c.p.tp.Topic, c.p.tp.Partition, err)
			}
			r.l.unread(&own, nil)
			r.held, r.heldSeq = rec, own.seq
		}
		lo, hi, end := rowAt(rec, c.next), rec.Len(), own.end
		if end > c.to {
			hi, end = rowAt(rec, c.to), c.to
			if hi > lo && rec.Mark != nil && rec.Mark[hi-1] == store.MarkBefore {
				hi-- // its other half is behind the end
			}
		}
		if lo >= hi { // compaction left nothing after this offset
			c.next = end
			continue
		}
		top := hi
		if hi-lo > limit {
			hi = lo + limit
			if rec.Mark != nil && rec.Mark[hi-1] == store.MarkBefore {
				if hi--; hi == lo {
					hi += 2
				}
			}
		}
		if hi == top {
			c.next = end
		} else {
			c.next = rec.Offset(hi)
		}
		r.out = append(r.out, rec.Slice(lo, hi))
		return hi - lo, nil
	}
}

// moved reports whether the run that could not be read is elsewhere or gone by now: its file was
// retired, compacted or deleted meanwhile.
func (r *reader) moved(c *cursor, own *run) bool {
	r.l.mu.RLock()
	defer r.l.mu.RUnlock()
	if r.l.shut || c.p.topic.gone {
		return true
	}
	i := c.p.find(own.first)
	return i == len(c.p.runs) || c.p.runs[i].seq != own.seq || c.p.runs[i].at != own.at
}

// rowAt is the first row of rec at or after offset.
func rowAt(rec *store.Records, offset int64) int {
	if rec.Offsets == nil {
		return int(min(max(offset-rec.First, 0), int64(rec.Len())))
	}
	return sort.Search(len(rec.Offsets), func(i int) bool { return rec.Offsets[i] >= offset })
}

// head is the cursor whose next run is the oldest; nil when there is none. The caller holds mu.
func (r *reader) head() (*cursor, error) {
	if r.shut || r.l.shut {
		return nil, store.ErrClosed
	}
	var best *cursor
	var bestSeq int64
	open := !r.bounded
	for i := range r.cur {
		c := &r.cur[i]
		if c.p.topic.gone {
			return nil, fmt.Errorf("topic %s: %w", c.p.tp.Topic, store.ErrNoTopic)
		}
		if c.next < c.p.low {
			if c.next >= 0 && c.next < c.to {
				return nil, &store.Gap{TP: c.p.tp, From: c.next, To: c.p.low}
			}
			c.next = c.p.low
		}
		if c.next >= c.to {
			continue
		}
		if c.next >= c.p.next {
			open = true
			continue
		}
		runs := c.p.runs
		if c.hint >= len(runs) || c.next < runs[c.hint].first || c.next >= runs[c.hint].end {
			if h := c.hint + 1; h < len(runs) && c.next >= runs[h].first && c.next < runs[h].end {
				c.hint = h
			} else {
				c.hint = c.p.find(c.next)
				at := c.p.next // compaction left no row up to here
				if c.hint < len(runs) {
					at = runs[c.hint].first
				}
				if c.next = max(c.next, at); c.next >= c.to {
					continue
				}
				if c.hint == len(runs) {
					open = true
					continue
				}
			}
		}
		open = true
		if seq := runs[c.hint].seq; best == nil || seq < bestSeq {
			best, bestSeq = c, seq
		}
	}
	if !open {
		return nil, io.EOF
	}
	return best, nil
}

func (r *reader) Close() error {
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	r.shut = true
	for _, c := range r.cur {
		c.p.readers = slices.DeleteFunc(c.p.readers, func(o *reader) bool { return o == r })
	}
	return nil
}

package local

import (
	"unsafe"

	"github.com/ksqlgo/ksql/store"
)

// compactMemory thins a compacted partition out when it has doubled since the last time: of each key
// the latest row stays. The work is done beside the locks and behind the appender's back.
func (l *log) compactMemory(p *part) {
	if l.j != nil || !p.topic.config.Compact {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shut || p.compacting || p.bytes < max(2*p.thin, l.opt.CompactBytes) {
		return
	}
	p.compacting = true
	old := append([]run(nil), p.runs...)
	l.done.Go(func() { l.thin(p, old) })
}

func (l *log) thin(p *part, old []run) {
	kept := newNewest(old)
	fresh := make([]run, len(old))
	for i := len(old) - 1; i >= 0; i-- {
		fresh[i] = old[i]
		fresh[i].rec = kept.thin(old[i].rec)
		fresh[i].bytes = sizeOf(fresh[i].rec)
		fresh[i].rows = int32(fresh[i].rec.Len())
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	p.compacting = false
	if p.topic.gone {
		return
	}
	// Meanwhile runs may have been added at the end and trimmed at the start.
	at := 0
	for at < len(fresh) && fresh[at].end <= p.low {
		at++
	}
	tail := p.runs[len(old)-at:]
	runs := make([]run, 0, len(p.runs))
	p.thin = 0
	for _, r := range fresh[at:] {
		if r.rows > 0 {
			runs = append(runs, r)
			p.thin += r.bytes
		}
	}
	p.bytes = p.thin
	for i := range tail {
		p.bytes += tail[i].bytes
	}
	p.runs = append(runs, tail...)
}

// newest remembers the keys met while it walks from the newest row to the oldest.
type newest struct {
	last map[string]struct{}
	drop func(r *store.Records, row int) bool // more rows to drop; nil: none
}

// newNewest is ready to walk runs.
func newNewest(runs []run) *newest {
	rows := 0
	for i := range runs {
		rows += int(runs[i].rows)
	}
	// At least half of the rows were of different keys when the partition was compacted before.
	return &newest{last: make(map[string]struct{}, rows/2)}
}

// thin gives r without the rows whose key was met before: r itself if all of them stay.
func (n *newest) thin(r *store.Records) *store.Records {
	keep := n.rows(r)
	if len(keep) == r.Len() {
		return r
	}
	return pick(r, keep)
}

// rows is the rows of r that stay, last to first. Rows without a key stay. Tombstones stay too: a reader
// or a checkpoint in the middle still needs them.
func (n *newest) rows(r *store.Records) []int {
	keep := make([]int, 0, r.Len())
	for i := r.Len() - 1; i >= 0; i-- {
		if key := r.Key[i].Of(r.Bytes); key != nil {
			// The arenas are never written again and live as long as this walk: the key needs no copy.
			met := len(n.last)
			if n.last[unsafe.String(unsafe.SliceData(key), len(key))] = struct{}{}; len(n.last) == met {
				continue
			}
		}
		if n.drop == nil || !n.drop(r, i) {
			keep = append(keep, i)
		}
	}
	return keep
}

// pick copies these rows of r, given last to first, out of its arena.
func pick(r *store.Records, rows []int) *store.Records {
	n := len(rows)
	out := &store.Records{
		TP: r.TP, Seq: r.Seq, First: r.First,
		Time: make([]int64, n), Key: make([]store.Span, n), Value: make([]store.Span, n), Offsets: make([]int64, n),
	}
	if r.Mark != nil {
		out.Mark = make([]byte, n)
	}
	var size int
	for _, i := range rows {
		size += int(max(0, r.Key[i].Len)) + int(max(0, r.Value[i].Len))
	}
	out.Bytes = make([]byte, 0, size)
	move := func(s store.Span) store.Span {
		if s.Len < 0 {
			return s
		}
		at := int32(len(out.Bytes))
		out.Bytes = append(out.Bytes, s.Of(r.Bytes)...)
		return store.Span{Off: at, Len: s.Len}
	}
	h := 0
	for at := range out.Time {
		i := rows[n-1-at]
		out.Time[at], out.Offsets[at] = r.Time[i], r.Offset(i)
		out.Key[at], out.Value[at] = move(r.Key[i]), move(r.Value[i])
		if out.Mark != nil {
			out.Mark[at] = r.Mark[i]
		}
		for ; h < len(r.Headers) && int(r.Headers[h].Row) <= i; h++ {
			if hd := r.Headers[h]; int(hd.Row) == i {
				hd.Row = int32(at)
				out.Headers = append(out.Headers, hd)
			}
		}
	}
	return out
}

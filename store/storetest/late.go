package storetest

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"

	"github.com/ksqlgo/ksql/store"
)

// Late is l as a log over a network shows it: a Poll gives nothing at random, though rows are there and Ready fires
// again; runs come in pieces cut at random (never between the two halves of a changed row); and after each row of a
// topic come as many offsets without a row as holes says (a commit's marker, an aborted row; nil: none), so that ends
// and positions are ahead of the last row. Chance follows seed; what holes says must be the same at every opening.
func Late(l store.Log, seed uint64, holes func(topic string) int) store.Log {
	if holes == nil {
		holes = func(string) int { return 0 }
	}
	return &late{Log: l, holes: holes, dice: &dice{r: rand.New(rand.NewPCG(seed, 11))}}
}

// dice is chance that many goroutines share.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) n(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

type late struct {
	store.Log
	holes func(topic string) int
	dice  *dice
}

// step is the distance between the offsets of two rows.
func (l *late) step(topic string) int64 { return int64(l.holes(topic)) + 1 }

func (l *late) out(topic string, offset int64) int64 { return offset * l.step(topic) }

// in is the first row at or after an offset; -1 stays what it is.
func (l *late) in(topic string, offset int64) int64 {
	if offset < 0 {
		return offset
	}
	return (offset + l.step(topic) - 1) / l.step(topic)
}

func (l *late) inner(at map[store.TP]int64) map[store.TP]int64 {
	if at == nil {
		return nil
	}
	in := make(map[store.TP]int64, len(at))
	for tp, n := range at {
		in[tp] = l.in(tp.Topic, n)
	}
	return in
}

func (l *late) Append(ctx context.Context, r ...*store.Records) (int64, error) {
	seq, err := l.Log.Append(ctx, r...)
	l.numbered(r, err)
	return seq, err
}

func (l *late) numbered(runs []*store.Records, err error) {
	if err == nil {
		for _, r := range runs {
			r.First = l.out(r.TP.Topic, r.First)
		}
	}
}

func (l *late) Trim(ctx context.Context, below map[store.TP]int64) error {
	return l.Log.Trim(ctx, l.inner(below))
}

func (l *late) Ends(ctx context.Context, tps []store.TP) (map[store.TP]int64, error) {
	ends, err := l.Log.Ends(ctx, tps)
	for tp, n := range ends {
		ends[tp] = l.out(tp.Topic, n)
	}
	return ends, err
}

func (l *late) Reader(ctx context.Context, from, to map[store.TP]int64) (store.Reader, error) {
	r, err := l.Log.Reader(ctx, l.inner(from), l.inner(to))
	if err != nil {
		return nil, err
	}
	return newLateReader(l, r), nil
}

func (l *late) Claim(ctx context.Context, topic string) (store.Claim, error) {
	c, err := l.Log.Claim(ctx, topic)
	if err != nil {
		return nil, err
	}
	return &lateClaim{c, l, topic}, nil
}

type lateClaim struct {
	store.Claim
	l     *late
	topic string
}

func (c *lateClaim) End() int64 { return c.l.out(c.topic, c.Claim.End()) }

func (c *lateClaim) Append(ctx context.Context, r *store.Records) error {
	err := c.Claim.Append(ctx, r)
	c.l.numbered([]*store.Records{r}, err)
	return err
}

func (l *late) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	in := append([]store.Stage(nil), stages...)
	for i := range in {
		from := map[store.TP]int64{}
		for tp, n := range in[i].From {
			from[tp] = l.in(tp.Topic, n)
		}
		in[i].From = from
	}
	s, err := l.Log.Session(ctx, id, in)
	if err != nil {
		return nil, err
	}
	return Wrap(s, func(w store.Work) store.Work { return &lateWork{newLateReader(l, w), w} }), nil
}

// lateWork is a late reader with the rest of the unit.
type lateWork struct {
	*lateReader
	w store.Work
}

func (w *lateWork) Restore(ctx context.Context) (store.Checkpoint, store.Reader, error) {
	cp, r, err := w.w.Restore(ctx)
	if err != nil {
		return nil, nil, err
	}
	return cp, newLateReader(w.l, r), nil
}

func (w *lateWork) Commit(ctx context.Context, c store.Commit) error {
	out := c.Appends
	c.Positions = w.l.inner(c.Positions)
	err := w.w.Commit(ctx, c)
	w.l.numbered(out, err)
	return err
}

func (w *lateWork) Checkpoint(ctx context.Context, f func(store.Writer) error) error {
	return w.w.Checkpoint(ctx, f)
}

// lateReader holds back, cuts and numbers what a reader gives.
type lateReader struct {
	l     *late
	r     store.Reader
	held  []store.Records    // polled and not given yet
	at    map[store.TP]int64 // behind the last row given, where that is not where r is
	more  bool               // Ready has a token of our own
	ready chan struct{}
}

func newLateReader(l *late, r store.Reader) *lateReader {
	return &lateReader{l: l, r: r, at: map[store.TP]int64{}, ready: make(chan struct{}, 1)}
}

// Ready is the inner reader's while we hold nothing back.
func (r *lateReader) Ready() <-chan struct{} {
	if !r.more {
		return r.r.Ready()
	}
	select {
	case r.ready <- struct{}{}:
	default:
	}
	return r.ready
}

func (r *lateReader) Close() error { return r.r.Close() }

func (r *lateReader) Position(at map[store.TP]int64) {
	r.r.Position(at)
	for tp := range at {
		at[tp] = r.l.out(tp.Topic, at[tp])
	}
	for tp, n := range r.at {
		at[tp] = n
	}
}

// Poll gives nothing in one of three cases, and else one piece or all that is held.
func (r *lateReader) Poll(limit int) ([]store.Records, error) {
	if limit <= 0 {
		return r.r.Poll(limit)
	}
	r.more = true
	if r.l.dice.n(3) == 0 {
		return nil, nil
	}
	if len(r.held) == 0 && len(r.at) > 0 && r.l.dice.n(2) == 0 {
		clear(r.at) // the offsets behind the last row are passed, without a row
		return nil, nil
	}
	if len(r.held) == 0 {
		if err := r.fill(limit); err != nil || len(r.held) == 0 {
			r.more = err != nil || len(r.at) > 0
			if errors.Is(err, io.EOF) && len(r.at) > 0 { // the last offsets are still to be passed
				clear(r.at)
				return nil, nil
			}
			return nil, err
		}
	}
	n := 1 + r.l.dice.n(limit)
	if r.l.dice.n(2) == 0 {
		n = limit
	}
	var out []store.Records
	for n > 0 && len(r.held) > 0 {
		run := &r.held[0]
		hi := min(n, run.Len())
		if hi < run.Len() && run.Mark != nil && run.Mark[hi-1] == store.MarkBefore {
			if hi--; hi == 0 {
				if len(out) > 0 {
					break
				}
				hi = 2
			}
		}
		out = append(out, run.Slice(0, hi))
		r.at[run.TP] = run.Offset(hi-1) + 1
		n -= hi
		if hi == run.Len() {
			r.held = r.held[1:]
		} else {
			r.held[0] = run.Slice(hi, run.Len())
		}
	}
	return out, nil
}

// fill takes what the inner reader has and gives it its offsets here.
func (r *lateReader) fill(limit int) error {
	before := map[store.TP]int64{}
	r.r.Position(before)
	runs, err := r.r.Poll(limit)
	if gap := (*store.Gap)(nil); errors.As(err, &gap) {
		clear(r.at)
		return &store.Gap{TP: gap.TP, From: r.l.out(gap.TP.Topic, gap.From), To: r.l.out(gap.TP.Topic, gap.To)}
	}
	if err != nil || len(runs) == 0 {
		return err
	}
	for i := range runs {
		run := runs[i]
		offsets := make([]int64, run.Len())
		for row := range offsets {
			offsets[row] = r.l.out(run.TP.Topic, run.Offset(row))
		}
		run.First, run.Offsets = offsets[0], offsets
		r.held = append(r.held, run)
		if _, ok := r.at[run.TP]; !ok {
			r.at[run.TP] = r.l.out(run.TP.Topic, before[run.TP])
		}
	}
	return nil
}

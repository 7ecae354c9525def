package storetest

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/ksqlgo/ksql/store"
)

// Unordered is l as a log without an order over its topics (Kafka): its readers are holders, their runs have no Seq, and
// which partition gives rows next, and how many, is chance, which follows seed. A partition may stay silent for long.
func Unordered(l store.Log, seed uint64) store.Log {
	return &unordered{l, &dice{r: rand.New(rand.NewPCG(seed, 13))}}
}

type unordered struct {
	store.Log
	dice *dice
}

func (l *unordered) Reader(ctx context.Context, from, to map[store.TP]int64) (store.Reader, error) {
	r, err := l.Log.Reader(ctx, from, to)
	if err != nil {
		return nil, err
	}
	return newUnorderedReader(l, r), nil
}

func (l *unordered) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	s, err := l.Log.Session(ctx, id, stages)
	if err != nil {
		return nil, err
	}
	return Wrap(s, func(w store.Work) store.Work { return &unorderedWork{newUnorderedReader(l, w), w} }), nil
}

// unorderedWork is an unordered reader with the rest of the unit.
type unorderedWork struct {
	*unorderedReader
	w store.Work
}

func (w *unorderedWork) Restore(ctx context.Context) (store.Checkpoint, store.Reader, error) {
	return w.w.Restore(ctx)
}

func (w *unorderedWork) Commit(ctx context.Context, c store.Commit) error { return w.w.Commit(ctx, c) }

func (w *unorderedWork) Checkpoint(ctx context.Context, f func(store.Writer) error) error {
	return w.w.Checkpoint(ctx, f)
}

// unorderedReader keeps what the reader beneath gives, a queue for each partition.
type unorderedReader struct {
	l      *unordered
	r      store.Reader
	queues map[store.TP][]store.Records
	held   map[store.TP]bool
	silent store.TP // gives nothing for some polls
	polls  int
	ended  bool
	more   bool // Ready has a token of our own
	ready  chan struct{}
}

func newUnorderedReader(l *unordered, r store.Reader) *unorderedReader {
	return &unorderedReader{l: l, r: r, queues: map[store.TP][]store.Records{}, held: map[store.TP]bool{}, ready: make(chan struct{}, 1)}
}

func (r *unorderedReader) Hold(tp store.TP, on bool) {
	r.held[tp] = on
	r.more = true
}

func (r *unorderedReader) Ready() <-chan struct{} {
	if !r.more {
		return r.r.Ready()
	}
	select {
	case r.ready <- struct{}{}:
	default:
	}
	return r.ready
}

func (r *unorderedReader) Close() error { return r.r.Close() }

// Position is before what is still here.
func (r *unorderedReader) Position(at map[store.TP]int64) {
	r.r.Position(at)
	for tp, q := range r.queues {
		if len(q) > 0 {
			at[tp] = q[0].Offset(0)
		}
	}
}

func (r *unorderedReader) Poll(limit int) ([]store.Records, error) {
	if limit <= 0 {
		return r.r.Poll(limit)
	}
	if err := r.fill(limit); err != nil {
		return nil, err
	}
	var open []store.TP
	waits := false // somebody else has rows
	for tp, q := range r.queues {
		if len(q) > 0 && !r.held[tp] {
			open = append(open, tp)
		}
		waits = waits || len(q) > 0
	}
	slices.SortFunc(open, func(a, b store.TP) int {
		if a.Topic != b.Topic {
			return map[bool]int{true: -1, false: 1}[a.Topic < b.Topic]
		}
		return int(a.Partition - b.Partition)
	})
	r.more = len(open) > 0
	if len(open) == 0 {
		if r.ended && !waits {
			return nil, io.EOF
		}
		return nil, nil
	}
	if r.polls--; r.polls < 0 {
		r.polls, r.silent = r.l.dice.n(20), store.TP{}
		if r.l.dice.n(2) == 0 {
			r.silent = open[r.l.dice.n(len(open))]
		}
	}
	tp := open[r.l.dice.n(len(open))]
	if tp == r.silent || r.l.dice.n(4) == 0 {
		return nil, nil
	}
	return []store.Records{r.piece(tp, 1+r.l.dice.n(limit))}, nil
}

// piece takes the next rows of a partition, at most n, or two of one change.
func (r *unorderedReader) piece(tp store.TP, n int) store.Records {
	run := r.queues[tp][0]
	n = min(n, run.Len())
	if n < run.Len() && run.Mark != nil && run.Mark[n-1] == store.MarkBefore {
		n++
	}
	if n == run.Len() {
		r.queues[tp] = r.queues[tp][1:]
		return run
	}
	r.queues[tp][0] = run.Slice(n, run.Len())
	return run.Slice(0, n)
}

// fill takes all that the reader beneath has.
func (r *unorderedReader) fill(limit int) error {
	for !r.ended {
		runs, err := r.r.Poll(limit)
		if errors.Is(err, io.EOF) {
			r.ended = true
			return nil
		}
		if err != nil || len(runs) == 0 {
			return err
		}
		for _, run := range runs {
			run.Seq = 0
			r.queues[run.TP] = append(r.queues[run.TP], run)
		}
	}
	return nil
}

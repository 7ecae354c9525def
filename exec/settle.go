package exec

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
)

// settled settles what is to be read next.
func (f *flow) settled(ctx context.Context, w *puller) (err error) {
	tasks := f.tasks
	parts := len(tasks)
	if len(w.keys) > 0 {
		if f.keys == nil {
			if f.keys, err = w.once(); err != nil {
				return err
			}
		}
		parts *= len(f.keys)
	}
	if f.part == parts {
		f.end = Completed
		f.drop()
		return nil
	}
	t := tasks[f.part%len(tasks)]
	var numbers []int32
	var gone *state.Gone
	var after *ranked
	was := int64(-1)
	f.open = allWindows
	switch {
	case !t.stage.answers:
	case len(w.keys) == 0:
		numbers, gone, was, err = f.passing(ctx, w, t)
		if err == nil {
			numbers, after, err = f.ordered(ctx, w, t, numbers, gone)
			f.last = f.after
		}
	default:
		numbers, gone, err = f.find(ctx, w, t)
	}
	if err != nil {
		return err
	}
	if err := f.hold(numbers, gone); err != nil {
		return err
	}
	f.at = f.part
	if f.after = after; after == nil {
		f.part++
	}
	f.task, f.was, f.most, f.rests = t, was, 1, nil
	return nil
}

// errReloaded says that the state of a task was read back meanwhile: its numbers are others.
var errReloaded = errors.New("the state was read back")

// again lets the part at hand be settled once more, as far as it was not read yet. The task's gate is held.
func (f *flow) again() error {
	f.part, f.after = f.at, f.last
	if len(f.keys) > 0 {
		f.rests = &rests{open: f.open, start: map[int64]bool{}}
		for _, n := range f.rest {
			if !f.seen.merges() && !f.gone.Has(n) {
				f.rests.start[f.seen.src.Groups().Win(n)] = true
			}
		}
	}
	f.drop()
	return errReloaded
}

// rests is what of a key was not read before the state was read back.
type rests struct {
	open  windows        // where numbers are those of keys, else
	start map[int64]bool // by WINDOWSTART
}

// once is the numbers of the keys, without those that come again.
func (w *puller) once() (list []int, err error) {
	var seen [][]any
	for n := range w.keys {
		again, err := w.look(n, &seen)
		if err != nil {
			return nil, err
		}
		if !again {
			list = append(list, n)
		}
	}
	return list, nil
}

// find finds the key at hand.
func (f *flow) find(ctx context.Context, w *puller, t *task) (numbers []int32, gone *state.Gone, err error) {
	var seen [][]any
	if _, err := w.look(f.keys[f.part/len(f.tasks)], &seen); err != nil {
		return nil, nil, err
	}
	err = t.reading(ctx, w.env.Stop, func() error {
		f.seen, f.loads = t.view, t.loads
		numbers, gone = t.view.one(w.key, w.in)
		switch {
		case f.rests == nil:
		case t.view.merges():
			f.open = f.rests.open
		default:
			win := t.view.src.Groups().Win
			numbers = slices.DeleteFunc(numbers, func(n int32) bool { return !f.rests.start[win(n)] })
		}
		return nil
	})
	return numbers, gone, err
}

const (
	walkRows    = 16 << 10 // numbers that are looked at while the task waits
	mostNumbers = 1 << 20  // that are settled at once; of very large partitions an eighth
)

// passing is the numbers of a partition of which a row passes the filter, as of commit was or later; -1: others of
// their rows may not.
func (f *flow) passing(ctx context.Context, w *puller, t *task) (numbers []int32, gone *state.Gone, was int64, err error) {
	var all []int32
	if err := t.reading(ctx, w.env.Stop, func() error {
		f.seen, f.loads = t.view, t.loads
		all, gone = t.view.all(w.in)
		if was = t.count; t.view.merges() {
			was = -1
		}
		return nil
	}); err != nil || w.filter == nil {
		return all, gone, was, err
	}
	w.passed = false
	err = f.walk(ctx, w, t, all, gone, func(b *op.Batch, of func(int) int32) (err error) {
		defer together(b.N, &err)
		w.see(b, len(f.u.p.Columns))
		for _, r := range w.rows {
			if n := of(int(r)); len(numbers) == 0 || numbers[len(numbers)-1] != n {
				numbers = append(numbers, n)
			}
		}
		return nil
	}, nil)
	return numbers, gone, was, err
}

// ordered puts the numbers of a partition in order, or the next of them: then after is the last. What it takes
// nobody else has at the same time.
func (f *flow) ordered(ctx context.Context, w *puller, t *task, all []int32, gone *state.Gone) (numbers []int32, after *ranked, err error) {
	e := f.u.e
	if err := e.ranking.enter(ctx, e.Done(), nil); err != nil {
		return nil, nil, err
	}
	defer e.ranking.leave()
	var rank []ranked
	most := max(mostNumbers, len(all)/8)
	settle := func() (err error) {
		if rank, err = inOrder(ctx, rank); err == nil && len(rank) > most {
			rank = rank[:most]
			last := rank[most-1]
			after = &last
		}
		return err
	}
	if err := f.walk(ctx, w, t, all, gone, func(b *op.Batch, of func(int) int32) (err error) {
		rank, err = f.u.rank(t, b, f.after, rank, of)
		return err
	}, func() error {
		if len(rank) <= 2*most {
			return nil
		}
		return settle()
	}); err != nil {
		return nil, nil, err
	}
	if err := settle(); err != nil {
		return nil, nil, err
	}
	numbers = make([]int32, len(rank))
	for i, x := range rank {
		numbers[i] = x.row
	}
	if f.seen.merges() && f.after != nil && len(rank) > 0 && bytes.Equal(rank[0].key, f.after.key) {
		f.open = windows{f.after.start, 1} // of this key some were read
	}
	if after != nil && f.seen.merges() { // the key with all of its windows
		after.start = math.MaxInt64
	}
	return slices.Compact(numbers), after, nil
}

// walk reads the rows behind numbers, and lets the task work in between. errLarge: it is to be done again.
func (f *flow) walk(ctx context.Context, w *puller, t *task, numbers []int32, gone *state.Gone, visit func(b *op.Batch, of func(int) int32) error, between func() error) error {
	for len(numbers) > 0 {
		if err := t.reading(ctx, w.env.Stop, func() error {
			if t.loads != f.loads {
				return errReloaded
			}
			n := t.view.most()
			if f.step > 0 {
				n = min(n, f.step)
			}
			for end := len(numbers) - min(len(numbers), walkRows); len(numbers) > end; {
				part := numbers[:min(n, len(numbers)-end)]
				_, _, err := t.view.some(ctx, part, gone, allWindows, w.in, visit)
				if err == errLarge && len(part) == 1 {
					return errAnswer
				}
				if err == errLarge {
					f.step = max(1, len(part)/4)
				}
				if err != nil {
					return err
				}
				numbers = numbers[len(part):]
			}
			return nil
		}); err != nil {
			return err
		}
		if between != nil {
			if err := between(); err != nil {
				return err
			}
		}
	}
	return nil
}

// hold makes these the numbers to read.
func (f *flow) hold(numbers []int32, gone *state.Gone) error {
	f.drop()
	n := 4 * int64(cap(numbers))
	if gone != nil {
		n += gone.Bytes()
	}
	if n >= wholeBytes {
		if !f.u.e.memory.answers.Take(n) {
			return errNoRoom
		}
		f.held = n
	}
	f.rest, f.gone = numbers, gone
	return nil
}

// drop forgets the numbers that are left.
func (f *flow) drop() {
	f.u.e.memory.answers.Give(f.held)
	f.held, f.rest, f.gone = 0, nil, nil
}

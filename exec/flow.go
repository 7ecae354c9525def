package exec

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/sql/vec"
)

// flow is a pull query whose answer is larger than a page. What it reads is settled part by part (a partition, or a
// key on one), as numbers in the table's index; the rows are read when the client asks for the next page, so that one
// who does not ask holds no more than a page. What was dropped meanwhile is skipped.
type flow struct {
	u      *Pull
	q      *Query
	params []any
	asked  context.Context // of the query
	ctx    context.Context // ends with it, and with close
	cancel context.CancelFunc
	keep   func() bool // what is held is not given back because ctx has ended
	busy   gate        // of all that follows

	left  int     // rows until LIMIT; -1: no limit
	keys  []int   // those to look up, each once
	part  int     // the next one
	after *ranked // the part has rows behind this one; nil: all of it was settled
	task  *task
	rest  []int32 // of the part at hand
	gone  *state.Gone
	most  int     // numbers to read at once
	open  windows // of the first of rest
	held  int64   // bytes of these, taken from the pool

	page  *Page // being made, or made and not given yet
	good  int   // rows of it that are not in doubt: another may have been broken off
	whole bool  // it is made
	taken int64 // bytes of it, taken from the pool
	end   End   // what follows the page
	done  bool  // nothing does
	err   error // why
}

// flow makes r an answer that flows. Its first page is made at once, if there is room for it to wait.
func (u *Pull) flow(ctx context.Context, q *Query, r *Rows, params []any, limit int) error {
	f := &flow{u: u, q: q, params: params, asked: ctx, busy: newGate(), left: limit, most: 1, open: allWindows, page: u.page()}
	f.ctx, f.cancel = context.WithCancel(ctx)
	f.keep = context.AfterFunc(f.ctx, func() { // nobody may ask again
		f.busy.lock()
		defer f.busy.leave()
		f.over(Stopped, f.asked.Err())
	})
	r.source = f
	room := u.e.memory.page
	if !u.e.memory.answers.Take(room) {
		return nil
	}
	f.busy.lock()
	err := f.make(ctx)
	f.taken = f.page.bytes()
	u.e.memory.answers.Give(room - f.taken)
	f.busy.leave()
	if err != nil {
		return errors.Join(err, f.close())
	}
	return nil
}

// next is the next page; nil at the end, with the reason.
func (f *flow) next(ctx context.Context) (*Page, End, error) {
	if err := f.busy.enter(ctx, f.ctx.Done()); err != nil {
		return f.broken(ctx, err)
	}
	defer f.busy.leave()
	if f.done {
		return nil, f.end, f.err
	}
	if f.ctx.Err() != nil {
		return f.broken(ctx, nil)
	}
	if !f.whole {
		if err := f.make(ctx); err != nil {
			page, end, err := f.broken(ctx, err)
			if end != Going {
				f.over(end, err)
			}
			return page, end, err
		}
	}
	page := f.page
	f.page, f.good, f.whole = f.u.page(), 0, false
	f.settle()
	if f.left > 0 {
		f.left -= page.N
	}
	if page.N == 0 {
		f.over(f.end, nil)
		return nil, f.end, nil
	}
	return page, Going, nil
}

// broken is why there is no page, though it is not the end of the rows.
func (f *flow) broken(ctx context.Context, err error) (*Page, End, error) {
	switch {
	case f.asked.Err() != nil:
		return nil, Stopped, f.asked.Err()
	case f.ctx.Err() != nil || f.u.e.alive() != nil: // closed
		return nil, Stopped, nil
	case ctx.Err() != nil:
		return nil, Going, ctx.Err()
	}
	return nil, Stopped, err
}

// over ends the answer, and gives all back that it holds. The caller holds busy.
func (f *flow) over(end End, err error) {
	if f.done {
		return
	}
	f.done, f.end, f.err = true, end, err
	f.keep()
	f.cancel()
	f.settle()
	f.drop()
	f.page, f.whole = nil, false
}

// settle gives back the room of the page.
func (f *flow) settle() {
	f.u.e.memory.answers.Give(f.taken)
	f.taken = 0
}

// more reports whether next would not wait.
func (f *flow) more() bool {
	select {
	case f.busy <- struct{}{}:
		defer f.busy.leave()
		return f.whole || f.done
	default:
		return false
	}
}

// close ends a next that is at work, and waits for it, but not for a function of the user that does not return.
func (f *flow) close() error {
	select {
	case f.busy <- struct{}{}:
	default:
		f.cancel()
		late := time.NewTimer(patience)
		defer late.Stop()
		select {
		case f.busy <- struct{}{}:
		case <-late.C:
			return nil
		}
	}
	defer f.busy.leave()
	f.over(Stopped, nil)
	return nil
}

// make makes a page. If ctx ends meanwhile it can be called again.
func (f *flow) make(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(f.ctx, end)()
	for {
		if q, err := f.u.query(); err != nil {
			return err
		} else if q != f.q {
			return stopped(f.u.p.QueryID)
		}
		if err := f.u.with(ctx, f.params, func(w *puller) error { return f.fill(ctx, w) }); err != nil || f.whole {
			return err
		}
	}
}

// fill goes on until the page is as large as a page is, there are no more rows, or what the expressions hold was
// too much.
func (f *flow) fill(ctx context.Context, w *puller) error {
	for !f.whole {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.end != Going {
			f.whole = true
			return nil
		}
		if len(f.rest) == 0 {
			if err := f.settled(ctx, w); err != nil {
				return err
			}
			continue
		}
		fits, err := f.read(ctx, w)
		if err != nil || !fits {
			return err
		}
	}
	return nil
}

// read adds some rows to the page; false: they were too many.
func (f *flow) read(ctx context.Context, w *puller) (fits bool, err error) {
	m := f.u.e.memory
	f.page.cut(f.good)
	n, first := min(f.most, len(f.rest)), f.good == 0
	if f.open != allWindows {
		n = 1
	}
	var most, read int
	var next windows
	err = f.task.reading(ctx, w.env.Stop, func() (err error) {
		single := n == 1 && (f.open.most == 1 || !f.task.view.merges())
		if w.most = m.page; single && first {
			w.most = max(m.page, m.largest())
		}
		most = f.task.view.most()
		read, next, err = f.task.view.some(ctx, f.rest[:n], f.gone, f.open, w.want, func(b *op.Batch, _ func(int) int32) error {
			return w.take(b, len(f.u.p.Columns), f.page)
		})
		if err == errLarge && single && first {
			return errAnswer
		}
		return err
	})
	switch {
	case err == errLarge:
		if f.page.cut(f.good); n > 1 {
			f.most = max(1, n/4)
		} else {
			f.open.most = max(1, read/4)
		}
		f.whole = !first
		return false, nil
	case err != nil:
		return false, err
	}
	if f.open = next; next == allWindows {
		f.rest = f.rest[n:]
	}
	f.most = min(2*f.most, most)
	f.whole = f.page.N > 0 && f.page.used() >= m.page/2
	if f.left >= 0 && f.page.cut(f.left) {
		f.end, f.whole = Limited, true
		f.drop()
	}
	f.good = f.page.N
	return true, nil
}

// settled settles what is to be read next.
func (f *flow) settled(ctx context.Context, w *puller) (err error) {
	tasks := f.q.tasks
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
	switch {
	case t.view == nil:
	case len(w.keys) == 0:
		numbers, gone, after, err = f.walk(ctx, w, t)
	default:
		numbers, gone, err = f.find(ctx, w, t)
	}
	if err != nil {
		return err
	}
	if err := f.hold(numbers, gone); err != nil {
		return err
	}
	if f.after = after; after == nil {
		f.part++
	}
	f.task, f.most, f.open = t, 1, allWindows
	return nil
}

// once is the numbers of the keys, without those that come again.
func (w *puller) once() (list []int, err error) {
	var seen [][]any
	for n := range w.keys {
		again, err := w.bind(n, &seen)
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
	if _, err := w.bind(f.keys[f.part/len(f.q.tasks)], &seen); err != nil {
		return nil, nil, err
	}
	err = t.reading(ctx, w.env.Stop, func() error {
		numbers, gone = t.view.one(w.key)
		return nil
	})
	return numbers, gone, err
}

const (
	walkRows    = 16 << 10 // rows that are looked at while the task waits
	mostNumbers = 1 << 20  // that are settled at once; of very large partitions an eighth
)

// walk puts the numbers of a partition in order, or the next of them: then after is the last. Filters wait for the
// reading. What it takes nobody else has at the same time.
func (f *flow) walk(ctx context.Context, w *puller, t *task) (numbers []int32, gone *state.Gone, after *ranked, err error) {
	e := f.u.e
	if err := e.ranking.enter(ctx, e.Done()); err != nil {
		return nil, nil, nil, err
	}
	defer e.ranking.leave()
	var all []int32
	var rank []ranked
	most := mostNumbers
	settle := func() (err error) {
		if rank, err = inOrder(ctx, rank); err == nil && len(rank) > most {
			rank = rank[:most]
			last := rank[most-1]
			after = &last
		}
		return err
	}
	for gone == nil || len(all) > 0 {
		if err := t.reading(ctx, w.env.Stop, func() error {
			if gone == nil {
				all, gone = t.view.all()
				most = max(most, len(all)/8)
			}
			n := t.view.most()
			for end := len(all) - min(len(all), walkRows); len(all) > end; {
				part := all[:min(n, len(all)-end)]
				if _, _, err := t.view.some(ctx, part, gone, allWindows, w.want, func(b *op.Batch, of func(int) int32) (err error) {
					rank, err = f.u.rank(t, b, f.after, rank, of)
					return err
				}); err != nil {
					return err
				}
				all = all[len(part):]
			}
			return nil
		}); err != nil {
			return nil, nil, nil, err
		}
		if len(rank) > 2*most {
			if err := settle(); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	if err := settle(); err != nil {
		return nil, nil, nil, err
	}
	numbers = make([]int32, len(rank))
	for i, x := range rank {
		numbers[i] = x.row
	}
	if after != nil && t.view.merges() { // the key with all of its windows
		after.start = math.MaxInt64
	}
	return slices.Compact(numbers), gone, after, nil
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

// take adds the rows of b that pass the filter to page, all or none: errLarge.
func (w *puller) take(b *op.Batch, columns int, page *Page) (err error) {
	defer func() {
		if r := recover(); (r == vec.ErrTooLarge || r == vec.ErrMemory) && b.N > 1 {
			err = errLarge
		} else if r != nil {
			panic(r)
		}
	}()
	w.see(b, columns)
	return w.add(page)
}

package exec

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
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
	busy   gate

	left int   // rows until LIMIT; -1: no limit
	keys []int // those to look up, each once
	part int   // the next one
	task *task
	rest []int32 // of the part at hand
	gone *state.Gone
	most int   // numbers to read at once
	held int64 // bytes of these, taken from the pool

	page  *Page // being made, or made and not given yet
	good  int   // rows of it that are not in doubt: another may have been broken off
	whole bool  // it is made
	taken int64 // bytes of it, taken from the pool
	end   End
}

// flow makes r an answer that flows. Its first page is made at once, if there is room for it to wait.
func (u *Pull) flow(ctx context.Context, q *Query, r *Rows, params []any, limit int) error {
	f := &flow{u: u, q: q, params: params, asked: ctx, busy: newGate(), left: limit, most: 1, page: u.page()}
	f.ctx, f.cancel = context.WithCancel(ctx)
	r.source = f
	room := u.e.memory.page
	if !u.e.memory.answers.Take(room) {
		return nil
	}
	err := f.make(ctx)
	n := f.page.bytes()
	u.e.memory.answers.Give(room - n)
	if f.taken = n; err != nil {
		return errors.Join(err, f.close())
	}
	return nil
}

// next is the next page; nil at the end, with the reason.
func (f *flow) next(ctx context.Context) (*Page, End, error) {
	if err := f.busy.enter(ctx, f.ctx.Done()); err != nil {
		return f.over(ctx, err)
	}
	defer f.busy.leave()
	if f.ctx.Err() != nil {
		return f.over(ctx, nil)
	}
	if !f.whole {
		if err := f.make(ctx); err != nil {
			return f.over(ctx, err)
		}
	}
	page := f.page
	f.page, f.good, f.whole = f.u.page(), 0, false
	f.settle()
	if f.left > 0 {
		f.left -= page.N
	}
	if page.N == 0 {
		f.cancel()
		return nil, f.end, nil
	}
	return page, Going, nil
}

// over is why there is no page.
func (f *flow) over(ctx context.Context, err error) (*Page, End, error) {
	switch {
	case f.end != Going:
		return nil, f.end, nil
	case f.asked.Err() != nil:
		return nil, Stopped, f.asked.Err()
	case f.ctx.Err() != nil || f.u.e.alive() != nil: // closed
		return nil, Stopped, nil
	case ctx.Err() != nil:
		return nil, Going, ctx.Err()
	}
	f.cancel()
	return nil, Stopped, err
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
		return f.whole || f.end != Going
	default:
		return false
	}
}

// close ends a next that is at work, and waits for it, but not for a function of the user that does not return.
func (f *flow) close() error {
	f.cancel()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case f.busy <- struct{}{}:
		f.settle()
		f.drop()
		f.page, f.whole = nil, false
		f.busy.leave()
	case <-late.C:
	}
	return nil
}

// make makes a page. If ctx ends meanwhile it can be called again.
func (f *flow) make(ctx context.Context) error {
	if q, err := f.u.query(); err != nil {
		return err
	} else if q != f.q {
		return stopped(f.u.p.QueryID)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(f.ctx, end)()
	return f.u.with(ctx, f.params, func(w *puller) error { return f.fill(ctx, w) })
}

// fill goes on until the page is as large as a page is, or there are no more rows.
func (f *flow) fill(ctx context.Context, w *puller) error {
	for !f.whole {
		if err := ctx.Err(); err != nil {
			return err
		}
		if f.end != Going {
			f.whole = true
			return nil
		}
		if len(f.rest) > 0 {
			if err := f.read(ctx, w); err != nil {
				return err
			}
			continue
		}
		if err := f.open(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// read adds some rows to the page.
func (f *flow) read(ctx context.Context, w *puller) error {
	f.page.cut(f.good)
	n, first := min(f.most, len(f.rest)), f.good == 0
	if w.most = f.u.e.memory.page; n == 1 && first {
		w.most = f.u.e.memory.largest()
	}
	err := f.task.reading(ctx, w.env.Stop, func() error {
		return f.task.view.some(ctx, f.rest[:n], f.gone, w.want, func(b *op.Batch, _ func(int) int32) error {
			w.see(b, len(f.u.p.Columns))
			return w.add(f.page)
		})
	})
	switch {
	case err == errLarge && n == 1 && first:
		return errAnswer
	case err == errLarge:
		f.whole, f.most = !first, max(1, n/4)
		f.page.cut(f.good)
		return nil
	case err != nil:
		return err
	}
	f.rest = f.rest[n:]
	f.most = min(2*f.most, f.task.view.most())
	f.whole = f.page.N > 0 && f.page.used() >= f.u.e.memory.page/2
	if f.left >= 0 && f.page.cut(f.left) {
		f.end, f.whole = Limited, true
	}
	f.good = f.page.N
	return nil
}

// open settles what the next part has to read.
func (f *flow) open(ctx context.Context, w *puller) (err error) {
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
	switch {
	case t.view == nil:
	case len(w.keys) == 0:
		numbers, gone, err = f.walk(ctx, w, t)
	default:
		numbers, gone, err = f.find(ctx, w, t)
	}
	if err != nil {
		return err
	}
	if err := f.hold(numbers, gone); err != nil {
		return err
	}
	f.part++
	f.task, f.most = t, 1
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

// walkRows is how many rows are looked at while the task waits.
const walkRows = 16 << 10

// walk puts the numbers of a partition in order. What that takes nobody else has at the same time.
func (f *flow) walk(ctx context.Context, w *puller, t *task) (numbers []int32, gone *state.Gone, err error) {
	e := f.u.e
	if err := e.ranking.enter(ctx, e.Done()); err != nil {
		return nil, nil, err
	}
	defer e.ranking.leave()
	var all []int32
	var rank []ranked
	for gone == nil || len(all) > 0 {
		if err := t.reading(ctx, w.env.Stop, func() error {
			if gone == nil {
				all, gone = t.view.all()
			}
			n := t.view.most()
			for end := len(all) - min(len(all), walkRows); len(all) > end; {
				part := all[:min(n, len(all)-end)]
				if err := t.view.some(ctx, part, gone, w.want, func(b *op.Batch, of func(int) int32) error {
					w.see(b, len(f.u.p.Columns))
					var err error
					rank, err = f.u.rank(t, b, w.rows, rank, func(i int) int32 { return of(int(w.rows[i])) })
					return err
				}); err != nil {
					return err
				}
				all = all[len(part):]
			}
			return nil
		}); err != nil {
			return nil, nil, err
		}
	}
	if rank, err = inOrder(ctx, rank); err != nil {
		return nil, nil, err
	}
	numbers = make([]int32, len(rank))
	for i, x := range rank {
		numbers[i] = x.row
	}
	return slices.Compact(numbers), gone, nil
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

package exec

import (
	"context"
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
	tasks  []*task // of q, when it began
	params []any
	asked  context.Context // of the query
	ctx    context.Context // ends with it, and with close
	cancel context.CancelFunc
	keep   func() bool // what is held is not given back because ctx has ended
	busy   gate        // of all that follows

	left  int     // rows until LIMIT; -1: no limit
	keys  []int   // those to look up, each once
	part  int     // the next one
	at    int     // the one at hand
	after *ranked // the part has rows behind this one; nil: all of it was settled
	step  int     // numbers to look at at once while it is settled; 0: as many as usual
	task  *task
	rest  []int32 // of the part at hand
	gone  *state.Gone
	was   int64   // commits of the task when rest passed the filter; -1: it has not
	most  int     // numbers to read at once
	open  windows // of the first of rest
	held  int64   // bytes of these, taken from the pool
	loads int64   // of the task, when it was settled
	last  *ranked // of a scan: behind it nothing of the part was read yet
	seen  *view   // what the numbers are of
	rests *rests  // of a key some was read; nil: none was

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
	f := &flow{u: u, q: q, tasks: q.tasks(), params: params, asked: ctx, busy: newGate(), left: limit, most: 1, open: allWindows, page: u.page()}
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
	defer f.busy.leave()
	err := f.make(ctx)
	f.taken = f.page.bytes()
	u.e.memory.answers.Give(room - f.taken)
	if err != nil {
		f.over(Stopped, err)
	}
	return err
}

// next is the next page; nil at the end, with the reason.
func (f *flow) next(ctx context.Context) (*Page, End, error) {
	if err := f.busy.enter(ctx, f.ctx.Done(), nil); err != nil {
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
			return halted(f.u.p.QueryID)
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
			if err := f.settled(ctx, w); err == errLarge {
				return nil
			} else if err == errReloaded {
				continue
			} else if err != nil {
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
	last := f.last
	err = f.task.reading(ctx, w.env.Stop, func() (err error) {
		if f.task.loads != f.loads {
			return f.again()
		}
		single := n == 1 && (f.open.most == 1 || !f.task.view.merges())
		if w.most = m.page; single && first {
			w.most = max(m.page, m.largest())
		}
		most = f.task.view.most()
		w.passed = f.was == f.task.count
		read, next, err = f.task.view.some(ctx, f.rest[:n], f.gone, f.open, w.in, func(b *op.Batch, _ func(int) int32) (err error) {
			if len(w.keys) == 0 {
				if last, err = f.u.rankLast(f.task.view, b); err != nil {
					return err
				}
			}
			return w.take(b, len(f.u.p.Columns), f.page)
		})
		if err == errLarge && single && first {
			return errAnswer
		}
		return err
	})
	switch {
	case err == errReloaded:
		return true, nil
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
	f.last = last
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

package op

import (
	"fmt"
	"strconv"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

func itoa(n int) string { return strconv.Itoa(n) }

// FlatMap gives as many rows for a row as the longest of its table functions does.
type FlatMap struct {
	step  *plan.FlatMap
	calls []rowsCall
	call  expr.Call
	rows  []int32
	skip  gather
	gather
	made []*vec.Vec
}

type rowsCall struct {
	kernel fn.RowsKernel
	args   []*expr.Program
	from   []int32
	out    *vec.Vec
	next   int
}

// NewFlatMap is the operator of s.
func NewFlatMap(s *plan.FlatMap, env *expr.Env) (*FlatMap, error) {
	f := &FlatMap{step: s}
	for _, rc := range s.Calls {
		site := rc.Site
		site.Stop, site.Max = env.Stop, env.Budget.Max()
		k, err := rc.Variant.Rows(site)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rc.Func.Name, err)
		}
		c := rowsCall{kernel: k, out: vec.NewIn(rc.Site.Returns, env.Budget)}
		for i, a := range rc.Args {
			if rc.Site.Args[i].Kind == sql.Interval { // a unit is no column, nor is a NULL in its place
				c.args = append(c.args, nil)
				continue
			}
			p, err := expr.Compile(a, env)
			if err != nil {
				return nil, err
			}
			c.args = append(c.args, p)
		}
		f.calls = append(f.calls, c)
		f.made = append(f.made, vec.NewIn(rc.Site.Returns, env.Budget))
	}
	return f, nil
}

// Process drops rows without a value, calls the table functions and zips their rows, shorter ones padded
// with null. A function that fails gives no rows.
func (f *FlatMap) Process(c *Context, b *Batch, emit Emit) error {
	if b.Ops != nil {
		f.rows = f.rows[:0]
		for i, o := range b.Ops {
			if o == Insert {
				f.rows = append(f.rows, int32(i))
			}
		}
		if len(f.rows) != b.N {
			b = f.skip.take(b, f.rows, nil)
		}
	}
	if b.N == 0 {
		return nil
	}
	return f.pieces(c, b, emit)
}

// pieces expands b, or where that goes wrong its halves: what a row becomes may be too large for a batch, and a
// row may be too large alone. Such a row gives no rows.
func (f *FlatMap) pieces(c *Context, b *Batch, emit Emit) error {
	var trouble []Problem
	tell := *c
	tell.Report = func(p Problem) { trouble = append(trouble, p) }
	err := f.expand(&tell, b)
	if err == nil {
		if c.Report != nil {
			for _, p := range trouble {
				c.Report(p)
			}
		}
		return f.zip(c, b, emit)
	}
	if b.N == 1 {
		c.report(ProcessingError, f.step.Name, b, 0, err)
		return nil
	}
	return halves(b, func(half *Batch) error { return f.pieces(c, half, emit) })
}

// expand calls the functions. A panic of one is its error.
func (f *FlatMap) expand(c *Context, b *Batch) (err error) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case vec.ErrTooLarge:
			err = vec.ErrTooLarge
		case vec.ErrMemory, fn.ErrCancelled:
			panic(r)
		default:
			err = fmt.Errorf("table function: %v", r)
		}
	}()
	for i := range f.calls {
		f.run(c, b, i)
	}
	return nil
}

// flatRows is how many rows a FlatMap emits at once: a single one may become millions.
const flatRows = 4096

// zip emits the rows that those of b become.
func (f *FlatMap) zip(c *Context, b *Batch, emit Emit) error {
	row, next := 0, make([]int, len(f.calls))
	for size := flatRows; row < b.N; {
		c.Env.Stop.Check()
		for i := range f.calls {
			next[i] = f.calls[i].next
		}
		out, to := f.some(b, row, size)
		if out == nil { // together they are too large
			if size == 1 {
				c.report(ProcessingError, f.step.Name, b, row, vec.ErrTooLarge)
				row++
				for i := range f.calls {
					f.calls[i].skip(row)
				}
				continue
			}
			size /= 2
			for i := range f.calls {
				f.calls[i].next = next[i]
			}
			continue
		}
		row = to
		if out.N == 0 {
			continue
		}
		if err := emit(out); err != nil {
			return err
		}
	}
	return nil
}

// ends is where the results of row end.
func (rc *rowsCall) ends(row int) int {
	n := rc.next
	for n < len(rc.from) && int(rc.from[n]) == row {
		n++
	}
	return n
}

func (rc *rowsCall) skip(row int) {
	for rc.next < len(rc.from) && int(rc.from[rc.next]) < row {
		rc.next++
	}
}

// some makes so many rows, and says where to go on; nil: they are too large.
func (f *FlatMap) some(b *Batch, row, size int) (out *Batch, to int) {
	defer func() {
		if r := recover(); r != nil && r != vec.ErrTooLarge {
			panic(r)
		}
	}()
	f.rows = f.rows[:0]
	reset(f.made)
	for row < b.N && len(f.rows) < size {
		most := 0
		for i := range f.calls {
			most = max(most, f.calls[i].ends(row)-f.calls[i].next)
		}
		n := min(most, size-len(f.rows))
		for range n {
			f.rows = append(f.rows, int32(row))
		}
		for i := range f.calls {
			rc := &f.calls[i]
			mine := min(n, rc.ends(row)-rc.next)
			f.made[i].AppendRange(rc.out, rc.next, rc.next+mine)
			rc.next += mine
			for range n - mine {
				f.made[i].AppendNull()
			}
		}
		if n == most {
			row++
		}
	}
	live := f.step.Live
	if live != nil {
		live = live[:len(b.Cols)]
	}
	out = f.take(b, f.rows, live)
	out.Cols = append(out.Cols, f.made...)
	out.Ops = nil
	return out, row
}

func (f *FlatMap) run(c *Context, b *Batch, i int) {
	rc := &f.calls[i]
	call := fn.Call{N: b.N, Now: c.Env.Now, Rand: c.Env.Rand, Stop: c.Env.Stop}
	for _, a := range rc.args {
		if a == nil {
			call.Args = append(call.Args, nil)
			continue
		}
		f.call.Cols, f.call.N, f.call.Params = b.Cols, b.N, c.Params
		f.call.Fail = func(row int, err error) { c.report(ProcessingError, f.step.Name, b, row, err) }
		f.call.Nested, f.call.Halve = f.call.Fail, true
		call.Args = append(call.Args, a.Eval(&f.call))
	}
	var failed map[int]bool
	call.Fail = func(row int, err error) {
		if failed == nil {
			failed = map[int]bool{}
		}
		failed[row] = true
		c.report(ProcessingError, f.step.Name, b, row, err)
	}
	rc.out.Reset()
	rc.from = rc.kernel(&call, rc.from[:0], rc.out)
	rc.next = 0
	if failed != nil {
		kept := rc.out.Like()
		from := rc.from[:0]
		for k, r := range rc.from {
			if !failed[int(r)] {
				kept.AppendFrom(rc.out, k)
				from = append(from, r)
			}
		}
		rc.out, rc.from = kept, from
	}
}

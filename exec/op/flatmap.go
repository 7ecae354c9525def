package op

import (
	"fmt"
	"strconv"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
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
		k, err := rc.Variant.Rows(rc.Site)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rc.Func.Name, err)
		}
		c := rowsCall{kernel: k, out: vec.New(rc.Site.Returns)}
		for _, a := range rc.Args {
			if a == nil {
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
		f.made = append(f.made, vec.New(rc.Site.Returns))
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
		if len(f.rows) < b.N {
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
	out, err := f.expand(&tell, b)
	if err == nil {
		if c.Report != nil {
			for _, p := range trouble {
				c.Report(p)
			}
		}
		if out == nil {
			return nil
		}
		return emit(out)
	}
	if b.N == 1 {
		c.report(ProcessingError, f.step.Name, b, 0, err)
		return nil
	}
	rows := make([]int32, b.N)
	for i := range rows {
		rows[i] = int32(i)
	}
	for _, half := range [][]int32{rows[:b.N/2], rows[b.N/2:]} {
		if err := f.pieces(c, new(gather).take(b, half, nil), emit); err != nil {
			return err
		}
	}
	return nil
}

// expand gives the rows that those of b become; nil: none. A panic of a function is its error.
func (f *FlatMap) expand(c *Context, b *Batch) (out *Batch, err error) {
	defer func() {
		if r := recover(); r == vec.ErrTooLarge {
			err = vec.ErrTooLarge
		} else if r != nil {
			err = fmt.Errorf("table function: %v", r)
		}
	}()
	for i := range f.calls {
		f.run(c, b, i)
	}
	f.rows = f.rows[:0]
	reset(f.made)
	for row := 0; row < b.N; row++ {
		most := 0
		for i := range f.calls {
			rc := &f.calls[i]
			n := rc.next
			for n < len(rc.from) && int(rc.from[n]) == row {
				n++
			}
			most = max(most, n-rc.next)
		}
		for k := 0; k < most; k++ {
			f.rows = append(f.rows, int32(row))
			for i := range f.calls {
				if rc := &f.calls[i]; rc.next < len(rc.from) && int(rc.from[rc.next]) == row {
					f.made[i].AppendFrom(rc.out, rc.next)
					rc.next++
				} else {
					f.made[i].AppendNull()
				}
			}
		}
	}
	if len(f.rows) == 0 {
		return nil, nil
	}
	live := f.step.Live
	if live != nil {
		live = live[:len(b.Cols)]
	}
	out = f.take(b, f.rows, live)
	out.Cols = append(out.Cols, f.made...)
	out.Ops = nil
	return out, nil
}

func (f *FlatMap) run(c *Context, b *Batch, i int) {
	rc := &f.calls[i]
	call := fn.Call{N: b.N, Now: c.Env.Now, Rand: c.Env.Rand}
	for _, a := range rc.args {
		if a == nil {
			call.Args = append(call.Args, nil)
			continue
		}
		f.call.Cols, f.call.N, f.call.Params = b.Cols, b.N, c.Params
		f.call.Fail = func(row int, err error) { c.report(ProcessingError, f.step.Name, b, row, err) }
		f.call.Nested = f.call.Fail
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
		kept := vec.New(rc.out.Type)
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

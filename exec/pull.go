package exec

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Pull is a pull query on a table, ready to run any number of times from any goroutine.
type Pull struct {
	e    *Engine
	p    *plan.Pull
	env  *expr.Env
	free sync.Pool // of *puller
}

// puller is the compiled form of a pull query; one goroutine uses it at a time.
type puller struct {
	env    *expr.Env
	most   int64 // bytes of the page that is made
	filter *expr.Program
	passed bool // the rows have passed it already
	items  []*expr.Program
	keys   [][]*expr.Program
	key    []*vec.Vec
	bounds [2][]*expr.Program // of window start and end
	ends   [2][]*expr.Program // of the range of keys; empty: open
	in     op.Bounds          // what these say now
	call   expr.Call
	rows   []int32
	time   vec.Vec
	cols   []*vec.Vec
	made   []*vec.Vec // values of items, lent
}

// NewPull readies a planned pull query on a table.
func (e *Engine) NewPull(p *plan.Pull, props map[string]string) (*Pull, error) {
	u := &Pull{e: e, p: p, env: e.exprs(props)}
	w, err := u.compile()
	if err != nil {
		return nil, err
	}
	u.free.Put(w)
	return u, nil
}

func (u *Pull) compile() (*puller, error) {
	env := *u.env
	env.Stop, env.Budget = new(fn.Stop), u.e.budget()
	w := &puller{time: vec.Vec{Type: sql.TBigint}, env: &env}
	var err error
	if u.p.Filter != nil {
		if w.filter, err = expr.CompilePredicate(u.p.Filter, w.env); err != nil {
			return nil, err
		}
	}
	one := func(x plan.Expr, dst *[]*expr.Program) {
		if err == nil {
			var p *expr.Program
			p, err = expr.Compile(x, w.env)
			*dst = append(*dst, p)
		}
	}
	for _, it := range u.p.Items {
		one(it.X, &w.items)
	}
	for _, k := range u.p.Keys {
		var ps []*expr.Program
		for _, x := range k {
			one(x, &ps)
		}
		w.keys = append(w.keys, ps)
	}
	for i, list := range [2][]plan.Bound{u.p.Start, u.p.End} {
		for _, b := range list {
			one(b.X, &w.bounds[i])
		}
	}
	if r := u.p.Range; r != nil {
		for i, x := range [2]plan.Expr{r.Lo, r.Hi} {
			if x != nil {
				one(x, &w.ends[i])
			}
		}
	}
	for _, c := range u.p.Columns {
		if c.Role == sql.KeyRole && c.Name != "WINDOWSTART" && c.Name != "WINDOWEND" {
			w.key = append(w.key, vec.New(c.Type))
		}
	}
	return w, err
}

// panicked is the answer of a run that panicked.
func (u *Pull) panicked(r any) error {
	err := fmt.Errorf("pull query: %w", &Panic{r, debug.Stack()})
	u.e.teller.later(FaultInfo{Part: PartQueries, Query: u.p.QueryID, Err: err})
	return err
}

// Run answers the query from the state as it is committed now. An answer that is larger than a page is read on, page
// by page, as its reader asks for it: then each page is as of its time, and no key comes twice.
func (u *Pull) Run(ctx context.Context, params []any) (*Rows, error) {
	q, err := u.query()
	if err == nil {
		err = q.await(ctx)
	}
	if err != nil {
		return nil, err
	}
	page := u.page()
	limit := -1
	if u.p.Limit != nil {
		limit = *u.p.Limit
	}
	if limit != 0 {
		err = u.with(ctx, params, func(w *puller) error {
			w.most, w.passed = u.e.memory.page, false
			if len(u.p.Keys) > 0 {
				return u.lookup(ctx, q, w, page)
			}
			return u.scan(ctx, q, w, page)
		})
	}
	if err != nil && err != errLarge {
		return nil, err
	}
	r := &Rows{ID: u.e.nextID("query"), Schema: u.p.Schema, pool: u.e.memory.answers}
	if err == nil && r.give(page, limit) {
		return r, nil
	}
	if err := u.flow(ctx, q, r, params, limit); err != nil {
		return nil, err
	}
	return r, nil
}

// query is the query whose state answers.
func (u *Pull) query() (*Query, error) {
	if err := u.e.alive(); err != nil {
		return nil, err
	}
	q, ok := u.e.Query(u.p.QueryID)
	if !ok {
		return nil, halted(u.p.QueryID)
	}
	return q, q.failed()
}

// page is an empty page.
func (u *Pull) page() *Page {
	p := &Page{Cols: make([]*vec.Vec, len(u.p.Items))}
	for i, it := range u.p.Items {
		p.Cols[i] = vec.New(it.X.Type())
	}
	return p
}

// with lends f the compiled query, and makes errors of what its kernels panic with.
func (u *Pull) with(ctx context.Context, params []any, f func(w *puller) error) (err error) {
	defer func() {
		switch r := recover(); r {
		case nil:
		case vec.ErrTooLarge:
			err = errors.New("the answer is too large")
		case fn.ErrCancelled:
			if err = ctx.Err(); err == nil {
				err = ErrClosed
			}
		case vec.ErrMemory:
			err = vec.ErrMemory
		default:
			err = u.panicked(r)
		}
	}()
	w, _ := u.free.Get().(*puller)
	if w == nil {
		if w, err = u.compile(); err != nil {
			return err
		}
	}
	defer func() {
		if w.env.Budget.Held() == 0 { // what is kept may be forgotten
			u.free.Put(w)
		} else {
			w.env.Budget.Release()
		}
	}()
	w.env.Stop.With(&u.e.closing)
	defer w.env.Stop.Follow(ctx)()
	w.call.Params = params
	if err = w.bind(u.p); err != nil {
		return err
	}
	return f(w)
}

// lookup reads the rows of the keys, each once.
func (u *Pull) lookup(ctx context.Context, q *Query, w *puller, page *Page) error {
	var seen [][]any
	for n := range w.keys {
		again, err := w.look(n, &seen)
		if err != nil {
			return err
		}
		if again {
			continue
		}
		for _, t := range q.tasks() {
			if !t.stage.answers {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := t.reading(ctx, w.env.Stop, func() error {
				return t.view.lookup(ctx, w.key, w.in, func(b *op.Batch) error {
					return w.take(b, len(u.p.Columns), page)
				})
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// look puts key n into w.key. again: it was one of those before.
func (w *puller) look(n int, seen *[][]any) (again bool, err error) {
	var key []any
	for i, p := range w.keys[n] {
		v, err := w.value(p)
		if err != nil {
			return false, err
		}
		w.key[i].Reset()
		if v.IsNull(0) {
			w.key[i].AppendNull()
		} else {
			w.key[i].AppendFrom(v, 0)
		}
		if len(w.keys) > 1 {
			key = append(key, v.Get(0))
		}
	}
	if len(w.keys) > 1 {
		if slices.ContainsFunc(*seen, func(s []any) bool { return sameKey(s, key) }) {
			return true, nil
		}
		*seen = append(*seen, key)
	}
	return false, nil
}

func sameKey(a, b []any) bool {
	for i := range a {
		if !vec.EqualValues(a[i], b[i]) {
			return false
		}
	}
	return true
}

// scan reads every row: partition by partition, by the bytes of the serialized key, then by window (ksqlDB's
// order on one node).
func (u *Pull) scan(ctx context.Context, q *Query, w *puller, page *Page) error {
	for _, t := range q.tasks() {
		if !t.stage.answers {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		part := u.page()
		var rank []ranked
		err := t.reading(ctx, w.env.Stop, func() error {
			return t.view.scan(ctx, w.in, func(b *op.Batch) error {
				if err := w.take(b, len(u.p.Columns), part); err != nil || len(w.rows) == 0 {
					return err
				}
				keys, err := t.view.keyBytes(b, u.p.Columns)
				for _, r := range w.rows {
					if err == nil {
						rank = append(rank, rankOf(b, keys, int(r), int32(len(rank))))
					}
				}
				return err
			})
		})
		if err != nil {
			return err
		}
		if rank, err = inOrder(ctx, rank); err != nil {
			return err
		}
		rows := make([]int32, len(rank))
		for i, x := range rank {
			rows[i] = x.row
		}
		for i, c := range page.Cols {
			c.AppendRows(part.Cols[i], rows)
		}
		page.N += part.N
		w.most -= part.used()
	}
	return nil
}

// rank appends what the rows of b are ordered by, without those up to after. of is the number of row i.
func (u *Pull) rank(t *task, b *op.Batch, after *ranked, dst []ranked, of func(i int) int32) ([]ranked, error) {
	keys, err := t.view.keyBytes(b, u.p.Columns)
	if err != nil {
		return nil, err
	}
	for i := range b.N {
		if x := rankOf(b, keys, i, of(i)); after == nil || byRank(*after, x) < 0 {
			dst = append(dst, x)
		}
	}
	return dst, nil
}

// see takes b, and finds the rows that pass the filter.
func (w *puller) see(b *op.Batch, columns int) {
	w.time.I64, w.time.N = b.Time, b.N
	w.cols = append(append(w.cols[:0], b.Cols[:columns-1]...), &w.time)
	w.call.Cols, w.call.N, w.call.Fail, w.call.Halve = w.cols, b.N, nil, true
	w.rows = w.rows[:0]
	if w.filter != nil && !w.passed {
		w.rows = w.filter.Filter(&w.call, w.rows)
	} else {
		for i := range b.N {
			w.rows = append(w.rows, int32(i))
		}
	}
}

// take adds the rows of b that pass the filter to page, all or none: errLarge.
func (w *puller) take(b *op.Batch, columns int, page *Page) (err error) {
	defer together(b.N, &err)
	if w.see(b, columns); len(w.rows) == 0 {
		return nil
	}
	w.made = w.made[:0]
	n := page.used()
	for _, it := range w.items {
		v := it.Eval(&w.call)
		w.made = append(w.made, v)
		n += v.Used(w.rows)
	}
	if n > w.most {
		return errLarge
	}
	for i, v := range w.made {
		page.Cols[i].AppendRows(v, w.rows)
	}
	page.N += len(w.rows)
	return nil
}

// together is deferred where n rows are evaluated at once: it makes errLarge of values that are too large together.
func together(n int, err *error) {
	if r := recover(); (r == vec.ErrTooLarge || r == vec.ErrMemory) && n > 1 {
		*err = errLarge
	} else if r != nil {
		panic(r)
	}
}

// value is the value of an expression without columns, lent.
func (w *puller) value(p *expr.Program) (*vec.Vec, error) {
	var failed error
	w.call.Cols, w.call.N, w.call.Fail = nil, 1, func(_ int, err error) { failed = err }
	v := p.Eval(&w.call)
	return v, failed
}

// failed is what a reader is told of a query that has failed; nil: it has not.
func (q *Query) failed() error {
	if err := q.Err(); err != nil {
		return fmt.Errorf("query %s has failed: %w", q.plan.ID, err)
	}
	if q.torn.Load() {
		return halted(q.plan.ID)
	}
	return nil
}

// gone is why nobody may wait for the state of the query any more.
func (q *Query) gone(ctx context.Context) error {
	if err := q.e.unwanted(ctx); err != nil {
		return err
	}
	if err := q.failed(); err != nil {
		return err
	}
	return halted(q.plan.ID)
}

// halted says that the query whose state answers has ended (ksqlDB's message).
func halted(id string) error { return fmt.Errorf("Materializing query has been stopped: %s", id) }

// keyBytes is the serialized keys of a result's rows.
func (v *view) keyBytes(b *op.Batch, columns sql.Schema) ([][]byte, error) {
	var keys []*vec.Vec
	for i, c := range columns {
		if c.Role == sql.KeyRole && c.Name != "WINDOWSTART" && c.Name != "WINDOWEND" {
			keys = append(keys, b.Cols[i])
		}
	}
	if v.order == nil {
		return plainOrder(keys, b.N)
	}
	return v.order(keys, b.N)
}

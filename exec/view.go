package exec

import (
	"context"
	"math"
	"slices"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// view reads the result that a task keeps: the groups of its last stateful step, through the steps after it.
// The task's lock is held while it is used.
type view struct {
	src   op.Source
	keys  []int // of the result's key columns, those of src; nil: the same ones
	chain op.Emit
	gids  []int32
	visit func(*op.Batch) error
	order op.KeyBytes
	stop  *fn.Stop
}

// Rows are read so many at once; of large ones fewer, about so many bytes.
const (
	readRows  = 4096
	readBytes = 1 << 20
)

func newView(l *line, env *expr.Env) (*view, error) {
	own := *env
	own.Stop = new(fn.Stop)
	env = &own
	v := &view{src: l.read, order: l.order, stop: own.Stop}
	c := &op.Context{Env: env}
	var ops []op.Operator
	for _, st := range l.after {
		o, err := reader(st, env)
		if err != nil {
			return nil, err
		}
		ops = append(ops, o)
		if p, ok := st.(*plan.Project); ok {
			v.project(p)
		}
	}
	v.chain = op.Chain(c, ops, func(b *op.Batch) error { return v.visit(b) })
	return v, nil
}

// project follows the key columns through p, which may order them anew (ksqlDB: ksql.new.query.planner.enabled).
func (v *view) project(p *plan.Project) {
	was := v.keys
	v.keys = nil
	for _, it := range p.Items[:p.Schema.Keys()] {
		i := it.X.(*plan.Column).Index
		if was != nil {
			i = was[i]
		}
		v.keys = append(v.keys, i)
	}
	if slices.IsSorted(v.keys) {
		v.keys = nil
	}
}

// find appends the groups of a key of the result in the bounds.
func (v *view) find(key []*vec.Vec, in op.Bounds, out []int32) []int32 {
	return v.src.Find(v.own(key), in, out)
}

// own is the key of src that is this key of the result.
func (v *view) own(key []*vec.Vec) []*vec.Vec {
	if v.keys == nil {
		return key
	}
	own := make([]*vec.Vec, len(key))
	for i, k := range v.keys {
		own[k] = key[i]
	}
	return own
}

// reader makes the operator of a step between state and result. Rows are whole there, never changes.
func reader(st plan.Step, env *expr.Env) (op.Operator, error) {
	if p, ok := st.(*plan.Project); ok {
		q := *p
		q.Old = false
		st = &q
	}
	w, err := operator(st, env, false, nil)
	if err != nil {
		return nil, err
	}
	return w.ports[0], nil
}

// lookup reads the rows of one key in the bounds.
func (v *view) lookup(ctx context.Context, key []*vec.Vec, in op.Bounds, visit func(*op.Batch) error) error {
	v.gids = v.find(key, in, v.gids[:0])
	return v.read(ctx, readRows, visit)
}

// scan reads all rows in the bounds.
func (v *view) scan(ctx context.Context, in op.Bounds, visit func(*op.Batch) error) error {
	v.gids = v.src.All(in, v.gids[:0])
	return v.read(ctx, v.most(), visit)
}

// most is how many rows to read at once.
func (v *view) most() int {
	var rows, bytes int64
	for _, t := range v.src.Tables() {
		rows += int64(t.Len())
		bytes += t.Bytes()
	}
	if bytes > readBytes {
		return int(min(readRows, max(16, readBytes*rows/bytes)))
	}
	return readRows
}

// all is the numbers of what a scan that goes on later reads: groups in the bounds, or keys if their groups can become
// one; and what is dropped of them from now on.
func (v *view) all(in op.Bounds) ([]int32, *state.Gone) {
	if m, ok := v.src.(op.Merger); ok {
		return m.Keys().All(nil), m.Keys().Watch()
	}
	return v.src.All(in, nil), v.src.Groups().Watch()
}

// one is all of one key.
func (v *view) one(key []*vec.Vec, in op.Bounds) (numbers []int32, gone *state.Gone) {
	m, merges := v.src.(op.Merger)
	if !merges {
		return v.find(key, in, nil), v.src.Groups().Watch()
	}
	if n := m.Keys().Find(v.own(key), 0, 0); n >= 0 {
		numbers = append(numbers, n)
	}
	return numbers, m.Keys().Watch()
}

// merges reports whether the numbers are those of keys.
func (v *view) merges() bool {
	_, yes := v.src.(op.Merger)
	return yes
}

// windows is which groups of a key to read, where numbers are those of keys.
type windows struct {
	after int64 // WINDOWSTART of the last that was read
	most  int
}

var allWindows = windows{math.MinInt64, math.MaxInt}

// some reads the rows behind these numbers of all, as far as they are still there; of the first of them the windows
// in open. read is how many, next where to go on if the first is not through. of is the number behind row i of what
// visit gets.
func (v *view) some(ctx context.Context, numbers []int32, gone *state.Gone, open windows, in op.Bounds, visit func(b *op.Batch, of func(i int) int32) error) (read int, next windows, err error) {
	m, merges := v.src.(op.Merger)
	v.gids = v.gids[:0]
	next = allWindows
	var from []int32
	for i, n := range numbers {
		if gone.Has(n) {
			continue
		}
		if !merges {
			v.gids = append(v.gids, n)
		} else if was := len(v.gids); i > 0 || open == allWindows {
			v.gids = m.Of(n, in, v.gids)
		} else {
			win := v.src.Groups().Win
			v.gids = m.Of(n, in, v.gids)
			v.gids = slices.DeleteFunc(v.gids, func(g int32) bool { return win(g) <= open.after })
			if len(v.gids) > was+open.most {
				v.gids = v.gids[:was+open.most]
				next = windows{win(v.gids[len(v.gids)-1]), 2 * open.most}
			}
		}
		for len(from) < len(v.gids) {
			from = append(from, n)
		}
	}
	return len(v.gids), next, v.read(ctx, max(1, len(v.gids)), func(b *op.Batch) error {
		return visit(b, func(i int) int32 { return from[b.Cause(i)] })
	})
}

// read reads the rows of gids, most at once.
func (v *view) read(ctx context.Context, most int, visit func(*op.Batch) error) error {
	v.visit = visit
	for part := range slices.Chunk(v.gids, most) {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := v.src.Read(part)
		if err != nil {
			return err
		}
		if err := v.chain(b); err != nil {
			return err
		}
	}
	return nil
}

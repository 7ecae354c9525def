package exec

import (
	"context"
	"slices"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// view reads the result that a task keeps: the groups of its last stateful step, through the steps after it.
// The task's lock is held while it is used.
type view struct {
	src   op.Source
	chain op.Emit
	gids  []int32
	visit func(*op.Batch) error
	order op.KeyBytes
	stop  *fn.Stop
	most  int // rows read at once
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
	v := &view{src: l.read, stop: own.Stop}
	c := &op.Context{Env: env}
	var ops []op.Operator
	for _, st := range l.after {
		o, err := reader(st, env)
		if err != nil {
			return nil, err
		}
		ops = append(ops, o)
	}
	v.chain = op.Chain(c, ops, func(b *op.Batch) error { return v.visit(b) })
	if e, ok := l.end.(*op.Encode); ok {
		v.order = e.Keys
	}
	return v, nil
}

// reader makes the operator of a step between state and result. Rows are whole there, never changes.
func reader(st plan.Step, env *expr.Env) (op.Operator, error) {
	if p, ok := st.(*plan.Project); ok {
		q := *p
		q.Old = false
		return op.NewProject(&q, env)
	}
	return operator(st, env, false, nil)
}

// lookup reads the rows of one key.
func (v *view) lookup(ctx context.Context, key []*vec.Vec, want func(start, end int64) bool, visit func(*op.Batch) error) error {
	v.gids, v.most = v.src.Find(key, v.gids[:0]), readRows
	return v.read(ctx, want, visit)
}

// scan reads all rows.
func (v *view) scan(ctx context.Context, want func(start, end int64) bool, visit func(*op.Batch) error) error {
	v.gids, v.most = v.src.All(v.gids[:0]), readRows
	var all int64
	for _, t := range v.src.Tables() {
		all += t.Bytes()
	}
	if n := int64(len(v.gids)); all > readBytes && n > 0 {
		v.most = int(min(readRows, max(16, readBytes*n/all)))
	}
	return v.read(ctx, want, visit)
}

func (v *view) read(ctx context.Context, want func(start, end int64) bool, visit func(*op.Batch) error) error {
	if len(v.gids) == 0 {
		return nil
	}
	v.visit = visit
	for part := range slices.Chunk(v.gids, v.most) {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := v.src.Read(part)
		if err != nil {
			return err
		}
		if want != nil && b.Start != nil {
			b = b.Where(func(i int) bool { return want(b.Start[i], b.End[i]) })
		}
		if b.N == 0 {
			continue
		}
		if err := v.chain(b); err != nil {
			return err
		}
	}
	return nil
}

package exec

import (
	"context"
	"fmt"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// Insert appends the row of an INSERT INTO ... VALUES and waits until it is durable.
func (e *Engine) Insert(ctx context.Context, in *plan.Insert, r Request) error {
	row := make([]any, len(in.Columns))
	env := e.exprs(r.Props)
	for i, x := range in.Values {
		if x == nil {
			continue
		}
		v, err := e.bound(ctx, &r, x, in.Columns[i].Name, env)
		if err != nil {
			return err
		}
		row[i] = v
	}
	at := e.opt.Now()
	if in.Time != nil {
		v, err := e.bound(ctx, &r, in.Time, "ROWTIME", env)
		if err != nil {
			return err
		}
		if t, ok := v.(int64); ok {
			at = t
		}
		if at < 0 {
			return fmt.Errorf("Invalid timestamp: %d. Timestamp should always be non-negative or null.", at)
		}
	}
	seq, err := e.AppendRows(ctx, in.Source, in.Columns, [][]any{row}, []int64{at})
	if err != nil {
		return err
	}
	return e.log.Wait(ctx, seq)
}

// bound is the value of x, perhaps a parameter of r, for a column.
func (e *Engine) bound(ctx context.Context, r *Request, x plan.Expr, column string, env *expr.Env) (any, error) {
	p, ok := x.(*plan.Param)
	if !ok {
		return e.value(ctx, x, r.Params, env)
	}
	v, err := vec.Fit(r.Params[p.N], r.ParamTypes[p.N], p.T)
	if err != nil {
		return nil, fmt.Errorf("Expected type %s for field `%s` but got %s(%v)", p.T, column, r.ParamTypes[p.N].Kind, r.Params[p.N])
	}
	return v, nil
}

// AppendRows writes rows (values in vec.Vec.Get's forms, columns keys first) to the topic of src, without
// waiting for the disk. A key column's null values are written as they are.
func (e *Engine) AppendRows(ctx context.Context, src *plan.Source, columns sql.Schema, rows [][]any, at []int64) (seq int64, err error) {
	if err := e.alive(); err != nil {
		return 0, err
	}
	var kf, vf []sql.Field
	var keys, vals []*vec.Vec
	for i, c := range columns {
		v := vec.New(c.Type)
		for _, r := range rows {
			v.Append(r[i])
		}
		if c.Role == sql.KeyRole {
			kf, keys = append(kf, c.Field), append(keys, v)
		} else {
			vf, vals = append(vf, c.Field), append(vals, v)
		}
	}
	n := len(rows)
	keyBytes, keyAt, err := encodeSide(src.Key, format.Key, src.Topic, kf, keys, n)
	if err != nil {
		return 0, fmt.Errorf("Could not serialize key: %w", err)
	}
	valBytes, valAt, err := encodeSide(src.Value, format.Value, src.Topic, vf, vals, n)
	if err != nil {
		return 0, fmt.Errorf("Could not serialize value: %w", err)
	}
	info, err := e.log.Topic(ctx, src.Topic)
	if err != nil {
		return 0, err
	}
	runs := map[int32]*store.Records{}
	var order []*store.Records
	for i := range n {
		key := keyAt[i].Of(keyBytes)
		p := int32(0)
		if key != nil {
			p = store.Partition(key, info.Partitions)
		}
		r := runs[p]
		if r == nil {
			r = &store.Records{TP: store.TP{Topic: src.Topic, Partition: p}}
			runs[p] = r
			order = append(order, r)
		}
		r.Add(at[i], key, valAt[i].Of(valBytes))
	}
	return e.log.Append(ctx, order...)
}

func encodeSide(f plan.Format, side format.Side, topic string, fields []sql.Field, cols []*vec.Vec, n int) ([]byte, []store.Span, error) {
	if len(fields) == 0 {
		at := make([]store.Span, n)
		if side == format.Key {
			for i := range at {
				at[i].Len = -1
			}
		}
		return []byte{}, at, nil
	}
	c, err := op.OpenCodec(f, side, topic, fields)
	if err != nil {
		return nil, nil, err
	}
	return c.Encode(cols, n, nil, []byte{}, nil)
}

package exec

import (
	"errors"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql/vec"
)

// bind makes w.in of the values of the bounds.
func (w *puller) bind(p *plan.Pull) error {
	w.in = op.Unbounded()
	for i, list := range [2][]plan.Bound{p.Start, p.End} {
		at := [2]*op.Interval{&w.in.Start, &w.in.End}[i]
		for j, b := range list {
			v, err := w.value(w.bounds[i][j])
			if err != nil {
				return err
			}
			if v.IsNull(0) {
				return errors.New("Window bounds must resolve to an INT, BIGINT, or STRING containing a datetime.")
			}
			at.Narrow(b.Op, v.I64[0])
		}
	}
	if p.Range != nil {
		w.in.Lo = w.end(w.ends[0], p.Range.LoOpen)
		w.in.Hi = w.end(w.ends[1], !p.Range.HiOpen)
	}
	return nil
}

// end is an end of a range of keys, or with behind the place right behind it; nil: open, as is one that cannot be
// computed, since the filter will say so.
func (w *puller) end(x []*expr.Program, behind bool) []byte {
	if len(x) == 0 {
		return nil
	}
	v, err := w.value(x[0])
	if err != nil {
		return nil
	}
	key := vec.AppendKey(nil, []*vec.Vec{v}, 0)
	if behind {
		key = append(key, 0)
	}
	return key
}

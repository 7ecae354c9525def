package op

import (
	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Rekey gives rows another key: PARTITION BY.
type Rekey struct {
	step  *plan.Rekey
	keys  []*expr.Program
	keyed []bool
	call  expr.Call
	out   Batch
	full  []*vec.Vec
	noKey []bool
}

// NewRekey is the operator of s.
func NewRekey(s *plan.Rekey, env *expr.Env) (*Rekey, error) {
	r := &Rekey{step: s, full: make([]*vec.Vec, len(s.Keys)), out: Batch{Cols: make([]*vec.Vec, len(s.Schema))}}
	in := s.In.Out().Schema
	for _, k := range s.Keys {
		p, err := expr.Compile(k.X, env)
		if err != nil {
			return nil, err
		}
		r.keys = append(r.keys, p)
		r.keyed = append(r.keyed, keyOnly(k.X, in))
	}
	return r, nil
}

// Process computes the keys. An expression that fails gives a null key column; of a row without a value
// only expressions over key columns are evaluated, the others give null (ksqlDB: PARTITION BY).
func (r *Rekey) Process(c *Context, b *Batch, emit Emit) error {
	cols := r.out.Cols
	r.out = *b
	r.out.Cols = cols
	r.call.Cols, r.call.N, r.call.Params = b.Cols, b.N, c.Params
	for i, k := range r.keys {
		r.call.Fail = func(row int, err error) { c.reportNew(r.step.Name, b, row, err) }
		r.call.Nested = r.call.Fail
		cols[i] = k.Eval(&r.call)
		if b.Ops != nil && !r.keyed[i] {
			cols[i] = r.blank(i, cols[i], b)
		}
	}
	r.out.NoKey = nil
	if len(r.keys) == 1 && cols[0].Nulls > 0 { // one null expression is a null key; several make a key of nulls
		r.noKey = r.noKey[:0]
		for row := range b.N {
			r.noKey = append(r.noKey, cols[0].IsNull(row))
		}
		r.out.NoKey = r.noKey
	}
	for i, in := range r.step.Rest {
		cols[len(r.keys)+i] = b.Cols[in]
	}
	return emit(&r.out)
}

// blank is v with null in the rows without a value.
func (r *Rekey) blank(i int, v *vec.Vec, b *Batch) *vec.Vec {
	if r.full[i] == nil {
		r.full[i] = vec.New(v.Type)
	}
	o := r.full[i]
	o.Reset()
	for row := 0; row < b.N; row++ {
		if b.Ops[row] == Delete {
			o.AppendNull()
		} else {
			o.AppendFrom(v, row)
		}
	}
	return o
}

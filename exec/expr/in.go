package expr

import (
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// in compiles x IN (list). Long lists of literals become a set.
func (c *compiler) in(e *plan.In) (node, error) {
	x, err := c.node(e.X)
	if err != nil {
		return nil, err
	}
	n := &in{x: x, out: c.vec(sql.TBoolean)}
	list, err := c.nodes(e.List)
	if err != nil {
		return nil, err
	}
	texts, ints := map[string]struct{}{}, map[int64]struct{}{}
	for i, item := range list {
		if l, ok := item.(*literal); ok && len(list) > 4 {
			if l.value == nil {
				continue // matches nothing
			}
			if s, ok := l.value.(string); ok && e.X.Type().Kind == sql.String {
				texts[s] = struct{}{}
				continue
			}
			if k := e.X.Type().Kind; k == sql.Integer || k == sql.Bigint {
				if v, ok := as[int64](l.value); ok {
					ints[v] = struct{}{}
					continue
				}
			}
		}
		if e.List[i].Type().Kind == sql.Null {
			continue
		}
		cmp, err := newCompare(sql.OpEq, e.X.Type(), e.List[i].Type(), &n.held, item)
		if err != nil {
			return nil, err
		}
		n.list = append(n.list, cmp)
	}
	if len(texts) > 0 {
		n.texts = texts
	}
	if len(ints) > 0 {
		n.ints = ints
	}
	return n, nil
}

type in struct {
	x     node
	held  held
	list  []node
	texts map[string]struct{}
	ints  map[int64]struct{}
	out   *vec.Vec
}

func (n *in) fails() bool {
	for _, l := range n.list {
		if l.fails() {
			return true
		}
	}
	return n.x.fails()
}

func (n *in) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	n.held.v = v
	n.out.SetLen(f.n)
	out := n.out.Bool
	switch {
	case n.texts != nil:
		for i := range out {
			_, out[i] = n.texts[v.Str(i)]
		}
	case n.ints != nil && v.Type.Kind == sql.Integer:
		for i, x := range v.I32[:len(out)] {
			_, out[i] = n.ints[int64(x)]
		}
	case n.ints != nil:
		for i, x := range v.I64[:len(out)] {
			_, out[i] = n.ints[x]
		}
	default:
		clear(out)
	}
	if v.Nulls > 0 {
		for i := range out {
			out[i] = out[i] && !v.IsNull(i)
		}
	}
	for _, l := range n.list {
		for i, x := range l.eval(f).Bool[:len(out)] {
			out[i] = out[i] || x
		}
	}
	return n.out
}

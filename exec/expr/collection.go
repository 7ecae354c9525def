package expr

import (
	"errors"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func (c *compiler) arrayCons(e *plan.ArrayCons) (node, error) {
	items, err := c.guardedAll(e.Items, func(int) string { return "array item" })
	return &arrayCons{items: items, vecs: make([]*vec.Vec, len(items)), out: c.vec(e.T)}, err
}

// arrayCons is ARRAY[...].
type arrayCons struct {
	items []node
	vecs  []*vec.Vec
	out   *vec.Vec
}

func anyFails(nodes []node) bool {
	for _, n := range nodes {
		if n != nil && n.fails() {
			return true
		}
	}
	return false
}

func (n *arrayCons) fails() bool { return anyFails(n.items) }

func (n *arrayCons) eval(f *frame) *vec.Vec {
	for k, x := range n.items {
		n.vecs[k] = x.eval(f)
	}
	n.out.Reset()
	kid := n.out.Kids[0]
	for i := range f.n {
		for _, v := range n.vecs {
			kid.AppendFrom(v, i)
		}
		n.out.EndList()
	}
	return n.out
}

func (c *compiler) mapCons(e *plan.MapCons) (node, error) {
	keys, err := c.guardedAll(e.Keys, func(int) string { return "map key" })
	if err != nil {
		return nil, err
	}
	values, err := c.guardedAll(e.Values, func(int) string { return "map value" })
	return &mapCons{keys: keys, values: values, kv: make([]*vec.Vec, len(keys)), vv: make([]*vec.Vec, len(keys)), out: c.vec(e.T)}, err
}

// mapCons is MAP(k := v, ...). Of equal keys the last value counts.
type mapCons struct {
	keys, values []node
	kv, vv       []*vec.Vec
	out          *vec.Vec
}

func (n *mapCons) fails() bool { return anyFails(n.keys) || anyFails(n.values) }

func (n *mapCons) eval(f *frame) *vec.Vec {
	for k := range n.keys {
		n.kv[k], n.vv[k] = n.keys[k].eval(f), n.values[k].eval(f)
	}
	n.out.Reset()
	capacity := vec.MapCapacity(len(n.kv))
	for i := range f.n {
		for k := range n.kv {
			n.out.Kids[0].AppendFrom(n.kv[k], i)
			n.out.Kids[1].AppendFrom(n.vv[k], i)
		}
		n.out.EndMap(capacity)
	}
	return n.out
}

func (c *compiler) structCons(e *plan.StructCons) (node, error) {
	values, err := c.guardedAll(e.Values, func(i int) string { return e.T.Fields[i].Name })
	return &structCons{values: values, out: c.vec(e.T)}, err
}

// structCons is STRUCT(f := v, ...).
type structCons struct {
	values []node
	out    *vec.Vec
}

func (n *structCons) fails() bool { return anyFails(n.values) }

func (n *structCons) eval(f *frame) *vec.Vec {
	n.out.Reset()
	for k, x := range n.values {
		n.out.Kids[k].AppendRange(x.eval(f), 0, f.n)
	}
	for range f.n {
		n.out.EndStruct()
	}
	return n.out
}

func (c *compiler) index(e *plan.Index) (node, error) {
	x, i, err := c.pair(e.X, e.I)
	if err != nil {
		return nil, err
	}
	if e.X.Type().Kind == sql.Map {
		return &lookup{x: x, k: i, same: e.X.Type().Key.Equal(e.I.Type()), out: c.vec(e.T)}, nil
	}
	return &index{x: x, i: toI64(i, e.I.Type()), out: c.vec(e.T)}, nil
}

var errIndex = errors.New("an array index is null")

// index is a[i]: from 1, or from -1 at the end; null outside.
type index struct {
	x, i node
	out  *vec.Vec
}

func (n *index) fails() bool {
	_, fixed := constant(n.i)
	return !fixed || n.x.fails()
}

func (n *index) eval(f *frame) *vec.Vec {
	v, at := n.x.eval(f), n.i.eval(f)
	n.out.Reset()
	for i := range f.n {
		if v.IsNull(i) {
			n.out.AppendNull()
			continue
		}
		if at.IsNull(i) {
			f.fail(i, errIndex)
			n.out.AppendNull()
			continue
		}
		lo, hi := int64(v.Offs[i]), int64(v.Offs[i+1])
		k := at.I64[i]
		switch {
		case k > 0 && k <= hi-lo:
			n.out.AppendFrom(v.Kids[0], int(lo+k-1))
		case k < 0 && k >= lo-hi:
			n.out.AppendFrom(v.Kids[0], int(hi+k))
		default:
			n.out.AppendNull()
		}
	}
	return n.out
}

// lookup is m[k]. A key of another type is never found.
type lookup struct {
	x, k node
	same bool
	out  *vec.Vec
}

func (n *lookup) fails() bool { return n.x.fails() || n.k.fails() }

func (n *lookup) eval(f *frame) *vec.Vec {
	v, key := n.x.eval(f), n.k.eval(f)
	n.out.Reset()
rows:
	for i := range f.n {
		if n.same && !v.IsNull(i) {
			for k := int(v.Offs[i]); k < int(v.Offs[i+1]); k++ {
				if vec.Equal(v.Kids[0], k, key, i) {
					n.out.AppendFrom(v.Kids[1], k)
					continue rows
				}
			}
		}
		n.out.AppendNull()
	}
	return n.out
}

func (c *compiler) deref(e *plan.Deref) (node, error) {
	x, err := c.node(e.X)
	return &deref{x: x, field: e.Field, out: c.vec(e.T)}, err
}

// deref is s->f: the field's column itself where no struct is null.
type deref struct {
	x     node
	field int
	out   *vec.Vec
}

func (n *deref) fails() bool { return n.x.fails() }

func (n *deref) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	kid := v.Kids[n.field]
	if v.Nulls == 0 {
		return kid
	}
	n.out.Reset()
	for i := range f.n {
		if v.IsNull(i) {
			n.out.AppendNull()
		} else {
			n.out.AppendFrom(kid, i)
		}
	}
	return n.out
}

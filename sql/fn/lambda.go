package fn

import (
	"errors"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

const catLambda = "LAMBDA"

func lambdaFuncs() []Func {
	T, K, V, R, S := tvar("T"), tvar("K"), tvar("V"), tvar("R"), tvar("S")
	list, m := sql.ArrayOf(T), sql.MapOf(K, V)
	variant := func(sig string, types []sql.Type, returns sql.Type, of func() Kernel) Variant {
		return Variant{Args: signature(sig, types...), Returns: returns, Scalar: func(Site) (Kernel, error) { return of(), nil }}
	}
	return []Func{
		{Name: "TRANSFORM", Declared: "transform", Category: catLambda, Author: confluent,
			Doc: "Puts every item of an array through a lambda, or every entry of a map through one for keys and one for values.",
			Variants: []Variant{
				variant("array: the array; function: makes the new item of an item", []sql.Type{list, lambdaOf(R, T)}, sql.ArrayOf(R), transformArray),
				variant("map: the map; biFunction1: makes the new key of a key and a value; biFunction2: makes the new value of them",
					[]sql.Type{m, lambdaOf(R, K, V), lambdaOf(T, K, V)}, sql.MapOf(R, T), transformMap),
			}},
		{Name: "FILTER", Declared: "filter", Category: catLambda, Author: confluent,
			Doc: "Keeps those items of an array or entries of a map for which a lambda is true.",
			Variants: []Variant{
				variant("array: the array; function: says whether to keep an item", []sql.Type{list, lambdaOf(sql.TBoolean, T)}, list, filterKernel),
				variant("map: the map; biFunction: says whether to keep a key and a value", []sql.Type{m, lambdaOf(sql.TBoolean, K, V)}, m, filterKernel),
			}},
		{Name: "REDUCE", Declared: "reduce", Category: catLambda, Author: confluent,
			Doc: "Folds the items of an array or the entries of a map into one value, which begins as the initial state.",
			Variants: []Variant{
				variant("list: the array; initialState: what to begin with; biFunction: makes the next state of a state and an item",
					[]sql.Type{list, S, lambdaOf(S, S, T)}, S, reduceKernel),
				variant("map: the map; initialState: what to begin with; triFunction: makes the next state of a state, a key and a value",
					[]sql.Type{m, S, lambdaOf(S, S, K, V)}, S, reduceKernel),
			}},
	}
}

// lambdaOf is the type of a lambda parameter.
func lambdaOf(result sql.Type, params ...sql.Type) sql.Type {
	l := sql.Type{Kind: sql.Lambda, Elem: &result}
	for _, p := range params {
		l.Fields = append(l.Fields, sql.Field{Type: p})
	}
	return l
}

// flat is the items of all rows of a collection, one after another, and the rows that failed so far.
type flat struct {
	parent []int32
	kids   []*vec.Vec
	base   int // where the first item lies in the column's kids
	failed []bool
}

// open lays out the collection of c's first argument.
func (f *flat) open(c *Call) {
	v := c.Args[0]
	f.parent, f.failed = f.parent[:0], f.failed[:0]
	for i := range c.N {
		f.failed = append(f.failed, false)
		for lo, hi := items(v, i); lo < hi; lo++ {
			f.parent = append(f.parent, int32(i))
		}
	}
	f.base = int(v.Offs[0])
	if f.kids = v.Kids; f.base == 0 && v.Kids[0].N == len(f.parent) {
		return
	}
	f.kids = nil
	for _, k := range v.Kids {
		own := k.Like()
		own.AppendRange(k, f.base, f.base+len(f.parent))
		f.kids = append(f.kids, own)
	}
}

func (f *flat) fail(c *Call, row int32, err error) {
	if !f.failed[row] {
		f.failed[row] = true
		c.Fail(int(row), err)
	}
}

// lambdaItems is how many items a lambda takes at once: what its parts compute for each of them waits in memory, and
// cannot be cancelled in between.
const lambdaItems = 1 << 14

// call runs a lambda over all items: over fewer at once where there are many, or where what is computed for them
// is too large.
func (f *flat) call(c *Call, l Lambda) *vec.Vec {
	n, size := len(f.parent), lambdaItems
	if n <= size {
		if v := f.piece(c, l, f.kids, 0, n); v != nil {
			return v
		}
		size = n / 2
	}
	var all *vec.Vec
	kids := make([]*vec.Vec, len(f.kids))
	for k := range kids {
		kids[k] = f.kids[k].Like()
	}
	for lo := 0; lo < n; {
		hi := min(lo+max(size, 1), n)
		for k := range kids {
			kids[k].Reset()
			kids[k].AppendRange(f.kids[k], lo, hi)
		}
		v := f.piece(c, l, kids, lo, hi)
		if v == nil {
			size = (hi - lo) / 2
			continue
		}
		if all == nil {
			all = v.Like()
		}
		all.AppendRange(v, 0, hi-lo)
		lo = hi
	}
	return all
}

// piece runs a lambda over the items from lo to hi; nil: what is computed for them together is too large.
func (f *flat) piece(c *Call, l Lambda, kids []*vec.Vec, lo, hi int) (out *vec.Vec) {
	defer func() {
		if r := recover(); r == vec.ErrTooLarge && hi-lo > 1 {
			out = nil
		} else if r != nil {
			panic(r)
		}
	}()
	return l(f.parent[lo:hi], kids, func(item int, err error) { f.fail(c, f.parent[lo+item], err) })
}

// rows calls each for every row in turn with its items; where there is no collection, or where each or the
// lambda failed, the result is null. each must not append anything before it fails.
func (f *flat) rows(c *Call, out *vec.Vec, each func(row, lo, hi int) error) {
	v := c.Args[0]
	for i := range c.N {
		lo, hi := items(v, i)
		if !v.IsNull(i) && !f.failed[i] {
			err := each(i, lo-f.base, hi-f.base)
			if err == nil {
				continue
			}
			c.Fail(i, err)
		}
		out.AppendNull()
	}
}

func transformArray() Kernel {
	var f flat
	return func(c *Call, out *vec.Vec) {
		f.open(c)
		r := f.call(c, c.Lambdas[0])
		v := c.Args[0]
		for lo := 0; lo < c.N; { // rows that did not fail keep their items where they are
			hi := lo
			for hi < c.N && !f.failed[hi] {
				hi++
			}
			if hi > lo {
				first := out.N - lo
				out.AppendLists(r, int(v.Offs[lo])-f.base, v.Offs[lo:hi+1])
				for i := lo; v.Nulls > 0 && i < hi; i++ {
					if v.IsNull(i) {
						out.SetNull(first + i)
					}
				}
			}
			if lo = hi; lo < c.N {
				out.AppendNull()
				lo++
			}
		}
	}
}

var errNullValue = errors.New("a map that a lambda makes cannot hold a null value")

func transformMap() Kernel {
	var f flat
	var h vec.HashOrder
	return func(c *Call, out *vec.Vec) {
		f.open(c)
		keys := f.call(c, c.Lambdas[0]).Clone() // the second lambda may share nodes with the first
		values := f.call(c, c.Lambdas[1])
		f.rows(c, out, func(_, lo, hi int) error {
			h.Reset(vec.DefaultMapCapacity)
			for i := lo; i < hi; i++ {
				if values.IsNull(i) {
					return errNullValue
				}
				if !h.Put(keys, i, i) {
					return errors.New("the lambda of TRANSFORM makes the same key twice")
				}
			}
			at := h.Order()
			out.Kids[0].AppendRows(keys, at)
			out.Kids[1].AppendRows(values, at)
			out.EndList()
			return nil
		})
	}
}

func filterKernel() Kernel {
	var f flat
	var at []int32
	return func(c *Call, out *vec.Vec) {
		f.open(c)
		keep := f.call(c, c.Lambdas[0])
		f.rows(c, out, func(_, lo, hi int) error {
			at = at[:0]
			for i := lo; i < hi; i++ {
				if keep.IsNull(i) {
					return errors.New("the lambda of FILTER gives null")
				}
				if !keep.Bool[i] {
					continue
				}
				if len(f.kids) > 1 && f.kids[1].IsNull(i) {
					return errNullValue
				}
				at = append(at, int32(i))
			}
			for k, kid := range f.kids {
				out.Kids[k].AppendRows(kid, at)
			}
			if len(f.kids) > 1 {
				out.EndMap(vec.DefaultMapCapacity)
			} else {
				out.EndList()
			}
			return nil
		})
	}
}

// reduceKernel folds all rows at once, position after position: each call of the lambda takes the next item of
// every row that has one.
func reduceKernel() Kernel {
	var f flat
	var state [2]*vec.Vec
	var done *vec.Vec
	var step []*vec.Vec
	var parent, from, at, where []int32
	return func(c *Call, out *vec.Vec) {
		v, initial := c.Args[0], c.Args[1]
		f.open(c)
		if done == nil {
			state[0], state[1], done = initial.Like(), initial.Like(), initial.Like()
			for _, k := range v.Kids {
				step = append(step, k.Like())
			}
		}
		done.Reset()
		where = where[:0]
		for range c.N {
			where = append(where, -1)
		}
		cur, turn := initial, 0
		parent, from = parent[:0], from[:0]
		for i := range c.N {
			if initial.IsNull(i) {
				continue
			}
			parent, from = append(parent, int32(i)), append(from, int32(i))
		}
		// Row parent[k] has its state in row from[k] of cur.
		for pos := 0; len(parent) > 0; pos++ {
			n := 0
			at = at[:0]
			for k, row := range parent {
				lo, hi := items(v, int(row))
				if f.failed[row] {
					continue
				}
				if v.IsNull(int(row)) || lo+pos >= hi {
					where[row] = int32(done.N)
					done.AppendFrom(cur, int(from[k]))
					continue
				}
				at = append(at, int32(lo-f.base+pos))
				parent[n], from[n] = row, from[k]
				n++
			}
			if parent, from = parent[:n], from[:n]; n == 0 {
				break
			}
			next := state[turn]
			turn = 1 - turn
			next.Reset()
			next.AppendRows(cur, from)
			args := []*vec.Vec{next}
			for k := range step {
				step[k].Reset()
				step[k].AppendRows(f.kids[k], at)
				args = append(args, step[k])
			}
			cur = c.Lambdas[0](parent, args, func(item int, err error) { f.fail(c, parent[item], err) })
			for k := range from {
				from[k] = int32(k)
			}
		}
		for i, w := range where {
			if w < 0 || f.failed[i] {
				out.AppendNull()
			} else {
				out.AppendFrom(done, int(w))
			}
		}
	}
}

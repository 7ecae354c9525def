package plan

import "iter"

// treap is an immutable ordered map: a change makes a new one that shares all but the path to it. A node's rank
// is a hash of its key, and a parent's rank is above its children's, so that equal contents have equal trees,
// whatever their history. The zero value is empty.
type treap[V any] struct {
	root *node[V]
	len  int
}

type node[V any] struct {
	key         string
	value       V
	rank        uint64
	left, right *node[V]
}

// rank is FNV-1a, stirred so that keys with a common beginning are far apart.
func rank(key string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// above reports whether n must stand above m.
func (n *node[V]) above(m *node[V]) bool {
	return n.rank > m.rank || n.rank == m.rank && n.key < m.key
}

func (t treap[V]) get(key string) (value V, ok bool) {
	for n := t.root; n != nil; {
		switch {
		case key < n.key:
			n = n.left
		case key > n.key:
			n = n.right
		default:
			return n.value, true
		}
	}
	return value, false
}

// with is t with a value for key.
func (t treap[V]) with(key string, value V) treap[V] {
	if _, ok := t.get(key); !ok {
		t.len++
	}
	t.root = t.root.with(&node[V]{key: key, value: value, rank: rank(key)})
	return t
}

func (n *node[V]) with(m *node[V]) *node[V] {
	switch {
	case n == nil:
		return m
	case n.key == m.key:
		m.left, m.right = n.left, n.right
		return m
	case m.above(n):
		m.left, m.right = n.split(m.key)
		return m
	}
	c := *n
	if m.key < n.key {
		c.left = n.left.with(m)
	} else {
		c.right = n.right.with(m)
	}
	return &c
}

// split is the nodes below key and those above it.
func (n *node[V]) split(key string) (below, over *node[V]) {
	if n == nil {
		return nil, nil
	}
	c := *n
	if n.key < key {
		c.right, over = n.right.split(key)
		return &c, over
	}
	below, c.left = n.left.split(key)
	return below, &c
}

// without is t without key.
func (t treap[V]) without(key string) treap[V] {
	if _, ok := t.get(key); !ok {
		return t
	}
	t.len--
	t.root = t.root.without(key)
	return t
}

func (n *node[V]) without(key string) *node[V] {
	if n.key == key {
		return n.left.join(n.right)
	}
	c := *n
	if key < n.key {
		c.left = n.left.without(key)
	} else {
		c.right = n.right.without(key)
	}
	return &c
}

// join is n and m in one, where all keys of n are below those of m.
func (n *node[V]) join(m *node[V]) *node[V] {
	switch {
	case n == nil:
		return m
	case m == nil:
		return n
	case n.above(m):
		c := *n
		c.right = n.right.join(m)
		return &c
	}
	c := *m
	c.left = n.join(m.left)
	return &c
}

// all is the entries in order of their keys.
func (t treap[V]) all() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) { t.root.each(yield) }
}

func (n *node[V]) each(yield func(string, V) bool) bool {
	return n == nil || n.left.each(yield) && yield(n.key, n.value) && n.right.each(yield)
}

// values is the values of t in order of their keys.
func values[V any](t treap[V]) iter.Seq[V] {
	return func(yield func(V) bool) {
		t.root.each(func(_ string, v V) bool { return yield(v) })
	}
}

// index is an immutable set of names for each key. Keys without names are not kept.
type index struct{ sets treap[treap[struct{}]] }

func (x index) add(key, name string) index {
	set, _ := x.sets.get(key)
	return index{x.sets.with(key, set.with(name, struct{}{}))}
}

func (x index) remove(key, name string) index {
	set, _ := x.sets.get(key)
	if set = set.without(name); set.len == 0 {
		return index{x.sets.without(key)}
	}
	return index{x.sets.with(key, set)}
}

// pick is what the names of key stand for, in order.
func pick[V any](x index, key string, of func(string) V) iter.Seq[V] {
	return func(yield func(V) bool) {
		set, _ := x.sets.get(key)
		set.root.each(func(name string, _ struct{}) bool { return yield(of(name)) })
	}
}

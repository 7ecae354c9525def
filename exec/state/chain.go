package state

import "github.com/ksqlgo/ksql/sql/vec"

// chain links the groups of each key in a ring, in the order in which they were made. It takes 8 bytes a group and 5
// to 11 a key, and work only when a group is made or dropped.
type chain struct {
	heads []int32 // by hash of the key: its first group + 1; 0 empty, -1 dropped
	used  int     // heads that are not empty
	live  int
	next  []int32 // of each group
	prev  []int32
}

func newChain() *chain { return &chain{heads: make([]int32, 64)} }

// bytes is the memory that it holds.
func (c *chain) bytes() int64 { return 4 * int64(cap(c.heads)+cap(c.next)+cap(c.prev)) }

// head is where the first group of a key is noted, or would be.
func (c *chain) head(x *Index, k int64, key []byte) *int32 {
	mask := uint64(len(c.heads) - 1)
	for i := mix(k, 0) & mask; ; i = (i + 1) & mask {
		h := &c.heads[i]
		if *h == 0 || *h > 0 && x.key[*h-1] == k && (x.whole || x.is(*h-1, key)) {
			return h
		}
	}
}

// add puts group g, which has this key, behind the others of it.
func (c *chain) add(x *Index, g int32, k int64, key []byte) {
	if int(g) == len(c.next) {
		c.next, c.prev = append(c.next, g), append(c.prev, g)
	}
	h := c.head(x, k, key)
	if *h > 0 {
		first := *h - 1
		last := c.prev[first]
		c.next[last], c.prev[g], c.next[g], c.prev[first] = g, last, first, g
		return
	}
	c.next[g], c.prev[g] = g, g
	*h = g + 1
	c.live++
	if c.used++; c.used*4 > len(c.heads)*3 {
		c.rehash(x)
	}
}

// drop takes group g out.
func (c *chain) drop(x *Index, g int32) {
	n, p := c.next[g], c.prev[g]
	c.next[p], c.prev[n] = n, p
	mask := uint64(len(c.heads) - 1)
	for i := mix(x.key[g], 0) & mask; c.heads[i] != 0; i = (i + 1) & mask {
		if c.heads[i] != g+1 {
			continue
		}
		if c.heads[i] = n + 1; n == g {
			c.heads[i] = -1
			c.live--
		}
		return
	}
}

func (c *chain) rehash(x *Index) {
	size := len(c.heads)
	if c.live*2 > size {
		size *= 2
	}
	old := c.heads
	c.heads, c.used = make([]int32, size), c.live
	mask := uint64(size - 1)
	for _, h := range old {
		if h <= 0 {
			continue
		}
		i := mix(x.key[h-1], 0) & mask
		for c.heads[i] != 0 {
			i = (i + 1) & mask
		}
		c.heads[i] = h
	}
}

// Chain appends the groups of the key in row i, whatever their windows, in the order in which they were made, if they
// are not more than most; all: these are all. The table must have been laid out with Chain.
func (x *Index) Chain(keys []*vec.Vec, i, most int, out []int32) (_ []int32, all bool) {
	k, key, ok := x.hash(keys, i)
	if !ok {
		return out, true
	}
	h := *x.chain.head(x, k, key)
	if h <= 0 {
		return out, true
	}
	from := len(out)
	for g := h - 1; len(out)-from < most; {
		out = append(out, g)
		if g = x.chain.next[g]; g == h-1 {
			return out, true
		}
	}
	return out[:from], false
}

// Probe appends those groups of the key in row i whose window starts are among the n that start gives.
func (x *Index) Probe(keys []*vec.Vec, i, n int, start func(int) int64, out []int32) []int32 {
	k, key, ok := x.hash(keys, i)
	if !ok {
		return out
	}
	for j := range n {
		if g, _ := x.find(k, start(j), key, false); g >= 0 {
			out = append(out, g)
		}
	}
	return out
}

package state

import (
	"bytes"
	"hash/maphash"
	"math/bits"
	"slices"
	"weak"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Index numbers keys: the columns of a key and a window start give a group number. Numbers of dropped keys
// are given again. A single BIGINT or INTEGER key lies in the slot itself; other keys are bytes (vec.AppendKey)
// in an arena.
type Index struct {
	types []sql.Type
	whole bool // the key is one integer column
	slots []slot
	used  int // slots that are not empty, dropped ones included
	live  int
	seed  maphash.Seed

	key  []int64 // of each group: the integer, or the hash of its bytes
	win  []int64
	at   []span // of each group: its bytes in arena
	dead []bool
	free []int32

	watch []weak.Pointer[Gone]
	chain *chain // nil: none

	arena []byte
	waste int // bytes of arena that dropped keys left
	tmp   []byte
	one   []*vec.Vec // scratch: one key
}

type slot struct {
	key, win int64
	gid      int32 // group + 1; 0 empty, -1 dropped
}

type span struct {
	off int
	len int32
}

// NewIndex is an index of keys of these types.
func NewIndex(types []sql.Type) *Index {
	x := &Index{types: types, slots: make([]slot, 64), seed: maphash.MakeSeed()}
	for _, t := range types {
		x.one = append(x.one, vec.New(t))
	}
	x.whole = len(types) == 1 && (types[0].Kind == sql.Bigint || types[0].Kind == sql.Integer)
	return x
}

// Len is the number of live groups, Cap one more than the highest number ever given.
func (x *Index) Len() int { return x.live }

// Cap is one more than the highest group number in use or free.
func (x *Index) Cap() int { return len(x.key) }

// Dead reports whether number g is free.
func (x *Index) Dead(g int32) bool { return x.dead[g] }

// Win is the window start of group g.
func (x *Index) Win(g int32) int64 { return x.win[g] }

// Bytes is the memory that the index holds, about.
func (x *Index) Bytes() int64 {
	n := int64(len(x.slots))*24 + 8*int64(cap(x.key)+cap(x.win)) + 16*int64(cap(x.at)) + int64(cap(x.dead)) + 4*int64(cap(x.free)) + int64(cap(x.arena)+cap(x.tmp))
	if x.chain != nil {
		n += x.chain.bytes()
	}
	return n
}

func mix(k, w int64) uint64 {
	hi, lo := bits.Mul64(uint64(k)^0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93^uint64(w)*0xA0761D6478BD642F)
	return hi ^ lo
}

// Groups appends to out the group of each row of keys (columns of n rows without nulls where whole; win may
// be nil), adding those that are new. fresh, if not nil, is told of each new group.
func (x *Index) Groups(keys []*vec.Vec, win []int64, n int, out []int32, fresh func(row int, g int32)) []int32 {
	if x.whole {
		k := keys[0]
		for i := 0; i < n; i++ {
			var v, w int64
			if k.I64 != nil {
				v = k.I64[i]
			} else {
				v = int64(k.I32[i])
			}
			if win != nil {
				w = win[i]
			}
			g, isNew := x.find(v, w, nil, true)
			if isNew && fresh != nil {
				fresh(i, g)
			}
			out = append(out, g)
		}
		return out
	}
	for i := 0; i < n; i++ {
		var w int64
		if win != nil {
			w = win[i]
		}
		x.tmp = vec.AppendKey(x.tmp[:0], keys, i)
		g, isNew := x.find(int64(maphash.Bytes(x.seed, x.tmp)), w, x.tmp, true)
		if isNew && fresh != nil {
			fresh(i, g)
		}
		out = append(out, g)
	}
	return out
}

// Find is the group of row i, or -1.
func (x *Index) Find(keys []*vec.Vec, i int, win int64) int32 {
	k, key, ok := x.hash(keys, i)
	if !ok {
		return -1
	}
	g, _ := x.find(k, win, key, false)
	return g
}

// hash is what find wants of the key in row i, until the next call; not ok: no group can have it.
func (x *Index) hash(keys []*vec.Vec, i int) (k int64, key []byte, ok bool) {
	switch {
	case !x.whole:
		x.tmp = vec.AppendKey(x.tmp[:0], keys, i)
		return int64(maphash.Bytes(x.seed, x.tmp)), x.tmp, true
	case keys[0].IsNull(i):
		return 0, nil, false
	case keys[0].I64 != nil:
		return keys[0].I64[i], nil, true
	}
	return int64(keys[0].I32[i]), nil, true
}

func (x *Index) find(k, w int64, key []byte, add bool) (g int32, isNew bool) {
	mask := uint64(len(x.slots) - 1)
	i := mix(k, w) & mask
	for {
		s := &x.slots[i]
		if s.gid == 0 {
			break
		}
		if s.key == k && s.win == w && s.gid > 0 && (x.whole || x.is(s.gid-1, key)) {
			return s.gid - 1, false
		}
		i = (i + 1) & mask
	}
	if !add {
		return -1, false
	}
	if n := len(x.free); n > 0 {
		g = x.free[n-1]
		x.free = x.free[:n-1]
		x.key[g], x.win[g], x.dead[g] = k, w, false
	} else {
		g = int32(len(x.key))
		x.key, x.win, x.dead = append(x.key, k), append(x.win, w), append(x.dead, false)
		if !x.whole {
			x.at = append(x.at, span{})
		}
	}
	if !x.whole {
		x.at[g] = span{len(x.arena), int32(len(key))}
		x.arena = append(x.arena, key...)
	}
	x.slots[i] = slot{k, w, g + 1}
	if x.chain != nil {
		x.chain.add(x, g, k, key)
	}
	x.used++
	x.live++
	if x.used*4 > len(x.slots)*3 {
		x.rehash()
	}
	return g, true
}

func (x *Index) is(g int32, key []byte) bool {
	s := x.at[g]
	return string(x.arena[s.off:s.off+int(s.len)]) == string(key)
}

func (x *Index) rehash() {
	size := len(x.slots)
	if x.live*2 > size {
		size *= 2
	}
	old := x.slots
	x.slots = make([]slot, size)
	x.used = x.live
	mask := uint64(size - 1)
	for _, s := range old {
		if s.gid <= 0 {
			continue
		}
		i := mix(s.key, s.win) & mask
		for x.slots[i].gid != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = s
	}
}

// Drop forgets group g; its number may be given again.
func (x *Index) Drop(g int32) {
	mask := uint64(len(x.slots) - 1)
	i := mix(x.key[g], x.win[g]) & mask
	for x.slots[i].gid != g+1 {
		i = (i + 1) & mask
	}
	x.slots[i].gid = -1
	if x.chain != nil {
		x.chain.drop(x, g)
	}
	x.live--
	x.dead[g] = true
	x.free = append(x.free, g)
	for _, w := range x.watch {
		if gone := w.Value(); gone != nil {
			gone.add(g)
		}
	}
	if !x.whole {
		x.waste += int(x.at[g].len)
		if x.waste > 1<<16 && x.waste*2 > len(x.arena) {
			x.compact()
		}
	}
}

// Gone is which of the numbers that an index had at some moment were dropped since, whatever key got them then.
type Gone struct{ bits []uint64 }

// Watch notes what is dropped from now on, as long as the result is reachable.
func (x *Index) Watch() *Gone {
	gone := &Gone{make([]uint64, (len(x.key)+63)/64)}
	x.watch = append(slices.DeleteFunc(x.watch, func(w weak.Pointer[Gone]) bool { return w.Value() == nil }), weak.Make(gone))
	return gone
}

func (n *Gone) add(g int32) {
	if at := int(g) / 64; at < len(n.bits) { // else it is younger
		n.bits[at] |= 1 << (g % 64)
	}
}

// Has reports whether number g was dropped.
func (n *Gone) Has(g int32) bool { return n.bits[g/64]&(1<<(g%64)) != 0 }

// Bytes is the memory that it takes.
func (n *Gone) Bytes() int64 { return 8 * int64(len(n.bits)) }

// compact drops the bytes of dropped keys from the arena.
func (x *Index) compact() {
	next := make([]byte, 0, len(x.arena)-x.waste)
	for g := range x.at {
		if x.dead[g] {
			continue
		}
		s := x.at[g]
		x.at[g].off = len(next)
		next = append(next, x.arena[s.off:s.off+int(s.len)]...)
	}
	x.arena, x.waste = next, 0
}

// AppendKey appends the key of group g in vec.AppendKey's form.
func (x *Index) AppendKey(dst []byte, g int32) []byte {
	if x.whole {
		x.one[0].Reset()
		x.put(x.one[0], g)
		return vec.AppendKey(dst, x.one, 0)
	}
	s := x.at[g]
	return append(dst, x.arena[s.off:s.off+int(s.len)]...)
}

// Keys appends the key columns of groups to cols.
func (x *Index) Keys(groups []int32, cols []*vec.Vec) error {
	for _, g := range groups {
		if x.whole {
			x.put(cols[0], g)
			continue
		}
		s := x.at[g]
		if _, err := vec.DecodeKey(x.arena[s.off:s.off+int(s.len)], cols); err != nil {
			return err
		}
	}
	return nil
}

// put appends the integer that is the key of group g.
func (x *Index) put(c *vec.Vec, g int32) {
	if c.Type.Kind == sql.Integer {
		c.AppendI32(int32(x.key[g]))
	} else {
		c.AppendI64(x.key[g])
	}
}

// FindBytes is the group of a key in vec.AppendKey's form, adding it if it is new.
func (x *Index) FindBytes(key []byte, win int64) (g int32, isNew bool, err error) {
	for _, c := range x.one {
		c.Reset()
	}
	rest, err := vec.DecodeKey(key, x.one)
	if err != nil {
		return -1, false, err
	}
	if len(rest) > 0 {
		return -1, false, errLong
	}
	if x.whole && x.one[0].IsNull(0) {
		return -1, false, errNull
	}
	g, isNew = x.Add(x.one, 0, win)
	return g, isNew, nil
}

// Whole reports whether a key is one integer column, which then must not be null.
func (x *Index) Whole() bool { return x.whole }

// Add is the group of row i, which may be new. A key of one integer column must not be null.
func (x *Index) Add(keys []*vec.Vec, i int, win int64) (g int32, isNew bool) {
	k, key, _ := x.hash(keys, i)
	return x.find(k, win, key, true)
}

// All appends every live group.
func (x *Index) All(out []int32) []int32 {
	for g := range x.dead {
		if !x.dead[g] {
			out = append(out, int32(g))
		}
	}
	return out
}

// Between appends every live group whose key in vec.AppendKey's form lies from lo on and below hi; nil: open. It looks
// at all keys.
func (x *Index) Between(lo, hi []byte, out []int32) []int32 {
	if lo == nil && hi == nil {
		return x.All(out)
	}
	var tmp []byte
	for g := range x.dead {
		if x.dead[g] {
			continue
		}
		if tmp = x.AppendKey(tmp[:0], int32(g)); bytes.Compare(tmp, lo) >= 0 && (hi == nil || bytes.Compare(tmp, hi) < 0) {
			out = append(out, int32(g))
		}
	}
	return out
}

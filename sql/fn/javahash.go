package fn

import (
	"math"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// ksqlDB keeps MAPs in Java hash maps, and some functions let the order of their entries be seen. A MAP
// column keeps its entries in an order, so who builds a MAP puts them in Java's: HashMapEnd does it. The order
// depends on the table's size, and that on the size it began with.

// defaultCapacity is where a Java HashMap begins when nothing is said.
const defaultCapacity = 16

// CapacityFor is the size that a Java HashMap(n) begins with.
func CapacityFor(n int) int {
	c := 1
	for c < n {
		c *= 2
	}
	return c
}

// HashMapEnd ends a MAP row whose entries the caller has appended to m's kids, and orders them as a Java
// HashMap of that initial capacity does. A key that comes again replaces the value of the first one.
func HashMapEnd(m *vec.Vec, capacity int) {
	lo, keys := int(m.Offs[len(m.Offs)-1]), m.Kids[0]
	if keys.N-lo > 1 {
		var h hashOrder
		h.reset(capacity)
		for i := lo; i < keys.N; i++ {
			h.put(keys, i, i)
		}
		if at := h.order(); !inOrder(at, lo, keys.N) {
			for _, k := range m.Kids {
				tail := vec.New(k.Type)
				tail.AppendRows(k, at)
				k.Truncate(lo)
				k.AppendRange(tail, 0, tail.N)
			}
		}
	}
	m.EndList()
}

func inOrder(at []int32, lo, hi int) bool {
	if len(at) != hi-lo {
		return false
	}
	for i, x := range at {
		if int(x) != lo+i {
			return false
		}
	}
	return true
}

// hashOrder works out the order of a Java HashMap. Its entries are numbers that the caller gives.
type hashOrder struct {
	capacity int
	hashes   []uint32
	keys     []int32
	ids      []int32
	out      []int32
	slots    []int32 // an open table of positions in hashes, plus 1: it finds equal keys
}

func (h *hashOrder) reset(capacity int) {
	h.capacity = max(capacity, 1)
	h.hashes, h.keys, h.ids = h.hashes[:0], h.keys[:0], h.ids[:0]
	clear(h.slots)
}

// put puts entry id, whose key is row i of keys; an equal key keeps its place and takes the new id.
// It reports whether the key is new.
func (h *hashOrder) put(keys *vec.Vec, i, id int) bool {
	x := javaHash(keys, i)
	if 2*len(h.hashes) >= len(h.slots) {
		h.slots = make([]int32, max(16, 2*len(h.slots)))
		for k, y := range h.hashes {
			h.slots[h.free(y)] = int32(k + 1)
		}
	}
	s := x & uint32(len(h.slots)-1)
	for ; h.slots[s] != 0; s = (s + 1) & uint32(len(h.slots)-1) {
		if k := h.slots[s] - 1; h.hashes[k] == x && vec.Equal(keys, i, keys, int(h.keys[k])) {
			h.ids[k] = int32(id)
			return false
		}
	}
	h.slots[s] = int32(len(h.hashes) + 1)
	h.hashes = append(h.hashes, x)
	h.keys = append(h.keys, int32(i))
	h.ids = append(h.ids, int32(id))
	if len(h.hashes) > h.capacity*3/4 {
		h.capacity *= 2
	}
	return true
}

// free is the first free slot for a hash.
func (h *hashOrder) free(x uint32) uint32 {
	s := x & uint32(len(h.slots)-1)
	for h.slots[s] != 0 {
		s = (s + 1) & uint32(len(h.slots)-1)
	}
	return s
}

// order is the ids in the order of iteration: bucket after bucket, in a bucket as they came.
func (h *hashOrder) order() []int32 {
	mask := uint32(h.capacity - 1)
	starts := make([]int32, h.capacity+1)
	for _, x := range h.hashes {
		starts[x&mask+1]++
	}
	for i := range h.capacity {
		starts[i+1] += starts[i]
	}
	h.out = append(h.out[:0], h.ids...)
	for k, x := range h.hashes {
		b := x & mask
		h.out[starts[b]] = h.ids[k]
		starts[b]++
	}
	return h.out
}

// javaHash is the spread hash code of a key. Keys of kinds that no map of ksqlDB's has count as equal, so
// that they stay in the order in which they came.
func javaHash(v *vec.Vec, i int) uint32 {
	if v.IsNull(i) {
		return 0
	}
	var h uint32
	switch v.Type.Kind {
	case sql.String:
		h = textHash(v.Str(i))
	case sql.Integer, sql.Date, sql.Time:
		h = uint32(v.I32[i])
	case sql.Bigint, sql.Timestamp:
		h = uint32(uint64(v.I64[i])>>32) ^ uint32(v.I64[i])
	case sql.Double:
		b := math.Float64bits(v.F64[i])
		if v.F64[i] != v.F64[i] {
			b = 0x7ff8000000000000
		}
		h = uint32(b>>32) ^ uint32(b)
	case sql.Boolean:
		if h = 1237; v.Bool[i] {
			h = 1231
		}
	}
	return h ^ h>>16
}

func textHash(s string) uint32 {
	var h uint32
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			h = 0
			for _, u := range vec.Units(nil, s) {
				h = 31*h + uint32(u)
			}
			return h
		}
		h = 31*h + uint32(s[i])
	}
	return h
}

package vec

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/hashmap"
)

// ksqlDB keeps MAPs in Java hash maps, and some functions let the order of their entries be seen. A MAP
// column keeps its entries in an order, so who builds a MAP puts them in Java's: EndMap does it. The order
// depends on the size of Java's table, and that on the size it began with.

// MapCapacity is the size that a Java HashMap begins with when it is made for n entries: so are those that
// are read from JSON, and those of MAP(...).
func MapCapacity(n int) int { return hashmap.Capacity(n) }

// DefaultMapCapacity is the size that a Java HashMap begins with when nothing is said: so do those that are
// read from Avro and Protobuf.
const DefaultMapCapacity = 16

// EndMap ends a MAP row whose entries the caller has appended to Kids, and orders them as a Java HashMap of
// that initial capacity does. A key that comes again keeps its place and takes the later value.
func (v *Vec) EndMap(capacity int) {
	lo, keys := int(v.Offs[len(v.Offs)-1]), v.Kids[0]
	var small smallOrder
	switch n := keys.N - lo; {
	case n < 2:
	case n <= len(small.ids):
		if at := small.order(keys, lo, capacity); at != nil {
			v.reorder(lo, at)
		}
	default:
		var h HashOrder
		h.Reset(capacity)
		for i := lo; i < keys.N; i++ {
			h.Put(keys, i, i)
		}
		v.reorder(lo, h.Order())
	}
	v.EndList()
}

// reorder makes the items from lo on those rows of the kids.
func (v *Vec) reorder(lo int, at []int32) {
	for _, k := range v.Kids {
		n := k.N
		if k.Nulls > 0 || k.Type.Kind >= sql.Array && k.Type.Kind <= sql.Struct {
			tail := New(k.Type)
			tail.AppendRows(k, at)
			k.Truncate(lo)
			k.AppendRange(tail, 0, tail.N)
			continue
		}
		k.AppendRows(k, at)
		k.drop(lo, n)
	}
}

// drop takes rows lo to hi out of a column of plain values without nulls.
func (v *Vec) drop(lo, hi int) {
	v.N -= hi - lo
	switch v.Type.Kind {
	case sql.Boolean:
		v.Bool = slices.Delete(v.Bool, lo, hi)
	case sql.Integer, sql.Date, sql.Time:
		v.I32 = slices.Delete(v.I32, lo, hi)
	case sql.Bigint, sql.Timestamp:
		v.I64 = slices.Delete(v.I64, lo, hi)
	case sql.Double:
		v.F64 = slices.Delete(v.F64, lo, hi)
	case sql.Decimal:
		if Wide(v.Type) {
			v.Big = slices.Delete(v.Big, lo, hi)
		} else {
			v.Dec = slices.Delete(v.Dec, lo, hi)
		}
	case sql.String, sql.Bytes:
		from, to := v.Offs[lo], v.Offs[hi]
		v.Data = append(v.Data[:from], v.Data[to:]...)
		v.Offs = slices.Delete(v.Offs, lo, hi)
		for i := lo; i < len(v.Offs); i++ {
			v.Offs[i] -= to - from
		}
	}
}

// smallOrder is HashOrder for few entries: it allocates nothing.
type smallOrder struct {
	hashes [16]uint32
	ids    [16]int32
}

// order is nil where the entries from lo on are in order already.
func (s *smallOrder) order(keys *Vec, lo, capacity int) []int32 {
	n := 0
entries:
	for i := lo; i < keys.N; i++ {
		x := javaHash(keys, i)
		for k, y := range s.hashes[:n] {
			if x == y && Equal(keys, i, keys, int(s.ids[k])) {
				s.ids[k] = int32(i)
				continue entries
			}
		}
		s.hashes[n], s.ids[n] = x, int32(i)
		n++
	}
	mask := uint32(hashmap.Size(n, capacity) - 1)
	sorted := n == keys.N-lo
	for i := 1; i < n; i++ {
		x, id := s.hashes[i], s.ids[i]
		k := i
		for ; k > 0 && s.hashes[k-1]&mask > x&mask; k-- {
			s.hashes[k], s.ids[k] = s.hashes[k-1], s.ids[k-1]
			sorted = false
		}
		s.hashes[k], s.ids[k] = x, id
	}
	if sorted {
		return nil
	}
	return s.ids[:n]
}

// HashOrder works out the order of a Java HashMap. Its entries are numbers that the caller gives.
type HashOrder struct {
	capacity int
	hashes   []uint32
	keys     []int32
	ids      []int32
	out      []int32
	slots    []int32 // an open table of positions in hashes, plus 1: it finds equal keys
}

// Reset makes h an empty map of that initial capacity.
func (h *HashOrder) Reset(capacity int) {
	h.capacity = capacity
	h.hashes, h.keys, h.ids = h.hashes[:0], h.keys[:0], h.ids[:0]
	clear(h.slots)
}

// Put puts entry id, whose key is row i of keys. An equal key keeps its place and takes the new id. Put
// reports whether the key is new.
func (h *HashOrder) Put(keys *Vec, i, id int) bool {
	x := javaHash(keys, i)
	if 2*len(h.hashes) >= len(h.slots) {
		h.slots = make([]int32, max(16, 2*len(h.slots)))
		for k, y := range h.hashes {
			s := h.first(y)
			for h.slots[s] != 0 {
				s = h.after(s)
			}
			h.slots[s] = int32(k + 1)
		}
	}
	s := h.first(x)
	for ; h.slots[s] != 0; s = h.after(s) {
		if k := h.slots[s] - 1; h.hashes[k] == x && Equal(keys, i, keys, int(h.keys[k])) {
			h.ids[k] = int32(id)
			return false
		}
	}
	h.slots[s] = int32(len(h.hashes) + 1)
	h.hashes = append(h.hashes, x)
	h.keys = append(h.keys, int32(i))
	h.ids = append(h.ids, int32(id))
	return true
}

func (h *HashOrder) first(x uint32) uint32 { return x & uint32(len(h.slots)-1) }

func (h *HashOrder) after(s uint32) uint32 { return (s + 1) & uint32(len(h.slots)-1) }

// Order is the ids in the order of iteration: bucket after bucket, in a bucket as they came. It is lent until
// the next Reset.
func (h *HashOrder) Order() []int32 {
	h.out = hashmap.Order(h.out[:0], h.hashes, h.ids, h.capacity)
	return h.out
}

// javaHash is the spread hash code of a key. Keys of kinds that no map of ksqlDB's has count as equal, so
// that they stay in the order in which they came.
func javaHash(v *Vec, i int) uint32 {
	if v.IsNull(i) {
		return 0
	}
	var h uint32
	switch v.Type.Kind {
	case sql.String:
		h = hashmap.String(v.Str(i))
	case sql.Integer, sql.Date, sql.Time:
		h = uint32(v.I32[i])
	case sql.Bigint, sql.Timestamp:
		h = hashmap.Long(v.I64[i])
	case sql.Double:
		h = hashmap.Double(v.F64[i])
	case sql.Boolean:
		h = hashmap.Bool(v.Bool[i])
	}
	return hashmap.Spread(h)
}

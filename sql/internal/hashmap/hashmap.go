// Package hashmap is the order in which a Java HashMap shows its entries: hash codes, the size of the table, its
// buckets. Left out: buckets of eight and more keys that Java turns into trees, and removal.
package hashmap

import (
	"math"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// Capacity is the size that a HashMap begins with when it is made for n entries.
func Capacity(n int) int {
	c := 1
	for c < n {
		c *= 2
	}
	return c
}

// Size is the size that a table of that initial capacity has grown to with n entries.
func Size(n, capacity int) int {
	c := max(capacity, 1)
	for n > c*3/4 {
		c *= 2
	}
	return c
}

// Order adds ids to dst in the order of iteration of a table of that initial capacity: bucket after bucket, in a
// bucket as they came. Each hash, already spread, stands at the place of its id.
func Order(dst []int32, hashes []uint32, ids []int32, capacity int) []int32 {
	size := Size(len(hashes), capacity)
	mask := uint32(size - 1)
	starts := make([]int32, size+1)
	for _, x := range hashes {
		starts[x&mask+1]++
	}
	for i := range size {
		starts[i+1] += starts[i]
	}
	n := len(dst)
	dst = append(dst, ids...)
	for k, x := range hashes {
		b := x & mask
		dst[n+int(starts[b])] = ids[k]
		starts[b]++
	}
	return dst
}

// Spread is what HashMap makes of a hash code.
func Spread(h uint32) uint32 { return h ^ h>>16 }

// Long is the hash code of a Long.
func Long(x int64) uint32 { return uint32(uint64(x)>>32) ^ uint32(x) }

// Double is the hash code of a Double, which has one NaN only.
func Double(f float64) uint32 {
	if f != f {
		return Long(0x7ff8000000000000)
	}
	return Long(int64(math.Float64bits(f)))
}

// Bool is the hash code of a Boolean.
func Bool(b bool) uint32 {
	if b {
		return 1231
	}
	return 1237
}

// String is the hash code of a String.
func String(s string) uint32 {
	var h uint32
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			h = 0
			for _, u := range chars.Units(nil, s) {
				h = 31*h + uint32(u)
			}
			return h
		}
		h = 31*h + uint32(s[i])
	}
	return h
}

package op

import (
	"slices"

	"github.com/ksqlgo/ksql/store"
)

// scatter divides the rows of a batch among partitions.
type scatter struct {
	part  []int32 // of each row
	ends  []int32 // of each partition's rows in order
	order []int32 // row numbers, partition by partition
}

// divide finds the partition of each row by the bytes of its key; own is that of rows without one.
func (s *scatter) divide(arena []byte, keys []store.Span, partitions, own int32) {
	s.part, s.ends = s.part[:0], append(s.ends[:0], make([]int32, partitions)...)
	for _, k := range keys {
		p := own % partitions
		if k.Len >= 0 {
			p = store.Partition(k.Of(arena), partitions)
		}
		s.part = append(s.part, p)
		s.ends[p]++
	}
	from := int32(0)
	for p, n := range s.ends {
		s.ends[p] = from
		from += n
	}
	s.order = slices.Grow(s.order[:0], len(keys))[:len(keys)]
	for i, p := range s.part {
		s.order[s.ends[p]] = int32(i)
		s.ends[p]++
	}
}

// rows is those of partition p, in their order.
func (s *scatter) rows(p int32) []int32 {
	from := int32(0)
	if p > 0 {
		from = s.ends[p-1]
	}
	return s.order[from:s.ends[p]]
}

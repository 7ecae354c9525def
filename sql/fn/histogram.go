package fn

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// histogramLimit is the most keys that a HISTOGRAM counts.
const histogramLimit = 1000

func histogramFunc() Func {
	m := sql.MapOf(sql.TString, sql.TBigint)
	return Func{
		Name: "HISTOGRAM", Declared: "histogram", Category: "AGGREGATE", Author: "Confluent",
		Doc: "Counts each of the different texts of a group. At most 1000 texts are counted; later new ones are left out.",
		Variants: []Variant{{
			Args: signature("val1: the texts (null is one of them)", sql.TString), Returns: m, Undo: true, State: stateIs(m),
			Agg: newHistogram,
		}},
	}
}

// histogram is the state: texts, as cells, in the order in which they came. The index comes when there are many.
type histogram struct {
	list  []counted
	index map[string]int
	held  int // bytes of the texts
}

func (h *histogram) bytes() int {
	n := 32*cap(h.list) + h.held
	if h.index != nil {
		n += h.held + 40*len(h.list)
	}
	return n
}

func (h *histogram) append(cell []byte, n int64) {
	h.list = append(h.list, counted{slices.Clone(cell), n})
	h.held += len(cell)
}

func (h *histogram) find(cell []byte) int {
	if len(h.list) <= shortSet {
		for i := range h.list {
			if string(h.list[i].cell) == string(cell) {
				return i
			}
		}
		return -1
	}
	if h.index == nil {
		h.index = make(map[string]int, len(h.list))
		for i := range h.list {
			h.index[string(h.list[i].cell)] = i
		}
	}
	if i, ok := h.index[string(cell)]; ok {
		return i
	}
	return -1
}

func (h *histogram) add(cell []byte, n int64) {
	if i := h.find(cell); i >= 0 {
		h.list[i].n += n
		return
	}
	if len(h.list) >= histogramLimit {
		return
	}
	h.append(cell, n)
	if h.index != nil {
		h.index[string(cell)] = len(h.list) - 1
	}
}

func newHistogram(Site) (Accumulator, error) {
	var cell []byte
	return RowAgg[histogram]{
		Add: func(s *histogram, args []*vec.Vec, i int) error {
			cell = vec.AppendKey(cell[:0], args, i)
			s.add(cell, 1)
			return nil
		},
		Undo: func(s *histogram, args []*vec.Vec, i int) error {
			cell = vec.AppendKey(cell[:0], args, i)
			at := s.find(cell)
			if at < 0 {
				return errors.New("HISTOGRAM cannot take back a value that it does not hold")
			}
			if s.list[at].n--; s.list[at].n == 0 {
				s.held -= len(s.list[at].cell)
				s.list = slices.Delete(s.list, at, at+1)
				s.index = nil
			}
			return nil
		},
		Merge: func(into, from *histogram) error {
			for _, c := range from.list {
				into.add(c.cell, c.n)
			}
			return nil
		},
		Read: func(s *histogram, out *vec.Vec) error {
			for _, c := range s.list {
				if err := readOne(c.cell, out.Kids[0]); err != nil {
					return err
				}
				out.Kids[1].AppendI64(c.n)
			}
			out.EndMap(vec.DefaultMapCapacity)
			return nil
		},
		Save: func(s *histogram, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(s.list)))
			for _, c := range s.list {
				dst = appendCell(binary.LittleEndian.AppendUint64(dst, uint64(c.n)), c.cell)
			}
			return dst
		},
		Load: func(s *histogram, src []byte) ([]byte, error) {
			*s = histogram{}
			count, src, err := readCount(src)
			for ; err == nil && count > 0; count-- {
				var n int64
				if n, src, err = readInt(src); err != nil {
					break
				}
				var cell []byte
				if cell, src, err = readCell(src); err == nil {
					s.append(cell, n)
				}
			}
			return src, err
		},
		Bytes: (*histogram).bytes,
	}.New(), nil
}

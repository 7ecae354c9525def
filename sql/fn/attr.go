package fn

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func attrFunc() Func {
	T := tvar("T")
	return Func{
		Name: "ATTR", Category: "AGGREGATE",
		Doc: "The value that all rows of a group have in common; null when they differ.",
		Variants: []Variant{{
			Args: signature("val1: the values (null is one of them)", T), Returns: T, Undo: true,
			State: func(args []sql.Type) sql.Type {
				return sql.ArrayOf(sql.StructOf(sql.Field{Name: "VALUE", Type: args[0]}, sql.Field{Name: "COUNT", Type: sql.TInteger}))
			},
			Agg: newAttr,
		}},
	}
}

// counted is a value and how often it is there.
type counted struct {
	cell []byte
	n    int64
}

func tally(s *[]counted, cell []byte, n int64) {
	for i := range *s {
		c := &(*s)[i]
		if !bytes.Equal(c.cell, cell) {
			continue
		}
		if c.n += n; c.n <= 0 {
			*s = slices.Delete(*s, i, i+1)
		}
		return
	}
	if n > 0 {
		*s = append(*s, counted{slices.Clone(cell), n})
	}
}

func newAttr(Site) (Accumulator, error) {
	var cell []byte
	add := func(s *[]counted, args []*vec.Vec, i int, n int64) error {
		cell = vec.AppendKey(cell[:0], args, i)
		tally(s, cell, n)
		return nil
	}
	return RowAgg[[]counted]{
		Add:  func(s *[]counted, args []*vec.Vec, i int) error { return add(s, args, i, 1) },
		Undo: func(s *[]counted, args []*vec.Vec, i int) error { return add(s, args, i, -1) },
		Merge: func(into, from *[]counted) error {
			for _, c := range *from {
				tally(into, c.cell, c.n)
			}
			return nil
		},
		Read: func(s *[]counted, out *vec.Vec) error {
			if len(*s) != 1 {
				return readOne(nil, out)
			}
			return readOne((*s)[0].cell, out)
		},
		Save: func(s *[]counted, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(*s)))
			for _, c := range *s {
				dst = appendCell(binary.LittleEndian.AppendUint64(dst, uint64(c.n)), c.cell)
			}
			return dst
		},
		Load: func(s *[]counted, src []byte) ([]byte, error) {
			count, src, err := readCount(src)
			for *s = nil; err == nil && count > 0; count-- {
				var c counted
				if c.n, src, err = readInt(src); err != nil {
					break
				}
				if c.cell, src, err = readCell(src); err == nil {
					c.cell = slices.Clone(c.cell)
					*s = append(*s, c)
				}
			}
			return src, err
		},
		Bytes: func(s *[]counted) int { // Add walks them all, too
			n := 32 * cap(*s)
			for i := range *s {
				n += cap((*s)[i].cell)
			}
			return n
		},
	}.New(), nil
}

package fn

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func offsetFuncs() []Func {
	of := func(name, n, doc string, latest bool) Func {
		T, list := tvar("T"), sql.ArrayOf(tvar("T"))
		const val, nulls = "val1: the values", "ignoreNulls: whether to leave out nulls, which is the default"
		count := n + ": how many values to keep"
		one := func(args []sql.Type) sql.Type {
			return sql.StructOf(sql.Field{Name: "SEQ", Type: sql.TBigint}, sql.Field{Name: "VAL", Type: args[0]})
		}
		many := func(args []sql.Type) sql.Type { return sql.ArrayOf(one(args)) }
		agg := func(s Site) (Accumulator, error) { return newByOffset(s, latest, n) }
		return Func{Name: name, Category: "AGGREGATE", Author: "Confluent", Doc: doc, Variants: []Variant{
			{Args: signature(val, T), Returns: T, State: one, Agg: agg},
			{Args: signature(val+"; "+nulls, T, sql.TBoolean), Literal: []int{2}, Returns: T, State: one, Agg: agg},
			{Args: signature(val+"; "+count, T, sql.TInteger), Literal: []int{2}, Returns: list, State: many, Agg: agg},
			{Args: signature(val+"; "+count+"; "+nulls, T, sql.TInteger, sql.TBoolean), Literal: []int{2, 3}, Returns: list, State: many, Agg: agg},
		}}
	}
	return []Func{
		of("EARLIEST_BY_OFFSET", "earliestN", "The first value of a group, or its first values in the order of their arrival.", false),
		of("LATEST_BY_OFFSET", "latestN", "The last value of a group, or its last values in the order of their arrival.", true),
	}
}

// arrived is a value and the number of its arrival, which orders the values of session windows that merge.
type arrived struct {
	seq  int64
	cell []byte
}

func newByOffset(site Site, latest bool, param string) (Accumulator, error) {
	n, list, ignoreNulls := 1, false, true
	for _, l := range site.Lits[1:] {
		switch l := l.(type) {
		case int32:
			if n, list = int(l), true; n < 1 {
				return nil, errors.New(param + " must be 1 or greater")
			}
		case bool:
			ignoreNulls = l
		}
	}
	next := int64(1)
	return RowAgg[[]arrived]{
		Add: func(s *[]arrived, args []*vec.Vec, i int) error {
			if ignoreNulls && args[0].IsNull(i) {
				return nil
			}
			seq := next
			next++
			switch {
			case len(*s) < n:
				*s = append(*s, arrived{seq, vec.AppendKey(nil, args[:1], i)})
			case latest:
				old := (*s)[0].cell
				copy(*s, (*s)[1:])
				(*s)[n-1] = arrived{seq, vec.AppendKey(old[:0], args[:1], i)}
			}
			return nil
		},
		Merge: func(into, from *[]arrived) error {
			all := append(slices.Clone(*into), *from...)
			slices.SortStableFunc(all, func(a, b arrived) int { return cmp.Compare(a.seq, b.seq) })
			if len(all) > n {
				if latest && !list {
					all = all[len(all)-n:]
				} else {
					all = all[:n] // also of the latest: ksqlDB keeps the oldest here
				}
			}
			*into = nil
			for _, a := range all {
				*into = append(*into, arrived{a.seq, slices.Clone(a.cell)})
			}
			return nil
		},
		Read: func(s *[]arrived, out *vec.Vec) error {
			if !list {
				if len(*s) == 0 {
					return readOne(nil, out)
				}
				return readOne((*s)[0].cell, out)
			}
			for _, a := range *s {
				if err := readOne(a.cell, out.Kids[0]); err != nil {
					return err
				}
			}
			out.EndList()
			return nil
		},
		Save: func(s *[]arrived, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(*s)))
			for _, a := range *s {
				dst = appendCell(binary.LittleEndian.AppendUint64(dst, uint64(a.seq)), a.cell)
			}
			return dst
		},
		Load: func(s *[]arrived, src []byte) ([]byte, error) {
			count, src, err := readCount(src)
			for *s = nil; err == nil && count > 0; count-- {
				var a arrived
				if a.seq, src, err = readInt(src); err != nil {
					break
				}
				if a.cell, src, err = readCell(src); err == nil {
					a.cell = slices.Clone(a.cell)
					*s = append(*s, a)
					next = max(next, a.seq+1)
				}
			}
			return src, err
		},
	}.New(), nil
}

package fn

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func topkFuncs() []Func {
	top := Func{
		Name: "TOPK", Category: "AGGREGATE", Author: "Confluent",
		Doc: "The k greatest values of a group, greatest first. With more columns, structs of the value (SORT_COL) and those columns (COL0, COL1, ...).",
	}
	for _, t := range []sql.Type{sql.TInteger, sql.TBigint, sql.TDouble, sql.TString} {
		top.Variants = append(top.Variants, Variant{
			Args: signature("val1: the values to order by (nulls are left out); val2: columns to show with them; k: how many to keep",
				t, sql.Type{Kind: sql.Any}, sql.TInteger),
			Variadic: 2, Literal: []int{3}, Returns: sql.ArrayOf(t),
			Infer: func(args []sql.Type) (sql.Type, error) { return topkType(args), nil },
			State: topkType,
			Agg:   func(s Site) (Accumulator, error) { return newTopk(s, false) },
		})
	}
	distinct := Func{
		Name: "TOPKDISTINCT", Category: "AGGREGATE", Author: "Confluent",
		Doc: "The k greatest different values of a group, greatest first.",
	}
	for _, t := range ordered() {
		distinct.Variants = append(distinct.Variants, Variant{
			Args:    signature("val1: the values (nulls are left out); k: how many to keep", t, sql.TInteger),
			Literal: []int{2}, Returns: sql.ArrayOf(t),
			Infer: func(args []sql.Type) (sql.Type, error) { return sql.ArrayOf(args[0]), nil },
			State: func(args []sql.Type) sql.Type { return sql.ArrayOf(args[0]) },
			Agg:   func(s Site) (Accumulator, error) { return newTopk(s, true) },
		})
	}
	return []Func{top, distinct}
}

func topkType(args []sql.Type) sql.Type {
	if len(args) < 3 {
		return sql.ArrayOf(args[0])
	}
	fields := []sql.Field{{Name: "sort_col", Type: args[0]}}
	for i, t := range args[1 : len(args)-1] {
		fields = append(fields, sql.Field{Name: "col" + strconv.Itoa(i), Type: t})
	}
	return sql.ArrayOf(sql.StructOf(fields...))
}

// ranked is a value in the order of TOPK: the cell of the value, then those of the columns shown with it.
type ranked struct {
	sort []byte
	rest []byte
}

// ranking is the greatest values of a group.
type ranking struct {
	list []ranked
	held int // bytes of the cells
}

func (s *ranking) bytes() int { return 48*cap(s.list) + s.held }

// topk keeps, for each group, the k greatest values in falling order; equal ones in the order of arrival.
type topk struct {
	k        int
	cols     int // value columns: all arguments but k
	distinct bool
	scratch  []byte
}

func newTopk(site Site, distinct bool) (Accumulator, error) {
	k, ok := site.Lits[len(site.Lits)-1].(int32)
	if !ok {
		return nil, errors.New("k must not be NULL")
	}
	t := &topk{k: int(k), cols: len(site.Args) - 1, distinct: distinct}
	structs := len(site.Args) > 2
	return RowAgg[ranking]{
		Add: t.add,
		Merge: func(into, from *ranking) error {
			for _, r := range from.list {
				if err := t.insert(into, r.sort, r.rest); err != nil {
					return err
				}
			}
			return nil
		},
		Read: func(s *ranking, out *vec.Vec) error {
			cols := out.Kids
			if structs {
				cols = out.Kids[0].Kids
			}
			for _, r := range s.list {
				rest, err := vec.DecodeKey(r.sort, cols[:1])
				if err == nil {
					_, err = vec.DecodeKey(r.rest, cols[1:])
				}
				if err != nil || len(rest) > 0 {
					return errState
				}
				if structs {
					out.Kids[0].EndStruct()
				}
			}
			out.EndList()
			return nil
		},
		Save: func(s *ranking, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(s.list)))
			for _, r := range s.list {
				dst = appendCell(appendCell(dst, r.sort), r.rest)
			}
			return dst
		},
		Load: func(s *ranking, src []byte) ([]byte, error) {
			n, src, err := readCount(src)
			for *s = (ranking{}); err == nil && n > 0; n-- {
				var a, b []byte
				if a, src, err = readCell(src); err != nil {
					break
				}
				if b, src, err = readCell(src); err == nil {
					r := ranked{slices.Clone(a), slices.Clone(b)}
					s.list = append(s.list, r)
					s.held += cap(r.sort) + cap(r.rest)
				}
			}
			return src, err
		},
		Bytes: (*ranking).bytes,
	}.New(), nil
}

func (t *topk) add(s *ranking, args []*vec.Vec, i int) error {
	if args[0].IsNull(i) {
		return nil
	}
	b := vec.AppendKey(t.scratch[:0], args[:1], i)
	n := len(b)
	if t.k > 0 && len(s.list) >= t.k && bytes.Compare(b, s.list[t.k-1].sort) <= 0 {
		t.scratch = b
		return nil
	}
	if t.cols > 1 {
		b = vec.AppendKey(b, args[1:t.cols], i)
	}
	t.scratch = b
	return t.insert(s, b[:n], b[n:])
}

func (t *topk) insert(s *ranking, sort, rest []byte) error {
	if t.k == 0 {
		return errors.New("index 0 is out of bounds for a list of 0 values") // ksqlDB stops here, too
	}
	at := len(s.list)
	for at > 0 && bytes.Compare(sort, s.list[at-1].sort) > 0 {
		at--
	}
	if t.distinct && at > 0 && bytes.Equal(sort, s.list[at-1].sort) {
		return nil
	}
	var r ranked
	if t.k > 0 && len(s.list) >= t.k {
		if at >= t.k {
			return nil
		}
		r = s.list[len(s.list)-1] // its buffers serve the newcomer
		s.list = s.list[:len(s.list)-1]
		s.held -= cap(r.sort) + cap(r.rest)
	}
	r.sort, r.rest = append(r.sort[:0], sort...), append(r.rest[:0], rest...)
	s.held += cap(r.sort) + cap(r.rest)
	s.list = slices.Insert(s.list, at, r)
	return nil
}

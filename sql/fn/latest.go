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

// arrivals is the values of a group that are kept, in order.
type arrivals struct {
	list []arrived
	held int // bytes of the cells
}

func (s *arrivals) add(seq int64, cell []byte) {
	s.list = append(s.list, arrived{seq, cell})
	s.held += cap(cell)
}

// push drops the oldest value for a new one, which takes over its buffer.
func (s *arrivals) push(seq int64, v *vec.Vec, i int) {
	old := s.list[0].cell
	copy(s.list, s.list[1:])
	cell := vec.AppendKey(old[:0], []*vec.Vec{v}, i)
	s.list[len(s.list)-1] = arrived{seq, cell}
	s.held += cap(cell) - cap(old)
}

func newByOffset(site Site, latest bool, param string) (Accumulator, error) {
	n, list, ignoreNulls := 1, false, true
	for i, l := range site.Lits[1:] {
		switch l := l.(type) {
		case nil: // ksqlDB's parameters are primitives
			if site.Args[i+1].Kind == sql.Boolean {
				param = "ignoreNulls"
			}
			return nil, errors.New(param + " must not be NULL")
		case int32:
			if n, list = int(l), true; n < 1 {
				return nil, errors.New(param + " must be 1 or greater")
			}
		case bool:
			ignoreNulls = l
		}
	}
	if !list {
		switch site.Args[0].Kind {
		case sql.Boolean:
			return &offset[bool]{latest: latest, nulls: !ignoreNulls, next: 1}, nil
		case sql.Integer, sql.Date, sql.Time:
			return &offset[int32]{latest: latest, nulls: !ignoreNulls, next: 1}, nil
		case sql.Bigint, sql.Timestamp:
			return &offset[int64]{latest: latest, nulls: !ignoreNulls, next: 1}, nil
		case sql.Double:
			return &offset[float64]{latest: latest, nulls: !ignoreNulls, next: 1}, nil
		}
	}
	next := int64(1)
	return RowAgg[arrivals]{
		Add: func(s *arrivals, args []*vec.Vec, i int) error {
			if ignoreNulls && args[0].IsNull(i) {
				return nil
			}
			seq := next
			next++
			switch {
			case len(s.list) < n:
				s.add(seq, vec.AppendKey(nil, args[:1], i))
			case latest:
				s.push(seq, args[0], i)
			}
			return nil
		},
		Merge: func(into, from *arrivals) error {
			all := append(slices.Clone(into.list), from.list...)
			slices.SortStableFunc(all, func(a, b arrived) int { return cmp.Compare(a.seq, b.seq) })
			if len(all) > n {
				if latest && !list {
					all = all[len(all)-n:]
				} else {
					all = all[:n] // also of the latest: ksqlDB keeps the oldest here
				}
			}
			*into = arrivals{}
			for _, a := range all {
				into.add(a.seq, slices.Clone(a.cell))
			}
			return nil
		},
		Read: func(s *arrivals, out *vec.Vec) error {
			if !list {
				if len(s.list) == 0 {
					return readOne(nil, out)
				}
				return readOne(s.list[0].cell, out)
			}
			for _, a := range s.list {
				if err := readOne(a.cell, out.Kids[0]); err != nil {
					return err
				}
			}
			out.EndList()
			return nil
		},
		Save: func(s *arrivals, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(s.list)))
			for _, a := range s.list {
				dst = appendCell(binary.LittleEndian.AppendUint64(dst, uint64(a.seq)), a.cell)
			}
			return dst
		},
		Load: func(s *arrivals, src []byte) ([]byte, error) {
			count, src, err := readCount(src)
			for *s = (arrivals{}); err == nil && count > 0; count-- {
				var a arrived
				if a.seq, src, err = readInt(src); err != nil {
					break
				}
				if a.cell, src, err = readCell(src); err == nil {
					s.add(a.seq, slices.Clone(a.cell))
					next = max(next, a.seq+1)
				}
			}
			return src, err
		},
		Bytes: func(s *arrivals) int { return 32*cap(s.list) + s.held },
	}.New(), nil
}

// offset is EARLIEST_BY_OFFSET or LATEST_BY_OFFSET of one plain value. Its loop is written out: many tables
// are nothing but the latest values.
type offset[T bool | int32 | int64 | float64] struct {
	perGroup[numbered[T]]
	latest, nulls bool // nulls count as values
	next          int64
}

// numbered is a value, whether it is null, and the number of its arrival, 0 for none.
type numbered[T any] struct {
	x    T
	null int64
	seq  int64
}

func (a *offset[T]) Fold(groups []int32, _ []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	v, s := args[0], a.s
	x, _ := fixed[T](v)
	if a.latest && show == nil && v.Nulls == 0 {
		for i, g := range groups {
			s[g] = numbered[T]{x: x[i], seq: a.next + int64(i)}
		}
		a.next += int64(len(groups))
		out.AppendRange(v, 0, len(groups))
		return nil
	}
	for i, g := range groups {
		st := &s[g]
		null := v.IsNull(i)
		if (!null || a.nulls) && (a.latest || st.seq == 0) {
			*st = numbered[T]{seq: a.next}
			a.next++
			if null {
				st.null = 1
			} else {
				st.x = x[i]
			}
		}
		if show == nil || show[i] {
			putFixed(out, readNumbered[T], st)
		}
	}
	return nil
}

func readNumbered[T any](s *numbered[T]) (T, bool) { return s.x, s.seq != 0 && s.null == 0 }

func (a *offset[T]) Merge(into, from int32) error {
	s, f := &a.s[into], &a.s[from]
	if f.seq != 0 && (s.seq == 0 || f.seq > s.seq == a.latest) {
		*s = *f
	}
	return nil
}

func (a *offset[T]) Read(groups []int32, out *vec.Vec) error {
	for _, g := range groups {
		putFixed(out, readNumbered[T], &a.s[g])
	}
	return nil
}

func (a *offset[T]) Save(g int32, dst []byte) []byte { return appendWords(dst, &a.s[g]) }

func (a *offset[T]) Load(g int32, src []byte) ([]byte, error) {
	rest, err := readWords(src, &a.s[g])
	a.next = max(a.next, a.s[g].seq+1)
	return rest, err
}

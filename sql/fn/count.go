package fn

import (
	"encoding/binary"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func countFunc() Func {
	return Func{
		Name: "COUNT", Category: "AGGREGATE", Author: "Confluent",
		Doc: "Counts the rows of a group, or those rows whose argument is not null.",
		Variants: []Variant{{
			Args: signature("val1: what to count (nulls are left out)", tvar("T")), Returns: sql.TBigint,
			Undo: true, State: stateIs(sql.TBigint),
			Agg: func(Site) (Accumulator, error) { return &count{}, nil },
		}},
	}
}

// count is COUNT. Its loop is written out: it is the aggregate that queries use most.
type count struct{ perGroup[int64] }

func (c *count) Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	v, s := args[0], c.s
	base := out.N
	out.SetLen(base + len(groups))
	dst := out.I64[base:]
	if sign == nil && show == nil && v.Nulls == 0 {
		dst = dst[:len(groups)]
		for i, g := range groups {
			n := s[g] + 1
			s[g] = n
			dst[i] = n
		}
		return nil
	}
	k := 0
	for i, g := range groups {
		if !v.IsNull(i) {
			if sign == nil || sign[i] >= 0 {
				s[g]++
			} else {
				s[g]--
			}
		}
		if show == nil || show[i] {
			dst[k] = s[g]
			k++
		}
	}
	out.SetLen(base + k)
	return nil
}

func (c *count) Merge(into, from int32) error {
	c.s[into] += c.s[from]
	return nil
}

func (c *count) Read(groups []int32, out *vec.Vec) error {
	for _, g := range groups {
		out.AppendI64(c.s[g])
	}
	return nil
}

func (c *count) Save(g int32, dst []byte) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(c.s[g]))
}

func (c *count) Load(g int32, src []byte) (rest []byte, err error) {
	c.s[g], rest, err = readInt(src)
	return rest, err
}

package fn

import (
	"errors"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

func tableFuncs() []Func {
	T := tvar("T")
	explode := func(Site) (RowsKernel, error) { return explodeRows, nil }
	return []Func{{
		Name: "EXPLODE", Declared: "explode", Category: "TABLE", Author: confluent,
		Doc: "Gives a row for each item of an array.",
		Variants: []Variant{
			{
				Args: signature("input: the array", sql.ArrayOf(sql.Type{Kind: sql.Decimal})), Returns: sql.Type{Kind: sql.Decimal}, Rows: explode,
				Infer: func(args []sql.Type) (sql.Type, error) { return *args[0].Elem, nil },
			},
			{Args: signature("list: the array", sql.ArrayOf(T)), Returns: T, Rows: explode},
		},
	}, {
		Name: "CUBE_EXPLODE", Declared: "cube_explode", Category: "TABLE", Author: confluent,
		Doc: "Gives a row for each array that can be made by putting null in the place of some items of an array.",
		Variants: []Variant{{
			Args: signature("columns: the array, of at most 20 items", sql.ArrayOf(T)), Returns: sql.ArrayOf(T),
			Rows: func(Site) (RowsKernel, error) { return cubeRows, nil },
		}},
	}}
}

func explodeRows(c *Call, from []int32, out *vec.Vec) []int32 {
	a := c.Args[0]
	for i := range c.N {
		c.row(i)
		if a.IsNull(i) {
			continue
		}
		lo, hi := items(a, i)
		out.AppendRange(a.Kids[0], lo, hi)
		for ; lo < hi; lo++ {
			from = append(from, int32(i))
		}
	}
	return from
}

const widestCube = 20

// cubeRows counts in binary, the first item as the highest bit: where a bit is 0 stands null. An item that is
// null has no bit.
func cubeRows(c *Call, from []int32, out *vec.Vec) []int32 {
	a, work := c.Args[0], meter.Meter{Stop: c.Stop}
	for i := range c.N {
		if a.IsNull(i) {
			continue
		}
		lo, hi := items(a, i)
		if hi-lo > widestCube {
			c.Fail(i, errors.New("CUBE_EXPLODE takes at most 20 items"))
			continue
		}
		bits := 0
		for j := lo; j < hi; j++ {
			if !a.Kids[0].IsNull(j) {
				bits++
			}
		}
		for n := range 1 << bits {
			work.Add(8 * (hi - lo))
			bit := bits
			for j := lo; j < hi; j++ {
				there := !a.Kids[0].IsNull(j)
				if there {
					bit--
					there = n>>bit&1 == 1
				}
				if there {
					out.Kids[0].AppendFrom(a.Kids[0], j)
				} else {
					out.Kids[0].AppendNull()
				}
			}
			out.EndList()
			from = append(from, int32(i))
		}
	}
	return from
}

package fn

import (
	"errors"
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

const catMap = "MAP"

func mapFuncs() []Func {
	T := tvar("T")
	m := sql.MapOf(sql.TString, T)
	kid := func(k int, of sql.Type) []Variant {
		return []Variant{FnRow("input: the map", []sql.Type{m}, sql.ArrayOf(of), func(c *Call, i int, out *vec.Vec) error {
			if c.Args[0].IsNull(i) {
				return ErrNull
			}
			lo, hi := items(c.Args[0], i)
			out.Kids[0].AppendRange(c.Args[0].Kids[k], lo, hi)
			out.EndList()
			return nil
		})}
	}
	entries := Func{Name: "ENTRIES", Category: catMap, Author: confluent, Doc: "Makes an array of structs (K, V) of the entries of a map."}
	for _, t := range []sql.Type{sql.TInteger, sql.TBigint, sql.TDouble, sql.TBoolean, sql.TString} {
		entry := sql.StructOf(sql.Field{Name: "K", Type: sql.TString}, sql.Field{Name: "V", Type: t})
		entries.Variants = append(entries.Variants, Raising(FnRow("map: the map; sorted: whether to sort the entries by their keys",
			[]sql.Type{sql.MapOf(sql.TString, t), sql.TBoolean}, sql.ArrayOf(entry), mapEntries), 2))
	}
	return []Func{
		{Name: "AS_MAP", Category: catMap, Author: confluent, Doc: "Makes a map of an array of keys and one of values.",
			Variants: []Variant{FnRow("keys: the keys; values: the values", []sql.Type{sql.ArrayOf(sql.TString), sql.ArrayOf(T)}, m, asMap)}},
		entries,
		{Name: "MAP_KEYS", Declared: "map_keys", Category: catMap, Doc: "Gives the keys of a map.", Variants: kid(0, sql.TString)},
		{Name: "MAP_VALUES", Declared: "map_values", Category: catMap, Doc: "Gives the values of a map.", Variants: kid(1, T)},
		{Name: "MAP_UNION", Declared: "map_union", Category: catMap, Doc: "Gives the entries of two maps; where both have a key, the second one's.",
			Variants: []Variant{FnRow("map1: a map; map2: another map", []sql.Type{m, m}, m, mapUnion)}},
	}
}

func mapEntries(c *Call, i int, out *vec.Vec) error {
	m, sorted := c.Args[0], c.Args[1]
	if m.IsNull(i) || sorted.IsNull(i) {
		return ErrNull
	}
	lo, hi := items(m, i)
	at := make([]int32, 0, hi-lo)
	for ; lo < hi; lo++ {
		if sorted.Bool[i] && m.Kids[0].IsNull(lo) {
			return errors.New("ENTRIES cannot sort a null key")
		}
		at = append(at, int32(lo))
	}
	if sorted.Bool[i] {
		work := meter.Meter{Stop: c.Stop}
		slices.SortFunc(at, func(p, q int32) int {
			work.Add(64)
			return vec.Compare(m.Kids[0], int(p), m.Kids[0], int(q))
		})
	}
	for k, field := range out.Kids[0].Kids {
		field.AppendRows(m.Kids[k], at)
	}
	for range at {
		out.Kids[0].EndStruct()
	}
	out.EndList()
	return nil
}

func asMap(c *Call, i int, out *vec.Vec) error {
	keys, values := c.Args[0], c.Args[1]
	if keys.IsNull(i) || values.IsNull(i) {
		return ErrNull
	}
	lo, hi := items(keys, i)
	from, to := items(values, i)
	out.Kids[0].AppendRange(keys.Kids[0], lo, hi)
	n := min(hi-lo, to-from)
	out.Kids[1].AppendRange(values.Kids[0], from, from+n)
	for ; n < hi-lo; n++ {
		out.Kids[1].AppendNull()
	}
	out.EndMap(vec.MapCapacity(hi - lo))
	return nil
}

func mapUnion(c *Call, i int, out *vec.Vec) error {
	capacity, first := vec.DefaultMapCapacity, true
	for _, m := range c.Args {
		if m.IsNull(i) {
			continue
		}
		lo, hi := items(m, i)
		if first {
			capacity, first = vec.MapCapacity(int(float32(hi-lo)/0.75+1)), false
		}
		for k := range out.Kids {
			out.Kids[k].AppendRange(m.Kids[k], lo, hi)
		}
	}
	if first {
		return ErrNull
	}
	out.EndMap(capacity)
	return nil
}

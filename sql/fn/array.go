package fn

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

const catArray = "ARRAY"

func arrayFuncs() []Func {
	T := tvar("T")
	list := sql.ArrayOf(T)
	lists := []sql.Type{list, list}
	const two = "left: an array; right: another array"
	one := func(v ...Variant) []Variant { return v }
	return []Func{
		{Name: "ARRAY_LENGTH", Category: catArray, Author: confluent, Doc: "Counts the items of an array.",
			Variants: one(FnRow("array: the array", lists[:1], sql.TInteger, func(c *Call, i int, out *vec.Vec) error {
				if c.Args[0].IsNull(i) {
					return ErrNull
				}
				lo, hi := items(c.Args[0], i)
				out.AppendI32(int32(hi - lo))
				return nil
			}))},
		{Name: "ARRAY_CONTAINS", Category: catArray, Author: confluent, Doc: "Says whether an array holds a value, which may be null.",
			Variants: one(FnRow("array: the array; val: what to look for", []sql.Type{list, T}, sql.TBoolean, arrayContains))},
		{Name: "ARRAY_CONCAT", Declared: "array_concat", Category: catArray, Doc: "Gives the items of one array and then those of another.",
			Variants: one(FnRow(two, lists, list, arrayConcat))},
		{Name: "ARRAY_REMOVE", Declared: "array_remove", Category: catArray, Doc: "Drops all items that equal a value, which may be null.",
			Variants: one(FnRow("array: the array; victim: what to drop", []sql.Type{list, T}, list, func(c *Call, i int, out *vec.Vec) error {
				a := c.Args[0]
				if a.IsNull(i) {
					return ErrNull
				}
				work := meter.Meter{Stop: c.Stop}
				for lo, hi := items(a, i); lo < hi; lo++ {
					work.Add(32)
					if !vec.Equal(a.Kids[0], lo, c.Args[1], i) {
						out.Kids[0].AppendFrom(a.Kids[0], lo)
					}
				}
				out.EndList()
				return nil
			}))},
		{Name: "ARRAY_DISTINCT", Declared: "array_distinct", Category: catArray, Doc: "Drops items that equal an earlier one.",
			Variants: one(setVariant("input: the array", 1, func(s *sets, in *vec.Vec, lo, hi int, out *vec.Vec) { s.unseen(in, lo, hi, out) }))},
		{Name: "ARRAY_UNION", Declared: "array_union", Category: catArray, Doc: "Gives the different items of two arrays.",
			Variants: one(setVariant(two, 2, func(s *sets, in *vec.Vec, lo, hi int, out *vec.Vec) {
				s.unseen(in, lo, hi, out)
				s.unseen(s.right, s.lo, s.hi, out)
			}))},
		{Name: "ARRAY_EXCEPT", Declared: "array_except", Category: catArray, Doc: "Gives the different items of an array that another does not hold.",
			Variants: one(setVariant(two, 2, func(s *sets, in *vec.Vec, lo, hi int, out *vec.Vec) { s.matching(in, lo, hi, out, false) }))},
		{Name: "ARRAY_INTERSECT", Declared: "array_intersect", Category: catArray, Doc: "Gives the different items of an array that another holds, too.",
			Variants: one(setVariant(two, 2, func(s *sets, in *vec.Vec, lo, hi int, out *vec.Vec) { s.matching(in, lo, hi, out, true) }))},
		{Name: "ARRAY_MAX", Declared: "array_max", Category: catArray, Doc: "Gives the greatest item of an array; nulls do not count.",
			Variants: one(FnRow("input: the array", lists[:1], T, extremeItem(1)))},
		{Name: "ARRAY_MIN", Declared: "array_min", Category: catArray, Doc: "Gives the least item of an array; nulls do not count.",
			Variants: one(FnRow("input: the array", lists[:1], T, extremeItem(-1)))},
		{Name: "ARRAY_SORT", Declared: "array_sort", Category: catArray, Doc: "Sorts the items of an array; nulls come last.",
			Variants: one(
				FnRow("input: the array", lists[:1], list, arraySort),
				FnRow("input: the array; direction: ASC or DESC", []sql.Type{list, sql.TString}, list, arraySort))},
		{Name: "ARRAY_JOIN", Category: catArray, Author: confluent, Doc: "Writes the items of an array one after another, with a delimiter between them.",
			Variants: one(
				FnRow("array: the array", lists[:1], sql.TString, arrayJoin),
				FnRow("array: the array; delimiter: what stands between the items, a comma if not given", []sql.Type{list, sql.TString}, sql.TString, arrayJoin))},
		{Name: "SLICE", Declared: "slice", Category: catArray, Author: confluent, Doc: "Gives the items of an array between two positions, which are counted from 1.",
			Variants: one(FnRow("in: the array; from: the first position, null for the start; to: the last position, null for the end",
				[]sql.Type{list, sql.TInteger, sql.TInteger}, list, slice))},
		{Name: "GENERATE_SERIES", Category: catArray, Author: confluent, Doc: "Makes an array of the numbers from a start to an end.",
			Variants: one(seriesVariant[int32](false), seriesVariant[int32](true), seriesVariant[int64](false), seriesVariant[int64](true))},
	}
}

// items is where the items of row i of an ARRAY or MAP column lie in its kids.
func items(v *vec.Vec, i int) (lo, hi int) { return int(v.Offs[i]), int(v.Offs[i+1]) }

func arrayContains(c *Call, i int, out *vec.Vec) error {
	a, found := c.Args[0], false
	if !a.IsNull(i) {
		work := meter.Meter{Stop: c.Stop}
		for lo, hi := items(a, i); lo < hi && !found; lo++ {
			work.Add(32)
			found = vec.Equal(a.Kids[0], lo, c.Args[1], i)
		}
	}
	out.AppendBool(found)
	return nil
}

func arrayConcat(c *Call, i int, out *vec.Vec) error {
	if c.Args[0].IsNull(i) && c.Args[1].IsNull(i) {
		return ErrNull
	}
	for _, a := range c.Args {
		if !a.IsNull(i) {
			lo, hi := items(a, i)
			out.Kids[0].AppendRange(a.Kids[0], lo, hi)
		}
	}
	out.EndList()
	return nil
}

// sets is the work space of the functions that see arrays as sets.
type sets struct {
	seen, other set
	cell        []byte
	work        meter.Meter
	right       *vec.Vec // the items of the second array
	lo, hi      int
}

// unseen appends the items that were not there before.
func (s *sets) unseen(in *vec.Vec, lo, hi int, out *vec.Vec) {
	for ; lo < hi; lo++ {
		s.work.Add(64)
		s.cell = vec.AppendKey(s.cell[:0], []*vec.Vec{in}, lo)
		if s.seen.add(s.cell) {
			out.AppendFrom(in, lo)
		}
	}
}

// matching appends the different items that the second array holds, or does not hold.
func (s *sets) matching(in *vec.Vec, lo, hi int, out *vec.Vec, held bool) {
	s.other.reset()
	for j := s.lo; j < s.hi; j++ {
		s.work.Add(64)
		s.cell = vec.AppendKey(s.cell[:0], []*vec.Vec{s.right}, j)
		s.other.add(s.cell)
	}
	for ; lo < hi; lo++ {
		s.work.Add(64)
		s.cell = vec.AppendKey(s.cell[:0], []*vec.Vec{in}, lo)
		if s.other.has(s.cell) == held && s.seen.add(s.cell) {
			out.AppendFrom(in, lo)
		}
	}
}

func setVariant(sig string, n int, f func(s *sets, in *vec.Vec, lo, hi int, out *vec.Vec)) Variant {
	list := sql.ArrayOf(tvar("T"))
	types := []sql.Type{list, list}[:n]
	return PerSite(func(site Site) Variant {
		s := sets{work: meter.Meter{Stop: site.Stop}}
		return FnRow(sig, types, list, func(c *Call, i int, out *vec.Vec) error {
			for _, a := range c.Args {
				if a.IsNull(i) {
					return ErrNull
				}
			}
			s.seen.reset()
			if n > 1 {
				s.right = c.Args[1].Kids[0]
				s.lo, s.hi = items(c.Args[1], i)
			}
			lo, hi := items(c.Args[0], i)
			f(&s, c.Args[0].Kids[0], lo, hi, out.Kids[0])
			out.EndList()
			return nil
		})
	})
}

var errUnordered = errors.New("the items of the array have no order")

func extremeItem(want int) func(c *Call, i int, out *vec.Vec) error {
	return func(c *Call, i int, out *vec.Vec) error {
		a := c.Args[0]
		if a.IsNull(i) {
			return ErrNull
		}
		x, best, work := a.Kids[0], -1, meter.Meter{Stop: c.Stop}
		for lo, hi := items(a, i); lo < hi; lo++ {
			work.Add(32)
			switch {
			case x.IsNull(lo):
			case best < 0:
				best = lo
			case composite(x.Type):
				return errUnordered
			case vec.Compare(x, lo, x, best)*want > 0:
				best = lo
			}
		}
		if best < 0 {
			return ErrNull
		}
		out.AppendFrom(x, best)
		return nil
	}
}

func composite(t sql.Type) bool {
	return t.Kind == sql.Array || t.Kind == sql.Map || t.Kind == sql.Struct
}

func arraySort(c *Call, i int, out *vec.Vec) error {
	a, sign := c.Args[0], 1
	if a.IsNull(i) {
		return ErrNull
	}
	if len(c.Args) > 1 {
		if c.Args[1].IsNull(i) {
			return ErrNull
		}
		switch strings.ToUpper(c.Args[1].Str(i)) {
		case "ASC", "ASCENDING":
		case "DESC", "DESCENDING":
			sign = -1
		default:
			return ErrNull
		}
	}
	x := a.Kids[0]
	lo, hi := items(a, i)
	if hi-lo > 1 && composite(x.Type) {
		return errUnordered
	}
	at := make([]int32, 0, hi-lo)
	for ; lo < hi; lo++ {
		at = append(at, int32(lo))
	}
	work := meter.Meter{Stop: c.Stop}
	slices.SortStableFunc(at, func(p, q int32) int {
		work.Add(64)
		n, m := x.IsNull(int(p)), x.IsNull(int(q))
		switch {
		case n && m:
			return 0
		case n:
			return 1
		case m:
			return -1
		}
		return sign * vec.Compare(x, int(p), x, int(q))
	})
	out.Kids[0].AppendRows(x, at)
	out.EndList()
	return nil
}

func arrayJoin(c *Call, i int, out *vec.Vec) error {
	a, delimiter := c.Args[0], ","
	if a.IsNull(i) {
		return ErrNull
	}
	if len(c.Args) > 1 {
		if delimiter = ""; !c.Args[1].IsNull(i) {
			delimiter = c.Args[1].Str(i)
		}
	}
	x := a.Kids[0]
	lo, hi := items(a, i)
	switch x.Type.Kind {
	case sql.Boolean, sql.Integer, sql.Bigint, sql.Double, sql.Decimal, sql.String, sql.Null:
	default:
		for j := lo; j < hi; j++ {
			if !x.IsNull(j) {
				return errors.New("ARRAY_JOIN cannot write items of type " + x.Type.String())
			}
		}
	}
	work, most := meter.Meter{Stop: c.Stop}, out.MostBytes()
	for j := lo; j < hi; j++ {
		if j > lo {
			out.Data = append(out.Data, delimiter...)
		}
		if work.Add(16); len(out.Data) > most {
			panic(vec.ErrTooLarge)
		}
		out.Data = appendText(out.Data, x, j)
	}
	out.EndBytes()
	return nil
}

// appendText appends the Java text of a value that ARRAY_JOIN takes.
func appendText(dst []byte, x *vec.Vec, i int) []byte {
	if x.IsNull(i) {
		return append(dst, "null"...)
	}
	switch x.Type.Kind {
	case sql.Boolean:
		return strconv.AppendBool(dst, x.Bool[i])
	case sql.Integer:
		return strconv.AppendInt(dst, int64(x.I32[i]), 10)
	case sql.Bigint:
		return strconv.AppendInt(dst, x.I64[i], 10)
	case sql.Double:
		return vec.AppendDouble(dst, x.F64[i])
	case sql.Decimal:
		return x.AppendDecimalText(dst, i, true)
	}
	return append(dst, x.Bytes(i)...)
}

func slice(c *Call, i int, out *vec.Vec) error {
	a := c.Args[0]
	if a.IsNull(i) {
		return ErrNull
	}
	lo, hi := items(a, i)
	n := hi - lo
	from, to := 0, n
	if !c.Args[1].IsNull(i) {
		from = int(c.Args[1].I32[i]) - 1
	}
	if !c.Args[2].IsNull(i) {
		to = int(c.Args[2].I32[i])
	}
	switch {
	case from < 0 || to > n:
		return ErrNull
	case from > to:
		return errors.New("SLICE begins at " + strconv.Itoa(from+1) + ", behind its end at " + strconv.Itoa(to))
	}
	out.Kids[0].AppendRange(a.Kids[0], lo+from, lo+to)
	out.EndList()
	return nil
}

func seriesVariant[T int32 | int64](stepped bool) Variant {
	t := typeOf[T]()
	sig, types, raising := "start: the first number; end: the last number", []sql.Type{t, t}, []int{1, 2}
	if stepped {
		sig, types, raising = sig+"; step: the difference between numbers", append(types, sql.TInteger), []int{1, 2, 3}
	}
	return Raising(FnRow(sig, types, sql.ArrayOf(t), func(c *Call, i int, out *vec.Vec) error {
		for _, a := range c.Args {
			if a.IsNull(i) {
				return ErrNull
			}
		}
		from, _ := fixed[T](c.Args[0])
		to, _ := fixed[T](c.Args[1])
		x, diff, step := from[i], to[i]-from[i], T(1)
		if diff < 0 {
			step = -1
		}
		if stepped {
			step = T(c.Args[2].I32[i])
		}
		if step == 0 {
			return errors.New("GENERATE_SERIES step cannot be zero")
		}
		if diff > 0 && step < 0 || diff < 0 && step > 0 {
			return errors.New("GENERATE_SERIES step has wrong sign")
		}
		n := 1 + int32(diff/step)
		if most := out.MostItems(); n < 0 || int(n) > most {
			return errors.New("GENERATE_SERIES would make more than " + strconv.Itoa(most) + " items")
		}
		items := out.Kids[0]
		for work := (meter.Meter{Stop: c.Stop}); n > 0; n-- {
			work.Add(1)
			if t.Kind == sql.Integer {
				items.AppendI32(int32(x))
			} else {
				items.AppendI64(int64(x))
			}
			x += step
		}
		out.EndList()
		return nil
	}), raising...)
}

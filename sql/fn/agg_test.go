package fn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func newAgg(t testing.TB, name string, config map[string]string, lits []any, types ...sql.Type) (Accumulator, *vec.Vec) {
	t.Helper()
	r, err := Builtins().Resolve(name, values(types...))
	if err != nil {
		t.Fatal(err)
	}
	site := Site{Args: r.Args, Returns: r.Returns, Lits: make([]any, len(types)), Config: config}
	copy(site.Lits[len(types)-len(lits):], lits)
	acc, err := r.Variant.Agg(site)
	if err != nil {
		t.Fatal(err)
	}
	return acc, vec.New(r.Returns)
}

func columnOf(t sql.Type, values ...any) *vec.Vec {
	c := vec.New(t)
	for _, x := range values {
		c.Append(x)
	}
	return c
}

func contents(v *vec.Vec) string {
	var out []string
	for i := range v.N {
		out = append(out, fmt.Sprint(v.Get(i)))
	}
	return strings.Join(out, " ")
}

// TestFoldShows folds rows of two groups, some out of them, and shows some results only.
func TestFoldShows(t *testing.T) {
	groups, sign := []int32{0, 1, 0, 0, 1}, []int8{1, 1, 1, -1, 1}
	show := []bool{true, false, true, true, true}
	num := func(t sql.Type, conv func(int) any) *vec.Vec {
		return columnOf(t, conv(5), conv(7), nil, conv(5), conv(1))
	}
	ints := num(sql.TInteger, func(i int) any { return int32(i) })
	longs := num(sql.TBigint, func(i int) any { return int64(i) })
	doubles := num(sql.TDouble, func(i int) any { return float64(i) })
	for _, c := range []struct {
		name       string
		arg        *vec.Vec
		some, all  string // what show asks for; what comes without undo and show
		afterClear string // of group 0
	}{
		{"COUNT", ints, "1 1 0 2", "1 1 1 2 2", "0"},
		{"SUM", ints, "5 5 0 8", "5 7 5 10 8", "0"},
		{"SUM", longs, "5 5 0 8", "5 7 5 10 8", "0"},
		{"SUM", doubles, "5 5 0 8", "5 7 5 10 8", "0"},
		{"AVG", ints, "5 5 0 4", "5 7 5 5 4", "0"},
		{"COLLECT_LIST", ints, "[5] [5 <nil>] [<nil>] [7 1]", "[5] [7] [5 <nil>] [5 <nil> 5] [7 1]", "[]"},
		{"ATTR", ints, "5 <nil> <nil> <nil>", "5 7 <nil> <nil> <nil>", "<nil>"},
	} {
		acc, out := newAgg(t, c.name, nil, nil, c.arg.Type)
		acc.Grow(2)
		if err := acc.Fold(groups, sign, show, []*vec.Vec{c.arg}, out); err != nil || contents(out) != c.some {
			t.Errorf("%s %s: %s, %v, want %s", c.name, c.arg.Type, contents(out), err, c.some)
		}
		acc, out = newAgg(t, c.name, nil, nil, c.arg.Type)
		acc.Grow(2)
		if err := acc.Fold(groups, nil, nil, []*vec.Vec{c.arg}, out); err != nil || contents(out) != c.all {
			t.Errorf("%s %s: %s, %v, want %s", c.name, c.arg.Type, contents(out), err, c.all)
		}
		acc.Clear(0)
		acc.Grow(5000)
		out.Reset()
		if err := acc.Read([]int32{0}, out); err != nil || contents(out) != c.afterClear {
			t.Errorf("%s %s: %s after Clear, want %s", c.name, c.arg.Type, contents(out), c.afterClear)
		}
	}
}

// TestByOffset tries every kind of value, with nulls as values and without, by rows and by Merge.
func TestByOffset(t *testing.T) {
	for _, c := range []struct {
		name   string
		nulls  bool
		values []any // of groups 0, 0, 1, 1
		want   string
		merged string
	}{
		{"LATEST_BY_OFFSET", false, []any{int32(1), nil, int32(2), int32(3)}, "1 1 2 3", "3"},
		{"LATEST_BY_OFFSET", true, []any{int32(1), nil, int32(2), int32(3)}, "1 <nil> 2 3", "3"},
		{"LATEST_BY_OFFSET", false, []any{int32(1), int32(4), nil, nil}, "1 4 <nil> <nil>", "4"},
		{"LATEST_BY_OFFSET", true, []any{int32(1), int32(4), nil, nil}, "1 4 <nil> <nil>", "<nil>"},
		{"LATEST_BY_OFFSET", false, []any{true, false, true, true}, "true false true true", "true"},
		{"LATEST_BY_OFFSET", false, []any{1.5, 2.5, nil, 3.5}, "1.5 2.5 <nil> 3.5", "3.5"},
		{"LATEST_BY_OFFSET", false, []any{int64(1), int64(2), int64(3), int64(4)}, "1 2 3 4", "4"},
		{"LATEST_BY_OFFSET", false, []any{"a", nil, "b", "c"}, "a a b c", "c"},
		{"EARLIEST_BY_OFFSET", false, []any{nil, int32(1), int32(2), int32(3)}, "<nil> 1 2 2", "1"},
		{"EARLIEST_BY_OFFSET", true, []any{nil, int32(1), int32(2), int32(3)}, "<nil> <nil> 2 2", "<nil>"},
		{"EARLIEST_BY_OFFSET", false, []any{nil, nil, int32(2), int32(3)}, "<nil> <nil> 2 2", "2"},
		{"EARLIEST_BY_OFFSET", true, []any{nil, "a", "b", nil}, "<nil> <nil> b b", "<nil>"},
	} {
		typ := sql.TInteger
		for _, x := range c.values {
			switch x.(type) {
			case bool:
				typ = sql.TBoolean
			case int64:
				typ = sql.TBigint
			case float64:
				typ = sql.TDouble
			case string:
				typ = sql.TString
			}
		}
		acc, out := newAgg(t, c.name, nil, []any{!c.nulls}, typ, sql.TBoolean)
		acc.Grow(3)
		flags := columnOf(sql.TBoolean, !c.nulls, !c.nulls, !c.nulls, !c.nulls)
		if err := acc.Fold([]int32{0, 0, 1, 1}, nil, nil, []*vec.Vec{columnOf(typ, c.values...), flags}, out); err != nil || contents(out) != c.want {
			t.Errorf("%s %v: %s, %v, want %s", c.name, c.values, contents(out), err, c.want)
		}
		if _, err := acc.Load(2, acc.Save(1, nil)); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if err := acc.Merge(0, 2); err != nil || acc.Read([]int32{0}, out) != nil || contents(out) != c.merged {
			t.Errorf("%s %v merged: %s, %v, want %s", c.name, c.values, contents(out), err, c.merged)
		}
	}
}

func TestLimits(t *testing.T) {
	items := columnOf(sql.TInteger, int32(1), int32(2), int32(2), int32(3), int32(4))
	zeros := make([]int32, items.N)
	for _, c := range []struct{ name, limit, want, merged string }{
		{"COLLECT_LIST", "3", "[1 2 2]", "[1 2 2]"},
		{"COLLECT_LIST", "7", "[1 2 2 3 4]", "[1 2 2 3 4 1 2]"},
		{"COLLECT_LIST", "-1", "[1 2 2 3 4]", "[1 2 2 3 4 1 2 2 3 4]"},
		{"COLLECT_SET", "3", "[1 2 3]", "[1 2 3]"},
		{"COLLECT_SET", "", "[1 2 3 4]", "[1 2 3 4]"},
	} {
		acc, out := newAgg(t, c.name, map[string]string{"ksql.functions." + strings.ToLower(c.name) + ".limit": c.limit}, nil, sql.TInteger)
		acc.Grow(2)
		if err := acc.Fold(zeros, nil, make([]bool, items.N), []*vec.Vec{items}, out); err != nil || out.N != 0 {
			t.Fatal(err, out.N)
		}
		if err := acc.Read(zeros[:1], out); err != nil || contents(out) != c.want {
			t.Errorf("%s to %s: %s, want %s", c.name, c.limit, contents(out), c.want)
		}
		if _, err := acc.Load(1, acc.Save(0, nil)); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if err := acc.Merge(0, 1); err != nil || acc.Read(zeros[:1], out) != nil || contents(out) != c.merged {
			t.Errorf("%s to %s, merged: %s, want %s", c.name, c.limit, contents(out), c.merged)
		}
	}
}

func TestHistogramLimit(t *testing.T) {
	acc, out := newAgg(t, "HISTOGRAM", nil, nil, sql.TString)
	acc.Grow(1)
	c := vec.New(sql.TString)
	for i := range 1100 {
		c.AppendString(fmt.Sprint("k", i))
	}
	c.AppendString("k5")
	c.AppendString("k1050")
	if err := acc.Fold(make([]int32, c.N), nil, make([]bool, c.N), []*vec.Vec{c}, out); err != nil {
		t.Fatal(err)
	}
	if err := acc.Read([]int32{0}, out); err != nil {
		t.Fatal(err)
	}
	m := out.Get(0).(*vec.MapValue)
	total := int64(0)
	for i, k := range m.Keys {
		n := m.Values[i].(int64)
		total += n
		if want := int64(1); k == "k5" && n != 2 || k != "k5" && n != want || k == "k1050" {
			t.Errorf("%v counts %d", k, n)
		}
	}
	if len(m.Keys) != 1000 || total != 1001 {
		t.Errorf("%d keys, %d in all", len(m.Keys), total)
	}
}

// TestDistinctError holds COUNT_DISTINCT to its 2 percent, before and after its change of form.
func TestDistinctError(t *testing.T) {
	acc, out := newAgg(t, "COUNT_DISTINCT", nil, nil, sql.TBigint)
	acc.Grow(2)
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{10, 64, 65, 1000, 50_000, 400_000} {
		c := vec.New(sql.TBigint)
		for range n {
			x := int64(rnd.Uint64())
			c.AppendI64(x)
			c.AppendI64(x)
		}
		acc.Clear(0)
		out.Reset()
		if err := acc.Fold(make([]int32, c.N), nil, make([]bool, c.N), []*vec.Vec{c}, out); err != nil {
			t.Fatal(err)
		}
		if _, err := acc.Load(1, acc.Save(0, nil)); err != nil {
			t.Fatal(err)
		}
		if err := acc.Merge(0, 1); err != nil || acc.Read([]int32{0, 1}, out) != nil {
			t.Fatal(err)
		}
		if got := float64(out.I64[0]); math.Abs(got-float64(n)) > 0.02*float64(n) || out.I64[1] != out.I64[0] {
			t.Errorf("%d values count as %d, %d after loading", n, out.I64[0], out.I64[1])
		}
	}
}

func TestDecimalSum(t *testing.T) {
	for _, c := range []struct {
		precision int
		values    []int64
		want      string
	}{
		{4, []int64{9999, 1}, "Numeric field overflow: A field with precision 4 and scale 2 must round to an absolute value less than 10^2. Got 100.00"},
		{4, []int64{-9999, -1}, "Numeric field overflow: A field with precision 4 and scale 2 must round to an absolute value less than 10^2. Got -100.00"},
		{50, []int64{9999, 1}, "100.00"},
		{38, []int64{9999, 1, -10000}, "0.00"},
	} {
		typ := sql.DecimalOf(c.precision, 2)
		acc, out := newAgg(t, "SUM", nil, nil, typ)
		acc.Grow(1)
		col := vec.New(typ)
		for _, x := range c.values {
			col.AppendBig(vec.NumOf(x).Big())
		}
		err := acc.Fold(make([]int32, col.N), nil, nil, []*vec.Vec{col}, out)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = out.Get(out.N - 1).(vec.Decimal).Plain()
		}
		if got != c.want {
			t.Errorf("DECIMAL(%d, 2) %v: %s, want %s", c.precision, c.values, got, c.want)
		}
	}
}

// TestDamagedState loads every cut of every kind of state: an error, never a panic.
func TestDamagedState(t *testing.T) {
	ints := columnOf(sql.TInteger, int32(3), int32(1), int32(2))
	texts := columnOf(sql.TString, "a", "b", "a")
	for _, c := range []struct {
		name string
		arg  *vec.Vec
		lits []any
	}{
		{"COUNT", ints, nil}, {"SUM", ints, nil}, {"AVG", ints, nil}, {"MIN", ints, nil}, {"MAX", texts, nil}, {"STDDEV_SAMP", ints, nil},
		{"COLLECT_LIST", texts, nil}, {"COLLECT_SET", texts, nil}, {"HISTOGRAM", texts, nil}, {"ATTR", texts, nil}, {"COUNT_DISTINCT", texts, nil},
		{"TOPK", texts, []any{int32(2)}}, {"TOPKDISTINCT", texts, []any{int32(2)}}, {"LATEST_BY_OFFSET", texts, []any{int32(2)}},
		{"EARLIEST_BY_OFFSET", texts, nil}, {"EARLIEST_BY_OFFSET", ints, nil}, {"LATEST_BY_OFFSET", ints, nil},
	} {
		types := []sql.Type{c.arg.Type}
		args := []*vec.Vec{c.arg}
		for range c.lits {
			types = append(types, sql.TInteger)
			args = append(args, columnOf(sql.TInteger, int32(2), int32(2), int32(2)))
		}
		acc, out := newAgg(t, c.name, nil, c.lits, types...)
		acc.Grow(2)
		if err := acc.Fold([]int32{0, 0, 0}, nil, nil, args, out); err != nil {
			t.Fatal(err)
		}
		b := acc.Save(0, nil)
		for n := range len(b) {
			if _, err := acc.Load(1, b[:n]); err == nil {
				t.Errorf("%s: %d of %d bytes load", c.name, n, len(b))
			}
		}
		if rest, err := acc.Load(1, append(b[:len(b):len(b)], 'x')); err != nil || string(rest) != "x" {
			t.Errorf("%s: %v, rest %q", c.name, err, rest)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	const n, size = 4096, 1000
	rnd := rand.New(rand.NewPCG(1, 2))
	groups := make([]int32, n)
	longs, doubles, texts, k := vec.New(sql.TBigint), vec.New(sql.TDouble), vec.New(sql.TString), vec.New(sql.TInteger)
	for i := range groups {
		groups[i] = int32(rnd.IntN(size))
		longs.AppendI64(int64(rnd.IntN(10000)))
		doubles.AppendF64(rnd.Float64())
		texts.AppendString(fmt.Sprint("value ", rnd.IntN(10)))
		k.AppendI32(5)
	}
	for _, c := range []struct {
		name string
		arg  *vec.Vec
		lits []any
	}{
		{"COUNT", longs, nil}, {"SUM", longs, nil}, {"AVG", doubles, nil}, {"MAX", longs, nil}, {"MAX", texts, nil}, {"STDDEV_SAMPLE", longs, nil},
		{"LATEST_BY_OFFSET", longs, nil}, {"HISTOGRAM", texts, nil}, {"COUNT_DISTINCT", longs, nil}, {"TOPK", longs, []any{int32(5)}},
	} {
		b.Run(c.name+"_"+c.arg.Type.String(), func(b *testing.B) {
			types, args := []sql.Type{c.arg.Type}, []*vec.Vec{c.arg}
			if c.lits != nil {
				types, args = append(types, sql.TInteger), append(args, k)
			}
			acc, out := newAgg(b, c.name, nil, c.lits, types...)
			acc.Grow(size)
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				if err := acc.Fold(groups, nil, nil, args, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
}

package fn

import (
	"errors"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func filled(t sql.Type, values ...any) *vec.Vec {
	v := vec.New(t)
	for _, x := range values {
		v.Append(x)
	}
	return v
}

// TestKernelsReuseScratch runs one kernel over batches of different lengths and nulls.
func TestKernelsReuseScratch(t *testing.T) {
	v := Fn2E("a: one; b: two", func(a int64, b string) (string, error) {
		switch a {
		case 0:
			return "", ErrNull
		case 1:
			return "", errors.New("one")
		}
		return b + b, nil
	})
	k, err := v.Scalar(Site{})
	if err != nil {
		t.Fatal(err)
	}
	batches := []struct {
		a, b, want []any
		failed     int
	}{
		{[]any{int64(2), int64(0), int64(1)}, []any{"x", "y", "z"}, []any{"xx", nil, nil}, 1},
		{[]any{nil, int64(1), int64(3), int64(3), int64(3)}, []any{"x", nil, "z", "w", nil}, []any{nil, nil, "zz", "ww", nil}, 0},
		{[]any{int64(5)}, []any{"q"}, []any{"qq"}, 0},
	}
	out := vec.New(sql.TString)
	for _, b := range batches {
		out.Reset()
		failed := 0
		k(&Call{N: len(b.a), Args: []*vec.Vec{filled(sql.TBigint, b.a...), filled(sql.TString, b.b...)}, Fail: func(int, error) { failed++ }}, out)
		if out.N != len(b.want) || failed != b.failed {
			t.Fatalf("%d rows and %d failures, want %d and %d", out.N, failed, len(b.want), b.failed)
		}
		for i, w := range b.want {
			if out.Get(i) != w {
				t.Errorf("row %d is %v, want %v", i, out.Get(i), w)
			}
		}
	}
}

// TestRaisingReportsOnce checks that null in a primitive position fails, once a row.
func TestRaisingReportsOnce(t *testing.T) {
	v := Raising(Fn2("a: one; b: two", func(a, b int32) int32 { return a + b }), 1, 2)
	k, err := v.Scalar(Site{})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[int]int{}
	out := vec.New(sql.TInteger)
	k(&Call{N: 3, Args: []*vec.Vec{filled(sql.TInteger, nil, int32(1), int32(2)), filled(sql.TInteger, nil, int32(1), nil)},
		Fail: func(row int, _ error) { rows[row]++ }}, out)
	if len(rows) != 2 || rows[0] != 1 || rows[2] != 1 || out.Get(0) != nil || out.Get(1) != int32(2) || out.Get(2) != nil {
		t.Errorf("failures %v, results %v %v %v", rows, out.Get(0), out.Get(1), out.Get(2))
	}
}

// TestCachedKeepsErrors checks that a bad pattern is read once.
func TestCachedKeepsErrors(t *testing.T) {
	calls := 0
	f := Cached(func(s string) (int, error) {
		calls++
		if s == "bad" {
			return 0, errors.New(s)
		}
		return len(s), nil
	})
	for range 3 {
		if _, err := f("bad"); err == nil {
			t.Error("no error")
		}
		if n, err := f("four"); n != 4 || err != nil {
			t.Error(n, err)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}

// TestNullLiteral runs a function over a column of untyped nulls.
func TestNullLiteral(t *testing.T) {
	v := Fn1("x: a number", func(x float64) float64 { return x })
	k, err := v.Scalar(Site{})
	if err != nil {
		t.Fatal(err)
	}
	arg, out := filled(sql.TNull, nil, nil), vec.New(sql.TDouble)
	k(&Call{N: 2, Args: []*vec.Vec{arg}}, out)
	if out.N != 2 || out.Nulls != 2 {
		t.Errorf("%d rows, %d nulls", out.N, out.Nulls)
	}
}

func benchmark(b *testing.B, v Variant, args ...*vec.Vec) {
	k, err := v.Scalar(Site{})
	if err != nil {
		b.Fatal(err)
	}
	c, out := &Call{N: args[0].N, Args: args, Fail: func(_ int, err error) { b.Fatal(err) }}, vec.New(v.Returns)
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		k(c, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*c.N), "ns/row")
}

func BenchmarkAbs(b *testing.B) {
	a := vec.New(sql.TBigint)
	for i := range 4096 {
		a.AppendI64(int64(-i))
	}
	benchmark(b, mathFuncs[0].Variants[1], a)
}

func BenchmarkLowerCase(b *testing.B) {
	a := vec.New(sql.TString)
	for range 4096 {
		a.AppendString("Some Text Of Usual Length")
	}
	benchmark(b, stringFuncs[0].Variants[0], a)
}

func BenchmarkSplit(b *testing.B) {
	a, d := vec.New(sql.TString), vec.New(sql.TString)
	for range 4096 {
		a.AppendString("https://www.nexmark.com/one/two/three/item.htm?query=1")
		d.AppendString("/")
	}
	s := NewSet(stringFuncs).byName["SPLIT"]
	benchmark(b, s.Variants[0], a, d)
}

package op

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// repeating is the table function of repeats.
var repeating = fn.Func{Name: "REPEATS", Variants: []fn.Variant{{
	Args: []fn.Arg{{Name: "n", Type: sql.TInteger}}, Returns: sql.TInteger,
	Rows: func(fn.Site) (fn.RowsKernel, error) { return repeats, nil },
}}}

// each is a table function whose first argument is no value: it gives its second one.
var each = fn.Func{Name: "EACH", Variants: []fn.Variant{{
	Args: []fn.Arg{{Name: "unit", Type: sql.Type{Kind: sql.Interval}}, {Name: "n", Type: sql.TInteger}}, Returns: sql.TInteger,
	Rows: func(fn.Site) (fn.RowsKernel, error) {
		return func(c *fn.Call, from []int32, out *vec.Vec) []int32 {
			if c.Args[0] != nil {
				panic("a unit is no column")
			}
			if c.N == 0 {
				panic("there are no rows")
			}
			for i := range c.N {
				from = append(from, int32(i))
				out.AppendFrom(c.Args[1], i)
			}
			return from
		}, nil
	},
}}}

func flatMap(t *testing.T, script string) (*FlatMap, sql.Schema) {
	t.Helper()
	s := stepOf[*plan.FlatMap](t, script, repeating, each)
	f, err := NewFlatMap(s, &expr.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return f, s.In.Out().Schema
}

// TestFlatMap: a row is there as often as its function has rows; rows without a value, and such as have none, are not.
func TestFlatMap(t *testing.T) {
	f, in := flatMap(t, aStream+"CREATE STREAM o AS SELECT k, w, REPEATS(v) AS r FROM s;")
	passes(t, f, in, []passage{
		{"+ 1 2 a @1; - 2 3 b @2; + 3 0 c @3; + 4 1 d @4", "+ 1 _ a 2 @1; + 1 _ a 2 @1 <0; + 4 _ d 1 @4 <3", ""},
		{"+ 1 0 a @1; + 3 0 c @3", "", ""},
		{"- 1 2 a @1", "", ""},
		{"+ 5 1 e @5", "+ 5 _ e 1 @5", ""},
		{"+ 6 1 e @5; + 7 -4 f @6; + 8 1 g @7", "+ 6 _ e 1 @5; + 8 _ g 1 @7 <2", "processing FlatMap t-3@101: -4 is negative"},
	})
	f, in = flatMap(t, aStream+"CREATE STREAM o AS SELECT k, REPEATS(10 / v) AS r, EACH(NULL, v) AS e, REPEATS(ARRAY_LENGTH(ARRAY[6 / v])) AS n FROM s;")
	passes(t, f, in, []passage{
		{"+ 1 5 a @1; + 2 10 b @2", "+ 1 _ _ 2 5 1 @1; + 1 _ _ 2 null null @1 <0; + 2 _ _ 1 10 1 @2 <1", ""},
		{"- 1 5 a @1", "", ""},
		{"+ 1 0 a @1", "+ 1 _ _ null 0 1 @1", "processing FlatMap t-3@100: / by zero\nprocessing FlatMap t-3@100: Error processing array item: / by zero"},
	})
	f, in = flatMap(t, aStream+"SELECT k, REPEATS(v + ?) AS r FROM s EMIT CHANGES;")
	passes(t, f, in, []passage{{"+ 1 -5 a @1", "+ 1 _ _ 2 @1; + 1 _ _ 2 @1 <0", ""}}, int32(7))
	if err := f.Process(&Context{Env: &expr.Env{}, Params: []any{int32(1)}}, rows(t, in, "+ 1 -9 a @1; + 2 12 b @2"), func(*Batch) error { return nil }); err != nil {
		t.Error(err) // nobody listens
	}
	if err := f.Process(&Context{Env: &expr.Env{}, Params: []any{int32(1)}}, rows(t, in, "+ 1 2 a @1"), func(*Batch) error { return errStop }); err != errStop {
		t.Error(err)
	}
}

// sizes is how many rows leave at once, and of which keys.
func sizes(t *testing.T, f *FlatMap, b *Batch) string {
	t.Helper()
	var out []string
	err := f.Process(&Context{Env: &expr.Env{}}, b, func(b *Batch) error {
		var keys [5]int
		for _, k := range b.Cols[0].I32[:b.N] {
			keys[k]++
		}
		if n := len(b.Cols); b.Cols[n-1].N != b.N || len(b.Time) != b.N {
			t.Errorf("%d results and %d times of %d rows", b.Cols[n-1].N, len(b.Time), b.N)
		}
		out = append(out, fmt.Sprint(b.N, keys))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

// TestFlatMapInPieces: what a row becomes leaves bit by bit, in smaller bits where the rows are large.
func TestFlatMapInPieces(t *testing.T) {
	f, in := flatMap(t, aStream+"CREATE STREAM o AS SELECT k, w, REPEATS(v) AS r FROM s;")
	if got, want := sizes(t, f, rows(t, in, "+ 1 5000 a @1; + 2 3200 b @2; + 3 2 c @3")), "4096 [0 4096 0 0 0] 4096 [0 904 3192 0 0] 10 [0 0 8 2 0]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, c := range []struct{ in, want string }{
		{"+ 1 6 abcdefghi @1; + 2 2 b @2; + 3 1 c @3", "4 [0 4 0 0 0] 4 [0 2 2 0 0] 1 [0 0 0 1 0]"},
		{"+ 1 6 abcdefghi @1; + 2 9 b @2", "4 [0 4 0 0 0] 4 [0 2 2 0 0] 4 [0 0 4 0 0] 3 [0 0 3 0 0]"},
		{"+ 1 4096 null @1; + 2 6 abcdefghi @2", "4096 [0 4096 0 0 0] 4 [0 0 4 0 0] 2 [0 0 2 0 0]"},
		{"+ 4 1 d @1; + 1 3 " + strings.Repeat("x", 50) + " @1; + 2 2 b @2; + 3 1 c @3", "1 [0 0 0 0 1] 1 [0 0 1 0 0] 1 [0 0 1 0 0] 1 [0 0 0 1 0]"},
	} {
		f, in := flatMap(t, aStream+"CREATE STREAM o AS SELECT k, w, REPEATS(v) AS r FROM s;")
		f.cols = []*vec.Vec{nil, nil, vec.NewIn(sql.TString, &vec.Budget{Column: 40}), nil, nil, nil}[:len(in)] // of the rows that leave
		if got := sizes(t, f, rows(t, in, c.in)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.in, got, c.want)
		}
	}
	f.cols = []*vec.Vec{nil, nil, vec.NewIn(sql.TString, &vec.Budget{Column: 40}), nil, nil, nil}[:len(in)]
	passes(t, f, in, []passage{{"+ 1 3 " + strings.Repeat("x", 50) + " @1; + 2 1 b @2", "+ 2 _ b 1 @2 <1", "processing FlatMap t-3@100: " + vec.ErrTooLarge.Error()}})
}

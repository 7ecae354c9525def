package op

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// numbered is a batch of rows 0, 1, ..., with these ops.
func numbered(n int, ops ...Op) *Batch {
	v := vec.New(sql.TInteger)
	b := &Batch{N: n, Cols: []*vec.Vec{v}, Ops: ops}
	for i := range n {
		v.AppendI32(int32(i))
		b.Time = append(b.Time, int64(i))
		b.Row = append(b.Row, int32(i))
	}
	return b
}

// TestHalves: every row is in one of the two, in order, with its op; the rows of an update stay together; what is one
// row or one update cannot be parted.
func TestHalves(t *testing.T) {
	for _, c := range []struct {
		ops  []Op
		want string
	}{
		{[]Op{Insert, Insert}, "[0] [1]"},
		{[]Op{Insert, Delete, Insert}, "[0] [1 2]"},
		{[]Op{Insert, Before, After, Insert}, "[0] [1 2 3]"},
		{[]Op{Before, After, Before, After}, "[0 1] [2 3]"},
		{[]Op{Before, After, Insert}, "[0 1] [2]"},
		{[]Op{Insert, Insert, Before, After, Delete, Insert}, "[0 1] [2 3 4 5]"},
	} {
		got := ""
		err := halves(numbered(len(c.ops), c.ops...), func(b *Batch) error {
			var ops []Op
			for _, i := range b.Cols[0].I32[:b.N] {
				ops = append(ops, c.ops[i])
			}
			if !slices.Equal(ops, b.Ops[:b.N]) {
				t.Errorf("%v: ops %v", c.ops, b.Ops)
			}
			got += fmt.Sprint(b.Cols[0].I32[:b.N], " ")
			return nil
		})
		if err != nil || got != c.want+" " {
			t.Errorf("%v: got %s, %v, want %s", c.ops, got, err, c.want)
		}
	}
	if !tooLarge(func() { _ = halves(numbered(2, Before, After), func(*Batch) error { return nil }) }) {
		t.Error("an update was parted")
	}
	if tooLarge(func() {}) {
		t.Error("nothing is too large")
	}
	failed := fmt.Errorf("enough")
	calls := 0
	if err := halves(numbered(4), func(*Batch) error { calls++; return failed }); err != failed || calls != 1 {
		t.Error(err, calls)
	}
}

// TestMarks: the ops of runs of which only some have any.
func TestMarks(t *testing.T) {
	run := func(n int, marks ...Op) store.Records {
		r := store.Records{Time: make([]int64, n)}
		for i := range n {
			r.Add(int64(i), nil, nil)
		}
		r.Time = r.Time[n:]
		for _, m := range marks {
			r.Mark = append(r.Mark, byte(m))
		}
		return r
	}
	for _, c := range []struct {
		runs []store.Records
		want []Op
	}{
		{[]store.Records{run(2), run(1)}, nil},
		{[]store.Records{run(2, Insert, Insert), run(1)}, nil},
		{[]store.Records{run(2), run(2, Before, After), run(1)}, []Op{Insert, Insert, Before, After, Insert}},
		{[]store.Records{run(1, Delete), run(2)}, []Op{Delete, Insert, Insert}},
	} {
		r := &Receive{runs: c.runs}
		if got := r.marks(); !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("got %v, want %v", got, c.want)
		}
	}
}

// repeats is a table function that gives n rows n: it fails where n is negative, panics at 13, and says that it is too
// large at 99.
func repeats(c *fn.Call, from []int32, out *vec.Vec) []int32 {
	for i := range c.N {
		n := c.Args[0].I32[i]
		switch {
		case n == 13:
			panic("thirteen")
		case n == 99:
			panic(vec.ErrTooLarge)
		case n < 0:
			c.Fail(i, fmt.Errorf("%d is negative", n))
			n = 2
		}
		for range n {
			from, _ = append(from, int32(i)), out
			out.AppendI32(n)
		}
	}
	return from
}

// TestTableFunctionFails: a row for which a table function fails, panics or is too large gives no rows and one
// problem; all others are as if it were not there, however the batch is cut.
func TestTableFunctionFails(t *testing.T) {
	f := fn.Func{Name: "REPEATS", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "n", Type: sql.TInteger}}, Returns: sql.TInteger,
		Rows: func(fn.Site) (fn.RowsKernel, error) { return repeats, nil },
	}}}
	set := fn.Builtins().With(f)
	cat, env := plan.NewCatalog(), &plan.Env{Functions: set, Props: map[string]string{}}
	list, err := sql.Parse(`CREATE STREAM s (n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM o AS SELECT n, REPEATS(n) AS r, REPEATS(ABS(n) - 1) AS less FROM s;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var step *plan.FlatMap
	for _, p := range list {
		cmd, err := plan.Check(cat, env, p.Statement, p.Text)
		if err != nil {
			t.Fatal(err)
		}
		if cat = cmd.Catalog; cmd.Start != nil {
			for s := cmd.Start.Root; s != nil && step == nil; {
				step, _ = s.(*plan.FlatMap)
				if in := s.Inputs(); len(in) == 1 {
					s = in[0]
				} else {
					s = nil
				}
			}
		}
	}
	if step == nil {
		t.Fatal("no FlatMap")
	}
	numbers := []int32{2, 13, 1, -5, 99, 3, 13, 0, 2}
	want := "2:2,1 2:2,null 1:1,null -5:null,4 -5:null,4 -5:null,4 -5:null,4 3:3,2 3:3,2 3:3,null 2:2,1 2:2,null"
	for size := 1; size <= len(numbers); size++ {
		op, err := NewFlatMap(step, &expr.Env{})
		if err != nil {
			t.Fatal(err)
		}
		got, problems := "", map[string]int{}
		for lo := 0; lo < len(numbers); lo += size {
			part := numbers[lo:min(lo+size, len(numbers))]
			b := &Batch{N: len(part)}
			for _, c := range columns(step.In.Out().Schema) {
				b.Cols = append(b.Cols, c)
				for _, n := range part {
					if c.Type.Kind == sql.Integer {
						c.AppendI32(n)
					} else {
						c.AppendI64(0)
					}
				}
			}
			for i := range part {
				b.Time, b.Row = append(b.Time, 0), append(b.Row, int32(i))
			}
			run := store.Records{}
			for range part {
				run.Add(0, nil, nil)
			}
			b.From = &Origin{Runs: []*store.Records{&run}, Start: []int32{0}}
			c := &Context{Env: &expr.Env{}, Report: func(p Problem) { problems[p.Err.Error()]++ }}
			err := op.Process(c, b, func(out *Batch) error {
				k := len(out.Cols)
				for i := range out.N {
					got += fmt.Sprintf(" %v:%v,%v", text(out.Cols[step.In.Out().Schema.Index("N")], i), text(out.Cols[k-2], i), text(out.Cols[k-1], i))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if got != " "+want {
			t.Errorf("batches of %d\ngot  %s\nwant  %s", size, got, want)
		}
		if !maps.Equal(problems, map[string]int{"-1 is negative": 1, "-5 is negative": 1, "table function: thirteen": 2, vec.ErrTooLarge.Error(): 1}) {
			t.Errorf("batches of %d: problems %v", size, problems)
		}
	}
}

func text(v *vec.Vec, i int) any {
	if v.IsNull(i) {
		return "null"
	}
	return v.I32[i]
}

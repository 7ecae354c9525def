package main

import (
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// TestTableFunctionOfNull: ksqlDB's TEST_UDTF takes no null, so a row whose argument fails gives no rows.
func TestTableFunctionOfNull(t *testing.T) {
	r, err := fn.NewSet(testFunctions()).Resolve("TEST_UDTF", []fn.ArgType{{Type: sql.TString}})
	if err != nil {
		t.Fatal(err)
	}
	kernel, err := r.Variant.Rows(fn.Site{Args: r.Args, Returns: r.Returns, Lits: []any{nil}})
	if err != nil {
		t.Fatal(err)
	}
	in, out := vec.New(sql.TString), vec.New(sql.TString)
	for _, x := range []any{"a", nil, "b"} {
		in.Append(x)
	}
	var failed []int
	call := &fn.Call{N: 3, Args: []*vec.Vec{in}, Fail: func(row int, _ error) { failed = append(failed, row) }}
	if from := kernel(call, nil, out); !slices.Equal(from, []int32{0, 2}) || !slices.Equal(failed, []int{1}) || out.N != 2 {
		t.Errorf("rows of %v, failed %v, %d values", from, failed, out.N)
	}
}

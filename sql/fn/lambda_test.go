package fn

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

var errNegative = errors.New("negative")

// lambdaCall runs a function with lambdas over rows of different lengths, some null. f is the lambda over Go
// values; it may fail.
func lambdaCall(t *testing.T, name string, result sql.Type, cols []*vec.Vec, fs ...func(args []any) (any, error)) string {
	t.Helper()
	var args []ArgType
	c := &Call{N: cols[0].N}
	for _, col := range cols {
		args = append(args, value(col.Type))
		c.Args = append(c.Args, col)
	}
	params := map[string]int{"TRANSFORM": len(cols[0].Kids), "FILTER": len(cols[0].Kids), "REDUCE": 1 + len(cols[0].Kids)}[name]
	for _, f := range fs {
		args = append(args, ArgType{Lambda: params, Body: func([]sql.Type) (sql.Type, error) { return result, nil }})
		c.Args = append(c.Args, nil)
		out := vec.New(result)
		c.Lambdas = append(c.Lambdas, func(parent []int32, in []*vec.Vec, fail func(int, error)) *vec.Vec {
			out.Reset()
			for i := range parent {
				var row []any
				for _, v := range in {
					if v.N != len(parent) {
						t.Fatalf("%d items for %d parents", v.N, len(parent))
					}
					row = append(row, v.Get(i))
				}
				r, err := f(row)
				if err != nil {
					fail(i, err)
				}
				out.Append(r)
			}
			return out
		})
	}
	r, err := Builtins().Resolve(name, args)
	if err != nil {
		t.Fatal(err)
	}
	k, err := r.Variant.Scalar(Site{Args: r.Args, Returns: r.Returns})
	if err != nil {
		t.Fatal(err)
	}
	out := vec.New(r.Returns)
	var failed []string
	c.Fail = func(row int, err error) { failed = append(failed, fmt.Sprint(row)) }
	for range 2 { // a kernel is used again and again
		out.Reset()
		failed = nil
		k(c, out)
	}
	if out.N != c.N {
		t.Fatalf("%s: %d rows, want %d", name, out.N, c.N)
	}
	var b strings.Builder
	for i := range out.N {
		x := out.Get(i)
		if m, ok := x.(*vec.MapValue); ok {
			x = fmt.Sprint(m.Keys, m.Values)
		}
		fmt.Fprint(&b, x, " ")
	}
	return b.String() + "failed " + strings.Join(failed, ",")
}

func TestLambdaRows(t *testing.T) {
	list := func(xs ...any) any { return append([]any{}, xs...) }
	arrays := columnOf(sql.ArrayOf(sql.TInteger),
		list(int32(1), int32(2), int32(3)), nil, list(), list(int32(4), int32(-1)), list(int32(5)))
	maps := columnOf(sql.MapOf(sql.TString, sql.TInteger),
		&vec.MapValue{Keys: []any{"a", "b"}, Values: []any{int32(1), int32(2)}}, nil,
		&vec.MapValue{Keys: []any{"c"}, Values: []any{int32(-1)}}, &vec.MapValue{},
		&vec.MapValue{Keys: []any{"d", "e", "f"}, Values: []any{int32(4), int32(5), int32(6)}})
	starts := columnOf(sql.TInteger, int32(100), int32(200), int32(300), int32(400), nil)
	twice := func(a []any) (any, error) {
		if x := a[len(a)-1].(int32); x >= 0 {
			return 2 * x, nil
		}
		return nil, errNegative
	}
	key := func(a []any) (any, error) { return "k" + a[0].(string), nil }
	odd := func(a []any) (any, error) { return a[len(a)-1].(int32)%2 != 0, nil }
	add := func(a []any) (any, error) {
		x, err := twice(a)
		if err != nil {
			return nil, err
		}
		return a[0].(int32) + x.(int32), nil
	}
	same := func(a []any) (any, error) { return "same", nil }
	for _, c := range []struct{ name, got, want string }{
		{"TRANSFORM", lambdaCall(t, "TRANSFORM", sql.TInteger, []*vec.Vec{arrays}, twice),
			"[2 4 6] <nil> [] <nil> [10] failed 3"},
		{"TRANSFORM keys", lambdaCall(t, "TRANSFORM", sql.TString, []*vec.Vec{maps}, key, same),
			"[ka kb] [same same] <nil> [kc] [same] [] [] [kd ke kf] [same same same] failed "},
		{"TRANSFORM equal keys", lambdaCall(t, "TRANSFORM", sql.TString, []*vec.Vec{maps}, same, key),
			"<nil> <nil> [same] [kc] [] [] <nil> failed 0,4"},
		{"FILTER", lambdaCall(t, "FILTER", sql.TBoolean, []*vec.Vec{arrays}, odd),
			"[1 3] <nil> [] [-1] [5] failed "},
		{"FILTER of maps", lambdaCall(t, "FILTER", sql.TBoolean, []*vec.Vec{maps}, odd),
			"[a] [1] <nil> [c] [-1] [] [] [e] [5] failed "},
		{"REDUCE", lambdaCall(t, "REDUCE", sql.TInteger, []*vec.Vec{arrays, starts}, add),
			"112 200 300 <nil> <nil> failed 3"},
		{"REDUCE of maps", lambdaCall(t, "REDUCE", sql.TInteger, []*vec.Vec{maps, starts}, add),
			"106 200 <nil> 400 <nil> failed 2"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.got, c.want)
		}
	}
}

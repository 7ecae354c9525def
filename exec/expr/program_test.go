package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// fragile panics on 13 and refuses 7.
var fragile = fn.Func{Name: "FRAGILE", Variants: []fn.Variant{{
	Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
	Scalar: func(fn.Site) (fn.Kernel, error) {
		return func(c *fn.Call, out *vec.Vec) {
			for i := range c.N {
				switch x := c.Args[0].I32[i]; x {
				case 13:
					panic("thirteen")
				case 7:
					c.Fail(i, errors.New("seven"))
					out.AppendI32(0)
				default:
					out.AppendI32(x + 1)
				}
			}
		}, nil
	},
}}}

func TestPanic(t *testing.T) {
	x := columns(t, "I INT")
	e, err := parse("FRAGILE(I)")
	if err != nil {
		t.Fatal(err)
	}
	b := x.binder()
	b.Functions = functions.With(fragile)
	bound, err := b.Bind(e)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(bound, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var failed []int
		out := p.Eval(&Call{Cols: x.batch(row{"I": int32(1)}, row{"I": int32(13)}, row{"I": int32(7)}, row{"I": int32(3)}), N: 4,
			Fail: func(i int, _ error) { failed = append(failed, i) }})
		if got := []any{out.Get(0), out.Get(1), out.Get(2), out.Get(3)}; !slices.Equal(got, []any{int32(2), nil, nil, int32(4)}) {
			t.Errorf("got %v", got)
		}
		if !slices.Equal(failed, []int{1, 2}) {
			t.Errorf("failed %v", failed)
		}
	}
}

func TestUnprotected(t *testing.T) {
	x := columns(t, "I INT")
	e := x.mustBind(t, "ARRAY[1 / I, 2]")
	for _, c := range []struct{ config, want string }{{"true", "[null 2]"}, {"false", "null"}} {
		p, err := Compile(e, &Env{Config: map[string]string{"ksql.nested.error.set.null": c.config}})
		if err != nil {
			t.Fatal(err)
		}
		if got := show(p.Eval(&Call{Cols: x.batch(row{"I": int32(0)}), N: 1}).Get(0)); got != c.want {
			t.Errorf("ksql.nested.error.set.null=%s: got %s, want %s", c.config, got, c.want)
		}
	}
}

func TestValue(t *testing.T) {
	x := columns(t, "I INT")
	for _, c := range []struct{ text, want string }{
		{"1 + 2", "3"}, {"ARRAY[1, 2]", "[1 2]"}, {"CAST('2020' AS DATE)", "18262"}, {"UCASE('a')", "A"}, {"NULL", "null"},
		{"1 / 0", "! / by zero"}, {"I", "! Unsupported column reference in insert value: I"},
	} {
		v, err := Value(x.mustBind(t, c.text), nil, testEnv)
		got := show(v)
		if err != nil {
			got = "! " + err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestParam(t *testing.T) {
	b := columns(t, "I INT").binder()
	b.Params = []sql.Type{sql.TBigint}
	stmts, err := sql.ParseParams("SELECT * FROM X WHERE ? > 5 EMIT CHANGES;", nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Predicate(stmts[0].Statement.(*sql.Select).Where, "WHERE")
	if err != nil {
		t.Fatal(err)
	}
	p, err := CompilePredicate(e, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		params []any
		want   int
	}{{[]any{int64(7)}, 2}, {[]any{int64(3)}, 0}, {[]any{nil}, 0}, {nil, 0}} {
		if got := p.Filter(&Call{N: 2, Params: c.params, Cols: make([]*vec.Vec, 1)}, nil); len(got) != c.want {
			t.Errorf("%v: %d rows, want %d", c.params, len(got), c.want)
		}
	}
}

// TestNested: an error that becomes null inside is told with the row it belongs to, also from a branch that runs
// for some rows only, and from the items of a lambda.
func TestNested(t *testing.T) {
	x := columns(t, "I INT, J INT, A ARRAY<INT>, ST STRUCT<F ARRAY<INT>>")
	rows := []row{
		{"I": int32(1), "J": int32(1), "A": []any{int32(1)}},
		{"I": int32(2), "J": int32(0), "A": []any{int32(1), int32(2)}},
		{"I": int32(3), "J": int32(0), "A": []any{int32(3)}},
	}
	for _, c := range []struct{ text, want string }{
		{"COALESCE(ABS(I / J), -1)", "1 ABS: / by zero; 2 ABS: / by zero"},
		{"I / J", ""},
		{"ARRAY[I / J, 1]", "1 array item: / by zero; 2 array item: / by zero"},
		{"MAP('a' := I / J)", "1 map value: / by zero; 2 map value: / by zero"},
		{"STRUCT(X := I / J)", "1 X: / by zero; 2 X: / by zero"},
		{"CAST(I / J AS STRING)", "1 CAST: / by zero; 2 CAST: / by zero"},
		{"CASE WHEN I > 2 THEN COALESCE(ABS(I / J), -1) ELSE 0 END", "2 ABS: / by zero"},
		{"TRANSFORM(A, x => COALESCE(ABS(x / J), -1))", "1 ABS: / by zero; 1 ABS: / by zero; 2 ABS: / by zero"},
	} {
		p, err := Compile(x.mustBind(t, c.text), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		p.Eval(&Call{Cols: x.batch(rows...), N: len(rows), Nested: func(i int, err error) {
			got = append(got, fmt.Sprint(i)+strings.TrimPrefix(err.Error(), "Error processing"))
		}})
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%s: %s, want %s", c.text, s, c.want)
		}
	}
}

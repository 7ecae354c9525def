package expr

import (
	"errors"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// huge is a function whose value is too large where its argument is above 10, and fails where it is 7.
var huge = fn.Func{Name: "HUGE", Variants: []fn.Variant{fn.FnRow("n: a number", []sql.Type{sql.TInteger}, sql.TInteger, func(c *fn.Call, i int, out *vec.Vec) error {
	switch n := c.Args[0]; {
	case n.IsNull(i):
		return fn.ErrNull
	case n.I32[i] > 10:
		panic(vec.ErrTooLarge)
	case n.I32[i] == 7:
		return errors.New("seven")
	default:
		out.AppendI32(n.I32[i])
		return nil
	}
})}}

// TestLarge: a row whose value no column could hold fails; the rows beside it do not, and each failure is told
// once.
func TestLarge(t *testing.T) {
	x := columns(t, "N INT, S STRING")
	b := x.binder()
	b.Functions = functions.With(huge)
	for text, tooLarge := range map[string]bool{
		"HUGE(N)": true, "HUGE(N) + N": true, "ABS(HUGE(N)) + N": true, "CASE WHEN N > 1 THEN HUGE(N) ELSE N END": true, "ARRAY[HUGE(N), N]": true,
		"TRANSFORM(ARRAY[1, N], i => HUGE(i))": true, "REDUCE(ARRAY[N, N], 0, (a, i) => a + HUGE(i))": true,
		"REPLACE(RPAD(S, N * N * N * N, 'x'), 'x', RPAD(S, 1000 * N, 'x'))": false, "REPLACE(RPAD(S, N * N * N * N, 'x'), '', RPAD(S, 1000 * N, 'x'))": false,
		"REGEXP_REPLACE(RPAD(S, N * N * N, 'x'), 'x', RPAD(S, 100000 * N, 'x'))": false,
	} {
		e, err := parse(text)
		if err != nil {
			t.Fatal(err)
		}
		bound, err := b.Bind(e)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(bound, testEnv)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // a program goes on after it
			failed := map[int]error{}
			out := p.Eval(&Call{Cols: x.batch(row{"N": int32(1), "S": "x"}, row{"N": int32(7), "S": "x"}, row{"N": int32(40), "S": "x"}, row{"S": "x"}, row{"N": int32(2), "S": "y"}), N: 5,
				Fail: func(row int, err error) {
					if failed[row] != nil {
						t.Errorf("%s: row %d failed twice", text, row)
					}
					failed[row] = err
				}})
			if out.N != 5 || out.IsNull(0) || !out.IsNull(2) || out.IsNull(4) {
				t.Errorf("%s: nulls %v %v %v", text, out.IsNull(0), out.IsNull(2), out.IsNull(4))
			}
			if !errors.Is(failed[2], vec.ErrTooLarge) || failed[0] != nil || failed[4] != nil {
				t.Errorf("%s: %v", text, failed)
			}
			if tooLarge && failed[1] == nil && text != "ABS(HUGE(N)) + N" && text != "ARRAY[HUGE(N), N]" {
				t.Errorf("%s: the other failure is lost: %v", text, failed)
			}
		}
	}
}

// TestChain: the memory of a long chain of strings grows with its text, not with the square of it.
func TestChain(t *testing.T) {
	x := columns(t, "S STRING")
	got := x.eval(t, "LEN(S"+strings.Repeat(" + S", 9000)+")", row{"S": strings.Repeat("x", 1000)}, row{})
	if want := []string{"9001000", "36004"}; got[0] != want[0] || got[1] != want[1] {
		t.Error(got, want)
	}
}

package expr

import (
	"errors"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql/vec"
)

// TestLarge: a row whose value no column could hold fails; the rows beside it do not, and no other error hides it.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("takes much memory")
	}
	x := columns(t, "N INT, S STRING")
	for _, text := range []string{
		"REDUCE(GENERATE_SERIES(1, N), S, (a, i) => a + a)",
		"REPLACE(RPAD(S, N * N * N * N, 'x'), 'x', RPAD(S, 1000 * N, 'x'))",
		"REPLACE(RPAD(S, N * N * N * N, 'x'), '', RPAD(S, 1000 * N, 'x'))",
	} {
		p, err := Compile(x.mustBind(t, text), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		failed := map[int]error{}
		out := p.Eval(&Call{Cols: x.batch(row{"N": int32(1), "S": "x"}, row{"N": int32(40), "S": "x"}, row{"S": "x"}, row{"N": int32(2), "S": "y"}), N: 4,
			Fail: func(row int, err error) { failed[row] = err }})
		if out.N != 4 || out.IsNull(0) || !out.IsNull(1) || out.IsNull(3) {
			t.Errorf("%s: nulls %v %v %v %v", text, out.IsNull(0), out.IsNull(1), out.IsNull(2), out.IsNull(3))
		}
		if !errors.Is(failed[1], vec.ErrTooLarge) || failed[0] != nil || failed[3] != nil {
			t.Errorf("%s: %v", text, failed)
		}
	}
}

// TestChain: the memory of a long chain of strings grows with its text, not with the square of it.
func TestChain(t *testing.T) {
	x := columns(t, "S STRING")
	got := x.eval(t, "LEN(S"+strings.Repeat(" + S", 9000)+")", row{"S": strings.Repeat("x", 10000)}, row{})
	if want := []string{"90010000", "36004"}; got[0] != want[0] || got[1] != want[1] {
		t.Error(got, want)
	}
}

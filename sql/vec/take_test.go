package vec

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestGather compares columns that are gathered at once with those that are filled value by value: from columns with
// nulls and without, behind rows with nulls and without.
func TestGather(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	value := func(k sql.Kind) any {
		switch n := r.IntN(100); k {
		case sql.Boolean:
			return n%2 == 0
		case sql.Integer:
			return int32(n)
		case sql.Bigint:
			return int64(n)
		case sql.Double:
			return float64(n)
		case sql.Array:
			return []any{fmt.Sprint(n), nil}
		default:
			return fmt.Sprint(n)
		}
	}
	for _, typ := range []sql.Type{sql.TBoolean, sql.TInteger, sql.TBigint, sql.TDouble, sql.TString, sql.ArrayOf(sql.TString)} {
		for round := range 64 {
			fill := func(v *Vec, n int, nulls bool) (values []any) {
				for i := range n {
					var x any
					if !nulls || i%3 != 1 {
						x = value(typ.Kind)
					}
					v.Append(x)
					values = append(values, x)
				}
				return values
			}
			src, ranged, rows := New(typ), New(typ), New(typ)
			from := fill(src, 9, round&1 != 0)
			front := 0
			if round&4 != 0 {
				front = 5
			}
			want := fill(ranged, front, round&2 != 0)
			for _, x := range want {
				rows.Append(x)
			}
			var at []int32
			for range r.IntN(20) {
				at = append(at, int32(r.IntN(9)))
			}
			rows.AppendRows(src, at)
			all := append([]any{}, want...)
			for _, i := range at {
				all = append(all, from[i])
			}
			check := func(how string, v *Vec, want []any) {
				t.Helper()
				nulls := 0
				for i, x := range want {
					if x == nil {
						nulls++
					}
					if v.IsNull(i) != (x == nil) || x != nil && !EqualValues(v.Get(i), x) {
						t.Fatalf("%s %s, round %d: row %d is %v, want %v", typ, how, round, i, v.Get(i), x)
					}
				}
				if v.N != len(want) || v.Nulls != nulls {
					t.Fatalf("%s %s, round %d: %d rows, %d nulls, want %d, %d", typ, how, round, v.N, v.Nulls, len(want), nulls)
				}
			}
			check("rows", rows, all)
			lo := r.IntN(9)
			ranged.AppendRange(src, lo, 9)
			check("range", ranged, append(want, from[lo:]...))
			check("clone", src.Clone(), from)
		}
	}
}

package state

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

var kinds = []sql.Type{sql.TBoolean, sql.TInteger, sql.TBigint, sql.TDouble, sql.DecimalOf(10, 2), sql.DecimalOf(50, 2), sql.TString, sql.TBytes, sql.TDate,
	sql.TTime, sql.TTimestamp, sql.ArrayOf(sql.TInteger), sql.MapOf(sql.TString, sql.TBigint), sql.StructOf(sql.Field{Name: "A", Type: sql.TInteger}, sql.Field{Name: "B", Type: sql.TString})}

func value(r *rand.Rand, t sql.Type) any {
	n := r.IntN(1000)
	switch t.Kind {
	case sql.Boolean:
		return n%2 == 0
	case sql.Integer:
		return int32(n - 500)
	case sql.Bigint:
		return int64(n - 500)
	case sql.Double:
		return float64(n) / 8
	case sql.Decimal:
		return vec.Decimal{Unscaled: big.NewInt(int64(n - 500)), Scale: t.Scale}
	case sql.String:
		return strconv.Itoa(n)
	case sql.Bytes:
		return []byte(strconv.Itoa(n))
	case sql.Date:
		return vec.Date(n)
	case sql.Time:
		return vec.Time(n)
	case sql.Timestamp:
		return vec.Timestamp(n)
	case sql.Array:
		return []any{value(r, *t.Elem), nil, value(r, *t.Elem)}
	case sql.Map:
		return &vec.MapValue{Keys: []any{"k"}, Values: []any{value(r, *t.Elem)}}
	}
	return vec.StructValue{value(r, t.Fields[0].Type), nil}
}

// TestRows compares rows written and read by columns with those written and read one by one.
func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 500 {
		var cols []*vec.Vec
		var types []sql.Type
		n, nulls, count := 1+r.IntN(20), r.IntN(3), 1+r.IntN(4)
		if round%2 == 0 {
			nulls = 0
		}
		for range count {
			k := kinds[r.IntN(len(kinds))]
			if round%2 == 0 {
				k = kinds[r.IntN(5)] // of fixed width
			}
			c := vec.New(k)
			for range n {
				if r.IntN(4) < nulls {
					c.AppendNull()
				} else {
					c.Append(value(r, k))
				}
			}
			cols, types = append(cols, c), append(types, k)
		}
		if r.IntN(4) == 0 {
			cols[0] = nil // nobody reads it
		}
		var rows []int32
		for range r.IntN(2 * n) {
			rows = append(rows, int32(r.IntN(n)))
		}
		used := bytes.Repeat([]byte{0xee}, 1<<12) // by rows before
		arena, at := AppendRows(used[:copy(used, "before")], nil, cols, rows)
		if len(at) != len(rows) {
			t.Fatalf("%d spans of %d rows", len(at), len(rows))
		}
		for k, i := range rows {
			var want []byte
			for _, c := range cols {
				if c == nil {
					want = append(want, 0)
				} else {
					want = AppendValue(want, c, int(i))
				}
			}
			if got := at[k].Of(arena); !bytes.Equal(got, want) {
				t.Fatalf("%v: row %d is %x, want %x", types, i, got, want)
			}
		}
		var got, want []*vec.Vec
		for _, k := range types {
			got, want = append(got, vec.New(k)), append(want, vec.New(k))
		}
		for range 2 { // the second time behind what is there
			if bad, err := ReadRows(arena, at, got); err != nil {
				t.Fatalf("%v: row %d: %v", types, bad, err)
			}
			for _, s := range at {
				if _, err := ReadRow(s.Of(arena), want); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range got {
			if got[i].N != want[i].N || got[i].Nulls != want[i].Nulls {
				t.Fatalf("%v: column %d has %d rows, %d nulls, want %d, %d", types, i, got[i].N, got[i].Nulls, want[i].N, want[i].Nulls)
			}
			for row := range got[i].N {
				if a, b := got[i].Get(row), want[i].Get(row); !vec.EqualValues(a, b) {
					t.Fatalf("%v: row %d of column %d is %v, want %v", types, row, i, a, b)
				}
			}
		}
		if len(at) > 0 && at[0].Len > 1 {
			cut := append([]store.Span(nil), at...)
			cut[len(cut)-1].Len--
			if bad, err := ReadRows(arena, cut, got); err == nil || bad != len(cut)-1 {
				t.Fatalf("%v: a row that is cut short gave %v at %d", types, err, bad)
			}
		}
	}
}

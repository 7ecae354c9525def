package fn

import (
	"math/big"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// heap is the memory in use, without garbage.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestAccumulatorBytes compares what aggregates say that they hold with what the heap says: while groups grow, when
// they are loaded, merged and cleared.
func TestAccumulatorBytes(t *testing.T) {
	wide := sql.DecimalOf(50, 2)
	for _, c := range []struct {
		name  string
		arg   sql.Type
		lits  []any
		types []sql.Type
	}{
		{"COUNT", sql.TString, nil, nil},
		{"SUM", sql.TDouble, nil, nil},
		{"SUM", wide, nil, nil},
		{"AVG", sql.TBigint, nil, nil},
		{"MIN", sql.TInteger, nil, nil},
		{"MAX", sql.TString, nil, nil},
		{"ATTR", sql.TString, nil, nil},
		{"COLLECT_LIST", sql.TString, nil, nil},
		{"COLLECT_SET", sql.TString, nil, nil},
		{"COUNT_DISTINCT", sql.TBigint, nil, nil},
		{"HISTOGRAM", sql.TString, nil, nil},
		{"TOPK", sql.TString, []any{int32(20)}, []sql.Type{sql.TInteger}},
		{"LATEST_BY_OFFSET", sql.TBigint, nil, nil},
		{"LATEST_BY_OFFSET", sql.TString, nil, nil},
		{"EARLIEST_BY_OFFSET", sql.TString, []any{int32(20)}, []sql.Type{sql.TInteger}},
	} {
		t.Run(c.name+"_"+c.arg.Kind.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			before := heap()
			acc, out := newAgg(t, c.name, nil, c.lits, append([]sql.Type{c.arg}, c.types...)...)
			const n = 3000
			acc.Grow(n)
			arg := vec.New(c.arg)
			var groups []int32
			check := func(when string) {
				t.Helper()
				arg, out, groups = vec.New(c.arg), vec.New(out.Type), nil
				is, says := heap()-before, acc.Bytes()
				if says < is*4/5-1<<16 || says > is*6/5+1<<16 {
					t.Errorf("%s: it says %d bytes, the heap %d", when, says, is)
				}
			}
			show := make([]bool, 1000)
			for range 60 {
				arg.Reset()
				groups = groups[:0]
				for range 1000 {
					g := int32(float64(n) * r.Float64() * r.Float64())
					groups = append(groups, g)
					switch c.arg.Kind {
					case sql.String:
						arg.Append(strings.Repeat("x", r.IntN(100)) + strconv.Itoa(r.IntN(60)))
					case sql.Double:
						arg.Append(r.Float64())
					case sql.Integer:
						arg.Append(r.Int32())
					case sql.Decimal:
						arg.Append(vec.Decimal{Unscaled: big.NewInt(r.Int64()), Scale: 2})
					default:
						arg.Append(r.Int64())
					}
				}
				if err := acc.Fold(groups, nil, show, []*vec.Vec{arg}, out); err != nil {
					t.Fatal(err)
				}
			}
			check("folded")
			var saved [][]byte
			for g := range int32(n / 2) {
				saved = append(saved, acc.Save(g, nil))
			}
			for g := range int32(n / 2) {
				if _, err := acc.Load(g, saved[g]); err != nil {
					t.Fatal(err)
				}
			}
			clear(saved)
			saved = nil
			check("loaded")
			for g := range int32(n / 4) {
				if err := acc.Merge(g, n-1-g); err != nil {
					t.Fatal(err)
				}
			}
			check("merged")
			for g := range int32(n) {
				acc.Clear(g)
			}
			check("cleared")
			runtime.KeepAlive(acc)
		})
	}
}

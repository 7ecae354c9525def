package state

import (
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// BenchmarkGroup is what a group costs that is made and dropped, ten of a key, with and without the chain.
func BenchmarkGroup(b *testing.B) {
	const keys, windows = 100_000, 10
	k := vec.New(sql.TBigint)
	for i := range keys {
		k.AppendI64(int64(i) * 7919)
	}
	for _, chained := range []bool{false, true} {
		b.Run(fmt.Sprint("chain=", chained), func(b *testing.B) {
			var bytes int64
			for range b.N {
				tab := NewTable(Layout{Name: "t", Keys: []sql.Type{sql.TBigint}, Windowed: true, Chain: chained})
				win := make([]int64, keys)
				var gids []int32
				for w := range windows {
					for i := range win {
						win[i] = int64(w) * 1000
					}
					gids = tab.Groups([]*vec.Vec{k}, win, keys, gids, nil)
					tab.Fit()
				}
				bytes = tab.Bytes()
				for _, g := range gids {
					tab.Remove(g)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/keys/windows, "ns/group")
			b.ReportMetric(float64(bytes)/keys/windows, "B/group")
		})
	}
}

package state

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// heap is the memory in use, without garbage.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestBytes compares what a table says that it holds with what the heap says: as it grows, after a commit, loaded
// into another, and after groups were dropped.
func TestBytes(t *testing.T) {
	for _, key := range []sql.Type{sql.TBigint, sql.TString} {
		r := rand.New(rand.NewPCG(1, 1))
		check := func(when string, tab *Table, before int64) {
			t.Helper()
			is, says := heap()-before, tab.Bytes()
			if says < is*4/5-1<<16 || says > is*6/5+1<<16 {
				t.Errorf("%s keys, %s: it says %d bytes, the heap %d", key, when, says, is)
			}
		}
		const n = 50_000
		k, v := vec.New(key), vec.New(sql.TString)
		var win []int64
		for range n {
			if key.Kind == sql.String {
				k.Append(strings.Repeat("k", r.IntN(60)))
			} else {
				k.Append(int64(r.IntN(1000)))
			}
			v.Append(strings.Repeat("v", r.IntN(200)))
			win = append(win, r.Int64N(100)*1000)
		}
		before := heap()
		rows := &Rows{}
		tab := NewTable(Layout{Name: "t", Keys: []sql.Type{key}, Windowed: true, Chain: true, Keep: true, Cells: []Cells{rows}})
		gids := tab.Groups([]*vec.Vec{k}, win, n, nil, nil)
		tab.Fit()
		tab.Touch(gids)
		for i, g := range gids {
			rows.Put(g, []*vec.Vec{v}, i)
		}
		gids = nil
		check("filled", tab, before)
		tab.Changes(&store.Records{})
		check("committed", tab, before)
		other := NewTable(Layout{Name: "t", Keys: []sql.Type{key}, Windowed: true, Chain: true, Keep: true, Cells: []Cells{&Rows{}}})
		var chunk []byte
		for at := 0; at >= 0; {
			at, chunk = tab.Chunk(at, n, chunk)
		}
		start := heap()
		if err := other.Load(chunk); err != nil {
			t.Fatal(err)
		}
		check("loaded", other, start)
		runtime.KeepAlive(chunk)
		chunk, other = nil, nil
		for g := range int32(tab.Cap()) {
			if g%4 != 0 && !tab.Dead(g) {
				tab.Remove(g)
			}
		}
		check("dropped", tab, before)
		runtime.KeepAlive([]any{tab, k, v, win})
	}
}

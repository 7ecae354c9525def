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

// TestOrderedBytes compares what a table in order says that it holds with what the heap says: put in order of time and
// at random, committed, loaded, and with few rows left of many.
func TestOrderedBytes(t *testing.T) {
	for _, random := range []bool{false, true} {
		r := rand.New(rand.NewPCG(1, 1))
		check := func(when string, tab *Ordered, before int64) {
			t.Helper()
			is, says := heap()-before, tab.Bytes()
			if says < is*3/4-1<<17 || says > is*4/3+1<<17 {
				t.Errorf("random %v, %s: it says %d bytes, the heap %d", random, when, says, is)
			}
		}
		const n = 100_000
		before := heap()
		tab := NewOrdered(orderedLayout)
		var key []byte
		for i := range int64(n) {
			if random {
				i = r.Int64N(n)
			}
			key = appendTime(append(key[:0], 2), i)
			tab.Put(key, i, make([]byte, r.IntN(50)))
		}
		check("filled", tab, before)
		tab.Changes(&store.Records{})
		check("committed", tab, before)
		_, chunk := tab.Chunk(0, n, nil)
		start := heap()
		other := NewOrdered(orderedLayout)
		if err := other.Load(chunk); err != nil {
			t.Fatal(err)
		}
		check("loaded", other, start)
		runtime.KeepAlive(chunk)
		chunk, other = nil, nil
		full := tab.pages.bytes()
		for _, row := range tab.Ascend(nil, nil, n, nil) {
			if r.IntN(10) > 0 {
				tab.Delete(row)
			}
		}
		tab.Changes(&store.Records{})
		check("few left", tab, before)
		if now := tab.pages.bytes(); now > full/2 {
			t.Errorf("random %v: a tenth of the rows takes %d bytes of %d", random, now, full)
		}
		tab.Expire(n)
		if tab.pages.inUse != 0 || tab.pages.total > 16*pageBytes {
			t.Errorf("random %v: nothing is left, and takes %d bytes", random, tab.pages.bytes())
		}
		runtime.KeepAlive(tab)
	}
}

// TestChurn: what comes and goes takes no more memory than what is there at once.
func TestChurn(t *testing.T) {
	const live, all = 1000, 300_000
	tab := NewTable(Layout{Name: "t", Keys: []sql.Type{sql.TBigint}, Windowed: true, Chain: true})
	o, one := NewOrdered(OrderedLayout{Name: "o", Expires: true}), NewOrdered(OrderedLayout{Name: "one", Expires: true})
	k := vec.New(sql.TBigint)
	for i := range int64(all) {
		k.Reset()
		k.AppendI64(i)
		g, _ := tab.Add([]*vec.Vec{k}, 0, 0)
		tab.Fit()
		if g >= live {
			t.Fatalf("group %d", g)
		}
		if i >= live-1 {
			k.I64[0] -= live - 1
			tab.Remove(tab.Find([]*vec.Vec{k}, 0, 0))
		}
		o.Put(appendTime(nil, i), i, make([]byte, i%300))
		o.Expire(i - live)
		one.Put(appendTime(nil, i), i, make([]byte, i%300))
		one.Expire(i + 1)
	}
	total := 0
	for _, page := range o.pages.list {
		total += cap(page)
	}
	if o.pages.total != total || one.pages.total != pageBytes {
		t.Errorf("%d bytes of pages are counted, %d are there; of an empty table %d", o.pages.total, total, one.pages.total)
	}
	if len(o.at) > live+2 || len(one.at) > 2 {
		t.Errorf("%d numbers of %d rows, %d of none", len(o.at), o.Len(), len(one.at))
	}
	if n := len(tab.slots); n > 4*live {
		t.Errorf("%d slots of %d keys", n, live)
	}
	if n := len(tab.chain.heads); n > 4*live {
		t.Errorf("%d heads of %d keys", n, live)
	}
	if n := o.pages.bytes(); n > 10*pageBytes {
		t.Errorf("%d rows take %d bytes", o.Len(), n)
	}
	if n := len(o.pages.list); n > 12 {
		t.Errorf("%d rows take %d pages", o.Len(), n)
	}
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

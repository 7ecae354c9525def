package state

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// keyTypes is the columns of some keys: integers that lie in the slots, and others.
var keyTypes = [][]sql.Type{{sql.TBigint}, {sql.TInteger}, {sql.TString}, {sql.TBigint, sql.TString}}

// someKeys is n keys out of few, without nulls.
func someKeys(r *rand.Rand, types []sql.Type, n int) (out []*vec.Vec) {
	for _, t := range types {
		c := vec.New(t)
		for range n {
			switch k := r.IntN(20); t.Kind {
			case sql.Bigint:
				c.Append(int64(k - 10))
			case sql.Integer:
				c.Append(int32(k - 10))
			default:
				c.Append(fmt.Sprint("key", k))
			}
		}
		out = append(out, c)
	}
	return out
}

// TestGroups numbers rows by key and window, many at once, and compares with a map. Who wants to know hears of each new
// group once, and at which row.
func TestGroups(t *testing.T) {
	for _, types := range keyTypes {
		for _, windowed := range []bool{false, true} {
			for _, told := range []bool{false, true} {
				r := rand.New(rand.NewPCG(1, 6))
				x := NewIndex(types)
				groups, first := map[string]int32{}, map[int32]string{}
				for range 20 {
					const n = 30
					keys := someKeys(r, types, n)
					var win []int64
					if windowed {
						for range n {
							win = append(win, r.Int64N(3)-1)
						}
					}
					name := func(i int) string {
						w := int64(0)
						if windowed {
							w = win[i]
						}
						return fmt.Sprintf("%x %d", vec.AppendKey(nil, keys, i), w)
					}
					var fresh func(int, int32)
					if told {
						fresh = func(i int, g int32) {
							if first[g] != "" {
								t.Fatalf("%v: group %d is new twice", types, g)
							}
							first[g] = name(i)
						}
					}
					got := x.Groups(keys, win, n, []int32{-7}, fresh)
					if len(got) != n+1 || got[0] != -7 {
						t.Fatalf("%v: %v", types, got)
					}
					for i, g := range got[1:] {
						if was, ok := groups[name(i)]; ok && was != g {
							t.Fatalf("%v: %s is group %d, and was %d", types, name(i), g, was)
						}
						groups[name(i)] = g
						w := int64(0)
						if windowed {
							w = win[i]
						}
						if x.Find(keys, i, w) != g || x.Win(g) != w || x.Find(keys, i, w+100) != -1 {
							t.Fatalf("%v: %s is not found", types, name(i))
						}
					}
				}
				if x.Len() != len(groups) || x.Cap() != len(groups) {
					t.Fatalf("%v: %d groups of %d keys", types, x.Len(), len(groups))
				}
				all, back := x.All(nil), make([]*vec.Vec, len(types))
				for i, k := range types {
					back[i] = vec.New(k)
				}
				if err := x.Keys(all, back); err != nil {
					t.Fatal(err)
				}
				for i, g := range all {
					key := vec.AppendKey(nil, back, i)
					if groups[fmt.Sprintf("%x %d", key, x.Win(g))] != g || !bytes.Equal(x.AppendKey(nil, g), key) {
						t.Fatalf("%v: group %d has key %x", types, g, key)
					}
				}
				for name, g := range groups {
					if told && first[g] != name {
						t.Fatalf("%v: group %d began with %s, not %s", types, g, name, first[g])
					}
				}
			}
		}
	}
}

// TestNullKey: a null is no integer key, and none is found by it; among other keys it is one of them.
func TestNullKey(t *testing.T) {
	for _, types := range keyTypes {
		tab := NewTable(Layout{Name: "t", Keys: types, Chain: true})
		keys := make([]*vec.Vec, len(types))
		for i, k := range types {
			keys[i] = vec.New(k)
			keys[i].AppendNull()
		}
		begin := func(int) int64 { return 0 }
		had := []int32{-7}
		whole := len(types) == 1 && types[0].Kind != sql.String
		if tab.Whole() != whole {
			t.Errorf("%v: whole %v", types, tab.Whole())
		}
		if whole {
			for _, k := range []any{int64(0), int64(-1), int64(1)} { // what a null might be taken for
				c := vec.New(types[0])
				if types[0].Kind == sql.Integer {
					k = int32(k.(int64))
				}
				c.Append(k)
				tab.Add([]*vec.Vec{c}, 0, 0)
			}
			if got, _, err := tab.FindBytes(vec.AppendKey(nil, keys, 0), 0); err == nil {
				t.Errorf("%v: null is group %d", types, got)
			}
		}
		found := func(want ...int32) {
			t.Helper()
			g := int32(-1)
			if len(want) > 0 {
				g = want[0]
			}
			if got := tab.Find(keys, 0, 0); got != g {
				t.Errorf("%v: null is group %d", types, got)
			}
			if got, all := tab.Chain(keys, 0, 9, had); !all || !slices.Equal(got, append(slices.Clone(had), want...)) {
				t.Errorf("%v: null is in %v, all: %v", types, got, all)
			}
			if got := tab.Probe(keys, 0, 1, begin, had); !slices.Equal(got, append(slices.Clone(had), want...)) {
				t.Errorf("%v: null is in %v", types, got)
			}
		}
		found()
		if whole {
			continue
		}
		g, isNew := tab.Add(keys, 0, 0)
		if !isNew {
			t.Errorf("%v: null was there", types)
		}
		found(g)
		if got, all := tab.Chain(keys, 0, 0, had); all || !slices.Equal(got, had) {
			t.Errorf("%v: %v are no more than none", types, got)
		}
	}
}

// TestBetween compares the groups between two keys with a model, after some were dropped.
func TestBetween(t *testing.T) {
	for _, types := range keyTypes {
		r := rand.New(rand.NewPCG(1, 7))
		x := NewIndex(types)
		keys := someKeys(r, types, 60)
		x.Groups(keys, nil, 60, nil, nil)
		for g := range int32(x.Cap()) {
			if g%3 == 0 {
				x.Drop(g)
			}
		}
		for range 200 {
			bounds := [2][]byte{vec.AppendKey(nil, someKeys(r, types, 1), 0), vec.AppendKey(nil, someKeys(r, types, 1), 0)}
			for i := range bounds {
				if r.IntN(3) == 0 {
					bounds[i] = nil
				}
			}
			lo, hi := bounds[0], bounds[1]
			var want []int32
			for g := range int32(x.Cap()) {
				k := x.AppendKey(nil, g)
				if g%3 != 0 && bytes.Compare(k, lo) >= 0 && (hi == nil || bytes.Compare(k, hi) < 0) {
					want = append(want, g)
				}
			}
			if got := x.Between(lo, hi, []int32{-7}); !slices.Equal(got[1:], want) || got[0] != -7 {
				t.Fatalf("%v: from %x below %x: %v, want %v", types, lo, hi, got[1:], want)
			}
		}
	}
}

// TestGone: whoever watches learns which of the numbers of that moment were dropped since, and nothing of younger ones.
func TestGone(t *testing.T) {
	x := NewIndex([]sql.Type{sql.TBigint})
	grow := func(from, to int64) {
		k := vec.New(sql.TBigint)
		for i := from; i < to; i++ {
			k.AppendI64(i)
		}
		x.Groups([]*vec.Vec{k}, nil, k.N, nil, nil)
	}
	told := func(what string, n *Gone, of int32, want ...int32) {
		t.Helper()
		var got []int32
		for g := range of {
			if n.Has(g) {
				got = append(got, g)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v are gone, want %v", what, got, want)
		}
	}
	grow(0, 130)
	x.Drop(5)
	first := x.Watch()
	told("nothing has happened", first, 130)
	for _, g := range []int32{0, 63, 64, 129} {
		x.Drop(g)
	}
	second := x.Watch()
	grow(130, 400) // the numbers of dropped groups first
	x.Drop(64)     // it was dropped before, and is another's now
	x.Drop(128)    // both have it
	x.Drop(300)    // younger than both
	third := x.Watch()
	x.Drop(301)
	told("first", first, 130, 0, 63, 64, 128, 129)
	told("second", second, 130, 64, 128)
	told("third", third, 400, 301)
}

// TestIndexChurn: dropped keys leave neither slots nor bytes behind.
func TestIndexChurn(t *testing.T) {
	const live, all, long = 500, 50_000, 40
	x := NewIndex([]sql.Type{sql.TString})
	k := vec.New(sql.TString)
	for i := range all {
		k.Reset()
		k.AppendString(fmt.Sprintf("%0*d", long, i))
		x.Add([]*vec.Vec{k}, 0, 0)
		if i >= live {
			k.Reset()
			k.AppendString(fmt.Sprintf("%0*d", long, i-live))
			x.Drop(x.Find([]*vec.Vec{k}, 0, 0))
		}
	}
	if x.Len() != live || x.Cap() > live+1 {
		t.Errorf("%d groups, %d numbers", x.Len(), x.Cap())
	}
	if len(x.slots) > 4*live {
		t.Errorf("%d slots of %d keys", len(x.slots), live)
	}
	if n := len(x.arena); n > 1<<17+2*live*long {
		t.Errorf("%d bytes of keys of %d", n, live*(long+3))
	}
	if used := len(x.arena) - x.waste; used < live*long || used > live*(long+4) {
		t.Errorf("%d bytes of keys are counted", used)
	}
}

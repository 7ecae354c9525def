package state

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

var orderedLayout = OrderedLayout{Name: "Some", Print: Print{Step: "order", Cells: []string{"a"}}, Keep: true, Expires: true, Step: []int64{-1}}

// row is a row of the models.
type row struct {
	time  int64
	value string
}

// someKey is a key that others begin with, now and then.
func someKey(r *rand.Rand) string {
	var b []byte
	for range r.IntN(4) {
		b = append(b, []byte{0, 1, 2, 3, 'a', 0xfe, 0xff}[r.IntN(7)])
	}
	if r.IntN(3) == 0 { // in vec.AppendKey's form, told apart by the ninth byte
		b = append([]byte{2, 0, 0, 0, 0, 0, 0, 0, byte(r.IntN(3))}, b...)
		if r.IntN(3) == 0 {
			b = append(b, make([]byte, 8)...)
			b = append(b, byte(r.IntN(3)))
		}
	}
	return string(b)
}

// TestOrdered leads tables through random histories, each compared with a map that is sorted time and again.
func TestOrdered(t *testing.T) {
	for seed := range uint64(histories) {
		orderedHistory(t, seed, 50, 12)
	}
}

// TestOrderedLong has values so large that pages fill, are given back and are cleared of what is left in them.
func TestOrderedLong(t *testing.T) {
	for seed := range uint64(10) {
		orderedHistory(t, seed, 1500, 1<<17)
	}
}

func orderedHistory(t *testing.T, seed uint64, steps, large int) {
	r := rand.New(rand.NewPCG(seed, 3))
	l := orderedLayout
	l.Expires = seed%4 > 0
	tab := NewOrdered(l)
	h := newHistory(t, tab)
	model, committed := map[string]row{}, map[string]row{}
	step := tab.Step[0]
	for range r.IntN(steps) {
		switch r.IntN(12) {
		default:
			k := someKey(r)
			n := r.IntN(12)
			if r.IntN(4) == 0 {
				n = r.IntN(large)
			}
			x := row{r.Int64N(50) - 5, strings.Repeat(string(rune('a'+r.IntN(26))), n)}
			tab.Put([]byte(k), x.time, []byte(x.value))
			model[k] = x
			tab.Step[0] = r.Int64N(9)
		case 0, 1:
			k := someKey(r)
			if at := tab.Get([]byte(k)); at >= 0 {
				tab.Delete(at)
			}
			delete(model, k)
		case 2:
			if l.Expires {
				below := r.Int64N(50) - 10
				n := len(model)
				maps.DeleteFunc(model, func(_ string, x row) bool { return x.time < below })
				if got := tab.Expire(below); got != n-len(model) {
					t.Fatalf("seed %d: %d rows below %d expire, want %d", seed, got, below, n-len(model))
				}
			}
		case 3:
			h.commit()
			committed, step = maps.Clone(model), tab.Step[0]
		case 4, 5:
			h.checkpoint(1 + r.IntN(4))
			committed, step = maps.Clone(model), tab.Step[0]
		case 6:
			tab = NewOrdered(l)
			h.restart(r, tab)
			model = maps.Clone(committed)
			if tab.Step[0] != step {
				t.Fatalf("seed %d: the step cell is %d, want %d", seed, tab.Step[0], step)
			}
		}
		if r.IntN(2) == 0 && large < 100 || r.IntN(20) == 0 {
			orderedHolds(t, seed, r, tab, model)
		}
	}
	orderedHolds(t, seed, r, tab, model)
}

// orderedHolds compares what a table finds with a model.
func orderedHolds(t *testing.T, seed uint64, r *rand.Rand, tab *Ordered, model map[string]row) {
	t.Helper()
	keys := slices.Sorted(maps.Keys(model))
	text := func(rows []int32) (out []string) {
		for _, x := range rows {
			out = append(out, fmt.Sprintf("%q", tab.Key(x)))
			if want := model[string(tab.Key(x))]; tab.Time(x) != want.time || string(tab.Value(x)) != want.value {
				t.Fatalf("seed %d: %q is %q at %d, want %+v", seed, tab.Key(x), tab.Value(x), tab.Time(x), want)
			}
		}
		return out
	}
	check := func(what string, got []int32, want []string) {
		t.Helper()
		var list []string
		for _, k := range want {
			list = append(list, fmt.Sprintf("%q", k))
		}
		if got[0] != -7 || !slices.Equal(text(got[1:]), list) {
			t.Fatalf("seed %d: %s: %v, want %v", seed, what, text(got[1:]), list)
		}
	}
	first := func(list []string, n int) []string { return list[:min(n, len(list))] }
	if tab.Len() != len(model) {
		t.Fatalf("seed %d: %d rows, want %d", seed, tab.Len(), len(model))
	}
	check("all", tab.Ascend(nil, nil, math.MaxInt, []int32{-7}), keys)
	k, lo, hi, n := someKey(r), []byte(someKey(r)), []byte(someKey(r)), r.IntN(6)
	if _, is := model[k]; is != (tab.Get([]byte(k)) >= 0) {
		t.Fatalf("seed %d: %q is there: %v", seed, k, is)
	}
	var within, prefixed []string
	if r.IntN(5) == 0 {
		hi = nil
	}
	for _, k := range keys {
		if k >= string(lo) && (hi == nil || k < string(hi)) {
			within = append(within, k)
		}
		if strings.HasPrefix(k, string(lo)) {
			prefixed = append(prefixed, k)
		}
	}
	check(fmt.Sprintf("%d from %q below %q", n, lo, hi), tab.Ascend(lo, hi, n, []int32{-7}), first(within, n))
	check("of prefix", tab.Prefix(lo, n, []int32{-7}), first(prefixed, n))
	slices.Reverse(within)
	check(fmt.Sprintf("%d back from %q to %q", n, hi, lo), tab.Descend(lo, hi, n, []int32{-7}), first(within, n))
	if tab.byTime == nil {
		return
	}
	below := r.Int64N(60) - 10
	var old []int64
	for _, x := range model {
		if x.time < below {
			old = append(old, x.time)
		}
	}
	slices.Sort(old)
	rows := tab.Older(below, n, nil)
	text(rows)
	for i, x := range rows {
		if tab.Time(x) != old[i] {
			t.Fatalf("seed %d: a row of %d is old, want %d", seed, tab.Time(x), old[i])
		}
	}
	slices.Sort(rows)
	if len(slices.Compact(rows)) != min(n, len(old)) {
		t.Fatalf("seed %d: %d rows are below %d, want %d", seed, len(rows), below, len(old))
	}
}

// TestKeyOf: the parts of keys never contradict the order of the keys.
func TestKeyOf(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		a, b := someKey(r), someKey(r)
		x, y := keyOf([]byte(a), 1), keyOf([]byte(b), 2)
		if bytes.Compare([]byte(a), []byte(b))*cmp.Or(cmp.Compare(x.part, y.part), cmp.Compare(x.then, y.then)) < 0 {
			t.Fatalf("%q and %q", a, b)
		}
	}
}

// FuzzOrdered offers records and chunks that no table wrote, to a table and to a buffer: they are taken or refused, and
// what is there can be looked through, or is said to be bad.
func FuzzOrdered(f *testing.F) {
	tab := NewOrdered(orderedLayout)
	tab.Put([]byte("k"), 5, []byte("value"))
	buf := newRows(rowTypes[0])
	buf.insert(f, rand.New(rand.NewPCG(1, 1)), 3)
	for _, k := range []Kept{tab, buf.Buffer} {
		log := &store.Records{}
		k.Changes(log)
		_, chunk := k.Chunk(0, 10, nil)
		for i := range log.Len() {
			f.Add(log.Key[i].Of(log.Bytes), log.Value[i].Of(log.Bytes), chunk)
		}
	}
	f.Fuzz(func(t *testing.T, key, value, chunk []byte) {
		tab, buf := NewOrdered(orderedLayout), newRows(rowTypes[len(chunk)%len(rowTypes)])
		for _, k := range []Kept{tab, buf.Buffer} {
			loaded := k.Load(chunk) == nil
			applied := k.Apply(key, value) == nil
			restored := k.Restored() == nil
			o := tab
			if k != Kept(tab) {
				o = buf.Ordered
			}
			rows := o.Ascend(nil, nil, math.MaxInt, nil)
			if len(rows) != o.Len() || o.Len() > 0 && !loaded && !applied && len(chunk) == 0 {
				t.Fatalf("%d rows of %d", len(rows), o.Len())
			}
			for i, x := range rows {
				if i > 0 && bytes.Compare(o.Key(rows[i-1]), o.Key(x)) >= 0 {
					t.Fatal("rows are not in order")
				}
			}
			if o == buf.Ordered && restored {
				if err := buf.Read(rows, buf.columns()); err == nil {
					buf.insert(t, rand.New(rand.NewPCG(1, 1)), 2)
				}
			}
			if n := o.Expire(math.MaxInt64); o.Len() > 0 && o.Time(o.Ascend(nil, nil, 1, nil)[0]) != math.MaxInt64 {
				t.Fatalf("%d rows have expired, %d are left", n, o.Len())
			}
		}
	})
}

package op

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// TestBounds compares what sources find in bounds with all that they have, looked through: after rows in any order,
// and after a restart.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kind := rapid.SampledFrom([]string{"none", "tumbling", "hopping", "session", "latest", "latest of windows"}).Draw(r, "kind")
		size := rapid.Int64Range(1, 12).Draw(r, "size")
		w := &plan.Window{Kind: sql.Tumbling, Size: size, Advance: size, Grace: rapid.SampledFrom([]int64{0, 8, 1000}).Draw(r, "grace")}
		switch kind {
		case "none", "latest":
			w = nil
		case "hopping":
			w.Kind, w.Advance = sql.Hopping, rapid.Int64Range(1, size).Draw(r, "advance")
		case "session":
			w.Kind = sql.Session
		}
		if w != nil {
			w.Retention = w.Size + w.Grace + rapid.SampledFrom([]int64{0, 5, 100}).Draw(r, "longer")
			if kind == "session" && rapid.Bool().Draw(r, "forgets") { // sessions that are no longer seen lie within others
				w.Retention, w.Grace = rapid.Int64Range(1, 30).Draw(r, "retention"), 1000
			}
		}
		fresh := func() Source {
			s := counted(t, w)
			var o Source
			var err error
			switch kind {
			case "none":
				o, err = NewAggregate(s, state.Print{}, true)
			case "session":
				o, err = NewSessions(s, state.Print{}, true, nil)
			case "latest", "latest of windows":
				h := plan.Head{Name: "Latest", Schema: s.Schema, Old: true}
				if kind != "latest" {
					h.Window, h.Schema = w, slices.DeleteFunc(slices.Clone(s.Schema), func(c sql.Column) bool { return c.Role == sql.PseudoRole })
				}
				o = NewLatest(&plan.Latest{Head: h}, state.Print{}, true)
			default:
				o, err = NewWindows(s, state.Print{}, true, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		src := fresh()
		keys := []string{"", "a", "a\x00", "b", "é"}
		at := int64(0)
		for range rapid.IntRange(1, 4).Draw(r, "batches") {
			k, v := vec.New(sql.TString), vec.New(sql.TBigint)
			b := &Batch{Cols: []*vec.Vec{k, v}}
			for range rapid.IntRange(1, 40).Draw(r, "rows") {
				if at += rapid.Int64Range(0, 9).Draw(r, "later"); rapid.IntRange(0, 9).Draw(r, "jumps") == 0 {
					at = rapid.Int64Range(0, 120).Draw(r, "at")
				}
				k.AppendString(rapid.SampledFrom(keys).Draw(r, "key"))
				v.AppendI64(at)
				b.N++
				if b.Time = append(b.Time, at); kind == "latest of windows" {
					b.Start, b.End = append(b.Start, at), append(b.End, at+rapid.Int64Range(0, 20).Draw(r, "length"))
				}
			}
			if err := src.(Operator).Process(&Context{}, b, func(*Batch) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		bounded(r, "before", src, keys)
		after := fresh()
		for i, tab := range src.Tables() {
			for at := 0; at >= 0; {
				var chunk []byte
				at, chunk = tab.Chunk(at, 3, nil)
				if err := after.Tables()[i].Load(chunk); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := after.Restored(); err != nil {
			t.Fatal(err)
		}
		bounded(r, "after", after, keys)
	})
}

// bounded compares what a source finds in some bounds with what it has.
func bounded(r *rapid.T, when string, src Source, keys []string) {
	tab := src.Tables()[0].(*state.Table)
	everything := src.All(Unbounded(), nil)
	if len(everything) != tab.Len() {
		r.Fatalf("%s: %d groups of %d", when, len(everything), tab.Len())
	}
	end := func(g int32) int64 {
		if w, ok := src.(*Windows); ok {
			return tab.Win(g) + w.win.Size
		} else if tab.End == nil {
			return 0
		}
		return tab.End[g]
	}
	far := rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 3, math.MaxInt64 - 3, math.MaxInt64})
	for range 4 {
		in := Unbounded()
		for _, i := range []*Interval{&in.Start, &in.End} {
			if rapid.IntRange(0, 2).Draw(r, "bounded") == 0 {
				continue
			}
			i.Lo = rapid.OneOf(rapid.Int64Range(-5, 130), far).Draw(r, "lo")
			i.Hi = rapid.OneOf(rapid.Int64Range(-5, 130), rapid.Just(i.Lo), far).Draw(r, "hi")
		}
		want := map[string][]int32{}
		var all []int32
		_, windows := src.(*Windows)
		windows = windows || tab.End != nil
		for _, g := range everything {
			if windows && (tab.Win(g) < in.Start.Lo || tab.Win(g) > in.Start.Hi || end(g) < in.End.Lo || end(g) > in.End.Hi) {
				continue
			}
			k := string(tab.AppendKey(nil, g))
			want[k], all = append(want[k], g), append(all, g)
		}
		for _, k := range keys {
			col := vec.New(sql.TString)
			col.AppendString(k)
			key := []*vec.Vec{col}
			list := want[string(vec.AppendKey(nil, key, 0))]
			got := src.Find(key, in, []int32{-7})[1:]
			sorted := slices.IsSortedFunc(got, func(a, b int32) int {
				return cmp.Compare(tab.Win(a), tab.Win(b))
			})
			if !sorted {
				r.Fatalf("%s: of %q in %+v the groups %v are not in order", when, k, in, got)
			}
			slices.Sort(got)
			slices.Sort(list)
			if !slices.Equal(got, list) {
				r.Fatalf("%s: of %q in %+v found %v, want %v", when, k, in, got, list)
			}
		}
		got := src.All(in, []int32{-7})[1:]
		slices.Sort(got)
		slices.Sort(all)
		if !slices.Equal(got, all) {
			r.Fatalf("%s: in %+v found %v, want %v", when, in, got, all)
		}
	}
	if _, ok := src.(*Windows); ok {
		return // has no ranges of keys
	}
	lo, hi := []byte(rapid.StringN(0, 3, -1).Draw(r, "from")), []byte(rapid.StringN(0, 3, -1).Draw(r, "to"))
	if rapid.Bool().Draw(r, "a key") {
		col := vec.New(sql.TString)
		col.AppendString(rapid.SampledFrom(keys).Draw(r, "key"))
		lo = vec.AppendKey(nil, []*vec.Vec{col}, 0)
		hi = append(slices.Clone(lo), 0)
	}
	in := Unbounded()
	in.Lo, in.Hi = lo, hi
	got := src.All(in, nil)
	for _, g := range everything {
		k := tab.AppendKey(nil, g)
		if is := bytes.Compare(k, lo) >= 0 && bytes.Compare(k, hi) < 0; is != slices.Contains(got, g) {
			r.Fatalf("%s: %q from %q below %q: %v", when, k, lo, hi, !is)
		}
	}
}

func TestInterval(t *testing.T) {
	const least, most = math.MinInt64, math.MaxInt64
	some := []int64{least, least + 1, -1, 0, 1, most - 1, most}
	ops := map[sql.BinaryOp]func(a, b int64) bool{
		sql.OpEq: func(a, b int64) bool { return a == b }, sql.OpLt: func(a, b int64) bool { return a < b }, sql.OpLe: func(a, b int64) bool { return a <= b },
		sql.OpGt: func(a, b int64) bool { return a > b }, sql.OpGe: func(a, b int64) bool { return a >= b }, sql.OpNe: func(a, b int64) bool { return true },
	}
	for o, holds := range ops {
		for p, also := range ops {
			for _, a := range some {
				for _, b := range some {
					i := Unbounded().Start
					i.Narrow(o, a)
					i.Narrow(p, b)
					for _, x := range some {
						if i.Has(x) != (holds(x, a) && also(x, b)) {
							t.Errorf("%d %v %d and %v %d: %+v", x, o, a, p, b, i)
						}
					}
				}
			}
		}
	}
	if s := fmt.Sprint(Unbounded()); s != fmt.Sprint(Bounds{Start: Interval{least, most}, End: Interval{least, most}}) {
		t.Error(s)
	}
}

// TestForgottenSession: a session that rows no longer see can hold another, which ends before it and starts after it.
func TestForgottenSession(t *testing.T) {
	s, err := NewSessions(counted(t, &plan.Window{Kind: sql.Session, Size: 5, Grace: 1000, Retention: 20}), state.Print{}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	feed(t, s, []event{{"a", 0}, {"a", 5}, {"a", 10}, {"b", 100}, {"a", 5}}, 10)
	col := vec.New(sql.TString)
	col.AppendString("a")
	in := Unbounded()
	if got := s.Find([]*vec.Vec{col}, in, nil); len(got) != 2 {
		t.Fatal(got)
	}
	in.Start.Narrow(sql.OpEq, 0)
	if got := s.Find([]*vec.Vec{col}, in, nil); len(got) != 1 || s.table.End[got[0]] != 10 {
		t.Error(got)
	}
}

package state

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

var someLayout = Layout{Name: "Some", Print: Print{Step: "rows", Cells: []string{"a", "b"}, Open: true}, Windowed: true, Session: true, Chain: true, Keep: true, Step: []int64{-1, 7}}

// remembered is a table of rows with the model that it is held to.
type remembered struct {
	*Table
	rows *Rows
	key  sql.Type
	want map[string]string // key and window: row and times
}

func remember(key sql.Type) *remembered {
	l := someLayout
	rows := &Rows{}
	l.Keys, l.Cells = []sql.Type{key}, []Cells{rows}
	return &remembered{NewTable(l), rows, key, map[string]string{}}
}

func (r *remembered) column(x any) []*vec.Vec {
	c := vec.New(r.key)
	c.Append(x)
	return []*vec.Vec{c}
}

func (r *remembered) put(key any, win, time int64, row string) {
	g, _ := r.Add(r.column(key), 0, win)
	r.Fit()
	r.Touch([]int32{g})
	v := vec.New(sql.TString)
	v.AppendString(row)
	r.rows.Put(g, []*vec.Vec{v}, 0)
	r.Time[g], r.End[g] = time, time+1
	r.want[fmt.Sprint(key, " ", win)] = fmt.Sprint(row, " ", time)
}

func (r *remembered) remove(key any, win int64) {
	if g := r.Find(r.column(key), 0, win); g >= 0 {
		r.Remove(g)
	}
	delete(r.want, fmt.Sprint(key, " ", win))
}

// holds compares a table with a model.
func holds(t *testing.T, when string, tab *Table, rows *Rows, key sql.Type, want map[string]string) {
	t.Helper()
	if tab.Len() != len(want) {
		t.Fatalf("%s: %d groups, want %d", when, tab.Len(), len(want))
	}
	for _, g := range tab.All(nil) {
		k, v := vec.New(key), vec.New(sql.TString)
		if err := tab.Keys([]int32{g}, []*vec.Vec{k}); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if err := rows.Get(g, []*vec.Vec{v}); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if tab.End[g] != tab.Time[g]+1 || !rows.Has(g) {
			t.Fatalf("%s: group %d ends at %d", when, g, tab.End[g])
		}
		name := fmt.Sprint(k.Get(0), " ", tab.Win(g))
		if got := fmt.Sprint(v.Get(0), " ", tab.Time[g]); got != want[name] {
			t.Fatalf("%s: %s is %s, want %s", when, name, got, want[name])
		}
		if found := tab.Find([]*vec.Vec{k}, 0, tab.Win(g)); found != g {
			t.Fatalf("%s: %s is group %d, found %d", when, name, g, found)
		}
		chained(t, tab, k, want)
	}
}

// chained compares the groups of the key in k with a model.
func chained(t *testing.T, tab *Table, k *vec.Vec, want map[string]string) {
	t.Helper()
	n := 0
	for name := range want {
		if strings.HasPrefix(name, fmt.Sprint(k.Get(0), " ")) {
			n++
		}
	}
	if got, all := tab.Chain([]*vec.Vec{k}, 0, n-1, nil); len(got) > 0 || all != (n == 0) {
		t.Fatalf("%v: %d windows are not more than %d", k.Get(0), n, n-1)
	}
	got, all := tab.Chain([]*vec.Vec{k}, 0, max(n, 1), nil)
	if !all || len(got) != n {
		t.Fatalf("%v: %d windows are chained, want %d", k.Get(0), len(got), n)
	}
	var starts []int64
	for _, g := range got {
		starts = append(starts, tab.Win(g))
		if _, ok := want[fmt.Sprint(k.Get(0), " ", tab.Win(g))]; !ok {
			t.Fatalf("%v: window %d is chained", k.Get(0), tab.Win(g))
		}
	}
	if found := tab.Probe([]*vec.Vec{k}, 0, n, func(i int) int64 { return starts[i] }, nil); !slices.Equal(found, got) {
		t.Fatalf("%v: %v were found, %v are chained", k.Get(0), found, got)
	}
	slices.Sort(starts)
	if len(slices.Compact(starts)) != n {
		t.Fatalf("%v: a window is chained twice", k.Get(0))
	}
}

// TestTable drives tables through random histories and reads them back from changelogs, from checkpoints and from
// both. Keys are long enough that those of dropped groups are cleared away time and again.
func TestTable(t *testing.T) {
	for _, key := range []sql.Type{sql.TBigint, sql.TInteger, sql.TString} {
		for seed := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, 5))
			one := func() any {
				n := r.IntN(300)
				switch key.Kind {
				case sql.Bigint:
					return int64(n - 150)
				case sql.Integer:
					return int32(n - 150)
				}
				return fmt.Sprint(n) + strings.Repeat("long ", 100)
			}
			tab := remember(key)
			log := &store.Records{}
			var checkpoint []byte
			from := 0
			moved := false
			for step := range 6000 {
				arena := len(tab.arena)
				if r.IntN(5) < 2 {
					tab.put(one(), r.Int64N(3)*1000-1000, r.Int64N(1000), strings.Repeat("row ", r.IntN(9)))
				} else {
					tab.remove(one(), r.Int64N(3)*1000-1000)
				}
				moved = moved || len(tab.arena) < arena
				tab.Step[r.IntN(2)] = r.Int64() - r.Int64()
				if step%7 == 0 {
					if !tab.Changed() {
						t.Fatal("nothing has changed")
					}
					tab.Changes(log)
				}
				if step == 3001 {
					tab.Changes(log)
					from = log.Len()
					for at := 0; at >= 0; {
						at, checkpoint = tab.Chunk(at, 10, checkpoint)
					}
				}
			}
			if key.Kind == sql.String && !moved {
				t.Fatal("the keys of dropped groups are never cleared away")
			}
			tab.Changes(log)
			holds(t, "itself", tab.Table, tab.rows, key, tab.want)
			for range 300 { // many have been dropped
				chained(t, tab.Table, tab.column(one())[0], tab.want)
			}
			for when, first := range map[string]int{"changelog": 0, "checkpoint": from, "both": from / 2} {
				back := remember(key)
				if first > 0 {
					if err := back.Load(checkpoint); err != nil {
						t.Fatal(err)
					}
				}
				for i := first; i < log.Len(); i++ {
					if err := back.Apply(log.Key[i].Of(log.Bytes), log.Value[i].Of(log.Bytes)); err != nil {
						t.Fatal(err)
					}
				}
				if err := back.Table.Restored(); err != nil {
					t.Fatal(err)
				}
				holds(t, when, back.Table, back.rows, key, tab.want)
				if !slices.Equal(back.Step, tab.Step) {
					t.Fatalf("%s: step cells %v, want %v", when, back.Step, tab.Step)
				}
				if back.Changed() {
					t.Fatalf("%s: what was read back is told as changes", when)
				}
			}
		}
	}
}

// TestForeignPrint offers a table the state of another form of its step, by checkpoint and by changelog.
func TestForeignPrint(t *testing.T) {
	for what, change := range map[string]func(*Print){
		"":                   func(*Print) {},
		"grown":              func(p *Print) { p.Cells = append(slices.Clone(p.Cells), "c") },
		"it is of":           func(p *Print) { p.Step = "others" },
		"it holds b where c": func(p *Print) { p.Cells = []string{"a", "c"} },
		"it holds b, which":  func(p *Print) { p.Cells = []string{"a"} },
		"closed":             func(p *Print) { p.Open = false },
	} {
		tab := remember(sql.TString)
		tab.put("k", 0, 1, "row")
		log := &store.Records{}
		tab.Changes(log)
		_, chunk := tab.Chunk(0, 10, nil)
		for _, how := range []string{"changelog", "checkpoint"} {
			other := remember(sql.TString)
			change(&other.print)
			var err error
			if how == "checkpoint" {
				err = other.Load(chunk)
			} else {
				for i := range log.Len() {
					if err == nil {
						err = other.Apply(log.Key[i].Of(log.Bytes), log.Value[i].Of(log.Bytes))
					}
				}
			}
			if what == "" || what == "grown" {
				if err != nil || other.Len() != 1 {
					t.Errorf("%s %s: %v", how, what, err)
				}
				r := &store.Records{}
				other.put("l", 0, 1, "row")
				if other.Changes(r); (r.Len() == 2) != (what == "grown") {
					t.Errorf("%s %s: %d records, of which one is the new print if it has grown", how, what, r.Len())
				}
				continue
			}
			if err == nil || other.Len() != 0 || what != "closed" && !strings.Contains(err.Error(), what) {
				t.Errorf("%s %s: %v, %d groups", how, what, err, other.Len())
			}
		}
		// Without its print nothing is believed.
		other := remember(sql.TString)
		if err := other.Apply(log.Key[log.Len()-1].Of(log.Bytes), log.Value[log.Len()-1].Of(log.Bytes)); err != nil {
			t.Fatal(err)
		}
		if err := other.Table.Restored(); err == nil {
			t.Error("state without a print was restored")
		}
	}
}

func TestPrintBytes(t *testing.T) {
	for _, p := range []Print{{}, {Step: "s"}, {Step: "s", Cells: []string{"", "b"}, Open: true}} {
		b := p.append(nil)
		got, err := readPrint(b)
		if err != nil || got.Reads(p) != nil || p.Reads(got) != nil || got.Open != p.Open || got.Sum() != p.Sum() {
			t.Errorf("%+v came back as %+v, %v", p, got, err)
		}
		for n := range b {
			if _, err := readPrint(b[:n]); err == nil {
				t.Errorf("%+v cut to %d bytes was read", p, n)
			}
		}
		if _, err := readPrint(append(b, 0)); err == nil {
			t.Error("bytes behind a print were not noticed")
		}
	}
}

// TestRowsGrow reads rows that were written before a column was added.
func TestRowsGrow(t *testing.T) {
	r := &Rows{}
	r.Grow(2)
	a, b := vec.New(sql.TString), vec.New(sql.TBigint)
	a.AppendString("x")
	r.Put(1, []*vec.Vec{a}, 0)
	if r.Has(0) || !r.Has(1) {
		t.Fatal("which groups have rows")
	}
	saved := r.Save(1, []byte("before"))
	rest, err := r.Load(0, append(saved[6:], "after"...))
	if err != nil || string(rest) != "after" {
		t.Fatalf("%q, %v", rest, err)
	}
	a.Reset()
	if err := r.Get(0, []*vec.Vec{a, b}); err != nil || a.Get(0) != "x" || !b.IsNull(0) {
		t.Fatalf("%v %v %v", a.Get(0), b.Get(0), err)
	}
	if r.Clear(0); r.Has(0) {
		t.Fatal("a cleared row is there")
	}
}

// FuzzApply offers records and chunks that no table wrote: they are taken or refused, and what is there can be read.
func FuzzApply(f *testing.F) {
	tab := remember(sql.TString)
	tab.put("k", 5, 1, "row")
	log := &store.Records{}
	tab.Changes(log)
	for i := range log.Len() {
		f.Add(log.Key[i].Of(log.Bytes), log.Value[i].Of(log.Bytes), uint8(i))
	}
	_, chunk := tab.Chunk(0, 10, nil)
	f.Add([]byte{groupRecord, 2, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, chunk, uint8(1))
	f.Fuzz(func(t *testing.T, key, value []byte, kind uint8) {
		types := []sql.Type{sql.TString, sql.TBigint, sql.TInteger, sql.TDouble, sql.DecimalOf(50, 2), sql.ArrayOf(sql.TString), sql.StructOf(sql.Field{Name: "A", Type: sql.TBytes})}
		tab := remember(types[int(kind)%len(types)])
		applied := tab.Apply(key, value) == nil
		if tab.Load(value) == nil || applied {
			for _, g := range tab.All(nil) {
				if err := tab.Keys([]int32{g}, []*vec.Vec{vec.New(tab.key)}); err != nil {
					t.Fatalf("a key that was taken cannot be read: %v", err)
				}
			}
		}
		_, a := tab.Chunk(0, 100, nil)
		if _, b := tab.Chunk(0, 100, nil); !bytes.Equal(a, b) {
			t.Fatal("two checkpoints of one state differ")
		}
	})
}

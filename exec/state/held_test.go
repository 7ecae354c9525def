package state

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

func someRand() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }

// TestRowsHeld: what rows say that they hold follows each of them as it comes, grows, shrinks and goes.
func TestRowsHeld(t *testing.T) {
	r := someRand()
	rows := &Rows{}
	rows.Grow(10)
	v := vec.New(sql.TString)
	for i := range 500 {
		g := int32(r.IntN(10))
		switch r.IntN(3) {
		case 0:
			rows.Clear(g)
		case 1:
			saved := rows.Save(g, nil)
			if rest, err := rows.Load(int32(r.IntN(10)), saved); err != nil || len(rest) > 0 {
				t.Fatal(rest, err)
			}
		default:
			v.Reset()
			v.AppendString(strings.Repeat("x", r.IntN(200)))
			rows.Put(g, []*vec.Vec{v}, 0)
		}
		want := 24 * int64(cap(rows.rows))
		for _, b := range rows.rows {
			want += int64(cap(b))
		}
		if got := rows.Bytes(); got != want {
			t.Fatalf("step %d: %d bytes, want %d", i, got, want)
		}
	}
	rows.Clear(0)
	if rows.Put(0, nil, 0); !rows.Has(0) {
		t.Error("a row without columns is not there")
	}
	if _, err := rows.Load(1, []byte{5, 'c', 'u', 't'}); err == nil {
		t.Error("a row that is cut short was loaded")
	}
}

// TestChunks: a chunk has as many rows as were asked for, dropped ones not counted, and the place where the next begins.
func TestChunks(t *testing.T) {
	for _, name := range []string{"groups", "in order"} {
		tab := remember(sql.TBigint)
		o := NewOrdered(orderedLayout)
		var k Kept = tab.Table
		for i := range int64(25) {
			tab.put(i, 0, 1, "row")
			o.Put(appendTime(nil, i), i, nil)
		}
		for i := range int64(5) {
			tab.remove(i*2, 0)
			o.Delete(int32(i * 2))
		}
		if name == "in order" {
			k = o
		}
		var nexts, records []int
		for at := 0; at >= 0; {
			var chunk []byte
			at, chunk = k.Chunk(at, 8, nil)
			n := 0
			for len(chunk) > 0 {
				key, rest, err := readBytes(chunk)
				if err == nil {
					_, rest, err = readBytes(rest)
				}
				if err != nil {
					t.Fatal(err)
				}
				if chunk = rest; key[0] == groupRecord || key[0] == entryRecord {
					n++
				}
			}
			nexts, records = append(nexts, at), append(records, n)
		}
		// Of 0 to 9 the odd ones are left: the first chunk ends with 12.
		if want := []int{13, 21, -1}; !slices.Equal(nexts, want) || !slices.Equal(records, []int{8, 8, 4}) {
			t.Errorf("%s: chunks of %v end at %v, want %v", name, records, nexts, want)
		}
	}
}

// TestChanged: each kind of change is one by itself, and is told once, under the time of its row.
func TestChanged(t *testing.T) {
	tab := remember(sql.TString)
	tell := func(what string, changed bool, kinds ...byte) (r *store.Records) {
		t.Helper()
		if tab.Changed() != changed {
			t.Errorf("%s: changed %v", what, tab.Changed())
		}
		r = &store.Records{}
		tab.Changes(r)
		var got []byte
		for i := range r.Len() {
			got = append(got, r.Key[i].Of(r.Bytes)[0])
		}
		if !slices.Equal(got, kinds) {
			t.Errorf("%s: records of kinds %v, want %v", what, got, kinds)
		}
		return r
	}
	tell("new", false, printRecord)
	tell("nothing", false)
	tab.put("k", 0, 55, "row")
	tab.put("early", 0, -1, "row")
	tab.put("k", 0, 60, "row again")
	if r := tell("rows", true, groupRecord, groupRecord); !slices.Equal(r.Time, []int64{60, 0}) {
		t.Errorf("the times of records are %v", r.Time)
	}
	tab.Step[1]++
	tell("step", true, stepRecord)
	tab.remove("k", 0)
	if r := tell("drop", true, groupRecord); r.Value[0].Len >= 0 {
		t.Error("a drop is no tombstone")
	}
	tab.put("other", 0, 1, "row")
	tab.remove("other", 0)
	if r := tell("put and drop", true, groupRecord); r.Value[0].Len >= 0 {
		t.Error("a row that was dropped again is told")
	}
	tell("nothing more", false)

	o := NewOrdered(orderedLayout)
	o.Put([]byte("k"), 1, nil)
	o.Changes(&store.Records{})
	if o.Delete(0); !o.Changed() {
		t.Error("a row that was dropped is no change")
	}

	g, isNew := tab.Add(tab.column("k"), 0, 0) // the number of a dropped group
	if tab.Fit(); !isNew || tab.Time[g] != -1 || tab.rows.Has(g) {
		t.Errorf("group %d begins with time %d, row %v", g, tab.Time[g], tab.rows.Has(g))
	}
	fresh := remember(sql.TString)
	g, _ = fresh.Add(fresh.column("k"), 0, 0)
	if fresh.Fit(); fresh.Time[g] != -1 || fresh.End[g] != 0 {
		t.Errorf("a new group begins with time %d, end %d", fresh.Time[g], fresh.End[g])
	}
}

// TestNothingKept: a table whose changes nobody asks for notes none.
func TestNothingKept(t *testing.T) {
	l := someLayout
	l.Keep, l.Keys = false, []sql.Type{sql.TString}
	tab := NewTable(l)
	k := vec.New(sql.TString)
	k.AppendString("k")
	g, _ := tab.Add([]*vec.Vec{k}, 0, 0)
	tab.Fit()
	tab.Touch([]int32{g})
	tab.Remove(g)
	ol := orderedLayout
	ol.Keep = false
	o := NewOrdered(ol)
	o.Put([]byte("k"), 1, nil)
	o.Delete(0)
	for _, k := range []Kept{tab, o} {
		if k.Changed() {
			t.Errorf("%T notes changes", k)
		}
	}
}

// sums is cells that add up what is loaded into them, as if a cell were always clear before.
type sums []int64

func (s *sums) Grow(n int) { *s = append(*s, make([]int64, n-len(*s))...) }

func (s *sums) Clear(g int32) { (*s)[g] = 0 }

func (s *sums) Save(g int32, dst []byte) []byte { return append(dst, byte((*s)[g])) }

func (s *sums) Load(g int32, src []byte) ([]byte, error) {
	if len(src) == 0 {
		return nil, errShort
	}
	(*s)[g] += int64(src[0])
	return src[1:], nil
}

func (s *sums) Bytes() int64 { return 8 * int64(cap(*s)) }

// TestAppliedAgain: the cells of a group are clear before its record is read, also the second time, and after a drop.
func TestAppliedAgain(t *testing.T) {
	cells := &sums{}
	l := Layout{Name: "t", Keys: []sql.Type{sql.TBigint}, Keep: true, Cells: []Cells{cells}}
	tab := NewTable(l)
	k := vec.New(sql.TBigint)
	k.AppendI64(1)
	g, _ := tab.Add([]*vec.Vec{k}, 0, 0)
	tab.Fit()
	tab.Touch([]int32{g})
	(*cells)[g] = 5
	r := &store.Records{}
	tab.Changes(r)
	last := r.Len() - 1
	key, value := r.Key[last].Of(r.Bytes), r.Value[last].Of(r.Bytes)
	for range 2 {
		for range 2 {
			if err := tab.Apply(key, value); err != nil || (*cells)[g] != 5 {
				t.Fatal((*cells)[g], err)
			}
		}
		if err := tab.Apply(key, nil); err != nil || (*cells)[g] != 0 || tab.Len() != 0 {
			t.Fatal((*cells)[g], err)
		}
	}
}

// TestNoCells: what has a group is its key, and its times; nothing more need be there.
func TestNoCells(t *testing.T) {
	for _, session := range []bool{false, true} {
		l := Layout{Name: "t", Keys: []sql.Type{sql.TBigint}, Session: session, Keep: true}
		tab, back := NewTable(l), NewTable(l)
		k := vec.New(sql.TBigint)
		k.AppendI64(1)
		g, _ := tab.Add([]*vec.Vec{k}, 0, 0)
		tab.Fit()
		tab.Touch([]int32{g})
		tab.Time[g] = 5
		if session {
			tab.End[g] = 6
		}
		r := &store.Records{}
		tab.Changes(r)
		for i := range r.Len() {
			if err := back.Apply(r.Key[i].Of(r.Bytes), r.Value[i].Of(r.Bytes)); err != nil {
				t.Fatal(session, err)
			}
		}
		if g := back.Find([]*vec.Vec{k}, 0, 0); g < 0 || back.Time[g] != 5 || session && back.End[g] != 6 || (back.End != nil) != session {
			t.Errorf("session %v: group %d, times %v to %v", session, g, back.Time, back.End)
		}
	}
}

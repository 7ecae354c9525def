package op

import (
	"testing"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// timed is a numeric key, a value and ROWTIME.
var timed = sql.Schema{plain("K", sql.TInteger, sql.KeyRole), plain("V", sql.TInteger, sql.ValueRole), plain("ROWTIME", sql.TBigint, sql.PseudoRole)}

func latest(w *plan.Window, s sql.Schema, old bool) *Latest {
	return NewLatest(&plan.Latest{Head: plan.Head{Name: "Latest", Shape: sql.TableKind, Schema: s, Window: w, Old: old}, State: "Latest", Whole: true}, state.Print{}, true)
}

func keyed(t *testing.T, typ sql.Type, key string) []*vec.Vec {
	t.Helper()
	c := vec.New(typ)
	put(t, c, key)
	return []*vec.Vec{c}
}

// TestLatestChanges: with old values each row leaves as what became of its key: the first is an insert, the next an
// update with the row before and its ROWTIME, a deletion has the row that goes. What was not there does not go, and a
// row without a key is none.
func TestLatestChanges(t *testing.T) {
	l := latest(nil, timed, true)
	passes(t, l, timed, []passage{
		{"+ 1 5 @1; + 2 6 @2", "+ 1 5 1 @1; + 2 6 2 @2", ""},
		{"+ 1 7 @5; - 2 null @6; - 3 null @7; + 1 8 @4", "U- 1 5 1 @5; U+ 1 7 5 @5 <0; - 2 6 2 @6 <1; U- 1 7 5 @4; U+ 1 8 4 @4 <3", ""},
		{"U- 1 8 @4; U+ 1 9 @8", "U- 1 8 4 @8 <1; U+ 1 9 8 @8", ""},
		{"+ null 5 @9; - 7 null @9; - null null @9", "", ""},
		{"- 1 null @10; + 1 1 @11; - 1 null @12; - 1 null @13", "- 1 9 8 @10; + 1 1 11 @11; - 1 1 11 @12", ""},
		{"+ 2 null @14; + 2 3 @15", "+ 2 null 14 @14; U- 2 null 14 @15; U+ 2 3 15 @15 <1", ""},
	})
	if got := read(t, l, l.All(Unbounded(), nil)); got != "+ 2 3 15 @15" {
		t.Error(got)
	}
	if got := read(t, l, l.Find(keyed(t, sql.TInteger, "2"), Unbounded(), nil)); got != "+ 2 3 15 @15" {
		t.Error(got)
	}
	if got := l.Find(keyed(t, sql.TInteger, "1"), Unbounded(), nil); len(got) > 0 {
		t.Error(got)
	}
}

// TestLatestLetsThrough: without old values rows leave as they came; what they leave behind can be read.
func TestLatestLetsThrough(t *testing.T) {
	l := latest(nil, timed, false)
	passes(t, l, timed, []passage{
		{"+ 1 5 @1; + 2 6 @2; - 3 null @3; + 1 7 @4", "+ 1 5 1 @1; + 2 6 2 @2; - 3 null 3 @3; + 1 7 4 @4", ""},
		{"- 2 null @5; + 4 null @6", "- 2 null 5 @5; + 4 null 6 @6", ""},
		{"- 9 null @5", "- 9 null 5 @5", ""},
	})
	if got := read(t, l, l.All(Unbounded(), nil)); got != "+ 1 7 4 @4; + 4 null 6 @6" {
		t.Error(got)
	}
	if l.Groups() != l.table.Index {
		t.Error("the groups are not those of the table")
	}
	text := latest(nil, pair, false) // whose key may be null
	passes(t, text, pair, []passage{{"+ a 5 @1; + null 6 @2", "+ a 5 @1; + null 6 @2", ""}})
}

// TestLatestOfWindows: a key has a row for each start of a window; the end is that of the last row.
func TestLatestOfWindows(t *testing.T) {
	w := &plan.Window{Kind: sql.Session}
	l := latest(w, pair, true)
	passes(t, l, pair, []passage{
		{"+ a 5 @1 0-5; + a 6 @2 10-15; + b 1 @2 0-9", "+ a 5 @1 0-5; + a 6 @2 10-15; + b 1 @2 0-9", ""},
		{"+ a 7 @3 10-20; - b null @4 10-15", "U- a 6 @3 10-20; U+ a 7 @3 10-20 <0", ""},
		{"- b null @5 0-9; + b 2 @6 20-25", "- b 1 @5 0-9; + b 2 @6 20-25", ""},
		{"+ a 8 @7 5-10", "+ a 8 @7 5-10", ""},
	})
	if got := read(t, l, l.Find(keyed(t, sql.TString, "a"), Unbounded(), nil)); got != "+ a 5 @1 0-5; + a 8 @7 5-10; + a 7 @3 10-20" {
		t.Error(got)
	}
	in := Unbounded()
	in.End.Narrow(sql.OpGe, 15)
	if got := read(t, l, l.Find(keyed(t, sql.TString, "a"), in, nil)); got != "+ a 7 @3 10-20" {
		t.Error(got)
	}
	if got := read(t, l, l.All(in, nil)); got != "+ a 7 @3 10-20; + b 2 @6 20-25" && got != "+ b 2 @6 20-25; + a 7 @3 10-20" {
		t.Error(got)
	}
	through := latest(w, pair, false)
	passes(t, through, pair, []passage{{"+ a 5 @1 0-5; - a null @2 0-5", "+ a 5 @1 0-5; - a null @2 0-5", ""}})
	if got := through.All(Unbounded(), nil); len(got) > 0 {
		t.Error(got)
	}
}

// TestLatestKeepsLiveColumns: columns that nobody reads are not kept.
func TestLatestKeepsLiveColumns(t *testing.T) {
	s := append(sql.Schema{}, timed...)
	s = append(s, plain("W", sql.TString, sql.ValueRole))
	l := NewLatest(&plan.Latest{Head: plan.Head{Name: "Latest", Schema: s, Old: true, Live: []bool{true, false, true, true}}, State: "Latest"}, state.Print{}, true)
	passes(t, l, s, []passage{{"+ 1 5 9 x @1; + 1 6 9 y @2", "+ 1 _ 1 x @1; U- 1 _ 1 x @2; U+ 1 _ 2 y @2 <1", ""}})
}

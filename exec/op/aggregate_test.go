package op

import (
	"testing"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

const (
	ofStream = aStream + `CREATE TABLE o AS SELECT w, COUNT(*) AS n, SUM(v) AS total FROM s GROUP BY w;`
	ofTable  = aTable + `CREATE TABLE o AS SELECT w, COUNT(*) AS n, SUM(v) AS total FROM t GROUP BY w;`
)

// aggregate is the step of a script with a GROUP BY; input is its columns, of which the first are the groups.
func aggregate(t *testing.T, script string, old bool) (s plan.Aggregate, input sql.Schema) {
	t.Helper()
	s = *stepOf[*plan.Aggregate](t, script)
	s.Old = old
	return s, s.In.Out().Schema
}

// TestAggregateOfStream: rows without a value or a group count for nothing; the time of a group is the highest of its
// rows. With old values each result comes with the one before it, be that of this batch or of an earlier one.
func TestAggregateOfStream(t *testing.T) {
	const null = "processing Aggregate-GroupBy t-3@101: group-by column with index 0 resolved to null"
	for _, old := range []bool{false, true} {
		s, in := aggregate(t, ofStream, old)
		a, err := NewAggregate(&s, state.Print{}, true)
		if err != nil {
			t.Fatal(err)
		}
		list := []passage{
			{"+ a 0 5 @3; + b 0 2 @2; + a 0 1 @1", "+ a 1 5 @3; + b 1 2 @2; + a 2 6 @3", ""},
			{"- a 0 7 @8; + null 0 9 @9; + b 0 4 @4", "+ b 2 6 @4 <2", null},
			{"- a 0 7 @8; + null 0 9 @9", "", null},
			{"+ c 0 4 @4; + a 0 3 @5; + c 0 null @6; + b 0 0 @1", "+ c 1 4 @4; + a 3 9 @5; + c 2 4 @6; + b 3 6 @4", ""},
		}
		if old {
			for i, out := range []string{
				"+ a 1 5 @3; + b 1 2 @2; U- a 1 5 @3; U+ a 2 6 @3 <2",
				"U- b 1 2 @4 <2; U+ b 2 6 @4 <2",
				"",
				"+ c 1 4 @4; U- a 2 6 @5; U+ a 3 9 @5 <1; U- c 1 4 @6 <2; U+ c 2 4 @6 <2; U- b 2 6 @4 <3; U+ b 3 6 @4 <3",
			} {
				list[i].out = out
			}
		}
		passes(t, a, in, list)
	}
}

// TestAggregateOfTable: an update within one group gives one result, of two groups the old one's comes first; a row
// without a group is in none.
func TestAggregateOfTable(t *testing.T) {
	for _, old := range []bool{false, true} {
		s, in := aggregate(t, ofTable, old)
		a, err := NewAggregate(&s, state.Print{}, true)
		if err != nil {
			t.Fatal(err)
		}
		list := []passage{
			{"+ a 0 5 @1; + a 0 6 @2; + b 0 1 @2", "+ a 1 5 @1; + a 2 11 @2; + b 1 1 @2", ""},
			{"U- a 0 5 @1; U+ a 0 7 @3", "+ a 2 13 @3 <1", ""},
			{"U- a 0 7 @3; U+ b 0 8 @4; - b 0 1 @5", "+ a 1 6 @3; + b 2 9 @4; + b 1 8 @5", ""},
			{"U- a 0 6 @3; U+ null 0 8 @4; U- null 0 1 @5; U+ a 0 2 @6", "+ a 0 0 @3; + a 1 2 @6 <3", ""},
			{"U- null 0 6 @3; U+ null 0 8 @4; - null 0 1 @6", "", ""},
			{"+ c 0 6 @3; U- c 0 6 @4; U+ c 0 7 @5; U- b 0 8 @6; U+ d 0 8 @7; U- d 0 8 @8; U+ d 0 9 @9", "+ c 1 6 @3; + c 1 7 @5 <2; + b 0 0 @6 <3; + d 1 8 @7 <4; + d 1 9 @9 <6", ""},
			{"U- d 0 9 @10; U+ null 0 1 @11", "+ d 0 0 @10", ""},
		}
		if old {
			for i, out := range []string{
				"+ a 1 5 @1; U- a 1 5 @2; U+ a 2 11 @2 <1; + b 1 1 @2 <2",
				"U- a 2 11 @3 <1; U+ a 2 13 @3",
				"U- a 2 13 @3; U+ a 1 6 @3 <0; U- b 1 1 @4 <1; U+ b 2 9 @4 <1; U- b 2 9 @5 <2; U+ b 1 8 @5 <2",
				"U- a 1 6 @3; U+ a 0 0 @3 <0; U- a 0 0 @6 <3; U+ a 1 2 @6",
				"",
				"+ c 1 6 @3; U- c 1 6 @5 <2; U+ c 1 7 @5; U- b 1 8 @6; U+ b 0 0 @6 <3; + d 1 8 @7 <4; U- d 1 8 @9; U+ d 1 9 @9 <6",
				"U- d 1 9 @10; U+ d 0 0 @10 <0",
			} {
				list[i].out = out
			}
		}
		passes(t, a, in, list)
	}
}

// TestAggregateAnswers: the groups of a key and all of them are read with their times.
func TestAggregateAnswers(t *testing.T) {
	s, in := aggregate(t, ofStream, false)
	a, err := NewAggregate(&s, state.Print{}, true)
	if err != nil {
		t.Fatal(err)
	}
	pass(t, a, rows(t, in, "+ a 0 5 @3; + b 0 2 @2; + a 0 1 @1"))
	for key, want := range map[string]string{"a": "+ a 2 6 @3", "b": "+ b 1 2 @2", "c": ""} {
		col := vec.New(sql.TString)
		col.AppendString(key)
		got := read(t, a, a.Find([]*vec.Vec{col}, Unbounded(), nil))
		if got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
	if got := read(t, a, a.All(Unbounded(), nil)); got != "+ a 2 6 @3; + b 1 2 @2" {
		t.Error(got)
	}
	if a.Groups() != a.table.Index || len(a.Tables()) != 1 || a.Tables()[0] != state.Kept(a.table) {
		t.Error("the table is not that of the groups")
	}
}

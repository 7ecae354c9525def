package op

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// groupsOf is the starts of the windows that a source has for a key.
func groupsOf(t *testing.T, o Source, key string) string {
	t.Helper()
	var starts []int64
	for _, g := range o.Find(keyed(t, sql.TString, key), Unbounded(), nil) {
		starts = append(starts, o.Tables()[0].(*state.Table).Win(g))
	}
	return fmt.Sprint(starts)
}

// windowing is an operator of windows whose groups answer.
type windowing interface {
	Operator
	Source
}

// windowed counts in windows.
func windowed(t *testing.T, w *plan.Window) (o windowing) {
	t.Helper()
	var err error
	if w.Kind == sql.Session {
		o, err = NewSessions(counted(t, w), state.Print{}, true, nil)
	} else {
		o, err = NewWindows(counted(t, w), state.Print{}, true, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestExpire: a window stays until stream time is beyond its retention, counted from its start (of a session: its end)
// and it is closed. Sessions are looked through each time a quarter of the retention has passed.
func TestExpire(t *testing.T) {
	tumbling := plan.Window{Kind: sql.Tumbling, Size: 10, Grace: 5, Retention: 15}
	short := plan.Window{Kind: sql.Tumbling, Size: 10, Grace: 5, Retention: 2}
	session := plan.Window{Kind: sql.Session, Size: 3, Grace: 4, Retention: 20}
	shorter := plan.Window{Kind: sql.Session, Size: 3, Grace: 10, Retention: 2}
	for _, c := range []struct {
		win    plan.Window
		before []event
		at     int64 // of the row after them
		want   string
	}{
		{tumbling, []event{{"a", 0}, {"a", 12}}, 15, "[0 10]"},
		{tumbling, []event{{"a", 0}, {"a", 12}}, 16, "[10]"},
		{tumbling, []event{{"a", 0}, {"a", 12}}, 25, "[10]"},
		{tumbling, []event{{"a", 0}, {"a", 12}}, 26, "[]"},
		{short, []event{{"a", 0}}, 14, "[0]"},
		{short, []event{{"a", 0}}, 15, "[]"},
		{session, []event{{"a", 0}, {"a", 5}, {"b", 19}}, 24, "[0 5]"},
		{session, []event{{"a", 0}, {"a", 5}, {"b", 19}}, 25, "[5]"},
		{session, []event{{"a", 0}, {"a", 5}, {"b", 19}, {"b", 25}}, 30, "[5]"},
		{session, []event{{"a", 0}, {"a", 5}, {"b", 19}, {"b", 25}}, 31, "[]"},
		{shorter, []event{{"a", 0}}, 10, "[0]"},
		{shorter, []event{{"a", 0}}, 13, "[0]"},
		{shorter, []event{{"a", 0}}, 14, "[]"},
	} {
		o := windowed(t, &c.win)
		feed(t, o, append(slices.Clone(c.before), event{"c", c.at}), 1)
		if got := groupsOf(t, o, "a"); got != c.want {
			t.Errorf("%+v, %v, at %d: got %s, want %s", c.win, c.before, c.at, got, c.want)
		}
		if s, ok := o.(*Sessions); ok && (s.Keys().Find(keyed(t, sql.TString, "a"), 0, 0) < 0) != (c.want == "[]") {
			t.Errorf("%v, at %d: a key without sessions is kept, or one with them is not", c.before, c.at)
		}
	}
}

// TestWindowsAnswer: what is read of windows has their bounds and times.
func TestWindowsAnswer(t *testing.T) {
	for _, c := range []struct {
		win  plan.Window
		want string
	}{
		{plan.Window{Kind: sql.Tumbling, Size: 10, Retention: 100, Grace: 100}, "+ a 0 10 2 @7 0-10; + a 10 20 1 @12 10-20"},
		{plan.Window{Kind: sql.Hopping, Size: 10, Advance: 5, Retention: 100, Grace: 100}, "+ a 0 10 2 @7 0-10; + a 5 15 2 @12 5-15; + a 10 20 1 @12 10-20"},
		{plan.Window{Kind: sql.Session, Size: 4, Retention: 100, Grace: 100}, "+ a 2 2 1 @2 2-2; + a 7 7 1 @7 7-7; + a 12 12 1 @12 12-12"},
	} {
		o := windowed(t, &c.win)
		feed(t, o, []event{{"a", 7}, {"a", 2}, {"b", 3}, {"a", 12}}, 2)
		if got := read(t, o, o.Find(keyed(t, sql.TString, "a"), Unbounded(), nil)); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.win, got, c.want)
		}
		if o.Groups() == nil || len(o.Tables()) != 1 {
			t.Error("there is no table")
		}
	}
}

// TestWindowsLeaveOut: rows without a value or a group are in no window, and the latter are told of; rows with old
// values next to them keep theirs.
func TestWindowsLeaveOut(t *testing.T) {
	in := sql.Schema{plain("K", sql.TString, sql.KeyRole), plain("T", sql.TBigint, sql.ValueRole)}
	const null = "processing Aggregate-GroupBy t-3@%d: group-by column with index 0 resolved to null"
	w := counted(t, &plan.Window{Kind: sql.Tumbling, Size: 10, Retention: 100, Grace: 100})
	w.Old = true
	o, err := NewWindows(w, state.Print{}, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	passes(t, o, in, []passage{
		{"+ a 1 @1; - b 1 @2; + null 1 @3; + a 1 @14", "+ a 0 10 1 @1 0-10; + a 10 20 1 @14 10-20 <3", fmt.Sprintf(null, 102)},
		{"+ null 1 @5", "", fmt.Sprintf(null, 100)},
		{"- b 1 @2; + a 1 @3; + a 1 @2", "U- a 0 10 1 @3 0-10 <1; U+ a 0 10 2 @3 0-10; U- a 0 10 2 @3 0-10; U+ a 0 10 3 @3 0-10 <2", ""},
	})
	s, err := NewSessions(counted(t, &plan.Window{Kind: sql.Session, Size: 10, Retention: 100, Grace: 100}), state.Print{}, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	passes(t, s, in, []passage{
		{"+ a 1 @1; - b 1 @2; + null 1 @3; + a 1 @5", "+ a 1 1 1 @1 1-1; - a 1 1 1 @1 1-1 <3; + a 1 5 2 @5 1-5 <3", fmt.Sprintf(null, 102)},
		{"- b 1 @2; + null 1 @3", "", fmt.Sprintf(null, 101)},
	})
}

// TestSessionsInBoundsOnly: of a key's sessions only those are looked at that may lie in the bounds.
func TestSessionsInBoundsOnly(t *testing.T) {
	s, err := NewSessions(counted(t, &plan.Window{Kind: sql.Session, Size: 3, Grace: 1000, Retention: 1000}), state.Print{}, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	feed(t, s, []event{{"a", 0}, {"a", 10}, {"a", 20}, {"a", 30}, {"a", 40}, {"a", 50}, {"a", 60}}, 7)
	list := s.byKey[0]
	const none = 1 << 30 // no session: looking at it panics
	for _, c := range []struct {
		narrow func(*Bounds)
		bad    int
		want   string
	}{
		{func(b *Bounds) { b.End.Narrow(sql.OpLe, 15) }, 6, "[0 10]"},
		{func(b *Bounds) { b.Start.Narrow(sql.OpLt, 20) }, 6, "[0 10]"},
		{func(b *Bounds) { b.Start.Narrow(sql.OpEq, 20) }, 6, "[20]"},
		{func(b *Bounds) { b.Start.Narrow(sql.OpGe, 50) }, 0, "[50 60]"},
		{func(b *Bounds) { b.End.Narrow(sql.OpGt, 40) }, 0, "[50 60]"},
	} {
		in := Unbounded()
		c.narrow(&in)
		s.byKey[0] = slices.Clone(list)
		s.byKey[0][c.bad] = none
		var starts []int64
		for _, g := range s.Of(0, in, nil) {
			starts = append(starts, s.table.Win(g))
		}
		if got := fmt.Sprint(starts); got != c.want {
			t.Errorf("%+v: got %s, want %s", in, got, c.want)
		}
	}
}

// TestForgottenSessionIsReplaced: a row that begins when a session did that rows no longer see begins anew.
func TestForgottenSessionIsReplaced(t *testing.T) {
	s, err := NewSessions(counted(t, &plan.Window{Kind: sql.Session, Size: 5, Grace: 1000, Retention: 20}), state.Print{}, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := feed(t, s, []event{{"a", 0}, {"a", 3}, {"a", 12}, {"b", 100}, {"a", 0}, {"a", 0}}, 3)
	if end := fmt.Sprint(got[len(got)-2:]); end != "[+ a 0 0 1 @0 + a 0 0 1 @0]" {
		t.Errorf("got %v", got)
	}
	if got := read(t, s, s.Find(keyed(t, sql.TString, "a"), Unbounded(), nil)); got != "+ a 0 0 1 @0 0-0; + a 12 12 1 @12 12-12" {
		t.Error(got)
	}
}

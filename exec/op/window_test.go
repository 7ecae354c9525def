package op

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// counted is an aggregation that counts the rows of each STRING key.
func counted(t *testing.T, w *plan.Window) *plan.Aggregate {
	t.Helper()
	set := fn.Builtins()
	r, err := set.Resolve("COUNT", []fn.ArgType{{Type: sql.TBigint}})
	if err != nil {
		t.Fatal(err)
	}
	key := sql.Column{Field: sql.Field{Name: "K", Type: sql.TString}, Role: sql.KeyRole}
	arg := sql.Column{Field: sql.Field{Name: "T", Type: sql.TBigint}}
	in := &plan.Project{Head: plan.Head{Schema: sql.Schema{key, arg}}}
	out := sql.Schema{key}
	if w != nil {
		for _, n := range []string{"WINDOWSTART", "WINDOWEND"} {
			out = append(out, sql.Column{Field: sql.Field{Name: n, Type: sql.TBigint}, Role: sql.PseudoRole})
		}
	}
	out = append(out, sql.Column{Field: sql.Field{Name: "N", Type: sql.TBigint}})
	return &plan.Aggregate{Head: plan.Head{Name: "Aggregate", Shape: sql.TableKind, Schema: out, Window: w}, In: in, Groups: 1,
		Calls: []plan.AggCall{{Func: r.Func, Variant: r.Variant, Site: fn.Site{Args: r.Args, Returns: r.Returns}, Args: []int{1}, Name: "N"}}}
}

type event struct {
	key string
	at  int64
}

// feed runs events through o in batches of size n and prints what leaves.
func feed(t *testing.T, o Operator, events []event, n int) []string {
	t.Helper()
	return feedTo(t, o, events, n, nil)
}

func feedTo(t *testing.T, o Operator, events []event, n int, report func(Problem)) []string {
	t.Helper()
	out := feedFrom(t, o, events, n, report)
	for i, s := range out {
		out[i], _, _ = strings.Cut(s, " <")
	}
	return out
}

// feedFrom is feedTo; behind < stands the event that caused a row.
func feedFrom(t *testing.T, o Operator, events []event, n int, report func(Problem)) []string {
	t.Helper()
	var out []string
	first := int64(0)
	c := &Context{Env: &expr.Env{}, Report: report}
	for len(events) > 0 {
		part := events[:min(n, len(events))]
		events = events[len(part):]
		k, a := vec.New(sql.TString), vec.New(sql.TBigint)
		run := &store.Records{First: first}
		first += int64(len(part))
		b := &Batch{N: len(part), Cols: []*vec.Vec{k, a}, From: &Origin{Runs: []*store.Records{run}, Start: []int32{0}}}
		for _, e := range part {
			run.Add(e.at, nil, nil)
			k.AppendString(e.key)
			a.AppendI64(e.at)
			b.Time = append(b.Time, e.at)
		}
		if err := o.Process(c, b, func(b *Batch) error {
			for i, s := range written(t, b) {
				if b.Start != nil && (b.Start[i] != b.Cols[1].I64[i] || b.End[i] != b.Cols[2].I64[i]) {
					t.Errorf("%s is of the window from %d to %d", s, b.Start[i], b.End[i])
				}
				s, _, _ = strings.Cut(s, " <")
				if b.Start != nil {
					s = s[:strings.LastIndexByte(s, ' ')]
				}
				out = append(out, fmt.Sprint(s, " <", run.Offset(int(b.Cause(i)))))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestFinalWindow(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		s := counted(t, &plan.Window{Kind: sql.Tumbling, Size: 2, Retention: 2, Final: true})
		o, err := NewWindows(s, state.Print{}, false, nil) // one key needs no order
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(feed(t, o, []event{{"a", 0}, {"a", 1}, {"a", 2}}, n))
		if want := "[+ a 0 2 2 @1]"; got != want {
			t.Errorf("batches of %d: got %s, want %s", n, got, want)
		}
	}
}

// TestLastTime: rows at the end of time are folded where their window has an end, and reported where not.
func TestLastTime(t *testing.T) {
	const last = math.MaxInt64
	keys := func(_ []*vec.Vec, n int) ([][]byte, error) { return make([][]byte, n), nil }
	events := []event{{"a", 1}, {"a", last - 1}, {"a", last}, {"a", 2}}
	for _, c := range []struct {
		win  plan.Window
		want string
		bad  int
	}{
		{plan.Window{Kind: sql.Tumbling, Size: 10, Grace: 7, Retention: 17}, "[+ a 0 10 1 @1 + a 0 10 2 @2]", 2},
		{plan.Window{Kind: sql.Tumbling, Size: 10, Retention: 10, Final: true}, "[]", 2},
		{plan.Window{Kind: sql.Hopping, Size: last, Advance: last - 1, Retention: last}, "[+ a 0 9223372036854775807 1 @1 + a 0 9223372036854775807 2 @2]", 2},
	} {
		for _, n := range []int{1, 7} {
			o, err := NewWindows(counted(t, &c.win), state.Print{}, false, keys)
			if err != nil {
				t.Fatal(err)
			}
			bad := 0
			got := fmt.Sprint(feedTo(t, o, events, n, func(Problem) { bad++ }))
			if got != c.want || bad != c.bad {
				t.Errorf("%+v: got %s and %d problems, want %s and %d", c.win, got, bad, c.want, c.bad)
			}
		}
	}
	s, err := NewSessions(counted(t, &plan.Window{Kind: sql.Session, Size: last, Retention: last}), state.Print{}, false, keys)
	if err != nil {
		t.Fatal(err)
	}
	got := feed(t, s, events, 7)
	if want := fmt.Sprintf("+ a 1 %d 4 @%d", int64(last), int64(last)); got[len(got)-1] != want {
		t.Errorf("sessions: got %s, want %s at the end", got, want)
	}
}

// TestSessionKeysGo: a key without a session left takes no room, be it that its sessions are past retention or that
// its only row came late.
func TestSessionKeysGo(t *testing.T) {
	s := counted(t, &plan.Window{Kind: sql.Session, Size: 10, Retention: 10})
	o, err := NewSessions(s, state.Print{}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	var events []event
	for i := range 1000 {
		events = append(events, event{fmt.Sprint("k", i), int64(i)}, event{fmt.Sprint("late", i), 0})
	}
	feed(t, o, events, 10)
	if n := o.keys.Len(); n > 50 {
		t.Errorf("%d keys are left, of about 12 that have sessions", n)
	}
}

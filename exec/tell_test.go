package exec

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// notes is a hook that keeps what it is told, the first of it not before it may.
type notes struct {
	begun, may chan struct{}
	all        []any
}

func (n *notes) note(x any) {
	if n.may != nil && len(n.all) == 0 {
		close(n.begun)
		<-n.may
	}
	n.all = append(n.all, x)
}

func (n *notes) OnQueryState(i QueryStateInfo) { n.note(i) }
func (n *notes) OnFault(i FaultInfo)           { n.note(i) }
func (n *notes) OnRetire(i RetireInfo)         { n.note(i) }

// badRows is a hook of rows that went wrong.
type badRows struct{ all []BadRowInfo }

func (b *badRows) OnBadRow(i BadRowInfo) { b.all = append(b.all, i) }

// lateRows is a hook of late rows.
type lateRows struct{ all []LateRowInfo }

func (l *lateRows) OnLateRow(i LateRowInfo) { l.all = append(l.all, i) }

func telling(t *testing.T, hooks ...Hook) (*teller, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	told, err := newTeller(hooks, slog.New(slog.NewTextHandler(&b, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return told, &b
}

// TestSlowHook: of what piles up behind a hook the oldest is forgotten, and the logger told of how much; the rest comes
// in order. After the end nothing comes.
func TestSlowHook(t *testing.T) {
	for _, more := range []int{0, 1, 7} {
		h := &notes{begun: make(chan struct{}), may: make(chan struct{})}
		told, log := telling(t, h)
		say := func(n int) { told.later(QueryStateInfo{Query: fmt.Sprint(n)}) }
		say(0)
		<-h.begun
		for n := range mostQueued + more {
			say(1 + n)
		}
		close(h.may)
		told.close()
		say(-1)
		told.close()
		for i, x := range h.all {
			want := "0"
			if i > 0 {
				want = fmt.Sprint(more + i)
			}
			if x.(QueryStateInfo).Query != want {
				t.Fatalf("%d: %+v, want %s", i, x, want)
			}
		}
		lost := strings.Contains(log.String(), fmt.Sprintf("lost=%d\n", more))
		if len(h.all) != 1+mostQueued || lost != (more > 0) || strings.Count(log.String(), "lost=") != min(more, 1) {
			t.Errorf("%d too many: %d were told", more, len(h.all))
		}
	}
}

// TestTold: what the engine and its log have to say goes to the hooks that ask for it, and to the logger. Of what rows
// did, the logger does not get the text.
func TestTold(t *testing.T) {
	bad := errors.New("the cause")
	trouble := func(what string) store.Event {
		return store.Event{Trouble: store.Trouble{What: what, Of: "file 7", Err: bad}}
	}
	for _, c := range []struct {
		what string
		do   func(told *teller)
		want any
		log  string
		not  string
	}{
		{"a fault", func(told *teller) { told.later(FaultInfo{Part: PartLog, Err: bad}) }, FaultInfo{Part: PartLog, Err: bad}, `level=ERROR msg=fault part=log error="the cause"`, "query="},
		{"a fault of a unit", func(told *teller) {
			told.later(FaultInfo{Part: PartQueries, Query: "Q", Stage: "s", Partition: 3, Err: bad})
		},
			FaultInfo{Part: PartQueries, Query: "Q", Stage: "s", Partition: 3, Err: bad}, `part=queries query=Q stage=s partition=3 error="the cause"`, ""},
		{"rows", func(told *teller) { told.later(FaultInfo{Part: PartQueries, Err: &Fault{bad}}) }, FaultInfo{Part: PartQueries, Err: &Fault{bad}}, "rows could not be processed", "the cause"},
		{"a state", func(told *teller) { told.later(QueryStateInfo{Query: "Q", From: "RUNNING", To: "PAUSED"}) }, QueryStateInfo{Query: "Q", From: "RUNNING", To: "PAUSED"}, "level=INFO", ""},
		{"well again", func(told *teller) { told.later(recovered(PartLog)) }, nil, `msg="what failed works again" part=log`, ""},
		{"a file is gone", func(told *teller) { told.heard(store.Event{Kind: store.Retired, File: "f", Bytes: 5, Took: 6}) }, RetireInfo{File: "f", Bytes: 5, Took: 6}, "", "level="},
		{"a file stays", func(told *teller) { told.heard(trouble(store.Retiring)) }, RetireInfo{File: "file 7", Err: bad}, `level=WARN msg="retiring the log's oldest file failed" file="file 7" error="the cause"`, ""},
		{"the log heals", func(told *teller) {
			told.heard(store.Event{Kind: store.Healed, Trouble: store.Trouble{What: store.Retiring}})
		}, nil, `msg="what failed works again" part=retiring`, ""},
		{"a checkpoint", func(told *teller) { told.heard(trouble(store.Checkpointing)) }, nil, "", "level="},
	} {
		h := &notes{}
		told, log := telling(t, h)
		c.do(told)
		told.close()
		var want []any
		if c.want != nil {
			want = []any{c.want}
		}
		if !reflect.DeepEqual(h.all, want) || !strings.Contains(log.String(), c.log) || c.not != "" && strings.Contains(log.String(), c.not) {
			t.Errorf("%s: %+v; logged %s", c.what, h.all, log)
		}
	}
	h := &notes{}
	told, _ := telling(t, h)
	told.heard(trouble(store.Reading))
	told.close()
	if f, ok := h.all[0].(FaultInfo); !ok || f.Part != PartLog || !errors.Is(f.Err, bad) || !strings.Contains(f.Err.Error(), "file 7") {
		t.Errorf("%+v", h.all)
	}
}

// TestNobodyAsks: what no hook and no logger asks for is not kept.
func TestNobodyAsks(t *testing.T) {
	for _, c := range []struct {
		hooks []Hook
		deaf  bool
	}{{nil, true}, {[]Hook{&badRows{}}, true}, {[]Hook{&notes{}}, false}} {
		told, err := newTeller(c.hooks, nil)
		if err != nil || told.deaf() != c.deaf {
			t.Errorf("%T: deaf %t, %v", c.hooks, told.deaf(), err)
		}
		told.later(FaultInfo{Err: errors.New("x")}) // and the log that nobody set is none
		told.close()
	}
	if told, _ := telling(t); told.deaf() {
		t.Error("a logger hears nothing")
	}
}

// TestCountRows: rows that went wrong are told by kind with the first error of each, late ones apart.
func TestCountRows(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	late := lateProblem(t)
	list := []op.Problem{
		{Kind: op.ProcessingError, Err: first}, late, {Kind: op.SerializationError, Err: second}, {Kind: op.ProcessingError, Err: second}, late, late,
	}
	bad, slow := &badRows{}, &lateRows{}
	told, _ := telling(t, bad, slow)
	m := told.count(list)
	told.rows("Q", "s", 4, &m)
	want := []BadRowInfo{{"Q", "s", 4, "processing", 2, first}, {"Q", "s", 4, "serialization", 1, second}}
	if !reflect.DeepEqual(bad.all, want) || !slices.Equal(slow.all, []LateRowInfo{{"Q", "s", 4, 3}}) {
		t.Errorf("%+v %+v", bad.all, slow.all)
	}
	for _, hooks := range [][]Hook{{&badRows{}}, {&lateRows{}}} { // who asks for one of them
		told, _ := telling(t, hooks...)
		if m := told.count(list); m.late != 3 || m.bad[op.ProcessingError] != 2 {
			t.Errorf("%T: %+v", hooks[0], m)
		}
	}
	told, _ = telling(t, &notes{})
	if m := told.count(list); !reflect.DeepEqual(m, mishaps{}) {
		t.Errorf("counted for nobody: %+v", m)
	}
}

// TestCondition: it begins with the first fault and counts until it goes right, which is told once.
func TestCondition(t *testing.T) {
	var c condition
	bad, worse := errors.New("bad"), errors.New("worse")
	at := time.UnixMilli(5)
	if c.went(nil, at) || c.now() != (Condition{}) {
		t.Error("again well, though it was never ill")
	}
	if c.went(bad, at) || c.went(worse, at.Add(1)) || c.now() != (Condition{worse, at, 2}) {
		t.Errorf("%+v", c.now())
	}
	if !c.went(nil, at) || c.went(nil, at) || c.now() != (Condition{}) {
		t.Errorf("%+v", c.now())
	}
}

// lateProblem is what is reported of a row whose window is closed.
func lateProblem(t *testing.T) (late op.Problem) {
	t.Helper()
	root := planned(t, "SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 10 MILLISECONDS, GRACE PERIOD 0 MILLISECONDS) GROUP BY K EMIT CHANGES;")
	c := &op.Context{Env: &expr.Env{Now: func() int64 { return 0 }, Stop: new(fn.Stop)}, Report: func(p op.Problem) { late = p }}
	l, err := staged(root, single, 1, func(s string) string { return s })[0].build(c, plan.Push, false, func(*op.Batch) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	rows := store.Records{TP: store.TP{Topic: "s"}}
	rows.Add(100, []byte("a"), []byte(`{"V":1}`))
	rows.Add(1, []byte("a"), []byte(`{"V":1}`))
	if err := l.feed([]store.Records{rows}); err != nil || !late.Late() {
		t.Fatal(err, late)
	}
	return late
}

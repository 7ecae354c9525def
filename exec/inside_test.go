package exec

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// trimming is a log that notes what it is told nobody needs, and answers with an error.
type trimming struct {
	store.Log
	below []map[store.TP]int64
	err   error
}

func (l *trimming) Trim(_ context.Context, below map[store.TP]int64) error {
	l.below = append(l.below, below)
	return l.err
}

// TestTrim: what was read of a repartition topic is given up from time to time, what was read of a source never. A log
// that cannot hear it now is told again later.
func TestTrim(t *testing.T) {
	rep, src := store.TP{Topic: "r", Partition: 2}, store.TP{Topic: "s", Partition: 2}
	for _, c := range []struct {
		what string
		read int
		pos  map[store.TP]int64
		err  error
		want error
		told map[store.TP]int64
		left int
	}{
		{"few rows", trimRows - 1, map[store.TP]int64{rep: 9}, nil, nil, nil, trimRows - 1},
		{"many rows", trimRows, map[store.TP]int64{rep: 9, src: 8}, nil, nil, map[store.TP]int64{rep: 9}, 0},
		{"of a source only", trimRows, map[store.TP]int64{src: 8}, store.ErrLost, nil, nil, 0},
		{"not now", trimRows, map[store.TP]int64{rep: 9}, store.ErrTransient, nil, map[store.TP]int64{rep: 9}, 0},
		{"never", trimRows, map[store.TP]int64{rep: 9}, store.ErrLost, store.ErrLost, map[store.TP]int64{rep: 9}, 0},
	} {
		log, h := &trimming{err: c.err}, &notes{}
		told, _ := telling(t, h)
		s := &stage{in: []topicShape{{"s", 3}, {"r", 3}}}
		s.In = []plan.Step{&plan.Scan{}, &plan.Exchange{}}
		task := &task{q: &Query{e: &Engine{log: log, teller: told}, plan: &plan.Query{ID: "Q"}}, stage: s, unit: store.Unit{Stage: "x", Partition: 2}, read: c.read, pos: c.pos}
		n := len(c.pos)
		if err := task.trim(); !errors.Is(err, c.want) || task.read != c.left || len(task.pos) != n {
			t.Errorf("%s: %v, %d rows are noted", c.what, err, task.read)
		}
		told.close()
		if len(log.below) > 1 || c.told == nil && log.below != nil || c.told != nil && !reflect.DeepEqual(log.below[0], c.told) {
			t.Errorf("%s: told %v", c.what, log.below)
		}
		var want []any
		if c.err == store.ErrTransient {
			want = []any{FaultInfo{Part: PartLog, Query: "Q", Stage: "x", Partition: 2, Err: c.err}}
		}
		if !reflect.DeepEqual(h.all, want) {
			t.Errorf("%s: hooks were told %v", c.what, h.all)
		}
	}
}

// waiter is a query that only waits for its units.
func waiter() *Query {
	e := &Engine{log: &trimming{}}
	e.ctx, e.end = context.WithCancel(context.Background())
	return &Query{e: e, plan: &plan.Query{ID: "Q"}, placed: make(chan struct{}), left: make(chan struct{})}
}

// TestAwaitUnits: who asks a query whose units are not known waits for them, until it has ended or failed, the engine is
// closed, or he has no more time.
func TestAwaitUnits(t *testing.T) {
	bad := errors.New("bad")
	for _, c := range []struct {
		what string
		do   func(q *Query, cancel func())
		want string
	}{
		{"known", func(q *Query, _ func()) { q.place() }, ""},
		{"ended", func(q *Query, _ func()) { q.leave() }, "Materializing query has been stopped: Q"},
		{"failed", func(q *Query, _ func()) { q.err.Store(&stopped{err: bad}); q.leave() }, "query Q has failed: bad"},
		{"closed", func(q *Query, _ func()) { q.e.end() }, ErrClosed.Error()},
		{"no time", func(_ *Query, cancel func()) { cancel() }, context.Canceled.Error()},
	} {
		for _, late := range []bool{false, true} {
			q := waiter()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if q.known() {
				t.Error("known before it was said")
			}
			if late {
				time.AfterFunc(time.Millisecond, func() { c.do(q, cancel) })
			} else {
				c.do(q, cancel)
			}
			err := q.await(ctx)
			if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
				t.Errorf("%s: %v", c.what, err)
			}
		}
	}
}

// TestAssign: units that are new get tasks, in the order of stages and partitions; those that have gone rest until they
// come back.
func TestAssign(t *testing.T) {
	q := waiter()
	q.stages = []stage{{}, {}}
	q.stages[0].Name, q.stages[1].Name = "one", "two"
	q.stages[0].reads = []topicShape{{"a", 3}}
	q.stages[1].reads = []topicShape{{"r", 2}}
	u := func(stage string, n int32) store.Unit { return store.Unit{Stage: stage, Partition: n} }
	names := func(list []*task, here bool) (out []string) {
		for _, t := range list {
			if t.here.Load() == here {
				out = append(out, t.unit.Stage+string('0'+rune(t.unit.Partition)))
			}
		}
		return out
	}
	for _, c := range []struct {
		units            []store.Unit
		news, here, gone string
		woken            string
	}{
		{[]store.Unit{u("two", 1), u("one", 2)}, "two1 one2", "one2 two1", "", ""},
		{[]store.Unit{u("two", 1), u("one", 2)}, "", "one2 two1", "", ""},
		{[]store.Unit{u("one", 0), u("two", 1)}, "one0", "one0 two1", "one2", "one2"},
		{[]store.Unit{u("two", 0), u("one", 2), u("two", 1)}, "two0", "one2 two0 two1", "one0", "one0 one2"},
		{nil, "", "", "one0 one2 two0 two1", "one2 two0 two1"},
	} {
		news := q.assign(c.units)
		woken := []string{}
		for _, t := range q.tasks() {
			select {
			case <-t.wake:
				woken = append(woken, names([]*task{t}, t.here.Load())...)
			default:
			}
		}
		all := q.tasks()
		for got, want := range map[string]string{
			"new " + strings.Join(names(news, true), " "):  "new " + c.news,
			"here " + strings.Join(names(all, true), " "):  "here " + c.here,
			"gone " + strings.Join(names(all, false), " "): "gone " + c.gone,
			"woken " + strings.Join(woken, " "):            "woken " + c.woken,
		} {
			if got != want {
				t.Errorf("%v: %s, want %s", c.units, got, want)
			}
		}
	}
	if x := q.task(u("two", 0)); x == nil || x.unit != u("two", 0) || len(x.in) != 1 || x.in[0] != (store.TP{Topic: "r"}) {
		t.Errorf("%+v", x)
	}
	if q.task(u("two", 7)) != nil || (*Query)(nil).task(u("two", 0)) != nil {
		t.Error("a task of a unit that never ran here")
	}
}

// TestSourceOfState: the state of a unit is that of the newest query before that has any; one whose task was cancelled
// in the middle of its work has none, and those before it are too old.
func TestSourceOfState(t *testing.T) {
	u := store.Unit{Stage: "one"}
	query := func(old *Query, loads int64) (*Query, *task) {
		q := waiter()
		q.old = old
		x := &task{q: q, unit: u, loads: loads}
		list := []*task{x}
		q.list.Store(&list)
		return q, x
	}
	first, has := query(nil, 1)
	second, none := query(first, 0)
	none.from = has
	bare := waiter()
	bare.old = second
	for what, c := range map[string]struct {
		q    *Query
		want *task
	}{"nobody": {nil, nil}, "its own": {first, has}, "it never got any": {second, has}, "it has no tasks": {bare, has}} {
		if got := c.q.source(u); got != c.want {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if bare.source(store.Unit{Stage: "two"}) != nil {
		t.Error("state of a unit that never ran")
	}
	none.loads = 1
	if second.source(u) != none {
		t.Error("it has got its own by now")
	}
	none.loads = 0
	second.torn.Store(true)
	if second.source(u) != none {
		t.Error("nobody knows what its goroutine does")
	}
	bare.torn.Store(true)
	if bare.source(u) != nil {
		t.Error("what is torn has state")
	}
}

// TestTakesOver: a query goes on with the tables that it has had, if they are of its form; tables that are new begin
// empty.
func TestTakesOver(t *testing.T) {
	tables := func(list ...tableShape) []stageShape { return []stageShape{{Name: "one", Tables: list}} }
	a, z := tableShape{Name: "a", Print: state.Print{Step: "x"}}, tableShape{Name: "a", Print: state.Print{Step: "y"}}
	other := tableShape{Name: "b", Print: state.Print{Step: "y"}}
	for _, c := range []struct {
		old, now []stageShape
		ok       bool
	}{
		{tables(a), tables(a), true}, {tables(a), tables(z), false}, {tables(a), tables(other), true}, {tables(a), tables(other, z), false},
		{tables(a, other), tables(other), true}, {nil, tables(a), true}, {tables(a), nil, true},
	} {
		err := (&built{shape: shape{Stages: c.now}}).takesOver(&queryRecord{Shape: shape{Stages: c.old}})
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "Query is not upgradeable. The state of a ") {
			t.Errorf("%+v after %+v: %v", c.now, c.old, err)
		}
	}
}

// TestDiffers: a query that would be another one than its record says is refused, with what is different.
func TestDiffers(t *testing.T) {
	one := func(print string) stageShape {
		return stageShape{Name: "one", In: "a", Tables: []tableShape{{Name: "t", Print: state.Print{Step: print}}}}
	}
	out := one("x")
	out.Out = "o"
	none := one("x")
	none.Tables = nil
	for _, c := range []struct {
		was, now shape
		want     string
	}{
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{one("x")}}, ""},
		{shape{"r", nil}, shape{"q", nil}, "its result was r and would be q now"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", nil}, "it had 1 stages and would have 0 now"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{one("y")}}, "the state of t was made by another form"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{out}}, "stage one was"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{none}}, "stage one was"},
		{shape{"r", []stageShape{none}}, shape{"r", []stageShape{one("x")}}, "stage one was"},
	} {
		err := (&built{rec: &queryRecord{Shape: c.was}, shape: c.now}).differs()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, now %+v: %v", c.was, c.now, err)
		}
	}
}

// TestKeysInOrder: the key columns of a result are those of the state, in the order in which the steps after it put them.
func TestKeysInOrder(t *testing.T) {
	key := func(from ...int) *plan.Project {
		p := &plan.Project{}
		for _, i := range from {
			p.Schema = append(p.Schema, sql.Column{Role: sql.KeyRole})
			p.Items = append(p.Items, plan.Item{X: &plan.Column{Index: i}})
		}
		p.Schema = append(p.Schema, sql.Column{})
		p.Items = append(p.Items, plan.Item{X: &plan.Literal{}})
		return p
	}
	for _, c := range []struct {
		steps []*plan.Project
		want  []int
	}{
		{nil, nil}, {[]*plan.Project{key(0, 1, 2)}, nil}, {[]*plan.Project{key(2, 0, 1)}, []int{2, 0, 1}},
		{[]*plan.Project{key(2, 0, 1), key(0, 2, 1)}, []int{2, 1, 0}}, {[]*plan.Project{key(2, 0, 1), key(1, 2, 0)}, nil}, {[]*plan.Project{key(0, 1, 2), key(1, 0, 2)}, []int{1, 0, 2}},
	} {
		v := &view{}
		for _, p := range c.steps {
			v.project(p)
		}
		if !reflect.DeepEqual(v.keys, c.want) {
			t.Errorf("%v, want %v", v.keys, c.want)
		}
	}
}

// TestAnswers: the state behind a result answers, where one way leads from it there; none that lies before a union, or
// in another stage.
func TestAnswers(t *testing.T) {
	agg, filter, scan, other := &plan.Aggregate{}, &plan.Filter{}, &plan.Scan{}, &plan.Filter{}
	agg.In, filter.In, other.In = scan, agg, scan
	union := &plan.Union{Ins: []plan.Step{filter, other}}
	for _, c := range []struct {
		what  string
		steps []plan.Step
		last  plan.Step
		shape plan.Shape
		kind  plan.QueryKind
	}{
		{"behind a scan", nil, scan, sql.TableKind, plan.PersistentAs},
		{"of a filter", []plan.Step{other}, other, sql.TableKind, plan.PersistentAs},
		{"behind a union", []plan.Step{filter, other, union}, union, sql.TableKind, plan.PersistentAs},
		{"a stream", []plan.Step{other}, other, sql.StreamKind, plan.PersistentAs},
		{"an insert", []plan.Step{other}, other, sql.TableKind, plan.PersistentInsert},
		{"a source without steps", nil, scan, sql.TableKind, plan.PersistentSource},
	} {
		sink := &plan.Sink{}
		sink.In, sink.Shape = c.last, c.shape
		w := &wiring{stage: &stage{Stage: plan.Stage{In: []plan.Step{scan}, Steps: c.steps, Out: []plan.Step{sink}}}}
		w.answer(sink, c.kind, make([]work, len(c.steps)))
		if w.read != nil || w.after != nil {
			t.Errorf("%s: %+v", c.what, w.read)
		}
	}
}

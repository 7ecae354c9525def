package exec

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/plan"
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

// TestSourceOfState: the state of a unit is that of the newest query before that has any, also where one between
// did not end in time; what is torn before it had tasks hands nothing on.
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
	none.from.Store(has)
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
	second.torn.Store(true) // its goroutine did not end, but it has only read
	if second.source(u) != has {
		t.Error("it never got any")
	}
	none.from.Store(nil)
	if second.source(u) != none {
		t.Error("it has got its own by now")
	}
	bare.torn.Store(true)
	if bare.source(u) != nil {
		t.Error("what is torn has state")
	}
}

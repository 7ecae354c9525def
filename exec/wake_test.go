package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// TestPushWakes: a page that comes between a reader's look and his wait is not missed, nor is the room that he makes.
func TestPushWakes(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	e, log := inMemory(ctx, t)
	list, err := sql.Parse(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); SELECT v FROM s EMIT CHANGES;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Change(ctx, list[0], nil); err != nil {
		t.Fatal(err)
	}
	rows, _, err := e.Select(ctx, list[1].Statement.(*sql.Select), list[1].Text, Request{})
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i := range 3 {
		if p, done := rows.pop(); p != nil || done {
			t.Fatal(p, done)
		}
		r := &store.Records{TP: store.TP{Topic: "s"}}
		r.Add(1, nil, fmt.Appendf(nil, `{"V":%d}`, i))
		if _, err := log.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
		for rows.size.Load() == 0 && ctx.Err() == nil {
			time.Sleep(100 * time.Microsecond)
		}
		select {
		case <-rows.made:
		case <-time.After(5 * time.Second):
			t.Fatal("nobody hears of the page")
		}
		if p, err := rows.Next(ctx); err != nil || p.Cols[0].I32[0] != int32(i) || len(rows.taken) != 1 {
			t.Error(p, err)
		}
	}
}

// TestMeet: rows that go to several steps come together again where one step reads what follows from two of them.
func TestMeet(t *testing.T) {
	one, two, three := &plan.Filter{}, &plan.Filter{}, &plan.Filter{}
	below := &plan.Filter{}
	below.In = one
	union := &plan.Union{Ins: []plan.Step{below, two}}
	sink := &plan.Sink{}
	sink.In = three
	w := &wiring{stage: &stage{Stage: plan.Stage{Steps: []plan.Step{one, two, three, below, union}, Out: []plan.Step{sink}}}}
	for _, c := range []struct {
		readers []plan.Step
		want    bool
	}{
		{[]plan.Step{one, two}, true}, {[]plan.Step{one, three}, false}, {[]plan.Step{three, two}, false}, {[]plan.Step{three, one, two}, true},
		{[]plan.Step{one, below}, true}, {[]plan.Step{three, sink}, true}, {[]plan.Step{one, one}, true}, {[]plan.Step{one}, false},
	} {
		if got := w.meet(c.readers); got != c.want {
			t.Errorf("%v: %t", c.readers, got)
		}
	}
}

// TestFeedsInputs: rows go to the input of their topic, in the order of the runs; of a topic that is read twice the
// first input gets each row first. What an input fails with ends it.
func TestFeedsInputs(t *testing.T) {
	bad := errors.New("bad")
	var got []string
	fails := ""
	in := func(name, topic string) head {
		return head{topic: topic, run: decoderOf(func(runs []store.Records) error {
			text := name + ":"
			for i := range runs {
				for _, ms := range runs[i].Time {
					text += fmt.Sprint(ms)
				}
			}
			got = append(got, text)
			if text == fails {
				return bad
			}
			return nil
		})}
	}
	rows := func(topic string, at ...int64) store.Records {
		r := store.Records{TP: store.TP{Topic: topic}}
		for _, ms := range at {
			r.Add(ms, nil, nil)
		}
		return r
	}
	runs := []store.Records{rows("a", 1, 2), rows("a", 3), rows("b", 4), rows("c", 5, 6), rows("a", 7)}
	for _, c := range []struct {
		heads []head
		fails string
		want  []string
	}{
		{[]head{in("x", "a")}, "", []string{"x:1234567"}}, // of one input all is its
		{[]head{in("x", "a"), in("y", "b"), in("z", "c")}, "", []string{"x:123", "y:4", "z:56", "x:7"}},
		{[]head{in("x", "a"), in("y", "b"), in("z", "c"), in("w", "c")}, "", []string{"x:123", "y:4", "z:5", "w:5", "z:6", "w:6", "x:7"}},
		{[]head{in("x", "a"), in("y", "b"), in("z", "c"), in("w", "c")}, "z:6", []string{"x:123", "y:4", "z:5", "w:5", "z:6"}},
		{[]head{in("x", "a"), in("y", "b"), in("z", "c")}, "y:4", []string{"x:123", "y:4"}},
		{[]head{in("x", "a")}, "x:1234567", []string{"x:1234567"}},
	} {
		got, fails = nil, c.fails
		err := (&line{heads: c.heads}).feed(slices.Clone(runs))
		if !slices.Equal(got, c.want) || (err == nil) != (c.fails == "") {
			t.Errorf("%q: %q, %v", c.want, got, err)
		}
	}
}

// TestReached: a task has seen all when it has committed up to the ends of what it reads; of others it says nothing.
func TestReached(t *testing.T) {
	a, b, other := store.TP{Topic: "a"}, store.TP{Topic: "b"}, store.TP{Topic: "c"}
	x := &task{in: []store.TP{a, b}, done: map[store.TP]int64{a: 5, b: 7}}
	for _, c := range []struct {
		ends map[store.TP]int64
		want bool
	}{
		{nil, true}, {map[store.TP]int64{a: 5, b: 7}, true}, {map[store.TP]int64{a: 4, b: 6}, true}, {map[store.TP]int64{a: 6, b: 7}, false},
		{map[store.TP]int64{a: 5, b: 8}, false}, {map[store.TP]int64{b: 7, other: 100}, true},
	} {
		if got := x.reached(c.ends); got != c.want {
			t.Errorf("%v: %t", c.ends, got)
		}
	}
	var l line
	if l.bytes() != 0 || l.take(nil) != nil {
		t.Error("a line without ends has made something")
	}
}

func decoderOf(f func(runs []store.Records) error) decoder {
	return func(_ *op.Context, runs []store.Records, _ op.Emit) error { return f(runs) }
}

// TestPullPanics: what breaks off a pull query is told to who asked; a panic of its code to hooks, too.
func TestPullPanics(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e, _ := inMemory(ctx, t)
	list, err := sql.Parse(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k; SELECT * FROM t;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list[:2] {
		if _, err := e.Change(ctx, p, nil); err != nil {
			t.Fatal(err)
		}
	}
	p, err := plan.PlanPull(e.Catalog(), e.Env(ctx, nil, nil), list[2].Statement.(*sql.Select), list[2].Text)
	if err != nil {
		t.Fatal(err)
	}
	u, err := e.NewPull(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &notes{}
	e.teller, _ = telling(t, h)
	ended, end := context.WithCancel(ctx)
	end()
	boom := errors.New("boom")
	for _, c := range []struct {
		ctx  context.Context
		with any
		want error
		text string
		told int
	}{
		{ctx, vec.ErrTooLarge, nil, "the answer is too large", 0},
		{ctx, vec.ErrMemory, vec.ErrMemory, "", 0},
		{ended, fn.ErrCancelled, context.Canceled, "", 0},
		{ctx, fn.ErrCancelled, ErrClosed, "", 0},
		{ctx, boom, boom, "pull query: boom", 1},
	} {
		err := u.with(c.ctx, nil, func(*puller) error { panic(c.with) })
		if err == nil || c.want != nil && !errors.Is(err, c.want) || c.text != "" && err.Error() != c.text {
			t.Errorf("%v: %v", c.with, err)
		}
		e.teller.close()
		if len(h.all) != c.told || c.told > 0 && h.all[0].(FaultInfo).Query != "CTAS_T_1" {
			t.Errorf("%v: told %v", c.with, h.all)
		}
		e.teller, _ = telling(t, h)
	}
}

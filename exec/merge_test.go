package exec

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// twoTopics is a holder over a and b that says what it is told.
type twoTopics struct {
	store.Reader
	at   map[store.TP]int64
	held map[string]bool
}

func (r *twoTopics) Position(at map[store.TP]int64) {
	for tp, n := range r.at {
		at[tp] = n
	}
}

func (r *twoTopics) Hold(tp store.TP, on bool) { r.held[tp.Topic] = on }

// give is n rows of a topic from its position on, one ms after the other from first on.
func (r *twoTopics) give(topic string, first int64, n int) store.Records {
	tp := store.TP{Topic: topic}
	run := store.Records{TP: tp, First: r.at[tp]}
	for i := range n {
		run.Add(first+int64(i), nil, nil)
	}
	r.at[tp] += int64(n)
	return run
}

// twoInputs is a merger of topics a and b, which end at these offsets, and what it gives: topic and time.
func twoInputs(t *testing.T, idle string, ends int64) (*twoTopics, *merger, func() string) {
	in := &twoTopics{at: map[store.TP]int64{{Topic: "a"}: 0, {Topic: "b"}: 0}, held: map[string]bool{}}
	var out []string
	l := &line{}
	for _, topic := range []string{"a", "b"} {
		l.heads = append(l.heads, head{topic: topic, fresh: func() (decoder, error) {
			return func(c *op.Context, runs []store.Records, next op.Emit) error {
				b := &op.Batch{From: &op.Origin{}, Cols: []*vec.Vec{vec.New(sql.TBigint)}}
				for i := range runs {
					b.From.Runs, b.From.Start = append(b.From.Runs, &runs[i]), append(b.From.Start, int32(b.N))
					b.Time, b.N = append(b.Time, runs[i].Time...), b.N+runs[i].Len()
				}
				for range b.N {
					b.Cols[0].AppendI64(0)
				}
				return next(b)
			}, nil
		}, next: func(b *op.Batch) error {
			for _, ms := range b.Time {
				out = append(out, fmt.Sprintf("%s%d", topic, ms))
			}
			return nil
		}})
	}
	m, err := l.merge(in, &op.Context{Env: &expr.Env{Config: map[string]string{"ksql.streams.max.task.idle.ms": idle}}}, map[store.TP]int64{{Topic: "a"}: ends, {Topic: "b"}: ends}, 100)
	if err != nil {
		t.Fatal(err)
	}
	return in, m, func() string {
		for {
			l, last, err := m.pick()
			if err != nil {
				t.Fatal(err)
			}
			if l == nil {
				break
			}
			if _, err := l.forward(1000, last); err != nil {
				t.Fatal(err)
			}
			m.settle(map[store.TP]int64{}, nil)
		}
		text := strings.Join(out, " ")
		out = nil
		return text
	}
}

func TestMergerWaits(t *testing.T) {
	in, m, got := twoInputs(t, "0", 100)
	check := func(what, want string, runs ...store.Records) {
		t.Helper()
		m.add(runs)
		if is := got(); is != want {
			t.Errorf("%s: %q, want %q", what, is, want)
		}
	}
	check("b may have older rows", "", in.give("a", 5, 2))
	check("one of b", "b4", in.give("b", 4, 1))
	check("the older one first, of one age those of a", "a5 a6 b6 b7", in.give("b", 6, 2), in.give("a", 9, 1))
	at := map[store.TP]int64{}
	m.settle(at, nil)
	if a, b := at[store.TP{Topic: "a"}], at[store.TP{Topic: "b"}]; a != 2 || b != 3 {
		t.Errorf("processed up to %d and %d, want 2 and 3: what waits does not count", a, b)
	}
	in.at[store.TP{Topic: "b"}] = 100
	check("b is past its end", "a9")
	check("b is not waited for any longer", "a10", in.give("a", 10, 1))
}

// An input without rows holds up the others as long as max.task.idle.ms says.
func TestMergerIdles(t *testing.T) {
	in, m, got := twoInputs(t, "30", 0)
	m.add([]store.Records{in.give("a", 0, 1)})
	if is := got(); is != "" {
		t.Errorf("%q goes on at once", is)
	}
	d, ok := m.wait()
	if !ok || d <= 0 || d > 30*time.Millisecond {
		t.Errorf("waits %v, %v", d, ok)
	}
	time.Sleep(d + time.Millisecond)
	if is := got(); is != "a0" {
		t.Errorf("%q goes on after the time", is)
	}
}

// Of a partition that runs ahead no more is taken than the bound says, until the other has come.
func TestMergerHolds(t *testing.T) {
	in, m, got := twoInputs(t, "0", 100000)
	polled := 0
	for !in.held["a"] {
		if m.add([]store.Records{in.give("a", int64(10+polled), 500)}); polled > 2*mergeRows {
			t.Fatal("nobody holds it back")
		}
		polled += 500
		if got() != "" {
			t.Fatal("it does not wait for b")
		}
	}
	if in.held["b"] {
		t.Error("b is held back")
	}
	m.add([]store.Records{in.give("b", 1<<40, 1)})
	if n := len(strings.Fields(got())); n != polled || in.held["a"] {
		t.Errorf("%d rows have gone on of %d, held: %v", n, polled, in.held)
	}
}

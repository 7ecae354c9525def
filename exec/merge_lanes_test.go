package exec

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// keeping decodes rows whose key does not contain skip, which it reports; a row marked as the old half of a change stays one.
func keeping(skip string) func() (decoder, error) {
	return func() (decoder, error) {
		return func(c *op.Context, runs []store.Records, next op.Emit) error {
			b := &op.Batch{From: &op.Origin{}, Cols: []*vec.Vec{vec.New(sql.TString)}, Ops: []op.Op{}, Row: []int32{}}
			n := int32(0)
			for i := range runs {
				r := &runs[i]
				b.From.Runs, b.From.Start = append(b.From.Runs, r), append(b.From.Start, n)
				for row := range r.Len() {
					key := string(r.Key[row].Of(r.Bytes))
					if n++; skip != "" && strings.Contains(key, skip) {
						c.Report(op.Problem{Topic: r.TP.Topic, Offset: r.Offset(row), Err: errors.New(key)})
						continue
					}
					o := op.Insert
					if r.Mark != nil && r.Mark[row] == store.MarkBefore {
						o = op.Before
					}
					b.Ops, b.Row, b.Time = append(b.Ops, o), append(b.Row, n-1), append(b.Time, r.Time[row])
					b.Cols[0].AppendString(key)
					b.N++
				}
			}
			if b.N == 0 {
				return nil
			}
			return next(b)
		}, nil
	}
}

// input is one input of a line under test.
type input struct{ name, topic, skip string }

// lanes is a merger of these inputs, over topics of one partition that end at so many rows, and what it gives.
func lanes(t *testing.T, ends map[string]int64, inputs ...input) (*merger, *[]string) {
	t.Helper()
	out := &[]string{}
	l := &line{}
	at := map[store.TP]int64{{Topic: "other"}: 5}
	for topic, end := range ends {
		at[store.TP{Topic: topic}] = end
	}
	for _, in := range inputs {
		l.heads = append(l.heads, head{topic: in.topic, fresh: keeping(in.skip), next: func(b *op.Batch) error {
			var text []string
			for i := range b.N {
				text = append(text, string(b.Cols[0].Bytes(i)))
			}
			*out = append(*out, in.name+":"+strings.Join(text, "+"))
			return nil
		}})
	}
	c := &op.Context{Report: func(op.Problem) { t.Error("told at once") }, Env: &expr.Env{Config: map[string]string{"ksql.streams.max.task.idle.ms": "0"}}}
	m, err := l.merge(&twoTopics{at: map[store.TP]int64{}, held: map[string]bool{}}, c, at, 100)
	if err != nil {
		t.Fatal(err)
	}
	return m, out
}

// rowsOf is rows of a topic: key@time, with < in front of the old half of a change.
func rowsOf(topic string, first int64, text string) store.Records {
	r := store.Records{TP: store.TP{Topic: topic}, First: first, Mark: []byte{}}
	for _, x := range strings.Fields(text) {
		key, before := strings.CutPrefix(x, "<")
		var ms int64
		key, at, _ := strings.Cut(key, "@")
		fmt.Sscan(at, &ms)
		r.Add(ms, []byte(key), nil)
		if before {
			r.Mark[len(r.Mark)-1] = store.MarkBefore
		}
	}
	return r
}

// drain forwards all that may go on, at most so many rows at once.
func drain(t *testing.T, m *merger, most int, told *[]string) (at map[store.TP]int64) {
	t.Helper()
	at = map[store.TP]int64{}
	for range 100 {
		l, last, err := m.pick()
		if err != nil {
			t.Fatal(err)
		}
		if l != nil {
			if _, err := l.forward(most, last); err != nil {
				t.Fatal(err)
			}
		}
		m.settle(at, func(p op.Problem) { *told = append(*told, fmt.Sprintf("%s%d", p.Topic, p.Offset)) })
		if l == nil {
			return at
		}
	}
	t.Fatal("it does not end")
	return nil
}

// TestMergerTurns: rows go on as long as they are older than those of the other inputs, the halves of a change
// together, at most so many at once; of one age those of the first input go first.
func TestMergerTurns(t *testing.T) {
	for most, want := range map[int]string{
		1:   "a:p a:q b:x+X b:y a:r+R a:s b:z",
		2:   "a:p+q b:x+X b:y a:r+R a:s b:z",
		3:   "a:p+q b:x+X+y a:r+R+s b:z",
		100: "a:p+q b:x+X+y a:r+R+s b:z",
	} {
		m, out := lanes(t, map[string]int64{"a": 5, "b": 4}, input{"a", "a", ""}, input{"b", "b", ""})
		m.add([]store.Records{rowsOf("b", 0, "<x@2 X@2 y@3 z@9"), rowsOf("a", 0, "p@1 q@2 <r@4 R@4 s@9")})
		m.at[store.TP{Topic: "a"}], m.at[store.TP{Topic: "b"}] = 5, 4
		at := drain(t, m, most, new([]string))
		if got := strings.Join(*out, " "); got != want {
			t.Errorf("%d at once: %s, want %s", most, got, want)
		}
		if at[store.TP{Topic: "a"}] != 5 || at[store.TP{Topic: "b"}] != 4 || len(at) != 2 {
			t.Errorf("processed up to %v", at)
		}
	}
}

// TestMergerTwice: of a topic that is read twice the first input gets each row first, and a row that one of them cannot
// read goes to the other; what cannot be read is told when all before it has gone on, in the order of the rows.
func TestMergerTwice(t *testing.T) {
	m, out := lanes(t, map[string]int64{"a": 6}, input{"1", "a", "x"}, input{"2", "a", "y"})
	var told []string
	m.add([]store.Records{rowsOf("a", 0, "p@5 x@1 y@7 xy@7 <q@3 Q@3")})
	m.at[store.TP{Topic: "a"}] = 6
	at := drain(t, m, 100, &told)
	if got, want := strings.Join(*out, " "), "1:p 2:p 2:x 1:y 1:q+Q 2:q+Q"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := strings.Join(told, " "); got != "a1 a2 a3 a3" || at[store.TP{Topic: "a"}] != 6 {
		t.Errorf("told of %s, processed up to %v", got, at)
	}
}

// TestMergerTells: trouble with a row that follows rows which wait is not told yet, and does not count as processed.
func TestMergerTells(t *testing.T) {
	m, out := lanes(t, map[string]int64{"a": 9, "b": 9}, input{"a", "a", "x"}, input{"b", "b", ""})
	var told []string
	m.add([]store.Records{rowsOf("a", 0, "x@1 p@1 x@2 q@8 x@9 r@9")})
	if at := drain(t, m, 100, &told); len(*out) > 0 || strings.Join(told, " ") != "a0" || at[store.TP{Topic: "a"}] != 1 {
		t.Errorf("before b has come: %v, told %v, at %v", *out, told, at)
	}
	m.add([]store.Records{rowsOf("b", 0, "z@5")})
	if at := drain(t, m, 100, &told); strings.Join(*out, " ") != "a:p b:z" || strings.Join(told, " ") != "a0 a2" || at[store.TP{Topic: "a"}] != 3 || at[store.TP{Topic: "b"}] != 0 {
		t.Errorf("%v, told %v, at %v", *out, told, at)
	}
	m.at[store.TP{Topic: "a"}], m.at[store.TP{Topic: "b"}] = 6, 1
	m.ended = true // nothing comes any more: nobody is waited for
	drain(t, m, 100, &told)
	if strings.Join(*out, " ") != "a:p b:z a:q+r" || strings.Join(told, " ") != "a0 a2 a4" {
		t.Errorf("%v, told %v", *out, told)
	}
}

// TestMergerDecodes: no more rows are decoded at once than may be, and what is not decoded is not processed.
func TestMergerDecodes(t *testing.T) {
	m, out := lanes(t, map[string]int64{"a": 4, "b": 0}, input{"a", "a", ""}, input{"b", "b", ""})
	m.most = 2
	m.add([]store.Records{rowsOf("a", 0, "p@1 q@2 r@3 s@4")})
	m.at[store.TP{Topic: "a"}] = 4
	l, last, err := m.pick()
	if err != nil || last != math.MaxInt64 || l.rows != 2 || len(l.queue) != 1 {
		t.Fatalf("%+v, %d, %v", l, last, err)
	}
	if n, err := l.forward(100, last); n != 2 || err != nil {
		t.Error(n, err)
	}
	at := map[store.TP]int64{}
	if m.settle(at, nil); at[store.TP{Topic: "a"}] != 2 {
		t.Errorf("processed up to %v", at)
	}
	if drain(t, m, 100, new([]string)); strings.Join(*out, " ") != "a:p+q a:r+s" {
		t.Error(*out)
	}
}

// TestMergerWait: the shortest time that is left of those who are waited for counts.
func TestMergerWait(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) *lane { return &lane{since: now.Add(-d)} }
	for _, c := range []struct {
		what  string
		lanes []*lane
		want  time.Duration // 0: only the log can say
	}{
		{"nobody waits", []*lane{{}}, 0},
		{"one waits", []*lane{ago(time.Minute)}, 59 * time.Minute},
		{"the first is shorter", []*lane{ago(time.Minute), {}, ago(time.Second)}, 59 * time.Minute},
		{"the last is shorter", []*lane{ago(time.Second), ago(time.Minute)}, 59 * time.Minute},
		{"it has waited enough", []*lane{ago(2 * time.Hour)}, 0},
		{"one has waited enough", []*lane{ago(2 * time.Hour), ago(time.Minute)}, 59 * time.Minute},
	} {
		m := &merger{idle: time.Hour, lanes: c.lanes}
		d, ok := m.wait()
		if ok != (c.want > 0) || d > c.want || d < c.want-30*time.Second {
			t.Errorf("%s: %v, %t", c.what, d, ok)
		}
	}
	b := &op.Batch{N: 1, From: &op.Origin{Runs: []*store.Records{{}}, Start: []int32{0}}}
	full := ago(time.Minute)
	full.strands = []*strand{{batch: b}}
	if d, ok := (&merger{idle: time.Hour, lanes: []*lane{full}}).wait(); ok {
		t.Errorf("%v for a lane that has a row", d)
	}
}

// TestMergerExcuses: a lane without a row is waited for until it has passed its end, and then as long as is said.
func TestMergerExcuses(t *testing.T) {
	tp := store.TP{Topic: "a"}
	for _, c := range []struct {
		at    int64
		idle  time.Duration
		since time.Duration // ago; 0: not yet
		ended bool
		want  bool
	}{
		{4, 0, 0, false, false}, {5, 0, 0, false, true}, {6, 0, 0, false, true}, {4, 0, 0, true, true},
		{4, time.Hour, 0, false, false}, {4, time.Hour, 2 * time.Hour, false, false}, {5, time.Hour, 0, false, false},
		{5, time.Hour, time.Minute, false, false}, {5, time.Hour, 2 * time.Hour, false, true}, {5, time.Hour, 0, true, true},
	} {
		m, l := &merger{at: map[store.TP]int64{tp: c.at}, idle: c.idle, ended: c.ended}, &lane{tp: tp, end: 5}
		if c.since > 0 {
			l.since = time.Now().Add(-c.since)
		}
		if got := m.excused(l); got != c.want || l.since.IsZero() != (c.since == 0 && !(c.at >= 5 && c.idle > 0 && !c.ended)) {
			t.Errorf("%+v: %t, since %v", c, got, l.since)
		}
	}
}

// TestMergerBalance: a partition is held back when more than so many rows wait, until half of them have gone.
func TestMergerBalance(t *testing.T) {
	in := &twoTopics{held: map[string]bool{}}
	l := &lane{tp: store.TP{Topic: "a"}}
	m := &merger{hold: in, lanes: []*lane{l}}
	for _, c := range []struct {
		rows int
		want bool
	}{{mergeRows, false}, {mergeRows + 1, true}, {mergeRows, true}, {mergeRows/2 + 1, true}, {mergeRows / 2, false}, {mergeRows/2 + 1, false}, {mergeRows, false}} {
		l.rows = c.rows
		if m.balance(); in.held["a"] != c.want {
			t.Errorf("%d rows: held %t", c.rows, in.held["a"])
		}
	}
}

// plainReader is a reader that cannot hold anything back.
type plainReader struct{}

func (plainReader) Poll(int) ([]store.Records, error) { return nil, io.EOF }
func (plainReader) Position(map[store.TP]int64)       {}
func (plainReader) Ready() <-chan struct{}            { return nil }
func (plainReader) Close() error                      { return nil }

// TestMergerNeeds: rows of several topics without an order need a log that can hold them back; those of one topic, or
// with an order, need no merger.
func TestMergerNeeds(t *testing.T) {
	l := &line{heads: []head{{topic: "a"}, {topic: "b"}}}
	if _, err := l.merge(plainReader{}, &op.Context{}, nil, 1); !errors.Is(err, errNoOrder) {
		t.Error(err)
	}
	bad := errors.New("no decoder")
	l.heads[1].fresh = func() (decoder, error) { return nil, bad }
	if _, err := l.merge(&twoTopics{}, &op.Context{Env: &expr.Env{}}, map[store.TP]int64{{Topic: "b"}: 1}, 1); !errors.Is(err, bad) {
		t.Error(err)
	}
	ordered, not := []store.Records{{Seq: 3}}, []store.Records{{}, {Seq: 3}}
	for _, c := range []struct {
		heads int
		runs  []store.Records
		want  bool
	}{{2, not, true}, {2, ordered, false}, {2, nil, false}, {1, not, false}} {
		if got := (&line{heads: l.heads[:c.heads]}).unordered(c.runs); got != c.want {
			t.Errorf("%d inputs, %v: %t", c.heads, c.runs, got)
		}
	}
	in := &twoTopics{}
	l.heads = []head{{topic: "b", fresh: keeping("")}, {topic: "a", fresh: keeping("")}}
	m, err := l.merge(in, &op.Context{Env: &expr.Env{Config: map[string]string{"ksql.streams.max.task.idle.ms": "7"}}}, map[store.TP]int64{{Topic: "a", Partition: 1}: 1, {Topic: "a"}: 2, {Topic: "b", Partition: 1}: 3, {Topic: "b"}: 4}, 1)
	if err != nil || m.idle != 7*time.Millisecond {
		t.Fatal(err, m)
	}
	order := ""
	for _, l := range m.lanes { // inputs first, then partitions
		order += fmt.Sprintf("%s%d:%d ", l.tp.Topic, l.tp.Partition, l.end)
	}
	if order != "b0:4 b1:3 a0:2 a1:1 " {
		t.Error(order)
	}
}

// TestMergerFails: what a decoder or an operator fails with comes out.
func TestMergerFails(t *testing.T) {
	bad := errors.New("bad")
	m, _ := lanes(t, map[string]int64{"a": 9}, input{"a", "a", ""}, input{"2", "a", ""})
	m.add([]store.Records{rowsOf("a", 0, "p@1")})
	m.lanes[0].strands[1].run = func(*op.Context, []store.Records, op.Emit) error { return bad }
	if _, _, err := m.pick(); !errors.Is(err, bad) {
		t.Error(err)
	}
	for _, twice := range []bool{false, true} {
		in := []input{{"a", "a", ""}, {"b", "b", ""}}
		if twice {
			in[1].topic = "a"
		}
		m, _ := lanes(t, map[string]int64{"a": 9}, in...)
		m.add([]store.Records{rowsOf("a", 0, "p@1")})
		m.ended = true
		l, last, err := m.pick()
		if err != nil {
			t.Fatal(err)
		}
		l.strands[len(l.strands)-1].next = func(*op.Batch) error { return bad }
		if _, err := l.forward(1, last); !errors.Is(err, bad) {
			t.Error(twice, err)
		}
	}
}

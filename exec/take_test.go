package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// ops are the rows of a batch by their first letters.
var ops = map[rune]op.Op{'i': op.Insert, 'b': op.Before, 'a': op.After, 'd': op.Delete}

// TestPushTakes: of the changes of a table a push query shows what is new, and of a row that is gone its key; of a
// stream only rows with a value. It ends at its limit.
func TestPushTakes(t *testing.T) {
	for _, c := range []struct {
		rows  string
		table bool
		left  int
		want  string // key, ROWTIME and value of each row, ! in front of one that is gone
		after int    // what is left of the limit
	}{
		{"iii", true, -1, "0:0:0 1:1:1 2:2:2", -1},
		{"ibaia", true, -1, "0:0:0 2:2:2 3:3:3 4:4:4", -1},
		{"idbad", true, -1, "0:0:0 !1:1: 3:3:3 !4:4:", -1},
		{"d", true, -1, "!0:0:", -1},
		{"iid", true, -1, "0:0:0 1:1:1 !2:2:", -1},
		{"dii", true, -1, "!0:0: 1:1:1 2:2:2", -1},
		{"bb", true, -1, "", -1},
		{"idi", false, -1, "0:0:0 2:2:2", -1},
		{"dd", false, -1, "", -1},
		{"ddi", false, 2, "2:2:2", 1},
		{"iii", false, 3, "0:0:0 1:1:1 2:2:2", 0},
		{"iii", false, 2, "0:0:0 1:1:1", 0},
		{"bdba", true, 1, "!1:1:", 0},
		{"iii", false, 0, "", 0},
	} {
		schema := sql.Schema{
			{Field: sql.Field{Name: "K", Type: sql.TInteger}, Role: sql.KeyRole},
			{Field: sql.Field{Name: "ROWTIME", Type: sql.TBigint}, Role: sql.PseudoRole},
			{Field: sql.Field{Name: "V", Type: sql.TInteger}},
		}
		b := &op.Batch{Cols: []*vec.Vec{vec.New(sql.TInteger), vec.New(sql.TBigint), vec.New(sql.TInteger), nil}}
		for i, x := range c.rows {
			b.Ops = append(b.Ops, ops[x])
			b.Cols[0].AppendI32(int32(i))
			b.Cols[1].AppendI64(int64(i))
			b.Cols[2].AppendI32(int32(i))
			b.N++
		}
		r := waiting(1 << 20)
		r.Schema = schema
		w := &push{rows: r, table: c.table, left: c.left, shape: schema, ctx: context.Background()}
		err := w.take(b)
		if (err == errLimit) != (c.after == 0) || err != nil && err != errLimit || w.left != c.after {
			t.Errorf("%+v: %v, %d are left", c, err, w.left)
		}
		var got []string
		p, _ := r.pop()
		if p != nil {
			if len(p.Cols) != 3 || p.Tombs != nil && len(p.Tombs) != p.N {
				t.Fatalf("%+v: %+v", c, p)
			}
			for i := range p.N {
				text := fmt.Sprintf("%d:%d:", p.Cols[0].I32[i], p.Cols[1].I64[i])
				if !p.Cols[2].IsNull(i) {
					text += fmt.Sprint(p.Cols[2].I32[i])
				}
				if p.Tomb(i) {
					text = "!" + text
				}
				got = append(got, text)
			}
		}
		if text := strings.Join(got, " "); text != c.want || (p == nil) != (c.want == "") {
			t.Errorf("%+v: %s", c, text)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		w.ctx, w.left = ctx, c.left
		if err := w.take(b); c.want != "" && !errors.Is(err, context.Canceled) || len(r.pages) > 0 {
			t.Errorf("%+v: %v after the end", c, err)
		}
	}
}

// TestPushParts: rows in the log's order are cut into small pieces; those that are still to be put in order come as
// they were polled, even none.
func TestPushParts(t *testing.T) {
	run := store.Records{Seq: 1}
	for i := range 2*pushBatch + 1 {
		run.Add(int64(i), nil, nil)
	}
	two := &line{heads: make([]head, 2)}
	for _, c := range []struct {
		what string
		w    *push
		runs []store.Records
		want []int
	}{
		{"one input", &push{line: &line{heads: make([]head, 1)}}, []store.Records{run}, []int{pushBatch, pushBatch, 1}},
		{"in order", &push{line: two}, []store.Records{run}, []int{pushBatch, pushBatch, 1}},
		{"without order", &push{line: two}, []store.Records{{Time: run.Time}}, []int{len(run.Time)}},
		{"merged", &push{line: two, merge: &merger{}}, []store.Records{run}, []int{len(run.Time)}},
		{"merged, nothing", &push{line: two, merge: &merger{}}, nil, []int{0}},
		{"nothing", &push{line: two}, nil, nil},
	} {
		c.w.e = &Engine{opt: Options{Batch: 4096}}
		var got []int
		for part := range c.w.parts(c.runs) {
			n := 0
			for i := range part {
				n += part[i].Len()
			}
			got = append(got, n)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", c.what, got)
		}
		for range c.w.parts(c.runs) { // who has enough gets no more
			break
		}
	}
	small := &push{line: two, e: &Engine{opt: Options{Batch: 3}}}
	for part := range small.parts([]store.Records{run.Slice(0, 7)}) {
		if part[0].Len() > 3 {
			t.Errorf("%d rows, though a batch has 3", part[0].Len())
		}
	}
	for want, names := range map[string][]string{"": nil, "A": {"A"}, "A_B_C": {"A", "B", "C"}} {
		if got := joined(names); got != want {
			t.Error(got)
		}
	}
}

// heldFlow is an answer that flows, and holds a page and numbers.
func heldFlow() (*flow, *Engine) {
	e := &Engine{memory: newMemory(0, 0)}
	f := &flow{u: &Pull{e: e, p: &plan.Pull{}}, busy: newGate(), asked: context.Background(), page: &Page{}, rest: []int32{1}, taken: 10, held: 20}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.keep = func() bool { return true }
	e.memory.answers.Take(30)
	return f, e
}

// TestFlowOver: an answer ends once: what came first is why, and nothing is held or given back afterwards.
func TestFlowOver(t *testing.T) {
	f, e := heldFlow()
	why := errors.New("why")
	f.over(Limited, why)
	if e.memory.answers.Held() != 0 || f.ctx.Err() == nil || f.page != nil || f.rest != nil {
		t.Errorf("%d bytes are held: %+v", e.memory.answers.Held(), f)
	}
	f.over(Stopped, nil)
	if err := f.close(); err != nil || f.end != Limited || f.err != why || e.memory.answers.Held() != 0 {
		t.Errorf("%+v", f)
	}
	if p, end, err := f.next(context.Background()); p != nil || end != Limited || err != why {
		t.Error(p, end, err)
	}
}

// TestFlowMore: a flow can be asked without waiting when its page is made or it has ended, and nobody works for it.
func TestFlowMore(t *testing.T) {
	f, _ := heldFlow()
	for _, c := range []struct{ whole, done, busy, want bool }{{}, {whole: true, want: true}, {done: true, want: true}, {whole: true, busy: true}} {
		f.whole, f.done = c.whole, c.done
		if c.busy {
			f.busy.lock()
		}
		if got := f.more(); got != c.want {
			t.Errorf("%+v", c)
		}
		if c.busy {
			f.busy.leave()
		}
		f.busy.lock() // it is free again
		f.busy.leave()
	}
}

// TestFlowBroken: why there is no page: the query's context, the end of answer or engine, the reader's own, or a fault.
func TestFlowBroken(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	bad := errors.New("bad")
	open := context.Background()
	for _, c := range []struct {
		asked, own, ctx context.Context
		closed          bool
		end             End
		err             error
	}{
		{open, open, open, false, Stopped, bad},
		{open, open, ended, false, Going, context.Canceled},
		{open, ended, ended, false, Stopped, nil},
		{open, open, ended, true, Stopped, nil},
		{ended, ended, open, false, Stopped, context.Canceled},
	} {
		f, e := heldFlow()
		f.asked, f.ctx, e.closed = c.asked, c.own, c.closed
		if p, end, err := f.broken(c.ctx, bad); p != nil || end != c.end || err != c.err {
			t.Errorf("%+v: %v %v %v", c, p, end, err)
		}
	}
	f, _ := heldFlow() // while another works for it
	f.busy.lock()
	brief, cancel := context.WithTimeout(open, time.Millisecond)
	defer cancel()
	if p, end, err := f.next(brief); p != nil || end != Going || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(p, end, err)
	}
}

// TestFlowHolds: numbers are counted where they are many, and those before them are given back.
func TestFlowHolds(t *testing.T) {
	f, e := heldFlow()
	for _, c := range []struct {
		cap  int
		held int64
	}{{wholeBytes/4 - 1, 0}, {wholeBytes / 4, wholeBytes}, {wholeBytes, 4 * wholeBytes}, {1, 0}} {
		if err := f.hold(make([]int32, 1, c.cap), nil); err != nil || f.held != c.held || e.memory.answers.Held() != c.held+10 || len(f.rest) != 1 {
			t.Errorf("%+v: %d, %v", c, e.memory.answers.Held(), err)
		}
	}
	if err := f.hold(make([]int32, 1, answerBytes), nil); !errors.Is(err, errNoRoom) || e.memory.answers.Held() != 10 || f.rest != nil {
		t.Error(err)
	}
}

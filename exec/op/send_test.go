package op

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// TestSendHeaders: rows that go through a repartition topic keep their headers there.
func TestSendHeaders(t *testing.T) {
	for _, partitions := range []int32{1, 3} {
		step := &plan.Exchange{Head: plan.Head{Name: "GroupBy", Schema: pair, Shape: sql.StreamKind}, Key: plan.Format{Name: "KAFKA"}}
		e, err := NewSend(step, "O", partitions)
		if err != nil {
			t.Fatal(err)
		}
		_, problems := pass(t, e, rows(t, pair, "+ a 1 @1 #x=1 #y=2; + null 2 @2 #x=2; - b 3 @3 #x=3; + c 4 @4; + d 5 @5 #z=5; + a 6 @6 #x=6"))
		if problems != "processing GroupBy t-3@101: group-by column with index 0 resolved to null" {
			t.Error(problems)
		}
		runs := e.Take(nil)
		for _, r := range runs {
			for i := range r.Value {
				r.Value[i].Len = -1 // the engine's own form
			}
		}
		if got := records(t, runs, nil, partitions); got != "@1 a|null x=1 y=2; @4 c|null; @5 d|null z=5; @6 a|null x=6" {
			t.Error(got)
		}
	}
}

// TestMarksOfRun: a run has marks from the first row on if one of its rows has an op, none if all are inserts.
func TestMarksOfRun(t *testing.T) {
	e, err := NewSend(&plan.Exchange{Head: plan.Head{Schema: pair, Shape: sql.TableKind}, Key: plan.Format{Name: "KAFKA"}}, "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		batches []string
		want    []byte
	}{
		{[]string{"+ a 1 @1; + b 2 @2", "+ c 1 @3"}, nil},
		{[]string{"+ a 1 @1; + b 2 @2", "- c 1 @3", "+ c 2 @4"}, []byte{0, 0, 1, 0}},
		{[]string{"U- a 1 @1; U+ a 2 @2; + b 1 @3", "+ c 2 @4"}, []byte{2, 3, 0, 0}},
	} {
		for _, text := range c.batches {
			pass(t, e, rows(t, pair, text))
		}
		if got := e.Take(nil)[0].Mark; !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%v: got %v, want %v", c.batches, got, c.want)
		}
	}
	if e, err = NewSend(&plan.Exchange{Head: plan.Head{Schema: pair, Shape: sql.StreamKind}, Key: plan.Format{Name: "KAFKA"}}, "x", 1); err != nil {
		t.Fatal(err)
	}
	pass(t, e, rows(t, pair, "+ a 1 @1; - b 2 @2"))
	if r := e.Take(nil)[0]; r.Mark != nil || r.Len() != 1 {
		t.Errorf("%d rows with marks %v", r.Len(), r.Mark)
	}
}

// TestReceiveBroken: a record that cannot be read is named; none are no batch.
func TestReceiveBroken(t *testing.T) {
	r := NewReceive(&plan.Exchange{Head: plan.Head{Schema: pair}})
	run := store.Records{TP: store.TP{Topic: "x", Partition: 2}, First: 40}
	no := func(b *Batch) error { t.Errorf("%d rows", b.N); return nil }
	if err := r.Run(&Context{Env: &expr.Env{}}, []store.Records{run}, no); err != nil {
		t.Error(err)
	}
	e, err := NewSend(&plan.Exchange{Head: plan.Head{Schema: pair, Shape: sql.TableKind}, Key: plan.Format{Name: "KAFKA"}}, "x", 1)
	if err != nil {
		t.Fatal(err)
	}
	pass(t, e, rows(t, pair, "+ a 1 @1; + b 2 @2"))
	whole := *e.Take(nil)[0]
	whole.TP, whole.First = run.TP, 40
	whole.Value[1].Len--
	if err := r.Run(&Context{Env: &expr.Env{}}, []store.Records{whole}, no); err == nil || !strings.Contains(err.Error(), "topic x, partition 2, offset 41: ") {
		t.Error(err)
	}
}

// TestNothingIsCopied: rows that all go on as they are stay in their batch.
func TestNothingIsCopied(t *testing.T) {
	f, in := filter(t, aStream+"CREATE STREAM o AS SELECT k, v, w FROM s WHERE v > 1;")
	b := rows(t, in, "+ 1 5 a @1; + 2 6 b @2")
	if err := f.Process(&Context{Env: &expr.Env{}}, b, func(out *Batch) error {
		if out != b {
			t.Error("a filter copies rows of which all pass")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	e := &Encode{stamp: -1}
	for _, text := range []string{"+ a 1 @1; + b 2 @2", "- a 1 @1; + b 2 @2"} {
		b := rows(t, pair, text)
		if e.visible(b) != b || e.stamped(nil, b) != b {
			t.Errorf("%s: a sink copies rows of which all are written", text)
		}
	}
	w, err := NewWindows(counted(t, &plan.Window{Kind: sql.Tumbling, Size: 10}), state.Print{}, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	b = rows(t, pair, fmt.Sprint("+ a 1 @", int64(math.MaxInt64-10)))
	if w.bounded(nil, b) != b {
		t.Error("rows that all have windows are copied")
	}
	var g gather
	var kept []int32
	if b := rows(t, pair, "+ a 1 @1; + b null @2"); grouped(nil, "", 1, b, &g, &kept) != b {
		t.Error("rows that all have a group are copied")
	}
}

package op

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

func plain(name string, typ sql.Type, r sql.Role) sql.Column {
	return sql.Column{Field: sql.Field{Name: name, Type: typ}, Role: r}
}

// pair is a key K and a value V.
var pair = sql.Schema{plain("K", sql.TString, sql.KeyRole), plain("V", sql.TInteger, sql.ValueRole)}

// runs makes runs of these lengths, whose keys are numbered over all of them.
func runs(lengths ...int) *Origin {
	o := &Origin{}
	n := 0
	for _, l := range lengths {
		o.Start = append(o.Start, int32(n))
		r := &store.Records{}
		for range l {
			r.Add(0, fmt.Append(nil, n), nil)
			n++
		}
		o.Runs = append(o.Runs, r)
	}
	return o
}

// TestOrigin: each record is found in its run, however many there are.
func TestOrigin(t *testing.T) {
	for _, lengths := range [][]int{{1}, {3}, {1, 1}, {2, 3, 1}, {1, 4, 2, 3}, {5, 1, 1, 1, 1, 2}} {
		o := runs(lengths...)
		n := 0
		for _, l := range lengths {
			for row := range l {
				r, at := o.At(int32(n))
				if want := fmt.Sprint(n); at != row || string(r.Key[at].Of(r.Bytes)) != want {
					t.Errorf("%v: record %d is found as row %d", lengths, n, at)
				}
				n++
			}
		}
	}
	o := runs(1, 1)
	if o.headers() {
		t.Error("there are no headers")
	}
	o.Runs[1].Add(0, nil, nil, store.Header{Key: "h"})
	if !o.headers() {
		t.Error("the second run has a header")
	}
}

// TestGather: what is taken has all that the batch has, of these rows, and nothing of the batch before.
func TestGather(t *testing.T) {
	var g gather
	for _, c := range []struct {
		in   string
		rows []int32
		live []bool
		want string
	}{
		{"- a 1 @1 0-5 !; + b 2 @2 5-9; + c 3 @3 9-12", []int32{2, 0}, nil, "+ c 3 @3 9-12 <2; - a 1 @1 0-5 ! <0"},
		{"+ a 1 @1; + b null @2", []int32{1}, nil, "+ b null @2 <1"},
		{"+ a 1 @1; + b 2 @2", []int32{1, 1}, []bool{false, true}, "+ _ 2 @2 <1; + _ 2 @2"},
		{"U- a 1 @1; U+ a 2 @2", []int32{0, 1}, []bool{true, false}, "U- a @1; U+ a @2"},
		{"+ a 1 @1; + b 2 @2", []int32{0}, nil, "+ a 1 @1"},
	} {
		b := rows(t, pair, c.in)
		got := g.take(b, c.rows, c.live)
		if got.From != b.From {
			t.Error("where the rows come from is lost")
		}
		if s := strings.Join(written(t, got), "; "); s != c.want {
			t.Errorf("%v of %s: got %s, want %s", c.rows, c.in, s, c.want)
		}
		again := new(gather).take(got, []int32{int32(got.N - 1)}, nil)
		if last := c.rows[len(c.rows)-1]; again.Cause(0) != last {
			t.Errorf("%v of %s: the last comes from %d", c.rows, c.in, again.Cause(0))
		}
	}
}

// TestOtherPanics: only what is too large is tried again.
func TestOtherPanics(t *testing.T) {
	defer func() {
		if r := recover(); r != "other" {
			t.Errorf("got %v", r)
		}
	}()
	tooLarge(func() { panic("other") })
}

// TestReport: a problem says which record caused its row; a row that no record caused has the task's partition.
func TestReport(t *testing.T) {
	var got []Problem
	c := &Context{Partition: 7, Report: func(p Problem) { got = append(got, p) }}
	cause := fmt.Errorf("closed: %w", errLate)
	b := &Batch{N: 2, From: &Origin{Runs: []*store.Records{{TP: store.TP{Topic: "a", Partition: 1}, First: 10, Time: []int64{0}}, {TP: store.TP{Topic: "b", Partition: 2}, First: 20, Time: []int64{0, 0}}}, Start: []int32{0, 1}}}
	c.report(ProcessingError, "Step", b, 1, cause)
	b.Row = []int32{2, 0}
	c.report(ProcessingError, "Step", b, 0, cause)
	c.report(SerializationError, "Step", &Batch{N: 1}, 0, errors.New("other"))
	c.report(SerializationError, "Step", &Batch{N: 1, From: &Origin{}}, 0, errors.New("other"))
	(&Context{}).report(ProcessingError, "Step", b, 0, cause) // nobody listens
	for i, want := range []string{"b 2 20", "b 2 21", " 7 -1", " 7 -1"} {
		p := got[i]
		if s := fmt.Sprint(p.Topic, " ", p.Partition, " ", p.Offset); s != want || p.Step != "Step" || p.Late() != (i < 2) || (p.Kind == SerializationError) != (i >= 2) {
			t.Errorf("%d: got %+v, want %s", i, p, want)
		}
	}
	got = nil
	b = &Batch{N: 4, Ops: []Op{Insert, Delete, Before, After}, Time: make([]int64, 4)}
	for i := range b.Ops {
		c.reportNew(fmt.Sprint(i), b, i, cause)
	}
	if len(got) != 2 || got[0].Step != "0" || got[1].Step != "3" {
		t.Errorf("errors are told of rows %+v", got)
	}
	for k, want := range []string{"deserialization", "processing", "production", "serialization"} {
		if got := ErrorKind(k).String(); got != want {
			t.Errorf("kind %d is %s", k, got)
		}
	}
}

// marker is an operator that gives each row's first column a letter more, and ends at "stop".
type marker string

var errStop = errors.New("stop")

func (m marker) Process(_ *Context, b *Batch, emit Emit) error {
	out := *b
	out.Cols = []*vec.Vec{vec.New(sql.TString)}
	for i := range b.N {
		if b.Cols[0].Str(i) == "stop" {
			return errStop
		}
		out.Cols[0].AppendString(b.Cols[0].Str(i) + string(m))
	}
	return emit(&out)
}

// TestChain: rows go through the operators in order.
func TestChain(t *testing.T) {
	got := ""
	emit := Chain(&Context{}, []Operator{marker("x"), NewUnion(&plan.Union{Ins: make([]plan.Step, 2)}).Ports()[1], marker("y")}, func(b *Batch) error {
		got += strings.Join(written(t, b), "; ")
		return nil
	})
	if err := emit(rows(t, pair, "+ a 1 @1; + b 2 @2")); err != nil || got != "+ axy @1; + bxy @2" {
		t.Error(got, err)
	}
	if n := len(NewUnion(&plan.Union{Ins: make([]plan.Step, 2)}).Ports()); n != 2 {
		t.Error(n)
	}
}

// TestShare: readers that do not meet get whole batches; readers that meet get row by row, an update whole; an error of
// one ends it.
func TestShare(t *testing.T) {
	for _, c := range []struct {
		meet     bool
		in, want string
	}{
		{false, "+ a 1 @1; + b 2 @2", "0: + a 1 @1; + b 2 @2 | 1: + a 1 @1; + b 2 @2"},
		{true, "+ a 1 @1; + b 2 @2", "0: + a 1 @1 | 1: + a 1 @1 | 0: + b 2 @2 <1 | 1: + b 2 @2 <1"},
		{true, "- a 1 @1 0-5; U- b 2 @2 0-5; U+ b 3 @3 0-5; + c 4 @4 0-5", "0: - a 1 @1 0-5 | 1: - a 1 @1 0-5 | 0: U- b 2 @2 0-5 <1; U+ b 3 @3 0-5 <2 | 1: U- b 2 @2 0-5 <1; U+ b 3 @3 0-5 <2 | 0: + c 4 @4 0-5 <3 | 1: + c 4 @4 0-5 <3"},
		{true, "+ a 1 @1", "0: + a 1 @1 | 1: + a 1 @1"},
		{false, "+ stop 1 @1; + b 2 @2", "0: stop"},
		{true, "+ a 1 @1; + stop 1 @2; + b 2 @3", "0: + a 1 @1 | 1: + a 1 @1 | 0: stop"},
	} {
		var got []string
		reader := func(n int) Emit {
			return func(b *Batch) error {
				if slices.ContainsFunc(written(t, b), func(s string) bool { return strings.Contains(s, "stop") }) {
					got = append(got, fmt.Sprint(n, ": stop"))
					return errStop
				}
				got = append(got, fmt.Sprint(n, ": ", strings.Join(written(t, b), "; ")))
				return nil
			}
		}
		err := Share([]Emit{reader(0), reader(1)}, c.meet)(rows(t, pair, c.in))
		if s := strings.Join(got, " | "); s != c.want || (err == errStop) != strings.Contains(c.in, "stop") {
			t.Errorf("%s, meeting %v: got %s, %v\nwant %s", c.in, c.meet, s, err, c.want)
		}
	}
}

// TestPiece: a piece is the rows from lo to hi, and the batch itself where that is all of it.
func TestPiece(t *testing.T) {
	var p Piece
	b := rows(t, pair, "+ a 1 @1; + b 2 @2; + c 3 @3")
	for lo := range b.N {
		for hi := lo + 1; hi <= b.N; hi++ {
			got := p.Of(b, lo, hi)
			if (got == b) != (hi-lo == b.N) {
				t.Errorf("%d to %d is all: %v", lo, hi, got == b)
			}
			for i, s := range written(t, got) {
				if !strings.HasPrefix(s, written(t, b)[lo+i]) || got.N != hi-lo {
					t.Errorf("%d to %d: got %s in place %d", lo, hi, s, i)
				}
			}
		}
	}
}

// TestStopsAtError: an error of who comes next is that of the step.
func TestStopsAtError(t *testing.T) {
	f, in := filter(t, aStream+"CREATE STREAM o AS SELECT k, v, w FROM s WHERE v > 1;")
	failed := errors.New("enough")
	for _, text := range []string{"+ 1 5 a @1", "+ 1 5 a @1; + 2 1 a @2", "+ 1 5 a @1; - 2 1 a @2"} {
		if err := f.Process(&Context{Env: &expr.Env{}}, rows(t, in, text), func(*Batch) error { return failed }); err != failed {
			t.Errorf("%s: %v", text, err)
		}
	}
}

package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// stage is one stage over topic in with changelog c, from the oldest row.
func stage(in ...string) []store.Stage {
	from := map[store.TP]int64{}
	for _, t := range in {
		for n := range int32(8) {
			from[store.TP{Topic: t, Partition: n}] = 0
		}
	}
	return []store.Stage{{Name: "s", In: in, Change: []string{"c"}, From: from}}
}

// unit opens unit s/partition of session q and restores it.
func (s *suite) unit(st []store.Stage, partition int32) (store.Work, store.Checkpoint, store.Reader) {
	s.Helper()
	ses, err := s.Session(ctx, "q", st)
	s.ok(err)
	s.Cleanup(func() { ses.Close() })
	w, err := ses.Open(ctx, store.Unit{Stage: "s", Partition: partition})
	s.ok(err)
	cp, rd, err := w.Restore(ctx)
	s.ok(err)
	if rd == nil {
		s.Fatal("no changelog reader")
	}
	return w, cp, rd
}

func allOrNothing(t *testing.T, s *suite) {
	s.make("in", "out", "c")
	s.append(rows("in", 0, "1", "2", "3"))
	w, _, _ := s.unit(stage("in"), 0)
	s.want(s.all(w, 10), "in/0@0=1", "in/0@1=2", "in/0@2=3")
	// One of the appends is bad: nothing of the commit is there.
	err := w.Commit(ctx, store.Commit{
		Appends:   []*store.Records{rows("out", 0, "x"), rows("gone", 0, "y")},
		Positions: map[store.TP]int64{{Topic: "in"}: s.o(2)},
	})
	s.is(err, store.ErrNoTopic)
	s.want(s.all(s.reader(map[store.TP]int64{{Topic: "out"}: 0}), 9))
	w2, _, _ := s.unit(stage("in"), 0)
	s.want(s.all(w2, 10), "in/0@0=1", "in/0@1=2", "in/0@2=3")
	s.ok(w2.Commit(ctx, store.Commit{
		Appends:   []*store.Records{rows("out", 0, "x"), rows("c", 0, "z")},
		Positions: map[store.TP]int64{{Topic: "in"}: s.o(2)},
	}))
	s.want(s.all(s.reader(map[store.TP]int64{{Topic: "out"}: 0, {Topic: "c"}: 0}), 9), "out/0@0=x", "c/0@0=z")
	w3, _, change := s.unit(stage("in"), 0)
	s.want(s.all(w3, 10), "in/0@2=3")
	s.want(s.all(change, 10), "c/0@0=z")
}

func positions(t *testing.T, s *suite) {
	s.make("in", "c")
	s.ok(s.Create(ctx, "wide", store.TopicConfig{Partitions: 3}))
	s.append(rows("in", 1, "1"), rows("wide", 1, "2"), rows("wide", 2, "3"), rows("in", 0, "0"))
	ses, err := s.Session(ctx, "q", stage("in", "wide"))
	s.ok(err)
	units, err := ses.Units(ctx)
	s.ok(err)
	if len(units) != 3 {
		t.Fatal(units)
	}
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	if _, err := ses.Units(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	open := func(p int32) store.Work {
		w, err := ses.Open(ctx, store.Unit{Stage: "s", Partition: p})
		s.ok(err)
		_, _, err = w.Restore(ctx)
		s.ok(err)
		return w
	}
	w1, w2 := open(1), open(2)
	at := map[store.TP]int64{}
	w1.Position(at)
	s.want([]string{fmt.Sprint(at)}, "map[{in 1}:0 {wide 1}:0]")
	s.want(s.all(w1, 10), "in/1@0=1", "wide/1@0=2")
	w1.Position(at)
	s.want([]string{fmt.Sprint(at)}, fmt.Sprintf("map[{in 1}:%d {wide 1}:%d]", s.o(1), s.o(1)))
	s.want(s.all(w2, 10), "wide/2@0=3")
	s.ok(w1.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in", Partition: 1}: s.o(1)}}))
	s.ok(w1.Close())
	s.want(s.all(open(1), 10), "wide/1@0=2")
	s.append(rows("in", 1, "5"))
	s.want(s.all(open(1), 10), "wide/1@0=2", "in/1@1=5")
	if _, err := ses.Open(ctx, store.Unit{Stage: "s", Partition: 3}); err == nil {
		t.Fatal("a unit that is not there")
	}
}

func starts(t *testing.T, s *suite) {
	s.make("old", "new", "c")
	s.append(rows("old", 0, "1"), rows("new", 0, "2"))
	st := []store.Stage{{Name: "s", In: []string{"old", "new"}, From: map[store.TP]int64{{Topic: "old"}: 0, {Topic: "new"}: -1}}}
	ses, err := s.Session(ctx, "q", st)
	s.ok(err)
	s.append(rows("old", 0, "3"), rows("new", 0, "4")) // after the session began
	w, err := ses.Open(ctx, store.Unit{Stage: "s"})
	s.ok(err)
	if err := s.fails(w); err == nil {
		t.Fatal("Poll before Restore")
	}
	_, _, err = w.Restore(ctx)
	s.ok(err)
	s.want(s.all(w, 10), "old/0@0=1", "old/0@1=3", "new/0@1=4")
	s.ok(ses.Close())
	st[0].From = map[store.TP]int64{{Topic: "old"}: -1, {Topic: "new"}: 0} // where to begin was said once
	w, _, _ = s.unit(st, 0)
	s.want(s.all(w, 10), "old/0@0=1", "old/0@1=3", "new/0@1=4")
}

func takeover(t *testing.T, s *suite) {
	s.make("in", "c")
	s.append(rows("in", 0, "1"))
	old, err := s.Session(ctx, "q", stage("in"))
	s.ok(err)
	units, err := old.Units(ctx)
	s.ok(err)
	w, err := old.Open(ctx, units[0])
	s.ok(err)
	_, _, err = w.Restore(ctx)
	s.ok(err)
	told := make(chan error, 1)
	go func() {
		_, err := old.Units(ctx)
		told <- err
	}()
	next, _, _ := s.unit(stage("in"), 0)
	s.is(<-told, store.ErrLost)
	_, err = old.Open(ctx, units[0])
	s.is(err, store.ErrLost)
	s.is(w.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in"}: s.o(1)}}), store.ErrLost)
	s.ok(next.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in"}: s.o(1)}}))
}

func recreate(t *testing.T, s *suite) {
	s.make("in", "c")
	s.append(rows("in", 0, "1", "2"))
	w, _, _ := s.unit(stage("in"), 0)
	s.ok(w.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in"}: s.o(2)}}))
	before, err := s.Topics(ctx)
	s.ok(err)
	rd := s.reader(map[store.TP]int64{{Topic: "in"}: 0})
	s.ok(s.Delete(ctx, "in", before["in"].ID))
	s.is(s.fails(rd), store.ErrNoTopic)
	s.make("in")
	after, err := s.Topics(ctx)
	s.ok(err)
	if before["in"].ID == after["in"].ID {
		t.Fatal("the new topic has the old one's id")
	}
	s.append(rows("in", 0, "3"))
	for range 2 {
		s.want(s.all(s.reader(map[store.TP]int64{{Topic: "in"}: 0}), 9), "in/0@0=3")
		w, _, _ = s.unit(stage("in"), 0)
		s.want(s.all(w, 9), "in/0@0=3") // positions of the old topic do not count
		if !s.Durable() {
			break
		}
		s.reopen()
	}
}

func woken(t *testing.T, s *suite) {
	s.make("a", "b")
	a, b := s.reader(map[store.TP]int64{{Topic: "a"}: -1}), s.reader(map[store.TP]int64{{Topic: "b"}: -1})
	for _, r := range []store.Reader{a, b} {
		for idle := false; !idle; {
			s.all(r, 10)
			select {
			case <-r.Ready():
			default:
				idle = true
			}
		}
	}
	go s.Append(ctx, rows("a", 0, "1", "2"))
	select {
	case <-a.Ready():
	case <-time.After(10 * time.Second):
		t.Fatal("not woken")
	}
	for {
		runs, err := a.Poll(1)
		s.ok(err)
		if len(runs) == 1 {
			break
		}
		s.ready(a)
	}
	s.ready(a) // one row is left
	select {
	case <-b.Ready():
		t.Fatal("woken by another topic")
	default:
	}
}

func trim(t *testing.T, s *suite) {
	s.make("a")
	s.append(rows("a", 0, "1", "2"))
	s.append(rows("a", 0, "3", "4"))
	s.ok(s.Trim(ctx, map[store.TP]int64{{Topic: "a"}: s.o(3), {Topic: "none"}: 1}))
	s.want(s.all(s.reader(map[store.TP]int64{{Topic: "a"}: -1}), 9), "a/0@3=4")
	ends, err := s.Ends(ctx, []store.TP{{Topic: "a"}})
	s.ok(err)
	if ends[store.TP{Topic: "a"}] != s.o(4) {
		t.Fatal(ends)
	}
}

func restart(t *testing.T, s *suite) {
	if !s.Durable() {
		t.Skip("the log does not outlive its process")
	}
	s.make("in", "out", "c")
	s.append(rows("in", 0, "1", "2", "3"))
	w, _, _ := s.unit(stage("in"), 0)
	s.ok(w.Commit(ctx, store.Commit{
		Appends:   []*store.Records{rows("out", 1, "x", "y"), rows("c", 0, "z")},
		Positions: map[store.TP]int64{{Topic: "in"}: s.o(2)},
	}))
	seq := s.append(rows("in", 0, "4"))
	s.ok(s.Wait(ctx, seq))
	for range 3 {
		s.reopen()
		s.want(s.all(s.reader(map[store.TP]int64{{Topic: "in"}: 0, {Topic: "out", Partition: 1}: 0}), 2),
			"in/0@0=1", "in/0@1=2", "in/0@2=3", "out/1@0=x", "out/1@1=y", "in/0@3=4")
		w, _, change := s.unit(stage("in"), 0)
		s.want(s.all(w, 9), "in/0@2=3", "in/0@3=4")
		s.want(s.all(change, 9), "c/0@0=z")
	}
	if next := s.append(rows("in", 0, "5")); seq != 0 && next <= seq {
		t.Fatalf("seq %d after %d", next, seq)
	}
}

// write fills a checkpoint with one chunk for each word.
func write(print uint64, words ...string) func(store.Writer) error {
	return func(w store.Writer) error {
		if err := w.Table("t", print); err != nil {
			return err
		}
		for _, word := range words {
			if err := w.Chunk([]byte(word)); err != nil {
				return err
			}
		}
		return w.Table("empty", 1)
	}
}

func words(s *suite, cp store.Checkpoint, table string) string {
	s.Helper()
	var out [][]byte
	for c, err := range cp.Chunks(table) {
		s.ok(err)
		out = append(out, append([]byte(nil), c...))
	}
	return string(bytes.Join(out, []byte(" ")))
}

func checkpoint(t *testing.T, s *suite) {
	s.make("in", "c")
	w, cp, _ := s.unit(stage("in"), 0)
	if cp != nil {
		t.Fatal("a checkpoint out of nothing")
	}
	s.ok(w.Commit(ctx, store.Commit{Appends: []*store.Records{rows("c", 0, "1", "2")}}))
	s.ok(w.Checkpoint(ctx, write(7, "state", "of", "two")))
	s.ok(w.Commit(ctx, store.Commit{Appends: []*store.Records{rows("c", 0, "3")}}))
	if !s.Durable() {
		return
	}
	bad := errors.New("bad")
	s.is(w.Checkpoint(ctx, func(store.Writer) error { return bad }), bad)
	s.reopen()
	w, cp, change := s.unit(stage("in"), 0)
	if cp == nil || cp.Print("t") != 7 || cp.Print("other") != 0 {
		t.Fatal(cp)
	}
	s.want([]string{words(s, cp, "t"), words(s, cp, "empty"), words(s, cp, "other")}, "state of two", "", "")
	s.want(s.all(change, 9), "c/0@2=3")
	s.ok(w.Checkpoint(ctx, write(8, "state of three")))
	s.ok(w.Checkpoint(ctx, write(9, "again")))
	s.reopen()
	_, cp, change = s.unit(stage("in"), 0)
	s.want([]string{words(s, cp, "t")}, "again")
	s.want(s.all(change, 9))
}

func forget(t *testing.T, s *suite) {
	s.make("in", "c")
	s.append(rows("in", 0, "1"))
	w, _, _ := s.unit(stage("in"), 0)
	s.ok(w.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in"}: s.o(1)}}))
	s.ok(w.Checkpoint(ctx, write(7, "state")))
	s.ok(s.Forget(ctx, "q"))
	s.ok(s.Forget(ctx, "never was"))
	s.is(w.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in"}: s.o(1)}}), store.ErrLost)
	if s.Durable() {
		s.reopen()
	}
	w, cp, _ := s.unit(stage("in"), 0)
	if cp != nil {
		t.Fatal("a checkpoint of a forgotten session")
	}
	s.want(s.all(w, 9), "in/0@0=1")
}

func closed(t *testing.T, s *suite) {
	s.make("in", "c")
	w, _, _ := s.unit(stage("in"), 0)
	r := s.reader(map[store.TP]int64{{Topic: "in"}: 0})
	s.ok(s.Close())
	s.ok(s.Close())
	_, err := s.Append(ctx, rows("in", 0, "1"))
	s.is(err, store.ErrClosed)
	s.is(s.fails(r), store.ErrClosed)
	s.is(w.Commit(ctx, store.Commit{Appends: []*store.Records{rows("in", 0, "1")}}), store.ErrClosed)
	_, err = s.Topics(ctx)
	s.is(err, store.ErrClosed)
}

func concurrent(t *testing.T, s *suite) {
	s.make("a")
	const writers, runs = 4, 200
	errs := make(chan error, writers)
	for w := range writers {
		go func() {
			for i := range runs {
				if _, err := s.Append(ctx, rows("a", 0, fmt.Sprintf("%d", w*runs+i), "."), rows("a", 1, "x")); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	r := s.reader(map[store.TP]int64{{Topic: "a"}: 0, {Topic: "a", Partition: 1}: 0})
	var next [2]int64
	last := make([]int, writers)
	for i := range last {
		last[i] = -1
	}
	deadline := time.After(30 * time.Second)
	for next[0] < s.o(writers*runs*2) || next[1] < s.o(writers*runs) {
		select {
		case <-r.Ready():
		case <-deadline:
			t.Fatal("rows missing", next)
		}
		got, err := r.Poll(3)
		s.ok(err)
		for _, rec := range got {
			for i := range rec.Len() {
				p := rec.TP.Partition
				if rec.Offset(i) != next[p] {
					t.Fatalf("offset %d, want %d", rec.Offset(i), next[p])
				}
				next[p] += s.step
				var n int
				if _, err := fmt.Sscan(string(rec.Value[i].Of(rec.Bytes)), &n); err == nil {
					if n%runs <= last[n/runs] {
						t.Fatal("a writer's rows out of order")
					}
					last[n/runs] = n % runs
				}
			}
		}
	}
	for range writers {
		s.ok(<-errs)
	}
}

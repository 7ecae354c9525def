package storetest

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// ends: a reader with an end gives all rows below it, none above, and then io.EOF, for ever.
func ends(t *testing.T, s *suite) {
	s.make("a", "b")
	a, a1, b := store.TP{Topic: "a"}, store.TP{Topic: "a", Partition: 1}, store.TP{Topic: "b"}
	s.append(rows("a", 0, "1", "2", "3"))
	s.append(rows("a", 0, "4"), rows("b", 0, "5"))
	for _, max := range []int{1, 2, 100} {
		for to, want := range map[int64][]string{
			0: {}, 2: {"a/0@0=1", "a/0@1=2"}, 3: {"a/0@0=1", "a/0@1=2", "a/0@2=3"}, 4: {"a/0@0=1", "a/0@1=2", "a/0@2=3", "a/0@3=4"},
		} {
			r := s.bounded(map[store.TP]int64{a: 0, a1: -1}, map[store.TP]int64{a: s.o(to), a1: 0})
			s.want(s.all(r, max), want...)
			for range 2 {
				s.end(r)
			}
			at := map[store.TP]int64{}
			if r.Position(at); at[a] != s.o(to) || at[a1] != 0 {
				t.Fatal(at)
			}
		}
	}
	s.end(s.bounded(nil, map[store.TP]int64{}))
	if _, err := s.Reader(ctx, map[store.TP]int64{a: 0}, map[store.TP]int64{b: 1}); err == nil {
		t.Fatal("an end without a beginning")
	}
	// A partition without an end keeps the reader going; an end that is not there yet does, too.
	for _, to := range []map[store.TP]int64{{a: s.o(4)}, {a: s.o(4), b: s.o(2)}} {
		r := s.bounded(map[store.TP]int64{a: s.o(3), b: 0}, to)
		for got := 0; got < 2; {
			runs, err := r.Poll(9)
			s.ok(err)
			for i := range runs {
				got += runs[i].Len()
			}
			if runs == nil {
				s.ready(r)
			}
		}
		for range 9 {
			if runs, err := r.Poll(9); err != nil || runs != nil {
				t.Fatal(runs, err)
			}
		}
		if to[b] == s.o(2) {
			s.append(rows("b", 0, "6"))
			s.want(s.all(r, 9), "b/0@1=6")
			s.end(r)
		}
	}
	// A pair that the end would part is not given.
	run := rows("b", 1, "x", "old", "new")
	run.Mark = []byte{0, store.MarkBefore, 3}
	s.append(run)
	b1 := store.TP{Topic: "b", Partition: 1}
	s.want(s.all(s.bounded(map[store.TP]int64{b1: 0}, map[store.TP]int64{b1: s.o(2)}), 9), "b/1@0=x")
	// What is there now, and no more.
	r, err := store.Whole(ctx, s, "a")
	s.ok(err)
	defer r.Close()
	s.append(rows("a", 0, "7"), rows("a", 1, "8"))
	n := 0
	for runs, err := range store.Runs(ctx, r, 2) {
		s.ok(err)
		for i := range runs {
			n += runs[i].Len()
		}
	}
	if n != 4 {
		t.Fatal(n, "rows")
	}
}

// end wants io.EOF, without a row before it.
func (s *suite) end(r store.Reader) {
	s.Helper()
	for {
		runs, err := r.Poll(9)
		if errors.Is(err, io.EOF) {
			return
		}
		if s.ok(err); runs != nil {
			s.Fatal("rows behind the end", runs)
		}
		s.ready(r)
	}
}

// gap: rows that are gone are told once, then the reader goes on.
func gap(t *testing.T, s *suite) {
	s.make("a", "c")
	a := store.TP{Topic: "a"}
	for i := range 6 {
		s.append(rows("a", 0, fmt.Sprint(i)))
	}
	behind := s.reader(map[store.TP]int64{a: s.o(1)})
	oldest := s.reader(map[store.TP]int64{a: -1})
	w, _, _ := s.unit(stage("a"), 0)
	s.ok(s.Trim(ctx, map[store.TP]int64{a: s.o(4)}))
	s.want(s.all(oldest, 9), "a/0@4=4", "a/0@5=5")
	for from, r := range map[int64]store.Reader{1: behind, 0: w, 3: s.bounded(map[store.TP]int64{a: s.o(3)}, map[store.TP]int64{a: s.o(5)})} {
		var g *store.Gap
		for g == nil {
			runs, err := r.Poll(9)
			if runs != nil || err != nil && !errors.As(err, &g) {
				t.Fatal(runs, err)
			}
		}
		if *g != (store.Gap{TP: a, From: s.o(from), To: s.o(4)}) {
			t.Fatal(g)
		}
		at := map[store.TP]int64{}
		if r.Position(at); at[a] != s.o(4) {
			t.Fatal(at)
		}
		if from == 3 {
			s.want(s.all(r, 9), "a/0@4=4")
		} else {
			s.want(s.all(r, 9), "a/0@4=4", "a/0@5=5")
		}
	}
	// What was to be read up to an end below is no gap.
	s.want(s.all(s.bounded(map[store.TP]int64{a: s.o(2)}, map[store.TP]int64{a: s.o(2)}), 9))
	// A unit that begins at the oldest row begins at the oldest row kept.
	s.ok(s.Forget(ctx, "q"))
	w, _, _ = s.unit(stage("a"), 0)
	s.want(s.all(w, 9), "a/0@4=4", "a/0@5=5")
}

// compacted: offsets that compaction takes are no gap, and they are passed.
func compacted(t *testing.T, s *suite) {
	s.ok(s.Create(ctx, "t", store.TopicConfig{Compact: true}))
	tp := store.TP{Topic: "t"}
	r := s.reader(map[store.TP]int64{tp: 0})
	last := map[string]string{}
	for i := range 300 {
		run := &store.Records{TP: tp}
		k, v := fmt.Sprint("k", i%5), fmt.Sprint(i)
		run.Add(0, []byte(k), []byte(v))
		last[k] = v
		s.append(run)
	}
	for _, rd := range []store.Reader{r, s.reader(map[store.TP]int64{tp: 0}), s.reader(map[store.TP]int64{tp: s.o(150)})} {
		got := map[string]string{}
		at := map[store.TP]int64{}
		for at[tp] < s.o(300) {
			runs, err := rd.Poll(7)
			s.ok(err)
			for _, rec := range runs {
				for i := range rec.Len() {
					got[string(rec.Key[i].Of(rec.Bytes))] = string(rec.Value[i].Of(rec.Bytes))
				}
			}
			if rd.Position(at); runs == nil && at[tp] < s.o(300) {
				s.ready(rd)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(last) {
			t.Fatal(got)
		}
	}
}

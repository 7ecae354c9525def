// Package storetest is the suite that every store.Log must pass.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// Log runs the suite. open gives an empty log if fresh is set, as at the beginning of each test, and else
// the log of that test again, which was closed before.
func Log(t *testing.T, open func(t *testing.T, fresh bool) store.Log) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"topics", topics}, {"order", order}, {"offsets", offsets}, {"pieces", pieces}, {"pairs", pairs},
		{"ends", ends}, {"gap", gap}, {"compacted", compacted}, {"claim", claim}, {"validate", validate},
		{"headers", headers}, {"atomic", allOrNothing}, {"positions", positions}, {"starts", starts},
		{"takeover", takeover}, {"recreate", recreate}, {"woken", woken}, {"trim", trim},
		{"restart", restart}, {"checkpoint", checkpoint}, {"forget", forget}, {"closed", closed},
		{"concurrent", concurrent},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &suite{T: t, open: open, Log: open(t, true), step: 1}
			if l, ok := s.Log.(*late); ok {
				s.step = l.step("a")
			}
			defer func() { s.Close() }()
			c.run(t, s)
		})
	}
}

type suite struct {
	*testing.T
	store.Log
	open func(*testing.T, bool) store.Log
	step int64 // between the offsets of two rows
}

// o is the offset of row n of a partition.
func (s *suite) o(n int64) int64 { return n * s.step }

func (s *suite) reopen() {
	s.Helper()
	s.ok(s.Close())
	s.Log = s.open(s.T, false)
}

var ctx = context.Background()

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("error %v, want %v", err, want)
	}
}

func (s *suite) make(names ...string) {
	s.Helper()
	for _, n := range names {
		s.ok(s.Create(ctx, n, store.TopicConfig{Partitions: 2}))
	}
}

// rows is a run with these values; the key of each is "k".
func rows(topic string, partition int32, values ...string) *store.Records {
	r := &store.Records{TP: store.TP{Topic: topic, Partition: partition}}
	for i, v := range values {
		r.Add(int64(i), []byte("k"), []byte(v))
	}
	return r
}

// all reads to the end as of now and shows each row as topic/partition@offset=value.
func (s *suite) all(r store.Reader, max int) []string {
	s.Helper()
	at := map[store.TP]int64{}
	r.Position(at)
	ends, err := s.Ends(ctx, slices.Collect(maps.Keys(at)))
	s.ok(err)
	var out []string
	last := int64(-1)
	for {
		runs, err := r.Poll(max)
		if errors.Is(err, io.EOF) {
			return out
		}
		s.ok(err)
		n := 0
		for _, rec := range runs {
			if rec.Len() == 0 {
				s.Fatal("an empty run")
			}
			if rec.Seq != 0 && rec.Seq < last {
				s.Fatalf("seq %d after %d", rec.Seq, last)
			}
			last = rec.Seq
			n += rec.Len()
			for i := range rec.Len() {
				out = append(out, fmt.Sprintf("%s/%d@%d=%s", rec.TP.Topic, rec.TP.Partition, rec.Offset(i)/s.step, rec.Value[i].Of(rec.Bytes)))
				if rec.Offset(i) < at[rec.TP] {
					s.Fatalf("row %d, but the position was %d", rec.Offset(i), at[rec.TP])
				}
				at[rec.TP] = rec.Offset(i) + 1
			}
		}
		if n > max {
			s.Fatalf("Poll(%d) gave %d rows", max, n)
		}
		now := map[store.TP]int64{}
		r.Position(now)
		over := true
		for tp, next := range now {
			if next < at[tp] {
				s.Fatalf("%v: position %d behind row %d", tp, next, at[tp]-1)
			}
			over = over && next >= ends[tp]
		}
		at = now
		if n > 0 {
			continue
		}
		if over {
			return out
		}
		s.ready(r)
	}
}

// fails is the error that Poll gives, at once or where a log is late, soon.
func (s *suite) fails(r store.Reader) error {
	s.Helper()
	for range 100 {
		runs, err := r.Poll(1)
		if err != nil {
			return err
		}
		if runs != nil {
			s.Fatal("rows", runs)
		}
	}
	return nil
}

// ready waits until r may have something.
func (s *suite) ready(r store.Reader) {
	s.Helper()
	select {
	case <-r.Ready():
	case <-time.After(10 * time.Second):
		s.Fatal("rows are missing and no token comes")
	}
}

func (s *suite) reader(from map[store.TP]int64) store.Reader {
	s.Helper()
	return s.bounded(from, nil)
}

func (s *suite) bounded(from, to map[store.TP]int64) store.Reader {
	s.Helper()
	r, err := s.Reader(ctx, from, to)
	s.ok(err)
	s.Cleanup(func() { r.Close() })
	return r
}

func (s *suite) want(got []string, want ...string) {
	s.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Fatalf("\n got %v\nwant %v", got, want)
	}
}

func (s *suite) append(r ...*store.Records) int64 {
	s.Helper()
	seq, err := s.Append(ctx, r...)
	s.ok(err)
	return seq
}

func topics(t *testing.T, s *suite) {
	s.ok(s.Create(ctx, "a", store.TopicConfig{Partitions: 3, Compact: true, Internal: true, Retention: time.Hour}))
	s.is(s.Create(ctx, "a", store.TopicConfig{Partitions: 1}), store.ErrExists)
	s.ok(s.Create(ctx, "b", store.TopicConfig{}))
	m, err := s.Topics(ctx)
	s.ok(err)
	if a := m["a"]; a.Partitions != 3 || !a.Config.Compact || !a.Config.Internal || a.Config.Retention != time.Hour {
		t.Fatalf("%+v", a)
	}
	if m["b"].Partitions != 1 || len(m) != 2 {
		t.Fatalf("%+v", m)
	}
	s.is(s.Delete(ctx, "c", m["b"].ID), store.ErrNoTopic)
	_, err = s.Append(ctx, rows("c", 0, "x"))
	s.is(err, store.ErrNoTopic)
	_, err = s.Reader(ctx, map[store.TP]int64{{Topic: "c"}: 0}, nil)
	s.is(err, store.ErrNoTopic)
	_, err = s.Ends(ctx, []store.TP{{Topic: "c"}})
	s.is(err, store.ErrNoTopic)
	if _, err = s.Append(ctx, rows("b", 1, "x")); err == nil {
		t.Fatal("append to a partition that is not there")
	}
	bad := rows("b", 0, "x")
	bad.Value = nil
	if _, err = s.Append(ctx, bad); err == nil {
		t.Fatal("append of a crooked run")
	}
}

func validate(t *testing.T, s *suite) {
	s.make("a")
	s.is(s.Validate(ctx, "a", store.TopicConfig{}), store.ErrExists)
	s.ok(s.Validate(ctx, "b", store.TopicConfig{Partitions: 2}))
	if s.Validate(ctx, "b", store.TopicConfig{Partitions: -1}) == nil || s.Create(ctx, "b", store.TopicConfig{Partitions: -1}) == nil {
		t.Fatal("a topic of -1 partitions")
	}
	_, err := s.Topic(ctx, "b")
	s.is(err, store.ErrNoTopic)
	all, err := s.Topics(ctx)
	s.ok(err)
	one, err := s.Topic(ctx, "a")
	s.ok(err)
	if len(all) != 1 || all["a"] != one || one.ID == "" || one.Partitions != 2 {
		t.Fatal(all, one)
	}
	// Another life of the name: the old id deletes nothing.
	s.ok(s.Delete(ctx, "a", one.ID))
	s.is(s.Delete(ctx, "a", one.ID), store.ErrNoTopic)
	s.make("a")
	s.is(s.Delete(ctx, "a", one.ID), store.ErrNoTopic)
	s.is(s.Delete(ctx, "a", ""), store.ErrNoTopic)
	if again, err := s.Topic(ctx, "a"); err != nil || again.ID == one.ID {
		t.Fatal(again, err)
	}
}

func order(t *testing.T, s *suite) {
	s.make("l", "r")
	first := rows("l", 0, "1")
	if s.append(first); first.Seq == 0 {
		t.Skip("the log has no one order")
	}
	s.append(rows("l", 0, "2"), rows("r", 0, "3"), rows("l", 1, "4"))
	s.append(rows("l", 0, "5"))
	for _, max := range []int{1, 2, 100} {
		r := s.reader(map[store.TP]int64{{Topic: "l"}: -1, {Topic: "r"}: 0, {Topic: "l", Partition: 1}: 0})
		s.want(s.all(r, max), "l/0@0=1", "l/0@1=2", "r/0@0=3", "l/1@0=4", "l/0@2=5")
	}
}

func offsets(t *testing.T, s *suite) {
	s.make("a")
	x, y := rows("a", 0, "1", "2"), rows("a", 0, "3")
	first := s.append(x, y)
	if x.First != 0 || y.First != s.o(2) || y.Seq != first && y.Seq != 0 {
		t.Fatalf("first %d %d, seq %d of %d", x.First, y.First, y.Seq, first)
	}
	if second := s.append(rows("a", 0, "4")); first != 0 && second <= first {
		t.Fatalf("seq %d after %d", second, first)
	}
	ends, err := s.Ends(ctx, []store.TP{{Topic: "a"}, {Topic: "a", Partition: 1}})
	s.ok(err)
	if ends[store.TP{Topic: "a"}] != s.o(4) || ends[store.TP{Topic: "a", Partition: 1}] != 0 {
		t.Fatal(ends)
	}
	s.want(s.all(s.reader(map[store.TP]int64{{Topic: "a"}: s.o(1)}), 2), "a/0@1=2", "a/0@2=3", "a/0@3=4")
	s.want(s.all(s.reader(map[store.TP]int64{{Topic: "a"}: s.o(4)}), 2))
}

func pieces(t *testing.T, s *suite) {
	s.make("a")
	var values, want []string
	for i := range 100 {
		values = append(values, fmt.Sprint(i))
		want = append(want, fmt.Sprintf("a/0@%d=%d", i, i))
	}
	s.append(rows("a", 0, values...))
	for _, max := range []int{1, 7, 99, 100, 1000} {
		s.want(s.all(s.reader(map[store.TP]int64{{Topic: "a"}: -1}), max), want...)
	}
	if runs, err := s.reader(map[store.TP]int64{{Topic: "a"}: -1}).Poll(0); err != nil || runs != nil {
		t.Fatal(runs, err)
	}
}

func pairs(t *testing.T, s *suite) {
	s.make("a")
	r := rows("a", 0, "x", "old", "new", "y")
	r.Mark = []byte{0, store.MarkBefore, 3, 0}
	s.append(r)
	for _, max := range []int{1, 2, 3} {
		rd := s.bounded(map[store.TP]int64{{Topic: "a"}: 0}, map[store.TP]int64{{Topic: "a"}: s.o(4)})
		var got []string
		for runs, err := range store.Runs(ctx, rd, max) {
			s.ok(err)
			for _, r := range runs {
				if r.Mark[r.Len()-1] == store.MarkBefore {
					t.Fatal("a pair was split")
				}
				for i := range r.Len() {
					got = append(got, string(r.Value[i].Of(r.Bytes)))
				}
			}
		}
		s.want(got, "x", "old", "new", "y")
	}
}

func headers(t *testing.T, s *suite) {
	s.make("a")
	r := &store.Records{TP: store.TP{Topic: "a"}}
	r.Add(7, nil, []byte("v"), store.Header{Key: "h", Value: []byte("1")}, store.Header{Key: "h"})
	r.Add(8, []byte{}, nil)
	r.Add(9, []byte("k"), []byte{}, store.Header{Key: "i", Value: []byte{}})
	s.append(r)
	rd := s.bounded(map[store.TP]int64{{Topic: "a"}: 0}, map[store.TP]int64{{Topic: "a"}: s.o(int64(r.Len()))})
	var got []string
	for {
		runs, err := rd.Poll(1)
		if errors.Is(err, io.EOF) {
			break
		}
		s.ok(err)
		if runs == nil {
			s.ready(rd)
		}
		for _, r := range runs {
			got = append(got, fmt.Sprintf("%d %q %v %q %v", r.Time[0], r.Key[0].Of(r.Bytes), r.Key[0].Len < 0, r.Value[0].Of(r.Bytes), r.Value[0].Len < 0))
			for _, h := range r.Headers {
				got = append(got, fmt.Sprintf("%d %s=%q %v", h.Row, h.Key, h.Value, h.Value == nil))
			}
		}
	}
	s.want(got, `7 "" true "v" false`, `0 h="1" false`, `0 h="" true`, `8 "" false "" true`, `9 "k" false "" false`, `0 i="" false`)
}

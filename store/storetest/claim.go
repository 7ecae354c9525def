package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// claim: of all who claimed the same place one writes, the others are told; nothing is lost or written twice.
func claim(t *testing.T, s *suite) {
	s.ok(s.Create(ctx, "log", store.TopicConfig{Partitions: 1}))
	s.make("wide")
	_, err := s.Claim(ctx, "none")
	s.is(err, store.ErrNoTopic)
	if _, err := s.Claim(ctx, "wide"); err == nil {
		t.Fatal("a topic of two partitions was claimed")
	}
	take := func() store.Claim {
		c, err := s.Claim(ctx, "log")
		s.ok(err)
		return c
	}
	c := take()
	if c.End() != 0 {
		t.Fatal(c.End())
	}
	s.ok(c.Append(ctx, rows("log", 0, "1", "2")))
	if c.End() != s.o(2) {
		t.Fatal(c.End())
	}
	s.ok(c.Append(ctx, rows("log", 0, "3")))
	if err := c.Append(ctx, rows("wide", 0, "x")); err == nil {
		t.Fatal("written beside the claim")
	}
	next := take()
	if next.End() != s.o(3) {
		t.Fatal(next.End())
	}
	s.ok(next.Append(ctx, rows("log", 0, "4")))
	s.is(c.Append(ctx, rows("log", 0, "lost")), store.ErrMoved)
	c.Release()
	if err := c.Append(ctx, rows("log", 0, "late")); err == nil || errors.Is(err, store.ErrMoved) {
		t.Fatal(err)
	}
	next.Release()
	s.want(s.all(s.reader(map[store.TP]int64{{Topic: "log"}: 0}), 9), "log/0@0=1", "log/0@1=2", "log/0@2=3", "log/0@3=4")

	// Each of many writers writes the number of records that it found, so only an unbroken row of numbers is right.
	const writers, each = 4, 25
	var wg sync.WaitGroup
	moved := make([]int, writers)
	for w := range writers {
		wg.Go(func() {
			for n := 0; n < each; {
				c, err := s.Claim(ctx, "log")
				if err != nil {
					t.Error(err)
					return
				}
				err = c.Append(ctx, rows("log", 0, fmt.Sprint(c.End()/s.step)))
				c.Release()
				switch {
				case err == nil:
					n++
				case errors.Is(err, store.ErrMoved):
					moved[w]++
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	var want []string
	for i := 4; i < 4+writers*each; i++ {
		want = append(want, fmt.Sprintf("log/0@%d=%d", i, i))
	}
	s.want(s.all(s.reader(map[store.TP]int64{{Topic: "log"}: s.o(4)}), 9), want...)
	if s.Durable() { // durable on return: no Close is needed for it, and a reopen keeps it
		s.reopen()
		s.want(s.all(s.reader(map[store.TP]int64{{Topic: "log"}: s.o(4)}), 9), want...)
		again := take()
		defer again.Release()
		if again.End() != s.o(4+writers*each) {
			t.Fatal(again.End())
		}
	}
	t.Log("refused:", moved)
}

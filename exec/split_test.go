package exec

import (
	"math"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store"
)

// TestSplit: pieces are short in rows and bytes, keep the halves of changed rows together, and lose nothing.
func TestSplit(t *testing.T) {
	run := func(rows, bytes int, marked bool) store.Records {
		r := store.Records{}
		if marked {
			r.Mark = []byte{}
		}
		for i := range rows {
			r.Add(int64(i), nil, make([]byte, bytes))
			if marked && i%2 == 0 {
				r.Mark[i] = store.MarkBefore
			}
		}
		return r
	}
	for _, c := range []struct {
		runs []store.Records
		rows int
		want []int // rows of the pieces
	}{
		{[]store.Records{run(5, 1, false), run(5, 1, false)}, 4, []int{4, 4, 2}},
		{[]store.Records{run(5, 1, false), run(5, 1, false)}, 5, []int{5, 5}},
		{[]store.Records{run(1, 1, false), run(1, 1, false), run(3, 1, false)}, 64, []int{5}},
		{[]store.Records{run(6, 1, true)}, 1, []int{2, 2, 2}},
		{[]store.Records{run(3, batchBytes+1, false), run(2, batchBytes/2, false)}, 100, []int{1, 1, 1, 2}},
	} {
		var got []int
		for runs := c.runs; len(runs) > 0; {
			var part []store.Records
			part, runs = split(runs, c.rows, batchBytes)
			n := 0
			for i := range part {
				n += part[i].Len()
			}
			got = append(got, n)
		}
		if len(got) != len(c.want) {
			t.Fatal(got, c.want)
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Fatal(got, c.want)
			}
		}
	}
}

// TestRetention: a retention longer than Go's durations is for ever, not short.
func TestRetention(t *testing.T) {
	e := &Engine{}
	for ms, want := range map[int64]time.Duration{0: 0, -1: 0, 5: 5 * time.Millisecond, math.MaxInt64: 0, 9223372036855: 0, 18446744073710: 0, 9223372036854: 9223372036854 * time.Millisecond} {
		if got := e.config(plan.TopicSpec{Retention: ms}).Retention; got != want {
			t.Errorf("%d ms: %v, want %v", ms, got, want)
		}
	}
}

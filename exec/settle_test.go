package exec_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// TestReloadWhileSettled: a state that is read back while an answer looks for the rows that pass its filter lets it look
// again: each row comes once.
func TestReloadWhileSettled(t *testing.T) {
	const n = 20_000 // more than are looked at while the task waits
	var passes atomic.Int64
	var meanwhile func()
	watched := fn.Func{Name: "WATCHED", Variants: []fn.Variant{fn.Fn1("x: passed on", func(x int32) int32 {
		if x == 5 && passes.Add(1) == 2 { // the first is that of an answer in one page, which is too small
			meanwhile()
		}
		return x
	})}}
	h, log := brittle(t, ksql.WithPage(2000), ksql.WithFunctions(watched))
	h.exec(`CREATE TABLE p (k INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='p', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, v FROM p;`)
	put := func(lo, hi int) {
		r := &store.Records{TP: store.TP{Topic: "p"}}
		for k := lo; k < hi; k++ {
			r.Add(0, []byte{0, 0, byte(k >> 8), byte(k)}, fmt.Appendf(nil, `{"V":%d}`, k))
		}
		appendRecords(t, h.Engine, r)
	}
	put(0, n)
	h.sync()
	var tries *atomic.Int64
	meanwhile = func() {
		tries = log.once(store.ErrAborted)
		put(n-1, n)
		time.Sleep(20 * time.Millisecond) // the task waits for the state now
	}
	got := h.all(`SELECT v FROM t WHERE WATCHED(v) >= 0;`)
	if passes.Load() < 2 || tries.Load() == 0 {
		t.Fatalf("%d passes, nothing was rolled back", passes.Load())
	}
	if len(got) != n {
		t.Fatalf("%d rows", len(got))
	}
	for i, row := range got {
		if row[0] != int32(i) {
			t.Fatalf("%v at %d", row, i)
		}
	}
	h.sync()
	whole(t, h)
}

package exec_test

import (
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// TestPauseAtWork: Sync waits for the rows that a query was at when it was paused, and for no others.
func TestPauseAtWork(t *testing.T) {
	begun, stuck := make(chan bool, 10), make(chan bool)
	waits := fn.Func{Name: "WAITS", Variants: []fn.Variant{fn.Fn1("x: passed on", func(x int32) int32 {
		begun <- true
		<-stuck
		return x
	})}}
	h := newHost(t, early, ksql.WithFunctions(waits))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=1);
		CREATE TABLE t AS SELECT k, SUM(WAITS(v)) AS n FROM s GROUP BY k;
		INSERT INTO s VALUES (1, 5);`)
	<-begun
	h.exec(`PAUSE ALL; INSERT INTO s VALUES (1, 7);`)
	synced := make(chan error, 1)
	go func() { synced <- h.Sync(h.ctx) }()
	select {
	case err := <-synced:
		t.Fatalf("a row is at work: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(stuck)
	if err := <-synced; err != nil {
		t.Fatal(err)
	}
	same(t, h.all(`SELECT n FROM t;`), []any{int32(5)})
	h.exec(`RESUME ALL;`)
	h.sync()
	same(t, h.all(`SELECT n FROM t;`), []any{int32(12)})
}

package exec_test

import (
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
)

// sessions is an engine with pages of this many bytes and the table t: how many rows each session of stream s has.
func sessions(t *testing.T, page int64, window string, rows ...int64) *host {
	h := newHost(t, ksql.WithPage(page), ksql.WithBatch(1), early)
	h.exec(`CREATE STREAM s (k STRING KEY, v BIGINT) WITH (kafka_topic='s', value_format='json', partitions=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (` + window + `) GROUP BY k;`)
	run := &store.Records{TP: store.TP{Topic: "s"}}
	for _, at := range rows {
		k := "a"
		if at < 0 {
			k, at = "b", -at
		}
		run.Add(at, []byte(k), []byte(`{"V":1}`))
	}
	if _, err := h.Log().Append(h.ctx, run); err != nil {
		t.Fatal(err)
	}
	h.sync()
	return h
}

// TestFlowFilterSessions: in an answer that flows the filter judges each session of a key.
func TestFlowFilterSessions(t *testing.T) {
	h := sessions(t, 1, "5 MILLISECONDS", 0, 100, 101, 200)
	same(t, h.all(`SELECT WINDOWSTART, n FROM t WHERE n > 1;`), []any{int64(100), int64(2)})
	same(t, h.all(`SELECT WINDOWSTART, n FROM t WHERE n < 2;`), []any{int64(0), int64(1)}, []any{int64(200), int64(1)})
}

// TestFlowForgottenSession: a session that lies in another ends before it and starts after it. Both come, on pages of any
// size.
func TestFlowForgottenSession(t *testing.T) {
	for _, page := range []int64{1, 1 << 20} {
		h := sessions(t, page, "15 MILLISECONDS, RETENTION 100 MILLISECONDS, GRACE PERIOD 85 MILLISECONDS", 50, 60, -155, -175, 90, 75, 60, 45, 30)
		want := [][]any{{int64(30), int64(90)}, {int64(50), int64(60)}}
		for _, where := range []string{`k = 'a'`, `k = 'a' AND n > 0`, `WINDOWEND < 100`} {
			same(t, h.all(`SELECT WINDOWSTART, WINDOWEND FROM t WHERE `+where+`;`), want...)
		}
	}
}

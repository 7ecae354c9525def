package ksql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
)

// flowing is an engine whose answers have small pages, with a table t of n rows.
func flowing(t *testing.T, n int, o ...ksql.Option) *host {
	t.Helper()
	h := newHost(t, append(o, ksql.WithPage(2000), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))...)
	h.exec(`CREATE STREAM s (k STRING KEY, v BIGINT) WITH (kafka_topic='s', value_format='json', partitions=1);
		CREATE TABLE t AS SELECT k, SUM(v) AS v, COUNT(*) AS n FROM s GROUP BY k;`)
	for i := range n {
		h.exec(`INSERT INTO s VALUES (?, ?);`, fmt.Sprintf("%04d", (i*7)%n), 1)
	}
	h.sync()
	return h
}

// TestFlow: answers of many pages have the rows, order and limits of answers of one.
func TestFlow(t *testing.T) {
	const n = 300
	h := flowing(t, n)
	for _, limit := range []int{-1, 0, 1, 150, n - 1, n, n + 1} {
		text, want := `SELECT k, v FROM t;`, n
		if limit >= 0 {
			text, want = fmt.Sprintf(`SELECT k, v FROM t LIMIT %d;`, limit), min(n, limit)
		}
		rows := h.query(text)
		got := 0
		for rows.Next() {
			same(t, [][]any{rows.Row()}, []any{fmt.Sprintf("%04d", got), int64(1)})
			got++
		}
		if got != want || rows.Err() != nil || rows.Limited() != (limit > 0 && limit < n) {
			t.Errorf("LIMIT %d: %d rows, %v, %t", limit, got, rows.Err(), rows.Limited())
		}
		if rows.Next() {
			t.Error("a row after the last")
		}
	}
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("'%04d'", n-1-i), "'none'", fmt.Sprintf("CONCAT('%04d', '')", n-1-i))
	}
	got := h.all(`SELECT k FROM t WHERE k IN (` + strings.Join(keys, ",") + `);`)
	if len(got) != n || got[0][0] != fmt.Sprintf("%04d", n-1) || got[n-1][0] != "0000" {
		t.Errorf("%d rows: %v", len(got), got)
	}
	if got := h.all(`SELECT k FROM t WHERE v = ? AND k LIKE '%7';`, 1); len(got) != n/10 {
		t.Errorf("%d rows", len(got))
	}
}

// TestFlowMeanwhile: rows that change while an answer flows come once each, in order; those that do not change all do.
func TestFlowMeanwhile(t *testing.T) {
	const n = 400
	h := newHost(t, ksql.WithPage(500), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	h.exec(`CREATE TABLE src (k STRING PRIMARY KEY, v BIGINT) WITH (kafka_topic='src', value_format='json', partitions=1);
		CREATE TABLE t AS SELECT * FROM src;`)
	for i := range n {
		h.exec(`INSERT INTO src VALUES (?, 1);`, fmt.Sprintf("%04d", i))
	}
	h.sync()
	gone := func(k string) {
		run := &store.Records{TP: store.TP{Topic: "src"}}
		run.Add(0, []byte(k), nil)
		if _, err := h.Log().Append(h.ctx, run); err != nil {
			t.Fatal(err)
		}
	}
	rows := h.query(`SELECT k, v FROM t;`)
	last, old, young := "", 0, 0
	for i := 0; rows.Next(); i++ {
		k, v := rows.Row()[0].(string), rows.Row()[1].(int64)
		if k <= last {
			t.Fatalf("%s after %s", k, last)
		}
		if last = k; v == 1 {
			old++
		} else {
			young++
		}
		if i%10 > 0 {
			continue
		}
		// Rows behind the reader, before it and far ahead: gone, changed, and gone and back, with numbers that others had.
		gone(fmt.Sprintf("%04d", i/2))
		ahead := fmt.Sprintf("%04d", 200+i/2)
		h.exec(`INSERT INTO src VALUES (?, 2); INSERT INTO src VALUES (?, 3);`, ahead+"new", ahead)
		if i%20 == 0 {
			gone(ahead)
			h.exec(`INSERT INTO src VALUES (?, 4);`, fmt.Sprintf("%04d", i))
		}
		h.sync()
	}
	if rows.Err() != nil || old < n/2 || young == 0 {
		t.Errorf("%d and %d rows: %v", old, young, rows.Err())
	}
}

// TestFlowSessions: sessions that become one while an answer flows are there once, whole or not yet grown.
func TestFlowSessions(t *testing.T) {
	const n = 60
	h := newHost(t, ksql.WithPage(200), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	h.exec(`CREATE STREAM s (k STRING KEY, v BIGINT) WITH (kafka_topic='s', value_format='json', partitions=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (10 SECONDS) GROUP BY k;`)
	for i := range n {
		for _, at := range []int{1000, 15000} {
			h.exec(`INSERT INTO s (k, v, ROWTIME) VALUES (?, 1, ?);`, fmt.Sprintf("%02d", i), at)
		}
	}
	h.sync()
	rows := h.query(`SELECT k, n, WINDOWSTART FROM t;`)
	sum, last, key := map[string]int64{}, map[string]int64{}, ""
	for i := 0; rows.Next(); i++ {
		k, c, start := rows.Row()[0].(string), rows.Row()[1].(int64), rows.Row()[2].(int64)
		if was, ok := last[k]; ok && start <= was || k < key {
			t.Fatalf("%s %d after %s %d", k, start, key, last[k])
		}
		sum[k] += c
		last[k], key = start, k
		if i%5 == 0 {
			for _, d := range []int{0, 1, n / 2} { // the one that is read, the next, and one ahead
				h.exec(`INSERT INTO s (k, v, ROWTIME) VALUES (?, 1, 8000);`, fmt.Sprintf("%02d", min(n-1, i/2+d)))
			}
			h.sync()
		}
	}
	if rows.Err() != nil || len(sum) != n {
		t.Errorf("%d keys: %v", len(sum), rows.Err())
	}
	for k, c := range sum {
		if c < 2 {
			t.Errorf("%s: %d of its rows", k, c)
		}
	}
}

// TestFlowEnds: an answer that flows ends with its context, with Close, and with the query whose table it reads.
func TestFlowEnds(t *testing.T) {
	h := flowing(t, 300)
	ctx, cancel := context.WithCancel(h.ctx)
	rows, err := h.Query(ctx, `SELECT * FROM t;`)
	if err != nil || !rows.Next() {
		t.Fatal(err)
	}
	cancel()
	for rows.Next() { // those of the page at hand
	}
	if rows.Err() != context.Canceled {
		t.Error(rows.Err())
	}
	rows = h.query(`SELECT * FROM t;`)
	rows.Next()
	if err := rows.Close(); err != nil || rows.Next() || rows.Err() != nil {
		t.Error(err, rows.Err())
	}
	rows = h.query(`SELECT * FROM t;`)
	rows.Next()
	h.exec(`DROP TABLE t;`)
	for rows.Next() {
	}
	if err := rows.Err(); err == nil || !strings.Contains(err.Error(), "Materializing query has been stopped") {
		t.Error(err)
	}
}

// TestFlowReplaced: a table that was replaced meanwhile has other numbers.
func TestFlowReplaced(t *testing.T) {
	h := flowing(t, 300)
	rows := h.query(`SELECT * FROM t;`)
	rows.Next()
	h.exec(`CREATE OR REPLACE TABLE t AS SELECT k, SUM(v) AS v, COUNT(*) AS n FROM s WHERE v > 0 GROUP BY k;`)
	for rows.Next() {
	}
	if err := rows.Err(); err == nil || !strings.Contains(err.Error(), "Materializing query has been stopped") {
		t.Error(err)
	}
}

// TestFlowCloses: a Next at work on a heavy row ends soon with Close, with its context and with the engine.
func TestFlowCloses(t *testing.T) {
	const n = 300
	for name, end := range map[string]func(*host, *ksql.Rows, context.CancelFunc) error{
		"Close":   func(_ *host, r *ksql.Rows, _ context.CancelFunc) error { return r.Close() },
		"context": func(_ *host, _ *ksql.Rows, cancel context.CancelFunc) error { cancel(); return nil },
		"engine":  func(h *host, _ *ksql.Rows, _ context.CancelFunc) error { return h.Close() },
	} {
		h := newHost(t, ksql.WithPage(2000), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
		h.exec(`CREATE STREAM s (k STRING KEY, v STRING) WITH (kafka_topic='s', value_format='json', partitions=1);
			CREATE TABLE t AS SELECT k, LATEST_BY_OFFSET(v) AS v FROM s GROUP BY k;`)
		for i := range n {
			h.exec(`INSERT INTO s VALUES (?, ?);`, fmt.Sprintf("%04d", (i*7)%n), strings.Repeat("x", 10_000))
		}
		h.sync()
		stopsSoon(t, name, soon, func() time.Duration {
			ctx, cancel := context.WithCancel(h.ctx)
			defer cancel()
			rows, err := h.Query(ctx, `SELECT k, CASE WHEN k = '0293' THEN `+heavy()[0]+` ELSE CAST(0 AS BIGINT) END AS x FROM t;`)
			if err != nil {
				t.Fatal(name, err)
			}
			last, ended := "", make(chan bool)
			go func() {
				for rows.Next() {
					last = rows.Row()[0].(string)
				}
				close(ended)
			}()
			select {
			case <-ended:
				t.Fatalf("%s: it ended after %s: %v", name, last, rows.Err())
			case <-time.After(300 * time.Millisecond):
			}
			start := time.Now()
			if err := end(h, rows, cancel); err != nil {
				t.Error(name, err)
			}
			<-ended
			took := time.Since(start)
			if want := map[bool]error{true: context.Canceled}[name == "context"]; rows.Err() != want || last < "0200" || last >= "0293" {
				t.Errorf("%s: %v after %s", name, rows.Err(), last)
			}
			if name == "engine" {
				return min(took, soon)
			}
			return took
		})
	}
}

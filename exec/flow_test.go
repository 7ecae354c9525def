package exec_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

var early = ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})

// fed is an engine with the table u over n rows, of which f gives key and value.
func fed(t *testing.T, n int, f func(i int) (k, v string), o ...ksql.Option) *host {
	t.Helper()
	h := newHost(t, append(o, early)...)
	h.exec(`CREATE TABLE src (k STRING PRIMARY KEY, v INT) WITH (kafka_topic='src', value_format='json', partitions=1);
		CREATE TABLE u AS SELECT * FROM src;`)
	run := &store.Records{TP: store.TP{Topic: "src"}}
	for i := range n {
		k, v := f(i)
		run.Add(int64(i), []byte(k), []byte(v))
	}
	if _, err := h.Log().Append(h.ctx, run); err != nil {
		t.Fatal(err)
	}
	h.sync()
	return h
}

func plainRow(i int) (k, v string) { return fmt.Sprintf("%06d", i), fmt.Sprintf(`{"V":%d}`, i) }

// whole wants nobody to hold anything of the pool of answers.
func whole(t *testing.T, h *host) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); h.Health().Unread != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes are held", h.Health().Unread)
		}
	}
}

// flowing is an engine whose answers have small pages, with a table t of n rows.
func flowing(t *testing.T, n int, o ...ksql.Option) *host {
	t.Helper()
	h := newHost(t, append(o, ksql.WithPage(2000), early)...)
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
	h := newHost(t, ksql.WithPage(500), early)
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
	h := newHost(t, ksql.WithPage(200), early)
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
	ctx, cancel = context.WithCancel(h.ctx)
	rows, err = h.Query(ctx, `SELECT * FROM t LIMIT 10;`) // they are made, and wait
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	n := 0
	for rows.Next() {
		n++
	}
	if n < 10 && rows.Err() != context.Canceled {
		t.Errorf("%d of 10 rows: %v", n, rows.Err())
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
		h := newHost(t, ksql.WithPage(2000), early)
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
			var read atomic.Int32
			ended := make(chan bool)
			go func() {
				for rows.Next() {
					read.Add(1)
				}
				close(ended)
			}()
			for late := time.Now().Add(20 * time.Second); read.Load() < 200 && time.Now().Before(late); {
				time.Sleep(time.Millisecond)
			}
			time.Sleep(50 * time.Millisecond) // it is at the heavy row
			start := time.Now()
			if err := end(h, rows, cancel); err != nil {
				t.Error(name, err)
			}
			<-ended
			took := time.Since(start)
			if want := map[bool]error{true: context.Canceled}[name == "context"]; rows.Err() != want || read.Load() < 200 || read.Load() > 293 {
				t.Errorf("%s: %v after %d rows", name, rows.Err(), read.Load())
			}
			if name == "engine" {
				return min(took, soon)
			}
			return took
		})
	}
}

// TestFlowGivesBack: an answer that has ended holds nothing, however it ended, also if nobody closes it.
func TestFlowGivesBack(t *testing.T) {
	stuck := make(chan struct{})
	waits := fn.Func{Name: "WAITS", Variants: []fn.Variant{fn.Fn1("x: passed on", func(x int32) int32 {
		if x == 25000 {
			<-stuck
		}
		return x
	})}}
	h := fed(t, 30000, plainRow, ksql.WithPage(2000), ksql.WithFunctions(waits))
	rest := func(r *ksql.Rows) {
		for r.Next() {
		}
	}
	for name, end := range map[string]func(r *ksql.Rows, cancel context.CancelFunc){
		"LIMIT":             func(r *ksql.Rows, _ context.CancelFunc) { rest(r) },
		"context":           func(r *ksql.Rows, cancel context.CancelFunc) { cancel(); rest(r) },
		"context, unread":   func(_ *ksql.Rows, cancel context.CancelFunc) { cancel() },
		"Close":             func(r *ksql.Rows, _ context.CancelFunc) { r.Close() },
		"Close beside Next": func(r *ksql.Rows, _ context.CancelFunc) { go rest(r); r.Close() },
	} {
		ctx, cancel := context.WithCancel(h.ctx)
		rows, err := h.Query(ctx, `SELECT * FROM u LIMIT 500;`)
		if err != nil || !rows.Next() {
			t.Fatal(name, err)
		}
		if h.Health().Unread == 0 {
			t.Errorf("%s: nothing is held before the end", name)
		}
		end(rows, cancel)
		whole(t, h)
		cancel()
	}
	rows := h.query(`SELECT WAITS(v) AS v FROM u;`)
	ended := make(chan bool)
	go func() {
		rest(rows)
		close(ended)
	}()
	time.Sleep(100 * time.Millisecond)
	rows.Close() // gives up on the function
	close(stuck)
	<-ended
	whole(t, h)
}

// TestFlowFits: values that are too large together are read a few rows at a time, and none is lost for that.
func TestFlowFits(t *testing.T) {
	for _, o := range [][]ksql.Option{nil, {ksql.WithMemoryLimit(16 << 20)}} {
		h := fed(t, 4000, plainRow, o...)
		for _, items := range []string{
			`RPAD(k, CASE WHEN k > '002500' THEN 20000 ELSE 100 END, 'x') AS a`,
			`RPAD(k, 1000, 'x') AS a, RPAD(k, 1000, 'x') AS b, RPAD(k, 1000, 'x') AS c, RPAD(k, 1000, 'x') AS d`,
		} {
			n := 0
			rows := h.query(`SELECT ` + items + ` FROM u;`)
			for ; rows.Next(); n++ {
				if a, ok := rows.Row()[0].(string); !ok || !strings.HasPrefix(a, fmt.Sprintf("%06d", n)) {
					t.Fatalf("%s: row %d is %.20v", items, n, rows.Row()[0])
				}
			}
			if n != 4000 || rows.Err() != nil {
				t.Errorf("%s: %d rows: %v", items, n, rows.Err())
			}
		}
		whole(t, h)
	}
}

// TestFlowManySessions: the sessions of one key flow, too.
func TestFlowManySessions(t *testing.T) {
	const n = 3000
	for _, o := range [][]ksql.Option{{ksql.WithPage(50_000)}, {ksql.WithMemoryLimit(16 << 20)}} {
		h := newHost(t, append(o, early)...)
		h.exec(`CREATE STREAM s (k STRING KEY, v STRING) WITH (kafka_topic='s', value_format='json', partitions=1);
			CREATE TABLE t AS SELECT k, LATEST_BY_OFFSET(v) AS v FROM s WINDOW SESSION (1 MILLISECONDS) GROUP BY k;`)
		run := &store.Records{TP: store.TP{Topic: "s"}}
		for i := range n {
			run.Add(int64(i)*10, []byte{'a' + byte(i/(n-100))}, []byte(`{"V":"`+strings.Repeat("x", 1000)+`"}`))
		}
		if _, err := h.Log().Append(h.ctx, run); err != nil {
			t.Fatal(err)
		}
		h.sync()
		for _, text := range []string{`SELECT k, v, WINDOWSTART FROM t;`, `SELECT k, v, WINDOWSTART FROM t WHERE k IN ('a', 'b');`} {
			i := 0
			rows := h.query(text)
			for ; rows.Next(); i++ {
				if most := h.Health().Unread; most > 1<<20 {
					t.Fatalf("%d bytes wait", most)
				}
				if got := rows.Row()[2]; got != int64(i)*10 {
					t.Fatalf("%s: row %d is of %v", text, i, got)
				}
			}
			if i != n || rows.Err() != nil {
				t.Errorf("%s: %d rows: %v", text, i, rows.Err())
			}
		}
	}
}

// TestFlowFilter: a filter is asked once about a row that does not change, and again about one that does; one that is
// stuck holds up nobody who reads another table.
func TestFlowFilter(t *testing.T) {
	stuck := make(chan struct{})
	waits := fn.Func{Name: "WAITS", Variants: []fn.Variant{fn.Fn1("x: passed on", func(x int32) int32 {
		if x == 2500 {
			<-stuck
		}
		return x
	})}}
	h := fed(t, 4000, plainRow, ksql.WithPage(2000), ksql.WithFunctions(waits))
	h.exec(`CREATE TABLE other AS SELECT * FROM src;`)
	h.sync()
	if n := len(h.all(`SELECT k FROM u WHERE RANDOM() < 0.5;`)); n < 1800 || n > 2200 {
		t.Errorf("%d of 4000 rows by chance", n)
	}
	rows := h.query(`SELECT k, v FROM u WHERE v % 2 = 0;`)
	n := 0
	for ; rows.Next(); n++ {
		if n == 0 {
			h.exec(`INSERT INTO src VALUES ('003998', 1); INSERT INTO src VALUES ('000001', 2);`)
			h.sync()
		}
		if v := rows.Row()[1].(int32); v%2 != 0 {
			t.Errorf("%v", rows.Row())
		}
	}
	if n != 1999 {
		t.Errorf("%d rows: %v", n, rows.Err())
	}
	ctx, cancel := context.WithCancel(h.ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := h.Query(ctx, `SELECT k FROM u WHERE WAITS(v) >= 0;`)
		ended <- err
	}()
	time.Sleep(50 * time.Millisecond)
	if n := len(h.all(`SELECT k FROM other WHERE v >= 0;`)); n != 4000 {
		t.Errorf("%d rows beside", n)
	}
	cancel()
	close(stuck)
	if err := <-ended; err != context.Canceled {
		t.Error(err)
	}
}

// TestFlowArguments: what a caller does with his arguments after the first row changes nothing.
func TestFlowArguments(t *testing.T) {
	h := fed(t, 300, plainRow, ksql.WithPage(500))
	p := []byte("a")
	rows := h.query(`SELECT k FROM u WHERE TO_BYTES('a', 'utf8') = ?;`, p)
	n := 0
	for ; rows.Next(); n++ {
		p[0] = 'b'
	}
	if n != 300 {
		t.Errorf("%d rows: %v", n, rows.Err())
	}
}

// TestFlowManyNumbers: a partition with more groups than are settled at once is settled bit by bit.
func TestFlowManyNumbers(t *testing.T) {
	const n = 1<<20 + 5000
	h := newHost(t, early)
	h.exec(`CREATE TABLE s (k INT PRIMARY KEY, v INT) WITH (kafka_topic='s', value_format='kafka', partitions=1);
		CREATE TABLE t AS SELECT k, v FROM s;`)
	for from := 0; from < n; from += 1 << 16 {
		run := &store.Records{TP: store.TP{Topic: "s"}}
		for i := from; i < min(n, from+1<<16); i++ {
			k := i * 7919 % n
			run.Add(0, []byte{byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)}, []byte{0, 0, 0, 1})
		}
		if _, err := h.Log().Append(h.ctx, run); err != nil {
			t.Fatal(err)
		}
	}
	h.sync()
	rows := h.query(`SELECT k FROM t;`)
	i := int32(0)
	for batch, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range batch.Column(0).(*array.Int32).Int32Values() {
			if k != i {
				t.Fatalf("%d after %d", k, i-1)
			}
			i++
		}
		batch.Release()
	}
	if i != n {
		t.Errorf("%d rows", i)
	}
	whole(t, h)
}

// TestFlowAlike: tables of all kinds give the same rows in the same order, however small a page is.
func TestFlowAlike(t *testing.T) {
	var tables, text []string
	for _, x := range strings.Split(strings.TrimSpace(`
agg    k  | SELECT k, COUNT(*) AS n, SUM(a) AS v FROM s GROUP BY k
aggh   kk | SELECT k AS kk, COUNT(*) AS n, SUM(a) AS v FROM s GROUP BY k HAVING SUM(a) > 20
agg2      | SELECT a, b, COUNT(*) AS n FROM s GROUP BY a, b
agi       | SELECT a, COUNT(*) AS n, COLLECT_LIST(b) AS l FROM s GROUP BY a
agd       | SELECT d, COUNT(*) AS n FROM s GROUP BY d
tum    k  | SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 50 MILLISECONDS, RETENTION 700 MILLISECONDS, GRACE PERIOD 100 MILLISECONDS) GROUP BY k
hop    k  | SELECT k, COUNT(*) AS n FROM s WINDOW HOPPING (SIZE 50 MILLISECONDS, ADVANCE BY 20 MILLISECONDS) GROUP BY k
ses    k  | SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (40 MILLISECONDS) GROUP BY k
ses2      | SELECT a, b, COUNT(*) AS n FROM s WINDOW SESSION (5 MILLISECONDS) GROUP BY a, b HAVING COUNT(*) > 1
tumf   k  | SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 50 MILLISECONDS, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL
sesf   k  | SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (20 MILLISECONDS, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL
mat    kk | SELECT k AS kk, a AS n, UCASE(b) AS b, d FROM src WHERE a > 1
mat2   kk | SELECT * FROM mat WHERE n < 9`), "\n") {
		head, query, _ := strings.Cut(x, " | ")
		name := strings.Fields(head)
		tables = append(tables, `CREATE TABLE `+name[0]+` WITH (key_format='json') AS `+query+`;`)
		all := `SELECT * FROM ` + name[0]
		text = append(text, all+`;`, `SELECT n, ROWTIME AS rt FROM `+name[0]+`;`, all+` WHERE n > 1;`, `SELECT 10/(n-1) AS z, UCASE(CAST(n AS STRING)) AS y, n FROM `+name[0]+`;`,
			`SELECT n FROM `+name[0]+` WHERE 10/(n-1) > 2;`)
		for _, limit := range []int{1, 3, 7, 20, 1000} {
			text = append(text, fmt.Sprintf(`%s LIMIT %d;`, all, limit))
		}
		if len(name) == 1 {
			continue
		}
		in := all + ` WHERE ` + name[1] + ` IN ('k5', 'k1', 'zz', 'k1', 'k119', CONCAT('k', '5'), 'k30', 'k2')`
		text = append(text, in+`;`, in+` LIMIT 4;`, all+` WHERE `+name[1]+` = 'k7';`, `SELECT LCASE(`+name[1]+`) AS q FROM `+name[0]+` WHERE `+name[1]+` LIKE '%1%';`)
		if strings.Contains(query, "WINDOW") {
			text = append(text, all+` WHERE WINDOWSTART > 200 AND WINDOWEND <= 600;`, all+` WHERE k IN ('k5', 'k1') AND WINDOWSTART > 200 AND WINDOWEND <= 600;`,
				all+` WHERE k = 'k4' AND WINDOWSTART >= 200 AND WINDOWSTART < 600 AND n > 0;`, all+` WHERE k = 'k4' AND n > 1 LIMIT 2;`)
		}
	}
	text = append(text, `SELECT * FROM agi WHERE a IN (1, 3, 1, 5, 2, 99);`, `SELECT * FROM agd WHERE d IN (1.5, 0.5, 1.5, 99.0);`,
		`SELECT * FROM agg2 WHERE a IN (3, 1, 2) AND b = 'b1';`, `SELECT * FROM ses2 WHERE a = 1 AND b = 'b1';`)
	var want []string
	for _, page := range []int64{1 << 30, 1, 100, 700} {
		h := newHost(t, early, ksql.WithPage(page))
		h.exec(`CREATE STREAM s (k STRING KEY, a INT, b STRING, d DOUBLE) WITH (kafka_topic='s', value_format='json', partitions=3);
			CREATE TABLE src (k STRING PRIMARY KEY, a INT, b STRING, d DOUBLE) WITH (kafka_topic='src', value_format='json', partitions=3);` + strings.Join(tables, "\n"))
		for _, topic := range []string{"s", "src"} {
			for part := range 3 {
				run := &store.Records{TP: store.TP{Topic: topic, Partition: int32(part)}}
				for i := range 300 {
					var v []byte
					if topic == "s" || i%5 > 0 {
						v = fmt.Appendf(nil, `{"A":%d,"B":"b%d","D":%d.5}`, i%11, i%3, i%6)
					}
					run.Add(int64(i*3), fmt.Appendf(nil, "k%d", (i*7)%40*3+part), v)
				}
				if _, err := h.Log().Append(h.ctx, run); err != nil {
					t.Fatal(err)
				}
				h.sync()
			}
		}
		var got []string
		rows := 0
		for _, q := range text {
			var out strings.Builder
			r := h.query(q)
			for ; r.Next(); rows++ {
				fmt.Fprintln(&out, r.Row()...)
			}
			fmt.Fprint(&out, r.Limited(), r.Err())
			got = append(got, out.String())
		}
		if want == nil {
			want = got
		}
		for i, q := range text {
			if got[i] != want[i] {
				t.Errorf("page %d: %s\nwant %.300s\ngot %.300s", page, q, want[i], got[i])
			}
		}
		if rows < 20*len(text) {
			t.Errorf("only %d rows of %d queries", rows, len(text))
		}
		whole(t, h)
	}
}

// TestFlowBeside: readers come, leave and are closed beside a writer; no key comes twice, and nothing is held afterwards.
func TestFlowBeside(t *testing.T) {
	h := newHost(t, early, ksql.WithPage(3000))
	h.exec(`CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=2);
		CREATE TABLE t (k STRING PRIMARY KEY, v INT) WITH (kafka_topic='t', value_format='json', partitions=2);
		CREATE TABLE u AS SELECT * FROM t;
		CREATE TABLE a AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 100 MILLISECONDS, RETENTION 400 MILLISECONDS, GRACE PERIOD 10 MILLISECONDS) GROUP BY k;
		CREATE TABLE e AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (30 MILLISECONDS, RETENTION 300 MILLISECONDS, GRACE PERIOD 10 MILLISECONDS) GROUP BY k;`)
	stop := make(chan struct{})
	var writer, readers sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := h.Execute(h.ctx, `INSERT INTO s (k, v, ROWTIME) VALUES (?, 1, ?); INSERT INTO t (k, v) VALUES (?, 1);`, fmt.Sprint(i*7%200), i, fmt.Sprint(i%500)); err != nil {
				t.Error(err)
				return
			}
		}
	})
	time.Sleep(200 * time.Millisecond)
	for c := range 4 {
		readers.Go(func() {
			for i := range 40 {
				ctx, cancel := context.WithTimeout(h.ctx, time.Duration(1+i*7%40)*time.Millisecond)
				rows, err := h.Query(ctx, `SELECT * FROM `+[]string{"u", "a", "e"}[(c+i)%3]+[]string{";", " LIMIT 30;"}[i%2])
				if err != nil {
					cancel()
					continue
				}
				var closing sync.WaitGroup
				if i%3 == 0 {
					closing.Go(func() {
						time.Sleep(time.Duration(i*50) * time.Microsecond)
						rows.Close()
					})
				}
				var seen []string
				for rows.Next() {
					rows.Ready()
					row := rows.Row()
					key := fmt.Sprint(row[:len(row)-1])
					if slices.Contains(seen, key) {
						t.Errorf("%s twice", key)
					}
					seen = append(seen, key)
				}
				closing.Wait()
				rows.Close()
				cancel()
			}
		})
	}
	readers.Wait()
	close(stop)
	writer.Wait()
	whole(t, h)
}

package exec_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// heavy is expressions over stream A that take minutes, or at least seconds, for a row.
func heavy() []string {
	const (
		n     = "GENERATE_SERIES(1, 20000)"
		big   = "LPAD('', 1000000, 'ab')"
		huge  = "LPAD('', 8000000, 'ab')"
		items = "GENERATE_SERIES(1, 8000000)"
	)
	over := func(x string) string { return "REDUCE(" + n + ", 0, (p, q) => p + " + x + ")" }
	wide := "CASE"
	for i := range 400 {
		wide += fmt.Sprintf(" WHEN q + k = %d THEN %d", -i-1, i)
	}
	wide += " ELSE 0 END"
	deep := "z"
	for i := range 200 {
		deep = fmt.Sprintf("ABS(%s + %d)", deep, i)
	}
	return []string{
		"REDUCE(" + n + ", CAST(0 AS BIGINT), (p, q) => p + REDUCE(" + n + ", CAST(0 AS BIGINT), (r, t) => r + 1))",
		over("ARRAY_LENGTH(TRANSFORM(" + n + ", x => x * q))"),
		over("ARRAY_LENGTH(FILTER(" + n + ", x => x > q))"),
		"ARRAY_LENGTH(TRANSFORM(" + n + ", x => REDUCE(" + n + ", x, (p, q) => p + q)))",
		"ARRAY_LENGTH(TRANSFORM(" + n + ", x => ARRAY_LENGTH(TRANSFORM(" + n + ", y => x + y))))",
		"ARRAY_LENGTH(FILTER(" + n + ", x => ARRAY_LENGTH(FILTER(" + n + ", y => y > x)) > 3))",
		"ARRAY_LENGTH(FILTER(" + n + ", x => REDUCE(" + n + ", x, (p, q) => p + q) > 3))",
		"REDUCE(" + n + ", 0, (p, q) => p + REDUCE(GENERATE_SERIES(1, 500), 0, (r, t) => r + REDUCE(GENERATE_SERIES(1, 500), 0, (u, w) => u + 1)))",
		"REDUCE(" + n + ", '', (p, q) => CONCAT('x', LPAD(p, 100000, 'y')))",
		over("LEN(LPAD('x', 1000000 + q, 'ab'))"),
		over("LEN(RPAD('x', 1000000 + q, 'ä'))"),
		over("LEN(LPAD(RPAD('ü', 100000, 'ä'), 200000 + q, 'é'))"),
		over("LEN(REPLACE(" + big + ", 'a', 'ccc'))"),
		over("LEN(REPLACE(" + big + ", '', 'c'))"),
		over("LEN(UCASE(" + big + "))"),
		over("LEN(LCASE(LPAD('', 300000, 'Ä')))"),
		over("LEN(INITCAP(LPAD('', 300000, 'a ')))"),
		over("LEN(MASK(" + big + "))"),
		over("LEN(SUBSTRING(LPAD('', 300000, 'ä'), q, 100000))"),
		over("INSTR(LPAD('', 200000, 'a'), LPAD('b', 2000, 'a'), 1, 2)"),
		over("LEN(TRIM(LPAD('', 1000000, ' ')))"),
		over("LEN(ENCODE(" + big + ", 'ascii', 'base64'))"),
		over("ARRAY_LENGTH(SPLIT(" + big + ", 'b'))"),
		over("ARRAY_LENGTH(SPLIT(" + big + ", ''))"),
		over("ARRAY_LENGTH(MAP_KEYS(SPLIT_TO_MAP(LPAD('', 500000, 'a:b,'), ',', ':')))"),
		over("LEN(REGEXP_EXTRACT('(a+)+b', LPAD('b', 5000 + q, 'a')))"),
		over("LEN(REGEXP_REPLACE(" + big + ", '[ab]', 'x'))"),
		over("ARRAY_LENGTH(REGEXP_SPLIT_TO_ARRAY(" + big + ", 'b'))"),
		over("ARRAY_LENGTH(REGEXP_EXTRACT_ALL('[ab]', LPAD('', 5000 + q, 'ab')))"),
		"LEN(REGEXP_EXTRACT(LPAD('b', 3000, 'a'), LPAD('', 1000000, 'a')))",
		over("CASE WHEN LPAD('', 1000000 + q, 'ab') LIKE CONCAT('%', LPAD('c', 200000, 'ab'), '%') THEN 1 ELSE 0 END"),
		over("LEN(EXTRACTJSONFIELD(CONCAT('[', LPAD('', 500000, '1,'), '1]'), '$[7]'))"),
		over("JSON_ARRAY_LENGTH(CONCAT('[', LPAD('', 499998, '{},'), '1]'))"),
		over("ARRAY_LENGTH(JSON_ITEMS(CONCAT('[', LPAD('', 499998, '{},'), '1]')))"),
		over("LEN(TO_JSON_STRING(GENERATE_SERIES(1, 100000 + q)))"),
		over("LEN(CAST(GENERATE_SERIES(1, 100000 + q) AS STRING))"),
		over("LEN(ARRAY_JOIN(GENERATE_SERIES(1, 100000 + q)))"),
		over("ARRAY_LENGTH(GENERATE_SERIES(1, 1000000 + q))"),
		over("ARRAY_LENGTH(ARRAY_SORT(" + items + ", 'DESC'))"),
		over("ARRAY_LENGTH(ARRAY_DISTINCT(GENERATE_SERIES(1, 1000000)))"),
		over("ARRAY_LENGTH(ARRAY_UNION(" + n + ", GENERATE_SERIES(1, q)))"),
		over("ARRAY_MAX(GENERATE_SERIES(1, 1000000 + q))"),
		over("ARRAY_LENGTH(TRANSFORM(" + n + ", x => " + strings.ReplaceAll(wide, "q", "x") + "))"),
		over(wide + " + ARRAY_LENGTH(TRANSFORM(" + n + ", x => x + 1))"),
		over("ARRAY_LENGTH(TRANSFORM(" + n + ", z => " + deep + "))"),
		over("ARRAY_LENGTH(MAP_KEYS(AS_MAP(TRANSFORM(" + n + ", x => CAST(x AS STRING)), " + n + ")))"),
	}
}

// stopsSoon wants stop to return soon, and f to have been at work until then. A busy machine may be late a few times.
func stopsSoon(t *testing.T, what string, limit time.Duration, try func() (took time.Duration)) {
	t.Helper()
	took := limit + 1
	for n := 0; n < 8 && took > limit; n++ {
		took = try()
	}
	if took > limit {
		t.Errorf("%.200s took %s to end", what, took)
	}
}

func heavyHost(t *testing.T, o ...ksql.Option) *host {
	t.Helper()
	h := newHost(t, append(o, ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))...)
	h.exec(`CREATE STREAM a (k INT KEY, v INT) WITH (kafka_topic='a', value_format='json', partitions=1); INSERT INTO a VALUES (1, 1);`)
	return h
}

// TestHeavyExpressions: an answer, its context and the engine end soon whatever a row costs, and a query that works
// at such a row holds no statement up.
func TestHeavyExpressions(t *testing.T) {
	h := heavyHost(t)
	for i, x := range heavy() {
		text := `SELECT ` + x + ` FROM a EMIT CHANGES;`
		for name, end := range map[string]func(*ksql.Rows, context.CancelFunc){
			"Close":   func(r *ksql.Rows, _ context.CancelFunc) { r.Close() },
			"context": func(r *ksql.Rows, cancel context.CancelFunc) { cancel() },
		} {
			stopsSoon(t, name+" of "+text, soon, func() time.Duration {
				ctx, cancel := context.WithCancel(h.ctx)
				defer cancel()
				rows, err := h.Query(ctx, text)
				if err != nil {
					t.Fatalf("%.200s: %.200v", x, err)
				}
				next := make(chan bool, 1)
				go func() { next <- rows.Next() }()
				select {
				case ok := <-next:
					t.Errorf("%.200s is not heavy: %v %v", x, ok, rows.Err())
				case <-time.After(10 * time.Millisecond):
				}
				start := time.Now()
				end(rows, cancel)
				for len(h.Server().Queries()) > 0 {
					time.Sleep(time.Millisecond)
				}
				took := time.Since(start)
				rows.Close()
				return took
			})
		}
		if i%6 > 0 {
			continue
		}
		stopsSoon(t, "DROP of "+x, 5*soon, func() time.Duration {
			h.exec(fmt.Sprintf(`CREATE STREAM s%d AS SELECT k, %s AS x FROM a;`, i, x))
			time.Sleep(15 * time.Millisecond)
			start := time.Now()
			h.exec(`CREATE STREAM other AS SELECT * FROM a; DROP STREAM other;`)
			h.exec(fmt.Sprintf(`DROP STREAM s%d;`, i))
			return time.Since(start)
		})
	}
	// All at once, and then the engine.
	stopsSoon(t, "Engine.Close", 4*soon, func() time.Duration {
		h := heavyHost(t)
		for i, x := range heavy()[:8] {
			h.exec(fmt.Sprintf(`CREATE STREAM s%d AS SELECT k, %s AS x FROM a;`, i, x))
			if _, err := h.Query(h.ctx, `SELECT `+x+` FROM a EMIT CHANGES;`); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(50 * time.Millisecond)
		start := time.Now()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		return time.Since(start)
	})
}

// TestCancelValues: a pull query, an INSERT and planning hear their context while they compute a value.
func TestCancelValues(t *testing.T) {
	h := heavyHost(t)
	h.exec(`CREATE TABLE c AS SELECT k, COUNT(*) AS n FROM a GROUP BY k;`)
	h.sync()
	x := heavy()[0]
	for _, text := range []string{
		`SELECT k, ` + x + ` AS x FROM c;`, `SELECT * FROM c WHERE n < ` + x + `;`, `SELECT * FROM c WHERE k = 1 AND n < ` + x + `;`,
	} {
		ends(t, text, func(ctx context.Context) error {
			_, err := h.Query(ctx, text)
			return err
		})
	}
	text := `INSERT INTO a (k, v) VALUES (1, CAST(` + x + ` AS INT));`
	ends(t, text, func(ctx context.Context) error {
		_, err := h.Execute(ctx, text)
		return err
	})
	h.exec(`INSERT INTO a VALUES (2, 2);`)
	h.sync()
	if got := len(h.all(`SELECT * FROM c;`)); got != 2 {
		t.Errorf("%d rows", got)
	}
}

// TestFunctionThatDoesNotReturn: nobody waits for it for more than a second, and what it was for is not written.
func TestFunctionThatDoesNotReturn(t *testing.T) {
	gate := make(chan struct{})
	started := make(chan struct{}, 10)
	stuck := fn.Func{Name: "STUCK", Variants: []fn.Variant{fn.Fn1("x: passed on", func(x int32) int32 {
		started <- struct{}{}
		<-gate
		return x
	})}}
	h := heavyHost(t, ksql.WithFunctions(stuck))
	h.exec(`CREATE STREAM s AS SELECT k, STUCK(v) AS v FROM a;`)
	<-started
	rows, err := h.Query(h.ctx, `SELECT STUCK(v) FROM a EMIT CHANGES;`)
	if err != nil {
		t.Fatal(err)
	}
	<-started
	for what, f := range map[string]func(){
		"DROP":  func() { h.exec(`DROP STREAM s;`) },
		"Close": func() { rows.Close() },
	} {
		start := time.Now()
		f()
		if took := time.Since(start); took < 400*time.Millisecond || took > time.Second {
			t.Errorf("%s took %s", what, took)
		}
	}
	h.exec(`CREATE STREAM s AS SELECT k, STUCK(v) AS v FROM a;`)
	<-started
	start := time.Now()
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("Engine.Close took %s", took)
	}
	close(gate)
	time.Sleep(20 * time.Millisecond)
}

// peak is the most live heap, sampled while f runs.
func peak(f func()) uint64 {
	done := make(chan struct{})
	most := make(chan uint64)
	go func() {
		var top uint64
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			top = max(top, sample[0].Value.Uint64())
			select {
			case <-done:
				most <- top
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	f()
	close(done)
	return <-most
}

// bombs is expressions over stream A that would make gigabytes of a row.
func bombs() []string {
	const big = "LPAD('', 60000000, 'ab')"
	many := func(x string, n int) string { return strings.TrimSuffix(strings.Repeat(x+", ", n), ", ") }
	return []string{
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => CONCAT(p, p)))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => p + p))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'ä', (p, q) => CONCAT(p, '-', p, p)))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => REPLACE(p, 'x', 'xx')))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => REPLACE(p, '', p)))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => REGEXP_REPLACE(p, 'x', 'xx')))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => CONCAT_WS(p, p, p)))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => TO_JSON_STRING(ARRAY[p, p])))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => CAST(ARRAY[p, p] AS STRING)))",
		"LEN(REDUCE(GENERATE_SERIES(1, 40), 'x', (p, q) => ARRAY_JOIN(ARRAY[p, p])))",
		"LEN(REDUCE(GENERATE_SERIES(1, 60), 'x', (p, q) => LPAD(p, 3 * LEN(p), p)))",
		"ARRAY_LENGTH(REDUCE(GENERATE_SERIES(1, 40), ARRAY[1], (p, q) => ARRAY_CONCAT(p, p)))",
		"ARRAY_LENGTH(TRANSFORM(GENERATE_SERIES(1, 100000), x => " + big + "))",
		"ARRAY_LENGTH(TRANSFORM(GENERATE_SERIES(1, 1000), x => GENERATE_SERIES(1, 1000000)))",
		"ARRAY_LENGTH(ARRAY[" + many(big, 100) + "])",
		"LEN(" + strings.ReplaceAll(many(big, 100), ",", " +") + ")",
		"LEN(CONCAT(" + many("LPAD('', 15000000, 'ab')", 100) + "))",
		"LEN(CAST(STRUCT(" + strings.TrimPrefix(strings.Repeat(", a := "+big, 1), ", ") + ", b := " + big + ") AS STRING))",
		"ARRAY_LENGTH(GENERATE_SERIES(1, 2000000000))",
		"ARRAY_LENGTH(GENERATE_SERIES(CAST(1 AS BIGINT), CAST(1000000000 AS BIGINT)))",
		"ARRAY_LENGTH(SPLIT(" + big + ", ''))",
		"ARRAY_LENGTH(SPLIT(" + big + ", 'b'))",
		"ARRAY_LENGTH(REGEXP_SPLIT_TO_ARRAY(LPAD('', 10000000, 'ab'), 'b'))",
		"ARRAY_LENGTH(REGEXP_EXTRACT_ALL('a', LPAD('', 10000000, 'ab')))",
		"LEN(LPAD('', 2000000000, 'ab'))",
		"LEN(RPAD('ä', 2000000000, 'ü'))",
		"LEN(ENCODE(" + big + ", 'ascii', 'hex'))",
		"ARRAY_LENGTH(JSON_ITEMS(CONCAT('[', LPAD('', 15000000, '1,'), '1]')))",
		"ARRAY_LENGTH(MAP_KEYS(SPLIT_TO_MAP(LPAD('', 15000000, 'ab:c,'), ',', ':')))",
		"ARRAY_LENGTH(MAP_KEYS(AS_MAP(TRANSFORM(GENERATE_SERIES(1, 4000000), x => CAST(x AS STRING)), GENERATE_SERIES(1, 4000000))))",
	}
}

// TestBombs: what an expression would make of a row stays under the limit; the row fails, or the query.
func TestBombs(t *testing.T) {
	const limit = 256 << 20
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
	h := heavyHost(t, ksql.WithMemoryLimit(limit))
	for _, x := range bombs() {
		top := peak(func() {
			rows, err := h.Query(h.ctx, `SELECT `+x+` AS x FROM a EMIT CHANGES LIMIT 1;`)
			if err != nil {
				return
			}
			defer rows.Close()
			for rows.Next() {
			}
		})
		if top > limit+64<<20 {
			t.Errorf("%.200s: %d MB", x, top>>20)
		}
		runtime.GC()
	}
}

// TestSilentClients: clients that do not read hold little together, and one that reads goes on beside them.
func TestSilentClients(t *testing.T) {
	t.Run("limit", func(t *testing.T) { silent(t, ksql.WithMemoryLimit(silentLimit)) })
	t.Run("no limit", func(t *testing.T) { silent(t) })
}

const silentLimit = 256 << 20

func silent(t *testing.T, o ...ksql.Option) {
	const limit = silentLimit
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
	h := heavyHost(t, o...)
	h.exec(`CREATE STREAM big (k INT KEY, v STRING) WITH (kafka_topic='big', value_format='kafka', partitions=1);`)
	run := &store.Records{TP: store.TP{Topic: "big"}}
	for range 200 {
		run.Add(0, []byte{0, 0, 0, 1}, bytes.Repeat([]byte("x"), 200_000))
	}
	if _, err := h.Log().Append(h.ctx, run); err != nil {
		t.Fatal(err)
	}
	run = nil
	var clients []*ksql.Rows
	top := peak(func() {
		for i := range 500 {
			text := `SELECT v FROM big EMIT CHANGES;`
			if i%4 == 0 {
				text = `SELECT v FROM big;`
			}
			rows, err := h.Query(h.ctx, text)
			if err != nil {
				t.Fatal(err)
			}
			clients = append(clients, rows)
		}
		for _, rows := range clients[:20] { // they fall silent later
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
		}
		n := 0
		for rows := clients[100]; rows.Next(); {
			n++
		}
		if n != 200 || clients[100].Err() != nil {
			t.Errorf("%d rows: %v", n, clients[100].Err())
		}
	})
	if top > limit+64<<20 {
		t.Errorf("%d MB", top>>20)
	}
	for _, rows := range clients {
		rows.Close()
	}
	whole(t, h)
}

// TestSilentScans: scans and lookups of many large rows whose clients do not read hold little together, others go on
// beside them, and when they are read at last nothing is missing.
func TestSilentScans(t *testing.T) {
	t.Run("limit", func(t *testing.T) { silentScans(t, ksql.WithMemoryLimit(silentLimit)) })
	t.Run("no limit", func(t *testing.T) { silentScans(t) })
}

func silentScans(t *testing.T, o ...ksql.Option) {
	const limit, rows = silentLimit, 120
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(limit))
	h := heavyHost(t, o...)
	h.exec(`CREATE STREAM big (k INT KEY, v STRING) WITH (kafka_topic='big', value_format='json', partitions=4);
		CREATE TABLE t AS SELECT k, LATEST_BY_OFFSET(v) AS v FROM big GROUP BY k;`)
	keys := make([]string, rows)
	for i := range rows {
		keys[i] = fmt.Sprint(i)
		run := &store.Records{TP: store.TP{Topic: "big", Partition: int32(i % 4)}}
		run.Add(0, []byte{0, 0, 0, byte(i)}, fmt.Appendf(nil, `{"V":"%s"}`, strings.Repeat("x", 200_000)))
		if _, err := h.Log().Append(h.ctx, run); err != nil {
			t.Fatal(err)
		}
	}
	h.sync()
	text := []string{`SELECT * FROM t;`, `SELECT k, v FROM t WHERE k IN (` + strings.Join(keys, ",") + `);`}
	var silent []*ksql.Rows
	top := peak(func() {
		answers := make(chan *ksql.Rows)
		for n := range 100 {
			go func() {
				r, err := h.Query(h.ctx, text[n%2])
				if err != nil {
					t.Error(err)
				}
				answers <- r
			}()
		}
		for range 100 {
			if r := <-answers; r != nil {
				silent = append(silent, r)
			}
		}
		if got := h.all(`SELECT k FROM t WHERE k = 7;`); len(got) != 1 {
			t.Errorf("beside them: %v", got)
		}
		for _, r := range silent {
			n := 0
			for r.Next() {
				n++
			}
			if n != rows || r.Err() != nil {
				t.Fatalf("%d rows: %v", n, r.Err())
			}
		}
	})
	if top > limit+64<<20 {
		t.Errorf("%d MB", top>>20)
	}
	t.Logf("%d MB", top>>20)
}

// TestMemoryLimitOfTables: the query whose table grows over the limit stops and says so; others go on.
func TestMemoryLimitOfTables(t *testing.T) {
	h := heavyHost(t, ksql.WithMemoryLimit(8<<20))
	h.exec(`CREATE TABLE few AS SELECT k, COUNT(*) AS n FROM a GROUP BY k;
		CREATE TABLE many AS SELECT v, COUNT(*) AS n FROM a GROUP BY v;`)
	for part := range 20 {
		run := &store.Records{TP: store.TP{Topic: "a"}}
		for i := range 10_000 {
			run.Add(0, []byte{0, 0, 0, 1}, fmt.Appendf(nil, `{"V":%d}`, part*10_000+i))
		}
		if _, err := h.Log().Append(h.ctx, run); err != nil {
			t.Fatal(err)
		}
	}
	h.sync()
	failed := h.Failed()
	if len(failed) != 1 || !strings.Contains(fmt.Sprint(failed), "table Aggregate holds") {
		t.Errorf("%v", failed)
	}
	if rows := h.all(`SELECT n FROM few WHERE k = 1;`); len(rows) != 1 {
		t.Errorf("%v", rows)
	}
	h.exec(`DROP TABLE many;`)
	if failed := h.Failed(); len(failed) > 0 {
		t.Errorf("after its end: %v", failed)
	}
	if _, err := ksql.Open(h.ctx, ksql.WithMemoryLimit(-1)); err == nil {
		t.Error("a limit below zero")
	}
}

// TestExpressionsGiveBack: what an expression holds is there again when its statement or query has ended, well or not.
func TestExpressionsGiveBack(t *testing.T) {
	h := newHost(t, ksql.WithMemoryLimit(16<<20), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	h.exec(`CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	const large = `RPAD('a', 300000, 'x')`
	for range 60 {
		h.exec(`INSERT INTO s VALUES ('a', LEN(` + large + `));`)
		h.all(`SELECT * FROM t WHERE k = ` + large + `;`)
		h.all(`SELECT RPAD(k, 300000, 'x') AS x FROM t;`)
		h.exec(`EXPLAIN SELECT * FROM t WHERE k = ` + large + `;`)
		rows := h.query(`SELECT RPAD(k, 300000, 'x') AS x FROM s EMIT CHANGES;`)
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		rows.Close()
		h.exec(`CREATE STREAM o AS SELECT k, LEN(RPAD(k, 300000, 'x')) AS n FROM s WHERE k <> ` + large + `;`)
		h.sync()
		h.exec(`DROP STREAM o DELETE TOPIC;`)
		if _, err := h.Execute(h.ctx, `INSERT INTO s VALUES (`+large+`, 'no number');`); err == nil {
			t.Fatal("inserted")
		}
	}
	if failed := h.Failed(); len(failed) > 0 {
		t.Error(failed)
	}
	whole(t, h)
}

package ksql_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
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
		over("LEN(REGEXP_EXTRACT('(a+)+c', LPAD('b', 40 + q, 'a')))"),
		over("LEN(REGEXP_REPLACE(" + big + ", '[ab]', 'x'))"),
		over("ARRAY_LENGTH(REGEXP_SPLIT_TO_ARRAY(" + big + ", 'b'))"),
		over("ARRAY_LENGTH(REGEXP_EXTRACT_ALL('(a|b)', " + big + "))"),
		"LEN(REGEXP_EXTRACT(LPAD('b', 3000, 'a'), LPAD('', 1000000, 'a')))",
		"CASE WHEN " + huge + " LIKE CONCAT('%', LPAD('c', 200000, 'ab'), '%') THEN 1 ELSE 0 END",
		over("LEN(EXTRACTJSONFIELD(CONCAT('[', LPAD('', 500000, '1,'), '1]'), '$[7]'))"),
		over("JSON_ARRAY_LENGTH(CONCAT('[', LPAD('', 500000, '{},'), '1]'))"),
		over("ARRAY_LENGTH(JSON_ITEMS(CONCAT('[', LPAD('', 500000, '{},'), '1]')))"),
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
				for len(h.Internal().Transients()) > 0 {
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
		if took := time.Since(start); took < 900*time.Millisecond || took > 2*time.Second {
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

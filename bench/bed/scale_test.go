package bed_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
)

// cpu is the processor time of the process so far.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// each100 runs do(i) for i below n and gives the processor time of one run, as the median over hundreds of them: first
// of the first fifth, last of the last.
func each100(t *testing.T, n int, do func(i int)) (first, last, most time.Duration) {
	t.Helper()
	var spans []time.Duration
	for i := 0; i < n; {
		from := cpu(t)
		for range 100 {
			do(i)
			i++
		}
		spans = append(spans, (cpu(t)-from)/100)
	}
	median := func(s []time.Duration) time.Duration { s = slices.Clone(s); slices.Sort(s); return s[len(s)/2] }
	k := max(1, len(spans)/5)
	return median(spans[:k]), median(spans[len(spans)-k:]), slices.Max(spans)
}

// TestManyStatements: what a statement, an INSERT and opening cost does not grow with what is there.
func TestManyStatements(t *testing.T) {
	streams, queries, pairs := 1000, 200, 2000
	if os.Getenv("KSQL_SCALE") != "" {
		streams, queries, pairs = 5000, 1000, 50000
	}
	dir := t.TempDir()
	ctx := context.Background()
	open := func(dir string) *ksql.Engine {
		e, err := ksql.Open(ctx, ksql.WithDir(dir), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
		if err != nil {
			t.Fatal(err)
		}
		ends(t, e)
		return e
	}
	e := open(dir)
	exec := func(format string, args ...any) {
		if _, err := e.Execute(ctx, fmt.Sprintf(format, args...)); err != nil {
			t.Fatal(err)
		}
	}
	alone := open(t.TempDir()) // an engine with one stream, measured in turn with the one with thousands
	insert := func(e *ksql.Engine) time.Duration {
		const n = 1000
		s, err := e.Prepare(ctx, `INSERT INTO s0 (k, v) VALUES (?, ?);`)
		if err != nil {
			t.Fatal(err)
		}
		from := cpu(t)
		for i := range n {
			if _, err := s.Exec(ctx, i, i); err != nil {
				t.Fatal(err)
			}
		}
		return (cpu(t) - from) / n
	}
	create := func(i int) {
		exec(`CREATE STREAM s%[1]d (k INT KEY, v INT) WITH (kafka_topic='s%[1]d', value_format='json', partitions=1);`, i)
	}
	create(0)
	if _, err := alone.Execute(ctx, `CREATE STREAM s0 (k INT KEY, v INT) WITH (kafka_topic='s0', value_format='json', partitions=1);`); err != nil {
		t.Fatal(err)
	}
	first, last, most := each100(t, streams, func(i int) { create(i + 1) })
	t.Logf("CREATE STREAM: first %v, last %v, most %v", first, last, most)
	bound := func(what string, first, last time.Duration) {
		if last > 5*time.Millisecond || last > 2*first+200*time.Microsecond {
			t.Errorf("%s: the first took %v CPU, the last %v", what, first, last)
		}
	}
	bound("CREATE STREAM", first, last)
	var one, many time.Duration
	for range 7 {
		a, b := insert(alone), insert(e)
		if one == 0 || a < one {
			one = a
		}
		if many == 0 || b < many {
			many = b
		}
	}
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("INSERT: alone %v, beside %d streams %v (%.2f)", one, streams, many, float64(many)/float64(one))
	if float64(many) > 1.2*float64(one) {
		t.Errorf("INSERT alone %v, beside %d streams %v", one, streams, many)
	}
	qfirst, qlast, qmost := each100(t, queries, func(i int) {
		if i%2 == 0 {
			exec(`CREATE STREAM q%[1]d AS SELECT k, v + %[1]d AS v FROM s%[2]d;`, i, i+1)
		} else {
			exec(`CREATE TABLE q%[1]d AS SELECT k, SUM(v) AS v FROM s%[2]d GROUP BY k;`, i, i+1)
		}
	})
	t.Logf("CREATE ... AS: first %v, last %v, most %v", qfirst, qlast, qmost)
	bound("CREATE ... AS", qfirst, qlast)
	reopen := func(what, dir string) {
		t.Helper()
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		from, wall := cpu(t), time.Now()
		e = open(dir)
		used := cpu(t) - from
		t.Logf("opening %s: %v CPU, %v", what, used, time.Since(wall))
		if used > 2*time.Second {
			t.Errorf("opening %s took %v CPU", what, used)
		}
		if f := e.Failed(); len(f) > 0 {
			t.Fatal(f)
		}
	}
	reopen(fmt.Sprintf("%d streams and %d queries", streams, queries), dir)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	dir = t.TempDir()
	e = open(dir)
	pfirst, plast, _ := each100(t, pairs, func(i int) {
		create(i)
		exec(`DROP STREAM s%d DELETE TOPIC;`, i)
	})
	t.Logf("CREATE and DROP: first %v, last %v", pfirst, plast)
	if plast > 2*pfirst+200*time.Microsecond {
		t.Errorf("CREATE and DROP: the first took %v CPU, the last %v", pfirst, plast)
	}
	reopen(fmt.Sprintf("%d statements whose sources are gone", 2*pairs), dir)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

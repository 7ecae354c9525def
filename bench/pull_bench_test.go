package bench

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
)

// tableWindows is how many windows, or sessions, the tables have in all.
const tableWindows = 80_000

// BenchmarkPullWindows is a prepared pull query by key that gives ten windows of a large table: of a key that has no
// more, and of one that has them all, within bounds. cpu-ns/op is what the process takes, collecting garbage included.
func BenchmarkPullWindows(b *testing.B) {
	for _, kind := range []string{"TUMBLING (SIZE 10 MILLISECONDS)", "HOPPING (SIZE 10 MILLISECONDS, ADVANCE BY 10 MILLISECONDS)", "SESSION (1 MILLISECONDS)"} {
		for _, keys := range []int{1, tableWindows / 10} {
			e := windowed(b, kind, keys)
			each := tableWindows / keys
			for _, c := range [][2]string{{"key"}, {"bounds", " AND WINDOWSTART >= ? AND WINDOWSTART < ?"}, {"end", " AND WINDOWSTART >= ? AND WINDOWEND <= ?"}} {
				name, ask := c[0], c[1]
				if name == "key" && each > 10 {
					continue
				}
				b.Run(fmt.Sprint(kind[:7], "/keys=", keys, "/", name), func(b *testing.B) {
					pull, err := e.Prepare(b.Context(), `SELECT * FROM t WHERE k = ?`+ask+`;`)
					if err != nil {
						b.Fatal(err)
					}
					b.ReportAllocs()
					began := cpu(b)
					for i := range b.N {
						args := []any{int64(i * 7919 % keys)}
						if name != "key" {
							from := int64(10 * (i * 7919 % (each - 9)))
							to := from + 100
							if name == "end" && kind[0] == 'S' { // a session of one row ends where it starts
								to -= 10
							}
							args = append(args, from, to)
						}
						rows, err := pull.Query(b.Context(), args...)
						if err != nil {
							b.Fatal(err)
						}
						n := 0
						for rows.Next() {
							n++
						}
						if err := rows.Close(); err != nil || n != 10 {
							b.Fatal(n, err)
						}
					}
					b.ReportMetric(float64(cpu(b)-began)/float64(b.N), "cpu-ns/op")
				})
			}
		}
	}
}

// windowed is an engine with a table of tableWindows windows, 10 ms one after the other, over so many keys.
func windowed(b *testing.B, kind string, keys int) *ksql.Engine {
	ctx := context.Background()
	e, err := ksql.Open(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	if _, err := e.Execute(ctx, `SET 'auto.offset.reset' = 'earliest';
		CREATE STREAM s (k BIGINT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', KEY_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s WINDOW `+kind+` GROUP BY k;`); err != nil {
		b.Fatal(err)
	}
	run := &store.Records{TP: store.TP{Topic: "s"}}
	for i := range tableWindows {
		run.Add(int64(10*(i/keys)), fmt.Append(nil, i%keys), []byte(`{"V":1}`))
	}
	if _, err := e.Log().Append(ctx, run); err != nil {
		b.Fatal(err)
	}
	if err := e.Sync(ctx); err != nil {
		b.Fatal(err)
	}
	return e
}

// cpu is the time that the process has worked, in ns.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
)

// keyed is a table of one group a key, for measurements of single operations.
const keyed = `CREATE STREAM events (k BIGINT KEY, v BIGINT) WITH (KAFKA_TOPIC='events', VALUE_FORMAT='JSON');
	CREATE TABLE totals AS SELECT k, COUNT(*) AS num, SUM(v) AS total FROM events GROUP BY k EMIT CHANGES;`

// events are rows for the keys from first on, each with its key as value.
func events(first, n int) []*store.Records {
	var runs []*store.Records
	for n > 0 {
		run := &store.Records{TP: store.TP{Topic: "events"}}
		for range min(n, runSize) {
			run.Add(int64(first), binary.BigEndian.AppendUint64(nil, uint64(first)), fmt.Appendf(nil, `{"v":%d}`, first))
			first++
		}
		n -= run.Len()
		runs = append(runs, run)
	}
	return runs
}

// openKeyed starts an engine in dir ("" for memory) with the topic of events.
func (s setup) openKeyed(ctx context.Context, dir string) (*ksql.Engine, error) {
	opts := []ksql.Option{ksql.WithBatch(s.batch), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})}
	if dir != "" {
		opts = append(opts, ksql.WithDir(dir))
	}
	return ksql.Open(ctx, opts...)
}

func makeKeyed(ctx context.Context, e *ksql.Engine, groups int) error {
	if err := e.Log().Create(ctx, "events", store.TopicConfig{Partitions: 1}); err != nil {
		return err
	}
	if _, err := e.Execute(ctx, keyed); err != nil {
		return err
	}
	return feed(ctx, e, events(0, groups))
}

// timed summarizes single operations.
func (s setup) timed(name string, took []time.Duration) result {
	var total time.Duration
	for _, t := range took {
		total += t
	}
	slices.Sort(took)
	us := func(t time.Duration) float64 { return float64(t.Nanoseconds()) / 1000 }
	return result{Query: name, Rows: len(took), Secs: total.Seconds(), Rate: float64(len(took)) / total.Seconds(), Log: s.log, Batch: s.batch,
		P50: us(took[len(took)/2]), P99: us(took[len(took)*99/100]), Note: fmt.Sprintf("max %.1f us", us(took[len(took)-1]))}
}

// pull measures the look-up of one key in a table of s.rows groups: prepared, and with parsing.
func (s setup) pull(ctx context.Context) ([]result, error) {
	e, err := s.openKeyed(ctx, "")
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if err := makeKeyed(ctx, e, s.rows); err != nil {
		return nil, err
	}
	prepared, err := e.Prepare(ctx, `SELECT k, num, total FROM totals WHERE k = ?;`)
	if err != nil {
		return nil, err
	}
	var results []result
	for _, way := range []struct {
		name  string
		query func(k int64) (*ksql.Rows, error)
	}{
		{"pull prepared", func(k int64) (*ksql.Rows, error) { return prepared.Query(ctx, k) }},
		{"pull parsed", func(k int64) (*ksql.Rows, error) {
			return e.Query(ctx, fmt.Sprintf(`SELECT k, num, total FROM totals WHERE k = %d;`, k))
		}},
	} {
		r := rand.New(rand.NewPCG(s.seed, 1))
		took := make([]time.Duration, 20000)
		for i := range took {
			k := r.Int64N(int64(s.rows))
			start := time.Now()
			rows, err := way.query(k)
			if err != nil {
				return nil, err
			}
			found := 0
			for rows.Next() {
				found++
				if row := rows.Row(); row[0] != k || row[1] != int64(1) || row[2] != k {
					return nil, fmt.Errorf("key %d gave %v", k, row)
				}
			}
			if err := rows.Err(); err != nil || found != 1 {
				return nil, fmt.Errorf("key %d gave %d rows: %v", k, found, err)
			}
			rows.Close()
			took[i] = time.Since(start)
		}
		results = append(results, s.timed(way.name, took))
	}
	return results, nil
}

// latency measures one row from its append until a push query gives it.
func (s setup) latency(ctx context.Context) ([]result, error) {
	e, done, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	rows, err := e.Query(ctx, `SELECT auction, price * 2 AS price FROM bid EMIT CHANGES;`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	took := make([]time.Duration, 5000)
	for i := range took {
		run := &store.Records{TP: store.TP{Topic: "bid"}}
		run.Add(int64(i), nil, fmt.Appendf(nil, `{"auction":%d,"price":%d}`, i, i))
		start := time.Now()
		if _, err := e.Log().Append(ctx, run); err != nil {
			return nil, err
		}
		if !rows.Next() {
			return nil, fmt.Errorf("the push query ended: %v", rows.Err())
		}
		took[i] = time.Since(start)
		if row := rows.Row(); row[0] != int64(i) || row[1] != int64(2*i) {
			return nil, fmt.Errorf("row %d is %v", i, row)
		}
	}
	return []result{s.timed("latency", took)}, nil
}

// recovery measures the opening of a directory with s.rows groups until its query has caught up.
func (s setup) recovery(ctx context.Context) ([]result, error) {
	dir, err := os.MkdirTemp("", "nexmark")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	e, err := s.openKeyed(ctx, dir)
	if err != nil {
		return nil, err
	}
	if err := makeKeyed(ctx, e, s.rows); err != nil {
		e.Close()
		return nil, err
	}
	if err := e.Close(); err != nil {
		return nil, err
	}
	start := time.Now()
	if e, err = s.openKeyed(ctx, dir); err != nil {
		return nil, err
	}
	defer e.Close()
	if err := e.Sync(ctx); err != nil {
		return nil, err
	}
	took := time.Since(start).Seconds()
	if err := feed(ctx, e, events(s.rows-1, 1)); err != nil {
		return nil, err
	}
	rows, err := e.Query(ctx, fmt.Sprintf(`SELECT num FROM totals WHERE k = %d;`, s.rows-1))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() || rows.Row()[0] != int64(2) {
		return nil, fmt.Errorf("the last group is not what it was, and one more (%v)", rows.Err())
	}
	return []result{{Query: "recovery", Rows: s.rows, Secs: took, Rate: float64(s.rows) / took, Log: "dir", Batch: s.batch}}, nil
}

// checkpoint measures how long rows wait beside checkpoints: with s.rows groups in a directory, 256 rows at a
// time until their results are there, for ten seconds.
func (s setup) checkpoint(ctx context.Context) ([]result, error) {
	dir, err := os.MkdirTemp("", "nexmark")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	e, err := s.openKeyed(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if err := makeKeyed(ctx, e, s.rows); err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(s.seed, 2))
	var took []time.Duration
	for begin := time.Now(); time.Since(begin) < 10*time.Second; {
		runs := events(r.IntN(s.rows), 256)
		start := time.Now()
		if err := feed(ctx, e, runs); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	out := s.timed("checkpoint", took)
	out.Log = "dir"
	return []result{out}, nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/nexmark/gen"
	"github.com/ksqlgo/ksql/store"
)

// open starts an engine with the topic of bids and the stream over it.
func (s setup) open(ctx context.Context) (e *ksql.Engine, done func(), err error) {
	// The clock stands where the events do, so that nothing is too old for a topic's retention.
	clock := func() time.Time { return time.UnixMilli(gen.BaseTime) }
	opts := []ksql.Option{ksql.WithBatch(s.batch), ksql.WithClock(clock), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})}
	clean := func() {}
	if s.log == "dir" {
		dir, err := os.MkdirTemp("", "nexmark")
		if err != nil {
			return nil, nil, err
		}
		clean = func() { os.RemoveAll(dir) }
		opts = append(opts, ksql.WithDir(dir))
	}
	if e, err = ksql.Open(ctx, opts...); err != nil {
		clean()
		return nil, nil, err
	}
	done = func() { e.Close(); clean() }
	if err = e.Log().Create(ctx, "bid", store.TopicConfig{Partitions: int32(s.partitions)}); err == nil {
		_, err = e.Execute(ctx, declaration)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return e, done, nil
}

// runSize is the rows of one append: what a producer hands over at a time.
const runSize = 4096

// throughput measures a query in its steady state: a tenth of the rows first warms it up, outside the clock. Then
// the query rests while the rows are put into its topic; the clock runs from its going on until the sink's topic
// holds every result.
func (s setup) throughput(ctx context.Context, q *query) (result, error) {
	e, done, err := s.open(ctx)
	if err != nil {
		return result{}, err
	}
	defer done()
	rate := q.rate
	if rate == 0 {
		rate = 10000000
	}
	warm := max(s.rows/10, 1)
	g := gen.New(s.seed, rate)
	first, runs := g.Bids("bid", warm, runSize, s.partitions), g.Bids("bid", s.rows, runSize, s.partitions)
	if _, err := e.Execute(ctx, q.sql); err != nil {
		return result{}, err
	}
	if err := feed(ctx, e, first); err != nil {
		return result{}, err
	}
	if err := fill(ctx, e, runs); err != nil {
		return result{}, err
	}
	runs = nil
	var before, after runtime.MemStats
	touch(s.heap << 20)
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	if _, err := e.Execute(ctx, "RESUME ALL;"); err != nil {
		return result{}, err
	}
	if err := settle(ctx, e); err != nil {
		return result{}, err
	}
	took := time.Since(start).Seconds()
	runtime.ReadMemStats(&after)
	if s.check {
		if err := s.compare(ctx, e.Log(), q, gen.New(s.seed, rate), warm+s.rows); err != nil {
			return result{}, err
		}
	}
	return result{Query: q.name, Rows: s.rows, Secs: took, Rate: float64(s.rows) / took, Log: s.log, Batch: s.batch,
		Allocs: float64(after.Mallocs-before.Mallocs) / float64(s.rows)}, nil
}

// touch leaves the heap so many bytes that the kernel has given already: a process that has run for a while gets
// its memory from the collector. Else each fresh page costs the measurement about two microseconds.
func touch(n int) {
	b := make([]byte, n)
	for i := 0; i < n; i += 4096 {
		b[i] = 1
	}
	runtime.KeepAlive(b)
}

// fill puts runs into the topic, on disk where there is one, while all queries rest.
func fill(ctx context.Context, e *ksql.Engine, runs []*store.Records) error {
	if _, err := e.Execute(ctx, "PAUSE ALL;"); err != nil {
		return err
	}
	for _, r := range runs {
		seq, err := e.Log().Append(ctx, r)
		if err == nil && r == runs[len(runs)-1] {
			err = e.Log().Wait(ctx, seq)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func feed(ctx context.Context, e *ksql.Engine, runs []*store.Records) error {
	if _, err := e.Log().Append(ctx, runs...); err != nil {
		return err
	}
	return settle(ctx, e)
}

// settle waits until every query has seen every row, and fails with a query that failed.
func settle(ctx context.Context, e *ksql.Engine) error {
	if err := e.Sync(ctx); err != nil {
		return err
	}
	for id, err := range e.Failed() {
		return fmt.Errorf("query %s stopped: %w", id, err)
	}
	return nil
}

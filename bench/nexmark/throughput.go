package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"os"
	"runtime"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/nexmark/gen"
	"github.com/ksqlgo/ksql/store"
)

// open starts an engine with the topic of bids and the stream over it.
func (s setup) open(ctx context.Context) (e *ksql.Engine, done func(), err error) {
	opts := []ksql.Option{ksql.WithBatch(s.batch), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})}
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

// throughput measures a query in its steady state: a tenth of the rows first warms it up, outside the clock. The
// clock runs from before the append of the made-up runs until the sink's topic holds every result.
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
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	if err := feed(ctx, e, runs); err != nil {
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

func feed(ctx context.Context, e *ksql.Engine, runs []*store.Records) error {
	if _, err := e.Log().Append(ctx, runs...); err != nil {
		return err
	}
	if err := e.Sync(ctx); err != nil {
		return err
	}
	for id, err := range e.Failed() {
		return fmt.Errorf("query %s stopped: %w", id, err)
	}
	return nil
}

// compare checks every row of the sink against the recomputation: one by one on one partition, and as a set
// with repetitions where rows of several partitions interleave.
func (s setup) compare(ctx context.Context, log store.Log, q *query, g *gen.Generator, bids int) error {
	got, err := open(ctx, log, q.sink)
	if err != nil {
		return err
	}
	defer got.reader.Close()
	seed := maphash.MakeSeed()
	hash := func(key, value []byte) uint64 {
		return maphash.Bytes(seed, key)*31 + maphash.Bytes(seed, value)
	}
	var b gen.Bid
	var wantSum, gotSum uint64
	rows := 0
	ordered := s.partitions == 1
	var wrong error
	emit := func(wantKey, wantValue []byte) {
		if wrong != nil {
			return
		}
		key, value, ok, err := got.next()
		switch {
		case err != nil:
			wrong = err
		case !ok:
			wrong = fmt.Errorf("the sink has %d rows, more were expected", rows)
		case !ordered:
			wantSum, gotSum = wantSum+hash(wantKey, wantValue), gotSum+hash(key, value)
		case !bytes.Equal(key, wantKey):
			wrong = fmt.Errorf("row %d: key %q, expected %q", rows, key, wantKey)
		case q.same != nil && !q.same(wantValue, value), q.same == nil && !bytes.Equal(value, wantValue), (value == nil) != (wantValue == nil):
			wrong = fmt.Errorf("row %d: %s, expected %s", rows, value, wantValue)
		}
		rows++
	}
	want := q.want()
	for range bids {
		g.NextBid(&b)
		want(&b, emit)
	}
	if wrong != nil {
		return wrong
	}
	if _, _, more, err := got.next(); err != nil || more {
		return fmt.Errorf("the sink has more than the expected %d rows (%v)", rows, err)
	}
	if wantSum != gotSum && q.same == nil && !q.ordered {
		return fmt.Errorf("the %d rows of the sink are not those expected", rows)
	}
	return nil
}

// rows reads a topic from its start.
type rows struct {
	reader store.Reader
	runs   []store.Records
	at     int
}

func open(ctx context.Context, log store.Log, topic string) (*rows, error) {
	all, err := log.Topics(ctx)
	if err != nil {
		return nil, err
	}
	from := map[store.TP]int64{}
	for p := range all[topic].Partitions {
		from[store.TP{Topic: topic, Partition: p}] = 0
	}
	reader, err := log.Reader(ctx, from)
	return &rows{reader: reader}, err
}

func (r *rows) next() (key, value []byte, ok bool, err error) {
	for len(r.runs) == 0 || r.at == r.runs[0].Len() {
		if len(r.runs) > 0 {
			r.runs, r.at = r.runs[1:], 0
			continue
		}
		if r.runs, err = r.reader.Poll(4096); err != nil || len(r.runs) == 0 {
			return nil, nil, false, err
		}
	}
	run, i := &r.runs[0], r.at
	r.at++
	return run.Key[i].Of(run.Bytes), run.Value[i].Of(run.Bytes), true, nil
}

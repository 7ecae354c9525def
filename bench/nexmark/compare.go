package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"strings"

	"github.com/ksqlgo/ksql/bench/nexmark/gen"
	"github.com/ksqlgo/ksql/store"
)

// comparison is a sink's topic against the recomputation. On one partition row after row is compared, by
// offset: the topic of a table may have lost rows to compaction, but never the last one of a key. Of several
// partitions the rows of a stream are compared as a set with repetitions, and of a table the last row of each key.
type comparison struct {
	q      *query
	table  bool
	single bool // partition
	got    *records
	row    int64 // expected so far
	ahead  bool  // key, value and offset hold the next row found
	offset int64
	key    []byte
	value  []byte
	sum    [2]uint64            // of the hashes of expected and found rows
	last   [2]map[string]uint64 // expected and found: the hash of the last row of each key
	seed   maphash.Seed
	wrong  error
}

// compare checks the sink of a query over so many bids.
func (s setup) compare(ctx context.Context, log store.Log, q *query, g *gen.Generator, bids int) error {
	got, err := read(ctx, log, q.sink)
	if err != nil {
		return err
	}
	defer got.close()
	c := &comparison{q: q, table: strings.HasPrefix(q.sql, "CREATE TABLE"), single: s.partitions == 1, got: got, seed: maphash.MakeSeed()}
	c.last[0], c.last[1] = map[string]uint64{}, map[string]uint64{}
	want := q.want()
	var b gen.Bid
	for range bids {
		g.NextBid(&b)
		want(&b, c.expect)
	}
	return c.finish()
}

func (c *comparison) hash(key, value []byte) uint64 {
	return maphash.Bytes(c.seed, key)*31 + maphash.Bytes(c.seed, value)
}

// next makes sure that the next row found is at hand.
func (c *comparison) next() bool {
	if !c.ahead && c.wrong == nil {
		c.key, c.value, c.offset, c.ahead, c.wrong = c.got.next()
	}
	return c.ahead && c.wrong == nil
}

// expect takes a row that the sink must have got.
func (c *comparison) expect(key, value []byte) {
	row := c.row
	c.row++
	if c.wrong != nil {
		return
	}
	if c.table {
		c.last[0][string(key)] = c.hash(key, value)
	} else {
		c.sum[0] += c.hash(key, value)
	}
	if !c.single || !c.next() || c.offset > row && c.table {
		return
	}
	c.take()
	switch {
	case c.offset != row:
		c.wrong = fmt.Errorf("row %d has offset %d", row, c.offset)
	case !bytes.Equal(c.key, key):
		c.wrong = fmt.Errorf("row %d: key %q, expected %q", row, c.key, key)
	case (c.value == nil) != (value == nil), c.q.same == nil && !bytes.Equal(c.value, value), c.q.same != nil && !c.q.same(value, c.value):
		c.wrong = fmt.Errorf("row %d: %s, expected %s", row, c.value, value)
	}
}

// take counts the row at hand as found.
func (c *comparison) take() {
	if c.table {
		c.last[1][string(c.key)] = c.hash(c.key, c.value)
	} else {
		c.sum[1] += c.hash(c.key, c.value)
	}
	c.ahead = false
}

func (c *comparison) finish() error {
	for c.next() {
		if c.single {
			return fmt.Errorf("the sink has more than the expected %d rows: %q %s", c.row, c.key, c.value)
		}
		c.take()
	}
	if c.wrong != nil {
		return c.wrong
	}
	if c.got.end != c.row {
		return fmt.Errorf("the sink has %d rows, expected %d", c.got.end, c.row)
	}
	if c.q.same != nil || c.q.ordered && !c.single {
		return nil
	}
	if c.sum[0] != c.sum[1] {
		return fmt.Errorf("the %d rows of the sink are not those expected", c.row)
	}
	for key, hash := range c.last[0] {
		if found, ok := c.last[1][key]; !ok || found != hash {
			return fmt.Errorf("the last row of key %q is not the one expected", key)
		}
	}
	if len(c.last[0]) != len(c.last[1]) {
		return fmt.Errorf("the sink has %d keys, expected %d", len(c.last[1]), len(c.last[0]))
	}
	return nil
}

// records reads a topic from its start to its end.
type records struct {
	poll  func() ([]store.Records, error, bool)
	close func()
	runs  []store.Records
	at    int
	end   int64 // rows ever written
}

func read(ctx context.Context, log store.Log, topic string) (*records, error) {
	reader, err := store.Whole(ctx, log, topic)
	if err != nil {
		return nil, err
	}
	info, err := log.Topic(ctx, topic)
	if err != nil {
		return nil, err
	}
	var tps []store.TP
	for p := range info.Partitions {
		tps = append(tps, store.TP{Topic: topic, Partition: p})
	}
	ends, err := log.Ends(ctx, tps)
	if err != nil {
		return nil, err
	}
	r := &records{}
	for _, n := range ends {
		r.end += n
	}
	poll, stop := iter.Pull2(store.Runs(ctx, reader, 4096))
	r.poll, r.close = poll, func() { stop(); reader.Close() }
	return r, nil
}

func (r *records) next() (key, value []byte, offset int64, ok bool, err error) {
	for len(r.runs) == 0 || r.at == r.runs[0].Len() {
		if len(r.runs) > 0 {
			r.runs, r.at = r.runs[1:], 0
			continue
		}
		if r.runs, err, ok = r.poll(); err != nil || !ok {
			return nil, nil, 0, false, err
		}
	}
	run, i := &r.runs[0], r.at
	r.at++
	return run.Key[i].Of(run.Bytes), run.Value[i].Of(run.Bytes), run.Offset(i), true, nil
}

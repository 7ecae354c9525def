// Package bench measures the operators, one by one and at several sizes of batch.
package bench

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/bench/nexmark/gen"
	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

const bids = `CREATE STREAM bid (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, dateTime BIGINT, extra STRING)
	WITH (KAFKA_TOPIC='bid', VALUE_FORMAT='JSON');`

// steps plans a query over bids: its steps from the topic to the sink.
func steps(b *testing.B, query string) []plan.Step {
	b.Helper()
	parsed, err := sql.Parse(bids+query, nil)
	if err != nil {
		b.Fatal(err)
	}
	catalog := plan.NewCatalog()
	env := &plan.Env{Functions: fn.Builtins(), Topic: func(string) (int, bool) { return 1, true }}
	var root plan.Step
	for _, p := range parsed {
		c, err := plan.Check(catalog, env, p.Statement, p.Text)
		if err != nil {
			b.Fatal(err)
		}
		if catalog = c.Catalog; c.Start != nil {
			root = c.Start.Root
		}
	}
	var line []plan.Step
	for root != nil {
		line = append(line, root)
		in := root.Inputs()
		if root = nil; len(in) > 0 {
			root = in[0]
		}
	}
	slices.Reverse(line)
	return line
}

// operator is the work of a step in the middle of a plan; nil for a step that needs none on one partition.
func operator(s plan.Step, env *expr.Env, order op.KeyBytes) (op.Operator, error) {
	switch s := s.(type) {
	case *plan.Filter:
		return op.NewFilter(s, env)
	case *plan.Project:
		return op.NewProject(s, env)
	case *plan.Rekey:
		return op.NewRekey(s, env)
	case *plan.FlatMap:
		return op.NewFlatMap(s, env)
	case *plan.Aggregate:
		switch {
		case s.Window == nil:
			return op.NewAggregate(s, state.Print{}, false)
		case s.Window.Kind == sql.Session:
			return op.NewSessions(s, state.Print{}, false, order)
		}
		return op.NewWindows(s, state.Print{}, false, order)
	case *plan.Exchange:
		return nil, nil
	}
	return nil, fmt.Errorf("no benchmark for a step %T", s)
}

// BenchmarkOp measures one operator of a plan, fed the same batch again and again. ns/row and allocs/row are
// what counts.
func BenchmarkOp(b *testing.B) {
	for _, c := range []struct{ name, step, query string }{
		{"decode", "*plan.Scan", `CREATE STREAM s AS SELECT auction, bidder, price, dateTime, extra FROM bid;`},
		{"decode2", "*plan.Scan", `CREATE STREAM s AS SELECT auction, price FROM bid;`},
		{"encode", "*plan.Sink", `CREATE STREAM s AS SELECT auction, bidder, price, dateTime, extra FROM bid;`},
		{"filter", "*plan.Filter", `CREATE STREAM s AS SELECT auction, price FROM bid WHERE auction % 123 = 0;`},
		{"decimal", "*plan.Project", `CREATE STREAM s AS SELECT auction, price * 0.908 AS price FROM bid;`},
		{"rekey", "*plan.Rekey", `CREATE STREAM s AS SELECT auction, price FROM bid PARTITION BY auction;`},
		{"explode", "*plan.FlatMap", `CREATE STREAM s AS SELECT EXPLODE(ARRAY[auction, price]) AS x FROM bid;`},
		{"count", "*plan.Aggregate", `CREATE TABLE s AS SELECT auction, COUNT(*) AS num FROM bid GROUP BY auction;`},
		{"sum", "*plan.Aggregate", `CREATE TABLE s AS SELECT auction, SUM(price) AS total FROM bid GROUP BY auction;`},
		{"tumble", "*plan.Aggregate", `CREATE TABLE s AS SELECT auction, COUNT(*) AS num FROM bid WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY auction;`},
		{"session", "*plan.Aggregate", `CREATE TABLE s AS SELECT auction, COUNT(*) AS num FROM bid WINDOW SESSION (1 SECOND) GROUP BY auction;`},
	} {
		for _, rows := range []int{1, 64, 1024, 4096} {
			b.Run(fmt.Sprintf("%s/%d", c.name, rows), func(b *testing.B) {
				work := prepare(b, c.query, c.step, rows)
				b.ReportAllocs()
				for b.Loop() {
					if err := work(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
			})
		}
	}
}

// prepare runs a query up to a step, and gives the work of that step on the batch that reaches it.
func prepare(b *testing.B, query, step string, rows int) func() error {
	b.Helper()
	env := &expr.Env{Now: func() int64 { return 0 }, Rand: func() uint64 { return 0 }}
	c := &op.Context{Env: env}
	line := steps(b, query)
	scan, sink := line[0].(*plan.Scan), line[len(line)-1].(*plan.Sink)
	run := *gen.New(1, 100000).Bids("bid", rows, rows, 1)[0]
	runs := []store.Records{run}
	encode, err := op.NewEncode(sink, state.Print{}, 1, false)
	if err != nil {
		b.Fatal(err)
	}
	decode, err := op.NewDecode(scan, env)
	if err != nil {
		b.Fatal(err)
	}
	drop := func(*op.Batch) error { return nil }
	if step == "*plan.Scan" {
		return func() error { return decode.Run(c, runs, drop) }
	}
	var before []op.Operator
	var work op.Operator = encode
	for _, s := range line[1 : len(line)-1] {
		o, err := operator(s, env, encode.Keys)
		if err != nil {
			b.Fatal(err)
		}
		if fmt.Sprintf("%T", s) == step {
			work = o
			break
		}
		if o != nil {
			before = append(before, o)
		}
	}
	var batch *op.Batch
	hold := func(b *op.Batch) error { batch = b; return nil }
	if err := decode.Run(c, runs, op.Chain(c, before, hold)); err != nil || batch == nil {
		b.Fatal("no rows reach the step: ", err)
	}
	var taken []*store.Records
	return func() error {
		err := work.Process(c, batch, drop)
		taken = encode.Take(taken[:0]) // the log would own them now
		return err
	}
}

package ksql_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// shop is an engine with a stream of orders and a table of their totals.
func shop(ctx context.Context, opts ...ksql.Option) *ksql.Engine {
	e, err := ksql.Open(ctx, opts...)
	if err != nil {
		log.Fatal(err)
	}
	_, err = e.Execute(ctx, `
		CREATE STREAM IF NOT EXISTS orders (id INT KEY, item STRING, qty INT) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE IF NOT EXISTS totals AS SELECT item, SUM(qty) AS qty FROM orders GROUP BY item;`)
	if err != nil {
		log.Fatal(err)
	}
	return e
}

// An engine in memory: a stream, a table that follows it, rows, and a pull query.
func Example() {
	ctx := context.Background()
	e, err := ksql.Open(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()
	_, err = e.Execute(ctx, `
		CREATE STREAM orders (id INT KEY, item STRING, qty INT) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE totals AS SELECT item, SUM(qty) AS qty FROM orders GROUP BY item;
		INSERT INTO orders VALUES (?, ?, ?);
		INSERT INTO orders VALUES (?, ?, ?);`, 1, "tea", 2, 2, "tea", 3)
	if err != nil {
		log.Fatal(err)
	}
	if err := e.Sync(ctx); err != nil { // the table has seen the rows
		log.Fatal(err)
	}
	rows, err := e.Query(ctx, `SELECT item, qty FROM totals WHERE item = ?;`, "tea")
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for row, err := range rows.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row...)
	}
	// Output: tea 5
}

// A push query gives rows as they happen.
func ExampleEngine_Query() {
	ctx := context.Background()
	e := shop(ctx)
	defer e.Close()
	rows, err := e.Query(ctx, `SELECT item, qty FROM orders WHERE qty > ? EMIT CHANGES LIMIT 2;`, 1)
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for i, item := range []string{"tea", "milk", "rice"} {
		if _, err := e.Execute(ctx, `INSERT INTO orders VALUES (?, ?, ?);`, i, item, i+1); err != nil {
			log.Fatal(err)
		}
	}
	var item string
	var qty int
	for rows.Next() {
		if err := rows.Scan(&item, &qty); err != nil {
			log.Fatal(err)
		}
		fmt.Println(item, qty)
	}
	fmt.Println(rows.Limited(), rows.Err())
	// Output:
	// milk 2
	// rice 3
	// true <nil>
}

func ExampleEngine_Prepare() {
	ctx := context.Background()
	e := shop(ctx)
	defer e.Close()
	insert, err := e.Prepare(ctx, `INSERT INTO orders VALUES (?, ?, ?);`)
	if err != nil {
		log.Fatal(err)
	}
	for i, item := range []string{"tea", "milk", "tea"} {
		if _, err := insert.Exec(ctx, i, item, 1); err != nil {
			log.Fatal(err)
		}
	}
	if err := e.Sync(ctx); err != nil {
		log.Fatal(err)
	}
	total, err := e.Prepare(ctx, `SELECT qty FROM totals WHERE item = ?;`)
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range []string{"tea", "milk"} {
		rows, err := total.Query(ctx, item)
		if err != nil {
			log.Fatal(err)
		}
		for rows.Next() {
			fmt.Println(item, rows.Row()[0])
		}
		rows.Close()
	}
	// Output:
	// tea 2
	// milk 1
}

func ExampleRows_Scan() {
	ctx := context.Background()
	e := shop(ctx)
	defer e.Close()
	if _, err := e.Execute(ctx, `INSERT INTO orders VALUES (1, 'tea', 2); INSERT INTO orders VALUES (2, 'milk', NULL);`); err != nil {
		log.Fatal(err)
	}
	rows, err := e.Query(ctx, `SELECT id, item, qty, ROWTIME > 0 AS stamped FROM orders;`)
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var o struct {
			ID      int
			Product string `ksql:"ITEM"`
			Qty     *int   // nil is null
			Stamped bool
		}
		if err := rows.Scan(&o); err != nil {
			log.Fatal(err)
		}
		fmt.Println(o.ID, o.Product, o.Qty != nil, o.Stamped)
	}
	if err := rows.Err(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 1 tea true true
	// 2 milk false true
}

// Rows as Arrow records. Whoever gets a record releases it.
func ExampleRows_Batches() {
	ctx := context.Background()
	e := shop(ctx)
	defer e.Close()
	if _, err := e.Execute(ctx, `INSERT INTO orders VALUES (1, 'tea', 2); INSERT INTO orders VALUES (2, 'milk', NULL);`); err != nil {
		log.Fatal(err)
	}
	rows, err := e.Query(ctx, `SELECT item, qty FROM orders;`)
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rec, err := range rows.Batches() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(rec.NumRows(), "rows")
		for i, col := range rec.Columns() {
			fmt.Println(rec.ColumnName(i), col)
		}
		rec.Release()
	}
	// Output:
	// 2 rows
	// ITEM ["tea" "milk"]
	// QTY [2 (null)]
}

// An engine on a directory goes on where it stopped.
func ExampleWithDir() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ksql")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for day := 1; day <= 2; day++ {
		e := shop(ctx, ksql.WithDir(dir))
		if _, err := e.Execute(ctx, `INSERT INTO orders VALUES (?, 'tea', 2);`, day); err != nil {
			log.Fatal(err)
		}
		if err := e.Sync(ctx); err != nil {
			log.Fatal(err)
		}
		rows, err := e.Query(ctx, `SELECT qty FROM totals WHERE item = 'tea';`)
		if err != nil {
			log.Fatal(err)
		}
		for rows.Next() {
			fmt.Println("day", day, rows.Row()[0])
		}
		rows.Close()
		if err := e.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// day 1 2
	// day 2 4
}

// watch hears of rows that are bad and of queries that fail. A hook implements the interfaces that it wants.
type watch struct{}

func (watch) OnBadRow(i ksql.BadRowInfo) { fmt.Println(i.Rows, "bad row:", i.Kind) }

func (watch) OnQueryState(i ksql.QueryStateInfo) { fmt.Println("the query is", i.To) }

// Hooks, a logger and Health say how the engine is.
func ExampleWithHooks() {
	ctx := context.Background()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e := shop(ctx, ksql.WithHooks(watch{}), ksql.WithLogger(logger))
	defer e.Close()
	bad := &store.Records{TP: store.TP{Topic: "orders"}}
	bad.Add(0, nil, []byte("no JSON"))
	if _, err := e.Log().Append(ctx, bad); err != nil {
		log.Fatal(err)
	}
	if err := e.Sync(ctx); err != nil {
		log.Fatal(err)
	}
	if _, err := e.Execute(ctx, `TERMINATE ALL;`); err != nil {
		log.Fatal(err)
	}
	health := e.Health()
	fmt.Println("healthy:", health.Healthy())
	// Unordered output:
	// the query is RUNNING
	// 1 bad row: deserialization
	// the query is TERMINATED
	// healthy: true
}

// A function of the program that SQL can call.
func ExampleWithFunctions() {
	ctx := context.Background()
	dozens := fn.Func{Name: "DOZENS", Doc: "Full dozens.", Variants: []fn.Variant{
		fn.Fn1("n: pieces", func(n int32) int32 { return n / 12 }),
	}}
	e := shop(ctx, ksql.WithFunctions(dozens))
	defer e.Close()
	if _, err := e.Execute(ctx, `INSERT INTO orders VALUES (1, 'eggs', 30);`); err != nil {
		log.Fatal(err)
	}
	rows, err := e.Query(ctx, `SELECT item, DOZENS(qty) FROM orders;`)
	if err != nil {
		log.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		fmt.Println(rows.Row()...)
	}
	// Output: eggs 2
}

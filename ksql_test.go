package ksql_test

import (
	"context"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
)

func TestTotals(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	e, err := ksql.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	must := func(text string, args ...any) {
		t.Helper()
		if _, err := e.Execute(ctx, text, args...); err != nil {
			t.Fatal(err)
		}
	}
	must(`CREATE STREAM orders (id INT KEY, item STRING, qty INT) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=2);
	      SET 'auto.offset.reset'='earliest';
	      CREATE TABLE totals AS SELECT item, SUM(qty) AS qty, COUNT(*) AS n FROM orders GROUP BY item;`)
	for i := range 10 {
		must(`INSERT INTO orders VALUES (?, ?, ?);`, i, []string{"tea", "milk"}[i%2], i)
	}
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	rows, err := e.Query(ctx, `SELECT * FROM totals WHERE item = ?;`, "tea")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		t.Log(rows.Row())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	rows, err = e.Query(ctx, `SELECT id, qty * 2 AS q FROM orders WHERE item = 'milk' EMIT CHANGES LIMIT 3;`, ksql.Property("auto.offset.reset", "earliest"))
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		t.Log(rows.Row())
	}
	t.Log(e.Failed(), rows.Err())
}

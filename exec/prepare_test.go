package exec_test

import (
	"errors"
	"testing"

	"github.com/ksqlgo/ksql"
)

func TestPrepare(t *testing.T) {
	h := teas(t)
	insert, err := h.Prepare(h.ctx, `INSERT INTO ${to} VALUES (?, ?, ?);`, ksql.Variable("to", "orders"))
	if err != nil {
		t.Fatal(err)
	}
	for i, item := range []string{"tea", "milk"} {
		if out, err := insert.Exec(h.ctx, 10+i, item, int64(1)); err != nil || out != nil {
			t.Fatal(out, err)
		}
	}
	h.sync()
	pull, err := h.Prepare(h.ctx, `SELECT * FROM totals WHERE item = ?;`)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(want ...any) {
		t.Helper()
		rows, err := pull.Query(h.ctx, "milk")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		same(t, [][]any{rows.Row()}, want)
	}
	ask("milk", int32(1), int64(2))
	ask("milk", int32(1), int64(2))
	h.exec(`CREATE TYPE unrelated AS STRUCT<x INT>;`)
	ask("milk", int32(1), int64(2))
	h.exec(`DROP TABLE totals;`)
	if _, err := pull.Query(h.ctx, "milk"); err == nil {
		t.Error("a table that was dropped answers")
	}
	h.exec(`CREATE TABLE totals AS SELECT item, MAX(id) AS last FROM orders GROUP BY item;`)
	h.sync()
	ask("milk", int32(11))

	// One statement, arguments of different types.
	field, err := h.Prepare(h.ctx, `SELECT ?->X AS x FROM totals LIMIT 1;`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ arg, want any }{{struct{ X int }{1}, int32(1)}, {struct{ X string }{"a"}, "a"}, {struct{ Y, X int }{1, 2}, int32(2)}} {
		rows, err := field.Query(h.ctx, c.arg)
		if err != nil || !rows.Next() || rows.Row()[0] != c.want {
			t.Errorf("%v: %v", c.arg, err)
		}
	}

	var e *ksql.Error
	if _, err := insert.Query(h.ctx); !errors.As(err, &e) || e.Kind != ksql.StatementError {
		t.Error(err)
	}
	if _, err := pull.Exec(h.ctx, "milk"); !errors.As(err, &e) || e.Kind != ksql.StatementError {
		t.Error(err)
	}
	if _, err := insert.Exec(h.ctx, 1, "tea", 1, ksql.Variable("to", "x")); err == nil {
		t.Error("a variable after Prepare")
	}
	if _, err := h.Prepare(h.ctx, `SHOW STREAMS;`, ksql.Property("auto.offset.reset", "latest")); err == nil {
		t.Error("a property in Prepare")
	}
	for _, text := range []string{``, `SHOW STREAMS; SHOW TABLES;`, `SHOW`} {
		if _, err := h.Prepare(h.ctx, text); !errors.As(err, &e) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

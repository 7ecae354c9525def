package exec_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// host is a program that uses an engine: what must work does, or ends the test.
type host struct {
	*ksql.Engine
	t   testing.TB
	ctx context.Context
}

// newHost opens an engine that is closed at the end of the test, with no Arrow memory left.
func newHost(t testing.TB, opts ...ksql.Option) *host {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	mem := memory.NewCheckedAllocator(vec.GoMem())
	e, err := ksql.Open(ctx, append([]ksql.Option{ksql.WithAllocator(mem)}, opts...)...)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		cancel()
		mem.AssertSize(t, 0)
	})
	return &host{e, t, ctx}
}

func (h *host) exec(text string, args ...any) []ksql.Result {
	h.t.Helper()
	out, err := h.Execute(h.ctx, text, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func (h *host) query(text string, args ...any) *ksql.Rows {
	h.t.Helper()
	rows, err := h.Query(h.ctx, text, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { rows.Close() })
	return rows
}

// all is the rows of a query that ends.
func (h *host) all(text string, args ...any) [][]any {
	h.t.Helper()
	var out [][]any
	for row, err := range h.query(text, args...).All() {
		if err != nil {
			h.t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

func (h *host) sync() {
	h.t.Helper()
	if err := h.Sync(h.ctx); err != nil {
		h.t.Fatal(err)
	}
}

// same compares the rows of an answer.
func same(t testing.TB, got [][]any, want ...[]any) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b []any) bool { return slices.Equal(a, b) }) {
		t.Errorf("got %v, want %v", got, want)
	}
}

const orders = `
	CREATE STREAM orders (id INT KEY, item STRING, qty INT) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=2);
	CREATE TABLE totals AS SELECT item, SUM(qty) AS qty, COUNT(*) AS n FROM orders GROUP BY item;`

func TestExecute(t *testing.T) {
	h := newHost(t)
	results := h.exec(`SET 'auto.offset.reset' = 'earliest';` + orders + `SHOW STREAMS;`)
	if len(results) != 3 {
		t.Fatalf("%d results", len(results))
	}
	made, ok := results[1].(*stmt.Command)
	if !ok || made.QueryID != "CTAS_TOTALS_1" || made.Message != "Created query with ID CTAS_TOTALS_1" {
		t.Errorf("%+v", results[1])
	}
	if _, ok := results[2].(*stmt.Streams); !ok {
		t.Errorf("%T", results[2])
	}
	if out := h.exec(``); out != nil {
		t.Errorf("no statement, and %v", out)
	}
	h.exec(`INSERT INTO orders VALUES (?, ?, ?); INSERT INTO orders VALUES (?, ?, ?);`, 1, "tea", 2, 2, "tea", 3)
	h.sync()
	same(t, h.all(`SELECT * FROM totals WHERE item = ?;`, "tea"), []any{"tea", int32(5), int64(2)})
	same(t, h.all(`SELECT id, qty * 2 AS twice FROM orders EMIT CHANGES LIMIT 1;`, ksql.Property("auto.offset.reset", "earliest")), []any{int32(1), int32(4)})
}

// TestExecuteAllOrNothing: what is refused keeps what stands before it from running; what fails when it runs does
// not, and the results so far are there.
func TestExecuteAllOrNothing(t *testing.T) {
	h := newHost(t)
	out, err := h.Execute(h.ctx, orders+`DROP STREAM nope;`)
	if err == nil || len(out) > 0 || h.Catalog().NumSources() > 1 { // the processing log
		t.Errorf("%v %v %v", out, err, slices.Collect(h.Catalog().Sources()))
	}
	out, err = h.Execute(h.ctx, orders+`INSERT INTO orders VALUES (1, 'tea', ?);`, int64(1)<<40)
	if err == nil || len(out) != 2 || h.Catalog().Source("TOTALS") == nil {
		t.Errorf("%v %v", out, err)
	}
}

func TestOpenDirectory(t *testing.T) {
	dir := t.TempDir()
	first := newHost(t, ksql.WithDir(dir), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	first.exec(orders)
	first.exec(`INSERT INTO orders VALUES (1, 'tea', 2);`)
	if e, err := ksql.Open(first.ctx, ksql.WithDir(dir)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("a second engine on the directory: %v %v", e, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := newHost(t, ksql.WithDir(dir))
	again.sync()
	same(t, again.all(`SELECT item, qty FROM totals;`), []any{"tea", int32(2)})
	same(t, again.all(`SELECT id FROM orders;`), []any{int32(1)})
}

func TestTwoEngines(t *testing.T) {
	a, b := newHost(t), newHost(t)
	a.exec(orders)
	if _, err := b.Execute(b.ctx, `INSERT INTO orders VALUES (1, 'tea', 1);`); err == nil {
		t.Error("b knows the stream of a")
	}
	b.exec(orders)
	a.exec(`INSERT INTO orders VALUES (1, 'tea', 1);`)
	a.sync()
	b.sync()
	if n, m := len(a.all(`SELECT * FROM orders;`)), len(b.all(`SELECT * FROM orders;`)); n != 1 || m != 0 {
		t.Errorf("%d rows in a, %d in b", n, m)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	b.exec(`INSERT INTO orders VALUES (1, 'milk', 1);`)
	b.sync()
	same(t, b.all(`SELECT item, n FROM totals;`), []any{"milk", int64(1)})
}

func TestOptions(t *testing.T) {
	twice := fn.Func{Name: "TWICE", Variants: []fn.Variant{fn.Fn1("x: to be doubled", func(x int32) int32 { return 2 * x })}}
	now := time.UnixMilli(1_700_000_000_000)
	ids := map[string]bool{}
	for range 2 {
		h := newHost(t, ksql.WithClock(func() time.Time { return now }), ksql.WithRand(7), ksql.WithFunctions(twice),
			ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}), ksql.WithBatch(2), ksql.WithCommit(3, time.Hour), ksql.WithMaxPartitions(1))
		h.exec(orders)
		for i := range 9 {
			h.exec(`INSERT INTO orders VALUES (?, 'tea', 1);`, i)
		}
		h.sync()
		if info, err := h.Log().Topics(h.ctx); err != nil || info["orders"].Partitions != 1 || h.Catalog().Source("ORDERS").Partitions != 2 {
			t.Errorf("partitions: %v %v", info["orders"], err)
		}
		same(t, h.all(`SELECT n FROM totals;`), []any{int64(9)})
		rows := h.query(`SELECT twice(id) AS x, rowtime, unix_timestamp() AS now, uuid() AS u FROM orders EMIT CHANGES LIMIT 2;`)
		for range 2 {
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
		}
		row := rows.Row()
		if row[0] != int32(2) || row[1] != now.UnixMilli() || row[2] != now.UnixMilli() {
			t.Error(row)
		}
		ids[rows.QueryID()+row[3].(string)] = true
	}
	if len(ids) != 1 {
		t.Errorf("the same seed gave %v", ids)
	}
}

// TestCallOptions: properties and variables hold for one call.
func TestCallOptions(t *testing.T) {
	h := newHost(t)
	h.exec(orders)
	h.exec(`INSERT INTO ${to} VALUES (?, '${item}', 1);`, 5, ksql.Variable("to", "orders"), ksql.Variable("item", "tea"))
	same(t, h.all(`SELECT item FROM ${from};`, ksql.Variable("from", "orders")), []any{"tea"})
	same(t, h.all(`SELECT item FROM orders WHERE item = '${item}' AND id = ?;`, ksql.Variable("item", "tea"), 5), []any{"tea"})
	if _, err := h.Query(h.ctx, `SELECT item FROM ${from};`); err == nil {
		t.Error("the variable outlives its call")
	}
	earliest := ksql.Property("auto.offset.reset", "earliest")
	same(t, h.all(`SELECT id FROM orders EMIT CHANGES LIMIT 1;`, earliest), []any{int32(5)})
	h.exec(`CREATE STREAM late AS SELECT * FROM orders;`)
	h.exec(`CREATE STREAM earlier AS SELECT * FROM orders;`, earliest)
	h.sync()
	if n, m := len(h.all(`SELECT * FROM late;`)), len(h.all(`SELECT * FROM earlier;`)); n != 0 || m != 1 {
		t.Errorf("%d rows from the end, %d from the start", n, m)
	}
	for name, value := range map[string]string{"no.such": "1", "auto.offset.reset": "sometimes", "ksql.service.id": "x"} {
		var e *ksql.Error
		_, err := h.Execute(h.ctx, `SHOW STREAMS;`, ksql.Property(name, value))
		if !errors.As(err, &e) || e.Kind != ksql.StatementError {
			t.Errorf("%s = %s: %v", name, value, err)
		}
	}
}

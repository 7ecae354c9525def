package ksql_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// teas is an engine with three orders.
func teas(t *testing.T, opts ...ksql.Option) *host {
	h := newHost(t, append(opts, ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))...)
	h.exec(orders)
	h.exec(`INSERT INTO orders VALUES (1, 'tea', 2); INSERT INTO orders VALUES (2, 'milk', NULL); INSERT INTO orders VALUES (3, 'tea', 4);`)
	h.sync()
	return h
}

func TestRows(t *testing.T) {
	h := teas(t)
	rows := h.query(`SELECT item, qty FROM totals WHERE item = 'tea';`)
	if rows.Row() != nil || rows.Tombstone() || rows.Scan(new(string), new(int)) == nil {
		t.Error("a row before Next")
	}
	if !rows.Ready() || !rows.Next() || rows.Ready() {
		t.Error("not one row")
	}
	row := rows.Row()
	for range 2 {
		if rows.Next() || rows.Err() != nil || rows.Row() != nil || rows.Limited() {
			t.Error("the end is no end")
		}
	}
	same(t, [][]any{row}, []any{"tea", int32(6)})
	want := sql.Schema{{Field: sql.Field{Name: "ITEM", Type: sql.TString}, Role: sql.KeyRole}, {Field: sql.Field{Name: "QTY", Type: sql.TInteger}}}
	if !reflect.DeepEqual(rows.Schema(), want) || !strings.HasPrefix(rows.QueryID(), "query_") {
		t.Error(rows.Schema(), rows.QueryID())
	}
	for text, limited := range map[string]bool{
		`SELECT * FROM totals LIMIT 1;`: true, `SELECT * FROM totals LIMIT 5;`: false, `SELECT * FROM orders LIMIT 2;`: true,
		`SELECT * FROM orders;`: false, `SELECT * FROM orders EMIT CHANGES LIMIT 3;`: true, `SELECT * FROM totals LIMIT 0;`: false,
	} {
		rows := h.query(text)
		for rows.Next() {
		}
		if rows.Err() != nil || rows.Limited() != limited {
			t.Errorf("%s: limited %t, %v", text, rows.Limited(), rows.Err())
		}
	}
}

func TestScan(t *testing.T) {
	h := newHost(t)
	h.exec(`CREATE STREAM s (id INT KEY, l BIGINT, d DOUBLE, n DECIMAL(6, 2), name STRING, y BYTES, ti TIME, da DATE, ts TIMESTAMP,
		a ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<x INT, the_name STRING>, gone STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	noon := time.UnixMilli(1_700_000_000_000).UTC()
	h.exec(`INSERT INTO s VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);`, 1, 2, 2.5, "1.25", "tea", []byte("y"), time.Minute, noon.Truncate(24*time.Hour), noon,
		[]any{1, nil}, map[string]int{"a": 1}, point{X: 1}.named("p"), nil)
	type inner struct {
		X       *int
		TheName string
	}
	type outer struct {
		ID     int64
		Long   uint8 `ksql:"l"`
		D      float32
		N      float64
		Name   *string
		Y      []byte
		Ti     time.Duration
		Da, Ts time.Time
		A      []*int16
		M      map[string]int
		St     inner
		Gone   *string
		hidden int
		Other  string
	}
	one, x, tea := int16(1), 1, "tea"
	want := outer{1, 2, 2.5, 1.25, &tea, []byte("y"), time.Minute, noon.Truncate(24 * time.Hour), noon, []*int16{&one, nil}, map[string]int{"a": 1}, inner{&x, "p"}, nil, 0, "kept"}
	rows := h.query(`SELECT * FROM s;`)
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	got, old := outer{Other: "kept"}, "old"
	got.Gone = &old
	if err := rows.Scan(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	var v outer
	var n vec.Decimal
	var any1, any2 any
	plain := "old"
	if err := rows.Scan(&v.ID, &v.Long, &v.D, &n, &v.Name, &v.Y, &v.Ti, &v.Da, &v.Ts, &v.A, &any1, &any2, &plain); err != nil {
		t.Fatal(err)
	}
	if n.String() != "1.25" || !reflect.DeepEqual(any1, &vec.MapValue{Keys: []any{"a"}, Values: []any{int32(1)}}) || !reflect.DeepEqual(any2, vec.StructValue{int32(1), "p"}) || plain != "" {
		t.Error(n, any1, any2, plain)
	}
	rows = h.query(`SELECT 300 AS big, -1 AS minus, 'x' AS name, n, l FROM s;`)
	rows.Next()
	var i8 int8
	var u uint
	var f float64
	var s, text string
	for _, c := range []struct {
		dst  []any
		want string
	}{
		{[]any{&i8, &i8, &s, &f, &f}, "column BIG: INTEGER does not fit a int8"},
		{[]any{&f, &u, &s, &f, &f}, "column MINUS: INTEGER does not fit a uint"},
		{[]any{&f, &f, &f, &f, &f}, "column NAME: STRING does not fit a float64"},
		{[]any{&f, &f, &s, &i8, &f}, "column N: DECIMAL(6, 2) does not fit a int8"},
		{[]any{&f, &f, &s, &f, &s}, "column L: BIGINT does not fit a string"},
		{[]any{&f}, "Scan of 5 columns into 1 variables"},
		{[]any{&f, &f, s, &f, &f}, "column NAME: cannot scan into a string: a pointer is needed"},
		{[]any{(*outer)(nil)}, "a pointer to a struct is needed"},
		{[]any{&struct{ Big, Minus int }{}}, "has no field for column NAME"},
		{[]any{&f, &f, &s, &text, &f}, ""},
	} {
		if err := rows.Scan(c.dst...); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if text != "1.25" {
		t.Error(text)
	}
}

// named is a STRUCT whose fields have other names than the column's.
func (p point) named(s string) any {
	return struct {
		X       int
		TheName string `ksql:"THE_NAME"`
	}{p.X, s}
}

func TestTombstone(t *testing.T) {
	h := newHost(t, ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	h.exec(`CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE big AS SELECT * FROM t WHERE v > 10;`)
	live := h.query(`SELECT * FROM big EMIT CHANGES;`)
	h.exec(`INSERT INTO t VALUES (1, 20);`)
	h.sync()
	h.exec(`INSERT INTO t VALUES (1, 5);`)
	for _, gone := range []bool{false, true} {
		if !live.Next() || live.Tombstone() != gone || live.Row()[0] != int32(1) || (live.Row()[1] == nil) != gone {
			t.Errorf("%v %t %v", live.Row(), live.Tombstone(), live.Err())
		}
	}
}

// TestBatches: records have the rows that Next has not given, and memory of their own.
func TestBatches(t *testing.T) {
	mem := memory.NewCheckedAllocator(vec.GoMem())
	h := teas(t, ksql.WithAllocator(mem), ksql.WithBatch(2))
	var kept []vec.Record
	rows := h.query(`SELECT id, item, qty FROM orders EMIT CHANGES LIMIT 3;`)
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	for rec, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, rec)
	}
	if rows.Next() || rows.Close() != nil || h.Close() != nil {
		t.Error("not at the end")
	}
	if mem.CurrentAlloc() == 0 {
		t.Error("the records are not the allocator's")
	}
	n := int64(0)
	for _, rec := range kept {
		n += rec.NumRows()
		if f := rec.Schema().Field(2); f.Name != "QTY" || f.Type.ID() != arrow.INT32 || !f.Nullable {
			t.Error(f)
		}
		cols, err := vec.FromRecord(rec)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cols[0].N {
			if cols[1].Get(i) == "milk" && cols[2].Get(i) != nil {
				t.Error(cols[2].Get(i))
			}
		}
		rec.Release()
	}
	if n != 2 {
		t.Errorf("%d rows after the first", n)
	}
	mem.AssertSize(t, 0)
}

// TestBatchesStop: who leaves the loop early has the record that was given, and the rest afterwards.
func TestBatchesStop(t *testing.T) {
	h := teas(t)
	rows := h.query(`SELECT id FROM orders EMIT CHANGES;`)
	for rec, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		rec.Release()
		break
	}
	h.exec(`INSERT INTO orders VALUES (9, 'tea', 1);`)
	for rows.Next() && rows.Row()[0] != int32(9) {
	}
	if rows.Err() != nil || rows.Row() == nil {
		t.Error(rows.Err())
	}
}

// TestCloseRows: Close from another goroutine ends a Next that waits; what comes last is no error.
func TestCloseRows(t *testing.T) {
	h := teas(t)
	rows := h.query(`SELECT * FROM orders WHERE id > 100 EMIT CHANGES;`)
	go func() {
		time.Sleep(10 * time.Millisecond)
		rows.Close()
	}()
	if rows.Next() || rows.Err() != nil {
		t.Error(rows.Err())
	}
	rows = h.query(`SELECT * FROM orders;`)
	rows.Next()
	for range 2 {
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
	if rows.Next() || rows.Err() != nil {
		t.Error("a row after Close")
	}
	for rec := range rows.Batches() {
		t.Error("a batch after Close", rec)
		rec.Release()
	}
}

// TestAllEndsWithError: the error of a context stands at the end of All and Batches.
func TestAllEndsWithError(t *testing.T) {
	h := teas(t)
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	rows, err := h.Query(ctx, `SELECT id FROM orders EMIT CHANGES;`)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for row, err := range rows.All() {
		switch {
		case err == nil:
			if n++; n == 3 {
				cancel()
			}
		case row != nil || !errors.Is(err, context.Canceled):
			t.Error(row, err)
		default:
			n += 10
		}
	}
	if n != 13 {
		t.Error(n)
	}
	for rec, err := range rows.Batches() {
		if rec != nil || !errors.Is(err, context.Canceled) {
			t.Error(rec, err)
		}
		n++
	}
	if n != 14 {
		t.Error(n)
	}
}

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
	same1, err := h.Prepare(h.ctx, `SELECT ?->X AS x FROM totals LIMIT 1;`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ arg, want any }{{struct{ X int }{1}, int32(1)}, {struct{ X string }{"a"}, "a"}, {struct{ Y, X int }{1, 2}, int32(2)}} {
		rows, err := same1.Query(h.ctx, c.arg)
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

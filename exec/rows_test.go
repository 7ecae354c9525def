package exec_test

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

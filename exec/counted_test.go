package exec

import (
	"context"
	"errors"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/meta"
)

// TestRestoredStateCounts: what tables hold counts from when it is read back, not from the first row after that.
func TestRestoredStateCounts(t *testing.T) {
	ctx := context.Background()
	log, err := local.Open("data", local.Options{FS: local.NewForgetful()})
	if err != nil {
		t.Fatal(err)
	}
	view, err := meta.Open(meta.Memory)
	if err != nil {
		t.Fatal(err)
	}
	open := func() *Engine {
		e, err := Open(ctx, Options{Log: log, Functions: fn.Builtins(), Meta: view, Memory: 64 << 20})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	list, err := sql.Parse(`CREATE TABLE p (k INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='p', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE t AS SELECT k, v FROM p;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if _, err := e.Change(ctx, p, nil); err != nil {
			t.Fatal(err)
		}
	}
	var rows [][]any
	for k := range 1000 {
		rows = append(rows, []any{int32(k), int32(k)})
	}
	s := e.Catalog().Source("P")
	if _, err := e.AppendRows(ctx, s, s.Schema, rows, make([]int64, len(rows))); err != nil {
		t.Fatal(err)
	}
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		q, _ := e.Query("CTAS_T_1")
		var held int64
		for _, k := range q.tasks() {
			for _, keeper := range k.line.keepers {
				for _, tab := range keeper.Tables() {
					held += tab.Bytes()
				}
			}
		}
		if n := e.memory.tables.Load(); n != held || n == 0 {
			t.Errorf("%d bytes are counted of %d", n, held)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if n := e.memory.tables.Load(); n != 0 {
			t.Errorf("%d bytes are left", n)
		}
		e = open()
	}
	if err := errors.Join(e.Close(), view.Close(), log.Close()); err != nil {
		t.Error(err)
	}
}

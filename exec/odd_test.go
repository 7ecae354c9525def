package exec_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// TestPullOdd: keys that are null or named twice are no rows; a value that fails or is too large is null, and a row
// whose predicate is does not pass. An error is told to the one who asked; the table goes on answering.
func TestPullOdd(t *testing.T) {
	panics := fn.Func{Name: "PANICS", Variants: []fn.Variant{fn.Fn1("x: any", func(int32) int32 { panic("of a row") })}}
	for _, page := range []int64{1, 1 << 20} {
		h := newHost(t, early, ksql.WithFunctions(panics), ksql.WithMemoryLimit(64<<20), ksql.WithPage(page))
		h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=1);
			CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
		for i := range 6 {
			h.exec(`INSERT INTO s VALUES (?, 1);`, i)
		}
		h.sync()
		for _, c := range []struct {
			text string
			args []any
			want int // rows
			err  string
		}{
			{`SELECT k FROM t WHERE k IN (3, 4, 3, 99, 4);`, nil, 2, ""},
			{`SELECT k FROM t WHERE k = ?;`, []any{nil}, 0, "Comparison with NULL not supported"},
			{`SELECT k FROM t WHERE k IN (?, 3);`, []any{nil}, 1, ""},
			{`SELECT k FROM t WHERE k > ?;`, []any{2}, 3, ""},
			{`SELECT k FROM t WHERE k >= ? AND k < ?;`, []any{2, 4}, 2, ""},
			{`SELECT k FROM t WHERE k <= ?;`, []any{2}, 3, ""},
			{`SELECT k FROM t WHERE k > 10 / ?;`, []any{0}, 0, ""},
			{`SELECT k FROM t WHERE k > 10 / ?;`, []any{5}, 3, ""},
			{`SELECT RPAD('a', 10000000, 'x') AS x FROM t WHERE k = 1;`, nil, 1, ""},
			{`SELECT k FROM t WHERE LEN(RPAD('a', 10000000, 'x')) > k;`, nil, 0, ""},
			{`SELECT PANICS(k) AS x FROM t WHERE k = 1;`, nil, 1, ""},
			{`SELECT k FROM t WHERE PANICS(CAST(n AS INT)) = 1;`, nil, 0, ""},
		} {
			n := 0
			rows, err := h.Query(h.ctx, c.text, c.args...)
			if err == nil {
				for rows.Next() {
					n++
				}
				err = errors.Join(rows.Err(), rows.Close())
			}
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || n != c.want {
				t.Errorf("pages of %d: %s %v: %d rows, %v", page, c.text, c.args, n, err)
			}
		}
		same(t, h.all(`SELECT k, n FROM t WHERE k = 1;`), []any{int32(1), int64(1)})
		whole(t, h)
		if !h.Health().Healthy() {
			t.Errorf("%+v", h.Health())
		}
	}
}

// TestAppendOfServer: rows of a front end stand in the partition of their key, as of the engine's clock.
func TestAppendOfServer(t *testing.T) {
	h := newHost(t, early)
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=4);`)
	src := h.Catalog().Source("S")
	rows := [][]any{{int32(1), int32(10)}, {int32(2), nil}, {nil, int32(30)}, {int32(1), int32(40)}}
	if err := h.Server().Append(h.ctx, src, src.Schema, rows); err != nil {
		t.Fatal(err)
	}
	got := map[any][]any{}
	for _, row := range h.all(`SELECT k, v, ROWTIME AS ms, ROWPARTITION AS p FROM s EMIT CHANGES LIMIT 4;`) {
		got[row[0]] = append(got[row[0]], row[1])
		if row[2].(int64) == 0 || row[0] == nil && row[3] != int32(0) {
			t.Error(row)
		}
		if key := []byte{0, 0, 0, 1}; row[0] == int32(1) && row[3] != store.Partition(key, 4) {
			t.Error(row)
		}
	}
	if len(got) != 3 || len(got[int32(1)]) != 2 || got[int32(1)][0] != int32(10) || got[int32(1)][1] != int32(40) || got[int32(2)][0] != nil || got[nil][0] != int32(30) {
		t.Error(got)
	}
}

package exec_test

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql"
)

// TestScalable: where it is enabled, a push query of new rows of one persistent query, that only filters and projects
// them, is scalable: its id says so, and rows without a key or a value are left out. All others are not.
func TestScalable(t *testing.T) {
	h := newHost(t)
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM d AS SELECT k, v FROM s;
		CREATE STREAM two AS SELECT k, v FROM s;
		INSERT INTO two SELECT k, v FROM s;
		CREATE TABLE n AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;`)
	enabled := ksql.Property("ksql.query.push.v2.enabled", "true")
	early := ksql.Property("auto.offset.reset", "earliest")
	for _, c := range []struct {
		text string
		args []any
		want bool
	}{
		{`SELECT k, v FROM d EMIT CHANGES;`, []any{enabled}, true},
		{`SELECT k, v + 1 AS w FROM d WHERE v > 1 EMIT CHANGES;`, []any{enabled}, true},
		{`SELECT * FROM n EMIT CHANGES;`, []any{enabled, ksql.Property("auto.offset.reset", "latest")}, true},
		{`SELECT * FROM n EMIT CHANGES;`, []any{enabled}, false}, // a table is read from its beginning
		{`SELECT k, v FROM d EMIT CHANGES;`, nil, false},
		{`SELECT k, v FROM d EMIT CHANGES;`, []any{enabled, early}, false},
		{`SELECT k, ROWOFFSET FROM d EMIT CHANGES;`, []any{enabled}, false},
		{`SELECT k, ROWPARTITION FROM d EMIT CHANGES;`, []any{enabled}, false},
		{`SELECT k, v FROM s EMIT CHANGES;`, []any{enabled}, false},   // nobody writes it
		{`SELECT k, v FROM two EMIT CHANGES;`, []any{enabled}, false}, // two queries do
		{`SELECT v, COUNT(*) AS n FROM d GROUP BY v EMIT CHANGES;`, []any{enabled}, false},
		{`SELECT k, v FROM d PARTITION BY v EMIT CHANGES;`, []any{enabled}, false},
		{`SELECT k, EXPLODE(ARRAY[v]) AS e FROM d EMIT CHANGES;`, []any{enabled}, false},
	} {
		rows := h.query(c.text, c.args...)
		if got := strings.HasPrefix(rows.QueryID(), "SCALABLE_PUSH_QUERY_"); got != c.want {
			t.Errorf("%s %v: %s", c.text, c.args, rows.QueryID())
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
	scalable, plain := h.query(`SELECT k, v FROM d EMIT CHANGES;`, enabled), h.query(`SELECT k, v FROM d EMIT CHANGES;`)
	h.exec(`INSERT INTO s (v) VALUES (1); INSERT INTO s VALUES (2, 2); INSERT INTO s VALUES (3, NULL);`)
	take := func(rows *ksql.Rows, n int) (out [][]any) {
		for range n {
			if !rows.Next() {
				t.Fatal(rows.Err())
			}
			out = append(out, rows.Row())
		}
		return out
	}
	same(t, take(plain, 3), []any{nil, int32(1)}, []any{int32(2), int32(2)}, []any{int32(3), nil})
	same(t, take(scalable, 2), []any{int32(2), int32(2)}, []any{int32(3), nil})
}

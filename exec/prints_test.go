package exec

import (
	"context"
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestPrints: the prints of all kinds of state. Directories hold these texts: whoever changes one loses the state of
// every query that has it.
func TestPrints(t *testing.T) {
	ctx := context.Background()
	e, _ := inMemory(ctx, t)
	run := func(text string) {
		t.Helper()
		list, err := sql.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if _, err := e.Change(ctx, s, nil); err != nil {
				t.Fatal(s.Text, err)
			}
		}
	}
	run(`CREATE STREAM s (k INT KEY, v INT, w STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t (k INT PRIMARY KEY, v INT, ` + "`x y`" + ` DECIMAL(4, 2)) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	for _, c := range []struct {
		query string
		want  []string // of each table: step, cells
	}{
		{`CREATE TABLE o AS SELECT k, COUNT(*) AS n, SUM(v) AS v, TOPK(w, 3) AS top FROM s GROUP BY k;`,
			[]string{"groups of a stream by (`K` INTEGER KEY)", "COUNT(BIGINT) BIGINT from BIGINT", "SUM(INTEGER) INTEGER from INTEGER", "TOPK(STRING, INTEGER = 3) ARRAY<STRING> from ARRAY<STRING>"}},
		{`CREATE TABLE o WITH (KEY_FORMAT='JSON') AS SELECT w, k, COUNT(v) AS n FROM s GROUP BY w, k;`,
			[]string{"groups of a stream by (`W` STRING KEY, `K` INTEGER KEY)"}},
		{`CREATE TABLE o AS SELECT v, COUNT(*) AS n FROM t GROUP BY v;`, []string{"groups of a table by (`V` INTEGER KEY)"}},
		{`CREATE TABLE o AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS, RETENTION 1 DAY, GRACE PERIOD 1 SECOND) GROUP BY k;`,
			[]string{"groups of a stream by (`K` INTEGER KEY) in a tumbling window of 10000 ms, advance 10000, grace 1000, retention 86400000"}},
		{`CREATE TABLE o AS SELECT k, COUNT(*) AS n FROM s WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS, RETENTION 1 DAY, GRACE PERIOD 0 SECONDS) GROUP BY k EMIT FINAL;`,
			[]string{"groups of a stream by (`K` INTEGER KEY) in a hopping window of 10000 ms, advance 5000, grace 0, retention 86400000, final"}},
		{`CREATE TABLE o AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (10 SECONDS, RETENTION 1 DAY, GRACE PERIOD 1 SECOND) GROUP BY k;`,
			[]string{"groups of a stream by (`K` INTEGER KEY) in a session window of 10000 ms, advance 0, grace 1000, retention 86400000"}},
		{`CREATE TABLE o AS SELECT * FROM t;`, []string{"rows by (`K` INTEGER KEY)", "`V` INTEGER", "`x y` DECIMAL(4, 2)"}},
		{`CREATE TABLE o AS SELECT v, MAX(k) AS m, LATEST_BY_OFFSET(w, 2) AS l FROM s GROUP BY v;`, []string{"LATEST_BY_OFFSET(STRING, INTEGER = 2) ARRAY<STRING> from ARRAY<STRUCT<`SEQ` BIGINT, `VAL` STRING>>"}},
	} {
		run(c.query)
		var got []string
		for q := range e.Catalog().Queries() {
			live, ok := e.Query(q.ID)
			if !ok {
				t.Fatal(q.ID)
			}
			for _, s := range live.rec.Shape.Stages {
				for _, tab := range s.Tables {
					got = append(append(got, tab.Print.Step), tab.Print.Cells...)
				}
			}
			run(`DROP TABLE o;`)
		}
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("%s\ngot  %q\nwant %q", c.query, got, w)
			}
		}
	}
}

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// roles prints a schema with the role of each column.
func roles(s sql.Schema) string {
	var out []string
	for _, c := range s {
		out = append(out, fmt.Sprint(c.Name, ":", map[sql.Role]string{sql.ValueRole: "v", sql.KeyRole: "k", sql.HeadersRole: "h", sql.PseudoRole: "p"}[c.Role]))
	}
	return strings.Join(out, " ")
}

const sourcesOfAll = `CREATE STREAM A (V INT, K INT KEY, H BYTES HEADER('h'), L INT KEY, W STRING) WITH (KAFKA_TOPIC='a', FORMAT='JSON', PARTITIONS=1);
CREATE STREAM AW (V INT, K INT KEY, W STRING) WITH (KAFKA_TOPIC='aw', FORMAT='JSON', PARTITIONS=1, WINDOW_TYPE='SESSION');
`

// TestProjections: the columns of each step, and which of them a later step reads.
func TestProjections(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT * FROM A", "Scan K:k L:k V:v W:v H:h | Project K:v L:v V:v W:v H:v"},
		{"SELECT W, K FROM A", "Scan K:k L:k (V:v) W:v (H:h) | Project W:v K:v"},
		{"SELECT K AS X, K + 1 AS Y, ROWTIME FROM A WHERE V > 1", "Scan K:k L:k V:v (W:v) (H:h) ROWTIME:p | Filter K:k L:k (V:v) (W:v) (H:h) ROWTIME:p | Project X:v Y:v ROWTIME:v"},
		{"SELECT * FROM AW", "Scan K:k WINDOWSTART:p WINDOWEND:p V:v W:v | Project K:v WINDOWSTART:v WINDOWEND:v V:v W:v"},
		{"SELECT V FROM AW", "Scan K:k WINDOWSTART:p WINDOWEND:p V:v (W:v) | Project V:v"},
		{"SELECT V, H FROM A PARTITION BY V", "Scan K:k L:k V:v (W:v) H:h | Rekey V:k (W:v) H:h (K:v) (L:v) | Project V:v H:v"},
		{"SELECT * FROM A PARTITION BY V + 1, W", "Scan K:k L:k V:v W:v H:h | Rekey KSQL_COL_0:k W:k V:v H:h K:v L:v | Project KSQL_COL_0:v W:v V:v H:v K:v L:v"},
		{"SELECT V + 1 AS X, ROWTIME AS R, V FROM A PARTITION BY V + 1", "Scan K:k L:k V:v (W:v) (H:h) ROWTIME:p | Rekey KSQL_COL_0:k V:v (W:v) (H:h) (K:v) (L:v) ROWTIME:p | Project X:v R:v V:v"},
		{"SELECT K FROM A PARTITION BY NULL", "Scan K:k L:k (V:v) (W:v) (H:h) | Rekey (V:v) (W:v) (H:h) K:v (L:v) | Project K:v"},
		{"SELECT EXPLODE(ARRAY[V]) + K AS X, W FROM A", "Scan K:k L:k V:v W:v (H:h) | FlatMap K:k L:k (V:v) W:v (H:h) KSQL_SYNTH_0:v | Project X:v W:v"},
		{"SELECT SUM(V) FROM A GROUP BY W", "Scan K:k L:k V:v W:v (H:h) | Project W:k KSQL_INTERNAL_COL_1:v | Exchange W:k KSQL_INTERNAL_COL_1:v | Aggregate W:k KSQL_AGG_VARIABLE_0:v | Project KSQL_COL_0:v"},
		{"SELECT MIN(K) FROM A GROUP BY W HAVING SUM(V) > 1", "Scan K:k L:k V:v W:v (H:h) | Project W:k KSQL_INTERNAL_COL_1:v KSQL_INTERNAL_COL_2:v | Exchange W:k KSQL_INTERNAL_COL_1:v KSQL_INTERNAL_COL_2:v | Aggregate W:k KSQL_AGG_VARIABLE_0:v KSQL_AGG_VARIABLE_1:v | Filter W:k KSQL_AGG_VARIABLE_0:v (KSQL_AGG_VARIABLE_1:v) | Project KSQL_COL_0:v"},
		{"CREATE STREAM O AS SELECT V, L AS X, K, H FROM A", "Scan K:k L:k V:v (W:v) H:h | Project K:k X:k V:v H:v | Sink K:k X:k V:v H:v"},
		{"CREATE STREAM O AS SELECT W, V, K FROM AW", "Scan K:k WINDOWSTART:p WINDOWEND:p V:v W:v | Project K:k WINDOWSTART:p WINDOWEND:p W:v V:v | Sink K:k WINDOWSTART:p WINDOWEND:p W:v V:v"},
		{"CREATE STREAM O WITH (KEY_FORMAT='JSON') AS SELECT L, W, K, V AS X, V + 1 AS Y FROM A PARTITION BY V, K", "Scan K:k L:k V:v W:v (H:h) | Rekey V:k K:k W:v (H:h) L:v | Project X:k K:k L:v W:v Y:v | Sink X:k K:k L:v W:v Y:v"},
		{"CREATE TABLE O AS SELECT SUM(V) AS N, W, MAX(L) AS M FROM A GROUP BY W", "Scan K:k L:k V:v W:v (H:h) | Project W:k KSQL_INTERNAL_COL_1:v KSQL_INTERNAL_COL_2:v | Exchange W:k KSQL_INTERNAL_COL_1:v KSQL_INTERNAL_COL_2:v | Aggregate W:k KSQL_AGG_VARIABLE_0:v KSQL_AGG_VARIABLE_1:v | Project W:k N:v M:v | Sink W:k N:v M:v"},
	} {
		w := newWorld(t, sourcesOfAll)
		var root Step
		if strings.HasPrefix(c.text, "SELECT") {
			q, err := pushOf(w, c.text+" EMIT CHANGES;")
			if err != nil {
				t.Errorf("%s: %v", c.text, err)
				continue
			}
			root = q.Root
			for i, col := range root.Out().Schema {
				if q.Schema[i].Role != sql.ValueRole || q.Schema[i].Name != col.Name {
					t.Errorf("%s: the result says %s of %s", c.text, q.Schema[i], col)
				}
				root.Out().Schema[i].Role = sql.ValueRole
			}
		} else if err := w.run(c.text + ";"); err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		} else {
			root = w.last.Start.Root
		}
		var out []string
		for _, s := range Steps(root) {
			h := s.Out()
			cols := strings.Fields(roles(h.Schema))
			for i := range cols {
				if !wants(h.Live, i) {
					cols[i] = "(" + cols[i] + ")"
				}
			}
			out = append(out, names(s)[strings.LastIndexByte(names(s), ' ')+1:]+" "+strings.Join(cols, " "))
		}
		if got := strings.Join(out, " | "); got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.text, got, c.want)
		}
	}
}

// TestKeyTwice: two key columns of a result have two names.
func TestKeyTwice(t *testing.T) {
	w := newWorld(t, sourcesOfAll)
	if err := w.run("CREATE STREAM O AS SELECT V, K AS X, L AS X FROM A;"); err == nil || !strings.Contains(err.Error(), "Duplicate key columns found in schema: `X` INTEGER") {
		t.Error(err)
	}
}

// TestRemembered: a push query remembers of a table's rows what it reads; a persistent one all of them.
func TestRemembered(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT ROWTIME, B FROM T WHERE A > 1": "[0 1 2] 3", "SELECT ID FROM T WHERE B = 'x'": "[0 2] -1", "SELECT B, ROWOFFSET FROM T WHERE ROWTIME > 1": "[0 4 2] 3",
		"CREATE TABLE O AS SELECT ID, A FROM T": "[0 4 5 1 2] 3",
	} {
		w := newWorld(t, people)
		var root Step
		if strings.HasPrefix(text, "SELECT") {
			q, err := pushOf(w, text+" EMIT CHANGES;")
			if err != nil {
				t.Fatal(err)
			}
			root = q.Root
		} else if err := w.run(text + ";"); err != nil {
			t.Fatal(err)
		} else {
			root = w.last.Start.Root
		}
		latest := Steps(root)[1].(*Latest)
		if got := fmt.Sprint(latest.Kept(), " ", latest.RowTime()); got != want {
			t.Errorf("%s: %s of %s, want %s", text, got, latest.Schema, want)
		}
	}
}

// TestPushRoles: the rows of a push query tell which of their columns are the key's.
func TestPushRoles(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT V, K, K AS X, K + 1 AS Y, L FROM A": "V:v K:k X:k Y:v L:k", "SELECT V, WINDOWEND AS E, K, WINDOWSTART FROM AW": "V:v E:p K:k WINDOWSTART:p", "SELECT ROWTIME, V FROM A": "ROWTIME:v V:v", "SELECT H FROM A": "H:v",
		"SELECT COUNT(*) AS N, W FROM A GROUP BY W": "N:v W:k", "SELECT COUNT(*) AS N, WINDOWSTART FROM A WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY W": "N:v WINDOWSTART:p",
	} {
		q, err := pushOf(newWorld(t, sourcesOfAll), text+" EMIT CHANGES;")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		h := q.Root.Out()
		if got := roles(h.Schema); got != want || h.Window != nil || h.Name != "Project" {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestKeysOfNewPlanner: ksqlDB's other planner keeps key columns as the projection has them.
func TestKeysOfNewPlanner(t *testing.T) {
	for on, want := range map[string]string{"false": "`K` INTEGER KEY, `L` INTEGER KEY, `V` INTEGER", "true": "`L` INTEGER KEY, `K` INTEGER KEY, `V` INTEGER"} {
		w := newWorld(t, sourcesOfAll)
		w.env.Props["ksql.new.query.planner.enabled"] = on
		if err := w.run("CREATE STREAM O AS SELECT V, L, K FROM A;"); err != nil || w.cat.Source("O").Schema.String() != want {
			t.Errorf("%s: %v %s", on, err, w.cat.Source("O").Schema)
		}
	}
}

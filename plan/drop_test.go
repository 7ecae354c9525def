package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestDrop: what a DROP takes with it, and what stands in its way (spec 9.6).
func TestDrop(t *testing.T) {
	const with = " WITH (KAFKA_TOPIC='%', VALUE_FORMAT='JSON', PARTITIONS=1);"
	of := func(topic string) string { return strings.Replace(with, "%", topic, 1) }
	script := people + "CREATE SOURCE TABLE R (K INT PRIMARY KEY, A INT)" + of("r") + "CREATE SOURCE STREAM RS (K INT KEY, A INT)" + of("rs") + "CREATE STREAM LOG (A INT)" + of("log") +
		"CREATE STREAM U (A INT)" + of("u") + "CREATE STREAM V (A INT)" + of("u") + "CREATE STREAM X (K STRING KEY, A INT)" + of("x") +
		"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K; CREATE STREAM C AS SELECT K, A FROM S;"
	for _, c := range []struct {
		sql  string
		stop []string // or nil
		gone string   // the topic that is deleted
	}{
		{"DROP STREAM W;", nil, ""}, {"DROP STREAM W DELETE TOPIC;", nil, "w"}, {"DROP TABLE R;", []string{"CST_R_0"}, ""}, {"DROP STREAM RS;", nil, ""}, {"DROP STREAM LOG;", nil, ""},
		{"DROP STREAM U;", nil, ""}, {"DROP TABLE O;", []string{"CTAS_O_1"}, ""}, {"DROP TABLE O DELETE TOPIC;", []string{"CTAS_O_1"}, "O"}, {"DROP STREAM IF EXISTS C DELETE TOPIC;", []string{"CSAS_C_2"}, "C"},
		{"TERMINATE CTAS_O_1; DROP TABLE O;", nil, ""}, {"DROP STREAM U; DROP STREAM V DELETE TOPIC;", nil, "u"},
	} {
		w := newWorld(t, script)
		cmd := w.do(c.sql)
		name := cmd.Drop[0]
		if gone := strings.Join(cmd.DeleteTopics, " "); gone != c.gone || !slices.Equal(cmd.Stop, c.stop) || w.cat.Source(name) != nil || len(cmd.Drop) != 1 {
			t.Errorf("%s: %+v", c.sql, cmd.Effect)
		}
		if !strings.HasPrefix(cmd.Message, "Source `"+name+"` (topic: ") || !strings.HasSuffix(cmd.Message, ") was dropped.") {
			t.Error(cmd.Message)
		}
		for _, id := range c.stop {
			if w.cat.Query(id) != nil {
				t.Errorf("%s: %s still runs", c.sql, id)
			}
		}
	}
	w := newWorld(t, script)
	w.env.ReadOnly = func(topic string) bool { return topic == "log" }
	w.told("DROP STREAM IF EXISTS NOPE;", "Source `NOPE` does not exist.", "")
	w.refused("DROP TABLE NOPE;", "Table NOPE does not exist.")
	w.refused("DROP STREAM IF EXISTS T;", "Incompatible data source type is table, but statement was DROP stream")
	w.refused("DROP TABLE S;", "Incompatible data source type is stream, but statement was DROP table")
	w.refused("DROP TABLE R DELETE TOPIC;", "Cannot delete topic for read-only source: R")
	w.refused("DROP STREAM LOG DELETE TOPIC;", "Cannot delete the read-only topic: log")
	w.refused("DROP STREAM U DELETE TOPIC;", "Refusing to delete topic. Found other data sources (V) using topic u")
	w.do("CREATE STREAM ANOTHER (A INT)" + of("u"))
	w.refused("DROP STREAM U DELETE TOPIC;", "Refusing to delete topic. Found other data sources (ANOTHER, V) using topic u")
	w.refused("DROP STREAM S;", "Cannot drop S.\nThe following streams and/or tables read from this source: [C, O].\nYou need to drop them before dropping S.")
	w.do("INSERT INTO C SELECT K, A FROM X;") // 3
	w.do("INSERT INTO X SELECT K, A FROM C;") // 4
	w.refused("DROP STREAM C;", "The following queries read from this source: [INSERTQUERY_4].\nThe following queries write into this source: [INSERTQUERY_3].\nYou need to terminate them before dropping C.")
	w.do("TERMINATE INSERTQUERY_3;")
	w.refused("DROP STREAM C;", "The following queries read from this source: [INSERTQUERY_4].\nThe following queries write into this source: [].\n")
	w.refused("DROP STREAM X;", "The following queries read from this source: [].\nThe following queries write into this source: [INSERTQUERY_4].\n")
	w.do("TERMINATE INSERTQUERY_4; DROP STREAM C;")
}

// TestQueriesByID: TERMINATE, PAUSE and RESUME take an id in any letter case, or all; not what keeps a SOURCE table (spec 9.9).
func TestQueriesByID(t *testing.T) {
	script := people + "CREATE SOURCE TABLE R (K INT PRIMARY KEY, A INT) WITH (KAFKA_TOPIC='r', VALUE_FORMAT='JSON', PARTITIONS=1);" +
		"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K; CREATE STREAM C AS SELECT K, A FROM S; INSERT INTO C SELECT K, A FROM S;"
	all := []string{"CSAS_C_2", "CTAS_O_1", "INSERTQUERY_3"}
	w := newWorld(t, script)
	if cmd := w.do("PAUSE ALL;"); !slices.Equal(cmd.Pause, all) || cmd.Message != "Query paused." || cmd.Resume != nil || cmd.Stop != nil {
		t.Errorf("%+v", cmd)
	}
	for q := range w.cat.Queries() {
		if q.Paused != (q.Kind != PersistentSource) {
			t.Errorf("%s: paused %v", q.ID, q.Paused)
		}
	}
	if cmd := w.do("RESUME ctas_O_1;"); !slices.Equal(cmd.Resume, []string{"CTAS_O_1"}) || cmd.Message != "Query resumed." || w.cat.Query("CTAS_O_1").Paused || !w.cat.Query("CSAS_C_2").Paused {
		t.Errorf("%+v", cmd)
	}
	if cmd := w.do("TERMINATE INSERTQUERY_3;"); cmd.Put != nil || !slices.Equal(cmd.Stop, all[2:]) || cmd.Message != "Query terminated." {
		t.Errorf("%+v", cmd)
	}
	if cmd := w.do("TERMINATE ALL;"); !slices.Equal(cmd.Stop, all[:2]) || len(cmd.Put) != 1 || cmd.Put[0].Name != "O" || cmd.Put[0].State != "" || cmd.Put[0].Query != "CTAS_O_1" {
		t.Errorf("%+v", cmd.Effect)
	}
	if w.cat.NumQueries() != 1 || w.cat.Source("O").State != "" || w.cat.Source("R").State != "CST_R_0" {
		t.Error("something else than the query that keeps R is left")
	}
	for verb, s := range map[string]string{"terminate": "TERMINATE", "pause": "PAUSE", "resume": "RESUME"} {
		w.refused(s+" cst_r_0;", "Cannot "+verb+" query 'CST_R_0' because it is linked to a source table.")
		w.refused(s+" NOPE;", "Unknown queryId: NOPE")
	}
	if cmd := w.do("TERMINATE `transient_S_1`;"); !slices.Equal(cmd.Stop, []string{"transient_S_1"}) || cmd.Put != nil || w.cat.NumQueries() != 1 {
		t.Errorf("%+v", cmd.Effect)
	}
	w.refused("PAUSE TRANSIENT_S_1;", "Unknown queryId: TRANSIENT_S_1")
	w.refused("RESUME TRANSIENT_S_1;", "Unknown queryId: TRANSIENT_S_1")
}

// TestCommandID: the id under which the status of a statement is kept; those that change nothing have none.
func TestCommandID(t *testing.T) {
	for text, want := range map[string]string{
		"CREATE STREAM `s` (A INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON');": "stream/`s`/create",
		"CREATE TABLE T AS SELECT ID, A FROM U;":                                 "table/`T`/create",
		"INSERT INTO S SELECT K, A FROM U;":                                      "stream/`S`/create",
		"ALTER TABLE T ADD COLUMN X INT;":                                        "table/T/alter",
		"DROP STREAM IF EXISTS S;":                                               "stream/S/drop",
		"CREATE TYPE P AS INT;":                                                  "type/P/create",
		"DROP TYPE P;":                                                           "type/P/drop",
		"TERMINATE `q`;":                                                         "terminate/Q/execute",
		"PAUSE q;":                                                               "pause/Q/execute",
		"RESUME ALL;":                                                            "resume/ALL/execute",
		"SHOW STREAMS;":                                                          "",
		"SELECT * FROM S;":                                                       "",
	} {
		stmts, err := sql.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := CommandID(stmts[0].Statement); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		w := newWorld(t, people)
		if want == "" {
			w.refused(text, "This statement does not change the catalog")
		}
	}
}

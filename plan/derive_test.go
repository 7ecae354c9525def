package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

const millisPerDay = 86400000

// TestSinkFormats: a sink has the formats that it is given, else those of what it reads (spec 7.2).
func TestSinkFormats(t *testing.T) {
	const sources = `CREATE STREAM S (K STRING KEY, A INT, B INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='DELIMITED', KEY_DELIMITER=';', VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='|', PARTITIONS=1);
CREATE STREAM N (A INT, B INT) WITH (KAFKA_TOPIC='n', KEY_FORMAT='NONE', VALUE_FORMAT='JSON', PARTITIONS=1);`
	for _, c := range []struct{ sql, key, value string }{
		{"AS SELECT K, A, B FROM S;", "DELIMITED{delimiter=;}", "DELIMITED{delimiter=|}"},
		{"WITH (VALUE_FORMAT='JSON') AS SELECT K, A, B FROM S;", "DELIMITED{delimiter=;}", "JSON{}"},
		{"WITH (KEY_FORMAT='KAFKA') AS SELECT K, A, B FROM S;", "KAFKA{}", "DELIMITED{delimiter=|}"},
		{"WITH (FORMAT='DELIMITED') AS SELECT K, A, B FROM S;", "DELIMITED{}", "DELIMITED{}"},
		{"WITH (VALUE_DELIMITER='TAB') AS SELECT K, A, B FROM S;", "DELIMITED{delimiter=;}", "DELIMITED{delimiter=TAB}"},
		{"AS SELECT K, A, B FROM S PARTITION BY NULL;", "NONE{}", "DELIMITED{delimiter=|}"},
		{"WITH (KEY_FORMAT='NONE') AS SELECT K, A, B FROM S PARTITION BY NULL;", "NONE{}", "DELIMITED{delimiter=|}"},
		{"WITH (KEY_FORMAT='JSON') AS SELECT K, A, B FROM S PARTITION BY NULL;", "Key format specified for stream without key columns.", ""},
		{"AS SELECT A, B FROM N;", "NONE{}", "JSON{}"},
		{"AS SELECT A, B FROM N PARTITION BY A;", "KAFKA{}", "JSON{}"},
		{"WITH (KEY_FORMAT='JSON') AS SELECT A, B FROM N PARTITION BY A;", "JSON{} [UNWRAP_SINGLES]", "JSON{}"},
		{"WITH (VALUE_FORMAT='JSON', WRAP_SINGLE_VALUE=false) AS SELECT K, A FROM S;", "DELIMITED{delimiter=;}", "JSON{} [UNWRAP_SINGLES]"},
		{"WITH (VALUE_FORMAT='NOPE') AS SELECT K, A FROM S;", "Unknown format: NOPE", ""}, {"WITH (KEY_FORMAT='NOPE') AS SELECT K, A FROM S;", "Unknown format: NOPE", ""},
	} {
		w := newWorld(t, sources)
		if err := w.run("CREATE STREAM O " + c.sql); err != nil {
			if c.value != "" || !strings.Contains(err.Error(), c.key) {
				t.Errorf("%s: %v", c.sql, err)
			}
			continue
		}
		o := w.cat.Source("O")
		if key, value := o.Key.describe(nil), o.Value.describe(nil); key != c.key || value != c.value {
			t.Errorf("%s: formats %s and %s, want %s and %s", c.sql, key, value, c.key, c.value)
		}
		if got := w.cat.Source("S").Value.describe(nil); got != "DELIMITED{delimiter=|}" {
			t.Errorf("%s: the source's format became %s", c.sql, got)
		}
	}
}

// TestSinkTopic: the name, the partitions and the retention of a sink's topic (spec 7.1, 7.3).
func TestSinkTopic(t *testing.T) {
	const sources = people + "CREATE STREAM KEPT (K STRING KEY, A INT) WITH (KAFKA_TOPIC='kept', VALUE_FORMAT='JSON', PARTITIONS=4, RETENTION_MS=5000);"
	const window = " AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR"
	for _, c := range []struct {
		sql  string
		want TopicSpec
	}{
		{"CREATE STREAM O AS SELECT K, A FROM S;", TopicSpec{Name: "O", Partitions: 3}},
		{"CREATE STREAM O AS SELECT K, A FROM KEPT;", TopicSpec{Name: "O", Partitions: 4, Retention: 5000}},
		{"CREATE STREAM O WITH (RETENTION_MS=7000) AS SELECT K, A FROM KEPT;", TopicSpec{Name: "O", Partitions: 4, Retention: 7000}},
		{"CREATE STREAM O WITH (KAFKA_TOPIC='other', PARTITIONS=2, REPLICAS=3) AS SELECT K, A FROM S;", TopicSpec{Name: "other", Partitions: 2, Replicas: 3}},
		{"CREATE STREAM O WITH (REPLICAS=-1) AS SELECT K, A FROM S;", TopicSpec{Name: "O", Partitions: 3}},
		{"CREATE STREAM O AS SELECT K, A FROM W;", TopicSpec{Name: "O", Partitions: 1}},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM KEPT GROUP BY K;", TopicSpec{Name: "O", Partitions: 4, Compact: true}},
		{"CREATE TABLE O" + window + ") GROUP BY K;", TopicSpec{Name: "O", Partitions: 3, Compact: true, Retention: 7 * millisPerDay}},
		{"CREATE TABLE O" + window + ", RETENTION 8 DAYS) GROUP BY K;", TopicSpec{Name: "O", Partitions: 3, Compact: true, Retention: 8 * millisPerDay}},
		{"CREATE TABLE O WITH (RETENTION_MS=864000000)" + window + ", RETENTION 8 DAYS) GROUP BY K;", TopicSpec{Name: "O", Partitions: 3, Compact: true, Retention: 10 * millisPerDay}},
	} {
		w := newWorld(t, sources)
		w.topics(map[string]int{"s": 3, "kept": 4, "w": 1})
		cmd := w.do(c.sql)
		if !slices.Equal(cmd.CreateTopics, []TopicSpec{c.want}) {
			t.Errorf("%s: makes %+v, want %+v", c.sql, cmd.CreateTopics, c.want)
		}
		if o := w.cat.Source("O"); o.Topic != c.want.Name || o.Partitions != c.want.Partitions || o.Retention != c.want.Retention || cmd.Start.Topic != o.Topic || cmd.Start.Writes != "O" {
			t.Errorf("%s: %+v written by %+v", c.sql, o, cmd.Start)
		}
		w.topics(map[string]int{"O": 5, "other": 5}) // the next engine's statement finds a topic of that name
		w.cat = w.cat.Apply(&Effect{Drop: []string{"O"}, Stop: []string{cmd.Start.ID}})
		if strings.Contains(c.sql, "PARTITIONS=2") {
			w.refused(c.sql, "KSQL expects 2 partitions (topic has 5), 3 replication factor (topic has 3)")
			c.sql = strings.Replace(c.sql, "PARTITIONS=2", "PARTITIONS=5", 1)
		}
		if cmd := w.do(c.sql); cmd.CreateTopics != nil || w.cat.Source("O").Partitions != 5 {
			t.Errorf("%s: makes %+v though it is there, with %d partitions", c.sql, cmd.CreateTopics, w.cat.Source("O").Partitions)
		}
		w.topics(map[string]int{"O": 0, "other": 0}) // and here one whose partitions are not known
		w.cat = w.cat.Apply(&Effect{Drop: []string{"O"}, Stop: []string{w.last.Start.ID}})
		if cmd := w.do(c.sql); cmd.CreateTopics != nil || strings.Contains(c.sql, "PARTITIONS=5") != (w.cat.Source("O").Partitions == 5) || w.cat.Source("O").Partitions == 0 {
			t.Errorf("%s: makes %+v, %d partitions", c.sql, cmd.CreateTopics, w.cat.Source("O").Partitions)
		}
	}
	w := newWorld(t, sources)
	w.refused("CREATE TABLE O WITH (RETENTION_MS=1) AS SELECT K, COUNT(*) AS N FROM S GROUP BY K;", "Non-windowed tables do not support retention.")
	w.env.ReadOnly = func(topic string) bool { return topic == "pre_O" }
	w.do("CREATE STREAM O AS SELECT K, A FROM S;")
	w.env.Props["ksql.output.topic.name.prefix"] = "pre_"
	w.refused("CREATE STREAM `O` AS SELECT K, A FROM S;", "Cannot add stream 'O'")
	w.do("DROP STREAM O;")
	w.refused("CREATE STREAM O AS SELECT K, A FROM S;", "Cannot write to the read-only topic: pre_O")
	w.do("CREATE STREAM `o` AS SELECT K, A FROM S;")
	if o := w.cat.Source("o"); o.Topic != "pre_o" || o.Query != "CSAS_O_1" {
		t.Errorf("%+v", o)
	}
}

// TestSinkSource: what the catalog says of what a query makes.
func TestSinkSource(t *testing.T) {
	w := newWorld(t, people+"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW SESSION (1 HOUR) GROUP BY K; CREATE TABLE H AS SELECT K, COUNT(*) AS N FROM S WINDOW HOPPING (SIZE 2 HOURS, ADVANCE BY 1 HOUR) GROUP BY K;"+
		"CREATE STREAM P WITH (TIMESTAMP='X') AS SELECT K, CAST(A AS BIGINT) AS X FROM S WHERE S.A > 1 PARTITION BY K;")
	o, h, p := w.cat.Source("O"), w.cat.Source("H"), w.cat.Source("P")
	if *o.KeyWindow != (Window{Kind: sql.Session}) || *h.KeyWindow != (Window{Kind: sql.Hopping, Size: 2 * 3600000}) || p.KeyWindow != nil {
		t.Errorf("windows %+v %+v %+v", o.KeyWindow, h.KeyWindow, p.KeyWindow)
	}
	if o.State != "CTAS_O_0" || o.Query != "CTAS_O_0" || p.State != "" || p.Query != "CSAS_P_2" || !slices.Equal(p.From, []string{"S"}) || p.ReadOnly {
		t.Errorf("%+v\n%+v", o, p)
	}
	if *p.Timestamp != (Timestamp{Column: "X"}) || p.Text != "CREATE STREAM P WITH (TIMESTAMP='X') AS SELECT\n  S.K K,\n  CAST(S.A AS BIGINT) X\nFROM S S\nWHERE (S.A > 1)\nPARTITION BY S.K\nEMIT CHANGES;" {
		t.Errorf("%+v %s", p.Timestamp, p.Text)
	}
	w.do("CREATE TABLE G WITH (KEY_FORMAT='JSON') AS SELECT A, B, COUNT(*) AS N FROM S GROUP BY A, B HAVING SUM(B) > 1 EMIT CHANGES;")
	if got, want := w.cat.Source("G").Text, "CREATE TABLE G WITH (KEY_FORMAT='JSON') AS SELECT\n  S.A A,\n  S.B B,\n  COUNT(*) N\nFROM S S\nGROUP BY S.A, S.B\nHAVING (SUM(S.B) > 1)\nEMIT CHANGES;"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	w.do("CREATE STREAM ALL_OF AS SELECT *, A + 1 AS Y FROM S;")
	if got, want := w.cat.Source("ALL_OF").Text, "CREATE STREAM ALL_OF AS SELECT\n  *,\n  (S.A + 1) Y\nFROM S S\nEMIT CHANGES;"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	w.do("CREATE TABLE F AS SELECT K, COUNT(*) AS N FROM S WINDOW SESSION (1 HOUR) GROUP BY K EMIT FINAL;")
	if got := w.cat.Source("F").Text; !strings.HasSuffix(got, "GROUP BY S.K\nEMIT FINAL;") {
		t.Error(got)
	}
	w.refused("CREATE STREAM Q WITH (TIMESTAMP='A') AS SELECT K, A FROM S;", "Timestamp column, `A`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified")
	w.refused("CREATE STREAM Q WITH (TIMESTAMP='NOPE') AS SELECT A FROM S;", "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'NOPE'") // before the missing key
}

// TestStart: from where a query reads each topic, and the properties that it keeps.
func TestStart(t *testing.T) {
	for _, c := range []struct {
		reset         string
		stream, table bool
	}{{"", false, true}, {"earliest", true, true}, {"EARLIEST", true, true}, {"latest", false, false}} {
		w := newWorld(t, people)
		if c.reset != "" {
			w.env.Props["auto.offset.reset"] = c.reset
		}
		if q := w.do("CREATE STREAM O AS SELECT K, A FROM S;").Start; q.Earliest["s"] != c.stream || len(q.Earliest) != 1 || q.Props["auto.offset.reset"] != c.reset {
			t.Errorf("%q: %+v", c.reset, q)
		}
		if q := w.do("CREATE TABLE P AS SELECT ID, A FROM T;").Start; q.Earliest["t"] != c.table {
			t.Errorf("%q: %+v", c.reset, q)
		}
		w.env.Props["auto.offset.reset"] = "none"
		if q := w.cat.Query("CSAS_O_0"); q.Props["auto.offset.reset"] != c.reset {
			t.Error("a query's properties change with the session")
		}
	}
}

// TestQueryLimit: a query too many is refused, but not one that takes the place of another.
func TestQueryLimit(t *testing.T) {
	w := newWorld(t, people+"CREATE STREAM A AS SELECT K, A FROM S;")
	w.env.Props["ksql.query.persistent.active.limit"] = "2"
	w.do("CREATE STREAM B AS SELECT K, A FROM S;")
	const full = "Current persistent query count = 2, New persistent queries = 1, Limit = 2."
	w.refused("CREATE STREAM C AS SELECT K, A FROM S;", full)
	w.refused("INSERT INTO A SELECT K, A FROM S;", full)
	if cmd := w.do("CREATE OR REPLACE STREAM B AS SELECT K, A, B FROM S;"); cmd.Start.ID != "CSAS_B_1" || !cmd.Replace || cmd.Message != "Created query with ID CSAS_B_1" {
		t.Errorf("%+v", cmd)
	}
	w.do("TERMINATE CSAS_B_1;")
	if cmd := w.do("CREATE OR REPLACE STREAM B AS SELECT K, A, B FROM S;"); cmd.Start.ID != "CSAS_B_2" || cmd.Replace || w.cat.Source("B").Query != "CSAS_B_2" {
		t.Errorf("%+v", cmd)
	}
}

// TestInsertInto: which sinks an INSERT INTO ... SELECT may have, and which ids (spec 9.3).
func TestInsertInto(t *testing.T) {
	const with = " WITH (KAFKA_TOPIC='%', VALUE_FORMAT='JSON', PARTITIONS=1);"
	of := func(topic string) string { return strings.Replace(with, "%", topic, 1) }
	w := newWorld(t, people+"CREATE STREAM X (K STRING KEY, A INT)"+of("x")+"CREATE STREAM H (K STRING KEY, A INT, H BYTES HEADER('h'))"+of("x")+
		"CREATE SOURCE STREAM R (K STRING KEY, A INT)"+of("x")+"CREATE STREAM LOG (K STRING KEY, A INT)"+of("log"))
	w.env.ReadOnly = func(topic string) bool { return topic == "log" }
	w.refused("INSERT INTO NOPE SELECT K, A FROM S;", "Line: 1, Col: 13: Source `NOPE` does not exist.")
	w.env.Request = "SHOW STREAMS;\n /* é */ INSERT INTO NOPE SELECT K, A FROM S;"
	stmts, err := sql.Parse(w.env.Request, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(w.cat, w.env, stmts[1].Statement, stmts[1].Text); err == nil || !strings.Contains(err.Error(), "Line: 2, Col: 22: Source `NOPE` does not exist.") {
		t.Error(err)
	}
	w.env.Request = ""
	w.refused("INSERT INTO T SELECT K, A FROM S;", "INSERT INTO can only be used to insert into a stream. T is a table.")
	w.refused("INSERT INTO H SELECT K, A FROM S;", "Cannot insert into H because it has header columns")
	w.refused("INSERT INTO R SELECT K, A FROM S;", "Cannot insert into read-only stream: R")
	w.refused("INSERT INTO LOG SELECT K, A FROM S;", "Cannot insert into read-only topic: log")
	w.refused("INSERT INTO X SELECT K, COUNT(*) AS A FROM S GROUP BY K;", "Incompatible data sink and query result. Data sink (X) type is KSTREAM but select query result is KTABLE.")
	w.refused("INSERT INTO X SELECT K, A, B FROM S;", "Incompatible schema between results and sink")
	const chars, prefix = "Query IDs may contain only alphanumeric characters and '_'. Got: '", "Query IDs must not start with a reserved query ID prefix (INSERTQUERY_, CTAS_, CSAS_, CST_). Got: '"
	for id, want := range map[string]string{
		"a": "", "Z9_0": "", "AZ09": "", "[": chars, "@": chars, "/": chars, ":": chars, "x-y": chars, "é": chars, "_x": "",
		"INSERTQUERY_1": prefix, "ctas_x": prefix, "CSAS_": prefix, "CST_1": prefix, "CST": "", "XCST_": "",
	} {
		if want != "" {
			w.refused("INSERT INTO X WITH (QUERY_ID='"+id+"') SELECT K, A FROM S;", want+strings.ToUpper(id)+"'")
			continue
		}
		cmd := w.do("INSERT INTO X WITH (QUERY_ID='" + id + "') SELECT K, A FROM S;")
		if q := cmd.Start; q.ID != strings.ToUpper(id) || q.Writes != "X" || q.Topic != "x" || q.Kind != PersistentInsert || cmd.Message != "Created query with ID "+q.ID || cmd.Put != nil {
			t.Errorf("%s: %+v", id, cmd)
		}
		w.refused("INSERT INTO X WITH (QUERY_ID='"+id+"') SELECT K, A FROM S;", "Query ID '"+strings.ToUpper(id)+"' already exists.")
	}
	w.env.NextQuery = 7
	if cmd := w.do("INSERT INTO X SELECT K, A FROM S;"); cmd.Start.ID != "INSERTQUERY_7" {
		t.Error(cmd.Start.ID)
	}
}

// TestPseudoColumns: a scan gives the pseudo columns that its query names, or all where they may be asked for later.
func TestPseudoColumns(t *testing.T) {
	w := newWorld(t, people)
	for text, want := range map[string]string{
		"SELECT A FROM S EMIT CHANGES;": "", "SELECT ROWTIME, A FROM S EMIT CHANGES;": "ROWTIME", "SELECT A FROM S WHERE ROWOFFSET > 1 EMIT CHANGES;": "ROWOFFSET", "SELECT *, ROWPARTITION FROM S EMIT CHANGES;": "ROWPARTITION",
		"SELECT A FROM S PARTITION BY ROWTIME + A EMIT CHANGES;": "ROWTIME", "SELECT B, SUM(A) FROM S GROUP BY B EMIT CHANGES;": "", "SELECT B, COUNT(*) FROM S GROUP BY B EMIT CHANGES;": "ROWTIME",
		"SELECT COUNT(*) FROM S EMIT CHANGES;": "ROWTIME", "SELECT B, SUM(A) FROM S GROUP BY B HAVING COUNT(*) > 1 EMIT CHANGES;": "ROWTIME", "SELECT B, COUNT(A) FROM S GROUP BY B EMIT CHANGES;": "",
		"SELECT A FROM T EMIT CHANGES;": "", "SELECT A FROM T WHERE ROWTIME > 1 EMIT CHANGES;": "ROWTIME",
	} {
		stmts, err := sql.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		q, err := PlanPush(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := pseudoOf(steps(q.Root)[0]); got != want {
			t.Errorf("%s: the scan gives %q, want %q", text, got, want)
		}
	}
	if got := pseudoOf(steps(w.do("CREATE TABLE O AS SELECT ID, A FROM T;").Start.Root)[0]); got != "ROWTIME ROWPARTITION ROWOFFSET" {
		t.Errorf("what remembers a table's rows reads %s", got)
	}
	if got := pseudoOf(steps(w.do("CREATE STREAM P AS SELECT K, A FROM S;").Start.Root)[0]); got != "" {
		t.Errorf("a persistent query on a stream reads %s", got)
	}
}

func pseudoOf(s Step) string {
	var out []string
	for _, c := range s.Out().Schema {
		if c.Role == sql.PseudoRole {
			out = append(out, c.Name)
		}
	}
	return strings.Join(out, " ")
}

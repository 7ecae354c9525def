package plan

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// refused wants a statement to fail with these words, and to leave the world as it is.
func (w *world) refused(statement, want string) {
	w.Helper()
	before := w.cat
	if err := w.run(statement); err == nil || !strings.Contains(err.Error(), want) {
		w.Errorf("%s\n got  %v\n want %s", statement, err, want)
	}
	w.cat = before
}

func (w *world) do(statement string) *Command {
	w.Helper()
	if err := w.run(statement); err != nil {
		w.Fatalf("%s: %v", statement, err)
	}
	return w.last
}

// told wants a statement to do nothing but say so.
func (w *world) told(statement, message, warning string) {
	w.Helper()
	before := w.cat
	cmd := w.do(statement)
	if cmd.Message != message || cmd.Warning != warning || !reflect.DeepEqual(cmd.Effect, Effect{}) || w.cat != before {
		w.Errorf("%s: %q, %q, %+v", statement, cmd.Message, cmd.Warning, cmd.Effect)
	}
}

// topics gives the world topics with these numbers of partitions.
func (w *world) topics(have map[string]int) {
	w.env.Topic = func(name string) (int, bool) { n, ok := have[name]; return n, ok }
}

// TestNameTaken: what CREATE says and does when the name is that of a source (spec 9.1).
func TestNameTaken(t *testing.T) {
	const with = " WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);"
	w := newWorld(t, people+"CREATE SOURCE STREAM R (K STRING KEY, A INT)"+with)
	w.refused("CREATE STREAM S (A INT)"+with, "Cannot add stream 'S': A stream with the same name already exists")
	w.refused("CREATE TABLE S (A INT PRIMARY KEY, B INT)"+with, "Cannot add table 'S': A stream with the same name already exists")
	w.refused("CREATE OR REPLACE TABLE S (A INT PRIMARY KEY, B INT)"+with, "Cannot add table 'S': A stream with the same name already exists")
	w.told("CREATE STREAM IF NOT EXISTS S (A INT)"+with, "", "Cannot add stream `S`: A stream with the same name already exists.")
	w.told("CREATE STREAM IF NOT EXISTS T (A INT)"+with, "", "Cannot add stream `T`: A table with the same name already exists.")
	w.told("CREATE TABLE IF NOT EXISTS S AS SELECT ID, A FROM T;", "", "Cannot add table `S`: A stream with the same name already exists.")
	w.refused("CREATE OR REPLACE STREAM R (K STRING KEY, A INT)"+with, "Cannot add stream 'R': CREATE OR REPLACE is not supported on source streams.")
	w.refused("CREATE OR REPLACE SOURCE STREAM S (K STRING KEY, A INT)"+with, "Cannot add stream 'S': CREATE OR REPLACE is not supported on source streams.")
	w.refused("CREATE OR REPLACE SOURCE TABLE NEW (K STRING PRIMARY KEY, A INT)"+with, "Cannot add table 'NEW': CREATE OR REPLACE is not supported on source tables.")
	w.refused("CREATE OR REPLACE STREAM R AS SELECT K, A FROM S;", "Cannot add stream 'R': CREATE OR REPLACE is not supported on source streams.")
	if cmd := w.do("CREATE OR REPLACE STREAM W (K STRING KEY, A INT, B INT) WITH (KAFKA_TOPIC='w', VALUE_FORMAT='JSON', PARTITIONS=1, WINDOW_TYPE='HOPPING', WINDOW_SIZE='10 SECONDS');"); cmd.Message != "Stream created" || len(w.cat.Source("W").Schema) != 3 {
		t.Errorf("replaced: %+v", cmd)
	}
	w.refused("CREATE OR REPLACE STREAM S (K STRING KEY, A INT)"+with, "Cannot upgrade data source: DataSource 'S' has schema")
	w.env.Props["ksql.create.or.replace.enabled"] = "false"
	w.refused("CREATE OR REPLACE STREAM S (K STRING KEY, A INT)"+with, "CREATE OR REPLACE functionality is disabled.")
	w.refused("CREATE STREAM S (A INT)"+with, "Cannot add stream 'S': A stream with the same name already exists")
}

// TestDeclared: what a declaration must have, and which columns may be times (spec 7.1, 7.4, 8.7, 9.1).
func TestDeclared(t *testing.T) {
	const json = "KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1"
	cols := "(K STRING KEY, I INT, L BIGINT, S STRING, TS TIMESTAMP, H BYTES HEADER('h')) WITH (" + json + ", TIMESTAMP="
	for _, c := range []struct{ sql, want string }{
		{"CREATE TABLE X (A INT) WITH (" + json + ");", "Tables require a PRIMARY KEY. Please define the PRIMARY KEY."},
		{"CREATE STREAM X (A INT) WITH (" + json + ", WINDOW_TYPE='SESSION');", "Windowed sources require a key column."},
		{"CREATE STREAM X (A INT) WITH (" + json + ");", ""},
		{"CREATE STREAM X (A INT KEY, B INT) WITH (" + json + ", WINDOW_TYPE='SESSION');", ""},
		{"CREATE STREAM X (ROWTIME INT) WITH (" + json + ");", "'ROWTIME' is a reserved column name. You cannot use it as a name for a column."},
		{"CREATE STREAM X (WINDOWEND INT) WITH (" + json + ");", "'WINDOWEND' is a reserved column name. You cannot use it as a name for a column."},
		{"CREATE STREAM X WITH (" + json + ");", "No columns supplied."},
		{"CREATE STREAM X WITH (KAFKA_TOPIC='x', VALUE_FORMAT='AVRO', PARTITIONS=1);", "Schema for message values on topic 'x' does not exist in the Schema Registry."},
		{"CREATE TABLE X (A INT PRIMARY KEY, B INT) WITH (" + json + ", RETENTION_MS=1000);", "Invalid config variable in the WITH clause: RETENTION_MS. Non-windowed tables do not support retention."},
		{"CREATE STREAM X " + cols + "'L');", ""}, {"CREATE STREAM X " + cols + "'TS');", ""}, {"CREATE STREAM X " + cols + "'S', TIMESTAMP_FORMAT='yyyy');", ""},
		{"CREATE STREAM X " + cols + "'K', TIMESTAMP_FORMAT='yyyy');", ""},
		{"CREATE STREAM X " + cols + "'S');", "Timestamp column, `S`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified"},
		{"CREATE STREAM X " + cols + "'I');", "Timestamp column, `I`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified"},
		{"CREATE STREAM X " + cols + "'I', TIMESTAMP_FORMAT='yyyy');", "Timestamp column, `I`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified"},
		{"CREATE STREAM X " + cols + "'L', TIMESTAMP_FORMAT='yyyy');", "'TIMESTAMP_FORMAT' set, but TIMESTAMP column 'L' is not a STRING column"},
		{"CREATE STREAM X " + cols + "'TS', TIMESTAMP_FORMAT='yyyy');", "'TIMESTAMP_FORMAT' set, but TIMESTAMP column 'TS' is not a STRING column"},
		{"CREATE STREAM X " + cols + "'NOPE');", "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'NOPE'"},
		{"CREATE STREAM X " + cols + "'H');", "The TIMESTAMP column set in the WITH clause does not exist in the schema: 'H'"},
		{"CREATE STREAM X (K INT KEY, V INT) WITH (KAFKA_TOPIC='x', KEY_FORMAT='AVRO', VALUE_FORMAT='AVRO', KEY_SCHEMA_ID=1, PARTITIONS=1);", "Table elements and KEY_SCHEMA_ID cannot both exist for create statement."},
		{"CREATE STREAM X (K INT KEY) WITH (KAFKA_TOPIC='x', KEY_FORMAT='AVRO', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1, PARTITIONS=1);", ""},
		{"CREATE TABLE X (K INT PRIMARY KEY, V INT) WITH (KAFKA_TOPIC='x', KEY_FORMAT='AVRO', VALUE_FORMAT='AVRO', KEY_SCHEMA_ID=1, PARTITIONS=1);", "Table elements and KEY_SCHEMA_ID cannot both exist for create statement."},
		{"CREATE STREAM X (V INT) WITH (KAFKA_TOPIC='x', KEY_FORMAT='AVRO', VALUE_FORMAT='AVRO', KEY_SCHEMA_ID=1, PARTITIONS=1);", ""},
		{"CREATE STREAM X (K INT KEY, H BYTES HEADER('h')) WITH (KAFKA_TOPIC='x', KEY_FORMAT='AVRO', VALUE_FORMAT='AVRO', VALUE_SCHEMA_ID=1, PARTITIONS=1);", ""},
	} {
		w := newWorld(t, "")
		if err := w.run(c.sql); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got  %v\n want %s", c.sql, err, c.want)
		}
	}
	w := newWorld(t, "CREATE STREAM X "+cols+"'S', TIMESTAMP_FORMAT='yyyy');")
	if s := w.cat.Source("X"); *s.Timestamp != (Timestamp{Column: "S", Format: "yyyy"}) || s.Schema.String() != "`K` STRING KEY, `I` INTEGER, `L` BIGINT, `S` STRING, `TS` TIMESTAMP, `H` BYTES HEADER('h')" {
		t.Errorf("%+v %s", s.Timestamp, s.Schema)
	}
	w.env.Props["ksql.headers.columns.enabled"] = "false"
	w.refused("CREATE STREAM Y "+cols+"'L');", "Cannot create source with headers columns")
	w.refused("CREATE STREAM Y (A INT) WITH (KAFKA_TOPIC='x', PARTITIONS=1);", "Statement is missing the 'VALUE_FORMAT' property from the WITH clause.")
	w.env.Props["ksql.persistence.default.format.value"], w.env.Props["ksql.persistence.default.format.key"] = "delimited", "json"
	w.do("CREATE STREAM Y (K INT KEY, A INT) WITH (KAFKA_TOPIC='x', PARTITIONS=1);")
	if s := w.cat.Source("Y"); s.Key.Name != "JSON" || s.Value.Name != "DELIMITED" {
		t.Errorf("the default formats are %s and %s", s.Key.Name, s.Value.Name)
	}
	w.do("CREATE STREAM Z (K INT KEY, A INT) WITH (KAFKA_TOPIC='x', KEY_FORMAT='kafka', VALUE_FORMAT='json', PARTITIONS=1);")
	if s := w.cat.Source("Z"); s.Key.Name != "KAFKA" || s.Value.Name != "JSON" {
		t.Errorf("the given formats are %s and %s", s.Key.Name, s.Value.Name)
	}
}

// TestDeclaredTopic: a topic that is there has its own partitions, another is made as the statement says (spec 7.3).
func TestDeclaredTopic(t *testing.T) {
	const cols = " (K INT KEY, V INT) WITH (VALUE_FORMAT='JSON', KAFKA_TOPIC="
	w := newWorld(t, "")
	w.topics(map[string]int{"five": 5, "unknown": 0})
	w.env.ReadOnly = func(topic string) bool { return topic == "log" }
	for _, c := range []struct {
		sql        string
		partitions int
		made       []TopicSpec
	}{
		{"CREATE STREAM X" + cols + "'five');", 5, nil},
		{"CREATE STREAM X" + cols + "'five', PARTITIONS=5);", 5, nil},
		{"CREATE STREAM X" + cols + "'unknown');", 0, nil},
		{"CREATE STREAM X" + cols + "'unknown', PARTITIONS=3);", 3, nil},
		{"CREATE STREAM X" + cols + "'new', PARTITIONS=3);", 3, []TopicSpec{{Name: "new", Partitions: 3}}},
		{"CREATE STREAM X" + cols + "'new', PARTITIONS=3, REPLICAS=-1);", 3, []TopicSpec{{Name: "new", Partitions: 3}}},
		{"CREATE STREAM X" + cols + "'new', PARTITIONS=3, REPLICAS=2, RETENTION_MS=1000);", 3, []TopicSpec{{Name: "new", Partitions: 3, Replicas: 2, Retention: 1000}}},
		{"CREATE TABLE X (K INT PRIMARY KEY, V INT) WITH (VALUE_FORMAT='JSON', KAFKA_TOPIC='new', PARTITIONS=1);", 1, []TopicSpec{{Name: "new", Partitions: 1, Compact: true}}},
	} {
		empty := w.cat
		cmd := w.do(c.sql)
		if got := w.cat.Source("X").Partitions; got != c.partitions || !slices.Equal(cmd.CreateTopics, c.made) {
			t.Errorf("%s: %d partitions, makes %+v", c.sql, got, cmd.CreateTopics)
		}
		w.cat = empty
	}
	w.refused("CREATE STREAM X"+cols+"'five', PARTITIONS=4);", "KSQL expects 4 partitions (topic has 5), 1 replication factor (topic has 1)")
	w.refused("CREATE STREAM X"+cols+"'gone');", "For example: CREATE STREAM X"+cols+"'gone', PARTITIONS=2, REPLICAS=1);")
	w.refused("CREATE STREAM X"+cols+"'log', PARTITIONS=1);", "Cannot create the read-only topic: log")
	for text, bare := range map[string]bool{"CREATE STREAM X" + cols + "'gone');": true, "CREATE STREAM X" + cols + "'five', PARTITIONS=4);": false} {
		var own *Error
		if err := w.run(text); !errors.As(err, &own) || own.Bare != bare {
			t.Errorf("%s: told without its statement: %v", text, !bare)
		}
	}
	if got := withPartitions("no clause"); got != "no clause" {
		t.Error(got)
	}
}

// TestSourceTable: a SOURCE table is kept for pull queries by a query of its own, unless it is windowed or that is off.
func TestSourceTable(t *testing.T) {
	const with = " WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1"
	w := newWorld(t, "CREATE SOURCE TABLE `x` (K INT PRIMARY KEY, V INT)"+with+");")
	q := w.last.Start
	if q == nil || q.ID != "CST_X_0" || q.Kind != PersistentSource || w.cat.Source("x").State != q.ID || !w.cat.Source("x").ReadOnly || !q.Earliest["x"] || q.Writes != "" || !slices.Equal(q.Reads, []string{"x"}) {
		t.Fatalf("%+v", q)
	}
	if got := names(q.Root); got != "Scan Latest" || q.Root.Out().Name != "KsqlTopic-Reduce" || q.Root.(*Latest).State != "Latest" {
		t.Errorf("steps %s", got)
	}
	if got := q.Root.Out().Schema.String(); got != "`K` INTEGER KEY, `V` INTEGER, `ROWTIME` BIGINT" {
		t.Errorf("it keeps %s", got)
	}
	for _, s := range []string{"TABLE Y (K INT PRIMARY KEY, V INT)" + with, "SOURCE STREAM Y (K INT KEY, V INT)" + with,
		"SOURCE TABLE Y (K INT PRIMARY KEY, V INT)" + with + ", WINDOW_TYPE='SESSION'"} {
		if cmd := newWorld(t, "CREATE "+s+");").last; cmd.Start != nil {
			t.Errorf("%s is kept by %s", s, cmd.Start.ID)
		}
	}
	w.env.Props["ksql.source.table.materialization.enabled"] = "false"
	if cmd := w.do("CREATE SOURCE TABLE Y (K INT PRIMARY KEY, V INT)" + with + ");"); cmd.Start != nil || cmd.Message != "Table created" {
		t.Errorf("%+v", cmd)
	}
}

// TestAlter: columns come to the end of the values; what was there stays as it was, also for who looks at the catalog before.
func TestAlter(t *testing.T) {
	const with = " WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1"
	w := newWorld(t, people+"CREATE TYPE ADDRESS AS STRUCT<NO INT>; CREATE STREAM X (K INT KEY, A INT, B INT)"+with+"); CREATE STREAM BARE (K INT KEY, A INT)"+with+", WRAP_SINGLE_VALUE=false);"+
		"CREATE STREAM KEYS (K INT KEY)"+with+"); CREATE SOURCE STREAM R (A INT)"+with+"); CREATE STREAM C AS SELECT * FROM S;")
	before := w.cat
	if cmd := w.do("ALTER STREAM X ADD COLUMN C ADDRESS, ADD D BIGINT;"); cmd.Message != "Stream X altered." {
		t.Error(cmd.Message)
	}
	after := w.cat.Source("X")
	w.cat = before
	w.do("ALTER STREAM X ADD COLUMN OTHER STRING;")
	for _, c := range []struct {
		of   *Source
		want string
	}{
		{before.Source("X"), ""}, {after, ", `C` STRUCT<`NO` INTEGER>, `D` BIGINT"}, {w.cat.Source("X"), ", `OTHER` STRING"},
	} {
		if got := c.of.Schema.String(); got != "`K` INTEGER KEY, `A` INTEGER, `B` INTEGER"+c.want {
			t.Error(got)
		}
	}
	if v := w.cat.Source("BARE").Value; !v.Unwrapped {
		t.Errorf("a value that stands bare is %+v", v)
	}
	w.do("ALTER STREAM BARE ADD COLUMN B INT; ALTER STREAM KEYS ADD COLUMN B INT;")
	for _, name := range []string{"BARE", "KEYS"} {
		if v := w.cat.Source(name).Value; v.Unwrapped || v.Features != nil {
			t.Errorf("%s has values %+v", name, v)
		}
	}
	if cmd := w.do("ALTER TABLE T ADD COLUMN X INT;"); cmd.Message != "Table T altered." {
		t.Error(cmd.Message)
	}
	w.refused("ALTER STREAM NOPE ADD COLUMN X INT;", "Source NOPE does not exist.")
	w.refused("ALTER STREAM R ADD COLUMN X INT;", "Cannot alter stream 'R': ALTER operations are not supported on source streams.")
	w.refused("ALTER STREAM C ADD COLUMN X INT;", "ALTER command is not supported for CREATE ... AS statements.")
	w.refused("ALTER STREAM S ADD COLUMN X INT, ADD COLUMN X INT;", "Cannot add column `X` to schema. A column with the same name already exists.")
	w.refused("ALTER STREAM S ADD COLUMN ROWTIME INT;", "'ROWTIME' is a reserved column name.")
	w.refused("ALTER STREAM S ADD COLUMN X NOPE;", "Cannot resolve unknown type: NOPE")
}

// TestCustomTypes: a type has one meaning until it is dropped, and sources keep what it meant.
func TestCustomTypes(t *testing.T) {
	w := newWorld(t, people)
	if cmd := w.do("CREATE TYPE P AS STRUCT<X INT>;"); cmd.Message != "Registered custom type with name 'P' and SQL type STRUCT<`X` INTEGER>" {
		t.Error(cmd.Message)
	}
	w.do("CREATE TYPE L AS ARRAY<MAP<STRING, P>>; CREATE STREAM X (A L) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);")
	const full = "ARRAY<MAP<STRING, STRUCT<`X` INTEGER>>>"
	var have []string
	for name, typ := range w.cat.Types() {
		have = append(have, name+" "+typ.String())
	}
	if want := []string{"L " + full, "P STRUCT<`X` INTEGER>"}; !slices.Equal(have, want) {
		t.Errorf("types %q, want %q", have, want)
	}
	w.told("CREATE TYPE IF NOT EXISTS P AS INT;", "P is already registered with type STRUCT<`X` INTEGER>", "")
	w.refused("CREATE TYPE P AS INT;", "Cannot register custom type 'P' since it is already registered with type: STRUCT<`X` INTEGER>")
	w.refused("CREATE TYPE Q AS NOPE;", "Cannot resolve unknown type: NOPE")
	if cmd := w.do("DROP TYPE P;"); cmd.Message != "Dropped type 'P'" || !slices.Equal(cmd.DropTypes, []string{"P"}) {
		t.Errorf("%+v", cmd)
	}
	w.refused("DROP TYPE P;", "Type P does not exist.")
	w.told("DROP TYPE IF EXISTS P;", "Type 'P' does not exist", "")
	if got := w.cat.Source("X").Schema.String(); got != "`A` "+full {
		t.Error(got)
	}
	w.env.Named = map[string]sql.Type{}
	w.do("CREATE STREAM Y (A L) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);")
	w.refused("CREATE STREAM Z (A P) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);", "Cannot resolve unknown type: P")
	if len(w.env.Named) != 1 || w.env.Named["L"].String() != full {
		t.Errorf("the statements named %v", w.env.Named)
	}
}

// TestAggregateStates: an aggregate works where the value format can hold its state, and where nothing is known of that.
func TestAggregateStates(t *testing.T) {
	own := fn.Func{Name: "OWN", Variants: []fn.Variant{{Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) { return nil, nil }}}}
	w := newWorld(t, "CREATE STREAM S (K STRING KEY, A INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='DELIMITED', PARTITIONS=1);")
	w.env.Functions = fn.Builtins().With(own)
	w.do("CREATE TABLE O AS SELECT K, OWN(A) AS X, SUM(A) AS Y FROM S GROUP BY K;")
	w.refused("CREATE TABLE P AS SELECT K, OWN(A) AS X, AVG(A) AS Y FROM S GROUP BY K;", "One of the functions used in the statement has an intermediate type that the value format can not handle.")
	w.do("CREATE TABLE T (K INT PRIMARY KEY, G INT, A INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);")
	for list, want := range map[string]string{"MAX(A) AS X, SUM(A) AS Y": " MAX", "MAX(A) AS X, MIN(A) AS Y, MAX(K) AS Z": "s MAX and MIN", "SUM(A) AS X, MIN(A) AS Y": " MIN"} {
		w.refused("CREATE TABLE P AS SELECT G, "+list+" FROM T GROUP BY G;", "The aggregation function"+want+" cannot be applied to a table source, only to a stream source.")
	}
}

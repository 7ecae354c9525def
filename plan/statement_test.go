package plan

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// world runs statements one after the other.
type world struct {
	*testing.T
	cat  *Catalog
	env  *Env
	last *Command
}

func newWorld(t *testing.T, script string) *world {
	w := &world{T: t, cat: NewCatalog(), env: &Env{Functions: fn.Builtins(), Props: map[string]string{}}}
	if err := w.run(script); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) run(script string) error {
	w.Helper()
	stmts, err := sql.Parse(script, nil)
	for _, s := range stmts {
		if in, ok := s.Statement.(*sql.InsertValues); ok {
			if _, e := PlanInsert(w.cat, w.env, in); e != nil {
				return e
			}
			continue
		}
		before := *w.cat
		cmd, e := Check(w.cat, w.env, s.Statement, s.Text)
		if before != *w.cat {
			w.Errorf("Check changed its catalog: %s", s.Text)
		}
		if e != nil {
			return e
		}
		if e := reread(w.cat, cmd); e != nil {
			w.Errorf("%s: %v", s.Text, e)
		}
		w.cat, w.last = cmd.Catalog, cmd
		if cmd.Start != nil && !cmd.Replace {
			w.env.NextQuery++
		}
	}
	return err
}

// steps are a query's steps from the source on.
func steps(s Step) []Step {
	var out []Step
	for s != nil {
		out = append(out, s)
		in := s.Inputs()
		if len(in) == 0 {
			break
		}
		s = in[0]
	}
	slices.Reverse(out)
	return out
}

func names(s Step) string {
	var out []string
	for _, x := range steps(s) {
		out = append(out, strings.TrimPrefix(reflect.TypeOf(x).String(), "*plan."))
	}
	return strings.Join(out, " ")
}

const people = `CREATE STREAM S (K STRING KEY, A INT, B INT, L ARRAY<INT>, D DECIMAL(6,2)) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
CREATE TABLE T (ID INT PRIMARY KEY, A INT, B STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE STREAM W (K STRING KEY, A INT) WITH (KAFKA_TOPIC='w', VALUE_FORMAT='JSON', PARTITIONS=1, WINDOW_TYPE='HOPPING', WINDOW_SIZE='10 SECONDS');
`

func TestResults(t *testing.T) {
	for _, c := range []struct{ name, sql, schema, steps string }{
		{"keys come first", "CREATE STREAM O AS SELECT A, K AS KK, A + B FROM S;",
			"`KK` STRING KEY, `A` INTEGER, `KSQL_COL_0` INTEGER", "Scan Project Sink"},
		{"star", "CREATE STREAM O AS SELECT * FROM S WHERE A > 1;",
			"`K` STRING KEY, `A` INTEGER, `B` INTEGER, `L` ARRAY<INTEGER>, `D` DECIMAL(6, 2)", "Scan Filter Project Sink"},
		{"star after PARTITION BY", "CREATE STREAM O AS SELECT * FROM S PARTITION BY B;",
			"`B` INTEGER KEY, `A` INTEGER, `L` ARRAY<INTEGER>, `D` DECIMAL(6, 2), `K` STRING", "Scan Rekey Project Sink"},
		{"PARTITION BY the key", "CREATE STREAM O AS SELECT K, A FROM S PARTITION BY K;", "`K` STRING KEY, `A` INTEGER", "Scan Project Sink"},
		{"PARTITION BY NULL", "CREATE STREAM O AS SELECT K, A FROM S PARTITION BY NULL;", "`K` STRING, `A` INTEGER", "Scan Rekey Project Sink"},
		{"table function", "CREATE STREAM O AS SELECT K, EXPLODE(L) + 1 AS X FROM S;", "`K` STRING KEY, `X` INTEGER", "Scan FlatMap Project Sink"},
		{"group by key", "CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K;", "`K` STRING KEY, `N` BIGINT", "Scan Project Aggregate Project Sink"},
		{"group by value", "CREATE TABLE O AS SELECT B, SUM(A) AS N FROM S GROUP BY B HAVING COUNT(*) > 1;",
			"`B` INTEGER KEY, `N` INTEGER", "Scan Project Exchange Aggregate Filter Project Sink"},
		{"table filter", "CREATE TABLE O AS SELECT ID, A FROM T WHERE A > 1;", "`ID` INTEGER KEY, `A` INTEGER", "Scan Latest Filter Project Sink"},
		{"table projection", "CREATE TABLE O AS SELECT ID, A FROM T;", "`ID` INTEGER KEY, `A` INTEGER", "Scan Latest Project Sink"},
		{"table grouped", "CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM T GROUP BY A;", "`A` INTEGER KEY, `N` BIGINT", "Scan Latest Project Exchange Aggregate Project Sink"},
		{"windowed", "CREATE TABLE O AS SELECT K, WINDOWSTART AS WS, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY K;",
			"`K` STRING KEY, `WS` BIGINT, `N` BIGINT", "Scan Project Aggregate Project Sink"},
		{"windowed source", "CREATE STREAM O AS SELECT * FROM W;", "`K` STRING KEY, `A` INTEGER", "Scan Project Sink"},
	} {
		w := newWorld(t, people)
		if err := w.run(c.sql); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := w.cat.Source("O").Schema.String(); got != c.schema {
			t.Errorf("%s: schema %s, want %s", c.name, got, c.schema)
		}
		if got := names(w.last.Start.Root); got != c.steps {
			t.Errorf("%s: steps %s, want %s", c.name, got, c.steps)
		}
		checkTree(t, c.name, w.last.Start.Root)
	}
}

// checkTree holds a plan to the contracts of step.go.
func checkTree(t *testing.T, name string, root Step) {
	for _, s := range steps(root) {
		h := s.Out()
		keys := h.Schema.Keys()
		for i := range keys {
			if h.Schema[i].Role != sql.KeyRole {
				t.Errorf("%s: %s: key columns do not come first: %s", name, h.Name, h.Schema)
			}
		}
		if h.Window != nil && (len(h.Schema) < keys+2 || h.Schema[keys].Name != windowStart || h.Schema[keys+1].Name != windowEnd) {
			t.Errorf("%s: %s: no window bounds after the keys: %s", name, h.Name, h.Schema)
		}
		if h.Live != nil && len(h.Live) != len(h.Schema) {
			t.Errorf("%s: %s: %d live marks for %d columns", name, h.Name, len(h.Live), len(h.Schema))
		}
		switch s := s.(type) {
		case *Project:
			if len(s.Items) != len(h.Schema) {
				t.Errorf("%s: %d items for %s", name, len(s.Items), h.Schema)
			}
			for i, it := range s.Items {
				if it.Name != h.Schema[i].Name || !it.X.Type().Equal(h.Schema[i].Type) {
					t.Errorf("%s: item %s %s stands at column %s", name, it.Name, it.X.Type(), h.Schema[i])
				}
			}
		case *Rekey:
			if len(s.Keys)+len(s.Rest) != len(h.Schema) {
				t.Errorf("%s: %d keys and %d others for %s", name, len(s.Keys), len(s.Rest), h.Schema)
			}
			for i, from := range s.Rest {
				if a, b := h.Schema[len(s.Keys)+i], s.In.Out().Schema[from]; a.Name != b.Name {
					t.Errorf("%s: column %s is a copy of %s", name, a.Name, b.Name)
				}
			}
		}
	}
}

func TestLive(t *testing.T) {
	w := newWorld(t, people+"CREATE STREAM O AS SELECT K, A FROM S WHERE D > 1;")
	scan := steps(w.last.Start.Root)[0].(*Scan)
	var live []string
	for i, c := range scan.Schema {
		if scan.Live[i] {
			live = append(live, c.Name)
		}
	}
	if got := strings.Join(live, " "); got != "K A D" {
		t.Errorf("the query reads %q, want K A D", got)
	}
	w = newWorld(t, people+"CREATE TABLE O AS SELECT B, COUNT(*) AS N FROM S WHERE A > 0 GROUP BY B;")
	scan = steps(w.last.Start.Root)[0].(*Scan)
	live = nil
	for i, c := range scan.Schema {
		if scan.Live[i] {
			live = append(live, c.Name)
		}
	}
	if got := strings.Join(live, " "); got != "K A B ROWTIME" {
		t.Errorf("the aggregation reads %q, want K A B ROWTIME", got)
	}
}

func TestOld(t *testing.T) {
	old := func(script string) string {
		w := newWorld(t, people+script)
		var out []string
		for _, s := range steps(w.last.Start.Root) {
			if s.Out().Old {
				out = append(out, strings.TrimPrefix(reflect.TypeOf(s).String(), "*plan."))
			}
		}
		return strings.Join(out, " ")
	}
	for script, want := range map[string]string{
		"CREATE TABLE O AS SELECT ID, A FROM T;":                                                                                    "",
		"CREATE TABLE O AS SELECT ID, A FROM T WHERE A > 1;":                                                                        "Latest Filter Project",
		"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM T GROUP BY A;":                                                              "Latest Project Exchange",
		"CREATE TABLE O AS SELECT B, COUNT(*) AS N FROM S GROUP BY B;":                                                              "",
		"CREATE TABLE O AS SELECT B, COUNT(*) AS N FROM S GROUP BY B HAVING COUNT(*) > 1;":                                          "Aggregate Filter Project",
		"CREATE TABLE O AS SELECT B, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY B HAVING COUNT(*) > 1 EMIT FINAL;": "",
		"CREATE TABLE O AS SELECT B, COUNT(*) AS N FROM S WINDOW SESSION (1 HOUR) GROUP BY B HAVING COUNT(*) > 1;":                  "Aggregate Filter Project",
		"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM T WHERE B = 'x' GROUP BY A HAVING COUNT(*) > 1;":                            "Latest Filter Project Exchange Aggregate Filter Project",
	} {
		if got := old(script); got != want {
			t.Errorf("%s: old values leave %q, want %q", script, got, want)
		}
	}
}

func TestWindowDefaults(t *testing.T) {
	const hour = 3600000
	for clause, want := range map[string]Window{
		"TUMBLING (SIZE 1 HOUR)": {Kind: sql.Tumbling, Size: hour, Advance: hour, Grace: 23 * hour, Retention: 24 * hour},
		"TUMBLING (SIZE 2 DAYS)": {Kind: sql.Tumbling, Size: 48 * hour, Advance: 48 * hour, Retention: 48 * hour},
		"HOPPING (SIZE 2 HOURS, ADVANCE BY 1 HOUR, RETENTION 5 HOURS, GRACE PERIOD 1 HOUR)": {
			Kind: sql.Hopping, Size: 2 * hour, Advance: hour, Grace: hour, Retention: 5 * hour},
		"SESSION (1 HOUR)": {Kind: sql.Session, Size: hour, Grace: 23 * hour, Retention: 24 * hour},
	} {
		w := newWorld(t, people+"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW "+clause+" GROUP BY K;")
		if got := *w.last.Start.Root.Out().Window; got != want {
			t.Errorf("%s: %+v, want %+v", clause, got, want)
		}
	}
}

// bomb is types that name each other: each is twice as large as the one before.
func bomb(of string) string {
	text, name := "", "INT"
	for i := range 40 {
		next := fmt.Sprint("B", i)
		text += "CREATE TYPE " + next + " AS " + fmt.Sprintf(of, name) + ";"
		name = next
	}
	return text
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"CREATE STREAM O AS SELECT A FROM S;", "Key missing from projection (ie, SELECT). \nThe query used to build `O` must include the key column K in its projection (eg, SELECT K...)."},
		{"CREATE STREAM O AS SELECT K FROM S;", "The projection contains no value columns."},
		{"CREATE STREAM O AS SELECT K, A, B AS A FROM S;", "Duplicate value columns found in schema: `A` INTEGER"},
		{"CREATE STREAM O AS SELECT K, A AS K FROM S;", "Value columns clash with key columns: `K`"},
		{"CREATE TABLE O AS SELECT K, A FROM S;", "Invalid result type. Your SELECT query produces a STREAM. Please use CREATE STREAM AS SELECT statement instead."},
		{"CREATE STREAM O AS SELECT K, NOPE FROM S;", "SELECT column 'NOPE' cannot be resolved."},
		{"CREATE STREAM O AS SELECT K, A FROM s2;", "S2 does not exist."},
		{"CREATE STREAM S (A INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON');", "Cannot add stream 'S': A stream with the same name already exists"},
		{"CREATE TABLE O AS SELECT ID, MAX(A) FROM T GROUP BY ID;", "The aggregation function MAX cannot be applied to a table source, only to a stream source."},
		{"CREATE TABLE O AS SELECT A, COUNT(*) FROM T WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY A;", "Windowing not supported for table aggregations."},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR, RETENTION 1 HOUR, GRACE PERIOD 1 HOUR) GROUP BY K;", "The retention period of the window store must be no smaller"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR, GRACE PERIOD -1 HOUR) GROUP BY K;", "Grace period must not be negative."},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 200000000000 DAYS, GRACE PERIOD 1 DAY) GROUP BY K;", "Window size and grace period together must be less than"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW HOPPING (SIZE 2 DAYS, ADVANCE BY 1 SECOND) GROUP BY K;", "A row would fall into 172800 windows"},
		{"CREATE STREAM X (A DECIMAL(2147483647, 2)) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);", "DECIMAL precision must be <= 100000"},
		{"CREATE STREAM O AS SELECT K, CAST(A AS DECIMAL(60000, 0)) * CAST(A AS DECIMAL(60000, 0)) AS X FROM S;", "DECIMAL precision must be <= 100000"},
		{"CREATE STREAM O AS SELECT K, 1." + strings.Repeat("0", 100000) + " AS X FROM S;", "Invalid numeric literal: more than 100000 digits"},
		{bomb("STRUCT<A %[1]s, B %[1]s>"), "A type may have at most 200000 parts"},
		{bomb("MAP<STRING, STRUCT<A %[1]s, B ARRAY<%[1]s>>>"), "A type may have at most 200000 parts"},
		{"CREATE STREAM O AS SELECT K, A FROM S EMIT FINAL;", "EMIT FINAL is only supported for windowed aggregations."},
		{"CREATE STREAM X (K STRING KEY, A INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', WINDOW_TYPE='HOPPING', WINDOW_SIZE='0 SECONDS');", "Size must be positive: '0 SECONDS'"},
		{"CREATE STREAM O AS SELECT K, A FROM W PARTITION BY A;", "Implicit repartitioning of windowed sources is not supported."},
		{"DROP STREAM NOPE;", "Stream NOPE does not exist."},
		{"DROP STREAM T;", "Incompatible data source type is table, but statement was DROP stream"},
		{"ALTER TABLE S ADD COLUMN X INT;", "Incompatible data source type is STREAM, but statement was ALTER TABLE"},
		{"ALTER STREAM S ADD COLUMN A INT;", "Cannot add column `A` to schema. A column with the same name already exists."},
		{"DROP TYPE NOPE;", "Type NOPE does not exist."},
		{"TERMINATE NOPE;", "Unknown queryId: NOPE"},
		{"INSERT INTO T SELECT K, A FROM S;", "INSERT INTO can only be used to insert into a stream. T is a table."},
		{"INSERT INTO S SELECT K, A FROM S;", "Incompatible schema between results and sink\nResult schema is `K` STRING KEY, `A` INTEGER\nSink schema is"},
		{"INSERT INTO W VALUES ('a', 1);", "Cannot insert values into windowed stream/table!"},
		{"INSERT INTO S (K, NOPE) VALUES ('a', 1);", "Column name `NOPE` does not exist."},
		{"INSERT INTO S (K, A) VALUES ('a', 'b');", "Expected type INTEGER for field `A` but got STRING(b)"},
		{"INSERT INTO S (K, A) VALUES ('a', 1.5);", "Expected type INTEGER for field `A` but got DECIMAL(1.5)"},
		{"INSERT INTO S VALUES ('a', 1);", "Expected a value for each column. Expected Columns: [K, A, B, L, D]. Got ['a', 1]"},
		{"INSERT INTO T (A) VALUES (1);", "Value for primary key column(s) ID is required for tables"},
		{"CREATE STREAM O (A INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', FOO='a', BAR='b');", "Invalid config variable(s) in the WITH clause: BAR,FOO"},
		{"CREATE STREAM O (A INT) WITH (VALUE_FORMAT='JSON');", `Missing required property "KAFKA_TOPIC" which has no default value.`},
		{"CREATE STREAM O (A INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS='many');", "Invalid value many for property PARTITIONS: Not a number of type INT"},
		{"CREATE STREAM O (A STRING) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', TIMESTAMP='A', TIMESTAMP_FORMAT='foo');", "Invalid datetime format for config:TIMESTAMP_FORMAT, reason:Unknown pattern letter: f"},
	} {
		w := newWorld(t, people)
		w.env.Const = func(e Expr) (any, error) {
			if l, ok := e.(*Literal); ok {
				return l.Value, nil
			}
			return nil, errors.New("not a literal")
		}
		err := w.run(c.sql)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got  %v\n want %s", c.sql, err, c.want)
			continue
		}
		var own *Error
		var parse *sql.Error
		switch {
		case errors.As(err, &own) && own.Text != "":
		case errors.As(err, &parse) && parse.Statement != "":
		default:
			t.Errorf("%s: %T does not carry the statement", c.sql, err)
		}
	}
}

func TestDependencies(t *testing.T) {
	w := newWorld(t, people+"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K; CREATE STREAM C AS SELECT K, A FROM S; INSERT INTO C SELECT K, B AS A FROM S;")
	refused := func(statement, want string) {
		t.Helper()
		if err := w.run(statement); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", statement, err, want)
		}
	}
	refused("DROP STREAM S;", "Cannot drop S.\nThe following streams and/or tables read from this source: [C, O].\nYou need to drop them before dropping S.")
	refused("DROP STREAM C;", "Cannot drop C.\nThe following queries read from this source: [].\nThe following queries write into this source: [INSERTQUERY_2].\nYou need to terminate them before dropping C.")
	refused("CREATE OR REPLACE STREAM C AS SELECT K, A, B FROM S;", "REPLACE for sink C is not supported because there are multiple queries writing into it")
	do := func(statement string) {
		t.Helper()
		if err := w.run(statement); err != nil {
			t.Fatal(err)
		}
	}
	do("PAUSE ctas_o_0;")
	if !w.cat.Query("CTAS_O_0").Paused || !slices.Equal(w.last.Pause, []string{"CTAS_O_0"}) {
		t.Error("the query is not paused")
	}
	do("RESUME CTAS_O_0;")
	do("TERMINATE INSERTQUERY_2;")
	do("CREATE OR REPLACE STREAM C AS SELECT K, A, B FROM S WHERE A > 1;")
	if !w.last.Replace || w.last.Start.ID != "CSAS_C_1" {
		t.Errorf("replaced as %s, %v", w.last.Start.ID, w.last.Replace)
	}
	do("DROP STREAM C DELETE TOPIC;")
	if !slices.Equal(w.last.Stop, []string{"CSAS_C_1"}) || !slices.Equal(w.last.DeleteTopics, []string{"C"}) {
		t.Errorf("dropping C stops %v and deletes %v", w.last.Stop, w.last.DeleteTopics)
	}
	do("TERMINATE CTAS_O_0;")
	stmts, _ := sql.Parse("SELECT * FROM O;", nil)
	if _, err := PlanPull(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text); err == nil || !strings.Contains(err.Error(), "isn't queryable") {
		t.Errorf("a table without its query: %v", err)
	}
	refused("DROP STREAM S;", "read from this source: [O]")
	do("DROP TABLE O; DROP STREAM S;")
}

func TestTopics(t *testing.T) {
	w := newWorld(t, "")
	w.env.Topic = func(name string) (int, bool) { return 5, name == "there" }
	if err := w.run("CREATE STREAM A (X INT) WITH (KAFKA_TOPIC='gone', VALUE_FORMAT='JSON');"); err == nil || !strings.Contains(err.Error(), "Topic 'gone' does not exist. If you want to create a new topic") {
		t.Error(err)
	}
	if err := w.run("CREATE STREAM A (X INT) WITH (KAFKA_TOPIC='there', VALUE_FORMAT='JSON');"); err != nil || w.cat.Source("A").Partitions != 5 || len(w.last.CreateTopics) != 0 {
		t.Error(err, w.last)
	}
	if err := w.run("CREATE TABLE B AS SELECT X, COUNT(*) AS N FROM A WINDOW TUMBLING (SIZE 1 DAY, RETENTION 30 DAYS) GROUP BY X;"); err != nil {
		t.Fatal(err)
	}
	if got, want := w.last.CreateTopics, []TopicSpec{{Name: "B", Partitions: 5, Compact: true, Retention: 30 * 86400000}}; !slices.Equal(got, want) {
		t.Errorf("topics %+v, want %+v", got, want)
	}
}

func TestExplain(t *testing.T) {
	w := newWorld(t, people+"CREATE TABLE O AS SELECT B, COUNT(*) AS N FROM S WHERE A > 0 GROUP BY B;")
	got := Explain(w.last.Start)
	for i, want := range []string{
		" > [ SINK ] | Schema: `B` INTEGER KEY, `N` BIGINT | Logger: CTAS_O_0.O", "\t\t > [ PROJECT ] ", "\t\t\t\t > [ AGGREGATE ] ",
		" > [ GROUP_BY ] ", " > [ PROJECT ] ", " > [ FILTER ] ", " > [ SOURCE ] | Schema: `K` STRING KEY, `A` INTEGER",
	} {
		lines := strings.Split(got, "\n")
		if i >= len(lines) || !strings.Contains(lines[i], want) {
			t.Fatalf("line %d wants %q:\n%s", i, want, got)
		}
	}
}

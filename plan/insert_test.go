package plan

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestCoercible: where a value of one type may go without a cast (spec 4.4).
func TestCoercible(t *testing.T) {
	types := []string{"BOOLEAN", "INTEGER", "BIGINT", "DECIMAL(4, 2)", "DOUBLE", "STRING", "TIME", "DATE", "TIMESTAMP", "BYTES", "ARRAY<INTEGER>", "MAP<INTEGER, INTEGER>", "STRUCT<A INTEGER>"}
	to := map[string]string{
		"INTEGER": "BIGINT DECIMAL(4, 2) DOUBLE", "BIGINT": "DECIMAL(4, 2) DOUBLE", "DECIMAL(4, 2)": "DOUBLE", "STRING": "TIME DATE TIMESTAMP BYTES",
	}
	for _, a := range types {
		for _, b := range types {
			if want := a == b || strings.Contains(" "+to[a]+" ", " "+b+" "); coercible(typeOf(t, a), typeOf(t, b)) != want {
				t.Errorf("%s to %s: not %v", a, b, want)
			}
		}
		if !coercible(sql.TNull, typeOf(t, a)) {
			t.Errorf("NULL to %s", a)
		}
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"DECIMAL(4, 2)", "DECIMAL(3, 1)", true}, // the value has to fit
		{"ARRAY<INTEGER>", "ARRAY<BIGINT>", true}, {"ARRAY<BIGINT>", "ARRAY<INTEGER>", false}, {"ARRAY<ARRAY<INTEGER>>", "ARRAY<ARRAY<DOUBLE>>", true},
		{"MAP<STRING, INTEGER>", "MAP<DATE, BIGINT>", true}, {"MAP<INTEGER, INTEGER>", "MAP<STRING, INTEGER>", false}, {"MAP<INTEGER, BIGINT>", "MAP<INTEGER, INTEGER>", false},
		{"STRUCT<A INTEGER>", "STRUCT<A BIGINT, B STRING>", true}, {"STRUCT<A BIGINT>", "STRUCT<A INTEGER>", false}, {"STRUCT<B BOOLEAN, A INTEGER>", "STRUCT<A BIGINT>", true},
		{"STRUCT<B BOOLEAN, A BIGINT>", "STRUCT<A INTEGER>", false}, {"STRUCT<A BOOLEAN>", "STRUCT<B INTEGER>", true},
	} {
		if got := coercible(typeOf(t, c.a), typeOf(t, c.b)); got != c.want {
			t.Errorf("%s to %s: %v", c.a, c.b, got)
		}
	}
}

// TestInsertParams: a value that is bound later has its column's type, or one that every value of it fits; text is
// read as a literal's is.
func TestInsertParams(t *testing.T) {
	for _, c := range []struct {
		column string
		given  sql.Type
		want   string
	}{
		{"A", sql.TInteger, "INTEGER *plan.Param"}, {"A", sql.TBigint, "INTEGER *plan.Param"}, {"D", sql.TInteger, "DECIMAL(6, 2) *plan.Param"},
		{"A", sql.TBoolean, "Expected type INTEGER for field `A` but got BOOLEAN(?)"}, {"A", sql.TString, "Expected type INTEGER for field `A` but got STRING(?)"},
		{"K", sql.TInteger, "Expected type STRING for field `K` but got INTEGER(?)"}, {"TS", sql.TString, "TIMESTAMP *plan.Cast"},
	} {
		w := newWorld(t, people+"ALTER STREAM S ADD COLUMN TS TIMESTAMP;")
		stmts, err := sql.ParseParams("INSERT INTO S ("+c.column+") VALUES (?);", nil)
		if err != nil {
			t.Fatal(err)
		}
		in, err := PlanInsert(w.cat, w.env, stmts[0].Statement.(*sql.InsertValues), c.given)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %s: %v, want %s", c.column, c.given, err, c.want)
			}
			continue
		}
		x := in.Values[in.Columns.Index(c.column)]
		if got := x.Type().String() + " " + kindOf(x); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.column, c.given, got, c.want)
		}
	}
}

func kindOf(x Expr) string {
	switch x := x.(type) {
	case *Param:
		return "*plan.Param"
	case *Cast:
		if !x.Implied {
			return "a cast that was written"
		}
		return "*plan.Cast"
	case *Literal:
		return "*plan.Literal"
	}
	return "another"
}

// TestInsertRefused: what no INSERT VALUES may do, whatever the values.
func TestInsertRefused(t *testing.T) {
	w := newWorld(t, people+`CREATE SOURCE STREAM SO (K INT KEY, V INT) WITH (KAFKA_TOPIC='so', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM H (K INT KEY, V INT, A ARRAY<STRUCT<KEY STRING, VALUE BYTES>> HEADERS) WITH (KAFKA_TOPIC='h', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM L (K INT KEY, V INT) WITH (KAFKA_TOPIC='log', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE TWO (K INT PRIMARY KEY, L INT PRIMARY KEY, V INT) WITH (KAFKA_TOPIC='two', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	w.env.ReadOnly = func(topic string) bool { return topic == "log" }
	for _, c := range []struct{ text, want string }{
		{"INSERT INTO NOPE VALUES (1);", "Cannot insert values into an unknown stream/table: `NOPE`"}, {"INSERT INTO `s` VALUES (1);", "unknown stream/table: `s`\nDid you mean S?"},
		{"INSERT INTO SO VALUES (1, 2);", "Cannot insert values into read-only stream: SO"}, {"INSERT INTO L VALUES (1, 2);", "Cannot insert values into read-only topic: log"},
		{"INSERT INTO H VALUES (1, 2, 3);", "Cannot insert into HEADER columns: A"}, {"INSERT INTO H (K, A) VALUES (1, 2);", "Cannot insert into HEADER columns: A"}, {"INSERT INTO H (K, V) VALUES (1, 2);", ""},
		{"INSERT INTO S (K, A) VALUES ('a', X.B);", "'X' is not a valid stream/table name or alias."}, {"INSERT INTO S (K, A) VALUES ('a', B);", "Unsupported column reference in insert value: B"},
		{"INSERT INTO S (K, ROWPARTITION) VALUES ('a', 1);", "Inserting into column `ROWPARTITION` is not allowed."}, {"INSERT INTO S (K, ROWOFFSET) VALUES ('a', 1);", "Inserting into column `ROWOFFSET` is not allowed."},
		{"INSERT INTO S (K, ROWTIME) VALUES ('a', 1);", ""}, {"INSERT INTO S (K, ROWTIME) VALUES ('a', '2020-01-01');", ""}, {"INSERT INTO S (K, ROWTIME) VALUES ('a', 'x');", "Failed to parse timestamp 'x'"},
		{"INSERT INTO S (K, ROWTIME) VALUES ('a', true);", "Expected type BIGINT for field `ROWTIME` but got BOOLEAN(true)"},
		{"INSERT INTO S (K, Y, X) VALUES ('a', 1, 2);", "Column name `Y` does not exist."},
		{"INSERT INTO TWO (K, V) VALUES (1, 2);", "Value for primary key column(s) K, L is required for tables"}, {"INSERT INTO TWO (K, L) VALUES (1, NULL);", "Value for primary key column(s) K, L is required for tables"},
		{"INSERT INTO TWO (L, K) VALUES (1, 2);", ""}, {"INSERT INTO S (A) VALUES (1);", ""}, {"INSERT INTO S (A) VALUES (NULL);", ""},
	} {
		err := w.run(c.text)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
	w.env.Props["ksql.insert.into.values.enabled"] = "false"
	if err := w.run("INSERT INTO S (A) VALUES (1);"); err == nil || !strings.Contains(err.Error(), "disabled INSERT INTO ... VALUES") {
		t.Error(err)
	}
}

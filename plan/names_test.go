package plan

import (
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

func TestNamer(t *testing.T) {
	n := newNamer([]string{"KSQL_COL_1", "B", "C_2"})
	for i, want := range []string{"KSQL_COL_0", "KSQL_COL_2"} {
		if got := n.column(); got != want {
			t.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	for _, c := range [][2]string{{"F_3", "F"}, {"F", "F_1"}, {"B", "B_1"}, {"C", "C"}, {"C", "C_1"}, {"C", "C_3"}, {"7", "7"}, {"7", "7_1"}, {"G7", "G7"}, {"G", "G"}, {"_1", ""}, {"H_", "H_"}} {
		if got := n.field(c[0]); got != c[1] {
			t.Errorf("field %s is named %s, want %s", c[0], got, c[1])
		}
	}
}

// TestNamesOf: a column keeps its name, a field gives its own, everything else is numbered.
func TestNamesOf(t *testing.T) {
	a := &sql.ColumnRef{Name: "A"}
	n := newNamer([]string{"A", "F"})
	for i, c := range []struct {
		e    sql.Expr
		want string
	}{
		{a, "A"}, {a, "A"}, {&sql.Deref{X: a, Field: "F"}, "F_1"}, {&sql.Deref{X: a, Field: "G"}, "G"}, {&sql.Deref{X: a, Field: "G"}, "G_1"},
		{&sql.Unary{X: a}, "KSQL_COL_0"}, {&sql.Call{Name: "F"}, "KSQL_COL_1"},
	} {
		if got := n.of(c.e); got != c.want {
			t.Errorf("%d: %s is named %s, want %s", i, sql.Text(c.e), got, c.want)
		}
	}
}

func TestJoin(t *testing.T) {
	for _, c := range []struct {
		names []string
		want  string
	}{{nil, ""}, {[]string{"A"}, "A"}, {[]string{"A", "B"}, "A and B"}, {[]string{"A", "B", "C"}, "A, B and C"}} {
		if got := join(c.names, "and"); got != c.want {
			t.Errorf("%v: %s, want %s", c.names, got, c.want)
		}
	}
}

// TestCaseHint names the sources that are written alike but for the case of their letters (spec 19.2).
func TestCaseHint(t *testing.T) {
	source := func(kind, name string) string {
		key := "KEY"
		if kind == "TABLE" {
			key = "PRIMARY KEY"
		}
		return "CREATE " + kind + " " + name + " (K INT " + key + ", V INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);"
	}
	stream, table := sql.StreamKind, sql.TableKind
	const wrap = "? Hint: wrap the source name in double quotes to make it case-sensitive."
	for _, c := range []struct {
		script, name string
		only         *sql.SourceKind
		want         string
	}{
		{source("STREAM", "AB"), "x", nil, ""},
		{source("STREAM", "AB"), "ab", nil, "\nDid you mean AB? Hint: try removing double quotes from the source name."},
		{source("STREAM", "`Ab`"), "AB", nil, "\nDid you mean \"Ab\"" + wrap},
		{source("STREAM", "`Ab`"), "AB", &stream, "\nDid you mean \"Ab\"" + wrap},
		{source("STREAM", "`Ab`"), "AB", &table, ""},
		{source("STREAM", "`ab`") + source("TABLE", "`Ab`"), "AB", nil, "\nDid you mean \"Ab\" (TABLE) or \"ab\" (STREAM)" + wrap},
		{source("STREAM", "`ab`") + source("TABLE", "`Ab`"), "AB", &table, "\nDid you mean \"Ab\"" + wrap},
		{source("STREAM", "`ab`") + source("TABLE", "AB"), "aB", nil, "\nDid you mean \"AB\" (TABLE) or \"ab\" (STREAM)" + wrap},
		{source("STREAM", "`ab`") + source("TABLE", "`Ab`") + source("STREAM", "`aB`"), "AB", nil, "\nDid you mean \"Ab\" (TABLE), \"aB\" (STREAM), or \"ab\" (STREAM)" + wrap},
	} {
		if got := newWorld(t, c.script).cat.caseHint(c.name, c.only); got != c.want {
			t.Errorf("%s after %s: %q, want %q", c.name, c.script, got, c.want)
		}
	}
}

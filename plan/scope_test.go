package plan

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// refused runs statements of which each is one too many, over people and more.
func refused(t *testing.T, more string, cases [][2]string) {
	t.Helper()
	w := newWorld(t, people+more)
	for _, c := range cases {
		err := w.run(c[0])
		if err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s\n got  %v\n want %s", c[0], err, c[1])
		}
	}
}

const others = `CREATE STREAM S2 (K STRING KEY, A INT, C INT) WITH (KAFKA_TOPIC='s2', VALUE_FORMAT='JSON', PARTITIONS=3);
CREATE STREAM N (K STRING KEY, G STRUCT<B INT, X_2 INT>, X INT) WITH (KAFKA_TOPIC='n', VALUE_FORMAT='JSON', PARTITIONS=3);
CREATE STREAM M (X INT, Y INT) WITH (KAFKA_TOPIC='m', VALUE_FORMAT='JSON', PARTITIONS=3);
`

// TestNamesRefused: names that mean nothing or too much, each with the words of the clause that it stands in.
func TestNamesRefused(t *testing.T) {
	const join = " FROM S S JOIN S2 Z WITHIN 1 HOUR ON S.K = Z.K"
	refused(t, others, [][2]string{
		{"CREATE STREAM O AS SELECT K, X FROM S;", "SELECT column 'X' cannot be resolved."}, {"CREATE STREAM O AS SELECT K, A FROM S WHERE X = 1;", "WHERE column 'X' cannot be resolved."},
		{"CREATE STREAM O AS SELECT K, S.X FROM S;", "SELECT column 'S.X' cannot be resolved."}, {"CREATE STREAM O AS SELECT K, WINDOWSTART AS X FROM S;", "SELECT column 'WINDOWSTART' cannot be resolved."},
		{"CREATE TABLE O AS SELECT X, COUNT(*) AS N FROM S GROUP BY X;", "GROUP BY column 'X' cannot be resolved."}, {"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM S GROUP BY A HAVING X > 1;", "HAVING column 'X' cannot be resolved."},
		{"CREATE STREAM O AS SELECT K, A FROM S PARTITION BY X;", "PARTITION BY column 'X' cannot be resolved."},
		{"CREATE STREAM O AS SELECT K, A AS X FROM S PARTITION BY X;", "PARTITION BY column 'X' cannot be resolved. 'X' must be a column in the source schema since PARTITION BY is applied on the input."},
		{"CREATE STREAM O AS SELECT K, Z.A FROM S;", "'Z' is not a valid stream/table name or alias."}, {"CREATE STREAM O AS SELECT Z.* FROM S;", "'Z' is not a valid stream/table name or alias."},
		{"CREATE STREAM O AS SELECT K, A FROM S WHERE Z.A = 1 AND Y.A = 1;", "'Z' is not a valid stream/table name or alias."}, {"CREATE STREAM O AS SELECT K, A FROM S PARTITION BY Z.A;", "'Z' is not a valid"},
		{"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM S GROUP BY Z.A;", "'Z' is not a valid"}, {"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM S GROUP BY A HAVING Z.A > 1;", "'Z' is not a valid"},
		{"CREATE STREAM O AS SELECT S.K, S.A FROM S X;", "'S' is not a valid stream/table name or alias."},
		{"CREATE STREAM O AS SELECT K, TRANSFORM(L, A => A + 1) AS X FROM S;", "Lambda function argument can't be a column name: A"}, {"CREATE STREAM O AS SELECT K, TRANSFORM(L, ROWTIME => 1) AS X FROM S;", "Lambda function argument can't be a column name: ROWTIME"},
		{"CREATE STREAM O AS SELECT K, A->* FROM S;", "Cannot resolve 'A->*': it is not a STRUCT"}, {"CREATE STREAM O AS SELECT K, X->* FROM S;", "SELECT column 'X' cannot be resolved."},
		{"CREATE STREAM O AS SELECT K, A AS ROWTIME FROM S;", "`ROWTIME` is a reserved column name. You cannot use it as an alias for a column."}, {"CREATE STREAM O AS SELECT K, ROWTIME FROM S;", "Reserved column name in select: `ROWTIME`."},
		{"CREATE STREAM O AS SELECT K, A FROM NOPE;", "NOPE does not exist."}, {"CREATE STREAM O AS SELECT K, A FROM `s`;", "s does not exist.\nDid you mean S? Hint: try removing double quotes"},
		// Joins are not there yet; their names are judged.
		{"CREATE STREAM O AS SELECT S.K, B, C" + join + ";", "JOIN is not available yet"}, {"CREATE STREAM O AS SELECT S.ROWTIME, B, C" + join + ";", "JOIN is not available yet"},
		{"CREATE STREAM O AS\n SELECT S.K, A" + join + ";", "Exception while preparing statement: Line: 1, Col: 1: Column 'A' is ambiguous. Could be S.A or Z.A."},
		{"CREATE STREAM O AS SELECT S.K, B" + join + " WHERE K = 'x';", "Column 'K' is ambiguous. Could be S.K or Z.K."}, {"CREATE STREAM O AS SELECT S.K, B" + join + " WHERE ROWTIME = 1;", "Column 'ROWTIME' is ambiguous."},
		{"CREATE STREAM O AS SELECT S.K, Z.X" + join + ";", "SELECT column 'Z.X' cannot be resolved."}, {"CREATE STREAM O AS SELECT S.K, S.C" + join + ";", "SELECT column 'S.C' cannot be resolved."}, {"CREATE STREAM O AS SELECT S.K, ROWKEY" + join + ";", "JOIN is not available yet"},
		{"CREATE STREAM O AS SELECT S.K, X.B" + join + ";", "'X' is not a valid stream/table name or alias."}, {"CREATE STREAM O AS SELECT ROWKEY, A FROM S;", "SELECT column 'ROWKEY' cannot be resolved."}, {"CREATE STREAM O AS SELECT S.K, B" + join + " WHERE ROWKEY = 1;", "WHERE column 'ROWKEY' cannot be resolved."},
		{"CREATE STREAM O AS SELECT S.K, B FROM S S JOIN NOPE Z WITHIN 1 HOUR ON S.K = Z.K;", "NOPE does not exist."}, {"CREATE STREAM O AS SELECT S.K, B FROM S S JOIN S2 Z WITHIN 1 HOUR ON S.K = Z.X;", "JOIN ON column 'Z.X' cannot be resolved."},
		{"CREATE STREAM O AS SELECT S.K, B FROM S S JOIN S2 Z WITHIN 1 HOUR ON S.K = X.K;", "'X' is not a valid stream/table name or alias."},
		{"CREATE STREAM O AS SELECT S.K, WINDOWSTART FROM S S JOIN W Z WITHIN 1 HOUR ON S.K = Z.K;", "Reserved column name in select: `WINDOWSTART`."},
	})
}

// TestOffsetColumns: a source that was declared with a column that has become a pseudo column since cannot be read.
func TestOffsetColumns(t *testing.T) {
	w := newWorld(t, people)
	src := *w.cat.Source("S")
	src.Schema = append(append(sql.Schema{}, src.Schema...), sql.Column{Field: sql.Field{Name: rowOffset, Type: sql.TBigint}}, sql.Column{Field: sql.Field{Name: rowPartition, Type: sql.TInteger}})
	w.cat = w.cat.Apply(&Effect{Put: []*Source{&src}})
	if err := w.run("CREATE STREAM O AS SELECT K, A FROM S;"); err == nil || !strings.Contains(err.Error(), "cannot be queried as a result. The conflicting names are: `ROWOFFSET`, `ROWPARTITION`.") {
		t.Error(err)
	}
}

// TestUnionRefused: only streams with the same columns have their rows put together.
func TestUnionRefused(t *testing.T) {
	w := newWorld(t, people+others+"CREATE STREAM S3 (K STRING KEY, A INT, C INT) WITH (KAFKA_TOPIC='s3', VALUE_FORMAT='JSON', PARTITIONS=2);")
	w.env.Unions = func(name string) []string {
		return map[string][]string{"U": {"S2", "S3"}, "V": {"S2", "S"}, "X": {"S2", "NOPE"}, "Y": {"T", "S2"}}[name]
	}
	for _, c := range [][2]string{
		{"CREATE STREAM OV AS SELECT * FROM V;", "UNION of V: S has `K` STRING KEY, `A` INTEGER, `B` INTEGER, `L` ARRAY<INTEGER>, `D` DECIMAL(6, 2), not `K` STRING KEY, `A` INTEGER, `C` INTEGER"},
		{"CREATE STREAM OX AS SELECT * FROM X;", "UNION of X: there is no stream NOPE"}, {"CREATE STREAM OY AS SELECT * FROM Y;", "UNION of Y: there is no stream T"}, {"CREATE STREAM OZ AS SELECT * FROM Z;", "Z does not exist."},
	} {
		if err := w.run(c[0]); err == nil || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s: %v, want %s", c[0], err, c[1])
		}
	}
	if err := w.run("CREATE STREAM OU AS SELECT U.K, U.A FROM U;"); err != nil {
		t.Fatal(err)
	}
	q := w.last.Start
	if got := strings.Join(q.Reads, " "); got != "S2 S3" || len(Steps(q.Root)) != 5 || names(q.Root) != "Scan Union Project Sink" || q.Root.Inputs()[0].Inputs()[0].Out().Name != "Union" {
		t.Errorf("it reads %s by %s", got, names(q.Root))
	}
	if err := w.run("CREATE TABLE OG AS SELECT K, COUNT(*) AS N FROM U GROUP BY K;"); err != nil { // their partitions differ
		t.Fatal(err)
	}
	if got := names(w.last.Start.Root); got != "Scan Union Project Exchange Aggregate Project Sink" {
		t.Error(got)
	}
}

// TestItemNames: what an item of the select list is called (spec 6.4).
func TestItemNames(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT K, S.A, A + 1, B AS X, B + 1, 'x' FROM S": "K A KSQL_COL_0 X KSQL_COL_1 KSQL_COL_2",
		"SELECT G->B, G->B AS Y, G->X_2, G FROM N":        "B Y X_1 G", "SELECT G->*, K FROM N": "B X_2 K", "SELECT * FROM W": "K WINDOWSTART WINDOWEND A", "SELECT S.*, A FROM S": "K A B L D A_",
		"SELECT *, WINDOWSTART AS X FROM W": "K WINDOWSTART WINDOWEND A X", "SELECT ROWTIME, ROWPARTITION, ROWOFFSET FROM S": "ROWTIME ROWPARTITION ROWOFFSET",
	} {
		w := newWorld(t, people+others)
		stmts, err := sql.Parse(text+" EMIT CHANGES;", nil)
		if err != nil {
			t.Fatal(err)
		}
		q, err := PlanPush(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text)
		if err != nil {
			if !strings.HasSuffix(want, "_") || !strings.Contains(err.Error(), "Duplicate value columns found in schema: `A` INTEGER") {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if got := strings.Join(columnNames(q.Schema), " "); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

const tables = people + `CREATE TABLE Q AS SELECT ID, A, B FROM T;
CREATE TABLE QS AS SELECT K, COUNT(*) AS N FROM S GROUP BY K;
CREATE TABLE QW AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY K;
`

func pullOf(w *world, text string) (*Pull, error) {
	stmts, err := sql.Parse(text, nil)
	if err != nil {
		return nil, err
	}
	return PlanPull(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text)
}

// way says in a line how a pull query finds its rows.
func (p *Pull) way() string {
	var out []string
	for _, k := range p.Keys {
		out = append(out, fmt.Sprint("key", k))
	}
	if r := p.Range; r != nil {
		out = append(out, fmt.Sprintf("range %v%v %v%v", r.Lo, r.LoOpen, r.Hi, r.HiOpen))
	}
	for _, b := range p.Start {
		out = append(out, fmt.Sprint("start", b.Op, b.X))
	}
	for _, b := range p.End {
		out = append(out, fmt.Sprint("end", b.Op, b.X))
	}
	if p.Stream != nil {
		out = append(out, "stream")
	}
	return strings.Join(out, "; ")
}

func TestPullAccess(t *testing.T) {
	w := newWorld(t, tables)
	for _, c := range []struct{ sql, want string }{
		{"SELECT * FROM Q;", ""},
		{"SELECT * FROM Q WHERE ID = 1;", "key[1]"},
		{"SELECT * FROM Q WHERE 1 = ID AND A > 3;", "key[1]"},
		{"SELECT * FROM Q WHERE ID IN (1, 2, 1);", "key[1]; key[2]"},
		{"SELECT * FROM Q WHERE ID IN (1, 2.0);", "key[1]; key[2.0]"},
		{"SELECT * FROM Q WHERE ID = 1 OR ID = 2 AND A = 1;", "key[1]; key[2]"},
		{"SELECT * FROM Q WHERE ID = 1 OR A = 1;", ""},
		{"SELECT * FROM Q WHERE ID > 1;", ""},
		{"SELECT * FROM QS WHERE K >= 'a';", "range 'a'false <nil>false"},
		{"SELECT * FROM QS WHERE K < 'a';", "range <nil>false 'a'true"},
		{"SELECT * FROM QS WHERE K = 'b' AND K < 'a';", "key['b']"},
		{"SELECT * FROM QW WHERE K = 'a' AND WINDOWSTART >= 10 AND WINDOWEND < 20;", "key['a']; start>= 10; end< 20"},
		{"SELECT * FROM QS WHERE K < 'z' AND K > 'a' AND K < 'm';", "range 'a'true 'z'true"},
		{"SELECT * FROM QW WHERE K IN ('a', 'b') AND WINDOWSTART >= 10;", "key['a']; key['b']; start>= 10"},
		{"SELECT * FROM QW WHERE K = 'a' AND WINDOWSTART = 10 OR K = 'b' AND WINDOWSTART = 11;", "key['a']; key['b']"},
		{"SELECT * FROM QW WHERE K = 'a' OR K = 'b' AND WINDOWSTART = 10;", "key['a']; key['b']"},
		{"SELECT * FROM QW WHERE K = 'a' AND WINDOWSTART = 10 OR K = 'b';", "key['a']; key['b']"},
		{"SELECT * FROM QW WHERE K > 'a' AND WINDOWEND = 10;", "end= 10"},
		{"SELECT * FROM QW WHERE WINDOWSTART BETWEEN 1 AND 5;", "start>= 1; start<= 5"},
		{"SELECT * FROM S WHERE A = 1;", "stream"},
	} {
		p, err := pullOf(w, c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if got := p.way(); got != c.want {
			t.Errorf("%s: %q, want %q", c.sql, got, c.want)
		}
	}
}

// TestPullParams wants a look-up for each parameter, though they print alike.
func TestPullParams(t *testing.T) {
	w := newWorld(t, tables)
	for _, text := range []string{"SELECT * FROM Q WHERE ID = ? OR ID = ?;", "SELECT * FROM Q WHERE ID IN (?, ?);"} {
		stmts, err := sql.ParseParams(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := PlanPull(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text, sql.TInteger, sql.TInteger)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.way(); got != "key[?]; key[?]" {
			t.Errorf("%s: %s", text, got)
		}
	}
}

func TestPullErrors(t *testing.T) {
	w := newWorld(t, tables)
	for _, c := range []struct{ sql, want string }{
		{"SELECT * FROM T;", "The `T` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_T AS SELECT * FROM T'. See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES"},
		{"SELECT *, ID FROM Q;", "Pull queries only support wildcards in the projects if they are the only expression"},
		{"SELECT ROWOFFSET FROM Q;", "Pull queries don't support the following columns in SELECT clauses: `ROWOFFSET`"},
		{"SELECT * FROM Q GROUP BY ID;", "Pull queries don't support GROUP BY clauses."},
		{"SELECT COUNT(*) FROM Q;", "Pull queries don't support aggregate functions."},
		{"SELECT * FROM Q LIMIT -1;", "Pull queries don't support negative integers in the LIMIT clause."},
		{"SELECT * FROM QS WHERE K >= 10;", "Error in WHERE expression: Cannot compare K (STRING) to 10 (INTEGER) with GREATER_THAN_OR_EQUAL."},
		{"SELECT * FROM QS WHERE NOT K BETWEEN 10 AND 'a';", "Invalid expression: Cannot compare K (STRING) to 10 (INTEGER) with GREATER_THAN_OR_EQUAL."},
		{"SELECT * FROM QW WHERE WINDOWSTART <> 1;", "Unsupported WINDOWSTART bounds: NOT_EQUAL"},
		{"SELECT * FROM QW WHERE WINDOWSTART = 1 AND WINDOWSTART > 0;", "cannot be combined with other WINDOWSTART bounds"},
		{"SELECT * FROM QW WHERE WINDOWSTART > 1 AND WINDOWSTART >= 0;", "Duplicate WINDOWSTART bounds on: GREATER_THAN"},
	} {
		if _, err := pullOf(w, c.sql); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got  %v\n want %s", c.sql, err, c.want)
		}
	}
	w.env.Props["ksql.query.pull.table.scan.enabled"] = "false"
	for _, c := range []struct{ sql, want string }{
		{"SELECT * FROM Q;", "Missing WHERE clause."},
		{"SELECT * FROM Q WHERE A = 1;", "WHERE clause missing key column for disjunct: (A = 1)"},
		{"SELECT * FROM Q WHERE ID <> 1;", "Bound on key columns '[`ID` INTEGER KEY]' must currently be '='. "},
		{"SELECT * FROM Q WHERE ID > 1;", "Query requires table scan to be enabled"},
		{"SELECT * FROM Q WHERE ID + 1 = 1;", "A comparison must directly reference a key column."},
		{"SELECT * FROM Q WHERE ID = A;", "A comparison must be between a key column and a resolvable expression."},
	} {
		if _, err := pullOf(w, c.sql); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("without scans: %s\n got  %v\n want %s", c.sql, err, c.want)
		}
	}
}

func TestPushSchema(t *testing.T) {
	w := newWorld(t, tables)
	for text, want := range map[string]string{
		"SELECT A, K FROM S EMIT CHANGES;":                      "`A` INTEGER, `K` STRING",
		"SELECT * FROM QW EMIT CHANGES;":                        "`K` STRING, `WINDOWSTART` BIGINT, `WINDOWEND` BIGINT, `N` BIGINT",
		"SELECT ROWTIME, ROWOFFSET FROM S EMIT CHANGES;":        "`ROWTIME` BIGINT, `ROWOFFSET` BIGINT",
		"SELECT COUNT(*) FROM S EMIT CHANGES LIMIT 1;":          "`KSQL_COL_0` BIGINT",
		"SELECT B, SUM(A) AS X FROM S GROUP BY B EMIT CHANGES;": "`B` INTEGER, `X` INTEGER",
	} {
		stmts, err := sql.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		q, err := PlanPush(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := q.Schema.String(); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestPushLimit(t *testing.T) {
	w := newWorld(t, tables)
	stmts, err := sql.Parse("SELECT * FROM S EMIT CHANGES LIMIT -1;", nil)
	if err != nil {
		t.Fatal(err)
	}
	const want = "Push queries don't support negative integers in the LIMIT clause."
	if _, err := PlanPush(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// FuzzCheck looks for statements that make planning panic, or fail without the statement's text.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		"CREATE STREAM O AS SELECT *, A + 1 FROM S WHERE A > 1 PARTITION BY B;",
		"CREATE TABLE O AS SELECT B, COUNT(*), TOPK(A, 2) FROM S WINDOW HOPPING (SIZE 2 HOURS, ADVANCE BY 1 HOUR) GROUP BY B HAVING SUM(A) > 1 EMIT FINAL;",
		"CREATE SOURCE TABLE X (K INT PRIMARY KEY, H BYTES HEADER('a')) WITH (KAFKA_TOPIC='x', FORMAT='JSON', TIMESTAMP='K');",
		"INSERT INTO S (K, D, L) VALUES ('a', 1.5, ARRAY[1, 2]);",
		"SELECT ID, A FROM T WHERE ID = 1 OR ID IN (2, 3) AND NOT A BETWEEN 1 AND 2 LIMIT 3;",
		"ALTER STREAM S ADD COLUMN X STRUCT<A INT>;", "DROP STREAM IF EXISTS S DELETE TOPIC;", "CREATE TYPE P AS STRUCT<A INT>;",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stmts, err := sql.Parse(text, nil)
		if err != nil || len(stmts) == 0 {
			return
		}
		w := newWorld(t, tables)
		for _, s := range stmts {
			var err error
			switch st := s.Statement.(type) {
			case *sql.InsertValues:
				_, err = PlanInsert(w.cat, w.env, st)
			case *sql.Select:
				if st.Emit == sql.EmitNone {
					_, err = PlanPull(w.cat, w.env, st, s.Text)
				} else {
					var q *Query
					if q, err = PlanPush(w.cat, w.env, st, s.Text); err == nil {
						Explain(q)
					}
				}
			default:
				var cmd *Command
				if cmd, err = Check(w.cat, w.env, s.Statement, s.Text); err == nil && cmd.Start != nil {
					checkTree(t, text, cmd.Start.Root)
				}
			}
			if err != nil && !ofType(err, "KsqlException") {
				t.Errorf("%s: %T", text, err)
			}
		}
	})
}

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

const pullSources = tables + `CREATE SOURCE TABLE SR (V INT, K INT PRIMARY KEY, H BYTES HEADER('h'), G BYTES HEADER('g')) WITH (KAFKA_TOPIC='sr', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE STREAM HS (V INT, K INT KEY, H BYTES HEADER('h')) WITH (KAFKA_TOPIC='hs', VALUE_FORMAT='JSON', PARTITIONS=1);
`

// TestPullColumns: what a pull query is bound to, what its result has, and how answers print that.
func TestPullColumns(t *testing.T) {
	w := newWorld(t, pullSources)
	for _, c := range []struct{ text, bound, result, printed string }{
		{"SELECT * FROM Q;", "ID:k A:v B:v ROWTIME:p", "ID:k A:v B:v", "ID A B"},
		{"SELECT B, ID AS X, ROWTIME, A + 1, ID + 1 FROM Q;", "ID:k A:v B:v ROWTIME:p", "B:v X:k ROWTIME:v KSQL_COL_0:v KSQL_COL_1:v", "B X ROWTIME KSQL_COL_0 KSQL_COL_1"},
		{"SELECT * FROM QW;", "K:k WINDOWSTART:p WINDOWEND:p N:v ROWTIME:p", "K:k WINDOWSTART:k WINDOWEND:k N:v", "K WINDOWSTART WINDOWEND N"},
		{"SELECT N, WINDOWEND, WINDOWSTART + 1 AS X FROM QW;", "K:k WINDOWSTART:p WINDOWEND:p N:v ROWTIME:p", "N:v WINDOWEND:k X:v", "N WINDOWEND X"},
		{"SELECT * FROM SR;", "K:k V:v H:h G:h ROWTIME:p", "K:k V:v H:h G:h", "K H G V"}, {"SELECT H, V, K FROM SR;", "K:k V:v H:h G:h ROWTIME:p", "H:h V:v K:k", "K H V"},
		{"SELECT K FROM SR;", "K:k V:v H:h G:h ROWTIME:p", "K:k", "K"}, {"SELECT ID, ID FROM Q;", "ID:k A:v B:v ROWTIME:p", "ID:k ID:k", "ID ID"}, {"SELECT ID, A AS ID FROM Q;", "ID:k A:v B:v ROWTIME:p", "ID:k ID:v", "ID ID"},
		{"SELECT * FROM HS;", "", "K:v V:v H:v", "K V H"}, {"SELECT ROWTIME, *, V + 1 FROM HS;", "", "ROWTIME:v K:v V:v H:v KSQL_COL_0:v", "ROWTIME K V H KSQL_COL_0"},
	} {
		p, err := pullOf(w, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		printed := strings.Join(columnNames(p.Printed()), " ")
		if got := roles(p.Columns); got != c.bound || roles(p.Schema) != c.result || printed != c.printed {
			t.Errorf("%s: over %s gives %s printed %s, want over %s %s printed %s", c.text, got, roles(p.Schema), printed, c.bound, c.result, c.printed)
		}
		if p.Stream == nil && len(p.Items) != len(p.Schema) {
			t.Errorf("%s: %d items", c.text, len(p.Items))
		}
		if s := p.Stream; s != nil && (s.Kind != PullStream || len(s.Earliest) != 1 || !s.Earliest["hs"] || strings.Contains(fmt.Sprint(s.Schema), "HEADER")) {
			t.Errorf("%s: %+v", c.text, s)
		}
	}
}

// TestPullRefused: what no pull query has, in which order it is found, and what properties switch off.
func TestPullRefused(t *testing.T) {
	const hint = " See https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query."
	for _, c := range []struct{ prop, text, want string }{
		{"", "SELECT * FROM Q JOIN QS ON Q.ID = QS.K;", "Pull queries don't support JOIN clauses." + hint}, {"", "SELECT * FROM Q WINDOW TUMBLING (SIZE 1 HOUR);", "Pull queries don't support WINDOW clauses." + hint},
		{"", "SELECT * FROM S GROUP BY A;", "Pull queries don't support GROUP BY clauses." + hint}, {"", "SELECT * FROM S PARTITION BY A;", "Pull queries don't support PARTITION BY clauses." + hint}, {"", "SELECT * FROM S HAVING A > 1;", "Pull queries don't support HAVING clauses." + hint},
		{"", "SELECT * FROM S LIMIT 0;", ""}, {"", "SELECT * FROM Q LIMIT 1;", ""}, {"", "SELECT * FROM S LIMIT -1;", "Pull queries don't support negative integers in the LIMIT clause." + hint},
		{"ksql.query.pull.limit.clause.enabled", "SELECT * FROM Q LIMIT 1;", "LIMIT clause in pull queries is currently disabled."}, {"ksql.query.pull.limit.clause.enabled", "SELECT * FROM Q;", ""},
		{"ksql.pull.queries.enable", "SELECT * FROM Q;", "Pull queries are disabled." + hint}, {"ksql.pull.queries.enable", "SELECT * FROM S;", "Pull queries are disabled."}, {"ksql.query.pull.stream.enabled", "SELECT * FROM S;", "Pull queries on streams are disabled."}, {"ksql.query.pull.stream.enabled", "SELECT * FROM Q;", ""},
		{"", "SELECT ROWPARTITION, A FROM Q;", "Pull queries don't support the following columns in SELECT clauses: `ROWPARTITION`\n" + hint}, {"", "SELECT A, ROWOFFSET + 1, ROWPARTITION, ROWOFFSET FROM S;", "Pull queries don't support the following columns in SELECT clauses: `ROWPARTITION`, `ROWOFFSET`\n"},
		{"", "SELECT * FROM Q WHERE ROWOFFSET = 1;", "Pull queries don't support the following columns in WHERE clauses: `ROWOFFSET`\n"}, {"", "SELECT A FROM S WHERE ROWPARTITION + ROWOFFSET = 1;", "Pull queries don't support the following columns in WHERE clauses: `ROWPARTITION`, `ROWOFFSET`\n"},
		{"", "SELECT *, A FROM Q;", "Pull queries only support wildcards in the projects if they are the only expression"}, {"", "SELECT *, * FROM Q;", "Pull queries only support wildcards in the projects if they are the only expression"}, {"", "SELECT *, A + 1 FROM S;", ""}, {"", "SELECT A, B FROM Q;", ""},
		{"", "SELECT COUNT(*) FROM S;", "Pull queries don't support aggregate functions."}, {"", "SELECT EXPLODE(ARRAY[A]) FROM Q;", "Table source is not supported with table functions"}, {"", "SELECT A, B AS A FROM Q;", "Duplicate value columns found in schema: `A` STRING"},
		{"", "SELECT * FROM T;", "The `T` table isn't queryable. To derive a queryable table, you can do 'CREATE TABLE QUERYABLE_T AS SELECT * FROM T'." + hint}, {"", "SELECT X FROM Q;", "SELECT column 'X' cannot be resolved."}, {"", "SELECT NULL AS X FROM Q;", "Can't infer a type of null."},
		{"", "SELECT * FROM Q WHERE A;", "Type error in WHERE expression: Should evaluate to boolean but is A (INTEGER) instead."},
	} {
		w := newWorld(t, pullSources)
		if c.prop != "" {
			w.env.Props[c.prop] = "false"
		}
		_, err := pullOf(w, c.text)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s (%s): %v, want %s", c.text, c.prop, err, c.want)
		}
	}
	w := newWorld(t, pullSources)
	stmts, err := sql.Parse("SELECT * FROM Q EMIT CHANGES;", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PlanPull(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text); err == nil || !strings.Contains(err.Error(), "Pull queries don't support EMIT clauses."+hint) {
		t.Error(err)
	}
}

// TestPushStart: a table is read from its beginning and a stream from its end, unless the property says where.
func TestPushStart(t *testing.T) {
	for _, c := range []struct {
		reset, text string
		want        map[string]bool
	}{
		{"", "SELECT * FROM S EMIT CHANGES;", map[string]bool{"s": false}}, {"", "SELECT * FROM T EMIT CHANGES;", map[string]bool{"t": true}}, {"Earliest", "SELECT * FROM S EMIT CHANGES;", map[string]bool{"s": true}}, {"latest", "SELECT * FROM T EMIT CHANGES;", map[string]bool{"t": false}},
	} {
		w := newWorld(t, people)
		if c.reset != "" {
			w.env.Props["auto.offset.reset"] = c.reset
		}
		q, err := pushOf(w, c.text)
		if err != nil || fmt.Sprint(q.Earliest) != fmt.Sprint(c.want) || q.Kind != Push || q.Limit != nil {
			t.Errorf("%s (%s): %v, %+v", c.text, c.reset, err, q)
		}
	}
	if q, err := pushOf(newWorld(t, people), "SELECT * FROM S EMIT CHANGES LIMIT 0;"); err != nil || *q.Limit != 0 {
		t.Error(err)
	}
}

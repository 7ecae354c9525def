package plan

import (
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestGeneric: a plan with parameters stands for all their values only where each is compared with a column by =, and
// is a value of the column's type without loss. Everything else has to be planned with the values.
func TestGeneric(t *testing.T) {
	w := newWorld(t, tables+"CREATE TABLE d (k DOUBLE PRIMARY KEY, b BIGINT, c DECIMAL(4, 2), a INT) WITH (KAFKA_TOPIC='d', VALUE_FORMAT='JSON', PARTITIONS=1);"+
		"CREATE TABLE qd AS SELECT * FROM d;")
	i, b, s, d := sql.TInteger, sql.TBigint, sql.TString, sql.TDouble
	for _, c := range []struct {
		text  string
		types []sql.Type
		want  bool
	}{
		{"SELECT * FROM Q WHERE ID = ?;", []sql.Type{i}, true},
		{"SELECT * FROM Q WHERE ID = ? AND A = ?;", []sql.Type{i, i}, true},
		{"SELECT * FROM Q WHERE ID = ? AND A > 1;", []sql.Type{i}, true},
		{"SELECT * FROM QS WHERE K = ? OR K = 'x';", []sql.Type{s}, true},
		{"SELECT * FROM QD WHERE B = ?;", []sql.Type{i}, true},
		{"SELECT * FROM QD WHERE K = ?;", []sql.Type{i}, true},
		{"SELECT * FROM QD WHERE K = ?;", []sql.Type{d}, true},
		{"SELECT * FROM QD WHERE K = ?;", []sql.Type{b}, false},
		{"SELECT * FROM QD WHERE C = ?;", []sql.Type{i}, false},
		{"SELECT * FROM QD WHERE A = ?;", []sql.Type{b}, false},
		{"SELECT * FROM Q WHERE ? = ID;", []sql.Type{i}, false},
		{"SELECT * FROM Q WHERE ID > ?;", []sql.Type{i}, false},
		{"SELECT * FROM Q WHERE ID = ? + 1;", []sql.Type{i}, false},
		{"SELECT * FROM Q WHERE ID + 1 = ?;", []sql.Type{i}, false},
		{"SELECT * FROM Q WHERE ID IN (?, ?);", []sql.Type{i, i}, false},
		{"SELECT * FROM Q WHERE ID = ? AND NOT A > ?;", []sql.Type{i, i}, false},
		{"SELECT ID, ? AS P FROM Q WHERE ID = 1;", []sql.Type{i}, false},
		{"SELECT * FROM Q;", nil, false},
		{"SELECT * FROM S WHERE A = ?;", []sql.Type{i}, false},
	} {
		stmts, err := sql.ParseParams(c.text, nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := PlanPull(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text, c.types...)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := p.Generic(); got != c.want {
			t.Errorf("%s with %v: %v", c.text, c.types, got)
		}
	}
}

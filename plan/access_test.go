package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// many is n texts with the numbers from 1 in the places of #.
func many(n int, text, between string) string {
	var out []string
	for i := range n {
		out = append(out, strings.ReplaceAll(text, "#", fmt.Sprint(i+1)))
	}
	return strings.Join(out, between)
}

// TestDisjuncts: WHERE is multiplied out as far as its disjuncts are not too many; beyond that all rows are read.
func TestDisjuncts(t *testing.T) {
	w := newWorld(t, tables)
	for _, c := range []struct {
		what, where string
		keys        int
	}{
		{"a list", "ID IN (" + many(1024, "#", ", ") + ")", 1024},
		{"a longer list", "ID IN (" + many(1025, "#", ", ") + ")", 0},
		{"a longer list or a key", "ID IN (" + many(1025, "#", ", ") + ") OR ID = 1", 0},
		{"a key or a longer list", "ID = 1 OR ID IN (" + many(1025, "#", ", ") + ")", 0},
		{"a longer list and a key", "ID IN (" + many(1025, "#", ", ") + ") AND ID = 1", 0},
		{"alternatives", many(1024, "ID = #", " OR "), 1024},
		{"more alternatives", many(1025, "ID = #", " OR "), 0},
		{"a product", "ID = 1 AND " + many(10, "(A = # OR A = 9#)", " AND "), 1},
		{"a larger product", "ID = 1 AND " + many(11, "(A = # OR A = 9#)", " AND "), 0},
		{"a product of keys", "(ID = 1 OR ID = 2) AND (A = 1 OR A = 2)", 2},
		{"a product with one open side", "(ID = 1 OR A = 2) AND (A = 1 OR A = 2)", 0},
		{"a product with one open side twice", "(ID = 1 OR A = 2) AND (A = 1 OR ID = 2)", 0},
		{"NOT is not looked into", "NOT (ID <> 1 OR ID <> 1)", 0},
		{"a list beside a key", "ID = 1 AND A IN (1, 2)", 1},
		{"a list for a sum beside a key", "ID = 1 AND A + 1 IN (1, 2)", 1},
		{"a list for a sum of the key", "ID + 1 IN (1, 2)", 0},
		{"a list for a cast of the key", "CAST(ID AS BIGINT) IN (1, 2)", 0},
		{"a list for the key as another type", "ID IN (1, CAST(2 AS BIGINT))", 2},
		{"a range", "ID BETWEEN 1 AND 2", 0},
		{"a column's value", "ID = A", 0},
		{"a column's value within", "ID = A + 1", 0},
		{"a column's value deep within", "ID = CAST(ABS(1 + A) AS INT)", 0},
		{"a computed value", "ID = 1 + 2", 1},
		{"behind a condition that compares nothing", "A IS NULL AND ID = 1", 1},
		{"behind a comparison of no column", "A + 1 = 2 AND ID = 1", 1},
		{"behind a comparison of another column", "A = 1 AND 2 = A AND ID = 1", 1},
		{"behind a comparison with a column's value", "ID = A AND ID = 1", 1},
	} {
		p, err := pullOf(w, "SELECT * FROM Q WHERE "+c.where+";")
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
		} else if len(p.Keys) != c.keys || p.Range != nil {
			t.Errorf("%s: %d keys, want %d", c.what, len(p.Keys), c.keys)
		}
	}
}

// TestKeyOfTwo: the key of a table with two key columns is looked up when both are fixed.
func TestKeyOfTwo(t *testing.T) {
	w := newWorld(t, people+"CREATE TABLE Q2 WITH (KEY_FORMAT='JSON') AS SELECT K, B, COUNT(*) AS N FROM S GROUP BY K, B;")
	for where, want := range map[string]string{
		"K = 'a' AND B = 1": "key['a' 1]", "B = 1 AND K = 'a'": "key['a' 1]", "K = 'a'": "", "B = 1": "", "K = 'a' OR B = 1": "", "K > 'a' AND B = 1": "", "K > 'a'": "",
		"K = 'a' AND K = 'b' AND B = 1": "key['a' 1]", "K = 'a' AND B IN (1, 2)": "key['a' 1]; key['a' 2]", "K = 'a' AND B = 1 OR K = 'a' AND B = 1": "key['a' 1]",
	} {
		if p, err := pullOf(w, "SELECT * FROM Q2 WHERE "+where+";"); err != nil || p.way() != want {
			t.Errorf("%s: %v, %v", where, p, err)
		}
	}
	w.env.Props["ksql.query.pull.table.scan.enabled"] = "false"
	for where, want := range map[string]string{
		"K = 'a' AND B = 1":   "",
		"K = 'a'":             "Multi-column sources must specify every key in the WHERE clause. Specified: [`K`] Expected: [`K` STRING KEY, `B` INTEGER KEY]. ",
		"B = 1 AND N = 1":     "Multi-column sources must specify every key in the WHERE clause. Specified: [`B`] Expected: [`K` STRING KEY, `B` INTEGER KEY]. ",
		"K > 'a' AND B = 1":   "Query requires table scan to be enabled. ",
		"N = 1 AND N = 2":     "WHERE clause missing key column for disjunct: ((N = 1) AND (N = 2)). ",
		"K = 'a' AND K = 'b'": "A comparison condition on the key column cannot be combined with other comparisons such as an IN predicate. ",
	} {
		_, err := pullOf(w, "SELECT * FROM Q2 WHERE "+where+";")
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(message(err), want) {
			t.Errorf("without scans: %s: %v, want %s", where, err, want)
		}
	}
}

// TestRanges: which comparisons make a range, of which keys (the order of their bytes must be their order).
func TestRanges(t *testing.T) {
	w := newWorld(t, tables+"CREATE TABLE QB AS SELECT CAST(K AS BYTES) AS B, COUNT(*) AS N FROM S GROUP BY CAST(K AS BYTES);")
	for _, c := range []struct{ sql, want string }{
		{"QS WHERE K > 'a'", "range 'a'true <nil>false"}, {"QS WHERE K <= 'a'", "range <nil>false 'a'false"}, {"QS WHERE 'a' <= K", "range 'a'false <nil>false"}, {"QS WHERE 'a' > K", "range <nil>false 'a'true"},
		{"QS WHERE K BETWEEN 'a' AND 'b'", "range 'a'false 'b'false"}, {"QS WHERE K >= 'a' AND K > 'b' AND K <= 'x' AND K < 'y'", "range 'a'false 'x'false"}, {"QS WHERE K > 'a' OR K > 'b'", ""},
		{"QS WHERE K <> 'a'", ""}, {"QS WHERE K IS DISTINCT FROM 'a'", ""}, {"QS WHERE K > 'a' AND N = 1", "range 'a'true <nil>false"}, {"QB WHERE B > TO_BYTES('61', 'hex')", "range TO_BYTES('61', 'hex')true <nil>false"},
		{"Q WHERE ID > 1 AND ID < 5", ""}, {"QW WHERE K > 'a'", ""}, {"QS WHERE N > 1", ""}, {"QS WHERE K > CAST('2020-01-01' AS DATE)", ""},
	} {
		if p, err := pullOf(w, "SELECT * FROM "+c.sql+";"); err != nil || p.way() != c.want {
			t.Errorf("%s: %v, %v, want %s", c.sql, p, err, c.want)
		}
	}
	w.env.Props["ksql.query.pull.range.scan.enabled"] = "false"
	if p, err := pullOf(w, "SELECT * FROM QS WHERE K > 'a';"); err != nil || p.way() != "" {
		t.Errorf("without ranges: %v, %v", p, err)
	}
	w.env.Props["ksql.query.pull.table.scan.enabled"] = "false"
	if _, err := pullOf(w, "SELECT * FROM QS WHERE K > 'a';"); err == nil || !strings.Contains(err.Error(), "Query requires table scan to be enabled") {
		t.Errorf("with neither: %v", err)
	}
	delete(w.env.Props, "ksql.query.pull.range.scan.enabled")
	if p, err := pullOf(w, "SELECT * FROM QS WHERE K > 'a';"); err != nil || p.way() == "" {
		t.Errorf("without scans: %v, %v", p, err)
	}
	if _, err := pullOf(w, "SELECT * FROM QS WHERE K > 'a' OR K = 'b';"); err == nil || !strings.Contains(err.Error(), "Query requires table scan to be enabled") {
		t.Errorf("an alternative without scans: %v", err)
	}
}

// TestWindowBounds: what may be said of a window's bounds together.
func TestWindowBounds(t *testing.T) {
	w := newWorld(t, tables)
	const both = "cannot be combined with other WINDOW"
	for where, want := range map[string]string{
		"WINDOWSTART > 1 AND WINDOWSTART < 9": "", "WINDOWSTART >= 1 AND WINDOWSTART <= 9 AND WINDOWEND > 3 AND WINDOWEND <= 7": "", "WINDOWSTART = 1 AND WINDOWEND = 2": "",
		"WINDOWSTART = N AND WINDOWSTART = N + 1": "", "1 < WINDOWSTART AND WINDOWSTART < 9": "", "WINDOWEND = CAST(5 AS BIGINT)": "",
		"WINDOWSTART = 1 AND WINDOWSTART < 9": both, "WINDOWSTART < 1 AND WINDOWSTART = 9": both, "WINDOWEND = 1 AND WINDOWEND = 1": both,
		"WINDOWSTART < 1 AND WINDOWSTART <= 9":     "Duplicate WINDOWSTART bounds on: LESS_THAN",
		"WINDOWEND >= 1 AND WINDOWEND > 9":         "Duplicate WINDOWEND bounds on: GREATER_THAN",
		"WINDOWEND IS DISTINCT FROM 1":             "Unsupported WINDOWEND bounds: IS_DISTINCT_FROM",
		"WINDOWSTART = 1.5":                        "Window bounds must resolve to an INT, BIGINT, or STRING containing a datetime.",
		"WINDOWSTART > CAST(1 AS DOUBLE) OR N = 1": "Window bounds must resolve to an INT, BIGINT, or STRING containing a datetime.",
	} {
		_, err := pullOf(w, "SELECT * FROM QW WHERE "+where+";")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", where, err, want)
		}
	}
	if p, err := pullOf(w, "SELECT * FROM QW WHERE WINDOWSTART = 5 AND WINDOWEND < 7;"); err != nil || p.Start[0].X.Type().Kind != sql.Bigint || p.End[0].X.Type().Kind != sql.Bigint {
		t.Errorf("bounds are no BIGINTs: %+v %v", p, err)
	}
	w.env.Props["ksql.query.pull.table.scan.enabled"] = "false"
	if _, err := pullOf(w, "SELECT * FROM QW;"); err == nil || !strings.Contains(err.Error(), "limits the time bounds of the windowed table") {
		t.Errorf("without scans: %v", err)
	}
	if _, err := pullOf(w, "SELECT * FROM Q;"); err == nil || strings.Contains(err.Error(), "limits the time bounds of the windowed table") {
		t.Errorf("without scans: %v", err)
	}
}

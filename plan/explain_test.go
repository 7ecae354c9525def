package plan

import "testing"

// TestExplainPull: how a pull query finds its rows, and what it makes of them.
func TestExplainPull(t *testing.T) {
	w := newWorld(t, tables)
	for _, c := range []struct{ sql, want string }{
		{"SELECT ID, A FROM Q;", " > [ PROJECT ] | Schema: `ID` INTEGER KEY, `A` INTEGER\n\t > [ TABLE SCAN ] | State of: CTAS_Q_0 | Reads: all rows\n"},
		{"SELECT A FROM Q WHERE ID = 1;", " > [ PROJECT ] | Schema: `A` INTEGER\n\t > [ FILTER ] | (ID = 1)\n\t\t > [ KEY LOOKUP ] | State of: CTAS_Q_0 | Reads: rows of 1 key\n"},
		{"SELECT A FROM Q WHERE ID IN (1, 3, 5);", " > [ PROJECT ] | Schema: `A` INTEGER\n\t > [ FILTER ] | (ID IN (1, 3, 5))\n\t\t > [ KEY LOOKUP ] | State of: CTAS_Q_0 | Reads: rows of 3 keys\n"},
		{"SELECT N FROM QS WHERE K > 'a';", " > [ PROJECT ] | Schema: `N` BIGINT\n\t > [ FILTER ] | (K > 'a')\n\t\t > [ RANGE SCAN ] | State of: CTAS_QS_1 | Reads: rows with K > 'a', looking at all keys\n"},
		{"SELECT N FROM QS WHERE K >= 'a' AND K <= 'b';", " > [ PROJECT ] | Schema: `N` BIGINT\n\t > [ FILTER ] | ((K >= 'a') AND (K <= 'b'))\n\t\t > [ RANGE SCAN ] | State of: CTAS_QS_1 | Reads: rows with K >= 'a', K <= 'b', looking at all keys\n"},
		{"SELECT N FROM QS WHERE K < 'b';", " > [ PROJECT ] | Schema: `N` BIGINT\n\t > [ FILTER ] | (K < 'b')\n\t\t > [ RANGE SCAN ] | State of: CTAS_QS_1 | Reads: rows with K < 'b', looking at all keys\n"},
		{"SELECT N FROM QW WHERE WINDOWSTART = 5 AND WINDOWEND < 9;", " > [ PROJECT ] | Schema: `N` BIGINT\n\t > [ FILTER ] | ((WINDOWSTART = 5) AND (WINDOWEND < 9))\n\t\t > [ WINDOW SCAN ] | State of: CTAS_QW_2 | Reads: rows with WINDOWSTART = 5, WINDOWEND < 9\n"},
		{"SELECT N FROM QW WHERE K = 'a' AND WINDOWSTART > 5;", " > [ PROJECT ] | Schema: `N` BIGINT\n\t > [ FILTER ] | ((K = 'a') AND (WINDOWSTART > 5))\n\t\t > [ KEY LOOKUP ] | State of: CTAS_QW_2 | Reads: rows of 1 key, WINDOWSTART > 5\n"},
		{"SELECT N FROM QW WHERE K IN ('a', 'b') AND WINDOWEND <= 5;", " > [ PROJECT ] | Schema: `N` BIGINT\n\t > [ FILTER ] | ((K IN ('a', 'b')) AND (WINDOWEND <= 5))\n\t\t > [ KEY LOOKUP ] | State of: CTAS_QW_2 | Reads: rows of 2 keys, WINDOWEND <= 5\n"},
	} {
		p, err := pullOf(w, c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
		} else if got := ExplainPull(p); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.sql, got, c.want)
		}
	}
}

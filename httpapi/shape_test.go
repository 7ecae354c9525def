package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestShared asks, of one server and in two orders, for what a server asked once would answer: that queries of one
// shape share a plan must not show.
func TestShared(t *testing.T) {
	const tables = `CREATE STREAM S (I INT KEY, B BIGINT, D DOUBLE, N STRING, T TIMESTAMP) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE TI AS SELECT I, COUNT(*) AS C FROM S GROUP BY I;
CREATE TABLE TB AS SELECT B, COUNT(*) AS C, LATEST_BY_OFFSET(N) AS N, LATEST_BY_OFFSET(T) AS T FROM S GROUP BY B;
CREATE TABLE TD AS SELECT D, COUNT(*) AS C FROM S GROUP BY D;
CREATE TABLE TN AS SELECT N, COUNT(*) AS C FROM S WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY N;
CREATE TABLE TT WITH (KEY_FORMAT='JSON') AS SELECT T, COUNT(*) AS C FROM S GROUP BY T;
INSERT INTO S (ROWTIME, I, B, D, N, T) VALUES (500, 1, 1, 1, 'a''b', '2020-01-01T00:00:00');
INSERT INTO S (ROWTIME, I, B, D, N, T) VALUES (1500, 2, 3000000000, 2.5, 'a''b', '2021-01-01T00:00:00');`
	var queries []string
	for _, c := range []struct {
		where  string
		values []string
	}{
		{"TI WHERE I = %s", []string{"1", "2", "3000000000", "'1'", "1.0", "-1", "NULL", "1 + 1", "C"}},
		{"TI WHERE I = %s AND C = 1", []string{"1", "3"}},
		{"TI WHERE I = 1 OR I = %s", []string{"1", "2", "7"}},
		{"TI WHERE C = %s", []string{"1", "3000000000", "'1'"}},
		{"TI WHERE NOT (I = %s)", []string{"1", "2"}},
		{"TB WHERE B = %s", []string{"1", "3000000000", "2.0"}},
		{"TB WHERE N = %s", []string{"'a''b'", "1"}},
		{"TB WHERE T = %s", []string{"'2020-01-01T00:00:00'", "'2021'", "'later'"}},
		{"TI WHERE C = CAST(SUBSTRING(CAST(I AS STRING), 1, 1) AS BIGINT) AND I = %s", []string{"1", "2"}},
		{"TD WHERE D = %s", []string{"1", "2.5", "25E-1", "3000000000", "9007199254740993"}},
		{"TN WHERE N = 'a''b' AND WINDOWSTART = %s", []string{"0", "1000", "'1970-01-01'", "'now'"}},
		{"TT WHERE T = %s", []string{"'2020-01-01T00:00:00'", "'2021'", "'later'"}},
	} {
		for _, v := range c.values {
			queries = append(queries, "SELECT * FROM "+fmt.Sprintf(c.where, v)+";", "SELECT I = "+v+" AS X FROM TI LIMIT 1;")
		}
	}
	s := serve(t, false)
	s.must(tables)
	ask := func(query string) string {
		body, _ := json.Marshal(map[string]string{"ksql": query})
		status, _, got := s.ask("POST", "/query", "application/json", string(body))
		return plainIDs(fmt.Sprint(status, got))
	}
	want := map[string]string{}
	for _, q := range queries {
		fresh := "/* alone */ " + q // a comment keeps it from sharing
		want[q] = ask(fresh)
	}
	for round := range 2 {
		for i := range queries {
			q := queries[i]
			if round == 1 {
				q = queries[len(queries)-1-i]
			}
			if got := ask(q); got != strings.ReplaceAll(want[q], "/* alone */ ", "") {
				t.Errorf("%s\n got %s\nwant %s", q, got, want[q])
			}
		}
	}
}

package plan

import (
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

func planned(tb testing.TB, c *Catalog, env *Env, text string) *Command {
	tb.Helper()
	stmts, err := sql.Parse(text, nil)
	if err != nil {
		tb.Fatal(err)
	}
	cmd, err := Check(c, env, stmts[0].Statement, stmts[0].Text)
	if err != nil {
		tb.Fatal(err)
	}
	return cmd
}

// each is a statement of each kind over what grown made.
var each = []struct{ kind, text string }{
	{"CREATE STREAM", "CREATE STREAM X (K STRING KEY, V INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);"},
	{"CREATE STREAM over a topic", "CREATE STREAM X (K STRING KEY, V INT) WITH (KAFKA_TOPIC='s3', VALUE_FORMAT='JSON');"},
	{"CREATE STREAM AS", "CREATE STREAM X AS SELECT K, V + 1 AS V FROM S3;"},
	{"CREATE TABLE AS", "CREATE TABLE X AS SELECT V, COUNT(*) AS N FROM S3 GROUP BY V;"},
	{"CREATE OR REPLACE", "CREATE OR REPLACE TABLE T3 AS SELECT V, COUNT(*) AS N FROM S3 WHERE V > 0 GROUP BY V;"},
	{"INSERT SELECT", "INSERT INTO S4 SELECT K, V FROM S3;"},
	{"ALTER", "ALTER STREAM S3 ADD COLUMN W INT;"},
	{"CREATE TYPE", "CREATE TYPE X AS STRUCT<A INT>;"},
	{"DROP", "DROP STREAM S9 DELETE TOPIC;"},
	{"DROP of a query's", "DROP TABLE T3 DELETE TOPIC;"},
	{"PAUSE", "PAUSE ctas_t3_13;"},
	{"TERMINATE", "TERMINATE ctas_t3_13;"},
}

// over is a catalog of so many streams and tables, at least ten and four: S9 is read by nobody, and the query of T3
// has the same number in each.
func over(tb testing.TB, streams, tables int) (*Catalog, *Env) {
	tb.Helper()
	c, env := NewCatalog(), &Env{Functions: fn.Builtins(), Props: map[string]string{}}
	topics := map[string]bool{}
	env.Topic = func(name string) (int, bool) { return 1, topics[name] }
	run := func(text string) {
		cmd := planned(tb, c, env, text)
		for _, s := range cmd.CreateTopics {
			topics[s.Name] = true
		}
		c, env.NextQuery = cmd.Catalog, env.NextQuery+1
	}
	stream := func(i int) {
		run(fmt.Sprintf("CREATE STREAM S%d (K STRING KEY, V INT) WITH (KAFKA_TOPIC='s%d', VALUE_FORMAT='JSON', PARTITIONS=1);", i, i))
	}
	table := func(i int) {
		run(fmt.Sprintf("CREATE TABLE T%d AS SELECT V, COUNT(*) AS N FROM S%d GROUP BY V;", i, i%8))
	}
	for i := range 10 {
		stream(i)
	}
	for i := range 4 {
		table(i)
	}
	for i := 10; i < streams; i++ {
		stream(i)
	}
	for i := 4; i < tables; i++ {
		table(i)
	}
	return c, env
}

// TestScale: no statement costs more because there are many sources and queries: what it allocates, which nothing else
// on the machine changes, grows by the paths in the catalog's trees only.
func TestScale(t *testing.T) {
	small, smallEnv := over(t, 10, 4)
	large, largeEnv := over(t, 2000, 400)
	for _, s := range each {
		stmts, err := sql.Parse(s.text, nil)
		if err != nil {
			t.Fatal(err)
		}
		cost := func(c *Catalog, env *Env) float64 {
			return testing.AllocsPerRun(10, func() {
				if _, err := Check(c, env, stmts[0].Statement, stmts[0].Text); err != nil {
					t.Fatalf("%s: %v", s.kind, err)
				}
			})
		}
		if few, many := cost(small, smallEnv), cost(large, largeEnv); many > few+150 {
			t.Errorf("%s: %.0f allocations among 14 things, %.0f among 2,400", s.kind, few, many)
		}
	}
}

// BenchmarkCheck plans each kind of statement in a small catalog and in one of 5,000 streams and 1,000 queries.
func BenchmarkCheck(b *testing.B) {
	for _, size := range []struct {
		name             string
		streams, queries int
	}{{"small", 10, 4}, {"large", 5000, 1000}} {
		c, env := over(b, size.streams, size.queries)
		for _, s := range each {
			stmts, err := sql.Parse(s.text, nil)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(s.kind+"/"+size.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Check(c, env, stmts[0].Statement, stmts[0].Text); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/bed"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// reopened closes h and opens its directory again.
func reopened(h *host, dir string, opts ...ksql.Option) *host {
	h.t.Helper()
	if err := h.Close(); err != nil {
		h.t.Fatal(err)
	}
	return newHost(h.t, append([]ksql.Option{ksql.WithDir(dir)}, opts...)...)
}

const statementSource = `SET 'auto.offset.reset'='earliest';
CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=1);
CREATE STREAM d (k INT KEY, v INT) WITH (kafka_topic='d', value_format='json', partitions=1);
INSERT INTO s VALUES (1, 10);
`

// TestRefusedLeavesNothing: a statement that cannot be done is refused before anything is recorded or made, and the
// directory opens again.
func TestRefusedLeavesNothing(t *testing.T) {
	for _, text := range []string{
		`CREATE STREAM z WITH (value_format='avro') AS SELECT * FROM s;`,
		`CREATE STREAM z WITH (key_format='avro') AS SELECT * FROM s;`,
		`CREATE STREAM z WITH (value_format='protobuf') AS SELECT * FROM s;`,
		`CREATE STREAM z WITH (value_format='json_sr') AS SELECT * FROM s;`,
		`CREATE STREAM z WITH (format='avro') AS SELECT * FROM s PARTITION BY v;`,
		`CREATE TABLE z WITH (value_format='avro') AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`,
		`CREATE TABLE z WITH (key_format='protobuf') AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;`,
		`CREATE SOURCE TABLE z (k INT PRIMARY KEY, v INT) WITH (kafka_topic='s', value_format='avro');`,
		`CREATE OR REPLACE STREAM d (k INT KEY, v INT) WITH (kafka_topic='d', value_format='avro', partitions=1);`,
		`INSERT INTO nowhere SELECT * FROM s;`,
		`CREATE STREAM z WITH (partitions=100000) AS SELECT * FROM s;`,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			h := newHost(t, ksql.WithDir(dir))
			h.exec(statementSource)
			before := state(h)
			if _, err := h.Execute(h.ctx, text); err == nil {
				t.Fatal("it was accepted")
			} else if strings.Contains(strings.ToUpper(text), "AVRO") && !strings.Contains(strings.ToUpper(err.Error()), "AVRO") {
				t.Errorf("the error does not name what is missing: %v", err)
			}
			if now := state(h); now != before {
				t.Errorf("before\n%s\nafter\n%s", before, now)
			}
			h = reopened(h, dir)
			if now := state(h); now != before {
				t.Errorf("before\n%s\nafter opening again\n%s", before, now)
			}
		})
	}
}

// state is the catalog, the topics and the queries of an engine, as text.
func state(h *host) string {
	h.t.Helper()
	return bed.CatalogText(h.t, h.Engine) + bed.TopicText(h.t, h.Engine)
}

func double() fn.Func {
	return fn.Func{Name: "TWICE", Variants: []fn.Variant{fn.Fn1("TWICE", func(v int64) int64 { return 2 * v })}}
}

// TestQueryWithoutItsFunction: a query whose function is not registered any more is in ERROR, not its directory; it
// can be listed and dropped, and goes on where it was when the function is back.
func TestQueryWithoutItsFunction(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, ksql.WithDir(dir), ksql.WithFunctions(double()))
	h.exec(statementSource + `
		CREATE TABLE t AS SELECT k, SUM(TWICE(CAST(v AS BIGINT))) AS v FROM s GROUP BY k;
		CREATE STREAM gone AS SELECT k, TWICE(CAST(v AS BIGINT)) AS v FROM s;
		CREATE STREAM fine AS SELECT k, v FROM s;
		DROP STREAM gone DELETE TOPIC;`)
	h.sync()
	same(t, h.all(`SELECT v FROM t;`), []any{int64(20)})
	before := state(h)

	h = reopened(h, dir)
	if now := state(h); now != before {
		t.Errorf("before\n%s\nafter\n%s", before, now)
	}
	failed := h.Failed()
	var id string
	for q := range h.Catalog().Queries() {
		if q.Writes == "T" {
			id = q.ID
		}
	}
	if err := failed[id]; len(failed) != 1 || err == nil || !strings.Contains(err.Error(), "TWICE") {
		t.Fatalf("%s: %v", id, failed)
	}
	if _, err := h.Query(h.ctx, `SELECT v FROM t;`); err == nil || !strings.Contains(err.Error(), "TWICE") {
		t.Errorf("a pull says %v", err)
	}
	for _, text := range []string{`SHOW QUERIES;`, `DESCRIBE t EXTENDED;`, `EXPLAIN ` + id + `;`, `DESCRIBE s;`} {
		answer, err := json.Marshal(h.exec(text))
		if err != nil || !strings.Contains(string(answer), id) {
			t.Errorf("%s: %s %v", text, answer, err)
		}
	}
	h.exec(`INSERT INTO s VALUES (1, 100);`)
	h.sync()

	h = reopened(h, dir, ksql.WithFunctions(double()))
	h.sync()
	same(t, h.all(`SELECT v FROM t;`), []any{int64(220)})
	if len(h.Failed()) != 0 {
		t.Error(h.Failed())
	}

	h = reopened(h, dir)
	h.exec(`DROP TABLE t DELETE TOPIC;`)
	if n := strings.Count(bed.TopicText(t, h.Engine), id); n != 0 {
		t.Errorf("%d topics of %s are left:\n%s", n, id, bed.TopicText(t, h.Engine))
	}
}

// TestPropertiesOfYesterday: what the server's properties are today decides nothing about statements made before.
func TestPropertiesOfYesterday(t *testing.T) {
	for name, value := range map[string]string{
		"ksql.query.persistent.active.limit":        "1",
		"ksql.headers.columns.enabled":              "false",
		"ksql.suppress.enabled":                     "false",
		"ksql.create.or.replace.enabled":            "false",
		"ksql.new.query.planner.enabled":            "true",
		"ksql.persistence.wrap.single.values":       "false",
		"ksql.persistence.default.format.key":       "JSON",
		"ksql.persistence.default.format.value":     "DELIMITED",
		"ksql.output.topic.name.prefix":             "other_",
		"ksql.source.table.materialization.enabled": "false",
		"auto.offset.reset":                         "latest",
		"ksql.timestamp.throw.on.invalid":           "true",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			h := newHost(t, ksql.WithDir(dir))
			h.exec(statementSource + `
				CREATE STREAM one (k INT KEY, v INT) WITH (kafka_topic='one', value_format='json', partitions=1);
				CREATE STREAM heads (v INT, h ARRAY<STRUCT<key STRING, value BYTES>> HEADERS) WITH (kafka_topic='heads', value_format='json', partitions=1);
				CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM one WHERE v > 5 GROUP BY k;
				CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n FROM one WHERE v > 0 GROUP BY k;
				CREATE TABLE f AS SELECT k, COUNT(*) AS n FROM one WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY k EMIT FINAL;
				CREATE STREAM w AS SELECT k, v AS alone FROM one;
				CREATE SOURCE TABLE st (k INT PRIMARY KEY, v INT) WITH (kafka_topic='one', value_format='json');
				INSERT INTO one VALUES (1, 7);`)
			h.sync()
			before := state(h)
			same(t, h.all(`SELECT n FROM t;`), []any{int64(1)})

			h = reopened(h, dir, ksql.WithProperties(map[string]string{name: value}))
			if now := state(h); now != before {
				t.Errorf("before\n%s\nafter\n%s", before, now)
			}
			if len(h.Failed()) != 0 {
				t.Fatal(h.Failed())
			}
			h.exec(`INSERT INTO one VALUES (1, 8);`)
			h.sync()
			same(t, h.all(`SELECT n FROM t;`), []any{int64(2)})
			same(t, h.all(`SELECT v FROM st;`), []any{int32(8)})
			rows, err := h.Query(h.ctx, `SELECT alone FROM w EMIT CHANGES;`, ksql.Property("auto.offset.reset", "earliest"))
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for _, want := range []int32{7, 8} {
				if !rows.Next() || rows.Row()[0] != want {
					t.Errorf("the rows' meaning has changed: %v %v, want %d", rows.Row(), rows.Err(), want)
				}
			}
		})
	}
}

// TestFormatOne: a directory of the build before is refused with a sentence that says so, and left as it is.
func TestFormatOne(t *testing.T) {
	for name, record := range map[string]string{
		"format 1": `{"Text":"CREATE TYPE p AS STRUCT<a INT>;","Props":null,"Topics":{}}`,
		"format 3": `{"version":3,"effect":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			log, err := local.Open(dir, local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			ctx := context.Background()
			const topic = "_confluent-ksql-default__command_topic"
			if err := log.Create(ctx, topic, store.TopicConfig{Partitions: 1, Internal: true}); err != nil {
				t.Fatal(err)
			}
			r := &store.Records{TP: store.TP{Topic: topic}}
			r.Add(1, nil, []byte(record))
			if _, err := log.Append(ctx, r); err != nil {
				t.Fatal(err)
			}
			if err := log.Close(); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				_, err = ksql.Open(ctx, ksql.WithDir(dir))
				if !errors.Is(err, exec.ErrFormat) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "offset 0") {
					t.Errorf("%v", err)
				}
			}
		})
	}
}

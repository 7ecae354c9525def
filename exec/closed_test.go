package exec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/store"
)

const (
	commandTopic = "_confluent-ksql-default__command_topic"
	problemTopic = "default_ksql_processing_log"
)

// TestClosedTopics goes to every topic that is the system's through every door that writes, makes or deletes; none
// opens, and nothing of it is left. Reading stays.
func TestClosedTopics(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, ksql.WithDir(dir))
	h.exec(`CREATE STREAM a (k INT KEY, v INT, s STRING) WITH (kafka_topic='a', value_format='JSON', partitions=2);
		CREATE TABLE n AS SELECT v, COUNT(*) AS c FROM a GROUP BY v;
		CREATE STREAM victim AS SELECT * FROM a;
		INSERT INTO a VALUES (1, 7, 'x'); INSERT INTO a VALUES (2, 7, 'x'); INSERT INTO a VALUES (3, 7, 'x');`)
	h.sync()
	if err := h.Log().Create(h.ctx, "mine", store.TopicConfig{Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	topics, err := h.Log().Topics(h.ctx)
	if err != nil {
		t.Fatal(err)
	}
	closed := []string{}
	for name := range topics {
		if strings.HasPrefix(name, "_confluent-ksql-") || name == problemTopic {
			closed = append(closed, name)
		}
	}
	if len(closed) < 4 { // commands, processing log, a repartition topic, a changelog
		t.Fatalf("only %v", closed)
	}
	before := len(topics)
	refused := func(text, want string) {
		t.Helper()
		if _, err := h.Execute(h.ctx, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for i, name := range closed {
		refused(fmt.Sprintf(`CREATE STREAM y WITH (kafka_topic='%s', value_format='KAFKA') AS SELECT k, 'DROP STREAM victim;' AS text FROM a;`, name), "Cannot write to the read-only topic: "+name)
		refused(fmt.Sprintf(`CREATE TABLE y WITH (kafka_topic='%s') AS SELECT v, COUNT(*) AS c FROM a GROUP BY v;`, name), "Cannot write to the read-only topic: "+name)
		prefix := name[:len(name)-1]
		refused(fmt.Sprintf("SET 'ksql.output.topic.name.prefix'='%s'; CREATE STREAM `%s` AS SELECT * FROM a;", prefix, name[len(prefix):]), "Cannot write to the read-only topic: "+name)
		x := fmt.Sprintf("x%d", i)
		h.exec(fmt.Sprintf(`CREATE STREAM %s (v STRING) WITH (kafka_topic='%s', value_format='KAFKA');`, x, name)) // reading is allowed
		refused(fmt.Sprintf(`DROP STREAM %s DELETE TOPIC;`, x), "Cannot delete the read-only topic: "+name)
		refused(fmt.Sprintf(`INSERT INTO %s VALUES ('DROP STREAM victim;');`, x), "Cannot insert values into read-only topic: "+name)
		refused(fmt.Sprintf(`INSERT INTO %s SELECT s AS v FROM a PARTITION BY NULL;`, x), "Cannot insert into read-only topic: "+name)
		refused(fmt.Sprintf(`CREATE STREAM z (v STRING) WITH (kafka_topic='mine', value_format='KAFKA'); CREATE OR REPLACE STREAM z WITH (kafka_topic='%s') AS SELECT * FROM a;`, name), "Cannot write to the read-only topic: "+name)
		if n := len(h.all("SELECT * FROM " + x + ";")); name != problemTopic && n == 0 {
			t.Errorf("%s cannot be read", name)
		}
		h.exec(fmt.Sprintf(`DROP STREAM %s;`, x))
	}
	refused(`CREATE STREAM y (v STRING) WITH (kafka_topic='_confluent-ksql-default_query_CTAS_N_9-Aggregate-GroupBy-repartition', value_format='KAFKA', partitions=3);`, "Cannot create the read-only topic: _confluent-ksql-default_query_CTAS_N_9-")
	refused(`CREATE TABLE y (k INT PRIMARY KEY, v STRING) WITH (kafka_topic='__consumer_offsets', value_format='JSON', partitions=3);`, "Cannot create the read-only topic: __consumer_offsets")
	refused(`DROP STREAM ksql_processing_log DELETE TOPIC;`, "Cannot delete topic for read-only source")
	if topics, err = h.Log().Topics(h.ctx); err != nil || len(topics) != before {
		t.Errorf("%d topics, there were %d (%v)", len(topics), before, err)
	}
	h.all("SELECT * FROM ksql_processing_log;")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	again := newHost(t, ksql.WithDir(dir))
	if c := again.Catalog(); c.Source("VICTIM") == nil || c.Source("Y") != nil || len(again.Failed()) > 0 {
		t.Errorf("after reopening: %v, failed %v", c.Source("VICTIM"), again.Failed())
	}
	same(t, again.all("SELECT c FROM n WHERE v = 7;"), []any{int64(3)})
}

// TestTopicLists: ksql.hidden.topics and ksql.readonly.topics are lists of names and patterns; the engine's own topics
// are closed whatever they say, and no session changes them.
func TestTopicLists(t *testing.T) {
	h := newHost(t, ksql.WithProperties(map[string]string{"ksql.hidden.topics": "secret.*, other", "ksql.readonly.topics": "fixed|firm, given.*"}))
	h.exec(`CREATE STREAM a (k INT KEY, v INT) WITH (kafka_topic='secret1', value_format='JSON', partitions=1);
		CREATE STREAM b (k INT KEY, v INT) WITH (kafka_topic='other', value_format='JSON', partitions=1);
		CREATE STREAM c (k INT KEY, v INT) WITH (kafka_topic='others', value_format='JSON', partitions=1);
		CREATE TABLE n AS SELECT v, COUNT(*) AS c FROM a GROUP BY v;`)
	for all, want := range map[string]string{"": "N default_ksql_processing_log others", "ALL ": "secret1"} {
		var names []string
		for _, topic := range h.exec("SHOW " + all + "TOPICS;")[0].(*stmt.Topics).Topics {
			names = append(names, topic.Name)
		}
		if got := strings.Join(names, " "); all == "" && got != want || !strings.Contains(got, want) || strings.Contains(got, commandTopic) != (all != "") {
			t.Errorf("SHOW %sTOPICS: %s", all, got)
		}
	}
	for _, name := range []string{"fixed", "firm", "given1", commandTopic, problemTopic} {
		if _, err := h.Execute(h.ctx, "CREATE STREAM s WITH (kafka_topic='"+name+"') AS SELECT * FROM a;"); err == nil || !strings.Contains(err.Error(), "read-only topic: "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.exec(`CREATE STREAM s WITH (kafka_topic='fixed1') AS SELECT * FROM a; CREATE STREAM u WITH (kafka_topic='_schemas') AS SELECT * FROM a;`) // not in this list
	if _, err := h.Execute(h.ctx, "SET 'ksql.readonly.topics'='none';"); err == nil {
		t.Error("a session sets ksql.readonly.topics")
	}
	none := newHost(t, ksql.WithProperties(map[string]string{"ksql.hidden.topics": "", "ksql.readonly.topics": " "}))
	none.exec(`CREATE STREAM a (k INT KEY, v INT) WITH (kafka_topic='_schemas', value_format='JSON', partitions=1); INSERT INTO a VALUES (1, 2);`)
	if _, err := none.Execute(none.ctx, "CREATE STREAM s WITH (kafka_topic='"+commandTopic+"') AS SELECT * FROM a;"); err == nil {
		t.Error("an empty list opens the command topic")
	}
	for _, p := range []string{"ksql.hidden.topics", "ksql.readonly.topics"} {
		if e, err := ksql.Open(context.Background(), ksql.WithProperties(map[string]string{p: "a,("})); err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("%s that is no pattern: %v", p, err)
			if err == nil {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

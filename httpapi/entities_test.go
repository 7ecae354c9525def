package httpapi_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"

	"net/http/httptest"
)

// TestEntities holds the answers of /ksql to ksqlDB's entities. A want may be some members of the entity only.
func TestEntities(t *testing.T) {
	s := serve(t, false)
	const heat = `CREATE TABLE HEAT AS SELECT KILN, MAX(TEMP) AS TOP FROM KILNS GROUP BY KILN EMIT CHANGES;`
	const made = `CREATE TABLE HEAT WITH (CLEANUP_POLICY='compact', KAFKA_TOPIC='HEAT', PARTITIONS=2, REPLICAS=1, RETENTION_MS=-1) AS SELECT\n  KILNS.KILN KILN,\n  MAX(KILNS.TEMP) TOP\nFROM KILNS KILNS\nGROUP BY KILNS.KILN\nEMIT CHANGES;`
	const query = `{"queryString":"` + made + `","sinks":["HEAT"],"sinkKafkaTopics":["HEAT"],"id":"CTAS_HEAT_1","statusCount":{"RUNNING":1},"queryType":"PERSISTENT","state":"RUNNING"}`
	field := func(name, typ, more string) string {
		return `{"name":"` + name + `","schema":{"type":"` + typ + `","fields":null,"memberSchema":null}` + more + `}`
	}
	for _, c := range []struct{ name, statement, want string }{
		{"create", `CREATE STREAM KILNS (KILN VARCHAR KEY, TEMP INT, COST DECIMAL(5, 2)) WITH (KAFKA_TOPIC='kilns', VALUE_FORMAT='JSON', PARTITIONS=2);`,
			"{\"@type\":\"currentStatus\",\"statementText\":\"CREATE STREAM KILNS (KILN STRING KEY, TEMP INTEGER, COST DECIMAL(5, 2)) WITH (CLEANUP_POLICY='delete', KAFKA_TOPIC='kilns', KEY_FORMAT='KAFKA', PARTITIONS=2, VALUE_FORMAT='JSON');\",\"commandId\":\"stream/`KILNS`/create\",\"commandStatus\":{\"status\":\"SUCCESS\",\"message\":\"Stream created\",\"queryId\":null},\"commandSequenceNumber\":0,\"warnings\":[]}"},
		{"create as", heat, "{\"@type\":\"currentStatus\",\"statementText\":\"" + made + "\",\"commandId\":\"table/`HEAT`/create\",\"commandStatus\":{\"status\":\"SUCCESS\",\"message\":\"Created query with ID CTAS_HEAT_1\",\"queryId\":\"CTAS_HEAT_1\"},\"commandSequenceNumber\":1}"},
		{"create windowed", `CREATE TABLE W AS SELECT KILN, COUNT(*) AS N FROM KILNS WINDOW TUMBLING (SIZE 1 MINUTE) GROUP BY KILN EMIT CHANGES;`,
			"{\"commandStatus\":{\"status\":\"SUCCESS\",\"message\":\"Created query with ID CTAS_W_2\",\"queryId\":\"CTAS_W_2\"}}"},
		{"describe a table", `DESCRIBE HEAT;`, `{"@type":"sourceDescription","statementText":"DESCRIBE HEAT;","sourceDescription":{"name":"HEAT","windowType":null,"readQueries":[],"writeQueries":[` + query + `],"fields":[` +
			field("KILN", "STRING", `,"type":"KEY"`) + `,` + field("TOP", "INTEGER", "") + `],"type":"TABLE","timestamp":"","statistics":"","errorStats":"","extended":false,"keyFormat":"KAFKA","valueFormat":"JSON","topic":"HEAT","partitions":0,"replication":0,"statement":"` + made +
			`","queryOffsetSummaries":[],"sourceConstraints":[],"clusterStatistics":[],"clusterErrorStats":[]},"warnings":[]}`},
		{"describe a stream", `DESCRIBE KILNS;`, `{"sourceDescription":{"fields":[` + field("KILN", "STRING", `,"type":"KEY"`) + `,` + field("TEMP", "INTEGER", "") +
			`,{"name":"COST","schema":{"type":"DECIMAL","fields":null,"memberSchema":null,"parameters":{"precision":5,"scale":2}}}],"sourceConstraints":["HEAT","W"]}}`},
		{"describe a windowed table", `DESCRIBE W EXTENDED;`, `{"sourceDescription":{"windowType":"TUMBLING","extended":true,"partitions":2,"replication":1}}`},
		{"describe all", `SHOW STREAMS EXTENDED;`, `{"@type":"source_descriptions"}`},
		{"queries", `SHOW QUERIES;`, `{"@type":"queries"}`},
		{"topics", `SHOW TOPICS;`, `{"@type":"kafka_topics","topics":[{"name":"HEAT","replicaInfo":[1,1]},{"name":"W","replicaInfo":[1,1]},{"name":"kilns","replicaInfo":[1,1]}]}`},
		{"topics in full", `SHOW TOPICS EXTENDED;`, `{"@type":"kafka_topics_extended","topics":[{"name":"HEAT","replicaInfo":[1,1],"consumerCount":0,"consumerGroupCount":0},{"name":"W","replicaInfo":[1,1],"consumerCount":0,"consumerGroupCount":0},{"name":"kilns","replicaInfo":[1,1],"consumerCount":4,"consumerGroupCount":2}]}`},
		{"explain a query", `EXPLAIN ctas_heat_1;`, `{"@type":"queryDescription","queryDescription":{"id":"CTAS_HEAT_1","statementText":"` + made + `","windowType":null,"fields":[` + field("KILN", "STRING", `,"type":"KEY"`) + `,` + field("TOP", "INTEGER", "") +
			`],"sources":["KILNS"],"sinks":["HEAT"],"overriddenProperties":{},"ksqlHostQueryStatus":{"localhost:8088":"RUNNING"},"queryType":"PERSISTENT","queryErrors":[],"tasksMetadata":[],"consumerGroupId":"_confluent-ksql-default_query_CTAS_HEAT_1","state":"RUNNING"}}`},
		{"explain a statement", `EXPLAIN SELECT TEMP FROM KILNS EMIT CHANGES;`, `{"queryDescription":{"id":"","fields":[` + field("TEMP", "INTEGER", "") + `],"sources":["KILNS"],"sinks":[],"ksqlHostQueryStatus":{},"queryType":"PUSH"}}`},
		{"explain a pull query", `EXPLAIN SELECT TOP FROM HEAT WHERE KILN='k';`, `{"queryDescription":{"queryType":"PULL","executionPlan":" > [ PROJECT ] | Schema: ` + "`TOP`" + ` INTEGER\n\t > [ FILTER ] | (KILN = 'k')\n\t\t > [ KEY LOOKUP ] | State of: CTAS_HEAT_1 | Reads: rows of 1 key\n"}}`},
		{"types", `CREATE TYPE ADDR AS STRUCT<CITY STRING, PINS ARRAY<INT>>;`, `{"commandId":"type/ADDR/create","commandStatus":{"status":"SUCCESS","message":"Registered custom type with name 'ADDR' and SQL type STRUCT<` + "`CITY` STRING, `PINS`" + ` ARRAY<INTEGER>>","queryId":null}}`},
		{"show types", `SHOW TYPES;`, `{"types":{"ADDR":{"type":"STRUCT","fields":[` + field("CITY", "STRING", "") + `,{"name":"PINS","schema":{"type":"ARRAY","fields":null,"memberSchema":{"type":"INTEGER","fields":null,"memberSchema":null}}}],"memberSchema":null}}}`},
		{"functions", `DESCRIBE FUNCTION abs;`, `{"@type":"describe_function","name":"ABS","path":"internal","type":"SCALAR"}`},
		{"connectors", `SHOW CONNECTORS;`, `{"@type":"connector_list","warnings":[],"connectors":[]}`},
		{"assert", `ASSERT TOPIC kilns WITH (PARTITIONS=2);`, `{"@type":"assert_topic","topicName":"kilns","exists":true}`},
		{"assert not", `ASSERT NOT EXISTS TOPIC nope;`, `{"@type":"assert_topic","topicName":"nope","exists":false}`},
		{"pause", `PAUSE ctas_w_2;`, `{"commandId":"pause/CTAS_W_2/execute","commandStatus":{"status":"SUCCESS","message":"Query paused.","queryId":null}}`},
		{"terminate", `TERMINATE ctas_w_2;`, `{"commandId":"terminate/CTAS_W_2/execute","commandStatus":{"status":"SUCCESS","message":"Query terminated.","queryId":null}}`},
		{"drop", `DROP TABLE W;`, "{\"commandId\":\"table/W/drop\",\"commandStatus\":{\"status\":\"SUCCESS\",\"message\":\"Source `W` (topic: W) was dropped.\",\"queryId\":null}}"},
		{"drop nothing", `DROP TABLE IF EXISTS W;`, "{\"commandStatus\":{\"status\":\"SUCCESS\",\"message\":\"Source `W` does not exist.\",\"queryId\":null},\"commandSequenceNumber\":-1}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, _ := json.Marshal(map[string]string{"ksql": c.statement})
			s.t = t
			status, _, got := s.ask("POST", "/ksql", "", string(body))
			var list []map[string]any
			if err := json.Unmarshal([]byte(got), &list); err != nil || status != 200 || len(list) != 1 {
				t.Fatalf("%d %s: %v", status, got, err)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if at := differs(want, list[0]); at != "" {
				t.Errorf("%s differs in\n%s\nwant %s", at, got, c.want)
			}
		})
	}
}

// differs names the first member of want that got has otherwise.
func differs(want, got any) string {
	w, ok := want.(map[string]any)
	if !ok {
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if string(a) != string(b) {
			return " "
		}
		return ""
	}
	g, _ := got.(map[string]any)
	for k, v := range w {
		have, ok := g[k]
		if !ok {
			return k
		}
		if at := differs(v, have); at != "" {
			return k + "." + at
		}
	}
	return ""
}

// TestProperties lists the properties and tells which a request overrides.
func TestProperties(t *testing.T) {
	s := serve(t, false)
	_, _, got := s.ask("POST", "/ksql", "", `{"ksql":"SET 'commit.interval.ms'='5'; SHOW PROPERTIES;","streamsProperties":{"auto.offset.reset":"earliest"}}`)
	var list []struct {
		Properties []struct {
			Name  string
			Value *string
			Level string
		}
		OverwrittenProperties, DefaultProperties []string
	}
	if err := json.Unmarshal([]byte(got), &list); err != nil || len(list) != 1 {
		t.Fatalf("%s: %v", got, err)
	}
	if o := strings.Join(list[0].OverwrittenProperties, " "); o != "ksql.streams.auto.offset.reset ksql.streams.commit.interval.ms" {
		t.Errorf("overwritten: %s", o)
	}
	values := map[string]string{}
	for _, p := range list[0].Properties {
		if p.Value != nil {
			values[p.Name] = *p.Value + " " + p.Level
		}
	}
	for name, want := range map[string]string{
		"ksql.streams.auto.offset.reset": "earliest QUERY", "ksql.service.id": "default_ SERVER", "ksql.streams.commit.interval.ms": "5 QUERY",
		"ksql.query.pull.table.scan.enabled": "true QUERY", "ksql.logging.processing.stream.auto.create": "false SERVER",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	for body, want := range map[string]string{
		`{"ksql":"SET 'auto.offset.reset'='none';"}`:                                `'none' is not valid for this property within KSQL`,
		`{"ksql":"SET 'bootstrap.servers'='x';"}`:                                   `Cannot override property 'bootstrap.servers'`,
		`{"ksql":"SET 'ksql.query.pull.table.scan.enabled'='yes';"}`:                `Invalid value yes for configuration ksql.query.pull.table.scan.enabled`,
		`{"ksql":"SET 'ksql.streams.commit.interval.ms'='soon';"}`:                  `Invalid value soon for configuration commit.interval.ms`,
		`{"ksql":"ALTER SYSTEM 'auto.offset.reset'='latest';"}`:                     `Cannot alter system configs when KSQL_SHARED_RUNTIME_ENABLED is turned off.`,
		`{"ksql":"UNSET 'kiln.color';"}`:                                            `Unknown property: kiln.color`,
		`{"ksql":"DESCRIBE FUNCTION nope;"}`:                                        `Can't find any functions with the name 'NOPE'`,
		`{"ksql":"EXPLAIN nope;"}`:                                                  `Query with id:NOPE does not exist, use SHOW QUERIES to view the full set of queries.`,
		`{"ksql":"EXPLAIN DROP STREAM x;"}`:                                         `The provided statement does not run a ksql query`,
		`{"ksql":"SHOW TYPES; TERMINATE nope;"}`:                                    `Unknown queryId: NOPE`,
		`{"ksql":"SET 'auto.offset.reset'='earliest'; SET 'ksql.service.id'='x';"}`: `prohibited by the KSQL server denylist`,
	} {
		status, _, got := s.ask("POST", "/ksql", "", body)
		if status != 400 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s, want %s", body, status, got, want)
		}
	}
}

// TestStatusKept reads statuses back with the engine.
func TestStatusKept(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	var answers []string
	for i := range 2 {
		e, err := ksql.Open(ctx, ksql.WithDir(dir))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if _, err := e.Execute(ctx, kilns); err != nil {
				t.Fatal(err)
			}
		}
		w := httptest.NewRecorder()
		httpapi.New(e).ServeHTTP(w, httptest.NewRequest("GET", "/status/table/%60HEAT%60/create", nil))
		answers = append(answers, w.Body.String())
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if want := `{"status":"SUCCESS","message":"Created query with ID CTAS_HEAT_1","queryId":"CTAS_HEAT_1"}`; answers[0] != want || answers[1] != want {
		t.Errorf("got %q, want %s twice", answers, want)
	}
}

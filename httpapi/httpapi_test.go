package httpapi_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"
	"github.com/ksqlgo/ksql/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// BuntDB's goroutine looks once a second whether its database is closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/tidwall/buntdb.(*DB).backgroundManager"))
}

// server is an engine behind its handler. HTTP/2 is spoken over TLS.
type server struct {
	*httptest.Server
	t *testing.T
	e *ksql.Engine
}

func serve(t *testing.T, h2 bool, props ...string) *server {
	t.Helper()
	p := map[string]string{"ksql.logging.processing.stream.auto.create": "false"}
	for i := 0; i < len(props); i += 2 {
		p[props[i]] = props[i+1]
	}
	e, err := ksql.Open(context.Background(), ksql.WithProperties(p))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{httptest.NewUnstartedServer(httpapi.New(e)), t, e}
	if s.EnableHTTP2 = h2; h2 {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *server) open(ctx context.Context, method, path, accept string, body io.Reader) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	resp, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp
}

func (s *server) ask(method, path, accept, body string) (status int, contentType, answer string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	resp := s.open(ctx, method, path, accept, strings.NewReader(body))
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("%s %s: %v after %s", method, path, err, b)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(b)
}

// must runs statements.
func (s *server) must(statements string) {
	s.t.Helper()
	b, _ := json.Marshal(map[string]any{"ksql": statements, "streamsProperties": map[string]any{"auto.offset.reset": "earliest"}})
	if status, _, answer := s.ask("POST", "/ksql", "", string(b)); status != 200 {
		s.t.Fatalf("%s: %d %s", statements, status, answer)
	}
	if err := s.e.Sync(context.Background()); err != nil {
		s.t.Fatal(err)
	}
}

var queryID = regexp.MustCompile(`(query|transient_[A-Z_]+)_[0-9]+`)

// plainIDs takes the random part from the ids of queries.
func plainIDs(s string) string { return queryID.ReplaceAllString(s, "${1}_N") }

const kilns = `CREATE STREAM KILNS (KILN VARCHAR KEY, TEMP INT, COST DECIMAL(5, 2)) WITH (KAFKA_TOPIC='kilns', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE HEAT AS SELECT KILN, MAX(TEMP) AS TOP FROM KILNS GROUP BY KILN EMIT CHANGES;
INSERT INTO KILNS VALUES ('k1', 900, 4.50); INSERT INTO KILNS VALUES ('k2', 1240, 12.00); INSERT INTO KILNS (KILN, TEMP) VALUES ('k1', 1010);
CREATE TABLE GLAZES (CODE VARCHAR PRIMARY KEY, TINT VARCHAR) WITH (KAFKA_TOPIC='glazes', VALUE_FORMAT='JSON', PARTITIONS=1);`

// TestRoutes holds every route to the worked exchanges of ksqlDB's API.
func TestRoutes(t *testing.T) {
	s := serve(t, false, "ksql.server.command.response.timeout.ms", "50")
	s.must(kilns)
	const d, j, v, p = "application/vnd.ksqlapi.delimited.v1", "application/json", "application/vnd.ksql.v1+json", "application/vnd.ksql.v1+protobuf"
	asked := map[string]bool{"GET /": true} // see TestRoot
	for _, c := range []struct {
		name, request, accept, body string
		status                      int
		contentType, want           string // want with … at its end: a prefix
	}{
		{"info", "GET /info", "", "", 200, j, `{"KsqlServerInfo":{"version":"0.29.0","kafkaClusterId":"ksql-go","ksqlServiceId":"default_","serverStatus":"RUNNING"}}`},
		{"info with body and slash", "GET /info/", v, "{}", 200, j, `{"KsqlServerInfo":…`},
		{"healthcheck", "GET /healthcheck", "", "", 200, j, `{"isHealthy":true,"details":{"metastore":{"isHealthy":true},"kafka":{"isHealthy":true},"commandRunner":{"isHealthy":true}},"serverState":"READY"}`},
		{"metadata", "GET /v1/metadata/id", "", "", 200, j, `{"scope":{"path":[],"clusters":{"kafka-cluster":"ksql-go","ksql-cluster":"default_"}},"id":""}`},
		{"metadata with version", "GET /v1/metadata", "", "", 200, j, `{"version":"0.29.0","clusterId":{"scope":…`},
		{"ready", "GET /chc/ready", "text/html", "", 200, j, `{}`},
		{"live", "GET /chc/live", "", "", 200, j, `{}`},
		{"heartbeats are off", "POST /heartbeat", "", "{}", 404, "", ``},
		{"lags are off", "POST /lag", "", "{}", 404, "", ``},
		{"cluster status is off", "GET /clusterStatus", "", "", 404, "", ``},
		{"no WebSocket", "GET /ws/query", "", "", 501, j, `{"@type":"generic_error","error_code":50100,"message":"/ws/query is not available: there is no WebSocket endpoint yet, POST the query to /query-stream"}`},
		{"a bad pattern", "POST /ksql/terminate", "", `{"deleteTopicList":["HEAT.*","["]}`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Invalid pattern: ["}`},
		{"no pattern", "POST /ksql/terminate", "", `{"deleteTopicList":[["a"]]}`, 400, j, "{\"@type\":\"generic_error\",\"error_code\":40000,\"message\":\"Invalid JSON in request: Cannot deserialize value of type `java.lang.String` for 'deleteTopicList'\"}"},
		{"no list", "POST /ksql/terminate", "", `{"deleteTopicList":"HEAT"}`, 400, j, "{\"@type\":\"generic_error\",\"error_code\":40000,\"message\":\"Invalid JSON in request: Cannot deserialize value of type `java.util.List` for 'deleteTopicList'\"}"},
		{"no request", "POST /ksql/terminate", "", `{"deleteTopicList":`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: Unexpected end-of-input: expected close marker for Object…`},
		{"unknown path", "GET /metrics", "", "", 404, "", `Not Found`},
		{"wrong method", "GET /ksql", "", "", 404, "", `Not Found`},
		{"no type fits", "POST /query-stream", "text/csv", `{"sql":"SELECT * FROM HEAT;"}`, 404, "", `Not Found`},
		{"v1 has no inserts", "POST /inserts-stream", v, ``, 404, "", `Not Found`},

		{"list", "POST /ksql", v, `{"ksql":"LIST STREAMS; SHOW TABLES;","other":[1]}`, 200, j,
			`[{"@type":"streams","statementText":"LIST STREAMS;","streams":[{"type":"STREAM","name":"KILNS","topic":"kilns","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false}],"warnings":[]},` +
				`{"@type":"tables","statementText":"SHOW TABLES;","tables":[{"type":"TABLE","name":"GLAZES","topic":"glazes","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false},{"type":"TABLE","name":"HEAT","topic":"HEAT","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false}],"warnings":[]}]`},
		{"nothing to do", "POST /ksql", "", `{"ksql":""}`, 200, j, `[]`},
		{"syntax error", "POST /ksql", "", `{"ksql":"SHOW STREAMS;\nSLECT * FROM KILNS;"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"line 2:1: Syntax Error\nUnknown statement 'SLECT'\nDid you mean 'SELECT'?","statementText":"SLECT * FROM KILNS;","entities":[]}`},
		{"no query here", "POST /ksql", "", `{"ksql":"SELECT * FROM HEAT;"}`, 400, j,
			`{"@type":"statement_error","error_code":40002,"message":"The following statement types should be issued to the websocket endpoint '/query':\n\t* PRINT\n\t* SELECT","statementText":"SELECT * FROM HEAT;","entities":[]}`},
		{"unknown source", "POST /ksql", "", `{"ksql":"DESCRIBE kilns2;"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"Could not find STREAM/TABLE 'KILNS2' in the Metastore","statementText":"DESCRIBE kilns2;","entities":[]}`},
		{"masked insert", "POST /ksql", "", `{"ksql":"INSERT INTO KILNS (KILN, TEMP) VALUES ('k3');"}`, 400, j,
			"{\"@type\":\"statement_error\",\"error_code\":40001,\"message\":\"Failed to prepare statement: Expected number columns and values to match: 2, 1\",\"statementText\":\"INSERT INTO `KILNS` (`KILN`, `TEMP`) VALUES ('[value]');\",\"entities\":[]}"},
		{"error without statement", "POST /ksql", "", `{"ksql":"INSERT INTO OVENS VALUES ('o', 1);"}`, 400, j,
			"{\"@type\":\"generic_error\",\"error_code\":40000,\"message\":\"Cannot insert values into an unknown stream/table: `OVENS`\"}"},
		{"header columns are not for writing", "POST /ksql", "", `{"ksql":"CREATE STREAM DRAFTS (K INT KEY, H BYTES HEADER('h'), R ARRAY<STRUCT<KEY STRING, VALUE BYTES>> HEADERS) WITH (KAFKA_TOPIC='drafts', VALUE_FORMAT='JSON', PARTITIONS=1); INSERT INTO DRAFTS (K, H, R) VALUES (1, '', NULL);"}`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Cannot insert into HEADER columns: H, R"}`},
		{"unknown property", "POST /ksql", "", `{"ksql":"SHOW STREAMS;","streamsProperties":{"kiln.color":"red"}}`, 500, j,
			`{"@type":"statement_error","error_code":50000,"message":"Not recognizable as ksql, streams, consumer, or producer property: 'kiln.color'","statementText":"SHOW STREAMS;","entities":[]}`},
		{"denied property", "POST /ksql", "", `{"ksql":"SHOW STREAMS;","streamsProperties":{"ksql.service.id":"x"}}`, 400, j,
			`{"@type":"generic_error","error_code":40000,"message":"One or more properties overrides set locally are prohibited by the KSQL server denylist (use UNSET to reset their default value): [ksql.service.id]"}`},
		{"query of the wrong kind", "POST /ksql", "", `{"ksql":"CREATE STREAM W AS SELECT KILN, COUNT(1) AS N FROM KILNS GROUP BY KILN;"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"Invalid result type. Your SELECT query produces a TABLE. Please use CREATE TABLE AS SELECT statement instead.",` +
				`"statementText":"CREATE STREAM W AS SELECT\n  KILNS.KILN KILN,\n  COUNT(1) N\nFROM KILNS KILNS\nGROUP BY KILNS.KILN\nEMIT CHANGES;","entities":[]}`},
		{"unknown property set", "POST /ksql", "", `{"ksql":"SET 'kiln.color'='red';"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"Unknown property: kiln.color","statementText":"SET 'kiln.color'='red';","entities":[]}`},
		{"nothing is done when a statement is bad", "POST /ksql", "", `{"ksql":"CREATE TYPE A AS INT; DESCRIBE NOPE;"}`, 400, j, `{"@type":"statement_error","error_code":40001,"message":"Could not find…`},
		{"and indeed nothing was", "POST /ksql", "", `{"ksql":"SHOW TYPES;"}`, 200, j, `[{"@type":"type_list","statementText":"SHOW TYPES;","types":{},"warnings":[]}]`},
		{"variables", "POST /ksql", "", `{"ksql":"DEFINE w='${v}2'; SHOW VARIABLES;","sessionVariables":{"v":"a<b"}}`, 200, j,
			`[{"@type":"variables","statementText":"SHOW VARIABLES;","variables":[{"name":"v","value":"a<b"},{"name":"w","value":"a<b2"}],"warnings":[]}]`},
		{"unknown variable", "POST /ksql", "", `{"ksql":"UNDEFINE v;"}`, 200, j, `[{"@type":"warning_entity","statementText":"UNDEFINE v;","message":"Cannot undefine variable 'v' which was never defined","warnings":[]}]`},
		{"if not exists", "POST /ksql", "", `{"ksql":"CREATE STREAM IF NOT EXISTS KILNS (KILN VARCHAR KEY) WITH (KAFKA_TOPIC='kilns', VALUE_FORMAT='JSON');"}`, 200, j,
			"[{\"@type\":\"warning_entity\",\"statementText\":\"CREATE STREAM IF NOT EXISTS KILNS (KILN VARCHAR KEY) WITH (KAFKA_TOPIC='kilns', VALUE_FORMAT='JSON');\",\"message\":\"Cannot add stream `KILNS`: A stream with the same name already exists.\",\"warnings\":[]}]"},
		{"assertion", "POST /ksql", "", `{"ksql":"ASSERT TOPIC kilns WITH (PARTITIONS=2) TIMEOUT 10 MILLISECONDS;"}`, 417, j,
			`{"@type":"generic_error","error_code":41700,"message":"Mismatched configuration for topic kilns: For config partitions, expected 2 got 1"}`},
		{"connectors", "POST /ksql", "", `{"ksql":"DROP CONNECTOR c;"}`, 500, j, `{"@type":"statement_error","error_code":50000,"message":"This statement needs Kafka Connect, which is not configured: ksql.connect.url is not set"…`},
		{"empty body", "POST /ksql", "", ``, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: No content to map due to end-of-input"}`},
		{"no object", "POST /ksql", "", `["LIST STREAMS;"]`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: Cannot deserialize the request: an object was expected"}`},
		{"properties are an object", "POST /ksql", "", `{"ksql":"SHOW TYPES;","streamsProperties":[1]}`, 400, j,
			"{\"@type\":\"generic_error\",\"error_code\":40000,\"message\":\"Invalid JSON in request: Cannot deserialize value of type `java.util.Map` for 'streamsProperties'\"}"},
		{"a command that never comes", "POST /ksql", "", `{"ksql":"SHOW TYPES;","commandSequenceNumber":99}`, 503, j,
			`{"@type":"generic_error","error_code":50301,"message":"Timed out while waiting for a previous command to execute. command sequence number: 99"}`},

		{"cut JSON", "POST /query-stream", "", `{"sql":"SELECT * FROM HEAT;"`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: Unexpected end-of-input: expected close marker for Object…`},
		{"missing member", "POST /query-stream", "", `{"statement":"SELECT * FROM HEAT;"}`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: Missing required creator property 'sql'"}`},
		{"syntax error of a query", "POST /query-stream", "", `{"sql":"SLECT * FROM KILNS;"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"line 1:1: Syntax Error\nUnknown statement 'SLECT'\nDid you mean 'SELECT'?\nStatement: SLECT * FROM KILNS;","statementText":"SLECT * FROM KILNS;","entities":[]}`},
		{"unknown source of a query", "POST /query-stream", "", `{"sql":"SELECT * FROM OVENS EMIT CHANGES;"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"Exception while preparing statement: OVENS does not exist.","statementText":"SELECT * FROM OVENS EMIT CHANGES;","entities":[]}`},
		{"condition of the wrong type", "POST /query-stream", "", `{"sql":"SELECT * FROM HEAT WHERE KILN = 11;"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"Error in WHERE expression: Cannot compare KILN (STRING) to 11 (INTEGER) with EQUAL.\nStatement: (KILN = 11)","statementText":"SELECT * FROM HEAT WHERE KILN = 11;","entities":[]}`},
		{"two statements", "POST /query-stream", "", `{"sql":"SELECT * FROM HEAT; SELECT * FROM HEAT;"}`, 400, j, `{"@type":"statement_error","error_code":40001,"message":"Expected exactly one KSQL statement; found 2 instead…`},
		{"no statement for queries", "POST /query-stream", "", `{"sql":"SHOW STREAMS;"}`, 400, j,
			`{"@type":"statement_error","error_code":40001,"message":"Neither a query nor a print statement\nStatement: SHOW STREAMS;","statementText":"SHOW STREAMS;","entities":[]}`},
		{"unknown property of a query", "POST /query-stream", "", `{"sql":"SELECT * FROM HEAT;","properties":{"kiln.color":"red"}}`, 400, j,
			`{"@type":"generic_error","error_code":40000,"message":"Not recognizable as ksql, streams, consumer, or producer property: 'kiln.color'"}`},
		{"nothing to query", "POST /query", j, `{"ksql":" "}`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"\"ksql\" field must be populated"}`},
		{"no query", "POST /query", j, `{"ksql":"SHOW STREAMS;"}`, 400, j, "{\"@type\":\"generic_error\",\"error_code\":40000,\"message\":\"Statement type `…"},
		{"pull, protobuf", "POST /query-stream", p, `{"sql":"SELECT * FROM HEAT;"}`, 200, p,
			"[{\"header\":{\"queryId\":\"query_N\",\"schema\":\"`KILN` STRING KEY, `TOP` INTEGER\",\"protoSchema\":\"syntax = \\\"proto3\\\";\\n\\nmessage ConnectDefault1 {\\n  string KILN = 1;\\n  int32 TOP = 2;\\n}\\n\"}},\n" +
				"{\"row\":{\"protobufBytes\":\"CgJrMRDyBw==\"}},\n{\"row\":{\"protobufBytes\":\"CgJrMhDYCQ==\"}}]"},
		{"push, protobuf", "POST /query", p, `{"ksql":"SELECT KILN, TEMP FROM KILNS EMIT CHANGES LIMIT 1;","streamsProperties":{"auto.offset.reset":"earliest"}}`, 200, p,
			"[{\"header\":{\"queryId\":\"transient_KILNS_N\",\"schema\":\"`KILN` STRING, `TEMP` INTEGER\",\"protoSchema\":\"syntax = \\\"proto3\\\";\\n\\nmessage ConnectDefault1 {\\n  string KILN = 1;\\n  int32 TEMP = 2;\\n}\\n\"}},\n" +
				"{\"row\":{\"protobufBytes\":\"CgJrMRCEBw==\"}},\n{\"finalMessage\":\"Limit Reached\"}]"},

		{"pull, delimited", "POST /query-stream", d, `{"sql":"SELECT * FROM HEAT WHERE KILN='k1';"}`, 200, d,
			"{\"queryId\":\"query_N\",\"columnNames\":[\"KILN\",\"TOP\"],\"columnTypes\":[\"STRING\",\"INTEGER\"]}\n[\"k1\",1010]\n"},
		{"pull, whatever", "POST /query-stream", "*/*", `{"sql":"SELECT * FROM HEAT WHERE KILN='k1';"}`, 200, d,
			"{\"queryId\":\"query_N\",\"columnNames\":[\"KILN\",\"TOP\"],\"columnTypes\":[\"STRING\",\"INTEGER\"]}\n[\"k1\",1010]\n"},
		{"pull, array", "POST /query-stream", "application/json; charset=utf-8", `{"sql":"SELECT * FROM HEAT WHERE KILN='k1';"}`, 200, j,
			`[{"queryId":"query_N","columnNames":["KILN","TOP"],"columnTypes":["STRING","INTEGER"]},["k1",1010]]`},
		{"pull, streamed", "POST /query-stream", v, `{"sql":"SELECT TOP, KILN FROM HEAT;"}`, 200, v,
			"[{\"header\":{\"queryId\":\"query_N\",\"schema\":\"`TOP` INTEGER, `KILN` STRING KEY\"}},\n{\"row\":{\"columns\":[1010,\"k1\"]}},\n{\"row\":{\"columns\":[1240,\"k2\"]}}]"},
		{"pull with debug", "POST /query-stream", v, `{"sql":"SELECT TOP FROM HEAT WHERE KILN='k2';","requestProperties":{"request.ksql.debug.request":true}}`, 200, v,
			"[{\"header\":{\"queryId\":\"query_N\",\"schema\":\"`TOP` INTEGER\"}},\n{\"row\":{\"columns\":[1240]},\"sourceHost\":\"localhost:8088\"}]"},
		{"pull, nothing there", "POST /query", j, `{"ksql":"SELECT * FROM HEAT WHERE KILN='k9';"}`, 200, v,
			"[{\"header\":{\"queryId\":\"query_N\",\"schema\":\"`KILN` STRING KEY, `TOP` INTEGER\"}}]"},
		{"pull, /query of curl", "POST /query", "*/*", `{"ksql":"SELECT * FROM HEAT WHERE KILN='k2';","streamsProperties":{}}`, 200, d,
			"{\"queryId\":\"query_N\",\"columnNames\":[\"KILN\",\"TOP\"],\"columnTypes\":[\"STRING\",\"INTEGER\"]}\n[\"k2\",1240]\n"},
		{"push with limit, delimited", "POST /query-stream", "", `{"sql":"SELECT KILN, COST FROM KILNS EMIT CHANGES LIMIT 3;","properties":{"auto.offset.reset":"earliest"}}`, 200, d,
			"{\"queryId\":\"transient_KILNS_N\",\"columnNames\":[\"KILN\",\"COST\"],\"columnTypes\":[\"STRING\",\"DECIMAL(5, 2)\"]}\n[\"k1\",4.50]\n[\"k2\",12.00]\n[\"k1\",null]\n"},
		{"push with limit, array", "POST /query-stream", j, `{"sql":"SELECT KILN, TEMP FROM KILNS EMIT CHANGES LIMIT 2;","properties":{"ksql.streams.auto.offset.reset":"earliest"}}`, 200, j,
			`[{"queryId":"transient_KILNS_N","columnNames":["KILN","TEMP"],"columnTypes":["STRING","INTEGER"]},["k1",900],["k2",1240]]`},
		{"push with limit, streamed", "POST /query", v, `{"ksql":"SELECT KILN FROM KILNS EMIT CHANGES LIMIT 1;","streamsProperties":{"auto.offset.reset":"earliest"},"commandSequenceNumber":1}`, 200, v,
			"[{\"header\":{\"queryId\":\"transient_KILNS_N\",\"schema\":\"`KILN` STRING\"}},\n{\"row\":{\"columns\":[\"k1\"]}},\n{\"finalMessage\":\"Limit Reached\"}]"},
		{"stream pull", "POST /query", j, `{"ksql":"SELECT KILN, TEMP FROM KILNS WHERE TEMP > 1000;"}`, 200, v,
			"[{\"header\":{\"queryId\":\"transient_KILNS_N\",\"schema\":\"`KILN` STRING, `TEMP` INTEGER\"}},\n{\"row\":{\"columns\":[\"k2\",1240]}},\n{\"row\":{\"columns\":[\"k1\",1010]}},\n{\"finalMessage\":\"Query Completed\"}]"},
		{"variables in a query", "POST /query", j, `{"ksql":"SELECT TOP FROM ${t} WHERE KILN='${k}';","sessionVariables":{"t":"HEAT","k":"k1"}}`, 200, v,
			"[{\"header\":{\"queryId\":\"query_N\",\"schema\":\"`TOP` INTEGER\"}},\n{\"row\":{\"columns\":[1010]}}]"},

		{"variables that are off", "POST /query-stream", "", `{"sql":"SELECT '${k}' AS K FROM HEAT LIMIT 1;","sessionVariables":{"k":"k1"},"properties":{"ksql.variable.substitution.enable":false}}`, 200, d,
			"{\"queryId\":\"query_N\",\"columnNames\":[\"K\"],\"columnTypes\":[\"STRING\"]}\n[\"${k}\"]\n"},

		{"print", "POST /query", j, `{"ksql":"PRINT kilns FROM BEGINNING INTERVAL 2 LIMIT 2;"}`, 200, j, "Key format: KAFKA_STRING\nValue format: JSON or KAFKA_STRING\nrowtime: …"},
		{"print of a missing topic", "POST /query", j, `{"ksql":"PRINT Kilns;"}`, 400, j,
			`{"@type":"generic_error","error_code":40000,"message":"Could not find topic 'Kilns', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive.\nDid you mean:\n\tprint kilns;"}`},
		{"print of a missing topic, stream", "POST /query-stream", "", `{"sql":"PRINT nope;"}`, 400, j, `{"@type":"generic_error","error_code":40001,"message":"Topic does not exist: nope"}`},
		{"print as JSON", "POST /query-stream", j, `{"sql":"PRINT kilns;"}`, 406, "", ``},

		{"close of nothing", "POST /close-query", "", `{"queryId":"transient_KILNS_7"}`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"No query with id transient_KILNS_N"}`},
		{"close without id", "POST /close-query", "", `{}`, 400, j, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: Missing required creator property 'queryId'"}`},
		{"inserts over HTTP/1", "POST /inserts-stream", "", `{"target":"KILNS"}`, 400, j, `{"@type":"generic_error","error_code":40004,"message":"This endpoint is only available when using HTTP2"}`},

		{"statuses", "GET /status", "", "", 200, j, "{\"commandStatuses\":{\"stream/`KILNS`/create\":\"SUCCESS\",\"table/`GLAZES`/create\":\"SUCCESS\",\"table/`HEAT`/create\":\"SUCCESS\"}}"},
		{"status", "GET /status/table/%60HEAT%60/create", "", "", 200, j, `{"status":"SUCCESS","message":"Created query with ID CTAS_HEAT_1","queryId":"CTAS_HEAT_1"}`},
		{"status without query", "GET /status/stream/%60KILNS%60/create", "", "", 200, j, `{"status":"SUCCESS","message":"Stream created","queryId":null}`},
		{"status of nothing", "GET /status/stream/%60OVENS%60/create", "", "", 404, j, `{"@type":"generic_error","error_code":40400,"message":"Command not found"}`},
		{"status of a wrong kind", "GET /status/oven/x/create", "", "", 500, j, `{"@type":"generic_error","error_code":50000,"message":…`},
		{"valid property", "GET /is_valid_property/auto.offset.reset", "", "", 200, j, `true`},
		{"invalid property", "GET /is_valid_property/kiln.color", "", "", 400, j,
			`{"@type":"generic_error","error_code":40000,"message":"Not recognizable as ksql, streams, consumer, or producer property: 'kiln.color'"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			asked[c.request] = true
			method, path, _ := strings.Cut(c.request, " ")
			status, contentType, got := s.ask(method, path, c.accept, c.body)
			got = plainIDs(got)
			want, prefix := strings.CutSuffix(c.want, "…")
			if status != c.status || contentType != c.contentType || got != want && !(prefix && strings.HasPrefix(got, want)) {
				t.Errorf("%s %s\n got %d %s %s\nwant %d %s %s", c.request, c.body, status, contentType, got, c.status, c.contentType, c.want)
			}
		})
	}
	for _, r := range httpapi.Routes(s.Config.Handler) {
		found := false
		for request := range asked {
			found = found || request == r || strings.HasSuffix(r, "/") && strings.HasPrefix(request, r)
		}
		if !found {
			t.Errorf("no request of the table asks %s", r)
		}
	}
}

// TestRoot follows ksqlDB's redirect, also below a path: a client must not be sent out of it.
func TestRoot(t *testing.T) {
	s := serve(t, false)
	h := httpapi.New(s.e)
	mux := http.NewServeMux()
	mux.Handle("/", h)
	mux.Handle("/a/b/", http.StripPrefix("/a/b", h))
	mux.Handle("/c/", http.StripPrefix("/c/", h))
	inner := http.NewServeMux()
	inner.Handle("/e/", http.StripPrefix("/e", h))
	mux.Handle("/d/", http.StripPrefix("/d", inner))
	outer := httptest.NewServer(mux)
	defer outer.Close()
	noSlash := httptest.NewServer(http.StripPrefix("/f%g", h))
	defer noSlash.Close()
	for _, c := range []struct{ base, path, location, lands string }{
		{s.URL, "/", "/info", "/info"},
		{s.URL, "/?x=/y/", "/info", "/info"},
		{outer.URL, "/", "/info", "/info"},
		{outer.URL, "/a/b/", "./info", "/a/b/info"},
		{outer.URL, "/a/b", "", "/a/b/info"},
		{outer.URL, "/a/b/?x=/y", "./info", "/a/b/info"},
		{outer.URL, "/c/", "./info", "/c/info"},
		{outer.URL, "/d/e/", "./info", "/d/e/info"},
		{noSlash.URL, "/f%25g", "./f%25g/info", "/f%25g/info"},
	} {
		c1 := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := c1.Get(c.base + c.path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Location"); resp.StatusCode != 307 || c.location != "" && got != c.location {
			t.Errorf("%s: got %d to %q", c.path, resp.StatusCode, got)
		}
		if resp, err = http.Get(c.base + c.path); err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := resp.Request.URL.EscapedPath(); got != c.lands || !strings.HasPrefix(string(b), `{"KsqlServerInfo"`) {
			t.Errorf("%s lands at %s: %s", c.path, got, b)
		}
	}
}

// TestReference sends the two requests of ksqlDB's HTTP reference as they stand there.
func TestReference(t *testing.T) {
	s := serve(t, false)
	s.must(`CREATE STREAM TEST_STREAM (ID INT KEY, NAME VARCHAR) WITH (KAFKA_TOPIC='test', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	post := func(path, body string) *http.Response {
		r, err := http.NewRequestWithContext(ctx, "POST", s.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/vnd.ksql.v1+json; charset=utf-8")
		r.Header.Set("Accept", "application/vnd.ksql.v1+json; q=0.9, application/json; q=0.5")
		resp, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	resp := post("/ksql", `{"ksql":"LIST STREAMS;","streamsProperties":{}}`)
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	want := `[{"@type":"streams","statementText":"LIST STREAMS;","streams":[{"type":"STREAM","name":"TEST_STREAM","topic":"test","keyFormat":"KAFKA","valueFormat":"JSON","isWindowed":false}],"warnings":[]}]`
	if resp.StatusCode != 200 || string(b) != want {
		t.Errorf("got %d %s\nwant %s", resp.StatusCode, b, want)
	}
	resp = post("/query", `{"ksql":"SELECT * FROM TEST_STREAM EMIT CHANGES;","streamsProperties":{}}`)
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); got != "application/vnd.ksql.v1+json" || len(resp.TransferEncoding) != 1 || resp.TransferEncoding[0] != "chunked" {
		t.Errorf("Content-Type %s, encoding %v", got, resp.TransferEncoding)
	}
	lines := newLines(resp.Body)
	if got := plainIDs(lines.next(t)); got != "[{\"header\":{\"queryId\":\"transient_TEST_STREAM_N\",\"schema\":\"`ID` INTEGER, `NAME` STRING\"}}," {
		t.Fatalf("header: %s", got)
	}
	s.must(`INSERT INTO TEST_STREAM VALUES (1, 'one');`)
	if got := lines.next(t); got != `{"row":{"columns":[1,"one"]}},` {
		t.Fatalf("row: %s", got)
	}
	if err := s.e.Close(); err != nil {
		t.Fatal(err)
	}
	if got := lines.next(t); got != `{"finalMessage":"Query Completed"}]` {
		t.Fatalf("end: %s", got)
	}
	if status, _, got := s.ask("GET", "/info", "", ""); status != 503 || got != `{"@type":"generic_error","error_code":50304,"message":"The server is shut down"}` {
		t.Errorf("a closed engine answers %d %s", status, got)
	}
	if status, _, got := s.ask("POST", "/query", "", `{"ksql":"SELECT * FROM TEST_STREAM EMIT CHANGES;"}`); status != 503 {
		t.Errorf("a closed engine answers %d %s", status, got)
	}
}

// lines reads an answer line by line as it comes.
type lines struct {
	r   io.Reader
	buf []byte
}

func newLines(r io.Reader) *lines { return &lines{r: r} }

func (l *lines) next(t *testing.T) string {
	t.Helper()
	for {
		if i := bytes.IndexByte(l.buf, '\n'); i >= 0 {
			line := string(l.buf[:i])
			l.buf = l.buf[i+1:]
			return line
		}
		part := make([]byte, 4096)
		n, err := l.r.Read(part)
		l.buf = append(l.buf, part[:n]...)
		if err == io.EOF && n == 0 {
			line := string(l.buf)
			l.buf = nil
			return line
		}
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
	}
}

// TestValues holds each type to its JSON, on its own and inside a STRUCT.
func TestValues(t *testing.T) {
	s := serve(t, false)
	s.must(`CREATE STREAM V (K INT KEY, A BIGINT, D DOUBLE, N DECIMAL(6, 3), T STRING, B BYTES, DT DATE, TM TIME, TS TIMESTAMP, L ARRAY<DOUBLE>, M MAP<STRING, DATE>,
		S STRUCT<F INT, ` + "`g`" + ` DATE, TS TIMESTAMP, N DECIMAL(4, 1)>, O BOOLEAN) WITH (KAFKA_TOPIC='v', VALUE_FORMAT='JSON', PARTITIONS=1);
		INSERT INTO V VALUES (1, 4611686018427387904, 1E10, 1.5, 'a<"é` + "\n" + `', TO_BYTES('00ff', 'hex'), '2024-03-09', '09:30:00', '2024-03-09T09:30:15.250', ARRAY[3.0, 0.00001], MAP('x' := CAST('1969-12-31' AS DATE)),
			STRUCT(F := 1, ` + "`g`" + ` := CAST('1970-01-03' AS DATE), TS := CAST('1970-01-01T00:00:01' AS TIMESTAMP), N := 2.5), TRUE);
		INSERT INTO V (K, TM) VALUES (2, '23:59:07.5');`)
	_, _, got := s.ask("POST", "/query-stream", "application/json", `{"sql":"SELECT * FROM V;"}`)
	want := `,[1,4611686018427387904,1.0E10,1.500,"a<\"é\n","AP8=","2024-03-09","09:30","2024-03-09T09:30:15.250",[3.0,1.0E-5],{"x":"1969-12-31"},{"F":1,"g":2,"TS":1000,"N":2.5},true],` +
		`[2,null,null,null,null,null,null,"23:59:07",null,null,null,null,null]]`
	if _, rows, _ := strings.Cut(got, "]}"); rows != want {
		t.Errorf("got  %s\nwant %s", rows, want)
	}
}

// TestTombstones tells of deleted keys in streamed rows only.
func TestTombstones(t *testing.T) {
	s := serve(t, false)
	s.must(kilns)
	s.must(`INSERT INTO GLAZES VALUES ('g1', 'celadon'); INSERT INTO GLAZES VALUES ('g2', 'tenmoku');`)
	s.delete("glazes", "g1")
	body := `{"sql":"SELECT * FROM GLAZES EMIT CHANGES LIMIT 3;","properties":{"auto.offset.reset":"earliest"}}`
	_, _, got := s.ask("POST", "/query-stream", "application/vnd.ksql.v1+json", body)
	want := "[{\"header\":{\"queryId\":\"transient_GLAZES_N\",\"schema\":\"`CODE` STRING, `TINT` STRING\"}},\n{\"row\":{\"columns\":[\"g1\",\"celadon\"]}},\n{\"row\":{\"columns\":[\"g2\",\"tenmoku\"]}},\n" +
		"{\"row\":{\"columns\":[\"g1\",null],\"tombstone\":true}},\n{\"finalMessage\":\"Limit Reached\"}]"
	if plainIDs(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	_, _, got = s.ask("POST", "/query-stream", "", body)
	if want := "[\"g1\",\"celadon\"]\n[\"g2\",\"tenmoku\"]\n"; !strings.HasSuffix(got, "]}\n"+want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestClose ends push queries by their id, by TERMINATE, and when their client leaves.
func TestClose(t *testing.T) {
	s := serve(t, false, "ksql.max.push.queries", "2")
	s.must(kilns)
	open := func(ctx context.Context) (*lines, string, *http.Response) {
		resp := s.open(ctx, "POST", "/query-stream", "application/vnd.ksql.v1+json", strings.NewReader(`{"sql":"SELECT KILN FROM KILNS EMIT CHANGES;"}`))
		l := newLines(resp.Body)
		var head struct{ Header struct{ QueryID string } }
		line := strings.TrimSuffix(strings.TrimPrefix(l.next(t), "["), ",")
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		return l, head.Header.QueryID, resp
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a, first, respA := open(ctx)
	b, second, respB := open(ctx)
	if status, _, got := s.ask("POST", "/query-stream", "", `{"sql":"SELECT KILN FROM KILNS EMIT CHANGES;"}`); status != 400 || !strings.Contains(got, "the number of active, push queries") {
		t.Errorf("a third push query: %d %s", status, got)
	}
	if _, _, got := s.ask("POST", "/ksql", "", `{"ksql":"SHOW QUERIES;"}`); !strings.Contains(got, `"id":"`+first+`","statusCount":{"RUNNING":1},"queryType":"PUSH","state":"RUNNING"`) {
		t.Errorf("SHOW QUERIES: %s", got)
	}
	if status, _, got := s.ask("POST", "/close-query", "", `{"queryId":"`+first+`"}`); status != 200 || got != "" {
		t.Errorf("close: %d %s", status, got)
	}
	if got := a.next(t); got != `{"finalMessage":"Query Completed"}]` {
		t.Errorf("after close: %s", got)
	}
	if status, _, _ := s.ask("POST", "/close-query", "", `{"queryId":"`+first+`"}`); status != 400 {
		t.Errorf("second close: %d", status)
	}
	status, _, got := s.ask("POST", "/ksql", "", `{"ksql":"TERMINATE `+second+`;"}`)
	if want := `[{"@type":"terminate_query","statementText":"TERMINATE ` + second + `;","queryId":"` + strings.ToUpper(second) + `","wasTerminated":true,"warnings":[]}]`; status != 200 || got != want {
		t.Errorf("got %d %s\nwant %s", status, got, want)
	}
	if got := b.next(t); got != `{"finalMessage":"Query Completed"}]` {
		t.Errorf("after TERMINATE: %s", got)
	}
	if status, _, got := s.ask("POST", "/ksql", "", `{"ksql":"TERMINATE `+second+`;"}`); status != 400 || got != `{"@type":"generic_error","error_code":40000,"message":"Failed to terminate query with query ID: '`+strings.ToUpper(second)+`'"}` {
		t.Errorf("second TERMINATE: %d %s", status, got)
	}
	respA.Body.Close()
	respB.Body.Close()

	_, third, resp := open(ctx)
	cancel()
	resp.Body.Close()
	gone := func() bool {
		for _, q := range s.e.Server().Queries() {
			if q.ID == third {
				return false
			}
		}
		return true
	}
	for end := time.Now().Add(5 * time.Second); !gone(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the query of a client that left still runs")
		}
	}
}

// TestPrefix mounts the handler below a path.
func TestPrefix(t *testing.T) {
	s := serve(t, false)
	mux := http.NewServeMux()
	mux.Handle("/ksqldb/", http.StripPrefix("/ksqldb", httpapi.New(s.e)))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/ksqldb/info", nil))
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"KsqlServerInfo"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "/ksqldb/ksql/", strings.NewReader(`{"ksql":"SHOW TYPES;"}`)))
	if w.Code != 200 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestOldHTTP refuses streams to clients of HTTP/1.0.
func TestOldHTTP(t *testing.T) {
	s := serve(t, false)
	s.must(kilns)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"sql":"SELECT * FROM KILNS EMIT CHANGES;"}`
	fmt.Fprintf(conn, "POST /query-stream HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	b, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(b), " 400 Bad Request") || !strings.HasSuffix(string(b), `{"@type":"generic_error","error_code":40000,"message":"This endpoint is only available when using HTTP1.1 or HTTP2"}`) {
		t.Errorf("got %s, %v", b, err)
	}
}

// TestDeadline lets a push query live longer than the host lets requests live.
func TestDeadline(t *testing.T) {
	s := serve(t, false)
	s.must(kilns)
	h := httptest.NewUnstartedServer(httpapi.New(s.e))
	h.Config.WriteTimeout = 50 * time.Millisecond
	h.Start()
	defer h.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "POST", h.URL+"/query-stream", strings.NewReader(`{"sql":"SELECT TEMP FROM KILNS EMIT CHANGES LIMIT 1;"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	time.Sleep(100 * time.Millisecond)
	s.must(`INSERT INTO KILNS VALUES ('k9', 7, 1.00);`)
	b, err := io.ReadAll(resp.Body)
	if err != nil || !strings.HasSuffix(string(b), "]}\n[7]\n") {
		t.Errorf("got %s, %v", b, err)
	}
}

// TestBody bounds the body.
func TestBody(t *testing.T) {
	s := serve(t, false)
	status, _, got := s.ask("POST", "/ksql", "", `{"ksql":"`+strings.Repeat(" ", 10<<20)+`"}`)
	if status != 413 || got != "" {
		t.Errorf("got %d %.100s", status, got)
	}
}

// TestChanges looks at pull queries again after the catalog has changed: a kept plan must not answer.
func TestChanges(t *testing.T) {
	s := serve(t, false)
	s.must(kilns)
	body := `{"sql":"SELECT TOP FROM HEAT WHERE KILN='k1';"}`
	for range 2 {
		if _, _, got := s.ask("POST", "/query-stream", "", body); !strings.HasSuffix(got, "\n[1010]\n") {
			t.Fatal(got)
		}
	}
	s.must(`INSERT INTO KILNS VALUES ('k1', 2000, 1.00);`)
	if _, _, got := s.ask("POST", "/query-stream", "", body); !strings.HasSuffix(got, "\n[2000]\n") {
		t.Fatal(got)
	}
	s.must(`DROP TABLE HEAT;`)
	if status, _, got := s.ask("POST", "/query-stream", "", body); status != 400 || !strings.Contains(got, "HEAT does not exist.") {
		t.Fatalf("%d %s", status, got)
	}
	s.must(`CREATE TABLE HEAT AS SELECT KILN, MIN(TEMP) AS TOP FROM KILNS GROUP BY KILN;`)
	if _, _, got := s.ask("POST", "/query-stream", "", body); !strings.HasSuffix(got, "\n[900]\n") {
		t.Fatal(got)
	}
}

// TestChunks wants each value of a push query in a chunk of its own, though the rows are there already, and the
// columns of every answer in lines: clients parse chunk by chunk.
func TestChunks(t *testing.T) {
	s := serve(t, false)
	s.must(kilns)
	const push = `SELECT TEMP FROM KILNS EMIT CHANGES LIMIT 3;`
	for _, c := range []struct {
		query, accept string
		want          []string
	}{
		{`SELECT * FROM HEAT;`, "*/*", []string{"{\"queryId\":\"query_N\",\"columnNames\":[\"KILN\",\"TOP\"],\"columnTypes\":[\"STRING\",\"INTEGER\"]}\n", "[\"k1\",1010]\n[\"k2\",1240]\n"}},
		{`SELECT TOP FROM HEAT WHERE KILN='k1';`, "*/*", []string{"{\"queryId\":\"query_N\",\"columnNames\":[\"TOP\"],\"columnTypes\":[\"INTEGER\"]}\n", "[1010]\n"}},
		{`SELECT TOP FROM HEAT WHERE KILN='k2';`, "*/*", []string{"{\"queryId\":\"query_N\",\"columnNames\":[\"TOP\"],\"columnTypes\":[\"INTEGER\"]}\n", "[1240]\n"}}, // its plan was kept
		{`SELECT TEMP FROM KILNS;`, "*/*", []string{"{\"queryId\":\"transient_KILNS_N\",\"columnNames\":[\"TEMP\"],\"columnTypes\":[\"INTEGER\"]}\n", "[900]\n[1240]\n[1010]\n"}},
		{push, "application/vnd.ksqlapi.delimited.v1", []string{"{\"queryId\":\"transient_KILNS_N\",\"columnNames\":[\"TEMP\"],\"columnTypes\":[\"INTEGER\"]}\n", "[900]\n", "[1240]\n", "[1010]\n"}},
		{push, "application/json", []string{`[{"queryId":"transient_KILNS_N","columnNames":["TEMP"],"columnTypes":["INTEGER"]}`, ",[900]", ",[1240]", ",[1010]", "]"}},
	} {
		got := s.chunks("/query-stream", c.accept, `{"sql":"`+c.query+`","properties":{"auto.offset.reset":"earliest"}}`)
		for i := range got {
			got[i] = plainIDs(got[i])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s as %s:\n got %q\nwant %q", c.query, c.accept, got, c.want)
		}
	}
}

// chunks is the chunks of an answer over HTTP/1.1.
func (s *server) chunks(path, accept, body string) []string {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s", path, accept, len(body), body)
	in := bufio.NewReader(conn)
	for line := "x"; line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			s.t.Fatal(err)
		}
	}
	for out := []string{}; ; {
		var n int
		if _, err := fmt.Fscanf(in, "%x\r\n", &n); err != nil {
			s.t.Fatal(err)
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			s.t.Fatal(err)
		}
		if n == 0 {
			return out
		}
		out = append(out, string(chunk[:n]))
	}
}

// TestLines wants whole lines in each chunk of a long pull query: a client splits each alone.
func TestLines(t *testing.T) {
	s := serve(t, false)
	s.must(kilns)
	run := &store.Records{TP: store.TP{Topic: "kilns"}}
	for k := range 5000 {
		run.Add(0, fmt.Appendf(nil, "key %d", k), []byte(`{"TEMP":1}`))
	}
	if _, err := s.e.Log().Append(context.Background(), run); err != nil {
		t.Fatal(err)
	}
	s.must(`SHOW TYPES;`)
	for _, query := range []string{"SELECT * FROM HEAT;", "SELECT KILN, TEMP FROM KILNS;"} {
		lines := 0
		for _, c := range s.chunks("/query-stream", "*/*", `{"sql":"`+query+`"}`) {
			if !strings.HasSuffix(c, "\n") || len(c) > 16<<10 {
				t.Fatalf("a chunk of %d bytes that ends with %q", len(c), c[max(0, len(c)-20):])
			}
			lines += strings.Count(c, "\n")
		}
		if lines < 5003 {
			t.Errorf("%s: %d lines", query, lines)
		}
	}
}

// TestRate limits pull queries.
func TestRate(t *testing.T) {
	s := serve(t, false, "ksql.query.pull.max.qps", "0")
	s.must(kilns)
	status, _, got := s.ask("POST", "/query", "", `{"ksql":"SELECT * FROM HEAT;"}`)
	if status != 429 || got != `{"@type":"generic_error","error_code":42900,"message":"Host is at rate limit for pull queries. Currently set to 0 qps."}` {
		t.Errorf("got %d %s", status, got)
	}
}

func FuzzBody(f *testing.F) {
	for _, b := range []string{``, `{`, `[]`, `null`, `{"ksql":1}`, `{"ksql":"SHOW STREAMS;","streamsProperties":{"a":{"b":[null]}}}`, `{"sql":"SELECT 1;","properties":[]}`, `{"queryId":{}}`, "\xff",
		`{"ksql":"SELECT * FROM X;","sessionVariables":{"a":null},"commandSequenceNumber":"x"}`, `{"ksql":"PRINT x;"}`, `{"ksql":"SHOW STREAMS;","requestProperties":7}`} {
		f.Add([]byte(b))
	}
	e, err := ksql.Open(context.Background())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	h := httpapi.New(e)
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.Contains(bytes.ToUpper(body), []byte("EMIT")) || bytes.Contains(bytes.ToUpper(body), []byte("ASSERT")) || bytes.Contains(bytes.ToUpper(body), []byte("PRINT")) || bytes.Contains(body, []byte("commandSequenceNumber")) {
			t.Skip("would wait")
		}
		for _, path := range []string{"/ksql", "/query", "/query-stream", "/close-query"} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", path, bytes.NewReader(body)))
			if w.Code != 200 {
				var v struct {
					Type    string `json:"@type"`
					Code    int    `json:"error_code"`
					Message string
				}
				if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || v.Type == "" || v.Code/100 != w.Code {
					t.Errorf("%s: %d %s: %v", path, w.Code, w.Body, err)
				}
			}
		}
	})
}

func ExampleNew() {
	e, err := ksql.Open(context.Background(), ksql.WithProperties(map[string]string{"ksql.logging.processing.stream.auto.create": "false"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	mux := http.NewServeMux()
	mux.Handle("/", httpapi.New(e))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("POST", "/ksql", strings.NewReader(`{"ksql":"LIST STREAMS;"}`)))
	fmt.Println(w.Body)
	// Output: [{"@type":"streams","statementText":"LIST STREAMS;","streams":[],"warnings":[]}]
}

package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

func (s *server) delete(topic, key string) {
	s.t.Helper()
	r := &store.Records{TP: store.TP{Topic: topic}}
	r.Add(0, []byte(key), nil)
	if _, err := s.e.Log().Append(context.Background(), r); err != nil {
		s.t.Fatal(err)
	}
}

// TestInserts sends rows over HTTP/2 and reads what was stored.
func TestInserts(t *testing.T) {
	s := serve(t, true)
	s.must(kilns + `CREATE STREAM COMMANDS (V STRING) WITH (KAFKA_TOPIC='_confluent-ksql-default__command_topic', VALUE_FORMAT='KAFKA');`)
	const head = `{"target":"kilns"}` + "\n"
	for _, c := range []struct {
		name, accept, body string
		status             int
		want               string
	}{
		{"error ends", "", head + `{"kiln":"k3","temp":700,"cost":"1.255"}` + "\n" + `{"TEMP":1}` + "\n" + `{"KILN":"k4"}`, 200,
			`{"seq":0,"status":"ok"}` + "\n" + `{"@type":"InsertError","status":"error","seq":1,"message":"Key field must be specified: KILN","error_code":40000}` + "\n"},
		{"array", "application/json", head + `{"KILN":"k5","TEMP":5,"other":1}` + "\n" + `{"KILN":"k6","TEMP":"hot"}` + "\n", 200,
			`[{"seq":0,"status":"ok"},{"@type":"InsertError","status":"error","seq":1,"message":"Can't coerce a field of type class java.lang.String into type INTEGER","error_code":40000}]`},
		{"no rows", "application/json", head, 200, `[]`},
		{"no rows, delimited", "", `{"target":"KILNS"}`, 200, ``},
		{"bad JSON", "", head + `{"KILN":`, 200, `{"@type":"InsertError","status":"error","seq":0,"message":"Invalid JSON in inserts stream","error_code":40000}` + "\n"},
		{"names twice", "", head + `{"KILN":"a","kiln":"b"}`, 200, `{"@type":"InsertError","status":"error","seq":0,"message":"Found duplicate column / struct field name: KILN","error_code":40000}` + "\n"},
		{"unknown target", "", "{\"target\":\"`kilns`\"}\n", 400, "{\"@type\":\"generic_error\",\"error_code\":40001,\"message\":\"Cannot insert values into an unknown stream/table: `kilns`\\nDid you mean KILNS? Hint: try removing double quotes from the source name.\"}"},
		{"bad target", "", `{"target":"a b"}`, 400, `{"@type":"generic_error","error_code":40001,"message":"Invalid target name"}`},
		{"command topic", "", `{"target":"COMMANDS"}` + "\n" + `{"V":"DROP STREAM KILNS;"}` + "\n", 400, `{"@type":"generic_error","error_code":40001,"message":"Cannot insert values into read-only topic: _confluent-ksql-default__command_topic"}`},
		{"no target", "", `{}`, 400, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: Missing required creator property 'target'"}`},
		{"nothing", "", ``, 400, `{"@type":"generic_error","error_code":40000,"message":"Invalid JSON in request: No content to map due to end-of-input"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.t = t
			status, _, got := s.ask("POST", "/inserts-stream", c.accept, c.body)
			if status != c.status || got != c.want {
				t.Errorf("got %d %s\nwant %d %s", status, got, c.status, c.want)
			}
		})
	}
	s.t = t
	_, _, got := s.ask("POST", "/query", "*/*", `{"ksql":"SELECT * FROM KILNS;"}`)
	want := `["k1",900,4.50]` + "\n" + `["k2",1240,12.00]` + "\n" + `["k1",1010,null]` + "\n" + `["k3",700,1.26]` + "\n" + `["k5",5,null]` + "\n"
	if !strings.HasSuffix(got, "]}\n"+want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestInsertsTalk reads each acknowledgement before the next row is sent.
func TestInsertsTalk(t *testing.T) {
	s := serve(t, true)
	s.must(kilns)
	in, out := io.Pipe()
	go func() { _, _ = out.Write([]byte(`{"target":"KILNS"}` + "\n")) }()
	resp := s.open(context.Background(), "POST", "/inserts-stream", "", in)
	defer resp.Body.Close()
	l := newLines(resp.Body)
	for i, want := range []string{`{"seq":0,"status":"ok"}`, `{"seq":1,"status":"ok"}`, `{"seq":2,"status":"ok"}`} {
		if _, err := out.Write([]byte(`{"KILN":"x","TEMP":` + string(rune('0'+i)) + "}\n")); err != nil {
			t.Fatal(err)
		}
		if got := l.next(t); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	out.Close()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) > 0 {
		t.Errorf("at the end: %q, %v", rest, err)
	}
}

// TestInsertsBytes takes base64 as the clients of ksqlDB write it, wherever BYTES may stand.
func TestInsertsBytes(t *testing.T) {
	s := serve(t, true)
	s.must(`CREATE STREAM B (K INT KEY, V BYTES, A ARRAY<BYTES>, M MAP<STRING, BYTES>, S STRUCT<F BYTES, G ARRAY<STRUCT<H BYTES>>>) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM KB (K BYTES KEY, V INT) WITH (KAFKA_TOPIC='kb', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	good := []struct{ sent, stored string }{
		{`"AQI"`, `"AQI="`},                        // without padding
		{`"AQI="`, `"AQI="`},                       // with it
		{`"AQ"`, `"AQ=="`},                         // two left out
		{`"-_8"`, `"+/8="`},                        // the alphabet of URLs, as Vert.x writes it
		{`"-_8="`, `"+/8="`},                       // and with padding
		{`"+/8="`, `"+/8="`},                       // the plain one
		{`"AQID\r\nBAUG\n"`, `"AQIDBAUG"`},         // in lines
		{`""`, `""`},                               // nothing
		{`null`, `null`},                           // no value
		{`"AQIDBAUGBwgJCg"`, `"AQIDBAUGBwgJCg=="`}, // longer
	}
	body := `{"target":"B"}` + "\n"
	acks, rows := "", ""
	for i, c := range good {
		body += fmt.Sprintf(`{"K":%d,"V":%[2]s,"A":[%[2]s],"M":{"x":%[2]s},"S":{"F":%[2]s,"G":[{"H":%[2]s}]}}`+"\n", i, c.sent)
		acks += fmt.Sprintf(`{"seq":%d,"status":"ok"}`+"\n", i)
		rows += fmt.Sprintf(`[%d,%[2]s,[%[2]s],{"x":%[2]s},{"F":%[2]s,"G":[{"H":%[2]s}]}]`+"\n", i, c.stored)
	}
	if status, _, got := s.ask("POST", "/inserts-stream", "", body); status != 200 || got != acks {
		t.Errorf("got %d %s", status, got)
	}
	_, _, got := s.ask("POST", "/query-stream", "", `{"sql":"SELECT * FROM B;"}`)
	if _, got, _ = strings.Cut(got, "\n"); got != rows {
		t.Errorf("got %s\nwant %s", got, rows)
	}
	if _, _, got = s.ask("POST", "/inserts-stream", "", `{"target":"KB"}`+"\n"+`{"K":"-_8","V":1}`); got != `{"seq":0,"status":"ok"}`+"\n" {
		t.Errorf("a key: got %s", got)
	}
	if _, _, got = s.ask("POST", "/query-stream", "", `{"sql":"SELECT * FROM KB;"}`); !strings.HasSuffix(got, "\n[\"+/8=\",1]\n") {
		t.Errorf("a key: got %s", got)
	}
	for _, bad := range []string{`"A"`, `"AQI=="`, `"AQ="`, `"===="`, `"="`, `"AQ==="`, `"A=QI"`, `"A QI"`, `"é"`, `"AQ!I"`, `1`} {
		_, _, got := s.ask("POST", "/inserts-stream", "", `{"target":"B"}`+"\n"+`{"K":1,"V":`+bad+`}`)
		if !strings.HasPrefix(got, `{"@type":"InsertError","status":"error","seq":0,"message":"Can't coerce a field of type class java.lang.`) {
			t.Errorf("%s: got %s", bad, got)
		}
	}
}

package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// withOf is the WITH clause of that text.
func withOf(t *testing.T, text string) sql.Props {
	t.Helper()
	stmts, err := sql.Parse("CREATE STREAM X WITH ("+text+") AS SELECT * FROM Y;", nil)
	if err != nil {
		t.Fatal(text, err)
	}
	return stmts[0].Statement.(*sql.CreateAs).With
}

func (p *props) shown() string {
	var out []string
	add := func(name string, is bool, v any) {
		if is {
			out = append(out, fmt.Sprint(name, "=", v))
		}
	}
	id := func(p *int) any {
		if p != nil {
			return *p
		}
		return nil
	}
	add("topic", p.topic != "", p.topic)
	add("partitions", p.partitions != 0, p.partitions)
	add("replicas", p.replicas != 0, p.replicas)
	if p.retention != nil {
		add("retention", true, *p.retention)
	}
	add("key", p.keyFormat != "", p.keyFormat)
	add("value", p.valueFormat != "", p.valueFormat)
	add("keyProps", len(p.keyProps) > 0, p.keyProps)
	add("valueProps", len(p.valueProps) > 0, p.valueProps)
	add("timestamp", p.timestamp != "", p.timestamp)
	add("pattern", p.timestampFormat != "", p.timestampFormat)
	if p.wrap != nil {
		add("wrap", true, *p.wrap)
	}
	if p.window != nil {
		add("window", true, fmt.Sprint(p.window.Kind, p.window.Size))
	}
	add("keyID", p.keySchemaID != nil, id(p.keySchemaID))
	add("valueID", p.valueSchemaID != nil, id(p.valueSchemaID))
	add("query", p.queryID != "", p.queryID)
	return strings.Join(out, " ")
}

// TestProps: what a WITH clause says, and what is refused in it (spec 7.1).
func TestProps(t *testing.T) {
	for _, c := range []struct {
		of         propsOf
		text, want string
	}{
		{ofCreate, "KAFKA_TOPIC='t', PARTITIONS=3, REPLICAS=2, RETENTION_MS=5", "topic=t partitions=3 replicas=2 retention=5"},
		{ofCreateAs, "PARTITIONS=1, REPLICAS=1", "partitions=1 replicas=1"}, {ofCreateAs, "REPLICAS=-1", "replicas=-1"}, {ofCreateAs, "REPLICAS='3', PARTITIONS='4'", "partitions=4 replicas=3"},
		{ofCreateAs, "RETENTION_MS=9223372036854775807", "retention=9223372036854775807"}, {ofCreateAs, "PARTITIONS=2147483647, REPLICAS=32767", "partitions=2147483647 replicas=32767"},
		{ofCreateAs, "PARTITIONS=0", "!Invalid number of partitions: 0"}, {ofCreateAs, "REPLICAS=0", "!Invalid number of replicas: 0"}, {ofCreateAs, "REPLICAS=-2", "!Invalid number of replicas: -2"},
		{ofCreateAs, "PARTITIONS=2147483648", "!Invalid value 2147483648 for property PARTITIONS: Not a number of type INT"},
		{ofCreateAs, "REPLICAS=32768", "!Invalid value 32768 for property REPLICAS: Not a number of type SHORT"}, {ofCreateAs, "RETENTION_MS='x'", "!Invalid value x for property RETENTION_MS: Not a number of type LONG"},
		{ofCreateAs, "KAFKA_TOPIC=' '", "!Must have non-empty topic name."}, {ofCreate, "KAFKA_TOPIC=NULL", "!Must have non-empty topic name."}, {ofCreate, "PARTITIONS=1", `!Missing required property "KAFKA_TOPIC"`},
		{ofCreateAs, "PARTITIONS=NULL, WRAP_SINGLE_VALUE=NULL", ""},
		{ofCreateAs, "KEY_FORMAT='json', VALUE_FORMAT='avro'", "key=JSON value=AVRO"}, {ofCreateAs, "FORMAT='json'", "key=JSON value=JSON"},
		{ofCreateAs, "KEY_FORMAT='json', FORMAT='json'", "!Cannot supply both 'KEY_FORMAT' and 'FORMAT' properties"}, {ofCreateAs, "FORMAT='json', VALUE_FORMAT='json'", "!Cannot supply both 'VALUE_FORMAT' and 'FORMAT' properties"},
		{ofCreateAs, "FORMAT=''", "!Unknown format: "}, {ofCreateAs, "KEY_FORMAT=''", "!Unknown format: "}, {ofCreateAs, "VALUE_FORMAT=''", "!Unknown format: "},
		{ofCreateAs, "KEY_DELIMITER='|', VALUE_DELIMITER='tab'", "keyProps=map[delimiter:|] valueProps=map[delimiter:tab]"}, {ofCreateAs, "KEY_DELIMITER='||'", "!Configuration KEY_DELIMITER is invalid: Invalid delimiter value: '||'."},
		{ofCreateAs, "VALUE_DELIMITER=''", "!Configuration VALUE_DELIMITER is invalid: Delimiter cannot be empty"},
		{ofCreateAs, "KEY_SCHEMA_FULL_NAME='k', VALUE_SCHEMA_FULL_NAME='v'", "keyProps=map[fullSchemaName:k] valueProps=map[fullSchemaName:v]"}, {ofCreateAs, "VALUE_AVRO_SCHEMA_FULL_NAME='v'", "valueProps=map[fullSchemaName:v]"},
		{ofCreateAs, "VALUE_AVRO_SCHEMA_FULL_NAME='v', KEY_SCHEMA_FULL_NAME='k'", "keyProps=map[fullSchemaName:k] valueProps=map[fullSchemaName:v]"},
		{ofCreateAs, "VALUE_AVRO_SCHEMA_FULL_NAME='v', VALUE_SCHEMA_FULL_NAME='v'", "!Cannot supply both 'VALUE_AVRO_SCHEMA_FULL_NAME' and 'VALUE_SCHEMA_FULL_NAME' properties."},
		{ofCreateAs, "KEY_PROTOBUF_NULLABLE_REPRESENTATION='optional', VALUE_PROTOBUF_NULLABLE_REPRESENTATION='Wrapper'", "keyProps=map[nullableRepresentation:OPTIONAL] valueProps=map[nullableRepresentation:WRAPPER]"},
		{ofCreateAs, "KEY_PROTOBUF_NULLABLE_REPRESENTATION='x'", "!Invalid value X for property KEY_PROTOBUF_NULLABLE_REPRESENTATION: String must be one of: OPTIONAL, WRAPPER, null"},
		{ofCreateAs, "KEY_SCHEMA_ID=1, VALUE_SCHEMA_ID=2", "keyProps=map[schemaId:1] valueProps=map[schemaId:2] keyID=1 valueID=2"}, {ofCreateAs, "KEY_SCHEMA_ID='x'", "!Invalid value x for property KEY_SCHEMA_ID: Not a number of type INT"},
		{ofCreateAs, "TIMESTAMP='ts'", "timestamp=TS"}, {ofCreateAs, "TIMESTAMP='`ts`', TIMESTAMP_FORMAT='yyyy'", "timestamp=ts pattern=yyyy"}, {ofCreateAs, "TIMESTAMP_FORMAT='yyyy'", "!TIMESTAMP_FORMAT can only be set if TIMESTAMP is set"},
		{ofCreateAs, "WRAP_SINGLE_VALUE=true", "wrap=true"}, {ofCreateAs, "WRAP_SINGLE_VALUE=false", "wrap=false"}, {ofCreateAs, "WRAP_SINGLE_VALUE='True'", "wrap=true"}, {ofCreateAs, "WRAP_SINGLE_VALUE='False'", "wrap=false"},
		{ofCreateAs, "WRAP_SINGLE_VALUE='x'", "!Invalid value x for property WRAP_SINGLE_VALUE: Expected value to be either true or false"}, {ofCreateAs, "WRAP_SINGLE_VALUE=1", "!Invalid value 1 for property WRAP_SINGLE_VALUE"},
		{ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='tumbling', WINDOW_SIZE='2 SECONDS'", "topic=t window=TUMBLING 2000"}, {ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='Hopping', WINDOW_SIZE='1 minute'", "topic=t window=HOPPING 60000"},
		{ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='session'", "topic=t window=SESSION 0"}, {ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='session', WINDOW_SIZE='1 HOUR'", "!'WINDOW_SIZE' should not be set for SESSION windows."},
		{ofCreate, "KAFKA_TOPIC='t', WINDOW_SIZE='1 HOUR'", "!'WINDOW_SIZE' can only be set when 'WINDOW_TYPE' is set."}, {ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='hopping'", "!HOPPING windows require 'WINDOW_SIZE' to be provided in the WITH clause."},
		{ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='x', WINDOW_SIZE='1 HOUR'", "!Configuration WINDOW_TYPE is invalid: Unknown window type: 'X'"},
		{ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='HOPPING', WINDOW_SIZE='0 HOURS'", "!Size must be positive: '0 HOURS'"}, {ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='HOPPING', WINDOW_SIZE='999999 NANOSECONDS'", "!Size must be positive"},
		{ofCreate, "KAFKA_TOPIC='t', WINDOW_TYPE='HOPPING', WINDOW_SIZE='x HOURS'", "!Invalid duration: 'x HOURS'. Not numeric: 'x'"}, {ofCreate, "KAFKA_TOPIC='t', SOURCE_CONNECTOR='c'", "topic=t"},
		{ofCreateAs, "WINDOW_TYPE='SESSION'", "!Invalid config variable(s) in the WITH clause: WINDOW_TYPE"}, {ofCreateAs, "QUERY_ID='x'", "!Invalid config variable(s) in the WITH clause: QUERY_ID"},
		{ofCreate, "KAFKA_TOPIC='t', QUERY_ID='x'", "!Invalid config variable(s) in the WITH clause: QUERY_ID"}, {ofCreate, "KAFKA_TOPIC='t', CLEANUP_POLICY='x'", "!Invalid config variable in the WITH clause: CLEANUP_POLICY."},
		{ofInsert, "QUERY_ID='q1'", "query=Q1"}, {ofInsert, "PARTITIONS=1, KEY_FORMAT='JSON', QUERY_ID='q'", "!Invalid config variable(s) in the WITH clause: KEY_FORMAT,PARTITIONS"}, {ofInsert, "WINDOW_SIZE='x'", "!Invalid config variable(s) in the WITH clause: WINDOW_SIZE"},
	} {
		p, err := readProps(withOf(t, c.text), c.of)
		want, bad := strings.CutPrefix(c.want, "!")
		switch {
		case bad:
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", c.text, err, want)
			}
		case err != nil:
			t.Errorf("%s: %v", c.text, err)
		case p.shown() != want:
			t.Errorf("%s: %s, want %s", c.text, p.shown(), want)
		}
	}
}

func TestDurationText(t *testing.T) {
	for text, want := range map[string]int64{
		"1 DAY": 86400000, "2 days": 172800000, "1 HOURS": 3600000, "3 Minutes": 180000, " 4  SECONDS ": 4000, "5 MILLISECONDS": 5, "1 MILLISECOND": 1,
		"2500 MICROSECONDS": 2, "1 MICROSECOND": 0, "2500000 NANOSECONDS": 2, "-1 HOUR": -3600000,
	} {
		if got, bad := duration(text); got != want || bad != "" {
			t.Errorf("%s: %d %s, want %d", text, got, bad, want)
		}
	}
	for text, want := range map[string]string{
		"": "Expected 2 tokens, got: 0", "1": "Expected 2 tokens, got: 1", "1 2 DAYS": "Expected 2 tokens, got: 3", "1.5 DAYS": "Not numeric: '1.5'", "30 bobs": "Unknown time unit: 'BOBS'",
	} {
		if got, bad := duration(text); bad != want {
			t.Errorf("%s: %d %s, want %s", text, got, bad, want)
		}
	}
}

func TestIdentifierText(t *testing.T) {
	for text, want := range map[string]string{
		"ts": "TS", " ts ": "TS", "`ts`": "ts", `"ts"`: "ts", "`t``s`": "t`s", `"t""s"`: `t"s`, "\"t``s\"": "t``s", "`": "`", "``": "", "`ts": "`TS", "ts`": "TS`", "`ts\"": "`TS\"", "": "",
	} {
		if got := identifier(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestDatePattern(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "yyyy-MM-dd'T'HH:mm:ss[.SSS]X": "", "''": "", "'f{'yyyy": "", "[[HH]]": "", "GuyDMLdQqYwWEecFaBhKkHmsSAnNVvzOxZpg": "",
		"f": "Unknown pattern letter: f", "j": "Unknown pattern letter: j", "J": "Unknown pattern letter: J", "P": "Unknown pattern letter: P", "U": "Unknown pattern letter: U", "b": "Unknown pattern letter: b",
		"{": "Pattern includes reserved character: '{'", "}": "Pattern includes reserved character: '}'", "#": "Pattern includes reserved character: '#'",
		"]": "Pattern invalid as it contains ] without previous [", "[]]": "Pattern invalid as it contains ] without previous [", "'a": "Pattern ends with an incomplete string literal: 'a", "yyyy'": "Pattern ends with an incomplete string literal: yyyy'",
	} {
		if got := checkPattern(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for _, c := range "azAZ" {
		if got, want := checkPattern(string(c)), "GuyDMLdQqYwWEecFaBhKkHmsSAnNVvzOXxZpg"; (got == "") != strings.ContainsRune(want, c) {
			t.Errorf("%c: %q", c, got)
		}
	}
}

package plan

import (
	"sort"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/serde"
)

// props is a WITH clause, understood.
type props struct {
	topic                      string
	partitions                 int // 0: not given
	retention                  *int64
	keyFormat, valueFormat     string // upper case; empty: not given
	keyProps, valueProps       map[string]string
	timestamp, timestampFormat string
	wrap                       *bool
	window                     *Window
	keySchemaID, valueSchemaID *int
	queryID                    string
	replicas                   int
}

// The kinds of statement that have a WITH clause.
type propsOf uint8

const (
	ofCreate propsOf = iota
	ofCreateAs
	ofInsert
)

// propNames tells the properties, and whether only CREATE without AS takes them.
var propNames = map[string]bool{
	"KAFKA_TOPIC": false, "PARTITIONS": false, "REPLICAS": false, "RETENTION_MS": false, "CLEANUP_POLICY": false,
	"VALUE_FORMAT": false, "KEY_FORMAT": false, "FORMAT": false, "KEY_DELIMITER": false, "VALUE_DELIMITER": false,
	"TIMESTAMP": false, "TIMESTAMP_FORMAT": false, "WRAP_SINGLE_VALUE": false,
	"KEY_PROTOBUF_NULLABLE_REPRESENTATION": false, "VALUE_PROTOBUF_NULLABLE_REPRESENTATION": false,
	"VALUE_AVRO_SCHEMA_FULL_NAME": false, "KEY_SCHEMA_FULL_NAME": false, "VALUE_SCHEMA_FULL_NAME": false,
	"KEY_SCHEMA_ID": false, "VALUE_SCHEMA_ID": false,
	"WINDOW_TYPE": true, "WINDOW_SIZE": true, "SOURCE_CONNECTOR": true, "SOURCED_BY_CONNECTOR": true,
}

// readProps checks a WITH clause. Its errors count as parse failures.
func readProps(with sql.Props, of propsOf) (*props, error) {
	p := &props{keyProps: map[string]string{}, valueProps: map[string]string{}}
	var unknown []string
	for _, w := range with {
		create, ok := propNames[w.Name]
		if of == ofInsert {
			ok, create = w.Name == "QUERY_ID", false
		}
		if !ok || create && of != ofCreate {
			unknown = append(unknown, w.Name)
		}
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return nil, unprepared("Invalid config variable(s) in the WITH clause: %s", strings.Join(unknown, ","))
	}
	if of == ofCreate && with.Get("KAFKA_TOPIC") == nil {
		return nil, unprepared(`Missing required property "KAFKA_TOPIC" which has no default value.`)
	}
	if with.Get("CLEANUP_POLICY") != nil {
		return nil, unprepared("Invalid config variable in the WITH clause: CLEANUP_POLICY. The CLEANUP_POLICY config is automatically set by ksqlDB.")
	}
	format, windowType, windowSize := "", "", ""
	for _, w := range with {
		if w.Value.Kind == sql.NullLiteral { // as if it were not there
			continue
		}
		if err := p.set(w, &format, &windowType, &windowSize); err != nil {
			return nil, err
		}
	}
	if of == ofCreate && p.topic == "" {
		return nil, unprepared("Must have non-empty topic name.")
	}
	if format != "" {
		for _, side := range []struct{ name, format string }{{"KEY_FORMAT", p.keyFormat}, {"VALUE_FORMAT", p.valueFormat}} {
			if side.format != "" {
				return nil, unprepared("Cannot supply both '%s' and 'FORMAT' properties, as 'FORMAT' sets both key and value formats. Either use just 'FORMAT', or use 'KEY_FORMAT' and 'VALUE_FORMAT'.", side.name)
			}
		}
		p.keyFormat, p.valueFormat = format, format
	}
	if with.Get("VALUE_AVRO_SCHEMA_FULL_NAME") != nil && with.Get("VALUE_SCHEMA_FULL_NAME") != nil {
		return nil, unprepared("Cannot supply both 'VALUE_AVRO_SCHEMA_FULL_NAME' and 'VALUE_SCHEMA_FULL_NAME' properties. Please only set 'VALUE_SCHEMA_FULL_NAME'.")
	}
	if p.timestampFormat != "" && p.timestamp == "" {
		return nil, unprepared("TIMESTAMP_FORMAT can only be set if TIMESTAMP is set")
	}
	return p, p.setWindow(windowType, windowSize)
}

func (p *props) set(w sql.Prop, format, windowType, windowSize *string) error {
	text := w.Value.Text
	if text == "" && (w.Name == "FORMAT" || w.Name == "KEY_FORMAT" || w.Name == "VALUE_FORMAT") {
		return errorf("Unknown format: ")
	}
	switch w.Name {
	case "KAFKA_TOPIC":
		if p.topic = text; strings.TrimSpace(text) == "" {
			return unprepared("Must have non-empty topic name.")
		}
	case "PARTITIONS":
		n, err := number(w, 31)
		if err != nil {
			return err
		}
		if p.partitions = int(n); n < 1 {
			return errorf("Invalid number of partitions: %d", n)
		}
	case "REPLICAS":
		n, err := number(w, 15)
		if err != nil {
			return err
		}
		if p.replicas = int(n); n < 1 && n != -1 { // -1: as many as the broker likes
			return errorf("Invalid number of replicas: %d", n)
		}
	case "RETENTION_MS":
		n, err := number(w, 63)
		if p.retention = &n; err != nil {
			return err
		}
	case "KEY_FORMAT":
		p.keyFormat = strings.ToUpper(text)
	case "VALUE_FORMAT":
		p.valueFormat = strings.ToUpper(text)
	case "FORMAT":
		*format = strings.ToUpper(text)
	case "KEY_DELIMITER", "VALUE_DELIMITER":
		if _, err := serde.DelimiterOf(text); err != nil {
			return unprepared("Configuration %s is invalid: %s", w.Name, err)
		}
		p.side(w.Name)[serde.Delimiter] = text
	case "KEY_SCHEMA_FULL_NAME", "VALUE_SCHEMA_FULL_NAME", "VALUE_AVRO_SCHEMA_FULL_NAME":
		p.side(w.Name)[serde.FullSchemaName] = text
	case "KEY_PROTOBUF_NULLABLE_REPRESENTATION", "VALUE_PROTOBUF_NULLABLE_REPRESENTATION":
		if text = strings.ToUpper(text); text != "OPTIONAL" && text != "WRAPPER" {
			return unprepared("Invalid value %s for property %s: String must be one of: OPTIONAL, WRAPPER, null", text, w.Name)
		}
		p.side(w.Name)[serde.NullableAs] = text
	case "KEY_SCHEMA_ID", "VALUE_SCHEMA_ID":
		n, err := number(w, 31)
		if err != nil {
			return err
		}
		id := int(n)
		p.side(w.Name)[serde.SchemaID] = strconv.Itoa(id)
		if strings.HasPrefix(w.Name, "KEY") {
			p.keySchemaID = &id
		} else {
			p.valueSchemaID = &id
		}
	case "TIMESTAMP":
		p.timestamp = identifier(text)
	case "TIMESTAMP_FORMAT":
		if err := checkPattern(text); err != "" {
			return unprepared("Invalid datetime format for config:TIMESTAMP_FORMAT, reason:%s", err)
		}
		p.timestampFormat = text
	case "WRAP_SINGLE_VALUE":
		on := w.Value.Bool || w.Value.Kind == sql.StringLiteral && strings.EqualFold(text, "true")
		if w.Value.Kind != sql.BoolLiteral && !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
			return unprepared("Invalid value %s for property WRAP_SINGLE_VALUE: Expected value to be either true or false", text)
		}
		p.wrap = &on
	case "WINDOW_TYPE":
		*windowType = strings.ToUpper(text)
	case "WINDOW_SIZE":
		*windowSize = text
	case "QUERY_ID":
		p.queryID = strings.ToUpper(text)
	}
	return nil
}

func (p *props) side(name string) map[string]string {
	if strings.HasPrefix(name, "KEY") {
		return p.keyProps
	}
	return p.valueProps
}

// number reads a whole number of that many bits, sign apart.
func number(w sql.Prop, bits int) (int64, error) {
	n, err := strconv.ParseInt(w.Value.Text, 10, bits+1)
	if err != nil {
		kind := map[int]string{15: "SHORT", 31: "INT", 63: "LONG"}[bits]
		return 0, unprepared("Invalid value %s for property %s: Not a number of type %s", w.Value.Text, w.Name, kind)
	}
	return n, nil
}

// identifier reads a column name in a property's text: upper case unless it stands in quotes.
func identifier(s string) string {
	s = strings.TrimSpace(s)
	if n := len(s); n >= 2 && (s[0] == '`' || s[0] == '"') && s[n-1] == s[0] {
		q := s[:1]
		return strings.ReplaceAll(s[1:n-1], q+q, q)
	}
	return strings.ToUpper(s)
}

func (p *props) setWindow(kind, size string) error {
	if kind == "" {
		if size != "" {
			return unprepared("'WINDOW_SIZE' can only be set when 'WINDOW_TYPE' is set.")
		}
		return nil
	}
	p.window = &Window{}
	switch kind {
	case "TUMBLING":
		p.window.Kind = sql.Tumbling
	case "HOPPING":
		p.window.Kind = sql.Hopping
	case "SESSION":
		p.window.Kind = sql.Session
		if size != "" {
			return unprepared("'WINDOW_SIZE' should not be set for SESSION windows.")
		}
		return nil
	default:
		return unprepared("Configuration WINDOW_TYPE is invalid: Unknown window type: '%s'\nValid values are: SESSION, HOPPING, TUMBLING", kind)
	}
	if size == "" {
		return unprepared("%s windows require 'WINDOW_SIZE' to be provided in the WITH clause. For example: 'WINDOW_SIZE'='10 SECONDS'", kind)
	}
	ms, err := duration(size)
	if err != "" {
		return unprepared("Configuration WINDOW_SIZE is invalid: Invalid duration: '%s'. %s", size, err)
	}
	if ms <= 0 {
		return unprepared("Configuration WINDOW_SIZE is invalid: Size must be positive: '%s'", size)
	}
	p.window.Size = ms
	return nil
}

// duration reads '30 SECONDS' as ms; the second result says what is wrong.
func duration(s string) (int64, string) {
	parts := strings.Fields(s)
	if len(parts) != 2 {
		return 0, "Expected 2 tokens, got: " + strconv.Itoa(len(parts))
	}
	n, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return 0, "Not numeric: '" + parts[0] + "'"
	}
	unit := strings.ToUpper(parts[1])
	switch strings.TrimSuffix(unit, "S") {
	case "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND":
		return sql.Duration{N: n, Unit: unit}.Millis(), ""
	case "MICROSECOND":
		return n / 1000, ""
	case "NANOSECOND":
		return n / 1000000, ""
	}
	return 0, "Unknown time unit: '" + unit + "'"
}

// checkPattern says what is wrong with a Java date pattern, or nothing.
func checkPattern(s string) string {
	quoted, depth := false, 0
	for _, c := range s {
		switch {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			if depth--; depth < 0 {
				return "Pattern invalid as it contains ] without previous ["
			}
		case c == '{' || c == '}' || c == '#':
			return "Pattern includes reserved character: '" + string(c) + "'"
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if !strings.ContainsRune("GuyDMLdQqYwWEecFaBhKkHmsSAnNVvzOXxZpg", c) {
				return "Unknown pattern letter: " + string(c)
			}
		}
	}
	if quoted {
		return "Pattern ends with an incomplete string literal: " + s
	}
	return ""
}

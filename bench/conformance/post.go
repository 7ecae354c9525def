package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// judgePost checks what must exist after the statements ran.
func judgePost(c *Case, o outcome) error {
	if c.Post == nil {
		return nil
	}
	for _, want := range c.Post.Sources {
		if s := o.catalog.Source(want.Name); s == nil {
			return fmt.Errorf("post: no source %s", want.Name)
		} else if d := matchSource(want, s, c); d != "" {
			return fmt.Errorf("post: source %s: %s", want.Name, d)
		}
	}
	if c.Post.Topics == nil {
		return nil
	}
	known := knownTopics(c, o)
	if c.Post.Topics.Blacklist != "" {
		forbidden, err := regexp.Compile(c.Post.Topics.Blacklist)
		if err != nil {
			return err
		}
		for name := range known {
			if forbidden.MatchString(name) {
				return fmt.Errorf("post: there is a topic %s", name)
			}
		}
	}
	for _, want := range c.Post.Topics.Topics {
		if d := matchTopic(want, known); d != "" {
			return fmt.Errorf("post: topic %s: %s", want.Name, d)
		}
	}
	return nil
}

func matchSource(want PostSource, s *plan.Source, c *Case) string {
	if want.Type != "" && !strings.EqualFold(want.Type, s.Kind.String()) {
		return "it is a " + s.Kind.String()
	}
	if want.Schema != "" {
		schema, err := parseSchema(want.Schema)
		if err != nil {
			return err.Error()
		}
		if !sameSchema(schema, s.Schema) {
			return fmt.Sprintf("expected the schema %s, got %s", schema, s.Schema)
		}
	}
	if k := want.KeyFormat; k != nil {
		var window string
		var size *int64
		if w := s.KeyWindow; w != nil {
			window = w.Kind.String()
			if w.Kind != sql.Session {
				size = &w.Size
			}
		}
		if k.Format != "" && k.Format != s.Key.Name {
			return "its key format is " + s.Key.Name
		}
		if k.WindowType != window || (k.WindowSize == nil) != (size == nil) || size != nil && *size != *k.WindowSize {
			return fmt.Sprintf("expected keys with a window %q, got %q", k.WindowType, window)
		}
	}
	if want.ValueFormat != "" && want.ValueFormat != s.Value.Name {
		return "its value format is " + s.Value.Name
	}
	key, value := sourceSides(s, true)
	if want.KeyFeatures != nil && !sameSet(*want.KeyFeatures, key.features("")) {
		return fmt.Sprintf("its key features are %s", key.features(""))
	}
	if want.ValueFeatures != nil && !sameSet(*want.ValueFeatures, value.features(s.Text)) {
		return fmt.Sprintf("its value features are %s", value.features(s.Text))
	}
	if want.IsSource != nil && *want.IsSource != s.ReadOnly {
		return fmt.Sprintf("isSource is %v", s.ReadOnly)
	}
	return ""
}

var wrapAsked = regexp.MustCompile(`(?i)WRAP_SINGLE_VALUE\s*=\s*'?TRUE`)

// features are the serde features as ksqlDB lists them: how a single column stands, where the format leaves
// a choice. WRAP_SINGLES shows only where the statement asks for it.
func (s side) features(text string) []string {
	choice := s.format.Name == "JSON" || s.format.Name == "JSON_SR" || s.format.Name == "AVRO"
	switch {
	case choice && s.format.Unwrapped:
		return []string{"UNWRAP_SINGLES"}
	case choice && len(s.columns) == 1 && wrapAsked.MatchString(text):
		return []string{"WRAP_SINGLES"}
	}
	return nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// parseSchema reads a list of column definitions as ksqlDB writes them in DDL.
func parseSchema(text string) (sql.Schema, error) {
	columns, err := sql.ParseSchema(text)
	if err != nil {
		return nil, fmt.Errorf("the expected schema %s: %w", text, err)
	}
	return schemaOf(columns), nil
}

func schemaOf(elements []sql.ColumnDef) sql.Schema {
	var out sql.Schema
	for _, e := range elements {
		c := sql.Column{Field: sql.Field{Name: e.Name, Type: e.Type}, Header: e.Header}
		switch {
		case e.Key || e.Primary:
			c.Role = sql.KeyRole
		case e.Headers:
			c.Role = sql.HeadersRole
		}
		out = append(out, c)
	}
	return out
}

func sameSchema(a, b sql.Schema) bool {
	// Keys stand apart from values in ksqlDB's schemas: only the order within each side counts.
	for _, role := range []sql.Role{sql.KeyRole, sql.ValueRole, sql.HeadersRole} {
		only := func(s sql.Schema) (out []sql.Column) {
			for _, c := range s {
				if c.Role == role {
					out = append(out, c)
				}
			}
			return out
		}
		if !slices.EqualFunc(only(a), only(b), func(x, y sql.Column) bool {
			return x.Name == y.Name && x.Type.Equal(y.Type) && x.Header == y.Header
		}) {
			return false
		}
	}
	return true
}

// topicInfo is what is known of a topic's formats.
type topicInfo struct {
	key, value side
	partitions int
	formats    bool // key and value are known
}

// knownTopics are the topics of the log, of the sources, and the internal ones of the queries' plans under the
// names that ksqlDB gives them. Partition counts are those of ksqlDB's stub: 4 where nothing else is said.
func knownTopics(c *Case, o outcome) map[string]topicInfo {
	known := map[string]topicInfo{}
	for _, name := range o.topics {
		known[name] = topicInfo{partitions: 4}
	}
	for s := range o.catalog.Sources() {
		if strings.HasPrefix(s.Name, placeholder) {
			continue
		}
		key, value := sourceSides(s, true)
		info := topicInfo{key: key, value: value, partitions: 4, formats: true}
		if s.Query == "" && s.Partitions > 0 {
			info.partitions = s.Partitions
		}
		known[s.Topic] = info
	}
	for _, t := range c.Topics {
		info := known[t.Name]
		info.partitions = t.Partitions
		known[t.Name] = info
	}
	for q := range o.catalog.Queries() {
		walk(q.Root, func(s plan.Step) {
			if x, ok := s.(*plan.Exchange); ok {
				info := topicInfo{formats: true, partitions: 4}
				info.key.format, info.value.format, info.key.window = x.Key, x.Value, x.Out().Window
				known["_confluent-ksql-some.ksql.service.idquery_"+o.counted(q.ID)+"-"+x.Topic] = info
			}
		})
	}
	return known
}

// walk visits a plan's steps.
func walk(s plan.Step, visit func(plan.Step)) {
	if s == nil {
		return
	}
	visit(s)
	for _, in := range s.Inputs() {
		walk(in, visit)
	}
}

func matchTopic(want PostTopic, known map[string]topicInfo) string {
	got, ok := known[want.Name]
	if !ok {
		return "there is none"
	}
	if !got.formats {
		return "no source tells its formats"
	}
	if d := matchFormat(want.KeyFormat, got.key); d != "" {
		return "key format: " + d
	}
	if d := matchFormat(want.ValueFormat, got.value); d != "" {
		return "value format: " + d
	}
	if want.Partitions != nil && *want.Partitions != got.partitions {
		return fmt.Sprintf("it has %d partitions, not %d", got.partitions, *want.Partitions)
	}
	for _, schema := range []json.RawMessage{want.KeySchema, want.ValueSchema} {
		if schema != nil {
			return missing{"schema registry"}.Error()
		}
	}
	return ""
}

func matchFormat(want FormatInfo, got side) string {
	if want.Format != got.format.Name {
		return "it is " + got.format.Name
	}
	if len(want.Properties) != len(got.format.Props) {
		return fmt.Sprintf("its properties are %v", got.format.Props)
	}
	for k, v := range want.Properties {
		if got.format.Props[k] != v {
			return fmt.Sprintf("its properties are %v", got.format.Props)
		}
	}
	if !sameSet(want.Features, got.features("")) {
		return fmt.Sprintf("its features are %v", got.features(""))
	}
	if (want.WindowInfo == nil) != (got.window == nil) {
		return fmt.Sprintf("its window is %v", got.window)
	}
	if w := want.WindowInfo; w != nil {
		if w.Type != got.window.Kind.String() {
			return "its window is " + got.window.Kind.String()
		}
		if got.window.Kind != sql.Session {
			size, ok := parseDecimal(string(w.Size))
			millis, _ := parseDecimal(fmt.Sprintf("%dE-3", got.window.Size))
			if !ok || !size.sameValue(millis) {
				return fmt.Sprintf("its window is %d ms", got.window.Size)
			}
		}
		if w.EmitStrategy != "" && (w.EmitStrategy == "FINAL") != got.window.Final {
			return "its window is not emitted as " + w.EmitStrategy
		}
	}
	return ""
}

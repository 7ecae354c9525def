package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// script is a SQL script under way: statements, and assertions about the rows and sources they made.
type script struct {
	settings
	engine  *ksql.Engine
	session map[string]string
	read    map[string]int // rows of each topic that assertions have taken
}

// assertion is a failed assertion about rows: Java's AssertionError.
type assertion struct{ text string }

func (a assertion) Error() string { return a.text }

// runScript runs the steps of a script in order. The first error ends it.
func (s settings) runScript(ctx context.Context, c *Case) error {
	// ksqlDB's tool pipes an inserted row into the queries that exist, so a new one sees nothing older.
	latest := defaults()
	latest["auto.offset.reset"] = "latest"
	e, done, err := s.open(ctx, ksql.WithMaxPartitions(1), ksql.WithProperties(latest))
	if err != nil {
		return err
	}
	defer done()
	run := &script{s, e, map[string]string{}, map[string]int{}}
	for i, step := range c.Steps {
		err := run.step(ctx, step)
		if err == nil {
			continue
		}
		if ctx.Err() != nil || c.ExpectedException == nil {
			return fmt.Errorf("step %d, %s: %w", i+1, step.SQL, err)
		}
		class, message := classOf(err), messageOf(err)
		if a := (assertion{}); errors.As(err, &a) {
			class = "AssertionError"
		}
		if d := matchError(c.ExpectedException, class, message); d != "" {
			return fmt.Errorf("step %d, %s: %s", i+1, step.SQL, d)
		}
		return nil
	}
	if c.ExpectedException != nil {
		return fmt.Errorf("expected an error, none came: %s", c.ExpectedException.Message)
	}
	return nil
}

func (s *script) step(ctx context.Context, step Step) error {
	switch step.Op {
	case "statement", "insert_values":
		topics, _ := declaredTopics(&Case{}, step.SQL)
		for name := range topics {
			if err := s.engine.Log().Create(ctx, name, store.TopicConfig{Partitions: 1}); err != nil && !errors.Is(err, store.ErrExists) {
				return err
			}
		}
		if _, err := s.engine.Execute(ctx, step.SQL, s.properties()...); err != nil {
			return err
		}
		if err := s.engine.Sync(ctx); err != nil {
			return err
		}
		for _, err := range s.engine.Failed() {
			return fmt.Errorf("a query stopped: %w", err)
		}
		return nil
	}
	parsed, err := sql.ParseTest(step.SQL, nil)
	if err != nil {
		return err
	}
	for _, p := range parsed {
		switch st := p.Statement.(type) {
		case *sql.Set:
			s.session[st.Name] = st.Value
		case *sql.Unset:
			delete(s.session, st.Name)
		case *sql.AssertValues:
			err = s.assertValues(ctx, st)
		case *sql.AssertSource:
			err = s.assertSource(ctx, st)
		default:
			err = fmt.Errorf("a step %s cannot be %s", step.Op, p.Text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *script) properties() []any {
	var out []any
	for k, v := range s.session {
		out = append(out, ksql.Property(k, v))
	}
	return out
}

// assertValues takes the next row of the source's topic and compares the named columns.
func (s *script) assertValues(ctx context.Context, a *sql.AssertValues) error {
	source := s.engine.Catalog().Source(a.Target)
	if source == nil {
		return fmt.Errorf("%s does not exist.", a.Target)
	}
	key, value := sourceSides(source, true)
	rows, err := readTopic(ctx, s.engine.Log(), source.Topic, key, value)
	if err != nil {
		return err
	}
	next := s.read[source.Topic]
	if next >= len(rows) {
		return assertion{fmt.Sprintf("Expected another record, but all records have already been read (%d)", len(rows))}
	}
	s.read[source.Topic]++
	actual := rows[next]
	if a.Tombstone != (actual.value == nil) && value.format.Name != "NONE" {
		return assertion{"Expected record does not match actual: " + show(actual.key) + " " + show(actual.value)}
	}
	names := a.Columns
	if names == nil {
		for _, c := range source.Schema {
			if c.Role == sql.KeyRole || c.Role == sql.ValueRole && !a.Tombstone {
				names = append(names, c.Name)
			}
		}
	}
	bounds, inserted, values, err := windowOf(names, a.Values)
	if err != nil {
		return err
	}
	expected, err := s.expectedRow(ctx, source, inserted, values)
	if err != nil {
		return err
	}
	want, got := columnsOf(expected, key, value), columnsOf(actual, key, value)
	maps.Copy(want, bounds)
	for _, name := range names {
		if !reflect.DeepEqual(want[name], got[name]) {
			return assertion{fmt.Sprintf("Expected record does not match actual. %s: expected %s, got %s", name, show(want[name]), show(got[name]))}
		}
	}
	return nil
}

// windowOf takes the window's bounds out of asserted values: no row can be inserted with them.
func windowOf(names []string, values []sql.Expr) (bounds map[string]any, rest []string, restValues []sql.Expr, err error) {
	bounds = map[string]any{}
	for i, name := range names {
		if name != "WINDOWSTART" && name != "WINDOWEND" {
			rest, restValues = append(rest, name), append(restValues, values[i])
			continue
		}
		if bounds[name], err = strconv.ParseInt(values[i].String(), 10, 64); err != nil {
			return nil, nil, nil, fmt.Errorf("%s of an asserted row: %w", name, err)
		}
	}
	return bounds, rest, restValues, nil
}

// expectedRow lets an engine of its own insert the values into a stream like the source, so that they are
// coerced and written as the source's rows are.
func (s *script) expectedRow(ctx context.Context, source *plan.Source, names []string, values []sql.Expr) (row, error) {
	e, done, err := settings{}.open(ctx, ksql.WithMaxPartitions(1))
	if err != nil {
		return row{}, err
	}
	defer done()
	var columns, into, texts []string
	for _, c := range source.Schema {
		text := quote(c.Name) + " " + c.Type.String()
		switch c.Role {
		case sql.KeyRole:
			columns = append(columns, text+" KEY")
		case sql.ValueRole:
			columns = append(columns, text)
		}
	}
	for i, n := range names {
		into, texts = append(into, quote(n)), append(texts, values[i].String())
	}
	statements := "CREATE STREAM EXPECTED (" + strings.Join(columns, ", ") + ") WITH (" + formatProperties(source) + "); " +
		"INSERT INTO EXPECTED (" + strings.Join(into, ", ") + ") VALUES (" + strings.Join(texts, ", ") + ");"
	if _, err := e.Execute(ctx, statements); err != nil {
		return row{}, fmt.Errorf("the asserted values: %w", err)
	}
	key, value := sourceSides(e.Catalog().Source("EXPECTED"), true)
	rows, err := readTopic(ctx, e.Log(), "expected", key, value)
	if err != nil || len(rows) != 1 {
		return row{}, fmt.Errorf("the asserted values gave %d rows: %w", len(rows), err)
	}
	return rows[0], nil
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// formatProperties is the WITH clause of a stream that is written as the source is.
func formatProperties(s *plan.Source) string {
	with := []string{"KAFKA_TOPIC='expected'", "PARTITIONS=1", "KEY_FORMAT='" + s.Key.Name + "'", "VALUE_FORMAT='" + s.Value.Name + "'"}
	if d := s.Key.Props["delimiter"]; d != "" {
		with = append(with, "KEY_DELIMITER='"+d+"'")
	}
	if d := s.Value.Props["delimiter"]; d != "" {
		with = append(with, "VALUE_DELIMITER='"+d+"'")
	}
	_, value := sourceSides(s, true)
	if len(value.features("")) == 1 {
		with = append(with, "WRAP_SINGLE_VALUE=FALSE")
	}
	return strings.Join(with, ", ")
}

// columnsOf splits a row into its columns, ROWTIME and the window's bounds included.
func columnsOf(r row, key, value side) map[string]any {
	out := map[string]any{"ROWTIME": r.time}
	if r.window != nil {
		out["WINDOWSTART"], out["WINDOWEND"] = r.window.Start, r.window.End
	}
	maps.Copy(out, key.split(r.key))
	maps.Copy(out, value.split(r.value))
	return out
}

func (s side) split(v any) map[string]any {
	out := map[string]any{}
	switch {
	case v == nil:
	case s.format.Name == "DELIMITED":
		r := csv.NewReader(strings.NewReader(v.(string)))
		if d := s.format.Props["delimiter"]; d != "" {
			r.Comma = delimiter(d)
		}
		fields, err := r.Read()
		for i, f := range fields {
			if err == nil && i < len(s.columns) {
				out[s.columns[i].Name] = f
			}
		}
	case len(s.columns) == 1 && (s.format.Unwrapped || s.format.Name == "KAFKA"):
		out[s.columns[0].Name] = v
	default:
		if o, ok := v.(*object); ok {
			for i, n := range o.names {
				out[n] = o.values[i]
			}
		}
	}
	return out
}

// delimiter is the character that a DELIMITED topic's property names.
func delimiter(d string) rune {
	switch d {
	case "SPACE":
		return ' '
	case "TAB":
		return '\t'
	}
	return []rune(d)[0]
}

// assertSource compares a source with a declaration.
func (s *script) assertSource(ctx context.Context, a *sql.AssertSource) error {
	source := s.engine.Catalog().Source(a.Name)
	if source == nil {
		return fmt.Errorf("%s does not exist", a.Name)
	}
	e, done, err := settings{}.open(ctx, ksql.WithMaxPartitions(1))
	if err != nil {
		return err
	}
	defer done()
	if t := a.With.Get("KAFKA_TOPIC"); t != nil {
		if err := e.Log().Create(ctx, t.Text, store.TopicConfig{Partitions: 1}); err != nil {
			return err
		}
	}
	for _, side := range []struct{ property, what, actual string }{{"KEY_FORMAT", "key", source.Key.Name}, {"VALUE_FORMAT", "value", source.Value.Name}} {
		if f := a.With.Get(side.property); f != nil && !strings.EqualFold(f.Text, side.actual) {
			return fmt.Errorf("Expected %s format does not match actual for source %s. Expected: %s, Actual: %s", side.what, a.Name, f.Text, side.actual)
		}
	}
	declared := &sql.CreateSource{Kind: a.Kind, Name: a.Name, Elements: a.Elements, With: a.With}
	if _, err := e.Execute(ctx, declared.String(), s.properties()...); err != nil {
		return err
	}
	want := e.Catalog().Source(a.Name)
	for _, check := range []struct {
		what string
		same bool
		want any
		got  any
	}{
		{"type", want.Kind == source.Kind, want.Kind, source.Kind},
		{"schema", sameSchema(want.Schema, source.Schema), want.Schema, source.Schema},
		{"kafka topic", want.Topic == source.Topic, want.Topic, source.Topic},
		{"key format", want.Key.Name == source.Key.Name && maps.Equal(want.Key.Props, source.Key.Props), want.Key, source.Key},
		{"value format", want.Value.Name == source.Value.Name && maps.Equal(want.Value.Props, source.Value.Props), want.Value, source.Value},
		{"value serde features", reflect.DeepEqual(valueFeatures(want), valueFeatures(source)), valueFeatures(want), valueFeatures(source)},
		{"timestamp column", reflect.DeepEqual(timestampColumn(want), timestampColumn(source)), timestampColumn(want), timestampColumn(source)},
		{"timestamp format", reflect.DeepEqual(timestampFormat(want), timestampFormat(source)), timestampFormat(want), timestampFormat(source)},
	} {
		if !check.same {
			return fmt.Errorf("Expected %s does not match actual for source %s. Expected: %v, Actual: %v", check.what, a.Name, check.want, check.got)
		}
	}
	return nil
}

func valueFeatures(s *plan.Source) []string {
	_, value := sourceSides(s, true)
	return value.features(s.Text)
}

func timestampColumn(s *plan.Source) string {
	if s.Timestamp == nil {
		return ""
	}
	return s.Timestamp.Column
}

func timestampFormat(s *plan.Source) string {
	if s.Timestamp == nil {
		return ""
	}
	return s.Timestamp.Format
}

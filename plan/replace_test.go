package plan

import (
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

func schemaOf(t *testing.T, text string) sql.Schema {
	t.Helper()
	defs, err := sql.ParseSchema(text)
	if err != nil {
		t.Fatal(text, err)
	}
	var s sql.Schema
	for _, d := range defs {
		c := sql.Column{Field: sql.Field{Name: d.Name, Type: d.Type}}
		switch {
		case d.Key || d.Primary:
			c.Role = sql.KeyRole
		case d.Headers:
			c.Role, c.Header = sql.HeadersRole, d.Header
		}
		s = append(s, c)
	}
	return s
}

// TestUpgradeSchema: columns may be added at the end; keys stay as they are.
func TestUpgradeSchema(t *testing.T) {
	const keys, others = "Key columns must be identical. The following key columns are changed, missing or reordered: [", "The following columns are changed, missing or reordered: ["
	for _, c := range []struct{ old, now, want string }{
		{"K INT KEY, A INT", "K INT KEY, A INT", ""}, {"K INT KEY, A INT", "K INT KEY, A INT, B INT", ""}, {"A INT, K INT KEY", "K INT KEY, A INT", ""}, {"A INT", "A INT, B INT", ""},
		{"K INT KEY, A INT", "K BIGINT KEY, A INT", keys + "`K` INTEGER KEY]"}, {"K INT KEY, L INT KEY, A INT", "K INT KEY, A INT", keys + "`L` INTEGER KEY]"},
		{"K INT KEY, L INT KEY, A INT", "L INT KEY, K INT KEY, A INT", keys + "`K` INTEGER KEY, `L` INTEGER KEY]"},
		{"K INT KEY, A INT", "K INT KEY, L INT KEY, A INT", keys + "]"}, {"A INT", "K INT KEY, A INT", keys + "]"}, {"K INT KEY, A INT", "K INT, A INT", keys + "`K` INTEGER KEY]"},
		{"K INT KEY, A INT, B INT", "K INT KEY, B INT, A INT", others + "`A` INTEGER, `B` INTEGER]"}, {"K INT KEY, A INT, B INT", "K INT KEY, A INT", others + "`B` INTEGER]"},
		{"K INT KEY, A INT", "K INT KEY, A BIGINT, B INT", others + "`A` INTEGER]"}, {"A INT", "B INT, A INT", others + "`A` INTEGER]"},
	} {
		if got := upgradeSchema(schemaOf(t, c.old), schemaOf(t, c.now)); got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.old, c.now, got, c.want)
		}
	}
}

// TestUpgradeSource says all that does not fit at once.
func TestUpgradeSource(t *testing.T) {
	old := func() *Source {
		return &Source{Name: "S", Schema: schemaOf(t, "K INT KEY, A INT"), Topic: "t", Key: Format{Name: "KAFKA"}, Value: Format{Name: "JSON"}}
	}
	const frame = "Cannot upgrade data source: DataSource 'S' has "
	for name, c := range map[string]struct {
		change func(s *Source)
		want   string
	}{
		"nothing":        {func(*Source) {}, ""},
		"topic":          {func(s *Source) { s.Topic = "u" }, frame + "topic = t which is not upgradeable to u"},
		"key":            {func(s *Source) { s.Key.Name = "JSON" }, frame + "keyFormat = KAFKA{} which is not upgradeable to JSON{}"},
		"window":         {func(s *Source) { s.KeyWindow = &Window{Kind: sql.Session} }, frame + "keyFormat = KAFKA{} which is not upgradeable to KAFKA{} SESSION(0 ms)"},
		"value":          {func(s *Source) { s.Value.Props = map[string]string{"b": "2", "a": "1"} }, frame + "valueFormat = JSON{} which is not upgradeable to JSON{a=1, b=2}"},
		"wrapping":       {func(s *Source) { s.Value.Features = []string{wrapSingles} }, ""}, // what several columns have, too
		"unwrapping":     {func(s *Source) { s.Value.Features = []string{unwrapSingles} }, frame + "valueFormat = JSON{} which is not upgradeable to JSON{} [UNWRAP_SINGLES]"},
		"time":           {func(s *Source) { s.Timestamp = &Timestamp{Column: "A"} }, frame + "timestampColumn = Optional.empty which is not upgradeable to Optional[TimestampColumn{column=`A`, format=Optional.empty}]"},
		"columns, topic": {func(s *Source) { s.Schema, s.Topic = s.Schema[:1], "u" }, frame + "schema = `K` INTEGER KEY, `A` INTEGER which is not upgradeable to `K` INTEGER KEY. (The following columns are changed, missing or reordered: [`A` INTEGER])\n\tAND DataSource 'S' has topic = t which is not upgradeable to u"},
	} {
		now := old()
		c.change(now)
		got := ""
		if err := upgradeSource(old(), now); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestUpgradeTopics: a step that reads or writes a topic goes on with another topic, other formats of either side or
// another time as little as with another source.
func TestUpgradeTopics(t *testing.T) {
	const frame = "Query is not upgradeable. Plan step of type "
	for name, c := range map[string]struct {
		change                                func(topic *string, key, value *Format, stamp **Timestamp)
		property, old, now, sinkProp, sinkOld string
	}{
		"nothing": {func(*string, *Format, *Format, **Timestamp) {}, "", "", "", "", ""},
		"topic":   {func(topic *string, _, _ *Format, _ **Timestamp) { *topic = "u" }, "topicName", "s", "u", "topic", "O"},
		"key":     {func(_ *string, key, _ *Format, _ **Timestamp) { key.Name = "JSON" }, "formats", "KAFKA{} JSON{}", "JSON{} JSON{}", "formats", "KAFKA{} JSON{}"},
		"value":   {func(_ *string, _, value *Format, _ **Timestamp) { value.Name = "AVRO" }, "formats", "KAFKA{} JSON{}", "KAFKA{} AVRO{}", "formats", "KAFKA{} JSON{}"},
		"time": {func(_ *string, _, _ *Format, stamp **Timestamp) { *stamp = &Timestamp{Column: "A", Format: "yyyy"} }, "timestampColumn", "Optional.empty",
			"Optional[TimestampColumn{column=`A`, format=Optional[yyyy]}]", "timestampColumn", "Optional.empty"},
	} {
		g := newGraph(t)
		scan := g.scan("S")
		c.change(&scan.Topic, &scan.Key, &scan.Value, &scan.Timestamp)
		sink := g.sink(g.scan("S"))
		c.change(&sink.Topic, &sink.Key, &sink.Value, &sink.Timestamp)
		for _, now := range []Step{g.sink(scan), sink} {
			want := ""
			switch {
			case c.property != "" && now == sink:
				want = frame + "StreamSink must have matching " + c.sinkProp + ". Values differ: " + c.sinkOld + " vs. " + c.now
			case c.property != "":
				want = frame + "StreamSource must have matching " + c.property + ". Values differ: " + c.old + " vs. " + c.now
			}
			got := ""
			if err := upgradeSteps(g.sink(g.scan("S")), now); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%s: %s, want %s", name, got, want)
			}
		}
	}
}

// TestUpgradeKeys: PARTITION BY and GROUP BY go on with the same expressions only.
func TestUpgradeKeys(t *testing.T) {
	root := func(w *world, text string) Step {
		if err := w.run(text); err != nil {
			t.Fatal(err)
		}
		return w.last.Start.Root
	}
	for _, c := range []struct{ old, now, want string }{
		{"SELECT * FROM S PARTITION BY A", "SELECT * FROM S WHERE B > 1 PARTITION BY A", ""},
		{"SELECT * FROM S PARTITION BY A", "SELECT * FROM S PARTITION BY B", "StreamSelectKey must have matching keyExpressions. Values differ: [A] vs. [B]"},
		{"SELECT * FROM S PARTITION BY A", "SELECT * FROM S", "StreamSelectKey must have matching type. Values differ: StreamSelectKey vs. StreamSource"},
		{"SELECT * FROM S", "SELECT * FROM W", "StreamSource must have matching type. Values differ: StreamSource vs. WindowedStreamSource"},
	} {
		got := ""
		if err := upgradeSteps(root(newWorld(t, people), "CREATE STREAM O AS "+c.old+";"), root(newWorld(t, people), "CREATE STREAM O AS "+c.now+";")); err != nil {
			got = err.Error()
		}
		if want := "Query is not upgradeable. Plan step of type " + c.want; c.want == "" && got != "" || c.want != "" && got != want {
			t.Errorf("%s to %s: %s, want %s", c.old, c.now, got, c.want)
		}
	}
}

package plan

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// reread says how a command's effect differs after it was written as JSON and read again: in itself, in the
// catalog that it gives, or in its text.
func reread(before *Catalog, cmd *Command) error {
	text, err := json.Marshal(&cmd.Effect)
	if err != nil {
		return err
	}
	var back Effect
	if err := json.Unmarshal(text, &back); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	want := cmd.Effect
	if want.Start != nil { // its steps are planned again
		start := *want.Start
		start.Root = nil
		want.Start = &start
	}
	if !reflect.DeepEqual(back, want) {
		return fmt.Errorf("%s: is %+v, want %+v", text, back, want)
	}
	if !reflect.DeepEqual(before.Apply(&back), before.Apply(&want)) {
		return fmt.Errorf("%s: gives another catalog", text)
	}
	if again, err := json.Marshal(&back); err != nil || string(again) != string(text) {
		return fmt.Errorf("%s, then %s (%v)", text, again, err)
	}
	if cmd.Catalog == before {
		if !reflect.DeepEqual(want, Effect{}) {
			return fmt.Errorf("%s: of a statement that changes nothing", text)
		}
		return nil
	}
	return unplanned(cmd.Catalog, before.Apply(&cmd.Effect))
}

// unplanned says how two catalogs differ, steps apart.
func unplanned(a, b *Catalog) error {
	bare := func(c *Catalog) *Catalog {
		e := &Effect{}
		out := *c
		for q := range c.Queries() {
			own := *q
			own.Root = nil
			e.Start = &own
			out = *out.Apply(e)
		}
		return &out
	}
	if !reflect.DeepEqual(bare(a), bare(b)) {
		return fmt.Errorf("the catalogs differ:\n%v\n%v", slices.Collect(a.Sources()), slices.Collect(b.Sources()))
	}
	return nil
}

// TestEffectFrozen: records of earlier builds must be read for ever.
func TestEffectFrozen(t *testing.T) {
	const declared = "CREATE STREAM S (K STRING KEY, A ADDRESS, T STRING) WITH (KAFKA_TOPIC='s', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', TIMESTAMP='T', TIMESTAMP_FORMAT='yyyy', PARTITIONS=3);"
	const windowed = `CREATE TABLE O WITH (VALUE_FORMAT='JSON') AS SELECT\n  S.K K,\n  COUNT(*) N\nFROM S S\nWINDOW TUMBLING ( SIZE 1 HOURS , RETENTION 9 DAYS ) \nGROUP BY S.K\nEMIT CHANGES;`
	w := newWorld(t, "CREATE TYPE ADDRESS AS STRUCT<STREET STRING, NO INT>; "+declared)
	for _, c := range []struct{ sql, want string }{
		{"CREATE TYPE P AS DECIMAL(4,2);", `{"PutTypes":[{"Name":"P","Type":"DECIMAL(4, 2)"}]}`},
		{"DROP TYPE P;", `{"DropTypes":["P"]}`},
		{"CREATE TABLE O WITH (VALUE_FORMAT='JSON') AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR, RETENTION 9 DAYS) GROUP BY K;",
			`{"Put":[{"Name":"O","Kind":"TABLE","Schema":"` + "`K` STRING KEY, `N` BIGINT" + `","Topic":"O","Partitions":3,"Key":{"Name":"KAFKA","Unwrapped":true},"Value":{"Name":"JSON"},` +
				`"KeyWindow":{"Kind":"TUMBLING","Size":3600000},"Retention":777600000,"Query":"CTAS_O_0","From":["S"],"State":"CTAS_O_0","Text":"` + windowed + `"}],` +
				`"Start":{"ID":"CTAS_O_0","Kind":"AS","Text":"` + windowed + `","Reads":["S"],"Writes":"O","Topic":"O","Schema":"` + "`K` STRING KEY, `N` BIGINT" + `","Props":{},"Earliest":{"s":false}},` +
				`"CreateTopics":[{"Name":"O","Partitions":3,"Compact":true,"Retention":777600000}]}`},
		{"PAUSE ctas_o_0;", `{"Pause":["CTAS_O_0"]}`},
		{"DROP TABLE O DELETE TOPIC;", `{"Drop":["O"],"Stop":["CTAS_O_0"],"DeleteTopics":["O"]}`},
		{"ALTER STREAM S ADD COLUMN X INT;", `{"Put":[{"Name":"S","Kind":"STREAM","Schema":"` + "`K` STRING KEY, `A` STRUCT<`STREET` STRING, `NO` INTEGER>, `T` STRING, `X` INTEGER" + `","Topic":"s","Partitions":3,` +
			`"Key":{"Name":"KAFKA","Unwrapped":true},"Value":{"Name":"JSON"},"Timestamp":{"Column":"T","Format":"yyyy"},"Text":"` + declared + `"}]}`},
	} {
		if err := w.run(c.sql); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		enc := json.NewEncoder(&text) // < and > stay as they are
		enc.SetEscapeHTML(false)
		err := enc.Encode(&w.last.Effect)
		if got := strings.TrimSpace(text.String()); err != nil || got != c.want {
			t.Errorf("%s\n got %s (%v)\nwant %s", c.sql, got, err, c.want)
		}
	}
}

// history draws statements that make sense together, and some that do not.
type history struct {
	*rapid.T
	cat *Catalog
}

func (h *history) name() string {
	return rapid.SampledFrom([]string{"A", "B", "C", "D", "E", "`a`", "`x-y`", "F"}).Draw(h.T, "name")
}

// source is the name of one that is there, mostly.
func (h *history) source() string {
	var names []string
	for s := range h.cat.Sources() {
		names = append(names, "`"+s.Name+"`")
	}
	if len(names) == 0 || rapid.IntRange(0, 9).Draw(h.T, "stranger") == 0 {
		return h.name()
	}
	return rapid.SampledFrom(names).Draw(h.T, "source")
}

func (h *history) query() string {
	var ids []string
	for q := range h.cat.Queries() {
		ids = append(ids, "`"+q.ID+"`")
	}
	if len(ids) == 0 || rapid.IntRange(0, 9).Draw(h.T, "stranger") == 0 {
		return "ALL"
	}
	return rapid.SampledFrom(ids).Draw(h.T, "query")
}

func (h *history) kind() string {
	return rapid.SampledFrom([]string{"STREAM", "TABLE"}).Draw(h.T, "kind")
}

func (h *history) pick(texts ...string) string {
	return rapid.SampledFrom(texts).Draw(h.T, "text")
}

// statement is the next one.
func (h *history) statement() string {
	replace := h.pick("", "", "OR REPLACE ")
	switch rapid.IntRange(0, 12).Draw(h.T, "statement") {
	case 0, 1, 2:
		key, kind := "KEY", h.kind()
		if kind == "TABLE" {
			key = "PRIMARY KEY"
		}
		return fmt.Sprintf("CREATE %s%s %s %s (K %s %s, V INT, W %s%s) WITH (KAFKA_TOPIC='%s', %s, PARTITIONS=%d%s);",
			replace, h.pick("", "", "SOURCE"), kind, h.name(),
			h.pick("STRING", "INT", "DECIMAL(4,2)", "ARRAY<INT>"), key, h.pick("STRING", "MAP<STRING, STRUCT<X DATE, `y z` BYTES>>", "DOUBLE"),
			h.pick("", "", ", H ARRAY<STRUCT<KEY STRING, VALUE BYTES>> HEADERS", ", H BYTES HEADER('it''s')"),
			h.pick("t", "u", "v"), h.pick("FORMAT='JSON'", "KEY_FORMAT='JSON', VALUE_FORMAT='DELIMITED', VALUE_DELIMITER='|'", "VALUE_FORMAT='JSON', WINDOW_TYPE='TUMBLING', WINDOW_SIZE='1 HOUR'"),
			rapid.IntRange(1, 2).Draw(h.T, "partitions"), h.pick("", "", ", TIMESTAMP='V'", ", RETENTION_MS=1000"))
	case 3, 4:
		return fmt.Sprintf("CREATE %sSTREAM %s %sAS SELECT K, V + 1 AS V FROM %s WHERE V > 0%s;", replace, h.name(), h.pick("", "WITH (VALUE_FORMAT='JSON', WRAP_SINGLE_VALUE=false) "), h.source(), h.pick("", " PARTITION BY K"))
	case 5, 6:
		return fmt.Sprintf("CREATE %sTABLE %s AS SELECT K, COUNT(*) AS V, SUM(V) AS W FROM %s %s GROUP BY K%s;", replace, h.name(), h.source(),
			h.pick("", "", "WINDOW TUMBLING (SIZE 1 HOUR, GRACE PERIOD 2 HOURS)", "WINDOW SESSION (5 MINUTES)"), h.pick("", " EMIT FINAL"))
	case 7:
		return fmt.Sprintf("INSERT INTO %s %sSELECT K, V FROM %s;", h.source(), h.pick("", fmt.Sprintf("WITH (QUERY_ID='q%d') ", rapid.IntRange(0, 2).Draw(h.T, "id"))), h.source())
	case 8:
		return fmt.Sprintf("ALTER %s %s ADD COLUMN %s STRING;", h.kind(), h.source(), h.pick("X", "Y", "Z"))
	case 9:
		return fmt.Sprintf("DROP %s %s%s%s;", h.kind(), h.pick("", "IF EXISTS "), h.source(), h.pick("", " DELETE TOPIC"))
	case 10:
		return h.pick("CREATE TYPE P AS STRUCT<X INT>;", "CREATE TYPE IF NOT EXISTS P AS DECIMAL(3,1);", "DROP TYPE P;", "CREATE TYPE Q AS ARRAY<P>;", "DROP TYPE IF EXISTS Q;")
	case 11:
		return "TERMINATE " + h.query() + ";"
	}
	return h.pick("PAUSE ", "RESUME ") + h.query() + ";"
}

// TestHistories: after any history the effects alone, read from their records, give the catalog that planning gave.
func TestHistories(t *testing.T) {
	builtins := fn.Builtins()
	done, kinds := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		h := &history{t, NewCatalog()}
		again := NewCatalog()
		env := &Env{Functions: builtins, Props: map[string]string{}}
		topics := map[string]int{}
		env.Topic = func(name string) (int, bool) { n, ok := topics[name]; return n, ok }
		for range 40 {
			text := h.statement()
			stmts, err := sql.Parse(text, nil)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			cmd, err := Check(h.cat, env, stmts[0].Statement, stmts[0].Text)
			if err != nil || cmd.Catalog == h.cat {
				continue
			}
			if err := reread(h.cat, cmd); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			record, err := json.Marshal(&cmd.Effect)
			if err != nil {
				t.Fatal(err)
			}
			var e Effect
			if err := json.Unmarshal(record, &e); err != nil {
				t.Fatal(err)
			}
			h.cat, again = cmd.Catalog, again.Apply(&e)
			env.NextQuery++
			for _, s := range e.CreateTopics {
				topics[s.Name] = s.Partitions
			}
			for _, name := range e.DeleteTopics {
				delete(topics, name)
			}
			done++
			kinds[fmt.Sprintf("%T", stmts[0].Statement)]++
		}
		if err := unplanned(h.cat, again); err != nil {
			t.Fatal(err)
		}
	})
	t.Log(done, kinds)
	if len(kinds) < 10 {
		t.Errorf("only these kinds of statement went through: %v", kinds)
	}
}

// TestNotUTF8: bytes that are no text would be others in a record, so that no statement that is kept has them.
func TestNotUTF8(t *testing.T) {
	w := newWorld(t, people)
	for _, text := range []string{"CREATE TYPE T AS STRUCT<`\xff` INT>;", "CREATE STREAM O (K INT KEY) WITH (KAFKA_TOPIC='a\x80', VALUE_FORMAT='JSON', PARTITIONS=1);",
		"CREATE STREAM O AS SELECT K, '\xed\xa0\x80' AS V FROM S;"} {
		if err := w.run(text); err == nil || !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("%q: %v", text, err)
		}
	}
	w.env.Props["x"] = "\xff"
	if err := w.run("CREATE STREAM O AS SELECT * FROM S;"); err == nil || !strings.Contains(err.Error(), "Property 'x' is not text in UTF-8") {
		t.Error(err)
	}
	w.env.Props = map[string]string{"a\xff": "x"}
	if err := w.run("CREATE STREAM O AS SELECT * FROM S;"); err == nil || !strings.Contains(err.Error(), "Property 'a?' is not text in UTF-8") {
		t.Error(err)
	}
}

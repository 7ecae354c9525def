package plan

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestFitSink: INSERT INTO ... SELECT wants the sink's columns in their order and of their types; only numbers that a
// DECIMAL holds become one.
func TestFitSink(t *testing.T) {
	const source = `CREATE STREAM F (K INT KEY, I INT, B BIGINT, F DOUBLE, D DECIMAL(4, 2), X STRING) WITH (KAFKA_TOPIC='f', VALUE_FORMAT='JSON', PARTITIONS=1);`
	for _, c := range []struct{ value, sink, want string }{
		{"I", "INT", "I"}, {"D", "DECIMAL(4, 2)", "D"}, {"D", "DECIMAL(5, 2)", "D as DECIMAL(5, 2)"}, {"D", "DECIMAL(5, 3)", "D as DECIMAL(5, 3)"}, {"D", "DECIMAL(4, 3)", ""}, {"D", "DECIMAL(4, 1)", ""}, {"D", "DECIMAL(9, 1)", ""}, {"D", "DECIMAL(3, 2)", ""},
		{"1", "DECIMAL(4, 2)", "1 as DECIMAL(4, 2)"}, {"3000000000", "DECIMAL(12, 2)", "3000000000 as DECIMAL(12, 2)"}, {"1.5", "DECIMAL(4, 2)", "1.5 as DECIMAL(4, 2)"}, {"1.555", "DECIMAL(4, 2)", ""}, {"1E0", "DECIMAL(4, 2)", ""}, {"'1'", "DECIMAL(4, 2)", ""}, {"true", "DECIMAL(4, 2)", ""},
		{"I", "DECIMAL(20, 2)", ""}, {"B", "DECIMAL(30, 2)", ""}, {"F", "DECIMAL(4, 2)", ""}, {"I", "BIGINT", ""}, {"1", "BIGINT", ""}, {"D", "DOUBLE", ""}, {"D", "STRING", ""}, {"X", "DATE", ""},
	} {
		w := newWorld(t, source+"CREATE STREAM DEST (K INT KEY, V "+c.sink+") WITH (KAFKA_TOPIC='to', VALUE_FORMAT='JSON', PARTITIONS=1);")
		err := w.run("INSERT INTO DEST SELECT K, " + c.value + " AS V FROM F;")
		if c.want == "" {
			if err == nil || !strings.Contains(err.Error(), "Incompatible schema between results and sink\nResult schema is `K` INTEGER KEY, `V` ") {
				t.Errorf("%s into %s: %v", c.value, c.sink, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s into %s: %v", c.value, c.sink, err)
			continue
		}
		p := w.last.Start.Root.Inputs()[0].(*Project)
		if got := shown(p.Items[1].X); got != c.want || !p.Schema[1].Type.Equal(w.cat.Source("DEST").Schema[1].Type) {
			t.Errorf("%s into %s: %s %s, want %s", c.value, c.sink, got, p.Schema[1], c.want)
		}
	}
	for list, fits := range map[string]bool{"K, I AS A, X AS B": true, "I AS A, K, X AS B": true, "K, X AS B, I AS A": false, "K, I AS A": false, "K, I AS A, X AS B, X AS C": false, "K, I AS Z, X AS B": false, "K AS J, I AS A, X AS B": false} {
		w := newWorld(t, source+"CREATE STREAM DEST (A INT, B STRING, K INT KEY) WITH (KAFKA_TOPIC='to', VALUE_FORMAT='JSON', PARTITIONS=1);")
		if err := w.run("INSERT INTO DEST SELECT " + list + " FROM F;"); (err == nil) != fits {
			t.Errorf("%s: %v", list, err)
		}
	}
	w := newWorld(t, source+"CREATE STREAM DEST (K INT, A INT) WITH (KAFKA_TOPIC='to', VALUE_FORMAT='JSON', PARTITIONS=1);") // the key is none there
	if err := w.run("INSERT INTO DEST SELECT K, I AS A FROM F;"); err == nil || !strings.Contains(err.Error(), "Sink schema is `K` INTEGER, `A` INTEGER") {
		t.Error(err)
	}
}

// TestFitSinkWindow: the bounds of a window are no columns of the record.
func TestFitSinkWindow(t *testing.T) {
	w := newWorld(t, people+"CREATE STREAM V (K STRING KEY, A INT) WITH (KAFKA_TOPIC='v', VALUE_FORMAT='JSON', PARTITIONS=1, WINDOW_TYPE='HOPPING', WINDOW_SIZE='10 SECONDS');")
	if err := w.run("INSERT INTO V SELECT K, A FROM W;"); err != nil {
		t.Fatal(err)
	}
	if got := w.last.Start.Root.Out().Schema.String(); !strings.Contains(got, "WINDOWSTART") {
		t.Error(got)
	}
	if s := w.last.Start.Schema; len(s) != 2 || s[0].Role != sql.KeyRole {
		t.Error(s)
	}
}

// TestWindowBoundaries: the sizes, advances, graces and retentions that windows may just have, and those just beyond.
func TestWindowBoundaries(t *testing.T) {
	for clause, want := range map[string]string{
		"TUMBLING (SIZE 1 MILLISECOND)": "1 1 86399999 86400000", "TUMBLING (SIZE 0 SECONDS)": "!Window size (sizeMs) must be larger than zero.", "SESSION (0 SECONDS)": "!Gap time (inactivityGapMs) cannot be zero or negative.",
		"HOPPING (SIZE 2 SECONDS, ADVANCE BY 2 SECONDS)": "2000 2000 86398000 86400000", "HOPPING (SIZE 2 SECONDS, ADVANCE BY 3 SECONDS)": "!Window advancement interval should be more than zero and less than window duration which is 2000 ms, but given advancement interval is: 3000 ms",
		"HOPPING (SIZE 2 SECONDS, ADVANCE BY 0 SECONDS)":                           "!advancement interval is: 0 ms",
		"HOPPING (SIZE 100 SECONDS, ADVANCE BY 1 MILLISECOND)":                     "100000 1 86300000 86400000",
		"HOPPING (SIZE 100001 MILLISECONDS, ADVANCE BY 1 MILLISECOND)":             "!A row would fall into 100001 windows",
		"TUMBLING (SIZE 2 SECONDS, GRACE PERIOD 0 SECONDS)":                        "2000 2000 0 2000",
		"TUMBLING (SIZE 2 SECONDS, RETENTION 3 SECONDS, GRACE PERIOD 1 SECOND)":    "2000 2000 1000 3000",
		"TUMBLING (SIZE 2 SECONDS, RETENTION 2 SECONDS, GRACE PERIOD 1 SECOND)":    "!Got size=[2000], grace=[1000], retention=[2000]",
		"TUMBLING (SIZE 2 SECONDS, GRACE PERIOD 9223372036854773807 MILLISECONDS)": "2000 2000 9223372036854773807 9223372036854775807",
		"TUMBLING (SIZE 2 SECONDS, GRACE PERIOD 9223372036854773808 MILLISECONDS)": "!Window size and grace period together must be less than",
		"TUMBLING (SIZE 2 SECONDS, GRACE PERIOD -1 SECONDS)":                       "!Grace period must not be negative.",
		"TUMBLING (SIZE 1 DAY)": "86400000 86400000 0 86400000",
	} {
		w := newWorld(t, people)
		err := w.run("CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW " + clause + " GROUP BY K;")
		if text, bad := strings.CutPrefix(want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %s", clause, err, text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", clause, err)
			continue
		}
		out := w.last.Start.Root.Out().Window
		if got := strings.Join([]string{formatInt(out.Size), formatInt(out.Advance), formatInt(out.Grace), formatInt(out.Retention)}, " "); got != want || out.Final {
			t.Errorf("%s: %s, want %s", clause, got, want)
		}
	}
	w := newWorld(t, people)
	if err := w.run("CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 2 SECONDS) GROUP BY K EMIT FINAL;"); err != nil {
		t.Fatal(err)
	}
	if got, want := *w.last.Start.Root.Out().Window, (Window{Kind: sql.Tumbling, Size: 2000, Advance: 2000, Retention: 2000, Final: true}); got != want {
		t.Errorf("EMIT FINAL has no grace of its own: %+v", got)
	}
	w.env.Props["ksql.suppress.enabled"] = "false"
	if err := w.run("CREATE TABLE O2 AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 2 SECONDS) GROUP BY K EMIT FINAL;"); err == nil || !strings.Contains(err.Error(), "Suppression is currently disabled.") {
		t.Error(err)
	}
	if err := w.run("CREATE TABLE O3 AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 2 SECONDS) GROUP BY K;"); err != nil {
		t.Error(err)
	}
}

package exec

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// TestGuess: formats are named that fit all bytes seen so far, in their order; a text is that of the first.
func TestGuess(t *testing.T) {
	u32 := func(n int32) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }
	u64 := func(n int64) string { return string(binary.BigEndian.AppendUint64(nil, uint64(n))) }
	double := u64(int64(math.Float64bits(-2.5)))
	for _, c := range []struct {
		key  bool
		seen []string
		want string // names
		text string // of the last one
	}{
		{false, nil, `¯\_(ツ)_/¯ - no data processed`, ""},
		{false, []string{`{"A": 1}`}, "JSON or KAFKA_BIGINT or KAFKA_DOUBLE or KAFKA_STRING", `{"A":1}`},
		{false, []string{`{"A": 10}`}, "JSON or KAFKA_STRING", `{"A":10}`},
		{false, []string{`{"A": 10}`, "plain"}, "KAFKA_STRING", "plain"},
		{false, []string{u32(-2)}, "KAFKA_INT", "-2"},
		{false, []string{"abcd"}, "KAFKA_INT or KAFKA_STRING", "1633837924"},
		{false, []string{"abcd", "abc"}, "KAFKA_STRING", "abc"},
		{false, []string{double}, "KAFKA_BIGINT or KAFKA_DOUBLE", "-4610560118520545280"},
		{false, []string{double, u32(1)}, "does not match any supported format. It may be a STRING with encoding other than UTF8, or some other format.", `\x00\x00\x00\x01`},
		{false, []string{"k" + u64(1025)}, "KAFKA_STRING", "k" + u64(1025)},
		{true, []string{"k" + u64(1025)}, "TUMBLING(KAFKA_STRING) or KAFKA_STRING", "[k@1025/-]"},
		{true, []string{"k" + u64(2049) + u64(1025)}, "SESSION(KAFKA_STRING) or TUMBLING(KAFKA_STRING) or KAFKA_STRING", "[k@1025/2049]"},
		{true, []string{"k" + u64(1025) + u64(2049)}, "TUMBLING(KAFKA_STRING) or KAFKA_STRING", "[k" + u64(1025) + "@2049/-]"},
		{true, []string{"k" + u64(7258118400000)}, "does not match", `k\x00\x00\x06\x99`},
		{true, []string{u32(7) + u64(7258118399999)}, "TUMBLING(KAFKA_INT)", "[7@7258118399999/-]"},
	} {
		g := &guess{}
		g.see(nil, c.key)
		for _, s := range c.seen {
			g.see([]byte(s), c.key)
		}
		if got := g.names(); !strings.HasPrefix(got, c.want) || len(c.want) > 20 && !strings.Contains(c.want, "not match") && got != c.want {
			t.Errorf("%q: %s, want %s", c.seen, got, c.want)
		}
		if len(c.seen) == 0 {
			continue
		}
		if got := g.text([]byte(c.seen[len(c.seen)-1])); !strings.HasPrefix(got, c.text) {
			t.Errorf("%q: %q, want %q", c.seen, got, c.text)
		}
		if got := g.text(nil); got != "<null>" {
			t.Errorf("null is %q", got)
		}
	}
}

// TestPrintFormats: lines name the formats before the records that fit them, and again when they change.
func TestPrintFormats(t *testing.T) {
	ctx := context.Background()
	e, log := inMemory(ctx, t)
	if err := log.Create(ctx, "x", store.TopicConfig{Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	list, err := sql.Parse(`PRINT x FROM BEGINNING;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := e.Print(ctx, list[0].Statement.(*sql.Print), list[0].Text, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for _, step := range []struct {
		key, value string
		want       []string
	}{
		{"k", `{"a": 1000}`, []string{"Key format: KAFKA_STRING", "Value format: JSON or KAFKA_STRING", `rowtime: 1970/01/01 00:00:00.005 Z, key: k, value: {"a":1000}, partition: 0`}},
		{"l", `{"a": 2000}`, []string{`rowtime: 1970/01/01 00:00:00.005 Z, key: l, value: {"a":2000}, partition: 0`}},
		{"m", `text`, []string{"Value format: KAFKA_STRING", `rowtime: 1970/01/01 00:00:00.005 Z, key: m, value: text, partition: 0`}},
	} {
		r := &store.Records{TP: store.TP{Topic: "x"}}
		r.Add(5, []byte(step.key), []byte(step.value))
		if _, err := log.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
		var got []string
		for len(got) < len(step.want) {
			page, err := rows.Next(ctx)
			if err != nil || page == nil {
				t.Fatal(page, err)
			}
			for i := range page.N {
				got = append(got, string(page.Cols[0].Str(i)))
			}
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}

package exec

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/op"
)

// TestShort: texts of the processing log are cut at their bound, between letters.
func TestShort(t *testing.T) {
	full := strings.Repeat("x", longestText)
	for text, want := range map[string]string{
		"":                       "",
		full:                     full,
		full + "y":               full + "...",
		full[1:] + "é and so on": full[1:] + "...",
		full[2:] + "é and so on": full[2:] + "é...",
	} {
		if got := short(text); got != want {
			t.Errorf("%d bytes: %d bytes, that end with %q", len(text), len(got), got[max(0, len(got)-10):])
		}
	}
}

// TestCauses: what lies behind an error, one behind the other, of several the last one.
func TestCauses(t *testing.T) {
	root := errors.New("root")
	for _, c := range []struct {
		err  error
		want []string
	}{
		{root, []string{}},
		{fmt.Errorf("a: %w", root), []string{"root"}},
		{fmt.Errorf("b: %w", fmt.Errorf("a: %w", root)), []string{"a: root", "root"}},
		{fmt.Errorf("%w of %w", errors.New("whom"), fmt.Errorf("what: %w", root)), []string{"what: root", "root"}},
		{&Fault{nil}, []string{}},
		{fmt.Errorf("long: %w", errors.New(strings.Repeat("x", longestText+1))), []string{strings.Repeat("x", longestText) + "..."}},
	} {
		if got := causes(c.err); got == nil || !slices.Equal(got, c.want) {
			t.Errorf("%.50v: %.100q", c.err, got)
		}
	}
}

// TestProblems: each problem is one record of the processing log, in ksqlDB's form with topic, partition and offset.
func TestProblems(t *testing.T) {
	e := &Engine{opt: Options{Now: func() int64 { return 77 }, Properties: map[string]string{"ksql.service.id": "mine_"}}}
	list := []op.Problem{
		{Kind: op.DeserializationError, Step: "Scan", Target: "value", Topic: "t", Partition: 3, Offset: 5, Record: []byte("{bad"), Err: fmt.Errorf("no: %w", errors.New("json"))},
		{Kind: op.ProcessingError, Topic: "t", Err: errors.New("10/0")},
		{Kind: op.SerializationError, Step: "Sink", Target: "key", Topic: "o", Record: []byte{}, Err: errors.New("large")},
	}
	body := func(p op.Problem, cause []any) map[string]any {
		m := map[string]any{"errorMessage": p.Err.Error(), "topic": p.Topic, "partition": float64(p.Partition), "offset": float64(p.Offset), "cause": cause}
		if p.Target != "" {
			m["target"] = p.Target
		}
		return m
	}
	first, last := body(list[0], []any{"json"}), body(list[2], []any{})
	first["recordB64"], last["recordB64"] = "e2JhZA==", ""
	want := []map[string]any{
		{"LOGGER": "processing.Q.Scan.deserializer", "MESSAGE": map[string]any{"type": 0., "deserializationError": first}},
		{"LOGGER": "processing.Q", "MESSAGE": map[string]any{"type": 1., "recordProcessingError": body(list[1], []any{})}},
		{"LOGGER": "processing.Q.Sink", "MESSAGE": map[string]any{"type": 3., "serializationError": last}},
	}
	r := e.problems("Q", list)
	if r.TP.Topic != "mine_ksql_processing_log" || r.TP.Partition != 0 || r.Len() != len(want) {
		t.Fatalf("%+v", r)
	}
	for i, w := range want {
		w["LEVEL"], w["TIME"] = "ERROR", 77.
		var got map[string]any
		if err := json.Unmarshal(r.Value[i].Of(r.Bytes), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, w) || r.Key[i].Len >= 0 || r.Time[i] != 77 {
			t.Errorf("got  %v\nwant %v", got, w)
		}
	}
}

// TestNoProcessingLog: without the stream there is no topic, no source and no record of it.
func TestNoProcessingLog(t *testing.T) {
	e := &Engine{opt: Options{Properties: map[string]string{"ksql.logging.processing.stream.auto.create": "false"}}}
	if r := e.problems("Q", []op.Problem{{Err: errors.New("x")}}); r != nil {
		t.Errorf("%+v", r)
	}
	if n := e.initial().NumSources(); n != 0 {
		t.Errorf("%d sources", n)
	}
	if err := e.ensureProblems(t.Context()); err != nil { // and asks no log
		t.Error(err)
	}
}

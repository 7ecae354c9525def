package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// corpusDir is the corpus beside the checkout, if it is there.
const corpusDir = "../../../shared/conformance/open"

// TestMutationsAreNoticed runs a sample of the corpus (all of it with CONFORMANCE_ALL=1) and changes what each
// passing case expects, one thing at a time: no changed case may pass.
func TestMutationsAreNoticed(t *testing.T) {
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skip("no corpus at", corpusDir)
	}
	cases, err := load(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	step := 9
	if os.Getenv("CONFORMANCE_ALL") != "" {
		step = 1
	}
	passing, mutants := 0, 0
	for i, c := range cases {
		if i%step != 0 || c.Kind != "qtt" || len(c.Outputs) == 0 || c.ExpectedException != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		o, err := settings{batch: 1}.observe(ctx, c)
		cancel()
		if err != nil || judge(c, o) != nil {
			continue
		}
		passing++
		for what, changed := range mutate(t, c, o) {
			mutant := *c
			mutant.Outputs = changed
			if mutants++; judge(&mutant, o) == nil {
				t.Errorf("%s: a changed %s is not noticed", c.FullName, what)
			}
		}
	}
	t.Logf("%d passing cases, %d mutants", passing, mutants)
	if passing < 20 {
		t.Errorf("only %d cases pass: the test says nothing", passing)
	}
}

// mutate gives the outputs of a case with one thing changed in each record.
func mutate(t *testing.T, c *Case, o outcome) map[string][]Record {
	out := map[string][]Record{}
	change := func(what string, i int, f func(*Record)) {
		changed := slices.Clone(c.Outputs)
		f(&changed[i])
		out[fmt.Sprintf("%s of record %d", what, i)] = changed
	}
	place := map[string]int{}
	for i, r := range c.Outputs {
		change("key", i, func(r *Record) { r.Key = other(t, r.Key) })
		change("value", i, func(r *Record) { r.Value = other(t, r.Value) })
		if r.Timestamp != nil {
			change("timestamp", i, func(r *Record) { ms := *r.Timestamp + 1; r.Timestamp = &ms })
		}
		if r.Window != nil {
			change("window start", i, func(r *Record) { w := *r.Window; w.Start++; r.Window = &w })
		}
		at := place[r.Topic]
		place[r.Topic]++
		if i+1 < len(c.Outputs) && c.Outputs[i+1].Topic == r.Topic {
			next, rows := c.Outputs[i+1], o.rows[r.Topic]
			if matchRow(r, rows[at+1], false) != "" || matchRow(next, rows[at], false) != "" {
				changed := slices.Clone(c.Outputs)
				changed[i], changed[i+1] = changed[i+1], changed[i]
				out[fmt.Sprintf("order at record %d", i)] = changed
			}
		}
	}
	if n := len(c.Outputs); n > 1 && c.Outputs[0].Topic == c.Outputs[n-1].Topic {
		out["end"] = c.Outputs[:n-1]
	}
	out["length"] = append(slices.Clone(c.Outputs), c.Outputs[0])
	return out
}

// other is a JSON value that differs from raw in its first leaf.
func other(t *testing.T, raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage(`"x"`)
	}
	v, err := parseJSON(raw)
	if err != nil {
		t.Fatal(err)
	}
	return appendJSON(nil, otherValue(v))
}

func otherValue(v any) any {
	switch v := v.(type) {
	case bool:
		return !v
	case string:
		return v + "x"
	case json.Number:
		digits := []byte(v)
		i := strings.IndexAny(string(v), "0123456789")
		if digits[i]++; digits[i] > '9' {
			digits[i] = '1'
		}
		return json.Number(digits)
	case []any:
		if len(v) == 0 {
			return []any{"x"}
		}
		v[0] = otherValue(v[0])
		return v
	case *object:
		if len(v.names) == 0 {
			return &object{[]string{"X"}, []any{"x"}}
		}
		v.values[0] = otherValue(v.values[0])
		return v
	}
	return "x"
}

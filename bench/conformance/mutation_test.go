package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpusDir is the corpus beside the checkout, or where KSQL_SHARED says.
var corpusDir = filepath.Join(cmp.Or(os.Getenv("KSQL_SHARED"), "../../../shared"), "conformance/open")

// TestMutationsAreNoticed runs the corpus (with -short a ninth of it) and changes what each
// passing case expects, one thing at a time: no changed case may pass.
func TestMutationsAreNoticed(t *testing.T) {
	passing, mutants := 0, 0
	for _, c := range sample(t, "qtt") {
		if len(c.Outputs) == 0 || c.ExpectedException != nil {
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

// TestPostMutationsAreNoticed changes what passing cases say must exist.
func TestPostMutationsAreNoticed(t *testing.T) {
	mutants := 0
	for _, c := range sample(t, "qtt") {
		if c.Post == nil || len(c.Post.Sources) == 0 || c.ExpectedException != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		o, err := settings{batch: 1}.observe(ctx, c)
		cancel()
		if err != nil || judge(c, o) != nil {
			continue
		}
		for i := range c.Post.Sources {
			for what, change := range map[string]func(*PostSource) bool{
				"name":   func(p *PostSource) bool { p.Name += "X"; return true },
				"type":   func(p *PostSource) bool { p.Type += "X"; return true },
				"schema": func(p *PostSource) bool { p.Schema += ", NO_SUCH INT"; return p.Schema[0] != ',' },
				"key format": func(p *PostSource) bool {
					if p.KeyFormat == nil {
						return false
					}
					changed := *p.KeyFormat
					changed.Format += "X"
					p.KeyFormat = &changed
					return true
				},
				"window": func(p *PostSource) bool {
					if p.KeyFormat == nil {
						return false
					}
					changed := *p.KeyFormat
					changed.WindowType += "X"
					p.KeyFormat = &changed
					return true
				},
			} {
				mutant, post := *c, *c.Post
				post.Sources = slices.Clone(post.Sources)
				mutant.Post = &post
				if !change(&post.Sources[i]) {
					continue
				}
				if mutants++; judge(&mutant, o) == nil {
					t.Errorf("%s: a changed %s of source %d is not noticed", c.FullName, what, i)
				}
			}
		}
	}
	if t.Logf("%d mutants", mutants); mutants < 20 {
		t.Error("too few mutants to say anything")
	}
}

// TestResponseMutationsAreNoticed changes the expected answers of passing HTTP cases.
func TestResponseMutationsAreNoticed(t *testing.T) {
	mutants := 0
	for _, c := range sample(t, "rest") {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		r, ended, err := settings{batch: 1}.converse(ctx, c)
		cancel()
		if ended || err != nil || r.judgeResponses() != nil {
			continue
		}
		for i, response := range c.Responses {
			for kind, raw := range response {
				for _, changed := range changes(t, raw) {
					mutant := *c
					mutant.Responses = slices.Clone(c.Responses)
					mutant.Responses[i] = map[string]json.RawMessage{kind: changed}
					r.c = &mutant
					if mutants++; r.judgeResponses() == nil {
						t.Errorf("%s: response %d changed to %s is not noticed", c.FullName, i, changed)
					}
				}
			}
		}
	}
	if t.Logf("%d mutants", mutants); mutants < 20 {
		t.Error("too few mutants to say anything")
	}
}

// changes are values that differ from raw in one element, or in length.
func changes(t *testing.T, raw json.RawMessage) []json.RawMessage {
	read := func() any {
		v, err := parseJSON(raw)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	list, ok := read().([]any)
	if !ok {
		return []json.RawMessage{appendJSON(nil, otherValue(read()))}
	}
	var out []json.RawMessage
	for i := range list {
		v := read().([]any)
		v[i] = otherValue(v[i])
		out = append(out, appendJSON(nil, v))
	}
	return append(out, appendJSON(nil, list[:len(list)-1]), appendJSON(nil, append(list, list[0])))
}

// sample is some cases of a kind, or with CONFORMANCE_ALL=1 all of them.
// sample is the cases of a kind.
func sample(t *testing.T, kind string) []*Case {
	if _, err := os.Stat(corpusDir); err != nil {
		t.Skip("no corpus at", corpusDir)
	}
	cases, err := load(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 9
	}
	var out []*Case
	for i, c := range cases {
		if i%step == 0 && c.Kind == kind {
			out = append(out, c)
		}
	}
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

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// judgeResponses matches the expected responses with the answers, place by place.
func (r *server) judgeResponses() error {
	if len(r.c.Responses) > len(r.actual) {
		return fmt.Errorf("expected %d responses, got %d", len(r.c.Responses), len(r.actual))
	}
	for i, want := range r.c.Responses {
		for kind, raw := range want {
			expected, err := parseJSON(raw)
			if err != nil {
				return err
			}
			if kind != r.actual[i].kind {
				return fmt.Errorf("response %d: expected %s, got %s", i, kind, r.actual[i].kind)
			}
			expected, actual := prune(typed(expected, true)), prune(typed(r.actual[i].value, true))
			d := ""
			if kind == "query" {
				d = matchAnswer(expected, actual)
			} else if kind == "queryProto" {
				d = matchPart(sortRows(expected), actual)
			} else {
				d = matchPart(expected, actual)
			}
			if d != "" {
				return fmt.Errorf("response %d: %s", i, d)
			}
		}
	}
	return nil
}

// matchAnswer compares the rows of a query: columns as a multiset, all else at its place.
func matchAnswer(expected, actual any) string {
	want, ok := expected.([]any)
	got, ok2 := actual.([]any)
	if !ok || !ok2 {
		return differ(expected, actual)
	}
	if len(want) != len(got) {
		return fmt.Sprintf("expected %d rows, got %d: %s", len(want), len(got), show(actual))
	}
	var wantRows, gotRows []string
	for i := range want {
		e, columns := withoutColumns(want[i])
		if columns != nil {
			wantRows = append(wantRows, canonical(columns))
		}
		a, columns := withoutColumns(got[i])
		if columns != nil {
			gotRows = append(gotRows, canonical(columns))
		}
		if d := matchPart(e, a); d != "" {
			return fmt.Sprintf("[%d] %s", i, d)
		}
	}
	slices.Sort(wantRows)
	slices.Sort(gotRows)
	if !slices.Equal(wantRows, gotRows) {
		return fmt.Sprintf("expected the rows %s, got %s", strings.Join(wantRows, " "), strings.Join(gotRows, " "))
	}
	return ""
}

// withoutColumns takes row.columns out of an element of a query's answer.
func withoutColumns(v any) (rest, columns any) {
	o, ok := v.(*object)
	if !ok {
		return v, nil
	}
	out := &object{}
	for i, n := range o.names {
		value := o.values[i]
		if r, ok := value.(*object); n == "row" && ok {
			inner := &object{}
			for k, name := range r.names {
				if name == "columns" {
					columns = r.values[k]
				} else {
					inner.names, inner.values = append(inner.names, name), append(inner.values, r.values[k])
				}
			}
			value = inner
		}
		out.names, out.values = append(out.names, n), append(out.values, value)
	}
	return out, columns
}

// matchPart compares the members that the expectation names; anything but an object must be equal.
func matchPart(expected, actual any) string {
	e, ok := expected.(*object)
	if !ok {
		if canonical(expected) != canonical(actual) {
			return differ(expected, actual)
		}
		return ""
	}
	a, ok := actual.(*object)
	if !ok {
		return differ(expected, actual)
	}
	for i, n := range e.names {
		name, how, _ := strings.Cut(n, "|")
		v, found := a.get(name)
		if !found {
			return name + ": no such member in " + show(actual)
		}
		if how == "starts_with" {
			want, _ := e.values[i].(string)
			if got, ok := v.(string); !ok || !strings.HasPrefix(got, want) {
				return name + ": " + differ(e.values[i], v)
			}
			continue
		}
		if how != "" && how != "equals" {
			return errors.New("an unknown comparison: " + n).Error()
		}
		if d := matchPart(e.values[i], v); d != "" {
			return name + ": " + d
		}
	}
	return ""
}

// prune drops empty members of objects, as ksqlDB's mapper does.
func prune(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	case *object:
		out := &object{}
		for i, n := range v.names {
			value := prune(v.values[i])
			empty := value == nil || value == ""
			switch value := value.(type) {
			case []any:
				empty = len(value) == 0
			case *object:
				empty = len(value.names) == 0
			}
			if !empty {
				out.names, out.values = append(out.names, n), append(out.values, value)
			}
		}
		return out
	}
	return v
}

// canonical is a text that equal values share: members sorted, decimals with their scale.
func canonical(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = canonical(v[i])
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *object:
		parts := make([]string, len(v.names))
		for i, n := range v.names {
			parts[i] = string(appendJSONString(nil, n)) + ":" + canonical(v.values[i])
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case string, bool, nil, json.Number:
		return string(appendJSON(nil, v))
	}
	return fmt.Sprint(v)
}

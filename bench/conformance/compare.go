package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// row is one record as it was found in a topic, its key and value read.
type row struct {
	key, value any
	time       int64 // ms
	window     *RecordWindow
	headers    []RecordHeader
}

// match says how the actual value differs from the expected one, or "". The rules are those of ksqlDB's own
// test tool: integers compare truncated, fractions with their scale, objects by exact or upper-case names.
func match(expected, actual any) string {
	if expected == nil {
		if actual == nil {
			return ""
		}
		return differ(expected, actual)
	}
	ok := false
	switch e := expected.(type) {
	case string:
		ok = matchText(e, actual)
	case bool:
		ok = actual == e
	case json.Number:
		ok = matchNumber(string(e), actual)
	case []any:
		list, is := actual.([]any)
		if !is || len(list) != len(e) {
			return differ(expected, actual)
		}
		for i := range e {
			if d := match(e[i], list[i]); d != "" {
				return fmt.Sprintf("[%d]: %s", i, d)
			}
		}
		return ""
	case *object:
		return matchObject(e, actual)
	}
	if ok {
		return ""
	}
	return differ(expected, actual)
}

func differ(expected, actual any) string {
	return "expected " + show(expected) + ", got " + show(actual)
}

func matchText(e string, actual any) bool {
	switch a := actual.(type) {
	case string:
		return a == e
	case decimal:
		d, ok := parseDecimal(e)
		return ok && d.scale == a.scale && d.unscaled.Cmp(a.unscaled) == 0
	case []byte:
		return base64.StdEncoding.EncodeToString(a) == e
	}
	return false
}

func matchNumber(e string, actual any) bool {
	d, ok := parseDecimal(e)
	if !ok {
		return false
	}
	switch a := actual.(type) {
	case int32:
		return int32(low64(d.truncated())) == a
	case int64:
		return low64(d.truncated()) == a
	case float64:
		f, _ := json.Number(e).Float64()
		return math.Abs(f-a) < 0.000001
	case decimal:
		if strings.ContainsAny(e, ".eE") {
			return d.scale == a.scale && d.unscaled.Cmp(a.unscaled) == 0
		}
		return a.scale <= 0 && d.sameValue(a)
	}
	return false
}

// low64 is the low 64 bits of x in two's complement, as BigInteger.longValue gives them.
func low64(x *big.Int) int64 {
	var y big.Int
	y.And(x, new(big.Int).SetUint64(math.MaxUint64))
	return int64(y.Uint64())
}

func matchObject(e *object, actual any) string {
	o, is := actual.(*object)
	if !is || len(o.names) != len(e.names) {
		return differ(e, actual)
	}
	for i, name := range e.names {
		v, _ := o.get(name)
		if v == nil {
			v, _ = o.get(strings.ToUpper(name))
		}
		if d := match(e.values[i], v); d != "" {
			return name + ": " + d
		}
	}
	return ""
}

// matchRows compares a topic's rows with the expected ones, position by position. anyZero: an expected
// timestamp 0 matches every time (the case has no inputs).
func matchRows(topic string, expected []Record, rows []row, anyZero bool) string {
	for i, e := range expected {
		if i >= len(rows) {
			break
		}
		if d := matchRow(e, rows[i], anyZero); d != "" {
			return fmt.Sprintf("%s[%d] of %d (expected %d): %s", topic, i, len(rows), len(expected), d)
		}
	}
	if len(rows) > len(expected) {
		r := rows[len(expected)]
		return fmt.Sprintf("%s: expected %d rows, got %d; the first too many: key %s value %s", topic, len(expected), len(rows), show(r.key), show(r.value))
	}
	if len(rows) < len(expected) {
		e := expected[len(rows)]
		return fmt.Sprintf("%s: expected %d rows, got %d; missing: key %s value %s", topic, len(expected), len(rows), e.Key, e.Value)
	}
	return ""
}

func matchRow(e Record, r row, anyZero bool) string {
	for _, side := range []struct {
		name   string
		want   json.RawMessage
		actual any
	}{{"key", e.Key, r.key}, {"value", e.Value, r.value}} {
		var want any
		if side.want != nil {
			var err error
			if want, err = parseJSON(side.want); err != nil {
				return side.name + ": " + err.Error()
			}
		}
		if d := match(want, side.actual); d != "" {
			return side.name + ": " + d
		}
	}
	if w := e.Window; w != nil && (r.window == nil || *w != *r.window) || w == nil && r.window != nil {
		return fmt.Sprintf("window: expected %v, got %v", e.Window, r.window)
	}
	if d := matchHeaders(e.Headers, r.headers); d != "" {
		return d
	}
	if e.Timestamp != nil && *e.Timestamp != r.time && !(anyZero && *e.Timestamp == 0) {
		return fmt.Sprintf("timestamp: expected %d, got %d", *e.Timestamp, r.time)
	}
	return ""
}

func matchHeaders(expected, actual []RecordHeader) string {
	bad := func() string {
		e, _ := json.Marshal(expected)
		a, _ := json.Marshal(actual)
		return fmt.Sprintf("headers: expected %s, got %s", e, a)
	}
	if len(expected) != len(actual) {
		return bad()
	}
	for i, e := range expected {
		a := actual[i]
		if e.Key != a.Key || (e.Value == nil) != (a.Value == nil) {
			return bad()
		}
		if e.Value != nil {
			want, err := base64.StdEncoding.DecodeString(*e.Value)
			got, err2 := base64.StdEncoding.DecodeString(*a.Value)
			if err != nil || err2 != nil || !bytes.Equal(want, got) {
				return bad()
			}
		}
	}
	return ""
}

func (w *RecordWindow) String() string {
	if w == nil {
		return "none"
	}
	return fmt.Sprintf("%s %d..%d", w.Type, w.Start, w.End)
}

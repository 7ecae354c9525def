package main

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

func TestMatch(t *testing.T) {
	dec := func(s string) any { d, _ := parseDecimal(s); return d }
	obj := func(s string) any { v, _ := parseJSON([]byte(s)); return typed(v, true) }
	for _, c := range []struct {
		expected string
		actual   any
		want     bool
	}{
		{`null`, nil, true}, {`null`, int32(0), false}, {`"a"`, nil, false},
		{`"a"`, "a", true}, {`"a"`, "A", false},
		{`"12.30"`, dec("12.30"), true}, {`"12.30"`, dec("12.3"), false},
		{`"aGk="`, []byte("hi"), true}, {`"aGk"`, []byte("hi"), false},
		{`true`, true, true}, {`true`, false, false}, {`true`, "true", false},
		{`1`, int32(1), true}, {`1.5`, int32(1), true}, {`2`, int32(1), false}, {`4294967297`, int32(1), true},
		{`1`, int64(1), true}, {`18446744073709551617`, int64(1), true},
		{`1`, new(big.Int).Lsh(big.NewInt(1), 70), false}, {`1`, "1", false},
		{`1`, float64(1), true}, {`1.0000001`, float64(1), true}, {`1.00001`, float64(1), false},
		{`1`, dec("1"), true}, {`1`, dec("1.0"), false}, {`10`, dec("1E1"), true}, {`1.0`, dec("1.0"), true},
		{`1.0`, dec("1.00"), false}, {`1E1`, dec("1E1"), true}, {`1.0E10`, dec("1.0E10"), true}, {`-0.5`, dec("-0.5"), true},
		{`[1,2]`, obj(`[1,2]`), true}, {`[1,2]`, obj(`[1]`), false}, {`[1,2]`, obj(`[2,1]`), false},
		{`{"a":1}`, obj(`{"A":1}`), true}, {`{"a":1}`, obj(`{"a":null,"A":1}`), false}, {`{"A":1}`, obj(`{"a":1}`), false},
		{`{"a":1}`, obj(`{"a":1,"b":2}`), false}, {`{"a":1,"b":null}`, obj(`{"a":1}`), false}, {`{"a":null}`, obj(`{"a":null}`), true},
		{`{"a":null}`, obj(`{"b":null}`), true}, {`{"a":null}`, obj(`{"a":1}`), false}, {`{"a":1}`, "x", false}, {`[]`, obj(`{}`), false},
	} {
		e, err := parseJSON([]byte(c.expected))
		if err != nil {
			t.Fatal(err)
		}
		if got := match(e, c.actual) == ""; got != c.want {
			t.Errorf("match(%s, %s) = %v", c.expected, show(c.actual), got)
		}
	}
}

func TestMatchRowsSeesOneDifference(t *testing.T) {
	text, one, other := "eA==", int64(1), int64(2)
	good := []Record{{Key: json.RawMessage(`1`), Value: json.RawMessage(`{"A":1}`), Timestamp: &one, Headers: []RecordHeader{{"h", &text}}},
		{Value: json.RawMessage(`null`), Window: &RecordWindow{0, 10, "time"}}}
	rows := []row{{key: int32(1), value: &object{[]string{"A"}, []any{int32(1)}}, time: 1, headers: []RecordHeader{{"h", &text}}}, {window: &RecordWindow{0, 10, "time"}}}
	if d := matchRows("T", good, rows, false); d != "" {
		t.Fatal(d)
	}
	for name, change := range map[string]func(e []Record) []Record{
		"key":          func(e []Record) []Record { e[0].Key = json.RawMessage(`2`); return e },
		"no key":       func(e []Record) []Record { e[0].Key = nil; return e },
		"value":        func(e []Record) []Record { e[1].Value = json.RawMessage(`1`); return e },
		"time":         func(e []Record) []Record { e[0].Timestamp = &other; return e },
		"header":       func(e []Record) []Record { e[0].Headers = []RecordHeader{{"h", nil}}; return e },
		"no header":    func(e []Record) []Record { e[0].Headers = nil; return e },
		"window end":   func(e []Record) []Record { e[1].Window = &RecordWindow{0, 11, "time"}; return e },
		"window kind":  func(e []Record) []Record { e[1].Window = &RecordWindow{0, 10, "session"}; return e },
		"no window":    func(e []Record) []Record { e[1].Window = nil; return e },
		"extra window": func(e []Record) []Record { e[0].Window = &RecordWindow{}; return e },
		"order":        func(e []Record) []Record { e[0], e[1] = e[1], e[0]; return e },
		"too few":      func(e []Record) []Record { return e[:1] },
		"too many":     func(e []Record) []Record { return append(e, e[0]) },
	} {
		if matchRows("T", change(append([]Record{}, good...)), rows, false) == "" {
			t.Errorf("a wrong %s is not noticed", name)
		}
	}
	zero := int64(0)
	good[0].Timestamp = &zero
	if d := matchRows("T", good, rows, true); d != "" {
		t.Errorf("time 0 must match every time in a case without inputs: %s", d)
	}
}

func TestJavaDouble(t *testing.T) {
	for f, want := range map[float64]string{0: "0.0", 1: "1.0", -1.5: "-1.5", 0.001: "0.001", 0.0009: "9.0E-4", 1e7: "1.0E7", 9999999: "9999999.0",
		1.7976931348623157e308: "1.7976931348623157E308", 123456789.25: "1.2345678925E8", -1e-10: "-1.0E-10"} {
		if got := javaDouble(f); got != want {
			t.Errorf("javaDouble(%g) = %s, want %s", f, got, want)
		}
	}
}

func TestInputComesBackAsOutput(t *testing.T) {
	col := func(t sql.Type) []sql.Field { return []sql.Field{{Name: "C", Type: t}} }
	for _, c := range []struct {
		s    side
		text string
	}{
		{side{format: plan.Format{Name: "JSON"}, exact: true}, `{"a": [1, 2.50, null, true, "x\u00e9\n"], "b": {"c": 12345678901}}`},
		{side{format: plan.Format{Name: "JSON"}, exact: true}, `1.10`},
		{side{format: plan.Format{Name: "DELIMITED"}}, `"a,b,1.0"`},
		{side{format: plan.Format{Name: "KAFKA"}, columns: col(sql.TInteger)}, `-7`},
		{side{format: plan.Format{Name: "KAFKA"}, columns: col(sql.TBigint)}, `12345678901`},
		{side{format: plan.Format{Name: "KAFKA"}, columns: col(sql.TDouble)}, `1.5`},
		{side{format: plan.Format{Name: "KAFKA"}, columns: col(sql.TString)}, `"text"`},
		{side{format: plan.Format{Name: "KAFKA"}, columns: col(sql.TBytes)}, `"text"`},
		{side{format: plan.Format{Name: "KAFKA"}}, `"ignored"`},
		{side{format: plan.Format{Name: "KAFKA"}}, `null`},
	} {
		for _, w := range []*RecordWindow{nil, {5000, 6000, "time"}, {5000, 7500, "session"}} {
			key := c.s
			if w != nil {
				key.window = &plan.Window{Kind: sql.Tumbling, Size: 1000}
				if w.Type == "session" {
					key.window = &plan.Window{Kind: sql.Session}
				}
			}
			if c.text == "null" && w != nil {
				continue
			}
			ms, h := int64(42), "aGk="
			in := Record{Topic: "T", Key: json.RawMessage(c.text), Value: json.RawMessage(c.text), Timestamp: &ms, Window: w, Headers: []RecordHeader{{"a", &h}, {"b", nil}}}
			run := &store.Records{}
			if err := appendInput(run, in, key, c.s); err != nil {
				t.Errorf("%s %s: %v", c.s.format.Name, c.text, err)
				continue
			}
			rows, err := readRows([]store.Records{*run}, key, c.s)
			if err != nil {
				t.Errorf("%s %s: %v", c.s.format.Name, c.text, err)
			} else if d := matchRows("T", []Record{in}, rows, false); d != "" {
				t.Errorf("%s: %s", c.s.format.Name, d)
			}
		}
	}
	if _, err := encode(json.RawMessage(`1`), side{format: plan.Format{Name: "DELIMITED"}}); err == nil {
		t.Error("a DELIMITED input that is no string must be refused")
	}
	if _, err := encode(json.RawMessage(`{}`), side{format: plan.Format{Name: "AVRO"}}); err == nil {
		t.Error("a format that the runner lacks must be named")
	}
}

func TestInputJSONKeepsNumbersAndOrder(t *testing.T) {
	b, err := encode(json.RawMessage("{ \"z\" : 1.50, \"a\" : 10E2, \"s\":\"\\u00e9\\u0001\" }"), side{format: plan.Format{Name: "JSON"}})
	if want := `{"z":1.50,"a":10E2,"s":"é\u0001"}`; err != nil || string(b) != want {
		t.Errorf("got %s, %v; want %s", b, err, want)
	}
}

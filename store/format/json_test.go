package format

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/json"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

func pack(texts ...string) (src []byte, at []store.Span) {
	for _, t := range texts {
		if t == "<nil>" {
			at = append(at, store.Span{Len: -1})
			continue
		}
		at = append(at, store.Span{Off: int32(len(src)), Len: int32(len(t))})
		src = append(src, t...)
	}
	return src, at
}

// again reads texts and writes them back; a row that fails stands as its error, a null row as <nil>.
func again(t *testing.T, s Spec, texts ...string) []string {
	t.Helper()
	if s.Topic == "" {
		s.Topic = "t"
	}
	c, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	src, at := pack(texts...)
	out := bidColumns(s.Columns)
	got := make([]string, len(texts))
	skip := make([]bool, len(texts))
	c.Decode(src, at, out, func(row int, err error) { got[row] = err.Error() }, func(row int) { skip[row] = true })
	for k, v := range out {
		if v.N != len(texts) {
			t.Fatalf("column %d has %d rows of %d", k, v.N, len(texts))
		}
	}
	dst, spans, err := c.Encode(out, len(texts), skip, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, sp := range spans {
		if got[i] == "" {
			got[i] = "<nil>"
			if sp.Len >= 0 {
				got[i] = string(sp.Of(dst))
			}
		}
	}
	return got
}

func one(name string, t sql.Type) []sql.Field { return []sql.Field{{Name: name, Type: t}} }

func TestJSONCoercions(t *testing.T) {
	bad := func(node, typ string) string {
		return "Failed to deserialize value from topic: t. Can't convert type. sourceType: " + node + ", requiredType: " + typ + ", path: $.C"
	}
	text := func(typ string) string {
		return "Failed to deserialize value from topic: t. Can't coerce string to type. targetType: " + typ + ", path: $.C"
	}
	const malformed = "Failed to deserialize value from topic: t. malformed JSON"
	for _, c := range []struct {
		t    sql.Type
		in   string
		want string
	}{
		{sql.TBoolean, `true`, `true`}, {sql.TBoolean, `"true"`, bad("TextNode", "BOOLEAN")}, {sql.TBoolean, `1`, bad("IntNode", "BOOLEAN")},
		{sql.TBoolean, `tru`, malformed}, {sql.TBoolean, `null`, `null`},
		{sql.TInteger, `2147483648`, `-2147483648`}, {sql.TInteger, `-1.99`, `-1`}, {sql.TInteger, `"12"`, `12`}, {sql.TInteger, `"+12"`, `12`},
		{sql.TInteger, `"1.0"`, text("INTEGER")}, {sql.TInteger, `" 1"`, text("INTEGER")}, {sql.TInteger, `"2147483648"`, text("INTEGER")},
		{sql.TInteger, `true`, bad("BooleanNode", "INTEGER")}, {sql.TInteger, `01`, malformed}, {sql.TInteger, `-`, malformed}, {sql.TInteger, `1.`, malformed},
		{sql.TInteger, `[1]`, bad("ArrayNode", "INTEGER")},
		{sql.TBigint, `9223372036854775808`, `-9223372036854775808`}, {sql.TBigint, `1e3`, `1000`}, {sql.TBigint, `1.5E1`, `15`}, {sql.TBigint, `1e400`, `0`},
		{sql.TBigint, `1e-400`, `0`}, {sql.TBigint, `-123456789012345678`, `-123456789012345678`}, {sql.TBigint, `1234567890123456789`, `1234567890123456789`},
		{sql.TBigint, `"-9223372036854775808"`, `-9223372036854775808`}, {sql.TBigint, `""`, text("BIGINT")}, {sql.TBigint, `"1_0"`, text("BIGINT")},
		{sql.TBigint, `12345678`, `12345678`}, {sql.TBigint, `1234567812345678`, `1234567812345678`}, {sql.TBigint, `-0`, `0`}, {sql.TBigint, `1436918400000`, `1436918400000`},
		{sql.TDouble, `1`, `1.0`}, {sql.TDouble, `"NaN"`, `"NaN"`}, {sql.TDouble, `" -Infinity "`, `"-Infinity"`}, {sql.TDouble, `1e400`, `"Infinity"`},
		{sql.TDouble, `0.1`, `0.1`}, {sql.TDouble, `1e10`, `1.0E10`}, {sql.TDouble, `NaN`, malformed}, {sql.TDouble, `"x"`, text("DOUBLE")}, {sql.TDouble, `false`, bad("BooleanNode", "DOUBLE")},
		{sql.TDouble, `123456.789`, `123456.789`}, {sql.TDouble, `9007199254740993`, `9.007199254740992E15`},
		{sql.DecimalOf(8, 4), `10.0`, `10.0000`}, {sql.DecimalOf(8, 4), `"1.5"`, `1.5000`}, {sql.DecimalOf(12, 10), `0`, `0E-10`},
		{sql.DecimalOf(4, 2), `100`, "Failed to deserialize value from topic: t. Numeric field overflow: A field with precision 4 and scale 2 must round to an absolute value less than 10^2. Got 100, path: $.C"},
		{sql.DecimalOf(4, 2), `1.234`, "Failed to deserialize value from topic: t. Cannot fit decimal '1.234' into DECIMAL(4, 2) without rounding. (Requires 4,3), path: $.C"},
		{sql.DecimalOf(50, 2), `1.5e20`, `150000000000000000000.00`},
		{sql.TString, `"a"`, `"a"`}, {sql.TString, `true`, `"true"`}, {sql.TString, `12`, `"12"`}, {sql.TString, `1.50`, `"1.50"`}, {sql.TString, `1e3`, `"1E+3"`},
		{sql.TString, `0.0000001`, `"1E-7"`}, {sql.TString, `{"b" : [1, 2.0], "a":null, "b":"\u00e9\n"}`, `"{\"b\":\"é\\n\",\"a\":null}"`},
		{sql.TString, `[1, "x", null, [true, {}], 1.0]`, `"[1, x, null, [true, {}], 1.0]"`}, {sql.TString, `[]`, `"[]"`}, {sql.TString, `[1,]`, malformed},
		{sql.TString, `"\u0041\ud83d\ude00\/\b\f\n\r\t\"\\\u001f"`, `"A😀/\b\f\n\r\t\"\\\u001F"`}, {sql.TString, `"\ud83d"`, `"\uD83D"`}, {sql.TString, `"\ud83d\u0041"`, `"\uD83DA"`},
		{sql.TString, "\"a\x01\"", malformed}, {sql.TString, "\"12345678\xff\"", malformed}, {sql.TString, `"\x"`, malformed}, {sql.TString, `"\u12"`, malformed}, {sql.TString, `"grün und größer"`, `"grün und größer"`},
		{sql.TBytes, `"AQI="`, `"AQI="`}, {sql.TBytes, `""`, `""`}, {sql.TBytes, `1`, bad("IntNode", "BYTES")}, {sql.TBytes, `"?"`, "Failed to deserialize value from topic: t. Can't decode base64, path: $.C"},
		{sql.TDate, `"12"`, `12`}, {sql.TDate, `12.9`, `12`}, {sql.TDate, `"2020-01-01"`, text("DATE")},
		{sql.TTime, `86400000`, `86400000`}, {sql.TTime, `86400001`, "Failed to deserialize value from topic: t. Time values must use number of milliseconds greater than 0 and less than 86400000., path: $.C"},
		{sql.TTimestamp, `-5`, `-5`}, {sql.TTimestamp, `99999999999999999999`, `7766279631452241919`},
		{sql.ArrayOf(sql.TInteger), `[1, null,"3"]`, `[1,null,3]`}, {sql.ArrayOf(sql.TInteger), `[ ]`, `[]`}, {sql.ArrayOf(sql.TInteger), `{}`, bad("ObjectNode", "ARRAY<INTEGER>")},
		{sql.ArrayOf(sql.TInteger), `[1,"x"]`, text("INTEGER") + "[1]"},
		{sql.MapOf(sql.TString, sql.TDouble), `{"b":1,"A":null}`, `{"A":null,"b":1.0}`}, {sql.MapOf(sql.TString, sql.TDouble), `{"b":1,"c":2,"b":"x","b":3}`, `{"b":3.0,"c":2.0}`},
		{sql.MapOf(sql.TString, sql.TDouble), `[]`, bad("ArrayNode", "MAP<STRING, DOUBLE>")},
		{sql.StructOf(sql.Field{Name: "X", Type: sql.TInteger}, sql.Field{Name: "y", Type: sql.ArrayOf(sql.TString)}), `{"Y":["a"],"x":1}`, `{"X":1,"y":null}`},
		{sql.StructOf(sql.Field{Name: "X", Type: sql.TInteger}, sql.Field{Name: "y", Type: sql.ArrayOf(sql.TString)}), `{"y":["a"],"z":{"q":[1,{"r":2}]}}`, `{"X":null,"y":["a"]}`},
	} {
		want := c.want
		if !strings.HasPrefix(want, "Failed") {
			want = `{"C":` + want + `}`
		}
		// Between two sound rows, so that a half-read one is seen to be taken back.
		ok := `{"C":null}`
		got := again(t, Spec{Format: "JSON", Side: Value, Columns: one("C", c.t)}, ok, `{"C":`+c.in+`}`, ` { "c" : `+c.in+` } tail`, ok)
		if got[0] != ok || got[3] != ok || got[1] != want || got[2] != want {
			t.Errorf("%s from %s:\n%s\nwant %s", c.t, c.in, strings.Join(got, "\n"), want)
		}
	}
}

func TestJSONNames(t *testing.T) {
	i := sql.TInteger
	for _, c := range []struct {
		cols     []string
		in, want string
	}{
		{[]string{"A", "B"}, `{"b":2,"a":1}`, `{"A":1,"B":2}`},
		{[]string{"A"}, `{"A":null,"a":1}`, `{"A":null}`},
		{[]string{"A"}, `{"a":1,"A":2}`, `{"A":2}`},
		{[]string{"A"}, `{"A":2,"a":1}`, `{"A":2}`},
		{[]string{"A"}, `{"a":"x","a":3}`, `{"A":3}`},
		{[]string{"AB"}, `{"ab":1,"aB":2}`, `{"AB":2}`},
		{[]string{"a"}, `{"A":1}`, `{"a":null}`},
		{[]string{"a", "A"}, `{"a":1}`, `{"a":1,"A":1}`},
		{[]string{"a", "A"}, `{"A":2,"a":1}`, `{"a":1,"A":2}`},
		{[]string{"A"}, `{"\u0061":1,"unknown":[{"x":"}"}]}`, `{"A":1}`},
		{[]string{"A"}, `{}`, `{"A":null}`},
		{[]string{`q"\`}, `{"q\"\\":1}`, `{"q\"\\":1}`},
		{[]string{"A"}, `{"A":1,}`, "Failed to deserialize value from topic: t. malformed JSON"},
		{[]string{"A"}, `{"A":1 "B":2}`, "Failed to deserialize value from topic: t. malformed JSON"},
		{[]string{"A"}, `{"A":1,"B":[1,2}`, "Failed to deserialize value from topic: t. malformed JSON"},
		{[]string{"A"}, `{"A":1`, "Failed to deserialize value from topic: t. malformed JSON"},
		{[]string{"A"}, ``, "Failed to deserialize value from topic: t. malformed JSON"},
		{[]string{"A"}, `5`, "Failed to deserialize value from topic: t. Can't convert type. sourceType: IntNode, requiredType: STRUCT<A INTEGER>, path: $"},
		{[]string{"A"}, `null`, "Failed to deserialize value from topic: t. Can't convert type. sourceType: NullNode, requiredType: STRUCT<A INTEGER>, path: $"},
		{[]string{"A"}, `<nil>`, `<nil>`},
	} {
		var cols []sql.Field
		for _, n := range c.cols {
			cols = append(cols, sql.Field{Name: n, Type: i})
		}
		got := again(t, Spec{Format: "JSON", Side: Value, Columns: cols}, c.in, c.in)
		if got[0] != c.want || got[1] != c.want {
			t.Errorf("%q from %s: %q, want %s", c.cols, c.in, got, c.want)
		}
	}
}

func TestJSONPrunedColumns(t *testing.T) {
	cols := []sql.Field{{Name: "A", Type: sql.TBigint}, {Name: "B", Type: sql.TInteger}, {Name: "C", Type: sql.ArrayOf(sql.TInteger)}}
	c, err := Open(Spec{Format: "JSON", Side: Key, Topic: "t", Columns: cols})
	if err != nil {
		t.Fatal(err)
	}
	src, at := pack(`{"A":1,"B":2,"C":[1]}`, `{"A":2,"B":"x"}`, `{"A":3,"B":"x","B":4}`, `{"A":4,"C":["x"]}`, `{"B":1}`, `{"A":6,"B":"7"}`)
	v := vec.New(sql.TBigint)
	var failed []int
	c.Decode(src, at, []*vec.Vec{v, nil, nil}, func(row int, err error) { failed = append(failed, row) }, nil)
	if v.N != 6 || v.I64[0] != 1 || !v.IsNull(1) || v.I64[2] != 3 || !v.IsNull(3) || !v.IsNull(4) || v.I64[5] != 6 || len(failed) != 2 || failed[0] != 1 || failed[1] != 3 {
		t.Error(v.N, v.I64, failed)
	}
}

func TestJSONUnwrapped(t *testing.T) {
	s := Spec{Format: "JSON", Side: Key, Columns: one("K", sql.TInteger), Unwrapped: true}
	got := again(t, s, `1`, ` 2 x`, `"3"`, `null`, `<nil>`, `{}`, ``, `4x`)
	want := []string{`1`, `2`, `3`, `<nil>`, `<nil>`,
		"Failed to deserialize key from topic: t. Can't convert type. sourceType: ObjectNode, requiredType: INTEGER, path: $",
		"Failed to deserialize key from topic: t. malformed JSON", "Failed to deserialize key from topic: t. malformed JSON"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %s, want %s", i, got[i], want[i])
		}
	}
	nulls := 0
	c, _ := Open(s)
	src, at := pack(`null`, `<nil>`)
	c.Decode(src, at, bidColumns(s.Columns), nil, func(row int) { nulls += row + 1 })
	if nulls != 2 {
		t.Error("only null bytes are a null row")
	}
}

func TestJSONDeepData(t *testing.T) {
	deep := strings.Repeat("[", 100000)
	got := again(t, Spec{Format: "JSON", Columns: one("C", sql.TString)}, `{"C":`+deep, `{"X":`+deep, `{"C":"x"}`)
	if !strings.Contains(got[0], "malformed") || !strings.Contains(got[1], "malformed") || got[2] != `{"C":"x"}` {
		t.Error(got[2])
	}
}

func TestAppendInt(t *testing.T) {
	check := func(x int64) {
		if got := string(appendInt([]byte("x"), x)); got != "x"+strconv.FormatInt(x, 10) {
			t.Errorf("%d is written as %s", x, got)
		}
		if y, end := json.SmallInt([]byte(strconv.FormatInt(x, 10)+",         "), 0); end > 0 && y != x || end < 0 && x > -1e18 && x < 1e18 {
			t.Errorf("%d is read as %d", x, y)
		}
	}
	for x := int64(1); x < 1e18; x *= 10 {
		for _, d := range []int64{-1, 0, 1, 5, 2 * x, 7*x + 3} {
			check(x + d)
			check(-x - d)
		}
	}
	check(math.MinInt64)
	check(math.MaxInt64)
	check(1234567890123456)
	check(9876543210987654)
}

// TestUnreadAgrees: whether a record can be read does not depend on which of its columns anybody reads.
func TestUnreadAgrees(t *testing.T) {
	for _, typ := range []sql.Type{sql.TBoolean, sql.TInteger, sql.TBigint, sql.TDouble, sql.DecimalOf(6, 2), sql.DecimalOf(50, 2), sql.TString, sql.TBytes, sql.TDate, sql.TTime, sql.TTimestamp,
		sql.ArrayOf(sql.TBigint), sql.MapOf(sql.TString, sql.TBigint), sql.StructOf(sql.Field{Name: "A", Type: sql.TBigint})} {
		for _, text := range []string{`1`, `-1`, `1.5`, `1e5`, `99999999999999999999`, `1e999999999`, `1e9999999999`, `1e-9999999999`, `1e0000000000000001`, `12.5e2147483648`, `-`, `01`, `1.`, `86400001`,
			`"1"`, `"x"`, `"AAEC"`, `"\ud800"`, `"\x"`, "\"\x01\"", `true`, `tru`, `null`, `nul`, `[1]`, `["x"]`, `[1e9999999999]`, `{"A":1}`, `{"A":"x"}`, `{"A":1e9999999999}`, `{`, ``,
			strings.Repeat("9", json.MaxNumber+1), "1e" + strings.Repeat("0", json.MaxNumber) + "1"} {
			record := []byte(`{"U":1,"V":` + text + `,"W":2}`)
			var failed [2]bool
			for k := range failed {
				c, err := Open(Spec{Format: "JSON", Side: Value, Topic: "t", Columns: []sql.Field{{Name: "V", Type: typ}, {Name: "W", Type: sql.TInteger}}})
				if err != nil {
					t.Fatal(err)
				}
				out := []*vec.Vec{nil, vec.New(sql.TInteger)}
				if k == 1 {
					out[0] = vec.New(typ)
				}
				c.Decode(record, []store.Span{{Len: int32(len(record))}}, out, func(int, error) { failed[k] = true }, nil)
			}
			if failed[0] != failed[1] {
				t.Errorf("%s as %s: refused when it is not read: %v, when it is: %v", text[:min(len(text), 40)], typ, failed[0], failed[1])
			}
		}
	}
}

package format

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

func strs(n int) []sql.Field {
	var cols []sql.Field
	for i := range n {
		cols = append(cols, sql.Field{Name: string(rune('A' + i)), Type: sql.TString})
	}
	return cols
}

func TestDelimitedText(t *testing.T) {
	const mismatch = "Failed to deserialize value from topic: t. Column count mismatch on deserialization. topic: t, expected: 2, got: "
	for _, c := range []struct{ delim, in, want string }{
		{",", `a,b`, `a,b`}, {",", `,`, `,`}, {",", `"",""`, `,`}, {",", `a`, mismatch + "1"}, {",", `a,b,c`, mismatch + "3"},
		{",", `"a,1","b ""x"""`, `"a,1","b ""x"""`}, {",", "\n\r\na,b\nc,d,e", "a,b"}, {",", "", "Failed to deserialize value from topic: t. No fields in record"},
		{",", ` a , b `, `" a "," b "`}, {",", `-10,-10`, `"-10",-10`}, {",", `é,é`, `"é",é`}, {",", `#,#`, `"#","#"`}, {",", "!x,$x", "\"!x\",$x"},
		{",", "\"a\nb\",\"c\rd\"", "\"a\nb\",\"c\rd\""}, {"TAB", "a\tb,c", "a\tb,c"}, {"SPACE", `a b`, `a b`}, {"SPACE", `a "b c"`, `a "b c"`}, {";", `a;"b;c"`, `a;"b;c"`},
		{"€", `a€b,c`, `a€b,c`}, {"€", `a€"b€c"`, `a€"b€c"`}, {",", `"a" ,b`, `a,b`}, {",", `"a`, "Failed to deserialize value from topic: t. (startline 1) EOF reached before encapsulated token finished"},
		{",", `"a"x,b`, "Failed to deserialize value from topic: t. (line 1) invalid char between encapsulated token and delimiter"},
		{",", "<nil>", "<nil>"}, {",", "a,\xff", "a,\uFFFD"}, {",", `a,b"c`, `a,"b""c"`},
	} {
		got := again(t, Spec{Format: "DELIMITED", Side: Value, Columns: strs(2), Props: map[string]string{"delimiter": c.delim}}, "x", c.in)
		if got[1] != c.want {
			t.Errorf("%q by %s: %q, want %q", c.in, c.delim, got[1], c.want)
		}
	}
}

func TestDelimitedTypes(t *testing.T) {
	for _, c := range []struct {
		t        sql.Type
		in, want string
	}{
		{sql.TBoolean, "TRUE", "true"}, {sql.TBoolean, "yes", "false"}, {sql.TInteger, "+5", "5"}, {sql.TInteger, "2147483648", "For input"}, {sql.TInteger, " 1", "For input"},
		{sql.TBigint, "1.0", "For input"}, {sql.TBigint, "-9223372036854775808", "-9223372036854775808"}, {sql.TDouble, " 10 ", "10.0"}, {sql.TDouble, "4.9e-324", "4.9E-324"},
		{sql.TDouble, "NaN", "NaN"}, {sql.DecimalOf(6, 4), ".12", "0.1200"}, {sql.DecimalOf(6, 4), "1.2e1", "12.0000"}, {sql.DecimalOf(6, 4), "0.12345", "Cannot fit"},
		{sql.DecimalOf(12, 10), "0", "0.0000000000"}, {sql.DecimalOf(6, 4), " 1", "invalid decimal"}, {sql.TBytes, "AQI=", "AQI="}, {sql.TDate, "-3", "-3"},
		{sql.TTime, "86400000", "86400000"}, {sql.TTime, "86400001", "Time values"}, {sql.TTimestamp, "12", "12"}, {sql.TTimestamp, "2020", "2020"}, {sql.TDate, "2020-01-01", "For input"},
	} {
		cols := []sql.Field{{Name: "A", Type: sql.TString}, {Name: "B", Type: c.t}, {Name: "C", Type: sql.TInteger}}
		got := again(t, Spec{Format: "DELIMITED", Side: Value, Columns: cols}, "a,,", "x,"+c.in+",1", "b,,2")
		want := "x," + c.want + ",1"
		if got[0] != "a,," || got[2] != "b,,2" || got[1] != want && !(strings.HasPrefix(got[1], "Failed to deserialize value from topic: t. ") && strings.Contains(got[1], c.want)) {
			t.Errorf("%s from %s: %q", c.t, c.in, got)
		}
	}
}

func TestDelimitedSingleNull(t *testing.T) {
	c, _ := Open(Spec{Format: "DELIMITED", Columns: strs(1), Unwrapped: true})
	v := vec.New(sql.TString)
	v.AppendNull()
	v.AppendString("")
	dst, at, err := c.Encode([]*vec.Vec{v}, 2, nil, nil, nil)
	if err != nil || at[0].Len != 0 || string(at[1].Of(dst)) != `""` {
		t.Error(string(dst), at, err)
	}
}

func TestKafka(t *testing.T) {
	for _, c := range []struct {
		t        sql.Type
		in, want string
	}{
		{sql.TInteger, "\x00\x00\x01\x00", "\x00\x00\x01\x00"}, {sql.TInteger, "\x00", "Size of data received by IntegerDeserializer is not 4"},
		{sql.TBigint, "\xff\xff\xff\xff\xff\xff\xff\xfe", "\xff\xff\xff\xff\xff\xff\xff\xfe"}, {sql.TBigint, "", "Size of data received by LongDeserializer is not 8"},
		{sql.TDouble, "\x3f\xf0\x00\x00\x00\x00\x00\x00", "\x3f\xf0\x00\x00\x00\x00\x00\x00"}, {sql.TDouble, "1", "Size of data received by Deserializer is not 8"},
		{sql.TString, "", ""}, {sql.TString, "é", "é"}, {sql.TString, "a\xff", "a\uFFFD"}, {sql.TBytes, "a\xff", "a\xff"}, {sql.TInteger, "<nil>", "<nil>"},
	} {
		want := c.want
		if strings.HasPrefix(want, "Size") {
			want = "Failed to deserialize key from topic: t. " + want
		}
		if got := again(t, Spec{Format: "KAFKA", Side: Key, Columns: one("K", c.t), Unwrapped: true}, c.in); got[0] != want {
			t.Errorf("%s from %q: %q", c.t, c.in, got[0])
		}
	}
	c, err := Open(Spec{Format: "KAFKA"})
	if err != nil {
		t.Fatal(err)
	}
	if _, at, err := c.Encode(nil, 2, nil, nil, nil); err != nil || len(at) != 2 || at[0].Len >= 0 {
		t.Error("a side without columns is null", at, err)
	}
}

func TestOpen(t *testing.T) {
	for _, c := range []struct {
		s    Spec
		want string
	}{
		{Spec{Format: "X"}, "Unknown format: X"},
		{Spec{Format: "AVRO", Columns: strs(1)}, "The 'AVRO' format is not available in this build."},
		{Spec{Format: "NONE", Side: Key, Columns: strs(1)}, "The 'NONE' format can only be used when no columns are defined. Got: [`A` STRING KEY]"},
		{Spec{Format: "KAFKA", Side: Value, Columns: strs(2)}, "The 'KAFKA' format only supports a single field. Got: [`A` STRING, `B` STRING]"},
		{Spec{Format: "JSON", Side: Value, Columns: strs(2), Unwrapped: true}, "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas"},
		{Spec{Format: "DELIMITED", Columns: strs(2), Props: map[string]string{"delimiter": ""}}, "Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'\nExample valid value: ';'"},
	} {
		if _, err := Open(c.s); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v", c.s, err)
		}
	}
	c, err := Open(Spec{Format: "none"})
	if err != nil {
		t.Fatal(err)
	}
	nulls := 0
	src, at := pack("x", "<nil>")
	c.Decode(src, at, nil, nil, func(int) { nulls++ })
	if nulls != 2 {
		t.Error("NONE reads null")
	}
	c, err = Open(Spec{Format: "json", Side: Key, Unwrapped: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, at, err := c.Encode(nil, 1, nil, nil, nil); err != nil || at[0].Len >= 0 {
		t.Error("a key without columns is null", at, err)
	}
	f, ok := Lookup("protobuf")
	if !ok || !f.SchemaRegistry || f.Unwrap {
		t.Error(f)
	}
}

func TestWindow(t *testing.T) {
	k := AppendWindow([]byte("key"), false, 1000, 2000)
	if string(k) != "key\x00\x00\x00\x00\x00\x00\x03\xe8" {
		t.Errorf("%q", k)
	}
	if in, s, e, err := SplitWindow(k, false, 1000); string(in) != "key" || s != 1000 || e != 2000 || err != nil {
		t.Error(in, s, e, err)
	}
	k = AppendWindow([]byte("key"), true, 1000, 2000)
	if string(k) != "key\x00\x00\x00\x00\x00\x00\x07\xd0\x00\x00\x00\x00\x00\x00\x03\xe8" {
		t.Errorf("%q", k)
	}
	if in, s, e, err := SplitWindow(k, true, 0); string(in) != "key" || s != 1000 || e != 2000 || err != nil {
		t.Error(in, s, e, err)
	}
	if _, _, _, err := SplitWindow(k[:15], true, 0); err == nil {
		t.Error("too short a key is split")
	}
}

func TestTooLargeABatch(t *testing.T) {
	var s Spec
	if _, err := s.span(nil, 0, 1<<31, 3); err == nil || !strings.Contains(err.Error(), "row 3") {
		t.Error(err)
	}
	if at, err := s.span([]store.Span{}, 5, 9, 0); err != nil || at[0] != (store.Span{Off: 5, Len: 4}) {
		t.Error(at, err)
	}
}

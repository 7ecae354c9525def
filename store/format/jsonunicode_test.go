package format

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/ksqlgo/ksql/sql"
)

// encodings are the ways to write JSON that Jackson finds out.
var encodings = map[string]func(s string) string{
	"UTF-8 with mark":    func(s string) string { return "\xef\xbb\xbf" + s },
	"UTF-16BE":           func(s string) string { return inUTF16(s, binary.BigEndian) },
	"UTF-16LE":           func(s string) string { return inUTF16(s, binary.LittleEndian) },
	"UTF-16BE with mark": func(s string) string { return inUTF16("\ufeff"+s, binary.BigEndian) },
	"UTF-16LE with mark": func(s string) string { return inUTF16("\ufeff"+s, binary.LittleEndian) },
	"UTF-32BE":           func(s string) string { return inUTF32(s, binary.BigEndian) },
	"UTF-32LE":           func(s string) string { return inUTF32(s, binary.LittleEndian) },
	"UTF-32BE with mark": func(s string) string { return inUTF32("\ufeff"+s, binary.BigEndian) },
	"UTF-32LE with mark": func(s string) string { return inUTF32("\ufeff"+s, binary.LittleEndian) },
}

func inUTF16(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func inUTF32(s string, order binary.AppendByteOrder) string {
	var b []byte
	for _, r := range s {
		b = order.AppendUint32(b, uint32(r))
	}
	return string(b)
}

// TestJSONEncodings: keys and values, wrapped or not, are read in every encoding as they are in UTF-8.
func TestJSONEncodings(t *testing.T) {
	columns := func(kinds ...sql.Type) (out []sql.Field) {
		for i, k := range kinds {
			out = append(out, sql.Field{Name: string(rune('A' + i)), Type: k})
		}
		return out
	}
	wide := columns(sql.TInteger, sql.TString, sql.ArrayOf(sql.TDouble), sql.MapOf(sql.TString, sql.TBigint), sql.StructOf(sql.Field{Name: "F", Type: sql.DecimalOf(4, 2)}))
	for _, c := range []struct {
		spec  Spec
		texts []string
	}{
		{Spec{Format: "JSON", Columns: wide, Side: Value}, []string{`{"A":12,"B":"é😀 \u0000\"x","C":[1.5,null],"D":{"k":7},"E":{"F":1.25}}`, "\t{\"b\":\"y\"}", `{}`, `{"A":1,"A":2}`,
			`{"A":1} x`, `{"A":"x"}`, `{"A":1`, `[1]`, `12`, `nope`}},
		{Spec{Format: "JSON", Columns: wide[:2], Side: Key}, []string{`{"A":1,"B":"k"}`, `{"B":null}`, `null`}},
		{Spec{Format: "JSON", Columns: columns(sql.TBigint), Unwrapped: true, Side: Value}, []string{`12`, `-1234567`, `7 `, `"12"`, `1x`, `null`, `0`}},
		{Spec{Format: "JSON", Columns: columns(sql.TDouble), Unwrapped: true, Side: Key}, []string{`1.5`, `12e1`, `3`}},
		{Spec{Format: "JSON", Columns: columns(sql.TString), Unwrapped: true}, []string{`""`, `"a"`, `"déjà"`, `12`, `true`, `{"a":1}`}},
		{Spec{Format: "JSON", Columns: columns(sql.ArrayOf(sql.TInteger)), Unwrapped: true}, []string{`[]`, `[1,2]`, `null`}},
	} {
		want := again(t, c.spec, c.texts...)
		for name, encode := range encodings {
			var texts []string
			for _, s := range c.texts {
				texts = append(texts, encode(s))
			}
			// Records in UTF-8 stand between them and are not touched.
			mixed, both := slices.Concat(texts, c.texts, texts), slices.Concat(want, want, want)
			if got := again(t, c.spec, mixed...); !slices.Equal(got, both) {
				t.Errorf("%s, %v\ngot  %q\nwant %q", name, c.spec.Columns, got, both)
			}
		}
	}
}

// TestJSONOddEncodings: what is broken in an encoding ends as it does in Java.
func TestJSONOddEncodings(t *testing.T) {
	spec := Spec{Format: "JSON", Columns: []sql.Field{{Name: "A", Type: sql.TString}}, Unwrapped: true, Side: Value}
	be := func(units ...uint16) string {
		var b []byte
		for _, u := range units {
			b = binary.BigEndian.AppendUint16(b, u)
		}
		return string(b)
	}
	broken := "Failed to deserialize value from topic: t. malformed JSON"
	for _, c := range []struct{ text, want string }{
		{be('"', 0xdc00, 'x', '"'), `"` + "\ufffd" + `x"`},      // a low surrogate alone
		{be('"', 0xd800, 'x', 'y', '"'), `"` + "\ufffd" + `y"`}, // a high one takes the unit behind it along
		{be('"', 'a', 0xd800, '"'), broken},                     // also the quote
		{be('"', 0xfffe, '"'), `"` + "\ufffd" + `"`},            // no character
		{be('"', 'a', '"') + "\x00", `"a"`},                     // half a unit behind the value
		{be('"', 'a') + "\x00", broken},                         //
		{be('1') + "\x00", broken},                              // which a number may not touch
		{be('"', 0xd83d, 0xde00, '"'), `"😀"`},                   //
		{inUTF32(`"a"`, binary.BigEndian) + "\x00\x00", `"a"`},  //
		{"\x00\x00\x00\"\x00\x11\x00\x00\x00\x00\x00\"", "Failed to deserialize value from topic: t. Invalid UTF-32 character"},
		{"\x00\x22\x00\x00\x00\x22\x00\x00", "Failed to deserialize value from topic: t. Unsupported UCS-4 endianness detected"},
		{"\x00\x00\xff\xfe\x00\x00\x22\x00", "Failed to deserialize value from topic: t. Unsupported UCS-4 endianness detected"},
		{"\xfe\xff\x00\x00\x00\x00\x22\x00", "Failed to deserialize value from topic: t. Unsupported UCS-4 endianness detected"},
		{"\xef\xbb\xbf", broken}, {"\xfe\xff", broken}, {"\xff\xfe\x00\x00", broken}, {"\x00", broken}, {"\"\x00", broken}, {"1\x00", `"1"`},
		{"\xef\xbb\xbf\xef\xbb\xbf1", broken}, {"12\x00", broken}, {"\x00", broken}, {"1\x0b", broken},
	} {
		if got := again(t, spec, c.text)[0]; got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
	long := inUTF16(`"`+strings.Repeat("é", 1<<16)+`"`, binary.LittleEndian)
	if got := again(t, spec, long, `"b"`, long); got[0] != got[2] || got[1] != `"b"` || len(got[0]) != 2+2<<16 {
		t.Errorf("%d and %d bytes, %q", len(got[0]), len(got[2]), got[1])
	}
}

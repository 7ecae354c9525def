package json

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzSkip holds the scanner to what Go takes for JSON, but for what Jackson refuses: deep values, texts that are no
// UTF-8, and exponents of more than 32 bits.
func FuzzSkip(f *testing.F) {
	for _, s := range []string{
		`{"a":{"b":[1,2,{"c":"x"}]}}`, `[1.50, 1e5, -0.0, -0, 1E400]`, `"\ud83d\ude00\ud83d\\ \"\u0000"`, `"\u12"`, `[1,]`, `{"a"`, `01`, `-`, `nul`, `1e2147483648`,
		`{"0123456789abcdef\n0123456789abcdef": [ ] , "b" : { } }`, strings.Repeat("[", 2000), `1.`, `1e+`, "\"\t\"", `"\x"`, "\"\xff0123456789\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := []byte(s)
		end := Skip(b, Blank(b, 0), 0)
		ok := end >= 0 && Blank(b, end) == len(b)
		if valid := json.Valid(b); ok && !valid {
			t.Fatalf("%q is no JSON", s)
		} else if valid && !ok && strings.ToValidUTF8(s, "") == s && !strings.ContainsAny(s, "eE") && strings.Count(s, "[")+strings.Count(s, "{") < MaxDepth {
			t.Fatalf("%q is JSON", s)
		}
	})
}

func TestStrings(t *testing.T) {
	for in, want := range map[string]string{
		`a\"\\\/\b\f\n\r\tz"`: "a\"\\/\b\f\n\r\tz", `\u00e9\ud83d\ude00"`: "é\U0001f600", `\ud83dx"`: "\xed\xa0\xbdx", `\ud83d\ud83d"`: "\xed\xa0\xbd\xed\xa0\xbd",
	} {
		got, end := AppendText(nil, []byte(in), 0)
		if string(got) != want || end != len(in) || SkipText([]byte(in), 0) != end {
			t.Errorf("%s reads as %q up to %d", in, got, end)
		}
	}
	for _, bad := range []string{``, `a`, `\`, `\x"`, `\u12g4"`, `\u123`, "\x01\"", "\xff\""} {
		if got, end := AppendText(nil, []byte(bad), 0); end >= 0 || SkipText([]byte(bad), 0) >= 0 {
			t.Errorf("%q reads as %q", bad, got)
		}
	}
	for in, want := range map[string]string{"a\"\\\b\f\n\r\t\x01é": `"a\"\\\b\f\n\r\t\u0001é"`, "\xed\xa0\xbdx": `"\uD83Dx"`, "\xff": "\"\ufffd\""} {
		if got := string(AppendQuoted(nil, []byte(in))); got != want {
			t.Errorf("%q is written as %s, want %s", in, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]int{"12,": 2, "-0.5e-3 ": 7, "1e2147483647": 12, "1e00002147483647": 16, "1e2147483648": -1, "01": -1, "-": -1, "1.": -1, "1e": -1, "1.5e+": -1, "x": -1} {
		end, whole := Number([]byte(in), 0)
		if end != want || end >= 0 && whole != (in == "12,") {
			t.Errorf("%s ends at %d, whole %t", in, end, whole)
		}
	}
}

package document

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzJSON parses any text: no panic, all that Go calls valid is, and what is printed reads as itself.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":{"b":[1,2,{"c":"x"}]}}`, `[1.50, 1e5, -0.0, -0, 1E400, 123456789012345678901234567890]`, `"\ud83d\ude00\ud83d\\ \"\u0000"`,
		`{"a":1,"a":{"b":null}}`, ` [true,false,null] x`, `{"a":[[[[]]]]`, `"`, `"\u12`, `[1,]`, `{"a"`, `01`, `-`, `nul`, strings.Repeat("[", 2000),
	} {
		f.Add(s)
	}
	var d, e Doc
	f.Fuzz(func(t *testing.T, s string) {
		err := d.Parse(s)
		if valid := json.Valid([]byte(s)); valid && err != nil && err != errDeep {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil || len(d.nodes) == 0 {
			return
		}
		for _, plain := range []bool{false, true} {
			once := string(d.Print(nil, 0, plain))
			if err := e.Parse(once); err != nil {
				t.Fatalf("%q prints as %q: %v", s, once, err)
			}
			if again := string(e.Print(nil, 0, plain)); again != once {
				t.Fatalf("%q prints as %q, that as %q", s, once, again)
			}
			if e.pos != len(once) {
				t.Fatalf("%q prints as %q, of which %d bytes are a value", s, once, e.pos)
			}
		}
	})
}

func TestJSONPath(t *testing.T) {
	for path, want := range map[string]string{
		"$": "", "$.a": "a", "$[0].b": "0 b", `$["a\"b\\"].c[x_1]`: `a"b\ c x_1`, "$.@t:x": "@t:x", `$[""]`: "",
	} {
		steps, err := Path(path)
		if err != nil || strings.Join(steps, " ") != want {
			t.Errorf("%s: %q, %v, want %q", path, steps, err, want)
		}
	}
	for _, path := range []string{"", "a", "$.", "$a", "$[", "$[]", "$[0", `$["a`, `$["a"`, `$["\a"]`, "$.a-b", "$[-1]", "$..a", "$[*]", "$.a b", "$[a:b]", "$['a']"} {
		if steps, err := Path(path); err == nil {
			t.Errorf("%s: %q, want an error", path, steps)
		}
	}
}

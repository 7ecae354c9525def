package fn

import (
	"fmt"
	"os"
	"strings"
	"testing"

)

func measured(t *testing.T, file string) [][]string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, l := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		rows = append(rows, strings.Split(l, "\t"))
	}
	return rows
}

// TestJavaRegex compares all matches, with their groups, of patterns on texts.
func TestJavaRegex(t *testing.T) {
	for _, row := range measured(t, "javaregex.tsv") {
		got := "ok"
		re, err := compileJavaRegex(unescape(row[0]))
		if err != nil {
			got = "bad"
		} else {
			m := matcher(Site{})
			m.reset(re, unescape(row[1]))
			for ok := m.find(0); ok; ok = m.next() {
				got += " ["
				for g := range re.groups {
					got += fmt.Sprintf("%d,%d;", m.caps[2*g], m.caps[2*g+1])
				}
				got += "]"
			}
		}
		if got != row[2] {
			t.Errorf("%s on %s: %s, want %s (%v)", row[0], row[1], got, row[2], err)
		}
	}
}

// TestRegexGivesUp holds the engine to its limit instead of hanging or overflowing the stack.
func TestRegexGivesUp(t *testing.T) {
	for pattern, text := range map[string]string{
		"(a+)+$":       strings.Repeat("a", 40) + "!",
		"(?:a|b)*c":    strings.Repeat("ab", 300_000),
		"(x+x+)+y":     strings.Repeat("x", 60),
		"(a|b|ab)*bac": strings.Repeat("ab", 200_000),
	} {
		re, err := compileJavaRegex(pattern)
		if err != nil {
			t.Fatal(err)
		}
		m := matcher(Site{})
		m.reset(re, text)
		if m.find(0) || m.err == nil {
			t.Errorf("%s ended without an error", pattern)
		}
	}
}

func BenchmarkRegexExtract(b *testing.B) {
	f := regexExtract(Site{})
	var buf []byte
	for range b.N {
		var err error
		if buf, err = f(buf[:0], `(\w+)@(\w+)\.com`, "write to someone@example.com today", 2); err != nil || string(buf) != "example" {
			b.Fatal(string(buf), err)
		}
	}
}

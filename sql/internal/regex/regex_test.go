package regex

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql/internal/chars"
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
		re, err := Compile(unescaped(row[0]))
		if err != nil {
			got = "bad"
		} else {
			m := NewMatcher(nil, 1<<20)
			m.Reset(re, unescaped(row[1]))
			for ok := m.Find(0); ok; ok = m.Next() {
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
		re, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		m := NewMatcher(nil, 1<<20)
		m.Reset(re, text)
		if m.Find(0) || m.failure == nil {
			t.Errorf("%s ended without an error", pattern)
		}
	}
}
func unescaped(s string) string {
	var u []uint16
	for i := 0; i < len(s); {
		if s[i] == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case 't', 'n', 'r', '\\':
				u = append(u, uint16(map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', '\\': '\\'}[s[i+1]]))
				i += 2
				continue
			case 'u':
				n, _ := strconv.ParseUint(s[i+2:i+6], 16, 16)
				u = append(u, uint16(n))
				i += 6
				continue
			}
		}
		_, n := chars.Next(s[i:])
		u = chars.Units(u, s[i:i+n])
		i += n
	}
	return chars.OfUnits(u)
}

package fn

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The files of testdata hold random cases that OpenJDK 17 (and commons-lang3, for simpledate.tsv) answered.

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

// TestTimePattern compares what patterns write and read.
func TestTimePattern(t *testing.T) {
	for _, row := range measured(t, "javatime.tsv") {
		zone, err := zoneOf(row[1])
		if err != nil {
			t.Fatal(err)
		}
		ms, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		p, err := CompilePattern(row[0])
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		if s, err := p.FormatMillis(ms, zone); err != nil || s != row[3] {
			t.Errorf("%s writes %s in %s as %q, %v, want %q", row[0], row[2], row[1], s, err, row[3])
		}
		got := "ERR"
		back, err := p.parseMillis(row[4], zone)
		if err == nil {
			got = strconv.FormatInt(back, 10)
		}
		if got != row[5] {
			t.Errorf("%s reads %q in %s as %s, %v, want %s", row[0], row[4], row[1], got, err, row[5])
		}
	}
}

// TestDatePattern compares what PARSE_DATE's engine reads.
func TestDatePattern(t *testing.T) {
	for _, row := range measured(t, "simpledate.tsv") {
		got := "ERR"
		p, err := compileDatePattern(row[0])
		if err == nil {
			var ms int64
			if ms, err = p.parse(row[1], 1700000000000); err == nil {
				got = strconv.FormatInt(ms, 10)
			}
		}
		if got != row[2] {
			t.Errorf("%s reads %q as %s, %v, want %s", row[0], row[1], got, err, row[2])
		}
	}
}

// TestBadPatterns holds wrong patterns to an error.
func TestBadPatterns(t *testing.T) {
	for _, p := range []string{"invalid", "yyyy'", "]", "yyyy{MM}", "#", "HHH", "V", "zzzzz", "cc", "p", "SSSSSSSSSS", "ddd", "hh b"} {
		if _, err := CompilePattern(p); err == nil {
			t.Errorf("%s is taken", p)
		}
	}
}

func BenchmarkFormatTimestamp(b *testing.B) {
	p, err := CompilePattern("yyyy-MM-dd HH:mm:ss.SSS")
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	for i := range b.N {
		if buf, err = p.appendMillis(buf[:0], 1700000000123+int64(i), greenwich); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseTimestamp(b *testing.B) {
	p, err := CompilePattern("yyyy-MM-dd HH:mm:ss.SSS")
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		if _, err := p.parseMillis("2023-11-14 22:13:20.123", greenwich); err != nil {
			b.Fatal(err)
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

package javatime

import (
	"os"
	"strings"
	"time"

	"strconv"
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

func format(p *Pattern, ms int64, zone *time.Location) (string, error) {
	b, err := p.AppendMillis(nil, ms, zone)
	return string(b), err
}

// TestTimePattern compares what patterns write and read.
func TestTimePattern(t *testing.T) {
	for _, row := range measured(t, "javatime.tsv") {
		zone, err := Zone(row[1])
		if err != nil {
			t.Fatal(err)
		}
		ms, err := strconv.ParseInt(row[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(row[0])
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		if s, err := format(p, ms, zone); err != nil || s != row[3] {
			t.Errorf("%s writes %s in %s as %q, %v, want %q", row[0], row[2], row[1], s, err, row[3])
		}
		got := "ERR"
		back, err := p.ParseMillis(row[4], zone)
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
		p, err := CompileSimpleDate(row[0])
		if err == nil {
			var ms int64
			if ms, err = p.ParseMillis(row[1], 1700000000000); err == nil {
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
		if _, err := Compile(p); err == nil {
			t.Errorf("%s is taken", p)
		}
	}
}

func BenchmarkFormatTimestamp(b *testing.B) {
	p, err := Compile("yyyy-MM-dd HH:mm:ss.SSS")
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	for i := range b.N {
		if buf, err = p.AppendMillis(buf[:0], 1700000000123+int64(i), Greenwich); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseTimestamp(b *testing.B) {
	p, err := Compile("yyyy-MM-dd HH:mm:ss.SSS")
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		if _, err := p.ParseMillis("2023-11-14 22:13:20.123", Greenwich); err != nil {
			b.Fatal(err)
		}
	}
}

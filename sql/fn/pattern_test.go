package fn

import (
	"testing"
	"time"
)

// TestTimePattern reads what it writes.
func TestTimePattern(t *testing.T) {
	p, err := CompilePattern("yyyy-MM-dd HH:mm:ss.SSS")
	if err != nil {
		t.Fatal(err)
	}
	const text = "2023-11-14 22:13:20.123"
	if s, err := p.FormatMillis(1700000000123, time.UTC); err != nil || s != text {
		t.Errorf("%s, %v", s, err)
	}
	if ms, err := p.ParseMillis(text); err != nil || ms != 1700000000123 {
		t.Errorf("%d, %v", ms, err)
	}
	if _, err := CompilePattern("yyyy'"); err == nil {
		t.Error("an open quote is taken")
	}
}

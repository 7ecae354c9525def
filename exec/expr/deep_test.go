package expr

import (
	"strings"
	"testing"
	"time"
)

// TestDeep: expressions as deep as the parser lets them be still bind and run, in time that grows gently.
func TestDeep(t *testing.T) {
	x := columns(t, sampleSchema)
	for _, text := range []string{
		"I" + strings.Repeat(" + 1", 300), "I" + strings.Repeat(" + 1", 20000),
		strings.Repeat("ARRAY[", 40) + "I, '2'" + strings.Repeat("]", 40),
		"I IN (" + strings.Repeat("1, ", 2000) + "2)",
		strings.Repeat("ABS(", 100) + "I" + strings.Repeat(")", 100),
		"CASE" + strings.Repeat(" WHEN I > 100 THEN 1", 200) + " END",
	} {
		start := time.Now()
		e, err := x.bind(text, false)
		if err != nil {
			if !strings.Contains(err.Error(), "too large") {
				t.Errorf("%.40s: %v", text, err)
			}
			continue
		}
		p, err := Compile(e, testEnv)
		if err != nil {
			t.Fatal(err)
		}
		p.Eval(&Call{Cols: x.batch(sampleRows()...), N: 3})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%.40s: %v", text, took)
		}
		t.Logf("%.40s %v", text, time.Since(start))
	}
	// Lambdas in lambdas: each is bound again for each time that the one around it is, unless nothing changed.
	text := "1"
	for i := range 12 {
		text = "TRANSFORM(ARRAY[1], x" + string(rune('a'+i)) + " => " + text + ")"
	}
	start := time.Now()
	if _, err := x.bind(text, false); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("lambdas: %v", took)
	}
	t.Logf("lambdas %v", time.Since(start))
}

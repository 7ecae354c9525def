package plan

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/sql"
)

// wide is statements of n columns each, over what wideOver made.
func wide(n int) []struct{ kind, text string } {
	list := func(format string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
		}
		return b.String()
	}
	return []struct{ kind, text string }{
		{"declared", "CREATE STREAM X (K STRING KEY, " + list("C# INT") + ") WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);"},
		{"expressions", "CREATE STREAM X AS SELECT K, " + list("V + # AS C#") + " FROM S3;"},
		{"unnamed", "CREATE STREAM X AS SELECT K, " + list("ABS(V)") + " FROM S3;"},
		{"star", "CREATE STREAM X AS SELECT * FROM W;"},
		{"columns", "CREATE STREAM X AS SELECT K, " + list("C#") + " FROM W;"},
		{"qualified", "CREATE STREAM X AS SELECT W.K, " + list("W.C# + 1 AS D#") + " FROM W;"},
		{"fields", "CREATE STREAM X AS SELECT K, " + list("S->F#") + " FROM W;"},
		{"all fields", "CREATE STREAM X AS SELECT K, S->* FROM W;"},
		{"struct", "CREATE STREAM X AS SELECT K, ARRAY[STRUCT(" + list("F# := V") + "), S] AS S FROM W;"},
		{"aggregates", "CREATE TABLE X AS SELECT K, " + list("SUM(C#) AS C#") + " FROM W GROUP BY K;"},
		{"plain beside aggregates", "CREATE TABLE X AS SELECT K, " + list("K + '#' AS C#") + ", COUNT(*) AS N FROM W GROUP BY K;"},
		{"group by", "CREATE TABLE X WITH (KEY_FORMAT='JSON') AS SELECT " + list("C#") + ", COUNT(*) AS N FROM W GROUP BY " + list("C#") + ";"},
		{"group by expressions", "CREATE TABLE X WITH (KEY_FORMAT='JSON') AS SELECT " + list("V + # AS C#") + ", COUNT(*) AS N FROM W GROUP BY " + list("V + #") + ";"},
		{"partition by", "CREATE STREAM X WITH (KEY_FORMAT='JSON') AS SELECT " + list("C#") + ", K FROM W PARTITION BY " + list("C#") + ";"},
		{"where", "CREATE STREAM X AS SELECT K, V FROM W WHERE 0 IN (" + list("C#") + ");"},
		{"explode", "CREATE STREAM X AS SELECT K, EXPLODE(ARRAY[1, 2]) AS E, " + list("C#") + " FROM W;"},
		{"insert", "INSERT INTO W SELECT * FROM W2;"},
		{"add columns", "ALTER STREAM W " + list("ADD COLUMN D# INT") + ";"},
		{"replace", "CREATE OR REPLACE STREAM Z AS SELECT K, " + list("C#") + ", V FROM W;"},
	}
}

func wideOver(tb testing.TB, n int) (*Catalog, *Env) {
	tb.Helper()
	c, env := over(tb, 10, 4)
	var cols, names, fields strings.Builder
	for i := range n {
		fmt.Fprintf(&cols, ", C%d INT", i)
		fmt.Fprintf(&names, ", C%d", i)
		fmt.Fprintf(&fields, ", F%d INT", i)
	}
	for _, name := range []string{"W", "W2"} {
		c = planned(tb, c, env, fmt.Sprintf("CREATE STREAM %s (K STRING KEY%s, V INT, S STRUCT<%s>) WITH (KAFKA_TOPIC='%s', VALUE_FORMAT='JSON', PARTITIONS=1);",
			name, cols.String(), fields.String()[2:], name)).Catalog
	}
	return planned(tb, c, env, "CREATE STREAM Z AS SELECT K"+names.String()+" FROM W;").Catalog, env
}

func used(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// TestWide: a statement of ten times as many columns takes about ten times as long.
func TestWide(t *testing.T) {
	const few, many = 2000, 20_000
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	cost := func(n int) (out []time.Duration) {
		c, env := wideOver(t, n)
		for _, s := range wide(n) {
			stmts, err := sql.Parse(s.text, nil)
			if err != nil {
				t.Fatalf("%s: %.200v", s.kind, err)
			}
			best := time.Hour
			for range 3 {
				runtime.GC()
				start := used(t)
				if _, err := Check(c, env, stmts[0].Statement, stmts[0].Text); err != nil {
					t.Fatalf("%s: %.200v", s.kind, err)
				}
				best = min(best, used(t)-start)
			}
			out = append(out, best)
		}
		return out
	}
	less, more := cost(few), cost(many)
	for i, s := range wide(1) {
		t.Logf("%-24s %v %v", s.kind, less[i], more[i])
		if more[i] > 20*less[i]+20*time.Millisecond {
			t.Errorf("%s: %d columns take %v, %d take %v", s.kind, few, less[i], many, more[i])
		}
	}
}

// TestPlanningEnds: planning is given up soon after nobody wants it any more.
func TestPlanningEnds(t *testing.T) {
	c, env := wideOver(t, 2000)
	enough := errors.New("enough")
	for _, s := range wide(2000) {
		stmts, err := sql.Parse(s.text, nil)
		if err != nil {
			t.Fatal(err)
		}
		looks, over := 0, 0
		env.Ended = func() error { looks++; return nil }
		if _, err := Check(c, env, stmts[0].Statement, stmts[0].Text); err != nil {
			t.Fatal(err)
		}
		if looks == 0 { // it has no expressions
			continue
		}
		for _, at := range []int{1, looks / 2, looks} {
			looks, over = 0, 0
			env.Ended = func() error {
				if looks++; looks < at {
					return nil
				}
				over++
				return enough
			}
			if _, err := Check(c, env, stmts[0].Statement, stmts[0].Text); err != enough || over != 1 {
				t.Errorf("%s, look %d: %v after %d looks more", s.kind, at, err, over)
			}
		}
	}
}

package bed_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// literalTries is how many calls of each variant of a function are made.
const literalTries = 60

// edges are the literals and constants of each type that functions are likely not to expect.
var edges = map[sql.Kind][]string{
	sql.Boolean:   {"true", "false"},
	sql.Integer:   {"0", "-1", "1", "2147483647", "-2147483648", "1 + 1", "i"},
	sql.Bigint:    {"9223372036854775807", "-9223372036854775808", "CAST(0 AS BIGINT)", "b"},
	sql.Double:    {"0E0", "-1.5E0", "1E308", "SQRT(-1E0)", "d"},
	sql.Decimal:   {"0.0", "-1.5", ".001", "99999999999999999999999999999999999999.9", "de"},
	sql.String:    {"''", "'x'", "'%'", "'[1,{\"a\":null}]'", "'UTC'", "'yyyy-MM-dd'", "'$.a'", "'hex'", "s"},
	sql.Bytes:     {"TO_BYTES('', 'utf8')", "TO_BYTES('ff00', 'hex')", "byt"},
	sql.Date:      {"CAST('1970-01-01' AS DATE)", "da"},
	sql.Time:      {"CAST('23:59:59' AS TIME)", "ti"},
	sql.Timestamp: {"CAST('2021-02-28T23:59:59' AS TIMESTAMP)", "ts"},
	sql.Interval:  {"DAYS", "MILLISECONDS", "HOURS"},
	sql.Array:     {"ARRAY[1, NULL]", "ARRAY['x', NULL]", "FILTER(ARRAY[1], q => q > 1)", "a", "ARRAY[1.5, 2.25]", "ARRAY[STRUCT(f := 1)]"},
	sql.Map:       {"MAP('x' := 1)", "MAP('x' := 'y')", "m"},
	sql.Struct:    {"STRUCT(f := 1)", "st"},
}

// literalCalls makes calls of a function, most of which its signatures allow.
func literalCalls(f *fn.Func, r *rand.Rand, n int) []string {
	kinds := []sql.Kind{sql.Boolean, sql.Integer, sql.Bigint, sql.Double, sql.Decimal, sql.String, sql.Bytes, sql.Date, sql.Time, sql.Timestamp, sql.Array, sql.Map, sql.Struct}
	one := func(t sql.Type) string {
		if t.Kind == sql.Lambda {
			names := []string{"x", "y", "z"}[:max(1, min(3, len(t.Fields)))]
			return "(" + strings.Join(names, ", ") + ") => " + []string{"x", "NULL", "1", "true", "x = x"}[r.IntN(5)]
		}
		if r.IntN(4) == 0 {
			return "NULL"
		}
		k := t.Kind
		if len(edges[k]) == 0 || r.IntN(12) == 0 {
			k = kinds[r.IntN(len(kinds))]
		}
		return edges[k][r.IntN(len(edges[k]))]
	}
	seen := map[string]bool{}
	for v := range f.Variants {
		for range n {
			var args []string
			for i, a := range f.Variants[v].Args {
				times := 1
				if i+1 == f.Variants[v].Variadic {
					times = r.IntN(3)
				}
				for range times {
					args = append(args, one(a.Type))
				}
			}
			seen[f.Name+"("+strings.Join(args, ", ")+")"] = true
		}
		nulls := slices.Repeat([]string{"NULL"}, max(0, len(f.Variants[v].Args)-1))
		seen[f.Name+"("+strings.Join(append([]string{"0"}, nulls...), ", ")+")"] = true
		seen[f.Name+"("+strings.Join(append([]string{"NULL"}, nulls...), ", ")+")"] = true
	}
	out := make([]string, 0, len(seen))
	for c := range seen {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// TestFunctionsOfAnyLiteral calls every function with nulls, zeros and other odd constants: each is refused with a
// sentence or gives rows, and none panics.
func TestFunctionsOfAnyLiteral(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, 9)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	e, err := ksql.Open(ctx, ksql.WithRand(1), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Execute(ctx, `CREATE STREAM src (g INT KEY, i INT, b BIGINT, d DOUBLE, de DECIMAL(6,2), s STRING, byt BYTES, da DATE, ti TIME, ts TIMESTAMP, a ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<f INT>)
		WITH (KAFKA_TOPIC='src', VALUE_FORMAT='JSON', PARTITIONS=1);
		INSERT INTO src (g) VALUES (1);
		INSERT INTO src (g, i, b, d, de, s, byt, da, ti, ts, a, m, st) VALUES (1, 0, -1, 1.5, 2.25, 'x', 'AAEC', '2021-01-01', '01:02:03', '2021-01-01T00:00:00', ARRAY[1, 2], MAP('x' := 1), STRUCT(f := 3));`); err != nil {
		t.Fatal(err)
	}
	all, ran := 0, 0
	for _, f := range fn.Builtins().All() {
		for _, c := range literalCalls(f, tr.r, tr.share(literalTries)) {
			if slices.Contains([]string{"LPAD", "RPAD", "GENERATE_SERIES"}, f.Name) && strings.ContainsAny(c, "23456789") {
				continue // right, but a gigabyte
			}
			text := "SELECT " + c + " AS x FROM src;"
			if f.Variants[0].Agg != nil {
				text = "SELECT " + c + " AS x FROM src EMIT CHANGES LIMIT 2;"
			}
			all++
			ok, err := literalQuery(ctx, e, text)
			if p := (*exec.Panic)(nil); errors.As(err, &p) {
				t.Errorf("%s\n%v\n%s", text, err, p.Stack)
			} else if err != nil && strings.Contains(err.Error(), "runtime error") {
				t.Errorf("%s\n%v", text, err)
			}
			if ok {
				ran++
			}
		}
	}
	if ran < all/4 {
		t.Errorf("only %d of %d calls were possible", ran, all)
	}
	// Table functions are shielded one row at a time: what panicked stands in the processing log.
	rows, err := e.Query(ctx, "SELECT message->recordProcessingError->errorMessage AS e FROM KSQL_PROCESSING_LOG WHERE message->recordProcessingError->errorMessage LIKE '%runtime error%' LIMIT 5;")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for r, err := range rows.All() {
		t.Error(r, err)
	}
}

// literalQuery runs a query to its end. ok: it was planned.
func literalQuery(ctx context.Context, e *ksql.Engine, text string) (ok bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("runtime error: %v", p)
		}
	}()
	rows, err := e.Query(ctx, text)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		rows.Row()
	}
	return true, rows.Err()
}

package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

var exprTexts = []string{
	"A", "B", "X.A", "Y.A", "1", "2", "'1'", "1.0", "1E0", "true", "F(A)", "G(A)", "F(B)", "A->P", "A->Q", "A + B", "A - B", "A * B", "A = B", "A AND B", "NOT A", "-A",
	"A[1]", "A[B]", "CAST(A AS STRING)", "ARRAY[A]", "MAP(A:=B)", "STRUCT(P:=A)", "A IS NULL", "A IS NOT NULL", "A IN (1)", "A BETWEEN 1 AND 2", "A LIKE 'x'", "CASE WHEN A THEN B END", "F(A, P => P + 1)",
}

// TestFinder: what is looked for among many is found where it stands first, as among few.
func TestFinder(t *testing.T) {
	for _, n := range []int{1, few, few + 1, len(exprTexts)} {
		var list []sql.Expr
		for _, text := range exprTexts[:n] {
			list = append(list, exprOf(t, text))
		}
		list = append(list, list[0])
		f := exprFinder(list)
		for i, text := range exprTexts {
			want := i
			if i >= n {
				want = -1
			}
			e := exprOf(t, text)
			if got := f.find(&e); got != want {
				t.Errorf("%s among %d: %d, want %d", text, n, got, want)
			}
		}
		if n > few && len(f.at) < n/2 { // many have a name of their own
			t.Errorf("%d expressions have %d names", n, len(f.at))
		}
	}
}

// TestFinders: a schema and the beginning of it are different lists; each has its own columns and fields.
func TestFinders(t *testing.T) {
	var s sql.Schema
	var list []sql.Field
	for i := range 3 * few {
		f := sql.Field{Name: fmt.Sprint("C", i)}
		s, list = append(s, sql.Column{Field: f}), append(list, f)
	}
	f := &finders{}
	for range 2 { // the second time from the index
		for _, n := range []int{3 * few, few + 1, few, 1, 0} {
			for i := range 3 * few {
				want := i
				if i >= n {
					want = -1
				}
				name := fmt.Sprint("C", i)
				if got := f.column(s[:n], name); got != want {
					t.Errorf("column %s of %d: %d", name, n, got)
				}
				if got := f.field(list[:n], name); got != want {
					t.Errorf("field %s of %d: %d", name, n, got)
				}
			}
			if n > few && (len(f.columns[&s[0]].at) != n || len(f.fields[&list[0]].at) != n) {
				t.Errorf("%d columns and fields are in the index under %d and %d names", n, len(f.columns[&s[0]].at), len(f.fields[&list[0]].at))
			}
		}
	}
}

// TestSketch: the sketches of expressions that differ in a part of any kind differ, as far as a sketch shows them.
func TestSketch(t *testing.T) {
	seen := map[string]string{}
	for _, text := range exprTexts[:slices.Index(exprTexts, "NOT A")] {
		s := sketch(exprOf(t, text))
		if seen[s] != "" {
			t.Errorf("%s and %s have the sketch %q", text, seen[s], s)
		}
		seen[s] = text
		if s != sketch(exprOf(t, text)) {
			t.Errorf("%s has two sketches", text)
		}
	}
	if sketch(exprOf(t, "A")) == sketch(exprOf(t, "NOT A")) {
		t.Error("NOT A looks like A")
	}
	call := func(at int, name string) sql.Expr { // whose part at has that name
		var args []string
		for i := 2; i <= 2*sketched; i++ {
			if i == at {
				args = append(args, name)
			} else {
				args = append(args, "A")
			}
		}
		return exprOf(t, "F("+strings.Join(args, ", ")+")")
	}
	if sketch(call(sketched, "A")) == sketch(call(sketched, "B")) {
		t.Errorf("part %d is not shown", sketched)
	}
	if sketch(call(sketched+1, "A")) != sketch(call(sketched+1, "B")) {
		t.Errorf("part %d is shown", sketched+1)
	}
}

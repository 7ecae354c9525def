package fn

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestBuiltins compares every function with the list of ksqlDB's: names, arguments, literals, results, undo
// and the types of states.
func TestBuiltins(t *testing.T) {
	set := Builtins()
	want := map[string][][]string{}
	for _, row := range specLines(t, "functions.tsv") {
		want[row[0]] = append(want[row[0]], row)
	}
	for name, rows := range want {
		f, ok := set.Lookup(name)
		if !ok {
			t.Errorf("%s is missing", name)
			continue
		}
		if len(f.Variants) != len(rows) {
			t.Errorf("%s has %d variants, want %d", name, len(f.Variants), len(rows))
		}
		if f.declared() != rows[0][8] || f.Category != rows[0][7] || f.Author != rows[0][14] || f.Doc == "" {
			t.Errorf("%s: %q %q %q, want %q %q %q", name, f.declared(), f.Category, f.Author, rows[0][8], rows[0][7], rows[0][14])
		}
		lines := map[string]bool{}
		for i := range f.Variants {
			lines[variantLine(&f.Variants[i])] = true
		}
		for _, row := range rows {
			line := strings.Join([]string{row[1], lambdas.ReplaceAllStringFunc(row[2], func(s string) string { return strings.ReplaceAll(s, ",", ", ") }), row[9], resultOf(row[4]), row[6], row[11], stateOf(row[12])}, " | ")
			if !lines[line] {
				t.Errorf("%s lacks %s\nit has %v", name, line, lines)
			}
		}
	}
	for _, f := range set.All() {
		if want[f.Name] == nil {
			t.Errorf("%s is no function of ksqlDB's", f.Name)
		}
	}
}

var lambdas = regexp.MustCompile(`LAMBDA\([A-Z,]*\)`)

func variantLine(v *Variant) string {
	kind, undo, state := "scalar", "n/a", ""
	switch {
	case v.Rows != nil:
		kind = "table"
	case v.Agg != nil:
		kind, undo = "aggregate", "no"
		if v.Undo {
			undo = "yes"
		}
	}
	var types, names, literals, args = []string{}, []string{}, []string{}, []sql.Type{}
	for i, a := range v.Args {
		s := spellType(a.Type)
		if v.Variadic == i+1 {
			s += "..."
		}
		types, names = append(types, s), append(names, a.Name)
		args = append(args, a.Type)
	}
	if len(types) == 0 {
		types, names = []string{"-"}, []string{"-"}
	}
	for _, l := range v.Literal {
		literals = append(literals, strconv.Itoa(l))
	}
	if v.State != nil {
		state = spellType(v.State(args))
	}
	return strings.Join([]string{kind, strings.Join(types, "; "), strings.Join(names, "; "), resultOf(spellType(v.Returns)), undo, strings.Join(literals, ","), stateOf(state)}, " | ")
}

func spellType(t sql.Type) string {
	return strings.NewReplacer("INTERVAL UNIT", "INTERVALUNIT", "INTEGER", "INT", "DECIMAL(0, 0)", "DECIMAL", "`", "", "LAMBDA (", "LAMBDA(",
		") => ", ")=>").Replace(t.String())
}

// resultOf leaves out the digits of DECIMALs, which depend on the arguments, and the second form of TOPK.
func resultOf(s string) string {
	if strings.HasPrefix(s, "DECIMAL") {
		return "DECIMAL"
	}
	s, _, _ = strings.Cut(s, " | ")
	if of, ok := strings.CutPrefix(s, "ARRAY<STRUCT<sort_col "); ok {
		item, _, _ := strings.Cut(of, ",")
		return "ARRAY<" + item + ">"
	}
	return strings.NewReplacer("(p,s)", "").Replace(s)
}

func stateOf(s string) string {
	return resultOf(strings.ReplaceAll(s, "INTEGER", "INT"))
}

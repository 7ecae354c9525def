package fn

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
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

// TestNullArguments runs every scalar and table function over rows of nulls and over no rows: no panic, a
// result for each row, and a failure only where ksqlDB has primitives or the function says so.
func TestNullArguments(t *testing.T) {
	set := Builtins()
	for _, f := range set.All() {
		for k := range f.Variants {
			v := &f.Variants[k]
			if v.Agg != nil {
				continue
			}
			for _, free := range []sql.Type{sql.TInteger, sql.TNull, sql.ArrayOf(sql.TString)} {
				for _, n := range []int{0, 3} {
					runNulls(t, f, v, free, n)
				}
			}
		}
	}
}

func runNulls(t *testing.T, f *Func, v *Variant, free sql.Type, n int) {
	binds := map[string]sql.Type{"T": free, "K": sql.TString, "V": free, "R": free, "S": free}
	c := &Call{N: n, Now: func() int64 { return 0 }, Rand: func() uint64 { return 1 }, Fail: func(int, error) {}}
	site := Site{Returns: substitute(v.Returns, binds)}
	for _, a := range v.Args {
		switch a.Type.Kind {
		case sql.Interval:
			site.Args, site.Lits, c.Args = append(site.Args, sql.Type{}), append(site.Lits, "DAYS"), append(c.Args, nil)
			continue
		case sql.Lambda:
			site.Args, site.Lits, c.Args = append(site.Args, sql.Type{}), append(site.Lits, nil), append(c.Args, nil)
			result := vec.New(substitute(*a.Type.Elem, binds))
			c.Lambdas = append(c.Lambdas, func([]int32, []*vec.Vec, func(int, error)) *vec.Vec { return result })
			continue
		}
		col := vec.New(substitute(a.Type, binds))
		for range n {
			col.AppendNull()
		}
		site.Args, site.Lits, c.Args = append(site.Args, col.Type), append(site.Lits, nil), append(c.Args, col)
	}
	if v.Infer != nil {
		r, err := v.Infer(site.Args)
		if err != nil {
			t.Errorf("%s: %v", f.Signature(0), err)
			return
		}
		site.Returns = r
	}
	out := vec.New(site.Returns)
	if v.Rows != nil {
		k, err := v.Rows(site)
		if err != nil {
			t.Fatal(err)
		}
		if from := k(c, nil, out); len(from) != 0 || out.N != 0 {
			t.Errorf("%s: %d rows of null", f.Name, len(from))
		}
		return
	}
	k, err := v.Scalar(site)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s with %s: %v", f.Name, free, p)
		}
	}()
	k(c, out)
	if out.N != n {
		t.Errorf("%s gives %d rows of %d", f.Name, out.N, n)
	}
}

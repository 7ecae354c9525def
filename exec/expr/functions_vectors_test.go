package expr_test

import (
	"fmt"
	"math"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// excepted are the vectors whose result differs here, with the reason. The key is name, arguments.
var excepted = map[string]string{
	"SUM CAST(60.00 AS DECIMAL(4,2)) MERGE CAST(60.00 AS DECIMAL(4,2))": "a column has one scale: 120.0 is 120.00",
	"SUM CAST(NULL AS DECIMAL(4,2))":                                    "a column has one scale: 0 is 0.00",
}

// TestVectors holds every function to the results that ksqlDB's own classes gave (functions.md, section 14).
func TestVectors(t *testing.T) {
	b, err := os.ReadFile("../../sql/fn/testdata/functions-vectors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")[1:]
	v := newVectors()
	seen := map[string]bool{}
	for n, line := range lines {
		f := strings.Split(line, "\t")
		for len(f) < 4 {
			f = append(f, "")
		}
		for i := range f {
			f[i] = unescape(f[i])
		}
		name, args, want := f[0], f[1], f[2]
		seen[name] = true
		if reason, ok := excepted[name+" "+args]; ok {
			if err := v.check(name, args, want); err == nil {
				t.Errorf("line %d: %s(%s) holds and needs no exception (%s)", n+2, name, args, reason)
			}
			continue
		}
		if err := v.check(name, args, want); err != nil {
			t.Errorf("line %d: %s(%s): %v", n+2, name, args, err)
		}
	}
	if len(lines) != 1276 {
		t.Errorf("%d vectors, want 1276", len(lines))
	}
	for _, f := range v.set.All() {
		if !seen[f.Name] {
			t.Errorf("no vector for %s", f.Name)
		}
	}
}

type vectors struct {
	set  *fn.Set
	bind plan.Binder
	env  expr.Env
	seed uint64
}

func newVectors() *vectors {
	v := &vectors{set: fn.Builtins()}
	v.bind = plan.Binder{Functions: v.set}
	v.env = expr.Env{
		Now:  func() int64 { return time.Date(2024, 2, 29, 23, 59, 58, 0, time.UTC).UnixMilli() },
		Rand: func() uint64 { v.seed += 0x9e3779b97f4a7c15; return v.seed * 0xbf58476d1ce4e5b9 },
	}
	return v
}

func (v *vectors) check(name, args, want string) error {
	f, ok := v.set.Lookup(name)
	if !ok {
		return fmt.Errorf("no such function")
	}
	switch {
	case f.Variants[0].Agg != nil:
		return v.aggregate(f, args, want)
	case f.Variants[0].Rows != nil:
		return v.table(f, args, want)
	}
	got, t, stage, err := v.eval(name + "(" + args + ")")
	switch {
	case want == "(nondeterministic)":
		if err != nil {
			return err
		}
		return form(name, got)
	case stage == "STATEMENT ERROR" || stage != want && stage != "":
		if stage == want {
			return nil
		}
		return fmt.Errorf("%s %v, want %s", stage, err, want)
	case stage == want:
		return nil
	case want == "ERROR" || want == "STATEMENT ERROR":
		return fmt.Errorf("got %v, want %s", got, want)
	}
	return match(got, t, want, loose(name))
}

// loose names the functions whose last digit may differ.
func loose(name string) bool {
	return slices.Contains(strings.Fields("LN LOG POWER EXP CBRT SIN COS TAN COT ASIN ACOS ATAN ATAN2 SINH COSH TANH DEGREES RADIANS GEO_DISTANCE"), name)
}

// form checks what is random.
func form(name string, got any) error {
	ok := false
	switch name {
	case "RANDOM":
		x, isDouble := got.(float64)
		ok = isDouble && x >= 0 && x < 1
	case "UNIX_DATE":
		ok = got == int32(19782)
	case "UNIX_TIMESTAMP":
		ok = got == int64(1709251198000)
	case "UUID":
		s, _ := got.(string)
		ok = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(s)
	}
	if !ok {
		return fmt.Errorf("got %v", got)
	}
	return nil
}

// eval runs an expression without columns. stage is ERROR or STATEMENT ERROR where it fails.
func (v *vectors) eval(text string) (got any, t sql.Type, stage string, err error) {
	list, err := sql.Parse("SELECT "+text+" FROM x;", nil)
	if err != nil {
		return nil, t, "STATEMENT ERROR", err
	}
	bound, err := v.bind.Bind(list[0].Statement.(*sql.Select).Items[0].X)
	if err != nil {
		return nil, t, "STATEMENT ERROR", err
	}
	p, err := expr.Compile(bound, &v.env)
	if err != nil {
		return nil, t, "STATEMENT ERROR", err
	}
	out := p.Eval(&expr.Call{N: 3, Fail: func(_ int, e error) { err = e }})
	if err != nil {
		stage = "ERROR"
	}
	return out.Get(1), out.Type, stage, err
}

// table runs a table function; its rows are separated by "; ".
func (v *vectors) table(f *fn.Func, args, want string) error {
	x, t, _, err := v.eval(args)
	if err != nil {
		return err
	}
	r, err := v.set.Resolve(f.Name, []fn.ArgType{{Type: t}})
	if err != nil {
		return err
	}
	k, err := r.Variant.Rows(fn.Site{Args: r.Args, Returns: r.Returns, Lits: make([]any, 1)})
	if err != nil {
		return err
	}
	// The row stands between two others, whose rows must stay apart from its own.
	in := vec.New(t)
	in.AppendNull()
	in.Append(x)
	in.AppendNull()
	var failed error
	out := vec.New(r.Returns)
	from := k(&fn.Call{N: 3, Args: []*vec.Vec{in}, Fail: func(_ int, err error) { failed = err }}, nil, out)
	if want == "ERROR" || failed != nil {
		if want != "ERROR" || failed == nil || len(from) != 0 {
			return fmt.Errorf("error %v, %d rows, want %s", failed, len(from), want)
		}
		return nil
	}
	rows := split(want, "; ")
	if want == "(no rows)" {
		rows = nil
	}
	if len(rows) != len(from) || out.N != len(from) {
		return fmt.Errorf("%d rows, want %s", len(from), want)
	}
	for i, w := range rows {
		if from[i] != 1 {
			return fmt.Errorf("row %d comes from %d", i, from[i])
		}
		if err := match(out.Get(i), r.Returns, w, false); err != nil {
			return err
		}
	}
	return nil
}

// aggregate folds rows, with undo and MERGE, and compares the result. It saves and loads the state on the way.
func (v *vectors) aggregate(f *fn.Func, args, want string) error {
	args, consts, _ := strings.Cut(args, " | ")
	type row struct {
		values []any
		undo   bool
	}
	var groups [][]row
	var types []sql.Type
	for _, part := range split(args, " MERGE ") {
		var rows []row
		for _, text := range split(part, "; ") {
			var r row
			text, r.undo = strings.CutPrefix(text, "undo ")
			for k, col := range split(text, ", ") {
				x, t, _, err := v.eval(col)
				if err != nil {
					return err
				}
				if k == len(types) {
					types = append(types, t)
				} else if types[k].Kind == sql.Null {
					types[k] = t
				}
				r.values = append(r.values, x)
			}
			rows = append(rows, r)
		}
		groups = append(groups, rows)
	}
	site := fn.Site{Lits: make([]any, len(types))}
	var argTypes []fn.ArgType
	for _, t := range types {
		argTypes = append(argTypes, fn.ArgType{Type: t})
	}
	if consts != "" {
		for _, c := range split(consts, ", ") {
			x, t, _, err := v.eval(c)
			if err != nil {
				return err
			}
			argTypes = append(argTypes, fn.ArgType{Type: t})
			site.Lits = append(site.Lits, x)
		}
	}
	r, err := v.set.Resolve(f.Name, argTypes)
	if err != nil {
		return err
	}
	if r.Variant.State == nil || r.Variant.State(r.Args).Kind == sql.Null {
		return fmt.Errorf("no type of the state")
	}
	site.Args, site.Returns = r.Args, r.Returns
	acc, err := r.Variant.Agg(site)
	if want == "STATEMENT ERROR" || err != nil {
		if want != "STATEMENT ERROR" || err == nil {
			return fmt.Errorf("error %v, want %s", err, want)
		}
		return nil
	}
	acc.Grow(len(groups) + 1)
	out := vec.New(r.Returns)
	for g, rows := range groups {
		var cols []*vec.Vec
		for k := range r.Args {
			c := vec.New(r.Args[k])
			for _, row := range rows {
				if k < len(row.values) {
					c.Append(row.values[k])
				} else {
					c.Append(site.Lits[k])
				}
			}
			cols = append(cols, c)
		}
		var numbers []int32
		var sign []int8
		undo := false
		for _, row := range rows {
			numbers = append(numbers, int32(g))
			if row.undo {
				sign = append(sign, -1)
				undo = true
			} else {
				sign = append(sign, 1)
			}
		}
		if undo && !r.Variant.Undo {
			return fmt.Errorf("undo is not declared")
		}
		if !undo {
			sign = nil
		}
		if err = acc.Fold(numbers, sign, nil, cols, out); err != nil {
			break
		}
		if out.N != len(rows) {
			return fmt.Errorf("%d results for %d rows", out.N, len(rows))
		}
		spare := int32(len(groups))
		if rest, err := acc.Load(spare, acc.Save(int32(g), nil)); err != nil || len(rest) > 0 {
			return fmt.Errorf("load: %v, %d bytes left", err, len(rest))
		}
		if g > 0 {
			if err = acc.Merge(0, spare); err != nil {
				break
			}
		}
		out.Reset()
	}
	if err == nil {
		err = acc.Read([]int32{0}, out)
	}
	if want == "QUERY ERROR" || err != nil {
		if want != "QUERY ERROR" || err == nil {
			return fmt.Errorf("error %v, want %s", err, want)
		}
		return nil
	}
	return match(out.Get(0), r.Returns, want, false)
}

// unescape undoes the file's own escapes.
func unescape(s string) string {
	var u []uint16
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			n := 1
			for i+n < len(s) && s[i+n] != '\\' {
				n++
			}
			u = vec.Units(u, s[i:i+n])
			i += n
			continue
		}
		i += 2
		switch s[i-1] {
		case 't':
			u = append(u, '\t')
		case 'n':
			u = append(u, '\n')
		case 'r':
			u = append(u, '\r')
		case 'u':
			x, _ := strconv.ParseUint(s[i:i+4], 16, 16)
			u = append(u, uint16(x))
			i += 4
		default:
			u = append(u, uint16(s[i-1]))
		}
	}
	return string(vec.AppendUnits(nil, u))
}

// split cuts s at sep where it stands outside of quotes and brackets.
func split(s, sep string) []string {
	var out []string
	depth, from, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case depth == 0 && strings.HasPrefix(s[i:], sep):
			out = append(out, s[from:i])
			from = i + len(sep)
			i = from - 1
		}
	}
	return append(out, s[from:])
}

// match compares a result with the text of the vector.
func match(got any, t sql.Type, want string, loose bool) error {
	if same(got, t, want, loose) {
		return nil
	}
	return fmt.Errorf("got %s %s, want %s", show(got), t, want)
}

func show(x any) string {
	if d, ok := x.(vec.Decimal); ok {
		return d.Plain()
	}
	return fmt.Sprintf("%#v", x)
}

func same(got any, t sql.Type, want string, loose bool) bool {
	if got == nil || want == "NULL" {
		return got == nil && want == "NULL"
	}
	inside := func(open, end string) ([]string, bool) {
		body, ok := strings.CutPrefix(want, open)
		body, ok2 := strings.CutSuffix(body, end)
		if !ok || !ok2 {
			return nil, false
		}
		if body == "" {
			return nil, true
		}
		return split(body, ", "), true
	}
	switch x := got.(type) {
	case bool:
		return want == strings.ToUpper(strconv.FormatBool(x))
	case int32:
		return want == strconv.Itoa(int(x))
	case int64:
		return want == strconv.FormatInt(x, 10)
	case float64:
		return sameDouble(x, want, loose)
	case string:
		return want == "'"+strings.ReplaceAll(x, "'", "''")+"'"
	case []byte:
		return want == fmt.Sprintf("TO_BYTES('%X', 'hex')", x)
	case vec.Decimal:
		return x.Plain() == want
	case vec.Date:
		return want == "CAST('"+time.UnixMilli(int64(x)*86400000).UTC().Format("2006-01-02")+"' AS DATE)"
	case vec.Time:
		return want == "CAST('"+time.UnixMilli(int64(x)).UTC().Format("15:04:05.000")+"' AS TIME)"
	case vec.Timestamp:
		return sameInstant(int64(x), want)
	case []any:
		items, ok := inside("ARRAY[", "]")
		if !ok || len(items) != len(x) {
			return false
		}
		for i := range x {
			if !same(x[i], *t.Elem, items[i], loose) {
				return false
			}
		}
		return true
	case *vec.MapValue:
		items, ok := inside("MAP(", ")")
		if !ok || len(items) != len(x.Keys) {
			return false
		}
		for _, item := range items {
			kv := split(item, " := ")
			if !slices.ContainsFunc(x.Keys, func(k any) bool {
				i := slices.IndexFunc(x.Keys, func(l any) bool { return vec.EqualValues(k, l) })
				return same(k, *t.Key, kv[0], loose) && same(x.Values[i], *t.Elem, kv[1], loose)
			}) {
				return false
			}
		}
		return true
	case vec.StructValue:
		items, ok := inside("STRUCT(", ")")
		if !ok || len(items) != len(x) {
			return false
		}
		for i := range x {
			kv := split(items[i], " := ")
			if kv[0] != t.Fields[i].Name || !same(x[i], t.Fields[i].Type, kv[1], loose) {
				return false
			}
		}
		return true
	}
	return false
}

func sameDouble(x float64, want string, loose bool) bool {
	y, ok := vec.ParseDouble(want)
	if _, whole := new(big.Int).SetString(want, 10); !ok || whole {
		return false
	}
	if loose && x != y && math.Abs(x-y) <= math.Abs(math.Nextafter(y, math.Inf(1))-y) {
		return true
	}
	return vec.CompareDouble(x, y) == 0
}

func sameInstant(ms int64, want string) bool {
	at := time.UnixMilli(ms).UTC()
	year := fmt.Sprintf("%04d", at.Year())
	if at.Year() < 0 {
		year = fmt.Sprintf("%05d", at.Year())
	} else if at.Year() > 9999 {
		year = "+" + year
	}
	return want == "CAST('"+year+at.Format("-01-02T15:04:05.000")+"' AS TIMESTAMP)"
}

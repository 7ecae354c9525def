package fn

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/javatime"
	"github.com/ksqlgo/ksql/sql/vec"
)

// specDir lies beside the checkout, or where KSQL_SHARED says.
var specDir = cmp.Or(os.Getenv("KSQL_SHARED"), "../../../shared") + "/spec/"

// scalars are the functions of the scalar tables.
func scalars() *Set {
	return NewSet(stringFuncs, maskFuncs, bytesFuncs, encodeFuncs, regexFuncs, urlFuncs, mathFuncs, dateFuncs, randomFuncs, compareFuncs)
}

func specLines(t *testing.T, file string) [][]string {
	t.Helper()
	b, err := os.ReadFile(specDir + file)
	if err != nil {
		t.Skip("the specification is not here: ", err)
	}
	var rows [][]string
	for _, l := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")[1:] {
		rows = append(rows, strings.Split(l, "\t"))
	}
	return rows
}

// typed is a literal of the vectors with its type; value is nil for null.
type typed struct {
	t     sql.Type
	value any
}

// literals reads SQL literals as the vectors write them.
type literals struct{ s string }

func (l *literals) blank() { l.s = strings.TrimLeft(l.s, " ") }

func (l *literals) take(p string) bool {
	l.blank()
	if strings.HasPrefix(l.s, p) {
		l.s = l.s[len(p):]
		return true
	}
	return false
}

func (l *literals) until(stops string) string {
	i := strings.IndexAny(l.s, stops)
	if i < 0 {
		i = len(l.s)
	}
	w := l.s[:i]
	l.s = l.s[i:]
	return w
}

func (l *literals) all() (out []typed, err error) {
	for l.blank(); l.s != ""; l.blank() {
		v, err := l.one()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		l.blank()
		if l.s != "" && !l.take(",") {
			return nil, fmt.Errorf("rest %q", l.s)
		}
	}
	return out, nil
}

func (l *literals) list(end string) (out []typed, err error) {
	for !l.take(end) {
		v, err := l.one()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		l.take(",")
	}
	return out, nil
}

func (l *literals) one() (typed, error) {
	switch {
	case l.take("'"):
		var b strings.Builder
		for l.s != "" {
			b.WriteString(l.until("'"))
			l.s = l.s[1:]
			if !strings.HasPrefix(l.s, "'") {
				break
			}
			b.WriteByte('\'')
			l.s = l.s[1:]
		}
		return typed{sql.TString, b.String()}, nil
	case l.take("NULL"):
		return typed{}, nil
	case l.take("NaN"):
		return typed{sql.TDouble, math.NaN()}, nil
	case l.take("Infinity"), l.take("EXP(1000)"):
		return typed{sql.TDouble, math.Inf(1)}, nil
	case l.take("-Infinity"):
		return typed{sql.TDouble, math.Inf(-1)}, nil
	case l.take("SQRT(-1)"):
		return typed{sql.TDouble, math.NaN()}, nil
	case l.take("ARRAY["):
		items, err := l.list("]")
		if err != nil {
			return typed{}, err
		}
		out, e := []any{}, sql.TString
		for _, x := range items {
			out = append(out, x.value)
			if x.value != nil {
				e = x.t
			}
		}
		return typed{sql.ArrayOf(e), out}, nil
	case l.take("MAP("):
		m := &vec.MapValue{}
		for !l.take(")") {
			k, err := l.one()
			if err != nil || !l.take(":=") {
				return typed{}, fmt.Errorf("map %q", l.s)
			}
			v, err := l.one()
			if err != nil {
				return typed{}, err
			}
			m.Keys, m.Values = append(m.Keys, k.value), append(m.Values, v.value)
			l.take(",")
		}
		return typed{sql.MapOf(sql.TString, sql.TString), m}, nil
	case l.take("TO_BYTES("):
		a, err := l.list(")")
		if err != nil {
			return typed{}, err
		}
		b, err := toBytes(a[0].value.(string), a[1].value.(string))
		return typed{sql.TBytes, b}, err
	case l.take("CAST("):
		v, err := l.one()
		if err != nil || !l.take("AS ") {
			return typed{}, fmt.Errorf("cast %q", l.s)
		}
		w := l.until(")")
		l.take(")")
		return castTo(v, w)
	}
	w := l.until(" ,)]")
	switch w {
	case "DAYS", "HOURS", "MINUTES", "SECONDS", "MILLISECONDS":
		return typed{sql.Type{Kind: sql.Interval}, w}, nil
	}
	if strings.ContainsAny(w, "E") {
		f, err := strconv.ParseFloat(w, 64)
		return typed{sql.TDouble, f}, err
	}
	if whole, frac, ok := strings.Cut(w, "."); ok {
		x, ok := new(big.Int).SetString(whole+frac, 10)
		if !ok {
			return typed{}, fmt.Errorf("number %q", w)
		}
		digits := len(strings.TrimLeft(strings.TrimLeft(whole, "-"), "0")) + len(frac)
		return typed{sql.DecimalOf(max(digits, 1), len(frac)), vec.Decimal{Unscaled: x, Scale: len(frac)}}, nil
	}
	n, err := strconv.ParseInt(w, 10, 64)
	if int64(int32(n)) == n {
		return typed{sql.TInteger, int32(n)}, err
	}
	return typed{sql.TBigint, n}, err
}

func castTo(v typed, w string) (typed, error) {
	kinds := map[string]sql.Type{"INT": sql.TInteger, "BIGINT": sql.TBigint, "DOUBLE": sql.TDouble, "STRING": sql.TString, "BYTES": sql.TBytes,
		"DATE": sql.TDate, "TIME": sql.TTime, "TIMESTAMP": sql.TTimestamp}
	t, ok := kinds[w]
	if !ok {
		return typed{}, fmt.Errorf("type %q", w)
	}
	if v.value == nil {
		return typed{t, nil}, nil
	}
	switch x := v.value.(type) {
	case int32:
		return convert(typed{sql.TInteger, x}, t), nil
	case int64:
		return convert(typed{sql.TBigint, x}, t), nil
	case string:
		switch t.Kind {
		case sql.Bigint:
			n, err := strconv.ParseInt(x, 10, 64)
			return typed{t, n}, err
		case sql.Date:
			d, err := time.Parse("2006-01-02", x)
			return typed{t, vec.Date(d.Unix() / 86400)}, err
		case sql.Time:
			d, err := time.Parse("2006-01-02 15:04:05", "1970-01-01 "+x)
			return typed{t, vec.Time(d.UnixMilli())}, err
		case sql.Timestamp:
			if strings.HasPrefix(x, "-") || strings.HasPrefix(x, "+") {
				p, err := javatime.Compile("uuuu-MM-dd'T'HH:mm:ss.SSS")
				if err != nil {
					return typed{}, err
				}
				if strings.HasPrefix(x, "+") {
					p, _ = javatime.Compile("yyyy-MM-dd'T'HH:mm:ss.SSS")
				}
				ms, err := p.ParseMillis(x, time.UTC)
				return typed{t, vec.Timestamp(ms)}, err
			}
			d, err := time.Parse("2006-01-02T15:04:05", x)
			return typed{t, vec.Timestamp(d.UnixMilli())}, err
		}
	}
	return typed{}, fmt.Errorf("cast of %v to %s", v.value, w)
}

// convert is the implicit cast of numbers.
func convert(v typed, t sql.Type) typed {
	var n int64
	switch x := v.value.(type) {
	case int32:
		n = int64(x)
	case int64:
		n = x
	case vec.Decimal:
		if t.Kind == sql.Double {
			f, _ := new(big.Float).SetInt(x.Unscaled).Float64()
			return typed{t, f / math.Pow10(x.Scale)}
		}
		return v
	default:
		return typed{t, v.value}
	}
	switch t.Kind {
	case sql.Integer:
		return typed{t, int32(n)}
	case sql.Bigint:
		return typed{t, n}
	case sql.Double:
		return typed{t, float64(n)}
	}
	return v
}

// pick finds the variant for these arguments: exact kinds, or else with casts.
func pick(f *Func, args []typed) (*Variant, []typed) {
	for _, loose := range []bool{false, true} {
	variants:
		for k := range f.Variants {
			v := &f.Variants[k]
			if v.Variadic == 0 && len(v.Args) != len(args) || len(args) < len(v.Args)-truthOf(v.Variadic > 0) {
				continue
			}
			out := make([]typed, len(args))
			for i, a := range args {
				want := v.Args[min(i, len(v.Args)-1)].Type
				if a.t.Kind == want.Kind {
					out[i] = a
				} else if a.value == nil && a.t.Kind == sql.Null {
					out[i] = typed{want, nil}
				} else if loose && a.t.Kind < want.Kind && want.Kind <= sql.Double && want.Kind != sql.Decimal {
					out[i] = convert(a, want)
				} else {
					continue variants
				}
			}
			return v, out
		}
	}
	return nil, nil
}

func truthOf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// call runs a function over one row alone and then between nulls, so that kernels must mind their rows.
func call(v *Variant, args []typed) (typed, error) {
	alone, err1 := callAt(v, args, 0)
	among, err2 := callAt(v, args, 1)
	if !sameValue(alone, among) || (err1 == nil) != (err2 == nil) {
		return typed{}, fmt.Errorf("%v, %v alone, but %v, %v among others", alone.value, err1, among.value, err2)
	}
	return among, err2
}

func callAt(v *Variant, args []typed, at int) (typed, error) {
	site := Site{Returns: v.Returns}
	c := &Call{N: 2*at + 1, Now: func() int64 { return 1700000000123 }, Rand: func() uint64 { return 0x0123456789abcdef }}
	for _, a := range args {
		site.Args = append(site.Args, a.t)
		if a.t.Kind == sql.Interval {
			site.Lits = append(site.Lits, a.value)
			c.Args = append(c.Args, nil)
			continue
		}
		site.Lits = append(site.Lits, nil)
		col := vec.New(a.t)
		for range at {
			col.AppendNull()
		}
		col.Append(a.value)
		for range at {
			col.AppendNull()
		}
		c.Args = append(c.Args, col)
	}
	if v.Infer != nil {
		r, err := v.Infer(site.Args)
		if err != nil {
			return typed{}, err
		}
		site.Returns = r
	}
	k, err := v.Scalar(site)
	if err != nil {
		return typed{}, err
	}
	out := vec.New(site.Returns)
	var failure error
	c.Fail = func(row int, err error) {
		if row == at {
			failure = err
		}
	}
	k(c, out)
	if out.N != c.N {
		return typed{}, fmt.Errorf("%d rows instead of %d", out.N, c.N)
	}
	return typed{site.Returns, out.Get(at)}, failure
}

func unescape(s string) string {
	var u []uint16
	for i := 0; i < len(s); {
		if s[i] == '\\' && i+1 < len(s) {
			switch s[i+1] {
			case 't', 'n', 'r', '\\':
				u = append(u, uint16(map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', '\\': '\\'}[s[i+1]]))
				i += 2
				continue
			case 'u':
				n, _ := strconv.ParseUint(s[i+2:i+6], 16, 16)
				u = append(u, uint16(n))
				i += 6
				continue
			}
		}
		_, n := chars.Next(s[i:])
		u = vec.Units(u, s[i:i+n])
		i += n
	}
	return chars.OfUnits(u)
}

func sameValue(got, want typed) bool {
	switch w := want.value.(type) {
	case nil:
		return got.value == nil
	case float64:
		g, ok := got.value.(float64)
		if !ok {
			return false
		}
		if math.IsNaN(w) || w == 0 || math.IsInf(w, 0) {
			return math.Float64bits(g) == math.Float64bits(w) || math.IsNaN(w) && math.IsNaN(g)
		}
		return math.Abs(g-w) <= math.Abs(w)*4e-16
	case int32, int64:
		return fmt.Sprint(got.value) == fmt.Sprint(w)
	case vec.Decimal:
		g, ok := got.value.(vec.Decimal)
		return ok && g.Scale == w.Scale && g.Unscaled.Cmp(w.Unscaled) == 0
	case *vec.MapValue:
		g, ok := got.value.(*vec.MapValue)
		if !ok || len(g.Keys) != len(w.Keys) {
			return false
		}
		m := map[any]any{}
		for i := range g.Keys {
			m[g.Keys[i]] = g.Values[i]
		}
		for i := range w.Keys {
			if m[w.Keys[i]] != w.Values[i] {
				return false
			}
		}
		return true
	}
	if g, ok := got.value.([]any); ok {
		w, ok := want.value.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range g {
			if !sameValue(typed{value: g[i]}, typed{value: w[i]}) {
				return false
			}
		}
		return true
	}
	return fmt.Sprintf("%T %#v", got.value, got.value) == fmt.Sprintf("%T %#v", want.value, want.value)
}

// TestScalarVectors runs the calls whose results were measured on ksqlDB's own classes.
func TestScalarVectors(t *testing.T) {
	set, n := scalars(), 0
	for _, row := range specLines(t, "functions-vectors.tsv") {
		f := set.byName[row[0]]
		if f == nil || row[2] == "(nondeterministic)" {
			continue
		}
		n++
		args, err := (&literals{unescape(row[1])}).all()
		if err != nil {
			t.Errorf("%s(%s): cannot read the arguments: %v", row[0], row[1], err)
			continue
		}
		v, cast := pick(f, args)
		if v == nil {
			t.Errorf("%s(%s): no variant", row[0], row[1])
			continue
		}
		got, err := call(v, cast)
		if row[2] == "ERROR" {
			if err == nil || got.value != nil {
				t.Errorf("%s(%s) = %v, %v, want an error", row[0], row[1], got.value, err)
			}
			continue
		}
		want, lerr := (&literals{unescape(row[2])}).one()
		if lerr != nil {
			t.Errorf("%s(%s): cannot read the result %s: %v", row[0], row[1], row[2], lerr)
			continue
		}
		if err != nil || !sameValue(got, want) {
			t.Errorf("%s(%s) = %#v, %v, want %s", row[0], row[1], got.value, err, row[2])
		}
	}
	if n < 600 {
		t.Errorf("only %d vectors ran", n)
	}
}

// TestScalarTables compares the tables with the list of ksqlDB's functions.
func TestScalarTables(t *testing.T) {
	set, want := scalars(), map[string][][]string{}
	for _, row := range specLines(t, "functions.tsv") {
		if set.byName[row[0]] != nil {
			want[row[0]] = append(want[row[0]], row)
		}
	}
	spelled := strings.NewReplacer("INTERVAL UNIT", "INTERVALUNIT", "INTEGER", "INT", "DECIMAL(0, 0)", "DECIMAL")
	for name, f := range set.byName {
		rows := want[name]
		if len(rows) != len(f.Variants) {
			t.Errorf("%s has %d variants, want %d", name, len(f.Variants), len(rows))
			continue
		}
		for _, row := range rows {
			if f.Declared != row[8] || f.Category != row[7] || f.Author != row[14] {
				t.Errorf("%s: %q %q %q, want %q %q %q", name, f.Declared, f.Category, f.Author, row[8], row[7], row[14])
			}
			found := false
			for _, v := range f.Variants {
				var types, names []string
				for i, a := range v.Args {
					s := spelled.Replace(a.Type.String())
					if v.Variadic == i+1 {
						s += "..."
					}
					types, names = append(types, s), append(names, a.Name)
				}
				if len(types) == 0 {
					types, names = []string{"-"}, []string{"-"}
				}
				returns := spelled.Replace(v.Returns.String())
				if v.Infer != nil {
					returns = row[4]
				}
				found = found || strings.Join(types, "; ") == row[2] && strings.Join(names, "; ") == row[9] && returns == row[4]
			}
			if !found {
				t.Errorf("%s(%s) %s with arguments %s is missing", name, row[2], row[4], row[9])
			}
		}
	}
}

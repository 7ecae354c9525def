package plan

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// TestWidenType: the common type of two, whichever comes first; of two STRUCTs the fields of the second come first.
func TestWidenType(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"INTEGER", "INTEGER", "INTEGER"}, {"INTEGER", "BIGINT", "BIGINT"}, {"INTEGER", "DOUBLE", "DOUBLE"}, {"BIGINT", "DOUBLE", "DOUBLE"},
		{"DECIMAL(4, 2)", "DOUBLE", "DOUBLE"}, {"INTEGER", "DECIMAL(4, 2)", "DECIMAL(12, 2)"}, {"BIGINT", "DECIMAL(4, 2)", "DECIMAL(21, 2)"},
		{"BIGINT", "DECIMAL(30, 1)", "DECIMAL(30, 1)"}, {"DECIMAL(4, 2)", "DECIMAL(5, 1)", "DECIMAL(6, 2)"}, {"DECIMAL(4, 2)", "DECIMAL(4, 3)", "DECIMAL(5, 3)"},
		{"STRING", "STRING", "STRING"}, {"STRING", "TIME", "TIME"}, {"STRING", "DATE", "DATE"}, {"STRING", "TIMESTAMP", "TIMESTAMP"}, {"STRING", "BYTES", "BYTES"},
		{"ARRAY<INTEGER>", "ARRAY<BIGINT>", "ARRAY<BIGINT>"}, {"MAP<STRING, INTEGER>", "MAP<DATE, DOUBLE>", "MAP<DATE, DOUBLE>"},
		{"STRUCT<A INTEGER, B STRING>", "STRUCT<A BIGINT, B STRING>", "STRUCT<`A` BIGINT, `B` STRING>"},
		{"STRING", "INTEGER", ""}, {"STRING", "BOOLEAN", ""}, {"STRING", "DECIMAL(4, 2)", ""}, {"STRING", "ARRAY<STRING>", ""}, {"STRING", "STRUCT<A STRING>", ""}, {"BOOLEAN", "INTEGER", ""}, {"DOUBLE", "TIME", ""},
		{"DATE", "TIMESTAMP", ""}, {"TIME", "BYTES", ""}, {"ARRAY<INTEGER>", "ARRAY<STRING>", ""}, {"ARRAY<INTEGER>", "INTEGER", ""},
		{"MAP<STRING, INTEGER>", "MAP<STRING, BOOLEAN>", ""}, {"MAP<STRING, INTEGER>", "MAP<INTEGER, INTEGER>", ""}, {"MAP<STRING, INTEGER>", "ARRAY<INTEGER>", ""},
		{"STRUCT<A INTEGER>", "STRUCT<A STRING>", ""}, {"STRUCT<A INTEGER>", "MAP<STRING, INTEGER>", ""},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			got, err := widenType(typeOf(t, pair[0]), typeOf(t, pair[1]))
			if l, ok := err.(*listError); c.want == "" && (!ok || !l.mismatch) || c.want != "" && (err != nil || got.String() != c.want) {
				t.Errorf("%s and %s: %s, %v, want %s", pair[0], pair[1], got, err, c.want)
			}
		}
	}
	a, b := typeOf(t, "STRUCT<A INTEGER, B STRING>"), typeOf(t, "STRUCT<C DATE, A BIGINT>")
	if got, err := widenType(a, b); err != nil || got.String() != "STRUCT<`C` DATE, `A` BIGINT, `B` STRING>" {
		t.Errorf("%s, %v", got, err)
	}
	if got, err := widenType(b, a); err != nil || got.String() != "STRUCT<`A` BIGINT, `B` STRING, `C` DATE>" {
		t.Errorf("%s, %v", got, err)
	}
}

func decimal(unscaled int64, scale int) vec.Decimal {
	return vec.Decimal{Unscaled: big.NewInt(unscaled), Scale: scale}
}

// TestNumberText: text that stands for a number has the narrowest type that it is strictly within.
func TestNumberText(t *testing.T) {
	for text, want := range map[string]string{
		"0": "INTEGER 0", " 12 ": "INTEGER 12", "-3": "INTEGER -3", "+4": "INTEGER 4",
		"2147483646": "INTEGER 2147483646", "2147483647": "BIGINT 2147483647", "-2147483647": "INTEGER -2147483647", "-2147483648": "BIGINT -2147483648",
		"9223372036854775806": "BIGINT 9223372036854775806", "9223372036854775807": "DECIMAL(19, 0) 9223372036854775807",
		"-9223372036854775807": "BIGINT -9223372036854775807", "-9223372036854775808": "DECIMAL(19, 0) -9223372036854775808",
		"100000000000000000000": "DECIMAL(21, 0) 100000000000000000000",
		"1.0":                   "DECIMAL(2, 1) 1.0", "0.001": "DECIMAL(4, 3) 0.001", "12.5": "DECIMAL(3, 1) 12.5", "2e1": "DECIMAL(2, 0) 20", "2E1": "DECIMAL(2, 0) 20", "25e-1": "DECIMAL(2, 1) 2.5",
	} {
		got, v, ok := numberText(text)
		if d, is := v.(vec.Decimal); is {
			v = d.Plain()
		}
		if s := fmt.Sprint(got, " ", v); !ok || s != want {
			t.Errorf("%q: %s, %v, want %s", text, s, ok, want)
		}
	}
	for text, want := range map[string]bool{"": false, "x": false, "1x": false, "1 2": false, "NaN": false, "1e10000": true, "1e10001": false, "1e-10000": true, "1e-10001": false} {
		if got, _, ok := numberText(text); ok != want {
			t.Errorf("%q: %s %v", text, got, ok)
		}
	}
}

func TestBooleanText(t *testing.T) {
	for text, want := range map[string]string{
		"t": "true", "TRUE": "true", " tr ": "true", "y": "true", "Yes": "true", "f": "false", "False": "false", "n": "false", "NO": "false",
		"": "", " ": "", "truer": "", "yess": "", "tf": "", "0": "", "1": "", "none": "", "falsey": "",
	} {
		v, ok := booleanText(text)
		got := ""
		if ok {
			got = fmt.Sprint(v)
		}
		if got != want || v && !ok {
			t.Errorf("%q: %v %v, want %q", text, v, ok, want)
		}
	}
}

// TestConvertLiteral is lax coercion: numbers go to wider ones, all but BYTES to STRING, text to what it spells.
func TestConvertLiteral(t *testing.T) {
	str, i, b, d, bo := sql.TString, sql.TInteger, sql.TBigint, sql.TDouble, sql.TBoolean
	dec := sql.DecimalOf
	for _, c := range []struct {
		v        any
		from, to sql.Type
		want     any // nil: refused
	}{
		{int32(1), i, i, int32(1)}, {int32(7), i, b, int64(7)}, {int32(7), i, d, 7.0}, {int64(7), b, d, 7.0}, {decimal(75, 1), dec(2, 1), d, 7.5},
		{int32(7), i, dec(3, 1), "7.0"}, {int64(7), b, dec(3, 2), "7.00"}, {decimal(75, 1), dec(2, 1), dec(3, 2), "7.50"}, {int32(10), i, dec(2, 1), nil},
		{decimal(755, 2), dec(3, 2), dec(4, 1), nil}, {true, bo, dec(3, 1), nil},
		{int64(7), b, i, nil}, {decimal(7, 0), dec(1, 0), b, nil}, {7.0, d, b, nil}, {true, bo, i, nil}, {true, bo, b, nil}, {true, bo, d, nil},
		{true, bo, str, "true"}, {false, bo, str, "false"}, {int32(-7), i, str, "-7"}, {int64(1) << 40, b, str, "1099511627776"}, {1e10, d, str, "1.0E10"}, {decimal(-75, 3), dec(3, 3), str, "-0.075"},
		{[]byte("a"), sql.Type{Kind: sql.Bytes}, str, nil},
		{"12", str, i, int32(12)}, {"12", str, b, int64(12)}, {"12", str, d, 12.0}, {"12", str, dec(4, 2), "12.00"}, {"1.5", str, i, nil}, {"1.5", str, b, nil}, {"1.5", str, d, 1.5}, {"1.5", str, dec(3, 2), "1.50"},
		{"3000000000", str, i, nil}, {"3000000000", str, b, int64(3000000000)}, {"x", str, i, nil}, {"x", str, d, nil}, {"123", str, dec(2, 0), nil},
		{"yes", str, bo, true}, {"no", str, bo, false}, {"x", str, bo, nil}, {int32(1), i, bo, nil},
		{"1970-01-03", str, sql.Type{Kind: sql.Date}, vec.Date(2)}, {"x", str, sql.Type{Kind: sql.Date}, nil}, {int32(1), i, sql.Type{Kind: sql.Date}, nil},
		{"00:01", str, sql.Type{Kind: sql.Time}, vec.Time(60000)}, {"x", str, sql.Type{Kind: sql.Time}, nil}, {int32(1), i, sql.Type{Kind: sql.Time}, nil},
		{"1970-01-01T00:01", str, sql.Type{Kind: sql.Timestamp}, vec.Timestamp(60000)}, {"x", str, sql.Type{Kind: sql.Timestamp}, nil}, {int32(1), i, sql.Type{Kind: sql.Timestamp}, nil},
		{"YQ==", str, sql.Type{Kind: sql.Bytes}, nil},
	} {
		got, ok := convertLiteral(c.v, c.from, c.to)
		if x, is := got.(vec.Decimal); is && ok {
			got = x.Plain()
		}
		if ok != (c.want != nil) || ok && got != c.want {
			t.Errorf("%v (%s) as %s: %T %v %v, want %v", c.v, c.from, c.to, got, got, ok, c.want)
		}
	}
	if got, ok := convertLiteral(nil, sql.TNull, i); got != nil || !ok {
		t.Errorf("NULL: %v %v", got, ok)
	}
}

// shown prints a bound expression with its values and casts.
func shown(x Expr) string {
	list := func(of []Expr) string {
		var out []string
		for _, x := range of {
			out = append(out, shown(x))
		}
		return strings.Join(out, ", ")
	}
	switch x := x.(type) {
	case *Literal:
		if d, ok := x.Value.(vec.Decimal); ok {
			return d.Plain()
		}
		if s, ok := x.Value.(string); ok {
			return "'" + s + "'"
		}
		return fmt.Sprint(x.Value)
	case *Cast:
		if !x.Implied {
			return x.String() // the user wrote it
		}
		return fmt.Sprintf("%s as %s", shown(x.X), x.T)
	case *ArrayCons:
		return "[" + list(x.Items) + "]"
	case *MapCons:
		return "{" + list(x.Keys) + ": " + list(x.Values) + "}"
	case *StructCons:
		return "(" + list(x.Values) + ")"
	case *In:
		return shown(x.X) + " in " + list(x.List)
	}
	return x.String()
}

// TestLists: the items of a list that the user writes have one type, wide enough for all of them.
func TestLists(t *testing.T) {
	for _, c := range []struct{ text, typ, want string }{
		{"ARRAY[1, 2]", "ARRAY<INTEGER>", "[1, 2]"},
		{"ARRAY[1, NULL, 2.50]", "ARRAY<DECIMAL(12, 2)>", "[1.00, <nil>, 2.50]"},
		{"ARRAY[A, 3000000000]", "ARRAY<BIGINT>", "[A as BIGINT, 3000000000]"},
		{"ARRAY[1, '2', ' 3000000000 ']", "ARRAY<BIGINT>", "[1, 2, 3000000000]"},
		{"ARRAY[1, '2.5']", "ARRAY<DECIMAL(11, 1)>", "[1.0, 2.5]"},
		{"ARRAY[1E0, '2.5']", "ARRAY<DOUBLE>", "[1, 2.5]"},
		{"ARRAY[true, 'n']", "ARRAY<BOOLEAN>", "[true, false]"},
		{"ARRAY['x', 1, true, 2.50]", "ARRAY<STRING>", "['x', '1', 'true', '2.50']"},
		{"ARRAY[NULL, 'x', K]", "ARRAY<STRING>", "[<nil>, 'x', K]"},
		{"ARRAY[1, 'x']", "", `invalid input syntax for type INTEGER: "x".`},
		{"ARRAY[2.5, 'x']", "", `invalid input syntax for type DECIMAL: "x".`},
		{"ARRAY[true, 'x']", "", `invalid input syntax for type BOOLEAN: "x".`},
		{"ARRAY[1, K]", "", "operator does not exist: INTEGER = STRING (K)\nHint: You might need to add explicit type casts."},
		{"ARRAY[K, A]", "", "operator does not exist: STRING = INTEGER (A)\n"},
		{"ARRAY[1, true]", "", "operator does not exist: INTEGER = BOOLEAN (true)\n"},
		{"ARRAY[ARRAY[1], ARRAY['2', NULL], L]", "ARRAY<ARRAY<INTEGER>>", "[[1], [2, <nil>], L]"},
		{"ARRAY[L, ARRAY[3000000000]]", "ARRAY<ARRAY<BIGINT>>", "[L as ARRAY<BIGINT>, [3000000000]]"},
		{"ARRAY[ARRAY[1], 2]", "", "operator does not exist: ARRAY<INTEGER> = INTEGER (2)\n"},
		{"ARRAY[1, ARRAY[2]]", "", "operator does not exist: INTEGER = ARRAY<INTEGER> (ARRAY[2])\n"},
		{"ARRAY[ARRAY[1], ARRAY['x']]", "", `invalid input syntax for type INTEGER: "x".`},
		{"ARRAY[1, MAP('a':=1)]", "", "operator does not exist: INTEGER = MAP<STRING, INTEGER> (MAP('a':=1))\n"},
		{"ARRAY[1, STRUCT(X:=1)]", "", "operator does not exist: INTEGER = STRUCT<`X` INTEGER> (STRUCT(X:=1))\n"},
		{"ARRAY[MAP('a':=1), MAP('b':='2.5')]", "ARRAY<MAP<STRING, DECIMAL(11, 1)>>", "[{'a': 1.0}, {'b': 2.5}]"},
		{"ARRAY[MAP(1:=1), MAP('2':=2)]", "ARRAY<MAP<INTEGER, INTEGER>>", "[{1: 1}, {2: 2}]"},
		{"ARRAY[MAP(1:=1), MAP('x':=2)]", "", `invalid input syntax for type INTEGER: "x".`},
		{"ARRAY[STRUCT(X:=1, Y:='a'), STRUCT(Z:=true, X:='2')]", "ARRAY<STRUCT<`Z` BOOLEAN, `X` INTEGER, `Y` STRING>>", "[(<nil>, 1, 'a'), (true, 2, <nil>)]"},
		{"ARRAY[STRUCT(X:=1), STRUCT(X:='x')]", "", `invalid input syntax for type INTEGER: "x".`},
		{"ARRAY[]", "", "Array constructor cannot be empty. Please supply at least one element (see"},
		{"ARRAY[NULL]", "", "Cannot construct an array with all NULL elements (see"},
		{"MAP('a':=1, NULL:=2.5)", "MAP<STRING, DECIMAL(11, 1)>", "{'a', <nil>: 1.0, 2.5}"},
		{"MAP('a':=NULL)", "", "Cannot construct a map with all NULL values (see"},
		{"MAP(NULL:=1)", "", "Cannot construct a map with all NULL keys (see"},
		{"MAP()", "", "Map constructor cannot be empty. Please supply at least one key value pair (see"},
		{"MAP(1:=1, 'x':=2)", "", `invalid input syntax for type INTEGER: "x".`},
		{"MAP(1:=1, 2:='x')", "", `invalid input syntax for type INTEGER: "x".`},
		{"STRUCT(X:=1, X:=2)", "", "Duplicate field names found in STRUCT: 'STRUCT(X:=1, X:=2)'. Duplicates: [X]"},
		{"STRUCT(X:=NULL)", "", "Can't infer a type of null."},
		{"ARRAY[TS, '1970-01-01T00:00:01', NULL]", "ARRAY<TIMESTAMP>", "[TS, 1000, <nil>]"}, {"ARRAY[TS, 'x']", "", `invalid input syntax for type TIMESTAMP: "x".`}, {"ARRAY['1970-01-02', DA]", "ARRAY<DATE>", "[1, DA]"},
		{"ARRAY[TI, '00:01']", "ARRAY<TIME>", "[TI, 60000]"}, {"ARRAY[TI, K]", "ARRAY<TIME>", "[TI, K as TIME]"}, {"ARRAY[BYT, 'YQ==']", "ARRAY<BYTES>", "[BYT, 'YQ==' as BYTES]"}, {"ARRAY[TS, DA]", "", "operator does not exist: TIMESTAMP = DATE (DA)\n"},
		{"ARRAY[1, X]", "", "no X"}, {"ARRAY[ARRAY[1], ARRAY[X]]", "", "no X"}, {"MAP(X:=1)", "", "no X"}, {"MAP(1:=X)", "", "no X"}, {"STRUCT(P:=X)", "", "no X"}, {"A IN (1, X)", "", "no X"},
		{"A IN (1, '2', NULL)", "BOOLEAN", "A in 1, 2, <nil>"},
		{"A IN (1, 3000000000)", "BOOLEAN", "A as BIGINT in 1, 3000000000"},
		{"D IN (1, '2.125')", "BOOLEAN", "D as DECIMAL(13, 3) in 1.000, 2.125"},
		{"K IN ('x', 1, 2.50)", "BOOLEAN", "K in 'x', '1', '2.50'"},
	} {
		w := newWorld(t, people+"ALTER STREAM S ADD COLUMN TS TIMESTAMP, ADD COLUMN DA DATE, ADD COLUMN TI TIME, ADD COLUMN BYT BYTES;")
		stmts, err := sql.Parse("SELECT "+c.text+" FROM S EMIT CHANGES;", nil)
		if err != nil {
			t.Fatal(c.text, err)
		}
		s := w.cat.Source("S").Schema
		b := newBinder(w.cat, w.env, func(c *sql.ColumnRef) (int, sql.Type, error) {
			i := s.Index(c.Name)
			if i < 0 {
				return 0, sql.Type{}, errorf("no %s", c.Name)
			}
			return i, s[i].Type, nil
		})
		x, err := b.Bind(stmts[0].Statement.(*sql.Select).Items[0].X)
		switch {
		case c.typ == "":
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", c.text, err, c.want)
			}
		case err != nil:
			t.Errorf("%s: %v", c.text, err)
		case x.Type().String() != c.typ || shown(x) != c.want:
			t.Errorf("%s: %s %s, want %s %s", c.text, x.Type(), shown(x), c.typ, c.want)
		}
	}
}

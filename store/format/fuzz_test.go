package format

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// everything is a column of each type.
func everything() []sql.Field {
	f := func(n string, t sql.Type) sql.Field { return sql.Field{Name: n, Type: t} }
	return []sql.Field{f("A", sql.TBigint), f("B", sql.TString), f("C", sql.TInteger), f("D", sql.TDouble), f("E", sql.TBoolean), f("F", sql.DecimalOf(12, 3)),
		f("G", sql.DecimalOf(44, 4)), f("H", sql.TBytes), f("I", sql.TDate), f("J", sql.TTime), f("K", sql.TTimestamp),
		f("L", sql.ArrayOf(sql.ArrayOf(sql.TString))), f("M", sql.MapOf(sql.TString, sql.ArrayOf(sql.TDouble))),
		f("N", sql.StructOf(f("X", sql.TString), f("x", sql.TInteger), f("Y", sql.MapOf(sql.TString, sql.TInteger)))), f("b", sql.TString)}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"A":1,"B":"x","C":2.5,"D":"NaN","E":true,"F":1.5,"G":"-7","H":"AQ==","I":3,"J":4,"K":5,"L":[["a",null],[]],"M":{"q":[1.5],"q":null},"N":{"X":"\ud83d\ude00","Y":{"a":1}}}`,
		`{"b":{"x":[1,2e5,{}]},"L":[[{"a":1}]],"a":"12","N":{"x":1}}`, `{"A":1e5,"A":"x"}`, `{}`, `[`, `{"A":99999999999999999999999}`, `{"F":1e999999999}`, `{"B":1e-999999999}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		cols := everything()
		c, err := Open(Spec{Format: "JSON", Side: Value, Topic: "t", Columns: cols})
		if err != nil {
			t.Fatal(err)
		}
		arena := append([]byte(`{"B":"before"}`), b...)
		at := []store.Span{{Off: 0, Len: 14}, {Off: 14, Len: int32(len(b))}, {Off: 0, Len: 14}, {Off: 14, Len: int32(len(b))}}
		out := bidColumns(cols)
		failed := 0
		c.Decode(arena, at, out, func(int, error) { failed++ }, nil)
		for _, v := range out {
			if v.N != 4 || !vec.Equal(v, 0, v, 2) || !vec.Equal(v, 1, v, 3) {
				t.Fatalf("rows are not the same again:\n%s", vec.Table(make([]string, len(out)), out))
			}
		}
		if failed == 1 || failed > 2 {
			t.Fatal("one of two equal rows failed")
		}
		if failed == 0 && len(bytes.TrimSpace(b)) == len(b) && utf8.Valid(b) && b[len(b)-1] == '}' {
			var any map[string]any
			d := json.NewDecoder(bytes.NewReader(b))
			d.UseNumber()
			if err := d.Decode(&any); err != nil {
				t.Errorf("encoding/json says %v of %q", err, b)
			}
		}
		// Only what careful reading sees may differ from the fast way: the result must not.
		careful := bidColumns(cols)
		cc := c.(*jsonCodec)
		cc.b, cc.careful, cc.base = b, true, 0
		err = cc.row(careful)
		if (err != nil) != (failed > 0) {
			t.Fatalf("careful reading: %v, fast reading failed %d times", err, failed)
		}
		for k, v := range careful {
			if err == nil && !vec.Equal(v, 0, out[k], 1) {
				t.Fatalf("column %s: careful %v, fast %v", cols[k].Name, v.Get(0), out[k].Get(1))
			}
		}
		// What was read, written and read again is the same.
		text, spans, err := c.Encode(out, 4, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		back := bidColumns(cols)
		c.Decode(text, spans, back, func(row int, err error) { t.Fatalf("%s: %v", spans[row].Of(text), err) }, nil)
		for k := range out {
			for i := range 4 {
				if !vec.Equal(out[k], i, back[k], i) {
					t.Fatalf("column %s: %v comes back as %v", cols[k].Name, out[k].Get(i), back[k].Get(i))
				}
			}
		}
	})
}

func FuzzDelimited(f *testing.F) {
	for _, s := range []string{`1,b,2,2.5,true,1.500,-7,AQ==,3,4,5`, `,"",,,,,,,,,`, "\n", `"x`, `"1","a""b",` + `,,,,,,,,`} {
		f.Add([]byte(s), ",")
	}
	f.Add([]byte("1;2"), "; ")
	f.Fuzz(func(t *testing.T, b []byte, delim string) {
		cols := everything()[:11]
		c, err := Open(Spec{Format: "DELIMITED", Topic: "t", Columns: cols, Props: map[string]string{"delimiter": delim}})
		if err != nil {
			t.Skip()
		}
		out := bidColumns(cols)
		bad := false
		c.Decode(b, []store.Span{{Off: 0, Len: int32(len(b))}}, out, func(int, error) { bad = true }, nil)
		if bad || delim <= " " || delim == `"` || delim == "\n" || delim == "\r" {
			return
		}
		text, at, err := c.Encode(out, 1, nil, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		back := bidColumns(cols)
		c.Decode(text, at, back, func(_ int, err error) { t.Fatalf("%q: %v", text, err) }, nil)
		for k := range out {
			if !vec.Equal(out[k], 0, back[k], 0) {
				t.Fatalf("column %s: %v comes back as %v in %q", cols[k].Name, out[k].Get(0), back[k].Get(0), text)
			}
		}
	})
}

// TestRoundTrip writes random rows, nulls among them, and reads them back, in every format.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		format string
		cols   []sql.Field
		bare   bool
	}{
		{"JSON", everything(), false}, {"JSON", one("A", sql.ArrayOf(sql.TDouble)), true}, {"JSON", one("A", sql.TString), true},
		{"DELIMITED", everything()[:11], false},
		{"KAFKA", one("A", sql.TString), true}, {"KAFKA", one("A", sql.TBigint), true}, {"KAFKA", one("A", sql.TDouble), true}, {"KAFKA", one("A", sql.TInteger), true}, {"KAFKA", one("A", sql.TBytes), true},
	} {
		const n = 300
		in := bidColumns(c.cols)
		for range n {
			for _, v := range in {
				v.Append(random(r, v.Type, c.format == "DELIMITED"))
			}
		}
		codec, err := Open(Spec{Format: c.format, Topic: "t", Columns: c.cols, Unwrapped: c.bare})
		if err != nil {
			t.Fatal(err)
		}
		text, at, err := codec.Encode(in, n, nil, []byte("junk"), nil)
		if err != nil {
			t.Fatal(err)
		}
		out := bidColumns(c.cols)
		codec.Decode(text, at, out, func(row int, err error) { t.Fatalf("%s %s: %v", c.format, at[row].Of(text), err) }, nil)
		for k := range in {
			for i := range n {
				if !vec.Equal(in[k], i, out[k], i) {
					t.Fatalf("%s %s: %v comes back as %v in %s", c.format, c.cols[k].Type, in[k].Get(i), out[k].Get(i), at[i].Of(text))
				}
			}
		}
	}
}

// random is a value of type t, or null; without empty strings where a format cannot keep them.
func random(r *rand.Rand, t sql.Type, noEmpty bool) any {
	if r.IntN(6) == 0 {
		return nil
	}
	text := func() string {
		const runes = "abc,;\"\\\n\r\t #!-é€😀\x00\x01/"
		all := []rune(runes)
		var s []rune
		for n := r.IntN(20); n > 0; n-- {
			s = append(s, all[r.IntN(len(all))])
		}
		if noEmpty {
			s = append(s, 'z')
		}
		return string(s)
	}
	switch t.Kind {
	case sql.Boolean:
		return r.IntN(2) == 0
	case sql.Integer:
		return int32(r.Uint32())
	case sql.Bigint:
		return int64(r.Uint64()) >> r.IntN(64)
	case sql.Double:
		f := math.Float64frombits(r.Uint64())
		if r.IntN(2) == 0 {
			f = float64(r.IntN(1e6)) / 100
		}
		if f == 0 {
			f = 1
		}
		return f
	case sql.Decimal:
		return vec.Decimal{Unscaled: big.NewInt(r.Int64N(1e12) - 5e11), Scale: t.Scale}
	case sql.String:
		return text()
	case sql.Bytes:
		return []byte(text() + "\xff")
	case sql.Date:
		return vec.Date(r.Int32())
	case sql.Time:
		return vec.Time(r.IntN(86400000))
	case sql.Timestamp:
		return vec.Timestamp(r.Int64())
	case sql.Array:
		out := []any{}
		for n := r.IntN(4); n > 0; n-- {
			out = append(out, random(r, *t.Elem, noEmpty))
		}
		return out
	case sql.Map:
		m := &vec.MapValue{}
		for n := r.IntN(4); n > 0; n-- {
			m.Keys = append(m.Keys, text()+string(rune('a'+n)))
			m.Values = append(m.Values, random(r, *t.Elem, noEmpty))
		}
		return m
	}
	out := vec.StructValue{}
	for _, f := range t.Fields {
		out = append(out, random(r, f.Type, noEmpty))
	}
	return out
}

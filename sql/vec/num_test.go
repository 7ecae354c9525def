package vec

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// some is a random number of any size up to 127 bits.
func some(r *rand.Rand) Num {
	n := Num{r.Uint64(), int64(r.Uint64())}
	s := r.IntN(127)
	x := n.Big()
	x.Rsh(x, uint(s))
	n, _ = NumOfBig(x)
	return n
}

func TestNumAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		a, b := some(r), some(r)
		x, y := a.Big(), b.Big()
		check := func(op string, got Num, ok bool, want *big.Int) {
			t.Helper()
			w, fits := NumOfBig(want)
			if ok != fits || ok && got != w {
				t.Fatalf("%v %s %v: %v %t, want %v", x, op, y, got.Big(), ok, want)
			}
		}
		n, ok := a.Mul(b)
		check("*", n, ok, new(big.Int).Mul(x, y))
		n, ok = a.Add(b)
		check("+", n, ok, new(big.Int).Add(x, y))
		n, ok = a.Sub(b)
		check("-", n, ok, new(big.Int).Sub(x, y))
		if b.Sign() != 0 {
			q, m, ok := a.QuoRem(b)
			wq, wm := new(big.Int).QuoRem(x, y, new(big.Int))
			check("/", q, ok, wq)
			check("%", m, true, wm)
			for how := HalfUp; how <= Ceiling; how++ {
				n, ok = a.Div(b, how)
				w, _ := QuoBig(x, y, 0, how)
				check("div", n, ok, w)
			}
		}
		if d := len(new(big.Int).Abs(x).String()); a.Digits() != d {
			t.Fatalf("%v has %d digits, got %d", x, d, a.Digits())
		}
		s := r.IntN(39)
		text := string(a.AppendPlain(nil, s))
		if text != string(AppendPlain(nil, x, s)) {
			t.Fatalf("%v / 10^%d: %s", x, s, text)
		}
		if m, scale, ok := ParseNum([]byte(text)); a.Fits(38) && (!ok || m != a || scale != s) {
			t.Fatalf("%s reads as %v %d %t", text, m.Big(), scale, ok)
		}
		if d, ok := ParseDecimal(AppendJava(nil, x, s)); !ok || d.Unscaled.Cmp(x) != 0 || d.Scale != s {
			t.Fatalf("%s is not read back: %v", AppendJava(nil, x, s), d)
		}
	}
}

func TestRounding(t *testing.T) {
	for _, c := range []struct {
		x    int64
		how  Rounding
		want int64
	}{
		{25, HalfUp, 3}, {-25, HalfUp, -3}, {24, HalfUp, 2}, {25, HalfEven, 2}, {35, HalfEven, 4}, {29, Down, 2}, {-29, Down, -2},
		{21, Ceiling, 3}, {-21, Ceiling, -2}, {21, Floor, 2}, {-21, Floor, -3}, {20, Exact, 2},
	} {
		n, ok := NumOf(c.x).Rescale(1, 0, c.how)
		b, bok := Decimal{big.NewInt(c.x), 1}.Rescale(0, c.how)
		if !ok || n != NumOf(c.want) || !bok || b.Unscaled.Int64() != c.want {
			t.Errorf("%d: %v %v, want %d", c.x, n, b, c.want)
		}
	}
	if _, ok := NumOf(21).Rescale(1, 0, Exact); ok {
		t.Error("2.1 became a whole number")
	}
}

func TestDecimalText(t *testing.T) {
	for _, c := range [][3]string{
		{"10.0000", "10.0000", "10.0000"}, {"0e-10", "0.0000000000", "0E-10"}, {"1e3", "1000", "1E+3"}, {"0.0000001", "0.0000001", "1E-7"},
		{"0.000001", "0.000001", "0.000001"}, {"-12.5e-8", "-0.000000125", "-1.25E-7"}, {".12", "0.12", "0.12"}, {"5.", "5", "5"}, {"+7", "7", "7"},
		{"123456789012345678901234567890123456789012.5", "123456789012345678901234567890123456789012.5", "123456789012345678901234567890123456789012.5"},
		{"12e2", "1200", "1.2E+3"}, {"0e3", "0", "0E+3"},
	} {
		d, ok := ParseDecimal([]byte(c[0]))
		if !ok || d.Plain() != c[1] || d.String() != c[2] {
			t.Errorf("%s: %s %s %t", c[0], d.Plain(), d, ok)
		}
	}
	for _, s := range []string{"", "-", ".", "1e", "e1", "1.2.3", " 1", "1 ", "0x1", "1e99999999999", "--1", "1-"} {
		if d, ok := ParseDecimal([]byte(s)); ok {
			t.Errorf("%q reads as %v", s, d)
		}
	}
}

func TestAppendDecimal(t *testing.T) {
	narrow, wide := New(sql.DecimalOf(4, 2)), New(sql.DecimalOf(50, 2))
	for _, c := range []struct {
		text string
		how  Rounding
		want string
		err  string
	}{
		{"1", Exact, "1.00", ""}, {"1.2300", Exact, "1.23", ""}, {"99.999", HalfUp, "100.00", ""}, {"1e-999999999", HalfUp, "0.00", ""},
		{"12.345", Exact, "", "Cannot fit decimal '12.345' into DECIMAL(%, 2) without rounding. (Requires 5,3)"},
		{"-0.005", HalfUp, "-0.01", ""}, {"x", Exact, "", "invalid decimal number"},
	} {
		for _, v := range []*Vec{narrow, wide} {
			n := v.N
			err := v.AppendDecimal([]byte(c.text), c.how)
			if err != nil {
				p := "4"
				if v == wide {
					p = "50"
				}
				if want := replace(c.err, p); err.Error() != want || v.N != n {
					t.Errorf("%s: %v, want %s", c.text, err, want)
				}
				continue
			}
			if got := string(v.AppendDecimalText(nil, n, true)); got != c.want {
				t.Errorf("%s: %s, want %s", c.text, got, c.want)
			}
		}
	}
	want := "Numeric field overflow: A field with precision 4 and scale 2 must round to an absolute value less than 10^2. Got 100"
	if err := narrow.AppendDecimal([]byte("100"), Exact); err == nil || err.Error() != want {
		t.Error(err)
	}
	if err := narrow.AppendDecimal([]byte("1e999999999"), Exact); err == nil {
		t.Error("1e999999999 fits")
	}
}

func replace(s, p string) string {
	for i := range s {
		if s[i] == '%' {
			return s[:i] + p + s[i+1:]
		}
	}
	return s
}

func TestDecimalOfFloat(t *testing.T) {
	d, _ := DecimalOfFloat(0.1, 0)
	if d.Plain() != "0.1000000000000000055511151231257827021181583404541015625" {
		t.Error(d.Plain())
	}
	d, _ = DecimalOfFloat(2.5, 1)
	if d.Plain() != "3" {
		t.Error(d.Plain())
	}
	if d, _ = DecimalOfFloat(-9.96, 2); d.Plain() != "-10" {
		t.Error(d.Plain())
	}
	if f := (Num{Lo: 123456789012345678}).Float(10); f != 12345678.9012345678 {
		t.Error(f)
	}
}

package vec

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"

	"github.com/ksqlgo/ksql/sql"
)

// TenTo is 10^n as a new big.Int.
func TenTo(n int) *big.Int {
	if n <= 38 {
		return tens[n].Big()
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// QuoBig is x * 10^shift / y, rounded, as a new big.Int. ok is false when y is 0, and when Exact is asked and
// the result is not.
func QuoBig(x, y *big.Int, shift int, how Rounding) (*big.Int, bool) {
	if y.Sign() == 0 {
		return nil, false
	}
	if shift > 0 {
		x = new(big.Int).Mul(x, TenTo(shift))
	}
	q, r := new(big.Int).QuoRem(x, y, new(big.Int))
	if r.Sign() == 0 {
		return q, true
	}
	neg := x.Sign() < 0 != (y.Sign() < 0)
	away := false
	switch how {
	case Exact:
		return nil, false
	case HalfUp, HalfEven:
		c := r.Abs(r).Lsh(r, 1).CmpAbs(y)
		away = c > 0 || c == 0 && (how == HalfUp || q.Bit(0) == 1)
	case Floor:
		away = neg
	case Ceiling:
		away = !neg
	}
	if away && neg {
		q.Sub(q, big.NewInt(1))
	} else if away {
		q.Add(q, big.NewInt(1))
	}
	return q, true
}

// DigitsBig is the number of decimal digits of x, 1 for 0.
func DigitsBig(x *big.Int) int {
	if n, ok := NumOfBig(x); ok {
		return n.Digits()
	}
	n := int(float64(x.BitLen()-1) * math.Log10(2))
	for x.CmpAbs(TenTo(n)) >= 0 {
		n++
	}
	return n
}

// DecimalOf is x, an int32, int64 or Decimal, as a Decimal of the same value; false: it is something else.
func DecimalOf(x any) (Decimal, bool) {
	switch n := x.(type) {
	case int32:
		return Decimal{Unscaled: big.NewInt(int64(n))}, true
	case int64:
		return Decimal{Unscaled: big.NewInt(n)}, true
	case Decimal:
		return n, true
	}
	return Decimal{}, false
}

// Rescale is d with that scale. ok is false when Exact is asked and digits would be lost. The scale must be
// bounded by the caller: the number is written out.
func (d Decimal) Rescale(scale int, how Rounding) (Decimal, bool) {
	switch by := scale - d.Scale; {
	case by == 0:
		return d, true
	case d.Unscaled.Sign() == 0:
		return Decimal{new(big.Int), scale}, true
	case by > 0:
		return Decimal{new(big.Int).Mul(d.Unscaled, TenTo(by)), scale}, true
	default:
		if over := -by - DigitsBig(d.Unscaled); over > 1 {
			// Far below half a unit: one digit says all that rounding needs, and the text may say 1e-999999999.
			d = Decimal{big.NewInt(int64(d.Unscaled.Sign())), scale + 2}
			by = -2
		}
		q, ok := QuoBig(d.Unscaled, TenTo(-by), 0, how)
		return Decimal{q, scale}, ok
	}
}

// Cmp compares the values; 1.0 and 1.00 are equal.
func (d Decimal) Cmp(e Decimal) int {
	if a, b := d.Unscaled.Sign(), e.Unscaled.Sign(); a != b || a == 0 {
		return a - b
	}
	if d.Scale == e.Scale {
		return d.Unscaled.Cmp(e.Unscaled)
	}
	// The place of the first digit decides most pairs, and bounds what is written out for the rest.
	a, b := DigitsBig(d.Unscaled)-d.Scale, DigitsBig(e.Unscaled)-e.Scale
	if a != b {
		if a > b == (d.Unscaled.Sign() > 0) {
			return 1
		}
		return -1
	}
	s := max(d.Scale, e.Scale)
	d, _ = d.Rescale(s, Exact)
	e, _ = e.Rescale(s, Exact)
	return d.Unscaled.Cmp(e.Unscaled)
}

// Fit makes d a value of DECIMAL type t as ksqlDB does: the range is checked before rounding (HALF_UP may so
// give one digit more), then the scale is set. Exact is how columns are stored, HalfUp how CAST works.
func (d Decimal) Fit(t sql.Type, how Rounding) (Decimal, error) {
	if d.Unscaled.Sign() != 0 && DigitsBig(d.Unscaled)-d.Scale > t.Precision-t.Scale {
		return d, overflow(d, t)
	}
	r, ok := d.Rescale(t.Scale, how)
	if !ok {
		return d, fmt.Errorf("Cannot fit decimal '%s' into DECIMAL(%d, %d) without rounding. (Requires %d,%d)",
			d.Plain(), t.Precision, t.Scale, DigitsBig(d.Unscaled), d.Scale)
	}
	return r, nil
}

// FitNum is Fit for a narrow decimal, without allocating where it fits.
func FitNum(n Num, scale int, t sql.Type, how Rounding) (Num, error) {
	if whole := t.Precision - t.Scale; scale >= 0 && n.Fits(min(whole+scale, 39)) {
		if r, ok := n.Rescale(scale, t.Scale, how); ok {
			return r, nil
		}
	}
	d, err := Decimal{n.Big(), scale}.Fit(t, how)
	if err != nil {
		return Num{}, err
	}
	r, _ := NumOfBig(d.Unscaled)
	return r, nil
}

func overflow(d Decimal, t sql.Type) error {
	return fmt.Errorf("Numeric field overflow: A field with precision %d and scale %d must round to an absolute value less than 10^%d. Got %s",
		t.Precision, t.Scale, t.Precision-t.Scale, d.Plain())
}

// Plain is d without exponent, with all of its scale. A scale beyond ±10000, which only foreign text can have,
// gives the form with exponent instead.
func (d Decimal) Plain() string {
	if d.Scale < -10000 || d.Scale > 10000 {
		return d.String()
	}
	return string(AppendPlain(nil, d.Unscaled, d.Scale))
}

// String is d as Java's BigDecimal.toString writes it.
func (d Decimal) String() string { return string(AppendJava(nil, d.Unscaled, d.Scale)) }

// Float is the double nearest to d.
func (d Decimal) Float() float64 {
	if n, ok := NumOfBig(d.Unscaled); ok && d.Scale >= 0 {
		return n.Float(d.Scale)
	}
	f, _ := strconv.ParseFloat(d.String(), 64)
	return f
}

// Float is the double nearest to n / 10^scale.
func (n Num) Float(scale int) float64 {
	if s, ok := n.Small(); ok && scale <= 22 && s > -1<<53 && s < 1<<53 {
		return float64(s) / floatTens[scale] // both exact, so the quotient is rounded once
	}
	var buf [64]byte
	f, _ := strconv.ParseFloat(string(strconv.AppendInt(append(n.appendInt(buf[:0]), 'e'), int64(-scale), 10)), 64)
	return f
}

var floatTens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// DecimalOfFloat is the exact binary value of f, rounded HALF_UP to so many significant digits (0: all of
// them), as Java's new BigDecimal(f, digits). ok is false for NaN and infinities.
func DecimalOfFloat(f float64, digits int) (d Decimal, ok bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Decimal{}, false
	}
	b := math.Float64bits(f)
	exp := int(b >> 52 & 0x7ff)
	m := int64(b & (1<<52 - 1))
	if exp == 0 {
		exp = 1
	} else {
		m |= 1 << 52
	}
	exp -= 1075
	if m == 0 {
		return Decimal{new(big.Int), 0}, true
	}
	for m&1 == 0 {
		m >>= 1
		exp++
	}
	if f < 0 {
		m = -m
	}
	d.Unscaled = big.NewInt(m)
	if exp > 0 {
		d.Unscaled.Lsh(d.Unscaled, uint(exp))
	} else {
		// m / 2^k = m * 5^k / 10^k
		d.Scale = -exp
		d.Unscaled.Mul(d.Unscaled, new(big.Int).Exp(big.NewInt(5), big.NewInt(int64(-exp)), nil))
	}
	if digits > 0 {
		d = d.Limit(digits, HalfUp)
	}
	return d, true
}

// Limit rounds d to so many significant digits, as Java's MathContext does.
func (d Decimal) Limit(digits int, how Rounding) Decimal {
	for {
		over := DigitsBig(d.Unscaled) - digits
		if over <= 0 {
			return d
		}
		q, ok := QuoBig(d.Unscaled, TenTo(over), 0, how)
		if !ok {
			return d
		}
		d = Decimal{q, d.Scale - over} // 99.95 rounds to one digit more: once again then
	}
}

// ErrNumber says that text is no decimal number.
var ErrNumber = errors.New("invalid decimal number")

// AppendDecimal adds the number that text spells (Java's BigDecimal syntax) to the DECIMAL column v. The error is
// ErrNumber or Fit's; then nothing is added.
func (v *Vec) AppendDecimal(text []byte, how Rounding) error {
	if !Wide(v.Type) {
		if n, scale, ok := ParseNum(text); ok {
			n, err := FitNum(n, scale, v.Type, how)
			if err == nil {
				v.AppendNum(n)
			}
			return err
		}
	}
	d, ok := ParseDecimal(text)
	if !ok {
		return ErrNumber
	}
	d, err := d.Fit(v.Type, how)
	if err == nil {
		v.AppendBig(d.Unscaled)
	}
	return err
}

// AppendDecimalText adds the text of row i of the DECIMAL column v to dst: plain, or as Java's BigDecimal.toString.
func (v *Vec) AppendDecimalText(dst []byte, i int, java bool) []byte {
	switch {
	case !Wide(v.Type) && java:
		return v.Dec[i].AppendJava(dst, v.Type.Scale)
	case !Wide(v.Type):
		return v.Dec[i].AppendPlain(dst, v.Type.Scale)
	case java:
		return AppendJava(dst, v.Big[i], v.Type.Scale)
	}
	return AppendPlain(dst, v.Big[i], v.Type.Scale)
}

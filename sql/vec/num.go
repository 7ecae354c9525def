package vec

import (
	"math/big"
	"math/bits"
)

// Num is a 128-bit two's complement integer: the unscaled value of a DECIMAL of at most 38 digits.
type Num struct {
	Lo uint64
	Hi int64
}

// NumOf is x as a Num.
func NumOf(x int64) Num { return Num{uint64(x), x >> 63} }

// Small reports whether n fits an int64, and gives it.
func (n Num) Small() (int64, bool) { return int64(n.Lo), n.Hi == int64(n.Lo)>>63 }

// Sign is -1, 0 or 1.
func (n Num) Sign() int {
	if n.Hi < 0 {
		return -1
	}
	if n.Hi == 0 && n.Lo == 0 {
		return 0
	}
	return 1
}

// Neg is -n.
func (n Num) Neg() Num {
	lo, b := bits.Sub64(0, n.Lo, 0)
	hi, _ := bits.Sub64(0, uint64(n.Hi), b)
	return Num{lo, int64(hi)}
}

// Add is n + m; ok is false on overflow of 128 bits.
func (n Num) Add(m Num) (r Num, ok bool) {
	lo, c := bits.Add64(n.Lo, m.Lo, 0)
	hi, _ := bits.Add64(uint64(n.Hi), uint64(m.Hi), c)
	r = Num{lo, int64(hi)}
	return r, n.Hi < 0 != (m.Hi < 0) || r.Hi < 0 == (n.Hi < 0)
}

// Sub is n - m; ok is false on overflow of 128 bits.
func (n Num) Sub(m Num) (r Num, ok bool) {
	lo, c := bits.Sub64(n.Lo, m.Lo, 0)
	hi, _ := bits.Sub64(uint64(n.Hi), uint64(m.Hi), c)
	r = Num{lo, int64(hi)}
	return r, n.Hi < 0 == (m.Hi < 0) || r.Hi < 0 == (n.Hi < 0)
}

// Mul is n * m; ok is false on overflow of 128 bits.
func (n Num) Mul(m Num) (r Num, ok bool) {
	if a, aok := n.Small(); aok {
		if b, bok := m.Small(); bok {
			return mul64(a, b), true
		}
	}
	ah, al := n.abs()
	bh, bl := m.abs()
	if ah != 0 && bh != 0 {
		return Num{}, false
	}
	hi, lo := bits.Mul64(al, bl)
	over, cross := bits.Mul64(ah, bl)
	if ah == 0 {
		over, cross = bits.Mul64(bh, al)
	}
	hi, carry := bits.Add64(hi, cross, 0)
	if over != 0 || carry != 0 {
		return Num{}, false
	}
	return signed(hi, lo, n.Hi < 0 != (m.Hi < 0))
}

// abs is the magnitude of n.
func (n Num) abs() (hi, lo uint64) {
	if n.Hi < 0 {
		n = n.Neg()
	}
	return uint64(n.Hi), n.Lo
}

// signed is the Num of that magnitude; ok is false when it needs more than 128 bits.
func signed(hi, lo uint64, neg bool) (Num, bool) {
	n := Num{lo, int64(hi)}
	if neg {
		return n.Neg(), hi < 1<<63 || hi == 1<<63 && lo == 0
	}
	return n, hi < 1<<63
}

func mul64(a, b int64) Num {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if a < 0 {
		hi -= uint64(b)
	}
	if b < 0 {
		hi -= uint64(a)
	}
	return Num{lo, int64(hi)}
}

// Cmp is -1, 0 or 1 as n is less than, equal to or greater than m.
func (n Num) Cmp(m Num) int {
	switch {
	case n.Hi < m.Hi || n.Hi == m.Hi && n.Lo < m.Lo:
		return -1
	case n == m:
		return 0
	}
	return 1
}

// Big is n as a new big.Int.
func (n Num) Big() *big.Int {
	if s, ok := n.Small(); ok {
		return big.NewInt(s)
	}
	neg := n.Hi < 0
	if neg {
		n = n.Neg()
	}
	x := new(big.Int).SetUint64(uint64(n.Hi))
	x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(n.Lo))
	if neg {
		x.Neg(x)
	}
	return x
}

// NumOfBig is x as a Num; ok is false when x needs more than 128 bits.
func NumOfBig(x *big.Int) (n Num, ok bool) {
	if x.IsInt64() {
		return NumOf(x.Int64()), true
	}
	if x.BitLen() > 127 {
		return Num{}, false
	}
	var a big.Int
	a.Abs(x)
	n.Lo = new(big.Int).And(&a, new(big.Int).SetUint64(^uint64(0))).Uint64()
	n.Hi = int64(new(big.Int).Rsh(&a, 64).Uint64())
	if x.Sign() < 0 {
		n = n.Neg()
	}
	return n, true
}

// Rounding says what becomes of digits that do not fit.
type Rounding uint8

// The ways of rounding, as Java's RoundingMode has them.
const (
	Exact    Rounding = iota // it must fit (UNNECESSARY)
	HalfUp                   // to the nearest, ties away from zero
	HalfEven                 // to the nearest, ties to the even digit
	Down                     // toward zero
	Floor                    // toward negative infinity
	Ceiling                  // toward positive infinity
)

var tens = func() (t [39]Num) {
	t[0] = NumOf(1)
	for i := 1; i < len(t); i++ {
		t[i], _ = t[i-1].Mul(NumOf(10))
	}
	return t
}()

// Pow10 is 10^n for n from 0 to 38.
func Pow10(n int) Num { return tens[n] }

// Fits reports whether n has at most p decimal digits.
func (n Num) Fits(p int) bool {
	if p > 38 {
		return true
	}
	hi, lo := n.abs()
	t := tens[p]
	return hi < uint64(t.Hi) || hi == uint64(t.Hi) && lo < t.Lo
}

// Digits is the number of decimal digits of n, 1 for 0.
func (n Num) Digits() int {
	hi, lo := n.abs()
	k := 64 - bits.LeadingZeros64(lo)
	if hi != 0 {
		k = 128 - bits.LeadingZeros64(hi)
	}
	d := k * 1233 >> 12 // log10(2) = 0.30103; never more than the digits, and at most one less
	if d < 1 {
		d = 1
	}
	for !n.Fits(d) && d < 39 {
		d++
	}
	return d
}

// QuoRem is n / m cut toward zero and the remainder, which has n's sign. m must not be 0; ok is false on
// overflow (the least Num by -1).
func (n Num) QuoRem(m Num) (q, r Num, ok bool) {
	ah, al := n.abs()
	bh, bl := m.abs()
	var qh, ql, rh, rl uint64
	switch {
	case ah == 0 && bh == 0:
		ql, rl = al/bl, al%bl
	case bh == 0:
		qh, rl = ah/bl, ah%bl
		ql, rl = bits.Div64(rl, al, bl)
	default:
		// Both are shifted so that the divisor's top word is full; the guess is then at most one too great
		// (Hacker's Delight, 9-5).
		s := uint(bits.LeadingZeros64(bh))
		v := bh<<s | bl>>(64-s)
		if s == 0 {
			v = bh
		}
		ql, _ = bits.Div64(ah>>1, ah<<63|al>>1, v)
		ql >>= 63 - s
		if ql != 0 {
			ql--
		}
		ph, pl := bits.Mul64(ql, bl)
		ph += ql * bh
		var b uint64
		rl, b = bits.Sub64(al, pl, 0)
		rh, _ = bits.Sub64(ah, ph, b)
		if rh > bh || rh == bh && rl >= bl {
			ql++
			rl, b = bits.Sub64(rl, bl, 0)
			rh, _ = bits.Sub64(rh, bh, b)
		}
	}
	q, ok = signed(qh, ql, n.Hi < 0 != (m.Hi < 0))
	r, _ = signed(rh, rl, n.Hi < 0)
	return q, r, ok
}

// Div is n / m, rounded. ok is false when m is 0, on overflow, and when Exact is asked and it is not.
func (n Num) Div(m Num, how Rounding) (Num, bool) {
	if m == (Num{}) {
		return Num{}, false
	}
	q, r, ok := n.QuoRem(m)
	if !ok || r == (Num{}) {
		return q, ok
	}
	neg := n.Hi < 0 != (m.Hi < 0)
	away := false
	switch how {
	case Exact:
		return q, false
	case HalfUp, HalfEven:
		rh, rl := r.abs()
		mh, ml := m.abs()
		lo, b := bits.Sub64(ml, rl, 0) // the rest of the divisor: ties need no doubling, which could overflow
		hi, _ := bits.Sub64(mh, rh, b)
		switch {
		case rh != hi:
			away = rh > hi
		case rl != lo:
			away = rl > lo
		default:
			away = how == HalfUp || q.Lo&1 == 1
		}
	case Floor:
		away = neg
	case Ceiling:
		away = !neg
	}
	if !away {
		return q, true
	}
	if neg {
		return q.Sub(NumOf(1))
	}
	return q.Add(NumOf(1))
}

// Rescale turns the unscaled value of scale from into that of scale to. ok is false on overflow of 128 bits,
// and when Exact is asked and digits would be lost.
func (n Num) Rescale(from, to int, how Rounding) (Num, bool) {
	switch d := to - from; {
	case d == 0 || n == Num{}:
		return n, true
	case d > 38:
		return Num{}, false
	case d > 0:
		return n.Mul(tens[d])
	case d < -38:
		// Less than a fifth of a unit.
		switch {
		case how == Exact:
			return Num{}, false
		case how == Floor && n.Hi < 0:
			return NumOf(-1), true
		case how == Ceiling && n.Hi >= 0:
			return NumOf(1), true
		}
		return Num{}, true
	default:
		return n.Div(tens[-d], how)
	}
}

// Quo is n * 10^shift / m, rounded: how decimals divide. ok is false when m is 0, when the result needs more
// than 128 bits, and when Exact is asked and it is not.
func (n Num) Quo(m Num, shift int, how Rounding) (Num, bool) {
	if shift <= 38 {
		if x, ok := n.Mul(tens[shift]); ok {
			return x.Div(m, how)
		}
	}
	q, ok := QuoBig(n.Big(), m.Big(), shift, how)
	if !ok {
		return Num{}, false
	}
	return NumOfBig(q)
}

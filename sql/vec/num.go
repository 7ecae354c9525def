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
	return NumOfBig(new(big.Int).Mul(n.Big(), m.Big()))
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

package expr

import "math/bits"

// divisor divides by a constant with a multiplication (Granlund and Montgomery): for 0 <= x < 2^63,
// x / d is the high half of x * magic, shifted right.
type divisor struct {
	d     int64
	abs   uint64
	magic uint64
	shift uint
	plain bool // d is 1, -1 or -2^63: the processor has to divide
}

func newDivisor(d int64) divisor {
	v := divisor{d: d, abs: uint64(d)}
	if d < 0 {
		v.abs = -v.abs
	}
	if v.abs < 2 || v.abs >= 1<<63 {
		v.plain = true
		return v
	}
	l := uint(bits.Len64(v.abs - 1))       // 2^(l-1) < abs <= 2^l
	q, r := bits.Div64(1<<(l-1), 0, v.abs) // 2^(63+l) / abs, at most 2^64 - 1
	if r != 0 {
		q++
	}
	v.magic, v.shift = q, l-1
	return v
}

// quo is x / d, rounded toward zero. Not for plain ones.
func (v *divisor) quo(x int64) int64 {
	if x == -1<<63 {
		return x / v.d
	}
	s := x >> 63
	hi, _ := bits.Mul64(uint64((x^s)-s), v.magic)
	q := int64(hi >> v.shift)
	s ^= v.d >> 63
	return (q ^ s) - s
}

// rem is x % d, with the sign of x. Not for plain ones.
func (v *divisor) rem(x int64) int64 {
	if x == -1<<63 {
		return x % v.d
	}
	s := x >> 63
	u := uint64((x ^ s) - s)
	hi, _ := bits.Mul64(u, v.magic)
	m := int64(u - hi>>v.shift*v.abs)
	return (m ^ s) - s
}

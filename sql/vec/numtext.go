package vec

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// AppendPlain adds n / 10^scale to dst without exponent and with all of its scale: 10.00.
func (n Num) AppendPlain(dst []byte, scale int) []byte {
	at := len(dst)
	return point(n.appendInt(dst), at, scale)
}

// AppendJava adds n / 10^scale to dst as Java's BigDecimal.toString: with an exponent only when the scale is
// negative or the first digit stands behind the sixth place after the point.
func (n Num) AppendJava(dst []byte, scale int) []byte {
	at := len(dst)
	return javaPoint(n.appendInt(dst), at, scale)
}

// AppendPlain is Num.AppendPlain for any width.
func AppendPlain(dst []byte, x *big.Int, scale int) []byte {
	at := len(dst)
	return point(x.Append(dst, 10), at, scale)
}

// AppendJava is Num.AppendJava for any width.
func AppendJava(dst []byte, x *big.Int, scale int) []byte {
	at := len(dst)
	return javaPoint(x.Append(dst, 10), at, scale)
}

func (n Num) appendInt(dst []byte) []byte {
	if s, ok := n.Small(); ok {
		return strconv.AppendInt(dst, s, 10)
	}
	hi, lo := n.abs()
	if n.Hi < 0 {
		dst = append(dst, '-')
	}
	// Two or three groups of 19 digits, the most that a word holds.
	const group = 1e19
	q, r := hi/group, hi%group
	mid, low := bits.Div64(r, lo, group)
	if q == 0 && mid == 0 {
		return strconv.AppendUint(dst, low, 10)
	}
	if q == 0 {
		return pad(strconv.AppendUint(dst, mid, 10), low)
	}
	top, mid := bits.Div64(q, mid, group)
	return pad(pad(strconv.AppendUint(dst, top, 10), mid), low)
}

// pad adds x as 19 digits.
func pad(dst []byte, x uint64) []byte {
	var b [19]byte
	for i := 18; i >= 0; i-- {
		b[i] = '0' + byte(x%10)
		x /= 10
	}
	return append(dst, b[:]...)
}

// point puts the point into the integer that dst holds from at on.
func point(dst []byte, at, scale int) []byte {
	if dst[at] == '-' {
		at++
	}
	if scale <= 0 {
		if string(dst[at:]) != "0" {
			for ; scale < 0; scale++ {
				dst = append(dst, '0')
			}
		}
		return dst
	}
	if short := scale + 1 - (len(dst) - at); short > 0 {
		n := len(dst)
		for i := 0; i < short; i++ {
			dst = append(dst, '0')
		}
		copy(dst[at+short:], dst[at:n])
		for i := 0; i < short; i++ {
			dst[at+i] = '0'
		}
	}
	dst = append(dst, 0)
	p := len(dst) - 1 - scale
	copy(dst[p+1:], dst[p:])
	dst[p] = '.'
	return dst
}

func javaPoint(dst []byte, at, scale int) []byte {
	first := at
	if dst[at] == '-' {
		first++
	}
	exp := len(dst) - first - 1 - scale
	if scale == 0 || scale > 0 && exp >= -6 {
		return point(dst, at, scale)
	}
	if len(dst)-first > 1 {
		dst = append(dst, 0)
		copy(dst[first+2:], dst[first+1:])
		dst[first+1] = '.'
	}
	if exp == 0 {
		return dst
	}
	dst = append(dst, 'E')
	if exp > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

// ParseNum reads a number in Java's BigDecimal syntax: value / 10^scale. ok is false when it is none, and when it
// has more than 38 digits.
func ParseNum(b []byte) (n Num, scale int, ok bool) {
	p := 0
	neg := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		neg = b[0] == '-'
		p = 1
	}
	var parts [2]uint64 // groups of 19 digits
	digits, sig, dot := 0, 0, -1
	for ; p < len(b); p++ {
		c := b[p] - '0'
		if c > 9 {
			if b[p] != '.' || dot >= 0 {
				break
			}
			dot = digits
			continue
		}
		digits++
		if sig == 0 && c == 0 {
			continue
		}
		if sig == 38 {
			return n, 0, false
		}
		g := &parts[0]
		if sig >= 19 {
			g = &parts[1]
		}
		*g = *g*10 + uint64(c)
		sig++
	}
	if digits == 0 {
		return n, 0, false
	}
	if dot >= 0 {
		scale = digits - dot
	}
	if p < len(b) {
		e, ok := exponent(b[p:])
		if !ok {
			return n, 0, false
		}
		scale -= e
	}
	n = Num{Lo: parts[0]}
	if sig > 19 {
		m := tens[sig-19]
		hi, lo := bits.Mul64(parts[0], m.Lo)
		lo, c := bits.Add64(lo, parts[1], 0)
		n = Num{lo, int64(hi + parts[0]*uint64(m.Hi) + c)}
	}
	if neg {
		n = n.Neg()
	}
	return n, scale, true
}

// exponent reads e12, E+12, e-12 to the end of b.
func exponent(b []byte) (int, bool) {
	if b[0] != 'e' && b[0] != 'E' {
		return 0, false
	}
	e, err := strconv.ParseInt(string(b[1:]), 10, 32)
	return int(e), err == nil && e > math.MinInt32
}

// maxDigits bounds the texts of numbers: the time to read one grows with the square of its digits.
const maxDigits = 1 << 17

// ParseDecimal is ParseNum for any number of digits.
func ParseDecimal(b []byte) (Decimal, bool) {
	if n, scale, ok := ParseNum(b); ok {
		return Decimal{n.Big(), scale}, true
	}
	if len(b) > maxDigits {
		return Decimal{}, false
	}
	text := make([]byte, 0, len(b))
	scale, dot, digits := 0, false, 0
	for p := 0; p < len(b); p++ {
		switch c := b[p]; {
		case c-'0' <= 9:
			text = append(text, c)
			digits++
			if dot {
				scale++
			}
		case (c == '-' || c == '+') && p == 0:
			text = append(text, c)
		case c == '.' && !dot:
			dot = true
		default:
			e, ok := exponent(b[p:])
			if !ok || digits == 0 {
				return Decimal{}, false
			}
			scale -= e
			p = len(b)
		}
	}
	if digits == 0 {
		return Decimal{}, false
	}
	x, ok := new(big.Int).SetString(string(text), 10)
	return Decimal{x, scale}, ok
}

// Package double is the text of Java's class Double: how it writes a number and what it reads.
package double

import (
	"math"
	"strconv"
)

// Append adds f to dst as Java's Double.toString writes it, with the shortest digits that read back as f:
// 1.0, 0.001, 1.0E10, 4.9E-324, NaN, Infinity. Integers between 2^54 and 2^63 keep the digits that Java 17 shows,
// sometimes one more than needed: ksqlDB runs on it.
func Append(dst []byte, f float64) []byte {
	a := math.Abs(f)
	switch {
	case a >= 1e-3 && a < 1e7:
		if i := int64(f); float64(i) == f {
			return append(strconv.AppendInt(dst, i, 10), '.', '0')
		}
		// Not an integer, so the shortest form has a fraction.
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, "0.0"...)
	case f != f:
		return append(dst, "NaN"...)
	case a > math.MaxFloat64:
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	}
	var buf [32]byte
	b := strconv.AppendFloat(buf[:0], f, 'E', -1, 64)
	if a >= 1<<54 && a < 1<<63 {
		b = appendLong(buf[:0], f)
	}
	e := len(b) - 1
	for b[e] != 'E' {
		e--
	}
	if e < 3 && a < 1e-300 {
		// One digit only: Java looks for the best pair of digits, which for the least doubles is another one.
		b = strconv.AppendFloat(buf[:0], f, 'E', 1, 64)
		for e = len(b) - 1; b[e] != 'E'; e-- {
		}
	}
	dst = append(dst, b[:e]...)
	if d := b[0]; e == 1 || d == '-' && e == 2 {
		dst = append(dst, '.', '0')
	}
	dst = append(dst, 'E')
	exp := b[e+1:]
	if exp[0] == '-' {
		dst = append(dst, '-')
	}
	exp = exp[1:]
	if exp[0] == '0' {
		exp = exp[1:]
	}
	return append(dst, exp...)
}

// appendLong writes a double between 2^54 and 2^63 as Java 17 does: its integer, without the digits that the
// double cannot tell apart, the last one rounded.
func appendLong(dst []byte, f float64) []byte {
	// By how far the lowest bit of the double stands above the integer's: the digits to drop.
	drop := [...]int64{1, 1, 1, 1, 10, 10, 10, 100, 100, 100}
	a := math.Abs(f)
	pow := drop[math.Ilogb(a)-54]
	n := int64(a)
	if n%pow >= pow/2 && pow > 1 {
		n += pow
	}
	n /= pow
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], n, 10)
	exp := len(digits) - 1
	for ; pow > 1; pow /= 10 {
		exp++
	}
	for len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	if f < 0 {
		dst = append(dst, '-')
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	return strconv.AppendInt(append(dst, "E+"...), int64(exp), 10)
}

// Parse reads Java's Double.parseDouble syntax: blanks around, sign, decimal or hexadecimal digits, NaN and
// Infinity in that case, a suffix d or f. Too great a number is an infinity, as in Java.
func Parse(s string) (f float64, ok bool) {
	for len(s) > 0 && s[0] <= ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	p := 0
	if p < len(s) && (s[p] == '-' || s[p] == '+') {
		p++
	}
	switch s[p:] {
	case "NaN":
		return math.NaN(), true
	case "Infinity":
		if s[0] == '-' {
			return math.Inf(-1), true
		}
		return math.Inf(1), true
	}
	if len(s)-p > 1 && s[p] == '0' && s[p+1]|0x20 == 'x' {
		for _, c := range []byte(s[p+2:]) {
			if c == '_' {
				return 0, false
			}
		}
		n := len(s)
		if c := s[n-1] | 0x20; c == 'd' || c == 'f' {
			// A digit of the number, unless the exponent has begun: without one it is no number anyway.
			n--
		}
		f, err := strconv.ParseFloat(s[:n], 64)
		return f, err == nil || isRange(err)
	}
	digits := 0
	q := p
	for ; q < len(s) && s[q]-'0' <= 9; q++ {
		digits++
	}
	if q < len(s) && s[q] == '.' {
		for q++; q < len(s) && s[q]-'0' <= 9; q++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, false
	}
	if q < len(s) && s[q]|0x20 == 'e' {
		q++
		if q < len(s) && (s[q] == '-' || s[q] == '+') {
			q++
		}
		d := q
		for q < len(s) && s[q]-'0' <= 9 {
			q++
		}
		if q == d {
			return 0, false
		}
	}
	n := q
	if q < len(s) && (s[q]|0x20 == 'd' || s[q]|0x20 == 'f') {
		q++
	}
	if q != len(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s[:n], 64)
	return f, err == nil || isRange(err)
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

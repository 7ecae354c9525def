// Package json reads and writes JSON byte by byte, as Jackson does: what formats and functions have in common. It
// builds no values: the formats read straight into columns, the functions into a list of nodes.
package json

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// The scanner works on one record's bytes and a position. A negative position it returns says that the text is no
// JSON. Strings are looked at eight bytes at a time, in one word.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// MaxDepth is how deep values may nest, as in Jackson.
const MaxDepth = 1000

// Blank is the position of the first byte from p on that is no blank.
func Blank(b []byte, p int) int {
	for p < len(b) && b[p] <= ' ' && (b[p] == ' ' || b[p] == '\n' || b[p] == '\t' || b[p] == '\r') {
		p++
	}
	return p
}

// TextEnd is the position of the first quote, backslash or control character from p on; negative when there is none or
// the bytes before it are not UTF-8.
func TextEnd(b []byte, p int) int {
	i := p
	var seen uint64
	for ; i+16 <= len(b); i += 16 {
		w, x := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+8:])
		// A byte below the subtrahend borrows; a byte above 127 is none of those looked for.
		m := ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones) | (w - ones*0x20)
		n := ((x ^ ones*'"') - ones) | ((x ^ ones*'\\') - ones) | (x - ones*0x20)
		if (m&^w|n&^x)&highs != 0 {
			break
		}
		seen |= w | x
	}
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		q := w ^ (ones * '"')
		e := w ^ (ones * '\\')
		if m := ((q - ones) | (e - ones) | (w - ones*0x20)) &^ w & highs; m != 0 {
			n := bits.TrailingZeros64(m)
			seen |= w & (1<<(n&^7) - 1)
			i += n >> 3
			if seen&highs != 0 && !utf8.Valid(b[p:i]) {
				return -1
			}
			return i
		}
		seen |= w
	}
	if rest := len(b) - i; rest > 0 && len(b) >= 8 {
		// The last word again, without the bytes seen: the zeros that stand for them behind the end look like
		// control characters.
		w := binary.LittleEndian.Uint64(b[len(b)-8:]) >> (64 - 8*rest)
		q := w ^ (ones * '"')
		e := w ^ (ones * '\\')
		m := ((q - ones) | (e - ones) | (w - ones*0x20)) &^ w & highs
		n := bits.TrailingZeros64(m)
		if n>>3 >= rest {
			return -1
		}
		seen |= w & (1<<(n&^7) - 1)
		i += n >> 3
		if seen&highs != 0 && !utf8.Valid(b[p:i]) {
			return -1
		}
		return i
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < 0x20 {
			if !utf8.Valid(b[p:i]) {
				return -1
			}
			return i
		}
	}
	return -1
}

// AppendText adds the string whose first character is at p, behind the quote, and gives the position behind its
// end.
func AppendText(dst, b []byte, p int) ([]byte, int) {
	for {
		e := TextEnd(b, p)
		if e < 0 {
			return dst, -1
		}
		dst = append(dst, b[p:e]...)
		if b[e] == '"' {
			return dst, e + 1
		}
		if b[e] != '\\' {
			return dst, -1
		}
		if dst, p = Unescape(dst, b, e); p < 0 {
			return dst, -1
		}
	}
}

// Unescape adds what the escape at p stands for, whose backslash was seen, and gives the position behind it.
func Unescape(dst, b []byte, p int) ([]byte, int) {
	if p+1 >= len(b) {
		return dst, -1
	}
	p += 2
	switch c := b[p-1]; c {
	case '"', '\\', '/':
		return append(dst, c), p
	case 'b':
		return append(dst, '\b'), p
	case 'f':
		return append(dst, '\f'), p
	case 'n':
		return append(dst, '\n'), p
	case 'r':
		return append(dst, '\r'), p
	case 't':
		return append(dst, '\t'), p
	case 'u':
		u, ok := hex4(b, p)
		if !ok {
			return dst, -1
		}
		p += 4
		if u&0xFC00 == 0xD800 && p+1 < len(b) && b[p] == '\\' && b[p+1] == 'u' {
			if v, ok := hex4(b, p+2); ok && v&0xFC00 == 0xDC00 {
				return utf8.AppendRune(dst, (u&0x3FF)<<10+v&0x3FF+0x10000), p + 6
			}
		}
		if u&0xF800 == 0xD800 {
			// Half of a pair is legal text in Java; see package vec for how it is kept.
			return append(dst, 0xE0|byte(u>>12), 0x80|byte(u>>6)&0x3F, 0x80|byte(u)&0x3F), p
		}
		return utf8.AppendRune(dst, u), p
	}
	return dst, -1
}

// SkipEscape is Unescape without the text.
func SkipEscape(b []byte, p int) int {
	if p+1 >= len(b) {
		return -1
	}
	switch b[p+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return p + 2
	case 'u':
		if _, ok := hex4(b, p+2); ok {
			return p + 6
		}
	}
	return -1
}

func hex4(b []byte, p int) (rune, bool) {
	if p+4 > len(b) {
		return 0, false
	}
	var x rune
	for _, c := range b[p : p+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		x = x<<4 | rune(c)
	}
	return x, true
}

// SkipText is AppendText without the text.
func SkipText(b []byte, p int) int {
	for {
		e := TextEnd(b, p)
		if e < 0 {
			return -1
		}
		if b[e] == '"' {
			return e + 1
		}
		if b[e] != '\\' {
			return -1
		}
		if p = SkipEscape(b, e); p < 0 {
			return -1
		}
	}
}

// MaxNumber is how long a number may be: vec.ParseDecimal reads no longer ones.
const MaxNumber = 1 << 17

// Number is the position behind the number at p, and whether it is written as an integer. An exponent that needs
// more than 32 bits is no JSON to Jackson, who reads every number, wanted or not, as a decimal.
func Number(b []byte, p int) (end int, whole bool) {
	from := p
	if p = Integer(b, p); p < 0 {
		return -1, false
	}
	whole = true
	if p < len(b) && (b[p] == '.' || b[p]|0x20 == 'e') {
		whole = false
		var exponent int
		if p, exponent = Fraction(b, p); p < 0 {
			return -1, false
		}
		for exponent < p-1 && b[exponent] == '0' {
			exponent++
		}
		if p-exponent > 10 || p-exponent == 10 && string(b[exponent:p]) > "2147483647" {
			return -1, false
		}
	}
	if p-from > MaxNumber {
		return -1, false
	}
	return p, whole
}

// Integer is the position behind the sign and the digits of a number at p.
func Integer(b []byte, p int) int {
	if p < len(b) && b[p] == '-' {
		p++
	}
	if p >= len(b) || b[p]-'0' > 9 {
		return -1
	}
	if b[p] == '0' && p+1 < len(b) && b[p+1]-'0' <= 9 {
		return -1
	}
	return digits(b, p)
}

// Fraction is the position behind the fraction and the exponent of a number, which may be at p. digitsAt is where the
// digits of the exponent begin, end if there is none.
func Fraction(b []byte, p int) (end, digitsAt int) {
	if p < len(b) && b[p] == '.' {
		q := digits(b, p+1)
		if q == p+1 {
			return -1, -1
		}
		p = q
	}
	if p >= len(b) || b[p]|0x20 != 'e' {
		return p, p
	}
	p++
	if p < len(b) && (b[p] == '+' || b[p] == '-') {
		p++
	}
	q := digits(b, p)
	if q == p {
		return -1, -1
	}
	return q, p
}

func digits(b []byte, p int) int {
	for p < len(b) && b[p]-'0' <= 9 {
		p++
	}
	return p
}

// Word is the position behind true, false or null at p.
func Word(b []byte, p int, s string) int {
	if len(b)-p < len(s) || string(b[p:p+len(s)]) != s {
		return -1
	}
	return p + len(s)
}

// Skip is the position behind the value at p, which is checked.
func Skip(b []byte, p, depth int) int {
	if p >= len(b) || depth > MaxDepth {
		return -1
	}
	switch b[p] {
	case '"':
		return SkipText(b, p+1)
	case 't':
		return Word(b, p, "true")
	case 'f':
		return Word(b, p, "false")
	case 'n':
		return Word(b, p, "null")
	case '[':
		p = Blank(b, p+1)
		if p < len(b) && b[p] == ']' {
			return p + 1
		}
		for {
			if p = Skip(b, p, depth+1); p < 0 {
				return -1
			}
			p = Blank(b, p)
			if p >= len(b) {
				return -1
			}
			if b[p] == ']' {
				return p + 1
			}
			if b[p] != ',' {
				return -1
			}
			p = Blank(b, p+1)
		}
	case '{':
		p = Blank(b, p+1)
		if p < len(b) && b[p] == '}' {
			return p + 1
		}
		for {
			if p >= len(b) || b[p] != '"' {
				return -1
			}
			if p = Colon(b, SkipText(b, p+1)); p < 0 {
				return -1
			}
			if p = Skip(b, p, depth+1); p < 0 {
				return -1
			}
			p = Blank(b, p)
			if p >= len(b) {
				return -1
			}
			if b[p] == '}' {
				return p + 1
			}
			if b[p] != ',' {
				return -1
			}
			p = Blank(b, p+1)
		}
	}
	end, _ := Number(b, p)
	return end
}

// Colon is the position of the value, when p stands behind its name.
func Colon(b []byte, p int) int {
	if p < 0 {
		return -1
	}
	p = Blank(b, p)
	if p >= len(b) || b[p] != ':' {
		return -1
	}
	return Blank(b, p+1)
}

// SmallInt reads an integer of at most 18 digits that nothing of a number follows; end is negative otherwise.
func SmallInt(b []byte, p int) (x int64, end int) {
	neg := false
	if p < len(b) && b[p] == '-' {
		neg = true
		p++
	}
	s := p
	var v uint64
	for p+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[p:])
		if w&0xF0F0F0F0F0F0F0F0|(w+ones*6)&0xF0F0F0F0F0F0F0F0>>4 != 0x3333333333333333 {
			break
		}
		// Eight digits at once: pairs, then fours, then all.
		w -= ones * '0'
		w = w*10 + w>>8
		w = (w&0x000000FF000000FF*(100+1000000<<32) + w>>16&0x000000FF000000FF*(1+10000<<32)) >> 32
		v = v*100000000 + w
		p += 8
		if p-s > 16 {
			return 0, -1
		}
	}
	for p < len(b) && b[p]-'0' <= 9 {
		v = v*10 + uint64(b[p]-'0')
		p++
	}
	n := p - s
	if n == 0 || n > 18 || n > 1 && b[s] == '0' || p < len(b) && (b[p] == '.' || b[p]|0x20 == 'e') {
		return 0, -1
	}
	if neg {
		return -int64(v), p
	}
	return int64(v), p
}

package chars

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Len is the number of UTF-16 units of s: what ksqlDB calls its length.
func Len(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x80 || c >= 0xC0 {
			n++
			if c >= 0xF0 {
				n++
			}
		}
	}
	return n
}

// Compare orders strings by UTF-16 unit, as Java does: characters beyond U+FFFF stand before U+E000.
func Compare(a, b string) int {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	if i == n {
		return len(a) - len(b)
	}
	x, y := a[i], b[i]
	if x >= 0xED && y >= 0xED && (x >= 0xF0) != (y >= 0xF0) {
		// Both begin a character here, just one of them beyond U+FFFF.
		u, v := Units(nil, a[i:]), Units(nil, b[i:])
		for k := 0; k < len(u) && k < len(v); k++ {
			if u[k] != v[k] {
				return int(u[k]) - int(v[k])
			}
		}
		return len(u) - len(v)
	}
	return int(x) - int(y)
}

// Units adds the UTF-16 units of s to dst.
func Units(dst []uint16, s string) []uint16 {
	for i := 0; i < len(s); {
		if c := s[i]; c < 0x80 {
			dst = append(dst, uint16(c))
			i++
			continue
		}
		if half, ok := lone(s[i:]); ok {
			dst = append(dst, half)
			i += 3
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = utf16.AppendRune(dst, r)
		i += n
	}
	return dst
}

// lone reads a lone surrogate.
func lone(s string) (uint16, bool) {
	if len(s) < 3 || s[0] != 0xED || s[1] < 0xA0 || s[1] > 0xBF || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | uint16(s[1]&0x3F)<<6 | uint16(s[2]&0x3F), true
}

// AppendUnits adds the text of UTF-16 units to dst.
func AppendUnits(dst []byte, u []uint16) []byte {
	for i := 0; i < len(u); i++ {
		c := rune(u[i])
		switch {
		case c < 0xD800 || c > 0xDFFF:
			dst = utf8.AppendRune(dst, c)
		case c < 0xDC00 && i+1 < len(u) && u[i+1]&0xFC00 == 0xDC00:
			dst = utf8.AppendRune(dst, utf16.DecodeRune(c, rune(u[i+1])))
			i++
		default:
			dst = append(dst, 0xE0|byte(c>>12), 0x80|byte(c>>6)&0xBF, 0x80|byte(c)&0xBF)
		}
	}
	return dst
}

// WellFormed is s with each lone surrogate as '?', as Java encodes it in UTF-8.
func WellFormed(s string) string {
	if !strings.Contains(s, "\xED") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if _, ok := lone(s[i:]); ok {
			b = append(b, '?')
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

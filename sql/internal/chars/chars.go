// Package chars is Java's characters: what is a letter or a digit, and text as UTF-16 units.
//
// ksqlDB's text is UTF-16, and functions may cut it between the two halves of a character beyond U+FFFF. Our text is
// UTF-8; a lone half stands as the three bytes that UTF-8 would give its number (WTF-8). Left out: Character's Unicode properties, which package
// unicode has.
package chars

import (
	"unicode/utf8"
)

// ASCII reports whether each byte of s is one UTF-16 unit.
func ASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Next is utf8.DecodeRuneInString that reads lone surrogates, too.
func Next(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1]&0xe0 == 0xa0 && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, n
}

// AppendRune adds r, which may be a lone surrogate.
func AppendRune(dst []byte, r rune) []byte {
	if surrogate(r) {
		return append(dst, 0xed, 0x80|byte(r>>6&0x3f), 0x80|byte(r&0x3f))
	}
	return utf8.AppendRune(dst, r)
}

func surrogate(r rune) bool { return r >= 0xd800 && r <= 0xdfff }

// High and Low tell the halves of a character beyond U+FFFF.
func High(u uint16) bool { return u >= 0xd800 && u < 0xdc00 }

// Low is the test for the second half; see High.
func Low(u uint16) bool { return u >= 0xdc00 && u < 0xe000 }

// Join is the character of two halves.
func Join(hi, lo uint16) rune { return (rune(hi)-0xd800)<<10 + rune(lo) - 0xdc00 + 0x10000 }

// OfUnits is the text of UTF-16 units.
func OfUnits(u []uint16) string { return string(AppendUnits(nil, u)) }

// AppendUTF8 adds b as text; each longest malformed piece becomes U+FFFD, as Java decodes it.
func AppendUTF8(dst, b []byte) []byte {
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			dst = append(dst, b[0])
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = malformed(b)
		}
		dst = utf8.AppendRune(dst, r)
		b = b[n:]
	}
	return dst
}

// malformed is the length of the longest start of a legal sequence at b, at least one byte.
func malformed(b []byte) int {
	lo, hi, need := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c == 0xe0:
		lo, need = 0xa0, 2
	case c == 0xed:
		hi, need = 0x9f, 2
	case c >= 0xe1 && c <= 0xef:
		need = 2
	case c == 0xf0:
		lo, need = 0x90, 3
	case c >= 0xf1 && c <= 0xf3:
		need = 3
	case c == 0xf4:
		hi, need = 0x8f, 3
	}
	n := 1
	for n <= need && n < len(b) && b[n] >= lo && b[n] <= hi {
		lo, hi = 0x80, 0xbf
		n++
	}
	return n
}

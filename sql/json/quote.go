package json

import (
	"encoding/binary"
	"unicode/utf8"
)

// AppendQuoted adds s as a JSON string, escaped as Jackson does.
func AppendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	i := plain(s)
	if i == len(s) {
		dst = append(dst, s...)
		return append(dst, '"')
	}
	from := 0
	for ; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < 0x80 {
			continue
		}
		if c >= 0x80 {
			r, n := utf8.DecodeRune(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n - 1
				continue
			}
			dst = append(dst, s[from:i]...)
			if c == 0xED && i+2 < len(s) && s[i+1] >= 0xA0 && s[i+1] < 0xC0 && s[i+2]&0xC0 == 0x80 {
				// Half of a surrogate pair has no UTF-8: written as an escape it survives.
				u := 0xD000 | uint16(s[i+1]&0x3F)<<6 | uint16(s[i+2]&0x3F)
				dst = append(dst, '\\', 'u', hexUp[u>>12], hexUp[u>>8&15], hexUp[u>>4&15], hexUp[u&15])
				i += 2
			} else {
				dst = append(dst, "\uFFFD"...)
			}
			from = i + 1
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		dst = AppendEscaped(dst, c)
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// AppendEscaped adds a quote, a backslash or a control character as it stands in a string.
func AppendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexUp[c>>4], hexUp[c&15])
}

const hexUp = "0123456789ABCDEF"

// plain is the number of leading bytes of s that are ASCII and need no escape, perhaps a few less.
func plain(s []byte) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := binary.LittleEndian.Uint64(s[i:])
		q := w ^ (ones * '"')
		e := w ^ (ones * '\\')
		if ((q-ones)|(e-ones)|(w-ones*0x20)|w)&highs != 0 {
			return i
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			return i
		}
	}
	return i
}

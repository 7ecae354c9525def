package format

import (
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// errUCS4 is Jackson's complaint about four bytes in an order that nobody writes.
var errUCS4 = errors.New("Unsupported UCS-4 endianness detected")

var errUTF32 = errors.New("Invalid UTF-32 character")

// recode is b in UTF-8, added to dst, when it is JSON in another encoding or behind a byte order mark, which its
// first four bytes tell as they tell Jackson. ok is false when there is nothing to change.
//
// Only records that could not be read are asked: no JSON in UTF-16 or UTF-32 can be read as UTF-8, since a zero
// byte stands beside its first sign.
func recode(dst, b []byte) (out []byte, ok bool, err error) {
	if len(b) < 2 {
		return dst, false, nil
	}
	two := binary.BigEndian.Uint16(b)
	if len(b) >= 4 {
		switch four := binary.BigEndian.Uint32(b); {
		case four == 0x0000feff:
			return fromUTF32(dst, b[4:], binary.BigEndian)
		case four == 0xfffe0000:
			return fromUTF32(dst, b[4:], binary.LittleEndian)
		case four == 0x0000fffe || four == 0xfeff0000:
			return dst, false, errUCS4
		case two == 0xfeff:
			return fromUTF16(dst, b[2:], binary.BigEndian), true, nil
		case two == 0xfffe:
			return fromUTF16(dst, b[2:], binary.LittleEndian), true, nil
		case four>>8 == 0xefbbbf:
			return append(dst, b[3:]...), true, nil
		case four>>8 == 0:
			return fromUTF32(dst, b, binary.BigEndian)
		case four&0x00ffffff == 0:
			return fromUTF32(dst, b, binary.LittleEndian)
		case four&0xff00ffff == 0 || four&0xffff00ff == 0:
			return dst, false, errUCS4
		}
	}
	switch {
	case two&0xff00 == 0:
		return fromUTF16(dst, b, binary.BigEndian), true, nil
	case two&0x00ff == 0:
		return fromUTF16(dst, b, binary.LittleEndian), true, nil
	}
	return dst, false, nil
}

// fromUTF16 is Java's decoder: U+FFFD stands for what is no character, and for a high surrogate together with the
// unit behind it when that is no low one.
func fromUTF16(dst, b []byte, order binary.ByteOrder) []byte {
	for ; len(b) >= 2; b = b[2:] {
		r := rune(order.Uint16(b))
		if utf16.IsSurrogate(r) {
			high := r < 0xdc00
			r2 := rune(0)
			if len(b) >= 4 {
				r2 = rune(order.Uint16(b[2:]))
			}
			if r = utf16.DecodeRune(r, r2); high {
				b = b[min(2, len(b)-2):]
			}
		} else if r == 0xfffe {
			r = utf8.RuneError
		}
		dst = utf8.AppendRune(dst, r)
	}
	if len(b) > 0 {
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	return dst
}

// fromUTF32 leaves bytes at the end that are no whole character alone, as Jackson does when the value is complete.
func fromUTF32(dst, b []byte, order binary.ByteOrder) ([]byte, bool, error) {
	for ; len(b) >= 4; b = b[4:] {
		r := order.Uint32(b)
		if r > utf8.MaxRune {
			return dst, false, errUTF32
		}
		dst = utf8.AppendRune(dst, rune(r))
	}
	return dst, true, nil
}

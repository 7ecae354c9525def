package fn

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/vec"
)

var encodeFuncs = []Func{
	{Name: "ENCODE", Declared: "encode", Category: catString, Author: confluent,
		Doc: "Rewrites a text from one encoding of bytes into another: hex, utf8, ascii or base64.", Variants: []Variant{
			Fn3E("str: the text; inputEncoding: its encoding; outputEncoding: the encoding of the result", encode)}},
	{Name: "MD5", Declared: "md5", Category: catString, Author: confluent, Doc: "Gives the MD5 digest of a text in hexadecimal digits.", Variants: []Variant{
		FnStr1("s: the text", func(dst []byte, s string) []byte {
			sum := md5.Sum([]byte(vec.WellFormed(s)))
			return hex.AppendEncode(dst, sum[:])
		})}},
}

func encode(s, in, out string) (string, error) {
	in, out = strings.ToLower(in), strings.ToLower(out)
	for _, e := range []string{in, out} {
		switch e {
		case "hex", "utf8", "ascii", "base64":
		default:
			return "", errors.New("Supported input and output encodings are: hex, utf8, ascii and base64")
		}
	}
	if in == out {
		return "", errors.New("Supported input and output encodings must differ")
	}
	var b []byte
	switch in {
	case "hex":
		var err error
		if b, err = lenientHex(s); err != nil {
			return "", err
		}
	case "base64":
		b = lenientBase64(s)
	case "utf8":
		b = []byte(vec.WellFormed(s))
	case "ascii":
		b = asciiBytes(s)
	}
	switch out {
	case "hex":
		return hex.EncodeToString(b), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(b), nil
	case "ascii":
		return asciiText(b), nil
	}
	return string(chars.AppendUTF8(nil, b)), nil
}

// lenientHex reads digits, 0x and digits (an odd number gets a leading zero), or X'digits'.
func lenientHex(s string) ([]byte, error) {
	if t, ok := strings.CutPrefix(s, "0x"); ok {
		if len(t)%2 == 1 {
			t = "0" + t
		}
		return hex.DecodeString(t)
	}
	if len(s) >= 3 && (s[0] == 'X' || s[0] == 'x') && s[1] == '\'' && s[len(s)-1] == '\'' {
		s = s[2 : len(s)-1]
	}
	return hex.DecodeString(s)
}

// lenientBase64 skips what is not of either alphabet, ends at padding, and drops loose bits.
func lenientBase64(s string) []byte {
	var out []byte
	var acc uint32
	bits := 0
	for i := 0; i < len(s); i++ {
		c, v := s[i], uint32(0)
		switch {
		case c >= 'A' && c <= 'Z':
			v = uint32(c - 'A')
		case c >= 'a' && c <= 'z':
			v = uint32(c-'a') + 26
		case c >= '0' && c <= '9':
			v = uint32(c-'0') + 52
		case c == '+' || c == '-':
			v = 62
		case c == '/' || c == '_':
			v = 63
		case c == '=':
			return out
		default:
			continue
		}
		acc = acc<<6 | v
		if bits += 6; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits))
		}
	}
	return out
}

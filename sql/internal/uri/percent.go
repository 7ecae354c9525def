package uri

import (
	"strings"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// Escape reports whether %XX stands at s[i].
func Escape(s string, i int) bool {
	return i+2 < len(s) && s[i] == '%' && chars.Hex(uint16(s[i+1])) >= 0 && chars.Hex(uint16(s[i+2])) >= 0
}

// Decode undoes the escapes of s, each run of them as UTF-8.
func Decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var out, run []byte
	for i := 0; i < len(s); {
		run = run[:0]
		for ; Escape(s, i); i += 3 {
			run = append(run, byte(chars.Hex(uint16(s[i+1]))<<4|chars.Hex(uint16(s[i+2]))))
		}
		out = chars.AppendUTF8(out, run)
		if i < len(s) {
			out = append(out, s[i])
			i++
		}
	}
	return string(out)
}

package fn

import (
	"errors"
	"strings"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/vec"
)

// chrEscape undoes Java escapes in a text that begins with \u.
func chrEscape(s string) (string, error) {
	if !strings.HasPrefix(s, `\u`) || vec.UTF16Len(s) < 6 {
		return "", ErrNull
	}
	in := vec.Units(nil, s)
	var out []uint16
	for i := 0; i < len(in); {
		if in[i] != '\\' || i+1 == len(in) {
			if in[i] != '\\' {
				out = append(out, in[i])
			}
			i++
			continue
		}
		i++
		switch c := in[i]; {
		case c == 'u':
			for i < len(in) && in[i] == 'u' {
				i++
			}
			if i < len(in) && in[i] == '+' {
				i++
			}
			if i+4 > len(in) {
				return "", errors.New("less than 4 hex digits in unicode value")
			}
			v := 0
			for _, h := range in[i : i+4] {
				d := chars.Hex(h)
				if d < 0 {
					return "", errors.New("unable to parse unicode value: " + chars.OfUnits(in[i:i+4]))
				}
				v = v<<4 | d
			}
			out = append(out, uint16(v))
			i += 4
		case c >= '0' && c <= '7':
			v, most := 0, 2
			if c <= '3' {
				most = 3
			}
			for n := 0; n < most && i < len(in) && in[i] >= '0' && in[i] <= '7'; n++ {
				v = v<<3 | int(in[i]-'0')
				i++
			}
			out = append(out, uint16(v))
		default:
			if k := strings.IndexByte("bntfr", byte(c)); k >= 0 && c < 0x80 {
				out = append(out, uint16("\b\n\t\f\r"[k]))
				i++
			} else if c == '\\' || c == '"' || c == '\'' {
				out = append(out, c)
				i++
			}
		}
	}
	return chars.OfUnits(out), nil
}

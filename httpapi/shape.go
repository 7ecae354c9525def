package httpapi

import (
	"math"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// shape is the text of a query with a ? for each literal that stands behind the = of a name. Pull queries that ask
// for different keys have one shape, and mostly one plan.
type shape struct {
	text   string
	types  []sql.Type
	values []any
}

// key tells shapes apart, also those that differ only in the types of their literals.
func (s *shape) key() string {
	if len(s.types) == 0 {
		return s.text
	}
	out := append(make([]byte, 0, len(s.text)+1+len(s.types)), s.text...)
	out = append(out, 0)
	for _, t := range s.types {
		out = append(out, byte(t.Kind))
	}
	return string(out)
}

// shapeOf finds the literals of a query. A text that needs a closer look than this is its own shape.
func shapeOf(text string) shape {
	s := shape{}
	var out strings.Builder
	copied := 0                      // of text
	var last, before byte = ' ', ' ' // the ends of the last two tokens
	for i := 0; i < len(text); {
		c, n := text[i], 1
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			i++
			continue
		case c == '?' || c == '$' || strings.HasPrefix(text[i:], "--") || strings.HasPrefix(text[i:], "/*"):
			return shape{text: text}
		case c == '\'' || c == '"' || c == '`':
			if n = quoted(text[i:]); n == 0 {
				return shape{text: text}
			}
		default:
			for wordByte(c) && i+n < len(text) && wordByte(text[i+n]) {
				n++
			}
		}
		if last == '=' && (wordByte(before) || before == '`' || before == '"') && operandEnds(text[i+n:]) {
			if t, v := literal(text[i : i+n]); v != nil {
				out.WriteString(text[copied:i])
				out.WriteByte('?')
				copied = i + n
				s.types, s.values = append(s.types, t), append(s.values, v)
			}
		}
		i += n
		before, last = last, text[i-1]
	}
	out.WriteString(text[copied:])
	s.text = out.String()
	return s
}

func wordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '@' || c == '.' || c >= 0x80
}

// quoted is the length of the string or quoted name that s begins with; 0: it does not end.
func quoted(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			continue
		}
		if i+1 == len(s) || s[i+1] != s[0] {
			return i + 1
		}
		i++ // a doubled quote
	}
	return 0
}

// operandEnds reports whether an operand is whole before rest: no operator follows.
func operandEnds(rest string) bool {
	rest = strings.TrimLeft(rest, " \n\t\r")
	return rest == "" || rest[0] == ';' || rest[0] == ')' || rest[0]|0x20 >= 'a' && rest[0]|0x20 <= 'z'
}

// literal is the value of a string or of a whole number as sql types it; nil: it is something else.
func literal(s string) (sql.Type, any) {
	if s[0] == '\'' {
		return sql.TString, strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return sql.Type{}, nil
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil:
		return sql.Type{}, nil
	case n <= math.MaxInt32:
		return sql.TInteger, int32(n)
	}
	return sql.TBigint, n
}

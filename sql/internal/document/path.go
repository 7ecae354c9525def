package document

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Path reads a path such as $.a[0]["b c"] into its steps.
func Path(path string) ([]string, error) {
	bad := errors.New("Invalid JSON path: '" + path + "'")
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return nil, bad
	}
	var steps []string
	for rest != "" {
		var step string
		switch {
		case rest[0] == '.':
			step, rest = takeWhile(rest[1:], func(r rune) bool { return r == ':' || r == '@' || isName(r) })
			ok = step != ""
		case strings.HasPrefix(rest, `["`):
			step, rest, ok = quotedStep(rest[2:])
		case rest[0] == '[':
			step, rest = takeWhile(rest[1:], isName)
			ok = step != ""
			if ok {
				rest, ok = strings.CutPrefix(rest, "]")
			}
		default:
			ok = false
		}
		if !ok {
			return nil, bad
		}
		steps = append(steps, strings.Clone(step))
	}
	return steps, nil
}

func isName(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func takeWhile(s string, f func(rune) bool) (head, tail string) {
	n := 0
	for n < len(s) {
		r, w := utf8.DecodeRuneInString(s[n:])
		if !f(r) {
			break
		}
		n += w
	}
	return s[:n], s[n:]
}

// quotedStep reads any text up to "], in which a backslash stands before a quote or another backslash only.
func quotedStep(s string) (step, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", "", false
			}
		case '"':
			rest, ok = strings.CutPrefix(s[i+1:], "]")
			return b.String(), rest, ok
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

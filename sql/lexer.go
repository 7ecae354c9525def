package sql

import (
	"strings"
	"unicode/utf8"
)

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isIdent(c byte) bool  { return isLetter(c) || isDigit(c) || c == '_' || c == '@' }

// longestKeyword is the length of MATERIALIZED and MILLISECONDS.
const longestKeyword = 12 + 1

// lex splits a text into tokens. Like ksqlDB's lexer it takes the longest match and never fails: what no
// rule knows becomes a badToken, which the parser refuses when it gets there.
func lex(text string, params bool) *source {
	s := &source{text: text, toks: make([]token, 0, len(text)/4+8)}
	for i := 0; i < len(text); {
		t, end := scan(text, i, params)
		if end > i && t.kind != eofToken {
			t.off, t.end = int32(i), int32(end)
			s.toks = append(s.toks, t)
		}
		i = end
	}
	n := int32(len(text))
	s.toks = append(s.toks, token{off: n, end: n, kind: eofToken, word: wEOF})
	return s
}

// scan reads what starts at i: a token, or blanks and comments, for which the kind is eofToken.
func scan(text string, i int, params bool) (token, int) {
	switch c := text[i]; {
	case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		return token{}, i + 1
	case isLetter(c) || c == '_':
		return scanWord(text, i)
	case isDigit(c) || c == '.' && i+1 < len(text) && isDigit(text[i+1]):
		return scanNumber(text, i)
	case c == '\'' || c == '"' || c == '`':
		if end := closing(text, i); end > 0 {
			if c == '\'' {
				return token{kind: stringToken}, end
			}
			return token{kind: quotedToken}, end
		}
	case strings.HasPrefix(text[i:], "--"):
		// ksqlDB lets an empty "--" swallow the line below as well; here it ends with its own line.
		for i += 2; i < len(text) && text[i] != '\n' && text[i] != '\r'; i++ {
		}
		return token{}, i
	case strings.HasPrefix(text[i:], "/*"):
		if n := strings.Index(text[i+2:], "*/"); n >= 0 {
			return token{}, i + n + 4
		}
	case strings.HasPrefix(text[i:], "${"):
		j := i + 2
		if j < len(text) && (isLetter(text[j]) || text[j] == '_') {
			for j < len(text) && isIdent(text[j]) {
				j++
			}
			if j < len(text) && text[j] == '}' {
				return token{kind: varToken}, j + 1
			}
		}
	case c == '?' && params:
		return token{kind: paramToken}, i + 1
	}
	if w, n := scanSign(text[i:]); w != noWord {
		return token{kind: signToken, word: w}, i + n
	}
	_, n := utf8.DecodeRuneInString(text[i:])
	return token{kind: badToken}, i + n
}

// scanWord reads an identifier or a keyword.
func scanWord(text string, i int) (token, int) {
	start := i
	for i++; i < len(text) && isIdent(text[i]); i++ {
	}
	var up [longestKeyword]byte
	if n := i - start; n <= longestKeyword {
		for j := range n {
			c := text[start+j]
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			up[j] = c
		}
		if w, ok := keywords[string(up[:n])]; ok {
			return token{kind: keywordToken, word: w}, i
		}
	}
	return token{kind: identToken}, i
}

// scanNumber reads a number, or an identifier that starts with a digit when that is longer.
func scanNumber(text string, start int) (token, int) {
	kind, i := intToken, digits(text, start)
	if i < len(text) && text[i] == '.' {
		kind, i = decimalToken, digits(text, i+1)
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		j := i + 1
		if j < len(text) && (text[j] == '+' || text[j] == '-') {
			j++
		}
		if k := digits(text, j); k > j {
			kind, i = floatToken, k
		}
	}
	if isDigit(text[start]) {
		j := start
		for j < len(text) && isIdent(text[j]) {
			j++
		}
		if j > i {
			kind, i = digitToken, j
		}
	}
	return token{kind: kind}, i
}

func digits(text string, i int) int {
	for i < len(text) && isDigit(text[i]) {
		i++
	}
	return i
}

// closing is the end of the quoted text that starts at i, or -1.
func closing(text string, i int) int {
	q := text[i]
	for i++; i < len(text); i++ {
		if text[i] != q {
			continue
		}
		if i+1 == len(text) || text[i+1] != q {
			return i + 1
		}
		i++
	}
	return -1
}

// scanSign reads a sign of one or two characters.
func scanSign(s string) (word, int) {
	if len(s) > 1 {
		switch s[:2] {
		case "=>":
			return wLambda, 2
		case "<=":
			return wLe, 2
		case "<>", "!=":
			return wNe, 2
		case ">=":
			return wGe, 2
		case "->":
			return wArrow, 2
		case "||":
			return wConcat, 2
		case ":=":
			return wAssign, 2
		}
	}
	switch s[0] {
	case ';':
		return wSemi, 1
	case ',':
		return wComma, 1
	case '(':
		return wLParen, 1
	case ')':
		return wRParen, 1
	case '[':
		return wLBracket, 1
	case ']':
		return wRBracket, 1
	case '.':
		return wDot, 1
	case '+':
		return wPlus, 1
	case '-':
		return wMinus, 1
	case '*':
		return wStar, 1
	case '/':
		return wSlash, 1
	case '%':
		return wPercent, 1
	case '=':
		return wEq, 1
	case '<':
		return wLt, 1
	case '>':
		return wGt, 1
	}
	return noWord, 1
}

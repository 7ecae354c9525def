package sql

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// tokenKind classifies a token.
type tokenKind uint8

const (
	eofToken     tokenKind = iota
	identToken             // abc
	quotedToken            // "x" or `x`
	digitToken             // 1abc, an identifier
	keywordToken           // word says which
	stringToken            // 'x'
	intToken
	decimalToken
	floatToken
	varToken   // ${x}
	signToken  // word says which
	paramToken // ?, with ParseParams only
	badToken   // nothing the language knows
)

// token is a span of the text; its content is read from there when needed.
type token struct {
	off, end int32
	kind     tokenKind
	word     word
}

// ident reports whether the token can be an identifier.
func (t token) ident() bool {
	switch t.kind {
	case identToken, quotedToken, digitToken, varToken:
		return true
	case keywordToken:
		return nonReserved[t.word]
	}
	return false
}

// number reports whether the token is a number without sign.
func (t token) number() bool {
	return t.kind == intToken || t.kind == decimalToken || t.kind == floatToken
}

// source is a text and its tokens; the last one is the end of text.
type source struct {
	text  string
	toks  []token
	lines []int32 // offsets of line starts, made when an error needs them
}

// position is the line and the column, in code points and from 1, of a byte offset.
func (s *source) position(off int32) (line, col int) {
	if s.lines == nil {
		s.lines = append(s.lines, 0)
		for i := 0; i < len(s.text); i++ {
			if s.text[i] == '\n' {
				s.lines = append(s.lines, int32(i+1))
			}
		}
	}
	i := sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > off }) - 1
	return i + 1, utf8.RuneCountInString(s.text[s.lines[i]:off]) + 1
}

// line is the text of a line counted from 1.
func (s *source) line(n int) string {
	rest := s.text[s.lines[n-1]:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimSuffix(rest, "\r")
}

// raw is a token as written.
func (s *source) raw(i int) string { t := s.toks[i]; return s.text[t.off:t.end] }

// name is an identifier as stored: unquoted, or in upper case.
func (s *source) name(i int) string {
	switch t := s.toks[i]; t.kind {
	case quotedToken:
		return unquote(s.raw(i))
	case keywordToken:
		return wordText[t.word]
	case varToken:
		return s.raw(i)
	}
	return strings.ToUpper(s.raw(i))
}

// unquote takes the quotes off and halves the doubled ones inside.
func unquote(v string) string {
	q := v[:1]
	v = v[1 : len(v)-1]
	if strings.Contains(v, q) {
		v = strings.ReplaceAll(v, q+q, q)
	}
	return v
}

// quoteString writes a string literal.
func quoteString(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }

// Quote writes an identifier as SQL: in back quotes when it is a reserved word, is not shaped like an
// identifier or has lower-case letters; bare otherwise.
func Quote(ident string) string {
	if plainIdent(ident) {
		if w, ok := keywords[ident]; !ok || nonReserved[w] {
			return ident
		}
	}
	return "`" + strings.ReplaceAll(ident, "`", "``") + "`"
}

// plainIdent reports whether the lexer reads s as one identifier and keeps it as it is.
func plainIdent(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if upper := c >= 'A' && c <= 'Z' || c == '_'; !upper && (i == 0 || c != '@' && !isDigit(c)) {
			return false
		}
	}
	return s != ""
}

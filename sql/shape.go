package sql

import (
	"math"
	"strconv"
	"strings"
)

// Shape is the text of a query with a ? for each string or whole number that stands behind the = of a name: queries
// that ask for different keys have one shape, and mostly one plan.
type Shape struct {
	Text   string
	Types  []Type // of Values
	Values []any  // string, int32 or int64, in the order of the marks
}

// ShapeOf finds the literals of a query. A text that needs a closer look than this, for it has comments, variables
// or parameters, or cannot be read, is its own shape.
func ShapeOf(text string) Shape {
	if strings.Contains(text, "--") || strings.Contains(text, "/*") {
		return Shape{Text: text}
	}
	s, shape := lex(text, false), Shape{}
	var out strings.Builder
	copied := int32(0)
	for i, t := range s.toks {
		switch {
		case t.kind == varToken || t.kind == badToken:
			return Shape{Text: text}
		case i < 2 || t.kind == eofToken || s.toks[i-1].word != wEq || !s.toks[i-2].ident() || !endsOperand(s.toks[i+1]):
			continue
		}
		typ, v := s.plainValue(i)
		if v == nil {
			continue
		}
		out.WriteString(text[copied:t.off])
		out.WriteByte('?')
		copied = t.end
		shape.Types, shape.Values = append(shape.Types, typ), append(shape.Values, v)
	}
	out.WriteString(text[copied:])
	shape.Text = out.String()
	return shape
}

// endsOperand reports whether an operand is whole before t: it is no operator.
func endsOperand(t token) bool {
	switch t.word {
	case wEOF, wSemi, wRParen:
		return true
	}
	return t.kind == identToken || t.kind == keywordToken
}

// plainValue is the value of a string, or of a whole number as the language types it; nil: token i is neither.
func (s *source) plainValue(i int) (Type, any) {
	switch s.toks[i].kind {
	case stringToken:
		return TString, unquote(s.raw(i))
	case intToken:
		n, err := strconv.ParseInt(s.raw(i), 10, 64)
		switch {
		case err != nil:
			return Type{}, nil
		case n <= math.MaxInt32:
			return TInteger, int32(n)
		}
		return TBigint, n
	}
	return Type{}, nil
}

// Key tells shapes apart, also those that differ only in the types of their literals.
func (s *Shape) Key() string {
	if len(s.Types) == 0 {
		return s.Text
	}
	out := append(make([]byte, 0, len(s.Text)+1+len(s.Types)), s.Text...)
	out = append(out, 0)
	for _, t := range s.Types {
		out = append(out, byte(t.Kind))
	}
	return string(out)
}

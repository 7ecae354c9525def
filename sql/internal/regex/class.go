package regex

import (
	"strings"
	"unicode"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// charSet is a set of code points: a bitmap for the first 256, a function for the rest.
type charSet struct {
	low  [4]uint64
	rest func(r rune) bool
}

func setOf(f func(r rune) bool) *charSet {
	s := &charSet{rest: f}
	for r := range rune(256) {
		if f(r) {
			s.low[r>>6] |= 1 << (r & 63)
		}
	}
	return s
}

func (s *charSet) has(r rune) bool {
	if r < 256 {
		return s.low[r>>6]&(1<<(r&63)) != 0
	}
	return s.rest(r)
}

func (s *charSet) negated() *charSet { return setOf(func(r rune) bool { return !s.has(r) }) }

func (s *charSet) or(t *charSet) *charSet {
	if s == nil {
		return t
	}
	return setOf(func(r rune) bool { return s.has(r) || t.has(r) })
}

func (s *charSet) and(t *charSet) *charSet {
	return setOf(func(r rune) bool { return s.has(r) && t.has(r) })
}

// folded also has the other letter cases of its characters, those of ASCII only unless full says otherwise.
func (s *charSet) folded(full bool) *charSet {
	return setOf(func(r rune) bool {
		if s.has(r) {
			return true
		}
		if !full {
			return r < 0x80 && chars.Letter(byte(r)) && s.has(r^0x20)
		}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if s.has(f) {
				return true
			}
		}
		return false
	})
}

func foldable(r rune, full bool) bool {
	if r < 0x80 {
		return chars.Letter(byte(r))
	}
	return full && unicode.SimpleFold(r) != r
}

func singleSet(c rune) *charSet { return setOf(func(r rune) bool { return r == c }) }

func rangeSet(lo, hi rune) *charSet { return setOf(func(r rune) bool { return r >= lo && r <= hi }) }

func listSet(list string) *charSet {
	return setOf(func(r rune) bool { return strings.ContainsRune(list, r) })
}

func lineEnd(r rune, unix bool) bool {
	return r == '\n' || !unix && (r == '\r' || r == 0x85 || r|1 == 0x2029)
}

func dotSet(f flags) *charSet {
	if f.dotAll {
		return setOf(func(rune) bool { return true })
	}
	return setOf(func(r rune) bool { return !lineEnd(r, f.unix) })
}

// shorthand is the set of \d, \w, \s, \h or \v.
func shorthand(c rune, full bool) *charSet {
	switch c {
	case 'd':
		if full {
			return setOf(unicode.IsDigit)
		}
		return rangeSet('0', '9')
	case 'w':
		if full {
			return setOf(func(r rune) bool {
				return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || unicode.In(r, unicode.Pc, unicode.Nl, unicode.Join_Control, unicode.Other_Alphabetic)
			})
		}
		return setOf(func(r rune) bool { return r == '_' || r < 0x80 && chars.LetterOrDigit(byte(r)) })
	case 's':
		if full {
			return setOf(unicode.IsSpace)
		}
		return listSet(" \t\n\v\f\r")
	case 'h':
		return setOf(func(r rune) bool {
			return strings.ContainsRune(" \t\u00a0\u1680\u180e\u202f\u205f\u3000", r) || r >= 0x2000 && r <= 0x200a
		})
	}
	return listSet("\n\v\f\r\u0085\u2028\u2029")
}

// class reads a class behind its opening bracket: unions of items, intersected by &&.
func (p *parser) class() (*charSet, error) {
	if p.depth++; p.depth > mostNested {
		return nil, p.fail("Too many nested classes")
	}
	defer func() { p.depth-- }()
	not := p.peek() == '^'
	if not {
		p.at++
	}
	var all, operand *charSet
	intersect := func() {
		if operand != nil {
			if all == nil {
				all = operand
			} else {
				all = all.and(operand)
			}
			operand = nil
		}
	}
	for {
		c := p.peek()
		switch {
		case c == -1:
			return nil, p.fail("Unclosed character class")
		case c == ']' && (all != nil || operand != nil):
			p.at++
			intersect()
			if not {
				return all.negated(), nil
			}
			return all, nil
		case c == '[':
			p.at++
			s, err := p.class()
			if err != nil {
				return nil, err
			}
			operand = operand.or(s)
		case c == '&' && p.at+1 < len(p.p) && p.p[p.at+1] == '&':
			p.at += 2
			intersect()
			if next := p.peek(); next == ']' && all == nil {
				return nil, p.fail("Bad class syntax")
			}
		default:
			s, err := p.classItem(c)
			if err != nil {
				return nil, err
			}
			operand = operand.or(s)
		}
	}
}

// classItem reads a character, a range or an escape.
func (p *parser) classItem(c rune) (*charSet, error) {
	lo := c
	p.at++
	if c == '\\' {
		if p.at < len(p.p) && p.p[p.at] == 'Q' {
			p.at++
			s := setOf(func(rune) bool { return false })
			for p.at < len(p.p) && !p.take(`\E`) {
				s = s.or(p.foldedSet(singleSet(p.p[p.at])))
				p.at++
			}
			return s, nil
		}
		s, r, err := p.escapedChar()
		if err != nil || s != nil {
			return s, err
		}
		lo = r
	}
	if p.peek() != '-' || p.at+1 >= len(p.p) || p.p[p.at+1] == ']' || p.p[p.at+1] == '[' {
		return p.foldedSet(singleSet(lo)), nil
	}
	p.at++
	hi := p.peek()
	p.at++
	if hi == '\\' {
		s, r, err := p.escapedChar()
		if err != nil {
			return nil, err
		}
		if s != nil {
			return nil, p.fail("Illegal character range")
		}
		hi = r
	}
	if hi < lo {
		return nil, p.fail("Illegal character range")
	}
	return p.foldedSet(rangeSet(lo, hi)), nil
}

func (p *parser) foldedSet(s *charSet) *charSet {
	if p.flags.fold {
		return s.folded(p.flags.unicodeFold)
	}
	return s
}

// property reads the name behind \p.
func (p *parser) property() (*charSet, error) {
	if p.at == len(p.p) {
		return nil, p.fail("Unknown character property")
	}
	name := string(p.p[p.at])
	p.at++
	if name == "{" {
		from := p.at
		for p.at < len(p.p) && p.p[p.at] != '}' {
			p.at++
		}
		name = string(p.p[from:p.at])
		if !p.take("}") {
			return nil, p.fail("Unclosed character family")
		}
	}
	f := propertyOf(name)
	if f == nil {
		return nil, p.fail("Unknown character property name {" + name + "}")
	}
	s := setOf(f)
	switch name {
	case "Lower", "Upper", "Lu", "Ll", "Lt", "javaLowerCase", "javaUpperCase", "javaTitleCase", "IsLowercase", "IsUppercase", "IsTitlecase":
		return p.foldedSet(s), nil
	}
	return s, nil
}

func ascii(f func(byte) bool) func(rune) bool {
	return func(r rune) bool { return r < 0x80 && f(byte(r)) }
}

func propertyOf(name string) func(rune) bool {
	if key, value, ok := strings.Cut(name, "="); ok {
		switch strings.ToLower(key) {
		case "sc", "script":
			return scriptOf(value)
		case "gc", "general_category":
			return categoryOf(value)
		case "blk", "block":
			return blockOf(value)
		}
		return nil
	}
	if rest, ok := strings.CutPrefix(name, "In"); ok {
		return blockOf(rest)
	}
	if rest, ok := strings.CutPrefix(name, "Is"); ok {
		if f := binaryOf(rest); f != nil {
			return f
		}
		if f := categoryOf(rest); f != nil {
			return f
		}
		return scriptOf(rest)
	}
	switch name {
	case "Lower":
		return func(r rune) bool { return r >= 'a' && r <= 'z' }
	case "Upper":
		return func(r rune) bool { return r >= 'A' && r <= 'Z' }
	case "ASCII":
		return func(r rune) bool { return r < 0x80 }
	case "Alpha":
		return ascii(chars.Letter)
	case "Digit":
		return ascii(chars.Digit)
	case "Alnum":
		return ascii(chars.LetterOrDigit)
	case "Punct":
		return ascii(func(c byte) bool { return c > ' ' && c < 0x7f && !chars.LetterOrDigit(c) })
	case "Graph":
		return ascii(func(c byte) bool { return c > ' ' && c < 0x7f })
	case "Print":
		return ascii(func(c byte) bool { return c >= ' ' && c < 0x7f })
	case "Blank":
		return func(r rune) bool { return r == ' ' || r == '\t' }
	case "Cntrl":
		return ascii(func(c byte) bool { return c < ' ' || c == 0x7f })
	case "XDigit":
		return ascii(func(c byte) bool { return chars.Hex(uint16(c)) >= 0 })
	case "Space":
		return ascii(func(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' })
	case "javaLowerCase":
		return unicode.IsLower
	case "javaUpperCase":
		return unicode.IsUpper
	case "javaTitleCase":
		return unicode.IsTitle
	case "javaAlphabetic":
		return binaryOf("Alphabetic")
	case "javaIdeographic":
		return binaryOf("Ideographic")
	case "javaDigit":
		return unicode.IsDigit
	case "javaLetter":
		return unicode.IsLetter
	case "javaLetterOrDigit":
		return func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	case "javaDefined":
		return binaryOf("Assigned")
	case "javaSpaceChar":
		return func(r rune) bool { return unicode.Is(unicode.Z, r) }
	case "javaWhitespace":
		return func(r rune) bool {
			return r >= '\t' && r <= '\r' || r >= 0x1c && r <= 0x1f || unicode.Is(unicode.Z, r) && r != 0xa0 && r != 0x2007 && r != 0x202f
		}
	case "javaISOControl":
		return unicode.IsControl
	}
	return categoryOf(name)
}

// binaryOf is a binary property of Unicode, as \p{IsXxx} names it.
func binaryOf(name string) func(rune) bool {
	switch strings.ToUpper(name) {
	case "ALPHABETIC":
		return func(r rune) bool {
			return unicode.IsLetter(r) || unicode.In(r, unicode.Nl, unicode.Other_Alphabetic)
		}
	case "IDEOGRAPHIC":
		return func(r rune) bool { return unicode.Is(unicode.Ideographic, r) }
	case "LETTER":
		return unicode.IsLetter
	case "LOWERCASE":
		return func(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }
	case "UPPERCASE":
		return func(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }
	case "TITLECASE":
		return unicode.IsTitle
	case "PUNCTUATION":
		return func(r rune) bool { return unicode.Is(unicode.P, r) }
	case "CONTROL":
		return unicode.IsControl
	case "WHITE_SPACE", "WHITESPACE":
		return unicode.IsSpace
	case "DIGIT":
		return unicode.IsDigit
	case "HEX_DIGIT", "HEXDIGIT":
		return func(r rune) bool { return unicode.Is(unicode.Hex_Digit, r) }
	case "JOIN_CONTROL", "JOINCONTROL":
		return func(r rune) bool { return unicode.Is(unicode.Join_Control, r) }
	case "NONCHARACTER_CODE_POINT", "NONCHARACTERCODEPOINT":
		return func(r rune) bool { return unicode.Is(unicode.Noncharacter_Code_Point, r) }
	case "ASSIGNED":
		return func(r rune) bool {
			return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Z, unicode.C)
		}
	case "ALNUM":
		return func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	}
	return nil
}

func categoryOf(name string) func(rune) bool {
	switch name {
	case "all", "ALL":
		return func(rune) bool { return true }
	case "LC":
		return func(r rune) bool { return unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt) }
	case "LD":
		return func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	case "L1":
		return func(r rune) bool { return r < 256 }
	case "Cn":
		assigned := binaryOf("ASSIGNED")
		return func(r rune) bool { return !assigned(r) }
	}
	if len(name) > 2 {
		return nil
	}
	if t, ok := unicode.Categories[name]; ok {
		return func(r rune) bool { return unicode.Is(t, r) }
	}
	return nil
}

func scriptOf(name string) func(rune) bool {
	for k, t := range unicode.Scripts {
		if strings.EqualFold(k, name) {
			return func(r rune) bool { return unicode.Is(t, r) }
		}
	}
	return nil
}

// blocks are the ranges of \p{InXxx}, the common ones.
var blocks = map[string][2]rune{
	"basiclatin": {0, 0x7f}, "latin1supplement": {0x80, 0xff}, "latinextendeda": {0x100, 0x17f}, "latinextendedb": {0x180, 0x24f},
	"ipaextensions": {0x250, 0x2af}, "combiningdiacriticalmarks": {0x300, 0x36f}, "greek": {0x370, 0x3ff}, "greekandcoptic": {0x370, 0x3ff},
	"cyrillic": {0x400, 0x4ff}, "armenian": {0x530, 0x58f}, "hebrew": {0x590, 0x5ff}, "arabic": {0x600, 0x6ff}, "devanagari": {0x900, 0x97f},
	"bengali": {0x980, 0x9ff}, "tamil": {0xb80, 0xbff}, "thai": {0xe00, 0xe7f}, "georgian": {0x10a0, 0x10ff}, "hanguljamo": {0x1100, 0x11ff},
	"latinextendedadditional": {0x1e00, 0x1eff}, "greekextended": {0x1f00, 0x1fff}, "generalpunctuation": {0x2000, 0x206f},
	"superscriptsandsubscripts": {0x2070, 0x209f}, "currencysymbols": {0x20a0, 0x20cf}, "letterlikesymbols": {0x2100, 0x214f},
	"numberforms": {0x2150, 0x218f}, "arrows": {0x2190, 0x21ff}, "mathematicaloperators": {0x2200, 0x22ff}, "boxdrawing": {0x2500, 0x257f},
	"geometricshapes": {0x25a0, 0x25ff}, "miscellaneoussymbols": {0x2600, 0x26ff}, "dingbats": {0x2700, 0x27bf},
	"cjksymbolsandpunctuation": {0x3000, 0x303f}, "hiragana": {0x3040, 0x309f}, "katakana": {0x30a0, 0x30ff},
	"cjkunifiedideographs": {0x4e00, 0x9fff}, "hangulsyllables": {0xac00, 0xd7af}, "privateusearea": {0xe000, 0xf8ff},
	"halfwidthandfullwidthforms": {0xff00, 0xffef}, "emoticons": {0x1f600, 0x1f64f},
}

func blockOf(name string) func(rune) bool {
	b, ok := blocks[strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(name))]
	if !ok {
		return nil
	}
	return func(r rune) bool { return r >= b[0] && r <= b[1] }
}

package regex

import (
	"strconv"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// escape reads what follows a backslash outside of a class.
func (p *parser) escape() (*ast, error) {
	if p.at == len(p.p) {
		return nil, p.fail("Unexpected internal error")
	}
	c := p.p[p.at]
	switch c {
	case 'A', 'z', 'Z', 'G', 'R', 'X', 'B', 'b':
		p.at++
		n := &ast{flags: p.flags, not: c == 'B'}
		n.op = map[rune]astOp{'A': opTextStart, 'z': opTextEnd, 'Z': opLastEnd, 'G': opContinue, 'R': opLineBreak, 'X': opCluster,
			'B': opBoundary, 'b': opBoundary}[c]
		if c == 'b' && p.take("{g}") {
			return nil, p.fail(`The boundary \b{g} is not supported`)
		}
		return n, nil
	case 'k':
		p.at++
		if !p.take("<") {
			return nil, p.fail(`\k is not followed by '<' for named capturing group`)
		}
		name, err := p.groupName()
		if err != nil {
			return nil, err
		}
		g, ok := p.names[name]
		if !ok {
			return nil, p.fail("named capturing group <" + name + "> does not exist")
		}
		return &ast{op: opBackRef, group: g, flags: p.flags}, nil
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		g := int(c - '0')
		for p.at++; p.at < len(p.p) && p.p[p.at] >= '0' && p.p[p.at] <= '9'; p.at++ {
			wider := g*10 + int(p.p[p.at]-'0')
			if wider >= p.count {
				break
			}
			g = wider
		}
		return &ast{op: opBackRef, group: g, flags: p.flags}, nil
	}
	s, r, err := p.escapedChar()
	if err != nil {
		return nil, err
	}
	if s != nil {
		return &ast{op: opSet, set: s}, nil
	}
	return p.literal(r), nil
}

// escapedChar reads an escape that stands for a set of characters or, where the set is nil, for one.
func (p *parser) escapedChar() (*charSet, rune, error) {
	if p.at == len(p.p) {
		return nil, 0, p.fail("Unexpected internal error")
	}
	c := p.p[p.at]
	p.at++
	switch c {
	case 'd', 'D', 'w', 'W', 's', 'S', 'h', 'H', 'v', 'V':
		s := shorthand(c|0x20, p.flags.unicodeClass)
		if c < 'a' {
			s = s.negated()
		}
		return s, 0, nil
	case 'p', 'P':
		s, err := p.property()
		if err != nil {
			return nil, 0, err
		}
		if c == 'P' {
			s = s.negated()
		}
		return s, 0, nil
	case 't':
		return nil, '\t', nil
	case 'n':
		return nil, '\n', nil
	case 'r':
		return nil, '\r', nil
	case 'f':
		return nil, '\f', nil
	case 'a':
		return nil, 7, nil
	case 'e':
		return nil, 27, nil
	case 'c':
		if p.at == len(p.p) {
			return nil, 0, p.fail("Illegal control escape sequence")
		}
		p.at++
		return nil, p.p[p.at-1] ^ 64, nil
	case '0':
		v, n := 0, 0
		for ; n < 3 && p.at < len(p.p) && p.p[p.at] >= '0' && p.p[p.at] <= '7' && v*8+int(p.p[p.at]-'0') <= 0o377; n++ {
			v = v*8 + int(p.p[p.at]-'0')
			p.at++
		}
		if n == 0 {
			return nil, 0, p.fail("Illegal octal escape sequence")
		}
		return nil, rune(v), nil
	case 'x':
		if p.take("{") {
			from := p.at
			for p.at < len(p.p) && p.p[p.at] != '}' {
				p.at++
			}
			v, err := strconv.ParseUint(string(p.p[from:p.at]), 16, 32)
			if err != nil || v > 0x10ffff || !p.take("}") {
				return nil, 0, p.fail("Illegal hexadecimal escape sequence")
			}
			return nil, rune(v), nil
		}
		r, ok := p.hex(2)
		if !ok {
			return nil, 0, p.fail("Illegal hexadecimal escape sequence")
		}
		return nil, r, nil
	case 'u':
		r, ok := p.hex(4)
		if !ok {
			return nil, 0, p.fail("Illegal Unicode escape sequence")
		}
		if at := p.at; r >= 0xd800 && r < 0xdc00 && p.take(`\u`) {
			if lo, ok := p.hex(4); ok && lo >= 0xdc00 && lo < 0xe000 {
				return nil, chars.Join(uint16(r), uint16(lo)), nil
			}
			p.at = at
		}
		return nil, r, nil
	case 'N':
		return nil, 0, p.fail(`Character names (\N) are not supported`)
	}
	if c < 0x80 && chars.LetterOrDigit(byte(c)) {
		return nil, 0, p.fail("Illegal/unsupported escape sequence")
	}
	return nil, c, nil
}

func (p *parser) hex(n int) (rune, bool) {
	if p.at+n > len(p.p) {
		return 0, false
	}
	v := 0
	for _, c := range p.p[p.at : p.at+n] {
		d := -1
		if c < 0x80 {
			d = chars.Hex(uint16(c))
		}
		if d < 0 {
			return 0, false
		}
		v = v<<4 | d
	}
	p.at += n
	return rune(v), true
}

package regex

import (
	"github.com/ksqlgo/ksql/sql/internal/chars"
)

func (p *parser) repeated(n *ast) (*ast, error) {
	r := &ast{op: opRepeat, subs: []*ast{n}, max: -1}
	switch p.peek() {
	case '*':
		p.at++
	case '+':
		p.at++
		r.min = 1
	case '?':
		p.at++
		r.max = 1
	case '{':
		p.at++
		min, ok := p.number()
		if !ok {
			return nil, p.fail("Illegal repetition")
		}
		r.min, r.max = min, min
		if p.take(",") {
			r.max = -1
			if p.at < len(p.p) && p.p[p.at] != '}' {
				if r.max, ok = p.number(); !ok || r.max < r.min {
					return nil, p.fail("Illegal repetition range")
				}
			}
		}
		if !p.take("}") {
			return nil, p.fail("Unclosed counted closure")
		}
	default:
		return n, nil
	}
	switch p.peek() {
	case '?':
		p.at++
		r.mode = lazy
	case '+':
		p.at++
		r.mode = possessive
	}
	return r, nil
}

func (p *parser) number() (n int, ok bool) {
	for p.at < len(p.p) && p.p[p.at] >= '0' && p.p[p.at] <= '9' {
		if n = n*10 + int(p.p[p.at]-'0'); n > mostRepeats {
			return 0, false
		}
		p.at++
		ok = true
	}
	return n, ok
}

func (p *parser) group() (*ast, error) {
	p.at++
	saved := p.flags
	n := &ast{op: opSeq}
	switch {
	case p.take("?:"):
	case p.take("?="):
		n.op = opAhead
	case p.take("?!"):
		n.op, n.not = opAhead, true
	case p.take("?>"):
		n.op = opAtomic
	case p.take("?<="):
		n.op = opBehind
	case p.take("?<!"):
		n.op, n.not = opBehind, true
	case p.take("?<"):
		name, err := p.groupName()
		if err != nil {
			return nil, err
		}
		if _, dup := p.names[name]; dup {
			return nil, p.fail("Named capturing group <" + name + "> is already defined")
		}
		n.op, n.group = opCapture, p.count
		p.names[name] = p.count
		p.count++
	case p.take("?"):
		if err := p.inlineFlags(); err != nil {
			return nil, err
		}
		if p.take(")") {
			return nil, nil
		}
		if !p.take(":") {
			return nil, p.fail("Unknown inline modifier")
		}
	default:
		n.op, n.group = opCapture, p.count
		p.count++
	}
	body, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.peek() != ')' {
		return nil, p.fail("Unclosed group")
	}
	p.at++
	p.flags = saved
	n.subs = []*ast{body}
	if n.op == opBehind {
		if n.min, n.max = lengths(body); n.max < 0 {
			return nil, p.fail("Look-behind group does not have an obvious maximum length")
		}
	}
	return n, nil
}

func (p *parser) groupName() (string, error) {
	from := p.at
	for p.at < len(p.p) && p.p[p.at] < 0x80 && chars.LetterOrDigit(byte(p.p[p.at])) {
		p.at++
	}
	name := string(p.p[from:p.at])
	if name == "" || !chars.Letter(name[0]) {
		return "", p.fail("capturing group name does not start with a Latin letter")
	}
	if !p.take(">") {
		return "", p.fail("named capturing group is missing trailing '>'")
	}
	return name, nil
}

func (p *parser) inlineFlags() error {
	on := true
	for ; p.at < len(p.p); p.at++ {
		switch p.p[p.at] {
		case 'i':
			p.flags.fold = on
		case 'd':
			p.flags.unix = on
		case 'm':
			p.flags.multi = on
		case 's':
			p.flags.dotAll = on
		case 'u':
			p.flags.unicodeFold = on
		case 'x':
			p.flags.comments = on
		case 'U':
			p.flags.unicodeClass, p.flags.unicodeFold = on, on
		case '-':
			if !on {
				return p.fail("Unknown inline modifier")
			}
			on = false
		case ')', ':':
			return nil
		default:
			return p.fail("Unknown inline modifier")
		}
	}
	return p.fail("Unknown inline modifier")
}

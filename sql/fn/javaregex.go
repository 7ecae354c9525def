package fn

import (
	"fmt"
	"strings"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/vec"
)

// javaRegex is a compiled regular expression of java.util.regex: a backtracking matcher over UTF-16 units.
// Go's regexp lacks look-around, back references, possessive repetition and class intersection, and reads
// some of the rest otherwise. A javaRegex is immutable.
type javaRegex struct {
	start    matchStep
	groups   int // capturing groups, the whole match included
	names    map[string]int
	counters int
	first    int // the unit that every match begins with, or -1
}

// regexFlags are the flags of (?idmsuxU).
type regexFlags struct{ fold, unix, multi, dotAll, unicodeFold, comments, unicodeClass bool }

// ast is a node of a parsed expression.
type ast struct {
	op       astOp
	set      *charSet
	unit     rune // of a literal
	subs     []*ast
	group    int // of a capture or a back reference
	min, max int // of a repetition; max -1: any number
	mode     repeatMode
	flags    regexFlags
	not      bool // of look-around and of word boundaries
}

type astOp uint8

const (
	opEmpty astOp = iota
	opChar
	opSet
	opSeq
	opAlt
	opCapture
	opAtomic
	opAhead
	opBehind
	opRepeat
	opBackRef
	opLineStart
	opLineEnd
	opTextStart
	opTextEnd
	opLastEnd // \Z
	opBoundary
	opContinue // \G
	opLineBreak
	opCluster // \X
)

type repeatMode uint8

const (
	greedy repeatMode = iota
	lazy
	possessive
)

// mostRepeats keeps the sums of lengths within an int.
const mostRepeats = 1<<31 - 1

type regexParser struct {
	p     []rune
	at    int
	flags regexFlags
	count int
	names map[string]int
	depth int
}

// mostNested bounds the depth of groups.
const mostNested = 500

func compileJavaRegex(pattern string) (*javaRegex, error) { return compileRegex(pattern, accept) }

// CompileMatch makes the test whether a regular expression of java.util.regex matches the whole of a text. Any
// goroutine may call it; its error says that it took too long.
func CompileMatch(pattern string) (func(text string) (bool, error), error) {
	re, err := compileRegex(pattern, func(m *regexMatcher, i int) bool { return i == len(m.u) && accept(m, i) })
	if err != nil {
		return nil, err
	}
	return func(text string) (bool, error) {
		m := new(regexMatcher)
		m.reset(re, text)
		for k := range m.caps {
			m.caps[k] = -1
		}
		ok := re.start(m, 0)
		return ok && m.err == nil, m.err
	}, nil
}

// compileRegex compiles an expression; last is asked where it has matched.
func compileRegex(pattern string, last matchStep) (*javaRegex, error) {
	p := regexParser{count: 1, names: map[string]int{}}
	for u := vec.Units(nil, pattern); len(u) > 0; {
		r, w := runeAt(u, 0)
		p.p = append(p.p, r)
		u = u[w:]
	}
	tree, err := p.alternatives()
	if err == nil && p.at < len(p.p) {
		err = p.fail("Unmatched closing ')'")
	}
	if err != nil {
		return nil, err
	}
	re := &javaRegex{groups: p.count, names: p.names, first: -1}
	c := regexCompiler{re: re}
	re.start = c.compile(tree, last)
	re.first = firstUnit(tree)
	return re, nil
}

func (p *regexParser) fail(what string) error {
	return fmt.Errorf("%s near index %d in regular expression %s", what, p.at, string(p.p))
}

// peek is the next character, -1 at the end; blanks and comments are skipped where the flag x says so.
func (p *regexParser) peek() rune {
	for p.flags.comments && p.at < len(p.p) {
		switch c := p.p[p.at]; {
		case c == ' ' || c >= '\t' && c <= '\r':
			p.at++
			continue
		case c == '#':
			for p.at < len(p.p) && p.p[p.at] != '\n' {
				p.at++
			}
			continue
		}
		break
	}
	if p.at >= len(p.p) {
		return -1
	}
	return p.p[p.at]
}

func (p *regexParser) take(s string) bool {
	r := []rune(s)
	if p.at+len(r) > len(p.p) || string(p.p[p.at:p.at+len(r)]) != s {
		return false
	}
	p.at += len(r)
	return true
}

func (p *regexParser) alternatives() (*ast, error) {
	if p.depth++; p.depth > mostNested {
		return nil, p.fail("Too many nested groups")
	}
	defer func() { p.depth-- }()
	alt := &ast{op: opAlt}
	for {
		s, err := p.sequence()
		if err != nil {
			return nil, err
		}
		alt.subs = append(alt.subs, s)
		if p.peek() != '|' {
			break
		}
		p.at++
	}
	if len(alt.subs) == 1 {
		return alt.subs[0], nil
	}
	return alt, nil
}

func (p *regexParser) sequence() (*ast, error) {
	seq := &ast{op: opSeq}
	for {
		c := p.peek()
		if c == -1 || c == '|' || c == ')' {
			return seq, nil
		}
		if p.take(`\Q`) {
			for p.at < len(p.p) && !p.take(`\E`) {
				next := p.literal(p.p[p.at])
				p.at++
				// The repetition behind \E takes the last character only.
				if p.at == len(p.p) || p.take(`\E`) {
					n, err := p.repeated(next)
					if err != nil {
						return nil, err
					}
					seq.subs = append(seq.subs, n)
					break
				}
				seq.subs = append(seq.subs, next)
			}
			continue
		}
		n, err := p.atom(c)
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue // flags
		}
		if n, err = p.repeated(n); err != nil {
			return nil, err
		}
		seq.subs = append(seq.subs, n)
	}
}

func (p *regexParser) literal(r rune) *ast {
	if p.flags.fold && foldable(r, p.flags.unicodeFold) {
		return &ast{op: opSet, set: singleSet(r).folded(p.flags.unicodeFold)}
	}
	return &ast{op: opChar, unit: r}
}

func (p *regexParser) atom(c rune) (*ast, error) {
	switch c {
	case '(':
		return p.group()
	case '[':
		p.at++
		s, err := p.class()
		if err != nil {
			return nil, err
		}
		return &ast{op: opSet, set: s}, nil
	case '.':
		p.at++
		return &ast{op: opSet, set: dotSet(p.flags)}, nil
	case '^':
		p.at++
		return &ast{op: opLineStart, flags: p.flags}, nil
	case '$':
		p.at++
		return &ast{op: opLineEnd, flags: p.flags}, nil
	case '*', '+', '?':
		return nil, p.fail(fmt.Sprintf("Dangling meta character '%c'", c))
	case '{':
		return &ast{op: opEmpty}, nil
	case '\\':
		p.at++
		return p.escape()
	}
	p.at++
	return p.literal(c), nil
}

func (p *regexParser) repeated(n *ast) (*ast, error) {
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

func (p *regexParser) number() (n int, ok bool) {
	for p.at < len(p.p) && p.p[p.at] >= '0' && p.p[p.at] <= '9' {
		if n = n*10 + int(p.p[p.at]-'0'); n > mostRepeats {
			return 0, false
		}
		p.at++
		ok = true
	}
	return n, ok
}

func (p *regexParser) group() (*ast, error) {
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

func (p *regexParser) groupName() (string, error) {
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

func (p *regexParser) inlineFlags() error {
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

// lengths are the least and the most units that n matches; max is -1 without a limit.
func lengths(n *ast) (lo, hi int) {
	const most = mostRepeats
	switch n.op {
	case opChar:
		if n.unit > 0xffff {
			return 2, 2
		}
		return 1, 1
	case opSet:
		return 1, 2
	case opLineBreak:
		return 1, 2
	case opCluster, opBackRef:
		return 0, -1
	case opSeq, opCapture, opAtomic:
		for _, s := range n.subs {
			a, b := lengths(s)
			lo = min(lo+a, most)
			if hi < 0 || b < 0 {
				hi = -1
			} else {
				hi += b
			}
		}
	case opAlt:
		lo = most
		for _, s := range n.subs {
			a, b := lengths(s)
			lo = min(lo, a)
			if hi < 0 || b < 0 {
				hi = -1
			} else {
				hi = max(hi, b)
			}
		}
	case opRepeat:
		a, b := lengths(n.subs[0])
		lo = min(a*n.min, most)
		if n.max < 0 || b < 0 {
			hi = -1
		} else {
			hi = b * n.max
		}
	}
	if hi > most {
		hi = -1
	}
	return lo, hi
}

// firstUnit is the unit that every match of n begins with, or -1 where there is no such.
func firstUnit(n *ast) int {
	switch n.op {
	case opChar:
		if n.unit <= 0xffff {
			return int(n.unit)
		}
	case opSeq, opCapture, opAtomic:
		if len(n.subs) > 0 {
			return firstUnit(n.subs[0])
		}
	case opRepeat:
		if n.min > 0 {
			return firstUnit(n.subs[0])
		}
	}
	return -1
}

// groupOf is the number of the group that ${name} stands for.
func (re *javaRegex) groupOf(name string) (int, error) {
	if g, ok := re.names[name]; ok {
		return g, nil
	}
	return 0, fmt.Errorf("No group with name {%s}", strings.ToValidUTF8(name, "?"))
}

// Package regex is java.util.regex: a backtracking matcher over UTF-16 units. Go's regexp lacks look-around, back
// references, possessive repetition and class intersection, and reads some of the rest otherwise. Left out: regions,
// canonical equivalence, and most of Unicode's blocks; a search that takes about a second ends with an error, where
// Java goes on or overflows its stack.
package regex

import (
	"fmt"
	"strings"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// Regexp is a compiled regular expression. It is immutable.
type Regexp struct {
	start    matchStep
	groups   int // capturing groups, the whole match included
	names    map[string]int
	counters int
	first    int // the unit that every match begins with, or -1
}

// flags are the flags of (?idmsuxU).
type flags struct{ fold, unix, multi, dotAll, unicodeFold, comments, unicodeClass bool }

// ast is a node of a parsed expression.
type ast struct {
	op       astOp
	set      *charSet
	unit     rune // of a literal
	subs     []*ast
	group    int // of a capture or a back reference
	min, max int // of a repetition; max -1: any number
	mode     repeatMode
	flags    flags
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

type parser struct {
	p     []rune
	at    int
	flags flags
	count int
	names map[string]int
	depth int
}

// mostNested bounds the depth of groups.
const mostNested = 500

// Compile reads a pattern; an error says what is wrong with it.
func Compile(pattern string) (*Regexp, error) { return compile(pattern, accept) }

// CompileMatch makes the test whether a regular expression of java.util.regex matches the whole of a text. Any
// goroutine may call it; its error says that it took too long.
func CompileMatch(pattern string) (func(text string) (bool, error), error) {
	re, err := compile(pattern, func(m *Matcher, i int) bool { return i == len(m.u) && accept(m, i) })
	if err != nil {
		return nil, err
	}
	return func(text string) (bool, error) {
		m := new(Matcher)
		m.Reset(re, text)
		for k := range m.caps {
			m.caps[k] = -1
		}
		ok := re.start(m, 0)
		return ok && m.failure == nil, m.failure
	}, nil
}

// compile compiles an expression; last is asked where it has matched.
func compile(pattern string, last matchStep) (*Regexp, error) {
	p := parser{count: 1, names: map[string]int{}}
	for u := chars.Units(nil, pattern); len(u) > 0; {
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
	re := &Regexp{groups: p.count, names: p.names, first: -1}
	c := compiler{re: re}
	re.start = c.compile(tree, last)
	re.first = firstUnit(tree)
	return re, nil
}

func (p *parser) fail(what string) error {
	return fmt.Errorf("%s near index %d in regular expression %s", what, p.at, string(p.p))
}

// peek is the next character, -1 at the end; blanks and comments are skipped where the flag x says so.
func (p *parser) peek() rune {
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

func (p *parser) take(s string) bool {
	r := []rune(s)
	if p.at+len(r) > len(p.p) || string(p.p[p.at:p.at+len(r)]) != s {
		return false
	}
	p.at += len(r)
	return true
}

func (p *parser) alternatives() (*ast, error) {
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

func (p *parser) sequence() (*ast, error) {
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

func (p *parser) literal(r rune) *ast {
	if p.flags.fold && foldable(r, p.flags.unicodeFold) {
		return &ast{op: opSet, set: singleSet(r).folded(p.flags.unicodeFold)}
	}
	return &ast{op: opChar, unit: r}
}

func (p *parser) atom(c rune) (*ast, error) {
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

// groupOf is the number of the group that ${name} stands for.
func (re *Regexp) groupOf(name string) (int, error) {
	if g, ok := re.names[name]; ok {
		return g, nil
	}
	return 0, fmt.Errorf("No group with name {%s}", strings.ToValidUTF8(name, "?"))
}

package fn

import (
	"errors"
	"unicode"

	"github.com/ksqlgo/ksql/sql/vec"
)

// matchStep matches from unit i on and then whatever follows it. It leaves the matcher as it was when it fails.
type matchStep func(m *regexMatcher, i int) bool

// regexMatcher is one search. It may be used again for another text.
type regexMatcher struct {
	re       *javaRegex
	u        []uint16
	caps     []int // start and end of each group, -1: none
	starts   []int // of groups that are still open
	count    []int // rounds of each repetition
	begin    []int // where its last round began
	end      int   // of the last accepted part
	to       int   // where a look-behind must end
	previous int   // where the last match ended, for \G
	steps    int
	depth    int
	err      error
}

// mostSteps ends a search that backtracks for too long: about a second.
const mostSteps = 20_000_000

// mostDepth bounds the stack; Java gives up earlier.
const mostDepth = 200_000

var errTooComplex = errors.New("the regular expression takes too long on this text")

func (m *regexMatcher) reset(re *javaRegex, s string) {
	m.re, m.err, m.steps, m.depth, m.previous = re, nil, 0, 0, 0
	m.u = vec.Units(m.u[:0], s)
	grow := func(s []int, n int) []int {
		if cap(s) < n {
			return make([]int, n)
		}
		return s[:n]
	}
	m.caps, m.starts = grow(m.caps, 2*re.groups), grow(m.starts, re.groups)
	m.count, m.begin = grow(m.count, re.counters), grow(m.begin, re.counters)
}

// find looks for the first match at unit from or later. Check err when it finds none.
func (m *regexMatcher) find(from int) bool {
	for i := from; i <= len(m.u); i++ {
		if f := m.re.first; f >= 0 {
			for i < len(m.u) && int(m.u[i]) != f {
				i++
			}
			if i == len(m.u) {
				break
			}
		}
		for k := range m.caps {
			m.caps[k] = -1
		}
		if m.re.start(m, i) {
			m.caps[0], m.caps[1] = i, m.end
			m.previous = m.end
			return true
		}
		if m.err != nil {
			return false
		}
	}
	return false
}

// next looks for the match behind the last one, as Matcher.find does.
func (m *regexMatcher) next() bool {
	from := m.caps[1]
	if m.caps[0] == m.caps[1] {
		from++
	}
	return m.find(from)
}

// text is what group g took; false where it took no part.
func (m *regexMatcher) text(g int) (string, bool) {
	if m.caps[2*g] < 0 {
		return "", false
	}
	return textOf(m.u[m.caps[2*g]:m.caps[2*g+1]]), true
}

func (m *regexMatcher) tick() bool {
	if m.steps++; m.steps > mostSteps {
		m.err = errTooComplex
	}
	return m.err == nil
}

func (m *regexMatcher) deeper() bool {
	if m.depth++; m.depth > mostDepth {
		m.err = errTooComplex
	}
	return m.tick()
}

func runeAt(u []uint16, i int) (rune, int) {
	if highHalf(u[i]) && i+1 < len(u) && lowHalf(u[i+1]) {
		return joined(u[i], u[i+1]), 2
	}
	return rune(u[i]), 1
}

func runeBefore(u []uint16, i int) rune {
	if i > 1 && lowHalf(u[i-1]) && highHalf(u[i-2]) {
		return joined(u[i-2], u[i-1])
	}
	return rune(u[i-1])
}

func accept(m *regexMatcher, i int) bool {
	m.end = i
	return true
}

func acceptAt(m *regexMatcher, i int) bool { return i == m.to }

type regexCompiler struct{ re *javaRegex }

func (c *regexCompiler) compile(n *ast, next matchStep) matchStep {
	switch n.op {
	case opEmpty:
		return next
	case opChar:
		return literalStep([]rune{n.unit}, next)
	case opSet:
		s := n.set
		return func(m *regexMatcher, i int) bool {
			if i >= len(m.u) {
				return false
			}
			r, w := runeAt(m.u, i)
			return s.has(r) && next(m, i+w)
		}
	case opSeq:
		for k := len(n.subs) - 1; k >= 0; k-- {
			if n.subs[k].op != opChar {
				next = c.compile(n.subs[k], next)
				continue
			}
			from := k
			for from > 0 && n.subs[from-1].op == opChar {
				from--
			}
			var text []rune
			for _, s := range n.subs[from : k+1] {
				text = append(text, s.unit)
			}
			next = literalStep(text, next)
			k = from
		}
		return next
	case opAlt:
		ways := make([]matchStep, len(n.subs))
		for k, s := range n.subs {
			ways[k] = c.compile(s, next)
		}
		return func(m *regexMatcher, i int) bool {
			if !m.deeper() {
				return false
			}
			for _, w := range ways {
				if w(m, i) {
					return true
				}
			}
			m.depth--
			return false
		}
	case opCapture:
		return c.capture(n, next)
	case opAtomic:
		return c.atomic(c.compile(n.subs[0], accept), next)
	case opAhead:
		body := c.compile(n.subs[0], accept)
		return func(m *regexMatcher, i int) bool { return m.look(body, i, n.not, next, i) }
	case opBehind:
		body := c.compile(n.subs[0], acceptAt)
		return func(m *regexMatcher, i int) bool {
			to := m.to
			m.to = i
			found := false
			caps := m.snapshot()
			for from := i - n.min; from >= 0 && from >= i-n.max && !found; from-- {
				found = body(m, from)
			}
			m.to = to
			if found == n.not || m.err != nil {
				copy(m.caps, caps)
				return false
			}
			if next(m, i) {
				return true
			}
			copy(m.caps, caps)
			return false
		}
	case opRepeat:
		return c.repeat(n, next)
	case opBackRef:
		return backRefStep(n, next)
	}
	return assertion(n, next)
}

func literalStep(text []rune, next matchStep) matchStep {
	var u []uint16
	for _, r := range text {
		u = vec.Units(u, string(appendRune(nil, r)))
	}
	if len(u) == 1 {
		x := u[0]
		return func(m *regexMatcher, i int) bool { return i < len(m.u) && m.u[i] == x && next(m, i+1) }
	}
	return func(m *regexMatcher, i int) bool {
		return i+len(u) <= len(m.u) && equalUnits(u, m.u[i:i+len(u)]) && next(m, i+len(u))
	}
}

func (m *regexMatcher) snapshot() []int { return append([]int(nil), m.caps...) }

// look runs a look-around's body and goes on at i.
func (m *regexMatcher) look(body matchStep, at int, not bool, next matchStep, i int) bool {
	if !m.deeper() {
		return false
	}
	caps := m.snapshot()
	if found := body(m, at); found != not && m.err == nil {
		if not {
			copy(m.caps, caps)
		}
		if next(m, i) {
			return true
		}
	}
	copy(m.caps, caps)
	m.depth--
	return false
}

func (c *regexCompiler) atomic(body, next matchStep) matchStep {
	return func(m *regexMatcher, i int) bool {
		if !m.deeper() {
			return false
		}
		caps := m.snapshot()
		if body(m, i) && next(m, m.end) {
			return true
		}
		copy(m.caps, caps)
		m.depth--
		return false
	}
}

func (c *regexCompiler) capture(n *ast, next matchStep) matchStep {
	g := n.group
	body := c.compile(n.subs[0], func(m *regexMatcher, i int) bool {
		from, to := m.caps[2*g], m.caps[2*g+1]
		m.caps[2*g], m.caps[2*g+1] = m.starts[g], i
		if next(m, i) {
			return true
		}
		m.caps[2*g], m.caps[2*g+1] = from, to
		return false
	})
	return func(m *regexMatcher, i int) bool {
		if !m.deeper() {
			return false
		}
		old := m.starts[g]
		m.starts[g] = i
		if body(m, i) {
			return true
		}
		m.starts[g] = old
		m.depth--
		return false
	}
}

// repeat compiles a repetition: of a single character as a loop, of anything else by recursion.
func (c *regexCompiler) repeat(n *ast, next matchStep) matchStep {
	most := n.max
	if most < 0 {
		most = mostRepeats
	}
	if one := singleStep(n.subs[0]); one != nil {
		return repeatOne(one, n.min, most, n.mode, next)
	}
	if n.mode == possessive {
		return c.atomic(c.repeat(&ast{op: opRepeat, subs: n.subs, min: n.min, max: n.max}, accept), next)
	}
	id := c.re.counters
	c.re.counters++
	var body matchStep
	round := func(m *regexMatcher, i int) bool {
		if !m.deeper() {
			return false
		}
		from, k := m.begin[id], m.count[id]
		m.begin[id], m.count[id] = i, k+1
		if body(m, i) {
			return true
		}
		m.begin[id], m.count[id] = from, k
		m.depth--
		return false
	}
	// leave goes on behind the repetition; an enclosing one may come here again and count anew.
	leave := func(m *regexMatcher, i int) bool {
		from, k := m.begin[id], m.count[id]
		if next(m, i) {
			return true
		}
		m.begin[id], m.count[id] = from, k
		return false
	}
	loop := func(m *regexMatcher, i int) bool {
		k := m.count[id]
		if k > 0 && i == m.begin[id] {
			return leave(m, i) // an empty round: more of them change nothing
		}
		switch {
		case k < n.min:
			return round(m, i)
		case k >= most:
			return leave(m, i)
		case n.mode == lazy:
			return leave(m, i) || round(m, i)
		}
		return round(m, i) || leave(m, i)
	}
	body = c.compile(n.subs[0], loop)
	return func(m *regexMatcher, i int) bool {
		from, k := m.begin[id], m.count[id]
		m.begin[id], m.count[id] = i, 0
		if loop(m, i) {
			return true
		}
		m.begin[id], m.count[id] = from, k
		return false
	}
}

// singleStep is the width of the character at i where n matches exactly it, 0 where not; nil where n is more
// than one character.
func singleStep(n *ast) func(u []uint16, i int) int {
	switch {
	case n.op == opChar && n.unit <= 0xffff:
		x := uint16(n.unit)
		return func(u []uint16, i int) int { return truthInt(u[i] == x) }
	case n.op == opSet:
		s := n.set
		return func(u []uint16, i int) int {
			if r, w := runeAt(u, i); s.has(r) {
				return w
			}
			return 0
		}
	case n.op == opSeq && len(n.subs) == 1:
		return singleStep(n.subs[0])
	}
	return nil
}

func truthInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func repeatOne(one func(u []uint16, i int) int, least, most int, mode repeatMode, next matchStep) matchStep {
	return func(m *regexMatcher, i int) bool {
		if !m.deeper() {
			return false
		}
		k, from := 0, i
		limit := most
		if mode == lazy {
			limit = least
		}
		for k < limit && i < len(m.u) {
			w := one(m.u, i)
			if w == 0 {
				break
			}
			if k < least {
				from = i + w
			}
			i += w
			k++
		}
		m.steps += k
		if k < least {
			m.depth--
			return false
		}
		for {
			if next(m, i) {
				return true
			}
			if !m.tick() {
				return false
			}
			switch mode {
			case lazy:
				w := 0
				if k < most && i < len(m.u) {
					w = one(m.u, i)
				}
				if w == 0 {
					m.depth--
					return false
				}
				i += w
				k++
			case greedy:
				if i <= from {
					m.depth--
					return false
				}
				i--
				if i > from && lowHalf(m.u[i]) && highHalf(m.u[i-1]) {
					i--
				}
			default:
				m.depth--
				return false
			}
		}
	}
}

func backRefStep(n *ast, next matchStep) matchStep {
	return func(m *regexMatcher, i int) bool {
		if n.group >= m.re.groups || m.caps[2*n.group] < 0 {
			return false
		}
		want := m.u[m.caps[2*n.group]:m.caps[2*n.group+1]]
		if i+len(want) > len(m.u) {
			return false
		}
		for k, x := range want {
			if y := m.u[i+k]; x != y && !(n.flags.fold && sameFold(rune(x), rune(y), n.flags.unicodeFold)) {
				return false
			}
		}
		return next(m, i+len(want))
	}
}

func sameFold(a, b rune, full bool) bool {
	if !full {
		return a < 0x80 && b < 0x80 && alphabetic(byte(a)) && a|0x20 == b|0x20
	}
	return unicode.ToLower(unicode.ToUpper(a)) == unicode.ToLower(unicode.ToUpper(b))
}

// assertion compiles the steps of no width, and the two of variable width.
func assertion(n *ast, next matchStep) matchStep {
	f := n.flags
	var holds func(m *regexMatcher, i int) bool
	switch n.op {
	case opTextStart:
		holds = func(_ *regexMatcher, i int) bool { return i == 0 }
	case opTextEnd:
		holds = func(m *regexMatcher, i int) bool { return i == len(m.u) }
	case opContinue:
		holds = func(m *regexMatcher, i int) bool { return i == m.previous }
	case opLastEnd:
		holds = func(m *regexMatcher, i int) bool { return lastEnd(m.u, i, f.unix) }
	case opLineStart:
		holds = func(m *regexMatcher, i int) bool {
			if !f.multi {
				return i == 0
			}
			if i == len(m.u) {
				return false
			}
			return i == 0 || lineEnd(rune(m.u[i-1]), f.unix) && (f.unix || m.u[i-1] != '\r' || m.u[i] != '\n')
		}
	case opLineEnd:
		holds = func(m *regexMatcher, i int) bool {
			if !f.multi {
				return lastEnd(m.u, i, f.unix)
			}
			if i == len(m.u) {
				return true
			}
			return lineEnd(rune(m.u[i]), f.unix) && (f.unix || m.u[i] != '\n' || i == 0 || m.u[i-1] != '\r')
		}
	case opBoundary:
		holds = func(m *regexMatcher, i int) bool {
			before := i > 0 && wordAt(m.u, i-1, runeBefore(m.u, i))
			after := false
			if i < len(m.u) {
				r, _ := runeAt(m.u, i)
				after = wordAt(m.u, i, r)
			}
			return (before != after) != n.not
		}
	case opLineBreak:
		return func(m *regexMatcher, i int) bool {
			if i >= len(m.u) {
				return false
			}
			c := m.u[i]
			if c == '\r' && i+1 < len(m.u) && m.u[i+1] == '\n' && next(m, i+2) {
				return true
			}
			return (c >= '\n' && c <= '\r' || c == 0x85 || c|1 == 0x2029) && next(m, i+1)
		}
	default: // opCluster
		return func(m *regexMatcher, i int) bool {
			if i >= len(m.u) {
				return false
			}
			return next(m, clusterEnd(m.u, i))
		}
	}
	return func(m *regexMatcher, i int) bool { return holds(m, i) && next(m, i) }
}

// lastEnd reports whether i is the end or before a line end that is the end.
func lastEnd(u []uint16, i int, unix bool) bool {
	switch len(u) - i {
	case 0:
		return true
	case 1:
		return lineEnd(rune(u[i]), unix) && (unix || u[i] != '\n' || i == 0 || u[i-1] != '\r')
	case 2:
		return !unix && u[i] == '\r' && u[i+1] == '\n'
	}
	return false
}

// wordAt reports whether r, at unit i, is part of a word: letters, digits and marks on them.
func wordAt(u []uint16, i int, r rune) bool {
	if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
		return true
	}
	for unicode.Is(unicode.Mn, r) && i > 0 {
		i--
		if r, _ = runeAt(u, i); unicode.IsLetter(r) || unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// clusterEnd is the end of what a reader sees as one character: a base, its marks, and what a joiner adds.
func clusterEnd(u []uint16, i int) int {
	r, w := runeAt(u, i)
	i += w
	if r == '\r' && i < len(u) && u[i] == '\n' {
		return i + 1
	}
	if unicode.IsControl(r) {
		return i
	}
	for i < len(u) {
		const joiner = 0x200d
		next, w := runeAt(u, i)
		switch {
		case unicode.IsMark(next) || next == joiner || next >= 0x1f3fb && next <= 0x1f3ff:
		case r == joiner && unicode.Is(unicode.So, next):
		default:
			return i
		}
		r = next
		i += w
	}
	return i
}

package regex

import (
	"unicode"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

type compiler struct{ re *Regexp }

func (c *compiler) compile(n *ast, next matchStep) matchStep {
	switch n.op {
	case opEmpty:
		return next
	case opChar:
		return literalStep([]rune{n.unit}, next)
	case opSet:
		s := n.set
		return func(m *Matcher, i int) bool {
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
		return func(m *Matcher, i int) bool {
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
		return func(m *Matcher, i int) bool { return m.look(body, i, n.not, next, i) }
	case opBehind:
		body := c.compile(n.subs[0], acceptAt)
		return func(m *Matcher, i int) bool {
			to := m.to
			m.to = i
			found := false
			caps := m.snapshot()
			for from := i - n.min; from >= 0 && from >= i-n.max && !found; from-- {
				found = body(m, from)
			}
			m.to = to
			if found == n.not || m.failure != nil {
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
		u = chars.Units(u, string(chars.AppendRune(nil, r)))
	}
	if len(u) == 1 {
		x := u[0]
		return func(m *Matcher, i int) bool { return i < len(m.u) && m.u[i] == x && next(m, i+1) }
	}
	return func(m *Matcher, i int) bool {
		if i+len(u) > len(m.u) {
			return false
		}
		for k, x := range u {
			if m.u[i+k] != x {
				m.work.Add(k)
				return false
			}
		}
		return next(m, i+len(u))
	}
}

func (m *Matcher) snapshot() []int { return append([]int(nil), m.caps...) }

// look runs a look-around's body and goes on at i.
func (m *Matcher) look(body matchStep, at int, not bool, next matchStep, i int) bool {
	if !m.deeper() {
		return false
	}
	caps := m.snapshot()
	if found := body(m, at); found != not && m.failure == nil {
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

func (c *compiler) atomic(body, next matchStep) matchStep {
	return func(m *Matcher, i int) bool {
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

func (c *compiler) capture(n *ast, next matchStep) matchStep {
	g := n.group
	body := c.compile(n.subs[0], func(m *Matcher, i int) bool {
		from, to := m.caps[2*g], m.caps[2*g+1]
		m.caps[2*g], m.caps[2*g+1] = m.starts[g], i
		if next(m, i) {
			return true
		}
		m.caps[2*g], m.caps[2*g+1] = from, to
		return false
	})
	return func(m *Matcher, i int) bool {
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
func (c *compiler) repeat(n *ast, next matchStep) matchStep {
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
	round := func(m *Matcher, i int) bool {
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
	leave := func(m *Matcher, i int) bool {
		from, k := m.begin[id], m.count[id]
		if next(m, i) {
			return true
		}
		m.begin[id], m.count[id] = from, k
		return false
	}
	loop := func(m *Matcher, i int) bool {
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
	return func(m *Matcher, i int) bool {
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
	return func(m *Matcher, i int) bool {
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
				if i > from && chars.Low(m.u[i]) && chars.High(m.u[i-1]) {
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
	return func(m *Matcher, i int) bool {
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
		return a < 0x80 && b < 0x80 && chars.Letter(byte(a)) && a|0x20 == b|0x20
	}
	return unicode.ToLower(unicode.ToUpper(a)) == unicode.ToLower(unicode.ToUpper(b))
}

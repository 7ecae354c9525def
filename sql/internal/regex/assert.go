package regex

import (
	"unicode"
)

// assertion compiles the steps of no width, and the two of variable width.
func assertion(n *ast, next matchStep) matchStep {
	f := n.flags
	var holds func(m *Matcher, i int) bool
	switch n.op {
	case opTextStart:
		holds = func(_ *Matcher, i int) bool { return i == 0 }
	case opTextEnd:
		holds = func(m *Matcher, i int) bool { return i == len(m.u) }
	case opContinue:
		holds = func(m *Matcher, i int) bool { return i == m.previous }
	case opLastEnd:
		holds = func(m *Matcher, i int) bool { return lastEnd(m.u, i, f.unix) }
	case opLineStart:
		holds = func(m *Matcher, i int) bool {
			if !f.multi {
				return i == 0
			}
			if i == len(m.u) {
				return false
			}
			return i == 0 || lineEnd(rune(m.u[i-1]), f.unix) && (f.unix || m.u[i-1] != '\r' || m.u[i] != '\n')
		}
	case opLineEnd:
		holds = func(m *Matcher, i int) bool {
			if !f.multi {
				return lastEnd(m.u, i, f.unix)
			}
			if i == len(m.u) {
				return true
			}
			return lineEnd(rune(m.u[i]), f.unix) && (f.unix || m.u[i] != '\n' || i == 0 || m.u[i-1] != '\r')
		}
	case opBoundary:
		holds = func(m *Matcher, i int) bool {
			before := i > 0 && wordAt(m.u, i-1, runeBefore(m.u, i))
			after := false
			if i < len(m.u) {
				r, _ := runeAt(m.u, i)
				after = wordAt(m.u, i, r)
			}
			return (before != after) != n.not
		}
	case opLineBreak:
		return func(m *Matcher, i int) bool {
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
		return func(m *Matcher, i int) bool {
			if i >= len(m.u) {
				return false
			}
			return next(m, clusterEnd(m.u, i))
		}
	}
	return func(m *Matcher, i int) bool { return holds(m, i) && next(m, i) }
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

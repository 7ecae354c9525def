package regex

import (
	"errors"
	"fmt"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

// NewMatcher makes a matcher that stop may end and whose results take at most so many units.
func NewMatcher(stop meter.Stopper, most int) *Matcher {
	return &Matcher{work: meter.Meter{Stop: stop}, most: most}
}

// Full reports whether n pieces of a text are more than a result may hold.
func (m *Matcher) Full(n int) bool { return n > m.most/pieceBytes }

// pieceBytes is about what a short piece of a text takes while the pieces are collected.
const pieceBytes = 40

// ReplaceAll adds s to dst with a replacement for each match, in which $1 and ${name} stand for groups.
func (m *Matcher) ReplaceAll(dst []byte, re *Regexp, s, with string) ([]byte, error) {
	m.Reset(re, s)
	m.with = chars.Units(m.with[:0], with)
	out := m.made[:0]
	done := 0
	for ok := m.Find(0); ok; ok = m.Next() {
		out = append(out, m.u[done:m.caps[0]]...)
		var err error
		if out, err = m.expand(out, m.with); err != nil {
			return nil, err
		}
		if len(out) > m.most {
			return nil, vec.ErrTooLarge
		}
		done = m.caps[1]
	}
	if m.failure != nil {
		return nil, m.failure
	}
	m.made = append(out, m.u[done:]...)
	return chars.AppendUnits(dst, m.made), nil
}

// expand adds a replacement for the current match.
func (m *Matcher) expand(out, w []uint16) ([]uint16, error) {
	group := func(g int) {
		if from := m.caps[2*g]; from >= 0 {
			out = append(out, m.u[from:m.caps[2*g+1]]...)
		}
	}
	for i := 0; i < len(w); i++ {
		switch w[i] {
		case '\\':
			if i++; i == len(w) {
				return nil, errors.New("character to be escaped is missing")
			}
			out = append(out, w[i])
		case '$':
			if i++; i == len(w) {
				return nil, errors.New("Illegal group reference: group index is missing")
			}
			if w[i] == '{' {
				end := i + 1
				for end < len(w) && w[end] < 0x80 && chars.LetterOrDigit(byte(w[end])) {
					end++
				}
				if end == len(w) || w[end] != '}' {
					return nil, errors.New("named capturing group is missing trailing '}'")
				}
				g, err := m.re.groupOf(chars.OfUnits(w[i+1 : end]))
				if err != nil {
					return nil, err
				}
				group(g)
				i = end
				continue
			}
			if w[i] < '0' || w[i] > '9' {
				return nil, errors.New("Illegal group reference")
			}
			g := int(w[i] - '0')
			if g >= m.re.groups {
				return nil, fmt.Errorf("No group %d", g)
			}
			for i+1 < len(w) && w[i+1] >= '0' && w[i+1] <= '9' {
				wider := g*10 + int(w[i+1]-'0')
				if wider >= m.re.groups {
					break
				}
				g = wider
				i++
			}
			group(g)
		default:
			out = append(out, w[i])
		}
	}
	return out, nil
}

// Split divides s wherever the expression matches. It has two ways, as ksqlDB has: an expression that can match nothing divides like Java's own split,
// any other keeps all pieces.
func (m *Matcher) Split(re *Regexp, s string) ([]string, error) {
	m.Reset(re, "")
	nothing := m.Find(0)
	if m.failure != nil {
		return nil, m.failure
	}
	m.Reset(re, s)
	var out []string
	if nothing {
		at := 0
		for ok := m.Find(0); ok; ok = m.Next() {
			if at == 0 && m.caps[1] == 0 {
				continue
			}
			if m.Full(len(out)) {
				return nil, vec.ErrTooLarge
			}
			out = append(out, chars.OfUnits(m.u[at:m.caps[0]]))
			at = m.caps[1]
		}
		if m.failure != nil {
			return nil, m.failure
		}
		if at == 0 {
			return []string{s}, nil
		}
		out = append(out, chars.OfUnits(m.u[at:]))
		for len(out) > 0 && out[len(out)-1] == "" {
			out = out[:len(out)-1]
		}
		return out, nil
	}
	at, from := 0, 0
	for from <= len(m.u) && m.Find(from) {
		if from = m.caps[1]; from == at {
			from++ // a match of no width where the piece begins
			continue
		}
		if m.Full(len(out)) {
			return nil, vec.ErrTooLarge
		}
		out = append(out, chars.OfUnits(m.u[at:m.caps[0]]))
		at = from
	}
	if m.failure != nil {
		return nil, m.failure
	}
	return append(out, chars.OfUnits(m.u[at:])), nil
}

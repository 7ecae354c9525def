package regex

import (
	"errors"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/meter"
)

// matchStep matches from unit i on and then whatever follows it. It leaves the matcher as it was when it fails.
type matchStep func(m *Matcher, i int) bool

// Matcher is one search. It may be used again for another text.
type Matcher struct {
	re       *Regexp
	u        []uint16 // the text
	with     []uint16 // of replaceAll: the replacement
	made     []uint16 // and what it makes, to be used again
	caps     []int    // start and end of each group, -1: none
	starts   []int    // of groups that are still open
	count    []int    // rounds of each repetition
	begin    []int    // where its last round began
	end      int      // of the last accepted part
	to       int      // where a look-behind must end
	previous int      // where the last match ended, for \G
	steps    int
	work     meter.Meter
	most     int // units of what is made
	depth    int
	failure  error
}

// mostSteps ends a search that backtracks for too long: about a second.
const mostSteps = 20_000_000

// mostDepth bounds the stack; Java gives up earlier.
const mostDepth = 200_000

var errTooComplex = errors.New("the regular expression takes too long on this text")

// Reset begins with another text.
func (m *Matcher) Reset(re *Regexp, s string) {
	m.re, m.failure, m.steps, m.depth, m.previous = re, nil, 0, 0, 0
	m.u = chars.Units(m.u[:0], s)
	grow := func(s []int, n int) []int {
		if cap(s) < n {
			return make([]int, n)
		}
		return s[:n]
	}
	m.caps, m.starts = grow(m.caps, 2*re.groups), grow(m.starts, re.groups)
	m.count, m.begin = grow(m.count, re.counters), grow(m.begin, re.counters)
}

// Err is why a search found nothing, if the text was not searched to its end.
func (m *Matcher) Err() error { return m.failure }

// Find looks for the first match at unit from or later. Check err when it finds none.
func (m *Matcher) Find(from int) bool {
	for i := from; i <= len(m.u); i++ {
		m.work.Add(8)
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
		if m.failure != nil {
			return false
		}
	}
	return false
}

// Next looks for the match behind the last one, as Matcher.find does.
func (m *Matcher) Next() bool {
	from := m.caps[1]
	if m.caps[0] == m.caps[1] {
		from++
	}
	return m.Find(from)
}

// AppendGroup adds what group g took to dst; false where it took no part.
func (m *Matcher) AppendGroup(dst []byte, g int) ([]byte, bool) {
	if m.caps[2*g] < 0 {
		return dst, false
	}
	return chars.AppendUnits(dst, m.u[m.caps[2*g]:m.caps[2*g+1]]), true
}

func (m *Matcher) tick() bool {
	if m.steps++; m.steps > mostSteps {
		m.failure = errTooComplex
	}
	m.work.Add(8)
	return m.failure == nil
}

func (m *Matcher) deeper() bool {
	if m.depth++; m.depth > mostDepth {
		m.failure = errTooComplex
	}
	return m.tick()
}

func runeAt(u []uint16, i int) (rune, int) {
	if chars.High(u[i]) && i+1 < len(u) && chars.Low(u[i+1]) {
		return chars.Join(u[i], u[i+1]), 2
	}
	return rune(u[i]), 1
}

func runeBefore(u []uint16, i int) rune {
	if i > 1 && chars.Low(u[i-1]) && chars.High(u[i-2]) {
		return chars.Join(u[i-2], u[i-1])
	}
	return rune(u[i-1])
}

func accept(m *Matcher, i int) bool {
	m.end = i
	return true
}

func acceptAt(m *Matcher, i int) bool { return i == m.to }

package op

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// span is a window of the models below, and how many rows it holds.
type span struct {
	key        string
	start, end int64
	n          int
	time       int64
	sent       bool
}

func (s *span) show(op string) string {
	return fmt.Sprintf("%s %s %d %d %d @%d", op, s.key, s.start, s.end, s.n, s.time)
}

// model says, row by row and looking at every window each time, what an aggregation by window gives.
type model struct {
	plan.Window
	old         bool // each result comes with the one before it
	spans       []*span
	now, stored int64 // stream time; the latest start (of a session: end) that was stored
	out         []string
	row         int   // of the event at hand
	late        []int // rows that no window takes
}

// tell says what leaves because of the event at hand.
func (m *model) tell(op string, s span) { m.out = append(m.out, fmt.Sprint(s.show(op), " <", m.row)) }

func (m *model) take(e event) {
	m.now = max(m.now, e.at)
	close := m.now - m.Grace
	if m.Kind == sql.Session {
		close -= m.Size
		m.session(e, close)
	} else {
		m.windows(e, close)
	}
	if !m.Final {
		return
	}
	var due []*span
	for _, s := range m.spans {
		closed := s.end <= close
		if m.Kind == sql.Session {
			closed = s.end < close
		}
		if closed && !s.sent {
			s.sent = true // also if it is too old to be seen: then it never leaves
			if m.Kind == sql.Session || s.start >= m.stored-m.Retention {
				due = append(due, s)
			}
		}
	}
	slices.SortFunc(due, func(a, b *span) int {
		ends := 0
		if m.Kind == sql.Session {
			ends = cmp.Compare(a.end, b.end)
		}
		return cmp.Or(ends, cmp.Compare(a.start, b.start), cmp.Compare(a.key, b.key))
	})
	for _, s := range due {
		m.tell("+", *s)
	}
}

func (m *model) windows(e event, close int64) {
	late := true
	for start := int64(0); start <= e.at; start += m.Advance {
		if start+m.Size <= e.at || start+m.Size <= close {
			continue
		}
		i := slices.IndexFunc(m.spans, func(s *span) bool { return s.key == e.key && s.start == start })
		if i < 0 {
			i = len(m.spans)
			m.spans = append(m.spans, &span{key: e.key, start: start, end: start + m.Size})
		}
		s := m.spans[i]
		s.time = max(s.time, e.at)
		was := *s
		s.n++
		m.stored = max(m.stored, start)
		late = false
		switch {
		case m.Final:
		case m.old && was.n > 0:
			m.tell("U-", was)
			m.tell("U+", *s)
		default:
			m.tell("+", *s)
		}
	}
	if late {
		m.late = append(m.late, m.row)
	}
}

func (m *model) session(e event, close int64) {
	now := &span{key: e.key, start: e.at, end: e.at, n: 1}
	var old []*span
	for _, s := range m.spans {
		seen := max(e.at-m.Size, m.stored-m.Retention+1)
		if s.key == e.key && s.end >= seen && s.start <= e.at+m.Size {
			old = append(old, s)
			now.start, now.end, now.n = min(now.start, s.start), max(now.end, s.end), now.n+s.n
		}
	}
	now.time = now.end
	if now.end < close {
		m.late = append(m.late, m.row)
		return
	}
	slices.SortFunc(old, func(a, b *span) int { return cmp.Compare(a.end, b.end) })
	same := len(old) == 1 && old[0].start == now.start && old[0].end == now.end && now.start == now.end
	if !m.Final {
		for _, s := range old {
			if !same {
				m.tell("-", *s)
			}
		}
		m.tell("+", *now)
	}
	m.spans = slices.DeleteFunc(m.spans, func(s *span) bool {
		return slices.Contains(old, s) || s.key == e.key && s.start == now.start
	})
	m.spans = append(m.spans, now)
	m.stored = max(m.stored, now.end)
}

// TestWindowsPlainly compares windows and sessions, late rows, EMIT FINAL and batches of any size, with the model.
func TestWindowsPlainly(t *testing.T) {
	order := func(cols []*vec.Vec, n int) ([][]byte, error) {
		out := make([][]byte, n)
		for i := range out {
			out[i] = []byte(cols[0].Str(i))
		}
		return out, nil
	}
	rapid.Check(t, func(r *rapid.T) {
		w := plan.Window{Kind: rapid.SampledFrom([]sql.WindowKind{sql.Tumbling, sql.Hopping, sql.Session}).Draw(r, "kind")}
		w.Size = rapid.Int64Range(1, 12).Draw(r, "size")
		w.Advance = w.Size
		if w.Kind == sql.Hopping {
			w.Advance = rapid.Int64Range(1, w.Size).Draw(r, "advance")
		}
		w.Grace = rapid.Int64Range(0, 8).Draw(r, "grace")
		w.Retention = w.Size + w.Grace + rapid.SampledFrom([]int64{0, 0, 5}).Draw(r, "longer")
		w.Final = rapid.Bool().Draw(r, "final")
		var events []event
		at := int64(0)
		for range rapid.IntRange(1, 40).Draw(r, "rows") {
			at = max(0, at+rapid.Int64Range(-15, 18).Draw(r, "step"))
			events = append(events, event{rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "key"), at})
		}
		m := &model{Window: w, now: -1, stored: -1}
		if w.Kind != sql.Session {
			m.old = rapid.Bool().Draw(r, "old")
		}
		for i, e := range events {
			m.row = i
			m.take(e)
		}
		s := counted(t, &w)
		s.Old = m.old
		var o Operator
		var err error
		if w.Kind == sql.Session {
			o, err = NewSessions(s, state.Print{}, true, order)
		} else {
			o, err = NewWindows(s, state.Print{}, true, order)
		}
		if err != nil {
			t.Fatal(err)
		}
		var late []int
		got := feedFrom(t, o, events, rapid.IntRange(1, 10).Draw(r, "batch"), func(p Problem) {
			late = append(late, int(p.Offset))
			if !p.Late() {
				r.Errorf("%v", p.Err)
			}
		})
		if !slices.Equal(got, m.out) || !slices.Equal(late, m.late) {
			r.Fatalf("got\n%v, want\n%v\nlate are %v, want %v", got, m.out, late, m.late)
		}
		if s, ok := o.(*Sessions); ok && w.Final && s.oldest < s.close() {
			r.Fatalf("a session that ended at %d has not left, at %d", s.oldest, s.now())
		}
	})
}

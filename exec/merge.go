package exec

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/store"
)

// merger puts the rows of several inputs in the order of their ROWTIME, where the log has no order over topics: of the
// first rows of all inputs the oldest goes first. An input without a row is waited for until it has passed what was
// there when the merge began, then idle longer (Kafka Streams: max.task.idle.ms).
type merger struct {
	in    store.Reader
	hold  store.Holder
	lanes []*lane
	at    map[store.TP]int64 // what the log has given reaches to
	ended bool               // nothing comes any more
	idle  time.Duration
	most  int // rows to decode at once
}

// lane is a partition that is read.
type lane struct {
	tp      store.TP
	end     int64           // of the partition when the merge began
	since   time.Time       // it has no row and is past end; zero: it is not
	queue   []store.Records // not decoded
	rows    int             // of queue
	held    bool            // by the log
	strands []*strand
	c       op.Context   // of the decoders
	trouble []op.Problem // with rows that have not gone on
}

// strand is a lane on its way to one of the inputs that read its topic.
type strand struct {
	head
	batch *op.Batch // decoded: it is the decoder's, which rests until all of it has gone on; nil: none
	at    int       // the first row of batch that has not gone on
	piece op.Piece
}

// mergeRows is how many rows of a partition wait in a merge before the log holds it back.
const mergeRows = 4096

var errNoOrder = errors.New("the log gives rows of several topics without an order, and cannot hold any of them back")

// unordered reports whether runs that the line is to take come without an order between its inputs.
func (l *line) unordered(runs []store.Records) bool {
	return len(l.heads) > 1 && len(runs) > 0 && runs[0].Seq == 0
}

// merge is the merger of what in reads for the line. ends are those of all partitions when in was opened.
func (l *line) merge(in store.Reader, c *op.Context, ends map[store.TP]int64, rows int) (*merger, error) {
	hold, ok := in.(store.Holder)
	if !ok {
		return nil, errNoOrder
	}
	m := &merger{in: in, hold: hold, at: map[store.TP]int64{}, most: rows}
	if ms, err := strconv.Atoi(c.Env.Config["ksql.streams.max.task.idle.ms"]); err == nil {
		m.idle = time.Duration(ms) * time.Millisecond
	}
	for _, h := range l.heads {
		for tp, end := range ends {
			if tp.Topic != h.topic {
				continue
			}
			own := m.lane(tp)
			if own == nil {
				own = &lane{tp: tp, end: end, c: *c}
				if c.Report != nil {
					own.c.Report = func(p op.Problem) { own.trouble = append(own.trouble, p) }
				}
				m.lanes = append(m.lanes, own)
			}
			st := &strand{head: h}
			var err error
			if st.run, err = h.fresh(); err != nil {
				return nil, err
			}
			own.strands = append(own.strands, st)
		}
	}
	first := func(o *lane) int {
		return slices.IndexFunc(l.heads, func(h head) bool { return h.topic == o.tp.Topic })
	}
	slices.SortFunc(m.lanes, func(a, b *lane) int {
		return cmp.Or(cmp.Compare(first(a), first(b)), cmp.Compare(a.tp.Partition, b.tp.Partition))
	})
	return m, nil
}

func (m *merger) lane(tp store.TP) *lane {
	for _, l := range m.lanes {
		if l.tp == tp {
			return l
		}
	}
	return nil
}

// add takes what the log gave.
func (m *merger) add(runs []store.Records) {
	m.in.Position(m.at)
	for _, r := range runs {
		l := m.lane(r.TP)
		l.queue, l.rows = append(l.queue, r), l.rows+r.Len()
	}
	m.balance()
}

// balance holds back the partitions of which enough is here.
func (m *merger) balance() {
	for _, l := range m.lanes {
		if held := l.rows > mergeRows || l.held && l.rows > mergeRows/2; held != l.held {
			l.held = held
			m.hold.Hold(l.tp, held)
		}
	}
}

// pick finds the lane whose rows go on next, and up to which time; nil: some lane has to be waited for, or none has
// rows.
func (m *merger) pick() (best *lane, last int64, err error) {
	for _, l := range m.lanes {
		if err := l.fill(m.most); err != nil {
			return nil, 0, err
		}
		switch {
		case l.empty() && !m.excused(l):
			return nil, 0, nil
		case !l.empty() && (best == nil || l.time() < best.time()):
			best = l
		}
	}
	last = math.MaxInt64
	before := true
	for _, l := range m.lanes {
		switch {
		case l == best:
			before = false
		case l.empty():
		case before: // of rows of one time the lane before gives its own first
			last = min(last, l.time()-1)
		default:
			last = min(last, l.time())
		}
	}
	return best, last, nil
}

// excused reports whether a lane without a row is not waited for any longer.
func (m *merger) excused(l *lane) bool {
	if m.ended || m.at[l.tp] < l.end || m.idle == 0 {
		return m.ended || m.at[l.tp] >= l.end
	}
	if l.since.IsZero() {
		l.since = time.Now()
	}
	return time.Since(l.since) >= m.idle
}

// wait is how long a lane without a row is waited for at most; false: only the log can say.
func (m *merger) wait() (d time.Duration, ok bool) {
	for _, l := range m.lanes {
		if left := m.idle - time.Since(l.since); l.empty() && !l.since.IsZero() && left > 0 && (!ok || left < d) {
			d, ok = left, true
		}
	}
	return d, ok
}

// settle tells of the trouble with rows that have been passed, and says what has been processed of each partition.
func (m *merger) settle(at map[store.TP]int64, report func(op.Problem)) {
	for _, l := range m.lanes {
		to := l.reaches(m.at[l.tp])
		at[l.tp] = to
		n := 0
		for n < len(l.trouble) && l.trouble[n].Offset < to {
			report(l.trouble[n])
			n++
		}
		l.trouble = slices.Delete(l.trouble, 0, n)
	}
	m.balance()
}

// offset is that of the strand's next row.
func (s *strand) offset() int64 {
	r, row := s.batch.From.At(s.batch.Cause(s.at))
	return r.Offset(row)
}

// forward lends the next n rows of the strand on.
func (s *strand) forward(n int) error {
	b := s.piece.Of(s.batch, s.at, s.at+n)
	if s.at += n; s.at == s.batch.N {
		s.batch, s.at = nil, 0
	}
	return s.next(b)
}

// rows is how many rows of the strand go on at once, at most so many and none after last.
func (s *strand) rows(most int, last int64) (n int) {
	b := s.batch
	for n < most && s.at+n < b.N && b.Time[s.at+n] <= last {
		if b.Op(s.at+n) == op.Before {
			n++
		}
		n++
	}
	return n
}

func (l *lane) empty() bool { return l.first() == nil }

// first is the strand with the lane's next row, the first of those that have it; nil: there is none.
func (l *lane) first() (best *strand) {
	for _, s := range l.strands {
		if s.batch != nil && (best == nil || s.offset() < best.offset()) {
			best = s
		}
	}
	return best
}

// time is the ROWTIME of the lane's next row.
func (l *lane) time() int64 {
	s := l.first()
	return s.batch.Time[s.at]
}

// forward lends on the lane's next rows, at most so many and none after last. Of a topic that is read twice the first
// input gets each row first.
func (l *lane) forward(most int, last int64) (n int, err error) {
	s := l.first()
	if len(l.strands) == 1 {
		n = s.rows(most, last)
		return n, s.forward(n)
	}
	at := s.offset()
	for _, s := range l.strands {
		if s.batch == nil || s.offset() != at {
			continue
		}
		if err := s.forward(s.rows(1, math.MaxInt64)); err != nil {
			return 1, err
		}
	}
	return 1, nil
}

// reaches is the offset below which all rows of the lane have gone on; at is that below which they were given.
func (l *lane) reaches(at int64) int64 {
	switch {
	case !l.empty():
		return l.first().offset()
	case len(l.queue) > 0:
		return l.queue[0].Offset(0)
	}
	return at
}

// fill decodes the next rows of a lane that has none.
func (l *lane) fill(most int) error {
	for l.empty() && len(l.queue) > 0 {
		var part []store.Records
		part, l.queue = split(l.queue, most, batchBytes)
		for _, r := range part {
			l.rows -= r.Len()
		}
		l.since = time.Time{}
		for _, s := range l.strands {
			if err := s.run(&l.c, part, func(b *op.Batch) error {
				s.batch, s.at = b, 0
				return nil
			}); err != nil {
				return err
			}
		}
		slices.SortStableFunc(l.trouble, func(a, b op.Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	}
	return nil
}

// merged takes runs that come without an order between the topics, and processes the rows whose turn it is.
func (t *task) merged(runs []store.Records) (progress bool, err error) {
	if t.merge == nil {
		if t.merge, err = t.line.merge(t.work, t.ctx, t.ends, t.q.e.opt.Batch); err != nil {
			return false, err
		}
	}
	report := func(p op.Problem) {
		t.hold()
		t.trouble = append(t.trouble, p)
	}
	t.merge.add(runs)
	for progress = len(runs) > 0; ; progress = true {
		l, last, err := t.merge.pick()
		if err != nil {
			return false, &Fault{err}
		}
		if l == nil {
			break
		}
		t.hold()
		if err := t.process(func() error {
			n, err := l.forward(min(t.most, t.q.e.opt.Batch), last)
			t.pending += n
			t.merge.settle(t.pos, report)
			return err
		}); err != nil {
			return false, err
		}
	}
	if progress {
		return true, nil
	}
	t.merge.settle(t.pos, report)
	if d, ok := t.merge.wait(); ok {
		time.AfterFunc(d, t.poke)
	}
	if t.held {
		return false, t.commit()
	}
	t.passed()
	return false, nil
}

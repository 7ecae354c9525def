package op

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Sessions groups a stream by key and session: rows of a key that lie at most a gap apart. A session grows
// and swallows others, so it works row by row.
type Sessions struct {
	step  *plan.Aggregate
	win   plan.Window
	table *state.Table // key and start of the session
	accs  []fn.Accumulator
	order KeyBytes

	// What follows is derived.
	keys   *state.Index // keys alone
	byKey  [][]int32    // sessions of each key, by end
	sent   []bool       // EMIT FINAL: the session has left
	oldest int64        // EMIT FINAL: no session that waits ends before

	kids    []int32
	touched []int32
	group   [1]int32
	hide    [1]bool      // of the one row folded: its result is read afterwards
	one     [][]*vec.Vec // scratch: the arguments of one row
	pre     gather
	kept    []int32
	cols    []*vec.Vec // the output being built
	vals    []*vec.Vec // results of it
	ops     []Op
	time    []int64
	row     []int32
	start   []int64
	end     []int64
	out     Batch
	read    Batch
	rcols   []*vec.Vec
}

// The step cells of Sessions, after streamTime.
const (
	stored = 1 + iota // the latest end of a session
	swept             // the stream time of the last look for sessions that are past retention
)

// NewSessions is the operator of s, whose window is a session.
func NewSessions(s *plan.Aggregate, print state.Print, keep bool, order KeyBytes) (*Sessions, error) {
	accs, cells, err := accumulators(s)
	if err != nil {
		return nil, err
	}
	o := &Sessions{step: s, win: *s.Window, accs: accs, order: order, oldest: 1 << 62, cols: columns(s.Schema), rcols: columns(s.Schema)}
	kt := types(s.Schema[:s.Groups])
	o.keys = state.NewIndex(kt)
	o.table = state.NewTable(state.Layout{Name: s.State, Print: print, Keys: kt, Windowed: true, Session: true, Keep: keep, Cells: cells,
		Step: []int64{streamTime: -1, stored: -1, swept: 0}})
	o.vals = o.cols[s.Groups+2:]
	in := s.In.Out().Schema
	for _, c := range s.Calls {
		var args []*vec.Vec
		for _, i := range c.Args {
			args = append(args, vec.New(in[i].Type))
		}
		o.one = append(o.one, args)
	}
	return o, nil
}

// Tables is the one table.
func (s *Sessions) Tables() []state.Kept { return []state.Kept{s.table} }

// Groups numbers the groups.
func (s *Sessions) Groups() *state.Index { return s.table.Index }

// Restored finds the sessions of each key again, and which have left: those that are closed.
func (s *Sessions) Restored() error {
	for g := int32(0); int(g) < s.table.Cap(); g++ {
		if s.table.Dead(g) {
			continue
		}
		kid, _, err := s.keys.FindBytes(s.table.AppendKey(nil, g), 0)
		if err != nil {
			return err
		}
		s.fit()
		s.add(kid, g)
	}
	for g := range s.sent {
		if !s.table.Dead(int32(g)) {
			s.sent[g] = s.table.End[g] < s.close()
			if !s.sent[g] {
				s.oldest = min(s.oldest, s.table.End[g])
			}
		}
	}
	return nil
}

// close is the time before which a session's end closes it.
func (s *Sessions) close() int64 { return s.now() - s.win.Grace - s.win.Size }

// now is stream time.
func (s *Sessions) now() int64 { return s.table.Step[streamTime] }

// fit gives each key a list of sessions.
func (s *Sessions) fit() {
	for len(s.byKey) < s.keys.Cap() {
		s.byKey = append(s.byKey, nil)
	}
}

func (s *Sessions) add(kid, g int32) {
	for int(g) >= len(s.sent) {
		s.sent = append(s.sent, false)
	}
	s.sent[g] = false
	list := s.byKey[kid]
	i := len(list)
	for i > 0 && s.table.End[list[i-1]] > s.table.End[g] {
		i--
	}
	s.byKey[kid] = slices.Insert(list, i, g)
}

// Process takes rows one by one. Swallowed sessions leave as Delete, then the session as it is now.
func (s *Sessions) Process(c *Context, b *Batch, emit Emit) error {
	b = grouped(c, s.step.Name+"-GroupBy", s.step.Groups, b, &s.pre, &s.kept)
	if b.N == 0 {
		return nil
	}
	s.kids = s.keys.Groups(b.Cols[:s.step.Groups], nil, b.N, s.kids[:0], nil)
	s.fit()
	s.begin()
	for i := 0; i < b.N; i++ {
		if err := s.take(c, b, i); err != nil {
			return wrap(s.step.Name, err)
		}
		if s.win.Final && s.oldest < s.close() {
			if err := s.finish(b, i, emit); err != nil {
				return wrap(s.step.Name, err)
			}
		}
	}
	s.expire()
	if s.win.Final || len(s.ops) == 0 {
		return nil
	}
	s.out = Batch{N: len(s.ops), Cols: s.cols, Time: s.time, Ops: s.ops, Start: s.start, End: s.end, From: b.From, Row: s.row}
	n := s.step.Groups
	for k, col := range [2][]int64{s.start, s.end} {
		s.cols[n+k].I64 = append(s.cols[n+k].I64, col...)
		s.cols[n+k].N = len(col)
	}
	return emit(&s.out)
}

func (s *Sessions) begin() {
	reset(s.cols)
	s.ops, s.time, s.row, s.start, s.end = s.ops[:0], s.time[:0], s.row[:0], s.start[:0], s.end[:0]
}

// show adds a row of the output: the result of group g now.
func (s *Sessions) show(b *Batch, i int, g int32, o Op) error {
	if s.win.Final {
		return nil
	}
	for k := range s.cols[:s.step.Groups] {
		s.cols[k].AppendFrom(b.Cols[k], i)
	}
	s.group[0] = g
	for k, acc := range s.accs {
		if err := acc.Read(s.group[:], s.vals[k]); err != nil {
			return err
		}
	}
	end := s.table.End[g]
	s.ops, s.time, s.row = append(s.ops, o), append(s.time, end), append(s.row, b.Cause(i))
	s.start, s.end = append(s.start, s.table.Win(g)), append(s.end, end)
	return nil
}

func (s *Sessions) take(c *Context, b *Batch, i int) error {
	t := b.Time[i]
	s.table.Step[streamTime] = max(s.now(), t)
	kid := s.kids[i]
	list := s.byKey[kid]
	lo, hi := 0, 0                                                    // the sessions that t touches stand side by side
	seen := max(t-s.win.Size, s.table.Step[stored]-s.win.Retention+1) // ksqlDB's store no longer gives older ones
	for lo < len(list) && s.table.End[list[lo]] < seen {
		lo++
	}
	for hi = lo; hi < len(list) && s.table.Win(list[hi])-s.win.Size <= t; {
		hi++
	}
	start, end := t, t
	for _, g := range list[lo:hi] {
		start, end = min(start, s.table.Win(g)), max(end, s.table.End[g])
	}
	if end < s.close() {
		c.report(ProcessingError, s.step.Name, b, i, fmt.Errorf("%w: timestamp %d, session [%d,%d], stream time %d", errLate, t, start, end, s.now()))
		return nil
	}
	s.touched = append(s.touched[:0], list[lo:hi]...)
	touched := s.touched
	if start != end { // a row that repeats the time of a one-instant session leaves no tombstone: the session is the same
		for _, g := range touched {
			if err := s.show(b, i, g, Delete); err != nil {
				return err
			}
		}
	}
	s.byKey[kid] = slices.Delete(list, lo, hi)
	var g int32
	if len(touched) > 0 && s.table.Win(touched[0]) == start {
		g, touched = touched[0], touched[1:]
	} else {
		g = s.fresh(kid, b.Cols[:s.step.Groups], i, start)
	}
	for _, o := range touched {
		for _, acc := range s.accs {
			if err := acc.Merge(g, o); err != nil {
				return err
			}
		}
		s.table.Remove(o)
	}
	s.table.End[g], s.table.Time[g] = end, end
	s.table.Step[stored] = max(s.table.Step[stored], end)
	s.group[0] = g
	for k, acc := range s.accs {
		for a, col := range s.one[k] {
			col.Reset()
			col.AppendFrom(b.Cols[s.step.Calls[k].Args[a]], i)
		}
		if err := acc.Fold(s.group[:], nil, s.hide[:], s.one[k], s.vals[k]); err != nil {
			return err
		}
	}
	s.table.Touch(s.group[:])
	s.add(kid, g)
	s.oldest = min(s.oldest, end)
	return s.show(b, i, g, Insert)
}

// fresh is the group of a new session of key kid. It replaces one that is too old to be seen and begins then, too.
func (s *Sessions) fresh(kid int32, key []*vec.Vec, i int, start int64) int32 {
	g, isNew := s.table.Add(key, i, start)
	if !isNew {
		list := s.byKey[kid]
		at := slices.Index(list, g)
		s.byKey[kid] = slices.Delete(list, at, at+1)
		s.table.Remove(g)
		g, _ = s.table.Add(key, i, start)
	}
	s.table.Fit()
	return g
}

// finish lends on the sessions that row i of b closed, in order of (end, start, key), with their end as time.
func (s *Sessions) finish(b *Batch, i int, emit Emit) error {
	var due []int32
	s.oldest = 1 << 62
	for g := range s.sent {
		switch {
		case s.table.Dead(int32(g)) || s.sent[g]:
		case s.table.End[g] < s.close():
			due = append(due, int32(g))
			s.sent[g] = true
		default:
			s.oldest = min(s.oldest, s.table.End[g])
		}
	}
	if len(due) == 0 {
		return nil
	}
	cols := columns(s.step.Schema[:s.step.Groups])
	if err := s.table.Keys(due, cols); err != nil {
		return err
	}
	keys, err := s.order(cols, len(due))
	if err != nil {
		return err
	}
	at := make([]int, len(due))
	for k := range at {
		at[k] = k
	}
	slices.SortStableFunc(at, func(x, y int) int {
		a, b := due[x], due[y]
		return cmp.Or(cmp.Compare(s.table.End[a], s.table.End[b]), cmp.Compare(s.table.Win(a), s.table.Win(b)), slices.Compare(keys[x], keys[y]))
	})
	sorted := make([]int32, len(due))
	for k, n := range at {
		sorted[k] = due[n]
	}
	out, err := s.Read(sorted)
	if err != nil {
		return err
	}
	out.From, out.Row = b.From, nil
	for range sorted {
		out.Row = append(out.Row, b.Cause(i))
	}
	return emit(out)
}

// expire drops sessions that are past retention, and keys that have none left. It looks at all of them, so it
// does so rarely.
func (s *Sessions) expire() {
	now := s.now()
	if now-s.table.Step[swept] < s.win.Retention/4+1 {
		return
	}
	s.table.Step[swept] = now
	for kid, list := range s.byKey {
		n := 0
		for n < len(list) && s.table.End[list[n]] < now-s.win.Retention && s.table.End[list[n]] < s.close() {
			s.table.Remove(list[n])
			n++
		}
		s.byKey[kid] = slices.Delete(list, 0, n)
		if n == len(list) && !s.keys.Dead(int32(kid)) {
			s.keys.Drop(int32(kid))
		}
	}
}

// Find appends the sessions of a key in the bounds, by start.
func (s *Sessions) Find(key []*vec.Vec, in Bounds, out []int32) []int32 {
	if kid := s.keys.Find(key, 0, 0); kid >= 0 {
		return s.Of(kid, in, out)
	}
	return out
}

// Keys numbers the keys.
func (s *Sessions) Keys() *state.Index { return s.keys }

// Of appends the sessions in the bounds of the key of this number, by start. That is the order of their ends, but for
// sessions too old to be seen, which may lie within others.
func (s *Sessions) Of(kid int32, in Bounds, out []int32) []int32 {
	n, list := len(out), s.byKey[kid]
	i, _ := slices.BinarySearchFunc(list, max(in.Start.Lo, in.End.Lo), func(g int32, at int64) int { return cmp.Compare(s.table.End[g], at) })
	for _, g := range list[i:] {
		start, end := s.table.Win(g), s.table.End[g]
		if in.has(start, end) {
			out = append(out, g)
		} else if end > in.End.Hi || start > in.Start.Hi && end > s.table.Step[stored]-s.win.Retention {
			break // those behind it end later, and start later
		}
	}
	byStart(s.table, out[n:])
	return out
}

// All appends every session in the bounds.
func (s *Sessions) All(in Bounds, out []int32) []int32 {
	n := len(out)
	return in.inWindows(s.table, s.table.Between(in.Lo, in.Hi, out), n)
}

// Read is the results of these sessions.
func (s *Sessions) Read(groups []int32) (*Batch, error) {
	b := &s.read
	if err := readGroups(s.table, s.accs, groups, s.step.Groups, 2, s.rcols, b); err != nil {
		return nil, wrap(s.step.Name, err)
	}
	n := s.step.Groups
	b.Start, b.End = nil, nil
	for _, g := range groups {
		b.Start, b.End = append(b.Start, s.table.Win(g)), append(b.End, s.table.End[g])
		s.rcols[n].AppendI64(s.table.Win(g))
		s.rcols[n+1].AppendI64(s.table.End[g])
	}
	return b, nil
}

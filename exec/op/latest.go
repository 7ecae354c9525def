package op

import (
	"math"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Latest remembers the last row of each key of a table, and answers pull queries.
type Latest struct {
	step  *plan.Latest
	table *state.Table
	rows  *state.Rows
	kept  []int // the columns of rows; the others are nil
	at    int   // the place of ROWTIME; -1: it is not there
	keys  int

	gids    []int32
	out     Batch
	cols    []*vec.Vec
	old     []*vec.Vec // of the kept columns
	now     []*vec.Vec
	ops     []Op
	time    []int64
	times   []int64 // ROWTIME of the rows that leave: of an old row it is not that of the change
	rowTime vec.Vec
	row     []int32
	start   []int64
	end     []int64
	read    Batch
	readers []*vec.Vec
}

// NewLatest is the operator of s.
func NewLatest(s *plan.Latest, print state.Print, keep bool) *Latest {
	k, windowed := s.Schema.Keys(), s.Window != nil
	l := &Latest{step: s, rows: &state.Rows{}, kept: s.Kept(), at: s.RowTime(), keys: k,
		cols: make([]*vec.Vec, len(s.Schema)), readers: make([]*vec.Vec, len(s.Schema))}
	for _, i := range l.kept {
		l.cols[i], l.readers[i] = vec.New(s.Schema[i].Type), vec.New(s.Schema[i].Type)
		l.old = append(l.old, vec.New(s.Schema[i].Type))
	}
	l.table = state.NewTable(state.Layout{Name: s.State, Print: print, Keys: types(s.Schema[:k]), Windowed: windowed, Session: windowed, Chain: windowed, Keep: keep, Cells: []state.Cells{l.rows}})
	return l
}

// Tables is the one table.
func (l *Latest) Tables() []state.Kept { return []state.Kept{l.table} }

// Groups numbers the groups.
func (l *Latest) Groups() *state.Index { return l.table.Index }

// Restored has nothing to do.
func (l *Latest) Restored() error { return nil }

// Process stores each row and lends on what became of its key, or the rows as they are.
func (l *Latest) Process(c *Context, b *Batch, emit Emit) error {
	keys := b.Cols[:l.keys]
	for _, k := range l.kept {
		l.cols[k].Reset()
	}
	l.times = l.times[:0]
	now := l.some(&l.now, b.Cols)
	l.ops, l.time, l.row, l.start, l.end = l.ops[:0], l.time[:0], l.row[:0], l.start[:0], l.end[:0]
	whole := l.table.Whole()
	add := func(cols []*vec.Vec, from, i int, o Op, rowTime int64) {
		for n, k := range l.kept {
			l.cols[k].AppendFrom(cols[n], from)
		}
		l.times = append(l.times, rowTime)
		l.ops, l.time, l.row = append(l.ops, o), append(l.time, b.Time[i]), append(l.row, b.Cause(i))
		if b.Start != nil {
			l.start, l.end = append(l.start, b.Start[i]), append(l.end, b.End[i])
		}
	}
	for i := 0; i < b.N; i++ {
		if whole && keys[0].IsNull(i) || b.Op(i) == Before {
			continue
		}
		var win int64
		if b.Start != nil {
			win = b.Start[i]
		}
		gone := b.Op(i) == Delete
		g := l.table.Find(keys, i, win)
		had := g >= 0
		if gone && !had {
			continue
		}
		var was int64
		if l.step.Old && had {
			was = l.table.Time[g]
			reset(l.old)
			if err := l.rows.Get(g, l.old); err != nil {
				return wrap(l.step.Name, err)
			}
		}
		switch {
		case gone:
			l.table.Remove(g)
			if l.step.Old {
				add(l.old, 0, i, Delete, was)
			}
			continue
		case !had:
			g, _ = l.table.Add(keys, i, win)
			l.table.Fit()
			if l.step.Old {
				add(now, i, i, Insert, b.Time[i])
			}
		default:
			if l.step.Old {
				add(l.old, 0, i, Before, was)
				add(now, i, i, After, b.Time[i])
			}
		}
		l.rows.Put(g, now, i)
		l.table.Time[g] = b.Time[i]
		if b.Start != nil {
			l.table.End[g] = b.End[i]
		}
		l.gids = append(l.gids[:0], g)
		l.table.Touch(l.gids)
	}
	if !l.step.Old {
		return emit(b)
	}
	if len(l.ops) == 0 {
		return nil
	}
	l.stamp(l.cols, l.times)
	l.out = Batch{N: len(l.ops), Cols: l.cols, Time: l.time, Ops: l.ops, From: b.From, Row: l.row}
	if b.Start != nil {
		l.out.Start, l.out.End = l.start, l.end
	}
	return emit(&l.out)
}

// Find appends the groups of a key in the bounds.
func (l *Latest) Find(key []*vec.Vec, in Bounds, out []int32) []int32 {
	if l.step.Window == nil {
		if g := l.table.Find(key, 0, 0); g >= 0 {
			out = append(out, g)
		}
		return out
	}
	n := len(out)
	out, _ = l.table.Chain(key, 0, math.MaxInt, out)
	out = in.inWindows(l.table, out, n)
	byStart(l.table, out[n:])
	return out
}

// All appends every group in the bounds.
func (l *Latest) All(in Bounds, out []int32) []int32 {
	n := len(out)
	if out = l.table.Between(in.Lo, in.Hi, out); l.step.Window != nil {
		out = in.inWindows(l.table, out, n)
	}
	return out
}

// Read is the rows of these groups.
func (l *Latest) Read(groups []int32) (*Batch, error) {
	cols := l.some(&l.now, l.readers)
	reset(cols)
	b := &l.read
	*b = Batch{N: len(groups), Cols: l.readers, Time: b.Time[:0], Start: b.Start[:0], End: b.End[:0]}
	for _, g := range groups {
		if err := l.rows.Get(g, cols); err != nil {
			return nil, wrap(l.step.Name, err)
		}
		b.Time = append(b.Time, l.table.Time[g])
		if l.step.Window != nil {
			b.Start, b.End = append(b.Start, l.table.Win(g)), append(b.End, l.table.End[g])
		}
	}
	if l.step.Window == nil {
		b.Start, b.End = nil, nil
	}
	l.stamp(l.readers, b.Time)
	return b, nil
}

// stamp gives cols their ROWTIME, if it is there.
func (l *Latest) stamp(cols []*vec.Vec, times []int64) {
	if l.at >= 0 {
		l.rowTime = vec.Vec{Type: sql.TBigint, N: len(times), I64: times}
		cols[l.at] = &l.rowTime
	}
}

// some is the kept ones of cols.
func (l *Latest) some(dst *[]*vec.Vec, cols []*vec.Vec) []*vec.Vec {
	*dst = (*dst)[:0]
	for _, i := range l.kept {
		*dst = append(*dst, cols[i])
	}
	return *dst
}

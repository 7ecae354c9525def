package op

import (
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Latest remembers the last row of each key of a table. As plan.Latest it turns upserts into changes; as
// the materialization of a table's result it lets them through and answers pull queries.
type Latest struct {
	name   string
	table  *state.Table
	rows   *state.Rows
	live   []int // the columns that are there; the others are nil
	keys   int
	emit   bool // changes, not upserts, leave
	window bool

	gids    []int32
	out     Batch
	cols    []*vec.Vec
	old     []*vec.Vec // of the live columns
	now     []*vec.Vec
	ops     []Op
	time    []int64
	row     []int32
	start   []int64
	end     []int64
	read    Batch
	readers []*vec.Vec
}

// NewLatest remembers rows of schema, whose key columns come first, as far as live says that a column is
// read later (nil: all are). changes: Before and After leave.
func NewLatest(name string, print state.Print, schema sql.Schema, live []bool, windowed, keep, changes bool) *Latest {
	rows := &state.Rows{}
	k := schema.Keys()
	l := &Latest{name: name, rows: rows, keys: k, emit: changes, window: windowed,
		cols: make([]*vec.Vec, len(schema)), readers: make([]*vec.Vec, len(schema))}
	for i := range schema {
		if live == nil || live[i] || i < k {
			l.live = append(l.live, i)
			l.cols[i], l.readers[i] = vec.New(schema[i].Type), vec.New(schema[i].Type)
			l.old = append(l.old, vec.New(schema[i].Type))
		}
	}
	l.table = state.NewTable(state.Layout{Name: name, Print: print, Keys: types(schema[:k]), Windowed: windowed, Session: windowed, Keep: keep, Cells: []state.Cells{rows}})
	return l
}

// Tables is the one table.
func (l *Latest) Tables() []*state.Table { return []*state.Table{l.table} }

// Restored has nothing to do.
func (l *Latest) Restored() error { return nil }

// Process stores each row and, where changes are asked for, lends on what became of its key.
func (l *Latest) Process(c *Context, b *Batch, emit Emit) error {
	keys := b.Cols[:l.keys]
	for _, k := range l.live {
		l.cols[k].Reset()
	}
	now := l.some(&l.now, b.Cols)
	l.ops, l.time, l.row, l.start, l.end = l.ops[:0], l.time[:0], l.row[:0], l.start[:0], l.end[:0]
	whole := l.table.Whole()
	add := func(cols []*vec.Vec, from, i int, o Op) {
		for n, k := range l.live {
			l.cols[k].AppendFrom(cols[n], from)
		}
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
		if l.emit && had {
			reset(l.old)
			if err := l.rows.Get(g, l.old); err != nil {
				return wrap(l.name, err)
			}
		}
		switch {
		case gone:
			l.table.Remove(g)
			if l.emit {
				add(l.old, 0, i, Delete)
			}
			continue
		case !had:
			g, _ = l.table.Add(keys, i, win)
			l.table.Fit()
			if l.emit {
				add(now, i, i, Insert)
			}
		default:
			if l.emit {
				add(l.old, 0, i, Before)
				add(now, i, i, After)
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
	if !l.emit {
		return emit(b)
	}
	if len(l.ops) == 0 {
		return nil
	}
	l.out = Batch{N: len(l.ops), Cols: l.cols, Time: l.time, Ops: l.ops, From: b.From, Row: l.row}
	if b.Start != nil {
		l.out.Start, l.out.End = l.start, l.end
	}
	return emit(&l.out)
}

// Find appends the groups of a key.
func (l *Latest) Find(key []*vec.Vec, out []int32) []int32 {
	if !l.window {
		if g := l.table.Find(key, 0, 0); g >= 0 {
			out = append(out, g)
		}
		return out
	}
	want := vec.AppendKey(nil, key, 0)
	return l.table.Match(want, out)
}

// All appends every group.
func (l *Latest) All(out []int32) []int32 { return l.table.All(out) }

// Read is the rows of these groups.
func (l *Latest) Read(groups []int32) (*Batch, error) {
	cols := l.some(&l.now, l.readers)
	reset(cols)
	b := &l.read
	*b = Batch{N: len(groups), Cols: l.readers, Time: b.Time[:0], Start: b.Start[:0], End: b.End[:0]}
	for _, g := range groups {
		if err := l.rows.Get(g, cols); err != nil {
			return nil, wrap(l.name, err)
		}
		b.Time = append(b.Time, l.table.Time[g])
		if l.window {
			b.Start, b.End = append(b.Start, l.table.Win(g)), append(b.End, l.table.End[g])
		}
	}
	if !l.window {
		b.Start, b.End = nil, nil
	}
	return b, nil
}

// some is the live ones of cols.
func (l *Latest) some(dst *[]*vec.Vec, cols []*vec.Vec) []*vec.Vec {
	*dst = (*dst)[:0]
	for _, i := range l.live {
		*dst = append(*dst, cols[i])
	}
	return *dst
}

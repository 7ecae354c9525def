package op

import (
	"fmt"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Aggregate groups a stream or the changes of a table, without windows: one result a row.
type Aggregate struct {
	step  *plan.Aggregate
	table *state.Table
	accs  []fn.Accumulator
	args  [][]*vec.Vec // scratch: the argument columns of each call
	outs  []*vec.Vec   // results
	gids  []int32
	rows  []int32
	sign  []int8
	show  []bool
	pre   gather
	keyed gather
	time  []int64
	out   Batch
	old   changes
	read  Batch
	rcols []*vec.Vec
}

// NewAggregate is the operator of s, which has no window.
func NewAggregate(s *plan.Aggregate, print state.Print, keep bool) (*Aggregate, error) {
	accs, cells, err := accumulators(s)
	if err != nil {
		return nil, err
	}
	a := &Aggregate{step: s, accs: accs, args: make([][]*vec.Vec, len(accs)), rcols: columns(s.Schema)}
	a.table = state.NewTable(state.Layout{Name: s.State, Print: print, Keys: types(s.Schema[:s.Groups]), Keep: keep, Cells: cells})
	a.outs = columns(s.Schema[s.Groups:])
	return a, nil
}

func accumulators(s *plan.Aggregate) (accs []fn.Accumulator, cells []state.Cells, err error) {
	for _, c := range s.Calls {
		acc, err := c.Variant.Agg(c.Site)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", c.Func.Name, err)
		}
		accs, cells = append(accs, acc), append(cells, acc)
	}
	return accs, cells, nil
}

// Tables is the one table.
func (a *Aggregate) Tables() []state.Kept { return []state.Kept{a.table} }

// Groups numbers the groups.
func (a *Aggregate) Groups() *state.Index { return a.table.Index }

// Restored has nothing to do.
func (a *Aggregate) Restored() error { return nil }

// Process folds rows into their groups. Rows with a null group column count for nothing (ksqlDB).
func (a *Aggregate) Process(c *Context, b *Batch, emit Emit) error {
	if a.step.In.Out().Shape == sql.TableKind {
		return a.changes(c, b, emit)
	}
	b = grouped(c, a.step.Name+"-GroupBy", a.step.Groups, b, &a.pre, &a.rows)
	if b.N == 0 {
		return nil
	}
	return a.fold(b, int32(a.table.Cap()), nil, nil, emit)
}

// grouped is b without the rows that have no value or no group, its first columns. The latter are reported.
func grouped(c *Context, step string, groups int, b *Batch, g *gather, rows *[]int32) *Batch {
	whole := b.Ops == nil
	for _, k := range b.Cols[:groups] {
		whole = whole && k.Nulls == 0
	}
	if whole {
		return b
	}
	kept := (*rows)[:0]
	for i := 0; i < b.N; i++ {
		if b.Op(i) != Insert {
			continue
		}
		if n := nullAt(b, groups, i); n >= 0 {
			c.report(ProcessingError, step, b, i, fmt.Errorf("group-by column with index %d resolved to null", n))
			continue
		}
		kept = append(kept, int32(i))
	}
	*rows = kept
	out := g.take(b, kept, nil)
	out.Ops = nil
	return out
}

func nullKey(b *Batch, keys, i int) bool { return nullAt(b, keys, i) >= 0 }

func nullAt(b *Batch, keys, i int) int {
	for n, k := range b.Cols[:keys] {
		if k.IsNull(i) {
			return n
		}
	}
	return -1
}

// changes folds the changes of a table: old rows out of their groups, new ones in. An update within one
// group shows one result; between two groups the old one's comes first.
func (a *Aggregate) changes(c *Context, b *Batch, emit Emit) error {
	n := a.step.Groups
	a.rows, a.sign = a.rows[:0], a.sign[:0]
	for i := 0; i < b.N; i++ {
		if nullKey(b, n, i) {
			continue
		}
		s := int8(1)
		if o := b.Op(i); o == Delete || o == Before {
			s = -1
		}
		a.rows, a.sign = append(a.rows, int32(i)), append(a.sign, s)
	}
	if len(a.rows) == 0 {
		return nil
	}
	in := a.pre.take(b, a.rows, nil)
	was := int32(a.table.Cap())
	a.gids = a.table.Groups(in.Cols[:n], nil, in.N, a.gids[:0], nil)
	a.show = a.show[:0]
	for i := 0; i < in.N; i++ {
		hide := in.Op(i) == Before && i+1 < in.N && in.Op(i+1) == After && a.rows[i]+1 == a.rows[i+1] && a.gids[i] == a.gids[i+1]
		a.show = append(a.show, !hide)
	}
	return a.fold(in, was, a.sign, a.show, emit)
}

func (a *Aggregate) fold(b *Batch, was int32, sign []int8, show []bool, emit Emit) error {
	n := a.step.Groups
	a.gids = a.table.Groups(b.Cols[:n], nil, b.N, a.gids[:0], nil)
	a.table.Fit()
	a.table.Touch(a.gids)
	if a.step.Old {
		if err := a.old.begin(a.accs, a.gids, show, was, nil, a.outs); err != nil {
			return wrap(a.step.Name, err)
		}
	}
	a.time = a.time[:0]
	for i, g := range a.gids {
		t := max(a.table.Time[g], b.Time[i])
		a.table.Time[g] = t
		a.time = append(a.time, t)
	}
	reset(a.outs)
	for k, acc := range a.accs {
		a.args[k] = argsOf(a.args[k][:0], a.step.Calls[k], b)
		if err := acc.Fold(a.gids, sign, show, a.args[k], a.outs[k]); err != nil {
			return wrap(a.step.Name, err)
		}
	}
	a.out = Batch{N: b.N, Time: a.time, From: b.From, Row: b.Row, Cols: a.out.Cols[:0]}
	a.out.Cols = append(a.out.Cols, b.Cols[:n]...)
	if show != nil {
		a.rows = a.rows[:0]
		for i, s := range show {
			if s {
				a.rows = append(a.rows, int32(i))
			}
		}
		if len(a.rows) != b.N {
			k := a.keyed.take(&a.out, a.rows, nil)
			a.out.N, a.out.Cols, a.out.Time, a.out.Row = k.N, append(a.out.Cols[:0], k.Cols...), k.Time, k.Row
		}
	}
	a.out.Cols = append(a.out.Cols, a.outs...)
	if a.step.Old {
		return emit(a.old.spread(&a.out, n))
	}
	return emit(&a.out)
}

// argsOf is the argument columns of a call.
func argsOf(dst []*vec.Vec, c plan.AggCall, b *Batch) []*vec.Vec {
	for _, i := range c.Args {
		dst = append(dst, b.Cols[i])
	}
	return dst
}

// Find appends the group of a key.
func (a *Aggregate) Find(key []*vec.Vec, _ Bounds, out []int32) []int32 {
	if g := a.table.Find(key, 0, 0); g >= 0 {
		out = append(out, g)
	}
	return out
}

// All appends every group in the bounds.
func (a *Aggregate) All(in Bounds, out []int32) []int32 { return a.table.Between(in.Lo, in.Hi, out) }

// Read is the results of these groups.
func (a *Aggregate) Read(groups []int32) (*Batch, error) {
	b := &a.read
	if err := readGroups(a.table, a.accs, groups, a.step.Groups, 0, a.rcols, b); err != nil {
		return nil, wrap(a.step.Name, err)
	}
	return b, nil
}

// readGroups fills b with keys, window bounds (where bounds is 2) and results of groups.
func readGroups(t *state.Table, accs []fn.Accumulator, groups []int32, keys, bounds int, cols []*vec.Vec, b *Batch) error {
	reset(cols)
	*b = Batch{N: len(groups), Cols: cols, Time: b.Time[:0]}
	if err := t.Keys(groups, cols[:keys]); err != nil {
		return err
	}
	for k, acc := range accs {
		if err := acc.Read(groups, cols[keys+bounds+k]); err != nil {
			return err
		}
	}
	for _, g := range groups {
		b.Time = append(b.Time, t.Time[g])
	}
	return nil
}

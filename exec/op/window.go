package op

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// errLate is why a row is dropped: all of its windows are closed.
var errLate = errors.New("skipping record for expired window")

// mostPairs bounds how many pairs of row and window are folded at once.
const mostPairs = 1 << 18

// KeyBytes appends the serialized key of each row, as the sink writes it: the order in which windows that
// close together leave.
type KeyBytes func(cols []*vec.Vec, n int) ([][]byte, error)

// Windows groups a stream by key and tumbling or hopping window.
type Windows struct {
	step  *plan.Aggregate
	win   plan.Window
	table *state.Table
	accs  []fn.Accumulator
	order KeyBytes

	open []bucket // windows with groups, by start: derived

	rows  []int32 // of the input, one a window it falls into
	start []int64
	end   []int64
	time  []int64
	gids  []int32
	isNew []bool
	args  [][]*vec.Vec
	outs  []*vec.Vec
	bound [2]*vec.Vec
	pre   gather
	late  gather
	wide  gather
	out   Batch
	old   changes
	read  Batch
	rcols []*vec.Vec
	kept  []int32
}

// The step cells of Windows.
const (
	streamTime = iota // the highest ROWTIME seen
	newest            // the latest window start seen
	through           // EMIT FINAL: windows that end here or before have left
)

// now is stream time.
func (w *Windows) now() int64 { return w.table.Step[streamTime] }

// closed is the time at or before which a window's end closes it.
func (w *Windows) closed() int64 { return w.now() - w.win.Grace }

type bucket struct {
	start int64
	gids  []int32
}

// NewWindows is the operator of s, whose window is tumbling or hopping.
func NewWindows(s *plan.Aggregate, print state.Print, keep bool, order KeyBytes) (*Windows, error) {
	accs, cells, err := accumulators(s)
	if err != nil {
		return nil, err
	}
	w := &Windows{step: s, win: *s.Window, accs: accs, order: order, args: make([][]*vec.Vec, len(accs)), rcols: columns(s.Schema)}
	if w.win.Kind == sql.Tumbling {
		w.win.Advance = w.win.Size
	}
	w.table = state.NewTable(state.Layout{Name: s.State, Print: print, Keys: types(s.Schema[:s.Groups]), Windowed: true, Chain: true, Keep: keep, Cells: cells,
		Step: []int64{streamTime: -1, newest: -1, through: -1 << 62}})
	w.outs = columns(s.Schema[s.Groups+2:])
	w.bound = [2]*vec.Vec{vec.New(sql.TBigint), vec.New(sql.TBigint)}
	return w, nil
}

// Tables is the one table.
func (w *Windows) Tables() []state.Kept { return []state.Kept{w.table} }

// Groups numbers the groups.
func (w *Windows) Groups() *state.Index { return w.table.Index }

// Restored finds the open windows again.
func (w *Windows) Restored() error {
	at := map[int64]int{} // of each start: its place in open, which is put in order afterwards
	i := -1
	for g := int32(0); int(g) < w.table.Cap(); g++ {
		if w.table.Dead(g) {
			continue
		}
		start := w.table.Win(g)
		if i < 0 || w.open[i].start != start {
			var ok bool
			if i, ok = at[start]; !ok {
				i = len(w.open)
				at[start], w.open = i, append(w.open, bucket{start: start})
			}
		}
		w.open[i].gids = append(w.open[i].gids, g)
	}
	slices.SortFunc(w.open, func(a, b bucket) int { return cmp.Compare(a.start, b.start) })
	return nil
}

// note puts a new group under its window.
func (w *Windows) note(start int64, g int32) {
	i := len(w.open) - 1
	if i < 0 || w.open[i].start != start {
		var found bool
		if i, found = w.search(start); !found {
			w.open = slices.Insert(w.open, i, bucket{start: start})
		}
	}
	w.open[i].gids = append(w.open[i].gids, g)
}

// Process folds each row into its open windows. A window is closed to a row when its end + grace is at or
// before stream time, the row's own time included (ksqlDB: grace counts from window end).
func (w *Windows) Process(c *Context, b *Batch, emit Emit) error {
	b = w.bounded(c, grouped(c, w.step.Name+"-GroupBy", w.step.Groups, b, &w.pre, &w.kept))
	if !w.win.Final {
		step := int(max(1, mostPairs/(w.win.Size/w.win.Advance)))
		for lo := 0; lo < b.N; lo += step {
			w.expand(c, b, lo, min(lo+step, b.N))
			if err := w.fold(b, emit); err != nil {
				return err
			}
			w.expire()
		}
		return nil
	}
	// EMIT FINAL: what closes leaves right after the row that closes it.
	for lo := 0; lo < b.N; {
		hi, due, now, left := lo, false, w.now(), w.table.Step[through]
		first := int64(math.MaxInt64) // start of the earliest window that has not left
		for _, o := range w.open {
			if o.start+w.win.Size > left {
				first = o.start
				break
			}
		}
		for ; hi < b.N && !due; hi++ {
			now = max(now, b.Time[hi])
			if f := w.firstOpen(b.Time[hi], now-w.win.Grace); f <= b.Time[hi] {
				first = min(first, f)
			}
			due = first != math.MaxInt64 && first+w.win.Size <= now-w.win.Grace && now-w.win.Grace > left
		}
		w.expand(c, b, lo, hi)
		if err := w.fold(b, nil); err != nil {
			return err
		}
		if due {
			if err := w.finish(b, hi-1, emit); err != nil {
				return err
			}
		}
		w.expire()
		lo = hi
	}
	return nil
}

// bounded is b without the rows whose windows would end after the last time that there is.
func (w *Windows) bounded(c *Context, b *Batch) *Batch {
	last := math.MaxInt64 - w.win.Size
	if b.N == 0 || slices.Max(b.Time[:b.N]) <= last {
		return b
	}
	kept := make([]int32, 0, b.N)
	for i := 0; i < b.N; i++ {
		if t := b.Time[i]; t-t%w.win.Advance > last {
			c.report(ProcessingError, w.step.Name, b, i, fmt.Errorf("timestamp %d is too large for a window of %d ms", t, w.win.Size))
			continue
		}
		kept = append(kept, int32(i))
	}
	return w.late.take(b, kept, nil)
}

// first is the start of the earliest window that holds time t.
func (w *Windows) first(t int64) int64 {
	return max(0, t-w.win.Size+w.win.Advance) / w.win.Advance * w.win.Advance
}

// firstOpen is the start of the earliest window of time t that ends after closed; past t if none does.
func (w *Windows) firstOpen(t, closed int64) int64 {
	s := w.first(t)
	if last := closed - w.win.Size; s <= last {
		s = (last/w.win.Advance + 1) * w.win.Advance
	}
	return s
}

// expand lists the (row, window) pairs of rows lo to hi.
func (w *Windows) expand(c *Context, b *Batch, lo, hi int) {
	w.rows, w.start, w.end = w.rows[:0], w.start[:0], w.end[:0]
	size, adv, now := w.win.Size, w.win.Advance, w.now()
	for i := lo; i < hi; i++ {
		t := b.Time[i]
		now = max(now, t)
		closed := now - w.win.Grace
		in := false
		for s := w.firstOpen(t, closed); s <= t; s += adv {
			w.rows, w.start, w.end = append(w.rows, int32(i)), append(w.start, s), append(w.end, s+size)
			in = true
		}
		if !in {
			c.report(ProcessingError, w.step.Name, b, i, fmt.Errorf("%w: timestamp %d, window [%d,%d), expiration %d, stream time %d", errLate, t, w.first(t), w.first(t)+size, closed, now))
		}
	}
	w.table.Step[streamTime] = now
}

func (w *Windows) fold(b *Batch, emit Emit) error {
	if len(w.rows) == 0 {
		return nil
	}
	n := w.step.Groups
	in := b
	if len(w.rows) != b.N || w.win.Advance != w.win.Size {
		in = w.wide.take(b, w.rows, nil)
	}
	was := int32(w.table.Cap())
	w.isNew = append(w.isNew[:0], make([]bool, in.N)...)
	w.gids = w.table.Groups(in.Cols[:n], w.start, in.N, w.gids[:0], func(row int, g int32) {
		w.isNew[row] = true
		w.note(w.start[row], g)
		w.table.Step[newest] = max(w.table.Step[newest], w.start[row])
	})
	w.table.Fit()
	w.table.Touch(w.gids)
	if w.step.Old && emit != nil {
		if err := w.old.begin(w.accs, w.gids, nil, was, w.isNew, w.outs); err != nil {
			return wrap(w.step.Name, err)
		}
	}
	w.time = w.time[:0]
	for i, g := range w.gids {
		t := max(w.table.Time[g], in.Time[i])
		w.table.Time[g] = t
		w.time = append(w.time, t)
	}
	reset(w.outs)
	for k, acc := range w.accs {
		w.args[k] = argsOf(w.args[k][:0], w.step.Calls[k], in)
		if err := acc.Fold(w.gids, nil, nil, w.args[k], w.outs[k]); err != nil {
			return wrap(w.step.Name, err)
		}
	}
	if emit == nil {
		return nil
	}
	w.lay(in.Cols[:n], in.N)
	w.out.Time, w.out.Start, w.out.End, w.out.From, w.out.Row = w.time, w.start, w.end, in.From, in.Row
	if w.step.Old {
		return emit(w.old.spread(&w.out, n))
	}
	return emit(&w.out)
}

// lay puts keys, bounds (w.start, w.end) and results together.
func (w *Windows) lay(keys []*vec.Vec, n int) {
	w.bound[0].Reset()
	w.bound[1].Reset()
	w.bound[0].I64, w.bound[1].I64 = append(w.bound[0].I64, w.start...), append(w.bound[1].I64, w.end...)
	w.bound[0].N, w.bound[1].N = n, n
	w.out = Batch{N: n, Cols: append(append(append(w.out.Cols[:0], keys...), w.bound[:]...), w.outs...)}
}

// finish lends on the windows that closed with row i of b: each window once, in order of (start, key).
// Windows that start before latest - retention are no longer seen (ksqlDB's store has dropped them).
func (w *Windows) finish(b *Batch, i int, emit Emit) error {
	left, until, oldest := w.table.Step[through], w.closed(), w.table.Step[newest]-w.win.Retention
	var due []int32
	for _, o := range w.open {
		if end := o.start + w.win.Size; end > left && end <= until && o.start >= oldest {
			part := slices.Clone(o.gids)
			if err := w.sort(part); err != nil {
				return err
			}
			due = append(due, part...)
		}
	}
	w.table.Step[through] = until
	if len(due) == 0 {
		return nil
	}
	out, err := w.Read(due)
	if err != nil {
		return err
	}
	out.From = b.From
	cause := b.Cause(i)
	out.Row = out.Row[:0]
	for range due {
		out.Row = append(out.Row, cause)
	}
	return emit(out)
}

func (w *Windows) sort(gids []int32) error {
	if len(gids) < 2 {
		return nil
	}
	cols := columns(w.step.Schema[:w.step.Groups])
	if err := w.table.Keys(gids, cols); err != nil {
		return err
	}
	keys, err := w.order(cols, len(gids))
	if err != nil {
		return err
	}
	at := make([]int, len(gids))
	for i := range at {
		at[i] = i
	}
	slices.SortStableFunc(at, func(a, b int) int { return slices.Compare(keys[a], keys[b]) })
	old := slices.Clone(gids)
	for i, k := range at {
		gids[i] = old[k]
	}
	return nil
}

// expire drops windows that are past retention.
func (w *Windows) expire() {
	n := 0
	for n < len(w.open) && w.open[n].start < w.now()-w.win.Retention && w.open[n].start+w.win.Size <= w.closed() {
		for _, g := range w.open[n].gids {
			w.table.Remove(g)
		}
		n++
	}
	w.open = slices.Delete(w.open, 0, n)
}

// Find appends the groups of a key in the bounds, by window. What it costs goes with how many windows there are in the
// bounds, or with how many the key has: whichever is less.
func (w *Windows) Find(key []*vec.Vec, in Bounds, out []int32) []int32 {
	open := w.within(in)
	if len(open) == 0 {
		return out
	}
	n := len(out)
	out, all := w.table.Chain(key, 0, len(open), out)
	if !all {
		return w.table.Probe(key, 0, len(open), func(i int) int64 { return open[i].start }, out)
	}
	lo, hi := open[0].start, open[len(open)-1].start
	left := slices.DeleteFunc(out[n:], func(g int32) bool { return w.table.Win(g) < lo || w.table.Win(g) > hi })
	byStart(w.table, left)
	return out[:n+len(left)]
}

// All appends every group in the bounds, by window.
func (w *Windows) All(in Bounds, out []int32) []int32 {
	for _, o := range w.within(in) {
		out = append(out, o.gids...)
	}
	return out
}

// within is the open windows in the bounds.
func (w *Windows) within(in Bounds) []bucket {
	starts := in.starts(w.win.Size)
	lo, _ := w.search(starts.Lo)
	hi, found := w.search(starts.Hi)
	if found {
		hi++
	}
	return w.open[lo:max(lo, hi)]
}

// search is the place of the first open window that starts at this time or later; found: at this time.
func (w *Windows) search(start int64) (i int, found bool) {
	return slices.BinarySearchFunc(w.open, start, func(o bucket, at int64) int { return cmp.Compare(o.start, at) })
}

// Read is the results of these groups.
func (w *Windows) Read(groups []int32) (*Batch, error) {
	b := &w.read
	if err := readGroups(w.table, w.accs, groups, w.step.Groups, 2, w.rcols, b); err != nil {
		return nil, wrap(w.step.Name, err)
	}
	n := w.step.Groups
	b.Start, b.End = nil, nil
	for _, g := range groups {
		s := w.table.Win(g)
		b.Start, b.End = append(b.Start, s), append(b.End, s+w.win.Size)
		w.rcols[n].AppendI64(s)
		w.rcols[n+1].AppendI64(s + w.win.Size)
	}
	return b, nil
}

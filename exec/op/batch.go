package op

import (
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// Op says what a row means.
type Op int8

// On a stream every row is Insert, but for rows without a value, which are Delete. On a table Insert means
// "this is the value now" (or, where old values travel, "the key is new"), Delete "the key is gone", and
// Before and After, always neighbours, are an update.
const (
	Insert Op = iota
	Delete
	Before
	After
)

// String is the mark of the op in text: + - U- U+.
func (o Op) String() string { return [...]string{"+", "-", "U-", "U+"}[o] }

// Batch is some rows on their way. It is lent to whom it is passed: good until the call returns.
type Batch struct {
	N     int
	Cols  []*vec.Vec // the columns of plan.Head.Schema; nil where nobody reads them
	Time  []int64    // ROWTIME, ms
	Ops   []Op       // nil: all Insert
	Start []int64    // window start and end of each row, ms; nil: no window
	End   []int64
	NoKey []bool  // rows whose key is null as a whole (key columns are null then); nil: none
	From  *Origin // the records these rows came from; nil: none (a window that closes by itself)
	Row   []int32 // row i was caused by record Row[i] of From; nil: by record i
}

// Op is the op of row i.
func (b *Batch) Op(i int) Op {
	if b.Ops == nil {
		return Insert
	}
	return b.Ops[i]
}

// Cause is the number of the record of From that caused row i.
func (b *Batch) Cause(i int) int32 {
	if b.Row == nil {
		return int32(i)
	}
	return b.Row[i]
}

// Origin is what a task read at once: for errors, headers, ROWOFFSET and ROWPARTITION.
type Origin struct {
	Runs  []*store.Records
	Start []int32 // number of the first record of each run
}

// At finds record n: its run and its row there.
func (o *Origin) At(n int32) (r *store.Records, row int) {
	lo, hi := 0, len(o.Start)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; o.Start[mid] <= n {
			lo = mid
		} else {
			hi = mid
		}
	}
	return o.Runs[lo], int(n - o.Start[lo])
}

// headers reports whether any record has headers.
func (o *Origin) headers() bool {
	for _, r := range o.Runs {
		if r.Headers != nil {
			return true
		}
	}
	return false
}

// Emit lends b to whoever comes next.
type Emit func(b *Batch) error

// gather builds a batch of some rows of another; it owns the result.
type gather struct {
	out        Batch
	cols       []*vec.Vec
	time       []int64
	ops        []Op
	row        []int32
	start, end []int64
	noKey      []bool
}

// take makes a batch of these rows of b. live says which columns are wanted (nil: all that are there).
func (g *gather) take(b *Batch, rows []int32, live []bool) *Batch {
	if g.cols == nil {
		g.cols = make([]*vec.Vec, len(b.Cols))
	}
	g.out = Batch{N: len(rows), From: b.From}
	g.out.Cols = g.out.Cols[:0]
	for i, c := range b.Cols {
		if c == nil || live != nil && !live[i] {
			g.out.Cols = append(g.out.Cols, nil)
			continue
		}
		if g.cols[i] == nil {
			g.cols[i] = vec.New(c.Type)
		}
		g.cols[i].Reset()
		g.cols[i].AppendRows(c, rows)
		g.out.Cols = append(g.out.Cols, g.cols[i])
	}
	g.meta(b, rows)
	return &g.out
}

// meta gathers all that a batch has beside its columns.
func (g *gather) meta(b *Batch, rows []int32) {
	g.time = pick(g.time[:0], b.Time, rows)
	g.out.Time = g.time
	if b.Ops != nil {
		g.ops = pick(g.ops[:0], b.Ops, rows)
		g.out.Ops = g.ops
	}
	if b.Start != nil {
		g.start = pick(g.start[:0], b.Start, rows)
		g.end = pick(g.end[:0], b.End, rows)
		g.out.Start, g.out.End = g.start, g.end
	}
	if b.NoKey != nil {
		g.noKey = pick(g.noKey[:0], b.NoKey, rows)
		g.out.NoKey = g.noKey
	}
	if b.Row != nil {
		g.row = pick(g.row[:0], b.Row, rows)
	} else {
		g.row = append(g.row[:0], rows...)
	}
	g.out.Row = g.row
}

func pick[T any](dst, src []T, rows []int32) []T {
	for _, r := range rows {
		dst = append(dst, src[r])
	}
	return dst
}

// reset empties columns.
func reset(cols []*vec.Vec) {
	for _, c := range cols {
		c.Reset()
	}
}

// halves calls f with the two halves of b, which has two rows or more. An update stays whole.
func halves(b *Batch, f func(*Batch) error) error {
	mid := b.N / 2
	if b.Op(mid-1) == Before {
		mid--
	}
	if mid == 0 {
		if mid = 2; b.N == 2 {
			panic(vec.ErrTooLarge)
		}
	}
	rows := make([]int32, b.N)
	for i := range rows {
		rows[i] = int32(i)
	}
	for _, half := range [][]int32{rows[:mid], rows[mid:]} {
		if err := f(new(gather).take(b, half, nil)); err != nil {
			return err
		}
	}
	return nil
}

// tooLarge runs f, and reports whether what it made was too large for its columns.
func tooLarge(f func()) (yes bool) {
	defer func() {
		if r := recover(); r == vec.ErrTooLarge {
			yes = true
		} else if r != nil {
			panic(r)
		}
	}()
	f()
	return false
}

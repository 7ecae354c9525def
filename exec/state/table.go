// Package state is the hot state of one step on one partition: keys to group numbers, typed columns of
// state beside them, and what a commit, a checkpoint and a restart need of both.
package state

import (
	"encoding/binary"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// Cells is a column of state, one cell a group: an accumulator, or the rows of a table.
type Cells interface {
	Grow(n int)
	Clear(g int32)
	Save(g int32, dst []byte) []byte
	Load(g int32, src []byte) ([]byte, error)
	Bytes() int64 // the memory that all groups hold, about
}

// Table is all that one step remembers on one partition: an index of its groups, the time of each, its cells, and
// the step cells.
type Table struct {
	core
	*Index
	Time  []int64
	End   []int64 // window ends of sessions; nil else
	Cells []Cells

	windowed bool
	keep     bool
	dirty    []int32
	marked   []bool
	dropped  []byte // keys of dropped groups, each with its length in front
	drops    int
}

// Layout is what a table is made of.
type Layout struct {
	Name     string // by role, never by number: Aggregate, Latest, Materialize, Sink
	Print    Print
	Keys     []sql.Type
	Windowed bool // keys carry a window start
	Session  bool // ... and groups the end of their window
	Chain    bool // ... and all groups of a key can be asked for: Chain
	Keep     bool // changes are noted for the changelog: Changes will be asked for
	Cells    []Cells
	// Step is the cells of the step itself, as they are at first: stream time, sequences. More may be added at the end.
	Step []int64
}

// NewTable is an empty table.
func NewTable(l Layout) *Table {
	t := &Table{core: newCore(l.Name, l.Print, l.Step), Index: NewIndex(l.Keys), Cells: l.Cells, windowed: l.Windowed, keep: l.Keep}
	if l.Chain {
		t.chain = newChain()
	}
	if l.Session {
		t.End = []int64{}
	}
	return t
}

// Fit makes room for all groups of the index. Call it after adding groups and before touching cells.
func (t *Table) Fit() {
	n := t.Cap()
	if n <= len(t.Time) {
		return
	}
	for len(t.Time) < n {
		t.Time = append(t.Time, -1)
	}
	if t.End != nil {
		for len(t.End) < n {
			t.End = append(t.End, 0)
		}
	}
	for _, c := range t.Cells {
		c.Grow(n)
	}
	if t.keep {
		for len(t.marked) < n {
			t.marked = append(t.marked, false)
		}
	}
}

// Touch notes that cells of these groups change.
func (t *Table) Touch(groups []int32) {
	if !t.keep {
		return
	}
	for _, g := range groups {
		if !t.marked[g] {
			t.marked[g] = true
			t.dirty = append(t.dirty, g)
		}
	}
}

// Remove forgets group g and clears its cells.
func (t *Table) Remove(g int32) {
	if t.keep {
		t.buf = t.appendGroup(t.buf[:0], g)
		t.dropped = binary.AppendUvarint(t.dropped, uint64(len(t.buf)))
		t.dropped = append(t.dropped, t.buf...)
		t.drops++
	}
	t.forget(g)
}

func (t *Table) forget(g int32) {
	t.Index.Drop(g)
	for _, c := range t.Cells {
		c.Clear(g)
	}
	t.Time[g] = -1
}

// appendGroup adds the key of a group's record.
func (t *Table) appendGroup(dst []byte, g int32) []byte {
	dst = t.AppendKey(append(dst, groupRecord), g)
	if t.windowed {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t.Win(g))^1<<63)
	}
	return dst
}

func (t *Table) appendCells(dst []byte, g int32) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.Time[g]))
	if t.End != nil {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t.End[g]))
	}
	for _, c := range t.Cells {
		dst = c.Save(g, dst)
	}
	return dst
}

// Changes appends to r one after-image for each group that changed since the last call, and of the step cells, and a
// tombstone for each group that was dropped. Applying them again is harmless. The print comes first of all.
func (t *Table) Changes(r *store.Records) {
	t.changes(r)
	for b := t.dropped; len(b) > 0; {
		n, w := binary.Uvarint(b)
		r.Add(0, b[w:w+int(n)], nil)
		b = b[w+int(n):]
	}
	for _, g := range t.dirty {
		t.marked[g] = false
		if t.Dead(g) {
			continue
		}
		k := len(r.Bytes)
		r.Bytes = t.appendGroup(r.Bytes, g)
		v := len(r.Bytes)
		r.Bytes = t.appendCells(r.Bytes, g)
		r.Key = append(r.Key, store.Span{Off: int32(k), Len: int32(v - k)})
		r.Value = append(r.Value, store.Span{Off: int32(v), Len: int32(len(r.Bytes) - v)})
		r.Time = append(r.Time, max(t.Time[g], 0))
	}
	t.dirty, t.dropped, t.drops = t.dirty[:0], t.dropped[:0], 0
}

// Bytes is the memory that the table holds, about. It costs little: every batch may ask.
func (t *Table) Bytes() int64 {
	n := t.Index.Bytes() + 8*int64(cap(t.Time)+cap(t.End)) + 4*int64(cap(t.dirty)) + int64(cap(t.marked)+cap(t.dropped)+cap(t.buf)+16*len(t.Step))
	for _, c := range t.Cells {
		n += c.Bytes()
	}
	return n
}

// Changed reports whether Changes has anything to say.
func (t *Table) Changed() bool {
	return len(t.dirty) > 0 || t.drops > 0 || t.stepped()
}

// Apply puts an after-image back; a nil value is a tombstone.
func (t *Table) Apply(key, value []byte) error { return t.apply(key, value, groupRecord, t.applyGroup) }

func (t *Table) applyGroup(key, value []byte) error {
	win := int64(0)
	if t.windowed {
		n := len(key) - 8
		if n < 0 {
			return errShort
		}
		win = int64(binary.BigEndian.Uint64(key[n:]) ^ 1<<63)
		key = key[:n]
	}
	g, isNew, err := t.FindBytes(key, win)
	if err != nil {
		return err
	}
	t.Fit()
	if value == nil {
		t.forget(g)
		return nil
	}
	if !isNew {
		for _, c := range t.Cells {
			c.Clear(g)
		}
	}
	if len(value) < 8 {
		return errShort
	}
	t.Time[g] = int64(binary.BigEndian.Uint64(value))
	value = value[8:]
	if t.End != nil {
		if len(value) < 8 {
			return errShort
		}
		t.End[g] = int64(binary.BigEndian.Uint64(value))
		value = value[8:]
	}
	for _, c := range t.Cells {
		if value, err = c.Load(g, value); err != nil {
			return err
		}
	}
	if len(value) > 0 {
		return errLong
	}
	return nil
}

// Chunk appends the live groups from number `from` on, at most rows of them, to dst and gives the number to
// go on from; -1 at the end. The first has the print and the step cells, too. It is for checkpoints: see Load.
func (t *Table) Chunk(from, rows int, dst []byte) (next int, out []byte) {
	if from == 0 {
		dst = t.chunk(dst)
	}
	g := from
	for ; g < t.Cap() && rows > 0; g++ {
		if t.Dead(int32(g)) {
			continue
		}
		rows--
		t.buf = t.appendGroup(t.buf[:0], int32(g))
		dst = appendBytes(dst, t.buf)
		t.buf = t.appendCells(t.buf[:0], int32(g))
		dst = appendBytes(dst, t.buf)
	}
	if g >= t.Cap() {
		return -1, dst
	}
	return g, dst
}

// Load reads a chunk back.
func (t *Table) Load(chunk []byte) error { return t.load(chunk, t.Apply) }

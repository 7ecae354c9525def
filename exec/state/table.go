// Package state is the hot state of one step on one partition: keys to group numbers, typed columns of
// state beside them, and what a commit, a checkpoint and a restart need of both.
package state

import (
	"encoding/binary"
	"fmt"

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

// Table is the state of one step: an index of its groups, the time of each, and its cells.
type Table struct {
	*Index
	Name  string // by role, never by number: Aggregate, Latest, Materialize
	Print uint64 // fingerprint of the step: state of another print is not loaded
	Time  []int64
	End   []int64 // window ends of sessions; nil else
	Cells []Cells

	windowed bool
	keep     bool // changes are noted for the changelog
	dirty    []int32
	marked   []bool
	dropped  []byte // keys of dropped groups, each with its length in front
	drops    int
	tmp      []byte
}

// NewTable is an empty table. windowed: keys carry a window start; session: an end as well. keep: Changes
// will be asked for.
func NewTable(name string, print uint64, keys []sql.Type, windowed, session, keep bool, cells ...Cells) *Table {
	t := &Table{Index: NewIndex(keys), Name: name, Print: print, Cells: cells, windowed: windowed, keep: keep}
	if session {
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
		t.tmp = t.appendKey(t.tmp[:0], g)
		t.dropped = binary.AppendUvarint(t.dropped, uint64(len(t.tmp)))
		t.dropped = append(t.dropped, t.tmp...)
		t.drops++
	}
	t.Index.Drop(g)
	for _, c := range t.Cells {
		c.Clear(g)
	}
	t.Time[g] = -1
}

func (t *Table) appendKey(dst []byte, g int32) []byte {
	if t.windowed {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t.Win(g)))
	}
	return t.AppendKey(dst, g)
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

// Changes appends to r one after-image for each group that changed since the last call, and a tombstone for
// each that was dropped. Applying them again is harmless.
func (t *Table) Changes(r *store.Records) {
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
		r.Bytes = t.appendKey(r.Bytes, g)
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
	n := t.Index.Bytes() + 8*int64(cap(t.Time)+cap(t.End)) + 4*int64(cap(t.dirty)) + int64(cap(t.marked)+cap(t.dropped)+cap(t.tmp))
	for _, c := range t.Cells {
		n += c.Bytes()
	}
	return n
}

// Changed reports whether Changes has anything to say.
func (t *Table) Changed() bool { return len(t.dirty) > 0 || t.drops > 0 }

// Apply puts an after-image back; a nil value is a tombstone.
func (t *Table) Apply(key, value []byte) error {
	win := int64(0)
	if t.windowed {
		if len(key) < 8 {
			return fmt.Errorf("state of %s: %w", t.Name, errShort)
		}
		win = int64(binary.BigEndian.Uint64(key))
		key = key[8:]
	}
	g, isNew, err := t.FindBytes(key, win)
	if err != nil {
		return fmt.Errorf("state of %s: %w", t.Name, err)
	}
	t.Fit()
	if value == nil {
		keep := t.keep
		t.keep = false
		t.Remove(g)
		t.keep = keep
		return nil
	}
	if !isNew {
		for _, c := range t.Cells {
			c.Clear(g)
		}
	}
	if len(value) < 8 {
		return fmt.Errorf("state of %s: %w", t.Name, errShort)
	}
	t.Time[g] = int64(binary.BigEndian.Uint64(value))
	value = value[8:]
	if t.End != nil {
		if len(value) < 8 {
			return fmt.Errorf("state of %s: %w", t.Name, errShort)
		}
		t.End[g] = int64(binary.BigEndian.Uint64(value))
		value = value[8:]
	}
	for _, c := range t.Cells {
		if value, err = c.Load(g, value); err != nil {
			return fmt.Errorf("state of %s: %w", t.Name, err)
		}
	}
	return nil
}

// Chunk appends the live groups from number `from` on, at most rows of them, to dst and gives the number to
// go on from; -1 at the end. It is for checkpoints: see Load.
func (t *Table) Chunk(from, rows int, dst []byte) (next int, out []byte) {
	g := from
	for ; g < t.Cap() && rows > 0; g++ {
		if t.Dead(int32(g)) {
			continue
		}
		rows--
		t.tmp = t.appendKey(t.tmp[:0], int32(g))
		dst = appendBytes(dst, t.tmp)
		t.tmp = t.appendCells(t.tmp[:0], int32(g))
		dst = appendBytes(dst, t.tmp)
	}
	if g >= t.Cap() {
		return -1, dst
	}
	return g, dst
}

// Load reads a chunk back.
func (t *Table) Load(chunk []byte) error {
	for len(chunk) > 0 {
		key, rest, err := readBytes(chunk)
		if err != nil {
			return fmt.Errorf("state of %s: %w", t.Name, err)
		}
		value, rest, err := readBytes(rest)
		if err != nil {
			return fmt.Errorf("state of %s: %w", t.Name, err)
		}
		if value == nil {
			value = []byte{}
		}
		if err := t.Apply(key, value); err != nil {
			return err
		}
		chunk = rest
	}
	return nil
}

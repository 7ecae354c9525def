package state

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/tidwall/btree"

	"github.com/ksqlgo/ksql/store"
)

// Ordered is a table whose rows, each a value of bytes with a time, stand in the order of their keys, and in that of
// their times: what joins, foreign keys and indexes look through. A key in vec.AppendKey's form makes the order that
// of its columns. Rows have numbers as the groups of a Table have; those of dropped rows are given again. A row takes
// about 100 bytes beside its key and value. It costs 0.3 us to put in order of keys and times, 1.3 us anywhere among a
// million, and 0.5 to 0.8 us to drop. One goroutine uses it at a time.
type Ordered struct {
	core
	keep   bool
	byKey  *btree.BTreeG[keyed]
	byTime *btree.BTreeG[timed] // nil: nothing expires

	pages pages
	at    []entry // of each row
	time  []int64
	state []rowState
	free  []int32
	live  int

	dirty   []int32
	dropped []byte // keys of dropped rows, each with its length in front
	drops   int

	probe    []byte // the key that row -1 stands for
	scan     scan
	each     func(keyed) bool // found, made once
	putHint  btree.PathHint   // where the last row was put
	dropHint btree.PathHint
	timeHint btree.PathHint
}

// keyed is a row in order of keys: most are told apart by what stands here of their keys. For a BIGINT and a time that
// is all of both.
type keyed struct {
	part, then uint64
	row        int32
}

type timed struct {
	time int64
	row  int32
}

// entry is where the key of a row stands, and its value behind it.
type entry struct {
	place
	key, value int32
}

type rowState uint8

const (
	isDead  rowState = 1 << iota
	isDirty          // Changes has to say something of it
	isSaved          // the changelog has it
)

// OrderedLayout is what an Ordered is made of.
type OrderedLayout struct {
	Name    string // by role, never by number
	Print   Print
	Keep    bool    // changes are noted for the changelog: Changes will be asked for
	Expires bool    // rows will be asked for, and dropped, by time
	Step    []int64 // the cells of the step itself, as they are at first; more may be added at the end
}

// NewOrdered is an empty table.
func NewOrdered(l OrderedLayout) *Ordered {
	o := &Ordered{core: newCore(l.Name, l.Print, l.Step), keep: l.Keep}
	o.byKey = btree.NewBTreeGOptions(o.before, btree.Options{NoLocks: true})
	if l.Expires {
		o.byTime = btree.NewBTreeGOptions(earlier, btree.Options{NoLocks: true})
	}
	o.each = o.found
	return o
}

func (o *Ordered) before(a, b keyed) bool {
	if a.part != b.part {
		return a.part < b.part
	}
	if a.then != b.then {
		return a.then < b.then
	}
	return bytes.Compare(o.Key(a.row), o.Key(b.row)) < 0
}

func earlier(a, b timed) bool { return a.time < b.time || a.time == b.time && a.row < b.row }

// keyOf is where the row of a key stands. Its parts are the 16 bytes behind the first, which says only that there is a
// value: they follow the order of the keys.
func keyOf(key []byte, row int32) keyed {
	const value = 2 // vec.AppendKey's tag
	switch {
	case len(key) == 0 || key[0] < value:
		return keyed{0, 0, row}
	case key[0] > value:
		return keyed{math.MaxUint64, math.MaxUint64, row}
	case len(key) > 16:
		return keyed{binary.BigEndian.Uint64(key[1:]), binary.BigEndian.Uint64(key[9:]), row}
	}
	var b [16]byte
	copy(b[:], key[1:])
	return keyed{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:]), row}
}

// Len is the number of rows.
func (o *Ordered) Len() int { return o.live }

// Key is the key of a row, lent until the next change.
func (o *Ordered) Key(row int32) []byte {
	if row < 0 {
		return o.probe
	}
	e := o.at[row]
	return o.pages.at(e.place, int(e.key))
}

// Value is the value of a row, lent until the next change.
func (o *Ordered) Value(row int32) []byte {
	e := o.at[row]
	return o.pages.at(e.place, int(e.key+e.value))[e.key:]
}

// Time is the time of a row.
func (o *Ordered) Time(row int32) int64 { return o.time[row] }

// Get is the row of a key, or -1.
func (o *Ordered) Get(key []byte) int32 {
	o.probe = key
	if x, ok := o.byKey.Get(keyOf(key, -1)); ok {
		return x.row
	}
	return -1
}

// Put makes value what the key has, with this time. key and value must not be the table's own bytes. A key that is there
// already gets another row.
func (o *Ordered) Put(key []byte, time int64, value []byte) (row int32) {
	row = o.put(key, time, value)
	if o.keep && o.state[row]&isDirty == 0 {
		o.state[row] |= isDirty
		o.dirty = append(o.dirty, row)
	}
	return row
}

func (o *Ordered) put(key []byte, time int64, value []byte) (row int32) {
	if n := len(o.free); n > 0 {
		row = o.free[n-1]
		o.free = o.free[:n-1]
	} else {
		row = int32(len(o.at))
		o.at, o.time, o.state = append(o.at, entry{}), append(o.time, time), append(o.state, isDead)
	}
	at, b := o.pages.put(len(key) + len(value))
	copy(b[copy(b, key):], value)
	o.at[row], o.time[row] = entry{at, int32(len(key)), int32(len(value))}, time
	o.state[row] &= isDirty // of another row that had the number
	o.live++
	if was, had := o.byKey.SetHint(keyOf(key, row), &o.putHint); had {
		o.state[row] |= o.state[was.row] & isSaved
		o.untime(was.row)
		o.leave(was.row)
	}
	if o.byTime != nil {
		o.byTime.SetHint(timed{time, row}, &o.timeHint)
	}
	return row
}

// Delete drops a row.
func (o *Ordered) Delete(row int32) {
	o.untime(row)
	o.note(row)
	o.drop(row)
}

// untime takes a row out of the order of times.
func (o *Ordered) untime(row int32) {
	if o.byTime != nil {
		o.byTime.Delete(timed{o.time[row], row})
	}
}

// note notes a tombstone for a row that is dropped.
func (o *Ordered) note(row int32) {
	if o.keep && o.state[row]&isSaved != 0 {
		o.dropped = appendBytes(o.dropped, o.Key(row))
		o.drops++
	}
}

// drop drops a row that is in the order of keys only.
func (o *Ordered) drop(row int32) {
	o.byKey.DeleteHint(keyOf(o.Key(row), row), &o.dropHint)
	o.leave(row)
}

// leave gives back what a row had that is in no order any more.
func (o *Ordered) leave(row int32) {
	e := o.at[row]
	o.pages.drop(e.place, int(e.key+e.value))
	o.state[row] = o.state[row]&isDirty | isDead
	o.free = append(o.free, row)
	if o.live--; o.pages.sparse() {
		o.move()
	}
}

// move puts all rows into new pages.
func (o *Ordered) move() {
	var next pages
	for row, s := range o.state {
		if s&isDead != 0 {
			continue
		}
		e := &o.at[row]
		n := int(e.key + e.value)
		at, b := next.put(n)
		copy(b, o.pages.at(e.place, n))
		e.place = at
	}
	o.pages = next
}

// Expire drops the rows with times below t, and gives their number. It costs what they cost.
func (o *Ordered) Expire(t int64) (n int) {
	for {
		x, ok := o.byTime.Min()
		if !ok || x.time >= t {
			return n
		}
		o.byTime.PopMin()
		o.note(x.row)
		o.drop(x.row)
		n++
	}
}

// Bytes is the memory that the table holds, about.
func (o *Ordered) Bytes() int64 {
	n := o.pages.bytes() + 16*int64(cap(o.at)) + 8*int64(cap(o.time)) + int64(cap(o.state)) + 4*int64(cap(o.free)+cap(o.dirty)) + int64(cap(o.dropped)+cap(o.buf)+16*len(o.Step))
	items := int64(24)
	if o.byTime != nil {
		items += 16
	}
	return n + items*int64(o.live)*7/4 // nodes are not full
}

// Changed reports whether Changes has anything to say.
func (o *Ordered) Changed() bool { return len(o.dirty) > 0 || o.drops > 0 || o.stepped() }

// Changes appends to r an after-image of each row that was put since the last call, and of the step cells, and a
// tombstone for each that was dropped and had been told of.
func (o *Ordered) Changes(r *store.Records) {
	o.changes(r)
	for b := o.dropped; len(b) > 0; {
		n, w := binary.Uvarint(b)
		k := len(r.Bytes)
		r.Bytes = append(append(r.Bytes, entryRecord), b[w:w+int(n)]...)
		r.Key = append(r.Key, store.Span{Off: int32(k), Len: int32(len(r.Bytes) - k)})
		r.Value, r.Time = append(r.Value, store.Span{Len: -1}), append(r.Time, 0)
		b = b[w+int(n):]
	}
	for _, row := range o.dirty {
		if o.state[row] &^= isDirty; o.state[row]&isDead != 0 {
			continue
		}
		o.state[row] |= isSaved
		k := len(r.Bytes)
		r.Bytes = append(append(r.Bytes, entryRecord), o.Key(row)...)
		v := len(r.Bytes)
		r.Bytes = o.appendValue(r.Bytes, row)
		r.Key = append(r.Key, store.Span{Off: int32(k), Len: int32(v - k)})
		r.Value = append(r.Value, store.Span{Off: int32(v), Len: int32(len(r.Bytes) - v)})
		r.Time = append(r.Time, max(o.time[row], 0))
	}
	o.dirty, o.dropped, o.drops = o.dirty[:0], o.dropped[:0], 0
}

func (o *Ordered) appendValue(dst []byte, row int32) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(o.time[row])), o.Value(row)...)
}

// Apply puts an after-image back; a nil value is a tombstone.
func (o *Ordered) Apply(key, value []byte) error {
	return o.apply(key, value, entryRecord, o.applyEntry)
}

func (o *Ordered) applyEntry(key, value []byte) error {
	switch {
	case value == nil:
		if row := o.Get(key); row >= 0 {
			o.untime(row)
			o.drop(row)
		}
		return nil
	case len(value) < 8:
		return errShort
	}
	row := o.put(key, int64(binary.BigEndian.Uint64(value)), value[8:])
	o.state[row] |= isSaved
	return nil
}

// Chunk appends rows for a checkpoint, by number: see Kept.
func (o *Ordered) Chunk(from, rows int, dst []byte) (next int, out []byte) {
	if from == 0 {
		dst = o.chunk(dst)
	}
	row := from
	for ; row < len(o.at) && rows > 0; row++ {
		if o.state[row]&isDead != 0 {
			continue
		}
		rows--
		o.buf = append(append(o.buf[:0], entryRecord), o.Key(int32(row))...)
		dst = appendBytes(dst, o.buf)
		o.buf = o.appendValue(o.buf[:0], int32(row))
		dst = appendBytes(dst, o.buf)
	}
	if row >= len(o.at) {
		return -1, dst
	}
	return row, dst
}

// Load reads a chunk back.
func (o *Ordered) Load(chunk []byte) error { return o.load(chunk, o.Apply) }

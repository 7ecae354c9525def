package state

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// kept is an empty table of each form, and one with rows.
func keptTables() map[string][2]Kept {
	full, o := remember(sql.TString), NewOrdered(orderedLayout)
	full.put("k", 5, 1, "row")
	full.put("other", 6, 2, "row")
	full.Step[1] = 9
	o.Put([]byte("k"), 5, []byte("value"))
	o.Put([]byte("other"), 6, nil)
	o.Step[0] = 9
	return map[string][2]Kept{
		"groups":   {remember(sql.TString).Table, full.Table},
		"in order": {NewOrdered(orderedLayout), o},
	}
}

// TestCutRecords: a record of a changelog that is cut short anywhere, or is longer than it should be, is refused.
func TestCutRecords(t *testing.T) {
	for name, tabs := range keptTables() {
		log := &store.Records{}
		tabs[1].Changes(log)
		for i := range log.Len() {
			key, value := log.Key[i].Of(log.Bytes), log.Value[i].Of(log.Bytes)
			for n := range value {
				if key[0] == entryRecord && n >= 8 || key[0] == stepRecord && n%8 == 0 {
					continue // a shorter value, and fewer cells: more may have been added since
				}
				if err := tabs[0].Apply(key, value[:n:n]); err == nil {
					t.Errorf("%s: record %d of kind %d was taken, of %d bytes the first %d", name, i, key[0], len(value), n)
				}
			}
			if key[0] == entryRecord {
				continue // any bytes are a key, and a value
			}
			long := append(slices.Clone(value), make([]byte, 8)...)
			for _, n := range []int{1, 8} {
				if err := tabs[0].Apply(key, long[:len(value)+n]); err == nil {
					t.Errorf("%s: a record of kind %d was taken with %d bytes too many", name, key[0], n)
				}
			}
			if key[0] != groupRecord {
				continue
			}
			for n := range key {
				if err := tabs[0].Apply(key[:n:n], value); err == nil {
					t.Errorf("%s: a record was taken with %d bytes of its key", name, n)
				}
			}
			if err := tabs[0].Apply(append(slices.Clone(key), 0), value); err == nil {
				t.Errorf("%s: a record was taken with a byte too many of its key", name)
			}
		}
		for _, key := range [][]byte{nil, {}, {entryRecord + 1}} {
			if err := tabs[0].Apply(key, nil); err == nil {
				t.Errorf("%s: key %x was taken", name, key)
			}
		}
		if err := tabs[0].Apply([]byte{printRecord}, []byte{printVersion + 1, 0, 0, 0}); err == nil {
			t.Errorf("%s: a print of a newer build was taken", name)
		}
	}
}

// TestCutChunks: a chunk of a checkpoint that ends within a record is refused. One that ends behind a record is read so
// far: the checksums of checkpoints see to the rest.
func TestCutChunks(t *testing.T) {
	for name := range keptTables() {
		_, chunk := keptTables()[name][1].Chunk(0, 10, nil)
		ends := map[int]bool{0: true}
		for rest := chunk; len(rest) > 0; {
			var err error
			for range 2 {
				if _, rest, err = readBytes(rest); err != nil {
					t.Fatal(err)
				}
			}
			ends[len(chunk)-len(rest)] = true
		}
		if len(ends) != 5 { // print, step cells, two rows
			t.Fatalf("%s: %v", name, ends)
		}
		for n := range len(chunk) + 1 {
			tab := keptTables()[name][0]
			if err := tab.Load(chunk[:n:n]); (err == nil) != ends[n] {
				t.Errorf("%s: %d of %d bytes: %v", name, n, len(chunk), err)
			}
			if n == len(chunk) && tab.Len() != 2 {
				t.Errorf("%s: %d rows", name, tab.Len())
			}
		}
	}
}

// TestStepCells: fewer cells than there are now leave the others as they are at first; more are refused.
func TestStepCells(t *testing.T) {
	cells := func(list ...int64) (out []byte) {
		for _, x := range list {
			out = binary.BigEndian.AppendUint64(out, uint64(x))
		}
		return out
	}
	for _, c := range []struct {
		cells []int64
		want  []int64 // nil: refused
	}{{nil, []int64{-1, 7}}, {[]int64{3}, []int64{3, 7}}, {[]int64{3, 4}, []int64{3, 4}}, {[]int64{3, 4, 5}, nil}} {
		tab := remember(sql.TString)
		err := tab.Apply([]byte{stepRecord}, cells(c.cells...))
		if (err == nil) != (c.want != nil) || err == nil && !slices.Equal(tab.Step, c.want) {
			t.Errorf("%v: %v, %v", c.cells, tab.Step, err)
		}
		if err == nil && tab.Changed() {
			t.Errorf("%v: what was read back is told as a change", c.cells)
		}
	}
}

// TestReads compares prints.
func TestReads(t *testing.T) {
	p := func(open bool, step string, cells ...string) Print {
		return Print{Step: step, Cells: cells, Open: open}
	}
	for _, c := range []struct {
		now, old Print
		ok       bool
	}{
		{p(false, "s", "a", "b"), p(false, "s", "a", "b"), true},
		{p(false, "s", "a", "b"), p(false, "s", "a"), false},
		{p(true, "s", "a", "b"), p(true, "s", "a"), true},
		{p(true, "s", "a"), p(true, "s", "a", "b"), false},
		{p(false, "s", "a"), p(false, "s", "a", "b"), false},
		{p(false, "s", "a"), p(false, "s", "b"), false},
		{p(false, "s", "a"), p(false, "r", "a"), false},
		{p(false, "s", "a"), p(true, "s", "a"), false},
		{p(true, "s", "a"), p(false, "s", "a"), false},
	} {
		if err := c.now.Reads(c.old); (err == nil) != c.ok {
			t.Errorf("%v reads %v: %v", c.now, c.old, err)
		}
	}
	if a, b := p(true, "s", "a").Sum(), p(true, "s", "a", "b").Sum(); a != b {
		t.Error("the sum is of what may differ, too")
	}
	if a, b := p(true, "s").Sum(), p(true, "r").Sum(); a == b {
		t.Error("the sums of two steps are equal")
	}
	// It is in checkpoints: another form of it makes them unreadable.
	if got := p(true, "s").Sum(); got != 0x82f5507b4e8e36d {
		t.Errorf("the sum is %#x", got)
	}
}

// TestCutValues: a value of each type is read to its end and no further, and is refused where it is cut short.
func TestCutValues(t *testing.T) {
	for _, typ := range append(slices.Clone(kinds), sql.ArrayOf(sql.ArrayOf(sql.TBoolean))) {
		c := vec.New(typ)
		switch typ.Kind {
		case sql.Array: // of nulls, which take a byte each
			c.Append([]any{nil, nil})
		case sql.Map:
			c.Append(&vec.MapValue{Keys: []any{""}, Values: []any{nil}})
		default:
			c.Append(value(someRand(), typ))
		}
		b := AppendValue(nil, c, 0)
		back := vec.New(typ)
		if rest, err := ReadValue(b[:len(b):len(b)], back); err != nil || len(rest) > 0 || !vec.EqualValues(back.Get(0), c.Get(0)) {
			t.Errorf("%s: %x is read as %v, %v; %d bytes are left", typ, b, back.Get(0), err, len(rest))
		}
		if rest, err := ReadValue(append(slices.Clone(b), "rest"...), vec.New(typ)); err != nil || string(rest) != "rest" {
			t.Errorf("%s: %q is left, %v", typ, rest, err)
		}
		for n := range b {
			if _, err := ReadValue(b[:n:n], vec.New(typ)); err == nil {
				t.Errorf("%s: %x was read", typ, b[:n])
			}
		}
	}
	if _, err := ReadValue([]byte{1, 1}, vec.New(sql.Type{})); err == nil {
		t.Error("a value was read of a type that has none")
	}
}

// TestBadRows: of rows that are read together the first bad one is named: no row at all, a short one, a long one.
func TestBadRows(t *testing.T) {
	for _, typ := range []sql.Type{sql.TBigint, sql.TString} {
		c := vec.New(typ)
		r := someRand()
		for range 3 {
			c.Append(value(r, typ))
		}
		good, at := AppendRows(nil, nil, []*vec.Vec{c, c}, []int32{0, 1, 2})
		one := func(i int) []byte { return at[i].Of(good) }
		for name, row := range map[string][]byte{
			"none": nil, "empty": {}, "one column": AppendValue(nil, c, 1), "cut": one(1)[:len(one(1))-1], "long": append(slices.Clone(one(1)), 0),
		} {
			for bad := range 3 {
				var arena []byte
				var spans []store.Span
				for i := range 3 {
					b := one(i)
					if i == bad {
						b = row
					}
					s := store.Span{Off: int32(len(arena)), Len: int32(len(b))}
					if b == nil {
						s.Len = -1
					}
					arena, spans = append(arena, b...), append(spans, s)
				}
				if got, err := ReadRows(arena, spans, []*vec.Vec{vec.New(typ), vec.New(typ)}); err == nil || got != bad {
					t.Errorf("%s, %s at %d: %d, %v", typ, name, bad, got, err)
				}
			}
			if row == nil {
				continue
			}
			all := slices.Concat(row, row) // none of them is good
			n := int32(len(row))
			if got, err := ReadRows(all, []store.Span{{Len: n}, {Off: n, Len: n}}, []*vec.Vec{vec.New(typ), vec.New(typ)}); err == nil || got != 0 {
				t.Errorf("%s, all %s: %d, %v", typ, name, got, err)
			}
		}
	}
}

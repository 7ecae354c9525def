package state

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/ksqlgo/ksql/store"
)

// Kept is what a step remembers on one partition, as commits, checkpoints and restarts see it: a Table, or a table in
// order.
type Kept interface {
	Name() string // by role: changelog and checkpoint know it by this
	Print() Print
	Len() int     // groups, or rows
	Bytes() int64 // of memory, about. It costs little: every batch may ask

	// Changed reports whether Changes has anything to say.
	Changed() bool
	// Changes appends to r one after-image for whatever changed since the last call, and a tombstone for what was
	// dropped. Applying them again is harmless. The print comes first of all.
	Changes(r *store.Records)
	// Apply puts an after-image back; a nil value is a tombstone.
	Apply(key, value []byte) error

	// Chunk appends what is there from place `from` on, at most so many rows of it, to dst, and gives the place to go on
	// from; -1 at the end. The first has the print and the step cells, too. What changes between two calls may be in or
	// not: it is among the changes.
	Chunk(from, rows int, dst []byte) (next int, out []byte)
	// Load reads a chunk back.
	Load(chunk []byte) error
	// Restored says whether what was read back can be worked with. Call it when all is read.
	Restored() error
}

// The records of a changelog and a checkpoint, by the first byte of their keys.
const (
	printRecord byte = iota // what the state rests on
	stepRecord              // the step cells
	groupRecord             // a group: its key follows, and its window start
	entryRecord             // of a table in order: its key follows
)

// core is what every table has.
type core struct {
	Step []int64 // the step cells

	name    string
	print   Print
	read    bool    // something was put back
	known   bool    // a print was
	printed bool    // the changelog has print
	saved   []int64 // Step as the changelog has it
	buf     []byte
}

func newCore(name string, p Print, step []int64) core {
	return core{name: name, print: p, Step: slices.Clone(step), saved: slices.Clone(step)}
}

// Name is the table's role.
func (c *core) Name() string { return c.name }

// Print is what the state rests on.
func (c *core) Print() Print { return c.print }

// stepped reports whether the step cells have changed.
func (c *core) stepped() bool { return !slices.Equal(c.Step, c.saved) }

// changes appends the print, if it is not known, and the step cells, if they have changed.
func (c *core) changes(r *store.Records) {
	if !c.printed {
		r.Add(0, []byte{printRecord}, c.print.append(nil))
		c.printed = true
	}
	if c.stepped() {
		r.Add(0, []byte{stepRecord}, c.appendStep(c.buf[:0]))
		copy(c.saved, c.Step)
	}
}

func (c *core) appendStep(dst []byte) []byte {
	for _, x := range c.Step {
		dst = binary.BigEndian.AppendUint64(dst, uint64(x))
	}
	return dst
}

// chunk appends what stands in front of the rows.
func (c *core) chunk(dst []byte) []byte {
	dst = appendBytes(dst, []byte{printRecord})
	dst = appendBytes(dst, c.print.append(nil))
	if len(c.Step) > 0 {
		dst = appendBytes(dst, []byte{stepRecord})
		dst = appendBytes(dst, c.appendStep(c.buf[:0]))
	}
	return dst
}

// apply puts a record back; row takes those of this kind, which are the table's own.
func (c *core) apply(key, value []byte, kind byte, row func(key, value []byte) error) error {
	c.read = true
	err := errShort
	if len(key) > 0 {
		switch key[0] {
		case printRecord:
			err = c.applyPrint(value)
		case stepRecord:
			err = c.applyStep(value)
		case kind:
			err = row(key[1:], value)
		default:
			err = fmt.Errorf("a record of kind %d: it was written by a newer build, or for another table", key[0])
		}
	}
	return c.wrap(err)
}

func (c *core) wrap(err error) error {
	if err != nil {
		err = fmt.Errorf("state of %s: %w", c.name, err)
	}
	return err
}

func (c *core) applyPrint(value []byte) error {
	p, err := readPrint(value)
	if err != nil {
		return err
	}
	if err := c.print.Reads(p); err != nil {
		return fmt.Errorf("it was made by another form of the query: %w", err)
	}
	c.known, c.printed = true, len(p.Cells) == len(c.print.Cells)
	return nil
}

func (c *core) applyStep(value []byte) error {
	if len(value)%8 != 0 {
		return errShort
	}
	if len(value)/8 > len(c.Step) {
		return errLong
	}
	for i := range len(value) / 8 {
		c.Step[i] = int64(binary.BigEndian.Uint64(value[8*i:]))
	}
	copy(c.saved, c.Step)
	return nil
}

// load reads a chunk back, record by record.
func (c *core) load(chunk []byte, apply func(key, value []byte) error) error {
	for len(chunk) > 0 {
		key, rest, err := readBytes(chunk)
		if err != nil {
			return c.wrap(err)
		}
		value, rest, err := readBytes(rest)
		if err != nil {
			return c.wrap(err)
		}
		if err := apply(key, value); err != nil {
			return err
		}
		chunk = rest
	}
	return nil
}

// Restored says whether what was read back can be worked with. Call it when all is read.
func (c *core) Restored() error {
	if c.read && !c.known {
		return fmt.Errorf("state of %s: nothing says what it was made by", c.name)
	}
	return nil
}

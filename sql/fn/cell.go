package fn

import (
	"bytes"
	"encoding/binary"

	"github.com/ksqlgo/ksql/sql/vec"
)

// cells is a list of values of one type, each as its key bytes (see vec.AppendKey): what aggregates over
// values of any type keep. Equal values have equal cells, and cells are ordered as their values.
type cells struct {
	data []byte
	ends []uint32
}

func (c *cells) len() int { return len(c.ends) }

func (c *cells) bytes() int { return cap(c.data) + 4*cap(c.ends) }

func (c *cells) start(i int) uint32 {
	if i == 0 {
		return 0
	}
	return c.ends[i-1]
}

func (c *cells) at(i int) []byte { return c.data[c.start(i):c.ends[i]] }

// add adds the values that row i of cols makes, as one cell.
func (c *cells) add(cols []*vec.Vec, i int) {
	c.data = vec.AppendKey(c.data, cols, i)
	c.ends = append(c.ends, uint32(len(c.data)))
}

func (c *cells) addCell(b []byte) {
	c.data = append(c.data, b...)
	c.ends = append(c.ends, uint32(len(c.data)))
}

func (c *cells) remove(i int) {
	lo, n := c.start(i), c.ends[i]-c.start(i)
	c.data = append(c.data[:lo], c.data[lo+n:]...)
	c.ends = append(c.ends[:i], c.ends[i+1:]...)
	for ; i < len(c.ends); i++ {
		c.ends[i] -= n
	}
}

// index is the position of the last cell that is b, or -1.
func (c *cells) index(b []byte) int {
	for i := len(c.ends) - 1; i >= 0; i-- {
		if bytes.Equal(c.at(i), b) {
			return i
		}
	}
	return -1
}

// read appends all values to the columns that they came from, or to others of the same types.
func (c *cells) read(cols []*vec.Vec) error {
	for src := c.data; len(src) > 0; {
		var err error
		if src, err = vec.DecodeKey(src, cols); err != nil {
			return err
		}
	}
	return nil
}

func (c *cells) save(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(c.ends)))
	for i := range c.ends {
		dst = appendCell(dst, c.at(i))
	}
	return dst
}

func (c *cells) load(src []byte) ([]byte, error) {
	n, src, err := readCount(src)
	*c = cells{}
	for ; err == nil && n > 0; n-- {
		var b []byte
		if b, src, err = readCell(src); err == nil {
			c.addCell(b)
		}
	}
	return src, err
}

// readOne appends the value of a cell to out; a nil cell is null.
func readOne(cell []byte, out *vec.Vec) error {
	if cell == nil {
		out.AppendNull()
		return nil
	}
	_, err := vec.DecodeKey(cell, []*vec.Vec{out})
	return err
}

package state

import "github.com/ksqlgo/ksql/sql/vec"

// Rows are the rows of a table, one a group, each in AppendRow's form.
type Rows struct {
	rows [][]byte
	held int64 // bytes of the rows
}

// Bytes is the memory that the rows hold, about.
func (r *Rows) Bytes() int64 { return 24*int64(cap(r.rows)) + r.held }

// Grow makes room for n groups.
func (r *Rows) Grow(n int) {
	for len(r.rows) < n {
		r.rows = append(r.rows, nil)
	}
}

// Clear forgets the row of group g.
func (r *Rows) Clear(g int32) {
	r.held -= int64(cap(r.rows[g]))
	r.rows[g] = nil
}

// Has reports whether group g has a row.
func (r *Rows) Has(g int32) bool { return r.rows[g] != nil }

// Put makes row i of cols the row of group g.
func (r *Rows) Put(g int32, cols []*vec.Vec, i int) {
	b := r.rows[g]
	r.held -= int64(cap(b))
	r.rows[g] = AppendRow(b[:0], cols, i)
	r.held += int64(cap(r.rows[g]))
	if r.rows[g] == nil {
		r.rows[g] = []byte{}
	}
}

// Get appends the row of group g to cols. Columns that were added since the row was written are null.
func (r *Rows) Get(g int32, cols []*vec.Vec) error {
	src := r.rows[g]
	var err error
	for _, c := range cols {
		if len(src) == 0 {
			c.AppendNull()
		} else if src, err = ReadValue(src, c); err != nil {
			return err
		}
	}
	return nil
}

// Save appends the row of group g.
func (r *Rows) Save(g int32, dst []byte) []byte { return appendBytes(dst, r.rows[g]) }

// Load reads what Save wrote.
func (r *Rows) Load(g int32, src []byte) ([]byte, error) {
	b, rest, err := readBytes(src)
	if err != nil {
		return nil, err
	}
	r.Clear(g)
	r.rows[g] = append(make([]byte, 0, len(b)), b...)
	r.held += int64(cap(r.rows[g]))
	return rest, nil
}

// Package format turns bytes into columns and columns into bytes.
package format

import (
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// Side says which part of a record a codec is for.
type Side uint8

// The sides of a record.
const (
	Key Side = iota
	Value
)

// Spec is what a codec is opened with.
type Spec struct {
	Format    string            // name, upper case
	Props     map[string]string // delimiter, fullSchemaName ...
	Side      Side
	Topic     string
	Columns   []sql.Field // the columns of this side, in order
	Unwrapped bool        // a single column stands bare
}

// Codec reads and writes one side of a topic's records. One goroutine uses it; it keeps buffers and what it
// has learnt of the data between calls.
type Codec interface {
	// Decode appends one row for each span of src to every column of out; a nil out[i] is a column that nobody
	// reads. A null span gives a row of nulls. A row that cannot be read gives nulls too, and fail is told why
	// (ksqlDB's message, without frame); the caller drops that row. null is told of each row whose value is
	// absent as a whole: null bytes, or bytes that the format reads as a null row. Either callback may be nil.
	Decode(src []byte, at []store.Span, out []*vec.Vec, fail func(row int, err error), null func(row int))
	// Encode appends each row of cols to dst and its span to at; where skip is set (may be nil) it appends a null
	// span instead. Rows that are null as a whole by the format's rules get a null span. An error names
	// the row that cannot be written.
	Encode(cols []*vec.Vec, n int, skip []bool, dst []byte, at []store.Span) ([]byte, []store.Span, error)
}

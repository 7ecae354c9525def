package format

import (
	"errors"
	"fmt"
	"math"

	"github.com/ksqlgo/ksql/sql/serde"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// Entry is a format of the table: what it can do, and how a codec is opened.
type Entry struct {
	serde.Format
	open func(Spec) (Codec, error)
}

// Lookup finds a format by name, in any case.
func Lookup(name string) (Entry, bool) {
	f, ok := serde.Lookup(name)
	if !ok {
		return Entry{}, false
	}
	return Entry{f, codecs[f.Name]}, true
}

// codecs is how the codec of each format is opened that this build has: a line a format.
var codecs = map[string]func(Spec) (Codec, error){
	"JSON":      openJSON,
	"DELIMITED": openDelimited,
	"KAFKA":     openKafka,
	"NONE":      openNone,
}

// Unavailable says that this build has no codec of a format.
type Unavailable struct{ Format string }

// Error is a sentence for whoever wrote the statement.
func (e *Unavailable) Error() string {
	return "The '" + e.Format + "' format is not available in this build."
}

// Validate tells whether the format can hold the columns; the error is ksqlDB's reason text.
func Validate(s Spec) error {
	return serde.Check(s.Format, s.Props, s.Side == Key, s.Columns, s.Unwrapped)
}

// Open makes a codec. The error is Validate's, or says that the format is not available in this build.
func Open(s Spec) (Codec, error) {
	if err := Validate(s); err != nil {
		return nil, err
	}
	e, _ := Lookup(s.Format)
	s.Format = e.Name
	if s.Side == Key && len(s.Columns) == 0 {
		return &noneCodec{}, nil // a source without key: null is written, nothing is read
	}
	if e.open == nil {
		return nil, &Unavailable{e.Name}
	}
	return e.open(s)
}

// unreadable is ksqlDB's message for a record that cannot be read.
func (s *Spec) unreadable(err error) error {
	return fmt.Errorf("Failed to deserialize %s from topic: %s. %w", s.Side, s.Topic, err)
}

// unwritable is ksqlDB's message for row i that cannot be written.
func (s *Spec) unwritable(i int, err error) error {
	return fmt.Errorf("Error serializing %s to topic: %s (row %d). %w", s.Side, s.Topic, i, err)
}

// String names the side as ksqlDB's messages do.
func (s Side) String() string {
	if s == Key {
		return "key"
	}
	return "value"
}

var errFull = errors.New("the batch needs more than 2 GiB")

// span adds the span from from to end, which must stay within 32 bits.
func (s *Spec) span(at []store.Span, from, end, row int) ([]store.Span, error) {
	if end > math.MaxInt32 {
		return at, s.unwritable(row, errFull)
	}
	return append(at, store.Span{Off: int32(from), Len: int32(end - from)}), nil
}

// rows is the number of rows that the columns hold already.
func rows(out []*vec.Vec) int {
	for _, v := range out {
		if v != nil {
			return v.N
		}
	}
	return 0
}

func truncate(out []*vec.Vec, n int) {
	for _, v := range out {
		if v != nil {
			v.Truncate(n)
		}
	}
}

func nullRow(out []*vec.Vec) {
	for _, v := range out {
		if v != nil {
			v.AppendNull()
		}
	}
}

package exec

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Fault is what ended a query whose statement was right: its rows could not be processed (ksqlDB: a
// StreamsException).
type Fault struct{ Err error }

// Error is ksqlDB's message.
func (f *Fault) Error() string { return "Exception caught in process. " + f.Err.Error() }

// Unwrap is the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Panic is a panic that was recovered. Its text is for clients: where it happened is told to hooks and the logger.
type Panic struct {
	Value any
	Stack []byte
}

// Error is the text of what was panicked with: its first line, since some put a stack below.
func (p *Panic) Error() string {
	first, _, _ := strings.Cut(fmt.Sprint(p.Value), "\n")
	return first
}

// Unwrap is what was panicked with, if that was an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// panicked makes an error of what recover gave: a Fault, but where the work was cancelled.
func panicked(r any) error {
	switch r {
	case fn.ErrCancelled:
		return fn.ErrCancelled
	case vec.ErrMemory:
		return &Fault{vec.ErrMemory}
	}
	return &Fault{&Panic{r, debug.Stack()}}
}

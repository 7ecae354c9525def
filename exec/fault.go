package exec

import (
	"fmt"
	"runtime/debug"
)

// Fault is what ended a query whose statement was right: its rows could not be processed (ksqlDB: a
// StreamsException).
type Fault struct{ Err error }

// Error is ksqlDB's message.
func (f *Fault) Error() string { return "Exception caught in process. " + f.Err.Error() }

// Unwrap is the cause.
func (f *Fault) Unwrap() error { return f.Err }

// panicked makes a Fault of what recover gave.
func panicked(r any) error { return &Fault{fmt.Errorf("%v\n%s", r, debug.Stack())} }

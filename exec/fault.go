package exec

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
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

// class is what becomes of a query after a fault.
type class uint8

const (
	permanent class = iota // it is in ERROR, until somebody does something
	passing                // the unit goes on from the last commit, after a while
	foreign                // the unit is not ours, until the log says that it is
)

// verdict is the class of a fault, and what to do about one that is permanent.
type verdict struct {
	class class
	hint  string
}

// errForgotten is what becomes of state where the log keeps none.
var errForgotten = errors.New("its state was in memory only and is lost")

// forgotten is what to do about it.
const forgotten = "drop the query and create it again: the log keeps no state"

// readError is an error of reading the log: unlike that of a commit it leaves nothing in doubt.
type readError struct{ error }

func (e readError) Unwrap() error { return e.error }

func unread(err error) error { return readError{err} }

// judge is the one place where faults are told apart.
func judge(err error) verdict {
	var rows *Fault
	var crash *Panic
	var gap *store.Gap
	var read readError
	switch {
	case errors.Is(err, errForgotten):
		return verdict{permanent, forgotten}
	case errors.Is(err, vec.ErrMemory), errors.Is(err, errTables):
		return verdict{permanent, "raise the memory limit, or let the query keep less (CREATE OR REPLACE); then RESUME it"}
	case errors.As(err, &crash):
		return verdict{permanent, "mend the function and open the engine with it, or CREATE OR REPLACE the query without it"}
	case errors.As(err, &rows):
		return verdict{permanent, "CREATE OR REPLACE the query with one that can process the row, or drop it"}
	case errors.Is(err, store.ErrCorrupt):
		return verdict{permanent, "the log is damaged: open a copy of it; RESUME tries again"}
	case errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrReadOnly):
		return verdict{permanent, "the log takes nothing any more: open the engine again"}
	case errors.Is(err, store.ErrNoTopic):
		return verdict{permanent, "the topic was deleted: drop the query and create it again"}
	case errors.As(err, &gap):
		return verdict{permanent, "rows between two stages of the query are gone: drop it and create it again"}
	case errors.Is(err, store.ErrLost):
		return verdict{class: foreign}
	case errors.Is(err, store.ErrAborted), errors.Is(err, store.ErrTransient), errors.As(err, &read):
		return verdict{class: passing}
	}
	return verdict{permanent, "RESUME tries it again, when the cause is gone"}
}

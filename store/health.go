package store

import (
	"errors"
	"time"
)

// ErrTransient says that the log could not take it now: nothing of it was written, and the same may be tried again.
// The cause comes with it.
var ErrTransient = errors.New("store: nothing was written, it may be tried again")

// What of a log can be in trouble.
const (
	Writing       = "write"      // rows are not taken
	Syncing       = "sync"       // what was written does not reach the disk
	Rolling       = "roll"       // no new journal file can be begun, the last one grows
	Retiring      = "retire"     // old rows stay in the journal, which grows
	Checkpointing = "checkpoint" // a unit's state is not saved, its changelog grows
	Removing      = "remove"     // a file that is needed no more stays
	Reading       = "read"       // rows cannot be read back
	Closing       = "close"      // a file did not end in order
	Damaged       = "damage"     // the log was damaged when it was opened, and is read-only
)

// Trouble is something of a log that does not work now.
type Trouble struct {
	What  string    // one of the words above
	Of    string    // the file or unit; "": the log
	Err   error     // the last failure
	Since time.Time // of the first failure
	Last  time.Time // of the last one
	Count int64     // failures since it worked
	Final bool      // it stays so until the log is opened again
}

// Event is a change of a log's health, or work that it did beside.
type Event struct {
	Kind    EventKind
	Trouble Trouble       // Failed, Healed
	File    string        // Retired: the journal file whose rows have moved
	Bytes   int64         // Retired: its size
	Took    time.Duration // Retired
}

// EventKind says what an Event tells.
type EventKind uint8

// The kinds of events.
const (
	Failed  EventKind = iota // Trouble has begun, or has come again
	Healed                   // Trouble is over
	Retired                  // a journal file has gone, its rows have not
)

// Reporter is a Log that says how it is.
type Reporter interface {
	// Health is what does not work now, in the order of What and Of; none: all is well.
	Health() []Trouble
	// Observe lets f hear of all events from now on, one by one, until stop or the end of the log. The log holds
	// no lock meanwhile and waits for f nowhere but in Close; f must not close the log. Who is so slow that events
	// pile up misses the oldest; stop may be called in f.
	Observe(f func(Event)) (stop func())
}

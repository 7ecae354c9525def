package exec

import "time"

// Hook is told of what an engine does: it implements one or more of HookCommit, HookCheckpoint, HookRetire, HookFault,
// HookQueryState, HookBadRow and HookLateRow.
//
// No hook is called with a lock of the engine held. HookCommit, HookCheckpoint, HookBadRow and HookLateRow are called
// by the goroutine that did the work, several of which may run at once: it waits for them, so they must not block, nor
// call the engine. HookFault, HookQueryState and HookRetire are called one by one, in order, beside the work; they may
// call the engine, except for Close, which waits for them. Of what piles up behind one that is too slow the oldest is
// forgotten, and the logger told. So it is of a hook that panics, which is recovered.
type Hook any

// HookCommit is told of commits.
type HookCommit interface {
	// OnCommit is called after a task of a persistent query has committed rows, once a commit, never once a row.
	OnCommit(CommitInfo)
}

// CommitInfo is one commit: Read rows of one unit and what became of them are now visible, and durable if the log is.
type CommitInfo struct {
	Query     string
	Stage     string // of the query; a query that must repartition its rows has two
	Partition int32
	Read      int           // rows of the input since the commit before
	Written   int           // rows for sinks, repartition topics, changelogs and the processing log
	Took      time.Duration // the log's part; the work on the rows is not in it
}

// HookCheckpoint is told of checkpoints.
type HookCheckpoint interface {
	// OnCheckpoint is called after a checkpoint of a unit's state was written, or could not be.
	OnCheckpoint(CheckpointInfo)
}

// CheckpointInfo is one checkpoint. One that failed loses nothing: the one before and its changelog are kept, and it
// is tried again; until then opening takes longer, and the changelog grows.
type CheckpointInfo struct {
	Query     string
	Stage     string
	Partition int32
	Bytes     int64 // written
	Took      time.Duration
	Err       error // nil: it is durable
}

// HookRetire is told of the log's oldest files.
type HookRetire interface {
	// OnRetire is called after a log that keeps files has moved the rows of its oldest one to where they stay, or
	// could not. Logs that have no such work never call it.
	OnRetire(RetireInfo)
}

// RetireInfo is one file of the log that was retired, or was not. That loses nothing and is tried again; until then
// the log grows.
type RetireInfo struct {
	File  string // the log's name of it
	Bytes int64  // its size
	Took  time.Duration
	Err   error // nil: it has gone, its rows are elsewhere
}

// HookFault is told of faults.
type HookFault interface {
	// OnFault is called when something went wrong that is no single row's fault, and no checkpoint or retired file.
	OnFault(FaultInfo)
}

// FaultInfo is something that went wrong. A query that it ended is in state ERROR; of the rest Engine.Health tells
// whether it has gone right again since.
type FaultInfo struct {
	Part      Part
	Query     string // empty: of no query
	Stage     string
	Partition int32
	Err       error // its text may quote a row; errors.As finds a *Panic, with its stack, where it was one
}

// Part is a part of an engine that can be ill.
type Part string

// The parts of an engine.
const (
	PartLog           Part = "log"            // topics and commits
	PartRetiring      Part = "retiring"       // of the log's oldest files
	PartCheckpoints   Part = "checkpoints"    // of queries' state
	PartQueries       Part = "queries"        // those that an error has stopped
	PartStatements    Part = "statements"     // the command topic, and what statements left to do
	PartStatuses      Part = "statuses"       // the view that tells how statements ended
	PartProcessingLog Part = "processing log" // the stream of rows that went wrong
)

// HookQueryState is told of queries' states.
type HookQueryState interface {
	// OnQueryState is called when a persistent query begins, pauses, goes on, fails or is ended, not when the engine
	// closes.
	OnQueryState(QueryStateInfo)
}

// QueryStateInfo is a change of a query's state. States are RUNNING, PAUSED, ERROR and TERMINATED.
type QueryStateInfo struct {
	Query    string
	From, To string // From is empty where a query begins
	Err      error  // of ERROR
	At       time.Time
}

// HookBadRow is told of rows that went wrong.
type HookBadRow interface {
	// OnBadRow is called after a commit of rows some of which could not be read, computed or written: once for each kind.
	OnBadRow(BadRowInfo)
}

// BadRowInfo is rows of one commit that were left out, or have a null where a value could not be computed. Each stands
// in the processing log. Of a push query it is the rows of one batch, which has no stage.
type BadRowInfo struct {
	Query     string
	Stage     string
	Partition int32
	Kind      string // deserialization, processing, production or serialization
	Rows      int    // a row that has several problems counts several times
	Err       error  // of the first one; its text may quote the row
}

// HookLateRow is told of late rows.
type HookLateRow interface {
	// OnLateRow is called after a commit of rows some of which came after their windows and grace had ended.
	OnLateRow(LateRowInfo)
}

// LateRowInfo is rows of one commit that were dropped because all of their windows were closed.
type LateRowInfo struct {
	Query     string
	Stage     string
	Partition int32
	Rows      int
}

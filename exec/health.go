package exec

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// Health is how an engine is. What is not said to be ill has done its work the last time that it had any.
type Health struct {
	Closed        bool
	Log           []store.Trouble // whatever the log says of itself
	Statements    Condition       // that the command topic cannot be read on, or a statement has left something undone
	Statuses      Condition
	ProcessingLog Condition
	Commits       []UnitHealth  // of units whose commit the log does not take now, by query
	Restarts      []UnitHealth  // of units whose work was broken off and is tried again, by query; of a whole query without a stage
	Checkpoints   []UnitHealth  // of units whose newest checkpoint failed, by query
	Queries       []QueryHealth // all persistent ones, by id
	Unread        int64         // bytes of answers that wait for their readers; not an illness
}

// Condition is how a part's work went the last time. The zero value is good.
type Condition struct {
	Err      error     // nil: well
	Since    time.Time // when it first failed; it has not gone right since. Zero: not known
	Failures int       // since then
}

// UnitHealth is a unit whose rows cannot be committed, or whose state cannot be saved. Nothing is lost: it is tried
// again, and of the state its changelog has all.
type UnitHealth struct {
	Query     string
	Stage     string
	Partition int32
	Condition
}

// QueryHealth is how a persistent query is.
type QueryHealth struct {
	ID    string
	State string    // RUNNING, PAUSED or ERROR
	Err   error     // of ERROR
	Hint  string    // what to do about it
	Since time.Time // it has this state, by the engine's clock
}

// Ill is the parts that do not work as they should.
func (h Health) Ill() []Part {
	var out []Part
	add := func(ill bool, p Part) {
		if ill {
			out = append(out, p)
		}
	}
	failed := false
	for i := range h.Queries {
		failed = failed || h.Queries[i].Err != nil
	}
	of := func(p Part) bool {
		return slices.ContainsFunc(h.Log, func(t store.Trouble) bool { return partOf(t.What) == p })
	}
	add(of(PartLog) || len(h.Commits) > 0, PartLog)
	add(of(PartRetiring), PartRetiring)
	add(of(PartCheckpoints) || len(h.Checkpoints) > 0, PartCheckpoints)
	add(failed || len(h.Restarts) > 0, PartQueries)
	add(h.Statements.Err != nil, PartStatements)
	add(h.Statuses.Err != nil, PartStatuses)
	add(h.ProcessingLog.Err != nil, PartProcessingLog)
	return out
}

// partOf is the part whose trouble a log tells.
func partOf(what string) Part {
	switch what {
	case store.Retiring:
		return PartRetiring
	case store.Checkpointing:
		return PartCheckpoints
	}
	return PartLog
}

// Healthy reports whether the engine is open and every part of it works, each query included. A paused query works.
func (h Health) Healthy() bool { return !h.Closed && len(h.Ill()) == 0 }

// Health is how the engine is now.
func (e *Engine) Health() Health {
	h := Health{Closed: e.alive() != nil, Statements: e.deedsC.now(), Statuses: e.statusesC.now(), ProcessingLog: e.problemsC.now(), Unread: e.memory.answers.Held()}
	if c := e.commandsC.now(); c.Err != nil {
		h.Statements = c
	}
	if r, ok := e.log.(store.Reporter); ok {
		h.Log = r.Health()
	}
	// Whatever it says of itself, a log that does not find the command topic cannot be called well.
	if _, err := e.log.Ends(context.Background(), []store.TP{{Topic: e.commands()}}); err != nil {
		h.Log = append(h.Log, store.Trouble{What: store.Reading, Of: e.commands(), Err: err, Since: e.wall(), Last: e.wall(), Count: 1})
	}
	for _, q := range e.Queries() {
		x := QueryHealth{ID: q.plan.ID, State: q.State(), Err: q.Err(), Hint: q.Hint()}
		q.stateM.Lock()
		x.Since = q.since
		q.stateM.Unlock()
		h.Queries = append(h.Queries, x)
		h.Restarts = append(h.Restarts, q.restarts()...)
		for _, t := range q.tasks() {
			if c := t.commits.now(); c.Err != nil && q.Err() == nil { // its state says the rest
				h.Commits = append(h.Commits, UnitHealth{q.plan.ID, t.unit.Stage, t.unit.Partition, c})
			}
			if c := t.saves.now(); c.Err != nil {
				h.Checkpoints = append(h.Checkpoints, UnitHealth{q.plan.ID, t.unit.Stage, t.unit.Partition, c})
			}
		}
	}
	return h
}

// restarts is what of the query is tried again.
func (q *Query) restarts() (out []UnitHealth) {
	if q.Err() != nil { // its state says the rest
		return nil
	}
	if c := q.faults.now(); c.Err != nil {
		out = append(out, UnitHealth{Query: q.plan.ID, Condition: c})
	}
	for _, t := range q.tasks() {
		if c := t.faults.now(); c.Err != nil {
			out = append(out, UnitHealth{q.plan.ID, t.unit.Stage, t.unit.Partition, c})
		}
	}
	return out
}

// QueryTrouble is what stopped a query, or breaks its work off now.
type QueryTrouble struct {
	At   time.Time
	Err  error
	Hint string // what to do about it; empty: nothing, it is tried again
}

// Troubles is what stopped the query, or what it is recovering from.
func (q *Query) Troubles() (out []QueryTrouble) {
	if err := q.Err(); err != nil {
		q.stateM.Lock()
		defer q.stateM.Unlock()
		return []QueryTrouble{{q.since, err, q.Hint()}}
	}
	for _, u := range q.restarts() {
		out = append(out, QueryTrouble{At: u.Since, Err: u.Err})
	}
	return out
}

// condition is a Condition at work.
type condition struct {
	mu sync.Mutex
	c  Condition
}

func (c *condition) now() Condition {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.c
}

// went notes how the work went; again is true where it goes right after it did not.
func (c *condition) went(err error, at time.Time) (again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		again = c.c.Err != nil
		c.c = Condition{}
		return again
	}
	if c.c.Failures++; c.c.Failures == 1 {
		c.c.Since = at
	}
	c.c.Err = err
	return false
}

// went notes how the work of a part went, and tells of it.
func (e *Engine) went(p Part, c *condition, err error) {
	if c.went(err, e.wall()) {
		e.teller.later(recovered(p))
	}
	if err != nil {
		e.teller.later(FaultInfo{Part: p, Err: err})
	}
}

// wall is the engine's clock as a time.
func (e *Engine) wall() time.Time { return time.UnixMilli(e.opt.Now()) }

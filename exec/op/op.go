// Package op is the operators, one file each. An operator owns what it makes and lends it on.
package op

import (
	"errors"
	"fmt"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Operator is one step at work on one partition. One goroutine uses it.
type Operator interface {
	// Process handles b, lent to it, and lends on what follows. An error ends the query.
	Process(c *Context, b *Batch, emit Emit) error
}

// Keeper is the work of a step with state: what a commit saves and a restart restores. All that it remembers from one
// batch to the next is in its tables, or follows from them in Restored.
type Keeper interface {
	Tables() []state.Kept
	// Restored is called once after the tables are back and before the first row.
	Restored() error
}

// Source is a Keeper whose state answers pull queries.
type Source interface {
	Keeper
	// Groups numbers the groups.
	Groups() *state.Index
	// Find appends the groups of a key (row 0 of key): those of its windows that lie in the bounds, by start, or the
	// one group without windows.
	Find(key []*vec.Vec, in Bounds, out []int32) []int32
	// All appends every group in the bounds.
	All(in Bounds, out []int32) []int32
	// Read is the rows of these groups as the step gives them, lent until the next call.
	Read(groups []int32) (*Batch, error)
}

// Merger is a Source whose groups may become one. Who reads them bit by bit, while rows come, reads all groups of a
// key at once: else one that has grown meanwhile would be missed, or read twice.
type Merger interface {
	Source
	// Keys numbers the keys.
	Keys() *state.Index
	// Of appends the groups in the bounds of the key of this number, by window.
	Of(key int32, in Bounds, out []int32) []int32
}

// ErrorKind is the type of a row in the processing log, as ksqlDB numbers it.
type ErrorKind int

// The kinds of row errors.
const (
	DeserializationError ErrorKind = iota
	ProcessingError
	ProductionError
	SerializationError
)

// String is the kind in one word.
func (k ErrorKind) String() string {
	return [...]string{"deserialization", "processing", "production", "serialization"}[k]
}

// Problem is a row that was left out, or a value that became null, and why.
type Problem struct {
	Kind      ErrorKind
	Step      string // the step's name
	Target    string // key or value, of (de)serialization
	Topic     string
	Partition int32
	Offset    int64
	Record    []byte // what could not be read, if the log is to have it
	Err       error
}

// Late reports whether the row was dropped because all of its windows were closed.
func (p *Problem) Late() bool { return errors.Is(p.Err, errLate) }

// Context is what a task tells its operators.
type Context struct {
	Partition int32
	Env       *expr.Env
	Params    []any // values of bound parameters
	Report    func(Problem)
}

// report tells of row i of b.
func (c *Context) report(kind ErrorKind, step string, b *Batch, i int, err error) {
	if c.Report == nil {
		return
	}
	p := Problem{Kind: kind, Step: step, Err: err, Partition: c.Partition, Offset: -1}
	if b.From != nil && len(b.From.Runs) > 0 {
		r, row := b.From.At(b.Cause(i))
		p.Topic, p.Partition, p.Offset = r.TP.Topic, r.TP.Partition, r.Offset(row)
	}
	c.Report(p)
}

// reportNew reports an error in the computation of row i, unless the row is the old half of a change.
func (c *Context) reportNew(step string, b *Batch, i int, err error) {
	if op := b.Op(i); op == Insert || op == After {
		c.report(ProcessingError, step, b, i, err)
	}
}

// Chain links operators into one function: the whole pipeline is a call stack.
func Chain(c *Context, ops []Operator, last Emit) Emit {
	for i := len(ops) - 1; i >= 0; i-- {
		o, next := ops[i], last
		last = func(b *Batch) error { return o.Process(c, b, next) }
	}
	return last
}

// columns makes an empty column for each column of a schema.
func columns(s sql.Schema) []*vec.Vec {
	out := make([]*vec.Vec, len(s))
	for i := range s {
		out[i] = vec.New(s[i].Type)
	}
	return out
}

func types(s sql.Schema) []sql.Type {
	out := make([]sql.Type, len(s))
	for i := range s {
		out[i] = s[i].Type
	}
	return out
}

// wrap says which step failed.
func wrap(step string, err error) error { return fmt.Errorf("%s: %w", step, err) }

// Package plan turns a statement into what must happen: a tree of steps. It knows no log and no engine.
package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// Shape tells a stream of rows from a stream of changes.
type Shape = sql.SourceKind

// Head is what every step says of the rows that leave it.
type Head struct {
	Name   string // the step's role, as ksqlDB prints it in EXPLAIN: KsqlTopic, WhereFilter, Project, Aggregate ...
	Shape  Shape
	Schema sql.Schema // columns, key columns first; window bounds and pseudo columns are ordinary columns
	Window *Window    // the rows' keys carry a window
	Old    bool       // a table's updates leave as Before and After; else a lone Insert means "this is the value now"
	Live   []bool     // of the columns of Schema, those that a later step reads; nil: all. The others may be nil in a batch
}

// Window is how a window is cut.
type Window struct {
	Kind      sql.WindowKind
	Size      int64 `json:",omitempty"` // ms, as the others; the gap of a session
	Advance   int64 `json:",omitempty"`
	Grace     int64 `json:",omitempty"`
	Retention int64 `json:",omitempty"`
	Final     bool  `json:",omitempty"` // EMIT FINAL: results leave when the window is closed
}

// Format is how one side of a record is written.
type Format struct {
	Name  string            // JSON, DELIMITED, KAFKA, NONE ...
	Props map[string]string `json:",omitempty"` // delimiter, fullSchemaName ...; nil when none
	// Unwrapped: a single column stands bare, not in a record of one field. Always false for several columns.
	Unwrapped bool     `json:",omitempty"`
	Features  []string `json:",omitempty"` // what ksqlDB lists as serde features: WRAP_SINGLES or UNWRAP_SINGLES where it was chosen; nil when none
}

// Timestamp is the column that gives a record its time.
type Timestamp struct {
	Column string
	Format string `json:",omitempty"` // Java pattern, for STRING columns; else empty
}

// Item is a named expression.
type Item struct {
	Name string
	X    Expr
}

// Step is one node of a plan: Scan, Latest, Filter, Project, FlatMap, Rekey, Exchange, Aggregate, Union, Sink. A step may have
// several readers. Every expression is bound to the columns of the step's (first) input.
type Step interface {
	// Out is what the step says of the rows that leave it.
	Out() *Head
	// Inputs lists the steps whose rows come in.
	Inputs() []Step

	title() string                   // the step's kind in EXPLAIN
	class() string                   // ksqlDB's name of the step, in messages of CREATE OR REPLACE; of one that is not free
	needs(n int, want []bool) []bool // the columns of input n that it reads, to give those of want; nil: all
	readsOld(want bool) bool         // its inputs must give Before and After. want: a reader wants them of it
	givesOld(want bool) bool         // it gives them itself
	keeps() *string                  // the name of its table or its topic, the query's own; nil: it has none
	branch(n int) string             // what tells such names behind input n from those behind the others
	free() bool                      // CREATE OR REPLACE may add, change or drop it
	succeeds(old Step) error         // why it cannot go on with the state of old, which has its class; nil: it can
}

// Out is the step's head.
func (h *Head) Out() *Head { return h }

// What is so of most steps: as many columns come in as go out, old values are asked for where they are wanted, a stream
// or a record has none, no state is to be kept, and a query that replaces another must have the step too.
func (h *Head) needs(_ int, want []bool) []bool { return slices.Clone(want) }
func (h *Head) readsOld(want bool) bool         { return want }
func (h *Head) givesOld(bool) bool              { return false }
func (h *Head) class() string                   { return "" }
func (h *Head) keeps() *string                  { return nil }
func (h *Head) branch(int) string               { return "" }
func (h *Head) free() bool                      { return false }
func (h *Head) succeeds(Step) error             { return nil }

// side is how ksqlDB's names of a step begin.
func (h *Head) side() string {
	if h.Shape == sql.TableKind {
		return "Table"
	}
	return "Stream"
}

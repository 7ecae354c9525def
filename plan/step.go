// Package plan turns a statement into what must happen: a tree of steps. It knows no log and no engine.
package plan

import (
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
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
	Kind                            sql.WindowKind
	Size, Advance, Grace, Retention int64 // ms; Size is the gap of a session
	Final                           bool  // EMIT FINAL: results leave when the window is closed
}

// Format is how one side of a record is written.
type Format struct {
	Name  string            // JSON, DELIMITED, KAFKA, NONE ...
	Props map[string]string // delimiter, fullSchemaName ...; nil when none
	// Unwrapped: a single column stands bare, not in a record of one field. Always false for several columns.
	Unwrapped bool
}

// Timestamp is the column that gives a record its time.
type Timestamp struct {
	Column string
	Format string // Java pattern, for STRING columns; else empty
}

// Item is a named expression.
type Item struct {
	Name string
	X    Expr
}

// Step is one node of a plan. The set is closed: see the types below.
type Step interface {
	Out() *Head
	Inputs() []Step
}

// The steps. Every expression is bound to the columns of the step's (first) input.
type (
	// Scan reads a topic. Its schema is the source's columns (keys, then WINDOWSTART and WINDOWEND of a windowed
	// source, values, headers), then the pseudo columns that the query names.
	Scan struct {
		Head
		Source     string
		Topic      string
		Columns    sql.Schema // as declared: keys, values, headers
		Key, Value Format
		Timestamp  *Timestamp
	}
	// Latest remembers the last row of each key of a table and turns upserts into changes (Old is true).
	Latest struct {
		Head
		In Step
	}
	// Filter keeps the rows for which Pred is true. On a table with Old a row that stops passing leaves as Delete.
	// A stream's rows without a value are dropped.
	Filter struct {
		Head
		In   Step
		Pred Expr
	}
	// Project computes the columns of its schema, keys first.
	Project struct {
		Head
		In    Step
		Items []Item
	}
	// FlatMap gives, for each row, as many rows as the longest of its table functions does; its schema is
	// the input's plus one column a call. Rows without a value are dropped.
	FlatMap struct {
		Head
		In    Step
		Calls []RowsCall
	}
	// Rekey gives rows another key. Its schema is the new key columns, the value columns of the input, and the old
	// key columns as values. No Keys: PARTITION BY NULL.
	Rekey struct {
		Head
		In   Step
		Keys []Item
	}
	// Exchange sends rows through a repartition topic, by their key.
	Exchange struct {
		Head
		In         Step
		Topic      string // the last part of its name: Aggregate-GroupBy-repartition
		Key, Value Format
	}
	// Aggregate groups by the first Groups columns of its input. Its schema is these, WINDOWSTART and
	// WINDOWEND if windowed, and one column a call. Rows with a null group column are left out. Over a table
	// (In's Shape) it expects Old.
	Aggregate struct {
		Head
		In     Step
		Groups int
		Calls  []AggCall
		Key    Format // internal formats, for the fingerprint and the topics' names
		Value  Format
	}
	// Sink writes to a topic. Its schema is the sink's columns.
	Sink struct {
		Head
		In         Step
		Source     string
		Topic      string
		Key, Value Format
		Timestamp  *Timestamp
	}
)

// RowsCall is one table function.
type RowsCall struct {
	Func    *fn.Func
	Variant *fn.Variant
	Site    fn.Site
	Args    []Expr
	Name    string // of its column: KSQL_SYNTH_n
}

// AggCall is one aggregate function. Args are columns of the input; literal arguments stand in Site only.
type AggCall struct {
	Func    *fn.Func
	Variant *fn.Variant
	Site    fn.Site
	Args    []int
	Name    string // of its column: KSQL_AGG_VARIABLE_n
}

// Out is the step's head.
func (h *Head) Out() *Head { return h }

// Inputs lists the steps whose rows come in.
func (*Scan) Inputs() []Step        { return nil }
func (s *Latest) Inputs() []Step    { return []Step{s.In} }
func (s *Filter) Inputs() []Step    { return []Step{s.In} }
func (s *Project) Inputs() []Step   { return []Step{s.In} }
func (s *FlatMap) Inputs() []Step   { return []Step{s.In} }
func (s *Rekey) Inputs() []Step     { return []Step{s.In} }
func (s *Exchange) Inputs() []Step  { return []Step{s.In} }
func (s *Aggregate) Inputs() []Step { return []Step{s.In} }
func (s *Sink) Inputs() []Step      { return []Step{s.In} }

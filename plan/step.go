// Package plan turns a statement into what must happen: a tree of steps. It knows no log and no engine.
package plan

import (
	"slices"

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
	// Latest remembers the last row of each key of a table. With Old it turns upserts into changes, else it lets them
	// through. In a persistent query it keeps whole rows: CREATE OR REPLACE may ask for other columns of them (ksqlDB
	// judges them by the new predicate, and pull queries see them through the new projection).
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
	// Project computes the columns of its schema, keys first, and WINDOWSTART and WINDOWEND after them if the rows'
	// keys carry a window. At the end of a push query they stand in the order of the SELECT; there the Role tells
	// which are the key's (KeyRole, PseudoRole for window bounds): the only ones that a Delete fills.
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
	// Rekey gives rows another key. Its schema is the new key columns, then copies of the input's columns Rest: its
	// value columns and last its old key columns, without those that became keys. No Keys: PARTITION BY NULL. Rows
	// without a value: keys that read key columns only are computed, others are null.
	Rekey struct {
		Head
		In   Step
		Keys []Item
		Rest []int
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
		Reads  []string // the source's columns that the query reads, for CREATE OR REPLACE
	}
	// Sink writes to a topic. Its schema is its input's: the sink's key columns, WINDOWSTART and WINDOWEND if the
	// keys carry a window, the sink's value columns.
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

// AggCall is one aggregate function. Args are columns of the input, one for each argument of the call but those
// that the variant wants as constants (Variant.Literal): these stand in Site.Lits only.
type AggCall struct {
	Func    *fn.Func
	Variant *fn.Variant
	Site    fn.Site
	Args    []int
	Name    string // of its column: KSQL_AGG_VARIABLE_n
}

// Kept lists the columns that s stores, in the order in which it does: another form of the query, or of the source,
// has more at the end. ROWTIME is not among them: it is the time of the row.
func (s *Latest) Kept() (out []int) {
	for _, part := range []func(c sql.Column) bool{
		func(c sql.Column) bool { return c.Role == sql.KeyRole },
		func(c sql.Column) bool { return c.Role == sql.PseudoRole && c.Name != rowTime },
		func(c sql.Column) bool { return c.Role == sql.HeadersRole },
		func(c sql.Column) bool { return c.Role == sql.ValueRole },
	} {
		for i, c := range s.Schema {
			if part(c) && (s.Live == nil || s.Live[i]) {
				out = append(out, i)
			}
		}
	}
	return out
}

// RowTime is the place of ROWTIME in the schema; -1: it is not there.
func (s *Latest) RowTime() int {
	return slices.IndexFunc(s.Schema, func(c sql.Column) bool { return c.Role == sql.PseudoRole && c.Name == rowTime })
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

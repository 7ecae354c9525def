package sql

import (
	"math"
)

// Emit is how a query gives its rows.
type Emit uint8

// EmitNone makes a bare SELECT a pull query; inside a persistent query it means EMIT CHANGES.
const (
	EmitNone Emit = iota
	EmitChanges
	EmitFinal
)

// Select is a query. As a statement of its own it is a push query (with Emit) or a pull query.
type Select struct {
	At
	Items       []Item
	From        Relation
	Joins       []Join
	Window      *Window
	Where       Expr
	GroupBy     []Expr
	HasGroup    bool // GROUP BY was written, if only as ()
	PartitionBy []Expr
	HasPart     bool
	Having      Expr
	Emit        Emit
	Limit       *int
}

// Item is one entry of the select list.
type Item struct {
	At
	Star     bool   // * or Source.*
	Source   string // of Source.*
	Fields   bool   // X->*
	X        Expr
	Alias    string
	HasAlias bool
}

// Relation is a source in FROM or JOIN. Alias equals Name when none was given.
type Relation struct {
	At
	Name, Alias string
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The join kinds.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
)

// Join is one JOIN clause.
type Join struct {
	At
	Kind   JoinKind
	Right  Relation
	Within *Within
	On     Expr
}

// Within is a join's WITHIN clause.
type Within struct {
	Before, After Duration
	Grace         *Duration
	Pair          bool // written as (before, after)
}

// WindowKind is the kind of a window.
type WindowKind uint8

// The window kinds. NoWindow stands where a window is optional.
const (
	NoWindow WindowKind = iota
	Tumbling
	Hopping
	Session
)

// String is TUMBLING, HOPPING or SESSION.
func (k WindowKind) String() string { return [...]string{"", "TUMBLING", "HOPPING", "SESSION"}[k] }

// Window is a WINDOW clause. Size is the gap of a session.
type Window struct {
	At
	Name             string
	Kind             WindowKind
	Size, Advance    Duration
	Retention, Grace *Duration
}

// Duration is a number and a unit. The parser gives the unit in upper case and in the plural: DAYS, HOURS ...
type Duration struct {
	N    int64
	Unit string
}

// Millis is the duration in ms.
func (d Duration) Millis() int64 {
	unit := int64(1)
	switch d.Unit {
	case "DAY", "DAYS":
		unit = 86400000
	case "HOUR", "HOURS":
		unit = 3600000
	case "MINUTE", "MINUTES":
		unit = 60000
	case "SECOND", "SECONDS":
		unit = 1000
	}
	if d.N > math.MaxInt64/unit {
		return math.MaxInt64
	}
	if d.N < math.MinInt64/unit {
		return math.MinInt64
	}
	return d.N * unit
}

package plan

import (
	"maps"

	"github.com/ksqlgo/ksql/sql"
)

// Source is a stream or table that statements can name.
type Source struct {
	Name       string
	Kind       sql.SourceKind
	Schema     sql.Schema // keys, values, headers; without pseudo columns and window bounds
	Topic      string
	Partitions int // of the topic, as declared or created
	Key, Value Format
	KeyWindow  *Window // the topic's keys carry a window: Kind and Size only
	Timestamp  *Timestamp
	Retention  int64    // of the topic, ms; 0: unlimited or not known
	ReadOnly   bool     // CREATE SOURCE ...
	Query      string   // id of the query that made it (CREATE ... AS), even after that was terminated; empty for declared sources
	From       []string // the sources that query reads, in order; they cannot be dropped before this one
	State      string   // id of the query whose state answers pull queries; empty: not queryable
	Text       string   // the statement that made it
}

// Catalog is what exists: sources, custom types, persistent queries. It is immutable: a statement makes a
// new one.
type Catalog struct {
	Sources map[string]*Source
	Types   map[string]sql.Type
	Queries map[string]*Query
	NextID  int // number of the next persistent query
}

// NewCatalog is a catalog with nothing in it.
func NewCatalog() *Catalog {
	return &Catalog{Sources: map[string]*Source{}, Types: map[string]sql.Type{}, Queries: map[string]*Query{}}
}

// Clone is a copy whose maps may be changed; what they point to may not.
func (c *Catalog) Clone() *Catalog {
	d := *c
	d.Sources, d.Types, d.Queries = maps.Clone(c.Sources), maps.Clone(c.Types), maps.Clone(c.Queries)
	return &d
}

// QueryKind is how a query runs.
type QueryKind uint8

// The kinds of query.
const (
	PersistentAs     QueryKind = iota // CREATE ... AS
	PersistentInsert                  // INSERT INTO ... SELECT
	PersistentSource                  // materializes a SOURCE table
	Push                              // SELECT ... EMIT
	PullStream                        // SELECT ... from a stream, to the end as of now
)

// Query is a planned query.
type Query struct {
	ID       string
	Kind     QueryKind
	Text     string
	Root     Step       // a Sink if PersistentAs or PersistentInsert; a Latest if PersistentSource
	Reads    []string   // sources
	Writes   string     // the sink's source; empty for push queries
	Schema   sql.Schema // of the rows a push query gives
	Limit    *int
	Props    map[string]string // session properties at its making
	Earliest map[string]bool   // topic: begin at its oldest row, else at its end
	Paused   bool              // PAUSE was the last word on it
}

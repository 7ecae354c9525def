package plan

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode"

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
	KeyWindow  *Window    `json:",omitempty"` // the topic's keys carry a window: Kind and Size only
	Timestamp  *Timestamp `json:",omitempty"`
	Retention  int64      `json:",omitempty"` // of the topic, ms; 0: unlimited or not known
	ReadOnly   bool       `json:",omitempty"` // CREATE SOURCE ...
	Query      string     `json:",omitempty"` // id of the query that made it (CREATE ... AS), even after that was terminated; empty for declared sources
	From       []string   `json:",omitempty"` // the sources that query reads, in order; they cannot be dropped before this one
	State      string     `json:",omitempty"` // id of the query whose state answers pull queries; empty: not queryable
	Text       string     // the statement that made it
}

// Catalog is what exists: sources, custom types, persistent queries. It is immutable: Apply makes a new one,
// which shares what did not change. Its indexes answer what statements ask, so that none looks at all sources or
// all queries.
type Catalog struct {
	sources treap[*Source]
	types   treap[sql.Type]
	queries treap[*Query]
	over    index         // topic: the sources over it
	derived index         // source: those that a query made from it
	readers index         // source: the queries that read it
	writers index         // source: the queries that write into it
	folded  treap[string] // id of a query without letter case: the id
}

// NewCatalog is a catalog with nothing in it.
func NewCatalog() *Catalog { return &Catalog{} }

// Source is the source of that name; nil: there is none.
func (c *Catalog) Source(name string) *Source {
	s, _ := c.sources.get(name)
	return s
}

// Sources are all sources, by name.
func (c *Catalog) Sources() iter.Seq[*Source] { return values(c.sources) }

// NumSources is how many sources there are.
func (c *Catalog) NumSources() int { return c.sources.len }

// Over are the sources over a topic, by name.
func (c *Catalog) Over(topic string) iter.Seq[*Source] { return pick(c.over, topic, c.Source) }

// From are the sources that queries made from the one of that name, by name.
func (c *Catalog) From(source string) iter.Seq[*Source] { return pick(c.derived, source, c.Source) }

// Query is the query with that id; nil: there is none.
func (c *Catalog) Query(id string) *Query {
	q, _ := c.queries.get(id)
	return q
}

// FindQuery is the query with that id in any letter case; nil: there is none.
func (c *Catalog) FindQuery(id string) *Query {
	have, _ := c.folded.get(fold(id))
	return c.Query(have)
}

// Queries are all queries, by id.
func (c *Catalog) Queries() iter.Seq[*Query] { return values(c.queries) }

// NumQueries is how many queries there are.
func (c *Catalog) NumQueries() int { return c.queries.len }

// Readers are the queries that read a source, by id.
func (c *Catalog) Readers(source string) iter.Seq[*Query] { return pick(c.readers, source, c.Query) }

// Writers are the queries that write into a source, by id.
func (c *Catalog) Writers(source string) iter.Seq[*Query] { return pick(c.writers, source, c.Query) }

// Type is the custom type of that name.
func (c *Catalog) Type(name string) (sql.Type, bool) { return c.types.get(name) }

// Types are all custom types, by name.
func (c *Catalog) Types() iter.Seq2[string, sql.Type] { return c.types.all() }

// put adds a source, or puts it in the place of the one of its name.
func (c *Catalog) put(s *Source) {
	c.drop(s.Name)
	c.sources = c.sources.with(s.Name, s)
	c.over = c.over.add(s.Topic, s.Name)
	for _, from := range s.From {
		c.derived = c.derived.add(from, s.Name)
	}
}

func (c *Catalog) drop(name string) {
	old := c.Source(name)
	if old == nil {
		return
	}
	c.sources = c.sources.without(name)
	c.over = c.over.remove(old.Topic, name)
	for _, from := range old.From {
		c.derived = c.derived.remove(from, name)
	}
}

// start adds a query, or puts it in the place of the one of its id.
func (c *Catalog) start(q *Query) {
	c.stop(q.ID)
	c.queries = c.queries.with(q.ID, q)
	c.folded = c.folded.with(fold(q.ID), q.ID)
	for _, source := range q.Reads {
		c.readers = c.readers.add(source, q.ID)
	}
	if q.Writes != "" {
		c.writers = c.writers.add(q.Writes, q.ID)
	}
}

func (c *Catalog) stop(id string) {
	old := c.Query(id)
	if old == nil {
		return
	}
	c.queries = c.queries.without(id)
	c.folded = c.folded.without(fold(id))
	for _, source := range old.Reads {
		c.readers = c.readers.remove(source, id)
	}
	if old.Writes != "" {
		c.writers = c.writers.remove(old.Writes, id)
	}
}

// pause sets whether a query is paused.
func (c *Catalog) pause(id string, on bool) {
	old := c.Query(id)
	if old == nil {
		return
	}
	q := *old
	q.Paused = on
	c.queries = c.queries.with(id, &q)
}

// fold is a text that is the same for all that differ in letter case only (strings.EqualFold).
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			least = min(least, o)
		}
		return least
	}, s)
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

// MarshalText names the kind for records that outlive the process.
func (k QueryKind) MarshalText() ([]byte, error) { return []byte(kindTexts[k]), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *QueryKind) UnmarshalText(text []byte) error {
	i := slices.Index(kindTexts[:], string(text))
	if i < 0 {
		return fmt.Errorf("there is no kind of query %q", text)
	}
	*k = QueryKind(i)
	return nil
}

var kindTexts = [...]string{PersistentAs: "AS", PersistentInsert: "INSERT", PersistentSource: "SOURCE", Push: "PUSH", PullStream: "PULL"}

// Query is a planned query.
type Query struct {
	ID       string
	Kind     QueryKind
	Text     string
	Root     Step              `json:"-"` // a Sink if PersistentAs or PersistentInsert; a Latest if PersistentSource; nil: it cannot be planned now
	Reads    []string          // sources
	Writes   string            `json:",omitempty"` // the sink's source; empty for push queries
	Topic    string            `json:",omitempty"` // the sink's; empty for push queries
	Schema   sql.Schema        // of the rows it gives; without pseudo columns if it is persistent
	Limit    *int              `json:",omitempty"`
	Props    map[string]string // session properties at its making
	Earliest map[string]bool   // topic: begin at its oldest row, else at its end
	Paused   bool              `json:",omitempty"` // PAUSE was the last word on it
}

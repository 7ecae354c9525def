// Package sql is the language: its types, its grammar and its printed form.
package sql

import (
	"time"
)

// Pos is a byte offset in the text; line and column are computed for errors only.
type Pos int32

// At gives a node its place in the text.
type At struct{ Offset Pos }

// Pos is the offset of the node's first token.
func (a At) Pos() Pos { return a.Offset }

// Node is a piece of the tree. String prints canonical SQL that parses to the same tree.
type Node interface {
	Pos() Pos
	String() string
}

// Statement is what stands before a semicolon. The set is closed: see the types below.
type Statement interface {
	Node
	statement()
}

// Parsed is one statement of a request.
type Parsed struct {
	Statement Statement
	Text      string // as written (after ${variables}), without leading space, with its semicolon
	Start     Pos    // in the request
	Source    string // what positions of nodes count in: the request, or Text where variables were replaced
	Params    int    // how many bound parameters there are up to its end, of the whole request
}

// SourceKind tells a stream from a table.
type SourceKind uint8

// The two kinds of source.
const (
	StreamKind SourceKind = iota
	TableKind
)

// String is STREAM or TABLE.
func (k SourceKind) String() string {
	if k == TableKind {
		return "TABLE"
	}
	return "STREAM"
}

// The statements. All names are as stored: unquoted ones in upper case, quoted ones as written.
type (
	// CreateSource declares a stream or table over a topic.
	CreateSource struct {
		At
		Kind                             SourceKind
		OrReplace, ReadOnly, IfNotExists bool // ReadOnly: CREATE SOURCE STREAM/TABLE
		Name                             string
		Elements                         []ColumnDef // nil: to be inferred
		With                             Props
	}
	// CreateAs is CREATE STREAM/TABLE ... AS SELECT.
	CreateAs struct {
		At
		Kind                   SourceKind
		OrReplace, IfNotExists bool
		Name                   string
		With                   Props
		Query                  *Select
	}
	// AlterSource is ALTER STREAM/TABLE ... ADD COLUMN.
	AlterSource struct {
		At
		Kind SourceKind
		Name string
		Adds []ColumnDef
	}
	// DropSource is DROP STREAM/TABLE.
	DropSource struct {
		At
		Kind                  SourceKind
		IfExists, DeleteTopic bool
		Name                  string
	}
	// InsertSelect is INSERT INTO ... SELECT.
	InsertSelect struct {
		At
		Target string
		With   Props
		Query  *Select
	}
	// InsertValues is INSERT INTO ... VALUES.
	InsertValues struct {
		At
		Target  string
		Columns []string // nil: the default form
		Values  []Expr
	}
	// CreateType is CREATE TYPE ... AS.
	CreateType struct {
		At
		IfNotExists bool
		Name        string
		Type        Type
	}
	// DropType is DROP TYPE.
	DropType struct {
		At
		IfExists bool
		Name     string
	}
	// CreateConnector is CREATE SOURCE|SINK CONNECTOR.
	CreateConnector struct {
		At
		Sink, IfNotExists bool
		Name              string
		With              Props
	}
	// DropConnector is DROP CONNECTOR.
	DropConnector struct {
		At
		IfExists bool
		Name     string
	}
	// Terminate, Pause and Resume name a query, or all of them.
	Terminate struct {
		At
		ID  string
		All bool
	}
	// Pause is PAUSE.
	Pause struct {
		At
		ID  string
		All bool
	}
	// Resume is RESUME.
	Resume struct {
		At
		ID  string
		All bool
	}
	// Show is SHOW or LIST of something.
	Show struct {
		At
		What     ShowKind
		All      bool   // of topics
		Extended bool   // of topics, streams, tables, queries
		Scope    string // of connectors: "", SOURCE or SINK
	}
	// Describe is DESCRIBE of a source, of all streams or tables, of a function or of a connector.
	Describe struct {
		At
		What     DescribeKind
		Name     string
		Extended bool
	}
	// Print is PRINT topic.
	Print struct {
		At
		Topic         string
		FromBeginning bool
		Interval      int // every n-th record; 0: not given
		Limit         int // 0: not given
		HasLimit      bool
	}
	// Explain is EXPLAIN of a statement or of a running query.
	Explain struct {
		At
		QueryID   string
		Statement Statement // nil when QueryID is set
		Text      string    // of Statement
	}
	// Set is SET 'p'='v'.
	Set struct {
		At
		Name, Value string
	}
	// Unset is UNSET 'p'.
	Unset struct {
		At
		Name string
	}
	// AlterSystem is ALTER SYSTEM 'p'='v'.
	AlterSystem struct {
		At
		Name, Value string
	}
	// Define is DEFINE name='v'.
	Define struct {
		At
		Name, Value string
	}
	// Undefine is UNDEFINE name.
	Undefine struct {
		At
		Name string
	}
	// AssertTopic is ASSERT [NOT EXISTS] TOPIC.
	AssertTopic struct {
		At
		NotExists bool
		Topic     string
		With      Props
		Timeout   *time.Duration
	}
	// AssertSchema is ASSERT [NOT EXISTS] SCHEMA.
	AssertSchema struct {
		At
		NotExists bool
		Subject   string
		ID        *int
		Timeout   *time.Duration
	}
	// AssertValues is the test runner's ASSERT VALUES, or with Tombstone its ASSERT NULL VALUES ... KEY.
	// It is parsed by ParseTest only.
	AssertValues struct {
		At
		Tombstone bool
		Target    string
		Columns   []string
		Values    []Expr
	}
	// AssertSource is the test runner's ASSERT STREAM/TABLE. It is parsed by ParseTest only.
	AssertSource struct {
		At
		Kind     SourceKind
		Name     string
		Elements []ColumnDef
		With     Props
	}
	// RunScript is the command line's RUN SCRIPT. It is parsed by ParseTest only.
	RunScript struct {
		At
		File string
	}
)

// ShowKind is what SHOW lists.
type ShowKind uint8

// What SHOW can list.
const (
	ShowProperties ShowKind = iota
	ShowTopics
	ShowStreams
	ShowTables
	ShowFunctions
	ShowConnectors
	ShowConnectorPlugins
	ShowTypes
	ShowVariables
	ShowQueries
)

// DescribeKind is what DESCRIBE describes.
type DescribeKind uint8

// What DESCRIBE can describe.
const (
	DescribeSource DescribeKind = iota
	DescribeStreams
	DescribeTables
	DescribeFunction
	DescribeConnector
)

// Props is the WITH clause, in the order written; names in upper case.
type Props []Prop

// Prop is one property of a WITH clause.
type Prop struct {
	At
	Name  string
	Value *Literal
}

// Get is the value of a property (name in upper case), or nil.
func (p Props) Get(name string) *Literal {
	for i := range p {
		if p[i].Name == name {
			return p[i].Value
		}
	}
	return nil
}

// ColumnDef is a column as CREATE or ALTER writes it. Type may be Named.
type ColumnDef struct {
	At
	Name    string
	Type    Type
	Key     bool   // KEY
	Primary bool   // PRIMARY KEY
	Headers bool   // HEADERS, or HEADER('k') when Header is set
	Header  string // k of HEADER('k')
}

func (*CreateSource) statement()    {}
func (*CreateAs) statement()        {}
func (*AlterSource) statement()     {}
func (*DropSource) statement()      {}
func (*InsertSelect) statement()    {}
func (*InsertValues) statement()    {}
func (*CreateType) statement()      {}
func (*DropType) statement()        {}
func (*CreateConnector) statement() {}
func (*DropConnector) statement()   {}
func (*Terminate) statement()       {}
func (*Pause) statement()           {}
func (*Resume) statement()          {}
func (*Show) statement()            {}
func (*Describe) statement()        {}
func (*Print) statement()           {}
func (*Explain) statement()         {}
func (*Set) statement()             {}
func (*Unset) statement()           {}
func (*AlterSystem) statement()     {}
func (*Define) statement()          {}
func (*Undefine) statement()        {}
func (*AssertTopic) statement()     {}
func (*AssertSchema) statement()    {}
func (*AssertValues) statement()    {}
func (*AssertSource) statement()    {}
func (*RunScript) statement()       {}
func (*Select) statement()          {}

// Package ksql is ksqlDB as a library: streaming SQL that lives in your program.
//
// Open an engine in memory or on a directory, run ksqlDB's statements with Engine.Execute, and read push and
// pull queries with Engine.Query:
//
//	e, err := ksql.Open(ctx, ksql.WithDir("data"))
//	e.Execute(ctx, `CREATE STREAM IF NOT EXISTS orders (id INT KEY, item STRING, qty INT) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
//	                CREATE TABLE IF NOT EXISTS totals AS SELECT item, SUM(qty) AS qty FROM orders GROUP BY item;`)
//	e.Execute(ctx, `INSERT INTO orders VALUES (?, ?, ?);`, 1, "tea", 2)
//	rows, err := e.Query(ctx, `SELECT * FROM totals WHERE item = ?;`, "tea")
//
// A pull query gives what is there now, a push query (EMIT CHANGES) what happens from now on; with the property
// auto.offset.reset = earliest, also what happened before. Rows are read one by one or as Arrow records, and
// closed. A persistent query (CREATE ... AS SELECT) works in the background: Sync waits until it has seen the rows
// inserted so far.
//
// The engine and prepared statements may be used from any goroutine. A call whose context ends returns soon, with
// the context's error; every other error of Execute, Query and their like is an *Error, which has a Kind, and holds a
// *sql.Error with line and column where the text was wrong.
//
// Two engines in one process do not know each other.
package ksql

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/door"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// Engine is a streaming SQL engine. All methods may be called from any goroutine.
type Engine struct{ d *door.Engine }

// Option configures an Engine.
type Option func(*options)

type options = door.Options

// WithDir keeps everything in one directory, which survives the process: an acknowledged INSERT, an
// acknowledged statement and every committed output are there after a crash. One engine at a time may have
// it open: Open gives store.ErrLocked to others. Without it, and with an empty dir, the engine lives in memory.
func WithDir(dir string) Option { return func(o *options) { o.Dir = dir } }

// WithLog runs the engine over a log of the caller's, who closes it after the engine; see package store/local. The
// log's clock is the caller's, too.
func WithLog(l store.Log) Option { return func(o *options) { o.Log = l } }

// WithClock sets the engine's clock, of which it takes the milliseconds: of INSERT without ROWTIME, UNIX_TIMESTAMP()
// and retention. Any goroutine may call now.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		o.Exec.Now = func() int64 { return now().UnixMilli() }
		o.Local.Clock = now
	}
}

// WithRand makes RANDOM(), UUID() and the ids of transient queries repeatable.
func WithRand(seed uint64) Option { return func(o *options) { o.Exec.Rand = exec.Seeded(seed) } }

// WithProperties sets properties of the server, such as "auto.offset.reset" or "ksql.service.id"; SHOW PROPERTIES
// lists them. SET and Property override most of them for one call.
func WithProperties(p map[string]string) Option { return func(o *options) { o.Exec.Properties = p } }

// WithFunctions adds functions to the built-in ones, or replaces those of the same name. Names are in upper case.
// fn.Fn1, fn.Fn2 and their like make a function of SQL of one of Go. A function may be called from any goroutine; one
// that panics gives null, or if it is an aggregate ends its query.
func WithFunctions(f ...fn.Func) Option {
	return func(o *options) { o.Functions = append(o.Functions, f...) }
}

// WithMaxPartitions caps the partitions of the topics that the engine makes; the catalog keeps the number that
// was declared. With 1 no query needs a repartition topic.
func WithMaxPartitions(n int) Option { return func(o *options) { o.Exec.MaxPartitions = n } }

// WithBatch sets how many rows a task takes at once; 0 is the default, 4096.
func WithBatch(rows int) Option { return func(o *options) { o.Exec.Batch = rows } }

// WithCommit sets after how many rows, or how much time, a busy task commits; 0 is the default, 32768 rows and
// 10 ms. An idle task commits at once.
func WithCommit(rows int, every time.Duration) Option {
	return func(o *options) { o.Exec.CommitRows, o.Exec.CommitEvery = rows, every }
}

// WithMemoryLimit bounds in bytes what tables (half of it), expressions and unread answers (a quarter each) hold; 0: no
// limit. A query whose tables grow over it stops, an answer ends with an error. A column of an expression may take a
// sixteenth.
func WithMemoryLimit(bytes int64) Option { return func(o *options) { o.Exec.Memory = bytes } }

// WithPage sets how many bytes of a pull query's answer are made before its reader asks for more; 0 is the default, 1 MiB.
func WithPage(bytes int64) Option { return func(o *options) { o.Exec.Page = bytes } }

// WithInternal sets options of the engine room, for package bed. They may change at any time.
func WithInternal(set func(*exec.Options)) Option { return func(o *options) { set(&o.Exec) } }

// WithAllocator sets where the Arrow records of Rows.Batches live; by default, on the Go heap.
func WithAllocator(m vec.Mem) Option { return func(o *options) { o.Mem = m } }

// WithHooks has hooks told of what their interfaces name (see Hook). Open refuses one that implements none.
func WithHooks(h ...Hook) Option {
	return func(o *options) { o.Exec.Hooks = append(o.Exec.Hooks, h...) }
}

// WithLogger logs queries' states (Info), failed checkpoints (Warn), faults and recovered panics (Error), but never
// what is in a row or a statement. Nil, and without it, nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.Exec.Logger = l } }

// Open starts an engine. With a directory it reads back what is there and goes on where it stopped. ctx
// bounds the opening only. The engine must be closed. A directory that was damaged below what had reached the disk
// is refused with store.ErrCorrupt, the file and the place; nothing that is in it is changed.
func Open(ctx context.Context, opts ...Option) (*Engine, error) {
	o := options{Mem: vec.GoMem()}
	for _, f := range opts {
		f(&o)
	}
	d, err := door.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Engine{d}, nil
}

// Close ends push queries, lets every query commit, and waits until nothing of the engine runs. Calls after
// it get ErrClosed.
func (e *Engine) Close() error { return e.d.Close() }

// Log is the engine's log: its topics can be written and read there, record by record, in the formats that the
// sources over them declare. The engine closes it, unless it came by WithLog.
func (e *Engine) Log() store.Log { return e.d.Log() }

// Catalog is the sources, types and queries that exist now. It must not be changed.
func (e *Engine) Catalog() *plan.Catalog { return e.d.Catalog() }

// Failed is the persistent queries that an error has stopped, by id, with that error. They go on from their last
// commit by RESUME, and when the engine is opened again, once the cause is gone; TERMINATE, DROP and CREATE OR REPLACE
// end them. Health has a hint for each.
func (e *Engine) Failed() map[string]error {
	out := e.d.Failed()
	for id, err := range out {
		out[id] = classify(err, e.d.Text(id))
	}
	return out
}

// Health is how the engine is: what of it fails, since when and why. It costs a look at each query.
func (e *Engine) Health() Health { return e.d.Health() }

// What Health gives and WithHooks takes, and what the methods of hooks are given. Package exec says what each is.
type (
	Health         = exec.Health
	Part           = exec.Part
	Hook           = exec.Hook
	HookCommit     = exec.HookCommit
	CommitInfo     = exec.CommitInfo
	HookCheckpoint = exec.HookCheckpoint
	CheckpointInfo = exec.CheckpointInfo
	HookRetire     = exec.HookRetire
	RetireInfo     = exec.RetireInfo
	HookFault      = exec.HookFault
	FaultInfo      = exec.FaultInfo
	HookQueryState = exec.HookQueryState
	QueryStateInfo = exec.QueryStateInfo
	HookBadRow     = exec.HookBadRow
	BadRowInfo     = exec.BadRowInfo
	HookLateRow    = exec.HookLateRow
	LateRowInfo    = exec.LateRowInfo
)

// Sync returns when all running persistent queries have seen all that was appended before the call, and what they
// made of it for each other: after it a pull query sees every INSERT before it. It does not wait for queries that
// have failed, and of paused ones only for the rows they were at.
func (e *Engine) Sync(ctx context.Context) error { return classify(e.d.Sync(ctx), "") }

// Result is the answer to one statement: a pointer to one of the result types of package exec/stmt. A statement
// that changes the catalog answers *stmt.Command; INSERT, SET, UNSET and DEFINE answer nothing.
type Result = stmt.Result

// Execute runs statements in order; SELECT and PRINT go to Query. All are checked before the first one runs. SET and
// DEFINE hold for the statements after them in the same text. args bind the text's parameters (?), in order over
// all statements; an ExecOption may stand among them. vec.Bind says which Go value becomes which SQL value. A
// parameter that is a whole value of an INSERT takes the type of its column if nothing is lost (vec.Fit).
//
// When Execute returns without error everything that the statements did is durable. The results of the statements
// that ran come with an error too. When ctx ends while a statement is made durable, the statement is carried out
// all the same, in the background.
func (e *Engine) Execute(ctx context.Context, text string, args ...any) ([]Result, error) {
	out, err := e.d.Execute(ctx, text, args)
	return out, classify(err, text)
}

// ExecOption is an argument of Execute and Query that binds no parameter.
type ExecOption = door.Option

// Property sets a property for one call, as SET would.
func Property(name, value string) ExecOption { return door.Property(name, value) }

// Variable defines a variable for one call, as DEFINE would. A prepared statement takes its variables in Prepare.
func Variable(name, value string) ExecOption { return door.Variable(name, value) }

// Query runs one SELECT: a push query (EMIT), whose rows come as they happen until the rows are closed, ctx ends or
// LIMIT is reached, or a pull query, which gives what is there now; of a table each MiB of rows as it is asked for, no
// key twice. PRINT gives the records of a topic as they come, lines of text. args are as for Execute. Close the rows.
func (e *Engine) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	rows, err := e.d.Rows(ctx, text, args)
	return newRows(rows, err, text)
}

// Stmt is a statement that was parsed once and, where its catalog has not changed since, is planned once. Any
// number of goroutines may use it; it need not be closed.
type Stmt struct {
	s    *door.Stmt
	text string
}

// Prepare parses one statement, with ? for parameters, to run it often. Whether it can be carried out shows when
// it runs. opts are its variables.
func (e *Engine) Prepare(ctx context.Context, text string, opts ...ExecOption) (*Stmt, error) {
	s, err := e.d.Prepare(ctx, text, opts)
	if err != nil {
		return nil, classify(err, text)
	}
	return &Stmt{s, text}, nil
}

// Exec runs a prepared statement that is neither SELECT nor PRINT. args are as for Execute.
func (s *Stmt) Exec(ctx context.Context, args ...any) ([]Result, error) {
	out, err := s.s.Exec(ctx, args)
	return out, classify(err, s.text)
}

// Query runs a prepared SELECT or PRINT. args are as for Execute, the rows as of Engine.Query.
func (s *Stmt) Query(ctx context.Context, args ...any) (*Rows, error) {
	rows, err := s.s.Query(ctx, args)
	return newRows(rows, err, s.text)
}

// Rows is the answer to a query. One goroutine at a time may use it; Close may be called from any.
type Rows struct {
	r    *door.Rows
	text string
}

func newRows(r *door.Rows, err error, text string) (*Rows, error) {
	if err != nil {
		return nil, classify(err, text)
	}
	return &Rows{r, text}, nil
}

// Schema is the columns of the rows, each of which may be null in any row. Names are in upper case unless they
// were quoted. In a pull query on a table KeyRole marks the key columns and window bounds; other queries do not
// mark theirs.
func (r *Rows) Schema() sql.Schema { return r.r.Schema }

// QueryID is the id of the query that gives the rows.
func (r *Rows) QueryID() string { return r.r.ID }

// Next moves to the next row, waiting for it if need be. It is false at the end, or with an error in Err.
func (r *Rows) Next() bool { return r.r.Move() }

// Ready reports whether there is a row that Next gives without waiting.
func (r *Rows) Ready() bool { return r.r.Ready() }

// Page is the next rows as columns, as many as are there, waiting for one if need be: nil at the end. They are lent until
// the next call. Who calls it does not call Next. ctx bounds the waiting only.
func (r *Rows) Page(ctx context.Context) (*Page, error) {
	p, err := r.r.Rows.Next(ctx)
	return p, classify(err, r.text)
}

// Push reports whether the rows go on until somebody ends them.
func (r *Rows) Push() bool { return r.r.Push }

// Whole reports whether the rows are those of a pull query on a table.
func (r *Rows) Whole() bool { return r.r.Text == "" }

// Row is the current row, a copy; nil if there is none. Its values are, by SQL type:
//
//	BOOLEAN bool, INTEGER int32, BIGINT int64, DOUBLE float64, DECIMAL vec.Decimal, STRING string, BYTES []byte,
//	DATE vec.Date (days), TIME vec.Time (ms of day), TIMESTAMP vec.Timestamp (ms since epoch),
//	ARRAY []any, MAP *vec.MapValue, STRUCT vec.StructValue; nil is null
func (r *Rows) Row() []any { return r.r.Row() }

// Tombstone reports whether the current row of a push query on a table says that its key is gone: then only
// its key columns are filled.
func (r *Rows) Tombstone() bool { return r.r.Tombstone() }

// Err is what ended the rows early; nil at their ordinary end, and when they, or the engine, were closed. It is the
// error of the query's ctx when that ended.
func (r *Rows) Err() error { return classify(r.r.Err(), r.text) }

// Limited reports whether the rows ended because LIMIT was reached.
func (r *Rows) Limited() bool { return r.r.Ended() == exec.Limited }

// Close ends the query and waits until nothing works for it. After it, and in a Next that waits, there are no more
// rows.
func (r *Rows) Close() error { return r.r.Close() }

// All is the rows one by one, each as Row gives it; an error comes last, with a nil row.
func (r *Rows) All() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for r.Next() {
			if !yield(r.Row(), nil) {
				return
			}
		}
		if err := r.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// Batches is the rows as Arrow records, as many at a time as are there; after Next, those that Next has not given.
// Fields are named as in Schema and nullable; vec.ArrowType says which Arrow type a column has. Each record has
// memory of its own, of the engine's allocator, and belongs to the caller, who calls Release; it stays good when
// the rows and the engine are closed. An error comes last, with a nil record. Of a row that says that its key is
// gone all columns but the key are null; Next and Tombstone tell it from a row of nulls.
func (r *Rows) Batches() iter.Seq2[vec.Record, error] {
	return func(yield func(vec.Record, error) bool) {
		more := true
		r.r.Batches(func(b vec.Record) bool {
			more = yield(b, nil)
			return more
		})
		if err := r.Err(); err != nil && more {
			yield(nil, err)
		}
	}
}

// Scan copies the current row into dst, one pointer a column, or into the fields of one pointer to a struct: by
// the tag ksql:"name", without case, or by the field's name, without case and underscores. Every column needs a
// field. A null leaves nil in a pointer, slice, map or any, and the zero value elsewhere. What Row gives fits a
// variable of its type or an any; besides, numbers fit if their value does, DECIMAL also float64 and string,
// TIMESTAMP and DATE time.Time (UTC), TIME time.Duration, ARRAY a slice, MAP a map, and STRUCT a struct.
func (r *Rows) Scan(dst ...any) error { return r.r.Scan(dst) }

// Server is the engine as a front end sees it that serves clients of its own, with their texts, properties and limits.
// Package httpapi is one, and needs nothing else. Execute, Query and their like are for everybody else.
type Server struct{ d *door.Engine }

// Server is the engine for a front end.
func (e *Engine) Server() Server { return Server{e.d} }

// Alive is ErrClosed or ErrTerminated when the engine answers nothing any more.
func (s Server) Alive() error { return s.d.Alive() }

// Phase is how far the life of the engine has come: Serving, Terminating or Terminated.
func (s Server) Phase() Phase { return s.d.Phase() }

// Property is a property of the server, or its default; empty: it has none.
func (s Server) Property(name string) string { return s.d.Property(name) }

// CheckProperty tells whether a client may set that property at all.
func (s Server) CheckProperty(name string) error { return classify(s.d.CheckProperty(name), "") }

// CheckProperties tells whether a client may set these properties to these values. Run and Query take them as they
// come.
func (s Server) CheckProperties(props map[string]string) error {
	return classify(s.d.CheckProperties(props), "")
}

// Run is Execute for statements that are parsed already. Each answer is handed over when it is there; an error of take
// ends it.
func (s Server) Run(ctx context.Context, list []sql.Parsed, take func(Result) error, opts ...ExecOption) error {
	return classify(s.d.Each(ctx, list, take, opts), "")
}

// Query is Engine.Query for a SELECT or PRINT that is parsed already. text is what it came in, if Planned may find
// it there; else empty.
func (s Server) Query(ctx context.Context, p sql.Parsed, text string, opts ...ExecOption) (*Rows, error) {
	rows, err := s.d.Answer(ctx, p, text, opts)
	return newRows(rows, err, p.Text)
}

// PrintFormats makes PRINT name the formats of its topic first.
func PrintFormats() ExecOption { return door.Formats }

// Planned is the pull query of a text, with properties that were checked, if one like it was asked for a short time
// ago: it need not be read and planned again. Nil: there is none.
func (s Server) Planned(text string, props map[string]string) *Planned {
	p, ok := s.d.Planned(text, props)
	if !ok {
		return nil
	}
	return &Planned{p}
}

// Planned is a pull query that can run at once.
type Planned struct{ p door.Planned }

// Query runs it.
func (p *Planned) Query(ctx context.Context) (*Rows, error) {
	rows, err := p.p.Run(ctx)
	return newRows(rows, err, "")
}

// Queries is the push queries, and pull queries on streams, that run now, by id.
func (s Server) Queries() []Transient { return s.d.Transients() }

// End ends one of Queries, named without letter case. It reports whether there was one.
func (s Server) End(id string) bool { return s.d.EndTransient(id) }

// Append writes rows to the topic of a source as of now, and waits until they are durable. The values of a row are
// those of columns, keys first, as Rows.Row has them.
func (s Server) Append(ctx context.Context, src *plan.Source, columns sql.Schema, rows [][]any) error {
	return classify(s.d.Append(ctx, src, columns, rows), "")
}

// ReadOnly reports whether statements may not write to a topic.
func (s Server) ReadOnly(topic string) bool { return s.d.ReadOnly(topic) }

// Sequence is the number of the newest statement that was carried out; -1: there is none.
func (s Server) Sequence() int64 { return s.d.Sequence() }

// Statuses is how the statements went that changed something, by command id.
func (s Server) Statuses() ([]CommandStatus, error) {
	list, err := s.d.Statuses()
	return list, classify(err, "")
}

// Status is one of Statuses: type/entity/action, such as stream/DOCKS/create.
func (s Server) Status(id string) (c CommandStatus, ok bool, err error) {
	c, ok, err = s.d.Status(id)
	return c, ok, classify(err, "")
}

// Terminate ends all queries, drops all sources and types, and deletes what CREATE ... AS wrote into the topics that
// match, if statements may. Afterwards all calls get ErrTerminated.
func (s Server) Terminate(ctx context.Context, match func(topic string) bool) (Result, error) {
	r, err := s.d.End(ctx, match)
	return r, classify(err, "")
}

// What Server gives. Package exec says what each is.
type (
	Phase         = exec.Phase
	Transient     = exec.Transient
	CommandStatus = exec.Status
	Page          = exec.Page
)

// The phases of an engine, and the parts that Health tells of.
const (
	Serving     = exec.Serving
	Terminating = exec.Terminating
	Terminated  = exec.Terminated

	PartLog           = exec.PartLog
	PartRetiring      = exec.PartRetiring
	PartCheckpoints   = exec.PartCheckpoints
	PartQueries       = exec.PartQueries
	PartStatements    = exec.PartStatements
	PartStatuses      = exec.PartStatuses
	PartProcessingLog = exec.PartProcessingLog
)

// ErrClosed is what calls on a closed engine get.
var ErrClosed = exec.ErrClosed

// ErrTerminated is what calls get after Server.Terminate, until the engine is opened again.
var ErrTerminated = exec.ErrTerminated

// ErrQuery is what Execute and Exec give for SELECT and PRINT.
var ErrQuery = stmt.ErrQuery

// Kind is the family of an error, as ksqlDB's clients know it.
type Kind uint8

// String is the kind in one word.
func (k Kind) String() string {
	return [...]string{"internal", "parse", "statement", "runtime", "closed", "assertion", "service", "registry", "property", "denied"}[k]
}

// The kinds of errors.
const (
	InternalError  Kind = iota // the engine, or what it stands on, is to blame
	ParseError                 // the text breaks the grammar (ParseFailedException): Err holds a *sql.Error with the place
	StatementError             // the statement cannot be carried out (KsqlStatementException): Err holds a *plan.Error
	RuntimeError               // rows could not be processed (StreamsException)
	ClosedError                // the engine is closed, or was terminated: Err is ErrClosed or ErrTerminated
	AssertionError             // what ASSERT asserts does not hold
	ServiceError               // the statement needs a service that is not here, such as Kafka Connect
	RegistryError              // the statement needs a Schema Registry
	PropertyError              // there is no such property, or it cannot have that value
	DeniedError                // the server lets nobody set that property
)

// Error is what Execute and Query, Prepare and Rows give, except for the error of a ctx that ended, which
// errors.Is finds as it is. Its text is ksqlDB's message in full, with the statement.
type Error struct {
	Kind      Kind
	Statement string // that failed, or all of the text where it is not known
	Err       error  // *sql.Error, *plan.Error, or another: for errors.As
}

// Error is the message.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

func classify(err error, text string) error {
	var done *Error
	if err == nil || errors.As(err, &done) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	kind, statement, cause := door.Classify(err, text)
	return &Error{Kind(kind), statement, cause}
}

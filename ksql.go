// Package ksql is ksqlDB as a library: streaming SQL that lives in your program.
//
// Open an engine in memory or on a directory, run ksqlDB's statements with Engine.Execute, and read push and
// pull queries with Engine.Query:
//
//	e, err := ksql.Open(ctx, ksql.WithDir("data"))
//	e.Execute(ctx, `CREATE STREAM orders (id INT KEY, item STRING, qty INT) WITH (KAFKA_TOPIC='orders', VALUE_FORMAT='JSON', PARTITIONS=1);
//	                CREATE TABLE totals AS SELECT item, SUM(qty) AS qty FROM orders GROUP BY item;`)
//	e.Execute(ctx, `INSERT INTO orders VALUES (?, ?, ?);`, 1, "tea", 2)
//	rows, err := e.Query(ctx, `SELECT * FROM totals WHERE item = ?;`, "tea")
//
// Two engines in one process do not know each other.
package ksql

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/meta"
)

// Engine is a streaming SQL engine. All methods may be called from any goroutine.
type Engine struct {
	run  *exec.Engine
	log  store.Log
	meta *meta.DB
	mem  vec.Mem
	owns bool
	once sync.Once
	err  error
}

// Option configures an Engine.
type Option func(*options)

type options struct {
	dir   string
	log   store.Log
	exec  exec.Options
	local local.Options
	fns   []fn.Func
	mem   vec.Mem
}

// WithDir keeps everything in one directory, which survives the process: an acknowledged INSERT, an
// acknowledged statement and every committed output are there after a crash. One engine at a time may have
// it open. Without it the engine lives in memory.
func WithDir(dir string) Option { return func(o *options) { o.dir = dir } }

// WithLog runs the engine over a log of the caller's, who closes it after the engine.
func WithLog(l store.Log) Option { return func(o *options) { o.log = l } }

// WithClock sets the engine's clock: of INSERT without ROWTIME, UNIX_TIMESTAMP() and retention.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		o.exec.Now = func() int64 { return now().UnixMilli() }
		o.local.Clock = now
	}
}

// WithRand makes RANDOM(), UUID() and the ids of transient queries repeatable.
func WithRand(seed uint64) Option { return func(o *options) { o.exec.Rand = exec.Seeded(seed) } }

// WithProperties sets properties of the server, such as "auto.offset.reset" or "ksql.service.id".
func WithProperties(p map[string]string) Option { return func(o *options) { o.exec.Properties = p } }

// WithFunctions adds functions to the built-in ones.
func WithFunctions(f ...fn.Func) Option { return func(o *options) { o.fns = append(o.fns, f...) } }

// WithMaxPartitions caps the partitions of the topics that the engine makes; the catalog keeps the number that
// was declared. With 1 no query needs a repartition topic.
func WithMaxPartitions(n int) Option { return func(o *options) { o.exec.MaxPartitions = n } }

// WithBatch sets how many rows a task takes at once (4096).
func WithBatch(rows int) Option { return func(o *options) { o.exec.Batch = rows } }

// WithCommit sets after how many rows, or how much time, a busy task commits (32768 rows, 10 ms). An idle task
// commits at once.
func WithCommit(rows int, every time.Duration) Option {
	return func(o *options) { o.exec.CommitRows, o.exec.CommitEvery = rows, every }
}

// WithAllocator sets where the Arrow records of Rows.Batches live.
func WithAllocator(m vec.Mem) Option { return func(o *options) { o.mem = m } }

// Open starts an engine. With a directory it reads back what is there and goes on where it stopped. ctx
// bounds the opening only. A directory that was damaged below what had reached the disk is refused with
// store.ErrCorrupt, the file and the place; nothing in it is changed.
func Open(ctx context.Context, opts ...Option) (*Engine, error) {
	o := options{mem: vec.GoMem()}
	for _, f := range opts {
		f(&o)
	}
	e := &Engine{mem: o.mem, log: o.log}
	var err error
	if e.log == nil {
		e.owns = true
		if o.dir != "" {
			e.log, err = local.Open(o.dir, o.local)
		} else {
			e.log, err = local.Memory(o.local)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := local.Damage(e.log); err != nil {
		e.release()
		return nil, fmt.Errorf("the directory is left as it is: %w", err)
	}
	path := meta.Memory
	if o.dir != "" {
		path = filepath.Join(o.dir, "meta.db")
	}
	if e.meta, err = meta.Open(path); err != nil {
		e.release()
		return nil, err
	}
	o.exec.Log, o.exec.Meta, o.exec.Functions = e.log, e.meta, fn.Builtins().With(o.fns...)
	if e.run, err = exec.Open(ctx, o.exec); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

func (e *Engine) release() {
	if e.meta != nil {
		e.err = errors.Join(e.err, e.meta.Close())
	}
	if e.owns {
		e.err = errors.Join(e.err, e.log.Close())
	}
}

// Close ends push queries, lets every query commit, and waits until nothing of the engine runs. Calls after
// it get ErrClosed.
func (e *Engine) Close() error {
	e.once.Do(func() {
		e.err = e.run.Close()
		e.release()
	})
	return e.err
}

// Log is the engine's log: its topics can be written and read there.
func (e *Engine) Log() store.Log { return e.log }

// Catalog is the sources, types and queries that exist now. It must not be changed.
func (e *Engine) Catalog() *plan.Catalog { return e.run.Catalog() }

// Failed is the persistent queries that an error has stopped, by id.
func (e *Engine) Failed() map[string]error { return e.run.Failed() }

// Sync returns when all running queries have seen all that was appended before the call, and what they made
// of it for each other: after it a pull query sees every INSERT before it.
func (e *Engine) Sync(ctx context.Context) error { return classify(e.run.Sync(ctx), "") }

// Internal is the engine room, for package httpapi. Its API may change at any time.
func (e *Engine) Internal() *exec.Engine { return e.run }

// Result is the answer to one statement; see package exec/stmt for its forms.
type Result = stmt.Result

// Execute runs statements in order; a SELECT goes to Query. All are checked before the first one runs. SET and
// DEFINE hold for the statements after them in the same text. args bind the text's parameters (?), in order;
// an ExecOption may stand among them. When it returns without error everything that the statements did is
// durable. The results of the statements that ran come with an error too.
func (e *Engine) Execute(ctx context.Context, text string, args ...any) ([]Result, error) {
	r, err := bind(args)
	if err != nil {
		return nil, err
	}
	list, err := parse(text, r)
	if err != nil {
		return nil, classify(err, text)
	}
	out, err := stmt.Run(ctx, e.run, r, list)
	return out, classify(err, text)
}

// ExecOption is an argument of Execute and Query that binds no parameter.
type ExecOption func(*stmt.Request)

// Property sets a property for one call, as SET would.
func Property(name, value string) ExecOption {
	return func(r *stmt.Request) {
		if r.Props == nil {
			r.Props = map[string]string{}
		}
		r.Props[name] = value
	}
}

// Variable defines a variable for one call, as DEFINE would.
func Variable(name, value string) ExecOption {
	return func(r *stmt.Request) {
		if r.Vars == nil {
			r.Vars = map[string]string{}
		}
		r.Vars[name] = value
	}
}

func parse(text string, r *stmt.Request) ([]sql.Parsed, error) {
	if len(r.Params) > 0 {
		return sql.ParseParams(text, r.Vars)
	}
	return sql.Parse(text, r.Vars)
}

// Query runs one SELECT: a push query (EMIT), whose rows come as they happen until the rows are closed, ctx
// ends or LIMIT is reached, or a pull query, which gives what is there now. args are as for Execute.
func (e *Engine) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	s, err := e.prepare(text, len(args) > 0)
	if err != nil {
		return nil, err
	}
	return s.Query(ctx, args...)
}

// Stmt is a statement that was parsed once and, where its catalog has not changed since, is planned once.
type Stmt struct {
	e    *Engine
	text string
	sel  *sql.Select
	list []sql.Parsed
	mu   sync.Mutex
	pull *exec.Pull // planned for cat and types
	cat  *plan.Catalog
	sig  string
}

// Prepare parses one statement, with ? for parameters, to run it often.
func (e *Engine) Prepare(_ context.Context, text string) (*Stmt, error) { return e.prepare(text, true) }

func (e *Engine) prepare(text string, params bool) (*Stmt, error) {
	var list []sql.Parsed
	var err error
	if params {
		list, err = sql.ParseParams(text, nil)
	} else {
		list, err = sql.Parse(text, nil)
	}
	if err != nil {
		return nil, classify(err, text)
	}
	if len(list) != 1 {
		return nil, classify(fmt.Errorf("expected one statement, got %d", len(list)), text)
	}
	s := &Stmt{e: e, text: text, list: list}
	s.sel, _ = list[0].Statement.(*sql.Select)
	return s, nil
}

// Exec runs a prepared statement that is no SELECT.
func (s *Stmt) Exec(ctx context.Context, args ...any) ([]Result, error) {
	r, err := bind(args)
	if err != nil {
		return nil, err
	}
	out, err := stmt.Run(ctx, s.e.run, r, s.list)
	return out, classify(err, s.text)
}

// Query runs a prepared SELECT.
func (s *Stmt) Query(ctx context.Context, args ...any) (*Rows, error) {
	if s.sel == nil {
		return nil, classify(errors.New("only a SELECT gives rows; use Execute for other statements"), s.text)
	}
	r, err := bind(args)
	if err != nil {
		return nil, err
	}
	rows, err := s.run(ctx, r)
	if err != nil {
		return nil, classify(err, s.text)
	}
	return &Rows{rows: rows, ctx: ctx, mem: s.e.mem}, nil
}

func (s *Stmt) run(ctx context.Context, r *stmt.Request) (*exec.Rows, error) {
	cat := s.e.run.Catalog()
	sig := signature(r)
	s.mu.Lock()
	pull := s.pull
	if s.cat != cat || s.sig != sig {
		pull = nil
	}
	s.mu.Unlock()
	if pull != nil {
		return pull.Run(ctx, r.Params)
	}
	rows, pull, err := s.e.run.Select(ctx, s.sel, s.list[0].Text, exec.Request{Props: r.Props, ParamTypes: r.ParamTypes, Params: r.Params})
	if err == nil && pull != nil {
		s.mu.Lock()
		s.pull, s.cat, s.sig = pull, cat, sig
		s.mu.Unlock()
	}
	return rows, err
}

// Rows is the answer to a query. One goroutine may use it; Close may be called from any.
type Rows struct {
	rows *exec.Rows
	ctx  context.Context
	mem  vec.Mem
	page *exec.Page
	at   int
	err  error
}

// Schema is the columns of the rows; Role marks the key columns of a pull query.
func (r *Rows) Schema() sql.Schema { return r.rows.Schema }

// QueryID is the id of the query that gives the rows.
func (r *Rows) QueryID() string { return r.rows.ID }

// Next moves to the next row, waiting for it if need be. It is false at the end, or with an error in Err.
func (r *Rows) Next() bool {
	if r.page != nil && r.at+1 < r.page.N {
		r.at++
		return true
	}
	if r.err != nil {
		return false
	}
	r.page, r.err = r.rows.Next(r.ctx)
	r.at = 0
	return r.page != nil
}

// Ready reports whether Next would not wait.
func (r *Rows) Ready() bool { return r.page != nil && r.at+1 < r.page.N || r.rows.More() }

// Row is the current row: bool, int32, int64, float64, string, []byte, vec.Decimal, vec.Date, vec.Time,
// vec.Timestamp, []any, *vec.MapValue, vec.StructValue, or nil for null.
func (r *Rows) Row() []any {
	out := make([]any, len(r.page.Cols))
	for i, c := range r.page.Cols {
		out[i] = c.Get(r.at)
	}
	return out
}

// Tombstone reports whether the current row of a push query on a table says that its key is gone: then only
// its key columns are filled.
func (r *Rows) Tombstone() bool { return r.page.Tomb(r.at) }

// Err is what ended the rows early; nil at their ordinary end. It is ctx's error when that ended.
func (r *Rows) Err() error { return classify(r.err, "") }

// Limited reports whether the rows ended because LIMIT was reached.
func (r *Rows) Limited() bool { return r.rows.Ended() == exec.Limited }

// Close ends the query and waits until nothing works for it.
func (r *Rows) Close() error { return r.rows.Close() }

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

// Batches is the rows as Arrow records, as many at a time as are there. The caller releases each record. An
// error comes last, with a nil record.
func (r *Rows) Batches() iter.Seq2[vec.Record, error] {
	return func(yield func(vec.Record, error) bool) {
		names := make([]string, len(r.rows.Schema))
		for i, c := range r.rows.Schema {
			names[i] = c.Name
		}
		for {
			page, err := r.rows.Next(r.ctx)
			if err != nil {
				r.err = err
				yield(nil, classify(err, ""))
				return
			}
			if page == nil || !yield(vec.NewRecord(r.mem, names, page.Cols, page.N), nil) {
				return
			}
		}
	}
}

// Scan copies the current row into dst, one pointer a column, or into the fields of one pointer to a struct
// (by name without case, or by the tag ksql:"name"). A null leaves nil in a pointer and the zero value
// elsewhere. Numbers fit if their value does; DECIMAL also into float64 and string, TIMESTAMP and DATE into
// time.Time.
func (r *Rows) Scan(dst ...any) error {
	if r.page == nil {
		return errors.New("Scan without a row: call Next first")
	}
	values, schema := r.Row(), r.rows.Schema
	if len(dst) == 1 && !vec.OneValue(dst[0]) {
		names, types := make([]string, len(schema)), make([]sql.Type, len(schema))
		for i, c := range schema {
			names[i], types[i] = c.Name, c.Type
		}
		return vec.AssignStruct(dst[0], names, types, values)
	}
	if len(dst) != len(values) {
		return fmt.Errorf("Scan of %d columns into %d variables", len(values), len(dst))
	}
	for i, d := range dst {
		if err := vec.Assign(d, values[i], schema[i].Type); err != nil {
			return fmt.Errorf("column %s: %w", schema[i].Name, err)
		}
	}
	return nil
}

// bind takes the options and parameters out of args.
func bind(args []any) (*stmt.Request, error) {
	r := &stmt.Request{}
	for _, a := range args {
		if opt, ok := a.(ExecOption); ok {
			opt(r)
			continue
		}
		t, v, err := vec.Bind(a)
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", len(r.Params)+1, err)
		}
		r.ParamTypes, r.Params = append(r.ParamTypes, t), append(r.Params, v)
	}
	return r, nil
}

// signature is what a plan depends on besides the catalog.
func signature(r *stmt.Request) string {
	if len(r.Props) == 0 && len(r.ParamTypes) == 1 && r.ParamTypes[0].Kind != sql.Decimal && r.ParamTypes[0].Elem == nil {
		return r.ParamTypes[0].Kind.String()
	}
	return fmt.Sprint(r.Props, r.ParamTypes)
}

// ErrClosed is what calls on a closed engine get.
var ErrClosed = exec.ErrClosed

// Kind is the family of an error, as ksqlDB's clients know it.
type Kind uint8

// The kinds of errors.
const (
	InternalError  Kind = iota
	ParseError          // the text breaks the grammar (ParseFailedException)
	StatementError      // the statement cannot be carried out (KsqlStatementException)
	RuntimeError        // rows could not be processed (StreamsException)
	ClosedError         // the engine is closed
)

// Error is what Execute and Query give. Its text is ksqlDB's message in full, with the statement.
type Error struct {
	Kind      Kind
	Statement string // that failed, or all of the text where it is not known
	Err       error  // *sql.Error, *plan.Error, or another
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
	var parse *sql.Error
	var statement *plan.Error
	e := &Error{Statement: text, Err: err}
	switch {
	case errors.As(err, &parse):
		e.Kind = ParseError
		if parse.Statement != "" {
			e.Statement = parse.Statement
		}
	case errors.As(err, &statement):
		e.Kind = StatementError
		if statement.Text != "" {
			e.Statement = statement.Text
		}
	case errors.Is(err, exec.ErrClosed) || errors.Is(err, store.ErrClosed):
		e.Kind = ClosedError
		e.Err = fmt.Errorf("%w", exec.ErrClosed)
	}
	return e
}

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
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
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
// it open: Open gives store.ErrLocked to others. Without it, and with an empty dir, the engine lives in memory.
func WithDir(dir string) Option { return func(o *options) { o.dir = dir } }

// WithLog runs the engine over a log of the caller's, who closes it after the engine; see package store/local. The
// log's clock is the caller's, too.
func WithLog(l store.Log) Option { return func(o *options) { o.log = l } }

// WithClock sets the engine's clock, of which it takes the milliseconds: of INSERT without ROWTIME, UNIX_TIMESTAMP()
// and retention. Any goroutine may call now.
func WithClock(now func() time.Time) Option {
	return func(o *options) {
		o.exec.Now = func() int64 { return now().UnixMilli() }
		o.local.Clock = now
	}
}

// WithRand makes RANDOM(), UUID() and the ids of transient queries repeatable.
func WithRand(seed uint64) Option { return func(o *options) { o.exec.Rand = exec.Seeded(seed) } }

// WithProperties sets properties of the server, such as "auto.offset.reset" or "ksql.service.id"; SHOW PROPERTIES
// lists them. SET and Property override most of them for one call.
func WithProperties(p map[string]string) Option { return func(o *options) { o.exec.Properties = p } }

// WithFunctions adds functions to the built-in ones, or replaces those of the same name. Names are in upper case.
// fn.Fn1, fn.Fn2 and their like make a function of SQL of one of Go. A function may be called from any goroutine; one
// that panics gives null, or if it is an aggregate ends its query.
func WithFunctions(f ...fn.Func) Option { return func(o *options) { o.fns = append(o.fns, f...) } }

// WithMaxPartitions caps the partitions of the topics that the engine makes; the catalog keeps the number that
// was declared. With 1 no query needs a repartition topic.
func WithMaxPartitions(n int) Option { return func(o *options) { o.exec.MaxPartitions = n } }

// WithBatch sets how many rows a task takes at once; 0 is the default, 4096.
func WithBatch(rows int) Option { return func(o *options) { o.exec.Batch = rows } }

// WithCommit sets after how many rows, or how much time, a busy task commits; 0 is the default, 32768 rows and
// 10 ms. An idle task commits at once.
func WithCommit(rows int, every time.Duration) Option {
	return func(o *options) { o.exec.CommitRows, o.exec.CommitEvery = rows, every }
}

// WithMemoryLimit bounds in bytes what tables (half of it), expressions and unread answers (a quarter each) hold; 0: no
// limit. A query whose tables grow over it stops, an answer ends with an error. A column of an expression may take a
// sixteenth.
func WithMemoryLimit(bytes int64) Option { return func(o *options) { o.exec.Memory = bytes } }

// WithPage sets how many bytes of a pull query's answer are made before its reader asks for more; 0 is the default, 1 MiB.
func WithPage(bytes int64) Option { return func(o *options) { o.exec.Page = bytes } }

// WithInternal sets options of the engine room, for package bed. They may change at any time.
func WithInternal(set func(*exec.Options)) Option { return func(o *options) { set(&o.exec) } }

// WithAllocator sets where the Arrow records of Rows.Batches live; by default, on the Go heap.
func WithAllocator(m vec.Mem) Option { return func(o *options) { o.mem = m } }

// WithHooks has hooks told of what their interfaces name (see Hook). Open refuses one that implements none.
func WithHooks(h ...Hook) Option {
	return func(o *options) { o.exec.Hooks = append(o.exec.Hooks, h...) }
}

// WithLogger logs queries' states (Info), failed checkpoints (Warn), faults and recovered panics (Error), but never
// what is in a row or a statement. Nil, and without it, nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.exec.Logger = l } }

// Open starts an engine. With a directory it reads back what is there and goes on where it stopped. ctx
// bounds the opening only. The engine must be closed. A directory that was damaged below what had reached the disk
// is refused with store.ErrCorrupt, the file and the place; nothing that is in it is changed.
func Open(ctx context.Context, opts ...Option) (*Engine, error) {
	o := options{mem: vec.GoMem()}
	for _, f := range opts {
		f(&o)
	}
	if o.exec.Memory < 0 {
		return nil, fmt.Errorf("a memory limit of %d bytes: it must be positive, or 0 for none", o.exec.Memory)
	}
	e := &Engine{mem: o.mem, log: o.log}
	var err error
	if e.log == nil {
		e.owns = true
		if o.dir != "" {
			o.local.Context = ctx
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

// Log is the engine's log: its topics can be written and read there, record by record, in the formats that the
// sources over them declare. The engine closes it, unless it came by WithLog.
func (e *Engine) Log() store.Log { return e.log }

// Catalog is the sources, types and queries that exist now. It must not be changed.
func (e *Engine) Catalog() *plan.Catalog { return e.run.Catalog() }

// Failed is the persistent queries that an error has stopped, by id, with that error. They go on from their last
// commit when the engine is opened again and the cause is gone; TERMINATE, DROP and CREATE OR REPLACE end them.
func (e *Engine) Failed() map[string]error {
	out := e.run.Failed()
	for id, err := range out {
		text := ""
		if q, ok := e.run.Query(id); ok {
			text = q.Plan().Text
		}
		out[id] = classify(err, text)
	}
	return out
}

// Health is how the engine is: what of it fails, since when and why. It costs a look at each query.
func (e *Engine) Health() Health { return e.run.Health() }

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
func (e *Engine) Sync(ctx context.Context) error { return classify(e.run.Sync(ctx), "") }

// Internal is the engine room, for package httpapi. Its API may change at any time.
func (e *Engine) Internal() *exec.Engine { return e.run }

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
	r, err := e.bind(args)
	if err != nil {
		return nil, classify(err, text)
	}
	list, err := sql.ParseParams(text, r.Vars)
	if err == nil {
		err = counted(list, r)
	}
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
	return func(r *stmt.Request) { put(&r.Props, name, value) }
}

// Variable defines a variable for one call, as DEFINE would. A prepared statement takes its variables in Prepare.
func Variable(name, value string) ExecOption {
	return func(r *stmt.Request) { put(&r.Vars, name, value) }
}

func put(in *map[string]string, name, value string) {
	if *in == nil {
		*in = map[string]string{}
	}
	(*in)[name] = value
}

// counted refuses more arguments than parameters. Fewer are refused where the one that is missing stands.
func counted(list []sql.Parsed, r *stmt.Request) error {
	n := 0
	if len(list) > 0 {
		n = list[len(list)-1].Params
	}
	if len(r.Params) > n {
		return &plan.Error{Msg: fmt.Sprintf("%d arguments for %d parameters", len(r.Params), n)}
	}
	return nil
}

// Query runs one SELECT: a push query (EMIT), whose rows come as they happen until the rows are closed, ctx ends or
// LIMIT is reached, or a pull query, which gives what is there now; of a table each MiB of rows as it is asked for, no
// key twice. PRINT gives the records of a topic as they come, lines of text. args are as for Execute. Close the rows.
func (e *Engine) Query(ctx context.Context, text string, args ...any) (*Rows, error) {
	r, err := e.bind(args)
	if err != nil {
		return nil, classify(err, text)
	}
	s, err := e.prepare(text, r.Vars)
	if err != nil {
		return nil, err
	}
	return s.query(ctx, r)
}

// Stmt is a statement that was parsed once and, where its catalog has not changed since, is planned once. Any
// number of goroutines may use it; it need not be closed.
type Stmt struct {
	e    *Engine
	text string
	vars map[string]string
	list []sql.Parsed
	mu   sync.Mutex
	pull *exec.Pull // planned for cat and types
	cat  *plan.Catalog
	sig  string
}

// Prepare parses one statement, with ? for parameters, to run it often. Whether it can be carried out shows when
// it runs. opts are its variables.
func (e *Engine) Prepare(ctx context.Context, text string, opts ...ExecOption) (*Stmt, error) {
	r := &stmt.Request{}
	for _, o := range opts {
		o(r)
	}
	err := ctx.Err()
	switch {
	case len(r.Props) > 0:
		err = &plan.Error{Msg: "properties are for Exec and Query of the prepared statement"}
	case err == nil:
		err = e.run.Alive()
	}
	if err != nil {
		return nil, classify(err, text)
	}
	return e.prepare(text, r.Vars)
}

func (e *Engine) prepare(text string, vars map[string]string) (*Stmt, error) {
	list, err := sql.ParseParams(text, vars)
	if err == nil && len(list) != 1 {
		err = &plan.Error{Msg: fmt.Sprintf("expected one statement, got %d", len(list))}
	}
	if err != nil {
		return nil, classify(err, text)
	}
	return &Stmt{e: e, text: text, vars: vars, list: list}, nil
}

// bind takes the arguments of one run.
func (s *Stmt) bind(args []any) (*stmt.Request, error) {
	r, err := s.e.bind(args)
	if err == nil && len(r.Vars) > 0 {
		err = &plan.Error{Msg: "variables of a prepared statement are for Prepare"}
	}
	if err != nil {
		return nil, classify(err, s.text)
	}
	return r, nil
}

// Exec runs a prepared statement that is neither SELECT nor PRINT. args are as for Execute.
func (s *Stmt) Exec(ctx context.Context, args ...any) ([]Result, error) {
	r, err := s.bind(args)
	if err != nil {
		return nil, err
	}
	if err := counted(s.list, r); err != nil {
		return nil, classify(err, s.text)
	}
	r.Vars = s.vars
	out, err := stmt.Run(ctx, s.e.run, r, s.list)
	return out, classify(err, s.text)
}

// Query runs a prepared SELECT or PRINT. args are as for Execute, the rows as of Engine.Query.
func (s *Stmt) Query(ctx context.Context, args ...any) (*Rows, error) {
	r, err := s.bind(args)
	if err != nil {
		return nil, err
	}
	return s.query(ctx, r)
}

func (s *Stmt) query(ctx context.Context, r *stmt.Request) (*Rows, error) {
	if err := counted(s.list, r); err != nil {
		return nil, classify(err, s.text)
	}
	rows, err := s.run(ctx, r)
	if err != nil {
		return nil, classify(err, s.text)
	}
	return &Rows{rows: rows, ctx: ctx, mem: s.e.mem, text: s.text}, nil
}

func (s *Stmt) run(ctx context.Context, r *stmt.Request) (*exec.Rows, error) {
	show, _ := s.list[0].Statement.(*sql.Print)
	sel, ok := s.list[0].Statement.(*sql.Select)
	switch {
	case show != nil:
		return s.e.run.Print(ctx, show, s.list[0].Text, false, r.Props)
	case !ok:
		return nil, &plan.Error{Msg: "only SELECT and PRINT give rows: use Execute for other statements"}
	}
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
	rows, pull, err := s.e.run.Select(ctx, sel, s.list[0].Text, exec.Request{Props: r.Props, ParamTypes: r.ParamTypes, Params: r.Params})
	if err == nil && pull != nil {
		s.mu.Lock()
		s.pull, s.cat, s.sig = pull, cat, sig
		s.mu.Unlock()
	}
	return rows, err
}

// Rows is the answer to a query. One goroutine at a time may use it; Close may be called from any.
type Rows struct {
	rows   *exec.Rows
	ctx    context.Context // of the query
	mem    vec.Mem
	text   string
	page   *exec.Page // nil: there is no current row
	at     int        // the current row in page
	err    error
	closed atomic.Bool
}

// Schema is the columns of the rows, each of which may be null in any row. Names are in upper case unless they
// were quoted. In a pull query on a table KeyRole marks the key columns and window bounds; other queries do not
// mark theirs.
func (r *Rows) Schema() sql.Schema { return r.rows.Schema }

// QueryID is the id of the query that gives the rows.
func (r *Rows) QueryID() string { return r.rows.ID }

// Next moves to the next row, waiting for it if need be. It is false at the end, or with an error in Err.
func (r *Rows) Next() bool {
	if r.page != nil && r.at+1 < r.page.N && !r.closed.Load() {
		r.at++
		return true
	}
	r.page, r.at = r.next(), 0
	return r.page != nil
}

// next is the next page; nil at the end, or with err set.
func (r *Rows) next() (p *exec.Page) {
	if r.err == nil && !r.closed.Load() {
		p, r.err = r.rows.Next(r.ctx)
	}
	return p
}

// Ready reports whether there is a row that Next gives without waiting.
func (r *Rows) Ready() bool { return r.page != nil && r.at+1 < r.page.N || r.rows.More() }

// Row is the current row, a copy; nil if there is none. Its values are, by SQL type:
//
//	BOOLEAN bool, INTEGER int32, BIGINT int64, DOUBLE float64, DECIMAL vec.Decimal, STRING string, BYTES []byte,
//	DATE vec.Date (days), TIME vec.Time (ms of day), TIMESTAMP vec.Timestamp (ms since epoch),
//	ARRAY []any, MAP *vec.MapValue, STRUCT vec.StructValue; nil is null
func (r *Rows) Row() []any {
	if r.page == nil {
		return nil
	}
	out := make([]any, len(r.page.Cols))
	for i, c := range r.page.Cols {
		out[i] = c.Get(r.at)
	}
	return out
}

// Tombstone reports whether the current row of a push query on a table says that its key is gone: then only
// its key columns are filled.
func (r *Rows) Tombstone() bool { return r.page != nil && r.page.Tomb(r.at) }

// Err is what ended the rows early; nil at their ordinary end, and when they, or the engine, were closed. It is the
// error of the query's ctx when that ended.
func (r *Rows) Err() error { return classify(r.err, r.text) }

// Limited reports whether the rows ended because LIMIT was reached.
func (r *Rows) Limited() bool { return r.rows.Ended() == exec.Limited }

// Close ends the query and waits until nothing works for it. After it, and in a Next that waits, there are no more
// rows.
func (r *Rows) Close() error {
	r.closed.Store(true)
	return r.rows.Close()
}

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
		page, from := r.page, r.at+1
		r.page = nil
		if page == nil || from >= page.N {
			page, from = r.next(), 0
		}
		for page != nil {
			if !yield(r.record(page, from), nil) {
				return
			}
			page, from = r.next(), 0
		}
		if err := r.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// record is the rows of a page from one on.
func (r *Rows) record(p *exec.Page, from int) vec.Record {
	names := make([]string, len(r.rows.Schema))
	for i, c := range r.rows.Schema {
		names[i] = c.Name
	}
	all := vec.NewRecord(r.mem, names, p.Cols, p.N)
	if from == 0 {
		return all
	}
	defer all.Release()
	return all.NewSlice(int64(from), int64(p.N))
}

// Scan copies the current row into dst, one pointer a column, or into the fields of one pointer to a struct: by
// the tag ksql:"name", without case, or by the field's name, without case and underscores. Every column needs a
// field. A null leaves nil in a pointer, slice, map or any, and the zero value elsewhere. What Row gives fits a
// variable of its type or an any; besides, numbers fit if their value does, DECIMAL also float64 and string,
// TIMESTAMP and DATE time.Time (UTC), TIME time.Duration, ARRAY a slice, MAP a map, and STRUCT a struct.
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
func (e *Engine) bind(args []any) (*stmt.Request, error) {
	if err := e.run.Alive(); err != nil {
		return nil, err
	}
	r := &stmt.Request{}
	for _, a := range args {
		if opt, ok := a.(ExecOption); ok {
			opt(r)
			continue
		}
		t, v, err := vec.Bind(a)
		if err != nil {
			return nil, &plan.Error{Msg: fmt.Sprintf("parameter %d: %v", len(r.Params)+1, err)}
		}
		r.ParamTypes, r.Params = append(r.ParamTypes, t), append(r.Params, v)
	}
	for name, value := range r.Props {
		if err := stmt.CheckOverride(e.run, name, value); err != nil {
			return nil, &plan.Error{Msg: err.Error()}
		}
	}
	return r, nil
}

// signature is what a plan depends on besides the catalog.
func signature(r *stmt.Request) string {
	if len(r.Props) == 0 && len(r.ParamTypes) == 1 {
		switch k := r.ParamTypes[0].Kind; k {
		case sql.Integer, sql.Bigint, sql.String:
			return k.String()
		}
	}
	return fmt.Sprint(r.Props, r.ParamTypes)
}

// ErrClosed is what calls on a closed engine get.
var ErrClosed = exec.ErrClosed

// Kind is the family of an error, as ksqlDB's clients know it.
type Kind uint8

// String is the kind in one word.
func (k Kind) String() string {
	return [...]string{"internal", "parse", "statement", "runtime", "closed"}[k]
}

// The kinds of errors.
const (
	InternalError  Kind = iota // the engine, or what it stands on, is to blame
	ParseError                 // the text breaks the grammar (ParseFailedException): Err holds a *sql.Error with the place
	StatementError             // the statement cannot be carried out (KsqlStatementException): Err holds a *plan.Error
	RuntimeError               // rows could not be processed (StreamsException)
	ClosedError                // the engine is closed: Err is ErrClosed
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
	var parse *sql.Error
	var statement *plan.Error
	var query *stmt.QueryError
	var fault *exec.Fault
	e := &Error{Statement: text, Err: err}
	switch {
	case errors.Is(err, exec.ErrClosed) || errors.Is(err, store.ErrClosed):
		e.Kind, e.Err = ClosedError, exec.ErrClosed
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
	case errors.As(err, &query):
		e.Kind, e.Statement = StatementError, query.Text
	case errors.As(err, &fault):
		e.Kind = RuntimeError
	}
	return e
}

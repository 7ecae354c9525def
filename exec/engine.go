package exec

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/property"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/meta"
)

// ErrClosed is what calls on a closed engine get.
var ErrClosed = errors.New("the engine is closed")

// Options are what an Engine is made of. Log, Functions and Meta must be set.
type Options struct {
	Log           store.Log
	Functions     *fn.Set
	Meta          *meta.DB          // the view of the statuses
	Properties    map[string]string // of the server
	Now           func() int64      // ms since epoch; nil: the clock
	Rand          func() uint64     // nil: the runtime's
	MaxPartitions int               // of topics that the engine makes; 0: as declared
	Batch         int               // rows a task takes at once; 0: 4096
	CommitRows    int               // rows between commits; 0: 32768
	Memory        int64             // bytes for tables, expressions and answers; 0: no limit
	Page          int64             // bytes of a page of a pull query's answer; 0: 1 MiB
	CommitEvery   time.Duration     // time between commits of a busy task; 0: 10 ms
	Hooks         []Hook            // told of what the engine does
	Logger        *slog.Logger      // nil: nothing is logged

	Unions func(name string) []string // for tests: see plan.Env
}

// Engine is the queries at work and the catalog they come from.
type Engine struct {
	opt  Options
	log  store.Log
	ctx  context.Context // of everything that runs; ends with Close
	base context.Context // of commits: they are finished, not cancelled
	end  context.CancelFunc

	hidden, readOnly *regexp.Regexp // names of topics

	id       string // of this opening, among the engines of the log
	catalog  atomic.Pointer[plan.Catalog]
	stmt     gate // one statement that changes something at a time; Close keeps it
	apply    applier
	owed     deeds // of earlier statements, that failed; with the gate
	paid     int64 // offset below which owed holds all that is left to do; with the gate
	statuses statuses
	phase    atomic.Int32 // a Phase
	closing  fn.Stop      // of pull queries, which run too short to follow a context each

	following context.Context // of the applier
	applying  sync.WaitGroup
	unfollow  context.CancelFunc

	memory  *memory
	ranking gate // held by who puts a table in order for a scan

	mu      sync.Mutex
	queries map[string]*Query
	closed  bool
	pushes  map[string]*Rows

	waiters atomic.Int32
	motion  chan struct{} // closed and made anew when a task has committed and somebody waits
	motionM sync.Mutex

	teller    *teller
	deaf      func() // ends what the log tells the teller
	statusesC condition
	deedsC    condition
	commandsC condition
	problemsC condition
}

// Open makes an engine over a log, reads its command topic back and starts the queries of the last catalog.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Now == nil {
		o.Now = func() int64 { return time.Now().UnixMilli() }
	}
	if o.Batch <= 0 {
		o.Batch = 4096
	}
	if o.CommitRows <= 0 {
		o.CommitRows = 32768
	}
	if o.CommitEvery <= 0 {
		o.CommitEvery = 10 * time.Millisecond
	}
	if o.Rand == nil {
		o.Rand = random
	}
	o.Properties = maps.Clone(o.Properties)
	e := &Engine{opt: o, log: o.Log, base: context.Background(), queries: map[string]*Query{}, pushes: map[string]*Rows{}, motion: make(chan struct{}), stmt: newGate(), ranking: newGate(), statuses: statuses{o.Meta}}
	var err error
	if e.teller, err = newTeller(o.Hooks, o.Logger); err != nil {
		return nil, err
	}
	if e.hidden, err = e.matcher("ksql.hidden.topics"); err != nil {
		return nil, err
	}
	if e.readOnly, err = e.matcher("ksql.readonly.topics"); err != nil {
		return nil, err
	}
	e.deaf = func() {}
	if r, ok := o.Log.(store.Reporter); ok && !e.teller.deaf() {
		e.deaf = r.Observe(e.teller.heard)
	}
	e.id = e.uuid()
	e.memory = newMemory(o.Memory, o.Page)
	e.ctx, e.end = context.WithCancel(context.Background())
	e.following, e.unfollow = context.WithCancel(context.Background())
	if err := e.replay(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Log is the engine's log.
func (e *Engine) Log() store.Log { return e.log }

// Catalog is what exists now.
func (e *Engine) Catalog() *plan.Catalog { return e.catalog.Load() }

// Functions is what SQL can call.
func (e *Engine) Functions() *fn.Set { return e.opt.Functions }

// Property is a property of the server, or its default.
func (e *Engine) Property(name string) string {
	if v, ok := e.opt.Properties[name]; ok {
		return v
	}
	return property.Value(nil, name)
}

// Properties is a copy of the server's properties.
func (e *Engine) Properties() map[string]string { return maps.Clone(e.opt.Properties) }

// Now is the engine's clock, ms since epoch.
func (e *Engine) Now() int64 { return e.opt.Now() }

// Query is a running persistent query.
func (e *Engine) Query(id string) (*Query, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	q, ok := e.queries[id]
	return q, ok
}

// Queries is the running persistent queries by id.
func (e *Engine) Queries() []*Query {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]*Query, 0, len(e.queries))
	for _, q := range e.queries {
		out = append(out, q)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].plan.ID < out[j].plan.ID })
	return out
}

// Failed is the persistent queries that an error has stopped, by id, with that error: a *Fault where rows were to
// blame.
func (e *Engine) Failed() map[string]error {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := map[string]error{}
	for id, q := range e.queries {
		if err := q.Err(); err != nil {
			out[id] = err
		}
	}
	return out
}

// Env is what planning asks, with these session properties over the server's. topic may be nil: every topic
// exists.
func (e *Engine) Env(ctx context.Context, props map[string]string, topic func(string) (int, bool)) *plan.Env {
	env := e.exprs(props)
	return &plan.Env{Functions: e.opt.Functions, Props: env.Config, Topic: topic, ReadOnly: e.ReadOnly, Unions: e.opt.Unions, NextQuery: int(e.apply.reached()), Ended: func() error { return e.unwanted(ctx) }, Const: func(x plan.Expr) (any, error) { return e.value(ctx, x, nil, env) }}
}

// unwanted is why work for ctx is to be given up; nil: it is not.
func (e *Engine) unwanted(ctx context.Context) error {
	if err := ctx.Err(); err != nil || e.ctx.Err() == nil {
		return err
	}
	return ErrClosed
}

// value is the value of an expression without columns.
func (e *Engine) value(ctx context.Context, x plan.Expr, params []any, env *expr.Env) (any, error) {
	defer env.Stop.Follow(ctx, e.ctx)()
	defer env.Budget.Release()
	v, err := expr.Value(x, params, env)
	if err == fn.ErrCancelled {
		if err = ctx.Err(); err == nil {
			err = ErrClosed
		}
	}
	return v, err
}

func (e *Engine) merged(props map[string]string) map[string]string {
	all := maps.Clone(e.opt.Properties)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, props)
	return all
}

// context is what the operators of a query's task see.
func (e *Engine) context(p *plan.Query, partition int32, report func(op.Problem)) *op.Context {
	return &op.Context{Partition: partition, Report: report, Env: e.exprs(p.Props)}
}

// exprs is what expressions can see, under these session properties.
func (e *Engine) exprs(props map[string]string) *expr.Env {
	return &expr.Env{Now: e.opt.Now, Rand: e.opt.Rand, Config: e.merged(props), Stop: new(fn.Stop), Budget: e.budget()}
}

// budget is what the expressions of a query may hold.
func (e *Engine) budget() *vec.Budget { return e.memory.budget() }

// moved wakes those who wait for tasks.
func (e *Engine) moved() {
	if e.waiters.Load() == 0 {
		return
	}
	e.motionM.Lock()
	close(e.motion)
	e.motion = make(chan struct{})
	e.motionM.Unlock()
}

// Sync returns when all persistent queries have seen all that was appended before the call, and what other
// queries made of it. Failed queries are not waited for; of paused ones it waits for what was at work when they were
// told.
func (e *Engine) Sync(ctx context.Context) error {
	if err := e.alive(); err != nil {
		return err
	}
	e.waiters.Add(1)
	defer e.waiters.Add(-1)
	for {
		before, err := e.ends(ctx)
		if err != nil {
			return err
		}
		if err := e.await(ctx, before); err != nil {
			return err
		}
		after, err := e.ends(ctx)
		if err != nil {
			return err
		}
		if maps.Equal(before, after) {
			return nil
		}
	}
}

// ends is the ends of all inputs. A topic that is gone was deleted with its query, or its query is about to fail:
// then the inputs are others now.
func (e *Engine) ends(ctx context.Context) (map[store.TP]int64, error) {
	for {
		ends, err := e.log.Ends(ctx, e.inputs())
		if !errors.Is(err, store.ErrNoTopic) {
			return ends, err
		}
		runtime.Gosched()
	}
}

// inputs is the partitions that running tasks read.
func (e *Engine) inputs() []store.TP {
	var out []store.TP
	seen := map[store.TP]bool{}
	for _, q := range e.Queries() {
		if q.Err() != nil || q.paused.Load() {
			continue
		}
		for _, t := range q.tasks() {
			for _, tp := range t.in {
				if !seen[tp] {
					seen[tp] = true
					out = append(out, tp)
				}
			}
		}
	}
	return out
}

func (e *Engine) await(ctx context.Context, ends map[store.TP]int64) error {
	for {
		e.motionM.Lock()
		motion := e.motion
		e.motionM.Unlock()
		if e.reached(ends) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.ctx.Done():
			return ErrClosed
		case <-motion:
		}
	}
}

func (e *Engine) reached(ends map[store.TP]int64) bool {
	for _, q := range e.Queries() {
		if q.Err() != nil {
			continue
		}
		paused := q.paused.Load()
		if !paused && !q.known() {
			return false
		}
		for _, t := range q.tasks() {
			if paused && !t.rests.Load() || !paused && !t.reached(ends) {
				return false
			}
		}
	}
	return true
}

// Close ends push queries, lets every task commit, and waits for all of them. It does not close the log.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	pushes := slices.Collect(maps.Values(e.pushes))
	e.mu.Unlock()
	e.end()
	e.closing.Set()
	var ending sync.WaitGroup
	for _, r := range pushes {
		ending.Go(r.halt)
	}
	e.stmt.lock() // a statement at work may still start a query
	e.unfollow()
	e.applying.Wait()
	var err error
	if e.apply.in != nil {
		err = e.apply.in.Close()
	}
	stopped := stopAll(e.Queries())
	ending.Wait()
	e.deaf()
	e.teller.close()
	return errors.Join(err, stopped)
}

func (e *Engine) alive() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
	}
	if e.Phase() == Terminated {
		return ErrTerminated
	}
	return nil
}

// nextID is the name of a transient query.
func (e *Engine) nextID(prefix string) string {
	return fmt.Sprintf("%s_%d", prefix, e.opt.Rand()>>1)
}

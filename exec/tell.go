package exec

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/store"
)

// teller tells hooks and the logger what the engine does. Hooks are sorted by what they implement once, so that
// what nobody asks for costs the look at an empty slice.
type teller struct {
	log    *slog.Logger // never nil
	silent bool         // nobody set a logger

	commit     []HookCommit
	checkpoint []HookCheckpoint
	retire     []HookRetire
	fault      []HookFault
	state      []HookQueryState
	bad        []HookBadRow
	late       []HookLateRow

	mu    sync.Mutex
	queue []any // what run tells: FaultInfo, RetireInfo, QueryStateInfo, recovered
	lost  int   // of it, because hooks were too slow
	busy  bool  // run runs
	shut  bool
	done  sync.WaitGroup
}

// recovered is a part that is well again.
type recovered Part

func newTeller(hooks []Hook, log *slog.Logger) (*teller, error) {
	t := &teller{log: log, silent: log == nil}
	if log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	for i, h := range hooks {
		is := [...]bool{
			implement(&t.commit, h), implement(&t.checkpoint, h), implement(&t.retire, h), implement(&t.fault, h),
			implement(&t.state, h), implement(&t.bad, h), implement(&t.late, h),
		}
		if is == [len(is)]bool{} {
			return nil, fmt.Errorf("hook %d, of type %T, implements no hook interface: look at the names and arguments of its methods, and whether it must be a pointer", i+1, h)
		}
	}
	return t, nil
}

func implement[H any](list *[]H, h Hook) bool {
	x, ok := h.(H)
	if ok {
		*list = append(*list, x)
	}
	return ok
}

// tell calls f with each hook. One that panics does not keep the others from hearing.
func tell[H any](t *teller, list []H, f func(H)) {
	for _, h := range list {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.log.Error("a hook panicked", "hook", fmt.Sprintf("%T", h), "panic", harmless(r), "stack", string(debug.Stack()))
				}
			}()
			f(h)
		}()
	}
}

// harmless is what may be logged of a recovered value: what a program panics with may quote a row.
func harmless(r any) string {
	if err, ok := r.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a value of type %T", r)
}

func (t *teller) committed(i CommitInfo) {
	tell(t, t.commit, func(h HookCommit) { h.OnCommit(i) })
}

func (t *teller) checkpointed(i CheckpointInfo) {
	if i.Err != nil {
		list := []any{"query", i.Query, "stage", i.Stage, "partition", i.Partition}
		t.log.Warn("a checkpoint failed; it will be tried again", append(list, cause(i.Err)...)...)
	}
	tell(t, t.checkpoint, func(h HookCheckpoint) { h.OnCheckpoint(i) })
}

// heard is told by the log what it does besides what it is asked for. No lock is held.
func (t *teller) heard(x store.Event) {
	part, bad := partOf(x.Trouble.What), x.Trouble
	switch {
	case x.Kind == store.Retired:
		t.later(RetireInfo{File: x.File, Bytes: x.Bytes, Took: x.Took})
	case x.Kind == store.Healed:
		t.later(recovered(part))
	case part == PartRetiring:
		t.later(RetireInfo{File: bad.Of, Err: bad.Err})
	case part == PartLog: // checkpoints are told of by those who make them
		t.later(FaultInfo{Part: part, Err: fmt.Errorf("log: %s %s: %w", bad.What, bad.Of, bad.Err)})
	}
}

// mostQueued bounds what waits for slow hooks.
const mostQueued = 4096

// deaf reports whether nobody hears what later is given.
func (t *teller) deaf() bool { return t.silent && len(t.fault)+len(t.retire)+len(t.state) == 0 }

// later has x told soon. Locks may be held here.
func (t *teller) later(x any) {
	if t.deaf() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shut {
		return
	}
	if t.queue = append(t.queue, x); len(t.queue) > mostQueued {
		t.queue, t.lost = t.queue[1:], t.lost+1
	}
	if !t.busy {
		t.busy = true
		t.done.Go(t.run)
	}
}

// run tells what waits, in order, until nothing does. It is a goroutine of its own: a hook may call the engine, which
// may wait for whoever had something to tell.
func (t *teller) run() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.queue) > 0 {
		x, lost := t.queue[0], t.lost
		t.queue, t.lost = t.queue[1:], 0
		t.mu.Unlock()
		if lost > 0 {
			t.log.Error("hooks are too slow: they were not told of everything", "lost", lost)
		}
		t.say(x)
		t.mu.Lock()
	}
	t.queue, t.busy = nil, false
}

func (t *teller) say(x any) {
	switch x := x.(type) {
	case FaultInfo:
		t.logFault(x)
		tell(t, t.fault, func(h HookFault) { h.OnFault(x) })
	case RetireInfo:
		if x.Err != nil {
			t.log.Warn("retiring the log's oldest file failed", "file", x.File, "error", x.Err)
		}
		tell(t, t.retire, func(h HookRetire) { h.OnRetire(x) })
	case QueryStateInfo:
		t.log.Info("a query's state changed", "query", x.Query, "from", x.From, "to", x.To)
		tell(t, t.state, func(h HookQueryState) { h.OnQueryState(x) })
	case recovered:
		t.log.Info("what failed works again", "part", string(x))
	}
}

// logFault logs what went wrong.
func (t *teller) logFault(i FaultInfo) {
	list := []any{"part", string(i.Part)}
	if i.Query != "" {
		list = append(list, "query", i.Query, "stage", i.Stage, "partition", i.Partition)
	}
	t.log.Error("fault", append(list, cause(i.Err)...)...)
}

// cause is what may be logged of an error. Where rows are to blame its text is left out: it may quote them.
func cause(err error) []any {
	var crash *Panic
	var fault *Fault
	switch {
	case errors.As(err, &crash):
		return []any{"panic", harmless(crash.Value), "stack", string(crash.Stack)}
	case errors.As(err, &fault):
		return []any{"error", "rows could not be processed; Engine.Failed tells why"}
	}
	return []any{"error", err}
}

// close waits until all is told. Whatever comes later nobody hears.
func (t *teller) close() {
	t.mu.Lock()
	t.shut = true
	t.mu.Unlock()
	t.done.Wait()
}

// mishaps is what went wrong with the rows of one commit, counted.
type mishaps struct {
	bad   [4]int // by kind
	first [4]error
	late  int
}

// count sums problems up for the hooks; no hook, no work.
func (t *teller) count(list []op.Problem) (m mishaps) {
	if len(t.bad)+len(t.late) == 0 {
		return m
	}
	for i := range list {
		p := &list[i]
		if p.Late() {
			m.late++
			continue
		}
		if m.bad[p.Kind]++; m.first[p.Kind] == nil {
			m.first[p.Kind] = p.Err
		}
	}
	return m
}

// rows tells of the rows that went wrong in a unit.
func (t *teller) rows(query, stage string, partition int32, m *mishaps) {
	for k, n := range m.bad {
		if n > 0 {
			i := BadRowInfo{Query: query, Stage: stage, Partition: partition, Kind: op.ErrorKind(k).String(), Rows: n, Err: m.first[k]}
			tell(t, t.bad, func(h HookBadRow) { h.OnBadRow(i) })
		}
	}
	if m.late > 0 {
		i := LateRowInfo{Query: query, Stage: stage, Partition: partition, Rows: m.late}
		tell(t, t.late, func(h HookLateRow) { h.OnLateRow(i) })
	}
}

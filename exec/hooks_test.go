package exec_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// ear is a hook that hears everything, and keeps it.
type ear struct {
	mu          sync.Mutex
	commits     []ksql.CommitInfo
	checkpoints []ksql.CheckpointInfo
	retired     []ksql.RetireInfo
	faults      []ksql.FaultInfo
	states      []ksql.QueryStateInfo
	bad         []ksql.BadRowInfo
	late        []ksql.LateRowInfo
}

func heard[T any](e *ear, list *[]T, x T) {
	e.mu.Lock()
	defer e.mu.Unlock()
	*list = append(*list, x)
}

func (e *ear) OnCommit(i ksql.CommitInfo)         { heard(e, &e.commits, i) }
func (e *ear) OnCheckpoint(i ksql.CheckpointInfo) { heard(e, &e.checkpoints, i) }
func (e *ear) OnRetire(i ksql.RetireInfo)         { heard(e, &e.retired, i) }
func (e *ear) OnFault(i ksql.FaultInfo)           { heard(e, &e.faults, i) }
func (e *ear) OnQueryState(i ksql.QueryStateInfo) { heard(e, &e.states, i) }
func (e *ear) OnBadRow(i ksql.BadRowInfo)         { heard(e, &e.bad, i) }
func (e *ear) OnLateRow(i ksql.LateRowInfo)       { heard(e, &e.late, i) }

// copied is what was heard until now.
func copied[T any](e *ear, list *[]T) []T {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(*list)
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not seen: %s", what)
		}
	}
}

func opened(t *testing.T, opts ...ksql.Option) *ksql.Engine {
	t.Helper()
	e, err := ksql.Open(t.Context(), append([]ksql.Option{ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func do(t *testing.T, e *ksql.Engine, text string, args ...any) {
	t.Helper()
	if _, err := e.Execute(context.Background(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func synced(t *testing.T, e *ksql.Engine) {
	t.Helper()
	if err := e.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
}

const clicks = `CREATE STREAM clicks (k INT KEY, v INT) WITH (KAFKA_TOPIC='clicks', VALUE_FORMAT='JSON', PARTITIONS=1);`

// TestHookCommit: every row is in one commit of its query, and what it became is counted.
func TestHookCommit(t *testing.T) {
	t.Parallel()
	h := &ear{}
	e := opened(t, ksql.WithHooks(h))
	do(t, e, clicks+`CREATE STREAM big AS SELECT * FROM clicks WHERE v >= 10;`)
	for i := range 20 {
		do(t, e, `INSERT INTO clicks VALUES (?, ?);`, i, i)
	}
	synced(t, e)
	read, written := 0, 0
	for _, c := range copied(h, &h.commits) {
		if !strings.HasPrefix(c.Query, "CSAS_BIG_") || c.Stage == "" || c.Partition != 0 || c.Read == 0 || c.Took <= 0 {
			t.Errorf("commit %+v", c)
		}
		read, written = read+c.Read, written+c.Written
	}
	if read != 20 || written != 10 {
		t.Errorf("%d read, %d written", read, written)
	}
}

// TestHookQueryState: each state of a query is told of once, in order, also when it is replaced.
func TestHookQueryState(t *testing.T) {
	t.Parallel()
	h := &ear{}
	e := opened(t, ksql.WithHooks(h))
	do(t, e, clicks+`CREATE STREAM big AS SELECT * FROM clicks WHERE v >= 10;`)
	eventually(t, "the beginning", func() bool { return len(copied(h, &h.states)) == 1 })
	id := h.states[0].Query
	do(t, e, `PAUSE `+id+`; PAUSE `+id+`;`)
	do(t, e, `RESUME `+id+`; CREATE OR REPLACE STREAM big AS SELECT * FROM clicks WHERE v >= 20; TERMINATE `+id+`;`)
	eventually(t, "the end", func() bool { return len(copied(h, &h.states)) >= 6 })
	var got []string
	for _, s := range copied(h, &h.states) {
		if s.Query != id || s.Err != nil || s.At.IsZero() {
			t.Errorf("state %+v", s)
		}
		got = append(got, s.From+">"+s.To)
	}
	want := ">RUNNING RUNNING>PAUSED PAUSED>RUNNING RUNNING>TERMINATED >RUNNING RUNNING>TERMINATED"
	if strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
}

// panicking is an aggregate that panics with what it is given.
type panicking struct{ broken }

func (panicking) Fold(_ []int32, _ []int8, _ []bool, args []*vec.Vec, _ *vec.Vec) error {
	panic(fmt.Sprintf("number %d", args[0].I32[0]))
}

func secrets() fn.Func {
	return fn.Func{Name: "SECRETS", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) { return panicking{}, nil },
	}}}
}

// lines is what a logger wrote.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// sameHealth compares Engine.Health with what the health check says: overall, and which of its checks fail.
func sameHealth(t *testing.T, e *ksql.Engine, healthy bool, failing ...string) {
	t.Helper()
	w := httptest.NewRecorder()
	httpapi.New(e).ServeHTTP(w, httptest.NewRequest("GET", "/healthcheck", nil))
	var got struct {
		IsHealthy bool
		Details   map[string]struct{ IsHealthy bool }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	var bad []string
	for name, d := range got.Details {
		if !d.IsHealthy {
			bad = append(bad, name)
		}
	}
	slices.Sort(bad)
	if h := e.Health(); h.Healthy() != healthy || got.IsHealthy != healthy || !slices.Equal(bad, failing) {
		t.Errorf("want %v %v; Health %+v, health check %s", healthy, failing, h, w.Body)
	}
}

// TestHookFault: an aggregate that panics ends its query: the fault, the state, health, the health check and the log
// say so, and no log line has what the panic quoted. After the query was ended all is well again.
func TestHookFault(t *testing.T) {
	t.Parallel()
	h, lines := &ear{}, &lines{}
	e := opened(t, ksql.WithHooks(h), ksql.WithLogger(slog.New(slog.NewJSONHandler(lines, nil))), ksql.WithFunctions(secrets()))
	do(t, e, clicks+`CREATE TABLE sums AS SELECT k, SECRETS(v) AS s FROM clicks GROUP BY k;`)
	sameHealth(t, e, true)
	do(t, e, `INSERT INTO clicks VALUES (1, 13);`)
	eventually(t, "a fault", func() bool { return len(copied(h, &h.faults)) == 1 && len(copied(h, &h.states)) == 2 })
	f := h.faults[0]
	if f.Part != "queries" || !strings.HasPrefix(f.Query, "CTAS_SUMS_") || f.Stage == "" || !strings.Contains(f.Err.Error(), "number 13") {
		t.Errorf("fault %+v", f)
	}
	if s := h.states[1]; s.From != "RUNNING" || s.To != "ERROR" || !errors.Is(s.Err, f.Err) {
		t.Errorf("state %+v", s)
	}
	now := e.Health()
	if now.Healthy() || !slices.Equal(now.Ill(), []ksql.Part{"queries"}) || now.Queries[0].State != "ERROR" || now.Queries[0].Err == nil || !now.Queries[0].Since.Equal(h.states[1].At) {
		t.Errorf("health %+v", now)
	}
	sameHealth(t, e, false, "queries")
	if text := lines.String(); !strings.Contains(text, `"to":"ERROR"`) || !strings.Contains(text, `"msg":"fault"`) || !strings.Contains(text, "hooks_test.go") || strings.Contains(text, "number 13") {
		t.Errorf("logged %s", text)
	}
	do(t, e, `TERMINATE `+f.Query+`;`)
	sameHealth(t, e, true)
}

// TestHookRows: late rows and bad rows are counted by commit and by kind, of persistent and of push queries.
func TestHookRows(t *testing.T) {
	t.Parallel()
	h := &ear{}
	e := opened(t, ksql.WithHooks(h))
	do(t, e, clicks+`CREATE TABLE counts AS SELECT k, COUNT(*) AS n FROM clicks WINDOW TUMBLING (SIZE 10 MILLISECONDS, GRACE PERIOD 0 MILLISECONDS) GROUP BY k;
		CREATE STREAM parts AS SELECT k, 10 / v AS share FROM clicks;`)
	for i, at := range []int{1000, 5, 6, 1001, 7} {
		do(t, e, `INSERT INTO clicks (ROWTIME, k, v) VALUES (?, ?, ?);`, at, i, i) // the first one divides by 0
	}
	raw := &store.Records{TP: store.TP{Topic: "clicks"}}
	raw.Add(1002, nil, []byte("{no json"))
	if _, err := e.Log().Append(t.Context(), raw); err != nil {
		t.Fatal(err)
	}
	synced(t, e)
	late, bad := 0, map[string]int{}
	for _, i := range copied(h, &h.late) {
		if !strings.HasPrefix(i.Query, "CTAS_COUNTS_") || i.Stage == "" {
			t.Errorf("late %+v", i)
		}
		late += i.Rows
	}
	for _, i := range copied(h, &h.bad) {
		if i.Err == nil || i.Stage == "" {
			t.Errorf("bad %+v", i)
		}
		bad[strings.TrimRight(i.Query, "_0123456789")+" "+i.Kind] += i.Rows
	}
	want := map[string]int{"CTAS_COUNTS deserialization": 1, "CSAS_PARTS deserialization": 1, "CSAS_PARTS processing": 1}
	if late != 3 || !maps.Equal(bad, want) {
		t.Errorf("%d late, bad %v", late, bad)
	}
	rows, err := e.Query(t.Context(), `SELECT 10 / v FROM clicks EMIT CHANGES LIMIT 5;`)
	if err != nil {
		t.Fatal(err)
	}
	for range rows.All() {
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	live := 0
	for _, i := range copied(h, &h.bad) {
		if i.Query == rows.QueryID() {
			live += i.Rows
		}
	}
	if live == 0 {
		t.Error("nothing is told of the push query's bad rows")
	}
}

// stubborn is a file system whose checkpoints cannot be written while refuse is set.
type stubborn struct {
	local.FS
	refuse atomic.Bool
}

var errStubborn = errors.New("no space for state")

func (s *stubborn) Create(name string) (local.File, error) {
	if s.refuse.Load() && strings.Contains(name, "checkpoint") {
		return nil, errStubborn
	}
	return s.FS.Create(name)
}

// TestHookCheckpoint: a checkpoint that fails makes the engine unhealthy and is tried again; one that goes right
// makes it healthy.
func TestHookCheckpoint(t *testing.T) {
	t.Parallel()
	h, logged, fs := &ear{}, &lines{}, &stubborn{FS: local.NewForgetful()}
	log := disk(t, fs)
	e := opened(t, ksql.WithLog(log), ksql.WithHooks(h), ksql.WithLogger(slog.New(slog.NewTextHandler(logged, nil))))
	do(t, e, clicks+`CREATE TABLE counts AS SELECT v, COUNT(*) AS n FROM clicks GROUP BY v;`)
	next := 0
	add := func(n int) {
		t.Helper()
		for end := next + n; next < end; {
			r := &store.Records{TP: store.TP{Topic: "clicks"}}
			for range min(10_000, end-next) {
				r.Add(1, nil, fmt.Appendf(nil, `{"V":%d}`, next))
				next++
			}
			if _, err := log.Append(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		synced(t, e)
	}
	fs.refuse.Store(true)
	add(270_000)
	eventually(t, "a failed checkpoint", func() bool { return len(copied(h, &h.checkpoints)) == 1 })
	c := h.checkpoints[0]
	if !errors.Is(c.Err, errStubborn) || !strings.HasPrefix(c.Query, "CTAS_COUNTS_") || c.Stage == "" || c.Took <= 0 {
		t.Errorf("checkpoint %+v", c)
	}
	now := e.Health()
	if now.Healthy() || !slices.Equal(now.Ill(), []ksql.Part{"checkpoints"}) || len(now.Checkpoints) != 1 {
		t.Fatalf("health %+v", now)
	}
	if x := now.Checkpoints[0]; x.Query != c.Query || x.Stage != c.Stage || !errors.Is(x.Err, errStubborn) || x.Failures != 1 || x.Since.IsZero() {
		t.Errorf("health %+v", x)
	}
	sameHealth(t, e, false, "kafka")
	if !strings.Contains(logged.String(), errStubborn.Error()) {
		t.Errorf("logged %s", logged)
	}
	fs.refuse.Store(false)
	add(80_000)
	eventually(t, "another checkpoint", func() bool { return len(copied(h, &h.checkpoints)) > 1 })
	for _, c := range h.checkpoints[1:] {
		if c.Err != nil || c.Bytes < 270_000 {
			t.Errorf("checkpoint %+v", c)
		}
	}
	eventually(t, "health", func() bool { h := e.Health(); return h.Healthy() })
	sameHealth(t, e, true)
}

// TestHookRetire: journal files that are retired are told of, with their sizes.
func TestHookRetire(t *testing.T) {
	t.Parallel()
	h := &ear{}
	log, err := local.Open("data", local.Options{FS: local.NewForgetful(), SegmentBytes: 3000, JournalBytes: 9000})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	e := opened(t, ksql.WithLog(log), ksql.WithHooks(h))
	do(t, e, clicks)
	for i := range 200 {
		do(t, e, `INSERT INTO clicks VALUES (?, ?);`, i, i)
	}
	eventually(t, "a retired file", func() bool { return len(copied(h, &h.retired)) > 0 })
	for _, r := range copied(h, &h.retired) {
		if r.Err != nil || r.Bytes < 1000 || r.File == "" || r.Took <= 0 {
			t.Errorf("retired %+v", r)
		}
	}
	sameHealth(t, e, true)
}

// calling is a hook that ends a query when it fails, and then panics.
type calling struct{ e atomic.Pointer[ksql.Engine] }

func (c *calling) OnQueryState(i ksql.QueryStateInfo) {
	if i.To == "ERROR" {
		if _, err := c.e.Load().Execute(context.Background(), `DROP TABLE sums;`); err != nil {
			panic(err)
		}
		panic("row 13")
	}
}

// TestHookCalls: a hook of states may execute statements, what these change is told of after it has returned, and its
// panic hurts nobody but is logged, without what it panicked with.
func TestHookCalls(t *testing.T) {
	t.Parallel()
	h, c, logged := &ear{}, &calling{}, &lines{}
	e := opened(t, ksql.WithHooks(c, h), ksql.WithLogger(slog.New(slog.NewTextHandler(logged, nil))), ksql.WithFunctions(secrets()))
	c.e.Store(e)
	do(t, e, clicks+`CREATE TABLE sums AS SELECT k, SECRETS(v) AS s FROM clicks GROUP BY k; INSERT INTO clicks VALUES (1, 13);`)
	eventually(t, "the end of the query", func() bool { return len(copied(h, &h.states)) == 3 })
	if h.states[1].To != "ERROR" || h.states[2].From != "ERROR" || h.states[2].To != "TERMINATED" {
		t.Errorf("states %+v", h.states)
	}
	if text := logged.String(); !strings.Contains(text, "a hook panicked") || !strings.Contains(text, "calling") || strings.Contains(text, "row 13") {
		t.Errorf("logged %s", text)
	}
	sameHealth(t, e, true)
}

// mistaken has the right method with a wrong argument.
type mistaken struct{}

func (mistaken) OnCommit(*ksql.CommitInfo) {}

// TestHookMistaken: a hook that would never be called is refused.
func TestHookMistaken(t *testing.T) {
	t.Parallel()
	e, err := ksql.Open(t.Context(), ksql.WithHooks(&ear{}, mistaken{}))
	if err == nil {
		t.Error(e.Close())
	} else if !strings.Contains(err.Error(), "hook 2, of type exec_test.mistaken") {
		t.Error(err)
	}
}

// mute is a log that refuses the processing log while it is told to.
type mute struct {
	store.Log
	refuse atomic.Bool
}

func (m *mute) Append(ctx context.Context, r ...*store.Records) (int64, error) {
	if m.refuse.Load() && strings.Contains(r[0].TP.Topic, "processing_log") {
		return 0, errStubborn
	}
	return m.Log.Append(ctx, r...)
}

// TestHealthProcessingLog: a push query whose bad rows cannot be noted goes on, and the engine says that it is ill
// until they can.
func TestHealthProcessingLog(t *testing.T) {
	t.Parallel()
	inner, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	})
	h, log := &ear{}, &mute{Log: inner}
	e := opened(t, ksql.WithLog(log), ksql.WithHooks(h))
	do(t, e, clicks+`INSERT INTO clicks VALUES (1, 0);`)
	rows, err := e.Query(t.Context(), `SELECT k, 10 / v AS share FROM clicks EMIT CHANGES;`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	log.refuse.Store(true)
	for range 2 {
		do(t, e, `INSERT INTO clicks VALUES (1, 0);`)
	}
	for range 3 {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
	}
	eventually(t, "the trouble", func() bool { return len(copied(h, &h.faults)) > 0 })
	if f := h.faults[0]; f.Part != "processing log" || !errors.Is(f.Err, errStubborn) {
		t.Errorf("fault %+v", f)
	}
	if now := e.Health(); !errors.Is(now.ProcessingLog.Err, errStubborn) || now.ProcessingLog.Failures < 1 || now.ProcessingLog.Since.IsZero() {
		t.Errorf("health %+v", now)
	}
	sameHealth(t, e, false, "kafka")
	log.refuse.Store(false)
	do(t, e, `INSERT INTO clicks VALUES (1, 0);`)
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	eventually(t, "health", func() bool { now := e.Health(); return now.Healthy() })
	sameHealth(t, e, true)
}

// disk is a directory log in memory, which is closed after the engines over it.
func disk(t *testing.T, fs local.FS) store.Log {
	t.Helper()
	log, err := local.Open("data", local.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

// memoryLog is a log that keeps no state.
func memoryLog(t *testing.T) store.Log {
	t.Helper()
	log, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

// TestHealthLog: a log that takes no rows makes the engine ill, and is told of; when it takes them again all is well
// without a reopen.
func TestHealthLog(t *testing.T) {
	t.Parallel()
	fs, h, logged := local.NewForgetful(), &ear{}, &lines{}
	e := opened(t, ksql.WithLog(disk(t, fs)), ksql.WithHooks(h), ksql.WithLogger(slog.New(slog.NewTextHandler(logged, nil))))
	do(t, e, clicks)
	sameHealth(t, e, true)
	fs.Break(syscall.ENOSPC)
	if _, err := e.Execute(t.Context(), `INSERT INTO clicks VALUES (1, 4711);`); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("an insert into a full log: %v", err)
	}
	eventually(t, "a fault", func() bool { return len(copied(h, &h.faults)) > 0 })
	if f := h.faults[0]; f.Part != "log" || f.Query != "" || !errors.Is(f.Err, syscall.ENOSPC) {
		t.Errorf("fault %+v", f)
	}
	now := e.Health()
	if !slices.Equal(now.Ill(), []ksql.Part{"log"}) || len(now.Log) == 0 || !errors.Is(now.Log[0].Err, syscall.ENOSPC) {
		t.Errorf("health %+v", now)
	}
	sameHealth(t, e, false, "commandRunner", "kafka")
	fs.Break(nil)
	do(t, e, `INSERT INTO clicks VALUES (1, 4711);`)
	eventually(t, "health", func() bool { now := e.Health(); return now.Healthy() })
	sameHealth(t, e, true)
	eventually(t, "that it works again", func() bool { return strings.Contains(logged.String(), "works again") })
	if text := logged.String(); !strings.Contains(text, "level=ERROR msg=fault part=log") || strings.Contains(text, "4711") {
		t.Errorf("logged %s", text)
	}
}

// TestHookStuck: a query whose function is gone is told of when the engine opens: it was never RUNNING.
func TestHookStuck(t *testing.T) {
	t.Parallel()
	log := disk(t, local.NewForgetful())
	first, err := ksql.Open(t.Context(), ksql.WithLog(log), ksql.WithFunctions(secrets()))
	if err != nil {
		t.Fatal(err)
	}
	do(t, first, clicks+`CREATE TABLE sums AS SELECT k, SECRETS(v) AS s FROM clicks GROUP BY k;`)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	h := &ear{}
	e := opened(t, ksql.WithLog(log), ksql.WithHooks(h))
	eventually(t, "a state", func() bool { return len(copied(h, &h.states)) == 1 && len(copied(h, &h.faults)) == 1 })
	if s := h.states[0]; s.From != "" || s.To != "ERROR" || s.Err == nil {
		t.Errorf("state %+v", s)
	}
	if f := h.faults[0]; f.Part != "queries" || f.Query != h.states[0].Query {
		t.Errorf("fault %+v", f)
	}
	if q := e.Health().Queries; len(q) != 1 || q[0].State != "ERROR" || !errors.Is(q[0].Err, h.states[0].Err) {
		t.Errorf("queries %+v", q)
	}
	sameHealth(t, e, false, "queries")
}

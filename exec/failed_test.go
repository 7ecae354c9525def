package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// refusing is a log whose commits of one query fail from some moment on: refuse, if set, is asked before each.
type refusing struct {
	store.Log
	refuse atomic.Pointer[func(store.Commit) error]
	read   atomic.Pointer[func(context.Context) error] // before state is read back
	save   chan struct{}                               // closed when checkpoints may begin; nil: at once
	saved  chan error                                  // what became of one
}

type refusingWork struct {
	store.Work
	log *refusing
}

func (l *refusing) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	s, err := l.Log.Session(ctx, id, stages)
	if err != nil {
		return nil, err
	}
	return storetest.Wrap(s, func(w store.Work) store.Work { return &refusingWork{w, l} }), nil
}

func (w *refusingWork) Restore(ctx context.Context) (store.Checkpoint, store.Reader, error) {
	if f := w.log.read.Load(); f != nil {
		if err := (*f)(ctx); err != nil {
			return nil, nil, err
		}
	}
	return w.Work.Restore(ctx)
}

func (w *refusingWork) Commit(ctx context.Context, c store.Commit) error {
	if f := w.log.refuse.Load(); f != nil {
		if err := (*f)(c); err != nil {
			return err
		}
	}
	return w.Work.Commit(ctx, c)
}

func (w *refusingWork) Checkpoint(ctx context.Context, write func(store.Writer) error) error {
	if w.log.save != nil {
		select {
		case <-w.log.save:
		case <-ctx.Done():
			select {
			case w.log.saved <- ctx.Err():
			default:
			}
			return ctx.Err()
		}
	}
	err := w.Work.Checkpoint(ctx, write)
	if w.log.saved != nil {
		w.log.saved <- err
	}
	return err
}

// TestPullOfFailedBatch asks for a table while a batch is at work that then fails: the answer is the failure, or
// what was committed, and never the batch.
func TestPullOfFailedBatch(t *testing.T) {
	for _, what := range []string{"lookup", "scan"} {
		t.Run(what, func(t *testing.T) {
			ctx := context.Background()
			inner, err := local.Memory(local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			log := &refusing{Log: inner}
			e, err := ksql.Open(ctx, ksql.WithLog(log))
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := errors.Join(e.Close(), inner.Close()); err != nil {
					t.Error(err)
				}
			}()
			if _, err := e.Execute(ctx, `SET 'auto.offset.reset'='earliest';
				CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
				CREATE TABLE c AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
				INSERT INTO s VALUES (1, 1);`); err != nil {
				t.Fatal(err)
			}
			if err := e.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			text := "SELECT n FROM c WHERE k = 1;"
			if what == "scan" {
				text = "SELECT n FROM c;"
			}
			type answer struct {
				rows string
				err  error
			}
			got := make(chan answer, 1)
			broken := errors.New("the disk is gone")
			refuse := func(store.Commit) error {
				go func() {
					rows, err := pullAll(ctx, e, text)
					got <- answer{rows, err}
				}()
				time.Sleep(200 * time.Millisecond) // it waits for this batch now
				return broken
			}
			log.refuse.Store(&refuse)
			if _, err := e.Execute(ctx, `INSERT INTO s VALUES (1, 2);`); err != nil {
				t.Fatal(err)
			}
			a := <-got
			if a.err == nil && a.rows != "[1]" || a.err != nil && !errors.Is(a.err, broken) {
				t.Fatalf("%s, %v: one row was committed", a.rows, a.err)
			}
			if _, err := pullAll(ctx, e, text); !errors.Is(err, broken) {
				t.Fatalf("afterwards: %v", err)
			}
			if len(e.Failed()) != 1 {
				t.Fatalf("failed: %v", e.Failed())
			}
		})
	}
}

// pullAll is the rows of a query that ends, as text.
func pullAll(ctx context.Context, e *ksql.Engine, text string) (string, error) {
	rows, err := e.Query(ctx, text)
	if err != nil {
		return "", err
	}
	var out []string
	for row, err := range rows.All() {
		if err != nil {
			return "", err
		}
		out = append(out, fmt.Sprint(row))
	}
	return strings.Join(out, " "), nil
}

// TestCheckpointOfFailedBatch writes a checkpoint while a batch is at work that then fails: nothing of the batch may
// be in it, since its rows are read again.
func TestCheckpointOfFailedBatch(t *testing.T) {
	ctx := context.Background()
	inner, err := local.Open(t.TempDir(), local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	}()
	log := &refusing{Log: inner, save: make(chan struct{}), saved: make(chan error, 1)}
	e, err := ksql.Open(ctx, ksql.WithLog(log))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Execute(ctx, `SET 'auto.offset.reset'='earliest';
		CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE c AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`); err != nil {
		t.Fatal(err)
	}
	const keys = 1<<18 + 1 // a checkpoint's worth
	for k := 0; k < keys; {
		run := &store.Records{TP: store.TP{Topic: "s"}}
		for range min(1<<13, keys-k) {
			run.Add(1, strconv.AppendInt(nil, int64(k), 10), []byte(`{"V":1}`))
			k++
		}
		if _, err := e.Log().Append(ctx, run); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the disk is gone")
	refuse := func(store.Commit) error {
		close(log.save)
		time.Sleep(200 * time.Millisecond) // it waits for this batch now
		return broken
	}
	log.refuse.Store(&refuse)
	if _, err := e.Execute(ctx, `INSERT INTO s VALUES (1, 2);`); err != nil {
		t.Fatal(err)
	}
	if err := <-log.saved; !errors.Is(err, broken) && !errors.Is(err, context.Canceled) {
		t.Errorf("the checkpoint ended with %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = ksql.Open(ctx, ksql.WithLog(inner)); err != nil {
		t.Fatal(err)
	}
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := pullAll(ctx, e, "SELECT n FROM c WHERE k = 1;"); err != nil || got != "[2]" {
		t.Errorf("%s, %v: key 1 has two rows", got, err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestCheckpointOfEndedQuery: a query that is told to end does not finish its checkpoint first.
func TestCheckpointOfEndedQuery(t *testing.T) {
	for _, text := range []string{`TERMINATE CTAS_C_1;`, `DROP TABLE c;`, `CREATE OR REPLACE TABLE c AS SELECT k, COUNT(*) AS n FROM s WHERE k >= 0 GROUP BY k;`} {
		t.Run(text, func(t *testing.T) {
			h, log := brittle(t)
			log.save, log.saved = make(chan struct{}), make(chan error, 1) // it never comes to its end
			h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);
				CREATE TABLE c AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
			run := &store.Records{TP: store.TP{Topic: "s"}}
			for k := range 1 << 18 {
				run.Add(1, strconv.AppendInt(nil, int64(k), 10), []byte(`{"V":1}`))
			}
			appendRecords(t, h.Engine, run)
			h.sync()
			h.exec(text)
			select {
			case err := <-log.saved:
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			default:
				t.Error("the checkpoint goes on, or there is none")
			}
		})
	}
}

// TestCheckpointOfInnerStage: state that answers nobody is saved like any other.
func TestCheckpointOfInnerStage(t *testing.T) {
	h, log := brittle(t)
	log.saved = make(chan error, 1)
	h.exec(`CREATE TABLE p (k INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='p', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE c AS SELECT v, COUNT(*) AS n FROM p GROUP BY v;`)
	run := &store.Records{TP: store.TP{Topic: "p"}}
	for k := range 1 << 18 {
		run.Add(1, strconv.AppendInt(nil, int64(k), 10), []byte(`{"V":1}`))
	}
	appendRecords(t, h.Engine, run)
	h.sync()
	if err := <-log.saved; err != nil {
		t.Error(err)
	}
	eventually(t, "all is well", func() bool { return h.Health().Healthy() })
}

package exec_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// TestCommitIsTriedAgain: a log that cannot take a commit now ends no query. While it lasts the engine is ill and says
// of whom, what was committed before is all that is seen, and a query that is told to end does so; then all goes on.
func TestCommitIsTriedAgain(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	fs := local.NewForgetful()
	inner, err := local.Open("data", local.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	// The wrapped log says nothing of its own health: the engine has to know by itself.
	log, heard := &refusing{Log: inner}, &ear{}
	open := func(l store.Log, hooks ...ksql.Option) *ksql.Engine {
		t.Helper()
		props := ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})
		e, err := ksql.Open(ctx, append(hooks, ksql.WithLog(l), props)...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open(log, ksql.WithHooks(heard))
	run(t, e, countedSource+`CREATE TABLE n AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;
		CREATE STREAM d AS SELECT k, v FROM s;`)
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	count := func(e *ksql.Engine) (n int64) {
		t.Helper()
		if err := e.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		rows, err := e.Query(ctx, `SELECT n FROM n WHERE v = 7;`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for row := range rows.All() {
			n += row[0].(int64)
		}
		return n
	}
	full := errors.New("the disk is full")
	refuse := func(times int64) *atomic.Int64 {
		tries := &atomic.Int64{}
		f := func(store.Commit) error {
			if n := tries.Add(1); n <= times {
				return fmt.Errorf("%w: %w", store.ErrTransient, full)
			}
			return nil
		}
		log.refuse.Store(&f)
		return tries
	}

	// A few times: nobody has to do anything.
	tries := refuse(9)
	run(t, e, `INSERT INTO s VALUES (3, 7); INSERT INTO s VALUES (4, 7);`)
	if n := count(e); n != 4 || tries.Load() <= 9 || len(e.Failed()) > 0 {
		t.Fatalf("%d rows counted, %d tries, failed: %v", n, tries.Load(), e.Failed())
	}
	if h := e.Health(); !h.Healthy() {
		t.Fatalf("it is well again: %+v", h)
	}
	eventually(t, "the fault is told", func() bool {
		return slices.ContainsFunc(copied(heard, &heard.faults), func(i ksql.FaultInfo) bool {
			return i.Part == exec.PartLog && i.Query != "" && errors.Is(i.Err, full)
		})
	})

	// Without end: it is told, and a query hears that it is to stop.
	tries = refuse(1 << 40)
	run(t, e, `INSERT INTO s VALUES (5, 7);`)
	ill := func(query string) bool {
		h := e.Health()
		return !h.Healthy() && slices.Contains(h.Ill(), exec.PartLog) && len(e.Failed()) == 0 &&
			slices.ContainsFunc(h.Commits, func(u exec.UnitHealth) bool {
				return u.Query == query && errors.Is(u.Err, full) && u.Failures > 9 // it pauses for a second now
			})
	}
	stream := ""
	for q := range e.Catalog().Queries() {
		if q.Writes == "D" {
			stream = q.ID
		}
	}
	eventually(t, "health tells of commits", func() bool { return ill(stream) })
	brief, stop := context.WithTimeout(ctx, 50*time.Millisecond)
	if err := e.Sync(brief); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nothing is committed, but Sync answers %v", err)
	}
	stop()
	began := time.Now()
	run(t, e, `TERMINATE `+stream+`;`)
	if took := time.Since(began); took > 900*time.Millisecond {
		t.Errorf("a query that tries to commit ended after %v", took)
	}
	began = time.Now()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 900*time.Millisecond {
		t.Errorf("an engine whose query tries to commit closed after %v", took)
	}
	if n := tries.Load(); n < 10 {
		t.Errorf("%d tries", n)
	}
	log.refuse.Store(nil)
	e = open(log)
	if n := count(e); n != 5 {
		t.Errorf("%d of 5 rows counted after opening again", n)
	}
	if err := errors.Join(e.Close(), inner.Close()); err != nil {
		t.Error(err)
	}
}

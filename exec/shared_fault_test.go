package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/bed"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/store"
)

// mortal is a place at a log whose engine can log statements, but when it is dying do nothing else for them.
type mortal struct {
	store.Log
	dying atomic.Bool
	slow  atomic.Pointer[chan struct{}] // deeds wait until it is closed
	line  atomic.Pointer[error]         // what an Append of a claim answers instead
	after bool                          // though the record was written
}

var errDying = errors.New("the line is dead")

func (l *mortal) deed(do func() error) error {
	if l.dying.Load() {
		return errDying
	}
	if wait := l.slow.Load(); wait != nil {
		<-*wait
	}
	return do()
}

func (l *mortal) Create(ctx context.Context, name string, c store.TopicConfig) error {
	return l.deed(func() error { return l.Log.Create(ctx, name, c) })
}

func (l *mortal) Delete(ctx context.Context, name, id string) error {
	return l.deed(func() error { return l.Log.Delete(ctx, name, id) })
}

func (l *mortal) Forget(ctx context.Context, id string) error {
	return l.deed(func() error { return l.Log.Forget(ctx, id) })
}

func (l *mortal) Claim(ctx context.Context, topic string) (store.Claim, error) {
	c, err := l.Log.Claim(ctx, topic)
	if err != nil {
		return nil, err
	}
	return &mortalClaim{c, l}, nil
}

type mortalClaim struct {
	store.Claim
	l *mortal
}

func (c *mortalClaim) Append(ctx context.Context, r *store.Records) error {
	bad := c.l.line.Swap(nil)
	if bad == nil {
		return c.Claim.Append(ctx, r)
	}
	if c.l.after {
		if err := c.Claim.Append(ctx, r); err != nil {
			return err
		}
	}
	return *bad
}

func run(t *testing.T, e *ksql.Engine, text string) {
	t.Helper()
	if _, err := e.Execute(context.Background(), text); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

const countedSource = `CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=2);
	INSERT INTO s VALUES (1, 7); INSERT INTO s VALUES (2, 7);`

// TestWriterDies: an engine logs a statement and does not come to its deeds. The next statement of another does them.
func TestWriterDies(t *testing.T) {
	topics := func(l store.Log, part string) (n int) {
		all, err := l.Topics(context.Background())
		if err != nil {
			t.Error(err)
		}
		for name := range all {
			if name == part || strings.Contains(name, "query_"+part) {
				n++
			}
		}
		return n
	}
	const table = `CREATE TABLE t AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;`
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		base, places := sharedLog(t, 2, true, nil)
		dying := &mortal{Log: places[0]}
		one, two := openPlace(t, dying), openPlace(t, places[1])
		run(t, one, countedSource)
		dying.dying.Store(true)
		if _, err := one.Execute(context.Background(), table); !errors.Is(err, errDying) {
			t.Fatal(err)
		}
		eventually(t, "the other engine says that topics are missing", func() bool { return len(two.Failed()) == 1 })
		if _, err := two.Execute(context.Background(), `DROP STREAM nothing;`); err == nil { // one that writes no record
			t.Fatal("what is not there was dropped")
		}
		if n := topics(base, "CTAS_T_"); n != 2 || topics(base, "T") != 1 {
			t.Errorf("%d topics of the query are there", n)
		}
		eventually(t, "the query runs when its topics are there", func() bool { return len(two.Failed()) == 0 && len(two.Health().Queries) == 1 })
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		one = openPlace(t, places[0])
		if a, z := bed.CatalogText(t, one), bed.CatalogText(t, two); a != z {
			t.Errorf("%s\n%s", a, z)
		}
		if err := one.Sync(context.Background()); err != nil {
			t.Fatal(err)
		}
		rows, err := one.Query(context.Background(), `SELECT n FROM t WHERE v = 7;`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() || rows.Row()[0] != int64(2) {
			t.Error(rows.Row(), rows.Err(), one.Failed())
		}
	})
	t.Run("drop", func(t *testing.T) {
		t.Parallel()
		base, places := sharedLog(t, 2, false, nil)
		dying := &mortal{Log: places[0]}
		one, two := openPlace(t, dying), openPlace(t, places[1])
		run(t, one, countedSource+table)
		dying.dying.Store(true)
		if _, err := one.Execute(context.Background(), `DROP TABLE t DELETE TOPIC;`); !errors.Is(err, errDying) {
			t.Fatal(err)
		}
		if one.Health().Statements.Err == nil {
			t.Error("nothing is said of deeds that failed")
		}
		if n := topics(base, "CTAS_T_"); n != 2 {
			t.Fatal(n)
		}
		run(t, two, `CREATE TYPE x AS STRUCT<a INT>;`)
		if n := topics(base, "CTAS_T_") + topics(base, "T"); n != 0 {
			t.Errorf("%d topics are left", n)
		}
		if topics(base, "s") == 0 {
			t.Error("a topic of others is gone")
		}
	})
	t.Run("drop, then open", func(t *testing.T) {
		t.Parallel()
		base, places := sharedLog(t, 2, true, nil)
		dying := &mortal{Log: places[0]}
		one := openPlace(t, dying)
		run(t, one, countedSource+table)
		dying.dying.Store(true)
		if _, err := one.Execute(context.Background(), `DROP TABLE t DELETE TOPIC;`); !errors.Is(err, errDying) {
			t.Fatal(err)
		}
		openPlace(t, places[1])
		if n := topics(base, "CTAS_T_") + topics(base, "T"); n != 0 {
			t.Errorf("%d topics are left", n)
		}
	})
	t.Run("only slow", func(t *testing.T) {
		t.Parallel()
		base, places := sharedLog(t, 3, true, nil)
		slow := &mortal{Log: places[0]}
		one, two := openPlace(t, slow), openPlace(t, places[1])
		run(t, one, countedSource+table)
		run(t, two, `CREATE TYPE x AS STRUCT<a INT>;`)
		hold := make(chan struct{})
		slow.slow.Store(&hold)
		records := len(commandsOf(t, base))
		var all sync.WaitGroup
		all.Go(func() { run(t, one, `DROP TABLE t DELETE TOPIC;`) })
		eventually(t, "the record of the drop", func() bool { return len(commandsOf(t, base)) > records })
		all.Go(func() { run(t, two, `CREATE TYPE y AS STRUCT<a INT>;`) })
		all.Go(func() {
			time.Sleep(300 * time.Millisecond)
			if n := topics(base, "CTAS_T_") + topics(base, "T"); n != 3 {
				t.Errorf("deeds were taken from a writer that lives: %d topics are left", n)
			}
			close(hold)
		})
		openPlace(t, places[2])
		all.Wait()
		if n := topics(base, "CTAS_T_") + topics(base, "T"); n != 0 || len(one.Failed()) > 0 {
			t.Errorf("%d topics are left, %v", n, one.Failed())
		}
	})
	// What it could not do was done, and undone, by the time it comes to life again.
	t.Run("lives again", func(t *testing.T) {
		t.Parallel()
		base, places := sharedLog(t, 2, false, nil)
		dying := &mortal{Log: places[0]}
		one, two := openPlace(t, dying), openPlace(t, places[1])
		run(t, one, countedSource)
		dying.dying.Store(true)
		if _, err := one.Execute(context.Background(), table); !errors.Is(err, errDying) {
			t.Fatal(err)
		}
		run(t, two, `CREATE TYPE x AS STRUCT<a INT>;`)
		run(t, two, `DROP TABLE t DELETE TOPIC;`)
		dying.dying.Store(false)
		run(t, one, `CREATE TYPE y AS STRUCT<a INT>;`)
		if n := topics(base, "CTAS_T_") + topics(base, "T"); n != 0 {
			t.Errorf("%d topics of a dropped query came back", n)
		}
		if err := one.Health().Statements.Err; err != nil {
			t.Error(err)
		}
	})
}

// TestUncertainAppend: where it is not known whether a record was written the client is told so, and the engine goes
// by what is in the topic.
func TestUncertainAppend(t *testing.T) {
	for _, written := range []bool{false, true} {
		t.Run(fmt.Sprint("written ", written), func(t *testing.T) {
			t.Parallel()
			base, places := sharedLog(t, 2, true, nil)
			line := &mortal{Log: places[0], after: written}
			one, two := openPlace(t, line), openPlace(t, places[1])
			line.line.Store(&errDying)
			const text = `CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='s', value_format='json', partitions=2);`
			if _, err := one.Execute(context.Background(), text); !errors.Is(err, errDying) || !strings.Contains(err.Error(), "may be in the log") {
				t.Fatal(err)
			}
			if _, err := one.Execute(context.Background(), text); (err == nil) == written {
				t.Errorf("a second time: %v", err)
			}
			run(t, two, `CREATE TYPE x AS STRUCT<a INT>;`)
			run(t, one, `INSERT INTO s VALUES (1, 1);`)
			run(t, one, `CREATE STREAM z AS SELECT * FROM s;`)
			if err := one.Sync(context.Background()); err != nil {
				t.Fatal(err)
			}
			caughtUp(t, two, commandsOf(t, base))
			if a, z := bed.CatalogText(t, one), bed.CatalogText(t, two); a != z || strings.Count(a, "source ") != 3 {
				t.Errorf("%s\n%s", a, z)
			}
		})
	}
}

// TestNewerRecord: a newer build joins the log. What runs goes on; statements are refused with the offset.
func TestNewerRecord(t *testing.T) {
	_, places := sharedLog(t, 3, true, nil)
	one, two := openPlace(t, places[0]), openPlace(t, places[1])
	run(t, one, countedSource+`CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	run(t, two, `CREATE TYPE x AS STRUCT<a INT>;`)
	ctx := context.Background()
	c, err := places[2].Claim(ctx, commandTopic)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	at := c.End()
	r := &store.Records{TP: store.TP{Topic: commandTopic}}
	r.Add(1, nil, []byte(`{"version":1000,"effect":{}}`))
	if err := c.Append(ctx, r); err != nil {
		t.Fatal(err)
	}
	for i, e := range []*ksql.Engine{one, two} {
		for range 2 {
			_, err := e.Execute(ctx, `CREATE TYPE y AS STRUCT<a INT>;`)
			if !errors.Is(err, exec.ErrFormat) || !strings.Contains(err.Error(), fmt.Sprintf("offset %d", at)) {
				t.Errorf("engine %d: %v", i+1, err)
			}
		}
		eventually(t, "Health tells of the record", func() bool { return errors.Is(e.Health().Statements.Err, exec.ErrFormat) })
	}
	run(t, one, `INSERT INTO s VALUES (1, 8);`)
	if err := one.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	rows, err := one.Query(ctx, `SELECT n FROM t WHERE k = 1;`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if !rows.Next() || rows.Row()[0] != int64(2) {
		t.Error(rows.Row(), rows.Err(), one.Failed())
	}
}

package exec_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/bed"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// TestEndTransient: a push query is listed until it ends, and can be ended by its id, in any case of letters. Its rows
// end without an error; others go on.
func TestEndTransient(t *testing.T) {
	h := newHost(t, early)
	h.exec(orders + `INSERT INTO orders VALUES (1, 'tea', 2);`)
	const text = `SELECT id FROM orders EMIT CHANGES;`
	one, two := h.query(text), h.query(text)
	for _, rows := range []*ksql.Rows{one, two} {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
	}
	list := h.Server().Queries()
	if len(list) != 2 || list[0].ID >= list[1].ID || list[0].Text != text || !list[0].Push {
		t.Errorf("%+v", list)
	}
	if h.Server().End("transient_ORDERS_1") || len(h.Server().Queries()) != 2 {
		t.Error("ended what is not there")
	}
	if !h.Server().End(strings.ToLower(one.QueryID())) || h.Server().End(one.QueryID()) {
		t.Error("not ended once")
	}
	if one.Next() || one.Err() != nil {
		t.Error(one.Row(), one.Err())
	}
	h.exec(`INSERT INTO orders VALUES (2, 'tea', 2);`)
	if !two.Next() || two.Row()[0] != int32(2) {
		t.Error(two.Row(), two.Err())
	}
	if list := h.Server().Queries(); len(list) != 1 || list[0].ID != two.QueryID() {
		t.Errorf("%+v", list)
	}
}

// TestFunctionOfAnotherEngine: a query whose function only the engine has that made it is in ERROR at the others, which
// know it, and can end it.
func TestFunctionOfAnotherEngine(t *testing.T) {
	base, places := sharedLog(t, 2, true, nil)
	one, err := ksql.Open(t.Context(), ksql.WithLog(places[0]), ksql.WithFunctions(double()), early)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(one.Close(), places[0].Close()); err != nil {
			t.Error(err)
		}
	})
	two := openPlace(t, places[1])
	run(t, one, countedSource+`CREATE STREAM d AS SELECT k, TWICE(CAST(v AS BIGINT)) AS v FROM s;`)
	caughtUp(t, two, commandsOf(t, base))
	list := two.Health().Queries
	if len(list) != 1 || list[0].State != "ERROR" || !strings.Contains(list[0].Err.Error(), "TWICE") || len(one.Failed()) > 0 {
		t.Fatalf("%+v, failed at the other: %v", list, one.Failed())
	}
	if a, z := bed.CatalogText(t, one), bed.CatalogText(t, two); a != z {
		t.Errorf("%s\n%s", a, z)
	}
	run(t, two, `DROP STREAM d;`)
	caughtUp(t, one, commandsOf(t, base))
	if n, m := len(one.Health().Queries), len(two.Health().Queries); n+m > 0 {
		t.Errorf("%d and %d queries are left", n, m)
	}
}

// moody is an aggregate that counts, but can only be made while nothing is said against it, and then fails at 700.
func moody(made, fails *atomic.Pointer[func() error]) fn.Func {
	ask := func(p *atomic.Pointer[func() error]) error {
		if f := p.Load(); f != nil {
			return (*f)()
		}
		return nil
	}
	return fn.Func{Name: "MOODY", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) {
			var on atomic.Bool
			on.Store(ask(fails) != nil)
			return fragile{fails: &on}, ask(made)
		},
	}}}
}

// TestResumeThatCannotBegin: a query that cannot be built when it is resumed says so, and stays until it can be.
func TestResumeThatCannotBegin(t *testing.T) {
	for name, bad := range map[string]func() error{
		"an error": func() error { return errors.New("no more of these") },
		"a panic":  func() error { panic("no more of these") },
	} {
		t.Run(name, func(t *testing.T) {
			var made, fails atomic.Pointer[func() error]
			always := func() error { return errBroken }
			fails.Store(&always)
			h, _ := brittle(t, ksql.WithFunctions(moody(&made, &fails)))
			h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
				CREATE TABLE t AS SELECT k, MOODY(v) AS m, COUNT(*) AS n FROM s GROUP BY k;
				INSERT INTO s VALUES (1, 700);`)
			eventually(t, "the query fails", func() bool { return len(h.Failed()) == 1 })
			fails.Store(nil)
			made.Store(&bad)
			for range 2 {
				if _, err := h.Execute(h.ctx, `RESUME CTAS_T_1;`); err == nil || !strings.Contains(err.Error(), "no more of these") {
					t.Error(err)
				}
				if err := h.Failed()["CTAS_T_1"]; err == nil || !strings.Contains(err.Error(), "no more of these") {
					t.Error(err)
				}
			}
			made.Store(nil)
			h.exec(`RESUME CTAS_T_1;`)
			h.sync()
			same(t, h.all(`SELECT n FROM t;`), []any{int64(1)})
		})
	}
}

// TestStateThatCannotBeMade: what panics while a query's state is made ends that query, not the program.
func TestStateThatCannotBeMade(t *testing.T) {
	var made, fails atomic.Pointer[func() error]
	var times atomic.Int64
	once := func() error { // all before are to see that it can be built
		if strings.Contains(string(debug.Stack()), "(*task).load") && times.Add(1) == 1 {
			panic("not again")
		}
		return nil
	}
	made.Store(&once)
	h := newHost(t, early, ksql.WithFunctions(moody(&made, &fails)))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	if _, err := h.Execute(h.ctx, `CREATE TABLE t AS SELECT k, MOODY(v) AS m, COUNT(*) AS n FROM s GROUP BY k;`); err == nil || !strings.Contains(err.Error(), "not again") {
		t.Error(err)
	}
	eventually(t, "the query is in ERROR", func() bool { return len(h.Failed()) == 1 })
	h.exec(`RESUME CTAS_T_1; INSERT INTO s VALUES (1, 1);`)
	h.sync()
	same(t, h.all(`SELECT n FROM t;`), []any{int64(1)})
}

// TestCheckpointBehindFault: a unit that is opened again breaks its checkpoint off, and soon makes another.
func TestCheckpointBehindFault(t *testing.T) {
	h, log := brittle(t)
	log.save, log.saved = make(chan struct{}), make(chan error, 9)
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE c AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	r := &store.Records{TP: store.TP{Topic: "s"}}
	for k := range 1 << 18 {
		r.Add(1, fmt.Append(nil, k), []byte(`{"V":1}`))
	}
	appendRecords(t, h.Engine, r)
	h.sync()
	log.once(store.ErrAborted)
	h.exec(`INSERT INTO s VALUES (1, 2);`)
	if err := <-log.saved; !errors.Is(err, context.Canceled) {
		t.Errorf("the checkpoint of a state that was thrown away: %v", err)
	}
	h.sync()
	close(log.save)
	h.exec(`INSERT INTO s VALUES (1, 2);`)
	h.sync()
	select {
	case err := <-log.saved:
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("there is no other checkpoint")
	}
	same(t, h.all(`SELECT n FROM c WHERE k = 1;`), []any{int64(3)})
	if h := h.Health(); len(h.Checkpoints) > 0 {
		t.Errorf("%+v", h)
	}
}

// TestTerminateFails: an engine whose end could not be logged serves on.
func TestTerminateFails(t *testing.T) {
	log := &mortal{Log: disk(t, local.NewForgetful())}
	h := newHost(t, early, ksql.WithLog(log))
	h.exec(orders)
	log.line.Store(&errDying)
	if _, err := h.Server().Terminate(h.ctx, func(string) bool { return true }); !errors.Is(err, errDying) || h.Server().Phase() != exec.Serving {
		t.Fatal(err, h.Server().Phase())
	}
	h.exec(`INSERT INTO orders VALUES (1, 'tea', 2);`)
	h.sync()
	same(t, h.all(`SELECT qty FROM totals;`), []any{int32(2)})
	if _, err := h.Server().Terminate(h.ctx, func(string) bool { return true }); err != nil || h.Server().Phase() != exec.Terminated {
		t.Fatal(err, h.Server().Phase())
	}
}

// TestTypeOfQuery: a query goes on with the type that it was made with, though the name is another's by now.
func TestTypeOfQuery(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, ksql.WithDir(dir))
	h.exec(statementSource + `CREATE TYPE number AS DECIMAL(6, 1);
		CREATE STREAM typed AS SELECT k, CAST(v AS number) AS v FROM s;
		DROP TYPE number; CREATE TYPE number AS STRING;`)
	h = reopened(h, dir)
	h.exec(`INSERT INTO s VALUES (2, 20);`)
	h.sync()
	if len(h.Failed()) > 0 {
		t.Fatal(h.Failed())
	}
	if got := fmt.Sprint(h.all(`SELECT v FROM typed;`)); got != "[[10.0] [20.0]]" {
		t.Error(got)
	}
}

// TestInsertOfClosed: a value that is being computed when the engine closes is not written, and the client told why.
func TestInsertOfClosed(t *testing.T) {
	h := heavyHost(t)
	done := make(chan error, 1)
	go func() {
		_, err := h.Execute(h.ctx, `INSERT INTO a (k, v) VALUES (1, CAST(`+heavy()[0]+` AS INT));`)
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ksql.ErrClosed) {
		t.Error(err)
	}
}

// blind is a log that does not find where topics end while it is told so.
type blind struct {
	store.Log
	on atomic.Bool
}

func (l *blind) Ends(ctx context.Context, tps []store.TP) (map[store.TP]int64, error) {
	if l.on.Load() {
		return nil, errStubborn
	}
	return l.Log.Ends(ctx, tps)
}

// TestHealthOfBlindLog: a log that does not find the command topic is ill, whatever it says of itself.
func TestHealthOfBlindLog(t *testing.T) {
	log := &blind{Log: disk(t, local.NewForgetful())}
	h := newHost(t, ksql.WithLog(log))
	sameHealth(t, h.Engine, true)
	log.on.Store(true)
	now := h.Health()
	if len(now.Log) != 1 || now.Healthy() {
		t.Fatalf("%+v", now)
	}
	if x := now.Log[0]; x.What != store.Reading || x.Of != commandTopic || !errors.Is(x.Err, errStubborn) || x.Count != 1 || x.Since.IsZero() || x.Last.IsZero() {
		t.Errorf("%+v", x)
	}
	log.on.Store(false)
	sameHealth(t, h.Engine, true)
}

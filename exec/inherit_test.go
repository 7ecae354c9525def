package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// TestMemoryOfAnother: a log that keeps no state does not let the next engine go on with positions alone.
func TestMemoryOfAnother(t *testing.T) {
	log := memoryLog(t)
	first := newHost(t, ksql.WithLog(log))
	first.exec(statementSource + `CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
		CREATE TABLE idle AS SELECT k, COUNT(*) AS n FROM d GROUP BY k;
		CREATE STREAM z AS SELECT k, v FROM s;`)
	first.sync()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	const replace = `CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n FROM s WHERE k > 0 GROUP BY k;`
	h := newHost(t, ksql.WithLog(log))
	h.exec(`INSERT INTO s VALUES (1, 11); INSERT INTO d VALUES (1, 11);`)
	h.sync()
	for range 2 {
		if failed := h.Failed(); len(failed) != 1 || failed["CTAS_T_2"] == nil || !strings.Contains(failed["CTAS_T_2"].Error(), "memory") {
			t.Fatalf("failed: %v", failed)
		}
		if _, err := h.Execute(h.ctx, replace); err == nil || !strings.Contains(err.Error(), "memory") {
			t.Errorf("%s: %v", replace, err)
		}
	}
	same(t, h.all(`SELECT v FROM z;`), []any{int32(10)}, []any{int32(11)})
	same(t, h.all(`SELECT n FROM idle;`), []any{int64(1)})
	h.exec(`DROP TABLE t; SET 'auto.offset.reset'='earliest'; CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	h.sync()
	same(t, h.all(`SELECT n FROM t;`), []any{int64(2)})
}

// TestReplacedAfterFault: what a failed batch left in the tables of a query is not the state of the one that replaces
// it, where the log has no other.
func TestReplacedAfterFault(t *testing.T) {
	inner := memoryLog(t)
	log := &refusing{Log: inner}
	h := newHost(t, ksql.WithLog(log))
	h.exec(statementSource + `CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	h.sync()
	broken := func(store.Commit) error { return errors.New("the disk is gone") }
	log.refuse.Store(&broken)
	h.exec(`INSERT INTO s VALUES (1, 11);`)
	for h.Failed()["CTAS_T_2"] == nil {
		if h.ctx.Err() != nil {
			t.Fatal(h.ctx.Err())
		}
		time.Sleep(time.Millisecond)
	}
	log.refuse.Store(nil)
	const replace = `CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n FROM s WHERE k > 0 GROUP BY k;`
	if _, err := h.Execute(h.ctx, replace); err == nil {
		h.sync()
		same(t, h.all(`SELECT n FROM t;`), []any{int64(2)})
	} else if !strings.Contains(err.Error(), "is lost") {
		t.Error(err)
	}
}

// TestReplacedWhileItLoads: where the log keeps no state, a query that was replaced before it had taken over what
// another left hands that on.
func TestReplacedWhileItLoads(t *testing.T) {
	inner := memoryLog(t)
	log := &refusing{Log: inner}
	h := newHost(t, ksql.WithLog(log))
	h.exec(statementSource + `CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k; INSERT INTO s VALUES (1, 11);`)
	h.sync()
	before := h.all(`SELECT n FROM t;`)
	replace := func(bound int) {
		began := time.Now()
		h.exec(fmt.Sprintf(`CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n FROM s WHERE k > %d GROUP BY k;`, bound))
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
	}
	for round, fault := range []func(context.Context) error{
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		func(context.Context) error { return errors.New("not now") }, // which passes
		func(context.Context) error { return store.ErrCorrupt },
	} {
		log.read.Store(&fault)
		for i := range 3 {
			text := fmt.Sprintf(`CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n FROM s WHERE k > %d GROUP BY k;`, -100+10*round+i)
			began := time.Now()
			if _, err := h.Execute(h.ctx, text); err != nil && !errors.Is(err, store.ErrCorrupt) {
				t.Fatal(err)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("it took %s", took)
			}
		}
		if _, err := h.Execute(h.ctx, `RESUME CTAS_T_2;`); err != nil && !errors.Is(err, store.ErrCorrupt) {
			t.Fatal(err)
		}
		log.read.Store(nil)
		if len(h.Failed()) > 0 {
			h.exec(`RESUME CTAS_T_2;`)
		}
		replace(-10 + round)
		h.sync()
		same(t, h.all(`SELECT n FROM t;`), before...)
	}
	h.exec(`INSERT INTO s VALUES (1, 11);`)
	h.sync()
	same(t, h.all(`SELECT n FROM t;`), []any{before[0][0].(int64) + 1})
}

// slowly is an accumulator whose state takes long to read.
type slowly struct {
	fragile
	wait chan struct{}
}

func (s slowly) Load(_ int32, src []byte) ([]byte, error) {
	<-s.wait
	return src, nil
}

// TestReplacedWhileItLoadsSlowly: a query that does not end in time while it takes over a state has not spoilt it.
func TestReplacedWhileItLoadsSlowly(t *testing.T) {
	wait := make(chan struct{})
	custom := fn.Func{Name: "SLOWLY", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) { return slowly{fragile{fails: &atomic.Bool{}}, wait}, nil },
	}}}
	h := newHost(t, early, ksql.WithFunctions(custom))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n, SLOWLY(v) AS x FROM s GROUP BY k;
		INSERT INTO s VALUES (1, 1); INSERT INTO s VALUES (2, 1);`)
	h.sync()
	for i := range 3 {
		h.exec(fmt.Sprintf(`CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n, SLOWLY(v) AS x FROM s WHERE k > %d GROUP BY k;`, i-10))
	}
	close(wait)
	h.exec(`INSERT INTO s VALUES (1, 1);`)
	h.sync()
	same(t, h.all(`SELECT k, n FROM t;`), []any{int32(1), int64(2)}, []any{int32(2), int64(1)})
}

// TestResumedWhenItCannotBeBuilt: where the log keeps no state, a query that cannot be made for a while keeps what it
// had.
func TestResumedWhenItCannotBeBuilt(t *testing.T) {
	inner := memoryLog(t)
	var bad atomic.Bool
	custom := fn.Func{Name: "FRAGILE", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) {
			if bad.Load() {
				return nil, errBroken
			}
			return fragile{fails: &atomic.Bool{}}, nil
		},
	}}}
	log := &refusing{Log: inner}
	h := newHost(t, early, ksql.WithLog(log), ksql.WithFunctions(custom))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n, FRAGILE(v) AS x FROM s GROUP BY k; INSERT INTO s VALUES (1, 11);`)
	h.sync()
	corrupt := func(context.Context) error { return store.ErrCorrupt }
	log.read.Store(&corrupt)
	if _, err := h.Execute(h.ctx, `CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n, FRAGILE(v) AS x FROM s WHERE k > 0 GROUP BY k;`); !errors.Is(err, store.ErrCorrupt) {
		t.Fatal(err)
	}
	log.read.Store(nil)
	bad.Store(true)
	for range 2 {
		if _, err := h.Execute(h.ctx, `RESUME CTAS_T_1;`); err == nil || !strings.Contains(err.Error(), errBroken.Error()) {
			t.Fatal(err)
		}
	}
	bad.Store(false)
	h.exec(`RESUME CTAS_T_1; INSERT INTO s VALUES (1, 11);`)
	h.sync()
	same(t, h.all(`SELECT n FROM t;`), []any{int64(2)})
}

// TestReadWhileItIsTakenOver: who still reads the state of a query that was replaced does not meet who takes it over.
func TestReadWhileItIsTakenOver(t *testing.T) {
	h := newHost(t, early)
	const text = `TABLE t AS SELECT k, COUNT(*) AS n, TOPK(v, 3) AS x FROM s WHERE k > %d GROUP BY k;`
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);` + fmt.Sprintf(`CREATE `+text, -1))
	r := &store.Records{TP: store.TP{Topic: "s"}}
	for k := range 500 {
		r.Add(1, fmt.Append(nil, k), []byte(`{"V":1}`))
	}
	appendRecords(t, h.Engine, r)
	h.sync()
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			_, err := pullAll(h.ctx, h.Engine, `SELECT * FROM t;`)
			if err != nil && !strings.Contains(err.Error(), "stopped") {
				ended <- err
				return
			}
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
		}
	}()
	for i := range 50 {
		h.exec(fmt.Sprintf(`CREATE OR REPLACE `+text, -2-i))
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := len(h.all(`SELECT * FROM t WHERE n = 1;`)); n != 500 {
		t.Errorf("%d rows are left", n)
	}
}

// TestTopicDeletedByHand: a topic of the newest query that somebody deletes between two openings is not made again
// empty: the query says what it lacks, and the others go on.
func TestTopicDeletedByHand(t *testing.T) {
	for _, end := range []string{"-changelog", "Z"} {
		t.Run(end, func(t *testing.T) {
			dir := t.TempDir()
			h := newHost(t, ksql.WithDir(dir))
			h.exec(statementSource + `CREATE STREAM other AS SELECT * FROM s; CREATE TABLE z AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;`)
			h.sync()
			topics, err := h.Log().Topics(h.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			log, err := local.Open(dir, local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for name, info := range topics {
				if strings.HasSuffix(name, end) {
					err = errors.Join(err, log.Delete(h.ctx, name, info.ID))
				}
			}
			if err = errors.Join(err, log.Close()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				h = newHost(t, ksql.WithDir(dir))
				h.exec(`INSERT INTO s VALUES (2, 10);`)
				h.sync()
				if failed := h.Failed(); len(failed) != 1 || failed["CTAS_Z_3"] == nil || !strings.Contains(failed["CTAS_Z_3"].Error(), "no such topic") {
					t.Fatalf("failed: %v, z %v", failed, h.all(`SELECT n FROM z;`))
				}
				if err := h.Close(); err != nil {
					t.Fatal(err)
				}
			}
			h = newHost(t, ksql.WithDir(dir))
			if n := len(h.all(`SELECT v FROM other;`)); n != 3 {
				t.Errorf("other has %d rows, want 3", n)
			}
			h.exec(`DROP TABLE z DELETE TOPIC;`)
		})
	}
}

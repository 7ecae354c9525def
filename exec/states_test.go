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

// TestStatementsInStates: each statement about a query works, in less than a second, whatever state the query is in,
// and a pull query that waits for its state then has an answer or an end. Where the query still is there afterwards
// and its trouble is over it has counted each row once.
func TestStatementsInStates(t *testing.T) {
	type rig struct {
		*host
		log   *refusing
		begun chan bool
		stuck chan bool
		fails *atomic.Bool
	}
	slow := func(r *rig) { // to read its state back takes until the end
		wait := func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-r.stuck:
				return nil
			}
		}
		r.log.read.Store(&wait)
	}
	refuse := func(r *rig, err error) {
		f := func(c store.Commit) error {
			for _, a := range c.Appends {
				if a.TP.Topic == "T" {
					return err
				}
			}
			return nil
		}
		r.log.refuse.Store(&f)
		r.exec(`INSERT INTO s VALUES (1, 2);`)
	}
	ailing := func(t *testing.T, r *rig, err error) {
		eventually(t, "health tells", func() bool {
			h := r.Health()
			list := append(h.Restarts, h.Commits...)
			return len(list) > 0 && list[0].Failures > 3 && errors.Is(list[0].Err, err)
		})
	}
	states := map[string]func(t *testing.T, r *rig){
		"running": func(_ *testing.T, r *rig) { r.exec(`INSERT INTO s VALUES (1, 2);`) },
		"paused":  func(_ *testing.T, r *rig) { r.exec(`PAUSE CTAS_T_1; INSERT INTO s VALUES (1, 2);`) },
		"error": func(t *testing.T, r *rig) {
			r.fails.Store(true)
			r.exec(`INSERT INTO s VALUES (1, 700);`)
			eventually(t, "the query is in ERROR", func() bool { return len(r.Failed()) == 1 })
		},
		"reloading": func(t *testing.T, r *rig) {
			refuse(r, store.ErrAborted)
			ailing(t, r, store.ErrAborted)
		},
		"lost": func(t *testing.T, r *rig) {
			refuse(r, store.ErrLost)
			ailing(t, r, store.ErrLost)
		},
		"disk full": func(t *testing.T, r *rig) {
			full := fmt.Errorf("%w: no space", store.ErrTransient)
			refuse(r, full)
			ailing(t, r, full)
		},
		"loading": func(_ *testing.T, r *rig) {
			slow(r)
			r.exec(`CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS c, FRAGILE(WAITS(v)) AS x FROM s WHERE k > -1 GROUP BY k;
				INSERT INTO s VALUES (1, 2);`)
		},
		"loading again": func(t *testing.T, r *rig) {
			r.fails.Store(true)
			r.exec(`INSERT INTO s VALUES (1, 700);`)
			eventually(t, "the query is in ERROR", func() bool { return len(r.Failed()) == 1 })
			r.fails.Store(false)
			slow(r)
			r.exec(`RESUME CTAS_T_1;`)
		},
		"stuck": func(_ *testing.T, r *rig) {
			r.exec(`INSERT INTO s VALUES (1, 99);`)
			<-r.begun
		},
	}
	statements := map[string]string{
		"terminate": `TERMINATE CTAS_T_1;`,
		"pause":     `PAUSE CTAS_T_1;`,
		"resume":    `RESUME CTAS_T_1;`,
		"replace":   `CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS c, FRAGILE(WAITS(v)) AS x FROM s WHERE k > 0 GROUP BY k;`,
		"drop":      `DROP TABLE t DELETE TOPIC;`,
	}
	for state, reach := range states {
		for what, text := range statements {
			t.Run(state+"/"+what, func(t *testing.T) {
				t.Parallel()
				inner, err := local.Open("data", local.Options{FS: local.NewForgetful()})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := inner.Close(); err != nil {
						t.Error(err)
					}
				})
				r := &rig{log: &refusing{Log: inner}, begun: make(chan bool, 10), stuck: make(chan bool), fails: &atomic.Bool{}}
				custom := fn.Func{Name: "FRAGILE", Variants: []fn.Variant{{
					Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
					Agg: func(fn.Site) (fn.Accumulator, error) { return fragile{fails: r.fails}, nil },
				}}}
				waits := fn.Func{Name: "WAITS", Variants: []fn.Variant{fn.Fn1("x: 99 takes long", func(x int32) int32 {
					if x == 99 {
						r.begun <- true
						<-r.stuck
					}
					return x
				})}}
				r.host = newHost(t, early, ksql.WithLog(r.log), ksql.WithFunctions(custom, waits))
				r.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
					CREATE TABLE t AS SELECT k, COUNT(*) AS c, FRAGILE(WAITS(v)) AS x FROM s GROUP BY k;
					INSERT INTO s VALUES (1, 1);`)
				r.sync()
				reach(t, r)
				pulled := make(chan error, 1)
				go func() {
					ctx, cancel := context.WithTimeout(r.ctx, 15*time.Second)
					defer cancel()
					_, err := pullAll(ctx, r.Engine, `SELECT c FROM t WHERE k = 1;`)
					pulled <- err
				}()
				began := time.Now()
				r.exec(text)
				if took := time.Since(began); took > time.Second {
					t.Errorf("it took %s", took)
				}
				if state == "stuck" && what != "pause" && what != "resume" { // who waits for it is sent away
					select {
					case err := <-pulled:
						if err == nil {
							t.Error("rows that were not committed")
						}
						pulled <- err
					case <-time.After(time.Second):
						t.Error("a pull query waits for a query that has ended")
					}
				}
				close(r.stuck)
				r.fails.Store(false)
				r.log.refuse.Store(nil)
				switch what {
				case "terminate", "drop":
					if len(r.Health().Queries) > 0 || len(r.Failed()) > 0 {
						t.Error("the query is there still")
					}
				default:
					r.exec(`RESUME CTAS_T_1;`)
					r.sync()
					if got := r.all(`SELECT c FROM t WHERE k = 1;`); len(got) != 1 || got[0][0] != int64(2) || len(r.Failed()) > 0 {
						t.Errorf("counted %v, %v", got, r.Failed())
					}
				}
				if err := <-pulled; err != nil && errors.Is(err, context.DeadlineExceeded) {
					t.Error("a pull query waits for ever")
				} else if err != nil && !strings.Contains(err.Error(), "CTAS_T_1") && !strings.Contains(err.Error(), "T does not exist") && !strings.Contains(err.Error(), "isn't queryable") {
					t.Error(err)
				}
				eventually(t, "all is well", func() bool { return r.Health().Healthy() })
			})
		}
	}
}

// TestTerminateAllStuck: to end many queries that do not end by themselves takes no longer than to end one.
func TestTerminateAllStuck(t *testing.T) {
	begun, stuck := make(chan bool, 10), make(chan bool)
	waits := fn.Func{Name: "WAITS", Variants: []fn.Variant{fn.Fn1("x: takes long", func(x int32) int32 {
		begun <- true
		<-stuck
		return x
	})}}
	h := newHost(t, early, ksql.WithFunctions(waits))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	const queries = 4
	for i := range queries {
		h.exec(fmt.Sprintf(`CREATE STREAM d%d AS SELECT k, WAITS(v) AS v FROM s;`, i))
	}
	h.exec(`INSERT INTO s VALUES (1, 1);`)
	for range queries {
		<-begun
	}
	began := time.Now()
	h.exec(`TERMINATE ALL;`)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	close(stuck)
}

// TestResumeAllSlow: to try many queries again whose state takes long to read takes no longer than to try one.
func TestResumeAllSlow(t *testing.T) {
	h, log := brittle(t)
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	const queries = 12
	bad := func(context.Context) error { return store.ErrCorrupt }
	log.read.Store(&bad)
	for i := range queries {
		if _, err := h.Execute(h.ctx, fmt.Sprintf(`CREATE TABLE t%d AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`, i)); !errors.Is(err, store.ErrCorrupt) {
			t.Fatal(err)
		}
	}
	wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	log.read.Store(&wait)
	began := time.Now()
	h.exec(`RESUME ALL;`)
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %s", took)
	}
	if len(h.Failed()) > 0 {
		t.Error(h.Failed())
	}
}

package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// brittle is an engine over a log of files whose commits fail as the test says.
func brittle(t *testing.T, opts ...ksql.Option) (*host, *refusing) {
	t.Helper()
	inner, err := local.Open("data", local.Options{FS: local.NewForgetful()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	})
	log := &refusing{Log: inner}
	return newHost(t, append(opts, early, ksql.WithLog(log))...), log
}

// once makes the next commit fail, and counts the commits that are tried.
func (l *refusing) once(err error) *atomic.Int64 {
	tries := &atomic.Int64{}
	f := func(store.Commit) error {
		if tries.Add(1) == 1 {
			return err
		}
		return nil
	}
	l.refuse.Store(&f)
	return tries
}

// TestPagesAcrossReload: an answer of many pages, in between which the state was thrown away and read back, has each
// row once.
func TestPagesAcrossReload(t *testing.T) {
	for _, window := range []string{"", "WINDOW TUMBLING (SIZE 10 SECONDS)", "WINDOW SESSION (5 SECONDS)"} {
		for _, where := range []string{"", " WHERE k = 1"} {
			t.Run(window+where, func(t *testing.T) {
				h, log := brittle(t, ksql.WithPage(100))
				h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);
					CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s ` + window + ` GROUP BY k;`)
				r := &store.Records{TP: store.TP{Topic: "s"}}
				for k := range 20 {
					for w := range 20 {
						r.Add(int64(w)*10_000, fmt.Append(nil, k), []byte(`{"V":1}`))
					}
				}
				appendRecords(t, h.Engine, r)
				h.sync()
				text := `SELECT * FROM t` + where + `;`
				want := h.all(text)
				if n := map[string]int{"": 20, " WHERE k = 1": 1}[where]; window == "" && len(want) != n || window != "" && len(want) != 20*n {
					t.Fatal(len(want))
				}
				rows := h.query(text)
				var got [][]any
				for n := 0; rows.Next(); n++ {
					got = append(got, slices.Clone(rows.Row()))
					if n%7 == 3 { // of another key, and dropped by a window that is closed long since
						tries := log.once(store.ErrAborted)
						appendRecords(t, h.Engine, &store.Records{TP: store.TP{Topic: "s"}, Time: []int64{0}, Bytes: []byte(`99`), Key: []store.Span{{Off: 0, Len: 2}}, Value: []store.Span{{Off: 0, Len: -1}}})
						h.sync()
						if tries.Load() < 2 {
							t.Fatal("no commit was rolled back")
						}
					}
				}
				if err := rows.Err(); err != nil {
					t.Fatal(err)
				}
				same(t, got, want...)
			})
		}
	}
}

// TestPagesOfDropped: of what was dropped after the state was read back, between two pages, nothing is given; nor of
// what had its place.
func TestPagesOfDropped(t *testing.T) {
	h, log := brittle(t, ksql.WithPage(100))
	h.exec(`CREATE TABLE p (k INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='p', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, v FROM p;`)
	put := func(lo, hi int, value string) {
		r := &store.Records{TP: store.TP{Topic: "p"}}
		for k := lo; k < hi; k++ {
			r.Add(0, fmt.Append(nil, k), []byte(value))
			if value == "" {
				r.Value[len(r.Value)-1].Len = -1
			}
		}
		appendRecords(t, h.Engine, r)
		h.sync()
	}
	put(100, 200, `{"V":1}`)
	rows := h.query(`SELECT k FROM t;`)
	var got [][]any
	for rows.Next() {
		if got = append(got, slices.Clone(rows.Row())); len(got) == 10 {
			log.once(store.ErrAborted)
			put(100, 101, `{"V":2}`)
			put(180, 200, "")
			put(1000, 1020, `{"V":1}`) // in their place, but before what was given: the order is that of texts
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	var want [][]any
	for k := range 80 {
		want = append(want, []any{int32(100 + k)})
	}
	same(t, got, want...)
}

// TestHeals: what passes passes without anybody's help. While it lasts the query says so, and is RUNNING.
func TestHeals(t *testing.T) {
	for name, bad := range map[string]error{"rolled back": store.ErrAborted, "the disk is full": fmt.Errorf("%w: no space", store.ErrTransient)} {
		t.Run(name, func(t *testing.T) {
			ear := &ear{}
			h, log := brittle(t, ksql.WithHooks(ear))
			h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
				CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
				INSERT INTO s VALUES (1, 1);`)
			h.sync()
			f := func(store.Commit) error { return bad }
			log.refuse.Store(&f)
			h.exec(`INSERT INTO s VALUES (1, 2);`)
			eventually(t, "health tells", func() bool {
				health := h.Health()
				list := append(health.Restarts, health.Commits...)
				return !health.Healthy() && len(list) == 1 && list[0].Failures > 3 && errors.Is(list[0].Err, bad)
			})
			if len(h.Failed()) > 0 {
				t.Error(h.Failed())
			}
			shown := explained(h)
			if !strings.Contains(shown, `"state":"RUNNING"`) || errors.Is(bad, store.ErrAborted) && !strings.Contains(shown, `"errorMessage":"store: commit rolled back`) {
				t.Error(shown)
			}
			log.refuse.Store(nil)
			h.sync()
			same(t, h.all(`SELECT n FROM t WHERE k = 1;`), []any{int64(2)})
			eventually(t, "all is well", func() bool { return h.Health().Healthy() })
			if shown := explained(h); !strings.Contains(shown, `"queryErrors":[]`) {
				t.Error(shown)
			}
			if n := len(copied(ear, &ear.faults)); n != 1 {
				t.Errorf("hooks were told %d times", n)
			}
		})
	}
}

// TestStays: what does not pass is told with its cause and with what to do. RESUME tries again.
func TestStays(t *testing.T) {
	broken := errors.New("the disk is gone")
	for name, c := range map[string]struct {
		do    func(h *host, log *refusing)
		cause string
		hint  string
		mend  func(h *host, log *refusing)
	}{
		"a row": {
			func(h *host, _ *refusing) { h.exec(`INSERT INTO s VALUES (1, 700);`) }, errBroken.Error(), "CREATE OR REPLACE", func(*host, *refusing) {},
		},
		"a commit": {
			func(h *host, log *refusing) {
				f := func(store.Commit) error { return broken }
				log.refuse.Store(&f)
				h.exec(`INSERT INTO s VALUES (1, 2);`)
			}, broken.Error(), "RESUME", func(_ *host, log *refusing) { log.refuse.Store(nil) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			var fails atomic.Bool
			fails.Store(true)
			custom := fn.Func{Name: "FRAGILE", Variants: []fn.Variant{{
				Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
				Agg: func(fn.Site) (fn.Accumulator, error) { return fragile{fails: &fails}, nil },
			}}}
			h, log := brittle(t, ksql.WithFunctions(custom))
			h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
				CREATE TABLE t AS SELECT k, FRAGILE(v) AS n, COUNT(*) AS c FROM s GROUP BY k;
				INSERT INTO s VALUES (1, 1);`)
			h.sync()
			c.do(h, log)
			eventually(t, "the query is in ERROR", func() bool { return len(h.Failed()) == 1 })
			q := h.Health().Queries[0]
			if q.State != "ERROR" || !strings.Contains(q.Err.Error(), c.cause) || !strings.Contains(q.Hint, c.hint) {
				t.Errorf("%+v", q)
			}
			if shown := explained(h); !strings.Contains(shown, c.cause) || !strings.Contains(shown, c.hint) {
				t.Error(shown)
			}
			h.exec(`RESUME CTAS_T_1;`) // the cause is there still
			eventually(t, "the query is in ERROR again", func() bool { return len(h.Failed()) == 1 })
			fails.Store(false)
			c.mend(h, log)
			h.exec(`RESUME CTAS_T_1;`)
			h.sync()
			if got := h.all(`SELECT c FROM t WHERE k = 1;`); len(h.Failed()) > 0 || len(got) != 1 || got[0][0] != int64(2) {
				t.Error(got, h.Failed())
			}
		})
	}
}

// TestMemoryCannotRollBack: a log that keeps nothing has no state to go back to; a query without state needs none.
func TestMemoryCannotRollBack(t *testing.T) {
	inner, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	log := &refusing{Log: inner}
	h := newHost(t, early, ksql.WithLog(log))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM d AS SELECT k, v + 1 AS v FROM s;`)
	h.sync()
	log.once(store.ErrAborted)
	h.exec(`INSERT INTO s VALUES (1, 1);`)
	h.sync()
	same(t, h.all(`SELECT v FROM d;`), []any{int32(2)})
	h.exec(`CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	h.sync()
	bad := func(c store.Commit) error {
		if c.Appends[0].TP.Topic == "T" {
			return store.ErrAborted
		}
		return nil
	}
	log.refuse.Store(&bad)
	h.exec(`INSERT INTO s VALUES (1, 1);`)
	eventually(t, "the query is in ERROR", func() bool { return len(h.Failed()) == 1 })
	log.refuse.Store(nil)
	if q := h.Health().Queries[1]; !errors.Is(q.Err, store.ErrAborted) || !strings.Contains(q.Hint, "create it again") {
		t.Errorf("%+v", q)
	}
	if _, err := h.Execute(h.ctx, `RESUME CTAS_T_2;`); err == nil || !strings.Contains(err.Error(), "is lost") {
		t.Error(err)
	}
	if err := h.Failed()["CTAS_T_2"]; err == nil || !strings.Contains(err.Error(), "is lost") {
		t.Error(err)
	}
	if q := h.Health().Queries[1]; !strings.Contains(q.Hint, "create it again") {
		t.Errorf("%+v", q)
	}
}

// explained is what EXPLAIN says of the query CTAS_T_1.
func explained(h *host) string {
	h.t.Helper()
	b, err := json.Marshal(h.exec(`EXPLAIN CTAS_T_1;`)[0])
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

func appendRecords(t *testing.T, e *ksql.Engine, r *store.Records) {
	t.Helper()
	if _, err := e.Log().Append(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}

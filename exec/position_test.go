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
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// fragile is an aggregate that fails at the value 700 while it is told to.
type fragile struct {
	broken
	fails *atomic.Bool
}

func (f fragile) Fold(groups []int32, _ []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	for i := range groups {
		if args[0].I32[i] == 700 && f.fails.Load() {
			return errBroken
		}
		if show == nil || show[i] {
			out.AppendNull()
		}
	}
	return nil
}

func (fragile) Read(groups []int32, v *vec.Vec) error {
	for range groups {
		v.AppendNull()
	}
	return nil
}

// numbered appends rows with the values lo to hi-1 as one run.
func numbered(t *testing.T, l store.Log, lo, hi int) {
	t.Helper()
	run := &store.Records{TP: store.TP{Topic: "s"}}
	for i := lo; i < hi; i++ {
		run.Add(int64(i), nil, fmt.Appendf(nil, `{"V":%d}`, i))
	}
	if _, err := l.Append(context.Background(), run); err != nil {
		t.Fatal(err)
	}
}

// TestPolledNotRead: a task commits in the middle of what it polled and fails behind that. What it had polled and not
// processed is processed after a restart.
func TestPolledNotRead(t *testing.T) {
	var fails atomic.Bool
	fails.Store(true)
	custom := fn.Func{Name: "FRAGILE", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) { return fragile{fails: &fails}, nil },
	}}}
	for _, holes := range []int{0, 2} {
		fails.Store(true)
		fs := local.NewForgetful()
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		defer cancel()
		open := func() (store.Log, *ksql.Engine) {
			l, err := local.Open("data", local.Options{FS: fs})
			if err != nil {
				t.Fatal(err)
			}
			late := storetest.Late(l, 5, func(string) int { return holes })
			e, err := ksql.Open(ctx, ksql.WithLog(late), ksql.WithFunctions(custom), ksql.WithCommit(1, time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return late, e
		}
		shut := func(l store.Log, e *ksql.Engine) {
			if err := errors.Join(e.Close(), l.Close()); err != nil {
				t.Fatal(err)
			}
		}
		l, e := open()
		if _, err := e.Execute(ctx, `SET 'auto.offset.reset'='earliest';
			CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`); err != nil {
			t.Fatal(err)
		}
		numbered(t, l, 0, 2000)
		if _, err := e.Execute(ctx, `SET 'auto.offset.reset'='earliest';
			CREATE TABLE c AS SELECT 1 AS one, COUNT(*) AS n, SUM(v) AS total, FRAGILE(v) AS f FROM s GROUP BY 1;`); err != nil {
			t.Fatal(err)
		}
		for len(e.Failed()) == 0 {
			if ctx.Err() != nil {
				t.Fatal("the query did not fail")
			}
			time.Sleep(time.Millisecond)
		}
		for _, err := range e.Failed() {
			if !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
		}
		shut(l, e)
		fails.Store(false)
		l, e = open()
		if err := e.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		rows, err := e.Query(ctx, `SELECT n, total FROM c;`)
		if err != nil {
			t.Fatal(err)
		}
		if !rows.Next() || fmt.Sprint(rows.Row()) != "[2000 1999000]" {
			t.Errorf("with %d holes: %v %v", holes, rows.Row(), rows.Err())
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		shut(l, e)
	}
}

// TestGap: rows that went away before a query has read them are told of. A persistent query goes on with the oldest
// that is left, a push query ends.
func TestGap(t *testing.T) {
	h := newHost(t)
	h.exec(`CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM d AS SELECT v FROM s;`)
	id := h.Catalog().Source("D").Query
	numbered(t, h.Log(), 0, 5)
	h.sync()
	h.exec(`PAUSE ` + id + `;`)
	push := h.query(`SELECT v FROM s EMIT CHANGES;`) // it is not read, so it falls behind
	numbered(t, h.Log(), 5, 400000)
	if !push.Next() {
		t.Fatal(push.Err())
	}
	time.Sleep(50 * time.Millisecond)
	if err := h.Log().Trim(h.ctx, map[store.TP]int64{{Topic: "s"}: 399990}); err != nil {
		t.Fatal(err)
	}
	n := 1
	for push.Next() {
		n++
	}
	var gap *store.Gap
	if !errors.As(push.Err(), &gap) || gap.To != 399990 || gap.From != int64(n)+5 {
		t.Errorf("a push query after %d rows: %v", n, push.Err())
	}
	h.exec(`RESUME ` + id + `;`)
	h.sync()
	if f := h.Failed(); len(f) > 0 {
		t.Error(f)
	}
	same(t, h.all(`SELECT v FROM d WHERE v < 5 OR v > 399988;`),
		[]any{int32(0)}, []any{int32(1)}, []any{int32(2)}, []any{int32(3)}, []any{int32(4)},
		[]any{int32(399990)}, []any{int32(399991)}, []any{int32(399992)}, []any{int32(399993)}, []any{int32(399994)},
		[]any{int32(399995)}, []any{int32(399996)}, []any{int32(399997)}, []any{int32(399998)}, []any{int32(399999)})
	told := h.all(`SELECT message->recordProcessingError->errorMessage AS error FROM KSQL_PROCESSING_LOG;`)
	if len(told) != 1 || !strings.Contains(fmt.Sprint(told[0]), "topic s/0: rows from offset 5 on are asked for, but those below 399990 are no longer kept") {
		t.Error(told)
	}
}

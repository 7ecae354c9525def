package exec_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// scratched is a log of files that gives rows of units two times of three.
type scratched struct {
	store.Log
	reads atomic.Int64
}

type scratchedWork struct {
	store.Work
	l    *scratched
	gone error // until the unit is opened again
}

func (l *scratched) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	s, err := l.Log.Session(ctx, id, stages)
	if err != nil {
		return nil, err
	}
	return storetest.Wrap(s, func(w store.Work) store.Work { return &scratchedWork{Work: w, l: l} }), nil
}

func (w *scratchedWork) Poll(limit int) ([]store.Records, error) {
	if w.gone != nil {
		return nil, w.gone
	}
	runs, err := w.Work.Poll(limit)
	if len(runs) > 0 && w.l.reads.Add(1)%3 == 0 {
		w.gone = errors.New("input/output error")
		return nil, w.gone
	}
	return runs, err
}

// TestReadFailsOften: what was processed before a read that failed is committed, so that a query gets on however often
// reads fail.
func TestReadFailsOften(t *testing.T) {
	inner, err := local.Open("data", local.Options{FS: local.NewForgetful()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	})
	log := &scratched{Log: inner}
	h := newHost(t, ksql.WithLog(log), ksql.WithBatch(1), ksql.WithCommit(50, time.Hour), early)
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	r := &store.Records{TP: store.TP{Topic: "s"}}
	for k := range 30 {
		r.Add(int64(k), fmt.Append(nil, "\x00\x00\x00", string(rune(k%3))), []byte(`{"V":1}`))
	}
	if _, err := log.Append(h.ctx, r); err != nil {
		t.Fatal(err)
	}
	h.sync()
	same(t, h.all(`SELECT k, n FROM t;`), []any{int32(0), int64(10)}, []any{int32(1), int64(10)}, []any{int32(2), int64(10)})
	if log.reads.Load() < 30 {
		t.Errorf("%d reads of 30 rows", log.reads.Load())
	}
}

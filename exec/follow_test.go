package exec_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
)

// unreadable is a log whose command topic cannot be read while the test says so, and not be opened while that is so.
type unreadable struct {
	store.Log
	fault atomic.Pointer[error]
}

func (l *unreadable) err() error {
	if p := l.fault.Load(); p != nil {
		return *p
	}
	return nil
}

type unreadableReader struct {
	store.Reader
	log *unreadable
}

func (l *unreadable) Reader(ctx context.Context, from, to map[store.TP]int64) (store.Reader, error) {
	r, err := l.Log.Reader(ctx, from, to)
	for tp := range from {
		if !strings.Contains(tp.Topic, "command_topic") {
			return r, err
		}
	}
	if bad := l.err(); bad != nil {
		return nil, errors.Join(bad, r.Close())
	}
	return &unreadableReader{r, l}, err
}

func (r *unreadableReader) Poll(n int) ([]store.Records, error) {
	if bad := r.log.err(); bad != nil {
		return nil, bad
	}
	return r.Reader.Poll(n)
}

// TestCommandsUnread: statements wait for a command topic that cannot be read for a while, and Health tells of it; for
// one that is damaged nobody waits.
func TestCommandsUnread(t *testing.T) {
	inner := memoryLog(t)
	log := &unreadable{Log: inner}
	h := newHost(t, ksql.WithLog(log))
	h.exec(`CREATE TYPE a AS STRUCT<x INT>;`)
	bad := errors.New("nobody answers")
	log.fault.Store(&bad)
	made := make(chan error, 1)
	go func() {
		_, err := h.Execute(h.ctx, `CREATE TYPE b AS STRUCT<x INT>;`)
		made <- err
	}()
	eventually(t, "Health tells", func() bool {
		c := h.Health().Statements
		return errors.Is(c.Err, bad) && c.Failures > 2
	})
	select {
	case err := <-made:
		t.Errorf("nobody has read it: %v", err)
	default:
	}
	log.fault.Store(nil)
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	h.exec(`CREATE TYPE c AS STRUCT<x INT>; DROP TYPE b; CREATE STREAM s (k INT KEY, v a) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	if _, err := h.Execute(h.ctx, `DROP TYPE b;`); err == nil { // it was made, and dropped, once
		t.Error("type b is there still")
	}
	eventually(t, "all is well", func() bool { return h.Health().Healthy() })
	log.fault.Store(&store.ErrCorrupt)
	if _, err := h.Execute(h.ctx, `CREATE TYPE d AS STRUCT<x INT>;`); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("got %v", err)
	}
}

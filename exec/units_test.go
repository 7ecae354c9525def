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
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// unready is a log that does not find topics of its own, or whose sessions cannot begin, or do not say which units run here, until the test says so.
type unready struct {
	store.Log
	topics, session, units atomic.Bool
	slow                   atomic.Bool // does not answer at all: it waits
}

type unreadySession struct {
	store.Session
	log *unready
}

func (l *unready) Topic(ctx context.Context, name string) (store.TopicInfo, error) {
	if l.topics.Load() && strings.HasSuffix(name, "-changelog") {
		return store.TopicInfo{}, errors.New("topics: nobody answers")
	}
	return l.Log.Topic(ctx, name)
}

func (l *unready) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	if l.session.Load() {
		return nil, fmt.Errorf("%w: nobody answers", store.ErrTransient)
	}
	s, err := l.Log.Session(ctx, id, stages)
	return &unreadySession{s, l}, err
}

func (s *unreadySession) Units(ctx context.Context) ([]store.Unit, error) {
	if s.log.slow.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if s.log.units.Load() {
		return nil, fmt.Errorf("%w: nobody answers", store.ErrTransient)
	}
	return s.Session.Units(ctx)
}

// TestUnitsUnknown: while the log has not said which units run here nobody is told that a table is empty, or that all
// rows were seen; and the query can be ended.
func TestUnitsUnknown(t *testing.T) {
	for name, part := range map[string]func(*unready) *atomic.Bool{
		"topics":  func(l *unready) *atomic.Bool { return &l.topics },
		"session": func(l *unready) *atomic.Bool { return &l.session },
		"units":   func(l *unready) *atomic.Bool { return &l.units },
	} {
		t.Run(name, func(t *testing.T) {
			disk := local.NewForgetful()
			open := func() *unready {
				inner, err := local.Open("data", local.Options{FS: disk})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := inner.Close(); err != nil {
						t.Error(err)
					}
				})
				return &unready{Log: inner}
			}
			log := open()
			h := newHost(t, early, ksql.WithLog(log))
			h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
				CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
				INSERT INTO s VALUES (1, 1);
				CREATE TYPE newest AS STRUCT<a INT>;`)
			h.sync()
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			disk = disk.Kill()
			log = open()
			part(log).Store(true)
			h = newHost(t, early, ksql.WithLog(log))
			h.exec(`INSERT INTO s VALUES (1, 2);`)
			for _, text := range []string{`SELECT n FROM t WHERE k = 1;`, `SELECT n FROM t;`} {
				short, cancel := context.WithTimeout(h.ctx, 30*time.Millisecond)
				if rows, err := pullAll(short, h.Engine, text); err == nil {
					t.Errorf("%s gives %q", text, rows)
				}
				if err := h.Sync(short); err == nil {
					t.Error("all was seen")
				}
				cancel()
			}
			seen := make(chan error, 1)
			go func() { seen <- h.Sync(h.ctx) }()
			part(log).Store(false)
			if err := <-seen; err != nil {
				t.Fatal(err)
			}
			same(t, h.all(`SELECT n FROM t WHERE k = 1;`), []any{int64(2)})
			if name == "topics" { // which a statement asks for, too
				return
			}
			part(log).Store(true)
			h.exec(`CREATE TABLE u AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
			ended := make(chan error, 1)
			go func() {
				_, err := pullAll(h.ctx, h.Engine, `SELECT * FROM u;`)
				ended <- err
			}()
			time.Sleep(10 * time.Millisecond)
			h.exec(`DROP TABLE u;`)
			if err := <-ended; err == nil || h.ctx.Err() != nil {
				t.Error(err)
			}
		})
	}
}

// TestUnitsSlow: a log that does not say which units run here holds no statement up, and does not keep the engine from
// closing.
func TestUnitsSlow(t *testing.T) {
	inner, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := inner.Close(); err != nil {
			t.Error(err)
		}
	}()
	log := &unready{Log: inner}
	h := newHost(t, early, ksql.WithLog(log))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); INSERT INTO s VALUES (1, 1);`)
	log.slow.Store(true)
	for _, text := range []string{
		`CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`,
		`CREATE OR REPLACE TABLE t AS SELECT k, COUNT(*) AS n FROM s WHERE k > 0 GROUP BY k;`,
		`DROP TABLE t;`,
		`CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`,
	} {
		began := time.Now()
		h.exec(text)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %s", text, took)
		}
	}
	if !h.Health().Healthy() {
		t.Errorf("%+v", h.Health())
	}
	began := time.Now()
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it closed after %s", took)
	}
}

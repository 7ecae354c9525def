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
			eventually(t, "health tells", func() bool {
				list := h.Health().Restarts
				return len(list) == 1 && list[0].Query == "CTAS_T_1" && list[0].Stage == "" && list[0].Failures > 1 && strings.Contains(list[0].Err.Error(), "nobody answers")
			})
			if shown := explained(h); !strings.Contains(shown, "nobody answers") || !strings.Contains(shown, `"state":"RUNNING"`) {
				t.Error(shown)
			}
			seen := make(chan error, 1)
			go func() { seen <- h.Sync(h.ctx) }()
			part(log).Store(false)
			if err := <-seen; err != nil {
				t.Fatal(err)
			}
			same(t, h.all(`SELECT n FROM t WHERE k = 1;`), []any{int64(2)})
			if list := h.Health().Restarts; len(list) > 0 {
				t.Errorf("it is well again: %+v", list)
			}
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

// roaming is a log that says which units run here when the test does.
type roaming struct {
	store.Log
	units chan []store.Unit
}

type roamingSession struct {
	store.Session
	log  *roaming
	told bool
}

func (l *roaming) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	s, err := l.Log.Session(ctx, id, stages)
	return &roamingSession{Session: s, log: l}, err
}

func (s *roamingSession) Units(ctx context.Context) ([]store.Unit, error) {
	if !s.told {
		s.told = true
		return s.Session.Units(ctx)
	}
	select {
	case list := <-s.log.units:
		return list, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestUnitGoes: a unit that goes commits what it has, and is not asked until it is back; then it goes on behind that. The
// other units of the query work meanwhile.
func TestUnitGoes(t *testing.T) {
	log := &roaming{disk(t, local.NewForgetful()), make(chan []store.Unit)}
	h := newHost(t, early, ksql.WithLog(log))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	put := func(partition int32) {
		r := &store.Records{TP: store.TP{Topic: "s", Partition: partition}}
		r.Add(1, fmt.Append(nil, partition), []byte(`{"V":1}`))
		appendRecords(t, h.Engine, r)
	}
	counts := func(want ...[]any) {
		t.Helper()
		h.sync()
		same(t, h.all(`SELECT k, n FROM t;`), want...)
	}
	put(0)
	put(1)
	counts([]any{int32(0), int64(1)}, []any{int32(1), int64(1)})
	stage := ""
	for range 2 {
		put(0)
		h.sync()
		if stage == "" {
			log.units <- nil
			eventually(t, "health tells", func() bool { return len(h.Health().Restarts) == 2 })
			stage = h.Health().Restarts[0].Stage
		} else {
			log.units <- []store.Unit{{Stage: stage, Partition: 1}}
			eventually(t, "health tells", func() bool { return len(h.Health().Restarts) == 1 })
			put(1)
		}
		x := h.Health().Restarts[0]
		if x.Query != "CTAS_T_1" || x.Partition != 0 || !errors.Is(x.Err, store.ErrLost) || len(h.Failed()) > 0 {
			t.Errorf("%+v, %v", x, h.Failed())
		}
		put(0)
		short, cancel := context.WithTimeout(h.ctx, 20*time.Millisecond)
		if rows, err := pullAll(short, h.Engine, `SELECT n FROM t WHERE k = 0;`); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%q, %v of a unit that is not here", rows, err)
		}
		cancel()
		log.units <- []store.Unit{{Stage: stage, Partition: 0}, {Stage: stage, Partition: 1}}
		h.sync()
		eventually(t, "all is well", func() bool { return h.Health().Healthy() })
	}
	counts([]any{int32(0), int64(5)}, []any{int32(1), int64(2)})
}

// TestUnitsSlow: a log that does not say which units run here holds no statement up, and does not keep the engine from
// closing.
func TestUnitsSlow(t *testing.T) {
	inner := memoryLog(t)
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

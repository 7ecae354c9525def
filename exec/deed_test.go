package exec_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/bed"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// deedLog counts what is forgotten, and refuses to make a number of topics.
type deedLog struct {
	store.Log
	mu        sync.Mutex
	refuse    int // Create calls of internal topics to come that fail
	opened    map[string]bool
	forgotten map[string]int
}

func newDeedLog(t *testing.T) *deedLog {
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
	return &deedLog{Log: inner, opened: map[string]bool{}, forgotten: map[string]int{}}
}

func (l *deedLog) Create(ctx context.Context, name string, c store.TopicConfig) error {
	l.mu.Lock()
	refuse := l.refuse > 0 && ownTopic.MatchString(name)
	if refuse {
		l.refuse--
	}
	l.mu.Unlock()
	if refuse {
		return errors.New("no room for another topic")
	}
	return l.Log.Create(ctx, name, c)
}

func (l *deedLog) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	l.mu.Lock()
	l.opened[id] = true
	l.mu.Unlock()
	return l.Log.Session(ctx, id, stages)
}

func (l *deedLog) Forget(ctx context.Context, id string) error {
	l.mu.Lock()
	l.forgotten[id]++
	l.mu.Unlock()
	return l.Log.Forget(ctx, id)
}

// TestPositionsOfDroppedQueries: each statement that ends a query for good forgets its positions, and no other does.
func TestPositionsOfDroppedQueries(t *testing.T) {
	for name, end := range map[string]func(h *host) error{
		"drop":      func(h *host) error { _, err := h.Execute(h.ctx, `DROP TABLE t;`); return err },
		"terminate": func(h *host) error { _, err := h.Execute(h.ctx, `TERMINATE CTAS_T_2;`); return err },
		"all":       func(h *host) error { _, err := h.Execute(h.ctx, `TERMINATE ALL;`); return err },
		"cluster": func(h *host) error {
			_, err := h.Server().Terminate(h.ctx, func(string) bool { return false })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := newDeedLog(t)
			h := newHost(t, ksql.WithLog(log))
			h.exec(statementSource + `CREATE TABLE t AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;
				CREATE OR REPLACE TABLE t AS SELECT v, COUNT(*) AS n FROM s WHERE v > 0 GROUP BY v;
				PAUSE CTAS_T_2; RESUME CTAS_T_2;`)
			h.sync()
			if len(log.opened) != 1 || len(log.forgotten) != 0 {
				t.Fatalf("opened %v, forgotten %v", log.opened, log.forgotten)
			}
			if err := end(h); err != nil {
				t.Fatal(err)
			}
			for id := range log.opened {
				if log.forgotten[id] == 0 {
					t.Errorf("the positions of %s are kept for ever: forgotten are %v", id, log.forgotten)
				}
			}
		})
	}
}

// TestTopicsThatNobodyNeeds: the topics of a query that could not be made are made later, but not when the query is
// dropped meanwhile.
func TestTopicsThatNobodyNeeds(t *testing.T) {
	for name, end := range map[string]func(h *host) error{
		"drop": func(h *host) error { _, err := h.Execute(h.ctx, `DROP TABLE t DELETE TOPIC;`); return err },
		"all":  func(h *host) error { _, err := h.Execute(h.ctx, `TERMINATE ALL;`); return err },
		"cluster": func(h *host) error {
			_, err := h.Server().Terminate(h.ctx, func(string) bool { return false })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := newDeedLog(t)
			h := newHost(t, ksql.WithLog(log))
			h.exec(statementSource)
			log.refuse = 2 // with the statement itself, and before the next one
			if _, err := h.Execute(h.ctx, `CREATE TABLE t AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`); err == nil || !strings.Contains(err.Error(), "no room") {
				t.Fatal(err)
			}
			if err := end(h); err != nil {
				t.Fatal(err)
			}
			if left := ownTopic.FindString(bed.TopicText(t, h.Engine)); left != "" {
				t.Errorf("%s was made for a query that is gone", left)
			}
		})
	}
}

// TestTwoServices: services that share a log share its topics, and nothing of their queries though these have the
// same ids.
func TestTwoServices(t *testing.T) {
	dir := t.TempDir()
	other := ksql.WithProperties(map[string]string{"ksql.service.id": "other_"})
	const text = `CREATE TABLE z WITH (kafka_topic='Z_OF_%') AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;`
	h := newHost(t, ksql.WithDir(dir))
	h.exec(statementSource + strings.ReplaceAll(text, "%", "A") + `INSERT INTO s VALUES (2, 10);`)
	h.sync()
	same(t, h.all(`SELECT n FROM z;`), []any{int64(2)})

	h = reopened(h, dir, other)
	h.exec(statementSource + strings.ReplaceAll(text, "%", "B"))
	h.sync()
	same(t, h.all(`SELECT n FROM z;`), []any{int64(3)})
	h.exec(`DROP TABLE z DELETE TOPIC;`)

	h = reopened(h, dir)
	h.exec(`INSERT INTO s VALUES (3, 10);`)
	h.sync()
	same(t, h.all(`SELECT n FROM z;`), []any{int64(4)})
}

package exec_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/bed"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// logged is what these tests read of a record of the command topic.
type logged struct {
	Offset int64  `json:"-"`
	ID     string `json:"id"`
	Text   string `json:"text"`
	Query  *struct{ ID string }
	Deeds  struct {
		Create, Delete []struct{ Name, ID string }
	}
}

// commandsOf is all records of the command topic, read from the log itself.
func commandsOf(t *testing.T, l store.Log) (out []logged) {
	t.Helper()
	ctx := context.Background()
	tp := store.TP{Topic: commandTopic}
	to, err := l.Ends(ctx, []store.TP{tp})
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Reader(ctx, map[store.TP]int64{tp: 0}, to)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		runs, err := r.Poll(1000)
		for _, run := range runs {
			for i := range run.Len() {
				c := logged{Offset: run.Offset(i)}
				if err := json.Unmarshal(run.Value[i].Of(run.Bytes), &c); err != nil {
					t.Fatal(err)
				}
				out = append(out, c)
			}
		}
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// caughtUp waits until e has carried out the last of the records.
func caughtUp(t *testing.T, e *ksql.Engine, records []logged) {
	t.Helper()
	last := records[len(records)-1].Offset
	for end := time.Now().Add(10 * time.Second); e.Server().Sequence() < last; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the engine is at record %d of %d: %v", e.Server().Sequence(), last, e.Health().Statements)
		}
	}
}

// openPlace opens an engine at one place of a shared log.
func openPlace(t *testing.T, l store.Log) *ksql.Engine {
	t.Helper()
	e, err := ksql.Open(context.Background(), ksql.WithLog(l), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(e.Close(), l.Close()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// sharedLog is n places at one log in memory whose files are forgotten.
func sharedLog(t *testing.T, n int, fencing bool, wrap func(store.Log) store.Log) (store.Log, []store.Log) {
	t.Helper()
	l := disk(t, local.NewForgetful())
	if wrap != nil {
		l = wrap(l)
	}
	return l, storetest.Shared(l, n, fencing)
}

// meeting writes statements over so few names that those of many clients meet. Each carries a mark by which its
// record is found.
type meeting struct{ *rand.Rand }

func (m meeting) next(e *ksql.Engine, mark string) string {
	name := func(letter byte) string { return fmt.Sprintf("%c%d", letter, m.IntN(3)) }
	a, b, c := name('A'), name('B'), name('C')
	var queries []string
	for q := range e.Catalog().Queries() {
		queries = append(queries, q.ID)
	}
	query := "NONE"
	if len(queries) > 0 {
		query = queries[m.IntN(len(queries))]
	}
	text := []string{
		`CREATE STREAM %[1]s (k INT KEY, v INT) WITH (kafka_topic='in_%[1]s', value_format='json', partitions=2);`,
		`CREATE STREAM %[1]s (k INT KEY, v INT) WITH (kafka_topic='in_%[1]s', value_format='json', partitions=2);`,
		`CREATE STREAM %[2]s AS SELECT k, v + 1 AS v FROM %[1]s;`,
		`CREATE OR REPLACE STREAM %[2]s AS SELECT k, v + 1 AS v FROM %[1]s WHERE v > 2;`,
		`CREATE TABLE %[3]s AS SELECT k, SUM(v) AS s FROM %[2]s GROUP BY k;`,
		`CREATE TABLE %[3]s AS SELECT v, COUNT(*) AS n FROM %[1]s GROUP BY v;`,
		`INSERT INTO %[2]s SELECT k, v FROM %[1]s;`,
		`CREATE TYPE ty%[3]s AS STRUCT<a INT>;`,
		`DROP TYPE ty%[3]s;`,
		`ALTER STREAM %[1]s ADD COLUMN c%[5]d INT;`,
		`DROP STREAM %[1]s DELETE TOPIC;`,
		`DROP STREAM %[2]s DELETE TOPIC;`,
		`DROP STREAM %[2]s;`,
		`DROP TABLE %[3]s DELETE TOPIC;`,
		`DROP TABLE %[3]s;`,
		`TERMINATE %[4]s;`,
		`PAUSE %[4]s;`,
		`RESUME %[4]s;`,
	}[m.IntN(18)]
	text = fmt.Sprintf(text+`%[6]s`, a, b, c, query, m.IntN(9), "")
	return strings.Replace(text, " ", " /* "+mark+" */ ", 1)
}

// TestSharedLog has two engines of one log carry out 500 statements at once: both come to the same catalog, ids and
// statuses; what was acknowledged is in the log once, what was refused is not; topics are those of the records.
func TestSharedLog(t *testing.T) {
	holes := func(seed uint64) func(store.Log) store.Log {
		return func(l store.Log) store.Log {
			return storetest.Late(l, seed, func(string) int { return 1 })
		}
	}
	for _, c := range []struct {
		name    string
		fencing bool
		wrap    func(store.Log) store.Log
	}{{"files", false, nil}, {"fencing", true, nil}, {"late", false, holes(1)}, {"late and fencing", true, holes(2)}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			base, places := sharedLog(t, 3, c.fencing, c.wrap)
			meet(t, base, places, 500)
		})
	}
}

func meet(t *testing.T, base store.Log, places []store.Log, statements int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	engines := []*ksql.Engine{openPlace(t, places[0]), openPlace(t, places[1])}
	const clients = 4 // of each engine
	var mu sync.Mutex
	acknowledged, refused := map[string]bool{}, map[string]error{}
	var left atomic.Int64
	var moved atomic.Int64
	left.Store(int64(statements))
	var all sync.WaitGroup
	for at, e := range engines {
		for client := range clients {
			m := meeting{rand.New(rand.NewPCG(uint64(at), uint64(client)))}
			all.Go(func() {
				for n := left.Add(-1); n >= 0; n = left.Add(-1) {
					mark := fmt.Sprintf("%d-%d-%d", at, client, n)
					_, err := e.Execute(ctx, m.next(e, mark))
					if errors.Is(err, store.ErrMoved) {
						moved.Add(1)
					}
					mu.Lock()
					if err == nil {
						acknowledged[mark] = true
					} else {
						refused[mark] = err
					}
					mu.Unlock()
				}
			})
		}
	}
	opened := make(chan int)
	go func() { // a third comes and goes meanwhile
		n := 0
		for ; left.Load() > 0; n++ {
			e, err := ksql.Open(ctx, ksql.WithLog(places[2]), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
			if err != nil {
				t.Error(err)
				break
			}
			if _, err := e.Execute(ctx, fmt.Sprintf(`CREATE TYPE opened%d AS STRUCT<a INT>;`, n)); err != nil && !errors.Is(err, store.ErrMoved) {
				t.Error(err)
			}
			for id, err := range e.Failed() {
				t.Errorf("opening %d: query %s: %v", n, id, err)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
		opened <- n
	}()
	all.Wait()
	t.Logf("a third engine was opened %d times", <-opened)
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	for i, e := range engines { // each has seen all that the other did
		if _, err := e.Execute(ctx, fmt.Sprintf(`CREATE TYPE last%d AS STRUCT<a INT>;`, i)); err != nil {
			t.Fatal(err)
		}
	}
	records := commandsOf(t, base)
	caughtUp(t, engines[0], records)
	t.Logf("%d acknowledged, %d refused, of them %d because others were always first", len(acknowledged), len(refused), moved.Load())
	if len(acknowledged) < statements/5 || int(moved.Load()) > statements/50 {
		t.Errorf("%d of %d statements were carried out, %d were always too late", len(acknowledged), statements, moved.Load())
	}

	ids, topics := map[string]bool{}, map[string]bool{}
	for _, r := range records {
		if _, mark, ok := strings.Cut(r.Text, "/* "); ok {
			mark, _, _ = strings.Cut(mark, " */")
			if !acknowledged[mark] {
				t.Errorf("logged twice, or though it was refused with %v: %s", refused[mark], r.Text)
			}
			delete(acknowledged, mark)
		}
		if r.Query != nil {
			if ids[r.Query.ID] && !strings.Contains(r.Text, "OR REPLACE") {
				t.Errorf("query id %s was given twice", r.Query.ID)
			}
			ids[r.Query.ID] = true
		}
		for _, d := range r.Deeds.Create {
			topics[d.Name] = true
		}
		for _, d := range r.Deeds.Delete {
			delete(topics, d.Name)
		}
	}
	if len(acknowledged) > 0 {
		t.Errorf("acknowledged and not logged: %v", acknowledged)
	}

	engines = append(engines, openPlace(t, places[2])) // which knows what is in the log alone
	var texts, statuses []string
	for _, e := range engines {
		texts = append(texts, bed.CatalogText(t, e))
		list, err := e.Server().Statuses()
		if err != nil {
			t.Fatal(err)
		}
		statuses = append(statuses, fmt.Sprintf("%+v", list))
		for id, err := range e.Failed() {
			t.Errorf("engine %d: query %s: %v", len(texts), id, err)
		}
		if h := e.Health(); h.Statements.Err != nil || h.Statuses.Err != nil {
			t.Errorf("engine %d: %+v", len(texts), h)
		}
		if n, want := len(e.Health().Queries), strings.Count(texts[0], "\nquery "); n != want {
			t.Errorf("engine %d has %d queries, the catalog %d", len(texts), n, want)
		}
	}
	for i := range engines {
		if texts[i] != texts[0] {
			t.Errorf("engine 1 has\n%s\nengine %d\n%s", texts[0], i+1, texts[i])
		}
		if statuses[i] != statuses[0] {
			t.Errorf("engine 1 says\n%s\nengine %d\n%s", statuses[0], i+1, statuses[i])
		}
	}
	var living []string
	for q := range engines[0].Catalog().Queries() {
		living = append(living, q.ID)
	}
	there, err := base.Topics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name := range there {
		switch {
		case name == commandTopic || strings.HasSuffix(name, "processing_log"):
		case !topics[name]:
			t.Errorf("topic %s is there, though it was deleted", name)
		case strings.Contains(name, "query_") && !slices.ContainsFunc(living, func(id string) bool { return strings.Contains(name, "query_"+id+"-") }):
			t.Errorf("topic %s is there, though its query is not", name)
		}
		delete(topics, name)
	}
	for name := range topics {
		t.Errorf("topic %s is missing", name)
	}
	if err := engines[0].Sync(ctx); err != nil {
		t.Error(err)
	}
}

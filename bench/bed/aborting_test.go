package bed_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// witness is a log that notes what each commit leaves in topic N: the last value of each key.
type witness struct {
	store.Log
	mu    sync.Mutex
	known map[int64]map[int64]bool // key, value
}

type witnessWork struct {
	store.Work
	log *witness
}

func (l *witness) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	s, err := l.Log.Session(ctx, id, stages)
	if err != nil {
		return nil, err
	}
	return storetest.Wrap(s, func(w store.Work) store.Work { return &witnessWork{w, l} }), nil
}

func (w *witnessWork) Commit(ctx context.Context, c store.Commit) error {
	if err := w.Work.Commit(ctx, c); err != nil {
		return err
	}
	last := map[int64]int64{}
	for _, r := range c.Appends {
		if r.TP.Topic != "N" {
			continue
		}
		for i := range r.Time {
			text := strings.Trim(string(r.Value[i].Of(r.Bytes)), `{"N:}`)
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return err
			}
			last[int64(binary.BigEndian.Uint64(r.Key[i].Of(r.Bytes)))] = n
		}
	}
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	for k, n := range last {
		if w.log.known[k] == nil {
			w.log.known[k] = map[int64]bool{}
		}
		w.log.known[k][n] = true
	}
	return nil
}

// saw reports whether a commit has left this value; keys is how many keys have one.
func (l *witness) saw(k, n int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[k][n]
}

func (l *witness) keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.known)
}

// TestPullsBesideAborts reads a table beside a log whose commits are rolled back, whose units go and come back, and
// whose reads break off. No read fails, gives a value that no commit has left, one older than the same reader has seen
// before, or fewer keys than were committed when it began; also where an answer comes in many pages, in between which
// the state is thrown away and read back.
func TestPullsBesideAborts(t *testing.T) {
	for name, page := range map[string]int64{"whole": 0, "pages": 1000} {
		t.Run(name, func(t *testing.T) {
			pullsBesideAborts(t, page)
		})
	}
}

func pullsBesideAborts(t *testing.T, page int64) {
	const reads, keys = 50_000, 300
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	inner, err := local.Open("data", local.Options{FS: local.NewForgetful()})
	if err != nil {
		t.Fatal(err)
	}
	seen := &witness{Log: inner, known: map[int64]map[int64]bool{}}
	log := storetest.Aborting(seen, 7, 5)
	e := opened(t, ksql.WithLog(log), ksql.WithPage(page), ksql.WithBatch(64))
	defer inner.Close()
	run(t, e, `CREATE STREAM s (k BIGINT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=2);
		CREATE TABLE n AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;`)
	one, err := e.Prepare(ctx, `SELECT k, n FROM n WHERE k = ?;`)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Prepare(ctx, `SELECT k, n FROM n;`)
	if err != nil {
		t.Fatal(err)
	}
	var left, scans, values atomic.Int64
	left.Store(reads)
	var wg sync.WaitGroup
	for reader := range 4 {
		r := rand.New(rand.NewPCG(uint64(reader), 17))
		latest := map[int64]int64{}
		wg.Go(func() {
			for left.Add(-1) >= 0 && !t.Failed() {
				scan := r.IntN(20) == 0
				least := seen.keys()
				var rows *ksql.Rows
				var err error
				if scan {
					rows, err = all.Query(ctx)
				} else {
					rows, err = one.Query(ctx, r.Int64N(keys))
				}
				if err != nil {
					t.Error(err)
					return
				}
				given := map[int64]bool{}
				for row, err := range rows.All() {
					if err != nil {
						t.Error(err)
						return
					}
					k, n := row[0].(int64), row[1].(int64)
					if !seen.saw(k, n) || n < latest[k] || given[k] {
						t.Errorf("key %d has %d, before %d; committed: %v, twice in one answer: %v", k, n, latest[k], seen.saw(k, n), given[k])
					}
					latest[k], given[k] = n, true
					values.Add(1)
				}
				if scan {
					scans.Add(1)
					if len(given) < least {
						t.Errorf("%d of %d keys were given", len(given), least)
					}
				}
			}
		})
	}
	stop := make(chan struct{})
	var writing sync.WaitGroup
	var written int64
	writing.Go(func() {
		r := rand.New(rand.NewPCG(1, 19))
		for at := int64(reads); ; {
			select {
			case <-stop:
				return
			default:
			}
			if now := left.Load(); now > at-50 { // what is to be read back grows with the rows
				time.Sleep(100 * time.Microsecond)
				continue
			}
			at -= 50
			runs := []*store.Records{{TP: store.TP{Topic: "s"}}, {TP: store.TP{Topic: "s", Partition: 1}}}
			for range 20 {
				key := binary.BigEndian.AppendUint64(nil, uint64(r.Int64N(keys)))
				runs[store.Partition(key, 2)].Add(1, key, []byte(`{"V":1}`))
				written++
			}
			runs = slices.DeleteFunc(runs, func(r *store.Records) bool { return r.Len() == 0 })
			if _, err := log.Append(ctx, runs...); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Wait()
	close(stop)
	writing.Wait()
	log.Calm(true)
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	rows, err := all.Query(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for row, err := range rows.All() {
		if err != nil {
			t.Fatal(err)
		}
		sum += row[1].(int64)
	}
	f := log.Faults()
	t.Logf("%d reads, of them %d scans, %d values; faults %v", reads, scans.Load(), values.Load(), f)
	if sum != written || len(e.Failed()) > 0 || slices.Min(f[:]) < 3 {
		t.Errorf("%d of %d rows are counted, failed %v, faults %v", sum, written, e.Failed(), f)
	}
	eventually(t, "all is well", func() bool { return e.Health().Healthy() })
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

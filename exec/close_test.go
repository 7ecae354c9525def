package exec_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ksqlgo/ksql"
)

// TestClose: an engine with queries of all kinds at work closes, and nothing of it is left.
func TestClose(t *testing.T) {
	for name, opts := range map[string][]ksql.Option{"memory": nil, "directory": {ksql.WithDir(t.TempDir())}} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			h := newHost(t, opts...)
			h.exec(`SET 'auto.offset.reset' = 'earliest';` + orders + `CREATE STREAM twice AS SELECT *, qty * 2 AS q FROM orders;
				CREATE TABLE hourly AS SELECT item, COUNT(*) AS n FROM twice WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY item;`)
			var writers sync.WaitGroup
			for w := range 4 {
				writers.Go(func() {
					for i := 0; ; i++ {
						if _, err := h.Execute(h.ctx, `INSERT INTO orders VALUES (?, ?, 1);`, i, fmt.Sprint(w)); err != nil {
							if !errors.Is(err, ksql.ErrClosed) {
								t.Error(err)
							}
							return
						}
					}
				})
			}
			var readers sync.WaitGroup
			for _, text := range []string{`SELECT * FROM orders EMIT CHANGES;`, `SELECT * FROM totals EMIT CHANGES;`, `SELECT item, SUM(qty) AS q FROM orders GROUP BY item EMIT CHANGES;`} {
				rows := h.query(text)
				readers.Go(func() { // one reads all
					for rec, err := range rows.Batches() {
						if err != nil {
							t.Error(err)
							return
						}
						rec.Release()
					}
				})
				h.query(text).Next() // one stops reading
				h.query(text)        // one never reads
			}
			time.Sleep(30 * time.Millisecond)
			start := time.Now()
			var closers sync.WaitGroup
			for range 3 {
				closers.Go(func() {
					if err := h.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			closers.Wait()
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("Close took %s", took)
			}
			writers.Wait()
			readers.Wait()
			// BuntDB's goroutine ends within the second after its Close.
			if err := goleak.Find(before, goleak.IgnoreAnyFunction("github.com/tidwall/buntdb.(*DB).backgroundManager")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCloseBehindStatement: Close waits for a statement that is in the log, and for the query that it starts.
func TestCloseBehindStatement(t *testing.T) {
	h, disk, shut := onSlowDisk(t, t.TempDir())
	h.exec(orders)
	disk.held.Lock()
	ctx, cancel := context.WithTimeout(h.ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := h.Execute(ctx, `CREATE STREAM late AS SELECT * FROM orders;`); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	waits := make(chan error, 1)
	go func() {
		_, err := h.Execute(h.ctx, `CREATE STREAM later AS SELECT * FROM orders;`)
		waits <- err
	}()
	time.Sleep(10 * time.Millisecond)
	closed := make(chan struct{})
	go func() { shut(); close(closed) }()
	if err := <-waits; !errors.Is(err, ksql.ErrClosed) {
		t.Errorf("a statement that waits for its turn: %v", err)
	}
	select {
	case <-closed:
		t.Error("Close does not wait")
	case <-time.After(20 * time.Millisecond):
	}
	disk.held.Unlock()
	<-closed
	if h.Catalog().Source("LATE") == nil {
		t.Error("the statement is lost")
	}
}

// TestConcurrent: all methods, from many goroutines at once, until the engine is closed in their midst.
func TestConcurrent(t *testing.T) {
	h := newHost(t, ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	h.exec(orders)
	insert, err := h.Prepare(h.ctx, `INSERT INTO orders VALUES (?, ?, ?);`)
	if err != nil {
		t.Fatal(err)
	}
	pull, err := h.Prepare(h.ctx, `SELECT * FROM totals WHERE item = ?;`)
	if err != nil {
		t.Fatal(err)
	}
	read := func(rows *ksql.Rows, err error) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		for _, err := range rows.All() {
			if err != nil {
				return err
			}
		}
		return nil
	}
	var n atomic.Int32
	jobs := map[string]func() error{
		"insert": func() error { _, err := insert.Exec(h.ctx, int(n.Add(1)), "tea", 1); return err },
		"execute": func() error {
			_, err := h.Execute(h.ctx, `INSERT INTO orders VALUES (?, ?, ?);`, int(n.Add(1)), "milk", nil)
			return err
		},
		"pull":    func() error { return read(pull.Query(h.ctx, "tea")) },
		"scan":    func() error { return read(h.Query(h.ctx, `SELECT * FROM totals;`)) },
		"stream":  func() error { return read(h.Query(h.ctx, `SELECT * FROM orders LIMIT 10;`)) },
		"push":    func() error { return read(h.Query(h.ctx, `SELECT * FROM orders EMIT CHANGES LIMIT 1;`)) },
		"prepare": func() error { _, err := h.Prepare(h.ctx, `SHOW STREAMS;`); return err },
		"show": func() error {
			_, err := h.Execute(h.ctx, `SHOW QUERIES; SHOW STREAMS; DESCRIBE totals EXTENDED;`)
			return err
		},
		"sync": func() error { return h.Sync(h.ctx) },
		"create": func() error {
			name := fmt.Sprintf("x%d", n.Add(1))
			_, err := h.Execute(h.ctx, `CREATE TABLE `+name+` AS SELECT item, MAX(id) AS id FROM orders GROUP BY item; PAUSE ALL; RESUME ALL;`)
			if err == nil {
				_, err = h.Execute(h.ctx, `DROP TABLE `+name+` DELETE TOPIC;`)
			}
			return err
		},
		"look": func() error {
			if failed := h.Failed(); len(failed) > 0 {
				return fmt.Errorf("%v", failed)
			}
			_, err := h.Log().Topics(h.ctx)
			if h.Catalog() == nil {
				return errors.New("no catalog")
			}
			return err
		},
	}
	insert.Exec(h.ctx, 0, "tea", 1)
	var all sync.WaitGroup
	var rounds [2]atomic.Int32 // before and after Close
	for name, job := range jobs {
		for range 2 {
			all.Go(func() {
				for {
					switch err := job(); {
					case err == nil:
						rounds[0].Add(1)
						if h.ctx.Err() != nil {
							t.Errorf("%s never ends", name)
							return
						}
					case errors.Is(err, ksql.ErrClosed), name == "look":
						rounds[1].Add(1)
						return
					default:
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
	}
	time.Sleep(500 * time.Millisecond)
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if rounds[0].Load() < 100 || int(rounds[1].Load()) != 2*len(jobs) {
		t.Errorf("%d rounds, %d ends", rounds[0].Load(), rounds[1].Load())
	}
}

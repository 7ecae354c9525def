package exec_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// soon is how long a call may go on when its context has ended.
const soon = 100 * time.Millisecond

// ends wants a call that waits to return soon after its context has ended, with the context's error. A machine
// that is busy with other things may be late twice.
func ends(t *testing.T, what string, call func(context.Context) error) {
	t.Helper()
	took := time.Duration(math.MaxInt64)
	for try := 0; try < 3 && took > soon; try++ {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		select {
		case err := <-done:
			t.Errorf("%s does not wait: %v", what, err)
			cancel()
			return
		case <-time.After(20 * time.Millisecond):
		}
		start := time.Now()
		cancel()
		select {
		case err := <-done:
			took = time.Since(start)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%s goes on after its context", what)
		}
	}
	if took > soon {
		t.Errorf("%s took %s to end", what, took)
	}
}

// slowDisk is a disk that syncs nothing while it is held, and takes its time to read.
type slowDisk struct {
	local.FS
	held sync.RWMutex
	read time.Duration
}

type slowFile struct {
	local.File
	d *slowDisk
}

func (d *slowDisk) Open(name string) (local.File, error) {
	f, err := d.FS.Open(name)
	return slowFile{f, d}, err
}

func (d *slowDisk) Create(name string) (local.File, error) {
	f, err := d.FS.Create(name)
	return slowFile{f, d}, err
}

func (f slowFile) Sync() error {
	f.d.held.RLock()
	defer f.d.held.RUnlock()
	return f.File.Sync()
}

func (f slowFile) ReadAt(b []byte, at int64) (int, error) {
	time.Sleep(f.d.read)
	return f.File.ReadAt(b, at)
}

// onSlowDisk is an engine over a directory on a slow disk. shut closes both.
func onSlowDisk(t *testing.T, dir string) (h *host, d *slowDisk, shut func()) {
	t.Helper()
	d = &slowDisk{FS: local.Disk()}
	log, err := local.Open(dir, local.Options{FS: d})
	if err != nil {
		t.Fatal(err)
	}
	h = newHost(t, ksql.WithLog(log))
	shut = sync.OnceFunc(func() {
		if err := errors.Join(h.Close(), log.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(shut)
	return h, d, shut
}

// TestCancelDurable: who waits for the disk need not. A statement that is in the log is carried out all the same,
// so that the directory opens again.
func TestCancelDurable(t *testing.T) {
	dir := t.TempDir()
	h, disk, shut := onSlowDisk(t, dir)
	h.exec(orders)
	disk.held.Lock()
	ends(t, "INSERT", func(ctx context.Context) error {
		_, err := h.Execute(ctx, `INSERT INTO orders VALUES (1, 'tea', 1);`)
		return err
	})
	ctx, cancel := context.WithTimeout(h.ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := h.Execute(ctx, `CREATE STREAM late AS SELECT * FROM orders;`); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	ends(t, "CREATE behind another", func(ctx context.Context) error {
		_, err := h.Execute(ctx, `CREATE STREAM later AS SELECT * FROM orders;`)
		return err
	})
	disk.held.Unlock()
	if _, err := h.Execute(h.ctx, `CREATE STREAM late AS SELECT * FROM orders;`); err == nil {
		t.Error("what was logged was not carried out")
	}
	h.exec(`CREATE STREAM later AS SELECT * FROM orders;`)
	shut()
	again := newHost(t, ksql.WithDir(dir))
	if c := again.Catalog(); c.Source("LATE") == nil || c.Source("LATER") == nil || c.Source("ORDERS") == nil {
		t.Error("sources are missing after a restart")
	}
}

func TestCancelPush(t *testing.T) {
	h := newHost(t)
	h.exec(orders)
	for _, text := range []string{`SELECT * FROM orders EMIT CHANGES;`, `SELECT item, COUNT(*) AS n FROM orders GROUP BY item EMIT CHANGES;`} {
		ends(t, text, func(ctx context.Context) error {
			rows, err := h.Query(ctx, text)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
			}
			return rows.Err()
		})
	}
	// A context that ends, ends the query, whether or not anybody reads or closes its rows.
	ctx, cancel := context.WithCancel(h.ctx)
	if _, err := h.Query(ctx, `SELECT * FROM orders EMIT CHANGES;`); err != nil {
		t.Fatal(err)
	}
	if n := len(h.Server().Queries()); n != 1 {
		t.Errorf("%d push queries", n)
	}
	cancel()
	for end := time.Now().Add(soon); len(h.Server().Queries()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the query goes on")
		}
	}
}

// busy is an engine with a query that works at its first row until it is let go.
func busy(t *testing.T) (h *host, let func()) {
	t.Helper()
	gate := make(chan struct{})
	let = sync.OnceFunc(func() { close(gate) })
	wait := fn.Func{Name: "WAITS", Variants: []fn.Variant{fn.Fn1("x: passed on", func(x int32) int32 { <-gate; return x })}}
	h = newHost(t, ksql.WithFunctions(wait))
	t.Cleanup(let)
	h.exec(orders + `CREATE TABLE slow AS SELECT id, SUM(WAITS(qty)) AS qty FROM orders GROUP BY id;`)
	h.exec(`INSERT INTO orders VALUES (1, 'tea', 2);`)
	return h, let
}

func TestCancelBehindBusyQuery(t *testing.T) {
	h, let := busy(t)
	ends(t, "Sync", h.Sync)
	for _, text := range []string{`SELECT * FROM slow WHERE id = 1;`, `SELECT * FROM slow;`} {
		ends(t, text, func(ctx context.Context) error {
			_, err := h.Query(ctx, text)
			return err
		})
	}
	ends(t, "DROP TABLE", func(ctx context.Context) error {
		_, err := h.Execute(ctx, `DROP TABLE slow;`)
		return err
	})
	ends(t, "a statement behind it", func(ctx context.Context) error {
		_, err := h.Execute(ctx, `CREATE STREAM x AS SELECT * FROM orders;`)
		return err
	})
	let()
	h.sync()
	h.exec(`CREATE STREAM x AS SELECT * FROM orders;`)
	if h.Catalog().Source("SLOW") != nil {
		t.Error("DROP TABLE was not carried out")
	}
}

// TestSyncOfQueriesThatGo: Sync does not wait for what a query will never do.
func TestSyncOfQueriesThatGo(t *testing.T) {
	for _, text := range []string{`PAUSE CTAS_SLOW_2;`, `TERMINATE CTAS_SLOW_2;`, `DROP TABLE slow DELETE TOPIC;`} {
		h, let := busy(t)
		done := make(chan error, 1)
		go func() { done <- h.Sync(h.ctx) }()
		time.Sleep(10 * time.Millisecond)
		go func() { time.Sleep(10 * time.Millisecond); let() }()
		h.exec(text)
		if err := <-done; err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestCancelScan: a pull query over a big table ends with its context.
func TestCancelScan(t *testing.T) {
	h := newHost(t, ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	h.exec(`CREATE STREAM s (id INT KEY, v INT) WITH (KAFKA_TOPIC='s', KEY_FORMAT='KAFKA', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT id, COUNT(*) AS n FROM s GROUP BY id;`)
	run := &store.Records{TP: store.TP{Topic: "s"}}
	for i := range uint32(300_000) {
		k := i * 2654435761 // in no order
		run.Add(0, []byte{byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)}, []byte(`{"V":1}`))
	}
	if _, err := h.Log().Append(h.ctx, run); err != nil {
		t.Fatal(err)
	}
	h.sync()
	ends(t, "scan", func(ctx context.Context) error {
		for {
			rows, err := h.Query(ctx, `SELECT * FROM t WHERE n > 0;`)
			if err != nil {
				return err
			}
			rows.Close()
		}
	})
}

// TestCancelOpen: reading back a directory ends with the context, and leaves it free.
func TestCancelOpen(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, ksql.WithDir(dir))
	h.exec(orders)
	for i := range 300 {
		run := &store.Records{TP: store.TP{Topic: "orders"}}
		run.Add(0, nil, fmt.Appendf(nil, `{"QTY":%d,"PAD":"%s"}`, i, strings.Repeat("x", 16<<10)))
		if _, err := h.Log().Append(h.ctx, run); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(journal(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	ends(t, "Open", func(ctx context.Context) error {
		_, err := local.Open(dir, local.Options{Context: ctx, FS: &slowDisk{FS: local.Disk(), read: time.Millisecond}})
		return err
	})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ksql.Open(ctx, ksql.WithDir(dir)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	after, err := os.ReadFile(journal(t, dir))
	if err != nil || string(after) != string(before) {
		t.Error("the journal changed", err)
	}
	again := newHost(t, ksql.WithDir(dir))
	again.sync()
	if n := len(again.all(`SELECT * FROM orders;`)); n != 300 {
		t.Errorf("%d rows", n)
	}
}

func journal(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "journal", "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	return files[0]
}

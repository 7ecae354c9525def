package exec_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// smallDisk is a disk with so much space left.
type smallDisk struct {
	local.FS
	mu   sync.Mutex
	left int64
}

func (d *smallDisk) take(n int64) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	n = min(n, d.left)
	d.left -= n
	return n
}

type smallFile struct {
	local.File
	d *smallDisk
}

func (d *smallDisk) Open(name string) (local.File, error) {
	f, err := d.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return smallFile{f, d}, nil
}

func (d *smallDisk) Create(name string) (local.File, error) {
	f, err := d.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return smallFile{f, d}, nil
}

func (f smallFile) Write(b []byte) (int, error) {
	n := int(f.d.take(int64(len(b))))
	m, err := f.File.Write(b[:n])
	if err == nil && n < len(b) {
		err = syscall.ENOSPC
	}
	return m, err
}

func (f smallFile) Truncate(n int64) error {
	size, err := f.Size()
	if err == nil {
		err = f.File.Truncate(n)
	}
	if err == nil {
		f.d.take(n - size)
	}
	return err
}

// TestFullDisk: on a full disk INSERTs fail and say why, and the engine says that it is not well; when there is space
// again all goes on without being opened again, and what was acknowledged is there.
func TestFullDisk(t *testing.T) {
	t.Run("small", func(t *testing.T) {
		d := &smallDisk{FS: local.Disk(), left: 20 << 20}
		dir := t.TempDir()
		log, err := local.Open(dir, local.Options{FS: d, SegmentBytes: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		h := newHost(t, ksql.WithLog(log))
		fullDisk(t, h, func() { d.take(-8 << 20) }, func() *host {
			if err := errors.Join(h.Close(), log.Close()); err != nil {
				t.Fatal(err)
			}
			return newHost(t, ksql.WithDir(dir))
		})
	})
	t.Run("tmpfs", func(t *testing.T) {
		disk := t.TempDir()
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk).CombinedOutput(); err != nil {
			t.Skipf("cannot mount: %v, %s", err, out)
		}
		t.Cleanup(func() {
			if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
				t.Errorf("%v, %s", err, out)
			}
		})
		ballast, dir := filepath.Join(disk, "ballast"), filepath.Join(disk, "log")
		if err := os.WriteFile(ballast, make([]byte, 8<<20), 0o644); err != nil {
			t.Fatal(err)
		}
		h := newHost(t, ksql.WithDir(dir))
		fullDisk(t, h, func() {
			if err := os.Remove(ballast); err != nil {
				t.Fatal(err)
			}
		}, func() *host {
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			return newHost(t, ksql.WithDir(dir))
		})
	})
}

func fullDisk(t *testing.T, h *host, free func(), reopen func() *host) {
	h.exec(`SET 'auto.offset.reset'='earliest';
		CREATE STREAM s (id BIGINT, pad STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM d AS SELECT id, SUBSTRING(pad, 1, 5000) AS pad FROM s;
		CREATE TABLE n AS SELECT id % 3 AS g, COUNT(*) AS n FROM s GROUP BY id % 3;`)
	pad := strings.Repeat("x", 20_000)
	var want []int64
	insert := func(id int64) error {
		_, err := h.Execute(h.ctx, `INSERT INTO s VALUES (?, ?);`, id, pad)
		if err == nil {
			want = append(want, id)
		}
		return err
	}
	id, refused := int64(0), 0
	for ; refused < 20; id++ {
		err := insert(id)
		if err == nil {
			continue
		}
		if refused++; !errors.Is(err, store.ErrTransient) || !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	if len(want) < 50 {
		t.Fatalf("%d rows on 20 MB", len(want))
	}
	if x := h.Health(); x.Healthy() || !slices.ContainsFunc(x.Log, func(w store.Trouble) bool {
		return w.What == store.Writing && errors.Is(w.Err, syscall.ENOSPC)
	}) {
		t.Fatalf("a full disk is well: %+v", x)
	}
	free()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if x := h.Health(); x.Healthy() {
			break
		} else if time.Now().After(end) {
			t.Fatalf("there is space again: %+v", x)
		}
	}
	for range 30 {
		if err := insert(id); err != nil {
			t.Fatal(err)
		}
		id++
	}
	check := func(h *host) {
		t.Helper()
		h.sync()
		if failed := h.Failed(); len(failed) > 0 {
			t.Fatal(failed)
		}
		for _, source := range []string{"s", "d"} {
			var got []int64
			for _, row := range h.all("SELECT id FROM " + source + ";") {
				got = append(got, row[0].(int64))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %d rows of %d", source, len(got), len(want))
			}
		}
		counts := map[string]int{}
		for _, id := range want {
			counts[fmt.Sprint(id%3)]++
		}
		for _, row := range h.all("SELECT g, n FROM n;") {
			if g := fmt.Sprint(row[0]); fmt.Sprint(row[1]) != fmt.Sprint(counts[g]) {
				t.Fatalf("%s: %v of %d", g, row[1], counts[g])
			}
		}
	}
	check(h)
	check(reopen())
}

package httpapi_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"
	"github.com/ksqlgo/ksql/store/local"
)

// broken is a disk whose files can be read and written no more once it is broken, with the errors of the system.
type broken struct {
	local.FS
	now atomic.Bool
}

func (b *broken) err(op, name string) error {
	if !b.now.Load() {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: syscall.EIO}
}

func (b *broken) Create(name string) (local.File, error) {
	if err := b.err("open", name); err != nil {
		return nil, err
	}
	f, err := b.FS.Create(name)
	return &brokenFile{f, b, name}, err
}

func (b *broken) Open(name string) (local.File, error) {
	if err := b.err("open", name); err != nil {
		return nil, err
	}
	f, err := b.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return &brokenFile{f, b, name}, nil
}

func (b *broken) Rename(from, to string) error {
	if b.now.Load() {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.EIO}
	}
	return b.FS.Rename(from, to)
}

type brokenFile struct {
	local.File
	b    *broken
	name string
}

func (f *brokenFile) Write(p []byte) (int, error) {
	if err := f.b.err("write", f.name); err != nil {
		return 0, err
	}
	return f.File.Write(p)
}

func (f *brokenFile) ReadAt(p []byte, at int64) (int, error) {
	if err := f.b.err("read", f.name); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, at)
}

// TestPaths looks for the place of the directory in whatever is answered when the disk breaks.
func TestPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secret place")
	disk := &broken{FS: local.Disk()}
	l, err := local.Open(dir, local.Options{FS: disk, SegmentBytes: 64 << 10, JournalBytes: 128 << 10, CacheBytes: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e, err := ksql.Open(context.Background(), ksql.WithLog(l))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	h := httpapi.New(e)
	ask := func(method, path, body string, h2 bool) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		if h2 {
			r.ProtoMajor = 2
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := fmt.Sprint(w.Code, " ", w.Body)
		for _, bad := range []string{dir, "secret", filepath.Dir(dir)} {
			if strings.Contains(got, bad) {
				t.Errorf("%s %s %.100s tells %q: %.1000s", method, path, body, bad, got)
			}
		}
		return got
	}
	if got := ask("POST", "/ksql", `{"ksql":"CREATE STREAM S (K INT KEY, V STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); CREATE TABLE T AS SELECT K, COUNT(*) AS N FROM S GROUP BY K;"}`, false); !strings.HasPrefix(got, "200") {
		t.Fatal(got)
	}
	for k := range 100 { // of which the oldest are only on the disk
		if got := ask("POST", "/ksql", fmt.Sprintf(`{"ksql":"INSERT INTO S VALUES (%d, '%s');"}`, k, strings.Repeat("x", 5000)), false); !strings.HasPrefix(got, "200") {
			t.Fatal(got)
		}
	}
	if err := e.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	disk.now.Store(true)
	failed := 0
	for _, r := range []struct {
		path, body string
	}{
		{"/ksql", `{"ksql":"INSERT INTO S VALUES (1, 'a');"}`},
		{"/ksql", `{"ksql":"CREATE STREAM S2 (K INT KEY) WITH (KAFKA_TOPIC='s2', VALUE_FORMAT='JSON', PARTITIONS=1);"}`},
		{"/ksql", `{"ksql":"CREATE TABLE T2 AS SELECT K, COUNT(*) AS N FROM S GROUP BY K;"}`},
		{"/ksql", `{"ksql":"INSERT INTO S VALUES (1, 'a');"}`},
		{"/ksql", `{"ksql":"DROP TABLE T;"}`},
		{"/ksql", `{"ksql":"ASSERT TOPIC s;"}`},
		{"/inserts-stream", `{"target":"S"}` + "\n" + `{"K":1}`},
		{"/query-stream", `{"sql":"SELECT * FROM S;"}`},
		{"/query-stream", `{"sql":"SELECT * FROM S EMIT CHANGES LIMIT 100;","properties":{"auto.offset.reset":"earliest"}}`},
		{"/query-stream", `{"sql":"SELECT * FROM T;"}`},
		{"/query-stream", `{"sql":"PRINT s FROM BEGINNING LIMIT 100;"}`},
		{"/query", `{"ksql":"SELECT * FROM S;"}`},
		{"/query", `{"ksql":"PRINT s FROM BEGINNING LIMIT 100;"}`},
		{"/ksql", `{"ksql":"SHOW QUERIES EXTENDED;"}`},
		{"/ksql", `{"ksql":"DESCRIBE T EXTENDED;"}`},
	} {
		if got := ask("POST", r.path, r.body, r.path == "/inserts-stream"); strings.Contains(got, "input/output error") {
			failed++
		}
	}
	for _, path := range []string{"/status", "/healthcheck", "/info", "/status/stream/%60S2%60/create"} {
		ask("GET", path, "", false)
	}
	if failed < 6 {
		t.Errorf("only %d requests fail", failed)
	}
}

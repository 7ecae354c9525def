package bed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
)

// badDirRows is how many rows the directory holds that is spoiled.
const badDirRows = 600

// badDir makes a directory of several files: as it was when the engine ran, and closed in order.
func badDir(t *testing.T) (running, closed map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	log, err := local.Open(dir, smallLog)
	if err != nil {
		t.Fatal(err)
	}
	ends(t, log)
	ctx := context.Background()
	e, err := ksql.Open(ctx, ksql.WithLog(log))
	if err != nil {
		t.Fatal(err)
	}
	ends(t, e)
	if _, err := e.Execute(ctx, `SET 'auto.offset.reset'='earliest';
		CREATE STREAM s (id BIGINT, pad STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM d AS SELECT id + 1 AS id, pad FROM s;
		CREATE TABLE t AS SELECT id % 7 AS g, COUNT(*) AS n FROM s GROUP BY id % 7;`); err != nil {
		t.Fatal(err)
	}
	pad := strings.Repeat("x", 300)
	for id := 0; id < badDirRows; id += 20 {
		run := &store.Records{TP: store.TP{Topic: "s"}}
		for i := range 20 {
			run.Add(int64(id+i), nil, fmt.Appendf(nil, `{"ID":%d,"PAD":%q}`, id+i, pad))
		}
		appendRecords(t, e, run)
		if id%200 == 0 {
			if err := e.Sync(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	for again := readDir(t, dir); !maps.EqualFunc(running, again, bytes.Equal); again = readDir(t, dir) {
		running = again
		time.Sleep(50 * time.Millisecond) // old rows may still be moving
	}
	if err := errors.Join(e.Close(), log.Close()); err != nil {
		t.Fatal(err)
	}
	return running, readDir(t, dir)
}

// readDir is the files of a directory by name.
func readDir(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	if err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // moved meanwhile
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		out[rel] = b
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// spoilDir damages a copy of files and says how.
func (tr *trial) spoilDir(files map[string][]byte) (map[string][]byte, string) {
	r := tr.r
	out := maps.Clone(files)
	names := slices.Sorted(maps.Keys(files))
	name := names[r.IntN(len(names))]
	tail := r.IntN(4) == 0
	for _, n := range names {
		if tail && strings.HasPrefix(n, "journal") {
			name = n // the last one
		}
	}
	b := slices.Clone(out[name])
	if len(b) == 0 {
		b = []byte{0}
	}
	i := r.IntN(len(b))
	if tail {
		i = max(0, len(b)-1-r.IntN(4000))
	}
	what := ""
	switch r.IntN(9) {
	case 0:
		what = fmt.Sprintf("bit %d of byte %d flipped", i%8, i)
		b[i] ^= 1 << (i % 8)
	case 1:
		what = fmt.Sprintf("cut at %d of %d", i, len(b))
		b = b[:i]
	case 2:
		n := min(len(b)-i, 1<<r.IntN(13))
		what = fmt.Sprintf("%d zeros at %d", n, i)
		clear(b[i : i+n])
	case 3:
		n := min(len(b)-i, 1<<r.IntN(13))
		what = fmt.Sprintf("%d bytes taken out at %d", n, i)
		b = slices.Delete(b, i, i+n)
	case 4:
		n := min(len(b)-i, 1<<r.IntN(13))
		what = fmt.Sprintf("%d bytes doubled at %d", n, i)
		b = slices.Insert(b, i, slices.Clone(b[i:i+n])...)
	case 5:
		junk := make([]byte, 1+r.IntN(1<<r.IntN(13)))
		for k := range junk {
			junk[k] = byte(r.IntN(256))
		}
		what = fmt.Sprintf("%d bytes of garbage at the end", len(junk))
		b = append(b, junk...)
	case 6:
		what = "gone"
		delete(out, name)
		return out, name + ": " + what
	case 7:
		beside := []string{filepath.Join(filepath.Dir(name), "garbage"), name + "x", name + ".tmp", filepath.Join(filepath.Dir(name), "99999999999999999999"), filepath.Join(filepath.Dir(name), "-1")}[r.IntN(5)]
		if _, ok := files[beside]; !ok {
			out[beside] = b[:i]
			return out, beside + ": put beside"
		}
		fallthrough
	default:
		other := names[r.IntN(len(names))]
		what = "replaced by " + other
		b = slices.Clone(files[other])
	}
	out[name] = b
	return out, name + ": " + what
}

// TestBadDirectories: a damaged directory is refused as it is, with store.ErrCorrupt, or opens with the first of
// its rows, all that was made of them, and nothing else. Damage among old rows may show when they are read.
func TestBadDirectories(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, 5)
	running, closed := badDir(t)
	refused, later, whole, part := 0, 0, 0, 0
	n := tr.share(badDirs)
	for i := range n {
		files := closed
		if i%2 == 0 {
			files = running
		}
		left, what := tr.spoilDir(files)
		dir := filepath.Join(t.TempDir(), fmt.Sprint(i))
		for name, b := range left {
			name = filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		tr.run(what, func() {
			ctx, cancel := context.WithTimeout(context.Background(), badLimit)
			defer cancel()
			e, err := ksql.Open(ctx, ksql.WithDir(dir))
			if err != nil {
				refused++
				if !errors.Is(err, store.ErrCorrupt) {
					t.Errorf("%s: %v", what, err)
				}
				now := readDir(t, dir)
				for name, b := range left {
					if !bytes.HasPrefix(now[name], b) { // the journal's end may tell that it was closed
						t.Errorf("%s: refused, but %s is changed", what, name)
					}
				}
				return
			}
			defer e.Close()
			switch rows, err := checkBadDir(t, ctx, e, what); {
			case errors.Is(err, store.ErrCorrupt):
				later++
			case err != nil:
				t.Errorf("%s: %v", what, err)
			case rows == badDirRows:
				whole++
			default:
				part++
			}
		})
		os.RemoveAll(dir)
	}
	t.Logf("%d were refused, %d when rows were read, %d opened whole, %d in part", refused, later, whole, part)
	if refused < n/10 || whole == 0 {
		t.Error("the damage is too weak, or too strong")
	}
}

// checkBadDir compares what was made of the rows with them, and counts them.
func checkBadDir(t *testing.T, ctx context.Context, e *ksql.Engine, what string) (int, error) {
	t.Helper()
	if err := e.Sync(ctx); err != nil {
		return 0, err
	}
	for _, err := range e.Failed() {
		return 0, err
	}
	var failed error
	all := func(source, text string) (out []string) {
		if e.Catalog().Source(source) == nil { // the statement that made it was cut off
			return nil
		}
		rows, err := e.Query(ctx, text)
		if err != nil {
			failed = err
			return nil
		}
		defer rows.Close()
		for rows.Next() {
			out = append(out, fmt.Sprint(rows.Row()...))
		}
		if err := rows.Err(); err != nil {
			failed = err
		}
		return out
	}
	ids, derived, counts := all("S", "SELECT id FROM s;"), all("D", "SELECT id - 1 AS id FROM d;"), all("T", "SELECT g, n FROM t;")
	if failed != nil {
		return 0, failed
	}
	for i, id := range ids {
		if id != fmt.Sprint(i) {
			return 0, fmt.Errorf("row %d is %s", i, id)
		}
	}
	if e.Catalog().Source("D") != nil && !slices.Equal(ids, derived) {
		t.Errorf("%s: %d rows, %d made of them", what, len(ids), len(derived))
	}
	want := []string{}
	for g := range min(7, len(ids)) {
		want = append(want, fmt.Sprint(g, (len(ids)-g+6)/7))
	}
	if got := slices.Sorted(slices.Values(counts)); e.Catalog().Source("T") != nil && !slices.Equal(got, want) {
		t.Errorf("%s: counts are %v, want %v", what, got, want)
	}
	return len(ids), nil
}

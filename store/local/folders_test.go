package local

import (
	"bytes"
	"errors"
	"fmt"
	iofs "io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestFileNames: any text has a name of its own, which every file system takes.
func TestFileNames(t *testing.T) {
	long := strings.Repeat("x", 300)
	met := map[string]string{}
	for text, want := range map[string]string{
		"": "%", "CSAS_1": "CSAS_1", "a-z_A-Z_0-9": "a-z_A-Z_0-9", "q/1": "q%2f1", "%": "%25", "..": "%2e%2e", "a b": "a%20b", "\x00ü": "%00%c3%bc",
		"@[`{/:": "%40%5b%60%7b%2f%3a", strings.Repeat("y", 200): strings.Repeat("y", 200), long: "", long + "y": "", long + "z": "", strings.Repeat("y", 201): "",
	} {
		got := fileName(text)
		if want != "" && got != want || want == "" && (!strings.HasPrefix(got, text[:180]+"%") || len(got) != 197) {
			t.Errorf("%q is %q", text, got)
		}
		if other, ok := met[got]; ok {
			t.Errorf("%q and %q are %q", text, other, got)
		}
		met[got] = text
	}
}

// TestFoldersReachDisk: the names of new folders are on disk before what is in them counts.
func TestFoldersReachDisk(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/a/d", Options{FS: fs, SegmentBytes: 1000, JournalBytes: 1 << 20, SyncEvery: time.Hour}))(t).(*log)
	defer l.Close()
	u := newUnit(t, l)
	synced := map[string]bool{}
	published := map[string]map[string]bool{}
	var noRow bool
	fs.Fail(func(op Op, name string) (error, bool) {
		if op == SyncDirOp {
			synced[name] = true
		}
		if op == RenameOp {
			published[name] = maps.Clone(synced)
			if strings.Contains(name, "MANIFEST") { // what is in the checkpoint must not be lost behind it
				n := fs.names["/a/d/journal/000000000001"]
				noRow = !bytes.Contains(n.data[:n.safe], []byte("the row"))
			}
		}
		return nil, true
	})
	u.commit("the row")
	u.checkpoint("state")
	if noRow {
		t.Error("the checkpoint counts, and the commit that it holds is not on disk")
	}
	want := func(name string, dirs ...string) {
		t.Helper()
		fs.mu.Lock()
		defer fs.mu.Unlock()
		if synced["/a"] {
			t.Error("a folder was synced that is not the log's")
		}
		for _, dir := range dirs {
			if !published[name][dir] {
				t.Errorf("%s counts, and what is in %s is not on disk: %v", name, dir, published)
			}
		}
	}
	want("/a/d/checkpoints/q/s/0/MANIFEST-1", "/a/d", "/a/d/checkpoints", "/a/d/checkpoints/q", "/a/d/checkpoints/q/s")
	fs.mu.Lock()
	clear(synced)
	fs.mu.Unlock()
	for range 10 {
		must(l.Append(ctx, rowsOf("in", strings.Repeat("x", 300))))(t)
	}
	l.write.Lock()
	l.j.opt.JournalBytes = 1
	l.write.Unlock()
	calmAt(t, l, 3000)
	want("/a/d/COLD", "/a/d", "/a/d/topics", "/a/d/topics/1", "/a/d/topics/1/0")
}

// TestOpenedIsOnDisk: what was found at opening is on disk before anybody counts on it, and so is what says that files
// are of no use before they go.
func TestOpenedIsOnDisk(t *testing.T) {
	for seed := range uint64(10) {
		fs := NewForgetful()
		var dirs []string
		fs.Fail(func(op Op, name string) (error, bool) {
			if op == SyncDirOp {
				dirs = append(dirs, name)
			}
			return nil, true
		})
		o := Options{FS: fs, SegmentBytes: 1000, SyncEvery: time.Hour}
		l := must(Open("/a/d", o))(t)
		if !slices.Contains(dirs, "/a") || !slices.Contains(dirs, "/a/d") || !slices.Contains(dirs, "/a/d/journal") {
			t.Errorf("the new folder's name may be lost: %v", dirs)
		}
		if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint(i, strings.Repeat("x", 200)))
			must(l.Append(ctx, rowsOf("t", want[i])))(t)
		}
		killed := fs.Kill()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		killed.names["/a/d/journal/000000000000"] = &node{}
		killed.disk["/a/d/journal/000000000000"] = killed.names["/a/d/journal/000000000000"]
		dirs = nil
		killed.Fail(func(op Op, name string) (error, bool) {
			if op == SyncDirOp {
				dirs = append(dirs, name)
			}
			if op == RemoveOp && !slices.Contains(dirs, "/a/d") {
				t.Errorf("%s is removed too early", name)
			}
			return nil, true
		})
		o.FS = killed
		l = must(Open("/a/d", o))(t)
		if err := l.Wait(ctx, l.(*log).seq-1); err != nil {
			t.Fatal(err)
		}
		cut := killed.Crash(rand.New(rand.NewPCG(seed, 3)))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = must(Open("/a/d", Options{FS: cut}))(t)
		if got, err := values(l, "t"); err != nil || Damage(l) != nil || !slices.Equal(got, want) {
			t.Errorf("seed %d: %d rows, %v, %v", seed, len(got), err, Damage(l))
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// calmAt waits until a file was retired, and no more than so many bytes of journal are left.
func calmAt(t *testing.T, l *log, bytes int64) {
	t.Helper()
	token(l.j.retire)
	eventually(t, func() bool {
		l.write.Lock()
		defer l.write.Unlock()
		return l.j.total <= bytes && l.j.segs[0].n > 1
	}, func() string { return "nothing is retired" })
}

// TestStray: what no manifest names among the files of old rows goes at the next opening, on each level; the rest stays.
func TestStray(t *testing.T) {
	fs, o, want := retired(t)
	before := slices.Sorted(maps.Keys(fs.names))
	for _, name := range []string{"1/0/00000000000000000000-999", "1/0/x", "1/1/y", "1/x/y", "1/00/y", "1/-/y", "2/0/y", "x/y", "99/y"} {
		fs.names["/d/topics/"+name] = &node{data: []byte("stray")}
	}
	fs.names["/d/journal/000000000009.tmp"] = &node{}
	l := must(Open("/d", o))(t)
	if got, err := values(l, "t"); err != nil || !slices.Equal(got, want) {
		t.Errorf("%d rows, %v", len(got), err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if after := slices.Sorted(maps.Keys(fs.names)); !slices.Equal(after, before) {
		t.Errorf("there were %v,\nthere are %v", before, after)
	}
}

// TestStrayFolders: folders go with what is in them; those of topics that are there stay.
func TestStrayFolders(t *testing.T) {
	dir := t.TempDir()
	o := Options{SegmentBytes: 500, JournalBytes: 1000}
	l := must(Open(dir, o))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 300))))(t)
	}
	calm(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	list := func() (out []string) {
		if err := filepath.WalkDir(filepath.Join(dir, "topics"), func(path string, _ iofs.DirEntry, err error) error {
			out = append(out, path)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := list()
	for _, name := range []string{"x", "2", "2/0", "1/x", "1/00"} {
		if err := os.MkdirAll(filepath.Join(dir, "topics", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l = must(Open(dir, o))(t)
	if got, err := values(l, "t"); err != nil || len(got) != 10 {
		t.Error(len(got), err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if after := list(); !slices.Equal(after, before) || len(before) < 4 {
		t.Errorf("there were %v,\nthere are %v", before, after)
	}
}

// TestStrayInJournal: a file in the journal's folder that is not of it is not passed over.
func TestStrayInJournal(t *testing.T) {
	fs, o, _ := retired(t)
	fs.names["/d/journal/notes.txt"] = &node{}
	if _, err := Open("/d", o); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "notes.txt") {
		t.Error(err)
	}
}

package local

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestRetiresLater: a file that cannot be retired is told of, its rows stay readable, and it is retired by itself when
// it can be, into files that nothing is in doubt about.
func TestRetiresLater(t *testing.T) {
	for _, op := range []Op{CreateOp, WriteOp, SyncOp, CloseOp, SyncDirOp, RenameOp} {
		for _, done := range []bool{false, true} {
			l, fs, on := failing(t, Options{SegmentBytes: 1000, JournalBytes: 3000, CacheBytes: 1})
			var want []string
			put := func(n int) {
				for range n {
					want = append(want, fmt.Sprint(len(want), strings.Repeat("x", 300)))
					must(l.Append(ctx, rowsOf("t", want[len(want)-1])))(t)
				}
			}
			same := func(when string) {
				t.Helper()
				if got, err := values(l, "t"); err != nil || !slices.Equal(got, want) {
					t.Errorf("%s, %s: %d rows of %d, %v", op, when, len(got), len(want), err)
				}
				counted(t, l)
			}
			put(20)
			calm(t, l)
			retired := func() int64 {
				l.retires.Lock()
				defer l.retires.Unlock()
				return l.cold.retired
			}
			was := retired()
			fs.Fail(func(o Op, name string) (error, bool) {
				if o == op && (strings.Contains(name, "/topics") || strings.Contains(name, "COLD") || op == SyncDirOp && name == "/d") {
					return errFault, done
				}
				return nil, true
			})
			put(10)
			eventually(t, func() bool { return len(l.Health()) > 0 }, func() string { return string(op) + ": nothing is told" })
			ill(t, l, store.Retiring)
			same("while it fails")
			if now := retired(); now != was {
				t.Errorf("%s: file %d was retired, after %d", op, now, was)
			}
			killed := fs.Kill()
			on()
			healthy(t, l)
			calm(t, l)
			same("afterwards")
			if now := retired(); now <= was {
				t.Errorf("%s: file %d was retired, after %d", op, now, was)
			}
			l.retires.Lock()
			if l.cold.failed || len(l.cold.litter) > 0 || len(l.cold.doubtful) > 0 {
				t.Errorf("%s: %+v is left", op, l.cold)
			}
			files := 0
			for _, p := range l.cold.parts {
				files += len(p.files)
			}
			l.retires.Unlock()
			fs.mu.Lock()
			for name := range fs.names {
				if strings.Contains(name, "/topics/") {
					files--
				}
			}
			fs.mu.Unlock()
			if files != 0 {
				t.Errorf("%s: there are %d files fewer than are known", op, files)
			}
			put(10)
			calm(t, l)
			same("later")
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = must(Open("/d", Options{FS: killed}))(t).(*log) // as if the process had ended while it failed
			if err := Damage(l); err != nil {
				t.Errorf("%s: %v", op, err)
			}
			want = want[:30]
			same("opened meanwhile")
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestColdGoesOn: behind the end of a file of old rows may stand what a try has left that did not come to its end: it
// is written over, and the rows behind it are read.
func TestColdGoesOn(t *testing.T) {
	fs, o, want := retired(t)
	files, _ := fs.List("/d/topics/1/0")
	n := fs.names["/d/topics/1/0/"+files[len(files)-1]]
	n.data = append(n.data, "of a try that did not come to its end"...)
	l := must(Open("/d", o))(t)
	for range 2 {
		for range 50 {
			want = append(want, fmt.Sprint(len(want), strings.Repeat(".", 50)))
			must(l.Append(ctx, rowsOf("t", want[len(want)-1])))(t)
		}
		calm(t, l)
		if got, err := values(l, "t"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d rows of %d, %v", len(got), len(want), err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = must(Open("/d", o))(t)
		if err := Damage(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestNoJournal: a directory whose journal is gone is damaged, however little was retired; one that has none at all and
// nothing else is new.
func TestNoJournal(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SegmentBytes: 500, JournalBytes: 1 << 40}))(t).(*log)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 500))))(t)
	}
	l.write.Lock()
	l.j.opt.JournalBytes = 1
	l.write.Unlock()
	if more, ok := l.retireOldest(); !more || !ok || l.cold.retired != 1 {
		t.Fatal(more, ok, l.cold.retired)
	}
	l.write.Lock()
	l.j.opt.JournalBytes = 1 << 40
	l.write.Unlock()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := fs.List("/d/journal")
	for _, name := range names {
		delete(fs.names, "/d/journal/"+name)
	}
	if _, err := Open("/d", Options{FS: fs}); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "/d/journal") {
		t.Error(err)
	}
}

// gate is a file system whose journal waits for its disk.
type gate struct {
	FS
	mu sync.RWMutex
}

func (g *gate) Create(name string) (File, error) {
	f, err := g.FS.Create(name)
	return &gateFile{f, g}, err
}

type gateFile struct {
	File
	g *gate
}

func (f *gateFile) Sync() error {
	f.g.mu.RLock()
	defer f.g.mu.RUnlock()
	return f.File.Sync()
}

// TestSlowDisk: writers are ahead of the disk by some files, and then wait for it.
func TestSlowDisk(t *testing.T) {
	fs := &gate{FS: NewForgetful()}
	l := must(Open("/d", Options{FS: fs, SegmentBytes: 1000, SyncEvery: time.Hour}))(t).(*log)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	const all = 50
	fs.mu.Lock()
	written := make(chan error, 1)
	go func() {
		for range all {
			if _, err := l.Append(ctx, rowsOf("t", strings.Repeat("x", 1000))); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	ahead := func() int {
		l.j.mu.Lock()
		defer l.j.mu.Unlock()
		return len(l.j.rolled)
	}
	eventually(t, func() bool { return ahead() >= maxRolled }, func() string { return "writers wait too early" })
	for range 1000 {
		runtime.Gosched()
	}
	if n := ahead(); n != maxRolled {
		t.Errorf("writers are %d files ahead", n)
	}
	fs.mu.Unlock()
	if err := <-written; err != nil {
		t.Error(err)
	}
	if got, err := values(l, "t"); err != nil || len(got) != all {
		t.Error(len(got), err)
	}
	counted(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

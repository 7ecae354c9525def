package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// retired is a closed directory with rows in the journal and in files of old rows, and a checkpoint.
func retired(t *testing.T) (*Forgetful, Options, []string) {
	t.Helper()
	fs := NewForgetful()
	o := Options{FS: fs, SegmentBytes: 1 << 10, JournalBytes: 3 << 10, CacheBytes: 1}
	l := must(Open("/d", o))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 60 {
		want = append(want, fmt.Sprint(i, strings.Repeat(".", 50)))
		must(l.Append(ctx, rowsOf("t", want[i])))(t)
	}
	calm(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return fs, o, want
}

// TestUnreadable: a disk that cannot be read at opening is an error, no damage; the directory stays as it is and free,
// and opens when the disk works again.
func TestUnreadable(t *testing.T) {
	for _, op := range []Op{ReadOp, OpenOp, CutOp, SyncOp, SyncDirOp, CreateOp, RemoveOp} {
		met := 0
		for place := 0; ; place++ {
			fs, o, want := retired(t)
			if op == CutOp { // a torn end is to be cut
				names, _ := fs.List("/d/journal")
				n := fs.names["/d/journal/"+names[len(names)-1]]
				n.data = append(n.data, 1, 2, 3)
			}
			fs.names["/d/journal/000000000000"] = &node{} // of no use any more
			fs.names["/d/topics/1/0/stray"] = &node{}
			calls, open := 0, 0
			fs.Fail(func(o Op, _ string) (error, bool) {
				if o == CloseOp {
					open--
				} else if o == OpenOp || o == CreateOp {
					open++
				}
				if o != op {
					return nil, true
				}
				if calls++; calls == place+1 {
					if o == OpenOp || o == CreateOp {
						open--
					}
					return errFault, false
				}
				return nil, true
			})
			l, err := Open("/d", o)
			if calls <= place { // none has failed
				if err != nil {
					t.Fatal(op, place, err)
				}
				l.Close()
				break
			}
			met++
			if err == nil {
				t.Errorf("%s %d: it was opened; damage: %v", op, place, Damage(l))
				l.Close()
				continue
			}
			if !errors.Is(err, errFault) || errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%s %d: %v", op, place, err)
			}
			if open != 0 {
				t.Errorf("%s %d: %d files are open", op, place, open)
			}
			fs.Fail(nil)
			l = must(Open("/d", o))(t)
			if got, err := values(l, "t"); err != nil || Damage(l) != nil || !slices.Equal(got, want) {
				t.Errorf("%s %d: %d rows, %v, %v", op, place, len(got), err, Damage(l))
			}
			counted(t, l)
			if err := l.Close(); err != nil {
				t.Errorf("%s %d: %v", op, place, err)
			}
		}
		if met == 0 && op != CreateOp {
			t.Errorf("no %s has failed", op)
		}
	}
}

// TestOpenCancelled: opening ends with its context.
func TestOpenCancelled(t *testing.T) {
	fs, o, _ := retired(t)
	stopped, stop := context.WithCancel(ctx)
	stop()
	o.Context = stopped
	if _, err := Open("/d", o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	o.Context = nil
	if err := must(Open("/d", o))(t).Close(); err != nil {
		t.Error(err, fs)
	}
}

// TestReadFails: a row that cannot be read now is an error of its reader, and in the log's health until it can.
func TestReadFails(t *testing.T) {
	fs, o, want := retired(t)
	l := must(Open("/d", o))(t)
	defer l.Close()
	rd := must(l.Reader(ctx, map[store.TP]int64{{Topic: "t"}: 0}, nil))(t)
	defer rd.Close()
	for _, op := range []Op{ReadOp, OpenOp} {
		fs.Fail(func(o Op, _ string) (error, bool) { return map[bool]error{true: errFault}[o == op], false })
		for range 2 {
			if runs, err := rd.Poll(1); !errors.Is(err, errFault) || errors.Is(err, store.ErrCorrupt) {
				t.Errorf("%s: %v, %v", op, runs, err)
			}
			if h := l.(*log).Health(); len(h) != 1 || h[0].What != store.Reading {
				t.Errorf("%s: %v", op, h)
			}
		}
		fs.Fail(nil)
		if runs, err := rd.Poll(1); err != nil || len(runs) != 1 {
			t.Errorf("%s: %v, %v", op, runs, err)
		}
		if h := l.(*log).Health(); len(h) != 0 {
			t.Errorf("%s: %v", op, h)
		}
	}
	// What is cut from a file, or gone, while it is open is damage.
	files, _ := fs.List("/d/topics/1/0")
	name := "/d/topics/1/0/" + files[0]
	whole := fs.names[name].data
	fs.names[name].data = whole[:headerBytes]
	if got, err := values(l, "t"); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), name) {
		t.Error(got, err)
	}
	delete(fs.names, name)
	if got, err := values(l, "t"); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), name) {
		t.Error(got, err)
	}
	fs.names[name] = &node{data: whole}
	if got, err := values(l, "t"); err != nil || !slices.Equal(got, want) {
		t.Error(got, err)
	}
}

// TestErrorsOfFiles: what is said of a file names it within the log, keeps its cause, and not where the log is.
func TestErrorsOfFiles(t *testing.T) {
	j := &journal{dir: "/secret/place"}
	for _, err := range []error{
		&fs.PathError{Op: "write", Path: "/secret/place/journal/1", Err: errFault},
		&os.LinkError{Op: "rename", Old: "/secret/place/journal/1.tmp", New: "/secret/place/journal/1", Err: errFault},
		errFault,
	} {
		got := j.at("write", "/secret/place/journal/1", err)
		if !errors.Is(got, errFault) || got.Error() != "write journal/1: "+errFault.Error() {
			t.Error(got)
		}
	}
}

// TestWaitsEnd: who waits for the disk, or for the journal to be mended, waits no longer than its context.
func TestWaitsEnd(t *testing.T) {
	l := must(Open("/d", Options{FS: NewForgetful(), SyncEvery: time.Hour}))(t).(*log)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	short := func() context.Context {
		c, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		t.Cleanup(cancel)
		return c
	}
	l.j.syncing.Lock() // a disk that takes its time
	seq := must(l.Append(ctx, rowsOf("t", "a")))(t)
	if err := l.Wait(short(), seq); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	l.j.syncing.Unlock()
	if err := l.Wait(ctx, seq); err != nil {
		t.Error(err)
	}
	mends := make(chan struct{})
	l.write.Lock()
	l.j.mends = mends
	l.write.Unlock()
	if _, err := l.Append(short(), rowsOf("t", "b")); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	for name, err := range map[string]error{
		"create": l.Create(stopped, "u", store.TopicConfig{}), "validate": l.Validate(stopped, "u", store.TopicConfig{}),
		"trim": l.Trim(stopped, nil), "forget": l.Forget(stopped, "q"), "delete": l.Delete(stopped, "t", "1"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	l.write.Lock()
	l.j.mends = nil
	close(mends)
	l.write.Unlock()
	if got, err := values(l, "t"); err != nil || fmt.Sprint(got) != "[a]" {
		t.Error(got, err)
	}
	if l.Dir() != "/d" || must(Memory(Options{}))(t).(*log).Dir() != "" {
		t.Errorf("the log is in %q", l.Dir())
	}
	stopHearing := l.Observe(func(store.Event) {})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	stopHearing()
	l.Observe(func(store.Event) { t.Error("a log that is closed tells something") })() // nobody is there to tell
	l.health.failed(store.Writing, "", errFault)
}

package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestStartsReadOnly: where a unit's inputs begin is the same in a log that is damaged and keeps nothing: at the oldest
// row, at the end, or where the stage says.
func TestStartsReadOnly(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SegmentBytes: 400}))(t)
	if err := l.Create(ctx, "in", store.TopicConfig{Partitions: 4}); err != nil {
		t.Fatal(err)
	}
	if err := l.Create(ctx, "narrow", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	tp := func(p int32) store.TP { return store.TP{Topic: "in", Partition: p} }
	for i := range 3 {
		if err := l.Trim(ctx, map[store.TP]int64{tp(1): int64(2 * (i / 2))}); err != nil { // the next file says so
			t.Fatal(err)
		}
		for p := range int32(4) {
			r := rowsOf("in", "a", "b")
			r.TP.Partition = p
			must(l.Append(ctx, r))(t)
		}
	}
	stages := []store.Stage{{Name: "s", In: []string{"in", "narrow"}, From: map[store.TP]int64{tp(1): 0, tp(2): 4, tp(3): -1}}}
	for name, l := range map[string]store.Log{"good": l, "damaged": damaged(t, fs)} {
		ses := must(l.Session(ctx, "q", stages))(t)
		if units := must(ses.Units(ctx))(t); len(units) != 4 {
			t.Fatal(units)
		}
		low := must(store.Whole(ctx, l, "in"))(t)
		lows := map[store.TP]int64{}
		if low.Position(lows); lows[tp(1)] != 2 {
			t.Fatal(lows)
		}
		low.Close()
		want := map[int32]int64{0: 6, 1: lows[tp(1)], 2: 4, 3: 6}
		for p, at := range want {
			w := must(ses.Open(ctx, store.Unit{Stage: "s", Partition: p}))(t)
			if _, err := w.Poll(1); err == nil {
				t.Errorf("%s: polled before it was restored", name)
			}
			if _, _, err := w.Restore(ctx); err != nil {
				t.Fatal(err)
			}
			if _, _, err := w.Restore(ctx); err == nil {
				t.Errorf("%s: restored twice", name)
			}
			got := map[store.TP]int64{}
			if w.Position(got); got[tp(p)] != at || len(got) != map[bool]int{true: 2, false: 1}[p == 0] {
				t.Errorf("%s: partition %d begins at %v, want %d", name, p, got, at)
			}
		}
		err := error(nil)
		if w := must(ses.Open(ctx, store.Unit{Stage: "s"}))(t); name == "damaged" {
			if _, _, err = w.Restore(ctx); err != nil {
				t.Fatal(err)
			}
			err = w.Checkpoint(ctx, func(store.Writer) error { return nil })
			if !errors.Is(err, store.ErrReadOnly) {
				t.Error(err)
			}
			if err = l.Validate(ctx, "new", store.TopicConfig{}); !errors.Is(err, store.ErrReadOnly) {
				t.Error(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Error(name, err)
		}
	}
}

// damaged is the log of fs opened with its last file damaged below what was on disk.
func damaged(t *testing.T, fs *Forgetful) store.Log {
	t.Helper()
	seq := int64(1 << 40)
	killed := fs.Kill()
	names, _ := killed.List("/d/journal")
	last := killed.names["/d/journal/"+names[len(names)-1]]
	salt := uint32(last.data[0]) | uint32(last.data[1])<<8 | uint32(last.data[2])<<16 | uint32(last.data[3])<<24
	e := &encoder{} // a frame that says that more was on disk than is there
	e.begin()
	e.endHead()
	e.seal(salt^frameMagic, seq, seq, 0)
	last.data = append(append(last.data, 1, 2, 3), e.buf...)
	l := must(Open("/d", Options{FS: killed, SegmentBytes: 400}))(t)
	if !errors.Is(Damage(l), store.ErrCorrupt) {
		t.Fatal(Damage(l))
	}
	return l
}

// TestUnitsEnd: who waits for other units learns of the end of the log, of the session and of the wait itself.
func TestUnitsEnd(t *testing.T) {
	for _, open := range []func() store.Log{
		func() store.Log { return must(Memory(Options{}))(t) },
		func() store.Log { return must(Open("/d", Options{FS: NewForgetful()}))(t) },
	} {
		for name, c := range map[string]struct {
			end  func(l store.Log, s store.Session, stop func()) error
			want error
		}{
			"log":     {func(l store.Log, s store.Session, _ func()) error { return l.Close() }, store.ErrClosed},
			"session": {func(l store.Log, s store.Session, _ func()) error { return s.Close() }, store.ErrLost},
			"forget":  {func(l store.Log, s store.Session, _ func()) error { return l.Forget(ctx, "q") }, store.ErrLost},
			"wait":    {func(l store.Log, s store.Session, stop func()) error { stop(); return nil }, context.Canceled},
		} {
			l := open()
			if err := l.Create(ctx, "in", store.TopicConfig{}); err != nil {
				t.Fatal(err)
			}
			s := must(l.Session(ctx, "q", []store.Stage{{Name: "s", In: []string{"in"}}}))(t)
			w := must(s.Open(ctx, store.Unit{Stage: "s"}))(t)
			if _, _, err := w.Restore(ctx); err != nil {
				t.Fatal(err)
			}
			must(s.Units(ctx))(t)
			wait, stop := context.WithCancel(ctx)
			told := make(chan error, 1)
			go func() {
				_, err := s.Units(wait)
				told <- err
			}()
			if err := c.end(l, s, stop); err != nil {
				t.Fatal(name, err)
			}
			if err := <-told; !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
			stop()
			commit := w.Commit(ctx, store.Commit{Appends: []*store.Records{rowsOf("in", "a")}})
			if name == "wait" && commit != nil || name != "wait" && !errors.Is(commit, c.want) {
				t.Errorf("%s: a commit afterwards: %v", name, commit)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if _, err := s.Units(ctx); !errors.Is(err, store.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := l.Session(ctx, "q", nil); !errors.Is(err, store.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestEmptyCommit: a commit of nothing takes no place in the order.
func TestEmptyCommit(t *testing.T) {
	l := must(Memory(Options{}))(t).(*log)
	defer l.Close()
	u := newUnit(t, l)
	seq := l.seq
	if err := u.w.Commit(ctx, store.Commit{}); err != nil || l.seq != seq {
		t.Error(err, l.seq, seq)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := u.w.Commit(stopped, store.Commit{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := u.w.Checkpoint(stopped, nil); !errors.Is(err, context.Canceled) { // in memory there is none
		t.Error(err)
	}
	if err := u.w.Checkpoint(ctx, nil); err != nil {
		t.Error(err)
	}
	if _, err := l.Session(ctx, "", nil); err == nil {
		t.Error("a session without an id")
	}
	if err := u.w.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "gone"}: 1}}); !errors.Is(err, store.ErrNoTopic) {
		t.Error(err)
	}
	for _, r := range []*store.Records{
		{TP: store.TP{Topic: "in"}, Time: []int64{1}},
		{TP: store.TP{Topic: "in"}, Time: []int64{1}, Key: make([]store.Span, 1)},
		{TP: store.TP{Topic: "in"}, Time: []int64{1}, Key: make([]store.Span, 1), Value: make([]store.Span, 1), Mark: []byte{}},
		{TP: store.TP{Topic: "in"}, Time: []int64{1}, Key: make([]store.Span, 1), Value: make([]store.Span, 2)},
		{TP: store.TP{Topic: "in", Partition: 1}}, {TP: store.TP{Topic: "in", Partition: -1}},
	} {
		if _, err := l.Append(ctx, r); err == nil || l.seq != seq {
			t.Errorf("%+v was taken", r)
		}
	}
}

// TestDeletedMeanwhile: a topic that is deleted while its rows are retired has none, nor files when the log was opened
// again; the others keep theirs.
func TestDeletedMeanwhile(t *testing.T) {
	fs := NewForgetful()
	hook := &synced{FS: fs}
	o := Options{FS: hook, SegmentBytes: 1000, JournalBytes: 1 << 40, SyncEvery: time.Hour}
	l := must(Open("/d", o))(t).(*log)
	for _, name := range []string{"gone", "stays"} {
		if err := l.Create(ctx, name, store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for i := range 10 {
		v := fmt.Sprint(i, strings.Repeat("x", 100))
		must(l.Append(ctx, rowsOf("gone", v), rowsOf("stays", v)))(t)
		want = append(want, v)
	}
	gone := l.topics["gone"]
	rd := must(store.Whole(ctx, l, "gone"))(t)
	hook.f = func() {
		l.write.Lock()
		l.j.opt.JournalBytes = 1 << 40
		l.write.Unlock()
		if err := l.Delete(ctx, "gone", gone.text); err != nil {
			t.Error(err)
		}
	}
	l.write.Lock()
	l.j.opt.JournalBytes = 1
	l.write.Unlock()
	if more, ok := l.retireOldest(); !more || !ok || hook.f != nil {
		t.Fatal("nothing was retired", more, ok)
	}
	if _, err := rd.Poll(1); !errors.Is(err, store.ErrNoTopic) || gone.parts[0].runs != nil {
		t.Error(err, gone.parts[0].runs)
	}
	for range 2 {
		if got, err := values(l, "stays"); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d rows, %v", len(got), err)
		}
		counted(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = must(Open("/d", o))(t).(*log)
		if n := topicBytes(fs, gone.text); n > 0 {
			t.Errorf("%d bytes of a deleted topic", n)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestInDoubt: a checkpoint whose manifest may be on disk keeps what it names; one whose manifest cannot be leaves
// nothing behind.
func TestInDoubt(t *testing.T) {
	for op, kept := range map[Op]bool{CreateOp: false, WriteOp: false, SyncOp: false, CloseOp: false, RenameOp: true, SyncDirOp: true} {
		for _, done := range []bool{false, true} {
			fs := NewForgetful()
			l := must(Open("/d", Options{FS: fs, SyncEvery: time.Hour}))(t)
			u := newUnit(t, l)
			u.commit("0")
			u.checkpoint("first")
			u.commit("1")
			fs.Fail(func(o Op, name string) (error, bool) {
				if o == op && (strings.Contains(name, "MANIFEST") || op == SyncDirOp && name == unitFolder) {
					return errFault, done
				}
				return nil, true
			})
			if err := u.w.Checkpoint(ctx, func(w store.Writer) error {
				return errors.Join(w.Table("t", 1), w.Chunk([]byte("second")))
			}); !errors.Is(err, errFault) {
				t.Errorf("%s: %v", op, err)
			}
			fs.Fail(nil)
			names, _ := fs.List(unitFolder)
			if slices.Contains(names, "CHUNKS-2") != kept || slices.Contains(names, "MANIFEST-2") != (op == SyncDirOp || op == RenameOp && done) {
				t.Errorf("%s, done %v: %v", op, done, names)
			}
			if slices.Contains(names, "MANIFEST-2") {
				u.wants("[second]", "[]")
			} else {
				u.wants("[first]", "[1]")
			}
			u.checkpoint("third")
			u.wants("[third]", "[]")
			if h := l.(*log).Health(); len(h) > 0 {
				t.Error(h)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

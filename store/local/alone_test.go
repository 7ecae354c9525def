package local

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestPause: waits double, from the first to the longest; the first try waits for nothing.
func TestPause(t *testing.T) {
	var p pause
	if !p.over() {
		t.Error("the first try waits")
	}
	for want := firstPause; want < 8*mostPause; want *= 2 {
		before := time.Now()
		p.grow()
		if p.long != min(want, mostPause) || p.until.Before(before.Add(p.long)) || p.until.After(time.Now().Add(p.long)) {
			t.Errorf("a pause of %v until %v, want %v", p.long, p.until, want)
		}
		if p.until = time.Now().Add(time.Hour); p.over() {
			t.Error("it is over at once")
		}
		if p.until = time.Now(); !p.over() {
			t.Error("it is never over")
		}
	}
}

// failing is a log whose calls fail while `on` says so.
func failing(t *testing.T, o Options) (l *log, fs *Forgetful, on func(ops ...Op)) {
	fs = NewForgetful()
	o.FS, o.SyncEvery = fs, time.Hour // nobody but the log itself wakes it
	l = must(Open("/d", o))(t).(*log)
	for _, name := range []string{"t", "u"} {
		if err := l.Create(ctx, name, store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	return l, fs, func(ops ...Op) {
		fs.Fail(func(op Op, _ string) (error, bool) {
			if slices.Contains(ops, op) {
				return errFault, false
			}
			return nil, true
		})
	}
}

func healthy(t *testing.T, l *log) {
	t.Helper()
	eventually(t, func() bool { return len(l.Health()) == 0 }, func() string { return fmt.Sprint(l.Health()) })
	counted(t, l)
}

func ill(t *testing.T, l *log, what ...string) {
	t.Helper()
	var got []string
	for _, h := range l.Health() {
		got = append(got, h.What)
	}
	if !slices.Equal(got, what) {
		t.Errorf("ill is %v, want %v: %v", got, what, l.Health())
	}
}

// TestHealsAlone: what could not be written is found to work again although nobody writes or waits.
func TestHealsAlone(t *testing.T) {
	for _, ops := range [][]Op{{WriteOp}, {WriteOp, CutOp}} {
		l, _, on := failing(t, Options{})
		must(l.Append(ctx, rowsOf("t", "a")))(t)
		on(ops...)
		for range 3 {
			if _, err := l.Append(ctx, rowsOf("t", strings.Repeat("b", 5000))); !errors.Is(err, errFault) || !errors.Is(err, store.ErrTransient) {
				t.Fatal(err)
			}
		}
		ill(t, l, store.Writing)
		was := l.Health()[0].Count
		eventually(t, func() bool { return l.Health()[0].Count > was+1 }, func() string { return "it is not tried again" })
		on()
		healthy(t, l)
		must(l.Append(ctx, rowsOf("t", "c")))(t)
		if got, err := values(l, "t"); err != nil || fmt.Sprint(got) != "[a c]" {
			t.Error(got, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGrowsOn: while no new file can be begun the last one grows, up to a bound; then it is begun by itself.
func TestGrowsOn(t *testing.T) {
	const size = 10_000
	l, _, on := failing(t, Options{SegmentBytes: size})
	on(CreateOp)
	n := 0
	for ; ; n++ {
		if _, err := l.Append(ctx, rowsOf("t", strings.Repeat("x", 900))); err != nil {
			if !errors.Is(err, errFault) || !errors.Is(err, store.ErrTransient) {
				t.Fatal(err)
			}
			break
		}
		if n > 10*mostGrowth+10 {
			t.Fatal("it grows for ever")
		}
	}
	l.write.Lock()
	if now := l.j.cur.size; now < mostGrowth*size || now > mostGrowth*size+1100 {
		t.Errorf("it has grown to %d", now)
	}
	l.write.Unlock()
	ill(t, l, store.Rolling)
	on()
	healthy(t, l)
	l.write.Lock()
	if len(l.j.segs) != 2 {
		t.Errorf("%d files", len(l.j.segs))
	}
	l.write.Unlock()
	must(l.Append(ctx, rowsOf("t", "new")))(t)
	if got, err := values(l, "t"); err != nil || len(got) != n+1 {
		t.Error(len(got), n, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRemovedLater: the old rows of a deleted topic, the checkpoints of a forgotten session and older checkpoints that
// cannot be removed are told of. The rows go later by themselves.
func TestRemovedLater(t *testing.T) {
	l, fs, on := failing(t, Options{SegmentBytes: 500, JournalBytes: 1000})
	for range 10 {
		must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 200))))(t)
	}
	calm(t, l)
	id := must(l.Topic(ctx, "t"))(t).ID
	if topicBytes(fs, id) == 0 {
		t.Fatal("nothing was retired")
	}
	on(RemoveOp)
	if err := l.Delete(ctx, "t", id); err != nil {
		t.Error(err)
	}
	ill(t, l, store.Removing)
	on()
	healthy(t, l)
	if n := topicBytes(fs, id); n > 0 {
		t.Errorf("%d bytes of a deleted topic", n)
	}

	u := newUnit(t, l)
	u.checkpoint("1")
	u.checkpoint("2")
	on(RemoveOp)
	u.checkpoint("3")
	ill(t, l, store.Removing)
	on()
	u.checkpoint("4")
	healthy(t, l)
	on(RemoveOp)
	if err := l.Forget(ctx, "q"); !errors.Is(err, errFault) {
		t.Error(err)
	}
	ill(t, l, store.Removing)
	on()
	if err := l.Forget(ctx, "q"); err != nil {
		t.Error(err)
	}
	healthy(t, l)
	if names, _ := fs.List("/d/checkpoints/q"); len(names) > 0 {
		t.Error(names)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestGoneForGood: files go when what says that nobody needs them is on disk, not before.
func TestGoneForGood(t *testing.T) {
	l, fs, _ := failing(t, Options{SegmentBytes: 2000, JournalBytes: 5000})
	for range 20 {
		must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 400))))(t)
	}
	calm(t, l)
	u := newUnit(t, l)
	u.checkpoint("1")
	removed := map[string]bool{}
	fs.Fail(func(op Op, name string) (error, bool) {
		if op != RemoveOp || !strings.Contains(name, "/topics/") && !strings.Contains(name, "/checkpoints/") {
			return nil, true
		}
		removed[name] = true
		for file, n := range fs.names {
			if strings.Contains(file, "/journal/") && n.safe < len(n.data) {
				t.Errorf("%s is removed, and %d bytes of %s are not on disk", name, len(n.data)-n.safe, file)
			}
		}
		return nil, true
	})
	id := must(l.Topic(ctx, "t"))(t).ID
	if err := l.Delete(ctx, "t", id); err != nil {
		t.Error(err)
	}
	if err := l.Forget(ctx, "q"); err != nil {
		t.Error(err)
	}
	fs.Fail(nil)
	if !removed["/d/topics/"+id] || !removed["/d/checkpoints/q"] {
		t.Error(removed)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestEarlySync: under load the disk begins before anybody waits for it, and not with each row.
func TestEarlySync(t *testing.T) {
	l, _, _ := failing(t, Options{})
	synced := func() int64 {
		l.j.mu.Lock()
		defer l.j.mu.Unlock()
		return l.j.synced
	}
	if err := l.Wait(ctx, l.seq+100); err != nil { // all that there is
		t.Fatal(err)
	}
	before := synced()
	if before != l.seq-1 {
		t.Errorf("%d is on disk, %d comes next", before, l.seq)
	}
	var last int64
	for range 7 {
		last = must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 1<<20))))(t)
	}
	if got := synced(); got != before {
		t.Errorf("%d is on disk, nobody has asked", got)
	}
	for range 2 {
		last = must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 1<<20))))(t)
	}
	eventually(t, func() bool { return synced() >= last-1 }, func() string { return "it does not begin" })
	l.write.Lock()
	if l.j.since > 2<<20 {
		t.Errorf("%d bytes are counted since", l.j.since)
	}
	l.write.Unlock()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPositionsGo: positions in topics that are gone go with the files that have them; the others stay.
func TestPositionsGo(t *testing.T) {
	fs := NewForgetful()
	o := Options{FS: fs, SegmentBytes: 1000, JournalBytes: 3000}
	l := must(Open("/d", o))(t).(*log)
	for _, name := range []string{"in", "gone"} {
		if err := l.Create(ctx, name, store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	must(l.Session(ctx, "q", []store.Stage{{Name: "s", In: []string{"in", "gone"}}}))(t)
	if err := l.Delete(ctx, "gone", must(l.Topic(ctx, "gone"))(t).ID); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		must(l.Append(ctx, rowsOf("in", strings.Repeat("x", 500))))(t)
	}
	calm(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = must(Open("/d", o))(t).(*log)
	if got := fmt.Sprint(l.sessions["q"].at); got != fmt.Sprintf("map[{s 0}:map[{%d 0}:0]]", l.topics["in"].id) {
		t.Error(got)
	}
	if err := l.Create(ctx, "gone", store.TopicConfig{}); err != nil || l.topics["gone"].id != 3 {
		t.Error("an id was given again", l.topics["gone"], err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

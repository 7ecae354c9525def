package local

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestHealth: a failure is told, once more when it comes again, and so is its end.
func TestHealth(t *testing.T) {
	l := must(Memory(Options{}))(t).(*log)
	var mu sync.Mutex
	var told []string
	stop := l.Observe(func(e store.Event) {
		l.Health() // no lock is held
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprint(e.Kind, e.Trouble.What, e.Trouble.Of, e.Trouble.Count))
	})
	heard := func(want ...string) {
		t.Helper()
		eventually(t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return slices.Equal(told, want)
		}, func() string { return fmt.Sprint(told) })
	}
	bad := errors.New("bad")
	l.health.works("write", "f")
	l.health.failed("write", "f", bad)
	heard("0writef1")
	l.health.failed("write", "f", bad)
	heard("0writef1", "0writef2")
	l.health.failed("retire", "", bad)
	if h := l.Health(); len(h) != 2 || h[0].What != "retire" || h[1].Count != 2 || h[1].Err != bad || h[1].Last.Before(h[1].Since) {
		t.Error(h)
	}
	l.health.works("write", "f")
	l.health.works("write", "f")
	l.health.final("sync", "", bad)
	l.health.works("sync", "")
	heard("0writef1", "0writef2", "0retire1", "1writef2", "0sync1")
	if h := l.Health(); len(h) != 2 || h[0].What != "retire" || !h[1].Final {
		t.Error(h)
	}
	// Nobody has to listen, and who does not keep up misses the oldest only.
	stop()
	l.health.failed("write", "f", bad)
	release, last, heardOf := make(chan struct{}), "", 0
	l.Observe(func(e store.Event) {
		<-release
		last = e.Trouble.Of
		heardOf++
	})
	for i := range 2 * mostEvents {
		l.health.passed("close", fmt.Sprint(i), bad)
	}
	close(release)
	if err := l.Close(); err != nil || last != fmt.Sprint(2*mostEvents-1) {
		t.Error(err, last)
	}
	if heardOf < mostEvents || heardOf > mostEvents+1 { // one was on its way
		t.Errorf("%d events waited", heardOf)
	}
	heard("0writef1", "0writef2", "0retire1", "1writef2", "0sync1")
}

// eventually waits until done is true.
func eventually(t *testing.T, done func() bool, what func() string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what())
		}
	}
}

// TestTroublesGo: what can be in trouble no more is not ill: rows of a deleted topic, checkpoints of a forgotten session.
func TestTroublesGo(t *testing.T) {
	fs, o, _ := retired(t)
	l := must(Open("/d", o))(t).(*log)
	defer l.Close()
	if err := l.Create(ctx, "other", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	fs.Fail(func(op Op, name string) (error, bool) {
		return map[bool]error{true: errFault}[op == ReadOp && strings.Contains(name, "/topics/")], false
	})
	if got, err := values(l, "t"); !errors.Is(err, errFault) {
		t.Fatal(got, err)
	}
	ill(t, l, store.Reading)
	if err := l.Delete(ctx, "t", must(l.Topic(ctx, "t"))(t).ID); err != nil {
		t.Fatal(err)
	}
	ill(t, l)
	fs.Fail(nil)

	u := newUnit(t, l)
	if err := u.w.Checkpoint(ctx, func(store.Writer) error { return errFault }); err == nil {
		t.Fatal("made")
	}
	l.health.failed(store.Checkpointing, "qq/s/0", errFault)
	l.health.failed(store.Writing, "q/s/0", errFault)
	ill(t, l, store.Checkpointing, store.Checkpointing, store.Writing)
	if err := l.Forget(ctx, "q"); err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, h := range l.Health() {
		left = append(left, h.What+" "+h.Of)
	}
	if want := []string{store.Checkpointing + " qq/s/0", store.Writing + " q/s/0"}; !slices.Equal(left, want) {
		t.Errorf("%v, want %v", left, want)
	}
	for _, x := range []string{"qq/s/0", "q/s/0"} {
		l.health.works(store.Checkpointing, x)
		l.health.works(store.Writing, x)
	}
}

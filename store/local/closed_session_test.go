package local

import (
	"errors"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// TestClosedSession: the units of a session that was closed are lost, whether somebody else has its id by now or not.
func TestClosedSession(t *testing.T) {
	for _, again := range []bool{false, true} {
		l := must(Memory(Options{}))(t)
		defer l.Close()
		if err := l.Create(ctx, "in", store.TopicConfig{Partitions: 1}); err != nil {
			t.Fatal(err)
		}
		st := []store.Stage{{Name: "s", In: []string{"in"}}}
		ses := must(l.Session(ctx, "q", st))(t)
		w := must(ses.Open(ctx, store.Unit{Stage: "s"}))(t)
		if _, _, err := w.Restore(ctx); err != nil {
			t.Fatal(err)
		}
		must(l.Append(ctx, rowsOf("in", "1")))(t)
		commit := func() error {
			return w.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in"}: 1}})
		}
		if err := commit(); err != nil {
			t.Fatal(err)
		}
		if err := ses.Close(); err != nil {
			t.Fatal(err)
		}
		if again {
			must(l.Session(ctx, "q", st))(t)
		}
		if err := commit(); !errors.Is(err, store.ErrLost) {
			t.Errorf("a commit after the end of its session: %v", err)
		}
		if _, err := ses.Open(ctx, store.Unit{Stage: "s"}); !errors.Is(err, store.ErrLost) {
			t.Errorf("a unit of a session that was closed: %v", err)
		}
	}
}

// TestOldSessionCloses: a session that has lost its place takes it from nobody when it is closed.
func TestOldSessionCloses(t *testing.T) {
	l := must(Memory(Options{}))(t)
	defer l.Close()
	if err := l.Create(ctx, "in", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	stages := []store.Stage{{Name: "s", In: []string{"in"}}}
	old := must(l.Session(ctx, "q", stages))(t)
	now := must(l.Session(ctx, "q", stages))(t)
	w := must(now.Open(ctx, store.Unit{Stage: "s"}))(t)
	if _, _, err := w.Restore(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := old.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(ctx, store.Commit{Positions: map[store.TP]int64{{Topic: "in"}: 0}}); err != nil {
		t.Error(err)
	}
}

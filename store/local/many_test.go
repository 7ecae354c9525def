//go:build unix

package local

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// spent is the CPU time that this process took for f.
func spent(t *testing.T, f func()) time.Duration {
	t.Helper()
	now := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	at := now()
	f()
	return now() - at
}

// beside is how many times as much f costs on the second log as on the first: of the middle of alternating rounds,
// the best of three, for others use the machine, too.
func beside(t *testing.T, logs [2]store.Log, f func(store.Log)) float64 {
	t.Helper()
	return min(rounds(t, logs, f), rounds(t, logs, f), rounds(t, logs, f))
}

func rounds(t *testing.T, logs [2]store.Log, f func(store.Log)) float64 {
	t.Helper()
	var took [2][]time.Duration
	for range 15 {
		for i, l := range logs {
			took[i] = append(took[i], spent(t, func() { f(l) }))
		}
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	t.Log(took[0][7], took[1][7])
	return float64(took[1][7]) / float64(took[0][7])
}

// TestManyTopics: what is done with one topic costs the same beside many topics and queries.
func TestManyTopics(t *testing.T) {
	for name, open := range map[string]func() store.Log{
		"memory":    func() store.Log { return must(Memory(Options{}))(t) },
		"directory": func() store.Log { return must(Open(t.TempDir(), Options{}))(t) },
	} {
		t.Run(name, func(t *testing.T) {
			logs := [2]store.Log{open(), open()}
			for _, l := range logs {
				defer l.Close()
			}
			make := func(l store.Log, name string) {
				if err := l.Create(ctx, name, store.TopicConfig{Partitions: 2}); err != nil {
					t.Fatal(err)
				}
			}
			for i := range 5000 {
				in := fmt.Sprint("topic", i)
				make(logs[1], in)
				if i%5 == 0 {
					must(logs[1].Session(ctx, fmt.Sprint("query", i), []store.Stage{{Name: "s", In: []string{in}}}))(t)
				}
			}
			for _, l := range logs {
				make(l, "t")
			}
			if x := beside(t, logs, func(l store.Log) {
				for range 1000 {
					if must(l.Topic(ctx, "t"))(t).Partitions != 2 {
						t.Fatal("another topic")
					}
					must(l.Append(ctx, rowsOf("t", "value")))(t)
					must(l.Ends(ctx, []store.TP{{Topic: "t"}}))(t)
				}
			}); x > 1.2 {
				t.Errorf("an append beside 5,000 topics costs %.2f times one beside none", x)
			}
			if x := beside(t, logs, func(l store.Log) {
				for range 200 {
					make(l, "u")
					ses := must(l.Session(ctx, "q", []store.Stage{{Name: "s", In: []string{"u"}}}))(t)
					if err := ses.Close(); err != nil {
						t.Fatal(err)
					}
					if err := l.Forget(ctx, "q"); err != nil {
						t.Fatal(err)
					}
					if err := l.Delete(ctx, "u", must(l.Topic(ctx, "u"))(t).ID); err != nil {
						t.Fatal(err)
					}
				}
			}); x > 1.5 {
				t.Errorf("a topic and a query made and dropped beside 5,000 topics cost %.2f times those beside none", x)
			}
		})
	}
}

// TestManyLives: what was made and dropped costs little at opening, and nothing later.
func TestManyLives(t *testing.T) {
	lives := 100_000
	if testing.Short() {
		lives = 10_000
	}
	dir := t.TempDir()
	l := must(Open(dir, Options{}))(t)
	made := spent(t, func() {
		for range lives {
			if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
				t.Fatal(err)
			}
			if err := l.Delete(ctx, "t", must(l.Topic(ctx, "t"))(t).ID); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	opened := spent(t, func() { l = must(Open(dir, Options{}))(t) })
	defer l.Close()
	t.Logf("%d lives: each %v, opening %v", lives, made/time.Duration(lives), opened)
	if opened > time.Second {
		t.Errorf("opening takes %v", opened)
	}
	if all := must(l.Topics(ctx))(t); len(all) != 0 {
		t.Error(all)
	}
}

// TestSnapshots: a journal whose snapshot is larger than a file of it still writes each change once or twice, not
// all that exists with each.
func TestSnapshots(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SegmentBytes: 1000, JournalBytes: 1 << 40}))(t)
	for i := range 2000 {
		if err := l.Create(ctx, fmt.Sprint("topic", i), store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	defer l.Close()
	// Each topic takes some 100 bytes in its frame and 30 in a snapshot: without a bound it would be 30 MB.
	if n := journalBytes(fs); n > 1<<20 {
		t.Errorf("the journal of 2,000 topics takes %d bytes", n)
	}
}

package local

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

var errFault = errors.New("the disk is broken")

var faultOps = []Op{WriteOp, SyncOp, RenameOp, CreateOp, RemoveOp, SyncDirOp, CutOp, CloseOp}

// faults lets calls of a Forgetful fail, and hears what the log tells of it.
type faults struct {
	mu    sync.Mutex
	fail  func(op Op, name string) (error, bool)
	met   int // calls that have failed
	quiet bool
	told  map[string]int
}

func (f *faults) ask(op Op, name string) (error, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.quiet {
		return nil, true
	}
	err, done := f.fail(op, name)
	if err != nil {
		f.met++
	}
	return err, done
}

// hear is for Observe.
func (f *faults) hear(e store.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Kind == store.Failed && errors.Is(e.Trouble.Err, errFault) {
		f.told[e.Trouble.What]++
	}
}

func (f *faults) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.met
}

func (f *faults) end() (met int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quiet = true
	return f.met
}

func (f *faults) heard() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprint(f.told)
}

// faulty is an open world whose calls are about to fail.
func faulty(t *testing.T, seed uint64, fail func(op Op, name string) (error, bool)) *world {
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 8)), fs: NewForgetful()}
	w.opt = Options{SegmentBytes: 1500, JournalBytes: 4000, CacheBytes: 500, CompactBytes: 1000, SyncEvery: 5 * time.Millisecond}
	w.faults = &faults{fail: fail, told: map[string]int{}}
	w.open()
	w.begin()
	return w
}

func (w *world) begin() {
	w.l.(*log).Observe(w.faults.hear)
	w.fs.Fail(w.faults.ask)
}

// recovers wants the log to heal without being opened again, once the calls work.
func (w *world) recovers() {
	w.t.Helper()
	met := w.faults.end()
	l := w.l.(*log)
	eventually(w.t, func() bool {
		w.checkpoint()
		return len(l.Health()) == 0
	}, func() string { return fmt.Sprint(l.Health()) })
	if met > 0 {
		eventually(w.t, func() bool { return w.faults.heard() != "map[]" }, func() string { return "a fault was not told" })
	}
	w.faults = nil
	w.insert()
	w.commit()
	w.wait(len(w.seqs) - 1)
	steps := len(w.steps)
	w.compare()
	if len(w.steps) != steps {
		w.t.Fatalf("%d steps of %d", len(w.steps), steps)
	}
}

// reopen opens what is left after the end of the process, or a power cut.
func (w *world) reopen(cut bool) {
	w.t.Helper()
	old := w.l
	if cut {
		w.fs = w.fs.Crash(w.r)
	} else {
		w.fs = w.fs.Kill()
		w.safe = len(w.steps)
	}
	old.Close() // it may be broken
	w.open()
}

// TestFaultAtEachPlace: one call fails, or three, at every place; half done or wholly. What was acknowledged is
// there, what was refused is not, the log tells, and heals without being opened again.
func TestFaultAtEachPlace(t *testing.T) {
	met := map[Op]int{}
	for _, op := range faultOps {
		for _, times := range []int{1, 3} {
			for place := 0; ; place++ {
				if testing.Short() {
					place += 6
				}
				calls, writes := 0, 0
				w := faulty(t, uint64(place), func(o Op, _ string) (error, bool) {
					if op == CutOp && o == WriteOp {
						if writes++; writes == 5*place {
							return errFault, place%2 == 0 // else nothing is cut
						}
					}
					if o != op {
						return nil, true
					}
					if calls++; (calls > place || op == CutOp) && calls <= place+times {
						return errFault, place%2 == 0
					}
					return nil, true
				})
				for i := range 40 {
					w.insert()
					if i%3 == 0 {
						w.commit()
					}
					if i%5 == 0 && len(w.seqs) > 0 {
						w.wait(len(w.seqs) - 1)
					}
					if i%13 == 5 {
						w.checkpoint()
					}
				}
				hit := w.faults.count()
				w.recovers()
				w.reopen(place%3 > 0)
				w.ok(w.l.Close())
				if met[op] += hit; hit == 0 && place > 0 && (met[op] >= 5 || place > 100) || t.Failed() {
					break
				}
			}
		}
	}
	for _, op := range faultOps {
		if met[op] < 5 && !testing.Short() {
			t.Errorf("only %d calls of %s have failed", met[op], op)
		}
	}
	t.Log(met)
}

// TestFull: while there is no space writes are refused, and nothing else is lost; then they go on.
func TestFull(t *testing.T) {
	for seed := range uint64(10) {
		full := false
		w := faulty(t, seed, func(op Op, name string) (error, bool) {
			return map[bool]error{true: errFault}[full && (op == WriteOp || op == CreateOp)], false
		})
		set := func(on bool) {
			w.faults.mu.Lock()
			defer w.faults.mu.Unlock()
			full = on
		}
		for range 30 {
			w.insert()
		}
		n := len(w.steps)
		w.commit()
		set(true)
		for range 20 {
			w.insert()
		}
		if len(w.steps) != n+1 || len(w.maybe) == 0 {
			t.Fatalf("%d steps on a full disk", len(w.steps)-n-1)
		}
		h := w.l.(*log).Health()
		if !slices.ContainsFunc(h, func(h store.Trouble) bool {
			return h.What == store.Writing && errors.Is(h.Err, errFault) && h.Count > 0 && !h.Final && !h.Since.IsZero()
		}) {
			t.Fatal(h)
		}
		w.wait(len(w.seqs) - 1) // what was there reaches the disk
		if w.safe != len(w.seqs) {
			t.Fatal(w.safe)
		}
		set(false)
		// Nobody has to write for the log to be well again.
		eventually(t, func() bool { return len(w.l.(*log).Health()) == 0 }, func() string { return fmt.Sprint(w.l.(*log).Health()) })
		w.recovers()
		w.reopen(seed%2 == 0)
		w.ok(w.l.Close())
	}
}

// TestSyncFails: who waits for the disk learns nothing of a sync that failed if all could be written again, into
// another file. What the page cache says of the old one does not count.
func TestSyncFails(t *testing.T) {
	for _, op := range []Op{SyncOp, SyncDirOp} {
		for seed := range uint64(30) {
			broken := 0
			w := faulty(t, seed, func(o Op, name string) (error, bool) {
				if o == op && broken > 0 && strings.Contains(name, "journal") {
					broken--
					return errFault, false
				}
				return nil, true
			})
			for range 20 + w.r.IntN(20) {
				w.insert()
			}
			w.commit()
			w.faults.mu.Lock()
			broken = 1
			w.faults.mu.Unlock()
			w.wait(len(w.seqs) - 1)
			if w.safe != len(w.seqs) {
				t.Fatal("not mended")
			}
			w.recovers()
			w.reopen(true)
			w.insert()
			w.commit()
			w.wait(len(w.seqs) - 1)
			w.reopen(true)
			w.ok(w.l.Close())
		}
	}
}

// TestIdleHeals: a call that fails in a log that has been idle for long, and is refused, is tried again by itself.
func TestIdleHeals(t *testing.T) {
	for _, op := range []Op{WriteOp, CutOp, CreateOp} {
		broken := false
		w := faulty(t, 1, func(o Op, name string) (error, bool) {
			return map[bool]error{true: errFault}[broken && (o == op || op == CutOp && o == WriteOp)], false
		})
		l := w.l.(*log)
		for range 10 {
			w.insert()
		}
		w.wait(len(w.seqs) - 1)
		time.Sleep(20 * w.opt.SyncEvery) // it has put its mark, and sleeps
		l.write.Lock()
		w.faults.mu.Lock()
		broken = true
		w.faults.mu.Unlock()
		if op == CreateOp {
			l.j.rollOn(l)
		} else if l.j.mark(l) {
			t.Fatal("written")
		}
		w.faults.mu.Lock()
		broken = false
		w.faults.mu.Unlock()
		l.write.Unlock()
		eventually(t, func() bool { return len(l.Health()) == 0 }, func() string { return fmt.Sprint(op, l.Health()) })
		if w.faults.count() == 0 {
			t.Fatal("nothing has failed")
		}
		w.recovers()
		w.ok(w.l.Close())
	}
}

// TestSyncLost: without the frames in memory nothing is taken until the log is opened again.
func TestSyncLost(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, UnsyncedBytes: 1000, SyncEvery: time.Hour}))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	seq := must(l.Append(ctx, rowsOf("t", "on disk")))(t)
	if err := l.Wait(ctx, seq); err != nil {
		t.Fatal(err)
	}
	seq = must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 2000))))(t)
	fs.Break(errFault)
	if err := l.Wait(ctx, seq); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	fs.Break(nil)
	if _, err := l.Append(ctx, rowsOf("t", "never")); !errors.Is(err, errFault) || errors.Is(err, store.ErrTransient) {
		t.Fatal(err)
	}
	if h := l.(store.Reporter).Health(); len(h) != 1 || h[0].What != store.Syncing || !h[0].Final {
		t.Fatal(h)
	}
	if err := l.Close(); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	l = must(Open("/d", Options{FS: fs.Crash(rand.New(rand.NewPCG(1, 2)))}))(t)
	if got, err := values(l, "t"); err != nil || len(got) == 0 || got[0] != "on disk" {
		t.Fatal(got, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFaultsAtRandom: calls of all kinds fail in bursts, between crashes.
func TestFaultsAtRandom(t *testing.T) {
	seeds := uint64(25)
	if testing.Short() {
		seeds = 10
	}
	met := 0
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 9)) // of the faults: under their lock
		left, op := 0, Op("")
		w := faulty(t, seed, func(o Op, _ string) (error, bool) {
			if left == 0 && r.IntN(60) == 0 {
				left, op = 1+r.IntN(6), ""
				if r.IntN(3) > 0 {
					op = faultOps[r.IntN(len(faultOps))]
				}
			}
			if left == 0 || op != "" && o != op || !slices.Contains(faultOps, o) {
				return nil, true
			}
			left--
			return errFault, r.IntN(2) == 0
		})
		for range 5 {
			for range 40 {
				switch w.r.IntN(8) {
				case 0, 1, 2, 3:
					w.insert()
				case 4, 5:
					w.commit()
				case 6:
					if n := len(w.seqs); n > 0 {
						w.wait(w.r.IntN(n))
					}
				case 7:
					w.checkpoint()
				}
			}
			f := w.faults
			if w.r.IntN(2) == 0 {
				w.recovers()
			}
			f.end()
			met += f.met
			w.faults = f
			// Without a power cut what a failed sync has left in doubt is still read, and taken for good.
			w.reopen(w.r.IntN(2) == 0 || slices.ContainsFunc(w.l.(*log).Health(), func(x store.Trouble) bool { return x.What == store.Syncing }))
			w.faults = &faults{fail: f.fail, told: map[string]int{}}
			w.begin()
		}
		w.recovers()
		w.ok(w.l.Close())
	}
	if met < int(seeds)*5 {
		t.Errorf("only %d calls have failed", met)
	}
	t.Log(met)
}

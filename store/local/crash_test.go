package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// step is one commit of the model.
type step struct {
	rows map[string][]string // topic: values
	read int64               // position of "in" afterwards
	sums [4]int64            // the unit's table afterwards
}

// world is a query over "in" that counts into four cells, writes "out", and keeps "change"; beside it
// the model of what the log must hold.
type world struct {
	t     *testing.T
	r     *rand.Rand
	fs    *Forgetful
	l     store.Log
	w     store.Work
	opt   Options
	steps []step
	seqs  []int64 // of steps
	safe  int     // steps acknowledged by Wait
	next  int
	sums  [4]int64
	read  int64

	faults *faults // nil: all calls work
	maybe  []step  // were refused since the last that was not: after the next opening one of them may be there
}

var worldStages = []store.Stage{{Name: "s", In: []string{"in"}, Change: []string{"change"}, From: map[store.TP]int64{{Topic: "in"}: 0, {Topic: "in", Partition: 1}: 0}}}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open() {
	w.t.Helper()
	var err error
	w.opt.FS = w.fs
	w.l, err = Open("/log", w.opt)
	w.ok(err)
	w.ok(Damage(w.l))
	topics, err := w.l.Topics(ctx)
	w.ok(err)
	for _, name := range []string{"in", "out", "change"} {
		if _, ok := topics[name]; !ok {
			if w.safe > 0 {
				w.t.Fatalf("topic %s is gone", name)
			}
			w.ok(w.l.Create(ctx, name, store.TopicConfig{Partitions: 1, Compact: name == "change", Internal: name == "change"}))
		}
	}
	w.compare()
	w.restore()
}

// compare finds how many steps are there, and that nothing else is.
func (w *world) compare() {
	w.t.Helper()
	counted(w.t, w.l)
	have := map[string]int64{}
	for _, name := range []string{"in", "out", "change"} {
		ends, err := w.l.Ends(ctx, []store.TP{{Topic: name}})
		w.ok(err)
		have[name] = ends[store.TP{Topic: name}]
	}
	n, count := 0, map[string]int64{}
	for _, s := range w.maybe {
		if w.ends(s) {
			w.steps, w.seqs = append(w.steps, s), append(w.seqs, 0)
			break
		}
	}
	for n < len(w.steps) {
		more := true
		for name, rows := range w.steps[n].rows {
			more = more && count[name]+int64(len(rows)) <= have[name]
		}
		if !more {
			break
		}
		for name, rows := range w.steps[n].rows {
			count[name] += int64(len(rows))
		}
		n++
	}
	if n < w.safe {
		w.t.Fatalf("%d of %d acknowledged steps", n, w.safe)
	}
	for name, c := range count {
		if c != have[name] {
			w.t.Fatalf("half a commit: %s has %d rows, %d steps have %d", name, have[name], n, c)
		}
	}
	for _, name := range []string{"in", "out"} {
		var want []string
		for _, s := range w.steps[:n] {
			want = append(want, s.rows[name]...)
		}
		rd, err := store.Whole(ctx, w.l, name)
		w.ok(err)
		at := int64(0)
		for runs, err := range store.Runs(ctx, rd, 1+w.r.IntN(20)) {
			w.ok(err)
			for _, rec := range runs {
				for i := range rec.Len() {
					if rec.Offset(i) != at || string(rec.Value[i].Of(rec.Bytes)) != want[at] {
						w.t.Fatalf("%s@%d is %s, want %s", name, rec.Offset(i), rec.Value[i].Of(rec.Bytes), want[at])
					}
					at++
				}
			}
		}
		if int(at) != len(want) {
			w.t.Fatalf("%s: read %d rows of %d", name, at, len(want))
		}
		rd.Close()
	}
	w.steps, w.seqs, w.safe, w.maybe = w.steps[:n], w.seqs[:n], n, nil
}

// ends reports whether the log ends with s, after all other steps.
func (w *world) ends(s step) bool {
	for name, rows := range s.rows {
		got, err := values(w.l, name)
		n := 0
		for _, o := range w.steps {
			n += len(o.rows[name])
		}
		if w.ok(err); name != "change" && (len(got) != n+len(rows) || !slices.Equal(got[n:], rows)) {
			return false
		}
	}
	return true
}

// restore builds the unit's table and compares it with the model.
func (w *world) restore() {
	w.t.Helper()
	ses, err := w.l.Session(ctx, "q", worldStages)
	w.ok(err)
	w.w, err = ses.Open(ctx, store.Unit{Stage: "s"})
	w.ok(err)
	cp, rd, err := w.w.Restore(ctx)
	w.ok(err)
	var sums [4]int64
	if cp != nil {
		i := 0
		for c, err := range cp.Chunks("t") {
			w.ok(err)
			sums[i] = int64(binary.LittleEndian.Uint64(c))
			i++
		}
	}
	for runs, err := range store.Runs(ctx, rd, 3) {
		w.ok(err)
		for _, rec := range runs {
			for i := range rec.Len() {
				sums[rec.Key[i].Of(rec.Bytes)[0]-'0'] = int64(binary.LittleEndian.Uint64(rec.Value[i].Of(rec.Bytes)))
			}
		}
	}
	rd.Close()
	var want step
	if len(w.steps) > 0 {
		want = w.steps[len(w.steps)-1]
	}
	if sums != want.sums {
		w.t.Fatalf("state %v, want %v", sums, want.sums)
	}
	w.sums, w.read = want.sums, want.read
}

func (w *world) did(s step, seq int64) {
	s.sums, s.read = w.sums, w.read
	w.steps, w.seqs = append(w.steps, s), append(w.seqs, seq)
}

func (w *world) insert() {
	rec := &store.Records{TP: store.TP{Topic: "in"}}
	s := step{rows: map[string][]string{}}
	for range 1 + w.r.IntN(5) {
		v := fmt.Sprint(w.next)
		w.next++
		rec.Add(int64(w.next), []byte("k"), []byte(v))
		s.rows["in"] = append(s.rows["in"], v)
	}
	seq, err := w.l.Append(ctx, rec)
	if w.hurt(s, err) {
		return
	}
	w.did(s, seq)
}

// hurt is told of a write that may fail. One that failed may be there after the next opening, whole.
func (w *world) hurt(s step, err error) bool {
	w.t.Helper()
	if w.faults == nil {
		w.ok(err)
	}
	if err == nil {
		w.maybe = nil
	} else {
		if !errors.Is(err, store.ErrTransient) || !errors.Is(err, errFault) {
			w.t.Fatal(err)
		}
		s.sums, s.read = w.sums, w.read
		w.maybe = append(w.maybe, s)
	}
	return err != nil
}

// commit reads what is ready and commits it.
func (w *world) commit() {
	runs, err := w.w.Poll(1 + w.r.IntN(10))
	w.ok(err)
	if runs == nil {
		return
	}
	out, change := &store.Records{TP: store.TP{Topic: "out"}}, &store.Records{TP: store.TP{Topic: "change"}}
	s := step{rows: map[string][]string{}}
	for _, rec := range runs {
		for i := range rec.Len() {
			if rec.Offset(i) != w.read {
				w.t.Fatalf("read offset %d, want %d", rec.Offset(i), w.read)
			}
			w.read++
			var n int64
			fmt.Sscan(string(rec.Value[i].Of(rec.Bytes)), &n)
			cell := n % 4
			w.sums[cell] += n
			v := fmt.Sprint("out of ", n)
			out.Add(n, nil, []byte(v))
			s.rows["out"] = append(s.rows["out"], v)
			image := binary.LittleEndian.AppendUint64(nil, uint64(w.sums[cell]))
			change.Add(n, []byte{byte('0' + cell)}, image)
			s.rows["change"] = append(s.rows["change"], string(image))
		}
	}
	c := store.Commit{Appends: []*store.Records{out, change}, Positions: map[store.TP]int64{{Topic: "in"}: w.read}}
	for end := time.Now().Add(20 * time.Second); w.hurt(s, w.w.Commit(ctx, c)); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("the log does not heal")
		}
	}
	w.did(s, out.Seq+1)
}

func (w *world) checkpoint() {
	err := w.w.Checkpoint(ctx, func(cw store.Writer) error {
		err := cw.Table("t", 1)
		for _, n := range w.sums {
			err = errors.Join(err, cw.Chunk(binary.LittleEndian.AppendUint64(nil, uint64(n))))
		}
		return err
	})
	if w.faults != nil && errors.Is(err, errFault) {
		return
	}
	w.ok(err)
	w.safe = len(w.steps) // its state must never be ahead of the log
}

// wait acknowledges all steps up to k.
func (w *world) wait(k int) {
	err := w.l.Wait(ctx, w.seqs[k])
	if w.faults != nil && errors.Is(err, errFault) {
		return
	}
	w.ok(err)
	w.safe = max(w.safe, k+1)
}

func TestCrash(t *testing.T) {
	seeds, retired := 60, 0
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &world{t: t, r: rand.New(rand.NewPCG(uint64(seed), 7)), fs: NewForgetful()}
			w.opt = Options{SegmentBytes: 400 + int64(w.r.IntN(3000)), CacheBytes: int64(1 + w.r.IntN(5000)), CompactBytes: 1000}
			w.opt.JournalBytes = 3 * w.opt.SegmentBytes
			w.open()
			for range 300 {
				switch w.r.IntN(12) {
				case 0, 1, 2, 3:
					w.insert()
				case 4, 5, 6, 7:
					w.commit()
				case 8:
					if n := len(w.seqs); n > 0 {
						k := w.r.IntN(n)
						w.wait(k)
					}
				case 9:
					w.checkpoint()
				case 10:
					old := w.l
					if w.r.IntN(2) == 0 {
						w.fs = w.fs.Kill()
						w.safe = len(w.steps)
					} else {
						w.fs = w.fs.Crash(w.r)
					}
					old.Close()
					w.open()
				case 11:
					if w.r.IntN(4) == 0 {
						w.ok(w.l.Close())
						w.safe = len(w.steps)
						w.open()
					}
				}
			}
			w.ok(Damage(w.l))
			w.ok(w.l.Close())
			if w.l.(*log).cold.retired > 0 {
				retired++
			}
		})
	}
	if retired < seeds/2 {
		t.Fatalf("only %d of %d logs retired files", retired, seeds)
	}
}

package local

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// shape is what a reader can see of a run.
func shape(r *store.Records) (out []string) {
	for i := range r.Len() {
		s := fmt.Sprint(r.Offset(i), " ", r.Time[i], " ", r.Key[i].Len < 0, r.Value[i].Len < 0)
		s += fmt.Sprintf(" %x %x", r.Key[i].Of(r.Bytes), r.Value[i].Of(r.Bytes))
		if r.Mark != nil {
			s += fmt.Sprint(" mark ", r.Mark[i])
		}
		for _, h := range r.Headers {
			if int(h.Row) == i {
				s += fmt.Sprintf(" %s=%x %v", h.Key, h.Value, h.Value == nil)
			}
		}
		out = append(out, s)
	}
	return out
}

// someRun has arenas of all sizes, also shared with other runs, and all that a run may have.
func someRun(r *rand.Rand) *store.Records {
	rec := &store.Records{TP: store.TP{Topic: "t", Partition: int32(r.IntN(2))}}
	if r.IntN(2) == 0 {
		rec.Mark = []byte{}
	}
	blob := func() []byte {
		if r.IntN(8) == 0 {
			return nil
		}
		b := make([]byte, r.IntN([]int{1, 10, 300, 9000}[r.IntN(4)]))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	for range r.IntN(12) {
		var hs []store.Header
		if r.IntN(4) == 0 {
			hs = []store.Header{{Key: "h", Value: blob()}}
		}
		rec.Add(r.Int64()-r.Int64(), blob(), blob(), hs...)
		if rec.Mark != nil {
			rec.Mark[rec.Len()-1] = byte(r.IntN(4))
		}
	}
	if n := rec.Len(); n > 2 && r.IntN(2) == 0 { // little of a big arena
		part := rec.Slice(n/2, n/2+1)
		return &part
	}
	return rec
}

// TestRuns: whatever is appended is read back the same, from memory, from the journal, after a restart,
// and from cold files.
func TestRuns(t *testing.T) {
	for seed := range 8 {
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		fs := NewForgetful()
		o := Options{FS: fs, CacheBytes: []int64{1, 50 << 10, 1 << 30}[seed%3], SegmentBytes: 200 << 10, JournalBytes: 600 << 10}
		l := must(Open("/d", o))(t)
		if err := l.Create(ctx, "t", store.TopicConfig{Partitions: 2}); err != nil {
			t.Fatal(err)
		}
		var want [2][]string
		for range 150 {
			var runs []*store.Records
			for range 1 + r.IntN(4) {
				runs = append(runs, someRun(r))
			}
			must(l.Append(ctx, runs...))(t)
			for _, rec := range runs {
				want[rec.TP.Partition] = append(want[rec.TP.Partition], shape(rec)...)
			}
		}
		for range 3 {
			for p := range want {
				var got []string
				rd := must(l.Reader(ctx, map[store.TP]int64{{Topic: "t", Partition: int32(p)}: -1}, nil))(t)
				for {
					runs := must(rd.Poll(1 + r.IntN(9)))(t)
					if runs == nil {
						break
					}
					for i := range runs {
						got = append(got, shape(&runs[i])...)
					}
				}
				rd.Close()
				if !reflect.DeepEqual(got, want[p]) {
					t.Fatalf("seed %d: partition %d differs", seed, p)
				}
			}
			calm(t, l)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = must(Open("/d", o))(t)
		}
		if l.(*log).cold.retired == 0 {
			t.Fatal("nothing was retired")
		}
		l.Close()
	}
}

// TestKill: what Append has returned survives the death of the process.
func TestKill(t *testing.T) {
	const env = "KSQL_LOCAL_KILL_DIR"
	if dir := os.Getenv(env); dir != "" {
		l := must(Open(dir, Options{SegmentBytes: 64 << 10}))(t)
		if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			must(l.Append(ctx, rowsOf("t", fmt.Sprint(i), strings.Repeat(".", 1000))))(t)
			os.Stdout.WriteString(fmt.Sprintln("did", i))
		}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(exe, "-test.run=^TestKill$")
	cmd.Env = append(os.Environ(), env+"="+dir)
	out := must(cmd.StdoutPipe())(t)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := -1
	for sc := bufio.NewScanner(out); sc.Scan(); {
		if _, err := fmt.Sscanf(sc.Text(), "did %d", &last); err == nil && last == 300 {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if last < 300 {
		t.Fatal("the process ended early", last)
	}
	l := must(Open(dir, Options{}))(t)
	defer l.Close()
	got, err := values(l, "t")
	if err != nil || Damage(l) != nil {
		t.Fatal(err, Damage(l))
	}
	if len(got) < 2*(last+1) {
		t.Fatalf("%d rows, the process had been told of %d", len(got), 2*(last+1))
	}
	for i := 0; i < len(got); i += 2 {
		if got[i] != fmt.Sprint(i/2) || len(got[i+1]) != 1000 {
			t.Fatal(i, got[i])
		}
	}
}

// TestEncoderKeepsNothing: what waits for its next use holds no arena of an appended run.
func TestEncoderKeepsNothing(t *testing.T) {
	for name, spend := range map[string]func(*unsynced, *encoder){
		"on disk": func(u *unsynced, e *encoder) {
			u.limit = 1 << 20
			u.add(kept{first: 1, last: 1, size: e.size()}, e)
			if e.frame != nil || u.bytes == 0 {
				t.Error("a big frame was not taken")
			}
			u.release(1, func(f *frame) { e.frame = f })
			if u.bytes != 0 || len(u.frames) > 0 {
				t.Error("it is kept", u.bytes)
			}
		},
		"no room": func(u *unsynced, e *encoder) {
			u.add(kept{first: 1, last: 1, size: e.size()}, e)
			if u.lost != 1 {
				t.Error("it is not missed")
			}
		},
		"broken": func(_ *unsynced, e *encoder) {
			fs := NewForgetful()
			l := must(Open("/d", Options{FS: fs}))(t).(*log)
			fs.Break(errors.New("broken"))
			l.write.Lock()
			err := l.j.write(e.frame)
			l.write.Unlock()
			if err == nil {
				t.Error("written")
			}
			fs.Break(nil)
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := &encoder{}
			e.begin()
			r := rowsOf("t", string(bytes.Repeat([]byte("x"), 2*bigArena)))
			e.add(r, 1, 0)
			e.endHead()
			e.data(r)
			if len(e.pieces) == 0 {
				t.Fatal("the arena was copied")
			}
			spend(&unsynced{}, e)
			for _, p := range e.pieces[:cap(e.pieces)] {
				if p != nil {
					t.Fatal("a piece is held")
				}
			}
		})
	}
}

package local

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestLargeRows: rows of many sizes around those where the log works another way are read back from files of old rows,
// compacted or not, in frames of about frameBytes.
func TestLargeRows(t *testing.T) {
	for _, compact := range []bool{false, true} {
		fs := NewForgetful()
		o := Options{FS: fs, SegmentBytes: 4 << 20, JournalBytes: 4 << 20, CacheBytes: 1, CompactBytes: 1}
		l := must(Open("/d", o))(t).(*log)
		if err := l.Create(ctx, "t", store.TopicConfig{Compact: compact}); err != nil {
			t.Fatal(err)
		}
		var want []string
		for round := range 2 {
			want = nil
			for i, n := range []int{0, 1, smallFrame - 100, smallFrame, bigArena - 1, bigArena, bigArena + 3, frameBytes - 1000, frameBytes, 2 * frameBytes} {
				v := strings.Repeat(fmt.Sprint(round), n)
				add(t, l, "t", fmt.Sprint(i), v+".", "again", fmt.Sprint(round, i)) // a part of each stays when it is compacted
				want = append(want, fmt.Sprint(i, "=", v, "."))
			}
		}
		want = append(want, "again=1 9")
		limit := func(n int64) {
			l.write.Lock()
			l.j.opt.JournalBytes = n
			l.write.Unlock()
		}
		limit(1)
		add(t, l, "t", "last", "of a new file")
		for range 7 { // the last file cannot go
			add(t, l, "t", "last", strings.Repeat("x", frameBytes))
		}
		want = append(want, "last="+strings.Repeat("x", frameBytes))
		eventually(t, func() bool {
			token(l.j.retire)
			l.write.Lock()
			defer l.write.Unlock()
			return len(l.j.segs) == 1
		}, func() string { return "nothing is retired" })
		limit(4 << 20)
		check := func() {
			t.Helper()
			counted(t, l)
			last := map[string]string{}
			n := 0
			for _, row := range keysOf(t, l, "t") {
				k, _, _ := strings.Cut(row, "=")
				last[k] = row
				n++
			}
			if len(last) != len(want) {
				t.Fatalf("compact %v: %d keys, want %d", compact, len(last), len(want))
			}
			for _, row := range want {
				k, _, _ := strings.Cut(row, "=")
				if last[k] != row {
					t.Fatalf("compact %v: key %s has %d bytes, want %d", compact, k, len(last[k]), len(row))
				}
			}
			if !compact && n != 48 {
				t.Fatalf("%d rows", n)
			}
		}
		check()
		frames := 0
		for _, s := range l.cold.parts[tid{1, 0}].files {
			ends := frameEnds(fs.names[s.name].data)
			if at := int64(ends[len(ends)-1]); at != s.size {
				t.Errorf("compact %v: frames of %s end at %d of %d", compact, s.name, at, s.size)
			}
			for i := range ends {
				if n := ends[i]; i > 0 && n-ends[i-1] > 4*frameBytes {
					t.Errorf("compact %v: a frame of %d bytes", compact, n-ends[i-1])
				}
			}
			frames += len(ends)
		}
		if !compact && (frames < 10 || frames > 40) {
			t.Errorf("%d frames", frames)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = must(Open("/d", o))(t).(*log)
		check()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNothingStays: a partition of nothing but old deletions has no rows when it was compacted, and goes on where it was.
func TestNothingStays(t *testing.T) {
	now := time.UnixMilli(100 * 24 * time.Hour.Milliseconds())
	fs := NewForgetful()
	o := Options{FS: fs, Clock: func() time.Time { return now }, SegmentBytes: 1000, JournalBytes: 1000, CompactBytes: 1, CacheBytes: 1}
	l := must(Open("/d", o))(t)
	for _, name := range []string{"t", "other"} {
		if err := l.Create(ctx, name, store.TopicConfig{Compact: name == "t"}); err != nil {
			t.Fatal(err)
		}
	}
	add(t, l, "t", "a", "1", "b", "1")
	add(t, l, "t", "a", "", "b", "")
	for range 20 {
		add(t, l, "other", "k", strings.Repeat("x", 200))
	}
	calm(t, l)
	for range 2 {
		if got := keysOf(t, l, "t"); len(got) > 0 {
			t.Error(got)
		}
		if n := topicBytes(fs, "1"); n > 0 {
			t.Errorf("no rows take %d bytes", n)
		}
		if ends := must(l.Ends(ctx, []store.TP{{Topic: "t"}}))(t); ends[store.TP{Topic: "t"}] != 4 {
			t.Error(ends)
		}
		counted(t, l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = must(Open("/d", o))(t)
	}
	add(t, l, "t", "a", "2")
	if got := keysOf(t, l, "t"); fmt.Sprint(got) != "[a=2]" {
		t.Error(got)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLargeMended: frames of all sizes are written again when a sync has failed, and are read from where they are then.
func TestLargeMended(t *testing.T) {
	for seed := range uint64(4) {
		fs := NewForgetful()
		l := must(Open("/d", Options{FS: fs, SegmentBytes: 200 << 10, CacheBytes: 1, SyncEvery: time.Hour}))(t).(*log)
		if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
		var want []string
		put := func(n int) (seq int64) {
			v := strings.Repeat(fmt.Sprint(len(want)%10), n)
			want = append(want, v)
			return must(l.Append(ctx, rowsOf("t", v)))(t)
		}
		if err := l.Wait(ctx, put(10)); err != nil {
			t.Fatal(err)
		}
		broken := true
		fs.Fail(func(op Op, name string) (error, bool) {
			if broken && op == SyncOp {
				broken = false
				return errFault, false
			}
			return nil, true
		})
		var last int64
		for _, n := range []int{10, smallFrame - 300, 2 * smallFrame, bigArena, 3 * bigArena, 5, 9 * bigArena, 20} {
			last = put(n)
		}
		if err := l.Wait(ctx, last); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return len(l.Health()) == 0 }, func() string { return fmt.Sprint(l.Health()) })
		if broken {
			t.Fatal("no sync has failed")
		}
		same := func(l *log) {
			t.Helper()
			if got, err := values(l, "t"); err != nil || !slices.Equal(got, want) {
				t.Errorf("seed %d: %d rows of %d, %v", seed, len(got), len(want), err)
			}
			counted(t, l)
		}
		same(l)
		last = put(2 * bigArena)
		if err := l.Wait(ctx, last); err != nil {
			t.Fatal(err)
		}
		left := fs.Crash(rand.New(rand.NewPCG(seed, 5)))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = must(Open("/d", Options{FS: left}))(t).(*log)
		if err := Damage(l); err != nil {
			t.Error(err)
		}
		same(l)
		put(1)
		same(l)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMendFails: while what a failed sync left cannot be written again the log says so, and refuses what it is asked to
// write; it tries again by itself.
func TestMendFails(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SyncEvery: time.Hour}))(t).(*log)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	seq := must(l.Append(ctx, rowsOf("t", "a")))(t)
	tries, broken := 0, true
	fs.Fail(func(op Op, name string) (error, bool) {
		if !broken || op != SyncOp && op != CreateOp {
			return nil, true
		}
		if op == CreateOp {
			tries++
		}
		return fmt.Errorf("%s: %w", op, errFault), false
	})
	if err := l.Wait(ctx, seq); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"append":     func() error { _, err := l.Append(ctx, rowsOf("t", "b")); return err }(),
		"create":     l.Create(ctx, "u", store.TopicConfig{}),
		"validate":   l.Validate(ctx, "u", store.TopicConfig{}),
		"delete":     l.Delete(ctx, "t", "1"),
		"checkpoint": errors.Join(l.j.ailing(), l.j.refused()),
	} {
		if !errors.Is(err, errFault) {
			t.Errorf("%s: %v", name, err)
		}
		if name != "checkpoint" && !errors.Is(err, store.ErrTransient) {
			t.Errorf("%s: %v will not pass", name, err)
		}
	}
	eventually(t, func() bool {
		h := l.Health() // it tells why it cannot be written again, not only that a sync has failed
		return len(h) == 1 && h[0].What == store.Syncing && !h[0].Final && strings.Contains(h[0].Err.Error(), string(CreateOp)) && h[0].Count > 1
	}, func() string { return fmt.Sprint(l.Health()) })
	if got, err := values(l, "t"); err != nil || fmt.Sprint(got) != "[a]" {
		t.Error(got, err)
	}
	fs.mu.Lock()
	if broken = false; tries == 0 {
		t.Error("nothing was tried")
	}
	fs.mu.Unlock()
	eventually(t, func() bool { return len(l.Health()) == 0 }, func() string { return fmt.Sprint(l.Health()) })
	if err := l.Wait(ctx, must(l.Append(ctx, rowsOf("t", "b")))(t)); err != nil {
		t.Error(err)
	}
	if got, err := values(l, "t"); err != nil || fmt.Sprint(got) != "[a b]" {
		t.Error(got, err)
	}
	counted(t, l)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestKeptFrames: frames are kept until they are on disk, as they were, within the limit; when one does not fit all
// before it are worth nothing.
func TestKeptFrames(t *testing.T) {
	frame := func(n int) *encoder {
		e := &encoder{}
		e.runs([]*store.Records{rowsOf("t", strings.Repeat("x", n))}, []*part{{topic: &topic{id: 1}}})
		return e
	}
	text := func(k kept) (out []byte) {
		if k.big == nil {
			return k.small
		}
		return slices.Concat(append([][]byte{k.big.buf}, k.big.pieces...)...)
	}
	u := &unsynced{limit: 40 << 10}
	want := map[int64][]byte{}
	seq := int64(0)
	put := func(n int) {
		e := frame(n)
		seq++
		want[seq] = text(kept{big: e.frame})
		u.add(kept{first: seq, last: seq, size: e.size()}, e)
	}
	holds := func(from int64) {
		t.Helper()
		bytes := int64(0)
		if len(u.frames) != int(seq-from+1) {
			t.Fatalf("%d frames, want those from %d to %d", len(u.frames), from, seq)
		}
		for i, k := range u.frames {
			if k.last != from+int64(i) || !slices.Equal(text(k), want[k.last]) {
				t.Fatalf("frame %d is another", k.last)
			}
			bytes += k.size + keptBytes
		}
		if u.bytes != bytes || bytes > u.limit {
			t.Fatalf("%d bytes are counted, %d are there, of %d", u.bytes, bytes, u.limit)
		}
		small := 0
		for _, k := range u.frames {
			small += len(k.small)
		}
		if n := len(u.chunks); n > 2+2*small/chunkBytes {
			t.Fatalf("%d chunks hold %d bytes", n, small)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	done := int64(0)
	for range 2000 {
		if r.IntN(30) == 0 {
			done += r.Int64N(seq - done + 1)
			u.release(done, nil)
		} else {
			put(r.IntN([]int{10, 3000, 6000}[r.IntN(3)]))
		}
		done = max(done, u.lost)
		holds(done + 1)
	}
	if u.lost == 0 {
		t.Fatal("all had room")
	}
	u.release(seq, nil)
	holds(seq + 1)
	put(10)
	put(20)
	put(100 << 10) // more than all may take
	if u.lost != seq || len(u.frames) > 0 || u.bytes != 0 {
		t.Errorf("up to %d is lost, want %d; %d frames", u.lost, seq, len(u.frames))
	}
	put(10)
	holds(seq)
	if len(u.spare) > spareChunks {
		t.Errorf("%d chunks are spare", len(u.spare))
	}
}

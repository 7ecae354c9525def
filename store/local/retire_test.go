package local

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// journalBytes is how much the journal files of fs hold.
func journalBytes(fs *Forgetful) (n int) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for name, f := range fs.names {
		if strings.Contains(name, "/journal/") {
			n += len(f.data)
		}
	}
	return n
}

func topicBytes(fs *Forgetful, id string) (n int) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for name, f := range fs.names {
		if strings.HasPrefix(name, fmt.Sprintf("/d/topics/%s/", id)) {
			n += len(f.data)
		}
	}
	return n
}

// calm waits until the journal is small again.
func calm(t *testing.T, l store.Log) {
	t.Helper()
	d := l.(*log)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		d.write.Lock()
		total := d.j.total
		d.write.Unlock()
		if total <= d.opt.JournalBytes {
			counted(t, l)
			return
		}
		if err := Damage(l); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatalf("journal of %d bytes", total)
		}
		token(d.j.retire)
	}
}

// TestRetire: the journal stays small, and every row stays readable at its offset, with its time, in order.
func TestRetire(t *testing.T) {
	for _, cache := range []int64{1, 1 << 20} {
		fs := NewForgetful()
		o := Options{FS: fs, SegmentBytes: 4 << 10, JournalBytes: 16 << 10, CacheBytes: cache}
		l := must(Open("/d", o))(t)
		for _, name := range []string{"a", "b", "gone"} {
			if err := l.Create(ctx, name, store.TopicConfig{Partitions: 1}); err != nil {
				t.Fatal(err)
			}
		}
		r := rand.New(rand.NewPCG(3, 4))
		var want []string
		n := map[string]int64{}
		for i := range 600 {
			name := []string{"a", "b", "gone"}[r.IntN(3)]
			rec := &store.Records{TP: store.TP{Topic: name}}
			for k := range 1 + r.IntN(4) {
				v := strings.Repeat(fmt.Sprint(i, ".", k, " "), r.IntN(20))
				rec.Add(int64(i), []byte(name), []byte(v), store.Header{Key: "i", Value: []byte(fmt.Sprint(i))})
				if name != "gone" {
					want = append(want, fmt.Sprintf("%s@%d %d %s i=%d", name, n[name], i, v, i))
					n[name]++
				}
			}
			must(l.Append(ctx, rec))(t)
		}
		check := func() {
			t.Helper()
			rd := must(l.Reader(ctx, map[store.TP]int64{{Topic: "a"}: -1, {Topic: "b"}: 0}, nil))(t)
			defer rd.Close()
			at := 0
			for {
				runs := must(rd.Poll(7))(t)
				if runs == nil {
					break
				}
				for _, rec := range runs {
					for i := range rec.Len() {
						h := rec.Headers[i]
						got := fmt.Sprintf("%s@%d %d %s %s=%s", rec.Key[i].Of(rec.Bytes), rec.Offset(i), rec.Time[i], rec.Value[i].Of(rec.Bytes), h.Key, h.Value)
						if got != want[at] {
							t.Fatalf("%s, want %s", got, want[at])
						}
						at++
					}
				}
			}
			if at != len(want) {
				t.Fatalf("%d rows of %d", at, len(want))
			}
		}
		check()
		calm(t, l)
		check()
		if n := journalBytes(fs); n > 17<<10 {
			t.Fatalf("journal of %d bytes", n)
		}
		id := must(l.Topic(ctx, "gone"))(t).ID
		if topicBytes(fs, id) == 0 {
			t.Fatal("nothing was retired")
		}
		if err := l.Delete(ctx, "gone", id); err != nil {
			t.Fatal(err)
		}
		if n := topicBytes(fs, id); n != 0 {
			t.Fatalf("%d bytes of a deleted topic", n)
		}
		if p := l.(*log).cold.parts[tid{3, 0}]; p != nil {
			t.Fatal("its files are known", id, p)
		}
		for at, p := range l.(*log).cold.parts {
			for i, s := range p.files { // a file is filled before the next one is begun
				if s.size < o.SegmentBytes && i < len(p.files)-1 || s.size > 3*o.SegmentBytes {
					t.Errorf("file %d of %d of %v has %d bytes", i, len(p.files), at, s.size)
				}
			}
		}
		for range 2 {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = must(Open("/d", o))(t)
			if err := Damage(l); err != nil {
				t.Fatal(err)
			}
			check()
		}
		// Trimmed rows leave the disk with the next retirement, and stay away after a restart.
		ends := must(l.Ends(ctx, []store.TP{{Topic: "a"}}))(t)
		aID := must(l.Topic(ctx, "a"))(t).ID
		if err := l.Trim(ctx, ends); err != nil {
			t.Fatal(err)
		}
		for range 400 {
			must(l.Append(ctx, rowsOf("b", strings.Repeat("x", 100))))(t)
		}
		calm(t, l)
		l.Close()
		if n := topicBytes(fs, aID); n != 0 {
			t.Fatalf("%d bytes of trimmed rows", n)
		}
		l = must(Open("/d", o))(t)
		if got, err := values(l, "a"); err != nil || len(got) > 0 {
			t.Fatal(got, err)
		}
		if again := must(l.Ends(ctx, []store.TP{{Topic: "a"}}))(t); fmt.Sprint(again) != fmt.Sprint(ends) {
			t.Fatal(again, ends)
		}
		l.Close()
	}
}

// TestColdDamage: a bad cold file is reported at open if its heads are bad, when read if its rows are.
func TestColdDamage(t *testing.T) {
	fs := NewForgetful()
	o := Options{FS: fs, SegmentBytes: 1 << 10, JournalBytes: 2 << 10, CacheBytes: 1}
	l := must(Open("/d", o))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprint("value ", i, strings.Repeat(".", 50)))
		must(l.Append(ctx, rowsOf("t", want[i])))(t)
	}
	calm(t, l)
	l.Close()
	files, _ := fs.List("/d/topics/1/0")
	if len(files) == 0 {
		t.Fatal("nothing was retired")
	}
	name := filepath.Join("/d/topics/1/0", files[0])
	for at := 0; at < len(fs.names[name].data); at += 3 {
		f := fs.Kill()
		f.names[name].data[at] ^= 4
		l, err := Open("/d", Options{FS: f, SegmentBytes: 1 << 10, JournalBytes: 2 << 10, CacheBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := values(l, "t")
		if !errors.Is(Damage(l), store.ErrCorrupt) && !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("byte %d: no error", at)
		}
		for i, v := range got {
			if Damage(l) == nil && v != want[i] {
				t.Fatalf("byte %d: read %s", at, v)
			}
		}
		l.Close()
	}
	f := fs.Kill()
	delete(f.names, name)
	l = must(Open("/d", Options{FS: f}))(t)
	if !errors.Is(Damage(l), store.ErrCorrupt) {
		t.Fatal(Damage(l))
	}
	l.Close()
}

// latest is the last value of each key, and how many rows it took.
func latest(t *testing.T, l store.Log, topic string) (map[string]string, int) {
	t.Helper()
	out, n := map[string]string{}, 0
	rd := must(store.Whole(ctx, l, topic))(t)
	defer rd.Close()
	last := int64(-1)
	for runs, err := range store.Runs(ctx, rd, 13) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			for i := range r.Len() {
				if r.Offset(i) <= last {
					t.Fatalf("offset %d after %d", r.Offset(i), last)
				}
				last = r.Offset(i)
				n++
				if r.Value[i].Len < 0 {
					delete(out, string(r.Key[i].Of(r.Bytes)))
				} else {
					out[string(r.Key[i].Of(r.Bytes))] = string(r.Value[i].Of(r.Bytes))
				}
			}
		}
	}
	return out, n
}

// thinned waits until a compaction in memory is over.
func thinned(l store.Log, topic string) {
	for {
		m := l.(*log)
		m.mu.RLock()
		busy := m.topics[topic].parts[0].compacting
		m.mu.RUnlock()
		if !busy {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestCompact: a compacted topic stays small, and its last values stay right, in memory and on disk.
func TestCompact(t *testing.T) {
	for name, open := range map[string]func(Options) (store.Log, error){
		"memory":    Memory,
		"directory": func(o Options) (store.Log, error) { return Open("/d", o) },
	} {
		t.Run(name, func(t *testing.T) {
			fs := NewForgetful()
			o := Options{FS: fs, CompactBytes: 8 << 10, SegmentBytes: 2 << 10, JournalBytes: 8 << 10, CacheBytes: 4 << 10}
			l := must(open(o))(t)
			if err := l.Create(ctx, "t", store.TopicConfig{Compact: true, Internal: true}); err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(5, 6))
			want := map[string]string{}
			total := 0
			write := func(n int) {
				for range n {
					rec := &store.Records{TP: store.TP{Topic: "t"}}
					for range 1 + r.IntN(3) {
						k, v := fmt.Sprint("k", r.IntN(20)), fmt.Sprint("v", r.Int())
						total++
						if r.IntN(4) == 0 {
							rec.Add(1, []byte(k), nil)
							delete(want, k)
						} else {
							rec.Add(1, []byte(k), []byte(v))
							want[k] = v
						}
					}
					must(l.Append(ctx, rec))(t)
				}
			}
			for range 5 {
				write(300)
				if l.Durable() {
					calm(t, l)
				} else {
					thinned(l, "t")
					write(1) // meanwhile the topic may have doubled again
					thinned(l, "t")
				}
				got, n := latest(t, l, "t")
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("%v, want %v", got, want)
				}
				if n > total/2 && n > 500 {
					t.Fatalf("%d rows of %d are left", n, total)
				}
				if ends := must(l.Ends(ctx, []store.TP{{Topic: "t"}}))(t); ends[store.TP{Topic: "t"}] != int64(total) {
					t.Fatal(ends, total)
				}
				if l.Durable() {
					if err := l.Close(); err != nil {
						t.Fatal(err)
					}
					l = must(open(o))(t)
				}
			}
			if n := topicBytes(fs, "1"); n > 64<<10 {
				t.Fatalf("%d bytes of cold files", n)
			}
			l.Close()
		})
	}
}

// TestRetention: rows older than the retention go, but never the newest activeBytes.
func TestRetention(t *testing.T) {
	now := time.UnixMilli(1_000_000_000)
	for name, open := range map[string]func(Options) (store.Log, error){
		"memory":    Memory,
		"directory": func(o Options) (store.Log, error) { return Open("/d", o) },
	} {
		t.Run(name, func(t *testing.T) {
			l := must(open(Options{FS: NewForgetful(), Clock: func() time.Time { return now }}))(t)
			defer l.Close()
			if err := l.Create(ctx, "t", store.TopicConfig{Retention: time.Hour}); err != nil {
				t.Fatal(err)
			}
			value := bytes.Repeat([]byte("x"), 100<<10)
			add := func(ms int64) {
				rec := &store.Records{TP: store.TP{Topic: "t"}}
				rec.Add(ms, nil, value)
				must(l.Append(ctx, rec))(t)
			}
			for range 5 {
				add(0)
			}
			if got, err := values(l, "t"); err != nil || len(got) != 5 {
				t.Fatal("rows of a small partition expired", len(got), err)
			}
			for range 20 {
				add(now.UnixMilli())
			}
			if got, err := values(l, "t"); err != nil || len(got) != 20 {
				t.Fatal(len(got), err)
			}
			if ends := must(l.Ends(ctx, []store.TP{{Topic: "t"}}))(t); ends[store.TP{Topic: "t"}] != 25 {
				t.Fatal(ends)
			}
		})
	}
}

// TestPartitionBytes: the oldest rows of an ordinary topic go above the size.
func TestPartitionBytes(t *testing.T) {
	l := must(Memory(Options{PartitionBytes: 2 << 20}))(t)
	defer l.Close()
	for _, name := range []string{"t", "internal"} {
		if err := l.Create(ctx, name, store.TopicConfig{Internal: name == "internal"}); err != nil {
			t.Fatal(err)
		}
		for range 40 {
			must(l.Append(ctx, rowsOf(name, strings.Repeat("x", 100<<10))))(t)
		}
	}
	if got, err := values(l, "t"); err != nil || len(got) < 10 || len(got) > 21 {
		t.Fatal(len(got), err)
	}
	if got, err := values(l, "internal"); err != nil || len(got) != 40 {
		t.Fatal(len(got), err)
	}
}

// TestReadBesideRetiring: readers never notice that files come and go under them.
func TestReadBesideRetiring(t *testing.T) {
	l := must(Open(t.TempDir(), Options{CompactBytes: 4 << 10, SegmentBytes: 4 << 10, JournalBytes: 8 << 10, CacheBytes: 1}))(t)
	defer l.Close()
	for _, name := range []string{"plain", "compact"} {
		if err := l.Create(ctx, name, store.TopicConfig{Compact: name == "compact"}); err != nil {
			t.Fatal(err)
		}
	}
	stop, failed := make(chan struct{}), make(chan error, 2)
	for _, name := range []string{"plain", "compact"} {
		go func() {
			for {
				got, err := values(l, name)
				if name == "plain" {
					for i, v := range got {
						if !strings.HasPrefix(v, fmt.Sprint(i, " ")) {
							err = errors.Join(err, fmt.Errorf("row %d is %s", i, v))
						}
					}
				}
				select {
				case <-stop:
					failed <- err
					return
				default:
				}
				if err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	end := time.Now().Add(300 * time.Millisecond)
	for i := 0; i < 5000 && time.Now().Before(end); i++ {
		rec := &store.Records{TP: store.TP{Topic: "compact"}}
		rec.Add(0, []byte(fmt.Sprint(i%10)), bytes.Repeat([]byte("c"), 100))
		must(l.Append(ctx, rec, rowsOf("plain", fmt.Sprint(i, " ", i))))(t)
	}
	close(stop)
	for range 2 {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
	if err := Damage(l); err != nil {
		t.Fatal(err)
	}
}

// synced is a file system that calls f once, after a file has been synced.
type synced struct {
	FS
	f func()
}

func (s *synced) Create(name string) (File, error) {
	f, err := s.FS.Create(name)
	if strings.Contains(name, "journal") { // the journal's goroutine syncs these when it likes
		return f, err
	}
	return &syncedFile{f, s}, err
}

type syncedFile struct {
	File
	s *synced
}

func (f *syncedFile) Sync() error {
	err := f.File.Sync()
	if g := f.s.f; g != nil {
		f.s.f = nil
		g()
	}
	return err
}

// TestRetireTrimmed: rows are trimmed because a commit has read them. As long as a power cut can take that commit
// they stay, also if it comes while their file is retired.
func TestRetireTrimmed(t *testing.T) {
	for seed := range 20 {
		fs := NewForgetful()
		hook := &synced{FS: fs}
		l := must(Open("/d", Options{FS: hook, SegmentBytes: 1000, JournalBytes: 1 << 40, SyncEvery: time.Hour}))(t).(*log)
		for _, name := range []string{"in", "out"} {
			if err := l.Create(ctx, name, store.TopicConfig{Internal: true}); err != nil {
				t.Fatal(err)
			}
		}
		in := store.TP{Topic: "in"}
		stages := []store.Stage{{Name: "s", In: []string{"in"}, From: map[store.TP]int64{in: 0}}}
		open := func(l store.Log) store.Work {
			ses := must(l.Session(ctx, "q", stages))(t)
			w := must(ses.Open(ctx, store.Unit{Stage: "s"}))(t)
			if _, _, err := w.Restore(ctx); err != nil {
				t.Fatal(err)
			}
			return w
		}
		w := open(l)
		const rows = 40
		var seq int64
		for i := range rows {
			seq = must(l.Append(ctx, rowsOf("in", fmt.Sprint(i, strings.Repeat("x", 100)))))(t)
		}
		if err := l.Wait(ctx, seq); err != nil {
			t.Fatal(err)
		}
		limit := func(n int64) {
			l.write.Lock()
			l.j.opt.JournalBytes = n
			l.write.Unlock()
		}
		hook.f = func() {
			limit(1 << 40) // this file only
			if err := w.Commit(ctx, store.Commit{Appends: []*store.Records{rowsOf("out", "x")}, Positions: map[store.TP]int64{in: rows}}); err != nil {
				t.Error(err)
			}
			if err := l.Trim(ctx, map[store.TP]int64{in: rows}); err != nil {
				t.Error(err)
			}
		}
		limit(1)
		if more, ok := l.retireOldest(); !more || !ok || hook.f != nil {
			t.Fatal("nothing was retired", more, ok)
		}
		left := fs.Crash(rand.New(rand.NewPCG(uint64(seed), 3)))
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		again := must(Open("/d", Options{FS: left}))(t)
		w = open(again)
		at := map[store.TP]int64{}
		w.Position(at)
		for at[in] < rows {
			next := at[in]
			runs := must(w.Poll(100))(t)
			for i := range runs {
				if runs[i].First != next {
					t.Fatalf("seed %d: row %d, want %d", seed, runs[i].First, next)
				}
				next += int64(runs[i].Len())
			}
			w.Position(at)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

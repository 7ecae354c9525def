package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// run of one partition with these values.
func rowsOf(topic string, values ...string) *store.Records {
	r := &store.Records{TP: store.TP{Topic: topic}}
	for i, v := range values {
		r.Add(int64(i), []byte("k"), []byte(v))
	}
	return r
}

// values reads topic from its oldest row, or the error met.
func values(l store.Log, topic string) (out []string, err error) {
	rd, err := store.Whole(ctx, l, topic)
	if err != nil {
		return nil, err
	}
	defer rd.Close()
	for runs, err := range store.Runs(ctx, rd, 100) {
		if err != nil {
			return out, err
		}
		for _, r := range runs {
			for i := range r.Len() {
				out = append(out, string(r.Value[i].Of(r.Bytes)))
			}
		}
	}
	return out, nil
}

// frameEnds is where the frames of a journal file end.
func frameEnds(b []byte) (out []int) {
	salt := binary.LittleEndian.Uint32(b) ^ frameMagic
	for at := 0; at < len(b); {
		h, ok := parseHeader(b[at:], int64(len(b)-at), salt)
		if !ok {
			return out
		}
		at += headerBytes + int(h.head) + int(h.body)
		out = append(out, at)
	}
	return out
}

const firstFile = "/d/journal/000000000001"

// TestCut: a journal cut at any byte of its last two frames opens to the commits before the cut.
func TestCut(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SyncEvery: time.Hour}))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	for i := range 4 { // each commit has two runs
		must(l.Append(ctx, rowsOf("t", fmt.Sprint(i, "a"), fmt.Sprint(i, "b")), rowsOf("t", fmt.Sprint(i, "c"))))(t)
	}
	killed := fs.Kill()
	l.Close()
	whole := killed.names[firstFile].data
	ends := frameEnds(whole)
	for cut := ends[len(ends)-3]; cut <= len(whole); cut++ {
		for _, garbage := range [][]byte{nil, make([]byte, 100), whole[100:300]} {
			f := killed.Kill()
			content := append(slices.Clone(whole[:cut]), garbage...)
			f.names[firstFile] = &node{data: content, safe: len(content)}
			l, err := Open("/d", Options{FS: f})
			if err != nil {
				t.Fatal(cut, err)
			}
			if err := Damage(l); err != nil {
				t.Fatal(cut, err)
			}
			var want []string
			for i := range 4 {
				// Garbage may begin with the zeros that were cut off.
				if e := ends[len(ends)-4+i]; e <= len(content) && bytes.Equal(content[:e], whole[:e]) {
					want = append(want, fmt.Sprint(i, "a"), fmt.Sprint(i, "b"), fmt.Sprint(i, "c"))
				}
			}
			got, err := values(l, "t")
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("cut at %d: %v %v, want %v", cut, got, err, want)
			}
			// What is written then is there after the next opening.
			must(l.Append(ctx, rowsOf("t", "new")))(t)
			l.Close()
			l = must(Open("/d", Options{FS: f}))(t)
			got, err = values(l, "t")
			if err != nil || !slices.Equal(got, append(want, "new")) {
				t.Fatalf("cut at %d, reopened: %v %v", cut, got, err)
			}
			l.Close()
		}
	}
}

// TestFlip: a byte changed anywhere below what is known to have been on disk is reported; nothing is
// cut, and no wrong row is read.
func TestFlip(t *testing.T) {
	fs := NewForgetful()
	o := Options{FS: fs, SegmentBytes: 600}
	l := must(Open("/d", o))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 8 {
		v := strings.Repeat(fmt.Sprint(i), 20)
		must(l.Append(ctx, rowsOf("t", v)))(t)
		want = append(want, v)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := fs.List("/d/journal")
	if len(names) < 2 {
		t.Fatal(names)
	}
	for fileNo, base := range names {
		name := "/d/journal/" + base
		size := len(fs.names[name].data)
		if fileNo == len(names)-1 {
			size -= headerBytes // the last mark says that the rest was on disk
		}
		for at := range size {
			f := fs.Kill()
			f.names[name].data[at] ^= 0x10
			before := slices.Clone(f.names[name].data)
			l, err := Open("/d", Options{FS: f, SegmentBytes: 600})
			if err != nil {
				t.Fatal(err)
			}
			if err := Damage(l); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "/d/journal/") {
				t.Fatalf("%s at %d: %v", name, at, err)
			}
			if got, err := values(l, "t"); !errors.Is(err, store.ErrNoTopic) && (err != nil || !slices.Equal(got, want[:len(got)])) {
				t.Fatalf("%s at %d: %v %v", name, at, got, err)
			}
			if _, err := l.Append(ctx, rowsOf("t", "x")); !errors.Is(err, store.ErrNoTopic) && (!errors.Is(err, store.ErrReadOnly) || !errors.Is(err, store.ErrCorrupt)) {
				t.Fatalf("%s at %d: append: %v", name, at, err)
			}
			if err := l.Create(ctx, "u", store.TopicConfig{}); !errors.Is(err, store.ErrReadOnly) {
				t.Fatalf("%s at %d: create: %v", name, at, err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, f.names[name].data) {
				t.Fatalf("%s at %d: the file was changed", name, at)
			}
		}
	}
	// A missing file is damage too.
	for _, base := range names {
		f := fs.Kill()
		delete(f.names, "/d/journal/"+base)
		l, err := Open("/d", Options{FS: f})
		if err != nil {
			t.Fatal(err)
		}
		if base != names[len(names)-1] && !errors.Is(Damage(l), store.ErrCorrupt) {
			t.Fatal(base, Damage(l))
		}
		l.Close()
	}
}

// TestFlipWhileOpen: a run that is read back is checked.
func TestFlipWhileOpen(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, CacheBytes: 1}))(t)
	defer l.Close()
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	must(l.Append(ctx, rowsOf("t", "first")))(t)
	must(l.Append(ctx, rowsOf("t", "second")))(t)
	n := fs.names[firstFile]
	n.data[bytes.Index(n.data, []byte("first"))]++
	if got, err := values(l, "t"); !errors.Is(err, store.ErrCorrupt) {
		t.Fatal(got, err)
	}
}

func TestLocked(t *testing.T) {
	for _, fs := range []FS{Disk(), NewForgetful()} {
		dir := t.TempDir()
		l := must(Open(dir, Options{FS: fs}))(t)
		if _, err := Open(dir, Options{FS: fs}); !errors.Is(err, store.ErrLocked) {
			t.Fatal(err)
		}
		l.Close()
		must(Open(dir, Options{FS: fs}))(t).Close()
	}
}

// TestIdle: an idle journal ends with a mark that says that all before it was on disk.
func TestIdle(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SyncEvery: time.Millisecond}))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	seq := must(l.Append(ctx, rowsOf("t", "v")))(t)
	deadline := time.Now().Add(10 * time.Second)
	for {
		f := fs.Kill()
		b := f.names[firstFile].data
		ends := frameEnds(b)
		h, _ := parseHeader(b[ends[len(ends)-2]:], int64(len(b)), l.(*log).j.salt)
		if h.count == 0 && h.synced == seq {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no mark")
		}
		time.Sleep(time.Millisecond)
	}
	l.Close()
}

// TestCheckpointDamage: a bad newest checkpoint falls back to the one before; when that is bad too and
// the changelog does not reach back, the file is named.
func TestCheckpointDamage(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs}))(t)
	for _, name := range []string{"in", "change"} {
		if err := l.Create(ctx, name, store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	open := func(l store.Log) (store.Work, store.Checkpoint, store.Reader, error) {
		w := must(must(l.Session(ctx, "q/1", worldStages))(t).Open(ctx, store.Unit{Stage: "s"}))(t)
		cp, rd, err := w.Restore(ctx)
		return w, cp, rd, err
	}
	w, _, _, err := open(l)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		if err := w.Commit(ctx, store.Commit{Appends: []*store.Records{rowsOf("change", fmt.Sprint(i))}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Checkpoint(ctx, func(cw store.Writer) error {
			return errors.Join(cw.Table("t", 1), cw.Chunk([]byte(fmt.Sprint("state ", i))))
		}); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	dir := "/d/checkpoints/q%2f1/s/0"
	names, _ := fs.List(dir)
	if fmt.Sprint(names) != "[CHUNKS-3 CHUNKS-4 MANIFEST-3 MANIFEST-4]" {
		t.Fatal(names)
	}
	for _, c := range []struct {
		bad   []string
		state string
		after int
	}{
		{nil, "state 3", 0},
		{[]string{"MANIFEST-4"}, "state 2", 1},
		{[]string{"CHUNKS-4"}, "state 2", 1},
		{[]string{"CHUNKS-3"}, "state 3", 0},
		{[]string{"CHUNKS-3", "MANIFEST-4"}, "", 0},
	} {
		f := fs.Kill()
		for _, name := range c.bad {
			f.names[dir+"/"+name].data[3] ^= 1
		}
		l := must(Open("/d", Options{FS: f}))(t)
		// The trimmed changelog is still in the journal after a restart: trim it as a running log does.
		if err := l.Trim(ctx, map[store.TP]int64{{Topic: "change"}: 3}); err != nil {
			t.Fatal(err)
		}
		_, cp, rd, err := open(l)
		if c.state == "" {
			if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "CHUNKS-3") {
				t.Fatal(c.bad, err)
			}
			l.Close()
			continue
		}
		if err != nil {
			t.Fatal(c.bad, err)
		}
		for chunk, err := range cp.Chunks("t") {
			if err != nil || string(chunk) != c.state {
				t.Fatalf("%v: %s %v", c.bad, chunk, err)
			}
		}
		n := 0
		for runs, err := range store.Runs(ctx, rd, 10) {
			if err != nil {
				t.Fatal(err)
			}
			n += len(runs)
		}
		if n != c.after {
			t.Fatalf("%v: %d changelog rows after the checkpoint", c.bad, n)
		}
		l.Close()
	}
}

func FuzzHead(f *testing.F) {
	e := &encoder{}
	r := rowsOf("t", "a", "b")
	r.Mark = []byte{1, 2}
	r.Headers = []store.Header{{Row: 1, Key: "h", Value: []byte("v")}}
	h, data := e.single(r, 7)
	f.Add(h.put(nil), data)
	b := putTopic(nil, &topicDef{3, "name", store.TopicConfig{Partitions: 2, Compact: true}})
	b = putMoves(b, &moveSet{"q", store.Unit{Stage: "s"}, map[tid]int64{{1, 2}: 3}})
	b = putPart(b, &partState{tid{1, 2}, 3, 4})
	f.Add(binary.AppendUvarint(append(b, tagNextID), 9), []byte{})
	f.Fuzz(func(t *testing.T, head, body []byte) {
		hd, err := parseHead(head)
		if err != nil {
			return
		}
		for i := range hd.runs {
			r := &hd.runs[i]
			if r.size() > 1<<16 {
				continue
			}
			data := aligned(r.size())
			copy(data, body)
			if rec, err := decodeRun(r, data); err == nil && rec.Len() != int(r.rows) {
				t.Fatal(rec.Len())
			}
			r.crc = checksum(data)
			rec, err := decodeRun(r, data)
			if err != nil {
				continue
			}
			for i := range rec.Len() {
				rec.Key[i].Of(rec.Bytes)
				rec.Value[i].Of(rec.Bytes)
				rec.Offset(i)
			}
			if rec.Offsets == nil && rec.Len() > 0 {
				_ = rec.Slice(0, rec.Len()-1)
			}
		}
	})
}

// FuzzJournal opens a log over any bytes as its journal; the checksums of heads are set right, so that
// what lies behind them is met too.
func FuzzJournal(f *testing.F) {
	fs := NewForgetful()
	if _, err := writeFile(fs, "/d/FORMAT", seal([]byte("ksql log 1 00000000\n"))); err != nil {
		f.Fatal(err)
	}
	l, err := Open("/d", Options{FS: fs})
	if err != nil {
		f.Fatal(err)
	}
	l.Create(ctx, "t", store.TopicConfig{})
	l.Append(ctx, rowsOf("t", "v"))
	l.Session(ctx, "q", []store.Stage{{Name: "s", In: []string{"t"}}})
	l.Close()
	f.Add(fs.names[firstFile].data)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		b = slices.Clone(b)
		for at := 0; len(b)-at >= headerBytes; {
			binary.LittleEndian.PutUint32(b[at:], frameMagic)
			h, ok := parseHeader(b[at:], int64(len(b)-at), 0)
			if !ok {
				break
			}
			head := b[at : at+headerBytes+int(h.head)]
			binary.LittleEndian.PutUint32(head[4:], headCRC(0, head))
			at += len(head) + int(h.body)
		}
		g := fs.Kill()
		g.names[firstFile] = &node{data: b, safe: len(b)}
		l, err := Open("/d", Options{FS: g})
		if err != nil {
			return
		}
		defer l.Close()
		topics, err := l.Topics(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for name := range topics {
			values(l, name)
		}
		l.Create(ctx, "u", store.TopicConfig{})
		if _, err := l.Append(ctx, rowsOf("u", "w")); err != nil && Damage(l) == nil {
			t.Fatal(err)
		}
	})
}

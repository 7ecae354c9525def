package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// forged is the bytes of a frame of runs of topic 1, as spoil leaves it, with checksums that are right.
func forged(salt uint32, seq int64, count int, runs []*store.Records, spoil func(e *encoder)) []byte {
	e := &encoder{}
	topic := newTopic(topicDef{id: 1, name: "t", config: store.TopicConfig{Partitions: 1}})
	var parts []*part
	for range runs {
		parts = append(parts, topic.parts[0])
	}
	e.runs(runs, parts)
	for i := range runs {
		e.first(i, int64(i))
	}
	if spoil != nil {
		spoil(e)
	}
	e.seal(salt, seq, 0, count)
	out := slices.Clone(e.buf)
	for _, p := range e.pieces {
		out = append(out, p...)
	}
	return out
}

// TestForeignFrames: a last frame whose checksums are right and whose numbers are not is a torn end, and nothing of it
// is taken; one that is right is.
func TestForeignFrames(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SyncEvery: time.Hour}))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	killed := fs.Kill()
	salt, seq := l.(*log).j.salt, l.(*log).seq
	l.Close()
	one, two := []*store.Records{rowsOf("t", "a")}, []*store.Records{rowsOf("t", "a"), rowsOf("t", "b")}
	second := rowsOf("t", "b")
	second.First = 1
	for name, c := range map[string]struct {
		frame []byte
		want  string
	}{
		"right":                  {forged(salt, seq, 1, one, nil), "[a]"},
		"two runs":               {forged(salt, seq, 2, two, nil), "[a b]"},
		"a place too many":       {forged(salt, seq, 2, one, nil), "[]"},
		"a place too few":        {forged(salt, seq, 1, two, nil), "[]"},
		"runs without a place":   {forged(salt, seq, 0, one, nil), "[]"},
		"nothing, in two places": {forged(salt, seq, 2, nil, nil), "[]"},
		"a later place":          {forged(salt, seq+1, 1, one, nil), "[]"},
		"an earlier place":       {forged(salt, seq-1, 1, one, nil), "[]"},
		"another log":            {forged(salt+1, seq, 1, one, nil), "[]"},
		"a body too long":        {append(forged(salt, seq, 1, one, func(e *encoder) { e.body += 8 }), make([]byte, 8)...), "[]"},
		"a body too short":       {forged(salt, seq, 1, one, func(e *encoder) { e.body -= 8 }), "[]"},
		"an unknown item":        {forged(salt, seq, 1, nil, func(e *encoder) { e.buf = append(e.buf, 99); e.endHead() }), "[]"},
		"another topic":          {forged(salt, seq, 1, one, func(e *encoder) { e.buf[headerBytes+firstAt+8] = 2 }), "[]"},
		"another partition":      {forged(salt, seq, 1, one, func(e *encoder) { e.buf[headerBytes+firstAt+9] = 1 }), "[]"},
	} {
		f := killed.Kill()
		data := append(slices.Clone(f.names[firstFile].data), c.frame...)
		f.names[firstFile] = &node{data: data, safe: len(data)}
		l := must(Open("/d", Options{FS: f}))(t)
		if err := Damage(l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		taken := strings.HasPrefix(name, "another ") && name != "another log" || c.want != "[]" // of nobody's rows, but right
		if got, err := values(l, "t"); err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, %v, want %s", name, got, err, c.want)
		}
		counted(t, l)
		if taken == (l.(*log).seq == seq) {
			t.Errorf("%s: what comes next is %d, it was %d", name, l.(*log).seq, seq)
		}
		want := append(strings.Fields(strings.Trim(c.want, "[]")), "next")
		must(l.Append(ctx, rowsOf("t", "next")))(t)
		for range 2 {
			if got, err := values(l, "t"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v, %v, want %v", name, got, err, want)
			}
			if err := l.Close(); err != nil {
				t.Error(name, err)
			}
			l = must(Open("/d", Options{FS: f}))(t)
		}
		l.Close()
	}
}

// TestForeignCold: a file of old rows whose checksums are right and whose numbers are not is damage, named with its
// place; so is one that is shorter than it should be.
func TestForeignCold(t *testing.T) {
	fs := NewForgetful()
	o := Options{FS: fs, SegmentBytes: 1 << 10, JournalBytes: 2 << 10, CacheBytes: 1}
	l := must(Open("/d", o))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 60 {
		want = append(want, fmt.Sprint(i, strings.Repeat(".", 50)))
		must(l.Append(ctx, rowsOf("t", want[i])))(t)
	}
	calm(t, l)
	salt := l.(*log).j.salt
	l.Close()
	files, _ := fs.List("/d/topics/1/0")
	if len(files) < 3 {
		t.Fatal("too little was retired", files)
	}
	name := filepath.Join("/d/topics/1/0", files[1])
	for what, spoil := range map[string]func(b []byte) []byte{
		"as it was":         func(b []byte) []byte { return b },
		"another topic":     func(b []byte) []byte { b[headerBytes+firstAt+8] = 2; return b },
		"another partition": func(b []byte) []byte { b[headerBytes+firstAt+9] = 1; return b },
		"an unknown item":   func(b []byte) []byte { b[headerBytes] = 99; return b },
		"a body too short":  func(b []byte) []byte { binary.LittleEndian.PutUint64(b[32:], 8); return b },
		"a body too long":   func(b []byte) []byte { binary.LittleEndian.PutUint64(b[32:], 1<<40); return b },
		"another log":       func(b []byte) []byte { binary.LittleEndian.PutUint32(b, frameMagic^salt^1); return b },
		"cut":               func(b []byte) []byte { return b[:len(b)-1] },
		"cut in a header":   func(b []byte) []byte { return b[:headerBytes-1] },
		"cut in a head":     func(b []byte) []byte { return b[:headerBytes+3] },
		"empty":             func(b []byte) []byte { return nil },
		"longer":            func(b []byte) []byte { return append(b, make([]byte, 99)...) }, // a try that failed
	} {
		f := fs.Kill()
		b := f.names[name].data
		head := headerBytes + int(binary.LittleEndian.Uint32(b[24:]))
		if b = spoil(b); len(b) >= head {
			binary.LittleEndian.PutUint32(b[4:], headCRC(salt, b[:head]))
		}
		f.names[name] = &node{data: b, safe: len(b)}
		o.FS = f
		l := must(Open("/d", o))(t)
		err, good := Damage(l), what == "as it was" || what == "longer"
		if good && err != nil || !good && (!errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), name)) {
			t.Errorf("%s: %v", what, err)
		}
		got, err := values(l, "t")
		if err != nil && (good || !errors.Is(err, store.ErrCorrupt)) || good && len(got) != len(want) || !good && (len(got) == 0 || len(got) > 40) || !slices.Equal(got, want[:len(got)]) {
			t.Errorf("%s: rows up to the damage are %d of %d, %v", what, len(got), len(want), err)
		}
		counted(t, l)
		l.Close()
	}
}

// TestSealed: a file that is sealed is read whole, or not at all.
func TestSealed(t *testing.T) {
	for _, text := range []string{"", "text", "two\nlines\n"} {
		b := seal([]byte(text))
		if got, ok := unseal(b); !ok || string(got) != text {
			t.Errorf("%q, %v", got, ok)
		}
		for n := range b {
			if got, ok := unseal(b[:n]); ok {
				t.Errorf("%d of %d bytes are %q", n, len(b), got)
			}
			bad := slices.Clone(b)
			bad[n] ^= 1
			if got, ok := unseal(bad); ok {
				t.Errorf("with byte %d changed it is %q", n, got)
			}
		}
	}
	// So are the files that say what a directory is.
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs, SegmentBytes: 500, JournalBytes: 500}))(t)
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		must(l.Append(ctx, rowsOf("t", strings.Repeat("x", 100))))(t)
	}
	calm(t, l)
	l.Close()
	for _, name := range []string{"/d/FORMAT", "/d/COLD"} {
		for _, cut := range []int{0, 5, 20, len(fs.names[name].data) - 1} {
			f := fs.Kill()
			f.names[name].data = f.names[name].data[:cut]
			if l, err := Open("/d", Options{FS: f}); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s cut to %d bytes: %v, %v", name, cut, l, err)
			}
		}
		f := fs.Kill()
		f.names[name].data = seal([]byte("{ not ours\n"))
		if _, err := Open("/d", Options{FS: f}); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("another %s: %v", name, err)
		}
		f = fs.Kill()
		delete(f.names, name)
		l, err := Open("/d", Options{FS: f})
		if err == nil {
			err = Damage(l)
			l.Close()
		}
		if !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("no %s: %v", name, err)
		}
	}
}

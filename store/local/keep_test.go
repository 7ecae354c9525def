package local

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// keysOf is key=value of the rows of topic in order, null for a tombstone.
func keysOf(t *testing.T, l store.Log, topic string) (out []string) {
	t.Helper()
	rd := must(l.Reader(ctx, map[store.TP]int64{{Topic: topic}: -1}, nil))(t)
	defer rd.Close()
	for {
		runs := must(rd.Poll(100))(t)
		if runs == nil {
			return out
		}
		for _, r := range runs {
			for i := range r.Len() {
				v := "null"
				if r.Value[i].Len >= 0 {
					v = string(r.Value[i].Of(r.Bytes))
				}
				out = append(out, string(r.Key[i].Of(r.Bytes))+"="+v)
			}
		}
	}
}

// TestTombstones: compaction keeps a deletion for a day, so that whoever is behind learns of it; in a changelog it
// stays: a checkpoint may be older.
func TestTombstones(t *testing.T) {
	now := time.UnixMilli(100 * 24 * time.Hour.Milliseconds())
	l := must(Open("/d", Options{
		FS: NewForgetful(), Clock: func() time.Time { return now }, CompactBytes: 1, SegmentBytes: 1000, JournalBytes: 1000, CacheBytes: 1,
	}))(t)
	defer l.Close()
	for _, name := range []string{"user", "changelog"} {
		if err := l.Create(ctx, name, store.TopicConfig{Compact: true, Internal: name == "changelog"}); err != nil {
			t.Fatal(err)
		}
		r := &store.Records{TP: store.TP{Topic: name}}
		for _, k := range []string{"old", "fresh", "alive"} {
			r.Add(1, []byte(k), []byte("first"))
		}
		must(l.Append(ctx, r))(t)
		r = &store.Records{TP: store.TP{Topic: name}}
		r.Add(now.Add(-tombstoneAge-time.Second).UnixMilli(), []byte("old"), nil)
		r.Add(now.Add(-tombstoneAge+time.Second).UnixMilli(), []byte("fresh"), nil)
		r.Add(2, []byte("alive"), []byte("second"))
		must(l.Append(ctx, r))(t)
	}
	if err := l.Create(ctx, "other", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		must(l.Append(ctx, rowsOf("other", strings.Repeat("x", 500))))(t)
	}
	calm(t, l)
	for name, want := range map[string][]string{
		"user":      {"fresh=null", "alive=second"},
		"changelog": {"old=null", "fresh=null", "alive=second"},
	} {
		if got := keysOf(t, l, name); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// TestOlderCheckpoint: the changelog reaches back to the older one of two checkpoints, and no further: when the
// newest is bad the unit goes on from there.
func TestOlderCheckpoint(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs}))(t)
	defer l.Close()
	for _, name := range []string{"in", "change"} {
		if err := l.Create(ctx, name, store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	unit := func() (store.Work, store.Checkpoint, store.Reader) {
		t.Helper()
		w := must(must(l.Session(ctx, "q", worldStages))(t).Open(ctx, store.Unit{Stage: "s"}))(t)
		cp, rd, err := w.Restore(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return w, cp, rd
	}
	w, _, _ := unit()
	for i := range 5 {
		if err := w.Commit(ctx, store.Commit{Appends: []*store.Records{rowsOf("change", fmt.Sprint(i))}}); err != nil {
			t.Fatal(err)
		}
		if i == 4 {
			break
		}
		if err := w.Checkpoint(ctx, func(cw store.Writer) error {
			return errors.Join(cw.Table("t", 1), cw.Chunk([]byte(fmt.Sprint("state ", i))))
		}); err != nil {
			t.Fatal(err)
		}
		want := []string{fmt.Sprint("k=", i)} // the older one has all below; without one it is all there is
		if got := keysOf(t, l, "change"); !slices.Equal(got, want) {
			t.Fatalf("checkpoint %d: the changelog has %v, want %v", i, got, want)
		}
	}
	fs.names["/d/checkpoints/q/s/0/MANIFEST-4"].data[3] ^= 1
	_, cp, rd := unit()
	var got []string
	for chunk, err := range cp.Chunks("t") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(chunk))
	}
	for runs, err := range store.Runs(ctx, rd, 10) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			for i := range r.Len() {
				got = append(got, string(r.Value[i].Of(r.Bytes)))
			}
		}
	}
	if want := []string{"state 2", "3", "4"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
}

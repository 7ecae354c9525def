package local

import (
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestNewestStays: what was written last is there whatever its size and age; the rest goes as soon as something newer
// makes the partition too large, or leaves it large enough without the old.
func TestNewestStays(t *testing.T) {
	now := time.UnixMilli(1_000_000_000)
	large := strings.Repeat("x", 3<<20)
	for name, c := range map[string]struct {
		options Options
		config  store.TopicConfig
	}{
		"size": {Options{PartitionBytes: 1 << 20}, store.TopicConfig{}},
		"age":  {Options{}, store.TopicConfig{Retention: time.Hour}},
		"both": {Options{PartitionBytes: 1 << 20}, store.TopicConfig{Retention: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			c.options.Clock = func() time.Time { return now }
			l := must(Memory(c.options))(t)
			defer l.Close()
			if err := l.Create(ctx, "t", c.config); err != nil {
				t.Fatal(err)
			}
			for i := range 4 {
				must(l.Append(ctx, rowsOf("t", large)))(t) // of time 0
				if got, err := values(l, "t"); err != nil || len(got) != 1 {
					t.Fatalf("%d rows after %d, %v", len(got), i+1, err)
				}
			}
			must(l.Append(ctx, rowsOf("t", "small")))(t)
			// By size the large one goes at once. By age it stays: without it too little would be left.
			want := map[string]int{"size": 1, "age": 2, "both": 1}[name]
			if got, err := values(l, "t"); err != nil || len(got) != want {
				t.Fatalf("%d rows, %v", len(got), err)
			}
		})
	}
}

// TestPositionAtTheBeginning: a reader that has read nothing stands at the oldest row there is, or where it was told to.
func TestPositionAtTheBeginning(t *testing.T) {
	l := must(Memory(Options{}))(t)
	defer l.Close()
	if err := l.Create(ctx, "t", store.TopicConfig{Partitions: 2, Internal: true}); err != nil {
		t.Fatal(err)
	}
	tp, empty := store.TP{Topic: "t"}, store.TP{Topic: "t", Partition: 1}
	for range 5 {
		must(l.Append(ctx, rowsOf("t", "x")))(t)
	}
	at := func(from int64) map[store.TP]int64 {
		rd := must(l.Reader(ctx, map[store.TP]int64{tp: from, empty: -1}, nil))(t)
		defer rd.Close()
		out := map[store.TP]int64{}
		rd.Position(out)
		return out
	}
	if p := at(-1); p[tp] != 0 || p[empty] != 0 {
		t.Error(p)
	}
	if err := l.Trim(ctx, map[store.TP]int64{tp: 3}); err != nil {
		t.Fatal(err)
	}
	if p := at(-1); p[tp] != 3 || p[empty] != 0 {
		t.Error(p)
	}
	if p := at(4); p[tp] != 4 {
		t.Error(p)
	}
	if err := l.Trim(ctx, map[store.TP]int64{tp: 99}); err != nil { // no further than there are rows
		t.Fatal(err)
	}
	if p := at(-1); p[tp] != 5 {
		t.Error(p)
	}
}

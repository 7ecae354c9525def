package local

import (
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// counted compares what a log counts with what is there: the bytes of partitions, of the journal and its files, of
// the cache and of what may not be on disk; and the order of the runs.
func counted(t *testing.T, s store.Log) {
	t.Helper()
	l := s.(*log)
	l.retires.Lock()
	defer l.retires.Unlock()
	l.write.Lock()
	defer l.write.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	cached := 0
	for _, topic := range l.topics {
		if l.byID[topic.id] != topic || topic.gone {
			t.Errorf("topic %s is not the one of id %d", topic.name, topic.id)
		}
		for _, p := range topic.parts {
			bytes, at := int64(0), int64(-1)
			for i := range p.runs {
				r := &p.runs[i]
				if bytes += r.bytes; r.first < at || r.end <= r.first || int64(r.rows) > r.end-r.first || r.rows == 0 {
					t.Errorf("%v: a run of %d rows from %d to %d, behind %d", p.tp, r.rows, r.first, r.end, at)
				}
				if at = r.end; at > p.next || at <= p.low {
					t.Errorf("%v: a run up to %d, of %d to %d", p.tp, at, p.low, p.next)
				}
				if r.rec != nil {
					cached++
				}
				if l.j != nil && (r.at.seg == nil || r.at.off+(&runHead{rows: uint32(r.rows), flags: r.at.flags, arena: r.at.arena, headers: r.at.headers}).size() > r.at.seg.size) {
					t.Errorf("%v: the run of %d lies behind the end of its file", p.tp, r.first)
				}
			}
			if bytes != p.bytes {
				t.Errorf("%v: %d bytes are counted, %d are there", p.tp, p.bytes, bytes)
			}
		}
	}
	if l.j == nil {
		return
	}
	bytes := int64(0)
	for _, c := range l.cache.queue {
		bytes += c.bytes
	}
	if bytes != l.cache.bytes || bytes > l.opt.CacheBytes && len(l.cache.queue) > 1 || cached > len(l.cache.queue) {
		t.Errorf("%d bytes of %d are counted in the cache, %d are there; %d runs of %d", l.cache.bytes, l.opt.CacheBytes, bytes, cached, len(l.cache.queue))
	}
	j := l.j
	j.mu.Lock()
	defer j.mu.Unlock()
	total := int64(0)
	for i, f := range j.segs {
		if size, err := f.f.Size(); err != nil || size < f.size || size > f.size && !j.ragged && f == j.cur {
			t.Errorf("%s has %d bytes, %d are counted, %v", f.name, size, f.size, err)
		}
		if total += f.size; i > 0 && (f.n <= j.segs[i-1].n || f.from < j.segs[i-1].from) {
			t.Errorf("%s follows %s", f.name, j.segs[i-1].name)
		}
	}
	if total != j.total || len(j.segs) > 0 && j.cur != j.segs[len(j.segs)-1] {
		t.Errorf("%d bytes of journal are counted, %d are there", j.total, total)
	}
	if j.synced > j.written || j.written >= l.seq {
		t.Errorf("%d is on disk, %d is written, %d comes next", j.synced, j.written, l.seq)
	}
	bytes = 0
	for _, k := range j.unsynced.frames {
		if bytes += k.size + keptBytes; k.last <= j.synced {
			t.Errorf("frame %d is kept, and %d is on disk", k.last, j.synced)
		}
	}
	if bytes != j.unsynced.bytes || bytes > j.opt.UnsyncedBytes {
		t.Errorf("%d bytes that may not be on disk are counted, %d are there", j.unsynced.bytes, bytes)
	}
}

// add appends a row of each pair of key and value to topic; an empty value is a tombstone.
func add(t *testing.T, l store.Log, topic string, pairs ...string) {
	t.Helper()
	r := &store.Records{TP: store.TP{Topic: topic}}
	for i := 0; i < len(pairs); i += 2 {
		v := []byte(pairs[i+1])
		if len(v) == 0 {
			v = nil
		}
		r.Add(0, []byte(pairs[i]), v)
	}
	must(l.Append(ctx, r))(t)
}

// thinning is a log in memory with runs of a compacted topic, and the compaction that is about to thin them out.
func thinning(t *testing.T) (l *log, thin func()) {
	l = must(Memory(Options{CompactBytes: 1 << 40}))(t).(*log)
	t.Cleanup(func() { l.Close() })
	if err := l.Create(ctx, "t", store.TopicConfig{Compact: true}); err != nil {
		t.Fatal(err)
	}
	add(t, l, "t", "a", "1", "b", "1")
	add(t, l, "t", "b", "2", "a", "2")
	add(t, l, "t", "c", "1", "a", "")
	add(t, l, "t", "c", "2", "d", "1")
	p := l.topics["t"].parts[0]
	old := append([]run(nil), p.runs...)
	p.compacting = true
	return l, func() { l.thin(p, old) }
}

// TestThinBeside: what is appended, trimmed and deleted while a partition is thinned out in memory counts.
func TestThinBeside(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(l *log)
		want      string
	}{
		"nothing":          {func(*log) {}, "[b=2 a=null c=2 d=1]"},
		"appended":         {func(l *log) { add(t, l, "t", "d", "2") }, "[b=2 a=null c=2 d=1 d=2]"},
		"first trimmed":    {func(l *log) { l.Trim(ctx, map[store.TP]int64{{Topic: "t"}: 2}) }, "[b=2 a=null c=2 d=1]"},
		"two trimmed":      {func(l *log) { l.Trim(ctx, map[store.TP]int64{{Topic: "t"}: 4}) }, "[a=null c=2 d=1]"},
		"all trimmed":      {func(l *log) { l.Trim(ctx, map[store.TP]int64{{Topic: "t"}: 8}) }, "[]"},
		"both":             {func(l *log) { add(t, l, "t", "e", "1"); l.Trim(ctx, map[store.TP]int64{{Topic: "t"}: 6}) }, "[c=2 d=1 e=1]"},
		"deleted and made": {func(l *log) { l.Delete(ctx, "t", "1"); l.Create(ctx, "t", store.TopicConfig{}) }, "[]"},
	} {
		l, thin := thinning(t)
		old := l.topics["t"].parts[0]
		c.meanwhile(l)
		thin()
		if got := fmt.Sprint(keysOf(t, l, "t")); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if p := l.topics["t"].parts[0]; old.compacting || p == old && p.thin > p.bytes {
			t.Errorf("%s: %d of %d bytes are thinned out, and it is going on: %v", name, p.thin, p.bytes, old.compacting)
		}
		if old.topic.gone && old.runs != nil {
			t.Errorf("%s: a deleted topic has rows", name)
		}
		counted(t, l)
	}
}

// TestThinAgain: a partition in memory is thinned out when it has doubled since, not before, and only where the topic
// is compacted.
func TestThinAgain(t *testing.T) {
	l, thin := thinning(t)
	thin()
	p := l.topics["t"].parts[0]
	l.opt.CompactBytes = 1
	if p.thin != p.bytes || p.thin == 0 {
		t.Fatal(p.thin, p.bytes)
	}
	was := p.thin
	rows := func() int { return len(keysOf(t, l, "t")) }
	for n := rows(); p.bytes < 2*was; n++ {
		if rows() != n {
			t.Fatalf("%d rows are left of %d when %d bytes have become %d", rows(), n, was, p.bytes)
		}
		add(t, l, "t", "d", "more")
	}
	thinned(l, "t")
	if got := fmt.Sprint(keysOf(t, l, "t")); got != "[b=2 a=null c=2 d=more]" {
		t.Error(got)
	}
	counted(t, l)
	if err := l.Create(ctx, "u", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		add(t, l, "u", "k", "v")
	}
	if n := len(keysOf(t, l, "u")); n != 10 {
		t.Errorf("%d rows of a topic that is not compacted", n)
	}
}

// TestReadInHoles: a reader that begins, or ends, where compaction has left no row goes on behind it.
func TestReadInHoles(t *testing.T) {
	l, thin := thinning(t)
	add(t, l, "t", "e", "1")
	thin()
	// 2: b, 5: a, 6: c, 7: d, 8: e
	tp := store.TP{Topic: "t"}
	for from := int64(0); from <= 9; from++ {
		for to := from; to <= 10; to++ {
			want := []int64{}
			for _, at := range []int64{2, 5, 6, 7, 8} {
				if from <= at && at < to {
					want = append(want, at)
				}
			}
			bounds := map[store.TP]int64{tp: to}
			if to == 10 {
				bounds = nil // for ever
			}
			rd := must(l.Reader(ctx, map[store.TP]int64{tp: from}, bounds))(t)
			got := []int64{}
			var err error
			for {
				var runs []store.Records
				if runs, err = rd.Poll(2); err != nil || runs == nil {
					break
				}
				for _, r := range runs {
					for i := range r.Len() {
						got = append(got, r.Offset(i))
					}
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) || bounds != nil && fmt.Sprint(err) != "EOF" || bounds == nil && err != nil {
				t.Errorf("from %d to %d: %v, %v, want %v", from, to, got, err, want)
			}
			at := map[store.TP]int64{}
			if rd.Position(at); bounds == nil && at[tp] != 9 || bounds != nil && at[tp] < min(to, 9) {
				t.Errorf("from %d to %d: the reader stands at %d", from, to, at[tp])
			}
			if err := rd.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	// All of the end may be gone: a deletion is kept for a day only.
	p := l.topics["t"].parts[0]
	l.mu.Lock()
	p.runs = p.runs[:1]
	l.mu.Unlock()
	for from := int64(3); from <= 9; from++ {
		rd := must(l.Reader(ctx, map[store.TP]int64{tp: from}, map[store.TP]int64{tp: 9}))(t)
		if runs, err := rd.Poll(2); runs != nil || fmt.Sprint(err) != "EOF" {
			t.Errorf("from %d: %v, %v", from, runs, err)
		}
		rd.Close()
		rd = must(l.Reader(ctx, map[store.TP]int64{tp: from}, nil))(t)
		if runs, err := rd.Poll(2); runs != nil || err != nil {
			t.Errorf("from %d: %v, %v", from, runs, err)
		}
		rd.Close()
	}
}

package local

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// TestExpireEdges: which of the oldest runs go, to the byte and the millisecond.
func TestExpireEdges(t *testing.T) {
	now := time.UnixMilli(1_000_000_000)
	const old = 1_000_000_000 - 3_600_000 // with an hour's retention the oldest time that stays
	type r struct{ bytes, youngest int64 }
	for name, c := range map[string]struct {
		size   int64 // PartitionBytes
		config store.TopicConfig
		runs   []r
		left   int
	}{
		"small":                      {1, store.TopicConfig{}, []r{{activeBytes - 1, 0}, {1, 0}}, 2},
		"larger by a byte":           {1, store.TopicConfig{}, []r{{activeBytes, 0}, {1, 0}}, 1},
		"as large as it may be":      {2 * activeBytes, store.TopicConfig{}, []r{{activeBytes, 0}, {activeBytes, 0}}, 2},
		"too large by a byte":        {2 * activeBytes, store.TopicConfig{}, []r{{activeBytes, 0}, {1, 0}, {activeBytes, 0}}, 2},
		"as many as it takes":        {2 * activeBytes, store.TopicConfig{}, []r{{1, 0}, {1, 0}, {1, 0}, {2 * activeBytes, 0}}, 1},
		"the last stays":             {1, store.TopicConfig{}, []r{{1, 0}, {9 * activeBytes, 0}}, 1},
		"compacted":                  {1, store.TopicConfig{Compact: true}, []r{{activeBytes, 0}, {activeBytes, 0}}, 2},
		"ours":                       {1, store.TopicConfig{Internal: true}, []r{{activeBytes, 0}, {activeBytes, 0}}, 2},
		"for ever":                   {0, store.TopicConfig{}, []r{{activeBytes, 0}, {activeBytes, 0}}, 2},
		"less than for ever":         {0, store.TopicConfig{Retention: -1}, []r{{activeBytes, 0}, {activeBytes, 0}}, 2},
		"too old":                    {0, store.TopicConfig{Retention: time.Hour}, []r{{1, old - 1}, {activeBytes, 0}}, 1},
		"just old enough":            {0, store.TopicConfig{Retention: time.Hour}, []r{{1, old}, {activeBytes, 0}}, 2},
		"old behind young":           {0, store.TopicConfig{Retention: time.Hour}, []r{{1, old}, {1, 0}, {activeBytes, 0}}, 3},
		"too little would be left":   {0, store.TopicConfig{Retention: time.Hour}, []r{{2, 0}, {activeBytes - 1, 0}}, 2},
		"just enough is left":        {0, store.TopicConfig{Retention: time.Hour}, []r{{2, 0}, {activeBytes, 0}}, 1},
		"two of three":               {0, store.TopicConfig{Retention: time.Hour}, []r{{9, 0}, {9, 0}, {activeBytes, 0}}, 1},
		"ours by age":                {0, store.TopicConfig{Retention: time.Hour, Internal: true, Compact: true}, []r{{1, 0}, {activeBytes, 0}}, 1},
		"small enough, but too old":  {9 * activeBytes, store.TopicConfig{Retention: time.Hour}, []r{{1, 0}, {activeBytes, 0}}, 1},
		"young enough, but too much": {activeBytes, store.TopicConfig{Retention: time.Hour}, []r{{9, old}, {activeBytes, old}}, 1},
	} {
		l := newLog(Options{PartitionBytes: c.size, Clock: func() time.Time { return now }})
		p := &part{topic: &topic{config: c.config}}
		for i, x := range c.runs {
			p.push(run{first: int64(i), end: int64(i) + 1, rows: 1, bytes: x.bytes, youngest: x.youngest})
		}
		p.expire(l)
		if len(p.runs) != c.left || p.next != int64(len(c.runs)) || p.low != int64(len(c.runs)-c.left) {
			t.Errorf("%s: %d runs are left from %d to %d, want %d", name, len(p.runs), p.low, p.next, c.left)
		}
		bytes := int64(0)
		for _, x := range p.runs {
			bytes += x.bytes
		}
		if bytes != p.bytes {
			t.Errorf("%s: %d bytes are counted, %d are there", name, p.bytes, bytes)
		}
	}
	unread := run{youngest: unknownTime, rec: &store.Records{Time: []int64{-5, -3, -9}}}
	if got := unread.newest(); got != -3 {
		t.Errorf("the newest row is of %d", got)
	}
	if got := (&run{youngest: unknownTime}).newest(); got != math.MinInt64 {
		t.Errorf("the newest row of none is of %d", got)
	}
}

// TestPieces: whatever the limit and the end, a reader gives each row once, in order, and a changed row's two halves
// together; a first half at the end waits for its other half.
func TestPieces(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 11))
		l := must(Memory(Options{}))(t)
		if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
		var marks []byte
		for range 1 + r.IntN(4) {
			rec := rowsOf("t")
			for range 1 + r.IntN(4) {
				if r.IntN(2) == 0 {
					marks = append(marks, store.MarkBefore, 3)
					rec.Mark = append(rec.Mark, store.MarkBefore, 3)
					rec.Add(0, nil, []byte("before"))
					rec.Add(0, nil, []byte("after"))
				} else {
					marks = append(marks, 0)
					rec.Mark = append(rec.Mark, 0)
					rec.Add(0, nil, []byte("one"))
				}
				rec.Mark = rec.Mark[:rec.Len()]
			}
			must(l.Append(ctx, rec))(t)
		}
		end := r.IntN(len(marks) + 1)
		want := end
		if end > 0 && marks[end-1] == store.MarkBefore {
			want--
		}
		tp := store.TP{Topic: "t"}
		rd := must(l.Reader(ctx, map[store.TP]int64{tp: 0}, map[store.TP]int64{tp: int64(end)}))(t)
		at := 0
		for {
			limit := 1 + r.IntN(3)
			runs, err := rd.Poll(limit)
			if err != nil {
				if err.Error() != "EOF" {
					t.Fatal(err)
				}
				break
			}
			n := 0
			for i := range runs {
				x := &runs[i]
				if n += x.Len(); x.Mark[x.Len()-1] == store.MarkBefore {
					t.Fatalf("seed %d: half a row at %d", seed, x.Offset(x.Len()-1))
				}
				for k := range x.Len() {
					if x.Offset(k) != int64(at) {
						t.Fatalf("seed %d: row %d, want %d", seed, x.Offset(k), at)
					}
					at++
				}
			}
			if n > limit && !(n == limit+1 && marks[at-1] == 3) || n == 0 {
				t.Fatalf("seed %d: %d rows, the limit is %d", seed, n, limit)
			}
			if at < want && n >= limit {
				select { // there is more
				case <-rd.Ready():
				default:
					t.Fatalf("seed %d: nobody says that there is more", seed)
				}
			}
		}
		if at != want {
			t.Fatalf("seed %d: %d rows up to %d of %v", seed, at, end, marks)
		}
		if err := errors.Join(rd.Close(), rd.Close(), l.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGapsInOrder: rows that are gone are told of by topic and partition, each once, and what follows is read.
func TestGapsInOrder(t *testing.T) {
	l := must(Memory(Options{}))(t)
	defer l.Close()
	from, low := map[store.TP]int64{}, map[store.TP]int64{}
	var want []string
	for _, name := range []string{"a", "b", "c"} {
		if err := l.Create(ctx, name, store.TopicConfig{Partitions: 12}); err != nil {
			t.Fatal(err)
		}
		for p := range int32(12) {
			tp := store.TP{Topic: name, Partition: p}
			r := rowsOf(name, "gone")
			r.TP = tp
			s := rowsOf(name, "there")
			s.TP = tp
			must(l.Append(ctx, r, s))(t)
			from[tp], low[tp] = 0, 1
			want = append(want, fmt.Sprint(tp, 0, 1))
		}
	}
	if err := l.Trim(ctx, low); err != nil {
		t.Fatal(err)
	}
	if err := l.Trim(ctx, map[store.TP]int64{{Topic: "none"}: 5}); err != nil {
		t.Error(err)
	}
	rd := must(l.Reader(ctx, from, nil))(t)
	defer rd.Close()
	var got []string
	for range want {
		<-rd.Ready()
		_, err := rd.Poll(10)
		gap := (*store.Gap)(nil)
		if !errors.As(err, &gap) {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(gap.TP, gap.From, gap.To))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if runs, err := rd.Poll(100); err != nil || len(runs) != len(want) {
		t.Error(len(runs), err)
	}
}

// between is a context that does something when it is asked for the second time whether it is over.
type between struct {
	context.Context
	n  int
	do func()
}

func (b *between) Err() error {
	if b.n++; b.n == 2 {
		b.do()
	}
	return nil
}

// TestGoneMeanwhile: what is appended to a topic that goes before it has its place is refused, all of it.
func TestGoneMeanwhile(t *testing.T) {
	for _, l := range []*log{must(Memory(Options{}))(t).(*log), must(Open("/d", Options{FS: NewForgetful()}))(t).(*log)} {
		for _, name := range []string{"stays", "goes"} {
			if err := l.Create(ctx, name, store.TopicConfig{}); err != nil {
				t.Fatal(err)
			}
		}
		c := &between{Context: ctx, do: func() {
			if _, err := l.commit(change{remove: l.topics["goes"].id}); err != nil { // the write lock is held
				t.Error(err)
			}
		}}
		if _, err := l.Append(c, rowsOf("stays", "a"), rowsOf("goes", "a")); !errors.Is(err, store.ErrNoTopic) {
			t.Error(err)
		}
		if got, err := values(l, "stays"); err != nil || len(got) > 0 {
			t.Error(got, err)
		}
		must(l.Append(ctx, rowsOf("stays", "b")))(t)
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestReadAtTheEnd: a read that fails while the topic, or the log, goes is told as that.
func TestReadAtTheEnd(t *testing.T) {
	fs, o, _ := retired(t)
	l := must(Open("/d", o))(t).(*log)
	tp := store.TP{Topic: "t"}
	for _, c := range []struct {
		on   func()
		want error
	}{
		{func() {}, errFault},
		{func() { l.shut = true }, store.ErrClosed},
		{func() { l.shut = false; l.topics["t"].gone = true }, store.ErrNoTopic},
	} {
		rd := must(l.Reader(ctx, map[store.TP]int64{tp: 0}, nil))(t)
		fs.Fail(func(op Op, _ string) (error, bool) {
			if op != ReadOp {
				return nil, true
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			c.on()
			return errFault, false
		})
		if runs, err := rd.Poll(1); !errors.Is(err, c.want) || c.want != errFault && errors.Is(err, errFault) {
			t.Error(runs, err)
		}
		fs.Fail(nil)
		l.mu.Lock()
		l.shut = false
		l.mu.Unlock()
		if err := rd.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestPartitions: how many partitions a topic may have; none stands for one.
func TestPartitions(t *testing.T) {
	l := must(Memory(Options{}))(t)
	defer l.Close()
	for n, ok := range map[int32]bool{-1: false, 0: true, 1: true, maxPartitions: true, maxPartitions + 1: false} {
		if err := l.Validate(ctx, "t", store.TopicConfig{Partitions: n}); (err == nil) != ok {
			t.Errorf("%d: %v", n, err)
		}
	}
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	info := must(l.Topic(ctx, "t"))(t)
	if info.Partitions != 1 || info.Config.Partitions != 1 {
		t.Errorf("%+v", info)
	}
	if err := l.Delete(ctx, "t", info.ID+"0"); !errors.Is(err, store.ErrNoTopic) {
		t.Error(err)
	}
	if _, err := l.Reader(ctx, map[store.TP]int64{{Topic: "t"}: 0}, map[store.TP]int64{{Topic: "t", Partition: 1}: 0}); err == nil || !strings.Contains(err.Error(), "t/1") {
		t.Error(err)
	}
}

package exec

import (
	"errors"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/store"
)

// heap is the end of a line, with so many bytes that wait for a commit.
type heap struct {
	op.Operator
	bytes int
}

func (h *heap) Bytes() int                                 { return h.bytes }
func (h *heap) Take(dst []*store.Records) []*store.Records { return dst }

// TestProcess: a task commits when it has processed enough, made enough, has much to tell, when somebody waits, or after
// a time; where rows become much output it takes fewer at once, else ever more up to a batch.
func TestProcess(t *testing.T) {
	for _, c := range []struct {
		what       string
		before     int // bytes that wait
		made       int
		most       int
		set        func(x *task)
		wantMost   int
		wantCommit bool
	}{
		{"little", 0, 1, 64, nil, 128, false},
		{"little, a full batch", 0, 1, 100, nil, 200, false},
		{"little, as many as may be", 0, 1, 200, nil, 200, false},
		{"as many as make a batch", 0, batchBytes, 64, nil, 128, false},
		{"more than that", 0, batchBytes + 1, 64, nil, 16, false},
		{"more than that, of few", 0, batchBytes + 1, 2, nil, 1, false},
		{"little besides much", 2*batchBytes - 5, 5, 64, nil, 128, false},
		{"more than a commit should have", 2*batchBytes - 5, 6, 64, nil, 128, true},
		{"almost enough rows", 0, 1, 64, func(x *task) { x.pending = 999 }, 128, false},
		{"enough rows", 0, 1, 64, func(x *task) { x.pending = 1000 }, 128, true},
		{"somebody waits", 0, 1, 64, func(x *task) { x.readers.Add(1) }, 128, true},
		{"not too much trouble", 0, 1, 64, func(x *task) { x.trouble = make([]op.Problem, mostTrouble) }, 128, false},
		{"much trouble", 0, 1, 64, func(x *task) { x.trouble = make([]op.Problem, mostTrouble+1) }, 128, true},
		{"it is time", 0, 1, 64, func(x *task) { x.since = time.Now().Add(-time.Hour - 1) }, 128, true},
	} {
		e := &Engine{memory: newMemory(100, 0), opt: Options{Batch: 200, CommitRows: 1000, CommitEvery: time.Hour}}
		end := &heap{bytes: c.before}
		x := &task{q: &Query{e: e}, held: true, since: time.Now(), most: c.most}
		x.line = &line{ends: []collector{&heap{}, end}, keepers: []op.Keeper{kept{&sized{bytes: 1000}}}} // for which a commit fails
		if c.set != nil {
			c.set(x)
		}
		err := x.process(func() error { end.bytes += c.made; return nil })
		if errors.Is(err, errTables) != c.wantCommit || (err != nil) != c.wantCommit || x.most != c.wantMost {
			t.Errorf("%s: %v, %d at once", c.what, err, x.most)
		}
	}
	bad := errors.New("bad")
	var fault *Fault
	x := &task{line: &line{}, most: 8}
	if err := x.process(func() error { return bad }); !errors.As(err, &fault) || !errors.Is(err, bad) || x.most != 8 {
		t.Error(err)
	}
}

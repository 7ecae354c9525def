package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// TestAbortingSuite: without faults it is the log that it wraps.
func TestAbortingSuite(t *testing.T) {
	var disk *local.Forgetful
	storetest.Log(t, func(t *testing.T, fresh bool) store.Log {
		if fresh {
			disk = local.NewForgetful()
		}
		inner, err := local.Open("/d", local.Options{FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		l := storetest.Aborting(inner, 1, 1)
		l.Calm(true)
		return l
	})
}

// TestAborting copies rows from one topic to another, with their running number as state, through all faults. Each is
// copied once, in order; what a commit that failed would have written is nowhere; units that went come back.
func TestAborting(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	inner, err := local.Open("/d", local.Options{FS: local.NewForgetful()})
	if err != nil {
		t.Fatal(err)
	}
	l := storetest.Aborting(inner, 5, 3)
	for _, name := range []string{"in", "out", "change"} {
		if err := l.Create(ctx, name, store.TopicConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	const rows = 500
	in := &store.Records{TP: store.TP{Topic: "in"}}
	for i := range rows {
		in.Add(0, nil, strconv.AppendInt(nil, int64(i), 10))
	}
	if _, err := l.Append(ctx, in); err != nil {
		t.Fatal(err)
	}
	s, err := l.Session(ctx, "q", []store.Stage{{Name: "s", In: []string{"in"}, Change: []string{"change"}, From: map[store.TP]int64{{Topic: "in"}: 0}}})
	if err != nil {
		t.Fatal(err)
	}
	unit := store.Unit{Stage: "s"}
	if units, err := s.Units(ctx); err != nil || !slices.Equal(units, []store.Unit{unit}) {
		t.Fatal(units, err)
	}
	var w store.Work
	var refused, opened, went int
	state, offset := 0, int64(0)
	open := func() error {
		opened++
		if w, err = s.Open(ctx, unit); err != nil {
			return err
		}
		_, change, err := w.Restore(ctx)
		if err != nil {
			return err
		}
		state = 0
		for runs, err := range store.Runs(ctx, change, 7) {
			if err != nil {
				return err
			}
			for i := range runs {
				last := runs[i].Value[runs[i].Len()-1].Of(runs[i].Bytes)
				if state, err = strconv.Atoi(string(last)); err != nil {
					return err
				}
			}
		}
		at := map[store.TP]int64{}
		w.Position(at)
		offset = at[store.TP{Topic: "in"}]
		return nil
	}
	step := func() error {
		runs, err := w.Poll(1)
		if err != nil {
			return err
		}
		for i := range runs {
			out, change := &store.Records{TP: store.TP{Topic: "out"}}, &store.Records{TP: store.TP{Topic: "change"}}
			out.Add(0, nil, runs[i].Value[0].Of(runs[i].Bytes))
			change.Add(0, nil, strconv.AppendInt(nil, int64(state+1), 10))
			c := store.Commit{Appends: []*store.Records{out, change}, Positions: map[store.TP]int64{{Topic: "in"}: offset + 1}}
			err := w.Commit(ctx, c)
			for ; errors.Is(err, store.ErrTransient); err = w.Commit(ctx, c) {
				refused++
			}
			if err != nil {
				for range 2 { // it is of no use any more
					if _, again := w.Poll(1); !errors.Is(again, err) {
						t.Errorf("%v, then %v", err, again)
					}
				}
				return err
			}
			state, offset = state+1, offset+1
		}
		return nil
	}
	err = open()
	for state < rows || err != nil {
		var disk *fs.PathError
		switch {
		case err == nil:
			err = step()
			continue
		case errors.Is(err, store.ErrLost):
			for here := true; here; {
				units, bad := s.Units(ctx)
				if bad != nil {
					t.Fatal(bad)
				}
				here = slices.Contains(units, unit)
			}
			if _, bad := s.Open(ctx, unit); !errors.Is(bad, store.ErrLost) {
				t.Error("a unit that has gone was opened")
			}
			if units, bad := s.Units(ctx); bad != nil || !slices.Contains(units, unit) {
				t.Fatal(units, bad)
			}
			went++
		case !errors.Is(err, store.ErrAborted) && !errors.As(err, &disk):
			t.Fatal(err)
		}
		err = errors.Join(w.Close(), open())
	}
	r, err := store.Whole(ctx, l, "out")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for runs, err := range store.Runs(ctx, r, 100) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range runs {
			for row := range runs[i].Time {
				if got := string(runs[i].Value[row].Of(runs[i].Bytes)); got != fmt.Sprint(n) {
					t.Fatalf("row %d is %s", n, got)
				}
				n++
			}
		}
	}
	if f := l.Faults(); n != rows || slices.Min(f[:]) < 20 || int(f[2]) != refused || int(f[1]) != went {
		t.Errorf("%d rows, faults %v, units went %d times, opened %d times", n, f, went, opened)
	}
	short, stop := context.WithTimeout(ctx, 5*time.Millisecond)
	defer stop()
	if units, err := s.Units(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(units, err)
	}
	if err := errors.Join(r.Close(), w.Close(), s.Close(), l.Close()); err != nil {
		t.Error(err)
	}
}

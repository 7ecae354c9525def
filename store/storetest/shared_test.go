package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// TestShared: places at one log claim its command topic at once. Each record says where it must stand; no record is
// lost, none stands twice, and a place whose claim was refused finds the others' records before its next.
func TestShared(t *testing.T) {
	ctx := context.Background()
	for _, fencing := range []bool{false, true} {
		t.Run(fmt.Sprint("fencing ", fencing), func(t *testing.T) {
			inner, err := local.Memory(local.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer inner.Close()
			places := storetest.Shared(storetest.Late(inner, 3, func(string) int { return 1 }), 3, fencing)
			if err := places[0].Create(ctx, "commands", store.TopicConfig{}); err != nil {
				t.Fatal(err)
			}
			const each = 200
			var mu sync.Mutex
			written := map[string]bool{}
			refused := 0
			var wg, claimed sync.WaitGroup
			claimed.Add(len(places))
			for p, l := range places {
				wg.Go(func() {
					first := true // all claim at once then: but one they are refused
					chance := rand.New(rand.NewPCG(uint64(p), 1))
					seen := 0 // records read
					r, err := l.Reader(ctx, map[store.TP]int64{{Topic: "commands"}: 0}, nil)
					if err != nil {
						t.Error(err)
						return
					}
					defer r.Close()
					at := map[store.TP]int64{}
					for n := 0; n < each; {
						c, err := l.Claim(ctx, "commands")
						if err != nil {
							t.Error(err)
							return
						}
						if first {
							first = false
							claimed.Done()
							claimed.Wait()
						}
						for r.Position(at); at[store.TP{Topic: "commands"}] < c.End(); r.Position(at) {
							runs, err := r.Poll(7)
							if err != nil {
								t.Error(err)
								return
							}
							for i := range runs {
								seen += runs[i].Len()
							}
							if runs == nil {
								<-r.Ready()
							}
						}
						rec := &store.Records{TP: store.TP{Topic: "commands"}}
						name := fmt.Sprintf("%d after %d", p, seen)
						rec.Add(0, nil, []byte(name))
						err = c.Append(ctx, rec)
						c.Release()
						mu.Lock()
						switch {
						case err == nil:
							written[name] = true
							n++
						case errors.Is(err, store.ErrMoved):
							refused++
						default:
							t.Error(err)
						}
						mu.Unlock()
						if err != nil {
							time.Sleep(time.Duration(chance.IntN(300)) * time.Microsecond)
						}
					}
				})
			}
			wg.Wait()
			in, err := store.Whole(ctx, places[1], "commands")
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			n := 0
			for runs, err := range store.Runs(ctx, in, 50) {
				if err != nil {
					t.Fatal(err)
				}
				for _, rec := range runs {
					for i := range rec.Len() {
						var p, after int
						text := string(rec.Value[i].Of(rec.Bytes))
						if _, err := fmt.Sscanf(text, "%d after %d", &p, &after); err != nil || after != n {
							t.Fatalf("record %d: %s", n, text)
						}
						if !written[text] {
							t.Fatalf("record %s was not acknowledged", text)
						}
						n++
					}
				}
			}
			if n != each*len(places) || len(written) != n {
				t.Fatalf("%d records, %d acknowledged", n, len(written))
			}
			if refused < len(places)-1 {
				t.Fatalf("%d were refused", refused)
			}
		})
	}
}

// TestSharedUnits: the first place runs the units, another place none, and its end is its own.
func TestSharedUnits(t *testing.T) {
	ctx := context.Background()
	inner, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	places := storetest.Shared(inner, 2, false)
	if err := places[1].Create(ctx, "in", store.TopicConfig{Partitions: 2}); err != nil {
		t.Fatal(err)
	}
	stages := []store.Stage{{Name: "s", In: []string{"in"}, From: map[store.TP]int64{{Topic: "in"}: 0, {Topic: "in", Partition: 1}: 0}}}
	for p, want := range []int{2, 0} {
		s, err := places[p].Session(ctx, "q", stages)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		units, err := s.Units(ctx)
		if err != nil || len(units) != want {
			t.Fatal(p, units, err)
		}
		if w, err := s.Open(ctx, store.Unit{Stage: "s"}); (p == 1) != errors.Is(err, store.ErrLost) {
			t.Fatal(w, err)
		}
		if p == 1 {
			places[1].Close()
			if units, err := s.Units(ctx); !errors.Is(err, store.ErrClosed) {
				t.Fatal(units, err)
			}
		}
	}
	if _, err := places[0].Topic(ctx, "in"); err != nil {
		t.Fatal("the log was closed with one of its places", err)
	}
}

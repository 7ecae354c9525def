package bed_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/store/local"
)

// TestTerminateKeeps: the end of everything deletes neither what statements may not write now, nor a declared stream
// that a query writes into.
func TestTerminateKeeps(t *testing.T) {
	fs := local.NewForgetful()
	w := openWorld(t, fs)
	run(t, w.Engine, `CREATE STREAM s (k INT KEY, v INT) WITH (kafka_topic='in', value_format='json', partitions=1);
		CREATE STREAM into_it (k INT KEY, v INT) WITH (kafka_topic='declared', value_format='json', partitions=1);
		CREATE STREAM closed WITH (kafka_topic='closed') AS SELECT * FROM s;
		CREATE STREAM made WITH (kafka_topic='made') AS SELECT * FROM s;
		CREATE STREAM ended WITH (kafka_topic='ended') AS SELECT * FROM s;
		INSERT INTO into_it SELECT * FROM s; TERMINATE CSAS_ENDED_4;`)
	w.shut()
	w = openWorld(t, fs, ksql.WithProperties(map[string]string{"ksql.readonly.topics": "clos.*"}))
	if _, err := w.Server().Terminate(context.Background(), func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	topics, err := w.Log().Topics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for name, kept := range map[string]bool{"in": true, "declared": true, "closed": true, "made": false, "ended": false} {
		if _, there := topics[name]; there != kept {
			t.Errorf("topic %s is there: %v", name, there)
		}
	}
	w.shut()
}

// TestKilledTerminate ends the process, or cuts the power, at every change of a file while an engine with a random
// catalog ends everything. Opened again it has the catalog and the topics of before, or none and those that were not
// named, and it serves.
func TestKilledTerminate(t *testing.T) {
	const workers = 4
	n := runs("KSQL_TERMINATE_RUNS", 12)
	for worker := range workers {
		t.Run(strconv.Itoa(worker), func(t *testing.T) {
			t.Parallel()
			for seed := worker; seed < n && !t.Failed(); seed += workers {
				killTerminate(t, uint64(seed))
			}
		})
	}
}

func killTerminate(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 41))
	h, ctx, functions := history{r}, context.Background(), ksql.WithFunctions(double())
	image := local.NewForgetful()
	w := openWorld(t, image, functions)
	for range 8 + r.IntN(16) {
		_, _ = w.Execute(ctx, h.next(w.Catalog())) // many are refused, as they should be
	}
	if err := w.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	before, salt := w.text(), r.IntN(3)
	match := func(topic string) bool { return len(topic) > 0 && int(topic[len(topic)-1])%3 != salt }
	topics, err := w.Log().Topics(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for s := range w.Catalog().Sources() {
		if s.Query != "" && match(s.Topic) {
			delete(topics, s.Topic)
		}
	}
	for name := range topics {
		if ownTopic.MatchString(name) {
			delete(topics, name)
		}
	}
	want := slices.Sorted(maps.Keys(topics))
	w.shut()

	kills := 0
	for in, fired := 0, true; fired; in++ {
		fs := &cutter{Forgetful: image.Kill(), in: -1}
		power := rand.New(rand.NewPCG(seed, uint64(in)))
		fs.take = (*local.Forgetful).Kill
		if (int(seed)+in)%2 == 1 {
			fs.take = func(f *local.Forgetful) *local.Forgetful { return f.Crash(power) }
		}
		w := openWorld(t, fs, functions)
		fs.arm(in)
		done, err := w.Server().Terminate(ctx, match)
		if err != nil {
			t.Fatal(err)
		}
		var left *local.Forgetful
		left, fired = fs.cut()
		after := w.text()
		w.shut()

		w = openWorld(t, left, functions)
		now := w.text()
		switch {
		case now == before && fired:
		case now == after:
			kills++
			if w.Catalog().Source("KSQL_PROCESSING_LOG") == nil {
				t.Errorf("seed %d, change %d: no processing log", seed, in)
			}
			for s := range w.Catalog().Sources() {
				if s.Name != "KSQL_PROCESSING_LOG" {
					t.Errorf("seed %d, change %d: %s is left", seed, in, s.Name)
				}
			}
			topics, err := w.Log().Topics(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Sorted(maps.Keys(topics)); !slices.Equal(got, want) {
				t.Errorf("seed %d, change %d: topics %q are left, not %q", seed, in, got, want)
			}
			if s, ok, err := w.Server().Status(done.(*stmt.Command).ID); err != nil || !ok || s.Message != "Cluster terminated." {
				t.Errorf("seed %d, change %d: status %+v, %v", seed, in, s, err)
			}
		default:
			t.Errorf("seed %d, killed at change %d: %v\nbefore\n%s\nafter\n%s\nnow\n%s", seed, in, fired, before, after, now)
		}
		run(t, w.Engine, `CREATE STREAM IF NOT EXISTS again (k INT KEY, v INT) WITH (kafka_topic='again', value_format='json', partitions=1); INSERT INTO again VALUES (1, 2);`)
		w.shut()
	}
	if kills == 0 {
		t.Errorf("seed %d: nothing was ended", seed)
	}
}

package bed_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// arrival is a row of a topic; value empty: null, "bad": nobody can read it.
type arrival struct {
	time  int64
	key   int32
	value string
}

// arrivals are random rows for one partition, times now and then going back.
func arrivals(r *rand.Rand, topic string, p, parts, n int) []arrival {
	out := make([]arrival, n)
	now := int64(0)
	for i := range out {
		now = max(0, now+int64(r.IntN(7))-2)
		k := int32(0)
		for k = r.Int32N(50); int(store.Partition([]byte{0, 0, 0, byte(k)}, int32(parts))) != p; k = r.Int32N(50) {
		}
		out[i] = arrival{now, k, fmt.Sprintf(`{"V":"%s%d-%d"}`, topic, p, i)}
		switch r.IntN(12) {
		case 0:
			out[i].value = "bad"
		case 1:
			out[i].value = ""
		}
	}
	return out
}

// merged is the order in which a task takes the rows: of the first ones the oldest; those of the first inputs twice.
func merged(twice int, inputs ...[]arrival) (out []string) {
	for i := range inputs {
		inputs[i] = slices.DeleteFunc(slices.Clone(inputs[i]), func(a arrival) bool { return a.value == "bad" })
	}
	for {
		best := -1
		for i, in := range inputs {
			if len(in) > 0 && (best < 0 || in[0].time < inputs[best][0].time) {
				best = i
			}
		}
		if best < 0 {
			return out
		}
		a := inputs[best][0]
		inputs[best] = inputs[best][1:]
		line := fmt.Sprintf("@%d %d %s", a.time, a.key, cmp.Or(a.value, "null"))
		if out = append(out, line); best < twice {
			out = append(out, line)
		}
	}
}

// fill appends rows to a partition in runs of random length.
func fill(t *testing.T, l store.Log, r *rand.Rand, tp store.TP, rows []arrival) {
	for len(rows) > 0 {
		n := 1 + r.IntN(len(rows))
		run := &store.Records{TP: tp}
		for _, a := range rows[:n] {
			var value []byte
			if a.value != "" {
				value = []byte(a.value)
			}
			run.Add(a.time, []byte{0, 0, 0, byte(a.key)}, value)
		}
		if _, err := l.Append(context.Background(), run); err != nil {
			t.Fatal(err)
		}
		rows = rows[n:]
	}
}

// TestMerge: on a log without an order what is there when a query begins is merged in one order only, that of ROWTIME,
// at any batch, with restarts, and whatever the log gives first.
func TestMerge(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 17))
		parts := []int{1, 4}[r.IntN(2)]
		fs := local.NewForgetful()
		batch := []int{1, 7, 4096}[r.IntN(3)]
		restarts := r.IntN(4)
		var inner store.Log
		open := func() *ksql.Engine {
			var err error
			if inner, err = local.Open("data", local.Options{FS: fs}); err != nil {
				t.Fatal(err)
			}
			ends(t, inner)
			log := inner
			if seed%3 == 0 {
				log = storetest.Late(log, r.Uint64(), nil)
			}
			e, err := ksql.Open(t.Context(), ksql.WithLog(storetest.Unordered(log, r.Uint64())), ksql.WithBatch(batch), ksql.WithCommit(1+r.IntN(20), time.Hour),
				ksql.WithInternal(func(o *exec.Options) { o.Unions = unions }))
			if err != nil {
				t.Fatal(err)
			}
			ends(t, e)
			return e
		}
		shut := func(e *ksql.Engine) {
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			if err := inner.Close(); err != nil {
				t.Fatal(err)
			}
		}
		e := open()
		execute := func(text string) {
			if _, err := e.Execute(t.Context(), text, ksql.Property("auto.offset.reset", "earliest")); err != nil {
				t.Fatal(err)
			}
		}
		execute(fmt.Sprintf(`CREATE STREAM a (k INT KEY, v STRING) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=%d);
			CREATE STREAM b (k INT KEY, v STRING) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=%[1]d);`, parts))
		want := make([][]string, parts)
		bad := 0
		var as, bs [][]arrival
		for p := range parts {
			a, b := arrivals(r, "a", p, parts, r.IntN(200)), arrivals(r, "b", p, parts, r.IntN(200))
			fill(t, e.Log(), r, store.TP{Topic: "a", Partition: int32(p)}, a)
			fill(t, e.Log(), r, store.TP{Topic: "b", Partition: int32(p)}, b)
			want[p] = merged(1, a, b)
			as, bs = append(as, a), append(bs, b)
			for i, a := range append(a, b...) {
				if a.value == "bad" {
					bad += 1 + map[bool]int{true: 1}[i < len(as[p])]
				}
			}
		}
		execute(`CREATE STREAM o WITH (KAFKA_TOPIC='o') AS SELECT * FROM a_union_b_union_a;`)
		for range restarts {
			time.Sleep(time.Duration(r.IntN(3000)) * time.Microsecond)
			shut(e)
			e = open()
		}
		if err := e.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		for p := range parts {
			if got := recordsOf(t, inner, store.TP{Topic: "o", Partition: int32(p)}); !slices.Equal(got, want[p]) {
				t.Fatalf("seed %d, partition %d of %d, batch %d, %d restarts:\n%s\nwant\n%s", seed, p, parts, batch, restarts, strings.Join(got, "\n"), strings.Join(want[p], "\n"))
			}
		}
		told := len(recordsOf(t, inner, store.TP{Topic: "default_ksql_processing_log"}))
		if told != bad {
			t.Errorf("seed %d: %d bad rows are told of, want %d", seed, told, bad)
		}
		all := slices.DeleteFunc(merged(parts, append(as, bs...)...), func(line string) bool { return strings.HasSuffix(line, " null") })
		for _, query := range []string{"SELECT ROWTIME, k, v FROM a_union_b_union_a;", fmt.Sprintf("SELECT ROWTIME, k, v FROM a_union_b_union_a EMIT CHANGES LIMIT %d;", len(all))} {
			rows, err := e.Query(t.Context(), query, ksql.Property("auto.offset.reset", "earliest"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for row, err := range rows.All() {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf(`@%d %d {"V":"%s"}`, row...))
			}
			if !slices.Equal(got, all) {
				t.Fatalf("seed %d, %d partitions, batch %d: %s\n%s\nwant\n%s", seed, parts, batch, query, strings.Join(got, "\n"), strings.Join(all, "\n"))
			}
		}
		shut(e)
	}
}

// TestUnion: a log with an order over its topics gives the rows of several inputs in that order, at any batch, with any
// commits, with restarts, in memory and in a directory.
func TestUnion(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 19))
		parts := []int{1, 4}[r.IntN(2)]
		var fs *local.Forgetful
		if r.IntN(3) > 0 {
			fs = local.NewForgetful()
		}
		batch := []int{1, 7, 4096}[r.IntN(3)]
		var inner store.Log
		open := func() *ksql.Engine {
			var err error
			if fs != nil {
				inner, err = local.Open("data", local.Options{FS: fs})
			} else if inner == nil {
				inner, err = local.Memory(local.Options{})
			}
			if err != nil {
				t.Fatal(err)
			}
			ends(t, inner)
			log := inner
			if seed%3 == 0 {
				log = storetest.Late(log, r.Uint64(), nil)
			}
			e, err := ksql.Open(t.Context(), ksql.WithLog(log), ksql.WithBatch(batch), ksql.WithCommit(1+r.IntN(50), time.Hour),
				ksql.WithInternal(func(o *exec.Options) { o.Unions = unions }))
			if err != nil {
				t.Fatal(err)
			}
			ends(t, e)
			return e
		}
		e := open()
		if _, err := e.Execute(t.Context(), fmt.Sprintf(`CREATE STREAM a (k INT KEY, v STRING) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=%d);
			CREATE STREAM b (k INT KEY, v STRING) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=%[1]d);
			CREATE STREAM o WITH (KAFKA_TOPIC='o') AS SELECT * FROM a_union_b;`, parts)); err != nil {
			t.Fatal(err)
		}
		want := make([][]string, parts)
		for i := range 40 {
			p, topic := r.IntN(parts), []string{"a", "b"}[r.IntN(2)]
			rows := arrivals(r, topic+strconv.Itoa(i)+"-", p, parts, 1+r.IntN(30))
			fill(t, e.Log(), r, store.TP{Topic: topic, Partition: int32(p)}, rows)
			want[p] = append(want[p], merged(0, rows)...)
			if fs != nil && r.IntN(10) == 0 {
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				if err := inner.Close(); err != nil {
					t.Fatal(err)
				}
				e = open()
			}
		}
		if err := e.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		for p := range parts {
			if got := recordsOf(t, inner, store.TP{Topic: "o", Partition: int32(p)}); !slices.Equal(got, want[p]) {
				t.Fatalf("seed %d, partition %d of %d, batch %d:\n%s\nwant\n%s", seed, p, parts, batch, strings.Join(got, "\n"), strings.Join(want[p], "\n"))
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if err := inner.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnionRan: a query that has read one of its inputs only has run: a topic of it that is gone is not made again.
func TestUnionRan(t *testing.T) {
	for _, from := range []string{"a", "b"} {
		fs := local.NewForgetful()
		var inner store.Log
		open := func() *ksql.Engine {
			var err error
			if inner, err = local.Open("data", local.Options{FS: fs}); err != nil {
				t.Fatal(err)
			}
			ends(t, inner)
			e, err := ksql.Open(t.Context(), ksql.WithLog(inner), ksql.WithInternal(func(o *exec.Options) { o.Unions = unions }))
			if err != nil {
				t.Fatal(err)
			}
			ends(t, e)
			return e
		}
		e := open()
		if _, err := e.Execute(t.Context(), `CREATE STREAM a (k INT KEY, v STRING) WITH (KAFKA_TOPIC='a', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM b (k INT KEY, v STRING) WITH (KAFKA_TOPIC='b', VALUE_FORMAT='JSON', PARTITIONS=1);
			CREATE STREAM o WITH (KAFKA_TOPIC='o') AS SELECT * FROM a_union_b;`); err != nil {
			t.Fatal(err)
		}
		fill(t, inner, rand.New(rand.NewPCG(1, 1)), store.TP{Topic: from}, []arrival{{0, 1, `{"V":"x"}`}})
		if err := e.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		info, err := inner.Topic(t.Context(), "o")
		if err == nil {
			err = e.Close()
		}
		if err == nil {
			err = inner.Delete(t.Context(), "o", info.ID)
		}
		if err == nil {
			err = inner.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		e = open()
		if failed := e.Failed(); len(failed) != 1 {
			t.Errorf("after rows of %s: %v", from, failed)
		}
		if err := errors.Join(e.Close(), inner.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// key prints an INT; null: nothing.
func key(b []byte) string {
	if len(b) < 4 {
		return ""
	}
	return strconv.Itoa(int(b[3]))
}

// recordsOf is the records of a partition with INT keys.
func recordsOf(t *testing.T, l store.Log, tp store.TP) (out []string) {
	ends, err := l.Ends(t.Context(), []store.TP{tp})
	if err != nil {
		t.Fatal(err)
	}
	in, err := l.Reader(t.Context(), map[store.TP]int64{tp: -1}, ends)
	if err != nil {
		t.Fatal(err)
	}
	for runs, err := range store.Runs(t.Context(), in, 100) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			for i := range r.Time {
				value := "null"
				if v := r.Value[i].Of(r.Bytes); v != nil {
					value = string(v)
				}
				out = append(out, "@"+strconv.FormatInt(r.Time[i], 10)+" "+key(r.Key[i].Of(r.Bytes))+" "+value)
			}
		}
	}
	return out
}

package op

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// records is what runs hold, by time: key, value and headers of each record, which must stand in the partition of its
// key's bytes (without one, in that of the task, 1).
func records(t *testing.T, runs []*store.Records, w *plan.Window, partitions int32) string {
	t.Helper()
	type record struct {
		at   int64
		text string
	}
	var all []record
	for _, r := range runs {
		if r.TP.Topic != "O" || len(r.Key) != r.Len() || len(r.Value) != r.Len() {
			t.Errorf("a run of %d rows of %v has %d keys and %d values", r.Len(), r.TP, len(r.Key), len(r.Value))
		}
		for i, at := range r.Time {
			key, where := "null", 1%partitions
			if b := r.Key[i].Of(r.Bytes); b != nil {
				where = store.Partition(b, partitions)
				if w != nil {
					inner, start, end, err := format.SplitWindow(b, w.Kind == sql.Session, w.Size)
					if err != nil {
						t.Fatal(err)
					}
					where = store.Partition(inner, partitions)
					key = fmt.Sprintf("%s[%d,%d)", inner, start, end)
				} else {
					key = string(b)
				}
			}
			if where != r.TP.Partition && w == nil {
				t.Errorf("key %s is in partition %d, not in %d", key, r.TP.Partition, where)
			}
			value := "null"
			if b := r.Value[i].Of(r.Bytes); b != nil {
				value = string(b)
			}
			s := fmt.Sprintf("@%d %s|%s", at, key, value)
			for _, h := range r.Headers {
				if int(h.Row) == i {
					s += fmt.Sprintf(" %s=%s", h.Key, h.Value)
				}
			}
			all = append(all, record{at, s})
		}
	}
	slices.SortStableFunc(all, func(a, b record) int { return int(a.at - b.at) })
	var out []string
	for _, r := range all {
		out = append(out, r.text)
	}
	return strings.Join(out, "; ")
}

// TestEncode: what a sink writes, to one partition and to several.
func TestEncode(t *testing.T) {
	const (
		text   = `CREATE STREAM s (k STRING KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`
		table  = `CREATE TABLE t (k STRING PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);`
		bare   = `CREATE STREAM s (v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`
		window = text + `CREATE TABLE o AS SELECT k, COUNT(*) AS n FROM s WINDOW `
	)
	for _, c := range []struct {
		script, in, out, problems string
	}{
		{text + `CREATE STREAM o AS SELECT k, v FROM s;`, "+ a 1 @1; + b 2 @2 !; - c 3 @3; + null 4 @4 !; + abcdefgh 5 @5; + abcdefghi 6 @6",
			`@1 a|{"V":1}; @2 null|{"V":2}; @3 c|null; @4 null|{"V":4}; @5 abcdefgh|{"V":5}; @6 abcdefghi|{"V":6}`, ""},
		{text + `CREATE STREAM o AS SELECT k, v FROM s;`, "+ a 1 @1 #x=1 #y=2; + b 2 @2; + c 3 @3 #z=3; - d null @4 #x=4; + e 5 @5 #x=5",
			`@1 a|{"V":1} x=1 y=2; @2 b|{"V":2}; @3 c|{"V":3} z=3; @4 d|null x=4; @5 e|{"V":5} x=5`, ""},
		{text + `CREATE STREAM o AS SELECT k, v FROM s;`, "+ a 1 @1; + a 2 @2; - a 3 @3", `@1 a|{"V":1}; @2 a|{"V":2}; @3 a|null`, ""},
		{table + `CREATE TABLE o AS SELECT k, v FROM t;`, "U- a 1 @1; U+ a 2 @2; - b 3 @3; + c 4 @4", `@2 a|{"V":2}; @3 b|null; @4 c|{"V":4}`, ""},
		{table + `CREATE TABLE o AS SELECT k, v FROM t;`, "+ a 1 @1; + b 2 @2; + c 3 @3", `@1 a|{"V":1}; @2 b|{"V":2}; @3 c|{"V":3}`, ""},
		{bare + `CREATE STREAM o AS SELECT v FROM s;`, "+ 1 @1; - 2 @2; + 3 @3", `@1 null|{"V":1}; @2 null|null; @3 null|{"V":3}`, ""},
		{window + `TUMBLING (SIZE 10 MILLISECONDS) GROUP BY k;`, "+ a 0 10 1 @1 0-10; + b 10 20 2 @2 10-20; + null 10 20 3 @3 10-20 !", `@1 a[0,10)|{"N":1}; @2 b[10,20)|{"N":2}; @3 null|{"N":3}`, ""},
		{window + `SESSION (10 MILLISECONDS) GROUP BY k;`, "+ a 0 7 1 @1 0-7; - b 10 20 2 @2 10-20; + c 10 30 3 @3 10-30", `@1 a[0,7)|{"N":1}; @2 b[10,20)|null; @3 c[10,30)|{"N":3}`, ""},
		{text + `CREATE STREAM o WITH (TIMESTAMP='later') AS SELECT k, CAST(v AS BIGINT) AS later FROM s;`, "+ a 10 @1; + b -5 @30; - c null @2; + d null @3; + e 40 @4; + f 0 @5",
			`@0 f|{"LATER":0}; @10 a|{"LATER":10}; @30 c|null; @40 e|{"LATER":40}`,
			"serialization SINK t-3@101: Error writing row with extracted timestamp: timestamp -5 is negative\nserialization SINK t-3@103: Error writing row with extracted timestamp: timestamp column is null"},
		{text + `CREATE STREAM o WITH (TIMESTAMP='later') AS SELECT k, CAST(v AS BIGINT) AS later FROM s;`, "+ b -5 @30", "",
			"serialization SINK t-3@100: Error writing row with extracted timestamp: timestamp -5 is negative"},
		{text + `CREATE STREAM o WITH (TIMESTAMP='later') AS SELECT k, CAST(v AS BIGINT) AS later FROM s;`, "+ a 7 @1 #x=1; + b 8 @1 #y=2", `@7 a|{"LATER":7} x=1; @8 b|{"LATER":8} y=2`, ""},
	} {
		for _, partitions := range []int32{1, 3, 5} {
			s := stepOf[*plan.Sink](t, c.script)
			e, err := NewEncode(s, state.Print{}, partitions, true)
			if err != nil {
				t.Fatal(err)
			}
			b := rows(t, s.Schema, c.in)
			for range 2 { // the second time into other runs
				out, problems := pass(t, e, b)
				if out != "" || problems != c.problems {
					t.Errorf("%s: lends on %q and reports %s", c.in, out, problems)
				}
				if got := records(t, e.Take(nil), s.Window, partitions); got != c.out {
					t.Errorf("%s, to %d partitions: got\n%s, want\n%s", c.in, partitions, got, c.out)
				}
				if len(e.Take(nil)) > 0 {
					t.Error("what was taken is still there")
				}
			}
			pass(t, e, b)
			for _, r := range e.runs {
				if r != nil && r.Len() == 0 {
					t.Errorf("%s, to %d partitions: an empty run", c.in, partitions)
				}
			}
			pass(t, e, b)
			if n := len(strings.Split(records(t, e.Take(nil), s.Window, partitions), "; ")); n != max(1, 2*len(strings.Split(c.out, "; "))) && c.out != "" {
				t.Errorf("%s: two batches are %d records", c.in, n)
			}
		}
	}
}

// TestEncodeWithoutValue: a record whose columns are all in its key has an empty value, or none.
func TestEncodeWithoutValue(t *testing.T) {
	s := &plan.Sink{Head: plan.Head{Schema: pair[:1]}, Topic: "O", Key: plan.Format{Name: "KAFKA"}, Value: plan.Format{Name: "NONE"}}
	e, err := NewEncode(s, state.Print{}, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	pass(t, e, rows(t, s.Schema, "+ a @1; - b @2; + c @3"))
	pass(t, e, rows(t, s.Schema, "+ d @4"))
	if got := records(t, e.Take(nil), nil, 1); got != "@1 a|; @2 b|null; @3 c|; @4 d|" {
		t.Error(got)
	}
}

// TestStreamTimeOfSink: rows without a value get the highest time there was, in earlier batches too.
func TestStreamTimeOfSink(t *testing.T) {
	s := stepOf[*plan.Sink](t, `CREATE TABLE t (k STRING PRIMARY KEY, v BIGINT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE o WITH (TIMESTAMP='v') AS SELECT k, v FROM t;`)
	e, err := NewEncode(s, state.Print{}, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	pass(t, e, rows(t, s.Schema, "- z null @0"))
	if got := records(t, e.Take(nil), nil, 1); got != "@0 z|null" {
		t.Errorf("at first: %s", got)
	}
	pass(t, e, rows(t, s.Schema, "+ a 1 @20; + b 2 @10"))
	pass(t, e, rows(t, s.Schema, "- a null @5; U- b 2 @5; U+ b 3 @6; - c null @25; - d null @24"))
	if got := records(t, e.Take(nil), nil, 1); got != `@1 a|{"V":1}; @2 b|{"V":2}; @3 b|{"V":3}; @20 a|null; @25 c|null; @25 d|null` {
		t.Error(got)
	}
	if len(e.Tables()) != 1 {
		t.Error("stream time is not kept")
	}
	plain, err := NewEncode(&plan.Sink{Head: plan.Head{Schema: pair}, Topic: "O", Key: plan.Format{Name: "KAFKA"}, Value: plan.Format{Name: "JSON"}}, state.Print{}, 1, true)
	if err != nil || plain.Tables() != nil {
		t.Error("there is nothing to keep", err)
	}
}

// TestKeysOfSink: keys are serialized as the sink writes them.
func TestKeysOfSink(t *testing.T) {
	s := &plan.Sink{Head: plan.Head{Schema: pair}, Topic: "O", Key: plan.Format{Name: "JSON", Unwrapped: true}, Value: plan.Format{Name: "JSON"}}
	e, err := NewEncode(s, state.Print{}, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	b := rows(t, pair, "+ a 1 @1; + null 2 @2; + c 3 @3")
	got, err := e.Keys(b.Cols[:1], 3)
	if err != nil || string(got[0]) != `"a"` || string(got[2]) != `"c"` {
		t.Errorf("%q, %v", got, err)
	}
	s = &plan.Sink{Head: plan.Head{Schema: pair[1:]}, Topic: "O", Value: plan.Format{Name: "JSON"}}
	if e, err = NewEncode(s, state.Print{}, 1, true); err != nil {
		t.Fatal(err)
	}
	if got, err = e.Keys(nil, 2); err != nil || len(got) != 2 || got[0] != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestOutbox: a run holds at least what is asked for, and about what the runs before it held, which is forgotten in
// time; empty runs do not leave.
func TestOutbox(t *testing.T) {
	o := newOutbox("x", 2)
	fill := func(p int32, rows, size int) {
		r := o.run(p, rows)
		if r != o.run(p, 1) {
			t.Fatal("another run")
		}
		for range rows {
			r.Key, r.Value, r.Time = append(r.Key, store.Span{}), append(r.Value, store.Span{}), append(r.Time, 0)
		}
		r.Bytes = append(r.Bytes, make([]byte, size)...)
	}
	room := func(p int32, n int) (rows, size int) {
		r := o.run(p, n)
		return min(cap(r.Key), cap(r.Value), cap(r.Time)), cap(r.Bytes)
	}
	if rows, size := room(0, 3); rows != 16 || size != 512 {
		t.Errorf("at first there is room for %d rows, %d bytes", rows, size)
	}
	if got := o.Take(nil); len(got) != 0 {
		t.Error("an empty run leaves")
	}
	fill(0, 160, 1600)
	if o.Bytes() != 1600 {
		t.Error(o.Bytes())
	}
	fill(1, 1, 5)
	got := o.Take(nil)
	if len(got) != 2 || got[0].TP != (store.TP{Topic: "x"}) || got[1].TP != (store.TP{Topic: "x", Partition: 1}) || got[0].Len() != 160 || got[1].Len() != 1 {
		t.Errorf("%v", got)
	}
	if rows, size := room(0, 3); rows != 170 || size != 1700 {
		t.Errorf("after 160 rows of 1600 bytes there is room for %d rows, %d bytes", rows, size)
	}
	if rows, _ := room(1, 300); rows != 300 {
		t.Errorf("there is room for %d rows of 300", rows)
	}
	o.Take(nil)
	fill(0, 16, 16) // 160 and 1600 are a sixteenth less now
	o.Take(nil)
	if rows, size := room(0, 3); rows != 159 || size != 1593 {
		t.Errorf("after one small run there is room for %d rows, %d bytes", rows, size)
	}
	if o.Take([]*store.Records{{}}); o.runs[0] != nil {
		t.Error("a run that was taken is still there")
	}
}

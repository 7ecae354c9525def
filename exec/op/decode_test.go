package op

import (
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// topic is runs of records as they are written: key, value, @time and headers, a run in each line part. The runs are of
// partitions 3, 4, ..., from offsets 100, 200, ... on. A key like a[5,9) has a
// window; empty is no bytes.
func topic(t *testing.T, text string, w *plan.Window) (out []store.Records) {
	t.Helper()
	for part := range strings.SplitSeq(text, "|") {
		n := len(out)
		r := store.Records{TP: store.TP{Topic: "t", Partition: int32(3 + n)}, First: int64(100 + 100*n)}
		for line := range strings.SplitSeq(part, ";") {
			f := strings.Fields(line)
			if len(f) == 0 {
				continue
			}
			var side [2][]byte
			for i := range side {
				if f[i] != "null" {
					side[i] = []byte(strings.TrimSuffix(f[i], "empty"))
				}
			}
			if at := strings.IndexByte(f[0], '['); at >= 0 && w != nil {
				start, end, _ := strings.Cut(strings.TrimSuffix(f[0][at+1:], ")"), ",")
				side[0] = format.AppendWindow([]byte(f[0][:at]), w.Kind == sql.Session, number(t, start), number(t, end))
			}
			var headers []store.Header
			for _, x := range f[3:] {
				k, v, ok := strings.Cut(x[1:], "=")
				h := store.Header{Key: k}
				if ok {
					h.Value = []byte(v)
				}
				headers = append(headers, h)
			}
			r.Add(number(t, f[2][1:]), side[0], side[1], headers...)
		}
		out = append(out, r)
	}
	return out
}

// decoded is what a Decode makes of runs: rows, problems, and its error.
func decoded(t *testing.T, d *Decode, runs []store.Records) (out, problems string, err error) {
	t.Helper()
	var bad []string
	c := &Context{Env: &expr.Env{}, Report: func(p Problem) {
		s := fmt.Sprintf("%s %s %s-%d@%d: %v", p.Kind, p.Target, p.Topic, p.Partition, p.Offset, p.Err)
		if p.Record != nil {
			s += fmt.Sprintf(" in %s", p.Record)
		}
		if p.Step != "KsqlTopic" {
			t.Errorf("step %s", p.Step)
		}
		bad = append(bad, s)
	}}
	err = d.Run(c, runs, func(b *Batch) error {
		out = strings.Join(written(t, b), "; ")
		if d.dropped.n > 0 {
			return nil
		}
		if b.Row != nil {
			t.Errorf("%s: all rows are left, but were copied", out)
		}
		if (b.Ops != nil) != strings.Contains(out, "- ") || (b.NoKey != nil) != strings.Contains(out, " !") {
			t.Errorf("%s: ops %v, rows without a key %v", out, b.Ops, b.NoKey)
		}
		return nil
	})
	return out, strings.Join(bad, "\n"), err
}

// reading is a way to read a topic, its runs, and what is read.
type reading struct {
	name      string
	scan      plan.Scan
	runs, out string
	problems  string
	err       string
	config    string // a property that is true
}

func (c *reading) check(t *testing.T) {
	t.Helper()
	s := c.scan
	s.Name, s.Topic = "KsqlTopic", "t"
	if s.Value.Name == "" {
		s.Value.Name = "JSON"
	}
	if s.Key.Name == "" {
		s.Key.Name = "KAFKA"
	}
	d, err := NewDecode(&s, &expr.Env{Config: map[string]string{c.config: "true"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // nothing is left of the first time
		out, problems, err := decoded(t, d, topic(t, c.runs, s.Window))
		failed := ""
		if err != nil {
			failed = err.Error()
		}
		if out != c.out || problems != c.problems || failed != c.err {
			t.Errorf("%s\ngives %s\nwant  %s\nreports %s\nwant    %s\nfails %s\nwant  %s", c.name, out, c.out, problems, c.problems, failed, c.err)
		}
		if out, problems, err := decoded(t, d, topic(t, "", nil)); out != "" || problems != "" || err != nil {
			t.Errorf("%s: no records give %s, %s, %v", c.name, out, problems, err)
		}
	}
	if err := d.Run(&Context{}, topic(t, c.runs, s.Window), func(*Batch) error { return nil }); c.err == "" && err != nil {
		t.Errorf("%s: nobody listens: %v", c.name, err)
	}
}

var (
	rowTime = plain("ROWTIME", sql.TBigint, sql.PseudoRole)
	places  = sql.Schema{rowTime, plain("ROWPARTITION", sql.TInteger, sql.PseudoRole), plain("ROWOFFSET", sql.TBigint, sql.PseudoRole)}
	stamped = sql.Schema{pair[0], plain("V", sql.TBigint, sql.ValueRole)}
)

func with(s sql.Schema, more ...sql.Column) sql.Schema {
	return append(append(sql.Schema{}, s...), more...)
}

// TestDecode: records that cannot be read are left out and told of once; of a table those without a key are left out,
// too.
func TestDecode(t *testing.T) {
	broken := "a {\"V\":1} @1; b { @2; null {\"V\":3} @3 | c null @4; d {\"V\":4} @-5; e {\"V\":6} @6"
	const unreadable = "deserialization value t-3@101: Failed to deserialize value from topic: t. malformed JSON"
	stream, table := plan.Head{Schema: with(pair, places...)}, plan.Head{Schema: with(pair, places...), Shape: sql.TableKind}
	for _, c := range []reading{
		{name: "stream", scan: plan.Scan{Head: stream}, runs: broken,
			out:      "+ a 1 1 3 100 @1; + null 3 3 3 102 @3 ! <2; - c null 4 4 200 @4 <3; + e 6 6 4 202 @6 <5",
			problems: unreadable + "\nprocessing  t-4@201: negative timestamp -5"},
		{name: "table", scan: plan.Scan{Head: table}, runs: broken,
			out:      "+ a 1 1 3 100 @1; - c null 4 4 200 @4 <3; + e 6 6 4 202 @6 <5",
			problems: unreadable + "\nprocessing  t-4@201: negative timestamp -5"},
		{name: "whole", scan: plan.Scan{Head: stream}, runs: `a {"V":1} @0 | b {"V":2} @2; a {"V":3} @1`, out: "+ a 1 0 3 100 @0; + b 2 2 4 200 @2; + a 3 1 4 201 @1"},
		{name: "nothing is left", scan: plan.Scan{Head: table}, runs: `null {"V":1} @1; b { @2`, problems: unreadable},
		{name: "only the first is left", scan: plan.Scan{Head: table}, runs: `a {"V":1} @1; b { @2`, out: "+ a 1 1 3 100 @1", problems: unreadable},
		{name: "strict", scan: plan.Scan{Head: stream}, runs: broken, config: "ksql.fail.on.deserialization.error", problems: unreadable + "\nprocessing  t-4@201: negative timestamp -5",
			err: "topic t: a record cannot be read and ksql.fail.on.deserialization.error is set"},
		{name: "strict, and all can be read", scan: plan.Scan{Head: stream}, runs: `a {"V":1} @1`, config: "ksql.fail.on.deserialization.error", out: "+ a 1 1 3 100 @1"},
		{name: "strict, and one cannot be read", scan: plan.Scan{Head: stream}, runs: `a {"V":1} @1; b { @2`, config: "ksql.fail.on.deserialization.error", problems: unreadable,
			err: "topic t: a record cannot be read and ksql.fail.on.deserialization.error is set"},
		{name: "an empty key is one", scan: plan.Scan{Head: table}, runs: `empty {"V":1} @1`, out: "+  1 1 3 100 @1"},
		{name: "an empty value is one", scan: plan.Scan{Head: plan.Head{Schema: pair[:1]}}, runs: `a empty @1; b null @2`, out: "+ a @1; - b @2"},
		{name: "the log gets values", scan: plan.Scan{Head: stream}, runs: broken, config: "ksql.logging.processing.rows.include",
			out:      "+ a 1 1 3 100 @1; + null 3 3 3 102 @3 ! <2; - c null 4 4 200 @4 <3; + e 6 6 4 202 @6 <5",
			problems: unreadable + " in {\nprocessing  t-4@201: negative timestamp -5"},
		{name: "the log gets keys; a record is told of once", scan: plan.Scan{Head: stream, Key: plan.Format{Name: "JSON", Unwrapped: true}}, runs: `"a" {"V":1} @1; { { @2`,
			config: "ksql.logging.processing.rows.include", out: "+ a 1 1 3 100 @1", problems: "deserialization key t-3@101: Failed to deserialize key from topic: t. malformed JSON in {"},
		{name: "no key columns", scan: plan.Scan{Head: plan.Head{Schema: pair[1:], Shape: sql.StreamKind}}, runs: `a {"V":1} @1; null {"V":2} @2`, out: "+ 1 @1; + 2 @2"},
		{name: "no value columns", scan: plan.Scan{Head: plan.Head{Schema: pair[:1]}}, runs: `a x @1; b null @2; null x @3`, out: "+ a @1; - b @2; + null @3 !"},
		{name: "some are read", scan: plan.Scan{Head: plan.Head{Schema: with(pair, places...), Live: []bool{true, false, false, true, false}}}, runs: `a {"V":1} @1; b null @2`, out: "+ a _ _ 3 @1; - b _ _ 3 @2"},
	} {
		c.check(t)
	}
}

// TestDecodeTime: the time of a row may be that of a column. A value that gives none is no row; a record without a
// value keeps its own time.
func TestDecodeTime(t *testing.T) {
	at := &plan.Timestamp{Column: "V"}
	text := sql.Schema{pair[0], plain("V", sql.TString, sql.ValueRole), rowTime}
	none := "deserialization value t-3@%d: Failed to extract timestamp from row: "
	for _, c := range []reading{
		{name: "numbers", scan: plan.Scan{Head: plan.Head{Schema: with(stamped, rowTime)}, Timestamp: at}, runs: `a {"V":7} @1; b {"V":0} @2`, out: "+ a 7 7 @7; + b 0 0 @0"},
		{name: "a column that nobody reads", scan: plan.Scan{Head: plan.Head{Schema: with(stamped, rowTime), Live: []bool{true, false, true}}, Timestamp: at}, runs: `a {"V":7} @1`, out: "+ a 7 7 @7"},
		{name: "null and negative", scan: plan.Scan{Head: plan.Head{Schema: with(stamped, rowTime)}, Timestamp: at}, runs: `a {"V":7} @1; b {} @2; c null @3; d {"V":-1} @4; e { @5; f {"V":9} @6`,
			out: "+ a 7 7 @7; - c null 3 @3 <2; + f 9 9 @9 <5",
			problems: "deserialization value t-3@104: Failed to deserialize value from topic: t. malformed JSON\n" + fmt.Sprintf(none, 101) + "timestamp column is null\n" +
				fmt.Sprintf(none, 103) + "timestamp -1 is negative"},
		{name: "negative alone", scan: plan.Scan{Head: plan.Head{Schema: with(stamped, rowTime)}, Timestamp: at}, runs: `d {"V":-1} @4`, problems: fmt.Sprintf(none, 100) + "timestamp -1 is negative"},
		{name: "throwing", scan: plan.Scan{Head: plan.Head{Schema: with(stamped, rowTime)}, Timestamp: at}, runs: `a {"V":7} @1 | b {"V":8} @1; b {} @2`, config: "ksql.timestamp.throw.on.invalid",
			err: "Fatal user code error in TimestampExtractor callback for record t-4@201: timestamp column is null"},
		{name: "text", scan: plan.Scan{Head: plan.Head{Schema: text}, Timestamp: &plan.Timestamp{Column: "V", Format: "yyyy-MM-dd"}}, runs: `a {"V":"1970-01-02"} @1; b {"V":"1969-12-31"} @2`,
			out: "+ a 1970-01-02 86400000 @86400000", problems: fmt.Sprintf(none, 101) + "timestamp -86400000 is negative"},
		{name: "the key", scan: plan.Scan{Head: plan.Head{Schema: text}, Timestamp: &plan.Timestamp{Column: "K", Format: "yyyy-MM-dd"}}, runs: `1970-01-02 {"V":"x"} @1`, out: "+ 1970-01-02 x 86400000 @86400000"},
		{name: "a key that is a number", scan: plan.Scan{Head: plan.Head{Schema: sql.Schema{plain("K", sql.TBigint, sql.KeyRole), pair[1], rowTime}, Shape: sql.TableKind},
			Key: plan.Format{Name: "JSON", Unwrapped: true}, Timestamp: &plan.Timestamp{Column: "K"}}, runs: `7 {"V":1} @1; 8 null @2`, out: "+ 7 1 7 @7; - 8 null 2 @2"},
		{name: "a pseudo column gives no time", scan: plan.Scan{Head: plan.Head{Schema: with(pair, places...)}, Timestamp: &plan.Timestamp{Column: "ROWOFFSET"}}, runs: `a {"V":1} @1`, out: "+ a 1 1 3 100 @1"},
		{name: "text without a format", scan: plan.Scan{Head: plan.Head{Schema: text}, Timestamp: at}, runs: `a {"V":"1"} @1`, problems: fmt.Sprintf(none, 100) + "timestamp column has no format"},
	} {
		c.check(t)
	}
}

// TestDecodeWindow: the key of a windowed source carries the window; one that is too short for it is none that can be
// read.
func TestDecodeWindow(t *testing.T) {
	s := sql.Schema{pair[0], plain("WINDOWSTART", sql.TBigint, sql.PseudoRole), plain("WINDOWEND", sql.TBigint, sql.PseudoRole), pair[1], rowTime}
	tumbling, session := &plan.Window{Kind: sql.Tumbling, Size: 10}, &plan.Window{Kind: sql.Session}
	for _, c := range []reading{
		{name: "tumbling", scan: plan.Scan{Head: plan.Head{Schema: s, Window: tumbling}}, runs: `a[0,10) {"V":1} @1; b[10,20) null @2 | null {"V":3} @3`,
			out: "+ a 0 10 1 1 @1 0-10; - b 10 20 null 2 @2 10-20; + null null null 3 3 @3 0-0 !"},
		{name: "session", scan: plan.Scan{Head: plan.Head{Schema: s, Window: session, Shape: sql.TableKind}}, runs: `a[1,7) {"V":1} @1; null {"V":3} @3; b[10,25) null @2`,
			out: "+ a 1 7 1 1 @1 1-7; - b 10 25 null 2 @2 10-25 <2"},
		{name: "too short", scan: plan.Scan{Head: plan.Head{Schema: s, Window: session}}, runs: `a[1,7) {"V":1} @1; abc {"V":3} @3`, config: "ksql.logging.processing.rows.include",
			out: "+ a 1 7 1 1 @1 1-7", problems: "deserialization key t-3@101: key is too short to hold a window in abc"},
		{name: "too short for a window, and no number: it is told of once", scan: plan.Scan{Head: plan.Head{Schema: sql.Schema{plain("K", sql.TInteger, sql.KeyRole), pair[1]}, Window: tumbling}},
			runs: `abc {"V":3} @3`, problems: "deserialization key t-3@100: key is too short to hold a window"},
		{name: "a column of that name", scan: plan.Scan{Head: plan.Head{Schema: sql.Schema{pair[0], plain("WINDOWSTART", sql.TBigint, sql.ValueRole), plain("WINDOWEND", sql.TBigint, sql.ValueRole)}}},
			runs: `a {"WINDOWSTART":5,"WINDOWEND":6} @1`, out: "+ a 5 6 @1"},
	} {
		c.check(t)
	}
}

// TestDecodeHeaders: a HEADERS column has all headers of a record in order, one with a key the last of that name.
func TestDecodeHeaders(t *testing.T) {
	all := sql.ArrayOf(sql.StructOf(sql.Field{Name: "KEY", Type: sql.TString}, sql.Field{Name: "VALUE", Type: sql.TBytes}))
	one := plain("X", sql.TBytes, sql.HeadersRole)
	one.Header = "x"
	s := with(pair, plain("H", all, sql.HeadersRole), one)
	const runs = `a {"V":1} @1 #x=a #y=b #x=c; b {"V":2} @2; c null @3 #x | d {"V":4} @4; e {"V":5} @5 #y=d; f {"V":6} @6 #x=`
	for _, c := range []reading{
		{name: "headers", scan: plan.Scan{Head: plan.Head{Schema: s}}, runs: runs, out: "+ a 1 [[x [97]] [y [98]] [x [99]]] [99] @1; + b 2 [] null @2; - c null [[x <nil>]] null @3; + d 4 [] null @4; + e 5 [[y [100]]] null @5; + f 6 [[x []]] [] @6"},
		{name: "some are read", scan: plan.Scan{Head: plan.Head{Schema: s, Live: []bool{true, true, false, true}}}, runs: runs, out: "+ a 1 _ [99] @1; + b 2 _ null @2; - c null _ null @3; + d 4 _ null @4; + e 5 _ null @5; + f 6 _ [] @6"},
	} {
		c.check(t)
	}
}

package op

import (
	"errors"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

const (
	aStream = `CREATE STREAM s (k INT KEY, v INT, w STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`
	aTable  = `CREATE TABLE t (k INT PRIMARY KEY, v INT, w STRING) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);`
)

func filter(t *testing.T, script string) (*Filter, sql.Schema) {
	t.Helper()
	s := stepOf[*plan.Filter](t, script)
	f, err := NewFilter(s, &expr.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return f, s.In.Out().Schema
}

// TestFilterOfStream: rows for which the condition is true go on, as they are; NULL and errors are not true, and only
// errors are told of.
func TestFilterOfStream(t *testing.T) {
	f, in := filter(t, aStream+"CREATE STREAM o AS SELECT k, v, w FROM s WHERE 10 / v > 1;")
	const wrong = "processing WhereFilter t-3@102: Error evaluating predicate ((10 / V) > 1): / by zero"
	passes(t, f, in, []passage{
		{"+ 1 5 a @1; + 2 1 b @2", "+ 1 5 a @1; + 2 1 b @2", ""},
		{"+ 1 9 a @1; + 2 null b @2", "", "processing WhereFilter t-3@101: Error evaluating predicate ((10 / V) > 1): an operand is null"},
		{"+ 1 9 a @1; + 2 5 b @2; + 3 10 c @3; + 4 1 d @4", "+ 2 5 b @2 <1; + 4 1 d @4 <3", ""},
		{"+ 1 9 a @1; + 2 5 b @2 !; + 3 0 c @3", "+ 2 5 b @2 ! <1", wrong},
		{"+ 1 5 a @1; - 2 5 b @2; + 3 0 c @3; - 4 0 d @4; + 5 1 e @5", "+ 1 5 a @1; + 5 1 e @5 <4", wrong},
		{"- 2 5 b @2; + 3 9 c @3", "", ""},
	})
}

// TestFilterLeavesOut: columns that nobody reads any more go no further where rows are gathered anyway.
func TestFilterLeavesOut(t *testing.T) {
	f, in := filter(t, aStream+"CREATE STREAM o AS SELECT k, w FROM s WHERE v > 1;")
	passes(t, f, in, []passage{
		{"+ 1 5 a @1; + 2 1 b @2", "+ 1 _ a @1", ""},
		{"+ 1 5 a @1 0-5; - 2 null b @2 5-10; + 3 7 c @3 5-10", "+ 1 _ a @1 0-5; + 3 _ c @3 5-10 <2", ""},
	})
	g, in := filter(t, aTable+"CREATE TABLE o AS SELECT k, w FROM t WHERE v > 1;")
	passes(t, g, in, []passage{{"U- 1 5 a @1; U+ 1 1 b @2", "- 1 _ a @1", ""}})
}

// TestFilterOfTable: an update whose rows both pass stays one, else the row that passes leaves by itself; what was not
// there before does not go. Errors are told of the new row only.
func TestFilterOfTable(t *testing.T) {
	f, in := filter(t, aTable+"CREATE TABLE o AS SELECT k, v, w FROM t WHERE 10 / v > 1;")
	passes(t, f, in, []passage{
		{"U- 1 5 a @1; U+ 1 1 b @2", "U- 1 5 a @1; U+ 1 1 b @2", ""},
		{"U- 1 5 a @1; U+ 1 9 b @2; + 2 3 c @3", "- 1 5 a @1; + 2 3 c @3 <2", ""},
		{"- 2 3 c @3; U- 1 9 a @1; U+ 1 5 b @2", "- 2 3 c @3; + 1 5 b @2 <2", ""},
		{"U- 1 9 a @1; U+ 1 9 b @2", "", ""},
		{"- 1 9 a @1; + 2 9 b @2; - 3 1 c @3; + 4 1 d @4", "- 3 1 c @3 <2; + 4 1 d @4 <3", ""},
		{"U- 1 0 a @1; U+ 1 5 b @2; - 2 0 c @3", "+ 1 5 b @2 <1", ""},
		{"U- 1 5 a @1; U+ 1 0 b @2", "- 1 5 a @1", "processing WhereFilter t-3@101: Error evaluating predicate ((10 / V) > 1): / by zero"},
	})
}

// TestFilterByParameter: the values of bound parameters are those of the task.
func TestFilterByParameter(t *testing.T) {
	f, in := filter(t, aStream+"SELECT k FROM s WHERE v > ? EMIT CHANGES;")
	passes(t, f, in, []passage{{"+ 1 5 a @1; + 2 6 b @2", "+ 2 @2 <1", ""}}, int32(5))
	passes(t, f, in, []passage{{"+ 1 5 a @1; + 2 6 b @2; + 3 3 c @3", "+ 1 @1; + 2 @2", ""}}, int32(4))
}

// TestFilterTellsOfParts: a part of the condition that fails is false and told of, if the row is new.
func TestFilterTellsOfParts(t *testing.T) {
	f, in := filter(t, aTable+"CREATE TABLE o AS SELECT k, v, w FROM t WHERE ARRAY_CONTAINS(ARRAY[10 / v > 1], FALSE);")
	passes(t, f, in, []passage{
		{"+ 1 0 a @1; + 2 9 b @2; + 3 5 c @3", "+ 1 0 a @1; + 2 9 b @2", "processing WhereFilter t-3@100: Error processing array item: / by zero"},
		{"U- 1 0 a @1; U+ 1 9 b @2; - 2 0 c @3", "U- 1 0 a @1; U+ 1 9 b @2; - 2 0 c @3", ""},
	})
}

func TestPredicateError(t *testing.T) {
	cause := errors.New("cause")
	if !errors.Is(&PredicateError{Err: cause}, cause) || !errors.Is(&ColumnError{Err: cause}, cause) {
		t.Error("the cause is lost")
	}
}

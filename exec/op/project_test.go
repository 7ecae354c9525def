package op

import (
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

func project(t *testing.T, script string, extra ...fn.Func) (*Project, sql.Schema) {
	t.Helper()
	s := stepOf[*plan.Project](t, script, extra...)
	p, err := NewProject(s, &expr.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return p, s.In.Out().Schema
}

// TestProject: a value that cannot be computed is null and told of; a row without a value keeps its key and has
// nothing else, and nothing of it is computed.
func TestProject(t *testing.T) {
	p, in := project(t, aStream+"CREATE STREAM o AS SELECT k, 10 / v AS q, w, k + 1 AS next FROM s;")
	const wrong = "processing Project t-3@%d: Error computing expression (10 / V) for column Q with index 1: / by zero"
	passes(t, p, in, []passage{
		{"+ 1 5 a @1; + 2 2 b @2", "+ 1 2 a 2 @1; + 2 5 b 3 @2", ""},
		{"+ 1 5 a @1 0-9 !; + 2 0 b @2 9-18", "+ 1 2 a 2 @1 0-9 !; + 2 null b 3 @2 9-18", fmt.Sprintf(wrong, 101)},
		{"+ 1 0 a @1", "+ 1 null a 2 @1", fmt.Sprintf(wrong, 100)},
		{"- 1 0 a @1; + 2 5 b @2; - 3 5 c @3; + 4 0 d @4; + 5 2 e @5", "- 1 null null null @1; + 2 2 b 3 @2; - 3 null null null @3; + 4 null d 5 @4; + 5 5 e 6 @5", fmt.Sprintf(wrong, 103)},
		{"- 1 5 a @1", "- 1 null null null @1", ""},
		{"+ 6 2 f @6", "+ 6 5 f 7 @6", ""},
	})
}

// TestProjectOfTable: a deleted row of a table whose old values travel still has them; errors of old rows were told of
// when they were new.
func TestProjectOfTable(t *testing.T) {
	s := *stepOf[*plan.Project](t, aTable+"CREATE TABLE o AS SELECT k, 10 / v AS q, w FROM t;")
	for _, old := range []bool{true, false} {
		s.Old = old
		p, err := NewProject(&s, &expr.Env{})
		if err != nil {
			t.Fatal(err)
		}
		want := passage{"- 1 5 a @1; U- 2 0 b @2; U+ 2 5 c @3; - 3 0 d @4", "- 1 null null @1; U- 2 null b @2; U+ 2 2 c @3; - 3 null null @4", ""}
		if old {
			want.out = "- 1 2 a @1; U- 2 null b @2; U+ 2 2 c @3; - 3 null d @4"
		}
		passes(t, p, s.In.Out().Schema, []passage{want, {"U- 1 5 a @1; U+ 1 0 a @2", "U- 1 2 a @1; U+ 1 null a @2", "processing Project t-3@101: Error computing expression (10 / V) for column Q with index 1: / by zero"}})
	}
}

// TestProjectByParameter: the values of bound parameters are those of the task, for rows without a value too.
func TestProjectByParameter(t *testing.T) {
	p, in := project(t, aStream+"SELECT v + ? AS x FROM s EMIT CHANGES;")
	passes(t, p, in, []passage{{"+ 1 5 a @1", "+ 12 @1", ""}, {"- 1 5 a @1; + 2 6 b @2", "- null @1; + 13 @2", ""}}, int32(7))
}

// TestProjectTellsOfParts: a part of an expression that fails is told of, and the rest of the value is there.
func TestProjectTellsOfParts(t *testing.T) {
	p, in := project(t, aStream+"CREATE STREAM o AS SELECT k, ARRAY[10 / v, 2] AS a FROM s;")
	const wrong = "processing Project t-3@101: Error processing array item: / by zero"
	passes(t, p, in, []passage{
		{"+ 1 5 a @1; + 2 0 b @2", "+ 1 [2 2] @1; + 2 [<nil> 2] @2", wrong},
		{"- 1 5 a @1; + 2 0 b @2", "- 1 null @1; + 2 [<nil> 2] @2", wrong},
	})
}

// crowded is a function that is too large for a batch of more than two rows, and fails for 13.
var crowded = fn.Func{Name: "CROWDED", Variants: []fn.Variant{{
	Args: []fn.Arg{{Name: "n", Type: sql.TInteger}}, Returns: sql.TInteger,
	Scalar: func(fn.Site) (fn.Kernel, error) {
		return func(c *fn.Call, out *vec.Vec) {
			if c.N > 2 {
				panic(vec.ErrTooLarge)
			}
			for i := range c.N {
				if c.Args[0].I32[i] == 13 {
					c.Fail(i, fmt.Errorf("thirteen"))
				}
				out.AppendI32(c.Args[0].I32[i])
			}
		}, nil
	},
}}}

// TestProjectOfMuch: what is too large for one batch is made of its parts, and each error is told of once.
func TestProjectOfMuch(t *testing.T) {
	p, in := project(t, aStream+"CREATE STREAM o AS SELECT k, 10 / v AS q, CROWDED(v) AS c FROM s;", crowded)
	passes(t, p, in, []passage{
		{"+ 1 0 a @1; + 2 2 b @2; + 3 1 c @3; + 4 13 d @4; + 5 5 e @5", "+ 1 null 0 @1; + 2 5 2 @2 | + 3 10 1 @3 <2 | + 4 0 null @4 <3; + 5 2 5 @5 <4",
			`processing Project t-3@100: Error computing expression (10 / V) for column Q with index 1: / by zero
processing Project t-3@103: Error computing expression CROWDED(V) for column C with index 2: thirteen`},
		{"+ 1 13 a @1", "+ 1 0 null @1", "processing Project t-3@100: Error computing expression CROWDED(V) for column C with index 2: thirteen"},
	})
	b := rows(t, in, "+ 1 0 a @1; + 2 2 b @2; + 3 1 c @3")
	n := 0
	if err := p.Process(&Context{Env: &expr.Env{}}, b, func(b *Batch) error { n += b.N; return nil }); err != nil || n != 3 {
		t.Error(n, err)
	}
}

func rekey(t *testing.T, script string) (*Rekey, sql.Schema) {
	t.Helper()
	s := stepOf[*plan.Rekey](t, script)
	r, err := NewRekey(s, &expr.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return r, s.In.Out().Schema
}

// TestRekey: a key that is null or fails is no key; of a row without a value only the old key is known.
func TestRekey(t *testing.T) {
	r, in := rekey(t, aStream+"CREATE STREAM o AS SELECT * FROM s PARTITION BY 10 / v;")
	passes(t, r, in, []passage{
		{"+ 1 5 a @1; + 2 1 b @2", "+ 2 5 a 1 @1; + 10 1 b 2 @2", ""},
		{"+ 1 5 a @1; + 2 0 b @2", "+ 2 5 a 1 @1; + null 0 b 2 @2 !", "processing PartitionBy t-3@101: / by zero"},
		{"- 1 0 a @1; + 2 5 b @2", "- null 0 a 1 @1 !; + 2 5 b 2 @2", ""},
		{"+ 1 5 a @1 !", "+ 2 5 a 1 @1", ""},
		{"+ 3 2 c @3; - 4 1 d @4; + 5 1 e @5", "+ 5 2 c 3 @3; - null 1 d 4 @4 !; + 10 1 e 5 @5", ""},
	})
	r, in = rekey(t, aStream+"CREATE STREAM o AS SELECT * FROM s PARTITION BY k + 1;")
	passes(t, r, in, []passage{{"- 1 5 a @1; + 2 5 b @2 !", "- 2 5 a 1 @1; + 3 5 b 2 @2", ""}})
	r, in = rekey(t, aStream+"CREATE STREAM o WITH (KEY_FORMAT='JSON') AS SELECT * FROM s PARTITION BY w, v;")
	passes(t, r, in, []passage{{"- 1 5 a @1; + 2 null b @2; + 3 null null @3", "- null null 1 @1; + b null 2 @2; + null null 3 @3", ""}})
	r, in = rekey(t, aStream+"SELECT * FROM s PARTITION BY v + ? EMIT CHANGES;")
	passes(t, r, in, []passage{{"+ 1 5 a @1; + 2 null b @2", "+ 12 5 a 1 @1; + null null b 2 @2 !", "processing PartitionBy t-3@101: an operand is null"}}, int32(7))
	r, in = rekey(t, aStream+"CREATE STREAM o AS SELECT * FROM s PARTITION BY ARRAY_LENGTH(ARRAY[10 / v, 2]);")
	passes(t, r, in, []passage{{"+ 1 0 a @1; - 2 0 b @2", "+ 2 0 a 1 @1; - null 0 b 2 @2 !", "processing PartitionBy t-3@100: Error processing array item: / by zero"}})
}

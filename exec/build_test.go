package exec

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// planned plans the SELECT of a push query over stream S.
func planned(t *testing.T, query string) plan.Step {
	t.Helper()
	text := "CREATE STREAM S (K STRING KEY, V INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1); " + query
	list, err := sql.Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	env := &plan.Env{Functions: fn.Builtins(), Props: map[string]string{}}
	cmd, err := plan.Check(plan.NewCatalog(), env, list[0].Statement, list[0].Text)
	if err != nil {
		t.Fatal(err)
	}
	q, err := plan.PlanPush(cmd.Catalog, env, list[1].Statement.(*sql.Select), list[1].Text)
	if err != nil {
		t.Fatal(err)
	}
	return q.Root
}

// over puts a step in the place of the scan of a plan made for this test.
func over(root plan.Step, scan plan.Step) plan.Step {
	for _, s := range plan.Steps(root) {
		switch s := s.(type) {
		case *plan.Filter:
			if _, ok := s.In.(*plan.Scan); ok {
				s.In = scan
			}
		case *plan.Project:
			if _, ok := s.In.(*plan.Scan); ok {
				s.In = scan
			}
		}
	}
	return root
}

// A step with several readers lends its rows to each in order; where they meet again, row by row.
func TestSharedStep(t *testing.T) {
	big := planned(t, "SELECT K, V FROM S WHERE V > 10 EMIT CHANGES;")
	scan := plan.Steps(big)[0].(*plan.Scan)
	small := over(planned(t, "SELECT K, V FROM S WHERE V < 30 EMIT CHANGES;"), scan)
	both := &plan.Union{Head: *big.Out(), Ins: []plan.Step{big, small, big}}
	want := "b 20, b 20, b 20, a 5, c 40, c 40"
	for _, n := range []int{1, 2, 100} {
		if got := run(t, both, n); got != want {
			t.Errorf("%d at once: %s, want %s", n, got, want)
		}
	}
	// Two scans of one topic, and a step that is read by the plan's end and by another step.
	twice := &plan.Union{Head: *big.Out(), Ins: []plan.Step{big, planned(t, "SELECT K, V FROM S WHERE V < 30 EMIT CHANGES;")}}
	nested := &plan.Union{Head: *big.Out(), Ins: []plan.Step{both, small}}
	for _, c := range []struct {
		root plan.Step
		want string
	}{{twice, "b 20, b 20, a 5, c 40"}, {nested, "b 20, b 20, b 20, b 20, a 5, a 5, c 40, c 40"}} {
		for _, n := range []int{1, 2, 100} {
			if got := run(t, c.root, n); got != c.want {
				t.Errorf("%d at once: %s, want %s", n, got, c.want)
			}
		}
	}
}

// run feeds three rows to the one stage of a plan, n at once.
func run(t *testing.T, root plan.Step, n int) string {
	t.Helper()
	stages := staged(root, single, 1, func(s string) string { return s })
	if len(stages) != 1 || len(stages[0].reads) != 1 {
		t.Fatalf("%d stages, reading %v", len(stages), stages[0].reads)
	}
	var out []string
	c := &op.Context{Env: &expr.Env{Now: func() int64 { return 0 }, Stop: new(fn.Stop)}}
	l, err := stages[0].build(c, plan.Push, false, func(b *op.Batch) error {
		for i := range b.N {
			out = append(out, fmt.Sprintf("%s %d", b.Cols[0].Str(i), b.Cols[1].I32[i]))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var rows store.Records
	rows.TP.Topic = "s"
	for i, text := range []string{"b 20", "a 5", "c 40"} {
		key, v, _ := strings.Cut(text, " ")
		rows.Add(int64(i), []byte(key), []byte(`{"V":`+v+`}`))
	}
	all := make([]int, rows.Len())
	for i := range all {
		all[i] = i
	}
	for part := range slices.Chunk(all, n) {
		if err := l.feed([]store.Records{rows.Slice(part[0], part[len(part)-1]+1)}); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(out, ", ")
}

package exec

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// TestTakesOver: a query goes on with the tables that it has had, if they are of its form; tables that are new begin
// empty.
func TestTakesOver(t *testing.T) {
	tables := func(list ...tableShape) []stageShape { return []stageShape{{Name: "one", Tables: list}} }
	a, z := tableShape{Name: "a", Print: state.Print{Step: "x"}}, tableShape{Name: "a", Print: state.Print{Step: "y"}}
	other := tableShape{Name: "b", Print: state.Print{Step: "y"}}
	for _, c := range []struct {
		old, now []stageShape
		ok       bool
	}{
		{tables(a), tables(a), true}, {tables(a), tables(z), false}, {tables(a), tables(other), true}, {tables(a), tables(other, z), false},
		{tables(a, other), tables(other), true}, {nil, tables(a), true}, {tables(a), nil, true},
	} {
		err := (&built{shape: shape{Stages: c.now}}).takesOver(&queryRecord{Shape: shape{Stages: c.old}})
		if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "Query is not upgradeable. The state of a ") {
			t.Errorf("%+v after %+v: %v", c.now, c.old, err)
		}
	}
}

// TestDiffers: a query that would be another one than its record says is refused, with what is different.
func TestDiffers(t *testing.T) {
	one := func(print string) stageShape {
		return stageShape{Name: "one", In: "a", Tables: []tableShape{{Name: "t", Print: state.Print{Step: print}}}}
	}
	out := one("x")
	out.Out = "o"
	none := one("x")
	none.Tables = nil
	for _, c := range []struct {
		was, now shape
		want     string
	}{
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{one("x")}}, ""},
		{shape{"r", nil}, shape{"q", nil}, "its result was r and would be q now"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", nil}, "it had 1 stages and would have 0 now"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{one("y")}}, "the state of t was made by another form"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{out}}, "stage one was"},
		{shape{"r", []stageShape{one("x")}}, shape{"r", []stageShape{none}}, "stage one was"},
		{shape{"r", []stageShape{none}}, shape{"r", []stageShape{one("x")}}, "stage one was"},
	} {
		err := (&built{rec: &queryRecord{Shape: c.was}, shape: c.now}).differs()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v, now %+v: %v", c.was, c.now, err)
		}
	}
}

// TestKeysInOrder: the key columns of a result are those of the state, in the order in which the steps after it put them.
func TestKeysInOrder(t *testing.T) {
	key := func(from ...int) *plan.Project {
		p := &plan.Project{}
		for _, i := range from {
			p.Schema = append(p.Schema, sql.Column{Role: sql.KeyRole})
			p.Items = append(p.Items, plan.Item{X: &plan.Column{Index: i}})
		}
		p.Schema = append(p.Schema, sql.Column{})
		p.Items = append(p.Items, plan.Item{X: &plan.Literal{}})
		return p
	}
	for _, c := range []struct {
		steps []*plan.Project
		want  []int
	}{
		{nil, nil}, {[]*plan.Project{key(0, 1, 2)}, nil}, {[]*plan.Project{key(2, 0, 1)}, []int{2, 0, 1}},
		{[]*plan.Project{key(2, 0, 1), key(0, 2, 1)}, []int{2, 1, 0}}, {[]*plan.Project{key(2, 0, 1), key(1, 2, 0)}, nil}, {[]*plan.Project{key(0, 1, 2), key(1, 0, 2)}, []int{1, 0, 2}},
	} {
		v := &view{}
		for _, p := range c.steps {
			v.project(p)
		}
		if !reflect.DeepEqual(v.keys, c.want) {
			t.Errorf("%v, want %v", v.keys, c.want)
		}
	}
}

// TestAnswers: the state behind a result answers, where one way leads from it there; none that lies before a union, or
// in another stage.
func TestAnswers(t *testing.T) {
	agg, filter, scan, other := &plan.Aggregate{}, &plan.Filter{}, &plan.Scan{}, &plan.Filter{}
	agg.In, filter.In, other.In = scan, agg, scan
	union := &plan.Union{Ins: []plan.Step{filter, other}}
	for _, c := range []struct {
		what  string
		steps []plan.Step
		last  plan.Step
		shape plan.Shape
		kind  plan.QueryKind
	}{
		{"behind a scan", nil, scan, sql.TableKind, plan.PersistentAs},
		{"of a filter", []plan.Step{other}, other, sql.TableKind, plan.PersistentAs},
		{"behind a union", []plan.Step{filter, other, union}, union, sql.TableKind, plan.PersistentAs},
		{"a stream", []plan.Step{other}, other, sql.StreamKind, plan.PersistentAs},
		{"an insert", []plan.Step{other}, other, sql.TableKind, plan.PersistentInsert},
		{"a source without steps", nil, scan, sql.TableKind, plan.PersistentSource},
	} {
		sink := &plan.Sink{}
		sink.In, sink.Shape = c.last, c.shape
		w := &wiring{stage: &stage{Stage: plan.Stage{In: []plan.Step{scan}, Steps: c.steps, Out: []plan.Step{sink}}}}
		w.answer(sink, c.kind, make([]work, len(c.steps)))
		if w.read != nil || w.after != nil {
			t.Errorf("%s: %+v", c.what, w.read)
		}
	}
}

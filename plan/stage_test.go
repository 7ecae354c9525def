package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// graph makes plans by hand. Its steps have names, by which the tests print them.
type graph struct {
	*world
	names map[Step]string
}

func newGraph(t *testing.T) *graph {
	return &graph{newWorld(t, people+"CREATE STREAM O AS SELECT K, A FROM S WHERE A > 1; CREATE STREAM P AS SELECT K, A FROM S WHERE B > 1;"), map[Step]string{}}
}

func (g *graph) scan(source string) *Scan {
	s := newScan(g.cat.Source(source), func(string) bool { return false })
	g.names[s] = source
	return s
}

// filter keeps the rows of in whose column is true to the condition of query.
func (g *graph) filter(name, query string, in Step) *Filter {
	for _, s := range steps(g.cat.Query(g.cat.Source(query).Query).Root) {
		if f, ok := s.(*Filter); ok {
			h := *in.Out()
			h.Name = "WhereFilter"
			out := &Filter{Head: h, In: in, Pred: f.Pred}
			g.names[out] = name
			return out
		}
	}
	g.Fatal("no filter in ", query)
	return nil
}

func (g *graph) exchange(name string, in Step) *Exchange {
	h := *in.Out()
	h.Name = "Aggregate-GroupBy"
	s := &Exchange{Head: h, In: in, Topic: name + "-repartition"}
	g.names[s] = name
	return s
}

func (g *graph) union(name string, in ...Step) *Union {
	h := *in[0].Out()
	h.Name = "Union"
	s := &Union{Head: h, Ins: in}
	g.names[s] = name
	return s
}

func (g *graph) sink(in Step) *Sink {
	s := newSink(in, g.cat.Source("O"))
	g.names[s] = "O"
	return s
}

// stages prints the stages of a plan: name, tasks, and what they read, do and write.
func (g *graph) stages(root Step, partitions map[string]int32) string {
	var out []string
	for _, st := range Stages(root, func(topic string) int32 { return partitions[topic] }) {
		list := func(of []Step) string {
			var names []string
			for _, s := range of {
				name := g.names[s]
				if before := st.Before(s); slices.Contains(st.Steps, s) && len(before) > 1 {
					for i, in := range before {
						name += string("(,"[min(i, 1)]) + g.names[in]
					}
					name += ")"
				}
				names = append(names, name)
			}
			return strings.Join(names, " ")
		}
		out = append(out, fmt.Sprintf("%s/%d: %s > %s > %s", st.Name, st.Tasks, list(st.In), list(st.Steps), list(st.Out)))
	}
	return strings.Join(out, "\n")
}

func TestStages(t *testing.T) {
	g := newGraph(t)
	check := func(what string, root Step, partitions map[string]int32, want ...string) {
		t.Helper()
		if got := g.stages(root, partitions); got != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", what, got, strings.Join(want, "\n"))
		}
	}
	four := map[string]int32{"s": 4, "w": 4, "t": 4}
	s := g.scan("S")
	check("a line", g.sink(g.filter("f", "O", s)), four, "sink/4: S > f > O")
	check("a line without a sink", g.filter("f", "O", s), four, "table/4: S > f > ")

	x := g.exchange("x", g.filter("f", "O", s))
	root := g.sink(g.filter("g", "P", x))
	check("an exchange", root, four, "x/4: S > f > x", "sink/4: x > g > O")
	check("an exchange of one partition", root, map[string]int32{"s": 1}, "sink/1: S > f g > O")

	root = g.sink(g.union("u", g.filter("f", "O", s), g.filter("g", "P", s)))
	check("a scan with two readers", root, four, "sink/4: S > f g u(f,g) > O")

	root = g.sink(g.union("u", g.exchange("x", g.filter("f", "O", s)), g.exchange("y", g.filter("g", "P", s))))
	check("two topics written by one stage", root, four, "x/4: S > f g > x y", "sink/4: x y > u(x,y) > O")

	root = g.sink(g.union("u", g.exchange("x", g.filter("f", "O", s)), s))
	check("a stage that reads what it writes", root, four, "sink/4: S x > f u(x,S) > x O")
	check("the same of one partition", root, map[string]int32{"s": 1}, "sink/1: S > f u(f,S) > O")

	w := g.scan("W")
	root = g.sink(g.union("u", g.exchange("x", s), w))
	check("a topic as wide as the one beside it", root, map[string]int32{"s": 8, "w": 4}, "x/8: S >  > x", "sink/4: x W > u(x,W) > O")
	check("one task reads what four write", root, map[string]int32{"s": 4, "w": 1}, "x/4: S >  > x", "sink/1: x W > u(x,W) > O")
	check("four tasks read what one writes", root, map[string]int32{"s": 1, "w": 4}, "x/1: S >  > x", "sink/4: x W > u(x,W) > O")
	check("one task for all", root, map[string]int32{"s": 1, "w": 1}, "sink/1: S W > u(S,W) > O")

	root = g.sink(g.union("u", g.exchange("x", s), g.exchange("y", w)))
	check("the wider of two", root, map[string]int32{"s": 8, "w": 4}, "x/8: S >  > x", "y/4: W >  > y", "sink/8: x y > u(x,y) > O")
}

// A step that two others read gives what either of them wants.
func TestSharedNeeds(t *testing.T) {
	g := newGraph(t)
	s := g.scan("S")
	f := g.filter("f", "O", s)
	only := &Project{Head: Head{Name: "Project", Schema: s.Schema[:1]}, In: f, Items: []Item{{"K", &Column{Typed: Typed{T: sql.TString, Text: "K"}, Index: 0}}}}
	other := &Project{Head: Head{Name: "Project", Schema: s.Schema[:1]}, In: g.filter("g", "P", s), Items: only.Items}
	settle(g.union("u", only, other), Push)
	if want := []bool{true, true, true, false, false}; !reflect.DeepEqual(s.Live, want) { // K, A and B
		t.Errorf("the shared scan reads %v, want %v", s.Live, want)
	}
	if want := []bool{true, true, false, false, false}; !reflect.DeepEqual(f.In.(*Scan).Live, s.Live) || reflect.DeepEqual(f.Live, want) {
		t.Errorf("the filter gives %v", f.Live)
	}

	scan := g.scan("T")
	h := scan.Head
	h.Name = "KsqlTopic-Reduce"
	latest := &Latest{Head: h, State: "Latest", In: scan}
	u := g.union("u", latest, latest)
	plain := g.union("v", scan, latest)
	all := g.union("w", u, plain)
	settle(&Filter{Head: all.Head, In: all, Pred: &Literal{Typed: Typed{T: sql.TBoolean, Text: "true"}, Value: true}}, PersistentAs)
	if !latest.Old || !u.Old || plain.Old || scan.Old {
		t.Errorf("old values leave: latest %v, a union of such %v, one of others %v, scan %v", latest.Old, u.Old, plain.Old, scan.Old)
	}
	if len(latest.Kept()) != len(h.Schema) || scan.Live != nil {
		t.Errorf("a persistent query remembers %v, and reads %v", latest.Kept(), scan.Live)
	}
	if latest.State != "Union-0-Union-0-Latest" {
		t.Errorf("a shared state is called %s", latest.State)
	}
}

func TestSharedExplain(t *testing.T) {
	g := newGraph(t)
	f := g.filter("f", "O", g.scan("S"))
	q := &Query{ID: "q", Root: g.sink(g.union("u", f, g.filter("g", "P", f), g.scan("W")))}
	want := strings.ReplaceAll(` > [ SINK ] | Schema: S | Logger: q.O
		 > [ UNION ] | Schema: S | Logger: q.Union
				 > [ FILTER ] #1 | Schema: S | Logger: q.WhereFilter
						 > [ SOURCE ] | Schema: S | Logger: q.KsqlTopic
				 > [ FILTER ] | Schema: S | Logger: q.WhereFilter
						 > [ FILTER ] #1
				 > [ SOURCE ] | Schema: `+"`K` STRING KEY, `A` INTEGER"+` | Logger: q.KsqlTopic
`, "Schema: S ", "Schema: "+g.cat.Source("S").Schema.String()+" ")
	if got := Explain(q); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// CREATE OR REPLACE compares plans branch by branch.
func TestSharedUpgrade(t *testing.T) {
	g := newGraph(t)
	s, w := g.scan("S"), g.scan("W")
	root := func(in ...Step) Step { return g.sink(g.union("u", in...)) }
	for _, c := range []struct {
		what     string
		old, now Step
		err      string
	}{
		{"the same", root(s, w), root(s, w), ""},
		{"a filter more", root(s, w), root(g.filter("f", "O", s), w), ""},
		{"a shared filter", root(g.filter("f", "O", s), s), root(s, s), ""},
		{"another topic", root(s, w), root(s, s), "Query is not upgradeable. Plan step of type WindowedStreamSource must have matching type. Values differ: WindowedStreamSource vs. StreamSource"},
		{"one branch more", root(s, w), root(s, w, w), "Query is not upgradeable. Plan step of type StreamUnion must have matching sources. Values differ: 2 vs. 3"},
		{"no union", root(s, w), g.sink(s), "Query is not upgradeable. Plan step of type StreamUnion must have matching type. Values differ: StreamUnion vs. StreamSource"},
	} {
		err := upgradeSteps(c.old, c.now)
		if err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("%s: %v, want %q", c.what, err, c.err)
		}
	}
}

// What the branches of a union keep has names of its own: a state or a topic of one is not that of the other.
func TestBranchNames(t *testing.T) {
	g := newGraph(t)
	x, y := g.exchange("x", g.scan("S")), g.exchange("x", g.scan("W"))
	group := func(in Step) *Aggregate {
		return &Aggregate{Head: Head{Name: "Aggregate", Schema: in.Out().Schema[:1]}, In: in, State: "Aggregate", Groups: 1}
	}
	a, b := group(x), group(y)
	settle(g.union("u", a, b), Push)
	if x.Topic != "Union-0-x-repartition" || y.Topic != "Union-1-x-repartition" || a.State != "Union-0-Aggregate" || b.State != "Union-1-Aggregate" {
		t.Errorf("topics %s and %s, states %s and %s", x.Topic, y.Topic, a.State, b.State)
	}
	if want := []bool{true, false, false, false, false}; !reflect.DeepEqual(x.Live, want) || !reflect.DeepEqual(x.In.(*Scan).Live, want) {
		t.Errorf("groups of the first column read %v of %v", x.Live, x.In.(*Scan).Live)
	}
}

package plan

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ksqlgo/ksql/sql"
)

// TestTreap holds a treap to a map, and old ones to what they were.
func TestTreap(t *testing.T) {
	type past struct {
		tree treap[int]
		is   map[string]int
	}
	rapid.Check(t, func(t *rapid.T) {
		var history []past
		now := past{is: map[string]int{}}
		for i := range rapid.IntRange(0, 200).Draw(t, "steps") {
			key := fmt.Sprint("k", rapid.IntRange(0, 40).Draw(t, "key"))
			next := past{now.tree, map[string]int{}}
			for k, v := range now.is {
				next.is[k] = v
			}
			if rapid.Bool().Draw(t, "add") {
				next.tree, next.is[key] = now.tree.with(key, i), i
			} else {
				next.tree = now.tree.without(key)
				delete(next.is, key)
			}
			history, now = append(history, now), next
		}
		for _, p := range append(history, now) {
			var keys []string
			for k, v := range p.tree.all() {
				keys = append(keys, k)
				if got, ok := p.tree.get(k); !ok || got != v || v != p.is[k] {
					t.Fatalf("%s is %d, found as %d %v, want %d", k, v, got, ok, p.is[k])
				}
			}
			if !slices.IsSorted(keys) || len(keys) != len(p.is) || p.tree.len != len(keys) {
				t.Fatalf("keys %v (%d), want %v", keys, p.tree.len, p.is)
			}
			var again treap[int] // the same contents by another way
			slices.Reverse(keys)
			for _, k := range keys {
				again = again.with(k, p.is[k])
			}
			if !reflect.DeepEqual(again, p.tree) {
				t.Fatalf("the tree depends on its history")
			}
			for v := range values(p.tree) { // a loop may end early
				_ = v
				break
			}
		}
	})
}

// TestTreapDepth: keys as people number them do not make a long branch.
func TestTreapDepth(t *testing.T) {
	var tree treap[int]
	for i := range 20_000 {
		tree = tree.with(fmt.Sprintf("STREAM_%d", i), i)
	}
	var depth func(n *node[int]) int
	depth = func(n *node[int]) int {
		if n == nil {
			return 0
		}
		return 1 + max(depth(n.left), depth(n.right))
	}
	if d := depth(tree.root); d > 60 {
		t.Errorf("%d keys are %d deep", tree.len, d)
	}
}

// TestIndexes holds what the indexes say to what a look at everything says, after random effects.
func TestIndexes(t *testing.T) {
	name := rapid.SampledFrom([]string{"A", "a", "B", "C", "D"})
	id := rapid.SampledFrom([]string{"CSAS_A_0", "CTAS_ß_1", "Q", "INSERTQUERY_3"})
	rapid.Check(t, func(t *rapid.T) {
		c := NewCatalog()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			e := Effect{}
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				e.Put = []*Source{{Name: name.Draw(t, "name"), Topic: name.Draw(t, "topic"), From: rapid.SliceOfN(name, 0, 2).Draw(t, "from")}}
			case 1:
				e.Drop = []string{name.Draw(t, "name")}
			case 2:
				e.Start = &Query{ID: id.Draw(t, "id"), Reads: rapid.SliceOfN(name, 1, 2).Draw(t, "reads"), Writes: name.Draw(t, "writes")}
			case 3:
				e.Stop = []string{id.Draw(t, "id")}
			case 4:
				e.Pause = []string{id.Draw(t, "id")}
			}
			before, was := *c, c
			c = c.Apply(&e)
			if *was != before {
				t.Fatalf("Apply changed the catalog before: %+v", e)
			}
			all, queries := slices.Collect(c.Sources()), slices.Collect(c.Queries())
			if len(all) != c.NumSources() || len(queries) != c.NumQueries() {
				t.Fatalf("%d sources, %d queries; counted %d and %d", len(all), len(queries), c.NumSources(), c.NumQueries())
			}
			for _, n := range []string{"A", "a", "B", "C", "D"} {
				same(t, "over "+n, c.Over(n), all, func(s *Source) bool { return s.Topic == n })
				same(t, "from "+n, c.From(n), all, func(s *Source) bool { return slices.Contains(s.From, n) })
				same(t, "readers of "+n, c.Readers(n), queries, func(q *Query) bool { return slices.Contains(q.Reads, n) })
				same(t, "writers of "+n, c.Writers(n), queries, func(q *Query) bool { return q.Writes == n })
			}
			for _, q := range queries {
				if c.Query(q.ID) != q || c.FindQuery(strings.ToLower(q.ID)) != q || c.FindQuery(strings.ToUpper(q.ID)) != q {
					t.Fatalf("query %s is not found by its id", q.ID)
				}
			}
			if len(e.Pause) > 0 && c.Query(e.Pause[0]) != nil && !c.Query(e.Pause[0]).Paused {
				t.Fatalf("query %s is not paused", e.Pause[0])
			}
		}
		empty := &Effect{}
		for s := range c.Sources() {
			empty.Drop = append(empty.Drop, s.Name)
		}
		for q := range c.Queries() {
			empty.Stop = append(empty.Stop, q.ID)
		}
		if *c.Apply(empty) != *NewCatalog() {
			t.Fatal("an emptied catalog remembers something")
		}
	})
}

func same[V any](t *rapid.T, what string, got iter.Seq[*V], all []*V, want func(*V) bool) {
	wanted := slices.DeleteFunc(slices.Clone(all), func(v *V) bool { return !want(v) })
	if !slices.Equal(slices.Collect(got), wanted) {
		t.Fatalf("%s: got %v, want %v", what, slices.Collect(got), wanted)
	}
}

// TestFold holds fold to strings.EqualFold.
func TestFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringOf(rapid.RuneFrom([]rune("aAkK\u212AsSſßẞσςΣiıİ"))).Draw(t, "a")
		b := rapid.StringOf(rapid.RuneFrom([]rune("aAkK\u212AsSſßẞσςΣiıİ"))).Draw(t, "b")
		for _, b := range []string{b, strings.ToUpper(a), strings.ToLower(a)} {
			if (fold(a) == fold(b)) != strings.EqualFold(a, b) {
				t.Fatalf("%q and %q: %q %q", a, b, fold(a), fold(b))
			}
		}
	})
}

// TestUnplanned: a query that cannot be planned now can be looked at, replaced and dropped.
func TestUnplanned(t *testing.T) {
	w := newWorld(t, people+"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K;")
	q := *w.cat.Query("CTAS_O_0")
	q.Root = nil
	w.cat = w.cat.Apply(&Effect{Start: &q})
	at := *w.cat
	for _, s := range []string{"PAUSE CTAS_O_0;", "TERMINATE CTAS_O_0;", "DROP TABLE O;", "CREATE OR REPLACE TABLE O AS SELECT K, COUNT(*) AS N FROM S WHERE A > 1 GROUP BY K;"} {
		w.cat = &at
		if err := w.run(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	if q := w.last.Start; q == nil || q.ID != "CTAS_O_0" || q.Root == nil || !w.last.Replace {
		t.Errorf("replaced by %+v", q)
	}
	stmts, err := sql.Parse("SELECT * FROM O;", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PlanPull(&at, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text); err != nil {
		t.Error(err) // the engine says why its query does not run
	}
}

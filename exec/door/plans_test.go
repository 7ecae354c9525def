package door

import (
	"testing"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
)

// TestPlans holds that the plans asked for last are kept, so many, and only for the catalog they were made for.
func TestPlans(t *testing.T) {
	p := newPlans(2)
	one, two := new(plan.Catalog), new(plan.Catalog)
	a, b, c := key{"a", ""}, key{"b", ""}, key{"a", "x"}
	pull := new(exec.Pull)
	p.put(a, one, pull)
	p.put(b, one, nil)
	if x := p.get(a, one); x == nil || x.pull != pull {
		t.Fatal("the first plan is lost")
	}
	p.put(c, one, pull) // b was asked for longest ago
	if p.get(b, one) != nil || p.get(a, one) == nil || p.get(c, one) == nil {
		t.Error("the wrong plan was dropped")
	}
	p.put(a, one, nil)
	if x := p.get(a, one); x == nil || x.pull != nil || p.used.Len() != 2 || len(p.at) != 2 {
		t.Error("a plan that came again stands twice")
	}
	if p.get(c, two) != nil || p.get(c, one) != nil {
		t.Error("a plan outlived its catalog")
	}
}

func TestShaped(t *testing.T) {
	x := shaped("q", map[string]string{"a": "1", "b": "2"})
	for _, other := range []key{shaped("q", nil), shaped("q", map[string]string{"a": "1"}), shaped("q", map[string]string{"a": "2", "b": "2"}), {"q", ""}} {
		if x == other {
			t.Errorf("%q has the key of another", other)
		}
	}
	for range 20 { // maps have no order
		if shaped("q", map[string]string{"b": "2", "a": "1"}) != x {
			t.Fatal("the order of properties counts")
		}
	}
}

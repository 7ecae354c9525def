package plan

import "github.com/ksqlgo/ksql/sql"

// settle completes the steps of a query, once all of them are there: what each gives is what any of its readers wants.
func settle(root Step, kind QueryKind) {
	steps := Steps(root)
	for _, s := range steps {
		if l, ok := s.(*Latest); ok {
			l.Whole = kind != Push
		}
	}
	setNames(root)
	setOld(steps)
	setLive(steps)
}

// setNames tells the tables and topics of the query's own steps apart, by the branch that they stand in.
func setNames(root Step) {
	seen := map[Step]bool{}
	var visit func(s Step, path string)
	visit = func(s Step, path string) {
		if seen[s] {
			return
		}
		seen[s] = true
		if name := s.keeps(); name != nil {
			*name = path + *name
		}
		for n, in := range s.Inputs() {
			visit(in, path+s.branch(n))
		}
	}
	visit(root, "")
}

// setOld marks the tables whose updates must leave as Before and After.
func setOld(steps []Step) {
	wanted := map[Step]bool{}
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		if s.Out().Shape == sql.StreamKind {
			continue
		}
		for _, in := range s.Inputs() {
			wanted[in] = s.readsOld(wanted[s]) || wanted[in]
		}
	}
	for _, s := range steps {
		h := s.Out()
		h.Old = h.Shape == sql.TableKind && s.givesOld(wanted[s])
	}
}

// setLive marks, from the last step to the first, the columns that a later step reads. Keys and window bounds always
// count.
func setLive(steps []Step) {
	last := steps[len(steps)-1]
	need := map[Step][]bool{last: nil} // nil: all
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		h := s.Out()
		own := need[s]
		if own != nil {
			for i, c := range h.Schema {
				if c.Role == sql.KeyRole || isBound(c.Name) {
					own[i] = true
				}
			}
			h.Live = own
		}
		for n, in := range s.Inputs() {
			needs := s.needs(n, own)
			if was, ok := need[in]; ok {
				needs = either(was, needs)
			}
			need[in] = needs
		}
	}
}

// either is the columns that are in a or in b; nil: all.
func either(a, b []bool) []bool {
	if a == nil || b == nil {
		return nil
	}
	for i := range a {
		a[i] = a[i] || b[i]
	}
	return a
}

// wants reports whether column i is among those of need.
func wants(need []bool, i int) bool { return need == nil || need[i] }

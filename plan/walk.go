package plan

// Steps is every step of a plan once, each behind all that it reads: a step may have several readers.
func Steps(root Step) []Step {
	var out []Step
	seen := map[Step]bool{}
	var visit func(Step)
	visit = func(s Step) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, in := range s.Inputs() {
			visit(in)
		}
		out = append(out, s)
	}
	visit(root)
	return out
}

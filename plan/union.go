package plan

// Union gives the rows of all its inputs, which have the same columns. No statement makes one yet.
type Union struct {
	Head
	Ins []Step
}

// Inputs are its branches.
func (s *Union) Inputs() []Step { return s.Ins }

func (*Union) title() string       { return "UNION" }
func (s *Union) class() string     { return s.side() + "Union" }
func (*Union) branch(n int) string { return "Union-" + itoa(n) + "-" }

func (s *Union) givesOld(bool) bool {
	for _, in := range s.Ins {
		if !in.Out().Old {
			return false
		}
	}
	return true
}

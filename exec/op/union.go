package op

import "github.com/ksqlgo/ksql/plan"

// Union lends on the rows of all its inputs as they come.
type Union struct{ branches []Operator }

// branch is the way into a Union of one of its inputs.
type branch struct{}

// NewUnion is the operator of s.
func NewUnion(s *plan.Union) *Union {
	u := &Union{branches: make([]Operator, len(s.Ins))}
	for i := range u.branches {
		u.branches[i] = branch{}
	}
	return u
}

// Ports are the ways in, one for each branch.
func (u *Union) Ports() []Operator { return u.branches }

func (branch) Process(_ *Context, b *Batch, emit Emit) error { return emit(b) }

package expr

import (
	"fmt"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// node computes one column for a batch. It owns the result, unless that is an input column.
type node interface {
	eval(f *frame) *vec.Vec
	// fails reports whether a row may fail here.
	fails() bool
}

type compiler struct {
	env       *Env
	predicate bool
	protect   bool        // nested errors become null: ksql.nested.error.set.null
	columns   []int       // the input column of each slot, -1 for lambda parameters
	slotOf    map[int]int // the slot of an input column
	scopes    []int       // the first slot of each enclosing lambda, innermost last
	reads     []int       // the slots read by the part that is being compiled
}

// vec is an empty column for a node's results.
func (c *compiler) vec(t sql.Type) *vec.Vec { return vec.NewIn(t, c.env.Budget) }

func (c *compiler) read(slot int) *column {
	for _, s := range c.reads {
		if s == slot {
			return &column{slot}
		}
	}
	c.reads = append(c.reads, slot)
	return &column{slot}
}

func (c *compiler) slot(col int) int {
	s, ok := c.slotOf[col]
	if !ok {
		s = len(c.columns)
		c.columns = append(c.columns, col)
		c.slotOf[col] = s
	}
	return s
}

// branch compiles a part that may run on some rows only.
func (c *compiler) branch(e plan.Expr) (*branch, error) {
	outer := c.reads
	c.reads = nil
	n, err := c.node(e)
	if err != nil {
		return nil, err
	}
	b := &branch{node: n}
	b.sub.uses = c.reads
	b.sub.init()
	c.reads = outer
	for _, s := range b.sub.uses {
		c.read(s)
	}
	return b, nil
}

func (c *compiler) nodes(list []plan.Expr) ([]node, error) {
	out := make([]node, len(list))
	for i, e := range list {
		n, err := c.node(e)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

func (c *compiler) pair(l, r plan.Expr) (ln, rn node, err error) {
	if ln, err = c.node(l); err != nil {
		return nil, nil, err
	}
	rn, err = c.node(r)
	return ln, rn, err
}

func (c *compiler) node(e plan.Expr) (node, error) {
	switch e := e.(type) {
	case *plan.Column:
		return c.read(c.slot(e.Index)), nil
	case *plan.LambdaVar:
		k := len(c.scopes) - 1 - e.Depth
		if k < 0 {
			return nil, fmt.Errorf("lambda variable %s stands outside of its lambda", e.Text)
		}
		return c.read(c.scopes[k] + e.Index), nil
	case *plan.Literal:
		return &literal{t: e.T, value: e.Value, budget: c.env.Budget}, nil
	case *plan.Param:
		return &param{n: e.N, out: c.vec(e.T)}, nil
	case *plan.Arith:
		l, r, err := c.pair(e.L, e.R)
		if err != nil {
			return nil, err
		}
		return c.arith(e, l, r)
	case *plan.Neg:
		x, err := c.node(e.X)
		if err != nil {
			return nil, err
		}
		return &neg{x, c.vec(e.T)}, nil
	case *plan.Compare:
		return c.compare(e)
	case *plan.Logic:
		return c.logic(e)
	case *plan.Not:
		x, err := c.node(e.X)
		if err != nil {
			return nil, err
		}
		return &not{x: x, out: c.vec(sql.TBoolean)}, nil
	case *plan.IsNull:
		x, err := c.node(e.X)
		if err != nil {
			return nil, err
		}
		return &isNull{x: x, negated: e.Negated, out: c.vec(sql.TBoolean)}, nil
	case *plan.Between:
		return c.between(e)
	case *plan.In:
		return c.in(e)
	case *plan.Like:
		return c.like(e)
	case *plan.Case:
		return c.cases(e)
	case *plan.Cast:
		return c.cast(e)
	case *plan.ArrayCons:
		return c.arrayCons(e)
	case *plan.MapCons:
		return c.mapCons(e)
	case *plan.StructCons:
		return c.structCons(e)
	case *plan.Call:
		return c.call(e)
	case *plan.Index:
		return c.index(e)
	case *plan.Deref:
		return c.deref(e)
	}
	return nil, fmt.Errorf("unsupported expression: %s", e)
}

// guarded compiles an operand in a position whose errors become null instead of failing the row. part is what
// the errors say of the position.
func (c *compiler) guarded(e plan.Expr, part string) (node, error) {
	n, err := c.node(e)
	if err != nil || !c.protect || !n.fails() {
		return n, err
	}
	if c.predicate && e.Type().Kind != sql.Boolean {
		return n, nil
	}
	g := &guard{x: n, toFalse: c.predicate}
	g.report = func(row int, err error) { g.frame.swallow(row, &NestedError{part, err}) }
	return g, nil
}

func (c *compiler) guardedAll(list []plan.Expr, part func(i int) string) ([]node, error) {
	out := make([]node, len(list))
	for i, e := range list {
		n, err := c.guarded(e, part(i))
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// NestedError is an error in a part of an expression (a function, a field, an item) that became null there;
// the expression around it went on.
type NestedError struct {
	Part string
	Err  error
}

// Error is ksqlDB's text, and the cause.
func (e *NestedError) Error() string { return "Error processing " + e.Part + ": " + e.Err.Error() }

// Unwrap is the cause.
func (e *NestedError) Unwrap() error { return e.Err }

// guard turns the errors of x into null, or in a predicate into false.
type guard struct {
	x       node
	toFalse bool
	failed  []bool
	frame   *frame
	report  func(row int, err error)
}

func (g *guard) fails() bool { return false }

func (g *guard) eval(f *frame) *vec.Vec {
	outer := f.scope
	g.frame = f
	f.scope = scope{failed: g.failed, report: g.report}
	defer func() { f.scope = outer }() // also when a value is too large
	v := g.x.eval(f)
	if f.any {
		for i, bad := range f.failed {
			switch {
			case !bad:
			case g.toFalse:
				v.Bool[i] = false
				if v.IsNull(i) {
					v.Valid[i>>3] |= 1 << (i & 7)
					v.Nulls--
				}
			default:
				v.SetNull(i)
			}
		}
	}
	g.failed = f.failed
	return v
}

// Package expr runs bound expressions over batches of columns. An expression is compiled once into a tree of
// nodes, each of which owns the column that it computes and reuses it from batch to batch.
package expr

import (
	"errors"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/property"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Env is what expressions can see besides their columns.
type Env struct {
	Now    func() int64  // ms since epoch, the engine's clock
	Rand   func() uint64 // the engine's randomness
	Config map[string]string
	Stop   *fn.Stop    // of the query that the expressions are of; nil: none
	Budget *vec.Budget // of its columns; nil: none but the common one
}

// Program is a compiled expression. One goroutine uses it.
type Program struct {
	root      node
	typ       sql.Type
	frame     frame
	columns   []int // the input column of each slot, -1 for the parameters of lambdas
	predicate bool
	bools     []bool
	env       *Env
}

// Call is one batch to evaluate over.
type Call struct {
	Cols   []*vec.Vec               // input columns; those the program does not read may be nil
	N      int                      // rows
	Params []any                    // values of bound parameters, in vec.Vec.Get's forms
	Fail   func(row int, err error) // told once for each row that failed (its result is null, or false); may be nil
	Nested func(row int, err error) // told of each NestedError: the row goes on; may be nil
	Halve  bool                     // values that are too large together panic with vec.ErrTooLarge: the caller tries fewer rows
}

// Compile makes a program of an expression of a select list, a key or a join. A row whose evaluation fails
// becomes null.
func Compile(e plan.Expr, env *Env) (*Program, error) { return compile(e, env, false) }

// CompilePredicate makes a program of a WHERE or HAVING condition. It differs from Compile in what a nested
// error becomes: ksqlDB puts FALSE there, which makes the whole condition fail unless a BOOLEAN stood there.
func CompilePredicate(e plan.Expr, env *Env) (*Program, error) { return compile(e, env, true) }

func compile(e plan.Expr, env *Env, predicate bool) (*Program, error) {
	if env == nil {
		env = &Env{}
	}
	c := &compiler{env: env, predicate: predicate, slotOf: map[int]int{}, protect: property.On(env.Config, "ksql.nested.error.set.null")}
	root, err := c.node(e)
	if err != nil {
		return nil, err
	}
	return &Program{root: root, typ: e.Type(), columns: c.columns, predicate: predicate, env: env}, nil
}

// Eval computes the expression for each row. The result is lent until the next Eval or Filter. A plain column
// reference gives the input column itself.
func (p *Program) Eval(c *Call) *vec.Vec {
	out := p.run(c)
	if p.frame.any {
		for i, bad := range p.frame.failed[:c.N] {
			if bad {
				out.SetNull(i)
			}
		}
	}
	return out
}

// Filter appends to rows those for which the predicate is true.
func (p *Program) Filter(c *Call, rows []int32) []int32 {
	out := p.run(c)
	if out.Type.Kind != sql.Boolean {
		return rows
	}
	keep := out.Bool[:c.N]
	if out.Nulls > 0 || p.frame.any {
		p.bools = resize(p.bools, c.N)
		for i := range keep {
			p.bools[i] = keep[i] && !out.IsNull(i) && !(p.frame.any && p.frame.failed[i])
		}
		keep = p.bools
	}
	return selected(keep, rows)
}

// selected appends the positions of the true ones, without a branch that depends on the data.
func selected(keep []bool, rows []int32) []int32 {
	k := len(rows)
	rows = resize(rows, k+len(keep))
	for i, b := range keep {
		rows[k] = int32(i)
		if b {
			k++
		}
	}
	return rows[:k]
}

func (p *Program) run(c *Call) *vec.Vec {
	f := &p.frame
	if len(f.slots) != len(p.columns) {
		f.slots = make([]*vec.Vec, len(p.columns))
	}
	for s, col := range p.columns {
		if col >= 0 {
			f.slots[s] = c.Cols[col]
		}
	}
	f.params, f.nested = c.Params, c.Nested
	f.begin(c.N, c.Fail)
	if v := p.try(f); v != nil {
		return v
	}
	if c.Halve && c.N > 1 {
		panic(vec.ErrTooLarge)
	}
	return p.rowByRow(f)
}

// Value evaluates an expression without columns: what INSERT VALUES and key lookups need. The result has the
// form that vec.Vec.Get gives for the expression's type.
func Value(e plan.Expr, params []any, env *Env) (v any, err error) {
	p, err := Compile(e, env)
	if err != nil {
		return nil, err
	}
	for _, col := range p.columns {
		if col >= 0 {
			return nil, errors.New("Unsupported column reference in insert value: " + e.String())
		}
	}
	if l, ok := p.root.(*literal); ok {
		return l.value, nil
	}
	defer func() {
		if r := recover(); r == fn.ErrCancelled || r == vec.ErrMemory {
			v, err = nil, r.(error)
		} else if r != nil {
			panic(r)
		}
	}()
	var failed error
	out := p.Eval(&Call{N: 1, Params: params, Fail: func(_ int, err error) { failed = err }})
	if failed != nil {
		return nil, failed
	}
	return out.Get(0), nil
}

package expr

import (
	"errors"
	"fmt"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// call compiles a function call. Errors of arguments that are calls or dereferences themselves become null.
func (c *compiler) call(e *plan.Call) (node, error) {
	if e.Variant.Scalar == nil {
		return nil, fmt.Errorf("%s is no scalar function", e.Func.Name)
	}
	site := e.Site
	if site.Config == nil {
		site.Config = c.env.Config
	}
	site.Stop, site.Max = c.env.Stop, c.env.Budget.Max()
	kernel, err := e.Variant.Scalar(site)
	if err != nil {
		return nil, err
	}
	n := &call{name: e.Func.Name, kernel: kernel, out: c.vec(e.T)}
	n.call = fn.Call{Now: c.env.Now, Rand: c.env.Rand, Stop: c.env.Stop, Args: make([]*vec.Vec, len(e.Args))}
	for _, a := range e.Args {
		var x node
		switch {
		case a == nil:
		case nested(a) != "":
			x, err = c.guarded(a, nested(a))
		default:
			x, err = c.node(a)
		}
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, x)
	}
	for _, l := range e.Lambdas {
		run, err := c.lambda(l)
		if err != nil {
			return nil, err
		}
		n.lambdas = append(n.lambdas, run)
		n.call.Lambdas = append(n.call.Lambdas, run.run)
	}
	n.call.Fail = func(row int, err error) { n.frame.fail(row, err) }
	return n, nil
}

// nested is the name of the function or field where e is a call or a dereference, perhaps within the casts that
// the call around it implied; else empty.
func nested(e plan.Expr) string {
	switch e := e.(type) {
	case *plan.Call:
		return e.Func.Name
	case *plan.Deref:
		return e.X.Type().Fields[e.Field].Name
	case *plan.Cast:
		if e.Implied {
			return nested(e.X)
		}
	}
	return ""
}

type call struct {
	name    string
	kernel  fn.Kernel
	args    []node
	lambdas []*lambda
	call    fn.Call
	frame   *frame
	out     *vec.Vec
}

func (n *call) fails() bool { return true }

var errRows = errors.New("a function gave the wrong number of rows")

func (n *call) eval(f *frame) *vec.Vec {
	n.frame = f
	for k, a := range n.args {
		if a != nil {
			n.call.Args[k] = a.eval(f)
		}
	}
	for _, l := range n.lambdas {
		l.up = f
	}
	n.call.Stop.Check()
	n.call.N = f.n
	if err := n.try(&n.call); err != nil {
		n.rowByRow(f)
	}
	return n.out
}

// try runs the kernel; a panic is an error.
func (n *call) try(c *fn.Call) (err error) {
	defer func() {
		if p := recover(); p == vec.ErrTooLarge || p == vec.ErrMemory || p == fn.ErrCancelled {
			panic(p) // see Program.run, and who ends a query
		} else if p != nil {
			err = fmt.Errorf("function %s: %v", n.name, p)
		}
	}()
	n.out.Reset()
	n.kernel(c, n.out)
	if n.out.N != c.N {
		return errRows
	}
	return nil
}

// rowByRow repeats a batch in which the kernel panicked: the rows that make it panic fail.
func (n *call) rowByRow(f *frame) {
	all := n.out.Like()
	one := n.call
	one.N = 1
	one.Args = make([]*vec.Vec, len(n.call.Args))
	row := 0
	one.Fail = func(_ int, err error) { f.fail(row, err) }
	rows := []int32{0}
	for ; row < f.n; row++ {
		n.call.Stop.Check()
		rows[0] = int32(row)
		for k, a := range n.call.Args {
			if a != nil {
				one.Args[k] = vec.New(a.Type)
				one.Args[k].AppendFrom(a, row)
			}
		}
		for _, l := range n.lambdas {
			l.up = l.single(f, rows)
		}
		if err := n.try(&one); err != nil {
			f.fail(row, err)
			all.AppendNull()
			continue
		}
		all.AppendFrom(n.out, 0)
	}
	n.out = all
}

// lambda runs the body of a lambda argument over flattened items.
type lambda struct {
	body   node
	sub    sub
	params []int // their slots
	own    []*vec.Vec
	up     *frame  // the batch that the call runs on
	parent []int32 // the row of it that each item came from
	one    sub     // a single row of it
	last   *vec.Vec
	stop   *fn.Stop
	fail   func(item int, err error)
}

func (c *compiler) lambda(e *plan.Lambda) (*lambda, error) {
	outer := c.reads
	c.reads = nil
	first := len(c.columns)
	l := &lambda{stop: c.env.Stop}
	for k := range e.Params {
		l.params = append(l.params, first+k)
		c.columns = append(c.columns, -1)
	}
	c.scopes = append(c.scopes, first)
	body, err := c.node(e.Body)
	c.scopes = c.scopes[:len(c.scopes)-1]
	if err != nil {
		return nil, err
	}
	l.body = body
	for _, s := range c.reads {
		if s < first || s >= first+len(e.Params) {
			l.sub.uses = append(l.sub.uses, s)
		}
	}
	l.one.uses = l.sub.uses
	l.one.init()
	l.sub.report = func(item int, err error) { l.fail(item, err) }
	l.sub.nested = func(item int, err error) { l.up.swallow(int(l.parent[item]), err) }
	c.reads = outer
	for _, s := range l.sub.uses {
		c.read(s)
	}
	return l, nil
}

func (l *lambda) single(f *frame, rows []int32) *frame { return l.one.over(f, rows) }

func (l *lambda) run(parent []int32, args []*vec.Vec, fail func(item int, err error)) *vec.Vec {
	l.stop.Check()
	f := &l.sub.frame
	l.fail, l.parent = fail, parent
	f.n, f.any, f.params = len(parent), false, l.up.params
	l.sub.gather(l.up, parent)
	for len(f.slots) <= l.params[len(l.params)-1] {
		f.slots = append(f.slots, nil)
	}
	for k, slot := range l.params {
		a := args[k]
		if a == l.last { // the result of the previous round, which this one would overwrite
			if l.own == nil {
				l.own = make([]*vec.Vec, len(l.params))
			}
			if l.own[k] == nil {
				l.own[k] = a.Like()
			}
			l.own[k].Reset()
			l.own[k].AppendRange(a, 0, a.N)
			a = l.own[k]
		}
		f.slots[slot] = a
	}
	v := l.body.eval(f)
	if f.any {
		for i, bad := range f.failed[:f.n] {
			if bad {
				v.SetNull(i)
			}
		}
	}
	if v.Type.Kind != sql.Null {
		l.last = v
	}
	return v
}

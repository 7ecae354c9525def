// Package exec runs plans: queries, tasks, commits, push and pull.
package exec

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// stage is the part of a plan between two topics: what one task does.
type stage struct {
	name  string         // the role of what it writes: it names the unit across restarts and changes of the plan
	topic string         // read
	scan  *plan.Scan     // how; else from
	from  *plan.Exchange // a repartition topic
	steps []plan.Step    // in order of work
	sink  *plan.Sink     // end: a topic of rows, or
	send  *plan.Exchange // a repartition topic, or neither (push queries, materialized sources)
	out   string         // topic written
	parts int32          // of it

	answers bool // its state answers pull queries
}

// cut turns a plan into stages. With one partition no repartition topic is needed: every key is there.
// name gives an internal topic its full name; parts is the physical partitions of the topic read.
func cut(root plan.Step, parts int32, sinkParts int32, single bool, name func(string) string) ([]stage, error) {
	var line []plan.Step
	for s := root; s != nil; {
		line = append(line, s)
		in := s.Inputs()
		if len(in) > 1 {
			return nil, fmt.Errorf("%s: joins are not available yet", s.Out().Name)
		}
		s = nil
		if len(in) == 1 {
			s = in[0]
		}
	}
	scan, ok := line[len(line)-1].(*plan.Scan)
	if !ok {
		return nil, fmt.Errorf("plan does not begin with a topic")
	}
	stages := []stage{{name: "table", topic: scan.Topic, scan: scan}}
	for i := len(line) - 2; i >= 0; i-- {
		cur := &stages[len(stages)-1]
		switch s := line[i].(type) {
		case *plan.Exchange:
			if parts == 1 || single {
				continue
			}
			cur.name, cur.send, cur.out, cur.parts = strings.TrimSuffix(s.Topic, "-repartition"), s, name(s.Topic), parts
			stages = append(stages, stage{name: "table", topic: cur.out, from: s})
		case *plan.Sink:
			cur.name, cur.sink, cur.out, cur.parts = "sink", s, s.Topic, sinkParts
		default:
			cur.steps = append(cur.steps, s)
		}
	}
	return stages, nil
}

// collector is the end of a stage: it holds records until the task commits.
type collector interface {
	op.Operator
	Bytes() int
	Take([]*store.Records) []*store.Records
}

// line is the operators of one task.
type line struct {
	head    func(runs []store.Records) error
	ops     []op.Operator
	end     collector // nil: rows go to last
	keepers []op.Keeper
	read    op.Source   // whose state answers pull queries; nil: none
	after   []plan.Step // from it to the result
}

// keeps says whether the state of the stage's last step that has one answers pull queries.
func (s *stage) keeps(kind plan.QueryKind) bool {
	return kind == plan.PersistentSource || kind == plan.PersistentAs && s.sink != nil && s.sink.Shape == sql.TableKind
}

// refused makes an error of the statement of one that says that this build lacks what it names.
func refused(err error) error {
	var none *format.Unavailable
	if errors.As(err, &none) {
		return &plan.Error{Msg: err.Error(), Bare: true, Err: err}
	}
	return err
}

// whole is the scan of the stage. Where a persistent query remembers rows it reads all columns: CREATE OR
// REPLACE may ask for others later.
func (s *stage) whole(kind plan.QueryKind) *plan.Scan {
	for _, st := range s.steps {
		if _, ok := st.(*plan.Latest); ok && kind != plan.Push {
			all := *s.scan
			all.Live = nil
			return &all
		}
	}
	return s.scan
}

// build makes the operators of a stage. last takes the rows where no topic does.
func (s *stage) build(c *op.Context, kind plan.QueryKind, keep bool, last op.Emit) (*line, error) {
	l := &line{}
	var order op.KeyBytes
	if s.sink != nil {
		e, err := op.NewEncode(s.sink, printClock(), s.parts, keep)
		if err != nil {
			return nil, err
		}
		l.end, order = e, e.Keys
	}
	if s.send != nil {
		e, err := op.NewSend(s.send, s.out, s.parts)
		if err != nil {
			return nil, err
		}
		l.end = e
	}
	add := func(o op.Operator) {
		l.ops = append(l.ops, o)
		if k, ok := o.(op.Keeper); ok {
			l.keepers = append(l.keepers, k)
		}
	}
	for i, st := range s.steps {
		if l, ok := st.(*plan.Latest); ok && kind != plan.Push {
			whole := *l
			whole.Live = nil
			st = &whole
		}
		o, err := operator(st, c.Env, keep, order)
		if err != nil {
			return nil, err
		}
		add(o)
		if src, ok := o.(op.Source); ok && s.keeps(kind) {
			l.read, l.after = src, s.steps[i+1:]
		}
	}
	if k, ok := l.end.(op.Keeper); ok {
		l.keepers = append(l.keepers, k)
	}
	if l.end != nil {
		last = func(b *op.Batch) error { return l.end.Process(c, b, nil) }
	}
	chain := op.Chain(c, l.ops, last)
	if s.scan != nil {
		d, err := op.NewDecode(s.whole(kind), c.Env)
		if err != nil {
			return nil, err
		}
		l.head = func(runs []store.Records) error { return d.Run(c, runs, chain) }
	} else {
		r := op.NewReceive(s.from)
		l.head = func(runs []store.Records) error { return r.Run(c, runs, chain) }
	}
	return l, nil
}

// operator makes the operator of a step: the one switch from plan to work.
func operator(st plan.Step, env *expr.Env, keep bool, order op.KeyBytes) (op.Operator, error) {
	switch s := st.(type) {
	case *plan.Latest:
		print, err := printRows(s)
		return op.NewLatest(s, print, keep), err
	case *plan.Filter:
		return op.NewFilter(s, env)
	case *plan.Project:
		return op.NewProject(s, env)
	case *plan.FlatMap:
		return op.NewFlatMap(s, env)
	case *plan.Rekey:
		return op.NewRekey(s, env)
	case *plan.Exchange:
		return pass{}, nil
	case *plan.Aggregate:
		if order == nil {
			order = plainOrder
		}
		print, err := printGroups(s)
		switch {
		case err != nil:
			return nil, err
		case s.Window == nil:
			return op.NewAggregate(s, print, keep)
		case s.Window.Kind == sql.Session:
			return op.NewSessions(s, print, keep, order)
		}
		return op.NewWindows(s, print, keep, order)
	}
	return nil, fmt.Errorf("%s is not available yet", st.Out().Name)
}

// pass is an Exchange inside one partition.
type pass struct{}

func (pass) Process(_ *op.Context, b *op.Batch, emit op.Emit) error { return emit(b) }

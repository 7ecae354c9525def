// Package exec runs plans: queries, tasks, commits, push and pull.
package exec

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// collector is the end of a stage: it holds records until the task commits.
type collector interface {
	op.Operator
	Bytes() int
	Take([]*store.Records) []*store.Records
}

// line is the operators of one task, linked as the steps of its stage are.
type line struct {
	heads   []head
	ends    []collector // none: rows go to last
	keepers []op.Keeper
	order   op.KeyBytes // of the sink's keys; nil: there is none
	read    op.Source   // whose state answers pull queries; nil: none
	after   []plan.Step // from it to the result
}

// head reads one input of a stage.
type head struct {
	topic string
	c     *op.Context
	run   decoder
	next  op.Emit
	fresh func() (decoder, error) // another decoder like run
}

// decoder lends rows on as one batch, which is good until it runs again.
type decoder func(c *op.Context, runs []store.Records, next op.Emit) error

func (h *head) feed(runs []store.Records) error { return h.run(h.c, runs, h.next) }

// feed runs rows through the line, in the order of runs. Of a topic that is read twice the first input gets each row
// first, however many come at once.
func (l *line) feed(runs []store.Records) error {
	if len(l.heads) == 1 {
		return l.heads[0].feed(runs)
	}
	for len(runs) > 0 {
		n := 1
		for n < len(runs) && runs[n].TP.Topic == runs[0].TP.Topic {
			n++
		}
		if err := l.topic(runs[:n]); err != nil {
			return err
		}
		runs = runs[n:]
	}
	return nil
}

// topic runs rows of one topic through all inputs that read it.
func (l *line) topic(runs []store.Records) error {
	var heads []head
	for _, h := range l.heads {
		if h.topic == runs[0].TP.Topic {
			heads = append(heads, h)
		}
	}
	if len(heads) == 1 {
		return heads[0].feed(runs)
	}
	for len(runs) > 0 {
		var row []store.Records
		row, runs = split(runs, 1, 0)
		for _, h := range heads {
			if err := h.feed(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// bytes is the size of the largest run that waits for a commit.
func (l *line) bytes() (n int) {
	for _, e := range l.ends {
		n = max(n, e.Bytes())
	}
	return n
}

// take appends what waits for a commit.
func (l *line) take(dst []*store.Records) []*store.Records {
	for _, e := range l.ends {
		dst = e.Take(dst)
	}
	return dst
}

// refused makes an error of the statement of one that says that this build lacks what it names.
func refused(err error) error {
	var none *format.Unavailable
	if errors.As(err, &none) {
		return &plan.Error{Msg: err.Error(), Bare: true, Err: err}
	}
	return err
}

// build makes the operators of a stage. last takes the rows where no topic does.
func (s *stage) build(c *op.Context, kind plan.QueryKind, keep bool, last op.Emit) (*line, error) {
	w := &wiring{stage: s, c: c, last: last, ways: map[plan.Step][]op.Emit{}}
	sink, err := w.close(keep)
	if err != nil {
		return nil, err
	}
	all := make([]work, len(s.Steps))
	for i, st := range s.Steps {
		if all[i], err = operator(st, c.Env, keep, w.order); err != nil {
			return nil, err
		}
		if all[i].keeper != nil {
			w.keepers = append(w.keepers, all[i].keeper)
		}
	}
	w.answer(sink, kind, all)
	for _, e := range w.ends {
		if k, ok := e.(op.Keeper); ok {
			w.keepers = append(w.keepers, k)
		}
	}
	for i := len(all) - 1; i >= 0; i-- {
		w.link(s.Steps[i], all[i].ports)
	}
	for i := range s.In {
		if err := w.open(i); err != nil {
			return nil, err
		}
	}
	return &w.line, nil
}

// wiring is a line while it is made, from its ends to its heads.
type wiring struct {
	line
	stage *stage
	c     *op.Context
	last  op.Emit
	ways  map[plan.Step][]op.Emit // into a step, one for each of its inputs
}

// close makes the ends.
func (w *wiring) close(keep bool) (sink *plan.Sink, err error) {
	for i, end := range w.stage.Out {
		var o collector
		switch end := end.(type) {
		case *plan.Sink:
			print, err := end.Print()
			if err != nil {
				return nil, err
			}
			e, err := op.NewEncode(end, state.Print(print), w.stage.out[i].Parts, keep)
			if err != nil {
				return nil, err
			}
			o, sink, w.order = e, end, e.Keys
		case *plan.Exchange:
			if o, err = op.NewSend(end, w.stage.out[i].Topic, w.stage.out[i].Parts); err != nil {
				return nil, err
			}
		}
		w.ends = append(w.ends, o)
		w.link(end, []op.Operator{o})
	}
	return sink, nil
}

// answer finds the step whose state answers pull queries: the last one that remembers rows, if one way leads from it to
// the result.
func (w *wiring) answer(sink *plan.Sink, kind plan.QueryKind, all []work) {
	var at plan.Step
	switch n := len(w.stage.Steps); {
	case kind == plan.PersistentAs && sink != nil && sink.Shape == sql.TableKind:
		at = w.stage.Before(sink)[0]
	case kind == plan.PersistentSource && n > 0:
		at = w.stage.Steps[n-1]
	default:
		return
	}
	var after []plan.Step
	for {
		i := slices.Index(w.stage.Steps, at)
		if i < 0 {
			return
		}
		if src, ok := all[i].keeper.(op.Source); ok {
			w.read, w.after = src, after
			return
		}
		before := w.stage.Before(at)
		if len(before) != 1 {
			return
		}
		at, after = before[0], append([]plan.Step{at}, after...)
	}
}

// link puts the work of a step before what follows it.
func (w *wiring) link(st plan.Step, ports []op.Operator) {
	next := w.next(st)
	for _, p := range ports {
		w.ways[st] = append(w.ways[st], func(b *op.Batch) error { return p.Process(w.c, b, next) })
	}
}

// next is where the rows of a step go: to each of its readers, in order.
func (w *wiring) next(st plan.Step) op.Emit {
	var ways []op.Emit
	var readers []plan.Step
	for _, r := range append(slices.Clone(w.stage.Steps), w.stage.Out...) {
		for n, in := range w.stage.Before(r) {
			if in == st {
				ways, readers = append(ways, w.ways[r][n]), append(readers, r)
			}
		}
	}
	switch {
	case len(ways) == 1:
		return ways[0]
	case len(ways) > 1:
		return op.Share(ways, w.meet(readers))
	case slices.Contains(w.stage.Out, st):
		return nil
	}
	return w.last
}

// meet reports whether rows that go to these steps come together again.
func (w *wiring) meet(readers []plan.Step) bool {
	seen := map[plan.Step]bool{}
	for _, r := range readers {
		below := map[plan.Step]bool{r: true}
		for _, st := range append(slices.Clone(w.stage.Steps), w.stage.Out...) {
			for _, in := range w.stage.Before(st) {
				below[st] = below[st] || below[in]
			}
		}
		for st, yes := range below {
			if yes && seen[st] {
				return true
			}
			seen[st] = seen[st] || yes
		}
	}
	return false
}

// open makes the reader of input i.
func (w *wiring) open(i int) (err error) {
	h := head{topic: w.stage.in[i].Topic, c: w.c, next: w.next(w.stage.In[i])}
	switch in := w.stage.In[i].(type) {
	case *plan.Scan:
		if w.stage.keyed {
			if h.next, err = withKey(w.c, in, h.next); err != nil {
				return err
			}
		}
		h.fresh = func() (decoder, error) {
			d, err := op.NewDecode(in, w.c.Env)
			if err != nil {
				return nil, err
			}
			return d.Run, nil
		}
	case *plan.Exchange:
		h.fresh = func() (decoder, error) { return op.NewReceive(in).Run, nil }
	}
	if h.run, err = h.fresh(); err != nil {
		return err
	}
	w.heads = append(w.heads, h)
	return nil
}

// work is what a step does.
type work struct {
	ports  []op.Operator // one for each of its inputs
	keeper op.Keeper     // nil: it remembers nothing
}

// one is the work of a step with one input.
func one(o op.Operator, err error) (work, error) {
	k, _ := o.(op.Keeper)
	return work{[]op.Operator{o}, k}, err
}

// operator makes the work of a step: the one switch from plan to work.
func operator(st plan.Step, env *expr.Env, keep bool, order op.KeyBytes) (work, error) {
	switch s := st.(type) {
	case *plan.Latest:
		print, err := s.Print()
		return one(op.NewLatest(s, state.Print(print), keep), err)
	case *plan.Filter:
		return one(op.NewFilter(s, env))
	case *plan.Project:
		return one(op.NewProject(s, env))
	case *plan.FlatMap:
		return one(op.NewFlatMap(s, env))
	case *plan.Rekey:
		return one(op.NewRekey(s, env))
	case *plan.Union:
		return work{ports: op.NewUnion(s).Ports()}, nil
	case *plan.Aggregate:
		if order == nil {
			order = plainOrder
		}
		print, err := s.Print()
		switch {
		case err != nil:
			return work{}, err
		case s.Window == nil:
			return one(op.NewAggregate(s, state.Print(print), keep))
		case s.Window.Kind == sql.Session:
			return one(op.NewSessions(s, state.Print(print), keep, order))
		}
		return one(op.NewWindows(s, state.Print(print), keep, order))
	}
	return work{}, fmt.Errorf("%s is not available yet", st.Out().Name)
}

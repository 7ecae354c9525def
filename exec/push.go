package exec

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// errLimit ends a pipeline that has given enough rows.
var errLimit = errors.New("limit reached")

// push is a push query, or a pull query on a stream: one goroutine that reads all partitions in the log's
// order, runs the pipeline without repartition topics, and hands pages to the reader of its rows.
type push struct {
	e       *Engine
	rows    *Rows
	in      store.Reader
	line    *line
	ends    map[store.TP]int64 // of what is read, as of the beginning
	merge   *merger            // puts the rows of several inputs in order; nil: the log does
	left    int                // rows until LIMIT; -1: no limit
	most    int                // rows to poll: they may be long
	ctx     context.Context    // ends with the caller's, with Close of the rows, and with the engine
	free    func() bool        // of the engine's context
	note    []op.Problem
	table   bool
	stop    *fn.Stop
	budget  *vec.Budget
	buffers int64      // bytes that the operators may hold, taken from the pool of answers
	taken   int64      // bytes of what is at work, besides
	shape   sql.Schema // of the pipeline's end: its roles tell which columns a deleted row keeps
}

// Push starts a push query, or a pull query on a stream (which ends at the rows that are there now). It ends
// with ctx.
func (e *Engine) Push(ctx context.Context, p *plan.Query, params []any) (*Rows, error) {
	if err := e.alive(); err != nil {
		return nil, err
	}
	id := e.nextID("transient_" + joined(p.Reads))
	w := &push{e: e, left: -1, most: 16, shape: p.Root.Out().Schema, table: p.Root.Out().Shape == sql.TableKind}
	scalable := e.scalable(p)
	if scalable {
		id, w.table = "SCALABLE_PUSH_QUERY_"+e.uuid(), false
	}
	if p.Limit != nil {
		w.left = *p.Limit
	}
	s := &staged(p.Root, single, 1, nil)[0] // one stage: no topic between two has a name
	s.keyed = scalable
	c := e.context(p, 0, func(x op.Problem) { w.note = append(w.note, x) })
	c.Params = params
	w.stop, w.budget = c.Env.Stop, c.Env.Budget
	var err error
	if w.line, err = s.build(c, p.Kind, false, w.take); err != nil {
		return nil, refused(err)
	}
	if w.in, err = w.reader(ctx, s.reads, p); err != nil {
		return nil, err
	}
	r := &Rows{ID: id, Schema: p.Schema, Text: p.Text, Push: p.Kind == plan.Push, pool: e.memory.answers, made: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
	w.rows = r
	w.ctx, r.cancel = context.WithCancel(ctx)
	r.wg.Add(1)
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		r.cancel()
		return nil, errors.Join(ErrClosed, w.in.Close())
	}
	e.pushes[id] = r
	e.mu.Unlock()
	w.free = context.AfterFunc(e.ctx, r.cancel)
	go w.run()
	return r, nil
}

// single runs a whole plan as one stage: all partitions are read together.
func single(string) int32 { return 1 }

func joined(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += "_"
		}
		out += n
	}
	return out
}

// reader reads all partitions of these topics, from where the query begins.
func (w *push) reader(ctx context.Context, topics []topicShape, p *plan.Query) (store.Reader, error) {
	var tps []store.TP
	for _, t := range topics {
		info, err := w.e.log.Topic(ctx, t.Topic)
		if err != nil {
			return nil, err
		}
		for n := range info.Partitions {
			tps = append(tps, store.TP{Topic: t.Topic, Partition: n})
		}
	}
	var err error
	if w.ends, err = w.e.log.Ends(ctx, tps); err != nil {
		return nil, err
	}
	from, to := map[store.TP]int64{}, w.ends
	for _, tp := range tps {
		if from[tp] = -1; !p.Earliest[tp.Topic] {
			from[tp] = w.ends[tp]
		}
	}
	if p.Kind != plan.PullStream {
		to = nil
	}
	return w.e.log.Reader(ctx, from, to)
}

func (w *push) run() {
	defer w.rows.wg.Done()
	end, err := w.work()
	err = errors.Join(err, w.in.Close())
	w.rows.finish(end, err)
	if err != nil {
		w.e.teller.later(FaultInfo{Part: PartQueries, Query: w.rows.ID, Err: err})
	}
	w.free()
	w.rows.cancel()
	w.rows.last()
	if w.ctx.Err() != nil && end == Stopped {
		w.rows.uncount()
	}
	w.settle()
	w.rows.pool.Give(w.buffers)
	w.line = nil
	w.budget.Release()
	w.e.mu.Lock()
	delete(w.e.pushes, w.rows.ID)
	w.e.mu.Unlock()
}

// settle gives back what was taken for the rows at work.
func (w *push) settle() {
	if w.taken != 0 {
		w.rows.pool.Give(w.taken)
		w.taken = 0
	}
}

// pushBatch and pushBytes are how much a push query takes at once: nobody bounds what the rows become, and what a
// client that does not read leaves in the operators stays there.
const (
	pushBatch = 256
	pushBytes = 64 << 10
)

// recordBytes is the bytes of the keys and values of some rows, and how many these are.
func recordBytes(runs []store.Records) (n, rows int64) {
	for i := range runs {
		rows += int64(runs[i].Len())
		for row := range runs[i].Time {
			n += int64(max(0, runs[i].Key[row].Len) + max(0, runs[i].Value[row].Len))
		}
	}
	return n, rows
}

func (w *push) work() (end End, err error) {
	defer func() {
		if r := recover(); r != nil {
			end, err = Stopped, panicked(r)
		}
		if err == fn.ErrCancelled {
			err = nil
		}
	}()
	defer w.stop.Follow(w.ctx)()
	if w.left == 0 {
		return Limited, nil
	}
	for {
		if w.rows.full() {
			if _, err := w.rows.room(w.ctx, 0); err != nil {
				return Stopped, nil
			}
		}
		runs, err := w.in.Poll(w.most)
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return Stopped, err
		}
		for part := range w.parts(runs) {
			switch err := w.part(part, ended); {
			case errors.Is(err, errLimit):
				return Limited, nil
			case w.ctx.Err() != nil:
				return Stopped, nil
			case err != nil:
				return Stopped, &Fault{err}
			}
		}
		switch {
		case ended:
			return Completed, nil
		case len(runs) > 0:
			continue
		}
		var late <-chan time.Time
		if w.merge != nil {
			if d, ok := w.merge.wait(); ok {
				late = time.After(d)
			}
		}
		select {
		case <-w.ctx.Done():
			return Stopped, nil
		case <-w.in.Ready():
		case <-late:
		}
	}
}

// parts cuts what was polled into what is processed at once: all of it, and even nothing, where the rows are still to
// be put in order.
func (w *push) parts(runs []store.Records) iter.Seq[[]store.Records] {
	return func(yield func([]store.Records) bool) {
		if w.merge != nil || w.line.unordered(runs) {
			yield(runs)
			return
		}
		for len(runs) > 0 {
			var part []store.Records
			if part, runs = split(runs, min(w.e.opt.Batch, pushBatch), pushBytes); !yield(part) {
				return
			}
		}
	}
}

// part processes some rows; ended: they are the last.
func (w *push) part(runs []store.Records, ended bool) error {
	size, n := recordBytes(runs)
	if n > 0 {
		w.most = min(2*w.most, int(max(1, 4*pushBytes*n/max(size, 1))), w.e.opt.Batch)
	}
	grown := max(0, 2*size-w.buffers)
	taken, err := w.rows.room(w.ctx, size+grown)
	if err != nil {
		return err
	}
	w.taken, w.buffers = taken-grown, w.buffers+grown
	defer w.report()
	defer w.settle() // the pages are counted as they are
	if w.merge == nil && !w.line.unordered(runs) {
		return w.line.feed(runs)
	}
	if w.merge == nil {
		if w.merge, err = w.line.merge(w.in, w.line.heads[0].c, w.ends, w.e.opt.Batch); err != nil {
			return err
		}
	}
	w.merge.add(runs)
	w.merge.ended = ended
	at := map[store.TP]int64{}
	for {
		l, last, err := w.merge.pick()
		if err == nil && l != nil {
			_, err = l.forward(pushBatch, last)
		}
		if w.merge.settle(at, w.line.heads[0].c.Report); l == nil || err != nil {
			return err
		}
	}
}

// report writes what went wrong to the processing log. A push query commits nothing, so this stands alone.
func (w *push) report() {
	if len(w.note) == 0 {
		return
	}
	if r := w.e.problems(w.rows.ID, w.note); r != nil {
		_, err := w.e.log.Append(w.ctx, r)
		if err == nil || w.ctx.Err() == nil {
			w.e.went(PartProcessingLog, &w.e.problemsC, err)
		}
	}
	wrong := w.e.teller.count(w.note)
	w.note = w.note[:0]
	w.e.teller.rows(w.rows.ID, "", 0, &wrong)
}

// take is the end of the pipeline: it copies the visible rows into a page. Of a stream rows without a value
// are skipped; of a table old rows are, and a row that is gone keeps its key only (ksqlDB).
func (w *push) take(b *op.Batch) error {
	page := &Page{}
	var rows []int32
	for i := 0; i < b.N && w.left != 0; i++ {
		o := b.Op(i)
		if o == op.Before || o == op.Delete && !w.table {
			continue
		}
		if o == op.Delete {
			for len(page.Tombs) < len(rows) {
				page.Tombs = append(page.Tombs, false)
			}
			page.Tombs = append(page.Tombs, true)
		} else if page.Tombs != nil {
			page.Tombs = append(page.Tombs, false)
		}
		rows = append(rows, int32(i))
		if w.left > 0 {
			w.left--
		}
	}
	if len(rows) > 0 {
		page.N = len(rows)
		for k, c := range b.Cols[:len(w.rows.Schema)] {
			v := vec.New(c.Type)
			keep := w.shape[k].Role == sql.KeyRole || w.shape[k].Role == sql.PseudoRole
			if page.Tombs == nil || keep {
				v.AppendRows(c, rows)
			} else {
				for n, r := range rows {
					if page.Tombs[n] {
						v.AppendNull()
					} else {
						v.AppendFrom(c, int(r))
					}
				}
			}
			page.Cols = append(page.Cols, v)
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		w.rows.put(page)
	}
	if w.left == 0 {
		return errLimit
	}
	return nil
}

package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store"
)

// stuck is a query that cannot run: it is listed with its reason, and can be dropped and replaced. It runs again when
// the engine is opened and the cause is gone: its positions and its state stay.
func (e *Engine) stuck(r *queryRecord, p *plan.Query, err error) *Query {
	q := &Query{e: e, rec: r, plan: p, left: make(chan struct{})}
	q.fail(fmt.Errorf("query %s cannot run: %w", r.ID, err), judge(err).hint, store.Unit{})
	return q
}

// launch starts a query whose topics exist. old is the stopped one that it replaces; nil: none. It gives nil where
// another engine has been there with a newer record, which will end the query.
func (e *Engine) launch(ctx context.Context, b *built, old *Query) *Query {
	q := &Query{
		e: e, rec: b.rec, plan: b.plan, stages: b.stages, shape: b.shape, first: b.first,
		placed: make(chan struct{}), left: make(chan struct{}),
	}
	if old != nil && old.rec == b.rec { // it is the same one again
		old.stateM.Lock()
		q.told = old.told
		old.stateM.Unlock()
	}
	if !e.log.Durable() {
		q.old = old
	}
	q.paused.Store(b.plan.Paused)
	if err := q.begin(ctx); err != nil {
		if taken(err) {
			newer, bad := e.newer(ctx, e.apply.fold.next)
			if newer {
				e.apply.waiting[b.rec.ID] = b
				return nil
			}
			err = errors.Join(err, bad)
		}
		s := e.stuck(b.rec, b.plan, err)
		s.old = q.old
		return s
	}
	return q
}

// after reports whether the task goes on behind the beginning of its input.
func (t *task) after(spec []store.Stage) bool {
	for _, s := range spec {
		if s.Name != t.unit.Stage {
			continue
		}
		for tp, at := range t.pos {
			if at > max(0, s.From[tp]) {
				return true
			}
		}
	}
	return false
}

// places is what the log is told of stages.
func (r *queryRecord) places(stages []stageShape) (out []store.Stage) {
	for _, s := range stages {
		st := store.Stage{Name: s.Name, From: map[store.TP]int64{}}
		for _, in := range s.reads() {
			st.In = append(st.In, in.Topic)
			from := r.From[in.Topic]
			for n := range in.Parts {
				tp := store.TP{Topic: in.Topic, Partition: n}
				if st.From[tp] = 0; from != nil { // a repartition topic is read from its beginning
					st.From[tp] = from[n]
				}
			}
		}
		for _, t := range s.Tables {
			if t.Topic != "" {
				st.Change = append(st.Change, t.Topic)
			}
		}
		out = append(out, st)
	}
	return out
}

// again is the deeds of r, the newest record, that are done again when the engine is opened. The topics of a query
// that has run were there: one that is missing was deleted since, with what was in it, and an empty one in its place
// would have the query go on without its state.
func (e *Engine) again(ctx context.Context, r *record) (deeds, error) {
	d := r.Deeds
	if r.Query == nil || r.Query.Version != 1 || e.log.Shared() { // another engine may be at its place
		return d, nil
	}
	done, err := e.seen(ctx, deeds{Create: d.Create})
	if err != nil || done {
		return d, err
	}
	if ran, err := e.ran(ctx, r.Query); err != nil || !ran {
		return d, err
	}
	d.Create = nil
	return d, nil
}

// ran reports whether a query has read anything.
func (e *Engine) ran(ctx context.Context, r *queryRecord) (ran bool, err error) {
	var bare []stageShape // what they read of sources
	for _, s := range r.Shape.Stages {
		in := slices.DeleteFunc(s.reads(), func(t topicShape) bool { return r.From[t.Topic] == nil })
		if len(in) > 0 {
			bare = append(bare, stageShape{Name: s.Name, In: in[0].Topic, Tasks: in[0].Parts, Reads: in[1:]})
		}
	}
	sess, err := e.log.Session(ctx, r.Session, r.places(bare))
	if err != nil {
		return false, without(err)
	}
	defer func() { err = errors.Join(err, sess.Close()) }()
	units, err := sess.Units(ctx)
	if err != nil {
		return false, err
	}
	at, oldest := map[store.TP]int64{}, map[store.TP]int64{}
	for _, u := range units {
		w, err := sess.Open(ctx, u)
		if err != nil {
			return false, err
		}
		_, change, err := w.Restore(ctx)
		if err == nil {
			own := map[store.TP]int64{}
			w.Position(own)
			for tp, n := range own {
				at[tp] = max(at[tp], n)
			}
		}
		if change != nil {
			err = errors.Join(err, change.Close())
		}
		if err = errors.Join(err, w.Close()); err != nil {
			return false, err
		}
	}
	for tp := range at {
		oldest[tp] = -1
	}
	in, err := e.log.Reader(ctx, oldest, nil)
	if err != nil {
		return false, without(err)
	}
	in.Position(oldest)
	for tp, n := range at {
		ran = ran || n > max(oldest[tp], r.From[tp.Topic][tp.Partition])
	}
	return ran, in.Close()
}

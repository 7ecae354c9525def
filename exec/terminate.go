package exec

import (
	"context"
	"errors"
	"slices"

	"github.com/ksqlgo/ksql/plan"
)

// ErrTerminated is what calls get on an engine that was told to end all its queries. Opened again it serves, from an
// empty catalog.
var ErrTerminated = errors.New("the engine was terminated: open it again to go on")

// Phase is how far the life of an engine has come.
type Phase int32

// The phases of an engine.
const (
	Serving Phase = iota
	Terminating
	Terminated
)

// Phase is where the engine is.
func (e *Engine) Phase() Phase { return Phase(e.phase.Load()) }

// terminateText is the statement as ksqlDB logs it.
const terminateText = "TERMINATE CLUSTER;"

// Terminate ends all queries, drops all sources and types, and deletes what CREATE ... AS wrote into the topics that
// match, if statements may, with all that the queries kept (ksqlDB: POST /ksql/terminate). It is a statement like others: logged first, then done, also over a
// crash between its deeds. Afterwards the engine answers ErrTerminated.
func (e *Engine) Terminate(ctx context.Context, match func(topic string) bool) (*Changed, error) {
	return e.alone(ctx, func() (*Changed, error) {
		e.phase.Store(int32(Terminating))
		c, err := e.propose(ctx, func() (*plan.Command, *record, *built, error) { return e.draftEnd(ctx, match) })
		if err != nil {
			e.phase.CompareAndSwap(int32(Terminating), int32(Serving))
		}
		return c, err
	})
}

// draftEnd writes the record of the end of everything.
func (e *Engine) draftEnd(ctx context.Context, match func(string) bool) (*plan.Command, *record, *built, error) {
	f, live := e.apply.snapshot()
	effect := &plan.Effect{}
	rec := &record{
		Version: recordVersion, Prev: f.prev, By: e.id, ID: "cluster/TerminateCluster/terminate", Text: terminateText,
		Message: "Cluster terminated.", Effect: effect, End: true,
	}
	rec.Deeds = deeds{Forget: slices.Clone(e.owed.Forget), Delete: slices.Clone(e.owed.Delete)} // nothing is to be made any more
	sinks := map[string]bool{}
	for q := range f.cat.Queries() {
		effect.Stop = append(effect.Stop, q.ID)
		if old := live(q.ID); old != nil {
			rec.Deeds.Forget = append(rec.Deeds.Forget, old.Session)
			if err := e.toDelete(ctx, rec, old.topics()); err != nil {
				return nil, nil, nil, err
			}
		}
	}
	own := e.initial()
	for s := range f.cat.Sources() {
		if own.Source(s.Name) != nil {
			continue
		}
		effect.Drop = append(effect.Drop, s.Name)
		if s.Query != "" {
			sinks[s.Topic] = true
		}
	}
	for name := range f.cat.Types() {
		effect.DropTypes = append(effect.DropTypes, name)
	}
	var gone []string
	for topic := range sinks {
		if !e.ReadOnly(topic) && match(topic) {
			gone = append(gone, topic)
		}
	}
	return &plan.Command{Effect: *effect, Catalog: f.cat.Apply(effect), Message: rec.Message}, rec, nil, e.toDelete(ctx, rec, gone)
}

// ended makes the engine serve no more, once the record of its end is carried out.
func (e *Engine) ended() error {
	e.mu.Lock()
	var err error
	pushes := make([]*Rows, 0, len(e.pushes))
	for _, r := range e.pushes {
		pushes = append(pushes, r)
	}
	e.mu.Unlock()
	for _, r := range pushes {
		err = errors.Join(err, r.Close())
	}
	e.phase.Store(int32(Terminated))
	return err
}

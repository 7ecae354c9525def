package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store"
)

// deeds is what a statement does to the log besides its record. All can be done again without harm: a topic is made
// if it is missing and deleted by its id, a session has an id that no other ever has.
type deeds struct {
	Create []madeTopic `json:"create,omitempty"`
	Forget []string    `json:"forget,omitempty"` // sessions
	Delete []goneTopic `json:"delete,omitempty"`
}

type madeTopic struct {
	Name   string            `json:"name"`
	Config store.TopicConfig `json:"config"`
}

type goneTopic struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

func (d *deeds) empty() bool { return len(d.Create)+len(d.Forget)+len(d.Delete) == 0 }

// unseen is what of d nobody can see to be done; to do it once more does no harm, since no session ever has the id of
// another.
func (d deeds) unseen() deeds { return deeds{Forget: d.Forget} }

// begin makes the topics of d: what a query needs before it can start. It returns what could not be done.
func (e *Engine) begin(ctx context.Context, d deeds) (left deeds, err error) {
	for _, t := range d.Create {
		if bad := e.log.Create(ctx, t.Name, t.Config); bad != nil && !errors.Is(bad, store.ErrExists) {
			left.Create, err = append(left.Create, t), errors.Join(err, fmt.Errorf("topic %s could not be made: %w", t.Name, bad))
		}
	}
	return left, err
}

// finish forgets sessions and deletes topics: what a query needs no more when it has ended. It returns what could not
// be done.
func (e *Engine) finish(ctx context.Context, d deeds) (left deeds, err error) {
	for _, id := range d.Forget {
		if bad := e.log.Forget(ctx, id); bad != nil {
			left.Forget, err = append(left.Forget, id), errors.Join(err, fmt.Errorf("positions of %s could not be deleted: %w", id, bad))
		}
	}
	for _, t := range d.Delete {
		if bad := e.log.Delete(ctx, t.Name, t.ID); bad != nil && !errors.Is(bad, store.ErrNoTopic) {
			left.Delete, err = append(left.Delete, t), errors.Join(err, fmt.Errorf("topic %s could not be deleted: %w", t.Name, bad))
		}
	}
	return left, err
}

// do is begin and finish.
func (e *Engine) do(ctx context.Context, d deeds) (left deeds, err error) {
	left, err = e.begin(ctx, d)
	more, bad := e.finish(ctx, d)
	left.Forget, left.Delete = more.Forget, more.Delete
	return left, errors.Join(err, bad)
}

// blocks refuses a catalog that needs a topic which is still to be deleted: it would be the wrong one.
func (d deeds) blocks(c *plan.Catalog) error {
	for _, t := range d.Delete {
		for s := range c.Over(t.Name) {
			return fmt.Errorf("%s: topic %s of an earlier source is still to be deleted, which has failed so far; Health says why", s.Name, t.Name)
		}
	}
	return nil
}

// wanted is d without the topics that nothing needs any more when effect has led to c. A query that effect starts
// asks for its topics itself.
func (d deeds) wanted(c *plan.Catalog, effect *plan.Effect, live func(id string) *queryRecord) deeds {
	needs := map[string]bool{}
	if len(d.Create) > 0 {
		for q := range c.Queries() {
			if r := live(q.ID); r != nil && (effect.Start == nil || effect.Start.ID != q.ID) {
				for _, name := range r.topics() {
					needs[name] = true
				}
			}
		}
	}
	d.Create = slices.DeleteFunc(slices.Clone(d.Create), func(t madeTopic) bool {
		for range c.Over(t.Name) {
			return false
		}
		return !needs[t.Name]
	})
	return d
}

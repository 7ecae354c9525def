package exec

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/store"
)

// restore reads the state of the task back: the newest checkpoint, then the changelog after it. A changelog row
// is an after-image, so reading one twice is harmless. Where the log keeps nothing, the state of the query that
// this one replaces is handed over. fresh: the tables are empty; else they are as of the last commit already.
func (t *task) restore(ctx context.Context, fresh bool) error {
	cp, change, err := t.work.Restore(ctx)
	if err != nil {
		return unread(err)
	}
	if change != nil {
		defer change.Close()
	}
	clear(t.pos)
	t.work.Position(t.pos)
	if !fresh {
		return nil
	}
	t.changed = 0
	tables := map[string]state.Kept{}
	for _, k := range t.line.keepers {
		for _, tab := range k.Tables() {
			tables[t.q.e.changelog(t.q.plan.ID, tab)] = tab
			if cp == nil {
				continue
			}
			if p := cp.Print(tab.Name()); p != 0 && p != tab.Print().Sum() {
				return fmt.Errorf("state of %s: it was made by another form of the query", tab.Name())
			}
			for chunk, err := range cp.Chunks(tab.Name()) {
				if err == nil {
					err = ctx.Err()
				}
				if err != nil {
					return unread(err)
				}
				if err := tab.Load(chunk); err != nil {
					return err
				}
			}
		}
	}
	if change != nil {
		for runs, err := range store.Runs(ctx, change, 1<<13) {
			if err != nil {
				return unread(err)
			}
			for i := range runs {
				r := &runs[i]
				tab := tables[r.TP.Topic]
				if tab == nil {
					continue
				}
				t.changed += r.Len()
				for row := range r.Time {
					if err := tab.Apply(r.Key[row].Of(r.Bytes), r.Value[row].Of(r.Bytes)); err != nil {
						return fmt.Errorf("topic %s, offset %d: %w", r.TP.Topic, r.Offset(row), err)
					}
				}
			}
		}
	}
	if len(tables) > 0 && !t.q.e.log.Durable() {
		if err := t.inherit(ctx, tables); err != nil {
			return err
		}
	}
	for _, k := range t.line.keepers {
		for _, tab := range k.Tables() {
			if err := tab.Restored(); err != nil {
				return err
			}
		}
		if err := k.Restored(); err != nil {
			return err
		}
	}
	return nil
}

// inherit copies the state of the same unit of the query that this one replaces.
func (t *task) inherit(ctx context.Context, tables map[string]state.Kept) (err error) {
	from := t.from.Load()
	if from != nil && from.q.torn.Load() {
		return fmt.Errorf("the query was stopped in the middle of its work: %w", errForgotten)
	}
	if from == nil || from.loads == 0 {
		if t.q.first || !t.after(t.q.places) {
			return nil
		}
		return fmt.Errorf("another engine ran the query: %w", errForgotten)
	}
	for _, k := range from.line.keepers {
		for _, tab := range k.Tables() {
			to := tables[t.q.e.changelog(t.q.plan.ID, tab)]
			if to == nil {
				continue
			}
			for at := 0; at >= 0; {
				var chunk []byte
				if at, chunk, err = from.chunk(ctx, tab, at); err == nil {
					err = errors.Join(to.Load(chunk), ctx.Err())
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// chunk is a chunk of a table of a task that has ended, whose readers may still be at it.
func (t *task) chunk(ctx context.Context, tab state.Kept, at int) (next int, chunk []byte, err error) {
	if err := t.state.enter(ctx, nil, nil); err != nil {
		return 0, nil, err
	}
	defer t.state.leave()
	next, chunk = tab.Chunk(at, 8192, nil)
	return next, chunk, nil
}

// changelog is the topic that keeps the changes of a table. A form of its rows that older builds cannot read would get
// another name: -v2 at the end.
func (e *Engine) changelog(id string, t state.Kept) string {
	return e.internal(id, t.Name()+"-changelog")
}

// checkpointRows is how many changelog rows make a checkpoint worth its while.
const checkpointRows = 1 << 18

// checkpoint begins a checkpoint when the changelog has grown by more than the state it describes. It copies
// the state in pieces, each at a commit; rows that change in between stand in the changelog after its start.
func (t *task) checkpoint() {
	if !t.q.e.log.Durable() || t.changed < checkpointRows>>3 || t.saving.Load() {
		return
	}
	// One that failed is tried again soon, then ever later.
	most := checkpointRows
	if n := t.saves.now().Failures; n > 0 {
		most = checkpointRows >> max(0, 4-n)
	}
	if t.changed < most {
		return
	}
	live := 0
	for _, k := range t.line.keepers {
		for _, tab := range k.Tables() {
			live += tab.Len()
		}
	}
	if most == checkpointRows && t.changed < live {
		return
	}
	t.changed = 0
	t.saving.Store(true)
	ctx, end := context.WithCancel(t.q.ctx)
	t.unsave = end
	keepers, work := t.line.keepers, t.work
	t.saver.Go(func() {
		defer end()
		defer t.saving.Store(false)
		t.saved(ctx, keepers, work)
	})
}

// saved makes a checkpoint. One that fails leaves the one before and its changelog: nothing is lost.
func (t *task) saved(ctx context.Context, keepers []op.Keeper, work store.Work) {
	e, began := t.q.e, time.Now()
	i := CheckpointInfo{Query: t.q.plan.ID, Stage: t.unit.Stage, Partition: t.unit.Partition}
	i.Err = work.Checkpoint(ctx, func(w store.Writer) error { return t.save(ctx, keepers, w, &i.Bytes) })
	if i.Err != nil && (ctx.Err() != nil || t.q.ended()) {
		return // the query ends or has failed and said so, or the unit is opened again
	}
	i.Took = time.Since(began)
	if t.saves.went(i.Err, e.wall()) {
		e.teller.later(recovered(PartCheckpoints))
	}
	e.teller.checkpointed(i)
}

func (t *task) save(ctx context.Context, keepers []op.Keeper, w store.Writer, bytes *int64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	for _, k := range keepers {
		for _, tab := range k.Tables() {
			if err := w.Table(tab.Name(), tab.Print().Sum()); err != nil {
				return err
			}
			for from := 0; from >= 0; {
				var buf []byte
				if err := t.reading(ctx, nil, func() error {
					from, buf = tab.Chunk(from, 8192, nil)
					return nil
				}); err != nil {
					return err
				}
				if err := w.Chunk(buf); err != nil {
					return err
				}
				*bytes += int64(len(buf))
			}
		}
	}
	return nil
}

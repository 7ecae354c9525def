package exec

import (
	"errors"
	"maps"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// commit makes what was done since the last one visible and durable as one: outputs, changelog rows,
// positions, and what went wrong.
func (t *task) commit() error {
	if !t.held {
		return nil
	}
	if err := t.account(); err != nil {
		return &Fault{err}
	}
	t.out = t.line.take(t.out[:0])
	if t.q.e.log.Durable() {
		for _, k := range t.line.keepers {
			for _, tab := range k.Tables() {
				if !tab.Changed() {
					continue
				}
				r := &store.Records{TP: store.TP{Topic: t.q.e.changelog(t.q.plan.ID, tab), Partition: t.unit.Partition}}
				tab.Changes(r)
				t.changed += r.Len()
				t.out = append(t.out, r)
			}
		}
	}
	told := t.q.e.teller
	wrong := told.count(t.trouble)
	troubled := len(t.trouble) > 0
	if troubled {
		if r := t.q.e.problems(t.q.plan.ID, t.trouble); r != nil {
			t.out = append(t.out, r)
		}
		t.trouble = t.trouble[:0]
	}
	var began time.Time
	if len(told.commit) > 0 {
		began = time.Now()
	}
	if err := t.write(store.Commit{Appends: t.out, Positions: t.pos}); err != nil {
		return err
	}
	var took time.Duration
	if len(told.commit) > 0 {
		took = time.Since(began)
	}
	t.seen.Lock()
	for tp, n := range t.pos {
		t.done[tp] = n
	}
	t.seen.Unlock()
	read := t.pending
	t.read += read
	t.pending, t.held = 0, false
	t.count++
	t.state.leave()
	t.well()
	t.q.e.moved()
	if len(told.commit) > 0 {
		t.committed(read, took)
	}
	if troubled {
		told.rows(t.q.plan.ID, t.unit.Stage, t.unit.Partition, &wrong)
	}
	t.checkpoint()
	return t.trim()
}

// committed tells of a commit of rows read.
func (t *task) committed(read int, took time.Duration) {
	i := CommitInfo{Query: t.q.plan.ID, Stage: t.unit.Stage, Partition: t.unit.Partition, Read: read, Took: took}
	for _, r := range t.out {
		i.Written += r.Len()
	}
	t.q.e.teller.committed(i)
}

// mostPause is the longest time between two tries to commit.
const mostPause = time.Second

// write commits c. A log that cannot take it now has nothing of it: it is tried again until the query is told to end,
// and the engine's health tells so. A query that was ended goes on from the commit before when it starts again.
func (t *task) write(c store.Commit) error {
	e := t.q.e
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, mostPause) {
		err := t.work.Commit(e.base, c)
		if !errors.Is(err, store.ErrTransient) {
			if err == nil && t.ailing {
				t.ailing = false
				t.commits.went(nil, e.wall())
				e.teller.later(recovered(PartLog))
			}
			return err
		}
		t.commits.went(err, e.wall())
		if !t.ailing { // told once: the log may tell of each
			t.ailing = true
			e.teller.later(t.fault(PartLog, err))
		}
		select {
		case <-t.ending:
			return err
		case <-time.After(pause):
		}
	}
}

// trimRows is how many rows of a repartition topic may be read before they are given up.
const trimRows = 1 << 16

// trim tells the log that rows of a repartition topic have been consumed: nobody else reads it. A log that cannot hear
// it now is told again some rows later.
func (t *task) trim() error {
	if t.read < trimRows {
		return nil
	}
	t.read = 0
	below := maps.Clone(t.pos)
	maps.DeleteFunc(below, func(tp store.TP, _ int64) bool { return !t.stage.internal(tp.Topic) })
	if len(below) == 0 {
		return nil
	}
	err := t.q.e.log.Trim(t.q.e.base, below)
	if errors.Is(err, store.ErrTransient) {
		t.q.e.teller.later(t.fault(PartLog, err))
		return nil
	}
	return err
}

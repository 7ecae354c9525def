package local

import (
	"context"
	"fmt"
	"slices"

	"github.com/ksqlgo/ksql/store"
)

// session is one query at this log. A later session of the same id takes over: the units of the first
// then get store.ErrLost.
type session struct {
	l      *log
	id     string
	stages []store.Stage
	units  []store.Unit
	given  bool
	lost   chan struct{} // closed when its place is another's, or free
}

// Session opens the query's place. An input that begins at its end begins at the end of this moment:
// that place is committed, so that a restart goes on from there.
func (l *log) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	if id == "" {
		return nil, fmt.Errorf("session without an id")
	}
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.write.Unlock()
	s := &session{l: l, id: id, stages: slices.Clone(stages), lost: make(chan struct{})}
	for i := range s.stages {
		st := &s.stages[i]
		var width int
		for _, name := range st.In {
			t := l.topics[name]
			if t == nil {
				return nil, fmt.Errorf("stage %s: topic %s: %w", st.Name, name, store.ErrNoTopic)
			}
			width = max(width, len(t.parts))
		}
		for n := range width {
			u := store.Unit{Stage: st.Name, Partition: int32(n)}
			s.units = append(s.units, u)
			if moves := l.starts(id, st, u); len(moves) > 0 && !l.readOnly() {
				if _, err := l.commit(change{who: id, unit: u, moves: moves}); err != nil {
					return nil, err
				}
			}
		}
	}
	l.mu.Lock()
	l.disown(id)
	l.owner[id] = s
	l.mu.Unlock()
	return s, nil
}

// disown takes its place from the session that has this id; mu is held.
func (l *log) disown(id string) {
	if s := l.owner[id]; s != nil {
		close(s.lost)
		delete(l.owner, id)
	}
}

// starts is where inputs begin that have no position yet. It is kept, so that a later session goes on from there.
func (l *log) starts(id string, st *store.Stage, u store.Unit) map[tid]int64 {
	var have map[tid]int64
	if p := l.sessions[id]; p != nil {
		have = p.at[u]
	}
	moves := map[tid]int64{}
	for _, name := range st.In {
		t := l.topics[name]
		if int(u.Partition) >= len(t.parts) {
			continue
		}
		at := tid{t.id, u.Partition}
		if _, ok := have[at]; ok {
			continue
		}
		from, ok := st.From[store.TP{Topic: name, Partition: u.Partition}]
		p := t.parts[u.Partition]
		switch {
		case !ok || from < 0:
			moves[at] = p.next
		case from == 0: // kept, too: a later session of this id may be told to begin elsewhere
			moves[at] = p.low
		default:
			moves[at] = from
		}
	}
	return moves
}

// Units gives all units at the first call and then waits for the end of ctx, of the log, or of its place: here
// they never change.
func (s *session) Units(ctx context.Context) ([]store.Unit, error) {
	s.l.mu.Lock()
	given := s.given
	s.given = true
	err := s.l.alive(ctx)
	s.l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if !given {
		return slices.Clone(s.units), nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.l.closed:
		return nil, store.ErrClosed
	case <-s.lost:
		return nil, store.ErrLost
	}
}

func (s *session) Open(ctx context.Context, u store.Unit) (store.Work, error) {
	l := s.l
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	if l.owner[s.id] != s {
		return nil, store.ErrLost
	}
	if !slices.Contains(s.units, u) {
		return nil, fmt.Errorf("session %s has no unit %s/%d", s.id, u.Stage, u.Partition)
	}
	w := &work{s: s, u: u, reader: reader{l: l, ready: make(chan struct{}, 1)}}
	for i := range s.stages {
		if s.stages[i].Name == u.Stage {
			w.stage = &s.stages[i]
		}
	}
	return w, nil
}

// Close gives the id free. Units still open get store.ErrLost at their next commit.
func (s *session) Close() error {
	s.l.write.Lock()
	defer s.l.write.Unlock()
	s.l.mu.Lock()
	defer s.l.mu.Unlock()
	if s.l.owner[s.id] == s {
		s.l.disown(s.id)
	}
	return nil
}

// Forget drops what the log knows of session id; a living session of that id is lost.
func (l *log) Forget(ctx context.Context, id string) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	l.disown(id)
	l.mu.Unlock()
	seq, err := l.commit(change{forget: id})
	l.write.Unlock()
	if err != nil || l.j == nil {
		return err
	}
	l.health.forget(store.Checkpointing, id+"/")
	names, err := l.j.fs.List(l.j.path("checkpoints", fileName(id)))
	if err == nil && len(names) > 0 {
		// They go when the forgetting itself cannot be lost any more.
		if err = l.Wait(ctx, seq); err != nil {
			return err
		}
		err = l.dropCheckpoints(id)
	}
	l.health.outcome(store.Removing, "checkpoints of "+id, err)
	return err
}

// work is one unit.
type work struct {
	reader
	s        *session
	u        store.Unit
	stage    *store.Stage
	restored bool
	last     *manifest // the newest checkpoint
}

// Restore gives the newest whole checkpoint and the changelog after it.
func (w *work) Restore(ctx context.Context) (store.Checkpoint, store.Reader, error) {
	if w.restored {
		return nil, nil, fmt.Errorf("unit %s/%d: restored twice", w.u.Stage, w.u.Partition)
	}
	l := w.l
	var from map[tid]int64
	var cp store.Checkpoint
	if l.j != nil {
		var err error
		if cp, from, err = w.load(); err != nil {
			return nil, nil, err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.alive(ctx); err != nil {
		return nil, nil, err
	}
	change := l.reader(w.changelog(from))
	change.bounded = true
	var have map[tid]int64
	if p := l.sessions[w.s.id]; p != nil {
		have = p.at[w.u]
	}
	var in []cursor
	for _, name := range w.stage.In {
		p, err := l.part(store.TP{Topic: name, Partition: w.u.Partition})
		if err != nil {
			if l.topics[name] == nil {
				return nil, nil, err
			}
			continue // a narrower input
		}
		next, ok := have[tid{p.topic.id, w.u.Partition}]
		if from, named := w.stage.From[p.tp]; ok {
		} else if !named || from < 0 {
			next = p.next
		} else if next = from; from == 0 {
			next = -1
		}
		in = append(in, cursor{p: p, next: next, to: endless})
	}
	w.restored = true
	w.start(in)
	return cp, change, nil
}

// changelog is where the unit's changelogs begin. The caller holds mu.
func (w *work) changelog(from map[tid]int64) []cursor {
	var cur []cursor
	for _, name := range w.stage.Change {
		t := w.l.topics[name]
		if t == nil || int(w.u.Partition) >= len(t.parts) {
			continue // never written
		}
		p := t.parts[w.u.Partition]
		cur = append(cur, cursor{p: p, next: from[tid{t.id, w.u.Partition}], to: p.next})
	}
	return cur
}

func (w *work) Poll(limit int) ([]store.Records, error) {
	if !w.restored {
		return nil, fmt.Errorf("unit %s/%d: Poll before Restore", w.u.Stage, w.u.Partition)
	}
	return w.reader.Poll(limit)
}

// Commit appends outputs, changelog and positions as one step.
func (w *work) Commit(ctx context.Context, c store.Commit) error {
	l := w.l
	ch := change{runs: c.Appends, by: w}
	l.mu.RLock()
	err := w.mine()
	if err == nil && len(c.Positions) > 0 {
		ch.who, ch.unit, ch.moves = w.s.id, w.u, make(map[tid]int64, len(c.Positions))
		for tp, next := range c.Positions {
			var p *part
			if p, err = l.part(tp); err != nil {
				break
			}
			ch.moves[tid{p.topic.id, tp.Partition}] = next
		}
	}
	l.mu.RUnlock()
	if err != nil {
		return err
	}
	if len(ch.runs) == 0 && ch.who == "" {
		return ctx.Err()
	}
	_, err = l.append(ctx, ch)
	return err
}

func (w *work) mine() error {
	if w.l.owner[w.s.id] != w.s {
		if w.l.shut {
			return store.ErrClosed
		}
		return store.ErrLost
	}
	return nil
}

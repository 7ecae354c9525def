package local

import (
	"errors"
	"maps"

	"github.com/ksqlgo/ksql/store"
)

var errShape = errors.New("run of records: its slices have different lengths")

// checkRun looks at the shape only: spans are the producer's word.
func checkRun(r *store.Records) error {
	n := len(r.Time)
	if len(r.Key) != n || len(r.Value) != n || (r.Mark != nil && len(r.Mark) != n) {
		return errShape
	}
	return nil
}

// change is one step of the log: what one frame holds.
type change struct {
	runs   []*store.Records
	parts  []*part // of runs
	enc    *encoder
	create *topicDef
	remove int64  // topic id; 0: none
	forget string // session id
	who    string // session whose unit moves to these positions
	unit   store.Unit
	moves  map[tid]int64
	by     *work  // nil: not a unit's commit
	claim  *claim // nil: whoever else has written does not matter
}

type topicDef struct {
	id     int64
	name   string
	config store.TopicConfig
}

// commit gives c its place, writes it and shows it. The caller holds the write lock.
func (l *log) commit(c change) (int64, error) {
	first := l.seq
	seq := first
	for i, r := range c.runs {
		p := c.parts[i]
		r.Seq, r.First, r.Offsets = seq, p.upcoming(c.runs[:i], c.parts[:i]), nil
		seq++
	}
	if len(c.runs) == 0 {
		seq++
	}
	var at place
	if l.j != nil {
		var err error
		if at, err = l.j.append(l, first, &c); err != nil {
			return 0, err
		}
	}
	l.mu.Lock()
	l.apply(&c, first, at)
	for _, p := range c.parts {
		p.wake()
	}
	l.mu.Unlock()
	return seq - 1, nil
}

// apply makes c visible; recovery does it too. The caller holds both locks.
func (l *log) apply(c *change, first int64, at place) {
	l.seq = first + max(1, int64(len(c.runs)))
	if d := c.create; d != nil {
		t := newTopic(*d)
		l.topics[d.name], l.byID[d.id] = t, t
		l.nextID = max(l.nextID, d.id+1)
	}
	if c.remove != 0 {
		if t := l.byID[c.remove]; t != nil {
			t.drop()
			delete(l.topics, t.name)
			delete(l.byID, t.id) // positions in it stay until the next snapshot, or until their session is forgotten
		}
	}
	if c.forget != "" {
		delete(l.sessions, c.forget)
	}
	if c.who != "" {
		s := l.sessions[c.who]
		if s == nil {
			s = &positions{at: map[store.Unit]map[tid]int64{}}
			l.sessions[c.who] = s
		}
		if u := s.at[c.unit]; u == nil {
			s.at[c.unit] = c.moves
		} else {
			maps.Copy(u, c.moves)
		}
	}
	for i, r := range c.runs {
		p, n := c.parts[i], len(r.Time)
		if n == 0 {
			continue
		}
		kept := *r
		own := run{rec: &kept, seq: r.Seq, first: r.First, end: r.First + int64(n), rows: int32(n), bytes: sizeOf(r), youngest: unknownTime}
		if l.j != nil {
			own.at = at.run(c.enc, i)
			own.youngest = c.enc.youngest(i)
			l.cache.add(l, p, &own)
		}
		p.push(own)
		p.expire(l)
	}
}

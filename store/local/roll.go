package local

import (
	"encoding/binary"
	"errors"

	"github.com/ksqlgo/ksql/store"
)

// full is the size at which the last file is full. However much exists, its snapshot is at most half of it.
func (j *journal) full() int64 { return max(j.opt.SegmentBytes, 2*j.cur.began) }

// mostGrowth is how many times its size the last file grows when no new one can be begun.
const mostGrowth = 4

// maxRolled is how many full files may wait for the disk before writers do.
const maxRolled = 4

// roll begins the next file with a snapshot of all that is not rows, so that older files can go. The full one
// reaches the disk behind the writers' back: like every frame its tail counts only when a sync has said so.
func (j *journal) roll(l *log) error {
	j.mu.Lock()
	wait := len(j.rolled) >= maxRolled
	j.mu.Unlock()
	if wait {
		j.sync()
	}
	if err := j.ailing(); err != nil {
		return err
	}
	// What lies behind the last whole frame might be taken for one that comes before the new file.
	if err := j.cut(); err != nil {
		return err
	}
	j.mu.Lock()
	synced := j.synced
	j.mu.Unlock()
	if err := j.begin(l, j.cur.n+1, synced); err != nil {
		return err
	}
	token(j.kick)
	return nil
}

// rollOn is roll; if it fails the last file grows on for a while.
func (j *journal) rollOn(l *log) {
	if j.roller = j.roll(l); j.roller != nil {
		j.rollP.grow()
		j.ails(store.Rolling, j.roller)
	} else {
		j.rollP = pause{}
		j.health.works(store.Rolling, "")
	}
}

// reached notes that everything up to seq is on disk.
func (j *journal) reached(seq int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if seq > j.synced && j.err == nil {
		j.synced = seq
		j.unsynced.release(seq, func(f *frame) { j.frames.Put(f) })
		close(j.done)
		j.done = make(chan struct{})
	}
}

// begin makes file n, with its first frame. synced is what is known to be on disk.
func (j *journal) begin(l *log, n, synced int64) error {
	name := j.segmentName(n)
	e := j.encoders.Get().(*encoder)
	defer j.encoders.Put(e)
	e.begin()
	e.snapshot(l)
	e.endHead()
	e.seal(j.salt, l.seq, synced, 0)
	f, err := j.fs.Create(name + ".tmp")
	if err != nil {
		return j.at("create", name, err)
	}
	if _, err = f.Write(e.buf); err != nil {
		err = j.at("write", name, err)
	} else if err = j.fs.Rename(name+".tmp", name); err != nil {
		err = j.at("rename", name, err)
	}
	if err != nil {
		// The rename may have been done all the same. Nothing counts on the name yet.
		return errors.Join(err, f.Close(), j.remove(name+".tmp"), j.remove(name))
	}
	s := &segment{fs: j.fs, health: j.health, name: name, n: n, from: l.seq, size: int64(len(e.buf)), began: int64(len(e.buf)), f: f}
	j.segs = append(j.segs, s)
	j.total += s.size
	j.mu.Lock()
	if j.cur != nil {
		j.rolled = append(j.rolled, j.cur)
	}
	j.cur, j.named = s, false
	j.mu.Unlock()
	return nil
}

// insert puts what c changes besides runs into the head of a frame whose body may be there already.
func (e *encoder) insert(c *change) {
	var b []byte
	if c.create != nil {
		b = putTopic(b, c.create)
	}
	if c.remove != 0 {
		b = binary.AppendUvarint(append(b, tagRemove), uint64(c.remove))
	}
	if c.forget != "" {
		b = putString(append(b, tagForget), c.forget)
	}
	if c.who != "" {
		b = putMoves(b, &moveSet{c.who, c.unit, c.moves})
	}
	tail := len(e.buf) - int(e.bodyAt)
	e.buf = append(e.buf, b...)
	copy(e.buf[int(e.bodyAt)+len(b):], e.buf[e.bodyAt:int(e.bodyAt)+tail])
	copy(e.buf[e.bodyAt:], b)
	e.bodyAt += int64(len(b))
}

// snapshot puts all that is not rows.
func (e *encoder) snapshot(l *log) {
	e.buf = binary.AppendUvarint(append(e.buf, tagNextID), uint64(l.nextID))
	for _, t := range l.topics {
		e.buf = putTopic(e.buf, &topicDef{t.id, t.name, t.config})
		for i, p := range t.parts {
			e.buf = putPart(e.buf, &partState{tid{t.id, int32(i)}, p.low, p.next})
		}
	}
	for who, s := range l.sessions {
		for u, to := range s.at {
			alive := make(map[tid]int64, len(to))
			for at, next := range to {
				if l.byID[at.id] != nil { // positions in topics that are gone are nobody's
					alive[at] = next
				}
			}
			e.buf = putMoves(e.buf, &moveSet{who, u, alive})
		}
	}
}

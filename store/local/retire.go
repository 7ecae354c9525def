package local

import (
	"errors"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// retireLoop moves the oldest journal files' rows into cold files while the journal is too large, and removes
// what could not be removed before. What fails is tried again after a while.
func (l *log) retireLoop() {
	defer l.done.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var again pause
	for {
		select {
		case <-l.closed:
			return
		case <-l.j.retire:
		case <-timer.C:
		}
		if !again.over() {
			timer.Reset(time.Until(again.until))
			continue
		}
		ok := true
		for more := true; more; {
			select {
			case <-l.closed:
				return
			default:
			}
			more, ok = l.retireOldest()
		}
		if !ok {
			again.grow()
			timer.Reset(again.long)
		} else {
			again = pause{}
			timer.Reset(time.Hour)
		}
	}
}

// tombstoneAge is how long a deletion stays readable in a compacted topic that is not ours, as in Kafka.
const tombstoneAge = 24 * time.Hour

// moved is what retiring does to one partition.
type moved struct {
	p    *part
	from map[*segment]bool // files whose runs go
	runs map[int64]run     // their new places, by seq
	cold *coldPart
}

// retireOldest retires one journal file if the journal is too large, and says whether it did and whether all went
// well. A failure leaves everything as it was.
func (l *log) retireOldest() (more, ok bool) {
	l.retires.Lock()
	defer l.retires.Unlock()
	c := l.cold
	ok = c.clean()
	l.write.Lock()
	if l.j.ailing() != nil { // nothing can go: what would is not worth looking for
		l.write.Unlock()
		return false, ok
	}
	if l.j.total <= l.j.opt.JournalBytes || len(l.j.segs) < 2 {
		l.write.Unlock()
		if ok { // what could not be retired before is gone another way: a failed sync gives files up
			l.health.works(store.Retiring, "")
		}
		return false, ok
	}
	old := l.j.segs[0]
	work, parts := c.wanted(old)
	l.write.Unlock()
	// The next file must be on disk before this one goes: it repeats what this one says of topics. So must what
	// made rows unwanted, a commit of the positions behind them or the deletion of their topic.
	l.j.sync()
	if l.j.ailing() != nil {
		return false, ok // it is told, and mended elsewhere
	}
	begun := time.Now()
	if err := l.retireSegment(old, work, parts); err != nil {
		c.failed = true
		l.health.failed(store.Retiring, "", l.j.at("retire", old.name, err))
		return false, false
	}
	c.failed = false
	l.health.works(store.Retiring, "")
	l.health.event(store.Event{Kind: store.Retired, File: old.name, Bytes: old.size, Took: time.Since(begun)})
	return true, ok
}

// wanted is what stays of old, and of the cold files: retention and trimming have taken their part out of the index.
// The caller holds the write lock.
func (c *cold) wanted(old *segment) (work []*moved, parts map[tid]*coldPart) {
	l := c.l
	l.mu.Lock()
	defer l.mu.Unlock()
	parts = map[tid]*coldPart{}
	for _, t := range l.byID {
		for i, p := range t.parts {
			p.expire(l)
			at := tid{t.id, int32(i)}
			if m := c.plan(p, c.parts[at], old); m != nil {
				parts[at] = m.cold
				work = append(work, m)
			}
		}
	}
	return work, parts
}

func (l *log) retireSegment(old *segment, work []*moved, parts map[tid]*coldPart) error {
	c := l.cold
	c.version++
	c.made = nil
	if len(c.doubtful) > 0 {
		// The manifest before the failure, once more: then nothing is in doubt.
		if _, err := c.publish(c.retired, c.parts); err != nil {
			return err
		}
		c.litter, c.doubtful = append(c.litter, c.doubtful...), nil
	}
	for _, m := range work {
		if err := c.write(m); err != nil {
			c.litter = append(c.litter, c.made...) // no manifest names them
			return err
		}
	}
	if doubt, err := c.publish(old.n, parts); err != nil {
		if doubt {
			c.doubtful = c.made // they stay until another manifest is on disk
		} else {
			c.litter = append(c.litter, c.made...)
		}
		return err
	}

	// The rows have new places.
	before := c.parts
	l.write.Lock()
	l.mu.Lock()
	c.retired, c.parts = old.n, parts
	for _, m := range work {
		m.show()
	}
	l.j.segs = l.j.segs[1:]
	l.j.total -= old.size
	l.mu.Unlock()
	l.write.Unlock()

	l.health.passed(store.Closing, old.name, old.end())
	c.litter = append(c.litter, old.name)
	kept := map[string]bool{}
	for _, p := range parts {
		for _, s := range p.files {
			kept[s.name] = true
		}
	}
	for _, p := range before {
		for _, s := range p.files {
			if !kept[s.name] {
				l.health.passed(store.Closing, s.name, s.end())
				c.litter = append(c.litter, s.name)
			}
		}
	}
	c.clean()
	return nil
}

// clean removes what is needed no more, and says whether all of it has gone. What stays is removed later, or by
// the next opening.
func (c *cold) clean() bool {
	left := c.litter[:0]
	for _, name := range c.litter {
		err := c.l.j.fs.RemoveAll(name)
		c.l.health.outcome(store.Removing, name, err)
		if err != nil {
			left = append(left, name)
		}
	}
	clear(c.litter[len(left):])
	c.litter = left
	return len(left) == 0
}

// plan says what has to be moved of p; nil: p has nothing cold and nothing in old. The caller holds mu.
func (c *cold) plan(p *part, before *coldPart, old *segment) *moved {
	m := &moved{p: p, from: map[*segment]bool{}, runs: map[int64]run{}, cold: &coldPart{low: p.low}}
	if before != nil {
		m.cold.thin = before.thin
	}
	live := map[string]bool{} // by name: a file that grew has more than one entry
	var coldBytes, fresh int64
	for i := range p.runs {
		r := &p.runs[i]
		switch s := r.at.seg; {
		case s == old:
			fresh += r.bytes
			m.runs[r.seq] = *r
		case s.n == 0:
			coldBytes += r.bytes
			live[s.name] = true
		}
	}
	if before != nil {
		for _, s := range before.files {
			if live[s.name] {
				m.cold.files = append(m.cold.files, s)
			}
		}
	}
	if len(m.cold.files) == 0 && len(m.runs) == 0 && p.low == 0 {
		return nil
	}
	m.from[old] = true
	if p.topic.config.Compact && fresh > 0 && coldBytes+fresh >= max(2*m.cold.thin, c.l.opt.CompactBytes) {
		for i := range p.runs {
			if r := &p.runs[i]; r.at.seg.n == 0 {
				m.runs[r.seq] = *r
				m.from[r.at.seg] = true
			}
		}
		m.cold.files, m.cold.thin = nil, -1 // set when written
	}
	return m
}

// show puts the new places into the index. The caller holds mu.
func (m *moved) show() {
	p := m.p
	if p.topic.gone {
		return
	}
	p.topic.cold = true
	runs := make([]run, 0, len(p.runs))
	for _, r := range p.runs {
		if m.from[r.at.seg] {
			now, ok := m.runs[r.seq]
			if !ok {
				p.bytes -= r.bytes
				continue // compaction left no row of it
			}
			if now.rows == r.rows {
				r.at = now.at
			} else {
				p.bytes += now.bytes - r.bytes
				r = now
			}
		}
		runs = append(runs, r)
	}
	p.runs = runs
}

// write copies the runs of m into cold files, thinned out if the partition is compacted now, and brings
// them to disk.
func (c *cold) write(m *moved) error {
	if len(m.runs) == 0 {
		return nil
	}
	order := make([]run, 0, len(m.runs))
	for _, r := range m.runs {
		order = append(order, r)
	}
	sortRuns(order)
	w := &coldWriter{c: c, m: m, at: tid{m.p.topic.id, m.p.tp.Partition}}
	fill := w.all
	if m.cold.thin < 0 {
		fill = w.thin
	}
	if err := fill(order); err != nil {
		return errors.Join(err, w.close())
	}
	return w.finish()
}

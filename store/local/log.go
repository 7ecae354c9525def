// Package local is a store.Log inside this process: in memory, or in one directory.
package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// Options say how a local log works. The zero value is good.
type Options struct {
	FS             FS               // where a directory log keeps its files; nil: the disk
	Clock          func() time.Time // nil: time.Now; retention compares row times with it
	Context        context.Context  // bounds Open, nothing after it; nil: nothing does
	PartitionBytes int64            // oldest rows of a topic that is neither compacted nor internal go above this size; 0: never
	CompactBytes   int64            // a compacted partition is not thinned out below this size; 0: 16 MiB
	SegmentBytes   int64            // size of one journal file; 0: 64 MiB
	JournalBytes   int64            // above it the oldest journal files are retired; 0: 1 GiB
	CacheBytes     int64            // young rows of a directory log kept in memory; 0: 256 MiB
	UnsyncedBytes  int64            // what may not be on disk is kept up to this size, to be written again if a sync fails; 0: 64 MiB
	SyncEvery      time.Duration    // a written journal reaches the disk after this time even if nobody waits; 0: 100 ms
}

func (o Options) filled() Options {
	or := func(v *int64, n int64) {
		if *v == 0 {
			*v = n
		}
	}
	or(&o.CompactBytes, 16<<20)
	or(&o.SegmentBytes, 64<<20)
	or(&o.JournalBytes, 1<<30)
	or(&o.CacheBytes, 256<<20)
	or(&o.UnsyncedBytes, 64<<20)
	if o.SyncEvery == 0 {
		o.SyncEvery = 100 * time.Millisecond
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.FS == nil {
		o.FS = Disk()
	}
	return o
}

// Memory is a log that lives as long as the process. It cannot fail today; the error is there for
// symmetry with Open.
func Memory(o Options) (store.Log, error) { return newLog(o), nil }

func newLog(o Options) *log {
	return &log{
		opt: o.filled(), closed: make(chan struct{}), seq: 1, nextID: 1,
		topics: map[string]*topic{}, byID: map[int64]*topic{}, sessions: map[string]*positions{}, owner: map[string]*session{},
	}
}

// log is both local logs: the one in memory has no journal.
//
// Two locks: write orders everything that changes the log; mu guards what readers see and is held for
// nanoseconds. Who changes holds both, so either is enough for reading. Order: write, then mu.
type log struct {
	opt    Options
	closed chan struct{}
	done   sync.WaitGroup
	health health

	write   sync.Mutex
	j       *journal // nil in memory
	retires sync.Mutex
	cold    *cold

	mu       sync.RWMutex
	seq      int64 // of the next run
	nextID   int64
	topics   map[string]*topic
	byID     map[int64]*topic
	sessions map[string]*positions
	owner    map[string]*session // the living session of an id
	shut     bool
	cache    cache
}

// positions is what one session has read: the next offset of each input of each unit.
type positions struct {
	at map[store.Unit]map[tid]int64
}

// tid is a partition of a topic by id, so that a position never meets a later topic of the same name.
type tid struct {
	id        int64
	partition int32
}

func (l *log) Durable() bool { return l.j != nil }

// Shared is false: a directory has a lock.
func (l *log) Shared() bool { return false }

// Dir is the directory of the log, by which its errors name files; empty: it has none.
func (l *log) Dir() string {
	if l.j == nil {
		return ""
	}
	return l.j.dir
}

func (l *log) Topics(ctx context.Context) (map[string]store.TopicInfo, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	out := make(map[string]store.TopicInfo, len(l.topics))
	for name, t := range l.topics {
		out[name] = t.info()
	}
	return out, nil
}

func (l *log) Topic(ctx context.Context, name string) (store.TopicInfo, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.alive(ctx); err != nil {
		return store.TopicInfo{}, err
	}
	t := l.topics[name]
	if t == nil {
		return store.TopicInfo{}, fmt.Errorf("topic %s: %w", name, store.ErrNoTopic)
	}
	return t.info(), nil
}

// alive says why nothing can be done any more, if so. The caller holds a lock.
func (l *log) alive(ctx context.Context) error {
	if l.shut {
		return store.ErrClosed
	}
	return ctx.Err()
}

// Create makes a topic; no partitions stands for one.
func (l *log) Create(ctx context.Context, name string, c store.TopicConfig) error {
	if c.Partitions == 0 {
		c.Partitions = 1
	}
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.write.Unlock()
	if err := l.creatable(ctx, name, c); err != nil {
		return err
	}
	_, err := l.commit(change{create: &topicDef{id: l.nextID, name: name, config: c}})
	return err
}

// Validate answers as Create would.
func (l *log) Validate(ctx context.Context, name string, c store.TopicConfig) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	err := l.creatable(ctx, name, c)
	if err == nil && l.j != nil {
		err = l.j.refused()
	}
	return err
}

const maxPartitions = 1 << 16

// creatable says what is against a topic of that name. The caller holds a lock.
func (l *log) creatable(ctx context.Context, name string, c store.TopicConfig) error {
	if c.Partitions < 0 || c.Partitions > maxPartitions {
		return fmt.Errorf("topic %s cannot have %d partitions, but 1 to %d", name, c.Partitions, maxPartitions)
	}
	if err := l.alive(ctx); err != nil {
		return err
	}
	if l.topics[name] != nil {
		return fmt.Errorf("topic %s: %w", name, store.ErrExists)
	}
	return nil
}

// Delete deletes the topic of that name if it has this id.
func (l *log) Delete(ctx context.Context, name, id string) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	t := l.topics[name]
	if t == nil || t.text != id {
		l.write.Unlock()
		return fmt.Errorf("topic %s (id %s): %w", name, id, store.ErrNoTopic)
	}
	seq, err := l.commit(change{remove: t.id})
	cold := t.cold
	l.write.Unlock()
	if err != nil || !cold {
		return err
	}
	// Its cold files go when the deletion itself cannot be lost any more.
	if err := l.Wait(ctx, seq); err != nil {
		return err
	}
	l.cold.drop(t)
	return nil
}

// Append orders the runs as one step. Rows are not copied: the log keeps the slices of r.
func (l *log) Append(ctx context.Context, r ...*store.Records) (int64, error) {
	return l.append(ctx, change{runs: r})
}

// append checks the runs of c, encodes them outside of the locks if there is a journal, and commits c.
func (l *log) append(ctx context.Context, c change) (int64, error) {
	var few [4]*part
	c.parts = few[:0]
	l.mu.RLock()
	err := l.alive(ctx)
	for _, r := range c.runs {
		if err != nil {
			break
		}
		var p *part
		if p, err = l.part(r.TP); err == nil {
			err = checkRun(r)
		}
		c.parts = append(c.parts, p)
	}
	l.mu.RUnlock()
	if err != nil {
		return 0, err
	}
	if l.j != nil {
		enc := l.j.encoders.Get().(*encoder)
		defer l.j.encoders.Put(enc)
		enc.runs(c.runs, c.parts)
		c.enc = enc
	}
	if err := l.enter(ctx); err != nil {
		return 0, err
	}
	if c.by != nil {
		if err := c.by.mine(); err != nil {
			l.write.Unlock()
			return 0, err
		}
	}
	if c.claim != nil && c.claim.end != c.claim.p.next {
		l.write.Unlock()
		return 0, fmt.Errorf("topic %s: %w", c.claim.p.topic.name, store.ErrMoved)
	}
	for _, p := range c.parts {
		if p.topic.gone {
			l.write.Unlock()
			return 0, fmt.Errorf("topic %s: %w", p.topic.name, store.ErrNoTopic)
		}
	}
	seq, err := l.commit(c)
	l.write.Unlock()
	if err != nil {
		return 0, err
	}
	for _, p := range c.parts {
		l.compactMemory(p)
	}
	return seq, nil
}

// part finds a partition. The caller holds a lock.
func (l *log) part(tp store.TP) (*part, error) {
	t := l.topics[tp.Topic]
	if t == nil {
		return nil, fmt.Errorf("topic %s: %w", tp.Topic, store.ErrNoTopic)
	}
	if tp.Partition < 0 || int(tp.Partition) >= len(t.parts) {
		return nil, fmt.Errorf("topic %s: no partition %d", tp.Topic, tp.Partition)
	}
	return t.parts[tp.Partition], nil
}

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

// Wait returns when everything up to seq survives a power cut; in memory at once.
func (l *log) Wait(ctx context.Context, seq int64) error {
	if l.j == nil {
		return ctx.Err()
	}
	return l.j.wait(ctx, seq)
}

// Trim forgets rows below these offsets. A topic that is gone is no error.
func (l *log) Trim(ctx context.Context, below map[store.TP]int64) error {
	l.write.Lock()
	defer l.write.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.alive(ctx); err != nil {
		return err
	}
	for tp, offset := range below {
		if p, err := l.part(tp); err == nil {
			p.trim(min(offset, p.next))
		}
	}
	return nil
}

func (l *log) Ends(ctx context.Context, tps []store.TP) (map[store.TP]int64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	out := make(map[store.TP]int64, len(tps))
	for _, tp := range tps {
		p, err := l.part(tp)
		if err != nil {
			return nil, err
		}
		out[tp] = p.next
	}
	return out, nil
}

// Close refuses further work, brings what was written to disk, and waits for the log's goroutines.
func (l *log) Close() error {
	l.write.Lock()
	l.mu.Lock()
	if l.shut {
		l.mu.Unlock()
		l.write.Unlock()
		return nil
	}
	l.shut = true
	close(l.closed)
	for _, t := range l.topics {
		for _, p := range t.parts {
			p.wake()
		}
	}
	l.mu.Unlock()
	l.write.Unlock()
	l.done.Wait()
	defer l.health.close()
	if l.j == nil {
		return nil
	}
	return l.j.close()
}

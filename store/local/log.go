// Package local is a store.Log inside this process: in memory, or in one directory.
package local

import (
	"context"
	"fmt"
	"sync"

	"github.com/ksqlgo/ksql/store"
)

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

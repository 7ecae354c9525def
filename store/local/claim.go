package local

import (
	"context"
	"fmt"

	"github.com/ksqlgo/ksql/store"
)

// claim is optimistic: whoever appends first after a place is right, all others who claimed that place were not.
type claim struct {
	l    *log
	p    *part
	end  int64
	over bool
}

// Claim notes where the topic ends.
func (l *log) Claim(ctx context.Context, topic string) (store.Claim, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := l.alive(ctx); err != nil {
		return nil, err
	}
	p, err := l.part(store.TP{Topic: topic})
	if err != nil {
		return nil, err
	}
	if n := len(p.topic.parts); n != 1 {
		return nil, fmt.Errorf("topic %s has %d partitions: only a topic of one can be claimed", topic, n)
	}
	return &claim{l: l, p: p, end: p.next}, nil
}

func (c *claim) End() int64 { return c.end }

// Append writes r if the topic still ends where the claim says, and waits for the disk.
func (c *claim) Append(ctx context.Context, r *store.Records) error {
	if c.over {
		return fmt.Errorf("topic %s: the claim was released", c.p.topic.name)
	}
	if r.TP != c.p.tp {
		return fmt.Errorf("topic %s/%d: the claim is of topic %s", r.TP.Topic, r.TP.Partition, c.p.topic.name)
	}
	seq, err := c.l.append(ctx, change{runs: []*store.Records{r}, claim: c})
	if err != nil {
		return err
	}
	c.end = r.First + int64(r.Len())
	return c.l.Wait(ctx, seq)
}

func (c *claim) Release() { c.over = true }

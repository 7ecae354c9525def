package storetest

import (
	"context"
	"fmt"
	"sync"

	"github.com/ksqlgo/ksql/store"
)

// Shared is n places at one log, as processes share a Kafka cluster: all of them see the same topics, read them and
// claim them, and the first runs every query: to the others a session gives no unit. A claim is lost as soon as
// another place claims the topic, if fencing is set (Kafka), else when another appends to it (files). Closing a
// place ends the waiting of its own sessions; l stays open and belongs to the caller.
func Shared(l store.Log, n int, fencing bool) []store.Log {
	all := &claims{fencing: fencing, newest: map[string]int{}}
	var out []store.Log
	for i := range n {
		out = append(out, &shared{Log: l, first: i == 0, claims: all, closed: make(chan struct{})})
	}
	return out
}

// claims counts the claims of each topic.
type claims struct {
	fencing bool
	mu      sync.Mutex
	newest  map[string]int
}

type shared struct {
	store.Log
	first  bool
	claims *claims
	once   sync.Once
	closed chan struct{}
}

// Shared is what it is.
func (l *shared) Shared() bool { return true }

// Close ends this place only.
func (l *shared) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *shared) Claim(ctx context.Context, topic string) (store.Claim, error) {
	l.claims.mu.Lock()
	defer l.claims.mu.Unlock()
	c, err := l.Log.Claim(ctx, topic)
	if err != nil {
		return nil, err
	}
	l.claims.newest[topic]++
	return &sharedClaim{c, l.claims, topic, l.claims.newest[topic]}, nil
}

type sharedClaim struct {
	store.Claim
	all   *claims
	topic string
	n     int
}

func (c *sharedClaim) Append(ctx context.Context, r *store.Records) error {
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if c.all.fencing && c.all.newest[c.topic] != c.n {
		return fmt.Errorf("topic %s: %w", c.topic, store.ErrMoved)
	}
	return c.Claim.Append(ctx, r)
}

func (l *shared) Session(ctx context.Context, id string, stages []store.Stage) (store.Session, error) {
	if l.first {
		return l.Log.Session(ctx, id, stages)
	}
	return &idle{l: l}, nil
}

// idle is a session all of whose units run elsewhere.
type idle struct {
	l    *shared
	told bool
}

// Units gives none, and waits for the end of ctx or of the place when it is asked again.
func (s *idle) Units(ctx context.Context) ([]store.Unit, error) {
	if !s.told {
		s.told = true
		return nil, ctx.Err()
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.l.closed:
		return nil, store.ErrClosed
	}
}

func (s *idle) Open(context.Context, store.Unit) (store.Work, error) { return nil, store.ErrLost }

func (s *idle) Close() error { return nil }

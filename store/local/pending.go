package local

import (
	"context"
	"errors"
	"sync"

	"github.com/ksqlgo/ksql/store"
)

// Types of the directory log, which follows; the memory log reaches none of them.
type (
	journal struct{ encoders sync.Pool }
	encoder struct{}
	place   struct{}
	where   struct{}
	cold    struct{}
	cache   struct{}
)

var errMoved = errors.New("moved")

func (*encoder) runs([]*store.Records, []*part)                {}
func (*encoder) youngest(int) int64                            { return 0 }
func (*journal) append(*log, int64, *change) (place, error)    { return place{}, nil }
func (*journal) wait(context.Context, int64) error             { return nil }
func (*journal) close(*log) error                              { return nil }
func (place) run(*encoder, int) where                          { return where{} }
func (*cache) add(*log, *part, *run)                           {}
func (*cold) drop(int64) error                                 { return nil }
func (l *log) readOnly() bool                                  { return false }
func (l *log) dropCheckpoints(string) error                    { return nil }
func (r *run) load(*part) (*store.Records, error)              { return nil, errMoved }
func (w *work) load() (store.Checkpoint, map[tid]int64, error) { return nil, nil, nil }

// Checkpoint does nothing in memory.
func (w *work) Checkpoint(ctx context.Context, _ func(store.Writer) error) error { return ctx.Err() }

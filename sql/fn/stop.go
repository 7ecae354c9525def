package fn

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/ksqlgo/ksql/sql/vec"
)

// ErrCancelled is what Stop.Check panics with: who runs kernels recovers it and gives up what it was doing.
var ErrCancelled = errors.New("the work was cancelled")

// Stop tells kernels at work that nobody wants their result any more. A nil Stop never does.
type Stop struct {
	set  atomic.Bool
	also *Stop
}

// Set asks for the end. Any goroutine may.
func (s *Stop) Set() { s.set.Store(true) }

// Check panics with ErrCancelled if the end was asked for. Loops over rows or items call it every 1,024 rounds.
func (s *Stop) Check() {
	for ; s != nil; s = s.also {
		if s.set.Load() {
			panic(ErrCancelled)
		}
	}
}

// With makes s heed another Stop, too; nil: no more. Only the goroutine that checks s may call it.
func (s *Stop) With(other *Stop) { s.also = other }

// Follow sets s when one of these contexts ends. Call release when the work is done: s is clear then.
func (s *Stop) Follow(list ...context.Context) (release func()) {
	var ends []func()
	for _, ctx := range list {
		if ctx.Done() == nil {
			continue
		}
		fired := make(chan struct{})
		end := context.AfterFunc(ctx, func() {
			s.Set()
			close(fired)
		})
		ends = append(ends, func() {
			if !end() {
				<-fired
			}
		})
	}
	if ends == nil { // nothing can set it
		return nothing
	}
	return func() {
		for _, end := range ends {
			end()
		}
		s.set.Store(false)
	}
}

func nothing() {}

// most is the bytes that results may take.
func (s Site) most() int {
	if s.Max == 0 {
		return vec.MaxBytes
	}
	return s.Max
}

// checkEvery is the rows between two looks at a Stop.
const checkEvery = 1024

// row is called before each row by adapters whose functions may take long.
func (c *Call) row(i int) {
	if i&(rowsEvery-1) == 0 {
		c.Stop.Check()
	}
}

const rowsEvery = 16

package exec

import (
	"math/rand/v2"
	"sync"

	"github.com/ksqlgo/ksql/sql/vec"
)

func random() uint64 { return rand.Uint64() }

// plainOrder serves pipelines without a sink: windows that close together leave in the order of their groups.
func plainOrder(cols []*vec.Vec, n int) ([][]byte, error) {
	out := make([][]byte, n)
	for i := range out {
		out[i] = vec.AppendKey(nil, cols, i)
	}
	return out, nil
}

// Seeded is a source of randomness that repeats itself.
func Seeded(seed uint64) func() uint64 {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, seed))
	return func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		return r.Uint64()
	}
}

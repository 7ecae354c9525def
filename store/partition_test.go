package store

import (
	"math/rand/v2"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// The values are Kafka's own (UtilsTest.testMurmur2).
func TestMurmur2(t *testing.T) {
	for s, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
		"a-little-bit-longer-string": -1486304829, "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(s))); got != want {
			t.Errorf("murmur2(%q) = %d, want %d", s, got, want)
		}
	}
}

// TestPartition holds the partitions of keys to those that Kafka's clients choose.
func TestPartition(t *testing.T) {
	kafka := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		key := make([]byte, r.IntN(40))
		for i := range key {
			key[i] = byte(r.Uint32())
		}
		n := 1 + r.IntN(100)
		if got, want := Partition(key, int32(n)), kafka.Partition(&kgo.Record{Key: key}, n); int(got) != want {
			t.Fatalf("key %x among %d: %d, want %d", key, n, got, want)
		}
	}
}

package local

import (
	"context"
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/storetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

func TestMemory(t *testing.T) {
	for name, o := range map[string]Options{"plain": {}, "compacted": {CompactBytes: 1}} {
		t.Run(name, func(t *testing.T) {
			storetest.Log(t, func(t *testing.T, _ bool) store.Log {
				l, err := Memory(o)
				if err != nil {
					t.Fatal(err)
				}
				return l
			})
		})
	}
}

// TestDirectory runs the suite on the disk, and on small files that are retired all the time.
func TestDirectory(t *testing.T) {
	for name, o := range map[string]Options{
		"plain": {},
		"tiny":  {SegmentBytes: 3000, JournalBytes: 9000, CacheBytes: 1, CompactBytes: 1},
	} {
		t.Run(name, func(t *testing.T) {
			dirs := map[string]string{}
			storetest.Log(t, func(t *testing.T, fresh bool) store.Log {
				if fresh {
					dirs[t.Name()] = t.TempDir()
				}
				l, err := Open(dirs[t.Name()], o)
				if err != nil {
					t.Fatal(err)
				}
				return l
			})
		})
	}
}

func TestForgetful(t *testing.T) {
	var fs *Forgetful
	storetest.Log(t, func(t *testing.T, fresh bool) store.Log {
		if fresh {
			fs = NewForgetful()
		}
		l, err := Open("/d", Options{FS: fs, SegmentBytes: 1000, JournalBytes: 3000})
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
}

// TestLate runs the suite on logs that show their rows late, in pieces, and with holes between them.
func TestLate(t *testing.T) {
	for _, n := range []int{0, 3} {
		holes := func(string) int { return n }
		t.Run(fmt.Sprint("memory", n), func(t *testing.T) {
			storetest.Log(t, func(t *testing.T, _ bool) store.Log {
				return storetest.Late(must(Memory(Options{CompactBytes: 1}))(t), 1, holes)
			})
		})
		t.Run(fmt.Sprint("directory", n), func(t *testing.T) {
			var fs *Forgetful
			storetest.Log(t, func(t *testing.T, fresh bool) store.Log {
				if fresh {
					fs = NewForgetful()
				}
				return storetest.Late(must(Open("/d", Options{FS: fs, SegmentBytes: 1000, JournalBytes: 3000, CompactBytes: 1}))(t), 2, holes)
			})
		})
	}
}

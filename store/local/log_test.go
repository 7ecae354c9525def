package local

import (
	"context"
	"testing"

	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/storetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ctx = context.Background()

func TestMemory(t *testing.T) {
	storetest.Log(t, func(t *testing.T, _ bool) store.Log {
		l, err := Memory(Options{})
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
}

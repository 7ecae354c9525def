package exec

import (
	"context"
	"errors"
	"testing"

	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/meta"
)

// inMemory is an engine that is closed at the end of the test, and its log.
func inMemory(ctx context.Context, t *testing.T) (*Engine, store.Log) {
	t.Helper()
	log, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	view, err := meta.Open(meta.Memory)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(ctx, Options{Log: log, Functions: fn.Builtins(), Meta: view})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(e.Close(), view.Close(), log.Close()); err != nil {
			t.Error(err)
		}
	})
	return e, log
}

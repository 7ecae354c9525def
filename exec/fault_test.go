package exec

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// TestPanic tells clients what was panicked with, not where.
func TestPanic(t *testing.T) {
	cause := errors.New("boom\ngoroutine 1 [running]:\n\t/home/me/boom.go:1")
	err := fmt.Errorf("pull query: %w", panicked(cause))
	if err.Error() != "pull query: Exception caught in process. boom" || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	var p *Panic
	if !errors.As(err, &p) || len(p.Stack) == 0 {
		t.Error("nobody learns where it was")
	}
}

// TestJudge is what becomes of a query after each kind of fault, and what its user is told to do.
func TestJudge(t *testing.T) {
	disk := &fs.PathError{Op: "read", Path: "x", Err: syscall.EIO}
	for _, c := range []struct {
		err   error
		class class
		hint  string
	}{
		{store.ErrAborted, passing, ""},
		{fmt.Errorf("%w: %w", store.ErrTransient, disk), passing, ""},
		{unread(disk), passing, ""},
		{unread(context.DeadlineExceeded), passing, ""},
		{unread(fmt.Errorf("topic x: %w", syscall.ECONNRESET)), passing, ""},
		{store.ErrLost, foreign, ""},
		{unread(store.ErrLost), foreign, ""},
		{errors.Join(store.ErrAborted, store.ErrLost), foreign, ""},
		{disk, permanent, "RESUME"}, // of a commit: nobody knows what is there
		{&Fault{errors.New("a row")}, permanent, "CREATE OR REPLACE"},
		{&Fault{unread(disk)}, permanent, "CREATE OR REPLACE"},
		{panicked("boom"), permanent, "mend the function"},
		{panicked(vec.ErrMemory), permanent, "memory limit"},
		{&Fault{fmt.Errorf("%w: table t", errTables)}, permanent, "memory limit"},
		{unread(fmt.Errorf("file: %w", store.ErrCorrupt)), permanent, "damaged"},
		{unread(store.ErrClosed), permanent, "open the engine again"},
		{store.ErrReadOnly, permanent, "open the engine again"},
		{unread(store.ErrNoTopic), permanent, "deleted"},
		{errors.Join(store.ErrLost, store.ErrNoTopic), permanent, "deleted"},
		{fmt.Errorf("it was stopped: %w", errForgotten), permanent, "create it again"},
		{unread(&store.Gap{TP: store.TP{Topic: "r"}, To: 5}), permanent, "drop it"},
	} {
		got := judge(c.err)
		if got.class != c.class || !strings.Contains(got.hint, c.hint) || (got.hint == "") != (c.class != permanent) {
			t.Errorf("%v: %+v", c.err, got)
		}
	}
}

package exec

import (
	"errors"
	"fmt"
	"testing"
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

package bed_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain ends with nothing of any engine running. As a crash test's child it is that engine instead.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		crashChild(dir)
	}
	if dir := os.Getenv(historyDir); dir != "" {
		historyChild(dir)
	}
	code := m.Run()
	// BuntDB's goroutine notices within a second that its database was closed.
	var left error
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		if left = goleak.Find(); left == nil {
			break
		}
	}
	if left != nil {
		fmt.Fprintln(os.Stderr, left)
		code = max(code, 1)
	}
	os.Exit(code)
}

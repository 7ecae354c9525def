package exec_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain ends with nothing of any engine running.
func TestMain(m *testing.M) {
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

// ownTopic is a repartition topic or changelog of a query.
var ownTopic = regexp.MustCompile(`_confluent-ksql-default_query_(\w+_\d+)-\S*`)

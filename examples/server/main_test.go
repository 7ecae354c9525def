package main

import (
	"context"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// lines hands the text of a running server to its test.
type lines struct{ text chan string }

func (l lines) Write(b []byte) (int, error) { l.text <- string(b); return len(b), nil }

// TestRequests runs the printed requests, all but the endless one, as a user would.
func TestRequests(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("no curl here")
	}
	ctx, stop := context.WithCancel(context.Background())
	out := lines{make(chan string, 10)}
	done := make(chan error, 1)
	go func() { done <- run(ctx, out, "127.0.0.1:0", t.TempDir()) }()
	url := regexp.MustCompile(`http://\S+`).FindString(<-out.text)
	requests := try(url)
	for i, want := range []string{`"Created query with ID CTAS_TOTALS_1"`, `[]`, `"tea",2,5`} {
		_, command, _ := strings.Cut(requests[i], "\n")
		got := ""
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline) && !strings.Contains(got, want); {
			b, err := exec.Command("sh", "-c", command).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v %s", command, err, b)
			}
			if got = string(b); i < 2 {
				break
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s\ngave %s\nwithout %s", command, got, want)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := run(context.Background(), io.Discard, "no address", ""); err == nil {
		t.Error("a bad address must be refused")
	}
}

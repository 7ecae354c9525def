package main

import (
	"context"
	"strings"
	"sync"
	"testing"
)

// page is a writer that two goroutines may use.
type page struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func TestRun(t *testing.T) {
	var p page
	if err := run(context.Background(), &p, 0); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"ORD | 283 | ", "Chicago O'Hare International", "-- 5000 flights read", "DFW | 261 | ", "ATL | 208 | ", "minutes late", "SFO | 2001-03-",
	} {
		if !strings.Contains(p.text.String(), want) {
			t.Errorf("no %q in the output:\n%s", want, p.text.String())
		}
	}
}

package bed_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
)

func run(t *testing.T, e *ksql.Engine, text string) {
	t.Helper()
	if _, err := e.Execute(context.Background(), text); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

func double() fn.Func {
	return fn.Func{Name: "TWICE", Variants: []fn.Variant{fn.Fn1("TWICE", func(v int64) int64 { return 2 * v })}}
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not seen: %s", what)
		}
	}
}

func opened(t *testing.T, opts ...ksql.Option) *ksql.Engine {
	t.Helper()
	e, err := ksql.Open(t.Context(), append([]ksql.Option{ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	ends(t, e)
	return e
}

// ends closes c at the end of the test, if that was not done before: a test that fails leaves nothing running, which
// would look like another failure.
func ends(t *testing.T, c io.Closer) {
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

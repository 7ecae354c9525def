package format

import (
	"testing"

	"github.com/ksqlgo/ksql/sql/serde"
)

// TestLocal holds that the planner and the codecs agree on what this build reads and writes.
func TestLocal(t *testing.T) {
	for _, f := range serde.Formats() {
		e, ok := Lookup(f.Name)
		if !ok || (e.open != nil) != f.Local {
			t.Errorf("%s: local %t, codec %t", f.Name, f.Local, e.open != nil)
		}
	}
	for name := range codecs {
		if _, ok := serde.Lookup(name); !ok {
			t.Errorf("the planner does not know %s", name)
		}
	}
}

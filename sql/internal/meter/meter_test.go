package meter

import "testing"

type counter int

func (c *counter) Check() { *c++ }

// TestAdd holds that the stop is asked once in 65,536 of work, however it comes.
func TestAdd(t *testing.T) {
	var c counter
	m := Meter{Stop: &c}
	for range 1 << 20 / 64 {
		m.Add(64)
	}
	m.Add(1 << 30)
	if c != 17 {
		t.Errorf("asked %d times", c)
	}
	new(Meter).Add(1 << 30) // nothing stops it
}

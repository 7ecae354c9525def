// Package meter lets long loops be stopped: they count their work, and it looks now and then whether to go on.
package meter

// Meter checks a Stop once in a while in loops whose rounds differ in cost.
type Meter struct {
	Stop Stopper // nil: nothing stops the loop
	done int
}

// Stopper is asked now and then: its Check panics if the work is to end.
type Stopper interface{ Check() }

// meterStep is the work between two checks: less than a millisecond.
const meterStep = 1 << 16

// Add counts some work: a byte or so each.
func (m *Meter) Add(n int) {
	if m.done += n; m.done >= meterStep {
		m.check()
	}
}

func (m *Meter) check() {
	m.done = 0
	if m.Stop != nil {
		m.Stop.Check()
	}
}

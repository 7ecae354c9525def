package local

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// health is what does not work in a log, and who wants to know.
type health struct {
	bad  atomic.Int32 // troubles now: those who succeed look here first
	mu   sync.Mutex
	now  map[trouble]*store.Trouble
	ears []*ear
	wait []store.Event // not told yet
	wake chan struct{} // nil: nobody has ever listened, there is no goroutine
	shut bool
	done sync.WaitGroup
}

type trouble struct{ what, of string }

type ear struct{ f func(store.Event) }

// mostEvents is how many events may wait for those who listen.
const mostEvents = 256

// failed notes that something does not work. It may be called under any lock.
func (h *health) failed(what, of string, err error) { h.note(what, of, err, false) }

// final is failed for what stays so until the log is opened again.
func (h *health) final(what, of string, err error) { h.note(what, of, err, true) }

func (h *health) note(what, of string, err error, final bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := time.Now()
	t := h.now[trouble{what, of}]
	if t == nil {
		t = &store.Trouble{What: what, Of: of, Since: at}
		if h.now == nil {
			h.now = map[trouble]*store.Trouble{}
		}
		h.now[trouble{what, of}] = t
		h.bad.Add(1)
	}
	t.Err, t.Last, t.Final = err, at, t.Final || final
	t.Count++
	h.tell(store.Event{Kind: store.Failed, Trouble: *t})
}

// passed tells of a failure that leaves nothing that could work again.
func (h *health) passed(what, of string, err error) {
	if err == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := time.Now()
	h.tell(store.Event{Kind: store.Failed, Trouble: store.Trouble{What: what, Of: of, Err: err, Since: at, Last: at, Count: 1}})
}

// works notes that something works, again or still.
func (h *health) works(what, of string) {
	if h.bad.Load() == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.now[trouble{what, of}]; t != nil && !t.Final {
		delete(h.now, trouble{what, of})
		h.bad.Add(-1)
		h.tell(store.Event{Kind: store.Healed, Trouble: *t})
	}
}

// forget ends the troubles with what can be in trouble no more: all whose Of begins with prefix.
func (h *health) forget(what, prefix string) {
	if h.bad.Load() == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, t := range h.now {
		if k.what == what && strings.HasPrefix(k.of, prefix) {
			delete(h.now, k)
			h.bad.Add(-1)
			h.tell(store.Event{Kind: store.Healed, Trouble: *t})
		}
	}
}

// outcome is failed or works.
func (h *health) outcome(what, of string, err error) {
	if err != nil {
		h.failed(what, of, err)
	} else {
		h.works(what, of)
	}
}

// event tells of work done.
func (h *health) event(e store.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tell(e)
}

// tell lets e wait for its telling. A failure that comes again takes the place of the one before. The caller
// holds mu.
func (h *health) tell(e store.Event) {
	if len(h.ears) == 0 || h.shut {
		return
	}
	if n := len(h.wait) - 1; n >= 0 && e.Kind == store.Failed && h.wait[n].Kind == e.Kind &&
		h.wait[n].Trouble.What == e.Trouble.What && h.wait[n].Trouble.Of == e.Trouble.Of {
		h.wait[n] = e
	} else {
		if len(h.wait) == mostEvents {
			h.wait = slices.Delete(h.wait, 0, 1)
		}
		h.wait = append(h.wait, e)
	}
	token(h.wake)
}

// Health is what does not work now.
func (l *log) Health() []store.Trouble {
	h := &l.health
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]store.Trouble, 0, len(h.now))
	for _, t := range h.now {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b store.Trouble) int {
		return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Of, b.Of))
	})
	return out
}

// Observe lets f hear of what happens.
func (l *log) Observe(f func(store.Event)) (stop func()) {
	h := &l.health
	h.mu.Lock()
	defer h.mu.Unlock()
	own := &ear{f}
	if h.shut {
		return func() {}
	}
	h.ears = append(slices.Clone(h.ears), own)
	if h.wake == nil {
		h.wake = make(chan struct{}, 1)
		h.done.Go(h.run)
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ears = slices.DeleteFunc(slices.Clone(h.ears), func(e *ear) bool { return e == own })
	}
}

// run is the goroutine that tells.
func (h *health) run() {
	for {
		h.mu.Lock()
		if len(h.wait) == 0 {
			shut := h.shut
			h.mu.Unlock()
			if shut {
				return
			}
			<-h.wake
			continue
		}
		e, ears := h.wait[0], h.ears
		h.wait = h.wait[1:]
		h.mu.Unlock()
		for _, own := range ears {
			own.f(e)
		}
	}
}

// close tells what is left, and waits until all is told.
func (h *health) close() {
	h.mu.Lock()
	h.shut = true
	if h.wake != nil {
		token(h.wake)
	}
	h.mu.Unlock()
	h.done.Wait()
}

package state

import (
	"math/rand/v2"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// history is the life of a table as tasks lead it: commits, a checkpoint that is made bit by bit while the table
// changes, and restarts from the last of both.
type history struct {
	*testing.T
	tab   Kept
	log   store.Records
	told  map[string]bool // the keys that the changelog has
	saved []byte          // the last whole checkpoint,
	from  int             // and the record of the changelog that follows it

	making []byte // a checkpoint at work,
	next   int    // where it goes on; -1: there is none
	began  int
}

func newHistory(t *testing.T, tab Kept) *history {
	return &history{T: t, tab: tab, told: map[string]bool{}, next: -1}
}

func (h *history) commit() {
	h.Helper()
	changed, was := h.tab.Changed(), h.log.Len()
	h.tab.Changes(&h.log)
	if h.tab.Changed() {
		h.Fatal("changes are told twice")
	}
	if !changed && h.log.Len() > was+1 { // the print
		h.Fatal("nothing has changed, and something is told")
	}
	now := map[string]bool{}
	for i := was; i < h.log.Len(); i++ {
		key := string(h.log.Key[i].Of(h.log.Bytes))
		if h.log.Value[i].Len >= 0 {
			if now[key] {
				h.Fatalf("%q is told twice in a commit", key)
			}
			h.told[key], now[key] = true, true
		} else if !h.told[key] {
			h.Fatalf("a tombstone for %q, of which nothing was told", key)
		} else {
			delete(h.told, key)
		}
	}
}

// checkpoint begins one, or goes on with it; what is there was committed.
func (h *history) checkpoint(rows int) {
	h.Helper()
	h.commit()
	if h.next < 0 {
		h.making, h.next, h.began = nil, 0, h.log.Len()
	}
	was := h.next
	if h.next, h.making = h.tab.Chunk(h.next, rows, h.making); h.next < 0 {
		h.saved, h.from = h.making, h.began
	} else if h.next == was {
		h.Fatal("the checkpoint does not go on")
	}
}

// restart reads a fresh table back.
func (h *history) restart(r *rand.Rand, fresh Kept) {
	h.Helper()
	from := h.from
	if h.saved == nil || r.IntN(3) == 0 {
		from = 0 // the changelog alone
	} else if err := fresh.Load(h.saved); err != nil {
		h.Fatal(err)
	}
	for i := from; i < h.log.Len(); i++ {
		if err := fresh.Apply(h.log.Key[i].Of(h.log.Bytes), h.log.Value[i].Of(h.log.Bytes)); err != nil {
			h.Fatal(err)
		}
	}
	if err := fresh.Restored(); err != nil {
		h.Fatal(err)
	}
	if fresh.Changed() {
		h.Fatal("what was read back is told as changes")
	}
	h.tab, h.next = fresh, -1
}

// histories is how many random ones each table in order is held to.
const histories = 10_000

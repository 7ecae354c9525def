package exec

import (
	"context"
	"sync"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Page is some rows of an answer. It belongs to who received it.
type Page struct {
	N     int
	Cols  []*vec.Vec
	Tombs []bool // rows of a push query that say a table's key is gone: only key columns are filled; nil: none

	held int64 // bytes, while it waits
}

// Tomb reports whether row i says that its key is gone.
func (p *Page) Tomb(i int) bool { return p.Tombs != nil && p.Tombs[i] }

// End is why an answer ended.
type End uint8

// The ends of an answer.
const (
	Going     End = iota // it has not
	Completed            // there are no more rows
	Limited              // LIMIT rows were given
	Stopped              // it was closed, or the engine was
)

// Rows is an answer: the rows of a pull query, or of a push query as they come.
type Rows struct {
	ID     string
	Schema sql.Schema
	Text   string // of the query; empty for pull queries on tables
	Push   bool   // it goes on until somebody ends it

	queue
	source pager         // of pages that are made when Next is called; nil: they are queued
	pool   *vec.Pool     // of the bytes that wait
	made   chan struct{} // a page, or the end; nil: the answer was there at once
	taken  chan struct{} // a page
	over   bool
	ready  *Page // of an answer that was there at once
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	end    End
	err    error
}

// pager makes the pages of an answer when its reader asks for them, so that one who does not come costs nothing.
type pager interface {
	next(ctx context.Context) (*Page, End, error)
	more() bool // next would not wait
	close() error
}

// give makes p the answer, of at most limit rows (-1: all); false: there is no room for it to wait.
func (r *Rows) give(p *Page, limit int) bool {
	r.end = Completed
	if limit >= 0 && p.cut(limit) {
		r.end = Limited
	}
	if n := p.bytes(); n >= wholeBytes {
		if !r.pool.Take(n) {
			r.end = Going
			return false
		}
		p.held = n
	}
	if p.N > 0 {
		r.ready = p
	}
	return true
}

// Next gives the next rows, waiting for them; nil at the end, or when ctx ends with its error.
func (r *Rows) Next(ctx context.Context) (*Page, error) {
	if r.source != nil {
		page, end, err := r.source.next(ctx)
		if end != Going {
			r.finish(end, err)
		}
		return page, err
	}
	if r.made == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.take(), nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for {
		p, done := r.pop()
		poke(r.taken)
		switch {
		case p != nil:
			return p, nil
		case done && r.Ended() == Stopped && r.Err() == nil: // by ctx, perhaps
			return nil, ctx.Err()
		case done:
			return nil, r.Err()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-r.made:
		}
	}
}

// take takes the page that was there at once. The caller holds mu.
func (r *Rows) take() *Page {
	p := r.ready
	if p != nil {
		r.pool.Give(p.held)
		r.ready, p.held = nil, 0
	}
	return p
}

// More reports whether Next would not wait.
func (r *Rows) More() bool {
	if r.source != nil {
		return r.source.more()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made == nil {
		return r.ready != nil
	}
	return len(r.pages) > 0
}

// Err is what broke the answer off.
func (r *Rows) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Ended is why there are no more rows.
func (r *Rows) Ended() End {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

func (r *Rows) finish(end End, err error) {
	r.mu.Lock()
	if r.end == Going {
		r.end, r.err = end, err
	}
	r.mu.Unlock()
}

// Close ends the answer and waits until nothing works for it, but not for a function of the user that does not return.
func (r *Rows) Close() error {
	if r.source != nil {
		return r.source.close()
	}
	r.halt()
	return nil
}

// halt ends the work for the answer; of one that is still being made the engine does that, too.
func (r *Rows) halt() {
	if r.cancel != nil {
		r.cancel()
		if within(&r.wg, patience) {
			r.uncount()
		}
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.take()
}

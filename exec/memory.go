package exec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// memory is what the engine may hold. Of a limit half is for tables, a quarter for expressions and a quarter for
// answers that wait for their clients.
type memory struct {
	limit   int64
	page    int64     // bytes of a page of a pull query
	column  int       // bytes of one column of an expression
	exprs   *vec.Pool // nil: endless
	answers *vec.Pool
	tables  atomic.Int64
}

// answerBytes is for all answers in flight where no limit is set, and clientBytes for each of them.
const (
	answerBytes = 64 << 20
	clientBytes = 1 << 20
)

func newMemory(limit, page int64) *memory {
	if page == 0 {
		page = clientBytes
	}
	m := &memory{limit: limit, page: page, column: vec.MaxBytes, answers: vec.NewPool(answerBytes)}
	if limit > 0 {
		m.page = min(page, limit/32)
		m.column = int(min(vec.MaxBytes, max(limit/16, 64<<10)))
		m.exprs, m.answers = vec.NewPool(limit/4), vec.NewPool(limit/4)
	}
	return m
}

func (m *memory) budget() *vec.Budget { return &vec.Budget{Column: m.column, Pool: m.exprs} }

// account notes what the tables of a task hold now. It is an error when that is more than before and all tables
// together hold more than they may.
func (t *task) account() error {
	m := t.q.e.memory
	if m.limit == 0 {
		return nil
	}
	grown, largest, name := t.weigh()
	if all := m.tables.Load(); grown > 0 && all > m.limit/2 {
		return fmt.Errorf("%w: table %s holds %d bytes, all tables %d: half of the memory limit of %d bytes is for tables, raise it to go on", errTables, name, largest, all, m.limit)
	}
	return nil
}

// weigh counts what the tables of a task hold now: how much more than before, and what the largest of them does.
func (t *task) weigh() (grown, largest int64, name string) {
	var sum int64
	for _, k := range t.line.keepers {
		for _, tab := range k.Tables() {
			n := tab.Bytes()
			if sum += n; n >= largest {
				largest, name = n, tab.Name()
			}
		}
	}
	grown = sum - t.tables
	t.tables = sum
	t.q.e.memory.tables.Add(grown)
	return grown, largest, name
}

// unaccount gives back what the tables and the expressions of a task held.
func (t *task) unaccount() {
	t.q.e.memory.tables.Add(-t.tables)
	t.tables = 0
	if t.ctx != nil {
		t.ctx.Env.Budget.Release()
	}
}

// bytes is about what a page takes.
func (p *Page) bytes() int64 {
	n := int64(len(p.Tombs))
	for _, c := range p.Cols {
		n += columnBytes(c)
	}
	return n
}

func columnBytes(v *vec.Vec) int64 {
	n := int64(cap(v.Valid) + cap(v.Bool) + 4*cap(v.I32) + 8*cap(v.I64) + 8*cap(v.F64) + 16*cap(v.Dec) + 4*cap(v.Offs) + cap(v.Data))
	if v.Type.Kind == sql.Decimal && cap(v.Big) > 0 {
		n += 64 * int64(len(v.Big))
	}
	for _, k := range v.Kids {
		n += columnBytes(k)
	}
	return n
}

// queue is the pages of an answer that wait for its client.
type queue struct {
	pages   []*Page
	base    []*Page // where pages begins when it is empty
	size    atomic.Int64
	waiting bool // the client waits for a page
}

// full reports whether the pages that wait are as large as they may be.
func (q *queue) full() bool { return q.size.Load() > clientBytes }

// lookAgain is how often who waits for room looks whether other clients have made some.
const lookAgain = 20 * time.Millisecond

// room waits until a page of about n bytes may be made: the client waits for one, or holds little and the pool has
// so much, which is taken. So clients that do not read hold no more than the pool together, and stop nobody who does.
func (r *Rows) room(ctx context.Context, n int64) (taken int64, err error) {
	if taken, ok := r.fits(n); ok {
		return taken, nil
	}
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-r.taken:
		case <-again.C:
		}
		if taken, ok := r.fits(n); ok {
			return taken, nil
		}
	}
}

// fits takes n bytes if a page may be made; of a client that waits for one, nothing.
func (r *Rows) fits(n int64) (taken int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting && len(r.pages) == 0 {
		return 0, true
	}
	size := r.size.Load()
	return n, (size == 0 || size+n <= clientBytes) && r.pool.Take(n)
}

// put queues a page.
func (r *Rows) put(p *Page) {
	r.mu.Lock()
	p.held = p.bytes()
	r.pool.Give(-p.held)
	r.size.Add(p.held)
	if len(r.pages) == 0 {
		r.pages = r.base[:0]
	}
	if r.pages = append(r.pages, p); len(r.pages) == 1 {
		r.base = r.pages
	}
	r.mu.Unlock()
	poke(r.made)
}

// pop is the next page; nil: there is none yet. The client is said to wait then.
func (r *Rows) pop() (p *Page, done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pages) == 0 {
		r.waiting = !r.over
		return nil, r.over
	}
	p, r.waiting = r.pages[0], false
	r.pages[0] = nil
	r.pages = r.pages[1:]
	r.size.Add(-p.held)
	r.pool.Give(p.held)
	return p, false
}

// last says that no page follows.
func (r *Rows) last() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	poke(r.made)
}

// uncount gives the room of the pages back: the client has gone, or may still read them.
func (r *Rows) uncount() {
	r.mu.Lock()
	r.pool.Give(r.size.Swap(0))
	for _, p := range r.pages {
		p.held = 0
	}
	r.mu.Unlock()
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// largest is the bytes that a page of one row may have.
func (m *memory) largest() int64 {
	if m.limit > 0 {
		return m.limit / 8
	}
	return math.MaxInt64
}

// wholeBytes is what an answer may hold without being counted.
const wholeBytes = 64 << 10

var (
	errTables = errors.New("the tables are too large")
	errLarge  = errors.New("the page is too large")
	errAnswer = errors.New("a row of the answer is larger than an eighth of the memory limit: select less, or raise the limit")
	errNoRoom = errors.New("answers that are not read yet hold all of their memory (a quarter of the memory limit; 64 MiB without one): close some, or set a larger limit")
)

// used is the bytes of the values of a page.
func (p *Page) used() (n int64) {
	for _, c := range p.Cols {
		n += c.Used(nil)
	}
	return n
}

// cut leaves n rows; false: there are no more.
func (p *Page) cut(n int) bool {
	if p.N <= n {
		return false
	}
	for _, c := range p.Cols {
		c.Truncate(n)
	}
	p.N = n
	return true
}

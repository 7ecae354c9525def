package exec

import (
	"context"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// TestPageBytes: each slice of a column counts with the room that it has, and so do the columns within.
func TestPageBytes(t *testing.T) {
	item := func() *vec.Vec { return &vec.Vec{Type: sql.TInteger, I32: make([]int32, 0, 3)} }
	for want, v := range map[int64]*vec.Vec{
		0:   {Type: sql.TInteger},
		3:   {Valid: make([]byte, 0, 3)},
		5:   {Bool: make([]bool, 0, 5)},
		12:  item(),
		32:  {I64: make([]int64, 0, 4)},
		40:  {F64: make([]float64, 0, 5)},
		48:  {Dec: make([]vec.Num, 0, 3)},
		20:  {Offs: make([]int32, 0, 5)},
		7:   {Data: make([]byte, 0, 7)},
		128: {Type: sql.DecimalOf(50, 1), Big: make([]*big.Int, 2, 3)},
		25:  {Kids: []*vec.Vec{item(), item()}, Valid: make([]byte, 0, 1)},
		29:  {Offs: make([]int32, 0, 2), Data: make([]byte, 0, 8), Kids: []*vec.Vec{item()}, Valid: make([]byte, 0, 1)},
		150: {Valid: make([]byte, 0, 1), Bool: make([]bool, 0, 1), I32: make([]int32, 0, 1), I64: make([]int64, 0, 2), F64: make([]float64, 0, 3), Dec: make([]vec.Num, 0, 4), Offs: make([]int32, 0, 5), Data: make([]byte, 0, 20)},
	} {
		if got := columnBytes(v); got != want {
			t.Errorf("%+v: %d bytes, want %d", v, got, want)
		}
	}
	p := &Page{Tombs: make([]bool, 6), Cols: []*vec.Vec{item(), item()}}
	if got := p.bytes(); got != 30 {
		t.Errorf("a page: %d bytes", got)
	}
}

// TestPageCut: a page keeps so many rows of each column, and says whether there were more.
func TestPageCut(t *testing.T) {
	v := vec.New(sql.TInteger)
	for i := range 4 {
		v.AppendI32(int32(i))
	}
	p := &Page{N: 4, Cols: []*vec.Vec{v}}
	if p.cut(5) || p.cut(4) || p.N != 4 || p.used() != v.Used(nil) {
		t.Errorf("%d rows of %d bytes are left", p.N, p.used())
	}
	if !p.cut(1) || p.N != 1 || v.N != 1 {
		t.Errorf("%d rows, %d in the column", p.N, v.N)
	}
}

// TestShares: a limit is shared out to pages, columns, expressions, answers and single rows; without one the defaults
// hold.
func TestShares(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		limit, page                             int64
		ofPage, column, exprs, answers, largest int64
	}{
		{0, 0, mib, vec.MaxBytes, math.MaxInt64, 64 * mib, math.MaxInt64},
		{0, 5, 5, vec.MaxBytes, math.MaxInt64, 64 * mib, math.MaxInt64},
		{64 * mib, 0, mib, 4 * mib, 16 * mib, 16 * mib, 8 * mib},
		{16 * mib, 0, mib / 2, mib, 4 * mib, 4 * mib, 2 * mib},
		{16 * mib, 7, 7, mib, 4 * mib, 4 * mib, 2 * mib},
		{mib / 2, 0, mib / 64, 64 << 10, mib / 8, mib / 8, mib / 16},
		{8192 * mib, 0, mib, vec.MaxBytes, 2048 * mib, 2048 * mib, 1024 * mib},
	} {
		m := newMemory(c.limit, c.page)
		room := func(p *vec.Pool, n int64) bool {
			if p == nil {
				return n == math.MaxInt64
			}
			return p.Take(n) && !p.Take(1)
		}
		if m.page != c.ofPage || int64(m.column) != c.column || m.largest() != c.largest || !room(m.exprs, c.exprs) || !room(m.answers, c.answers) {
			t.Errorf("limit %d, pages of %d: %+v, %d", c.limit, c.page, m, m.largest())
		}
		if b := m.budget(); b.Column != m.column || b.Pool != m.exprs {
			t.Errorf("limit %d: budget %+v", c.limit, b)
		}
	}
}

// waiting is an answer whose pages wait in a pool of so many bytes.
func waiting(pool int64) *Rows {
	return &Rows{pool: vec.NewPool(pool), made: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// TestRoom: a client that waits for a page gets one made in any case; one that does not has no more than its share
// waiting, within the pool.
func TestRoom(t *testing.T) {
	for _, c := range []struct {
		what      string
		held      int64 // what waits
		pool      int64
		n         int64
		waits, ok bool
		taken     int64
	}{
		{"nothing waits", 0, 200, 100, false, true, 100},
		{"a large page, nothing waits", 0, 3 * clientBytes, 2 * clientBytes, false, true, 2 * clientBytes},
		{"the pool is empty", 0, 99, 100, false, false, 0},
		{"up to its share", clientBytes - 100, 200, 100, false, true, 100},
		{"beyond its share", clientBytes - 100, 200, 101, false, false, 0},
		{"it waits", 0, 0, 100, true, true, 0},
		{"it waited, and there is a page", 50, 99, 100, true, false, 0},
	} {
		r := waiting(c.pool)
		r.size.Store(c.held)
		r.waiting = c.waits
		if c.held > 0 {
			r.pages = []*Page{{}}
		}
		taken, ok := r.fits(c.n)
		if ok != c.ok || ok && taken != c.taken || r.pool.Held() != c.taken {
			t.Errorf("%s: %d, %t, and %d are taken", c.what, taken, ok, r.pool.Held())
		}
	}
	r := waiting(100)
	r.size.Store(clientBytes)
	if r.full() {
		t.Error("full too early")
	}
	r.size.Add(1)
	if !r.full() {
		t.Error("never full")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	r.taken <- struct{}{} // of which it looks again in vain
	go func() {
		r.size.Store(0)
		r.taken <- struct{}{}
	}()
	if n, err := r.room(ctx, 60); n != 60 || err != nil {
		t.Error(n, err)
	}
	go cancel()
	if n, err := r.room(ctx, 60); n != 0 || !errors.Is(err, context.Canceled) {
		t.Error(n, err)
	}
}

// TestQueue: pages come out as they went in; what waits is counted, for the client and in the pool, until it is taken
// or the client has gone.
func TestQueue(t *testing.T) {
	r := waiting(1000)
	page := func(n int) *Page { return &Page{N: n, Tombs: make([]bool, n)} }
	check := func(what string, held int64) {
		t.Helper()
		if r.size.Load() != held || r.pool.Held() != held {
			t.Errorf("%s: %d bytes wait, %d in the pool, want %d", what, r.size.Load(), r.pool.Held(), held)
		}
	}
	take := func(want int) {
		t.Helper()
		if p, done := r.pop(); p == nil || p.N != want || done || r.waiting {
			t.Errorf("page %v, want %d rows; %t %t", p, want, done, r.waiting)
		}
	}
	if p, done := r.pop(); p != nil || done || !r.waiting {
		t.Error("it does not wait for the first page")
	}
	for range 3 { // also when the queue begins again
		r.put(page(10))
		r.put(page(5))
		check("two pages", 15)
		if len(r.made) != 1 {
			t.Error("nobody is told of a page")
		}
		take(10)
		r.put(page(7))
		check("one taken, one more", 12)
		take(5)
		take(7)
		check("all taken", 0)
	}
	r.put(page(3))
	r.put(page(4))
	<-r.made
	r.last()
	if len(r.made) != 1 {
		t.Error("nobody is told of the end")
	}
	take(3)
	r.uncount()
	check("the client has gone", 0)
	if p, _ := r.pop(); p == nil || p.N != 4 {
		t.Error("and cannot read what was there")
	}
	check("it has read on", 0)
	if p, done := r.pop(); p != nil || !done || r.waiting {
		t.Errorf("%v at the end, %t %t", p, done, r.waiting)
	}
}

// TestAnswerAtOnce: an answer that is there at once is counted if it is large, and cut at its limit.
func TestAnswerAtOnce(t *testing.T) {
	for _, c := range []struct {
		rows  int
		bytes int
		limit int
		end   End
		held  int64
		ready int // rows; 0: no page
	}{
		{3, 0, -1, Completed, 0, 3},
		{3, 0, 3, Completed, 0, 3},
		{3, 0, 2, Limited, 0, 2},
		{3, 0, 0, Limited, 0, 0},
		{0, 0, -1, Completed, 0, 0},
		{3, wholeBytes - 1, -1, Completed, 0, 3},
		{3, wholeBytes, -1, Completed, wholeBytes, 3},
		{3, wholeBytes + 1001, -1, Going, 0, 0}, // there is no room
	} {
		r := &Rows{pool: vec.NewPool(wholeBytes + 1000)}
		p := &Page{N: c.rows, Cols: []*vec.Vec{}, Tombs: make([]bool, c.bytes)}
		ok := r.give(p, c.limit)
		if ok != (c.end != Going) || r.end != c.end || r.pool.Held() != c.held || r.More() != (c.ready > 0) {
			t.Errorf("%+v: %t, %+v, %d bytes", c, ok, r, r.pool.Held())
		}
		if !ok {
			continue
		}
		for range 2 {
			got, err := r.Next(context.Background())
			if err != nil || (got != nil) != (c.ready > 0) || got != nil && got.N != c.ready || r.pool.Held() != 0 || r.More() {
				t.Errorf("%+v: %+v, %v", c, got, err)
			}
			c.ready = 0
		}
	}
}

// TestRowsMore: pages that are queued make an answer ready; one that came after the end of its context is its.
func TestRowsMore(t *testing.T) {
	r := waiting(100)
	if r.More() {
		t.Error("ready before a page")
	}
	r.put(&Page{N: 1, Tombs: []bool{false}})
	if !r.More() {
		t.Error("not ready with a page")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if p, err := r.Next(ctx); p != nil || !errors.Is(err, context.Canceled) {
		t.Error(p, err)
	}
	if p, err := r.Next(context.Background()); p == nil || err != nil || len(r.taken) != 1 {
		t.Error(p, err)
	}
	r.finish(Stopped, nil)
	r.finish(Completed, errors.New("a second end"))
	r.last()
	if p, err := r.Next(context.Background()); p != nil || err != nil || r.Ended() != Stopped {
		t.Error(p, err, r.Ended())
	}
}

// sized is a table of so many bytes.
type sized struct {
	state.Kept
	name  string
	bytes int64
}

func (s *sized) Name() string { return s.name }
func (s *sized) Bytes() int64 { return s.bytes }

// TestAccount: tables that grow beyond half of the limit together are an error that names the largest of the task; those
// that do not grow go on. What a task held is given back when it ends.
func TestAccount(t *testing.T) {
	e := &Engine{memory: newMemory(1000, 0)}
	a, b, c := &sized{name: "a", bytes: 100}, &sized{name: "b", bytes: 300}, &sized{name: "c", bytes: 50}
	of := func(list ...*sized) *task {
		l := &line{}
		for _, x := range list {
			l.keepers = append(l.keepers, kept{x})
		}
		return &task{q: &Query{e: e}, line: l}
	}
	one, two := of(a, b), of(c)
	check := func(what string, x *task, held int64, bad string) {
		t.Helper()
		err := x.account()
		if (err != nil) != (bad != "") || err != nil && (!errors.Is(err, errTables) || !strings.Contains(err.Error(), bad)) || e.memory.tables.Load() != held {
			t.Errorf("%s: %v, %d are held", what, err, e.memory.tables.Load())
		}
	}
	check("one", one, 400, "")
	check("and another", two, 450, "")
	c.bytes = 100
	check("half", two, 500, "")
	a.bytes = 101
	check("more than half", one, 501, "table b holds 300 bytes, all tables 501")
	check("no more than before", one, 501, "")
	a.bytes, c.bytes = 90, 111
	check("less", one, 490, "")
	check("more than half, of another", two, 501, "table c holds 111 bytes, all tables 501")
	one.unaccount()
	one.unaccount()
	check("the other has ended", two, 111, "")
	two.unaccount()
	if n := e.memory.tables.Load(); n != 0 {
		t.Errorf("%d bytes are held at the end", n)
	}
	e.memory = newMemory(0, 0)
	a.bytes = 1 << 40
	if err := one.account(); err != nil || e.memory.tables.Load() != 0 {
		t.Error("without a limit", err)
	}
}

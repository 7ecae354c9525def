package vec

import (
	"errors"
	"sync/atomic"

	"github.com/ksqlgo/ksql/sql"
)

// MaxBytes bounds one column where no Budget says less: a few letters of SQL can double a value again and again.
// What would go beyond panics with ErrTooLarge, which fails the row.
const MaxBytes = 64 << 20

// ErrTooLarge says that values would not fit into a column.
var ErrTooLarge = errors.New("the value is too large")

// ErrMemory says that a Pool is empty. It ends the query that asked.
var ErrMemory = errors.New("the memory limit is reached")

// Pool is bytes that many pieces of work share. A nil Pool is endless.
type Pool struct {
	size int64
	left atomic.Int64
}

// NewPool is a pool of so many bytes.
func NewPool(bytes int64) *Pool {
	p := &Pool{size: bytes}
	p.left.Store(bytes)
	return p
}

// Held is the bytes that are taken.
func (p *Pool) Held() int64 { return p.size - p.left.Load() }

// Take takes n bytes; false: they are not there.
func (p *Pool) Take(n int64) bool {
	if p == nil {
		return true
	}
	if p.left.Add(-n) < 0 {
		p.left.Add(n)
		return false
	}
	return true
}

// Give gives back what was taken.
func (p *Pool) Give(n int64) {
	if p != nil {
		p.left.Add(n)
	}
}

// Budget is what the columns of one piece of work may hold. One goroutine uses it. A nil Budget allows MaxBytes for
// each column.
type Budget struct {
	Column int   // bytes of one column at most
	Pool   *Pool // from which all of them come
	held   int64
}

// Max is the bytes of one column at most.
func (b *Budget) Max() int {
	if b == nil {
		return MaxBytes
	}
	return b.Column
}

// Held is the bytes taken from the pool.
func (b *Budget) Held() int64 {
	if b == nil {
		return 0
	}
	return b.held
}

// Release gives everything back: the columns are not used any more.
func (b *Budget) Release() {
	if b != nil {
		b.Pool.Give(b.held)
		b.held = 0
	}
}

// NewIn is an empty column of type t that grows within b.
func NewIn(t sql.Type, b *Budget) *Vec {
	v := New(t)
	v.bind(b)
	return v
}

func (v *Vec) bind(b *Budget) {
	v.budget = b
	for _, k := range v.Kids {
		k.bind(b)
	}
}

// Like is an empty column of v's type and budget.
func (v *Vec) Like() *Vec { return NewIn(v.Type, v.budget) }

// Bound panics when a text of n bytes, which is still being made, is too long for the column.
func (v *Vec) Bound(n int) {
	if n > v.budget.Max() {
		panic(ErrTooLarge)
	}
}

// MostBytes is how long the texts of the column may be together.
func (v *Vec) MostBytes() int { return v.budget.Max() }

// MostItems is how many items the ARRAYs or MAPs of the column may have.
func (v *Vec) MostItems() int { return v.budget.Max() / v.width() }

// width is the bytes that one more unit of what max counts takes: a byte of text, or an item with all its parts.
func (v *Vec) width() int {
	if v.Type.Kind != sql.Array && v.Type.Kind != sql.Map {
		return 1
	}
	n := 0
	for _, k := range v.Kids {
		n += k.fixed()
	}
	return n
}

// fixed is the bytes of a value besides its text or items.
func (v *Vec) fixed() int {
	switch v.Type.Kind {
	case sql.Boolean, sql.Null:
		return 1
	case sql.Bigint, sql.Timestamp, sql.Double:
		return 8
	case sql.Decimal:
		return 16
	case sql.Struct:
		n := 1
		for _, k := range v.Kids {
			n += k.fixed()
		}
		return n
	}
	return 4
}

// firstBytes is what a column may hold before it asks its pool.
const firstBytes = 16 << 10

// grow makes room for n bytes of text or n items, or panics.
func (v *Vec) grow(n int) {
	width, most := v.width(), v.budget.Max()
	if n > most/width {
		panic(ErrTooLarge)
	}
	if v.budget == nil || v.budget.Pool == nil {
		v.max = most / width
		return
	}
	if first := firstBytes / width; v.max < first {
		if v.max = first; n <= first {
			return
		}
	}
	want := min(2*n, most/width)
	more := int64(want-v.max) * int64(width)
	if !v.budget.Pool.Take(more) {
		panic(ErrMemory)
	}
	v.budget.held += more
	v.max = want
}

// Used is about the bytes of the values of these rows; nil: of all.
func (v *Vec) Used(rows []int32) int64 {
	if v.N == 0 {
		return 0
	}
	n := len(rows)
	if rows == nil {
		n = v.N
	}
	bytes := int64(n) * int64(v.fixed())
	switch v.Type.Kind {
	case sql.String, sql.Bytes:
		if rows == nil {
			return bytes + int64(v.Offs[v.N]-v.Offs[0])
		}
		for _, i := range rows {
			bytes += int64(v.Offs[i+1] - v.Offs[i])
		}
	case sql.Array, sql.Map, sql.Struct, sql.Decimal:
		// Parts are taken to be alike.
		var parts int64
		for _, k := range v.Kids {
			parts += k.Used(nil)
		}
		if len(v.Big) > 0 {
			parts += 64 * int64(len(v.Big))
		}
		bytes += parts * int64(n) / int64(v.N)
	}
	return bytes
}

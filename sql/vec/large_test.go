package vec

import (
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestTooLarge: what would not fit is refused before an offset overflows.
func TestTooLarge(t *testing.T) {
	long := func(n int) *Vec { // its bytes are never touched
		return &Vec{Type: sql.TString, N: 1, Offs: []int32{0, int32(n)}, Data: make([]byte, n)}
	}
	many := New(sql.ArrayOf(sql.TNull))
	many.Kids[0].N, many.Kids[0].Nulls = many.MostItems(), many.MostItems()
	many.EndList()
	for name, f := range map[string]func(){
		"a text":      func() { long(MaxBytes + 1).EndBytes() },
		"other texts": func() { long(MaxBytes).AppendRange(long(1), 0, 1) },
		"items":       func() { many.Kids[0].AppendNull(); many.EndList() },
		"other items": func() { many.AppendFrom(many, 0) },
	} {
		func() {
			defer func() {
				if r := recover(); r != ErrTooLarge {
					t.Errorf("%s: %v", name, r)
				}
			}()
			f()
			t.Errorf("%s fitted", name)
		}()
	}
}

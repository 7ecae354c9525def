package vec

import (
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestEndMap compares the order of entries with what OpenJDK gives (functions.md, section 1), with many
// entries and with few, and with equal keys.
func TestEndMap(t *testing.T) {
	for _, c := range []struct {
		keys     []string
		capacity int
		want     string // keys and, as values, the last positions of them
	}{
		{[]string{"one", "two", "three", "four", "five"}, MapCapacity(5), "[two three five four one] [1 2 4 3 0]"},
		{[]string{"one", "two", "three"}, MapCapacity(3), "[two three one] [1 2 0]"},
		{[]string{"five", "three", "two", "four", "one"}, DefaultMapCapacity, "[four one five three two] [3 4 0 1 2]"},
		{[]string{"a", "b", "a"}, MapCapacity(2), "[a b] [2 1]"},
		{[]string{"b", "a"}, MapCapacity(2), "[a b] [1 0]"},
		{[]string{"é", "z"}, 1, "[é z] [0 1]"},
		{nil, 1, "[] []"},
	} {
		m := New(sql.MapOf(sql.TString, sql.TInteger))
		for range 2 { // a second row stands behind the first
			for i, k := range c.keys {
				m.Kids[0].AppendString(k)
				m.Kids[1].AppendI32(int32(i))
			}
			m.EndMap(c.capacity)
		}
		for row := range 2 {
			x := m.Get(row).(*MapValue)
			if got := fmt.Sprint(x.Keys, x.Values); got != c.want {
				t.Errorf("%v: %s, want %s", c.keys, got, c.want)
			}
		}
	}
}

// TestEndMapForms holds the way without allocation and the other ones to the same order, for keys and values
// of all kinds.
func TestEndMapForms(t *testing.T) {
	for _, n := range []int{2, 5, 16, 17, 300} {
		plain, nulls := New(sql.MapOf(sql.TBigint, sql.TString)), New(sql.MapOf(sql.TBigint, sql.ArrayOf(sql.TString)))
		var h HashOrder
		h.Reset(DefaultMapCapacity)
		keys := New(sql.TBigint)
		for i := range n {
			x := int64(i) * 7919 << 7 % 1000003
			keys.AppendI64(x)
			for _, m := range []*Vec{plain, nulls} {
				m.Kids[0].AppendI64(x)
			}
			plain.Kids[1].AppendString(fmt.Sprint(x))
			nulls.Kids[1].Kids[0].AppendString(fmt.Sprint(x))
			nulls.Kids[1].EndList()
			h.Put(keys, i, i)
		}
		plain.EndMap(DefaultMapCapacity)
		nulls.EndMap(DefaultMapCapacity)
		p, q := plain.Get(0).(*MapValue), nulls.Get(0).(*MapValue)
		for i, id := range h.Order() {
			x := keys.I64[id]
			if p.Keys[i] != x || q.Keys[i] != x || p.Values[i] != fmt.Sprint(x) || q.Values[i].([]any)[0] != fmt.Sprint(x) {
				t.Fatalf("%d entries, place %d: %v %v, %v %v, want %d", n, i, p.Keys[i], p.Values[i], q.Keys[i], q.Values[i], x)
			}
		}
	}
}

// TestEndMapRepeats puts every key of small and of large maps several times: each stays once, with its last value.
func TestEndMapRepeats(t *testing.T) {
	for _, n := range []int{3, 8, 17, 100, 1000} {
		m := New(sql.MapOf(sql.TString, sql.TInteger))
		for i := range 3 * n {
			m.Kids[0].AppendString(fmt.Sprint("key", i*7%n))
			m.Kids[1].AppendI32(int32(i))
		}
		m.EndMap(DefaultMapCapacity)
		x := m.Get(0).(*MapValue)
		last := map[any]int32{}
		for i := range 3 * n {
			last[fmt.Sprint("key", i*7%n)] = int32(i)
		}
		if len(x.Keys) != len(last) || m.Kids[1].N != len(last) {
			t.Fatalf("%d entries of %d keys", len(x.Keys), len(last))
		}
		for i, k := range x.Keys {
			if x.Values[i] != last[k] {
				t.Errorf("%v of %d is %v, want %v", k, n, x.Values[i], last[k])
			}
		}
	}
}

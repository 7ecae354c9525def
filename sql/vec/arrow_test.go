package vec

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/ksqlgo/ksql/sql"
)

func TestRecord(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	lists := ordered()
	lists["time"] = struct {
		t  sql.Type
		vs []any
	}{sql.TTime, []any{nil, Time(0), Time(86399999)}}
	lists["ts"] = struct {
		t  sql.Type
		vs []any
	}{sql.TTimestamp, []any{Timestamp(-1), Timestamp(1436918400123), nil}}
	lists["null"] = struct {
		t  sql.Type
		vs []any
	}{sql.TNull, []any{nil, nil}}
	for name, l := range lists {
		v := New(l.t)
		for range 10 {
			for _, x := range l.vs {
				v.Append(x)
			}
		}
		n := v.N - 1 // not all rows
		r := NewRecord(mem, []string{name, "again"}, []*Vec{v, v}, n)
		if int(r.NumRows()) != n || r.ColumnName(0) != name {
			t.Errorf("%s: %v", name, r)
		}
		cut := r.NewSlice(3, int64(n))
		v.Reset() // the record has its own memory
		v = New(l.t)
		for range 10 {
			for _, x := range l.vs {
				v.Append(x)
			}
		}
		for from, rec := range map[int]Record{0: r, 3: cut} {
			back, err := FromRecord(rec)
			if err != nil || len(back) != 2 || !back[1].Type.Equal(l.t) || back[1].N != n-from {
				t.Fatalf("%s: %v %v", name, err, back)
			}
			for i := range back[0].N {
				if !Equal(v, i+from, back[1], i) {
					t.Errorf("%s: row %d is %v, want %v", name, i, back[1].Get(i), v.Get(i+from))
				}
			}
		}
		cut.Release()
		r.Release()
	}
}

func TestRecordOfHugeDecimals(t *testing.T) {
	mem := memory.NewCheckedAllocator(GoMem())
	defer mem.AssertSize(t, 0)
	v := New(sql.DecimalOf(90, 1))
	text := strings.Repeat("7", 89) + ".5"
	if err := v.AppendDecimal([]byte(text), Exact); err != nil {
		t.Fatal(err)
	}
	r := NewRecord(mem, []string{"A"}, []*Vec{v}, 1)
	defer r.Release()
	back, err := FromRecord(r)
	if err != nil || back[0].Get(0) != text {
		t.Error(err, back)
	}
}

func TestRecordOfNullMapKeys(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	for _, c := range []struct{ key, want any }{{"a", "null"}, {int32(5), int32(0)}} {
		v := New(sql.MapOf(map[bool]sql.Type{true: sql.TString, false: sql.TInteger}[c.want == "null"], sql.TInteger))
		v.Kids[0].AppendNull()
		v.Kids[0].Append(c.key)
		v.Kids[1].AppendI32(1)
		v.Kids[1].AppendI32(2)
		v.EndList()
		r := NewRecord(mem, []string{"m"}, []*Vec{v}, 1)
		back, err := FromRecord(r)
		if err != nil {
			t.Fatal(err)
		}
		if keys := back[0].Kids[0]; keys.N != 2 || keys.Get(0) != c.want || keys.Get(1) != c.key {
			t.Errorf("keys %v and %v, want %v and %v", keys.Get(0), keys.Get(1), c.want, c.key)
		}
		r.Release()
	}
}

func TestTable(t *testing.T) {
	a, b := New(sql.TInteger), New(sql.ArrayOf(sql.TString))
	a.Append(int32(1))
	a.Append(nil)
	b.Append([]any{"x", nil})
	b.Append([]any{})
	want := "A   B\n1   [x nil]\nnil []\n"
	if got := Table([]string{"A", "B"}, []*Vec{a, b}); got != want {
		t.Errorf("%q", got)
	}
}

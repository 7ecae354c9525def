package state

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// rowTypes is the key columns and the value columns of some buffers.
var rowTypes = [][2][]sql.Type{
	{{sql.TBigint}, {sql.TBigint, sql.TDouble}},
	{{sql.TString}, kinds},
	{{sql.TInteger, sql.TString}, {sql.TString, sql.TBigint}},
	{{sql.TBytes}, nil},
}

// rows is a buffer with its model: the rows that it has, as they came.
type rows struct {
	*Buffer
	types [2][]sql.Type
	model []bufferRow
}

type bufferRow struct {
	key  string // in vec.AppendKey's form
	time int64
	row  string
}

func newRows(types [2][]sql.Type) *rows {
	l := orderedLayout
	l.Expires = false
	return &rows{Buffer: NewBuffer(l), types: types}
}

func (b *rows) columns() (out []*vec.Vec) {
	for _, t := range b.types[1] {
		out = append(out, vec.New(t))
	}
	return out
}

// keys makes n keys out of few.
func (b *rows) keys(r *rand.Rand, n int) (out []*vec.Vec) {
	for _, t := range b.types[0] {
		c := vec.New(t)
		for range n {
			switch k := r.IntN(3); t.Kind {
			case sql.Bigint:
				c.Append(int64(k - 1))
			case sql.Integer:
				c.Append(int32(k - 1))
			case sql.Bytes:
				c.Append([]byte{byte(k * 127)})
			default:
				c.Append([]string{"", "a", "a\x00"}[k])
			}
		}
		out = append(out, c)
	}
	return out
}

// insert adds some of n rows.
func (b *rows) insert(t testing.TB, r *rand.Rand, n int) {
	t.Helper()
	keys, cols := b.keys(r, n), b.columns()
	var time []int64
	var some []int32
	for i := range n {
		time = append(time, r.Int64N(30)-3)
		if r.IntN(5) > 0 {
			some = append(some, int32(i))
		}
		for k, c := range cols {
			if r.IntN(6) == 0 {
				c.AppendNull()
			} else {
				c.Append(value(r, b.types[1][k]))
			}
		}
	}
	was := b.Len()
	got := b.Insert(keys, cols, time, some, []int32{-7})[1:]
	if len(got) != len(some) || b.Len() != was+len(some) {
		t.Fatalf("%d of %d rows were added", b.Len()-was, len(some))
	}
	for n, i := range some {
		b.model = append(b.model, bufferRow{string(vec.AppendKey(nil, keys, int(i))), time[i], string(AppendRow(nil, cols, int(i)))})
		if b.Time(got[n]) != time[i] {
			t.Fatalf("row %d has time %d, want %d", got[n], b.Time(got[n]), time[i])
		}
	}
}

// probed compares the rows of a key and some times with the model.
func (b *rows) probed(t *testing.T, r *rand.Rand) {
	t.Helper()
	from := r.Int64N(40) - 8
	to := from + r.Int64N(20) - 2
	if r.IntN(8) == 0 {
		from, to = math.MinInt64, math.MaxInt64
	}
	keys := b.keys(r, 2)
	key := string(vec.AppendKey(nil, keys, 1))
	var want []bufferRow
	for _, x := range b.model {
		if x.key == key && from <= x.time && x.time <= to {
			want = append(want, x)
		}
	}
	slices.SortStableFunc(want, func(a, b bufferRow) int { return int(a.time - b.time) })
	found := b.Probe(keys, 1, from, to, []int32{-7})[1:]
	cols := b.columns()
	if err := b.Read(found, cols); err != nil {
		t.Fatal(err)
	}
	var got []bufferRow
	for i, x := range found {
		got = append(got, bufferRow{key, b.Time(x), string(AppendRow(nil, cols, i))})
	}
	if !slices.Equal(got, want) {
		t.Fatalf("key %q from %d to %d: %v, want %v", key, from, to, got, want)
	}
}

// TestBuffer leads buffers through random histories.
func TestBuffer(t *testing.T) {
	for seed := range uint64(histories) {
		r := rand.New(rand.NewPCG(seed, 4))
		b := newRows(rowTypes[seed%uint64(len(rowTypes))])
		h := newHistory(t, b.Buffer)
		var committed []bufferRow
		for range r.IntN(30) {
			switch r.IntN(8) {
			case 0:
				below := r.Int64N(40) - 10
				n := len(b.model)
				b.model = slices.DeleteFunc(b.model, func(x bufferRow) bool { return x.time < below })
				if got := b.Expire(below); got != n-len(b.model) {
					t.Fatalf("seed %d: %d rows below %d expire, want %d", seed, got, below, n-len(b.model))
				}
			case 1:
				h.commit()
				committed = slices.Clone(b.model)
			case 2, 3:
				h.checkpoint(1 + r.IntN(5))
				committed = slices.Clone(b.model)
			case 4:
				back := newRows(b.types)
				h.restart(r, back.Buffer)
				back.model = slices.Clone(committed)
				b = back
			default:
				b.insert(t, r, r.IntN(6))
			}
			if b.Len() != len(b.model) {
				t.Fatalf("seed %d: %d rows, want %d", seed, b.Len(), len(b.model))
			}
			b.probed(t, r)
		}
	}
}

// TestBufferLast finds rows whose numbers of arrival and times are the last that there are.
func TestBufferLast(t *testing.T) {
	b := newRows(rowTypes[0])
	b.next = math.MaxUint64 - 1
	keys, cols := b.keys(rand.New(rand.NewPCG(1, 1)), 1), b.columns()
	cols[0].AppendI64(1)
	cols[1].AppendNull()
	b.Insert(keys, cols, []int64{math.MaxInt64}, []int32{0, 0}, nil)
	if got := b.Probe(keys, 0, math.MaxInt64, math.MaxInt64, nil); len(got) != 2 {
		t.Error(got)
	}
}

// TestBufferForeign: rows that no buffer wrote are refused, at the latest when all is read.
func TestBufferForeign(t *testing.T) {
	b := newRows(rowTypes[0])
	b.insert(t, rand.New(rand.NewPCG(1, 1)), 1)
	key, val := slices.Clone(b.Key(0)), slices.Clone(b.Value(0))
	for name, c := range map[string]struct {
		key  []byte
		time int64
	}{"short": {key[:bufferTail-1], b.Time(0)}, "another time": {key, b.Time(0) + 1}, "own": {key, b.Time(0)}} {
		o := NewOrdered(orderedLayout)
		o.Put(c.key, c.time, val)
		_, chunk := o.Chunk(0, 10, nil)
		back := newRows(rowTypes[0])
		if err := back.Load(chunk); err != nil {
			t.Fatal(err)
		}
		if err := back.Restored(); (err == nil) != (name == "own") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOrderedPrint: a table in order believes only what it can read, as any table.
func TestOrderedPrint(t *testing.T) {
	o := NewOrdered(orderedLayout)
	o.Put([]byte("k"), 1, nil)
	_, chunk := o.Chunk(0, 10, nil)
	for step, ok := range maps.All(map[string]bool{orderedLayout.Print.Step: true, "other": false}) {
		l := orderedLayout
		l.Print.Step = step
		if err := NewOrdered(l).Load(chunk); (err == nil) != ok {
			t.Errorf("%s: %v", step, err)
		}
	}
	if err := remember(sql.TString).Load(chunk); err == nil {
		t.Error("a table took rows of a table in order")
	}
	back := NewOrdered(orderedLayout)
	if err := back.Apply(append([]byte{entryRecord}, "k"...), fmt.Append(nil, "12345678")); err != nil {
		t.Fatal(err)
	}
	if err := back.Restored(); err == nil {
		t.Error("state without a print was restored")
	}
}

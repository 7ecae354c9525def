package vec

import (
	"bytes"
	"math"
	"math/big"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// ordered is values of every type, each list in ascending order.
func ordered() map[string]struct {
	t  sql.Type
	vs []any
} {
	type l = struct {
		t  sql.Type
		vs []any
	}
	dec := func(x int64) Decimal { return Decimal{big.NewInt(x), 2} }
	huge, _ := new(big.Int).SetString("123456789012345678901234567890123456789012345", 10)
	return map[string]l{
		"bool":   {sql.TBoolean, []any{nil, false, true}},
		"int":    {sql.TInteger, []any{nil, int32(math.MinInt32), int32(-1), int32(0), int32(7)}},
		"bigint": {sql.TBigint, []any{nil, int64(math.MinInt64), int64(-1), int64(0), int64(7)}},
		"double": {sql.TDouble, []any{nil, math.Inf(-1), -1.5, math.Copysign(0, -1), 0.0, 2.5, math.Inf(1), math.NaN()}},
		"string": {sql.TString, []any{nil, "", "\x00", "\x00\x00", "\x00a", "a", "a\x00", "aa", "é", "\uD7FF", "😀", "😀a", "\uE000", "\uFFFD"}},
		"bytes":  {sql.TBytes, []any{nil, []byte{}, []byte{0x80}, []byte{0x80, 0x80}, []byte{0xFF}, []byte{0}, []byte{0, 1}, []byte{1}, []byte{0x7F}}},
		"dec":    {sql.DecimalOf(9, 2), []any{nil, dec(-100), dec(-99), dec(0), dec(1), dec(300)}},
		"wide":   {sql.DecimalOf(60, 2), []any{nil, Decimal{new(big.Int).Neg(huge), 2}, dec(-100), dec(0), dec(255), dec(256), Decimal{huge, 2}}},
		"array":  {sql.ArrayOf(sql.TString), []any{nil, []any{}, []any{nil}, []any{nil, "z"}, []any{"a"}, []any{"a", nil}, []any{"ab"}}},
		"map":    {sql.MapOf(sql.TString, sql.TInteger), []any{nil, &MapValue{}, &MapValue{[]any{"a", "b"}, []any{nil, int32(1)}}, &MapValue{[]any{"b"}, []any{int32(1)}}}},
		"struct": {sql.StructOf(sql.Field{Name: "A", Type: sql.TString}, sql.Field{Name: "B", Type: sql.TDate}), []any{nil, StructValue{nil, Date(3)}, StructValue{"a", nil}, StructValue{"a", Date(-1)}, StructValue{"b", Date(-9)}}},
	}
}

func TestOrder(t *testing.T) {
	for name, l := range ordered() {
		v := New(l.t)
		for _, x := range l.vs {
			v.Append(x)
		}
		for i := range l.vs {
			ki := AppendKey(nil, []*Vec{v}, i)
			for j := range l.vs {
				want := sign(i - j)
				kj := AppendKey(nil, []*Vec{v}, j)
				if got := sign(Compare(v, i, v, j)); got != want {
					t.Errorf("%s: Compare(%v, %v) = %d", name, l.vs[i], l.vs[j], got)
				}
				if got := sign(CompareValues(l.vs[i], l.vs[j])); got != want {
					t.Errorf("%s: CompareValues(%v, %v) = %d", name, l.vs[i], l.vs[j], got)
				}
				if got := bytes.Compare(ki, kj); got != want {
					t.Errorf("%s: keys of %v, %v: %d", name, l.vs[i], l.vs[j], got)
				}
				if Equal(v, i, v, j) != (i == j) || EqualValues(l.vs[i], l.vs[j]) != (i == j) {
					t.Errorf("%s: equality of %v, %v", name, l.vs[i], l.vs[j])
				}
			}
			back := New(l.t)
			rest, err := DecodeKey(append(ki, 9), []*Vec{back})
			if err != nil || len(rest) != 1 || !Equal(v, i, back, 0) {
				t.Errorf("%s: %v comes back as %v (%v)", name, l.vs[i], back.Get(0), err)
			}
			for cut := range ki {
				if _, err := DecodeKey(ki[:cut], []*Vec{New(l.t)}); err == nil {
					t.Errorf("%s: %v cut at %d is read", name, l.vs[i], cut)
				}
			}
		}
	}
}

func sign(x int) int { return max(-1, min(1, x)) }

func TestMapEntriesHaveNoOrder(t *testing.T) {
	v := New(sql.MapOf(sql.TString, sql.TInteger))
	v.Append(&MapValue{[]any{"a", "b"}, []any{int32(1), nil}})
	v.Append(&MapValue{[]any{"b", "a"}, []any{nil, int32(1)}})
	if !Equal(v, 0, v, 1) || !EqualValues(v.Get(0), v.Get(1)) || !bytes.Equal(AppendKey(nil, []*Vec{v}, 0), AppendKey(nil, []*Vec{v}, 1)) {
		t.Error("order of entries matters")
	}
}

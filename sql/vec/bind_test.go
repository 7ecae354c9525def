package vec

import (
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/sql"
)

func TestBind(t *testing.T) {
	type own []int
	dec := func(n int64, scale int) Decimal { return Decimal{big.NewInt(n), scale} }
	for _, c := range []struct {
		in   any
		t    string
		want any
	}{
		{nil, "null", nil}, {own(nil), "null", nil}, {(*MapValue)(nil), "null", nil}, {(**int)(nil), "null", nil},
		{math.MaxInt32, "INTEGER", int32(math.MaxInt32)}, {math.MaxInt32 + 1, "BIGINT", int64(math.MaxInt32 + 1)}, {uint(math.MaxInt64), "BIGINT", int64(math.MaxInt64)},
		{uint16(65535), "INTEGER", int32(65535)}, {uint32(math.MaxUint32), "BIGINT", int64(math.MaxUint32)},
		{dec(-5, 3), "DECIMAL(3, 3)", dec(-5, 3)}, {dec(12345, 2), "DECIMAL(5, 2)", dec(12345, 2)}, {Decimal{}, "DECIMAL(1, 0)", dec(0, 0)},
		{24*time.Hour - 1, "TIME", Time(86399999)}, {time.UnixMicro(-1500), "TIMESTAMP", Timestamp(-2)},
		{own{}, "ARRAY<null>", []any{}}, {[]any{nil, int64(1), 2.5}, "ARRAY<DOUBLE>", []any{nil, 1.0, 2.5}},
		{[]Decimal{dec(1, 0), dec(25, 2)}, "ARRAY<DECIMAL(3, 2)>", []any{dec(100, 2), dec(25, 2)}},
		{[]any{[]int{1}, []int64{2}}, "ARRAY<ARRAY<BIGINT>>", []any{[]any{int64(1)}, []any{int64(2)}}},
		{map[int]any{10: "x", 9: nil}, "MAP<INTEGER, STRING>", &MapValue{[]any{int32(10), int32(9)}, []any{"x", nil}}},
		{struct {
			A      int
			hidden string
			B      *bool `ksql:"the b"`
		}{A: 1}, "STRUCT<`A` INTEGER, `the b` null>", StructValue{int32(1), nil}},
	} {
		typ, v, err := Bind(c.in)
		if err != nil || typ.String() != c.t || !reflect.DeepEqual(v, c.want) {
			t.Errorf("%T %v: %s %#v %v", c.in, c.in, typ, v, err)
		}
	}
	for _, x := range []any{uint64(math.MaxUint64), make(chan int), 1i, func() {}, []any{1, "x"}, []any{dec(1, 0), 1}, map[string]any{"a": 1, "b": true}, struct{ a int }{}, 24 * time.Hour} {
		if typ, v, err := Bind(x); err == nil {
			t.Errorf("%T %v: %s %v", x, x, typ, v)
		}
	}
}

// TestFit: what Fits refuses Fit does, too, and what Fit gives has the form of the type.
func TestFit(t *testing.T) {
	types := []sql.Type{sql.TBoolean, sql.TInteger, sql.TBigint, sql.TDouble, sql.DecimalOf(4, 2), sql.TString, sql.TBytes, sql.TDate, sql.TTime, sql.TTimestamp,
		sql.ArrayOf(sql.TBigint), sql.MapOf(sql.TString, sql.TDouble), sql.StructOf(sql.Field{Name: "A", Type: sql.TInteger}, sql.Field{Name: "B_C", Type: sql.TDate})}
	n := 0
	for _, x := range []any{nil, true, 7, int64(7), int64(1) << 40, 7.0, 7.25, 7.123, math.NaN(), math.Inf(1), 1e300, Decimal{big.NewInt(700), 2}, Decimal{big.NewInt(7001), 3}, "7.25", "x", []byte("x"),
		Date(1), Time(1), Timestamp(86400000), Timestamp(1), []int{1}, []string{"x"}, map[string]int{"a": 1}, struct{ A int }{1}, struct{ BC Timestamp }{0}, struct{ Z int }{1}} {
		from, v, err := Bind(x)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range types {
			y, err := Fit(v, from, to)
			if err != nil {
				continue
			}
			if n++; !Fits(from, to) && !from.Equal(to) {
				t.Errorf("%v (%s) fits %s, which Fits denies", x, from, to)
			}
			col := New(to)
			col.Append(y) // panics on a form that is not the type's
			if to.Kind != sql.Null && v != nil && col.IsNull(0) {
				t.Errorf("%v (%s) is null as %s", x, from, to)
			}
		}
	}
	if n < 50 {
		t.Errorf("%d values fit", n)
	}
}

package exec_test

import (
	"errors"
	"math/big"
	"reflect"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

type (
	colour string
	level  int16
	point  struct {
		X, Y  int
		Label *string `ksql:"NAME"`
	}
)

func decimal(n int64, scale int) vec.Decimal {
	return vec.Decimal{Unscaled: big.NewInt(n), Scale: scale}
}

// TestParametersOfInsert: which Go value a column of which type takes, and what Row gives for it.
func TestParametersOfInsert(t *testing.T) {
	text, five := "tea", 5
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	noon := day.Add(12*time.Hour + 34*time.Millisecond + 56*time.Microsecond)
	for _, c := range []struct {
		column string
		in     any
		want   any
	}{
		{"BOOLEAN", true, true},
		{"INT", 1, int32(1)}, {"INT", int8(-2), int32(-2)}, {"INT", int64(3), int32(3)}, {"INT", uint64(4), int32(4)}, {"INT", &five, int32(5)},
		{"INT", level(6), int32(6)}, {"INT", decimal(700, 2), int32(7)}, {"INT", big.NewInt(8), int32(8)},
		{"BIGINT", 1 << 40, int64(1 << 40)}, {"BIGINT", uint8(1), int64(1)}, {"BIGINT", uint(2), int64(2)}, {"BIGINT", uint32(3), int64(3)},
		{"BIGINT", noon, noon.UnixMilli()},
		{"DOUBLE", 1.5, 1.5}, {"DOUBLE", float32(0.25), 0.25}, {"DOUBLE", 3, 3.0}, {"DOUBLE", int64(4), 4.0}, {"DOUBLE", decimal(55, 1), 5.5},
		{"DECIMAL(6, 2)", decimal(125, 2), decimal(125, 2)}, {"DECIMAL(6, 2)", decimal(5, 1), decimal(50, 2)}, {"DECIMAL(6, 2)", 7, decimal(700, 2)},
		{"DECIMAL(6, 2)", int64(-8), decimal(-800, 2)}, {"DECIMAL(6, 2)", 0.1, decimal(10, 2)}, {"DECIMAL(6, 2)", "12.3", decimal(1230, 2)},
		{"DECIMAL(6, 2)", decimal(1000, 3), decimal(100, 2)}, {"DECIMAL(30, 0)", new(big.Int).Lsh(big.NewInt(1), 90), vec.Decimal{Unscaled: new(big.Int).Lsh(big.NewInt(1), 90)}},
		{"DECIMAL(6, 2)", vec.Decimal{}, decimal(0, 2)},
		{"STRING", "tea", "tea"}, {"STRING", "", ""}, {"STRING", &text, "tea"}, {"STRING", colour("red"), "red"}, {"STRING", "it's ? ${x}", "it's ? ${x}"},
		{"BYTES", []byte{0, 255}, []byte{0, 255}}, {"BYTES", []byte{}, []byte{}}, {"BYTES", "AP8=", []byte{0, 255}},
		{"TIMESTAMP", noon, vec.Timestamp(noon.UnixMilli())}, {"TIMESTAMP", vec.Timestamp(-1), vec.Timestamp(-1)},
		{"TIMESTAMP", noon.In(time.FixedZone("", 3600)), vec.Timestamp(noon.UnixMilli())}, {"TIMESTAMP", "2024-02-29T00:00:00", vec.Timestamp(day.UnixMilli())},
		{"DATE", day, vec.Date(19782)}, {"DATE", vec.Date(-1), vec.Date(-1)}, {"DATE", "1970-01-02", vec.Date(1)},
		{"TIME", 90 * time.Second, vec.Time(90000)}, {"TIME", vec.Time(1), vec.Time(1)}, {"TIME", "00:00:01", vec.Time(1000)},
		{"ARRAY<BIGINT>", []int{1, 1 << 40}, []any{int64(1), int64(1 << 40)}}, {"ARRAY<BIGINT>", [2]uint8{1, 2}, []any{int64(1), int64(2)}},
		{"ARRAY<INT>", []any{1, nil, int64(2)}, []any{int32(1), nil, int32(2)}}, {"ARRAY<STRING>", []colour{"red"}, []any{"red"}},
		{"ARRAY<INT>", []int{}, []any{}}, {"ARRAY<DOUBLE>", []any{1, 2.5}, []any{1.0, 2.5}}, {"ARRAY<DECIMAL(4, 2)>", []vec.Decimal{decimal(1, 0), decimal(25, 1)}, []any{decimal(100, 2), decimal(250, 2)}},
		{"ARRAY<ARRAY<INT>>", [][]int{{1}, nil, {}}, []any{[]any{int32(1)}, nil, []any{}}},
		{"MAP<STRING, BIGINT>", map[string]int{"b": 2, "a": 1}, &vec.MapValue{Keys: []any{"a", "b"}, Values: []any{int64(1), int64(2)}}},
		{"MAP<STRING, INT>", &vec.MapValue{Keys: []any{"z"}, Values: []any{1}}, &vec.MapValue{Keys: []any{"z"}, Values: []any{int32(1)}}},
		{"MAP<STRING, ARRAY<STRING>>", map[colour][]string{"red": {"x"}}, &vec.MapValue{Keys: []any{"red"}, Values: []any{[]any{"x"}}}},
		{"STRUCT<X INT, Y BIGINT, NAME STRING>", point{1, 2, &text}, vec.StructValue{int32(1), int64(2), "tea"}},
		{"STRUCT<NAME STRING, Y INT, X INT, Z INT>", &point{X: 1}, vec.StructValue{nil, int32(0), int32(1), nil}},
		{"ARRAY<STRUCT<X INT, Y INT, NAME STRING>>", []point{{X: 1, Label: &text}, {Y: 2}}, []any{vec.StructValue{int32(1), int32(0), "tea"}, vec.StructValue{int32(0), int32(2), nil}}},
		{"INT", nil, nil}, {"STRING", (*string)(nil), nil}, {"BYTES", []byte(nil), nil}, {"ARRAY<INT>", []int(nil), nil}, {"MAP<STRING, INT>", map[string]int(nil), nil}, {"DECIMAL(4, 2)", (*big.Int)(nil), nil},
	} {
		h := newHost(t)
		h.exec(`CREATE STREAM s (id INT KEY, v ` + c.column + `) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
		if _, err := h.Execute(h.ctx, `INSERT INTO s VALUES (1, ?);`, c.in); err != nil {
			t.Errorf("%s from %T %v: %v", c.column, c.in, c.in, err)
			continue
		}
		got := h.all(`SELECT v FROM s;`)
		if len(got) != 1 || !reflect.DeepEqual(got[0][0], c.want) {
			t.Errorf("%s from %T %v: got %#v, want %#v", c.column, c.in, c.in, got, c.want)
		}
	}
}

// TestParametersThatDoNotFit: nothing is rounded, cut off or wrapped on the way into a column.
func TestParametersThatDoNotFit(t *testing.T) {
	h := newHost(t)
	h.exec(`CREATE STREAM s (id INT KEY, b BOOLEAN, i INT, l BIGINT, d DOUBLE, n DECIMAL(4, 2), s STRING, da DATE, ti TIME, a ARRAY<INT>, st STRUCT<X INT>)
		WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	for _, c := range []struct {
		column string
		in     any
	}{
		{"b", 1}, {"b", "true"}, {"i", 1 << 31}, {"i", int64(-1 << 40)}, {"i", 1.0}, {"i", "1"}, {"i", decimal(15, 1)}, {"l", uint64(1 << 63)}, {"l", 1.5},
		{"l", new(big.Int).Lsh(big.NewInt(1), 70)}, {"d", "1.5"}, {"n", 123}, {"n", 1.005}, {"n", "1.005"}, {"n", "x"}, {"n", decimal(1005, 3)},
		{"s", 1}, {"s", []byte("x")}, {"da", time.UnixMilli(1)}, {"da", 1}, {"ti", 25 * time.Hour}, {"ti", -time.Second}, {"ti", time.Now()},
		{"a", []int{1 << 40}}, {"a", []string{"x"}}, {"a", []any{1, "x"}}, {"a", 1}, {"st", point{}}, {"st", struct{}{}}, {"i", func() {}}, {"i", 1i},
	} {
		_, err := h.Execute(h.ctx, `INSERT INTO s (id, `+c.column+`) VALUES (1, ?);`, c.in)
		var e *ksql.Error
		if err == nil || !errors.As(err, &e) || e.Kind != ksql.StatementError {
			t.Errorf("%s from %T %v: %v", c.column, c.in, c.in, err)
		}
	}
	if n := len(h.all(`SELECT * FROM s;`)); n > 0 {
		t.Errorf("%d rows", n)
	}
}

// TestParametersOfSelect: a parameter has the type that Bind gives it, wherever an expression may stand.
func TestParametersOfSelect(t *testing.T) {
	h := newHost(t)
	h.exec(orders)
	h.exec(`INSERT INTO orders VALUES (1, 'tea', 2);`)
	h.sync()
	noon := time.UnixMilli(1_700_000_000_000)
	args := []any{true, 7, int64(8), 1.5, decimal(125, 2), "x", []byte{1}, noon, vec.Date(3), time.Second, []int{1, 2}, map[string]bool{"a": true}, point{X: 4}}
	want := sql.Schema{
		{Field: sql.Field{Name: "C1", Type: sql.TBoolean}}, {Field: sql.Field{Name: "C2", Type: sql.TInteger}}, {Field: sql.Field{Name: "C3", Type: sql.TBigint}},
		{Field: sql.Field{Name: "C4", Type: sql.TDouble}}, {Field: sql.Field{Name: "C5", Type: sql.DecimalOf(3, 2)}}, {Field: sql.Field{Name: "C6", Type: sql.TString}},
		{Field: sql.Field{Name: "C7", Type: sql.TBytes}}, {Field: sql.Field{Name: "C8", Type: sql.TTimestamp}}, {Field: sql.Field{Name: "C9", Type: sql.TDate}},
		{Field: sql.Field{Name: "C10", Type: sql.TTime}}, {Field: sql.Field{Name: "C11", Type: sql.ArrayOf(sql.TInteger)}},
		{Field: sql.Field{Name: "C12", Type: sql.MapOf(sql.TString, sql.TBoolean)}}, {Field: sql.Field{Name: "C13", Type: sql.TInteger}},
	}
	const list = `SELECT ? AS c1, ? AS c2, ? AS c3, ? AS c4, ? AS c5, ? AS c6, ? AS c7, ? AS c8, ? AS c9, ? AS c10, ? AS c11, ? AS c12, ?->X AS c13 FROM `
	row := []any{true, int32(7), int64(8), 1.5, decimal(125, 2), "x", []byte{1}, vec.Timestamp(noon.UnixMilli()), vec.Date(3), vec.Time(1000),
		[]any{int32(1), int32(2)}, &vec.MapValue{Keys: []any{"a"}, Values: []any{true}}, int32(4)}
	earliest := ksql.Property("auto.offset.reset", "earliest")
	for _, from := range []string{`totals;`, `orders;`, `orders EMIT CHANGES LIMIT 1;`} {
		rows := h.query(list+from, append([]any{earliest}, args...)...)
		if got := rows.Schema(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n%s\n%s", from, got, want)
		}
		if !rows.Next() || !reflect.DeepEqual(rows.Row(), row) {
			t.Errorf("%s %v %v", from, rows.Row(), rows.Err())
		}
	}
	same(t, h.all(`SELECT item FROM orders WHERE qty > ? AND item LIKE ? AND id IN (?, ?);`, 1, "t%", 1, 2), []any{"tea"})
	same(t, h.all(`SELECT qty + ? AS x, CAST(? AS STRING) AS y FROM orders;`, 0.5, nil), []any{2.5, nil})
}

// TestRowTime: ROWTIME takes a time, or ms.
func TestRowTime(t *testing.T) {
	h := newHost(t)
	h.exec(orders)
	for _, at := range []any{time.UnixMilli(5), 5, int64(5)} {
		if _, err := h.Execute(h.ctx, `INSERT INTO orders (ROWTIME, id) VALUES (?, 1);`, at); err != nil {
			t.Errorf("%T: %v", at, err)
		}
	}
	for _, row := range h.all(`SELECT ROWTIME FROM orders;`) {
		if row[0] != int64(5) {
			t.Error(row)
		}
	}
}

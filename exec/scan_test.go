package exec_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/sql/vec"
)

func TestScan(t *testing.T) {
	h := newHost(t)
	h.exec(`CREATE STREAM s (id INT KEY, l BIGINT, d DOUBLE, n DECIMAL(6, 2), name STRING, y BYTES, ti TIME, da DATE, ts TIMESTAMP,
		a ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<x INT, the_name STRING>, gone STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);`)
	noon := time.UnixMilli(1_700_000_000_000).UTC()
	h.exec(`INSERT INTO s VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);`, 1, 2, 2.5, "1.25", "tea", []byte("y"), time.Minute, noon.Truncate(24*time.Hour), noon,
		[]any{1, nil}, map[string]int{"a": 1}, point{X: 1}.named("p"), nil)
	type inner struct {
		X       *int
		TheName string
	}
	type outer struct {
		ID     int64
		Long   uint8 `ksql:"l"`
		D      float32
		N      float64
		Name   *string
		Y      []byte
		Ti     time.Duration
		Da, Ts time.Time
		A      []*int16
		M      map[string]int
		St     inner
		Gone   *string
		hidden int
		Other  string
	}
	one, x, tea := int16(1), 1, "tea"
	want := outer{1, 2, 2.5, 1.25, &tea, []byte("y"), time.Minute, noon.Truncate(24 * time.Hour), noon, []*int16{&one, nil}, map[string]int{"a": 1}, inner{&x, "p"}, nil, 0, "kept"}
	rows := h.query(`SELECT * FROM s;`)
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	got, old := outer{Other: "kept"}, "old"
	got.Gone = &old
	if err := rows.Scan(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v %v", got, err)
	}
	var v outer
	var n vec.Decimal
	var any1, any2 any
	plain := "old"
	if err := rows.Scan(&v.ID, &v.Long, &v.D, &n, &v.Name, &v.Y, &v.Ti, &v.Da, &v.Ts, &v.A, &any1, &any2, &plain); err != nil {
		t.Fatal(err)
	}
	if n.String() != "1.25" || !reflect.DeepEqual(any1, &vec.MapValue{Keys: []any{"a"}, Values: []any{int32(1)}}) || !reflect.DeepEqual(any2, vec.StructValue{int32(1), "p"}) || plain != "" {
		t.Error(n, any1, any2, plain)
	}
	rows = h.query(`SELECT 300 AS big, -1 AS minus, 'x' AS name, n, l FROM s;`)
	rows.Next()
	var i8 int8
	var u uint
	var f float64
	var s, text string
	for _, c := range []struct {
		dst  []any
		want string
	}{
		{[]any{&i8, &i8, &s, &f, &f}, "column BIG: INTEGER does not fit a int8"},
		{[]any{&f, &u, &s, &f, &f}, "column MINUS: INTEGER does not fit a uint"},
		{[]any{&f, &f, &f, &f, &f}, "column NAME: STRING does not fit a float64"},
		{[]any{&f, &f, &s, &i8, &f}, "column N: DECIMAL(6, 2) does not fit a int8"},
		{[]any{&f, &f, &s, &f, &s}, "column L: BIGINT does not fit a string"},
		{[]any{&f}, "Scan of 5 columns into 1 variables"},
		{[]any{&f, &f, s, &f, &f}, "column NAME: cannot scan into a string: a pointer is needed"},
		{[]any{(*outer)(nil)}, "a pointer to a struct is needed"},
		{[]any{&struct{ Big, Minus int }{}}, "has no field for column NAME"},
		{[]any{&f, &f, &s, &text, &f}, ""},
	} {
		if err := rows.Scan(c.dst...); c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if text != "1.25" {
		t.Error(text)
	}
}

// named is a STRUCT whose fields have other names than the column's.
func (p point) named(s string) any {
	return struct {
		X       int
		TheName string `ksql:"THE_NAME"`
	}{p.X, s}
}

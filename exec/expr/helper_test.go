package expr

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

var functions = fn.Builtins()

// row is one input row, by column name; columns that are not there are null.
type row map[string]any

// table is an input: its columns with their types, as CREATE writes them.
type table struct {
	schema []sql.ColumnDef
}

func columns(t testing.TB, text string) table {
	t.Helper()
	defs, err := sql.ParseSchema(text)
	if err != nil {
		t.Fatal(err)
	}
	return table{defs}
}

func (x table) binder() *plan.Binder {
	return &plan.Binder{Functions: functions, Column: func(ref *sql.ColumnRef) (int, sql.Type, error) {
		for i, d := range x.schema {
			if d.Name == ref.Name && ref.Source == "" {
				return i, d.Type, nil
			}
		}
		return 0, sql.Type{}, fmt.Errorf("Unknown column %s.", sql.Text(ref))
	}}
}

// parse reads one expression.
func parse(text string) (sql.Expr, error) {
	list, err := sql.Parse("SELECT "+text+" FROM x;", nil)
	if err != nil {
		return nil, err
	}
	return list[0].Statement.(*sql.Select).Items[0].X, nil
}

func (x table) bind(text string, predicate bool) (plan.Expr, error) {
	e, err := parse(text)
	if err != nil {
		return nil, err
	}
	if predicate {
		return x.binder().Predicate(e, "WHERE")
	}
	return x.binder().Bind(e)
}

func (x table) mustBind(t testing.TB, text string) plan.Expr {
	t.Helper()
	e, err := x.bind(text, false)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

func (x table) batch(rows ...row) []*vec.Vec {
	cols := make([]*vec.Vec, len(x.schema))
	for i, d := range x.schema {
		cols[i] = vec.New(d.Type)
		for _, r := range rows {
			cols[i].Append(r[d.Name])
		}
	}
	return cols
}

var testEnv = &Env{Now: func() int64 { return 1700000000000 }, Rand: func() uint64 { return 42 }}

// eval computes text for each row; failed rows are "!".
func (x table) eval(t testing.TB, text string, rows ...row) []string {
	t.Helper()
	p, err := Compile(x.mustBind(t, text), testEnv)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	bad := map[int]bool{}
	out := p.Eval(&Call{Cols: x.batch(rows...), N: len(rows), Fail: func(i int, err error) {
		if bad[i] {
			t.Errorf("%s: row %d failed twice", text, i)
		}
		bad[i] = true
	}})
	if out.N != len(rows) {
		t.Fatalf("%s: %d rows, want %d", text, out.N, len(rows))
	}
	var got []string
	for i := range rows {
		s := show(out.Get(i))
		if bad[i] {
			if s != "null" {
				t.Errorf("%s: row %d failed but is %s", text, i, s)
			}
			s = "!"
		}
		got = append(got, s)
	}
	return got
}

func (x table) filter(t testing.TB, text string, rows ...row) []int32 {
	t.Helper()
	e, err := x.bind(text, true)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := CompilePredicate(e, testEnv)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p.Filter(&Call{Cols: x.batch(rows...), N: len(rows)}, nil)
}

func show(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case vec.Decimal:
		return v.Plain()
	case []any:
		return showAll("[", v, "]")
	case vec.StructValue:
		return showAll("{", v, "}")
	case *vec.MapValue:
		var parts []string
		for i := range v.Keys {
			parts = append(parts, show(v.Keys[i])+"="+show(v.Values[i]))
		}
		return "(" + strings.Join(parts, " ") + ")"
	case float64:
		return string(vec.AppendDouble(nil, v))
	}
	return fmt.Sprint(v)
}

func showAll(open string, list []any, end string) string {
	var parts []string
	for _, x := range list {
		parts = append(parts, show(x))
	}
	return open + strings.Join(parts, " ") + end
}

func dec(unscaled int64, scale int) vec.Decimal {
	return vec.Decimal{Unscaled: big.NewInt(unscaled), Scale: scale}
}

// sample is a schema with one column of each kind and a few rows.
const sampleSchema = `B BOOLEAN, I INT, J INT, L BIGINT, D DOUBLE, M DECIMAL(4,2), W DECIMAL(40,2), S STRING, P STRING, Y BYTES, DT DATE, T TIME, TS TIMESTAMP,
 A ARRAY<INT>, AL ARRAY<BIGINT>, MP MAP<STRING, INT>, ST STRUCT<F0 INT, F1 STRING>, SS STRUCT<X STRUCT<Y INT>>`

func sampleRows() []row {
	return []row{
		{"B": true, "I": int32(7), "J": int32(2), "L": int64(100), "D": 1.5, "M": dec(1234, 2), "W": dec(1000, 2), "S": "foo", "P": "f%", "Y": []byte{1, 0x80},
			"DT": vec.Date(18262), "T": vec.Time(3661000), "TS": vec.Timestamp(1577836800123), "A": []any{int32(1), nil, int32(3)}, "AL": []any{int64(1), nil, int64(3)},
			"MP": &vec.MapValue{Keys: []any{"a", "b"}, Values: []any{int32(1), nil}}, "ST": vec.StructValue{int32(5), "five"}, "SS": vec.StructValue{vec.StructValue{int32(9)}}},
		{},
		{"B": false, "I": int32(-7), "J": int32(0), "L": int64(-1), "D": math.Copysign(0, -1), "M": dec(-50, 2), "W": dec(-7, 2), "S": "", "P": "_", "Y": []byte{}, "DT": vec.Date(0), "T": vec.Time(0),
			"TS": vec.Timestamp(0), "A": []any{}, "AL": []any{}, "MP": &vec.MapValue{}, "ST": vec.StructValue{nil, nil}, "SS": vec.StructValue{nil}},
	}
}

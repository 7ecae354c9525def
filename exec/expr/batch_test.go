package expr

import (
	"math/rand/v2"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// texts of every kind of node, over the columns of sampleSchema.
var texts = []string{
	"I + J * 2", "L % 7", "L / J", "D * I", "M + L", "M * 0.5", "L * 0.908", "M / 4", "W + M", "M % J", "-L", "S + P", "S || P",
	"I > 3", "L <= I", "D < 0.5", "M < I", "M < D", "W > L", "S = 'b'", "S < P", "B = TRUE", "Y < Y", "DT <= TS", "A = AL", "ST IS DISTINCT FROM ST", "MP = MP",
	"I > 3 AND L / J > 1", "I > 3 OR B", "NOT B", "I IS NULL", "I BETWEEN J AND 5", "I IN (1, 2, 3, 4, 5)", "S IN ('a', P)", "S LIKE '%a%'", "S LIKE P",
	"CASE WHEN I > J THEN L / J WHEN B THEN L ELSE -1 * L END", "CASE WHEN L / J > 1 THEN S END",
	"A[I]", "MP[S]", "ST->F1", "ARRAY[I, L / J]", "MAP(S := I, P := J)", "STRUCT(X := I / J, Y := A)", "CAST(L / J AS STRING)", "CAST(A AS ARRAY<STRING>)", "CAST(ST AS STRING)", "CAST(S AS INT)",
	"TRANSFORM(A, x => x + I)", "REDUCE(A, L, (s, x) => s + COALESCE(x, I))", "FILTER(AL, x => x > L)", "UCASE(SUBSTRING(S, I))", "COALESCE(I, J)",
}

func randomValue(r *rand.Rand, t sql.Type) any {
	if r.IntN(6) == 0 {
		return nil
	}
	switch t.Kind {
	case sql.Boolean:
		return r.IntN(2) == 0
	case sql.Integer:
		return int32(r.IntN(20) - 5)
	case sql.Bigint:
		if r.IntN(8) == 0 {
			return r.Int64() - r.Int64()
		}
		return int64(r.IntN(20) - 5)
	case sql.Double:
		return float64(r.IntN(40)-10) / 4
	case sql.Decimal:
		return dec(int64(r.IntN(9999)-5000), t.Scale)
	case sql.String:
		return [...]string{"", "a", "b", "ab", "%a%", "12", "e\u0301", "x\ny"}[r.IntN(8)]
	case sql.Bytes:
		return []byte{byte(r.IntN(256)), byte(r.IntN(3))}[:r.IntN(3)]
	case sql.Date:
		return vec.Date(r.IntN(40) - 20)
	case sql.Time:
		return vec.Time(r.IntN(86400000))
	case sql.Timestamp:
		return vec.Timestamp(r.IntN(10) * 86400000)
	case sql.Array:
		out := []any{}
		for range r.IntN(4) {
			out = append(out, randomValue(r, *t.Elem))
		}
		return out
	case sql.Map:
		m := &vec.MapValue{}
		for _, k := range []string{"a", "b"}[:r.IntN(3)] {
			m.Keys, m.Values = append(m.Keys, k), append(m.Values, randomValue(r, *t.Elem))
		}
		return m
	case sql.Struct:
		out := make(vec.StructValue, len(t.Fields))
		for i, f := range t.Fields {
			out[i] = randomValue(r, f.Type)
		}
		return out
	}
	return nil
}

func randomBatch(r *rand.Rand, x table, n int) []*vec.Vec {
	cols := make([]*vec.Vec, len(x.schema))
	for i, d := range x.schema {
		cols[i] = vec.New(d.Type)
		for range n {
			cols[i].Append(randomValue(r, d.Type))
		}
	}
	return cols
}

// TestBatchSize: a batch gives what its rows give one by one, and so does the next batch over the same program.
func TestBatchSize(t *testing.T) {
	x := columns(t, sampleSchema)
	r := rand.New(rand.NewPCG(1, 2))
	const n = 4096
	cols := randomBatch(r, x, n)
	for _, text := range texts {
		whole, err := Compile(x.mustBind(t, text), testEnv)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		single, _ := Compile(x.mustBind(t, text), testEnv)
		for round := range 2 {
			failed := make([]bool, n)
			got := whole.Eval(&Call{Cols: cols, N: n, Fail: func(i int, _ error) { failed[i] = true }})
			for i := 0; i < n; i += 11 + 20*round {
				one := make([]*vec.Vec, len(cols))
				for k, c := range cols {
					one[k] = vec.New(c.Type)
					one[k].AppendFrom(c, i)
				}
				bad := false
				v := single.Eval(&Call{Cols: one, N: 1, Fail: func(int, error) { bad = true }})
				if bad != failed[i] || !vec.EqualValues(v.Get(0), got.Get(i)) {
					t.Fatalf("%s: row %d: %s (failed %v) in the batch, %s (%v) alone", text, i, show(got.Get(i)), failed[i], show(v.Get(0)), bad)
				}
			}
		}
	}
}

// TestSizes: a program may get batches of any sizes one after the other.
func TestSizes(t *testing.T) {
	x := columns(t, sampleSchema)
	r := rand.New(rand.NewPCG(7, 8))
	for _, text := range append(texts, "NULL IS NULL", "CASE WHEN I > 0 THEN NULL ELSE I END", "'x'", "ARRAY[1, NULL]") {
		p, err := Compile(x.mustBind(t, text), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{5, 0, 1, 40, 3, 0, 9} {
			cols := randomBatch(r, x, n)
			got := p.Eval(&Call{Cols: cols, N: n})
			fresh, _ := Compile(x.mustBind(t, text), testEnv)
			want := fresh.Eval(&Call{Cols: cols, N: n})
			if got.N != n {
				t.Fatalf("%s: %d rows of %d", text, got.N, n)
			}
			for i := range n {
				if !vec.EqualValues(got.Get(i), want.Get(i)) {
					t.Fatalf("%s: %s, want %s", text, show(got.Get(i)), show(want.Get(i)))
				}
			}
		}
	}
}

func TestDivisor(t *testing.T) {
	edge := []int64{0, 1, -1, 2, 3, 7, 10, 123, 1000003, 1<<31 - 1, 1 << 31, 1 << 32, 1<<62 - 1, 1 << 62, 1<<63 - 1, -1 << 63, -1<<63 + 1}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		edge = append(edge, int64(r.Uint64())>>r.IntN(63))
	}
	for _, d := range edge {
		if d == 0 {
			continue
		}
		v := newDivisor(d)
		if v.plain {
			if d != 1 && d != -1 && d != -1<<63 {
				t.Fatalf("%d needs no division", d)
			}
			continue
		}
		for k, x := range edge {
			if k > 100 && (k+int(d))&15 != 0 {
				continue
			}
			if q, m := v.quo(x), v.rem(x); q != x/d || m != x%d {
				t.Fatalf("%d by %d: got %d, %d, want %d, %d", x, d, q, m, x/d, x%d)
			}
		}
	}
}

// hot are the expressions whose kernels must not allocate.
var hot = []string{
	"L + 1", "L * I", "L % 123", "L / 7", "D * 2", "L * 0.908", "M + M", "L > 5", "L = J", "S = 'channel'", "I > 3 AND L < 100", "L BETWEEN 1 AND 5",
	"I IN (1, 2)", "S LIKE '%a%'", "CASE WHEN L < 10 THEN 'low' WHEN L < 100 THEN 'mid' ELSE 'high' END", "ST->F0", "CAST(I AS BIGINT)", "CAST(L AS STRING)", "I IS NULL", "NOT (I = 3)",
	"ROUND(D, 1)", "GREATEST(M, 3.5)", "REPLACE(S, 'o', 'x')", "COALESCE(S, 'x')", "CONVERT_TZ(TS, 'UTC', 'Asia/Tokyo')",
	"LPAD(CAST(L AS STRING), 5, '0')", "SUBSTRING(CAST(L AS STRING), 2)", "FORMAT_TIMESTAMP(TS, 'yyyy-MM-dd')", "REGEXP_REPLACE(CAST(L AS STRING), '[13]+', 'x')",
}

func fullBatch(x table, n int) []*vec.Vec {
	r := rand.New(rand.NewPCG(5, 6))
	cols := make([]*vec.Vec, len(x.schema))
	for i, d := range x.schema {
		cols[i] = vec.New(d.Type)
		for range n {
			v := randomValue(r, d.Type)
			for v == nil {
				v = randomValue(r, d.Type)
			}
			cols[i].Append(v)
		}
	}
	return cols
}

func TestAllocs(t *testing.T) {
	x := columns(t, sampleSchema)
	cols := fullBatch(x, 1024)
	for _, text := range hot {
		p, err := Compile(x.mustBind(t, text), testEnv)
		if err != nil {
			t.Fatal(err)
		}
		c := &Call{Cols: cols, N: 1024}
		p.Eval(c)
		p.Eval(c)
		if n := testing.AllocsPerRun(10, func() { p.Eval(c) }); n > 0 {
			t.Errorf("%s: %v allocations a batch", text, n)
		}
	}
	p, err := CompilePredicate(x.mustBind(t, "L % 123 = 0 AND S <> 'b'"), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	c := &Call{Cols: cols, N: 1024}
	rows := p.Filter(c, nil)
	if n := testing.AllocsPerRun(10, func() { rows = p.Filter(c, rows[:0]) }); n > 0 {
		t.Errorf("Filter: %v allocations a batch", n)
	}
}

func BenchmarkEval(b *testing.B) {
	x := columns(b, sampleSchema)
	const n = 4096
	cols := fullBatch(x, n)
	for _, text := range append(hot, "M * 0.5", "M / 4", "M < D", "S LIKE P", "UCASE(S)", "TRANSFORM(A, x => x + 1)", "CAST(S AS INT)", "I > 3 AND L / I > 2") {
		b.Run(text, func(b *testing.B) {
			p, err := Compile(x.mustBind(b, text), testEnv)
			if err != nil {
				b.Fatal(err)
			}
			c := &Call{Cols: cols, N: n}
			b.ReportAllocs()
			for b.Loop() {
				p.Eval(c)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
	b.Run("filter L % 123 = 0", func(b *testing.B) {
		p, err := CompilePredicate(x.mustBind(b, "L % 123 = 0"), testEnv)
		if err != nil {
			b.Fatal(err)
		}
		c := &Call{Cols: cols, N: n}
		var rows []int32
		for b.Loop() {
			rows = p.Filter(c, rows[:0])
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	})
}

// FuzzEval: whatever parses and binds runs, on any rows, without a panic.
func FuzzEval(f *testing.F) {
	for i, text := range texts {
		f.Add(text, uint64(i))
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		x := columns(t, sampleSchema)
		e, err := x.bind(text, seed&1 == 0)
		if err != nil {
			return
		}
		r := rand.New(rand.NewPCG(seed, 1))
		n := r.IntN(20)
		cols := randomBatch(r, x, n)
		for _, compile := range []func() (*Program, error){
			func() (*Program, error) { return Compile(e, testEnv) },
			func() (*Program, error) { return CompilePredicate(e, testEnv) },
		} {
			p, err := compile()
			if err != nil {
				continue
			}
			for range 2 {
				if v := p.Eval(&Call{Cols: cols, N: n}); v.N != n {
					t.Fatalf("%s: %d rows of %d", text, v.N, n)
				}
				p.Filter(&Call{Cols: cols, N: n}, nil)
			}
		}
	})
}

package op

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// stepOf is the first step of its kind, from the end, in the plan of the last statement of a script.
func stepOf[T plan.Step](t *testing.T, script string, extra ...fn.Func) T {
	t.Helper()
	cat, env := plan.NewCatalog(), &plan.Env{Functions: fn.Builtins().With(extra...), Props: map[string]string{}}
	list, err := sql.ParseParams(script, nil)
	if err != nil {
		t.Fatal(err)
	}
	var root plan.Step
	for _, p := range list {
		if query, ok := p.Statement.(*sql.Select); ok {
			q, err := plan.PlanPush(cat, env, query, p.Text, sql.TInteger)
			if err != nil {
				t.Fatal(err)
			}
			root = q.Root
			continue
		}
		cmd, err := plan.Check(cat, env, p.Statement, p.Text)
		if err != nil {
			t.Fatal(err)
		}
		if cat = cmd.Catalog; cmd.Start != nil {
			root = cmd.Start.Root
		}
	}
	for at := []plan.Step{root}; len(at) > 0; at = append(at[1:], at[0].Inputs()...) {
		if s, ok := at[0].(T); ok {
			return s
		}
	}
	t.Fatal("no such step")
	panic(0)
}

// rows is a batch as it is written: op, values and @time of each row, then perhaps its window start-end, !, which
// says that its key is null as a whole, and headers #key=value. Last columns without a value are pseudo columns. Row i is caused by record i of partition 3, at offset 100 + i.
func rows(t *testing.T, s sql.Schema, text string) *Batch {
	t.Helper()
	b := &Batch{Cols: columns(s)}
	run := &store.Records{TP: store.TP{Topic: "t", Partition: 3}, First: 100}
	for line := range strings.SplitSeq(text, ";") {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		b.Ops = append(b.Ops, map[string]Op{"+": Insert, "-": Delete, "U-": Before, "U+": After}[f[0]])
		at := 1
		for _, c := range b.Cols {
			if f[at][0] == '@' {
				put(t, c, f[at][1:])
			} else {
				put(t, c, f[at])
				at++
			}
		}
		keyless := false
		var headers []store.Header
		for _, x := range f[at:] {
			switch {
			case x[0] == '#':
				k, v, _ := strings.Cut(x[1:], "=")
				headers = append(headers, store.Header{Key: k, Value: []byte(v)})
			case x == "!":
				keyless = true
			case x[0] == '@':
				b.Time = append(b.Time, number(t, x[1:]))
			default:
				start, end, _ := strings.Cut(x, "-")
				b.Start, b.End = append(b.Start, number(t, start)), append(b.End, number(t, end))
			}
		}
		b.NoKey = append(b.NoKey, keyless)
		b.N++
		run.Add(b.Time[b.N-1], nil, nil, headers...)
	}
	if !strings.Contains(text, "!") {
		b.NoKey = nil
	}
	if strings.Count(text, "+") == b.N && !strings.Contains(text, "U+") {
		b.Ops = nil
	}
	b.From = &Origin{Runs: []*store.Records{run}, Start: []int32{0}}
	return b
}

func number(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func put(t *testing.T, c *vec.Vec, s string) {
	t.Helper()
	switch {
	case s == "null":
		c.AppendNull()
	case c.Type.Kind == sql.Integer:
		c.AppendI32(int32(number(t, s)))
	case c.Type.Kind == sql.Bigint:
		c.AppendI64(number(t, s))
	default:
		c.AppendString(s)
	}
}

// written is the rows of a batch as rows reads them; behind < stands the record that caused a row where that is
// another one than the row's own number. _ is a column that is not there; last ones are left out.
func written(t *testing.T, b *Batch) (out []string) {
	t.Helper()
	if b.N == 0 {
		t.Error("an empty batch is lent on")
	}
	if len(b.Time) != b.N || b.Ops != nil && len(b.Ops) != b.N || b.Start != nil && (len(b.Start) != b.N || len(b.End) != b.N) || b.NoKey != nil && len(b.NoKey) != b.N {
		t.Errorf("of %d rows: %d times, %d ops, %d windows, %d keys", b.N, len(b.Time), len(b.Ops), len(b.Start), len(b.NoKey))
	}
	for i := range b.N {
		s := b.Op(i).String()
		for _, c := range b.Cols {
			switch {
			case c == nil:
				s += " _"
			case c.N != b.N:
				t.Errorf("a column of %d rows in a batch of %d", c.N, b.N)
			case c.IsNull(i):
				s += " null"
			default:
				s += fmt.Sprint(" ", c.Get(i))
			}
		}
		for strings.HasSuffix(s, " _") {
			s = strings.TrimSuffix(s, " _")
		}
		s += fmt.Sprint(" @", b.Time[i])
		if b.Start != nil {
			s += fmt.Sprintf(" %d-%d", b.Start[i], b.End[i])
		}
		if b.keyless(i) {
			s += " !"
		}
		if b.From != nil && b.Cause(i) != int32(i) {
			s += fmt.Sprint(" <", b.Cause(i))
		}
		out = append(out, s)
	}
	return out
}

// pass runs a batch through an operator: what leaves, batches parted by |, and what is reported, with its place.
func pass(t *testing.T, o Operator, b *Batch, params ...any) (rows, problems string) {
	t.Helper()
	var out, bad []string
	c := &Context{Partition: 1, Env: &expr.Env{}, Params: params, Report: func(p Problem) {
		bad = append(bad, fmt.Sprintf("%s %s %s-%d@%d: %v", p.Kind, p.Step, p.Topic, p.Partition, p.Offset, p.Err))
	}}
	err := o.Process(c, b, func(b *Batch) error {
		out = append(out, strings.Join(written(t, b), "; "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " | "), strings.Join(bad, "\n")
}

// passage is a batch, what leaves and what is reported.
type passage struct{ in, out, problems string }

// passes holds what an operator, whose input has this schema, does with one batch after the other.
func passes(t *testing.T, o Operator, in sql.Schema, list []passage, params ...any) {
	t.Helper()
	for _, p := range list {
		out, problems := pass(t, o, rows(t, in, p.in), params...)
		if out != p.out || problems != p.problems {
			t.Errorf("%s\ngives %s\nwant  %s\nreports %s\nwant    %s", p.in, out, p.out, problems, p.problems)
		}
	}
}

// read is the rows of groups, twice: they are lent until the next time.
func read(t *testing.T, s Source, groups []int32) string {
	t.Helper()
	if len(groups) == 0 {
		return ""
	}
	var out [2]string
	for i := range out {
		b, err := s.Read(groups)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = strings.Join(written(t, b), "; ")
	}
	if out[0] != out[1] {
		t.Errorf("read as %s, then as %s", out[0], out[1])
	}
	return out[0]
}

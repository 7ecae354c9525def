package bed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// change is one record of the topic that the properties read as a table and as a stream.
type change struct {
	id   int
	gone bool
	g    *string
	v    *int
	ms   int64
}

func (c change) value() string {
	if c.gone {
		return "null"
	}
	b, _ := json.Marshal(map[string]any{"g": c.g, "v": c.v}) // of plain values: cannot fail
	return string(b)
}

func drawChanges(t *rapid.T) []change {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) change {
		c := change{id: rapid.IntRange(0, 4).Draw(t, "id"), ms: rapid.Int64Range(0, 60_000).Draw(t, "ms")}
		if c.gone = rapid.IntRange(0, 5).Draw(t, "gone") == 0; c.gone {
			return c
		}
		if g := rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "g"); g != "" {
			c.g = &g
		}
		if v := rapid.IntRange(-5, 12).Draw(t, "v"); v > -5 {
			c.v = &v
		}
		return c
	}), 1, 40).Draw(t, "changes")
}

// TestIncremental compares what queries have made of changes, one by one, with what their statements say of all
// of them at once. The engine may be restarted in between.
func TestIncremental(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := drawChanges(t)
		v := variant{batch: rapid.SampledFrom([]int{1, 3, 4096}).Draw(t, "batch"), parts: rapid.Bool().Draw(t, "partitions")}
		cut := 0
		if rapid.Bool().Draw(t, "directory") {
			v.log = forgetful
			cut = rapid.IntRange(0, len(changes)).Draw(t, "cut")
		}
		if v.late = rapid.Bool().Draw(t, "late"); v.late {
			v.holes = rapid.IntRange(0, 2).Draw(t, "holes")
		}
		if v.log == forgetful && rapid.Bool().Draw(t, "aborts") {
			v.aborts, v.commit = rapid.IntRange(2, 9).Draw(t, "of"), rapid.IntRange(0, 3).Draw(t, "commit")
		}
		r := newRig(t, v, 1)
		defer r.close()
		ctx := context.Background()
		if out := r.exec(ctx, `
			CREATE TABLE p (id INT PRIMARY KEY, g STRING, v INT) WITH (KAFKA_TOPIC='p', VALUE_FORMAT='JSON', PARTITIONS=3);
			CREATE STREAM s (id INT KEY, g STRING, v INT) WITH (KAFKA_TOPIC='p', VALUE_FORMAT='JSON');
			CREATE TABLE grouped AS SELECT g, COUNT(*) AS n, COUNT(v) AS nv, SUM(v) AS s, AVG(v) AS a FROM p GROUP BY g;
			CREATE TABLE big AS SELECT g, SUM(v) AS s FROM p GROUP BY g HAVING SUM(v) > 10;
			CREATE TABLE filtered AS SELECT id, v + 1 AS v1 FROM p WHERE v > 3;
			CREATE TABLE sizes AS SELECT n, COUNT(*) AS m FROM grouped GROUP BY n;
			CREATE TABLE streamed AS SELECT g, COUNT(*) AS n, SUM(v) AS s, MIN(v) AS lo, MAX(v) AS hi, TOPK(v, 2) AS top FROM s GROUP BY g;
			CREATE TABLE wt AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM s WINDOW TUMBLING (SIZE 10 SECONDS, GRACE PERIOD 5 SECONDS) GROUP BY g;
			CREATE TABLE wh AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM s WINDOW HOPPING (SIZE 10 SECONDS, ADVANCE BY 5 SECONDS, GRACE PERIOD 0 SECONDS) GROUP BY g;
			CREATE TABLE ws AS SELECT g, COUNT(*) AS n, SUM(v) AS s FROM s WINDOW SESSION (5 SECONDS, GRACE PERIOD 1 HOUR) GROUP BY g;`); strings.Contains(out, "error") {
			t.Fatal(out)
		}
		feed := func(list []change) {
			var b strings.Builder
			for _, c := range list {
				fmt.Fprintf(&b, "@%d %d | %s\n", c.ms, c.id, c.value())
			}
			if b.Len() == 0 {
				return
			}
			if err := r.append(ctx, "p", b.String()); err != nil {
				t.Fatal(err)
			}
			if err := r.e.Sync(ctx); err != nil {
				t.Fatal(err)
			}
		}
		feed(changes[:cut])
		if v.log == forgetful {
			r.reopen(rapid.Bool().Draw(t, "power cut"))
		}
		feed(changes[cut:])
		if err := r.e.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if f := r.e.Failed(); len(f) > 0 {
			t.Fatal(f)
		}
		for name, want := range plainly(changes, !v.parts) {
			got := folded(r.topic(ctx, name))
			if name == "SIZES" { // sizes that no group has any more are left at 0, in an order of their own
				maps.DeleteFunc(got, func(_, v string) bool { return v == `{"M":0}` })
			}
			if !maps.Equal(got, want) {
				t.Fatalf("%s\n%v, want\n%v", name, got, want)
			}
			pulled := strings.Count(r.query(ctx, "SELECT * FROM "+name+";", -1), "\n") - 1
			if name != "SIZES" && !strings.Contains("WT WH WS", name) && pulled != len(want) {
				t.Fatalf("a pull query on %s gives %d rows, want %d", name, pulled, len(want))
			}
		}
	})
}

// folded is the newest value of each key of a topic as topic prints it, without the keys that are gone.
func folded(text string) map[string]string {
	out := map[string]string{}
	for l := range strings.Lines(text) {
		_, rest, _ := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
		key, value, _ := strings.Cut(rest, " | ")
		if value == "null" {
			delete(out, key)
		} else {
			out[key] = value
		}
	}
	return out
}

// tally is what the statements say of some rows.
type tally struct {
	n, nv, s int
	values   []int
}

func (a *tally) add(v *int) {
	a.n++
	if v != nil {
		a.nv, a.s, a.values = a.nv+1, a.s+*v, append(a.values, *v)
	}
}

func (a *tally) sums() string { return fmt.Sprintf(`{"N":%d,"S":%d}`, a.n, a.s) }

// plainly evaluates the statements of TestIncremental. Windows that close depend on the order of rows, which only
// one partition has.
func plainly(changes []change, windows bool) map[string]map[string]string {
	table, ever := map[int]change{}, map[string]bool{}
	streamed := map[string]*tally{}
	tumbling, hopping := map[string]*tally{}, map[string]*tally{}
	var reached int64
	into := func(m map[string]*tally, key string, v *int) {
		if m[key] == nil {
			m[key] = &tally{}
		}
		m[key].add(v)
	}
	sessions := map[string][]change{}
	for _, c := range changes {
		delete(table, c.id)
		if c.gone {
			continue
		}
		table[c.id] = c
		if c.g == nil {
			continue
		}
		ever[*c.g] = true
		into(streamed, *c.g, c.v)
		sessions[*c.g] = append(sessions[*c.g], c)
		reached = max(reached, c.ms)
		for start := c.ms / 5000 * 5000; start > c.ms-10_000 && start >= 0; start -= 5000 {
			key := fmt.Sprintf("%s@%d/%d", *c.g, start, start+10_000)
			if start%10_000 == 0 && start+10_000 > reached-5000 {
				into(tumbling, key, c.v)
			}
			if start+10_000 > reached {
				into(hopping, key, c.v)
			}
		}
	}
	groups, sizes := map[string]*tally{}, map[int]int{}
	for g := range ever {
		groups[g] = &tally{}
	}
	out := map[string]map[string]string{}
	put := func(name, key, format string, args ...any) {
		if out[name] == nil {
			out[name] = map[string]string{}
		}
		if format != "" {
			out[name][key] = fmt.Sprintf(format, args...)
		}
	}
	for _, name := range []string{"GROUPED", "BIG", "FILTERED", "SIZES", "STREAMED"} {
		put(name, "", "")
	}
	for id, c := range table {
		if c.g != nil {
			groups[*c.g].add(c.v)
		}
		if c.v != nil && *c.v > 3 {
			put("FILTERED", strconv.Itoa(id), `{"V1":%d}`, *c.v+1)
		}
	}
	for g, a := range groups {
		mean := 0.0
		if a.nv > 0 {
			mean = float64(a.s) / float64(a.nv)
		}
		put("GROUPED", g, `{"N":%d,"NV":%d,"S":%d,"A":%s}`, a.n, a.nv, a.s, vec.AppendDouble(nil, mean))
		if a.s > 10 {
			put("BIG", g, `{"S":%d}`, a.s)
		}
		sizes[a.n]++
	}
	for n, m := range sizes {
		put("SIZES", strconv.Itoa(n), `{"M":%d}`, m)
	}
	for g, a := range streamed {
		slices.Sort(a.values)
		lo, hi, top := "null", "null", ""
		if k := len(a.values); k > 0 {
			lo, hi = strconv.Itoa(a.values[0]), strconv.Itoa(a.values[k-1])
			if top = hi; k > 1 {
				top += "," + strconv.Itoa(a.values[k-2])
			}
		}
		put("STREAMED", g, `{"N":%d,"S":%d,"LO":%s,"HI":%s,"TOP":[%s]}`, a.n, a.s, lo, hi, top)
	}
	if !windows {
		return out
	}
	put("WT", "", "")
	put("WH", "", "")
	put("WS", "", "")
	for key, a := range tumbling {
		put("WT", key, "%s", a.sums())
	}
	for key, a := range hopping {
		put("WH", key, "%s", a.sums())
	}
	for g, rows := range sessions {
		slices.SortStableFunc(rows, func(a, b change) int { return int(a.ms - b.ms) })
		for from := 0; from < len(rows); {
			to, a := from, &tally{}
			for ; to < len(rows) && (to == from || rows[to].ms-rows[to-1].ms <= 5000); to++ {
				a.add(rows[to].v)
			}
			put("WS", fmt.Sprintf("%s@%d/%d", g, rows[from].ms, rows[to-1].ms), "%s", a.sums())
			from = to
		}
	}
	return out
}

// TestUndo takes rows into every aggregate that can be undone, some out again, and compares with those that are
// left. The state survives Save and Load in between.
func TestUndo(t *testing.T) {
	kinds := []sql.Type{sql.TInteger, sql.TBigint, sql.TDouble, sql.DecimalOf(20, 2), sql.TString, sql.TBoolean, sql.TTimestamp,
		sql.ArrayOf(sql.TInteger), sql.ArrayOf(sql.TBigint), sql.ArrayOf(sql.TDouble)}
	var lists [][]sql.Type
	for _, k := range kinds {
		lists = append(lists, []sql.Type{k}, []sql.Type{k, k})
	}
	tried := map[string]bool{}
	for _, f := range fn.Builtins().All() {
		for _, types := range lists {
			var args []fn.ArgType
			for _, k := range types {
				args = append(args, fn.ArgType{Type: k})
			}
			res, err := fn.Builtins().Resolve(f.Name, args)
			if err != nil || res.Variant.Agg == nil || !res.Variant.Undo {
				continue
			}
			tried[f.Name] = true
			t.Run(fmt.Sprint(f.Name, types), func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { undo(t, f.Name, res) })
			})
		}
	}
	for _, f := range fn.Builtins().All() {
		for _, v := range f.Variants {
			if v.Undo && !tried[f.Name] {
				t.Errorf("%s was not tried", f.Name)
			}
		}
	}
}

func undo(t *rapid.T, name string, res fn.Resolved) {
	site := fn.Site{Args: res.Args, Returns: res.Returns, Lits: make([]any, len(res.Args))}
	fresh := func() fn.Accumulator {
		a, err := res.Variant.Agg(site)
		if err != nil {
			t.Fatal(err)
		}
		a.Grow(1)
		return a
	}
	rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []any {
		var row []any
		for _, k := range res.Args {
			row = append(row, drawValue(t, k))
		}
		return row
	}), 1, 12).Draw(t, "rows")
	acc := fresh()
	fold(t, acc, res, rows, 1)
	if rapid.Bool().Draw(t, "saved") {
		next := fresh()
		if rest, err := next.Load(0, acc.Save(0, nil)); err != nil || len(rest) > 0 {
			t.Fatalf("%v, %d bytes left", err, len(rest))
		}
		acc = next
	}
	left := slices.Clone(rows)
	for range rapid.IntRange(1, len(rows)).Draw(t, "out") {
		// The last one first: so a list loses its end.
		fold(t, acc, res, left[len(left)-1:], -1)
		left = left[:len(left)-1]
	}
	plain := fresh()
	fold(t, plain, res, left, 1)
	got, want := vec.New(res.Returns), vec.New(res.Returns)
	if err := acc.Read([]int32{0}, got); err != nil {
		t.Fatal(err)
	}
	if err := plain.Read([]int32{0}, want); err != nil {
		t.Fatal(err)
	}
	a, b := got.Get(0), want.Get(0)
	x, isNumber := a.(float64)
	y, _ := b.(float64)
	if isNumber && (math.Abs(x-y) < 1e-6 || math.IsNaN(x) && math.IsNaN(y)) {
		return // sums of squares are not exact
	}
	if valueText(a, res.Returns) != valueText(b, res.Returns) {
		t.Fatalf("%s is %s, want %s", name, valueText(a, res.Returns), valueText(b, res.Returns))
	}
}

func fold(t *rapid.T, acc fn.Accumulator, res fn.Resolved, rows [][]any, sign int8) {
	if len(rows) == 0 {
		return
	}
	args := make([]*vec.Vec, len(res.Args))
	for i, k := range res.Args {
		args[i] = vec.New(k)
		for _, r := range rows {
			args[i].Append(r[i])
		}
	}
	signs := slices.Repeat([]int8{sign}, len(rows))
	if err := acc.Fold(make([]int32, len(rows)), signs, make([]bool, len(rows)), args, vec.New(res.Returns)); err != nil {
		t.Fatal(err)
	}
}

func drawValue(t *rapid.T, k sql.Type) any {
	n := rapid.IntRange(-1, 6).Draw(t, "value")
	if n < 0 {
		return nil
	}
	switch k.Kind {
	case sql.Boolean:
		return n%2 == 0
	case sql.Integer:
		return int32(n)
	case sql.Bigint:
		return int64(n)
	case sql.Timestamp:
		return vec.Timestamp(n)
	case sql.Double:
		return float64(n)
	case sql.String:
		return strconv.Itoa(n)
	case sql.Decimal:
		return vec.Decimal{Unscaled: big.NewInt(int64(n * 25)), Scale: k.Scale}
	case sql.Array:
		items := []any{}
		for range n {
			items = append(items, drawValue(t, *k.Elem))
		}
		return items
	}
	panic("no values of " + k.String())
}

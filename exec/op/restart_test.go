package op

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// gathered is an aggregation of each STRING key by many functions, whose states are of all kinds.
func gathered(t *testing.T, w *plan.Window, undo bool) *plan.Aggregate {
	t.Helper()
	a := counted(t, w)
	for _, name := range []string{"SUM", "MAX", "AVG", "COLLECT_LIST", "COLLECT_SET", "LATEST_BY_OFFSET", "EARLIEST_BY_OFFSET", "COUNT_DISTINCT", "ATTR"} {
		r, err := fn.Builtins().Resolve(name, []fn.ArgType{{Type: sql.TBigint}})
		if err != nil {
			t.Fatal(err)
		}
		if undo && !r.Variant.Undo {
			continue
		}
		a.Calls = append(a.Calls, plan.AggCall{Func: r.Func, Variant: r.Variant, Site: fn.Site{Args: r.Args, Returns: r.Returns, Lits: []any{nil}}, Args: []int{1}, Name: name})
		a.Schema = append(a.Schema, sql.Column{Field: sql.Field{Name: name, Type: r.Returns}})
	}
	if undo {
		a.In.Out().Shape = sql.TableKind
	}
	return a
}

// keeper is an operator with state.
type keeper interface {
	Operator
	Keeper
}

// lives are the operators that remember. Each makes a new one.
func lives(t *testing.T) map[string]func() keeper {
	order := func(cols []*vec.Vec, n int) ([][]byte, error) {
		out := make([][]byte, n)
		for i := range out {
			out[i] = vec.AppendKey(nil, cols, i)
		}
		return out, nil
	}
	must := func(k keeper, err error) keeper {
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	all := map[string]func() keeper{}
	for name, w := range map[string]plan.Window{
		"tumbling":     {Kind: sql.Tumbling, Size: 10, Retention: 30},
		"tumblingLate": {Kind: sql.Tumbling, Size: 10, Grace: 15, Retention: 25},
		"final":        {Kind: sql.Tumbling, Size: 10, Grace: 7, Retention: 17, Final: true},
		"hopping":      {Kind: sql.Hopping, Size: 12, Advance: 4, Grace: 5, Retention: 17},
		"hoppingFinal": {Kind: sql.Hopping, Size: 12, Advance: 5, Grace: 3, Retention: 15, Final: true},
		"session":      {Kind: sql.Session, Size: 3, Grace: 9, Retention: 20},
		"sessionFinal": {Kind: sql.Session, Size: 3, Grace: 4, Retention: 12, Final: true},
	} {
		all[name] = func() keeper {
			s := gathered(t, &w, false)
			if w.Kind == sql.Session {
				o, err := NewSessions(s, state.Print{}, true, order)
				return must(o, err)
			}
			o, err := NewWindows(s, state.Print{}, true, order)
			return must(o, err)
		}
	}
	for name, undo := range map[string]bool{"group": false, "groupOfTable": true} {
		all[name] = func() keeper {
			s := gathered(t, nil, undo)
			s.Old = undo
			o, err := NewAggregate(s, state.Print{}, true)
			return must(o, err)
		}
	}
	schema := counted(t, nil).In.Out().Schema
	for name, h := range map[string]plan.Head{
		"latest": {Old: true}, "latestOfUpserts": {}, "latestOfWindows": {Old: true, Window: &plan.Window{Kind: sql.Tumbling, Size: 10}},
	} {
		h.Name, h.Schema = "Latest", schema
		all[name] = func() keeper { return NewLatest(&plan.Latest{Head: h}, state.Print{}, true) }
	}
	sink := &plan.Sink{Head: plan.Head{Name: "Sink", Schema: schema}, Topic: "t", Key: plan.Format{Name: "KAFKA"}, Value: plan.Format{Name: "JSON"},
		Timestamp: &plan.Timestamp{Column: "T"}}
	all["sink"] = func() keeper {
		o, err := NewEncode(sink, state.Print{}, 1, true)
		return must(o, err)
	}
	return all
}

// life is one keeper with what a log has of it.
type life struct {
	t     *testing.T
	name  string
	k     keeper
	log   map[string][]byte // the changelog, compacted
	saved []byte            // a checkpoint
}

// batch makes random rows: times wander on, some come late. Of a table they are changes.
func (l *life) batch(r *rand.Rand, now *int64, held map[string]int64) *Batch {
	k, a := vec.New(sql.TString), vec.New(sql.TBigint)
	b := &Batch{Cols: []*vec.Vec{k, a}}
	add := func(key string, v int64, o Op) {
		k.AppendString(key)
		a.AppendI64(v)
		b.Time, b.Ops = append(b.Time, *now), append(b.Ops, o)
		if l.name == "latestOfWindows" {
			start := *now / 10 * 10
			b.Start, b.End = append(b.Start, start), append(b.End, start+10)
		}
		b.N++
	}
	for range 1 + r.IntN(6) {
		*now = max(0, *now+r.Int64N(9)-3)
		key, v := string(rune('a'+r.IntN(3))), r.Int64N(5)
		if l.name != "groupOfTable" {
			o := Insert
			if r.IntN(6) == 0 && (strings.HasPrefix(l.name, "latest") || l.name == "materialize" || l.name == "sink") {
				o = Delete
			}
			add(key, v, o)
			continue
		}
		id := fmt.Sprint(r.IntN(8)) // of the table's row: which is in group key
		old, had := held[id]
		switch {
		case had && r.IntN(3) == 0:
			add(string(rune('a'+old%3)), old, Delete)
			delete(held, id)
		case had:
			add(string(rune('a'+old%3)), old, Before)
			add(string(rune('a'+v%3)), v, After)
			held[id] = v
		default:
			add(string(rune('a'+v%3)), v, Insert)
			held[id] = v
		}
	}
	if l.name != "groupOfTable" && !slices.ContainsFunc(b.Ops, func(o Op) bool { return o != Insert }) {
		b.Ops = nil
	}
	return b
}

// process is what leaves, and what can be read afterwards.
func (l *life) process(b *Batch) string {
	var out []string
	c := &Context{Env: &expr.Env{}, Report: func(p Problem) { out = append(out, "report: "+p.Err.Error()) }}
	show := func(b *Batch) {
		for i := range b.N {
			s := b.Op(i).String()
			for _, col := range b.Cols {
				s += fmt.Sprint(" ", col.Get(i))
			}
			if b.Start != nil {
				s += fmt.Sprint(" [", b.Start[i], ",", b.End[i], ")")
			}
			out = append(out, fmt.Sprint(s, " @", b.Time[i]))
		}
	}
	if err := l.k.Process(c, b, func(b *Batch) error { show(b); return nil }); err != nil {
		l.t.Fatal(err)
	}
	if e, ok := l.k.(*Encode); ok {
		for _, r := range e.Take(nil) {
			for i, ms := range r.Time {
				out = append(out, fmt.Sprintf("%s %s @%d", r.Key[i].Of(r.Bytes), r.Value[i].Of(r.Bytes), ms))
			}
		}
	}
	if s, ok := l.k.(Source); ok {
		gids := s.All(Unbounded(), nil)
		rows, err := s.Read(gids)
		if err != nil {
			l.t.Fatal(err)
		}
		n := len(out)
		show(rows)
		slices.Sort(out[n:]) // groups may have other numbers
		key := vec.New(sql.TString)
		key.AppendString("a")
		out = append(out, fmt.Sprint("a has ", len(s.Find([]*vec.Vec{key}, Unbounded(), nil))))
	}
	return strings.Join(out, "\n")
}

// commit puts the changes into the changelog.
func (l *life) commit() {
	for _, tab := range l.k.Tables() {
		if !tab.Changed() {
			continue
		}
		r := &store.Records{}
		tab.Changes(r)
		if tab.Changed() {
			l.t.Fatal("changes are told twice")
		}
		for i := range r.Len() {
			l.log[string(r.Key[i].Of(r.Bytes))] = append([]byte(nil), r.Value[i].Of(r.Bytes)...)
			if r.Value[i].Len < 0 {
				l.log[string(r.Key[i].Of(r.Bytes))] = nil
			}
		}
	}
}

// checkpoint saves the table as it is; the changelog before it may go.
func (l *life) checkpoint(trim bool) {
	l.saved = nil
	for _, tab := range l.k.Tables() {
		for at := 0; at >= 0; {
			at, l.saved = tab.Chunk(at, 2, l.saved)
		}
	}
	if trim {
		clear(l.log)
	}
}

// restart is a new keeper that knows what the log has.
func (l *life) restart(fresh func() keeper) {
	l.k = fresh()
	for _, tab := range l.k.Tables() {
		if err := tab.Load(l.saved); err != nil {
			l.t.Fatal(err)
		}
		for k, v := range l.log { // in any order
			if err := tab.Apply([]byte(k), v); err != nil {
				l.t.Fatal(err)
			}
		}
		if err := tab.Restored(); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := l.k.Restored(); err != nil {
		l.t.Fatal(err)
	}
}

// TestRestart holds the rule that a step remembers nothing but its tables: one that is stopped between any two batches
// and read back from its checkpoint and changelog goes on exactly as one that never stopped.
func TestRestart(t *testing.T) {
	for name, fresh := range lives(t) {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(6) {
				r := rand.New(rand.NewPCG(seed, 3))
				steady := &life{t: t, name: name, k: fresh(), log: map[string][]byte{}}
				stopped := &life{t: t, name: name, k: fresh(), log: map[string][]byte{}}
				now, held := int64(20), map[string]int64{}
				for step := range 40 {
					b := steady.batch(r, &now, held)
					twin := *b
					want, got := steady.process(b), stopped.process(&twin)
					if got != want {
						t.Fatalf("seed %d, batch %d: after a restart\n%s\n\nwithout\n%s", seed, step, got, want)
					}
					steady.commit()
					stopped.commit()
					if r.IntN(8) == 0 {
						stopped.checkpoint(r.IntN(2) == 0)
					}
					if r.IntN(3) == 0 {
						stopped.restart(fresh)
					}
				}
			}
		})
	}
}

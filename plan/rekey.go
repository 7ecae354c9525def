package plan

import (
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// Rekey gives rows another key. Its schema is the new key columns, then copies of the input's columns Rest: its
// value columns and last its old key columns, without those that became keys. No Keys: PARTITION BY NULL. Rows
// without a value: keys that read key columns only are computed, others are null.
type Rekey struct {
	Head
	In   Step
	Keys []Item
	Rest []int
}

// Inputs is its one input.
func (s *Rekey) Inputs() []Step { return []Step{s.In} }

func (s *Rekey) title() string { return "REKEY" }
func (s *Rekey) class() string { return "StreamSelectKey" }

func (s *Rekey) needs(_ int, want []bool) []bool {
	in := make([]bool, len(s.In.Out().Schema))
	for _, k := range s.Keys {
		Columns(k.X, in)
	}
	for i, from := range s.Rest {
		if wants(want, len(s.Keys)+i) {
			in[from] = true
		}
	}
	return in
}

func (s *Rekey) succeeds(old Step) error {
	if a, b := itemTexts(old.(*Rekey).Keys), itemTexts(s.Keys); a != b {
		return unlike(s, "keyExpressions", a, b)
	}
	return nil
}

// rekey is PARTITION BY: it gives the rows a new key and keeps the old one among the values.
func (q *builder) rekey(in Step) (Step, error) {
	if in.Out().Shape == sql.TableKind {
		var texts []string
		for _, e := range q.partitionBy {
			texts = append(texts, sql.Text(q.qualified(e)))
		}
		var keys []string
		for _, r := range q.from {
			for _, f := range fields(r.Schema, sql.KeyRole) {
				keys = append(keys, r.alias+"."+f.Name)
			}
		}
		return nil, errorf("Cannot repartition a TABLE source. If this is a join, make sure that the criteria uses the TABLE's key column %s instead of [%s]",
			strings.Join(keys, ", "), strings.Join(texts, ", "))
	}
	if in.Out().Window != nil {
		return nil, errorf("Implicit repartitioning of windowed sources is not supported. See https://github.com/confluentinc/ksql/issues/4385.")
	}
	h := *in.Out()
	schema := h.Schema
	if c, ok := q.partitionBy[0].(*sql.ColumnRef); ok && len(q.partitionBy) == 1 && schema.Keys() == 1 && schema[0].Name == c.Name {
		return in, nil // the key it has
	}
	r := &Rekey{In: in}
	hidden := map[string]bool{}                  // by a key column of its name
	called := make([]string, len(q.partitionBy)) // the key columns
	names := newNamer(columnNames(schema))
	keep := make([]bool, len(schema))
	for i := range keep {
		keep[i] = true
	}
	h.Name, h.Schema = "PartitionBy", nil
	for i, e := range q.partitionBy {
		if lit, ok := e.(*sql.Literal); ok && lit.Kind == sql.NullLiteral {
			if len(q.partitionBy) > 1 {
				return nil, errorf("Cannot PARTITION BY multiple columns including NULL")
			}
			continue
		}
		if len(q.calls(e, aggregates)) > 0 {
			return nil, errorf("PARTITION BY does not support aggregate functions: %s", sql.Text(q.qualified(e)))
		}
		x, err := q.binder(schema).Bind(e)
		if err != nil {
			return nil, err
		}
		name := names.of(e)
		if c, ok := x.(*Column); ok {
			keep[c.Index] = false
		}
		f := sql.Field{Name: name, Type: x.Type()}
		if err := checkKeyType(f); err != nil {
			return nil, err
		}
		r.Keys = append(r.Keys, Item{Name: name, X: x})
		h.Schema = append(h.Schema, sql.Column{Field: f, Role: sql.KeyRole})
		hidden[name], called[i] = true, name
	}
	q.replaceItems(called)
	for _, old := range []bool{false, true} {
		for i, c := range schema {
			if keep[i] && (c.Role == sql.KeyRole) == old && (c.Role != sql.PseudoRole) {
				r.add(&h.Schema, hidden, i, c)
			}
		}
	}
	for i, c := range schema {
		if c.Role == sql.PseudoRole {
			r.add(&h.Schema, hidden, i, c)
		}
	}
	r.Head = h
	return r, nil
}

func (r *Rekey) add(out *sql.Schema, hidden map[string]bool, i int, c sql.Column) {
	if c.Role == sql.KeyRole {
		c.Role = sql.ValueRole
	}
	if hidden[c.Name] {
		return
	}
	r.Rest = append(r.Rest, i)
	*out = append(*out, c)
}

// replaceItems lets the select items that are expressions of PARTITION BY name their columns instead.
func (q *builder) replaceItems(columns []string) {
	by := exprFinder(q.partitionBy)
	for i := range q.items {
		it := &q.items[i]
		if it.star {
			continue
		}
		if n := by.find(&it.x); n >= 0 && columns[n] != "" {
			it.x = &sql.ColumnRef{At: sql.At{Offset: it.x.Pos()}, Name: columns[n]}
		}
	}
}

func columnNames(s sql.Schema) []string {
	out := make([]string, len(s))
	for i, c := range s {
		out[i] = c.Name
	}
	return out
}

package plan

import (
	"sort"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// Project computes the columns of its schema, keys first, and WINDOWSTART and WINDOWEND after them if the rows'
// keys carry a window. At the end of a push query they stand in the order of the SELECT; there the Role tells
// which are the key's (KeyRole, PseudoRole for window bounds): the only ones that a Delete fills.
type Project struct {
	Head
	In    Step
	Items []Item
}

// Inputs is its one input.
func (s *Project) Inputs() []Step { return []Step{s.In} }

func (s *Project) title() string        { return "PROJECT" }
func (*Project) free() bool             { return true }
func (s *Project) givesOld(_ bool) bool { return s.In.Out().Old }

func (s *Project) needs(_ int, want []bool) []bool {
	in := make([]bool, len(s.In.Out().Schema))
	for i, it := range s.Items {
		if wants(want, i) {
			Columns(it.X, in)
		}
	}
	return in
}

// output is one column of a query's result.
type output struct {
	name string
	expr sql.Expr
	x    Expr
	key  int // which key column of the input it is, -1: none
}

// project computes the select list over in. star is what * stands for, synth columns that stand for parts of
// the items.
func (q *builder) project(in Step, star sql.Schema, synth map[*sql.ColumnRef]int) (Step, error) {
	schema := in.Out().Schema
	b := q.binderWith(schema, synth)
	items := expand(q.items, star, q.persistent())
	outs := make([]output, 0, len(items))
	for _, it := range items {
		x, err := bindItem(b, it.x)
		if err != nil {
			return nil, err
		}
		o := output{name: it.name, expr: it.x, x: x, key: -1}
		if c, ok := x.(*Column); ok && schema[c.Index].Role == sql.KeyRole {
			o.key = c.Index
		}
		outs = append(outs, o)
	}
	if !q.persistent() {
		return q.transient(in, outs)
	}
	keys := schema.Keys()
	if q.checkResult != nil {
		result := make(sql.Schema, 0, len(outs))
		for _, o := range outs {
			result = append(result, sql.Column{Field: sql.Field{Name: o.name, Type: o.x.Type()}})
		}
		if err := q.checkResult(result); err != nil {
			return nil, err
		}
	}
	if err := q.checkKeys(in, outs, keys); err != nil {
		return nil, err
	}
	h := *in.Out()
	h.Name, h.Schema = "Project", nil
	p := &Project{In: in, Items: make([]Item, 0, len(outs)+2)}
	h.Schema = make(sql.Schema, 0, len(outs)+2)
	for pass := range 2 {
		part := make([]output, 0, len(outs))
		for _, o := range outs {
			if (o.key >= 0) == (pass == 0) {
				part = append(part, o)
			}
		}
		if pass == 0 && !q.newPlanner() {
			sort.SliceStable(part, func(i, j int) bool { return part[i].key < part[j].key })
		}
		for _, o := range part {
			role := sql.KeyRole
			if pass == 1 {
				role = sql.ValueRole
			}
			p.add(&h.Schema, o, role)
		}
		if pass == 0 && h.Window != nil {
			for _, w := range windowBounds() {
				i := schema.Index(w.Name)
				p.add(&h.Schema, output{name: w.Name, x: &Column{Typed: Typed{T: w.Type, Text: w.Name}, Index: i}}, sql.PseudoRole)
			}
		}
	}
	if err := checkDuplicates(h.Schema, q.sel.HasGroup); err != nil {
		return nil, err
	}
	if len(fields(h.Schema, sql.ValueRole)) == 0 {
		return nil, errorf("The projection contains no value columns.")
	}
	p.Head = h
	return p, nil
}

func (p *Project) add(schema *sql.Schema, o output, role sql.Role) {
	p.Items = append(p.Items, Item{Name: o.name, X: o.x})
	*schema = append(*schema, sql.Column{Field: sql.Field{Name: o.name, Type: o.x.Type()}, Role: role})
}

// bindItem binds a select item.
func bindItem(b *Binder, e sql.Expr) (Expr, error) {
	x, err := b.Bind(e)
	switch {
	case err != nil && strings.HasPrefix(message(err), "Cast of "):
		return nil, errorf("Invalid Select: %s", message(err))
	case err != nil:
		return nil, err
	case untyped(x.Type()):
		return nil, errUntyped
	}
	return x, nil
}

// expand puts columns in the place of stars.
func expand(items []selectItem, star sql.Schema, persistent bool) []selectItem {
	out := make([]selectItem, 0, len(items)+len(star))
	for _, it := range items {
		if !it.star {
			out = append(out, it)
			continue
		}
		for _, c := range star {
			if c.Role != sql.PseudoRole || !persistent && isBound(c.Name) {
				out = append(out, selectItem{name: c.Name, x: &sql.ColumnRef{Name: c.Name}})
			}
		}
	}
	return out
}

// transient is the projection of a push query: columns in the order of the select list.
func (q *builder) transient(in Step, outs []output) (Step, error) {
	h := *in.Out()
	p := &Project{In: in}
	schema := h.Schema
	h.Name, h.Schema, h.Window = "Project", nil, nil
	values := map[string]bool{}
	for _, o := range outs {
		role := sql.ValueRole
		if c, ok := o.x.(*Column); ok && (o.key >= 0 || isBound(schema[c.Index].Name) && schema[c.Index].Role == sql.PseudoRole) {
			role = schema[c.Index].Role
		} else if values[o.name] {
			return nil, errorf("Duplicate value columns found in schema: `%s` %s", o.name, o.x.Type())
		} else {
			values[o.name] = true
		}
		p.add(&h.Schema, o, role)
	}
	p.Head = h
	return p, nil
}

// checkKeys wants every key column of the result in the projection, once.
func (q *builder) checkKeys(in Step, outs []output, keys int) error {
	what, names, seen := "key column", []string(nil), make([][]string, keys)
	for _, c := range in.Out().Schema[:keys] {
		names = append(names, c.Name)
	}
	switch {
	case q.sel.HasGroup:
		what, names = "grouping expression", nil
		for _, e := range q.groupBy {
			names = append(names, sql.Text(e))
		}
	case q.sel.HasPart && keys > 0:
		what, names = "partitioning expression", nil
		for _, e := range q.partitionBy {
			names = append(names, sql.Text(q.qualified(e)))
		}
	}
	for _, o := range outs {
		if o.key >= 0 {
			seen[o.key] = append(seen[o.key], o.name)
		}
	}
	var missing []string
	for i, s := range seen {
		if len(s) == 0 {
			missing = append(missing, names[i])
		}
	}
	switch {
	case len(missing) > 0 && q.sel.HasGroup:
		return missingKeys(q.sink, what, missing)
	case len(missing) > 0: // ksqlDB names all columns then
		return missingKeys(q.sink, what, names)
	}
	for i, s := range seen {
		if len(s) < 2 {
			continue
		}
		sort.Strings(s)
		if q.sel.HasGroup {
			for k := range s {
				s[k] = "`" + s[k] + "`"
			}
			return errorf("The projection contains a key column more than once: %s.%s", join(s, "and"), copyHint)
		}
		return errorf("The projection contains a key column (`%s`) more than once, aliased as: %s.%s", in.Out().Schema[i].Name, join(s, "and"), copyHint)
	}
	return nil
}

const copyHint = "\nEach key column must only be in the projection once. If you intended to copy the key into the value, then consider using the AS_VALUE function to indicate which key reference should be copied."

func missingKeys(sink, what string, names []string) error {
	s := ""
	if len(names) > 1 {
		s = "s"
	}
	return errorf("Key%s missing from projection (ie, SELECT). \nThe query used to build `%s` must include the %s%s %s in its projection (eg, SELECT %s...).",
		s, sink, what, s, join(names, "and"), strings.Join(names, ", "))
}

// checkDuplicates refuses a result that has a name twice.
func checkDuplicates(s sql.Schema, grouped bool) error {
	values := map[string]bool{}
	keys := map[string]bool{}
	for _, c := range s[:s.Keys()] {
		keys[c.Name] = true
	}
	var clash []string
	for _, c := range s {
		if c.Role != sql.ValueRole {
			continue
		}
		switch {
		case values[c.Name] || grouped && keys[c.Name]:
			return errorf("Duplicate value columns found in schema: `%s` %s", c.Name, c.Type)
		case keys[c.Name]:
			clash = append(clash, "`"+c.Name+"`")
		}
		values[c.Name] = true
	}
	if len(clash) > 0 {
		return errorf("Value columns clash with key columns: %s", strings.Join(clash, ", "))
	}
	clear(keys)
	for _, c := range s[:s.Keys()] {
		if keys[c.Name] {
			return errorf("Duplicate key columns found in schema: `%s` %s", c.Name, c.Type)
		}
		keys[c.Name] = true
	}
	return nil
}

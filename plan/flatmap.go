package plan

import (
	"strconv"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// FlatMap gives, for each row, as many rows as the longest of its table functions does; its schema is
// the input's plus one column a call. Rows without a value are dropped.
type FlatMap struct {
	Head
	In    Step
	Calls []RowsCall
}

// RowsCall is one table function.
type RowsCall struct {
	Func    *fn.Func
	Variant *fn.Variant
	Site    fn.Site
	Args    []Expr
	Name    string // of its column: KSQL_SYNTH_n
}

// Inputs is its one input.
func (s *FlatMap) Inputs() []Step { return []Step{s.In} }

func (s *FlatMap) title() string { return "FLAT_MAP" }
func (s *FlatMap) class() string { return "StreamFlatMap" }

func (s *FlatMap) needs(_ int, want []bool) []bool {
	in := make([]bool, len(s.In.Out().Schema))
	for i := range in {
		in[i] = wants(want, i)
	}
	for _, c := range s.Calls {
		for _, a := range c.Args {
			Columns(a, in)
		}
	}
	return in
}

func (s *FlatMap) succeeds(Step) error { return errorf("Upgrades not yet supported for %s", s.class()) }

// checkRows is the rules on where table functions may stand.
func (q *analysis) checkRows(grouped bool) error {
	any := false
	for _, it := range q.items {
		if it.star {
			continue
		}
		for _, c := range q.calls(it.x, givesRows) {
			any = true
			for _, a := range c.Args {
				if inner := q.calls(a, givesRows); len(inner) > 0 {
					return errorf("Table functions cannot be nested: %s", sql.Text(q.qualified(c)))
				}
			}
		}
		var err error
		visit(it.x, func(x sql.Expr) bool {
			if c, ok := x.(*sql.Case); ok && err == nil {
				if in := q.calls(c, givesRows); len(in) > 0 {
					err = errorf("Table functions cannot be used in CASE: %s", sql.Text(q.qualified(in[0])))
				}
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	for _, c := range []struct {
		clause string
		list   []sql.Expr
	}{{"WHERE", []sql.Expr{q.where}}, {"GROUP BY", q.groupBy}, {"PARTITION BY", q.partitionBy}, {"HAVING", []sql.Expr{q.having}}} {
		for _, e := range c.list {
			if e != nil && len(q.calls(e, givesRows)) > 0 {
				return errorf("%s clause does not support table functions: %s", c.clause, sql.Text(q.qualified(e)))
			}
		}
	}
	switch {
	case any && grouped:
		return errorf("Table functions cannot be used with aggregations.")
	case any && q.shape() == sql.TableKind:
		return errorf("Table source is not supported with table functions")
	}
	return nil
}

// flatMap runs the table functions of the select list, if any. The map gives the columns of their results.
func (q *builder) flatMap(in Step) (Step, map[*sql.ColumnRef]int, error) {
	schema := in.Out().Schema
	var f *FlatMap
	synth := map[*sql.ColumnRef]int{}
	for i := range q.items {
		it := &q.items[i]
		if it.star || len(q.calls(it.x, givesRows)) == 0 {
			continue
		}
		if f == nil {
			h := *in.Out()
			h.Name = "FlatMap"
			f = &FlatMap{Head: h, In: in}
			f.Schema = append(sql.Schema{}, schema...)
		}
		var err error
		it.x = rewrite(it.x, func(x sql.Expr) sql.Expr {
			if q.function(x, givesRows) == nil || err != nil {
				return nil
			}
			call, e := q.rowsCall(x.(*sql.Call), schema, len(f.Calls))
			if err = e; err != nil {
				return x
			}
			f.Calls = append(f.Calls, call)
			f.Schema = append(f.Schema, sql.Column{Field: sql.Field{Name: call.Name, Type: call.Site.Returns}})
			ref := &sql.ColumnRef{At: sql.At{Offset: x.Pos()}, Name: sql.Text(x)}
			synth[ref] = len(f.Schema) - 1
			return ref
		})
		if err != nil {
			return nil, nil, err
		}
	}
	if f == nil {
		return in, nil, nil
	}
	return f, synth, nil
}

func (q *builder) rowsCall(c *sql.Call, schema sql.Schema, n int) (RowsCall, error) {
	args, types, err := q.bindArgs(c, schema)
	if err != nil {
		return RowsCall{}, err
	}
	r, err := q.env.Functions.Resolve(c.Name, types)
	if err != nil {
		return RowsCall{}, errorf("%s", err)
	}
	call := RowsCall{
		Func: r.Func, Variant: r.Variant, Name: "KSQL_SYNTH_" + strconv.Itoa(n),
		Site: fn.Site{Args: r.Args, Returns: r.Returns, Lits: make([]any, len(args)), Config: q.env.Props},
	}
	for i, a := range args {
		call.Args = append(call.Args, castTo(a, r.Args[i]))
		if lit, ok := call.Args[i].(*Literal); ok {
			call.Site.Lits[i] = lit.Value
		}
	}
	return call, nil
}

// castTo gives e the type t, by an implied cast where it has another.
func castTo(e Expr, t sql.Type) Expr {
	if e.Type().Equal(t) {
		return e
	}
	if lit, ok := e.(*Literal); ok && lit.Value == nil {
		return &Literal{Typed: Typed{T: t, Text: lit.Text}}
	}
	return &Cast{Typed: Typed{T: t, Text: e.String()}, X: e, Implied: true}
}

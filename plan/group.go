package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// analyzeGroups checks the rules of GROUP BY and reports whether the query aggregates.
func (q *analysis) analyzeGroups() (bool, error) {
	var all []*sql.Call
	list := q.clauses()
	for _, e := range list {
		calls := q.calls(e, aggregates)
		for _, c := range calls {
			for _, a := range c.Args {
				if inner := q.calls(a, aggregates); len(inner) > 0 {
					return false, errorf("Aggregate functions can not be nested: %s(%s())", c.Name, inner[0].Name)
				}
			}
		}
		all = append(all, calls...)
	}
	for _, e := range q.groupBy {
		if c := q.calls(e, aggregates); len(c) > 0 {
			return false, errorf("GROUP BY does not support aggregate functions: %s is an aggregate function.", c[0].Name)
		}
	}
	if q.sel.HasGroup {
		for _, it := range expand(q.items, q.star(), q.persistent()) {
			if len(q.calls(it.x, givesRows)) > 0 {
				return false, errorf("Table functions cannot be used with aggregations.")
			}
		}
	}
	inSelect := slices.ContainsFunc(q.items, func(it selectItem) bool { return !it.star && len(q.calls(it.x, aggregates)) > 0 })
	inHaving := q.having != nil && len(q.calls(q.having, aggregates)) > 0
	if q.where != nil && !q.boundsInWhere() && len(q.calls(q.where, aggregates)) > 0 {
		return false, errorf("WHERE clause does not support aggregate functions: %s", sql.Text(q.calls(q.where, aggregates)[0]))
	}
	if !q.sel.HasGroup && !inSelect && !inHaving {
		if q.sel.Window != nil {
			return false, errorf("WINDOW clause requires a GROUP BY clause.")
		}
		if q.having != nil {
			return false, errorf("HAVING clause requires a GROUP BY clause.")
		}
		return false, nil
	}
	if q.pull {
		return false, errorf("Pull queries don't support aggregate functions.")
	}
	if err := q.checkBounds(); err != nil {
		return false, err
	}
	if q.sel.HasGroup && !inSelect && !inHaving {
		return false, errorf("GROUP BY requires aggregate functions in either the SELECT or HAVING clause.")
	}
	if err := q.checkGrouped(); err != nil {
		return false, err
	}
	if !q.sel.HasGroup && q.persistent() {
		var texts []string
		for _, c := range all {
			texts = append(texts, sql.Text(internalCall(c)))
		}
		return false, errorf("%s does not support aggregate function [%s] without a GROUP BY clause.", q.statementName(), strings.Join(texts, ", "))
	}
	return true, nil
}

// internalCall is COUNT(*) and COUNT() as ksqlDB computes them: over ROWTIME.
func internalCall(c *sql.Call) *sql.Call {
	if len(c.Args) > 0 {
		return c
	}
	return &sql.Call{At: c.At, Name: c.Name, Args: []sql.Expr{&sql.ColumnRef{At: c.At, Name: rowTime}}}
}

func (q *analysis) boundsInWhere() bool {
	return q.sel.Window != nil && slices.ContainsFunc(references(q.where), func(c *sql.ColumnRef) bool { return isBound(c.Name) })
}

// checkBounds lets WINDOWSTART and WINDOWEND of the query's own window stand in the select list only.
func (q *analysis) checkBounds() error {
	if q.sel.Window == nil {
		return nil
	}
	var err error
	refuse := func(e sql.Expr) {
		for _, c := range references(e) {
			if isBound(c.Name) && err == nil {
				err = errorf("Window bounds column %s can only be used in the SELECT clause of windowed aggregations and can not be passed to aggregate functions.\nSee https://github.com/confluentinc/ksql/issues/4397", c.Name)
			}
		}
	}
	for _, it := range q.items {
		if it.star {
			continue
		}
		for _, c := range q.calls(it.x, aggregates) {
			refuse(c)
		}
	}
	for _, e := range q.groupBy {
		refuse(e)
	}
	if q.having != nil {
		refuse(q.having)
	}
	return err
}

// checkGrouped wants select items and HAVING to be made of grouping expressions, aggregates and constants.
func (q *analysis) checkGrouped() error {
	var bad []string
	for _, it := range expand(q.items, q.star(), q.persistent()) {
		if len(q.loose(it.x)) > 0 {
			bad = append(bad, sql.Text(it.x))
		}
	}
	if len(bad) > 0 {
		return errorf("Non-aggregate SELECT expression(s) not part of GROUP BY: %s\nEither add the column(s) to the GROUP BY or remove them from the SELECT.", strings.Join(bad, ", "))
	}
	if q.having == nil {
		return nil
	}
	if bad = q.loose(q.having); len(bad) > 0 {
		return errorf("Non-aggregate HAVING expression not part of GROUP BY: %s", strings.Join(bad, ", "))
	}
	return nil
}

// loose is the columns of e that stand neither in a grouping expression nor in an aggregate, each once.
func (q *analysis) loose(e sql.Expr) (names []string) {
	q.env.check()
	seen := map[string]bool{}
	visit(e, func(x sql.Expr) bool {
		if q.grouping(x) >= 0 || q.function(x, aggregates) != nil {
			return false
		}
		if c, ok := x.(*sql.ColumnRef); ok && !(isBound(c.Name) && q.sel.Window != nil) {
			if text := sql.Text(c); !seen[text] {
				seen[text] = true
				names = append(names, text)
			}
		}
		return true
	})
	return names
}

// grouping is which grouping expression e is, or -1.
func (q *analysis) grouping(e sql.Expr) int {
	return q.groups.find(&e)
}

// group aggregates: in front of it a projection to the grouping expressions and the arguments, behind it
// HAVING and the projection of the results.
func (q *builder) group(in Step) (Step, error) {
	var kafka []string
	for _, r := range q.from {
		if r.Value.Name == "KAFKA" {
			kafka = append(kafka, r.Name)
		}
	}
	if len(kafka) > 0 {
		return nil, errorf("Source(s) %s are using the 'KAFKA' value format. This format does not yet support GROUP BY.\nSee https://github.com/confluentinc/ksql/issues/2998", strings.Join(kafka, ", "))
	}
	head, shape := q.head(), in.Out().Shape
	if shape == sql.TableKind && q.sel.Window != nil {
		return nil, errorf("Windowing not supported for table aggregations.")
	}
	before, keys, err := q.groupKeys(in)
	if err != nil {
		return nil, err
	}
	agg := &Aggregate{State: "Aggregate", Groups: len(keys), Reads: q.reads()}
	agg.Name, agg.Shape = "Aggregate", sql.TableKind
	agg.Key, agg.Value = q.env.internalKey(head.Key, keys), Format{Name: head.Value.Name, Props: head.Value.Props}
	if agg.Window, err = q.window(); err != nil {
		return nil, err
	}
	for _, f := range keys {
		agg.Schema = append(agg.Schema, sql.Column{Field: f, Role: sql.KeyRole})
	}
	if agg.Window != nil {
		agg.Schema = append(agg.Schema, windowBounds()...)
	}
	q.items = expand(q.items, q.star(), q.persistent())
	synth := map[*sql.ColumnRef]int{}
	g := &grouper{in: in.Out().Schema, before: before, agg: agg, calls: map[string]int{}, args: map[string][]int{}, synth: synth}
	for i, it := range before.Items {
		text := it.X.String()
		g.args[text] = append(g.args[text], i)
	}
	for i := range q.items {
		if q.items[i].x, err = q.results(q.items[i].x, g); err != nil {
			return nil, err
		}
	}
	having := q.having
	if having != nil {
		if having, err = q.results(having, g); err != nil {
			return nil, err
		}
	}
	if err := checkAggregates(agg, shape); err != nil {
		return nil, err
	}
	agg.In = before
	if !q.groupedByKey(in) {
		h := before.Head
		h.Name = "Aggregate-GroupBy"
		agg.In = &Exchange{Head: h, In: before, Topic: "Aggregate-GroupBy-repartition", Key: agg.Key, Value: agg.Value}
	}
	var out Step = agg
	if having != nil {
		if out, err = q.filter(out, having, "HAVING", "HavingFilter", synth); err != nil {
			return nil, err
		}
	}
	return q.project(out, nil, synth)
}

// groupedByKey reports whether the rows stand in the right partition already.
func (q *builder) groupedByKey(in Step) bool {
	keys := fields(in.Out().Schema, sql.KeyRole)
	if !q.together() || len(keys) != 1 || len(q.groupBy) != 1 {
		return false
	}
	c, ok := q.groupBy[0].(*sql.ColumnRef)
	return ok && c.Name == keys[0].Name
}

// groupKeys starts the projection in front of the aggregation. A query without GROUP BY has one group, whose
// key is a constant.
func (q *builder) groupKeys(in Step) (*Project, []sql.Field, error) {
	h := *in.Out()
	names := newNamer(columnNames(h.Schema))
	b := q.binder(h.Schema)
	p := &Project{In: in}
	h.Name, h.Schema, h.Window = "Aggregate-Prepare", nil, nil
	var keys []sql.Field
	add := func(name string, x Expr) {
		keys = append(keys, sql.Field{Name: name, Type: x.Type()})
		p.add(&h.Schema, output{name: name, x: x}, sql.KeyRole)
	}
	for _, e := range q.groupBy {
		x, err := b.Bind(e)
		if err != nil {
			return nil, nil, err
		}
		name := names.of(e)
		if err := checkKeyType(sql.Field{Name: name, Type: x.Type()}); err != nil {
			return nil, nil, err
		}
		add(name, x)
	}
	if len(q.groupBy) == 0 {
		add("ROWKEY", &Literal{Typed: Typed{T: sql.TInteger, Text: "0"}, Value: int32(0)})
	}
	p.Head = h
	return p, keys, nil
}

// grouper is an aggregation while it is made.
type grouper struct {
	in     sql.Schema
	before *Project
	agg    *Aggregate
	calls  map[string]int         // text of an aggregate: its column
	args   map[string][]int       // text of an expression: the items of before that have it
	synth  map[*sql.ColumnRef]int // reference to a result: its column
}

// results puts columns of the aggregation in the place of grouping expressions, aggregates and window bounds.
func (q *builder) results(e sql.Expr, g *grouper) (sql.Expr, error) {
	agg := g.agg
	var err error
	out := rewrite(e, func(x sql.Expr) sql.Expr {
		i := q.grouping(x)
		if c, ok := x.(*sql.ColumnRef); ok && i < 0 && isBound(c.Name) && agg.Window != nil {
			i = agg.Schema.Index(c.Name)
		}
		if q.function(x, aggregates) != nil && err == nil {
			text := sql.Text(x)
			n, ok := g.calls[text]
			if !ok {
				if err = q.aggregate(internalCall(x.(*sql.Call)), x.(*sql.Call), g); err != nil {
					return x
				}
				n = len(agg.Schema) - 1
				g.calls[text] = n
			}
			i = n
		}
		if i < 0 {
			return nil
		}
		ref := &sql.ColumnRef{At: sql.At{Offset: x.Pos()}, Name: sql.Text(x)}
		g.synth[ref] = i
		return ref
	})
	return out, err
}

// aggregate adds one aggregate function; its arguments join the projection in front.
func (q *builder) aggregate(c, written *sql.Call, g *grouper) error {
	agg := g.agg
	args, types, err := q.bindArgs(c, g.in)
	if err != nil {
		return err
	}
	r, err := q.env.Functions.Resolve(c.Name, types)
	if err != nil && len(written.Args) == 0 {
		if bare, e := q.env.Functions.Resolve(c.Name, nil); e == nil {
			r, err, args = bare, nil, nil
		}
	}
	if err != nil {
		return errorf("%s", err)
	}
	call := AggCall{
		Func: r.Func, Variant: r.Variant, Name: "KSQL_AGG_VARIABLE_" + strconv.Itoa(len(agg.Calls)),
		Site: fn.Site{Args: r.Args, Returns: r.Returns, Lits: make([]any, len(args)), Config: q.env.Props},
	}
	for i, a := range args {
		a = castTo(a, r.Args[i])
		constant := slices.Contains(r.Variant.Literal, declared(r.Variant, len(args), i)+1)
		lit, isLit := a.(*Literal)
		if !isLit && constant {
			if !fixed(c.Args[i]) || q.env.Const == nil {
				return errorf("Parameter %d passed to function %s must be a literal constant, but was expression: '%s'", i+1, c.Name, sql.Text(c.Args[i]))
			}
			v, err := q.env.Const(a)
			if err != nil {
				return err
			}
			lit, isLit = &Literal{Typed: Typed{T: r.Args[i], Text: a.String()}, Value: v}, true
		}
		if isLit {
			call.Site.Lits[i] = lit.Value
		}
		if !constant {
			call.Args = append(call.Args, g.argument(a))
		}
	}
	if _, err := call.Variant.Agg(call.Site); err != nil { // ksqlDB creates the function while it plans
		return errorf("%s", err)
	}
	agg.Calls = append(agg.Calls, call)
	agg.Schema = append(agg.Schema, sql.Column{Field: sql.Field{Name: call.Name, Type: call.Site.Returns}})
	return nil
}

// declared is the declared argument that argument i of n goes to.
func declared(v *fn.Variant, n, i int) int {
	if v.Variadic == 0 || i < v.Variadic-1 {
		return i
	}
	return max(v.Variadic-1, i-(n-len(v.Args)))
}

// fixed reports whether e is a literal, perhaps with a sign.
func fixed(e sql.Expr) bool {
	if u, ok := e.(*sql.Unary); ok {
		e = u.X
	}
	_, ok := e.(*sql.Literal)
	return ok
}

// argument is the column of the projection in front that holds x, added if there is none.
func (g *grouper) argument(x Expr) int {
	p := g.before
	text := x.String()
	for _, i := range g.args[text] {
		if p.Items[i].X.Type().Equal(x.Type()) {
			return i
		}
	}
	n := len(p.Items)
	p.add(&p.Schema, output{name: "KSQL_INTERNAL_COL_" + strconv.Itoa(n), x: x}, sql.ValueRole)
	g.args[text] = append(g.args[text], n)
	return n
}

// reads are the columns that the query reads, in the order in which ksqlDB meets them.
func (q *analysis) reads() []string {
	var out []string
	seen := map[string]bool{}
	add := func(e sql.Expr) {
		if e == nil {
			return
		}
		e = rewrite(e, func(x sql.Expr) sql.Expr {
			if q.function(x, aggregates) != nil && len(x.(*sql.Call).Args) == 0 {
				return internalCall(x.(*sql.Call))
			}
			return nil
		})
		for _, c := range references(e) {
			if !isBound(c.Name) && !seen[c.Name] {
				seen[c.Name] = true
				out = append(out, c.Name)
			}
		}
	}
	for _, it := range q.items {
		add(it.x)
	}
	add(q.where)
	for _, e := range q.groupBy {
		add(e)
	}
	add(q.having)
	return out
}

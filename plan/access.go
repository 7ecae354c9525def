package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// access decides how a pull query finds its rows: by keys when every disjunct of WHERE fixes all key columns, by
// a range of the key, else by reading all.
func (q *analysis) access(p *Pull) error {
	scans := q.env.enabled("ksql.query.pull.table.scan.enabled")
	if p.Filter == nil {
		if !scans {
			return pullHelp("Missing WHERE clause. ", p)
		}
		return nil
	}
	parts, small := disjuncts(p.Filter)
	if !small {
		parts = [][]Expr{{p.Filter}}
	}
	var keys [][]Expr
	var first *conditions
	all, alike := true, true
	for _, part := range parts {
		a, err := q.disjunct(p, part, scans)
		if err != nil {
			return err
		}
		key, err := q.fullKey(p, a)
		if err != nil {
			return err
		}
		if key == nil {
			all = false
		} else {
			keys = append(keys, key)
		}
		if first == nil {
			first = a
		}
		alike = alike && slices.Equal(first.windows, a.windows)
		if len(parts) == 1 && key == nil && q.ranges(p) {
			p.Range = a.keyRange
		}
		if key == nil && p.Range == nil && !scans {
			return refuseScan(p, a, part)
		}
	}
	if all {
		p.Keys = distinct(keys)
	}
	if alike {
		p.Start, p.End = first.start, first.end
	}
	return nil
}

// ranges reports whether a range of the key can be read: the order of its bytes must be its order.
func (q *analysis) ranges(p *Pull) bool {
	keys := fields(p.Source.Schema, sql.KeyRole)
	return len(keys) == 1 && p.Source.KeyWindow == nil && (keys[0].Type.Kind == sql.String || keys[0].Type.Kind == sql.Bytes) &&
		q.env.enabled("ksql.query.pull.range.scan.enabled")
}

// maxDisjuncts bounds how far WHERE is multiplied out.
const maxDisjuncts = 1024

// disjuncts is e in disjunctive normal form; NOT is not looked into. The second result is false when it is too big.
func disjuncts(e Expr) ([][]Expr, bool) {
	switch e := e.(type) {
	case *Logic:
		l, ok := disjuncts(e.L)
		r, ok2 := disjuncts(e.R)
		if !ok || !ok2 {
			return nil, false
		}
		if e.Op == sql.OpOr {
			return append(l, r...), len(l)+len(r) <= maxDisjuncts
		}
		if len(l)*len(r) > maxDisjuncts {
			return nil, false
		}
		var out [][]Expr
		for _, a := range l {
			for _, b := range r {
				out = append(out, append(append([]Expr{}, a...), b...))
			}
		}
		return out, true
	case *Between:
		return [][]Expr{{compare(sql.OpGe, e.X, e.Lo), compare(sql.OpLe, e.X, e.Hi)}}, true
	case *In:
		x := e.X
		if c, ok := x.(*Cast); ok && c.Implied {
			x = c.X
		}
		if _, ok := x.(*Column); !ok {
			break
		}
		var out [][]Expr
		for _, v := range e.Own {
			out = append(out, []Expr{compare(sql.OpEq, x, v)})
		}
		return out, len(out) <= maxDisjuncts
	}
	return [][]Expr{{e}}, true
}

func compare(op sql.BinaryOp, l, r Expr) *Compare {
	text := "(" + l.String() + " " + op.String() + " " + r.String() + ")"
	return &Compare{Typed: Typed{T: sql.TBoolean, Text: text}, Op: op, L: l, R: r}
}

// conditions are what one disjunct says of the key and the window.
type conditions struct {
	equal      map[int]Expr // key column: its value
	named      map[int]bool // key columns in some comparison
	keyRange   *Range
	start, end []Bound
	windows    []*Compare // that these come from
}

func (q *analysis) disjunct(p *Pull, part []Expr, scans bool) (*conditions, error) {
	a := &conditions{equal: map[int]Expr{}, named: map[int]bool{}}
	nKeys := p.Columns.Keys()
	for _, e := range part {
		c, ok := e.(*Compare)
		if !ok {
			continue
		}
		x, op := c.R, c.Op
		left, isLeft := c.L.(*Column)
		right, isRight := c.R.(*Column)
		if !isLeft && isRight {
			x, op = c.L, c.Op.Mirror()
			left = right
		}
		if !isLeft && !isRight {
			if !scans {
				return nil, pullHelp("A comparison must directly reference a key column. ", p)
			}
			continue
		}
		i := left.Index
		free := constant(x)
		switch {
		case i < nKeys && !free:
			if !scans {
				return nil, pullHelp("A comparison must be between a key column and a resolvable expression. ", p)
			}
		case i < nKeys:
			if a.named[i] && !scans {
				return nil, pullHelp("A comparison condition on the key column cannot be combined with other comparisons such as an IN predicate. ", p)
			}
			a.named[i] = true
			if err := q.keyCondition(p, a, i, op, x, c, scans); err != nil {
				return nil, err
			}
		case isBound(p.Columns[i].Name) && free:
			if err := a.bound(p.Columns[i].Name, op, x, c); err != nil {
				return nil, err
			}
		}
	}
	return a, nil
}

// keyCondition notes that key column i is compared with x; c is the comparison as written.
func (q *analysis) keyCondition(p *Pull, a *conditions, i int, op sql.BinaryOp, x Expr, c *Compare, scans bool) error {
	switch op {
	case sql.OpEq:
		v, err := q.keyValue(p.Columns[i], x, c)
		if err != nil {
			return err
		}
		if _, ok := a.equal[i]; !ok {
			a.equal[i] = v
		}
	case sql.OpLt, sql.OpLe, sql.OpGt, sql.OpGe:
		if !x.Type().Equal(p.Columns[i].Type) {
			return nil
		}
		if a.keyRange == nil {
			a.keyRange = &Range{}
		}
		r, below := a.keyRange, op == sql.OpLt || op == sql.OpLe
		if below && r.Hi == nil {
			r.Hi, r.HiOpen = x, op == sql.OpLt
		} else if !below && r.Lo == nil {
			r.Lo, r.LoOpen = x, op == sql.OpGt
		}
	default:
		if !scans {
			return pullHelp("Bound on key columns '["+keySchema(p).String()+"]' must currently be '='. ", p)
		}
	}
	return nil
}

func keySchema(p *Pull) sql.Schema { return p.Columns[:p.Columns.Keys()] }

// keyValue gives x the key column's type, without loss.
func (q *analysis) keyValue(col sql.Column, x Expr, c *Compare) (Expr, error) {
	out := castTo(x, col.Type)
	if q.env.Const == nil || len(q.params) > 0 {
		return out, nil
	}
	was, err := q.value(x)
	switch {
	case err != nil:
		return nil, err
	case was == nil:
		return nil, errorf("Primary key columns can not be NULL: %s", c)
	case x.Type().Equal(col.Type):
		return x, nil
	}
	if keyFits(col.Type, x.Type()) {
		back, err := q.env.Const(castTo(out, x.Type()))
		if err == nil && (x.Type().Kind == sql.String || fmt.Sprint(back) == fmt.Sprint(was)) {
			return out, nil
		}
	}
	text := x.String()
	if s, ok := was.(string); ok {
		text = s
	}
	return nil, errorf("'%s' can not be converted to the type of the key column: %s", text, strings.ReplaceAll(col.String(), "`", ""))
}

// value is the value of an expression without columns.
func (q *analysis) value(x Expr) (any, error) {
	if l, ok := x.(*Literal); ok {
		return l.Value, nil
	}
	return q.env.Const(x)
}

// keyFits reports whether a value of type t may stand for a key: a number for a number, and a text for a time.
func keyFits(key, t sql.Type) bool {
	switch key.Kind {
	case sql.Date, sql.Time, sql.Timestamp:
		return t.Kind == sql.String || t.Kind == sql.Date || t.Kind == sql.Timestamp
	}
	return key.Numeric() && t.Numeric() || key.Kind == t.Kind
}

// bound notes a comparison of WINDOWSTART or WINDOWEND.
func (a *conditions) bound(name string, op sql.BinaryOp, x Expr, c *Compare) error {
	list := &a.start
	if name == windowEnd {
		list = &a.end
	}
	switch op {
	case sql.OpEq, sql.OpLt, sql.OpLe, sql.OpGt, sql.OpGe:
	default:
		return errorf("Unsupported %s bounds: %s", name, compareNames[op])
	}
	side := func(op sql.BinaryOp) sql.BinaryOp {
		switch op {
		case sql.OpLe:
			return sql.OpLt
		case sql.OpGe:
			return sql.OpGt
		}
		return op
	}
	for _, b := range *list {
		if b.Op == sql.OpEq || op == sql.OpEq {
			return errorf("`%s` cannot be combined with other %s bounds", c, name)
		}
		if side(b.Op) == side(op) {
			return errorf("Duplicate %s bounds on: %s", name, compareNames[side(op)])
		}
	}
	if k := x.Type().Kind; k != sql.Integer && k != sql.Bigint {
		return errorf("Window bounds must resolve to an INT, BIGINT, or STRING containing a datetime.")
	}
	*list = append(*list, Bound{Op: op, X: castTo(x, sql.TBigint)})
	a.windows = append(a.windows, c)
	return nil
}

// fullKey is the key that a disjunct fixes, nil when it leaves a key column open.
func (q *analysis) fullKey(p *Pull, a *conditions) ([]Expr, error) {
	var key []Expr
	for i := range p.Columns.Keys() {
		x, ok := a.equal[i]
		if !ok {
			return nil, nil
		}
		key = append(key, x)
	}
	return key, nil
}

// refuseScan says why a disjunct cannot be answered without reading the whole table.
func refuseScan(p *Pull, a *conditions, part []Expr) error {
	keys := keySchema(p)
	switch {
	case len(a.named) == 0:
		text := part[0].String()
		for _, e := range part[1:] {
			text = "(" + text + " AND " + e.String() + ")"
		}
		return pullHelp("WHERE clause missing key column for disjunct: "+text+". ", p)
	case len(a.named) < len(keys):
		var have []string
		for i, k := range keys {
			if a.named[i] {
				have = append(have, "`"+k.Name+"`")
			}
		}
		return pullHelp(fmt.Sprintf("Multi-column sources must specify every key in the WHERE clause. Specified: [%s] Expected: [%s]. ", strings.Join(have, ", "), keys), p)
	}
	return pullHelp("Query requires table scan to be enabled. ", p)
}

// pullHelp is an error with ksqlDB's explanation of what a WHERE clause must have.
func pullHelp(msg string, p *Pull) error {
	windowed := ""
	if p.Source.KeyWindow != nil {
		windowed = "\n - (optionally) limits the time bounds of the windowed table. This can be expressed by comparing WINDOWSTART and WINDOWEND with <, <=, =, >= or >."
	}
	return errorf("%sSee https://cnfl.io/queries for more info.\nAdd EMIT CHANGES if you intended to issue a push query.\nPull queries require a WHERE clause that:\n - includes a key equality expression, e.g. `SELECT * FROM X WHERE <key-column> = Y;`.\n - in the case of a multi-column key, is a conjunction of equality expressions that cover all key columns.%s\n\nIf more flexible queries are needed, table scans can be enabled by setting ksql.query.pull.table.scan.enabled=true.", msg, windowed)
}

// checkLike wants strings on the left of LIKE.
func checkLike(e Expr) error {
	if l, ok := e.(*Like); ok && l.X.Type().Kind != sql.String {
		return errorf("The column type for Like condition must be VARCHAR. The column type is %s", l.X.Type())
	}
	for _, c := range e.children() {
		if err := checkLike(c); err != nil {
			return err
		}
	}
	return nil
}

// constant reports whether e reads no column.
func constant(e Expr) bool {
	if _, ok := e.(*Column); ok {
		return false
	}
	for _, c := range e.children() {
		if !constant(c) {
			return false
		}
	}
	return true
}

// bound reports whether e has a bound parameter.
func bound(e Expr) bool {
	if _, ok := e.(*Param); ok {
		return true
	}
	return slices.ContainsFunc(e.children(), bound)
}

// distinct leaves keys out that are written the same way.
func distinct(keys [][]Expr) [][]Expr {
	seen := map[string]bool{}
	var out [][]Expr
	for _, k := range keys {
		var b strings.Builder
		for _, x := range k {
			if bound(x) || x.String() == "" { // each parameter has a value of its own, and what stands deep no text
				fmt.Fprintf(&b, "%p,", x)
			} else {
				fmt.Fprintf(&b, "%q,", x.String())
			}
		}
		if !seen[b.String()] {
			seen[b.String()] = true
			out = append(out, k)
		}
	}
	return out
}

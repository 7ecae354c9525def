package plan

import "github.com/ksqlgo/ksql/sql"

var compareNames = map[sql.BinaryOp]string{
	sql.OpEq: "EQUAL", sql.OpNe: "NOT_EQUAL", sql.OpLt: "LESS_THAN", sql.OpLe: "LESS_THAN_OR_EQUAL", sql.OpGt: "GREATER_THAN",
	sql.OpGe: "GREATER_THAN_OR_EQUAL", sql.OpDistinct: "IS_DISTINCT_FROM",
}

func (b *Binder) compare(e *sql.Binary, name string) (Expr, error) {
	l, r, err := b.pair(e.L, e.R)
	if err != nil {
		return nil, err
	}
	if b.magic {
		if l, err = magic(l, e.L, e.R); err != nil {
			return nil, err
		}
		if r, err = magic(r, e.R, e.L); err != nil {
			return nil, err
		}
	}
	if err := comparable(e.L, e.R, l, r, e.Op, name); err != nil {
		return nil, err
	}
	return &Compare{b.typed(sql.TBoolean, e), e.Op, l, r}, nil
}

// comparable checks the types of a comparison (spec 5.4).
func comparable(le, re sql.Expr, l, r Expr, op sql.BinaryOp, name string) error {
	lt, rt := l.Type(), r.Type()
	if lt.Kind == sql.Null || rt.Kind == sql.Null {
		word := op.String()
		if name == "IS_NOT_DISTINCT_FROM" {
			word = "IS NOT DISTINCT FROM"
		}
		return errorf("Comparison with NULL not supported: %s %s %s\nUse 'IS NULL' or 'IS NOT NULL' instead.", baseName(lt), word, baseName(rt))
	}
	if !comparableTypes(lt, rt, op == sql.OpEq || op == sql.OpNe || op == sql.OpDistinct) {
		return errorf("Cannot compare %s (%s) to %s (%s) with %s.", sql.Text(le), lt, sql.Text(re), rt, name)
	}
	return nil
}

func baseName(t sql.Type) string {
	if t.Kind == sql.Null {
		return "NULL"
	}
	return t.Kind.String()
}

func comparableTypes(l, r sql.Type, equality bool) bool {
	if l.Numeric() && r.Numeric() {
		return true
	}
	timed := func(k sql.Kind) bool { return k == sql.Date || k == sql.Time || k == sql.Timestamp }
	switch l.Kind {
	case sql.String:
		return r.Kind == sql.String || timed(r.Kind)
	case sql.Date, sql.Timestamp:
		return r.Kind == sql.Date || r.Kind == sql.Timestamp || r.Kind == sql.String
	case sql.Time:
		return r.Kind == sql.Time || r.Kind == sql.String
	case sql.Boolean, sql.Array, sql.Map, sql.Struct:
		return equality && r.Kind == l.Kind
	case sql.Bytes:
		return r.Kind == sql.Bytes
	}
	return false
}

// magic replaces a string literal that is compared with ROWTIME, WINDOWSTART or WINDOWEND by the time that it
// spells (spec 5.12).
func magic(x Expr, e, other sql.Expr) (Expr, error) {
	lit, ok := e.(*sql.Literal)
	if !ok || lit.Kind != sql.StringLiteral || !timeColumn(other) {
		return x, nil
	}
	ms, err := ParseTimestamp(lit.Text)
	if err != nil {
		return nil, &magicError{err}
	}
	n := &Literal{Typed: Typed{T: sql.TBigint}, Value: ms}
	n.Text = sql.Text(&sql.Literal{Kind: sql.BigintLiteral, Text: formatInt(ms)})
	return n, nil
}

// timeColumn reports a pseudo column of time, perhaps one that a join has given its source's name.
func timeColumn(e sql.Expr) bool {
	c, ok := e.(*sql.ColumnRef)
	if !ok {
		return false
	}
	for _, name := range []string{"ROWTIME", "WINDOWSTART", "WINDOWEND"} {
		if n := len(c.Name) - len(name); n >= 0 && c.Name[n:] == name && (n == 0 || c.Name[n-1] == '_') {
			return true
		}
	}
	return false
}

func (b *Binder) between(e *sql.Between) (Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	lo, hi, err := b.pair(e.Lo, e.Hi)
	if err != nil {
		return nil, err
	}
	if b.magic {
		if lo, err = magic(lo, e.Lo, e.X); err != nil {
			return nil, err
		}
		if hi, err = magic(hi, e.Hi, e.X); err != nil {
			return nil, err
		}
	}
	err = comparable(e.X, e.Lo, x, lo, sql.OpGe, compareNames[sql.OpGe])
	if err == nil {
		err = comparable(e.X, e.Hi, x, hi, sql.OpLe, compareNames[sql.OpLe])
	}
	if err := b.mistyped(err); err != nil {
		return nil, err
	}
	return &Between{b.typed(sql.TBoolean, e), x, lo, hi}, nil
}

func (b *Binder) like(e *sql.Like) (Expr, error) {
	x, p, err := b.pair(e.X, e.Pattern)
	if err != nil {
		return nil, err
	}
	if x.Type().Kind != sql.String || p.Type().Kind != sql.String {
		if err := b.mistyped(errorf("Like condition must be between strings")); err != nil {
			return nil, err
		}
	}
	return &Like{b.typed(sql.TBoolean, e), x, p, e.Escape}, nil
}

func (b *Binder) in(e *sql.In) (Expr, error) {
	all := append([]sql.Expr{e.X}, e.List...)
	t, err := b.common(all)
	if err != nil {
		return nil, prefixed("Invalid Predicate: ", err)
	}
	if t.Kind == sql.Null {
		return nil, errorf("Invalid Predicate: all of the values are NULL: %s", sql.Text(e))
	}
	n := &In{Typed: b.typed(sql.TBoolean, e)}
	if n.X, err = b.convert(e.X, t); err != nil {
		return nil, prefixed("Invalid Predicate: ", err)
	}
	for _, item := range e.List {
		own, err := b.bind(item)
		if err != nil {
			return nil, err
		}
		x, err := b.convert(item, t)
		if err != nil {
			return nil, prefixed("Invalid Predicate: ", err)
		}
		n.List, n.Own = append(n.List, x), append(n.Own, own)
	}
	return n, nil
}

// prefixed puts a frame before the errors of a list's common type; others stay as they are.
func prefixed(frame string, err error) error {
	if l, ok := err.(*listError); ok {
		return errorf("%s%s", frame, l.msg)
	}
	return err
}

func (b *Binder) cases(e *sql.Case) (Expr, error) {
	if e.X != nil {
		return nil, errorf("Simple CASE expressions are not supported: %s", sql.Text(e))
	}
	n := &Case{}
	t := sql.TNull
	for _, w := range e.Whens {
		cond, err := b.bind(w.Cond)
		if err != nil {
			return nil, err
		}
		if cond.Type().Kind != sql.Boolean {
			return nil, errorf("WHEN operand type should be boolean.\nType for '%s' is %s", sql.Text(w.Cond), cond.Type())
		}
		then, err := b.bind(w.Then)
		if err != nil {
			return nil, err
		}
		if k := then.Type(); t.Kind == sql.Null {
			t = k
		} else if k.Kind != sql.Null && !k.Equal(t) {
			return nil, errorf("Invalid Case expression. Type for all 'THEN' clauses should be the same.\nTHEN expression '%s' has type: %s.\nPrevious THEN expression(s) type: %s.", "WHEN "+sql.Text(w.Cond)+" THEN "+sql.Text(w.Then), k, t)
		}
		n.Whens = append(n.Whens, When{cond, then})
	}
	if e.Else != nil {
		x, err := b.bind(e.Else)
		if err != nil {
			return nil, err
		}
		if k := x.Type(); t.Kind == sql.Null {
			t = k
		} else if k.Kind != sql.Null && !k.Equal(t) {
			return nil, errorf("Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\nTHEN type: %s.\nDEFAULT type: %s.", t, k)
		}
		n.Else = x
	}
	if t.Kind == sql.Null {
		return nil, errorf("Invalid Case expression. All case branches have NULL type")
	}
	n.Typed = b.typed(t, e)
	return n, nil
}

func (b *Binder) cast(e *sql.Cast) (Expr, error) {
	x, err := b.bind(e.X)
	if err != nil {
		return nil, err
	}
	t, err := ResolveType(e.Type, b.Named)
	if err != nil {
		return nil, err
	}
	if !Castable(x.Type(), t) {
		return nil, errorf("Cast of %s to %s is not supported", x.Type(), t)
	}
	return &Cast{b.typed(t, e), x, false}, nil
}

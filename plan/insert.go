package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Insert is a planned INSERT INTO ... VALUES.
type Insert struct {
	Source  *Source
	Columns sql.Schema // the target's key columns, then its value columns
	Values  []Expr     // one a column, of its type and without columns; nil: null. A Param's value is made to fit (vec.Fit)
	Time    Expr       // ROWTIME: a BIGINT without columns; nil: now
}

// PlanInsert checks an INSERT INTO ... VALUES. params are the types of bound parameters.
func PlanInsert(c *Catalog, env *Env, s *sql.InsertValues, params ...sql.Type) (in *Insert, err error) {
	defer given(&err)
	in, err = planInsert(c, env, s, params)
	if err == nil {
		return in, nil
	}
	return nil, withText(err, s.String())
}

func planInsert(c *Catalog, env *Env, s *sql.InsertValues, params []sql.Type) (*Insert, error) {
	if !env.enabled("ksql.insert.into.values.enabled") {
		return nil, baref("The server has disabled INSERT INTO ... VALUES functionality. To enable it, restart your ksqlDB server with 'ksql.insert.into.values.enabled'=true")
	}
	src := c.Source(s.Target)
	if src == nil {
		return nil, baref("Cannot insert values into an unknown stream/table: `%s`%s", s.Target, c.caseHint(s.Target, nil))
	}
	if src.KeyWindow != nil {
		return nil, baref("Cannot insert values into windowed stream/table!")
	}
	if src.ReadOnly {
		return nil, baref("Cannot insert values into read-only %s: %s", strings.ToLower(src.Kind.String()), src.Name)
	}
	if env.readOnly(src.Topic) {
		return nil, baref("Cannot insert values into read-only topic: %s", src.Topic)
	}
	names := s.Columns
	var headers []string
	for _, col := range src.Schema {
		if col.Role == sql.HeadersRole && (names == nil || slices.Contains(names, col.Name)) {
			headers = append(headers, col.Name)
		}
	}
	if len(headers) > 0 {
		return nil, baref("Cannot insert into HEADER columns: %s", strings.Join(headers, ", "))
	}
	if names == nil {
		names = columnNames(keysFirst(src.Schema))
		if len(names) != len(s.Values) {
			var texts []string
			for _, v := range s.Values {
				texts = append(texts, sql.Text(v))
			}
			return nil, errorf("Failed to insert values into '%s'. Expected a value for each column. Expected Columns: [%s]. Got [%s]", src.Name, strings.Join(names, ", "), strings.Join(texts, ", "))
		}
	}
	out := &Insert{Source: src}
	for _, col := range keysFirst(src.Schema) {
		if col.Role != sql.HeadersRole {
			out.Columns = append(out.Columns, col)
		}
	}
	out.Values = make([]Expr, len(out.Columns))
	b := newBinder(c, env, func(c *sql.ColumnRef) (int, sql.Type, error) {
		if c.Source != "" {
			return 0, sql.Type{}, unprepared("'%s' is not a valid stream/table name or alias.", c.Source)
		}
		return 0, sql.Type{}, errorf("Unsupported column reference in insert value: %s", sql.Text(c))
	})
	b.Params = params
	if err := out.bind(b, env, names, s.Values); err != nil {
		var parse *sql.Error
		if errors.As(err, &parse) {
			return nil, err
		}
		return nil, errorf("Failed to insert values into '%s'. %s", src.Name, message(err))
	}
	return out, nil
}

func (in *Insert) bind(b *Binder, env *Env, names []string, values []sql.Expr) error {
	columns := columnFinder(in.Columns)
	var missing []string
	for i, name := range names {
		if name == rowTime {
			x, err := in.value(b, env, values[i], name, sql.TBigint)
			if err != nil {
				return err
			}
			in.Time = x
			continue
		}
		if name == rowPartition || name == rowOffset {
			return errorf("Inserting into column `%s` is not allowed.", name)
		}
		n := columns.find(&sql.Column{Field: sql.Field{Name: name}})
		if n < 0 {
			missing = append(missing, "`"+name+"`")
			continue
		}
		x, err := in.value(b, env, values[i], name, in.Columns[n].Type)
		if err != nil {
			return err
		}
		in.Values[n] = x
	}
	if len(missing) > 0 {
		return errorf("Column name %s does not exist.", missing[0])
	}
	if in.Source.Kind == sql.TableKind {
		var keys []string
		lacking := false
		for i, c := range in.Columns {
			if c.Role == sql.KeyRole {
				keys = append(keys, c.Name)
				lacking = lacking || in.Values[i] == nil
			}
		}
		if lacking {
			return errorf("Value for primary key column(s) %s is required for tables", strings.Join(keys, ", "))
		}
	}
	return nil
}

// value binds one value and coerces it to the column's type by ksqlDB's strict rules; nil is NULL.
func (in *Insert) value(b *Binder, env *Env, e sql.Expr, name string, want sql.Type) (Expr, error) {
	x, err := b.Bind(e)
	if err != nil {
		return nil, err
	}
	have := x.Type()
	if have.Kind == sql.Null {
		return nil, nil
	}
	if have.Equal(want) {
		return x, nil
	}
	if lit, ok := x.(*Literal); ok && name == rowTime && have.Kind == sql.String { // a point in time as text
		ms, err := ParseTimestamp(lit.Value.(string))
		if err != nil {
			return nil, err
		}
		return &Literal{Typed: Typed{T: want, Text: x.String()}, Value: ms}, nil
	}
	if p, ok := x.(*Param); ok {
		if vec.Fits(have, want) {
			return &Param{Typed{T: want, Text: x.String()}, p.N}, nil
		}
		if have.Kind != sql.String { // text is read as that of a literal is
			return nil, misfit(env, x, name, have, want)
		}
	}
	cast := &Cast{Typed: Typed{T: want, Text: x.String()}, X: x, Implied: true}
	if !coercible(have, want) {
		if env.Const != nil && len(b.Params) == 0 {
			if v, err := env.Const(x); err == nil && v == nil { // a NULL goes anywhere
				return nil, nil
			}
		}
		return nil, misfit(env, x, name, have, want)
	}
	if env.Const == nil || len(b.Params) > 0 {
		return cast, nil
	}
	v, err := env.Const(cast)
	if err != nil || v == nil && have.Kind == sql.String {
		return nil, misfit(env, x, name, have, want)
	}
	if have.Kind == sql.Decimal && want.Kind == sql.Decimal {
		back, err := env.Const(&Cast{Typed: Typed{T: have, Text: x.String()}, X: cast, Implied: true})
		if was, e := env.Const(x); err != nil || e != nil || fmt.Sprint(was) != fmt.Sprint(back) {
			return nil, misfit(env, x, name, have, want)
		}
	}
	return cast, nil
}

// misfit is the error for a value that the column does not take.
func misfit(env *Env, x Expr, name string, have, want sql.Type) error {
	text := x.String()
	if lit, ok := x.(*Literal); ok && have.Kind == sql.String {
		text = lit.Value.(string)
	} else if env.Const != nil {
		v, err := env.Const(&Cast{Typed: Typed{T: sql.TString, Text: text}, X: x, Implied: true})
		if s, ok := v.(string); ok && err == nil {
			text = s
		}
	}
	hint := ""
	if have.Kind == sql.String {
		switch want.Kind {
		case sql.Timestamp:
			hint = ". Timestamp format must be yyyy-mm-ddThh:mm:ss[.S]"
		case sql.Time:
			hint = ". Time format must be hh:mm:ss[.S]"
		case sql.Date:
			hint = ". Date format must be yyyy-mm-dd"
		}
	}
	return errorf("Expected type %s for field `%s` but got %s(%s)%s", want, name, have.Kind, text, hint)
}

// coercible reports whether a value of type t may go into u without a cast being written.
func coercible(t, u sql.Type) bool {
	switch {
	case t.Kind == sql.Null:
		return true
	case t.Kind == sql.Integer, t.Kind == sql.Bigint, t.Kind == sql.Decimal:
		return u.Kind >= t.Kind && u.Kind <= sql.Double
	case t.Kind == sql.String:
		return u.Kind == sql.String || u.Kind == sql.Timestamp || u.Kind == sql.Date || u.Kind == sql.Time || u.Kind == sql.Bytes
	case t.Kind != u.Kind:
		return false
	case t.Kind == sql.Array:
		return coercible(*t.Elem, *u.Elem)
	case t.Kind == sql.Map:
		return coercible(*t.Key, *u.Key) && coercible(*t.Elem, *u.Elem)
	case t.Kind == sql.Struct:
		for _, f := range t.Fields {
			for _, g := range u.Fields {
				if f.Name == g.Name && !coercible(f.Type, g.Type) {
					return false
				}
			}
		}
	}
	return true
}

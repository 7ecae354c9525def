package plan

import "github.com/ksqlgo/ksql/sql"

// few is how many things are looked through one by one; of more a finder makes an index, once.
const few = 16

// finder finds columns, fields or expressions in a list, the first of those that are the same.
type finder[T any] struct {
	list []T
	name func(*T) string // a key, the same for those that are the same
	same func(a, b *T) bool
	at   map[string][]int32
}

func (f *finder[T]) find(x *T) int {
	if len(f.list) <= few {
		for i := range f.list {
			if f.same(&f.list[i], x) {
				return i
			}
		}
		return -1
	}
	if f.at == nil {
		f.at = make(map[string][]int32, len(f.list))
		for i := range f.list {
			name := f.name(&f.list[i])
			f.at[name] = append(f.at[name], int32(i))
		}
	}
	for _, i := range f.at[f.name(x)] {
		if f.same(&f.list[i], x) {
			return int(i)
		}
	}
	return -1
}

func columnFinder(s sql.Schema) *finder[sql.Column] {
	return &finder[sql.Column]{list: s, name: func(c *sql.Column) string { return c.Name }, same: func(a, b *sql.Column) bool { return a.Name == b.Name }}
}

func fieldFinder(list []sql.Field) *finder[sql.Field] {
	return &finder[sql.Field]{list: list, name: func(f *sql.Field) string { return f.Name }, same: func(a, b *sql.Field) bool { return a.Name == b.Name }}
}

// exprFinder finds equal expressions.
func exprFinder(list []sql.Expr) *finder[sql.Expr] {
	return &finder[sql.Expr]{list: list, name: func(e *sql.Expr) string { return sketch(*e) }, same: func(a, b *sql.Expr) bool { return sql.Equal(*a, *b) }}
}

// sketched is the parts of an expression that a sketch shows.
const sketched = 32

// sketch is a text that is the same for equal expressions, and seldom for others. It shows the first parts only:
// whoever sketches each part of a large expression must not pay for all of it each time.
func sketch(e sql.Expr) string {
	var out []byte
	n := 0
	sql.Walk(e, func(x sql.Expr) bool {
		if n++; n > sketched {
			return false
		}
		switch x := x.(type) {
		case *sql.ColumnRef:
			out = append(append(append(append(out, 'c'), x.Source...), '.'), x.Name...)
		case *sql.Literal:
			out = append(append(out, 'l', byte(x.Kind)), x.Text...)
		case *sql.Call:
			out = append(append(out, 'f'), x.Name...)
		case *sql.Deref:
			out = append(append(out, 'd'), x.Field...)
		case *sql.Binary:
			out = append(out, 'o', byte(x.Op))
		default:
			out = append(out, 'x')
		}
		return true
	})
	return string(out)
}

// finders keeps the finders of the lists of a statement: many of its expressions are bound over the same.
type finders struct {
	columns map[*sql.Column]*finder[sql.Column]
	fields  map[*sql.Field]*finder[sql.Field]
}

// column is the position of the column with that name, or -1.
func (f *finders) column(s sql.Schema, name string) int {
	if len(s) <= few {
		return s.Index(name)
	}
	if f.columns == nil {
		f.columns = map[*sql.Column]*finder[sql.Column]{}
	}
	have := f.columns[&s[0]]
	if have == nil || len(have.list) != len(s) {
		have = columnFinder(s)
		f.columns[&s[0]] = have
	}
	return have.find(&sql.Column{Field: sql.Field{Name: name}})
}

// field is the position of the field with that name, or -1.
func (f *finders) field(list []sql.Field, name string) int {
	if len(list) <= few {
		return fieldIndex(list, name)
	}
	if f.fields == nil {
		f.fields = map[*sql.Field]*finder[sql.Field]{}
	}
	have := f.fields[&list[0]]
	if have == nil || len(have.list) != len(list) {
		have = fieldFinder(list)
		f.fields[&list[0]] = have
	}
	return have.find(&sql.Field{Name: name})
}

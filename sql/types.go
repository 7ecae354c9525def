package sql

import (
	"strconv"
	"strings"
)

// Kind is the family of a SQL type.
type Kind uint8

// The kinds of SQL values come first, in ksqlDB's order of base types; the rest stand in function
// signatures and in text that is not resolved yet.
const (
	Null      Kind = iota // the untyped NULL literal
	Boolean               // true, false
	Integer               // 32 bit, wraps
	Bigint                // 64 bit, wraps
	Decimal               // Precision digits, Scale of them after the point
	Double                // IEEE 754, 64 bit
	String                // text; lengths count UTF-16 units, as in ksqlDB
	Array                 // of Elem
	Map                   // Key to Elem
	Struct                // Fields
	Time                  // ms of day
	Date                  // days since 1970-01-01
	Timestamp             // ms since epoch, UTC
	Bytes                 // byte string

	Named    // a custom type by Name, not looked up yet
	Var      // a type variable of a signature: Name
	Any      // any type at all, in a signature
	Lambda   // a lambda argument of a signature: Fields are its parameters, Elem its result
	Interval // an interval unit argument (DAYS, HOURS, ...)
)

// Type is a SQL type. The zero Type is the type of an untyped NULL.
type Type struct {
	Kind             Kind
	Name             string // of Named and Var
	Precision, Scale int    // of Decimal
	Key, Elem        *Type  // of Map (both), Array and Lambda (Elem)
	Fields           []Field
}

// Field is a named member of a STRUCT.
type Field struct {
	Name string
	Type Type
}

// Shorthands for the types without parameters.
var (
	TBoolean   = Type{Kind: Boolean}
	TInteger   = Type{Kind: Integer}
	TBigint    = Type{Kind: Bigint}
	TDouble    = Type{Kind: Double}
	TString    = Type{Kind: String}
	TBytes     = Type{Kind: Bytes}
	TDate      = Type{Kind: Date}
	TTime      = Type{Kind: Time}
	TTimestamp = Type{Kind: Timestamp}
	TNull      = Type{Kind: Null}
)

// DecimalOf is DECIMAL(p, s).
func DecimalOf(p, s int) Type { return Type{Kind: Decimal, Precision: p, Scale: s} }

// ArrayOf is ARRAY<e>.
func ArrayOf(e Type) Type { return Type{Kind: Array, Elem: &e} }

// MapOf is MAP<k, v>.
func MapOf(k, v Type) Type { return Type{Kind: Map, Key: &k, Elem: &v} }

// StructOf is STRUCT<fields>.
func StructOf(fields ...Field) Type { return Type{Kind: Struct, Fields: fields} }

// THeaders is the type of a HEADERS column: ARRAY<STRUCT<KEY STRING, VALUE BYTES>>.
func THeaders() Type {
	return ArrayOf(StructOf(Field{"KEY", TString}, Field{"VALUE", TBytes}))
}

// Equal reports whether t and u are the same type, parameters and field names included.
func (t Type) Equal(u Type) bool {
	if t.Kind != u.Kind || t.Name != u.Name || t.Precision != u.Precision || t.Scale != u.Scale || len(t.Fields) != len(u.Fields) {
		return false
	}
	if !same(t.Key, u.Key) || !same(t.Elem, u.Elem) {
		return false
	}
	for i := range t.Fields {
		if t.Fields[i].Name != u.Fields[i].Name || !t.Fields[i].Type.Equal(u.Fields[i].Type) {
			return false
		}
	}
	return true
}

func same(a, b *Type) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// Numeric reports whether t is INTEGER, BIGINT, DECIMAL or DOUBLE.
func (t Type) Numeric() bool { return t.Kind >= Integer && t.Kind <= Double }

var kindNames = [...]string{
	Null: "null", Boolean: "BOOLEAN", Integer: "INTEGER", Bigint: "BIGINT", Decimal: "DECIMAL", Double: "DOUBLE", String: "STRING",
	Array: "ARRAY", Map: "MAP", Struct: "STRUCT", Time: "TIME", Date: "DATE", Timestamp: "TIMESTAMP", Bytes: "BYTES",
	Named: "NAMED", Var: "VAR", Any: "ANY", Lambda: "LAMBDA", Interval: "INTERVAL UNIT",
}

// String is the base type's name, as ksqlDB's messages print it.
func (k Kind) String() string { return kindNames[k] }

// String prints t as ksqlDB's messages do: field names in back quotes, DECIMAL(4, 2), STRUCT< > when empty.
func (t Type) String() string {
	var b strings.Builder
	t.print(&b, true)
	return b.String()
}

// Plain prints t with bare field names, as ksqlDB does inside the text of an expression.
func (t Type) Plain() string {
	var b strings.Builder
	t.print(&b, false)
	return b.String()
}

func (t Type) print(b *strings.Builder, quote bool) {
	switch t.Kind {
	case Decimal:
		b.WriteString("DECIMAL(" + strconv.Itoa(t.Precision) + ", " + strconv.Itoa(t.Scale) + ")")
	case Array:
		b.WriteString("ARRAY<")
		t.Elem.print(b, quote)
		b.WriteByte('>')
	case Map:
		b.WriteString("MAP<")
		t.Key.print(b, quote)
		b.WriteString(", ")
		t.Elem.print(b, quote)
		b.WriteByte('>')
	case Struct:
		if len(t.Fields) == 0 {
			b.WriteString("STRUCT< >")
			return
		}
		b.WriteString("STRUCT<")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			if quote {
				b.WriteString("`" + f.Name + "` ")
			} else {
				b.WriteString(f.Name + " ")
			}
			f.Type.print(b, quote)
		}
		b.WriteByte('>')
	case Named, Var:
		b.WriteString(t.Name)
	case Lambda:
		b.WriteString("LAMBDA (")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			f.Type.print(b, quote)
		}
		b.WriteString(") => ")
		t.Elem.print(b, quote)
	default:
		b.WriteString(t.Kind.String())
	}
}

// Role says which part of a record a column comes from.
type Role uint8

// The roles of columns.
const (
	ValueRole   Role = iota
	KeyRole          // part of the record's key
	HeadersRole      // HEADERS (all of them) or HEADER('k')
	PseudoRole       // ROWTIME, ROWPARTITION, ROWOFFSET, WINDOWSTART, WINDOWEND
)

// Column is a column of a source or of a step.
type Column struct {
	Field
	Role   Role
	Header string // the key of HEADER('k'); empty for HEADERS
}

// Schema is the columns of a source or of a step, in order.
type Schema []Column

// Index is the position of the column with that exact name, or -1.
func (s Schema) Index(name string) int {
	for i := range s {
		if s[i].Name == name {
			return i
		}
	}
	return -1
}

// Keys is the number of key columns.
func (s Schema) Keys() int {
	n := 0
	for i := range s {
		if s[i].Role == KeyRole {
			n++
		}
	}
	return n
}

// String prints the schema as ksqlDB's messages do: `K` STRING KEY, `V` BIGINT, `H` BYTES HEADER('k').
func (s Schema) String() string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.String())
	}
	return b.String()
}

// String prints the column as ksqlDB's messages do.
func (c Column) String() string {
	s := "`" + c.Name + "` " + c.Type.String()
	switch {
	case c.Role == KeyRole:
		s += " KEY"
	case c.Role == HeadersRole && c.Header != "":
		s += " HEADER('" + c.Header + "')"
	case c.Role == HeadersRole:
		s += " HEADERS"
	}
	return s
}

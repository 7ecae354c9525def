package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// Castable reports whether CAST from one type to the other exists (spec 5.8).
func Castable(from, to sql.Type) bool {
	if from.Kind == sql.Null || from.Equal(to) {
		return true
	}
	f, t := from.Kind, to.Kind
	if t == sql.String {
		return f != sql.Bytes
	}
	switch f {
	case sql.Integer:
		return t == sql.Bigint || t == sql.Decimal || t == sql.Double
	case sql.Bigint, sql.Decimal, sql.Double:
		return to.Numeric()
	case sql.String:
		return t == sql.Boolean || to.Numeric() || t == sql.Date || t == sql.Time || t == sql.Timestamp || t == sql.Bytes
	case sql.Date:
		return t == sql.Timestamp
	case sql.Timestamp:
		return t == sql.Date || t == sql.Time
	case sql.Array:
		return t == sql.Array && Castable(*from.Elem, *to.Elem)
	case sql.Map:
		return t == sql.Map && Castable(*from.Key, *to.Key) && Castable(*from.Elem, *to.Elem)
	case sql.Struct:
		have := fieldFinder(from.Fields)
		return t == sql.Struct && !slices.ContainsFunc(to.Fields, func(x sql.Field) bool {
			i := have.find(&x)
			return i >= 0 && !Castable(from.Fields[i].Type, x.Type)
		})
	}
	return false
}

func fieldIndex(fields []sql.Field, name string) int {
	for i := range fields {
		if fields[i].Name == name {
			return i
		}
	}
	return -1
}

package plan

import "github.com/ksqlgo/ksql/sql"

// Bounds that keep one statement from filling the memory: types can be named, and grow with each name.
const (
	maxDigits = 100_000 // precision of a DECIMAL: its numbers are written out in full
	maxParts  = 200_000 // types within a type, or within a row
)

// reasonable refuses types that nothing could hold.
func reasonable(types ...sql.Type) error {
	parts := maxParts
	for i := range types {
		if err := within(&types[i], &parts); err != nil {
			return err
		}
	}
	return nil
}

func within(t *sql.Type, parts *int) error {
	if *parts--; *parts < 0 {
		return errorf("A type may have at most %d parts", maxParts)
	}
	if t.Precision > maxDigits {
		return errorf("DECIMAL precision must be <= %d: DECIMAL(%d,%d)", maxDigits, t.Precision, t.Scale)
	}
	for _, p := range []*sql.Type{t.Key, t.Elem} {
		if p != nil {
			if err := within(p, parts); err != nil {
				return err
			}
		}
	}
	for i := range t.Fields {
		if err := within(&t.Fields[i].Type, parts); err != nil {
			return err
		}
	}
	return nil
}

// reasonableRow is reasonable for the columns of a source.
func reasonableRow(s sql.Schema) error {
	types := make([]sql.Type, len(s))
	for i, c := range s {
		types[i] = c.Type
	}
	return reasonable(types...)
}

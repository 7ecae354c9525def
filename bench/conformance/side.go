package main

import (
	"fmt"
	"sort"
	"strings"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// side is how the keys or the values of a topic are written.
type side struct {
	format  plan.Format
	columns []sql.Field
	window  *plan.Window // of windowed keys
	exact   bool         // fractions in JSON are decimals, not float64
}

// missing is a feature that the engine or the runner lacks: the case that needs it is skipped.
type missing struct{ feature string }

func (m missing) Error() string { return "not available: " + m.feature }

// sides finds how the source declared on a topic writes keys and values. A topic without a source has string
// keys and JSON values.
func sides(c *plan.Catalog, topic string, exact bool) (key, value side) {
	var found []*plan.Source
	for s := range c.Sources() {
		if s.Topic == topic && !strings.HasPrefix(s.Name, placeholder) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return side{format: plan.Format{Name: "KAFKA"}, exact: exact}, side{format: plan.Format{Name: "JSON"}, exact: exact}
	}
	sort.Slice(found, func(i, k int) bool { return found[i].Name < found[k].Name })
	return sourceSides(found[0], exact)
}

func sourceSides(s *plan.Source, exact bool) (key, value side) {
	key = side{format: s.Key, window: s.KeyWindow, exact: exact}
	value = side{format: s.Value, exact: exact}
	for _, c := range s.Schema {
		switch c.Role {
		case sql.KeyRole:
			key.columns = append(key.columns, c.Field)
		case sql.ValueRole:
			value.columns = append(value.columns, c.Field)
		}
	}
	return key, value
}

// primitive is the type of a KAFKA side: that of its one column, or STRING when there is none, so that a test
// can send keys that nobody reads.
func (s side) primitive() (sql.Type, error) {
	switch len(s.columns) {
	case 0:
		return sql.TString, nil
	case 1:
		return s.columns[0].Type, nil
	}
	return sql.Type{}, fmt.Errorf("the KAFKA format holds one column, not %d", len(s.columns))
}

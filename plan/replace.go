package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// upgradeSource judges CREATE OR REPLACE of a source: its columns may grow at the end, nothing else may change.
func upgradeSource(old, now *Source) error {
	var issues []string
	refuse := func(property, a, b string) {
		issues = append(issues, fmt.Sprintf("DataSource '%s' has %s = %s which is not upgradeable to %s", old.Name, property, a, b))
	}
	if details := upgradeSchema(old.Schema, now.Schema); details != "" {
		refuse("schema", old.Schema.String(), now.Schema.String()+". ("+details+")")
	}
	if old.Topic != now.Topic {
		refuse("topic", old.Topic, now.Topic)
	}
	if a, b := old.Key.describe(old.KeyWindow), now.Key.describe(now.KeyWindow); a != b {
		refuse("keyFormat", a, b)
	}
	if a, b := old.Value.describe(nil), now.Value.describe(nil); a != b {
		refuse("valueFormat", a, b)
	}
	if a, b := old.Timestamp.String(), now.Timestamp.String(); a != b {
		refuse("timestampColumn", a, b)
	}
	if len(issues) == 0 {
		return nil
	}
	return errorf("Cannot upgrade data source: %s", strings.Join(issues, "\n\tAND "))
}

// describe is a format as upgrade messages print it.
func (f Format) describe(w *Window) string {
	var props []string
	for _, p := range slices.Sorted(maps.Keys(f.Props)) {
		props = append(props, p+"="+f.Props[p])
	}
	s := f.Name + "{" + strings.Join(props, ", ") + "}"
	if slices.Contains(f.Features, unwrapSingles) { // wrapped is what several columns are, too
		s += " [" + unwrapSingles + "]"
	}
	if w != nil {
		s += fmt.Sprintf(" %s(%d ms)", w.Kind, w.Size)
	}
	return s
}

// String is the column and its format, as messages print it; a source without one prints as none.
func (t *Timestamp) String() string {
	if t == nil {
		return "Optional.empty"
	}
	if t.Format != "" {
		return "Optional[TimestampColumn{column=`" + t.Column + "`, format=Optional[" + t.Format + "]}]"
	}
	return "Optional[TimestampColumn{column=`" + t.Column + "`, format=Optional.empty}]"
}

// upgradeSchema says why schema b cannot follow a, or nothing.
func upgradeSchema(a, b sql.Schema) string {
	part := func(s sql.Schema, key bool) sql.Schema {
		var out sql.Schema
		for _, c := range s {
			if (c.Role == sql.KeyRole) == key {
				out = append(out, c)
			}
		}
		return out
	}
	missing := func(a, b sql.Schema) sql.Schema {
		var out sql.Schema
		for i, c := range a {
			if i >= len(b) || c.String() != b[i].String() {
				out = append(out, c)
			}
		}
		return out
	}
	keys, now := part(a, true), part(b, true)
	if bad := missing(keys, now); len(bad) > 0 || len(keys) != len(now) {
		return "Key columns must be identical. The following key columns are changed, missing or reordered: [" + bad.String() + "]"
	}
	if bad := missing(part(a, false), part(b, false)); len(bad) > 0 {
		return "The following columns are changed, missing or reordered: [" + bad.String() + "]"
	}
	return ""
}

// replaceable judges CREATE OR REPLACE ... AS SELECT over an existing source.
func (k *checker) replaceable(old, now *Source, query *Query) error {
	writers := 0
	for range k.Writers(old.Name) {
		writers++
	}
	if writers > 1 {
		return errorf("REPLACE for sink %s is not supported because there are multiple queries writing into it", old.Name)
	}
	if err := upgradeSource(old, now); err != nil {
		return err
	}
	running := k.Query(old.Query)
	if running == nil || running.Root == nil { // of one that cannot be planned only its state could object, when it is taken over
		return nil
	}
	return upgradeSteps(running.Root, query.Root)
}

// upgradeSteps compares two plans from the sink back. Filters and projections may come, go and change.
func upgradeSteps(a, b Step) error {
	a, b = lasting(a), lasting(b)
	if a == nil || b == nil {
		return nil
	}
	kind, other := stepClass(a), stepClass(b)
	refuse := func(property string, x, y any) error {
		return errorf("Query is not upgradeable. Plan step of type %s must have matching %s. Values differ: %v vs. %v", kind, property, x, y)
	}
	if kind != other {
		return errorf("Query is not upgradeable. Plan step of type %s must have matching type. Values differ: %s vs. %s", kind, kind, other)
	}
	switch a := a.(type) {
	case *FlatMap:
		return errorf("Upgrades not yet supported for %s", kind)
	case *Sink:
		b := b.(*Sink)
		switch {
		case a.Topic != b.Topic:
			return refuse("topic", a.Topic, b.Topic)
		case a.Key.describe(nil)+a.Value.describe(nil) != b.Key.describe(nil)+b.Value.describe(nil):
			return refuse("formats", a.Key.describe(nil)+" "+a.Value.describe(nil), b.Key.describe(nil)+" "+b.Value.describe(nil))
		case a.Timestamp.String() != b.Timestamp.String():
			return refuse("timestampColumn", a.Timestamp, b.Timestamp)
		}
	case *Scan:
		b := b.(*Scan)
		switch {
		case a.Topic != b.Topic:
			return refuse("topicName", a.Topic, b.Topic)
		case a.Key.describe(nil)+a.Value.describe(nil) != b.Key.describe(nil)+b.Value.describe(nil):
			return refuse("formats", a.Key.describe(nil)+" "+a.Value.describe(nil), b.Key.describe(nil)+" "+b.Value.describe(nil))
		case a.Timestamp.String() != b.Timestamp.String():
			return refuse("timestampColumn", a.Timestamp, b.Timestamp)
		}
	case *Rekey:
		if x, y := itemTexts(a.Keys), itemTexts(b.(*Rekey).Keys); x != y {
			return refuse("keyExpressions", x, y)
		}
	case *Aggregate:
		b := b.(*Aggregate)
		if kind != "StreamAggregate" {
			return errorf("Upgrades not yet supported for %s", kind)
		}
		if !slices.Equal(a.Reads, b.Reads) {
			return refuse("columns not part of aggregate", quotedNames(a.Reads), quotedNames(b.Reads))
		}
		if x, y := groupTexts(a), groupTexts(b); x != y {
			return errorf("Query is not upgradeable. Plan step of type StreamGroupBy must have matching groupByExpressions. Values differ: %s vs. %s", x, y)
		}
		if x, y := callTexts(a), callTexts(b); x != y {
			return refuse("aggregate functions", x, y)
		}
	}
	if in := a.Inputs(); len(in) == 1 {
		return upgradeSteps(in[0], b.Inputs()[0])
	}
	return nil
}

// lasting is the nearest step that an upgrade compares.
func lasting(s Step) Step {
	for {
		switch x := s.(type) {
		case *Filter:
			s = x.In
		case *Project:
			s = x.In
		case *Latest:
			s = x.In
		case *Exchange:
			s = x.In
		default:
			return s
		}
	}
}

// stepClass is ksqlDB's name of a step.
func stepClass(s Step) string {
	side := "Stream"
	if s.Out().Shape == sql.TableKind {
		side = "Table"
	}
	switch s := s.(type) {
	case *Scan:
		if s.Window != nil {
			return "Windowed" + side + "Source"
		}
		return side + "Source"
	case *Sink:
		return side + "Sink"
	case *Rekey:
		return "StreamSelectKey"
	case *FlatMap:
		return "StreamFlatMap"
	case *Aggregate:
		if s.In.Out().Shape == sql.TableKind {
			return "TableAggregate"
		}
		if s.Head.Window != nil {
			return "StreamWindowedAggregate"
		}
		return "StreamAggregate"
	}
	return side + "Select"
}

func itemTexts(items []Item) string {
	var out []string
	for _, it := range items {
		out = append(out, it.X.String())
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func quotedNames(names []string) string {
	return "[`" + strings.Join(names, "`, `") + "`]"
}

func groupTexts(a *Aggregate) string {
	return itemTexts(prepared(a).Items[:a.Groups])
}

func callTexts(a *Aggregate) string {
	items := prepared(a).Items
	var out []string
	for _, c := range a.Calls {
		var args []string
		for _, i := range c.Args {
			args = append(args, items[i].X.String())
		}
		for _, l := range c.Site.Lits {
			if l != nil {
				args = append(args, fmt.Sprint(l))
			}
		}
		out = append(out, c.Func.Name+"("+strings.Join(args, ", ")+")")
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// prepared is the projection in front of an aggregation.
func prepared(a *Aggregate) *Project {
	in := a.In
	if x, ok := in.(*Exchange); ok {
		in = x.In
	}
	return in.(*Project)
}

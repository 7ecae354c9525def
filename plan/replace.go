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
func upgradeSteps(a, b Step) error { return upgrade(a, b, map[[2]Step]bool{}) }

func upgrade(a, b Step, seen map[[2]Step]bool) error {
	a, b = lasting(a), lasting(b)
	if seen[[2]Step{a, b}] {
		return nil
	}
	seen[[2]Step{a, b}] = true
	kind, other := a.class(), b.class()
	if kind != other {
		return errorf("Query is not upgradeable. Plan step of type %s must have matching type. Values differ: %s vs. %s", kind, kind, other)
	}
	if err := b.succeeds(a); err != nil {
		return err
	}
	in, now := a.Inputs(), b.Inputs()
	if len(in) != len(now) {
		return unlike(b, "sources", len(in), len(now))
	}
	for i := range in {
		if err := upgrade(in[i], now[i], seen); err != nil {
			return err
		}
	}
	return nil
}

// unlike is the error of a step that has something else than the one that it replaces.
func unlike(s Step, property string, old, now any) error {
	return errorf("Query is not upgradeable. Plan step of type %s must have matching %s. Values differ: %v vs. %v", s.class(), property, old, now)
}

// sameTopic wants the old and the new of a step that reads or writes a topic to do so alike.
func sameTopic(s Step, property string, topic [2]string, key, value [2]Format, stamp [2]*Timestamp) error {
	var formats [2]string
	for i := range formats {
		formats[i] = key[i].describe(nil) + " " + value[i].describe(nil)
	}
	switch {
	case topic[0] != topic[1]:
		return unlike(s, property, topic[0], topic[1])
	case formats[0] != formats[1]:
		return unlike(s, "formats", formats[0], formats[1])
	case stamp[0].String() != stamp[1].String():
		return unlike(s, "timestampColumn", stamp[0], stamp[1])
	}
	return nil
}

// lasting is the nearest step that an upgrade compares.
func lasting(s Step) Step {
	for s.free() {
		s = s.Inputs()[0]
	}
	return s
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

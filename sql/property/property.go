// Package property is the table of ksqlDB's properties: name, kind, default, who may set them, and what values they take.
package property

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is what a property's value must be.
type Kind uint8

// The kinds.
const (
	Text Kind = iota
	Bool
	Int
	Long
)

// Property is one line of the table. Default empty: it has none.
type Property struct {
	Name     string
	Kind     Kind
	Default  string
	Fixed    bool // no session can override it
	PerQuery bool // one of ksqlDB's own that a session may override for its queries (in ksqlDB's shared runtimes, too)
	Kafka    bool // a setting of Kafka's streams, consumers and producers, whose names may have a prefix
}

// Prefix marks a property as one of Kafka's.
const Prefix = "ksql.streams."

// functions begins the names of the properties of functions, which are any.
const functions = "ksql.functions."

// Bare is a property's name without the prefix that marks it as one of Kafka's.
func Bare(name string) string {
	rest, ok := strings.CutPrefix(name, Prefix)
	if !ok {
		return name
	}
	for _, p := range []string{"consumer.", "producer."} {
		if r, ok := strings.CutPrefix(rest, p); ok {
			return r
		}
	}
	return rest
}

// Find is the property of that name, which may have a prefix; false: no part of ksqlDB has one.
func Find(name string) (Property, bool) {
	if len(name) > len(functions) && strings.HasPrefix(name, functions) {
		return Property{Name: name, PerQuery: true}, true
	}
	if p, ok := find(name); ok {
		return p, true
	}
	bare := Bare(name)
	if strings.HasPrefix(bare, "ssl.") {
		return Property{Name: bare, Fixed: true, Kafka: true}, true
	}
	for kind, names := range kafka {
		if slices.Contains(names, bare) {
			return Property{Name: bare, Kind: Kind(kind), Default: kafkaDefaults[bare], Fixed: bare == "bootstrap.servers", Kafka: true}, true
		}
	}
	return Property{}, false
}

func find(name string) (Property, bool) {
	i, ok := slices.BinarySearchFunc(own, name, func(p Property, n string) int { return strings.Compare(p.Name, n) })
	if !ok {
		return Property{}, false
	}
	return own[i], true
}

// Listed are the properties that SHOW PROPERTIES lists whether they are set or not: ksqlDB's own and those of Kafka's
// that this engine gives a meaning.
func Listed() []Property {
	out := slices.Clone(own)
	for n := range kafkaDefaults {
		if p, ok := Find(n); ok {
			out = append(out, p)
		}
	}
	return out
}

// Given is a property among those that are set. One of Kafka's may be set with its prefix.
func Given(set map[string]string, name string) (string, bool) {
	v, ok := set[name]
	if !ok {
		v, ok = set[Prefix+name]
	}
	return v, ok
}

// Value is Given, or the property's default.
func Value(set map[string]string, name string) string {
	if v, ok := Given(set, name); ok {
		return v
	}
	p, ok := find(name)
	if !ok {
		return kafkaDefaults[name]
	}
	return p.Default
}

// On is whether a switch is on. Set to nothing it has its default.
func On(set map[string]string, name string) bool {
	v := Value(set, name)
	if v == "" {
		v = Value(nil, name)
	}
	return strings.EqualFold(v, "true")
}

// Check tells what is wrong with a value, or with setting the property, by the name under which it came.
func (p Property) Check(name, value string) error {
	bare := Bare(name)
	switch p.Kind {
	case Bool:
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return fmt.Errorf("Invalid value %s for configuration %s: Expected value to be either true or false", value, bare)
		}
	case Int:
		if _, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32); err != nil {
			return fmt.Errorf("Invalid value %s for configuration %s: Not a number of type INT (a 32-bit integer)", value, bare)
		}
	case Long:
		if _, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
			return fmt.Errorf("Invalid value %s for configuration %s: Not a number of type LONG (a 64-bit integer (long))", value, bare)
		}
	}
	if bare == "auto.offset.reset" {
		switch value {
		case "none":
			return fmt.Errorf("'none' is not valid for this property within KSQL")
		case "earliest", "latest":
		default:
			return fmt.Errorf("Invalid value %s for configuration auto.offset.reset: Value must be one of earliest, latest, none", value)
		}
	}
	if p.Fixed {
		return fmt.Errorf("Cannot override property '%s'", name)
	}
	return nil
}

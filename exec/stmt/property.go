package stmt

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/exec"
)

const streamsPrefix = "ksql.streams."

// UnknownProperty says that no part of ksqlDB has a property of that name.
type UnknownProperty struct{ Name string }

// Error is ksqlDB's message.
func (e *UnknownProperty) Error() string {
	return "Not recognizable as ksql, streams, consumer, or producer property: '" + e.Name + "'"
}

// DeniedProperty says that the server lets nobody override these properties.
type DeniedProperty struct {
	Names   []string
	Allowed bool // the server has a list of those that may be overridden
}

// Error is ksqlDB's message.
func (e *DeniedProperty) Error() string {
	if e.Allowed {
		return "One or more property overrides set locally are not permitted by the KSQL server allowlist (use UNSET to reset their default value): [" + strings.Join(e.Names, ", ") + "]"
	}
	return "One or more properties overrides set locally are prohibited by the KSQL server denylist (use UNSET to reset their default value): [" + strings.Join(e.Names, ", ") + "]"
}

// CheckDenied refuses the properties that the server lets nobody override.
func CheckDenied(e *exec.Engine, names ...string) error {
	list := func(name string) []string {
		return strings.FieldsFunc(e.Property(name, ""), func(r rune) bool { return r == ',' || r == ' ' })
	}
	var bad []string
	allow := strings.EqualFold(e.Property("ksql.properties.overrides.validation.mode", "denylist"), "allowlist")
	allowed, denied := list("ksql.properties.overrides.allowlist"), append(list("ksql.properties.overrides.denylist"), "ksql.service.id")
	for _, n := range names {
		if allow && !slices.Contains(allowed, n) || !allow && slices.Contains(denied, n) {
			bad = append(bad, n)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	slices.Sort(bad)
	return &DeniedProperty{bad, allow}
}

// CheckOverride tells whether a session may set a property to this value.
func CheckOverride(e *exec.Engine, name, value string) error {
	if err := CheckDenied(e, name); err != nil {
		return err
	}
	kind, ok := kindOf(name)
	if !ok {
		return &UnknownProperty{name}
	}
	bare := bareName(name)
	switch kind {
	case boolProperty:
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return fmt.Errorf("Invalid value %s for configuration %s: Expected value to be either true or false", value, bare)
		}
	case intProperty, longProperty:
		bits, java := 32, "a 32-bit integer"
		if kind == longProperty {
			bits, java = 64, "a 64-bit integer (long)"
		}
		if _, err := strconv.ParseInt(strings.TrimSpace(value), 10, bits); err != nil {
			return fmt.Errorf("Invalid value %s for configuration %s: Not a number of type %s", value, bare, map[int]string{32: "INT", 64: "LONG"}[bits]+" ("+java+")")
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
	if slices.Contains(immutable, bare) || strings.HasPrefix(bare, "ssl.") {
		return fmt.Errorf("Cannot override property '%s'", name)
	}
	return nil
}

// Known reports whether some part of ksqlDB has a property of that name.
func Known(name string) bool { _, ok := kindOf(name); return ok }

// bareName is a property's name without the prefix that marks it as one of Kafka's.
func bareName(name string) string {
	if rest, ok := strings.CutPrefix(name, streamsPrefix); ok {
		for _, p := range []string{"consumer.", "producer."} {
			if r, ok := strings.CutPrefix(rest, p); ok {
				return r
			}
		}
		return rest
	}
	return name
}

func kindOf(name string) (propertyKind, bool) {
	if strings.HasPrefix(name, "ksql.functions.") && len(name) > len("ksql.functions.") {
		return textProperty, true
	}
	if k, ok := serverProperty(name); ok {
		return k.kind, true
	}
	bare := bareName(name)
	if strings.HasPrefix(bare, "ssl.") {
		return textProperty, true
	}
	for kind, names := range kafkaProperties {
		if slices.Contains(names, bare) {
			return propertyKind(kind), true
		}
	}
	return 0, false
}

func serverProperty(name string) (property, bool) {
	i, ok := slices.BinarySearchFunc(serverProperties, name, func(p property, n string) int { return strings.Compare(p.name, n) })
	if !ok {
		return property{}, false
	}
	return serverProperties[i], true
}

// PropertyInfo is one line of SHOW PROPERTIES.
type PropertyInfo struct {
	Name     string  `json:"name"`
	Scope    string  `json:"scope"`
	Value    *string `json:"value"`
	Editable bool    `json:"editable"`
	Level    string  `json:"level"`
}

// Properties is the answer to SHOW PROPERTIES.
type Properties struct {
	Head
	Properties  []PropertyInfo `json:"properties"`
	Overwritten []string       `json:"overwrittenProperties"`
	Defaults    []string       `json:"defaultProperties"`
	Tail
}

func showProperties(e *exec.Engine, r *Request, text string) Result {
	out := &Properties{Head: Head{"properties", text}, Overwritten: []string{}, Defaults: []string{}, Tail: tail()}
	server := e.Properties()
	full := func(name string) string { // Kafka's settings are listed with their prefix
		if _, ok := serverProperty(name); ok || strings.HasPrefix(name, "ksql.") {
			return name
		}
		return streamsPrefix + name
	}
	values, own := map[string]string{}, map[string]string{}
	for k, v := range server {
		values[full(k)] = v
	}
	for k, v := range r.Props {
		own[full(k)] = v
	}
	names := map[string]bool{}
	for _, p := range serverProperties {
		names[p.name] = true
	}
	for kind := range kafkaProperties {
		for _, n := range kafkaProperties[kind] {
			if _, ok := kafkaDefaults[n]; ok {
				names[streamsPrefix+n] = true
			}
		}
	}
	for _, m := range []map[string]string{values, own} {
		for k := range m {
			names[k] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		bare := bareName(n)
		if strings.HasPrefix(bare, "ssl.") {
			continue
		}
		def, has := kafkaDefaults[bare]
		if p, ok := serverProperty(n); ok {
			def, has = p.def, p.def != ""
		}
		v, set := values[n]
		if !set {
			v, set = def, has
		}
		if o, ok := own[n]; ok {
			if o != v {
				out.Overwritten = append(out.Overwritten, n)
			}
			v, set = o, true
		}
		if v == def && set == has {
			out.Defaults = append(out.Defaults, n)
		}
		info := PropertyInfo{Name: n, Scope: "KSQL", Level: "SERVER"}
		if set {
			info.Value = &v
		}
		if strings.Contains(n, "password") || strings.Contains(n, "secret") || strings.Contains(n, "jaas") {
			hidden := "[hidden]"
			info.Value = &hidden
		}
		_, server := serverProperty(n)
		info.Editable = !slices.Contains(immutable, bare) && CheckDenied(e, n) == nil && (!server || slices.Contains(editable, n) || strings.HasPrefix(n, "ksql.functions."))
		if info.Editable {
			info.Level = "QUERY"
		}
		out.Properties = append(out.Properties, info)
	}
	return out
}

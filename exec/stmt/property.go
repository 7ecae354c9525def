package stmt

import (
	"maps"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql/property"
)

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
		return strings.FieldsFunc(e.Property(name), func(r rune) bool { return r == ',' || r == ' ' })
	}
	var bad []string
	allow := strings.EqualFold(e.Property("ksql.properties.overrides.validation.mode"), "allowlist")
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
	p, ok := property.Find(name)
	if !ok {
		return &UnknownProperty{name}
	}
	return p.Check(name, value)
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
		if strings.HasPrefix(name, "ksql.") {
			return name
		}
		return property.Prefix + name
	}
	values, own := map[string]string{}, map[string]string{}
	for k, v := range server {
		values[full(k)] = v
	}
	for k, v := range r.Props {
		own[full(k)] = v
	}
	names := map[string]bool{}
	for _, p := range property.Listed() {
		names[full(p.Name)] = true
	}
	for _, m := range []map[string]string{values, own} {
		for k := range m {
			names[k] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		p, known := property.Find(n)
		if known && p.Kafka && strings.HasPrefix(p.Name, "ssl.") {
			continue
		}
		def, has := p.Default, p.Default != ""
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
		info.Editable = !p.Fixed && CheckDenied(e, n) == nil && (!known || p.Kafka || p.PerQuery)
		if info.Editable {
			info.Level = "QUERY"
		}
		out.Properties = append(out.Properties, info)
	}
	return out
}

package plan

import (
	"maps"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/serde"
)

const (
	wrapSingles   = "WRAP_SINGLES"
	unwrapSingles = "UNWRAP_SINGLES"
)

// fields are the columns of a role, without headers and pseudo columns.
func fields(s sql.Schema, role sql.Role) (out []sql.Field) {
	for i := range s {
		if s[i].Role == role {
			out = append(out, s[i].Field)
		}
	}
	return out
}

// newFormat checks a format's name and properties.
func newFormat(name string, props map[string]string) (Format, error) {
	f, err := serde.Find(name)
	if err != nil {
		return Format{}, errorf("%s", err)
	}
	if full, ok := props[serde.FullSchemaName]; ok && strings.TrimSpace(full) == "" {
		return Format{}, errorf("fullSchemaName cannot be empty. Format configuration: {fullSchemaName=}")
	}
	if _, ok := props[serde.NullableAs]; ok && !strings.HasPrefix(f.Name, "PROTOBUF") {
		return Format{}, errorf("Property %s can only be enabled with protobuf format", serde.NullableAs)
	}
	if err := serde.CheckProps(f.Name, props); err != nil {
		return Format{}, errorf("%s", err)
	}
	out := Format{Name: f.Name}
	if len(props) > 0 {
		out.Props = maps.Clone(props)
	}
	return out, nil
}

// keyFormat fits f to these key columns: a lone one stands bare wherever the format can do that.
func keyFormat(f Format, cols []sql.Field) (Format, error) {
	f.Unwrapped, f.Features = false, nil
	if s, ok := serde.Lookup(f.Name); ok && len(cols) == 1 && s.Unwrap {
		f.Unwrapped = true
		if s.Wrap {
			f.Features = []string{unwrapSingles}
		}
	}
	for _, c := range cols {
		if err := checkKeyType(c); err != nil {
			return f, err
		}
	}
	return f, f.check(true, cols)
}

// valueFormat fits f to these value columns; wrap is WRAP_SINGLE_VALUE, nil when not given.
func (e *Env) valueFormat(f Format, cols []sql.Field, wrap *bool) (Format, error) {
	f.Unwrapped, f.Features = false, nil
	s, _ := serde.Lookup(f.Name)
	var def *bool
	if on, err := strconv.ParseBool(e.Prop("ksql.persistence.wrap.single.values")); err == nil && s.Wrap && s.Unwrap {
		def = &on
	}
	if wrap != nil {
		if err := s.CheckWrap(*wrap); err != nil {
			return f, errorf("%s", err)
		}
		if len(cols) != 1 {
			return f, errorf("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas")
		}
		def = wrap
	}
	if len(cols) == 1 {
		f.Unwrapped = !s.WrapsSingle(def)
		if def != nil {
			f.Features = []string{wrapSingles}
			if f.Unwrapped {
				f.Features = []string{unwrapSingles}
			}
		}
	}
	return f, f.check(false, cols)
}

// check tells whether the format can hold the columns.
func (f Format) check(key bool, cols []sql.Field) error {
	err := serde.Check(f.Name, f.Props, key, cols, f.Unwrapped)
	if err == nil {
		return nil
	}
	side := "Value"
	if key {
		side = "Key"
	}
	return errorf("%s format does not support schema.\nformat: %s\nschema: Persistence{columns=[%s], features=[%s]}\nreason: %s",
		side, f.Name, serde.Columns(key, cols), strings.Join(f.Features, ", "), err)
}

// checkKeyType refuses keys that contain maps.
func checkKeyType(c sql.Field) error {
	if !hasMap(&c.Type) {
		return nil
	}
	return errorf("Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to inconsistent serialization. Key column name: `%s`. Column type: %s. See https://github.com/confluentinc/ksql/issues/6621 for more.", c.Name, c.Type)
}

func hasMap(t *sql.Type) bool {
	if t == nil {
		return false
	}
	for i := range t.Fields {
		if hasMap(&t.Fields[i].Type) {
			return true
		}
	}
	return t.Kind == sql.Map || hasMap(t.Elem)
}

// internalKey is the key format of an internal topic behind a source's: JSON where that cannot hold the new key.
func (e *Env) internalKey(f Format, cols []sql.Field) Format {
	if f.Name == "NONE" && len(cols) > 0 {
		f = Format{Name: strings.ToUpper(e.Prop(defaultKeyFormat))}
	}
	if s, ok := serde.Lookup(f.Name); !ok || !s.HoldsKey(cols) {
		f = Format{Name: "JSON"}
	}
	if fitted, err := keyFormat(f, cols); err == nil {
		return fitted
	}
	return f
}

// inherited are the properties that a sink takes over with its source's format.
func inherited(f Format) map[string]string {
	out := map[string]string{}
	for _, p := range []string{serde.Delimiter, serde.FullSchemaName} {
		v, ok := f.Props[p]
		if ok && (p == serde.Delimiter || f.Name == "PROTOBUF") {
			out[p] = v
		}
	}
	return out
}

package plan

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/serde"
)

func columns(types ...sql.Type) []sql.Field {
	var out []sql.Field
	for i, t := range types {
		out = append(out, sql.Field{Name: fmt.Sprint("C", i), Type: t})
	}
	return out
}

func format(f Format, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(f.Name, " ", f.Unwrapped, " ", f.Features)
}

// TestValueFormat: a lone column stands in a record or bare, as WRAP_SINGLE_VALUE, the property and the format say, in
// this order; only what was chosen is a feature.
func TestValueFormat(t *testing.T) {
	yes, no := true, false
	one, two := columns(sql.TInteger), columns(sql.TInteger, sql.TString)
	for _, c := range []struct {
		format, prop string
		wrap         *bool
		cols         []sql.Field
		want         string
	}{
		{"JSON", "", nil, one, "JSON false []"}, {"JSON", "true", nil, one, "JSON false [WRAP_SINGLES]"}, {"JSON", "false", nil, one, "JSON true [UNWRAP_SINGLES]"},
		{"JSON", "", &yes, one, "JSON false [WRAP_SINGLES]"}, {"JSON", "", &no, one, "JSON true [UNWRAP_SINGLES]"},
		{"JSON", "false", &yes, one, "JSON false [WRAP_SINGLES]"}, {"JSON", "true", &no, one, "JSON true [UNWRAP_SINGLES]"},
		{"JSON", "false", nil, two, "JSON false []"}, {"JSON", "true", nil, two, "JSON false []"}, {"JSON", "", nil, nil, "JSON false []"},
		{"JSON", "", &yes, two, "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas"}, {"JSON", "", &no, nil, "'WRAP_SINGLE_VALUE' is only valid for single-field value schemas"},
		{"DELIMITED", "", nil, one, "DELIMITED true []"}, {"DELIMITED", "true", nil, one, "DELIMITED true []"}, {"DELIMITED", "false", nil, one, "DELIMITED true []"},
		{"DELIMITED", "", &no, one, "DELIMITED true [UNWRAP_SINGLES]"}, {"DELIMITED", "", &yes, one, "Format 'DELIMITED' does not support 'WRAP_SINGLE_VALUE' set to 'true'."},
		{"DELIMITED", "", nil, two, "DELIMITED false []"}, {"KAFKA", "true", nil, one, "KAFKA true []"},
		{"PROTOBUF", "", nil, one, "PROTOBUF false []"}, {"PROTOBUF", "false", nil, one, "PROTOBUF false []"}, {"PROTOBUF", "", &yes, one, "PROTOBUF false [WRAP_SINGLES]"},
		{"PROTOBUF", "", &no, one, "Format 'PROTOBUF' does not support 'WRAP_SINGLE_VALUE' set to 'false'."},
		{"KAFKA", "", nil, two, "Value format does not support schema.\nformat: KAFKA\nschema: Persistence{columns=[`C0` INTEGER, `C1` STRING], features=[]}\nreason: The 'KAFKA' format only supports a single field. Got: [`C0` INTEGER, `C1` STRING]"},
		{"JSON", "true", nil, columns(sql.MapOf(sql.TInteger, sql.TString)), "Value format does not support schema.\nformat: JSON\nschema: Persistence{columns=[`C0` MAP<INTEGER, STRING>], features=[WRAP_SINGLES]}\nreason: JSON only supports MAP types with STRING keys"},
	} {
		e := &Env{Functions: fn.Builtins(), Props: map[string]string{}}
		if c.prop != "" {
			e.Props["ksql.persistence.wrap.single.values"] = c.prop
		}
		if got := format(e.valueFormat(Format{Name: c.format, Unwrapped: true, Features: []string{"X"}}, c.cols, c.wrap)); got != c.want {
			wrap := "not given"
			if c.wrap != nil {
				wrap = fmt.Sprint(*c.wrap)
			}
			t.Errorf("%s of %d columns, property %q, WRAP_SINGLE_VALUE %s: %s, want %s", c.format, len(c.cols), c.prop, wrap, got, c.want)
		}
	}
}

// TestKeyFormat: a lone key column stands bare wherever the format can do that, which is a choice where it could do
// the other. No key has a map in it.
func TestKeyFormat(t *testing.T) {
	inner := sql.StructOf(sql.Field{Name: "F", Type: sql.TInteger}, sql.Field{Name: "G", Type: sql.ArrayOf(sql.MapOf(sql.TString, sql.TInteger))})
	for _, c := range []struct {
		format string
		cols   []sql.Field
		want   string
	}{
		{"JSON", columns(sql.TInteger), "JSON true [UNWRAP_SINGLES]"}, {"JSON", columns(sql.TInteger, sql.TInteger), "JSON false []"}, {"JSON", nil, "JSON false []"},
		{"KAFKA", columns(sql.TInteger), "KAFKA true []"}, {"DELIMITED", columns(sql.TInteger), "DELIMITED true []"}, {"PROTOBUF", columns(sql.TInteger), "PROTOBUF false []"},
		{"JSON", columns(sql.ArrayOf(sql.TInteger)), "JSON true [UNWRAP_SINGLES]"}, {"NONE", nil, "NONE false []"},
		{"NONE", columns(sql.TInteger), "Key format does not support schema.\nformat: NONE\nschema: Persistence{columns=[`C0` INTEGER KEY], features=[]}\nreason: "},
		{"JSON", columns(sql.TInteger, sql.MapOf(sql.TString, sql.TInteger)), "Map keys, including types that contain maps, are not supported as they may lead to unexpected behavior due to inconsistent serialization. Key column name: `C1`. "},
		{"JSON", columns(sql.ArrayOf(sql.MapOf(sql.TString, sql.TInteger))), "Map keys, including types that contain maps"},
		{"JSON", columns(inner), "Map keys, including types that contain maps"},
	} {
		if got := format(keyFormat(Format{Name: c.format, Unwrapped: true, Features: []string{"X"}}, c.cols)); !strings.HasPrefix(got, c.want) || len(c.want) < 40 && got != c.want {
			t.Errorf("%s of %v: %s, want %s", c.format, c.cols, got, c.want)
		}
	}
}

// TestInternalKey: a topic of the query's own has the key format of its source, or the default one where that has no
// key, or JSON where this cannot hold the new key.
func TestInternalKey(t *testing.T) {
	for _, c := range []struct {
		format, def string
		cols        []sql.Field
		want        string
	}{
		{"KAFKA", "", columns(sql.TInteger), "KAFKA true []"}, {"KAFKA", "", columns(sql.TInteger, sql.TInteger), "JSON false []"}, {"KAFKA", "", columns(sql.TBoolean), "JSON true [UNWRAP_SINGLES]"},
		{"DELIMITED", "", columns(sql.TInteger, sql.TBoolean), "DELIMITED false []"}, {"DELIMITED", "", columns(sql.DecimalOf(4, 2)), "JSON true [UNWRAP_SINGLES]"},
		{"NONE", "", columns(sql.TInteger), "KAFKA true []"}, {"NONE", "delimited", columns(sql.TInteger, sql.TInteger), "DELIMITED false []"}, {"NONE", "", columns(sql.TInteger, sql.TInteger), "JSON false []"},
		{"NONE", "json", columns(sql.TInteger), "JSON true [UNWRAP_SINGLES]"}, {"NONE", "delimited", nil, "NONE false []"}, {"NONE", "nope", columns(sql.TInteger), "JSON true [UNWRAP_SINGLES]"},
		{"JSON", "delimited", columns(sql.TInteger), "JSON true [UNWRAP_SINGLES]"},
		{"AVRO", "", columns(sql.TInteger, sql.TInteger), "AVRO false []"}, {"AVRO", "", []sql.Field{{Name: "1A", Type: sql.TInteger}, {Name: "B", Type: sql.TInteger}}, "AVRO false []"}, // which its topic's writer refuses
	} {
		e := &Env{Functions: fn.Builtins(), Props: map[string]string{}}
		if c.def != "" {
			e.Props[defaultKeyFormat] = c.def
		}
		if got := format(e.internalKey(Format{Name: c.format}, c.cols), nil); got != c.want {
			t.Errorf("%s (default %q) for %v: %s, want %s", c.format, c.def, c.cols, got, c.want)
		}
	}
	e := &Env{Functions: fn.Builtins(), Props: map[string]string{}}
	f := Format{Name: "DELIMITED", Props: map[string]string{serde.Delimiter: "|"}}
	if got := e.internalKey(f, columns(sql.TInteger)); got.Props[serde.Delimiter] != "|" {
		t.Errorf("the delimiter is lost: %+v", got)
	}
	if got := e.internalKey(f, columns(sql.DecimalOf(4, 2))); got.Props != nil {
		t.Errorf("JSON has a delimiter: %+v", got)
	}
}

func TestNewFormat(t *testing.T) {
	props := func(kv ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			out[kv[i]] = kv[i+1]
		}
		return out
	}
	for _, c := range []struct {
		name  string
		props map[string]string
		want  string
	}{
		{"json", nil, "JSON map[]"}, {"delimited", props(serde.Delimiter, ";"), "DELIMITED map[delimiter:;]"}, {"AVRO", props(serde.FullSchemaName, "x"), "AVRO map[fullSchemaName:x]"},
		{"PROTOBUF", props(serde.NullableAs, "WRAPPER"), "PROTOBUF map[nullableRepresentation:WRAPPER]"}, {"PROTOBUF_NOSR", props(serde.NullableAs, "WRAPPER"), "PROTOBUF_NOSR map[nullableRepresentation:WRAPPER]"},
		{"nope", nil, "Unknown format: NOPE"}, {"AVRO", props(serde.FullSchemaName, " "), "fullSchemaName cannot be empty. Format configuration: {fullSchemaName=}"},
		{"AVRO", props(serde.NullableAs, "WRAPPER"), "Property nullableRepresentation can only be enabled with protobuf format"},
		{"JSON", props(serde.Delimiter, ";"), "JSON does not support the following configs: [delimiter]"},
	} {
		f, err := newFormat(c.name, c.props)
		got := fmt.Sprint(f.Name, " ", f.Props)
		if err != nil {
			got = err.Error()
		}
		if got != c.want || err == nil && (f.Props == nil) != (len(c.props) == 0) {
			t.Errorf("%s %v: %s, want %s", c.name, c.props, got, c.want)
		}
	}
	given := props(serde.Delimiter, ";")
	f, _ := newFormat("DELIMITED", given)
	given[serde.Delimiter] = "!"
	if f.Props[serde.Delimiter] != ";" {
		t.Error("the format's properties change with those it was made from")
	}
}

// TestInherited: a sink takes over its source's delimiter, and the schema name of PROTOBUF only.
func TestInherited(t *testing.T) {
	all := map[string]string{serde.Delimiter: ";", serde.FullSchemaName: "x", serde.SchemaID: "1", serde.NullableAs: "WRAPPER"}
	for name, want := range map[string]map[string]string{
		"DELIMITED": {serde.Delimiter: ";"}, "AVRO": {serde.Delimiter: ";"}, "PROTOBUF": {serde.Delimiter: ";", serde.FullSchemaName: "x"},
	} {
		if got := inherited(Format{Name: name, Props: all}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if got := inherited(Format{Name: "PROTOBUF"}); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

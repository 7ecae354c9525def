package serde

import (
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

func TestCheck(t *testing.T) {
	f := func(name string, typ sql.Type) sql.Field { return sql.Field{Name: name, Type: typ} }
	for _, c := range []struct {
		format string
		props  map[string]string
		key    bool
		cols   []sql.Field
		want   string
	}{
		{"foo", nil, false, nil, "Unknown format: FOO"},
		{"KAFKA", nil, false, []sql.Field{f("V0", sql.TInteger), f("V1", sql.TString)}, "The 'KAFKA' format only supports a single field. Got: [`V0` INTEGER, `V1` STRING]"},
		{"KAFKA", nil, true, []sql.Field{f("F1", sql.TInteger), f("F2", sql.TInteger)}, "The 'KAFKA' format only supports a single field. Got: [`F1` INTEGER KEY, `F2` INTEGER KEY]"},
		{"kafka", nil, true, []sql.Field{f("K", sql.DecimalOf(21, 19))}, "The 'KAFKA' format does not support type 'DECIMAL'"},
		{"KAFKA", nil, true, []sql.Field{f("K", sql.TBytes)}, ""},
		{"DELIMITED", nil, true, []sql.Field{f("K", sql.ArrayOf(sql.TDouble))}, "The 'DELIMITED' format does not support type 'ARRAY', column: `K`"},
		{"DELIMITED", map[string]string{"delimiter": "<~>"}, false, nil, "Invalid delimiter value: '<~>'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'"},
		{"DELIMITED", map[string]string{"delimiter": "tab"}, false, nil, ""},
		{"NONE", nil, true, []sql.Field{f("K", sql.TString)}, "The 'NONE' format can only be used when no columns are defined. Got: [`K` STRING KEY]"},
		{"JSON", nil, false, []sql.Field{f("V", sql.ArrayOf(sql.MapOf(sql.TInteger, sql.TString)))}, "JSON only supports MAP types with STRING keys"},
		{"JSON", nil, false, []sql.Field{f("V", sql.StructOf(f("M", sql.MapOf(sql.TString, sql.TString))))}, ""},
		{"JSON", map[string]string{"fullSchemaName": "x"}, false, nil, "JSON does not support the following configs: [fullSchemaName]"},
		{"AVRO", nil, false, []sql.Field{f("1Foo", sql.TString)}, "Schema is not compatible with Avro: Illegal initial character: 1Foo"},
	} {
		got := ""
		if err := Check(c.format, c.props, c.key, c.cols, false); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %v: %q, want %q", c.format, c.cols, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	no := false
	j, _ := Lookup("json")
	k, _ := Lookup("Kafka")
	if !j.WrapsSingle(nil) || j.WrapsSingle(&no) || k.WrapsSingle(nil) {
		t.Error("default wrapping")
	}
	if err := k.CheckWrap(true); err == nil || err.Error() != "Format 'KAFKA' does not support 'WRAP_SINGLE_VALUE' set to 'true'." {
		t.Error(err)
	}
	d, _ := Lookup("DELIMITED")
	if d.HoldsKey([]sql.Field{{Name: "A", Type: sql.DecimalOf(4, 2)}}) || !d.HoldsKey([]sql.Field{{Name: "A", Type: sql.TDate}, {Name: "B", Type: sql.TString}}) {
		t.Error("keys of DELIMITED")
	}
}

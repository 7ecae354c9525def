package sql_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ksqlgo/ksql/sql"
)

func anyName(t *rapid.T) string {
	return rapid.SampledFrom([]string{"A", "a b", "`", "``x`", "", "KEY", "STRING", "Ünïcode \u2028", "'", "\\\"\n", "x, `y` INTEGER"}).Draw(t, "name")
}

func anyType(t *rapid.T, depth int) sql.Type {
	last := sql.Bytes
	k := sql.Kind(rapid.IntRange(int(sql.Null), int(last)).Draw(t, "kind"))
	if depth == 0 && (k == sql.Array || k == sql.Map || k == sql.Struct) {
		k = sql.String
	}
	switch k {
	case sql.Decimal:
		return sql.DecimalOf(rapid.IntRange(1, 100_000).Draw(t, "precision"), rapid.IntRange(-5, 38).Draw(t, "scale"))
	case sql.Array:
		return sql.ArrayOf(anyType(t, depth-1))
	case sql.Map:
		return sql.MapOf(anyType(t, depth-1), anyType(t, depth-1))
	case sql.Struct:
		var fields []sql.Field
		for range rapid.IntRange(0, 3).Draw(t, "fields") {
			fields = append(fields, sql.Field{Name: anyName(t), Type: anyType(t, depth-1)})
		}
		return sql.StructOf(fields...)
	}
	return sql.Type{Kind: k}
}

// TestTypeText: types and schemas are after JSON what they were, and have one text.
func TestTypeText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sql.Schema
		for range rapid.IntRange(0, 4).Draw(t, "columns") {
			c := sql.Column{Field: sql.Field{Name: anyName(t), Type: anyType(t, 4)}, Role: sql.Role(rapid.IntRange(0, int(sql.PseudoRole)).Draw(t, "role"))}
			if c.Role == sql.HeadersRole {
				c.Header = anyName(t)
			}
			s = append(s, c)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back sql.Schema
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(back, s) {
			t.Fatalf("%s is read as %#v, not %#v", text, back, s)
		}
		if again, err := json.Marshal(back); err != nil || string(again) != string(text) {
			t.Fatalf("%s, then %s (%v)", text, again, err)
		}
	})
}

// TestTypeTextFrozen: records of earlier builds must be read for ever.
func TestTypeTextFrozen(t *testing.T) {
	s := sql.Schema{
		{Field: sql.Field{Name: "K`", Type: sql.TString}, Role: sql.KeyRole},
		{Field: sql.Field{Name: "V", Type: sql.MapOf(sql.TString, sql.ArrayOf(sql.StructOf(sql.Field{Name: "x", Type: sql.DecimalOf(4, 2)}, sql.Field{Name: "y", Type: sql.StructOf()})))}},
		{Field: sql.Field{Name: "H", Type: sql.TBytes}, Role: sql.HeadersRole, Header: "it's"},
		{Field: sql.Field{Name: "A", Type: sql.THeaders()}, Role: sql.HeadersRole},
		{Field: sql.Field{Name: "WINDOWSTART", Type: sql.TBigint}, Role: sql.PseudoRole},
	}
	const want = "`K``` STRING KEY, `V` MAP<STRING, ARRAY<STRUCT<`x` DECIMAL(4, 2), `y` STRUCT<>>>>, `H` BYTES HEADERS('it''s'), `A` ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>> HEADERS, `WINDOWSTART` BIGINT PSEUDO"
	text, err := s.MarshalText()
	if err != nil || string(text) != want {
		t.Errorf("%s (%v), want %s", text, err, want)
	}
}

// TestTypeTextRefused: what no build wrote is an error.
func TestTypeTextRefused(t *testing.T) {
	for _, text := range []string{"", "INT", "string", "ARRAY", "ARRAY<>", "ARRAY<STRING", "ARRAY<STRING>>", "MAP<STRING>", "DECIMAL", "DECIMAL(4,2)", "DECIMAL(99999999999999999999, 1)",
		"STRUCT<`a>", "STRUCT<a STRING>", "STRUCT<`a` STRING,>", "STRING KEY", strings.Repeat("ARRAY<", 1<<19)} {
		var got sql.Type
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("type %.50q is %s", text, got)
		} else if len(err.Error()) > 2000 {
			t.Errorf("type %.50q: an error of %d bytes", text, len(err.Error()))
		}
		var s sql.Schema
		if err := s.UnmarshalText([]byte("`A` " + text)); err == nil && text != "STRING KEY" {
			t.Errorf("schema %.50q is %s", text, s)
		}
	}
	for _, typ := range []sql.Type{{Kind: sql.Named, Name: "ADDRESS"}, sql.ArrayOf(sql.Type{Kind: sql.Var, Name: "T"}), {Kind: sql.Interval}} {
		if text, err := typ.MarshalText(); err == nil {
			t.Errorf("%v has the text %s", typ, text)
		}
	}
	var kind sql.SourceKind
	var window sql.WindowKind
	if err := kind.UnmarshalText([]byte("VIEW")); err == nil {
		t.Error("VIEW is a kind of source")
	}
	if err := window.UnmarshalText([]byte("tumbling")); err == nil {
		t.Error("tumbling is a kind of window")
	}
	for _, w := range []sql.WindowKind{sql.NoWindow, sql.Tumbling, sql.Hopping, sql.Session} {
		text, _ := json.Marshal(w)
		if err := json.Unmarshal(text, &window); err != nil || window != w {
			t.Error(w, string(text), window, err)
		}
	}
	for _, k := range []sql.SourceKind{sql.StreamKind, sql.TableKind} {
		text, _ := json.Marshal(k)
		if err := json.Unmarshal(text, &kind); err != nil || fmt.Sprint(kind) != fmt.Sprint(k) {
			t.Error(k, string(text), kind, err)
		}
	}
}

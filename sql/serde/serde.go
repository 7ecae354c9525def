// Package serde is what the planner must know of the serialization formats: which there are, what each
// can hold, and ksqlDB's words for what it cannot. The codecs stand in store/format.
package serde

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql"
)

// Names of the properties that formats take.
const (
	Delimiter        = "delimiter"
	FullSchemaName   = "fullSchemaName"
	SchemaID         = "schemaId"
	UnwrapPrimitives = "unwrapPrimitives"
	NullableAs       = "nullableRepresentation"
)

// Format is what a format can do.
type Format struct {
	Name           string   // upper case
	SchemaRegistry bool     // schemas live in the Schema Registry
	Infer          bool     // columns may be taken from the registry
	Wrap           bool     // a single column may be written as a record of one field
	Unwrap         bool     // a single column may be written bare
	Keys           bool     // it may hold key columns
	Props          []string // properties it takes
	Local          bool     // this build reads and writes it

	check func(key bool, cols []sql.Field, unwrapped bool) error // why it cannot hold the columns; nil: it holds all
	inKey func(k sql.Kind) bool                                  // may a column of a key have the kind; nil: any
	one   bool                                                   // it holds one column at most
}

var schemaProps = []string{FullSchemaName, SchemaID}

// formats is the table. A new format is its line here, its line in package format, and its codec there.
var formats = []Format{
	{Name: "KAFKA", Unwrap: true, Keys: true, Local: true, check: checkKafka, inKey: kafkaType, one: true},
	{Name: "DELIMITED", Unwrap: true, Keys: true, Local: true, Props: []string{Delimiter}, check: checkDelimited, inKey: delimitedKey},
	{Name: "JSON", Wrap: true, Unwrap: true, Keys: true, Local: true, check: checkJSON},
	{Name: "JSON_SR", SchemaRegistry: true, Infer: true, Wrap: true, Unwrap: true, Keys: true, Props: schemaProps, check: checkJSON},
	{Name: "AVRO", SchemaRegistry: true, Infer: true, Wrap: true, Unwrap: true, Keys: true, Props: schemaProps, check: checkAvro},
	{Name: "PROTOBUF", SchemaRegistry: true, Infer: true, Wrap: true, Keys: true, Props: []string{FullSchemaName, SchemaID, UnwrapPrimitives, NullableAs}, check: checkProtobuf},
	{Name: "PROTOBUF_NOSR", Wrap: true, Unwrap: true, Keys: true, Props: []string{UnwrapPrimitives, NullableAs}, check: checkProtobuf},
	{Name: "NONE", Local: true, check: checkNone},
}

// Formats is the table.
func Formats() []Format { return slices.Clone(formats) }

// Lookup finds a format by name, in any case.
func Lookup(name string) (Format, bool) {
	name = strings.ToUpper(name)
	for _, f := range formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Find is Lookup with ksqlDB's error for a name it does not know.
func Find(name string) (Format, error) {
	f, ok := Lookup(name)
	if !ok {
		return f, errors.New("Unknown format: " + strings.ToUpper(name))
	}
	return f, nil
}

// WrapsSingle says whether a single value column is written as a record of one field when the user does not
// say; def is ksql.persistence.wrap.single.values (nil: not set).
func (f Format) WrapsSingle(def *bool) bool {
	if f.Wrap && f.Unwrap {
		return def == nil || *def
	}
	return f.Wrap
}

// CheckWrap tells whether WRAP_SINGLE_VALUE may have that value with the format.
func (f Format) CheckWrap(wrap bool) error {
	if wrap && !f.Wrap || !wrap && !f.Unwrap {
		return fmt.Errorf("Format '%s' does not support 'WRAP_SINGLE_VALUE' set to '%t'.", f.Name, wrap)
	}
	return nil
}

// HoldsKey reports whether the format can hold cols as the key of an internal topic; where it cannot, ksqlDB
// switches that topic's key to JSON (DECIMAL under DELIMITED too, though a declaration accepts it).
func (f Format) HoldsKey(cols []sql.Field) bool {
	if !f.Keys && len(cols) > 0 || f.one && len(cols) > 1 {
		return false
	}
	for _, c := range cols {
		if f.inKey != nil && !f.inKey(c.Type.Kind) {
			return false
		}
	}
	return true
}

func kafkaType(k sql.Kind) bool {
	switch k {
	case sql.Integer, sql.Bigint, sql.Double, sql.String, sql.Bytes:
		return true
	}
	return false
}

// CheckProps refuses properties that the format does not take, and delimiters that are none.
func CheckProps(format string, props map[string]string) error {
	f, err := Find(format)
	if err != nil {
		return err
	}
	var bad []string
	for p := range props {
		known := false
		for _, q := range f.Props {
			known = known || p == q
		}
		if !known {
			bad = append(bad, p)
		}
	}
	if len(bad) > 0 {
		sort.Strings(bad)
		return fmt.Errorf("%s does not support the following configs: [%s]", f.Name, strings.Join(bad, ", "))
	}
	if d, ok := props[Delimiter]; ok {
		_, err = DelimiterOf(d)
	}
	return err
}

// DelimiterOf is the character that a KEY_DELIMITER or VALUE_DELIMITER names: itself, or TAB or SPACE.
func DelimiterOf(s string) (rune, error) {
	if strings.TrimSpace(s) == "" {
		return 0, errors.New("Delimiter cannot be empty, if you meant to have a tab or space for delimiter, please use the special values 'TAB' or 'SPACE'\nExample valid value: ';'")
	}
	if r, n := utf8.DecodeRuneInString(s); n == len(s) && r < 0x10000 {
		return r, nil
	}
	switch strings.ToUpper(s) {
	case "TAB":
		return '\t', nil
	case "SPACE":
		return ' ', nil
	}
	return 0, fmt.Errorf("Invalid delimiter value: '%s'. Delimiter must be a single character or TAB,SPACE\nExample valid value: ';'", s)
}

// Check tells whether the format can hold these columns of a key (or a value), bare when unwrapped is set.
// The error is ksqlDB's reason text; the frame around it is the caller's.
func Check(format string, props map[string]string, key bool, cols []sql.Field, unwrapped bool) error {
	f, err := Find(format)
	if err != nil {
		return err
	}
	if err := CheckProps(format, props); err != nil {
		return err
	}
	if f.check == nil {
		return nil
	}
	return f.check(key, cols, unwrapped)
}

func checkKafka(key bool, cols []sql.Field, _ bool) error {
	if len(cols) > 1 {
		return fmt.Errorf("The 'KAFKA' format only supports a single field. Got: [%s]", Columns(key, cols))
	}
	for _, c := range cols {
		if !kafkaType(c.Type.Kind) {
			return fmt.Errorf("The 'KAFKA' format does not support type '%s'", c.Type.Kind)
		}
	}
	return nil
}

func checkDelimited(_ bool, cols []sql.Field, _ bool) error {
	for _, c := range cols {
		if k := c.Type.Kind; nested(k) {
			return fmt.Errorf("The 'DELIMITED' format does not support type '%s', column: `%s`", k, c.Name)
		}
	}
	return nil
}

func nested(k sql.Kind) bool { return k == sql.Array || k == sql.Map || k == sql.Struct }

func delimitedKey(k sql.Kind) bool { return !nested(k) && k != sql.Decimal }

func checkNone(key bool, cols []sql.Field, _ bool) error {
	if len(cols) > 0 {
		return fmt.Errorf("The 'NONE' format can only be used when no columns are defined. Got: [%s]", Columns(key, cols))
	}
	return nil
}

func checkJSON(_ bool, cols []sql.Field, _ bool) error {
	return everyMap(cols, "JSON only supports MAP types with STRING keys")
}

func checkAvro(_ bool, cols []sql.Field, unwrapped bool) error {
	err := everyMap(cols, "Avro only supports MAPs with STRING keys")
	if err == nil && !unwrapped {
		err = avroNames(cols)
	}
	return err
}

func checkProtobuf(_ bool, cols []sql.Field, _ bool) error {
	return everyMap(cols, "PROTOBUF format only supports MAP types with STRING keys. See https://github.com/confluentinc/ksql/issues/6177.")
}

// Columns prints columns as ksqlDB's messages do: `K` STRING KEY, `L` BIGINT KEY.
func Columns(key bool, cols []sql.Field) string {
	s := make(sql.Schema, len(cols))
	for i, c := range cols {
		s[i].Field = c
		if key {
			s[i].Role = sql.KeyRole
		}
	}
	return s.String()
}

// everyMap refuses, with text, a MAP whose keys are no STRINGs, at any depth.
func everyMap(cols []sql.Field, text string) error {
	for _, c := range cols {
		if !stringMaps(&c.Type) {
			return errors.New(text)
		}
	}
	return nil
}

func stringMaps(t *sql.Type) bool {
	if t == nil {
		return true
	}
	if t.Kind == sql.Map && t.Key.Kind != sql.String {
		return false
	}
	for i := range t.Fields {
		if !stringMaps(&t.Fields[i].Type) {
			return false
		}
	}
	return stringMaps(t.Elem)
}

// avroNames refuses names that Avro cannot write; a dot becomes an underscore first.
func avroNames(cols []sql.Field) error {
	for _, c := range cols {
		for i, r := range strings.ReplaceAll(c.Name, ".", "_") {
			letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
			if i == 0 && !letter {
				return errors.New("Schema is not compatible with Avro: Illegal initial character: " + c.Name)
			}
			if !letter && (r < '0' || r > '9') {
				return errors.New("Schema is not compatible with Avro: Illegal character in: " + c.Name)
			}
		}
		for t := &c.Type; t != nil; t = t.Elem {
			if err := avroNames(t.Fields); err != nil {
				return err
			}
		}
	}
	return nil
}

package format

import (
	"strconv"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/json"
)

// coercion is why a value does not fit, and where it stands below $.
type coercion struct {
	text, path string
}

func (e *coercion) Error() string { return e.text + ", path: $" + e.path }

// within says that err came from a part of the value.
func within(err error, part string) error {
	if e, ok := err.(*coercion); ok {
		return &coercion{e.text, part + e.path}
	}
	return err
}

func mismatch(b []byte, p int, required string) error {
	return &coercion{text: "Can't convert type. sourceType: " + nodeName(b, p) + ", requiredType: " + required}
}

func badText(k sql.Kind) error {
	return &coercion{text: "Can't coerce string to type. targetType: " + k.String()}
}

// nodeName is Jackson's class for the value at p.
func nodeName(b []byte, p int) string {
	switch b[p] {
	case '"':
		return "TextNode"
	case '{':
		return "ObjectNode"
	case '[':
		return "ArrayNode"
	case 't', 'f':
		return "BooleanNode"
	case 'n':
		return "NullNode"
	}
	end, whole := json.Number(b, p)
	if !whole {
		return "DecimalNode"
	}
	if _, err := strconv.ParseInt(string(b[p:end]), 10, 32); err == nil {
		return "IntNode"
	}
	if _, err := strconv.ParseInt(string(b[p:end]), 10, 64); err == nil {
		return "LongNode"
	}
	return "BigIntegerNode"
}

func typeText(t sql.Type) string {
	switch t.Kind {
	case sql.Array, sql.Map, sql.Struct:
		return t.Plain()
	}
	return t.Kind.String()
}

var errTime = &coercion{text: "Time values must use number of milliseconds greater than 0 and less than 86400000."}

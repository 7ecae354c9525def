package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// typeOf reads a type as SQL writes it.
func typeOf(t *testing.T, text string) sql.Type {
	t.Helper()
	defs, err := sql.ParseSchema("X " + text)
	if err != nil {
		t.Fatal(text, err)
	}
	return defs[0].Type
}

// TestCastable holds every pair of types to the table of spec 5.8.
func TestCastable(t *testing.T) {
	all := []string{"BOOLEAN", "INTEGER", "BIGINT", "DECIMAL(4,2)", "DECIMAL(5,2)", "DOUBLE", "STRING", "DATE", "TIME", "TIMESTAMP", "BYTES",
		"ARRAY<INTEGER>", "ARRAY<STRING>", "ARRAY<BOOLEAN>", "MAP<STRING,INTEGER>", "MAP<BOOLEAN,INTEGER>", "MAP<STRING,BOOLEAN>", "MAP<INTEGER,STRING>",
		"STRUCT<X INTEGER>", "STRUCT<X BOOLEAN>", "STRUCT<Y INTEGER, X STRING>"}
	for from, targets := range map[string]string{
		"BOOLEAN":                     "STRING",
		"INTEGER":                     "BIGINT DECIMAL(4,2) DECIMAL(5,2) DOUBLE STRING",
		"BIGINT":                      "INTEGER DECIMAL(4,2) DECIMAL(5,2) DOUBLE STRING",
		"DECIMAL(4,2)":                "INTEGER BIGINT DECIMAL(5,2) DOUBLE STRING",
		"DECIMAL(5,2)":                "INTEGER BIGINT DECIMAL(4,2) DOUBLE STRING",
		"DOUBLE":                      "INTEGER BIGINT DECIMAL(4,2) DECIMAL(5,2) STRING",
		"STRING":                      "BOOLEAN INTEGER BIGINT DECIMAL(4,2) DECIMAL(5,2) DOUBLE DATE TIME TIMESTAMP BYTES",
		"DATE":                        "TIMESTAMP STRING",
		"TIME":                        "STRING",
		"TIMESTAMP":                   "DATE TIME STRING",
		"BYTES":                       "",
		"ARRAY<INTEGER>":              "ARRAY<STRING> STRING",
		"ARRAY<STRING>":               "ARRAY<INTEGER> ARRAY<BOOLEAN> STRING",
		"ARRAY<BOOLEAN>":              "ARRAY<STRING> STRING",
		"MAP<STRING,INTEGER>":         "MAP<BOOLEAN,INTEGER> MAP<INTEGER,STRING> STRING",
		"MAP<BOOLEAN,INTEGER>":        "MAP<STRING,INTEGER> STRING",
		"MAP<STRING,BOOLEAN>":         "MAP<INTEGER,STRING> STRING",
		"MAP<INTEGER,STRING>":         "MAP<STRING,INTEGER> MAP<STRING,BOOLEAN> STRING",
		"STRUCT<X INTEGER>":           "STRUCT<Y_INTEGER,_X_STRING> STRING",
		"STRUCT<X BOOLEAN>":           "STRUCT<Y_INTEGER,_X_STRING> STRING",
		"STRUCT<Y INTEGER, X STRING>": "STRUCT<X_INTEGER> STRUCT<X_BOOLEAN> STRING",
	} {
		have := append(strings.Fields(targets), strings.ReplaceAll(from, " ", "_"))
		for _, to := range all {
			want := slices.Contains(have, strings.ReplaceAll(to, " ", "_"))
			if got := Castable(typeOf(t, from), typeOf(t, to)); got != want {
				t.Errorf("%s to %s: %v", from, to, got)
			}
		}
	}
	for _, to := range all {
		if !Castable(sql.TNull, typeOf(t, to)) {
			t.Errorf("NULL cannot be cast to %s", to)
		}
	}
}

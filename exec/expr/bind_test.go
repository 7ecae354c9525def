package expr

import (
	"strings"
	"testing"
)

func TestTypes(t *testing.T) {
	x := columns(t, sampleSchema)
	for _, c := range []struct{ text, want string }{
		{"10.0", "DECIMAL(3, 1)"}, {"0.8", "DECIMAL(2, 1)"}, {".005", "DECIMAL(4, 3)"}, {"1.", "DECIMAL(1, 0)"}, {"0010.00", "DECIMAL(4, 2)"},
		{"2147483647", "INTEGER"}, {"-2147483648", "INTEGER"}, {"2147483648", "BIGINT"}, {"1E0", "DOUBLE"},
		{"M + M", "DECIMAL(5, 2)"}, {"M + I", "DECIMAL(13, 2)"}, {"M * L", "DECIMAL(24, 2)"}, {"M / M", "DECIMAL(11, 7)"}, {"M % M", "DECIMAL(4, 2)"},
		{"M % L", "DECIMAL(4, 2)"}, {"I + L", "BIGINT"}, {"I + D", "DOUBLE"}, {"M + D", "DOUBLE"},
		{"ARRAY[1, 2147483648]", "ARRAY<BIGINT>"}, {"ARRAY[1, '1.5']", "ARRAY<DECIMAL(11, 1)>"}, {"ARRAY['a', 1, TRUE]", "ARRAY<STRING>"},
		{"ARRAY[1, '2147483647']", "ARRAY<BIGINT>"}, {"ARRAY[1E0, '5']", "ARRAY<DOUBLE>"}, {"ARRAY[DT, '2020']", "ARRAY<DATE>"},
		{"ARRAY[TRUE, 'yes']", "ARRAY<BOOLEAN>"}, {"ARRAY[ARRAY[1], ARRAY['2.0']]", "ARRAY<ARRAY<DECIMAL(11, 1)>>"},
		{"ARRAY[STRUCT(X := I, Y := L), STRUCT(Y := I, Z := L)]", "ARRAY<STRUCT<`Y` BIGINT, `Z` BIGINT, `X` INTEGER>>"},
		{"MAP('a' := 1, 'b' := 1.5)", "MAP<STRING, DECIMAL(11, 1)>"},
		{"CASE WHEN B THEN NULL ELSE M END", "DECIMAL(4, 2)"},
		{"A[1]", "INTEGER"}, {"ST->F1", "STRING"}, {"NULL IS NULL", "BOOLEAN"},
		{"TRANSFORM(A, x => x + L)", "ARRAY<BIGINT>"},
	} {
		if got := x.mustBind(t, c.text).Type().String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestBindErrors(t *testing.T) {
	x := columns(t, sampleSchema)
	for _, c := range []struct{ text, want string }{
		{"NOPE", "Unknown column NOPE."},
		{"NOPE(1)", "Can't find any functions with the name 'NOPE'"},
		{"TRUE + 1.5", "Error processing expression: (true + 1.5). Unsupported arithmetic types. BOOLEAN DECIMAL"},
		{"1 + NULL", "Error processing expression: (1 + null). Arithmetic on types INTEGER and null are not supported."},
		{"S - S", "Error processing expression: (S - S). Unsupported arithmetic types. STRING STRING"},
		{"I >= 'not an int'", "Cannot compare I (INTEGER) to 'not an int' (STRING) with GREATER_THAN_OR_EQUAL."},
		{"A < AL", "Cannot compare A (ARRAY<INTEGER>) to AL (ARRAY<BIGINT>) with LESS_THAN."},
		{"B > TRUE", "Cannot compare B (BOOLEAN) to true (BOOLEAN) with GREATER_THAN."},
		{"T = TS", "Cannot compare T (TIME) to TS (TIMESTAMP) with EQUAL."},
		{"I IS NOT DISTINCT FROM S", "Cannot compare I (INTEGER) to S (STRING) with IS_NOT_DISTINCT_FROM."},
		{"S BETWEEN 1 AND 2", "Cannot compare S (STRING) to 1 (INTEGER) with GREATER_THAN_OR_EQUAL."},
		{"L = NULL", "Comparison with NULL not supported: BIGINT = NULL\nUse 'IS NULL' or 'IS NOT NULL' instead."},
		{"NULL <> NULL", "Comparison with NULL not supported: NULL <> NULL\nUse 'IS NULL' or 'IS NOT NULL' instead."},
		{"I IN (10, TRUE)", "Invalid Predicate: operator does not exist: INTEGER = BOOLEAN (true)\nHint: You might need to add explicit type casts."},
		{"M IN (10, S)", "Invalid Predicate: operator does not exist: DECIMAL(12, 2) = STRING (S)\nHint: You might need to add explicit type casts."},
		{"L IN (10, '10 - not a number')", "Invalid Predicate: invalid input syntax for type BIGINT: \"10 - not a number\"."},
		{"M IN ('x')", "Invalid Predicate: invalid input syntax for type DECIMAL: \"x\"."},
		{"B IN ('maybe')", "Invalid Predicate: invalid input syntax for type BOOLEAN: \"maybe\"."},
		{"AL IN (AL, ARRAY[B])", "Invalid Predicate: operator does not exist: ARRAY<BIGINT> = ARRAY<BOOLEAN> (ARRAY[B])\nHint: You might need to add explicit type casts."},
		{"AL IN (AL, ARRAY['10', 'not 10'])", "Invalid Predicate: invalid input syntax for type BIGINT: \"not 10\"."},
		{"AL IN (ARRAY[1,2], I)", "Invalid Predicate: operator does not exist: ARRAY<BIGINT> = INTEGER (I)\nHint: You might need to add explicit type casts."},
		{"ST IN (STRUCT(F0 := B))", "Invalid Predicate: operator does not exist: STRUCT<`F0` INTEGER, `F1` STRING> = STRUCT<`F0` BOOLEAN> (STRUCT(F0:=B))\nHint: You might need to add explicit type casts."},
		{"ARRAY[1, 'not a number']", "invalid input syntax for type INTEGER: \"not a number\"."},
		{"ARRAY[]", "Array constructor cannot be empty. Please supply at least one element (see https://github.com/confluentinc/ksql/issues/4239)."},
		{"ARRAY[NULL]", "Cannot construct an array with all NULL elements (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type."},
		{"MAP()", "Map constructor cannot be empty. Please supply at least one key value pair (see https://github.com/confluentinc/ksql/issues/4239)."},
		{"MAP(NULL := 1)", "Cannot construct a map with all NULL keys (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type."},
		{"MAP('a' := NULL)", "Cannot construct a map with all NULL values (see https://github.com/confluentinc/ksql/issues/4239). As a workaround, you may cast a NULL value to the desired type."},
		{"CASE WHEN I THEN 1 END", "WHEN operand type should be boolean.\nType for 'I' is INTEGER"},
		{"CASE WHEN B THEN 'x' WHEN I = 1 THEN 90 END", "Invalid Case expression. Type for all 'THEN' clauses should be the same.\nTHEN expression 'WHEN (I = 1) THEN 90' has type: INTEGER.\nPrevious THEN expression(s) type: STRING."},
		{"CASE WHEN B THEN 1 ELSE 2.0 END", "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses.\nTHEN type: INTEGER.\nDEFAULT type: DECIMAL(2, 1)."},
		{"CASE WHEN B THEN NULL ELSE NULL END", "Invalid Case expression. All case branches have NULL type"},
		{"CAST(S AS ARRAY<INT>)", "Cast of STRING to ARRAY<INTEGER> is not supported"},
		{"CAST(S AS STRUCT<F0 STRING, F1 INT>)", "Cast of STRING to STRUCT<`F0` STRING, `F1` INTEGER> is not supported"},
		{"CAST(B AS INT)", "Cast of BOOLEAN to INTEGER is not supported"},
		{"CAST(Y AS STRING)", "Cast of BYTES to STRING is not supported"},
		{"CAST(A AS ARRAY<BOOLEAN>)", "Cast of ARRAY<INTEGER> to ARRAY<BOOLEAN> is not supported"},
		{"ST->NOPE", "Could not find field 'NOPE' in 'ST'."},
		{"I LIKE 'x'", "Like condition must be between strings"},
	} {
		e, err := x.bind(c.text, false)
		if err == nil {
			t.Errorf("%s: bound as %s", c.text, e.Type())
		} else if err.Error() != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.text, err, c.want)
		}
	}
	if _, err := x.bind("STRUCT(A := 1, A := 2)", false); err == nil || !strings.Contains(err.Error(), "Duplicate field names found in STRUCT") {
		t.Errorf("duplicate fields: %v", err)
	}
	for _, c := range []struct{ text, want string }{
		{"I + 1", "Type error in WHERE expression: Should evaluate to boolean but is (I + 1) (INTEGER) instead.\nStatement: (I + 1)"},
		{"I = 'x'", "Error in WHERE expression: Cannot compare I (INTEGER) to 'x' (STRING) with EQUAL.\nStatement: (I = 'x')"},
		{"NOPE = 1", "Error in WHERE expression: Unknown column NOPE.\nStatement: (NOPE = 1)"},
	} {
		if _, err := x.bind(c.text, true); err == nil || err.Error() != c.want {
			t.Errorf("WHERE %s:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestFilter(t *testing.T) {
	x := columns(t, sampleSchema+", ROWTIME BIGINT")
	rows := sampleRows()
	for i := range rows {
		rows[i]["ROWTIME"] = int64(1514764800000 + i)
	}
	for _, c := range []struct {
		text string
		want []int32
	}{
		{"I > 5", []int32{0}},
		{"NOT (I > 5)", []int32{1, 2}},
		{"B", []int32{0}},
		{"I / J > 0", []int32{0}},
		{"ROWTIME > '2018-01-01T00:00:00.001'", []int32{2}},
		{"'2018-01-01T04:45:00.001+0445' <= ROWTIME", []int32{1, 2}},
		{"ROWTIME BETWEEN '2018' AND '2018-01-01T00:00:00.001'", []int32{0, 1}},
		{"CAST('x' AS INT) IS NULL", nil}, // FALSE stands where an INTEGER is expected: an error
		{"CAST(S AS INT) IS NULL", []int32{1}},
		{"I / J > 0 OR TRUE", []int32{0}},
		{"TRUE OR I / J > 0", []int32{0, 1, 2}},
		{"S LIKE 'f%'", []int32{0}},
		{"S NOT LIKE 'f%'", []int32{2}},
	} {
		got := x.filter(t, c.text, rows...)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", c.text, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v, want %v", c.text, got, c.want)
				break
			}
		}
	}
	if _, err := x.bind("ROWTIME > 'rubbish'", true); err == nil || !strings.HasPrefix(err.Error(), "Failed to parse timestamp 'rubbish': ") {
		t.Errorf("bad time: %v", err)
	}
}

func TestLike(t *testing.T) {
	x := columns(t, "S STRING, P STRING")
	for _, c := range []struct {
		s, p string
		want bool
	}{
		{"foo", "foo", true}, {"foo", "fo", false}, {"foo", "f__", true}, {"foo", "f_", false}, {"a\U0001F600b", "a_b", true}, {"", "", true}, {"", "%", true}, {"", "_", false},
		{"foobar", "%oba%", true}, {"foobar", "%obx%", false}, {"foobar", "f%r", true}, {"foobar", "f%ra", false}, {"foobar", "%", true}, {"foobar", "%r", true}, {"foobar", "f%", true},
		{"abcabc", "%abc", true}, {"ababab", "%ab_b", true}, {"aXbXc", "a%X%c", true}, {"a.c", "a.c", true}, {"abc", "a.c", false},
		{"a\nb", "a%", false}, {"a\nb", "a\nb", true}, {"a\nb", "%\n%", true}, {"a\nb", "a_b", false}, {"x\u2028", "x_", false}, {"a\nb", "%b", false}, {"a\nb", "a%b", false},
		{"100%", "100!%", true}, {"100x", "100!%", false}, {"a_b", "a!_b", true}, {"axb", "a!_b", false}, {"a!b", "a!!b", true},
	} {
		text := "S LIKE P"
		if strings.Contains(c.p, "!") {
			text += " ESCAPE '!'"
		}
		lit := strings.Replace(text, "P", "'"+c.p+"'", 1)
		lit = strings.Replace(lit, "ESCA'"+c.p+"'E", "ESCAPE", 1)
		for _, q := range []string{text, lit} {
			if got := x.eval(t, q, row{"S": c.s, "P": c.p})[0]; (got == "true") != c.want || got == "!" {
				t.Errorf("%q: %s with %q: got %s", c.s, q, c.p, got)
			}
		}
	}
	if got := x.eval(t, "S LIKE 'a!' ESCAPE '!'", row{"S": "a"})[0]; got != "!" {
		t.Errorf("pattern that ends with its escape: got %s", got)
	}
}

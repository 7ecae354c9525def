package plan

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// everyType has a column of each type, named by the type's initials.
const everyType = "BO BOOLEAN, I INT, L BIGINT, DE DECIMAL(4,2), DF DECIMAL(6,3), DO DOUBLE, S STRING, D DATE, T TIME, TS TIMESTAMP, BB BYTES, " +
	"AR ARRAY<INT>, M MAP<STRING, INT>, ST STRUCT<X INT, Y STRING>"

// binderOf binds over the columns that a list declares.
func binderOf(t *testing.T, columns string) *Binder {
	t.Helper()
	row := typeOf(t, "STRUCT<"+columns+">")
	return &Binder{Functions: fn.Builtins(), Config: map[string]string{}, Column: func(c *sql.ColumnRef) (int, sql.Type, error) {
		for i, f := range row.Fields {
			if f.Name == c.Name {
				return i, f.Type, nil
			}
		}
		return 0, sql.Type{}, errorf("Unknown column %s.", c.Name)
	}}
}

// exprOf is an expression as it is parsed.
func exprOf(t *testing.T, text string) sql.Expr {
	t.Helper()
	stmts, err := sql.Parse("SELECT "+text+" AS X FROM S EMIT CHANGES;", nil)
	if err != nil {
		t.Fatalf("%.200s: %v", text, err)
	}
	return stmts[0].Statement.(*sql.Select).Items[0].X
}

// TestTypes: what an expression's type is, or why it has none.
func TestTypes(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{"I + I", "INTEGER"}, {"I - L", "BIGINT"}, {"L * I", "BIGINT"}, {"L % L", "BIGINT"}, {"I / DO", "DOUBLE"}, {"DO + DE", "DOUBLE"}, {"DE - DO", "DOUBLE"},
		{"DO + L", "DOUBLE"}, {"S + S", "STRING"},
		// spec 5.5: precision and scale of DECIMAL results
		{"DE + DF", "DECIMAL(7, 3)"}, {"DF + DE", "DECIMAL(7, 3)"}, {"DE - DF", "DECIMAL(7, 3)"}, {"DF - DE", "DECIMAL(7, 3)"},
		{"DE * DF", "DECIMAL(11, 5)"}, {"DE / DF", "DECIMAL(14, 9)"}, {"DF / DE", "DECIMAL(13, 8)"}, {"DE % DF", "DECIMAL(5, 3)"}, {"DF % DE", "DECIMAL(5, 3)"},
		{"CAST(I AS DECIMAL(1, 0)) / CAST(I AS DECIMAL(1, 0))", "DECIMAL(7, 6)"},
		{"CAST(I AS DECIMAL(4, 0)) / CAST(I AS DECIMAL(6, 0))", "DECIMAL(11, 7)"},
		{"CAST(I AS DECIMAL(5, 1)) + CAST(I AS DECIMAL(3, 2))", "DECIMAL(7, 2)"}, {"CAST(I AS DECIMAL(5, 1)) % CAST(I AS DECIMAL(3, 2))", "DECIMAL(3, 2)"},
		{"I + DE", "DECIMAL(13, 2)"}, {"DE + I", "DECIMAL(13, 2)"}, {"L - DE", "DECIMAL(22, 2)"}, {"I * DE", "DECIMAL(15, 2)"}, {"DE * L", "DECIMAL(24, 2)"},
		{"I + S", "Error processing expression: (I + S). Unsupported arithmetic types. INTEGER STRING"},
		{"S + I", "Error processing expression: (S + I). Unsupported arithmetic types. STRING INTEGER"},
		{"S - S", "Error processing expression: (S - S). Unsupported arithmetic types. STRING STRING"},
		{"BO + BO", "Error processing expression: (BO + BO). Unsupported arithmetic types. BOOLEAN BOOLEAN"},
		{"1 + NULL", "Error processing expression: (1 + null). Arithmetic on types INTEGER and null are not supported."},
		{"NULL + DO", "Error processing expression: (null + DO). Arithmetic on types null and DOUBLE are not supported."},
		{"-I", "INTEGER"}, {"-DE", "DECIMAL(4, 2)"}, {"+L", "BIGINT"}, {"-S", "Error processing expression: -S. Negation on unsupported type: STRING"},
		{"+S", "Error processing expression: +S. Negation on unsupported type: STRING"},
		{"BO AND NOT BO OR I = 1", "BOOLEAN"}, {"I IS NULL", "BOOLEAN"}, {"S LIKE 'a%'", "BOOLEAN"}, {"I BETWEEN 1 AND L", "BOOLEAN"}, {"I IN (1, 2)", "BOOLEAN"},
		{"I AND BO", "Operands of AND should be boolean, but I is INTEGER."}, {"BO AND I", "Operands of AND should be boolean, but I is INTEGER."},
		{"I OR BO", "Operands of OR should be boolean, but I is INTEGER."}, {"BO OR S", "Operands of OR should be boolean, but S is STRING."},
		{"NOT I", "Operands of NOT should be boolean, but I is INTEGER."},
		{"I LIKE 'a'", "Like condition must be between strings"}, {"S LIKE I", "Like condition must be between strings"},
		{"S BETWEEN 1 AND 'a'", "Cannot compare S (STRING) to 1 (INTEGER) with GREATER_THAN_OR_EQUAL."},
		{"S BETWEEN 'a' AND 1", "Cannot compare S (STRING) to 1 (INTEGER) with LESS_THAN_OR_EQUAL."},
		{"I IN (1, 'x')", "Invalid Predicate: invalid input syntax for type INTEGER: \"x\"."}, {"I IN (1, ARRAY[1, 'x'])", "invalid input syntax for type INTEGER: \"x\"."}, {"NULL IN (NULL)", "Invalid Predicate: all of the values are NULL"},
		{"AR IN (ARRAY[1], ARRAY[2])", "BOOLEAN"}, {"AR IN (ARRAY[1], ARRAY[NULL])", "Cannot construct an array with all NULL elements"},
		{"AR[1]", "INTEGER"}, {"AR[L]", "INTEGER"}, {"M['a']", "INTEGER"}, {"ST->Y", "STRING"},
		{"AR['a']", "The index of an ARRAY should be INTEGER or BIGINT, but 'a' is STRING."}, {"AR[DO]", "The index of an ARRAY should be INTEGER or BIGINT, but DO is DOUBLE."},
		{"ST[1]", "Subscript is not supported on STRUCT: ST[1]. Use the dereference operator ->."}, {"I[1]", "Subscript is not supported on INTEGER: I[1]"},
		{"I->X", "Expected STRUCT type, got: INTEGER"}, {"ST->Z", "Could not find field 'Z' in 'ST'."},
		{"CAST(I AS STRING)", "STRING"}, {"CAST(BB AS STRING)", "Cast of BYTES to STRING is not supported"}, {"CAST(I AS NOPE)", "Cannot resolve unknown type: NOPE"},
		{"TRANSFORM(AR, X => X + 1)", "ARRAY<INTEGER>"}, {"TRANSFORM(M, (K, V) => UCASE(K), (K, V) => V + L)", "MAP<STRING, BIGINT>"},
		{"REDUCE(AR, CAST(0 AS BIGINT), (Z, X) => Z + X)", "BIGINT"}, {"TRANSFORM(AR, X => TRANSFORM(ARRAY[L], Y => X + Y))", "ARRAY<ARRAY<BIGINT>>"},
		{"TRANSFORM(AR, X => NOPE)", "Unknown column NOPE."}, {"NOPE", "Unknown column NOPE."},
		{"TIMESTAMPADD(NULL, 1, TS)", "TIMESTAMP"}, {"TIMESTAMPADD(HOURS, 1, TS)", "TIMESTAMP"},
	} {
		x, err := binderOf(t, everyType).Bind(exprOf(t, c.expr))
		switch {
		case err != nil && !strings.HasPrefix(message(err), c.want):
			t.Errorf("%s: %v, want %s", c.expr, err, c.want)
		case err == nil && x.Type().String() != c.want:
			t.Errorf("%s is %s, want %s", c.expr, x.Type(), c.want)
		}
	}
}

// TestNoColumns: where no columns are each name is unknown.
func TestNoColumns(t *testing.T) {
	b := &Binder{Functions: fn.Builtins()}
	if _, err := b.Bind(exprOf(t, "1 + A")); err == nil || message(err) != "Unknown column A." {
		t.Error(err)
	}
	if x, err := b.Bind(exprOf(t, "1 + 2")); err != nil || x.Type().Kind != sql.Integer {
		t.Error(err)
	}
}

// TestCaseTypes: all branches of a CASE have one type; NULL has any.
func TestCaseTypes(t *testing.T) {
	const then, els = "Invalid Case expression. Type for all 'THEN' clauses should be the same.", "Invalid Case expression. Type for the default clause should be the same as for 'THEN' clauses."
	for expr, want := range map[string]string{
		"CASE WHEN BO THEN 1 END":                       "INTEGER",
		"CASE WHEN BO THEN NULL ELSE 1 END":             "INTEGER",
		"CASE WHEN BO THEN NULL WHEN BO THEN 1 END":     "INTEGER",
		"CASE WHEN BO THEN 1 WHEN BO THEN NULL END":     "INTEGER",
		"CASE WHEN BO THEN 1 ELSE NULL END":             "INTEGER",
		"CASE WHEN BO THEN 1 WHEN BO THEN 2 ELSE 3 END": "INTEGER",
		"CASE WHEN BO THEN 1 WHEN BO THEN L END":        then + "\nTHEN expression 'WHEN BO THEN L' has type: BIGINT.\nPrevious THEN expression(s) type: INTEGER.",
		"CASE WHEN BO THEN 1 ELSE 'a' END":              els + "\nTHEN type: INTEGER.\nDEFAULT type: STRING.",
		"CASE WHEN BO THEN NULL ELSE NULL END":          "Invalid Case expression. All case branches have NULL type",
		"CASE WHEN I THEN 1 END":                        "WHEN operand type should be boolean.\nType for 'I' is INTEGER",
		"CASE I WHEN 1 THEN 1 END":                      "Simple CASE expressions are not supported",
	} {
		x, err := binderOf(t, everyType).Bind(exprOf(t, expr))
		switch {
		case err != nil && !strings.HasPrefix(message(err), want):
			t.Errorf("%s: %v, want %s", expr, err, want)
		case err == nil && x.Type().String() != want:
			t.Errorf("%s is %s, want %s", expr, x.Type(), want)
		}
	}
}

// TestComparable holds every pair of types under every comparison to the table of spec 5.4.
func TestComparable(t *testing.T) {
	ordered := map[string]string{"I": "I L DE DO", "L": "I L DE DO", "DE": "I L DE DO", "DO": "I L DE DO", "S": "S D T TS", "D": "D TS S", "TS": "D TS S", "T": "T S", "BB": "BB"}
	equal := map[string]string{"BO": "BO", "AR": "AR", "M": "M", "ST": "ST"}
	b := binderOf(t, everyType)
	names := map[string]string{"=": "EQUAL", "<>": "NOT_EQUAL", "<": "LESS_THAN", "<=": "LESS_THAN_OR_EQUAL", ">": "GREATER_THAN", ">=": "GREATER_THAN_OR_EQUAL",
		"IS DISTINCT FROM": "IS_DISTINCT_FROM", "IS NOT DISTINCT FROM": "IS_NOT_DISTINCT_FROM"}
	for _, l := range []string{"BO", "I", "L", "DE", "DO", "S", "D", "T", "TS", "BB", "AR", "M", "ST"} {
		for _, r := range []string{"BO", "I", "L", "DE", "DO", "S", "D", "T", "TS", "BB", "AR", "M", "ST"} {
			for op, name := range names {
				can := strings.Contains(" "+ordered[l]+" ", " "+r+" ")
				if !strings.ContainsAny(op, "<>") || op == "<>" {
					can = can || equal[l] == r
				}
				_, err := b.Bind(exprOf(t, l+" "+op+" "+r))
				if (err == nil) != can || !can && !strings.HasSuffix(message(err), " with "+name+".") {
					t.Errorf("%s %s %s: %v, want %v", l, op, r, err, can)
				}
			}
		}
	}
	for expr, want := range map[string]string{
		"I = NULL": "INTEGER = NULL", "NULL < S": "NULL < STRING", "NULL = NULL": "NULL = NULL", "I IS DISTINCT FROM NULL": "INTEGER IS DISTINCT FROM NULL",
		"NULL IS NOT DISTINCT FROM I": "NULL IS NOT DISTINCT FROM INTEGER", "DE = NULL": "DECIMAL = NULL",
	} {
		if _, err := b.Bind(exprOf(t, expr)); err == nil || message(err) != "Comparison with NULL not supported: "+want+"\nUse 'IS NULL' or 'IS NOT NULL' instead." {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
}

// TestTimesInConditions: in a condition a text beside ROWTIME or a window bound, of a join's side too, is a time (spec 5.12).
func TestTimesInConditions(t *testing.T) {
	b := binderOf(t, "ROWTIME BIGINT, WINDOWSTART BIGINT, WINDOWEND BIGINT, A_ROWTIME BIGINT, `_WINDOWEND` BIGINT, AROWTIME BIGINT, ROWTIME_A BIGINT, S STRING")
	for expr, want := range map[string]string{
		"ROWTIME > '1970-01-01T00:00:01'": "", "'1970-01-02' <= WINDOWSTART": "", "WINDOWEND BETWEEN '1970' AND '1971'": "", "A_ROWTIME = '1970'": "", "`_WINDOWEND` = '1970'": "",
		"ROWTIME = 'x'":                 "Failed to parse timestamp 'x'",
		"ROWTIME BETWEEN 'x' AND 5":     "Failed to parse timestamp 'x'",
		"ROWTIME BETWEEN 5 AND 'x'":     "Failed to parse timestamp 'x'",
		"'x' = ROWTIME":                 "Failed to parse timestamp 'x'",
		"AROWTIME = '1970'":             "Error in WHERE expression: Cannot compare AROWTIME (BIGINT) to '1970' (STRING) with EQUAL.",
		"ROWTIME_A = '1970'":            "Error in WHERE expression: Cannot compare ROWTIME_A (BIGINT) to '1970' (STRING) with EQUAL.",
		"ROWTIME + 1 = '1970'":          "Error in WHERE expression: Cannot compare (ROWTIME + 1) (BIGINT) to '1970' (STRING) with EQUAL.",
		"S = '1970' AND ROWTIME = S":    "Error in WHERE expression: Cannot compare ROWTIME (BIGINT) to S (STRING) with EQUAL.",
		"ROWTIME":                       "Type error in WHERE expression: Should evaluate to boolean but is ROWTIME (BIGINT) instead.",
		"ROWTIME BETWEEN '1970' AND S":  "Error in WHERE expression: Cannot compare ROWTIME (BIGINT) to S (STRING) with LESS_THAN_OR_EQUAL.",
		"AROWTIME BETWEEN '1970' AND 5": "Error in WHERE expression: Cannot compare AROWTIME (BIGINT) to '1970' (STRING) with GREATER_THAN_OR_EQUAL.",
	} {
		_, err := b.Predicate(exprOf(t, expr), "WHERE")
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(message(err), want) {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
	x, err := b.Predicate(exprOf(t, "'1970-01-01T00:00:01' < ROWTIME"), "WHERE")
	if err != nil {
		t.Fatal(err)
	}
	if l := x.(*Compare).L.(*Literal); l.Value != int64(1000) || l.String() != "1000" || l.T.Kind != sql.Bigint {
		t.Errorf("the time is %v, a %s", l.Value, l.T)
	}
	if _, err := b.Bind(exprOf(t, "ROWTIME > '1970'")); err == nil {
		t.Error("outside of a condition a text is a time")
	}
}

// TestDeepTexts: in a long chain only the upper expressions know their text, or the texts of all would fill the memory.
func TestDeepTexts(t *testing.T) {
	b := binderOf(t, "I INT")
	for range 2 { // the second time everything is bound from the beginning
		x, err := b.Bind(exprOf(t, "I"+strings.Repeat(" + I", 500)))
		if err != nil {
			t.Fatal(err)
		}
		depth, known := 0, 0
		for {
			depth++
			if x.String() != "" {
				known = depth
			}
			sum, ok := x.(*Arith)
			if !ok {
				break
			}
			x = sum.L
		}
		if depth != 501 || known != deepest {
			t.Errorf("of %d expressions those down to %d know their text, want %d", depth, known, deepest)
		}
	}
}

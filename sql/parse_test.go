package sql

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestPrecedence(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a + b * c", "(A + (B * C))"},
		{"a * b + c", "((A * B) + C)"},
		{"a - b - c", "((A - B) - C)"},
		{"a / b % c * d", "(((A / B) % C) * D)"},
		{"-a * b", "(-A * B)"},
		{"- - a", "- -A"},
		{"-(5)", "-(5)"},
		{"+a", "+A"},
		{"-5[x]", "-5[X]"},
		{"-a[1]", "-A[1]"},
		{"(-a)[1]", "(-A)[1]"},
		{"-a->b", "-A->B"},
		{"a || b + c", "CONCAT(A, (B + C))"},
		{"a || b || c", "CONCAT(CONCAT(A, B), C)"},
		{"a + b || c = d", "(CONCAT((A + B), C) = D)"},
		{"a LIKE b || c", "(A LIKE CONCAT(B, C))"},
		{"a LIKE b + c AND d", "((A LIKE (B + C)) AND D)"},
		{"NOT a = b", "(NOT (A = B))"},
		{"NOT a AND b", "((NOT A) AND B)"},
		{"NOT NOT a", "(NOT (NOT A))"},
		{"a OR b AND c OR d", "((A OR (B AND C)) OR D)"},
		{"a AND b AND c", "((A AND B) AND C)"},
		{"a BETWEEN b AND c AND d", "((A BETWEEN B AND C) AND D)"},
		{"NOT a BETWEEN b + 1 AND c OR d", "((NOT (A BETWEEN (B + 1) AND C)) OR D)"},
		{"a NOT BETWEEN b AND c", "(NOT (A BETWEEN B AND C))"},
		{"a + 1 IN (b AND c, d)", "((A + 1) IN ((B AND C), D))"},
		{"a NOT IN (1)", "(NOT (A IN (1)))"},
		{"a IS NULL OR b IS NOT NULL", "((A IS NULL) OR (B IS NOT NULL))"},
		{"a IS NOT DISTINCT FROM b + c", "(NOT (A IS DISTINCT FROM (B + C)))"},
		{"a != b", "(A <> B)"},
		{"(a = b) = c", "((A = B) = C)"},
		{"(a AND b) || c", "CONCAT((A AND B), C)"},
		{"x => y", ""},
		{"f(a, x => x OR y)", "F(A, (X) => (X OR Y))"},
		{"CASE a = b WHEN c THEN d END", ""},
		{"CASE WHEN a OR b THEN NOT c ELSE d = e END", "(CASE WHEN (A OR B) THEN (NOT C) ELSE (D = E) END)"},
	} {
		e, err := parseExpr(c.in)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: read as %s", c.in, e)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := e.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
		again, err := parseExpr(e.String())
		if err != nil || dump(again) != dump(e) || !Equal(again, e) {
			t.Errorf("%s: %v, printed and read again %v %v", c.in, e, again, err)
		}
	}
}

// TestText checks the text of messages where it differs from text that parses.
func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"`a b` + select_", "(a b + SELECT_)"},
		{"0.0000001 + 0.00000010 - .5", "((1E-7 + 1.0E-7) - 0.5)"},
		{"0.000001 * 1.", "(0.000001 * 1)"},
		{"1.0e0 + 15e-1 + 0.1e0", "((1E0 + 1.5E0) + 1E-1)"},
		{"CAST(a AS STRUCT<`f g` DECIMAL(4,2)>)", "CAST(A AS STRUCT<f g DECIMAL(4, 2)>)"},
		{"count(*) + count() + sum(*)", "((COUNT(*) + COUNT(*)) + SUM())"},
		{"NULL = true", "(null = true)"},
		{"'it''s' || \"x\"->y", "CONCAT('it''s', x->Y)"},
		{"-(5)", "-5"},
		{"dateadd(MILLISECONDS, 007, -0)", "DATEADD(MILLISECONDS, 7, 0)"},
		{"map(a := 1, 'b' := 2)", "MAP(A:=1, 'b':=2)"},
		{"struct(a := 1, b := array[])", "STRUCT(A:=1, B:=ARRAY[])"},
	} {
		e, err := parseExpr(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
		} else if got := Text(e); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}

func TestLiteralKinds(t *testing.T) {
	for _, c := range []struct {
		in   string
		kind LiteralKind
		text string
	}{
		{"2147483647", IntegerLiteral, "2147483647"}, {"-2147483648", IntegerLiteral, "-2147483648"},
		{"2147483648", BigintLiteral, "2147483648"}, {"-9223372036854775808", BigintLiteral, "-9223372036854775808"},
		{"1.", DecimalLiteral, "1."}, {"-.50", DecimalLiteral, "-0.50"}, {"-0.0", DecimalLiteral, "0.0"}, {"1e2", DoubleLiteral, "1E2"},
		{"\"DECIMAL\" '-01.20'", DecimalLiteral, "-1.20"}, {"'a''b'", StringLiteral, "a'b"}, {"NULL", NullLiteral, "null"},
	} {
		e, err := parseExpr(c.in)
		l, ok := e.(*Literal)
		if err != nil || !ok || l.Kind != c.kind || l.Text != c.text {
			t.Errorf("%s: %#v %v", c.in, e, err)
		}
	}
	for in, want := range map[string]string{
		"9223372036854775808":        "Failed to prepare statement: line 1:2: Invalid numeric literal: 9223372036854775808",
		"  1 + -9223372036854775809": "Failed to prepare statement: line 1:8: Invalid numeric literal: -9223372036854775809",
		"1e309":                      "Failed to prepare statement: line 1:2: Number overflows DOUBLE: 1e309",
	} {
		if _, err := parseExpr(in); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestTypes(t *testing.T) {
	for in, want := range map[string]string{
		"int": "INTEGER", "varchar(255)": "STRING", "VARCHAR(STRING)": "STRING", "bytes ARRAY array": "ARRAY<ARRAY<BYTES>>",
		"map<string, struct<a int, `b c` decimal(4,2)>>": "MAP<STRING, STRUCT<`A` INTEGER, `b c` DECIMAL(4, 2)>>",
		"struct< >": "STRUCT< >", "address": "ADDRESS", "timestamp": "TIMESTAMP", "ARRAY": "ARRAY",
	} {
		got, err := parseType(in)
		if err != nil || got.String() != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"decimal(0,0)": "DECIMAL precision must be >= 1: DECIMAL(0,0)", "decimal(2,3)": "DECIMAL precision must be >= scale: DECIMAL(2,3)",
		"decimal(2,-1)": "DECIMAL scale must be >= 0: DECIMAL(2,-1)", "int(key)": "Expecting {'STRING', INTEGER_VALUE}",
		"struct<>": "line 1:7", "struct<a int, a string>": "Duplicate field names found in STRUCT", "null": "Syntax Error",
		"array<int": "Syntax Error", strings.Repeat("array<", 600): "too large",
	} {
		if got, err := parseType(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
}

func TestSchema(t *testing.T) {
	cols, err := ParseSchema("K STRING KEY, `v` BIGINT, H BYTES HEADER('x'), HS ARRAY<STRUCT<KEY STRING, VALUE BYTES>> HEADERS, P INT PRIMARY KEY")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range cols {
		got = append(got, c.String())
	}
	want := "K STRING KEY|`v` BIGINT|H BYTES HEADER('x')|HS ARRAY<STRUCT<KEY STRING, VALUE BYTES>> HEADERS|P INTEGER PRIMARY KEY"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
	if cols, err := ParseSchema(" "); err != nil || cols != nil {
		t.Errorf("blank: %v %v", cols, err)
	}
}

func TestPositions(t *testing.T) {
	const text = "SELECT  a , e->x, (b)+f(c, 'ü')  AS d, s.* FROM s -- c\n WHERE NOT x LIKE y;"
	st, err := Parse("SHOW TABLES;  "+text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if st[1].Start != 14 || st[1].Text != text {
		t.Errorf("start %d, text %q", st[1].Start, st[1].Text)
	}
	q := st[1].Statement.(*Select)
	at := func(n interface{ Pos() Pos }) string { return ("SHOW TABLES;  " + text)[n.Pos():] }
	for _, c := range []struct {
		n    interface{ Pos() Pos }
		want string
	}{
		{q, "SELECT"}, {q.Items[0], "a ,"}, {q.Items[1], "e->"}, {q.Items[1].X, "e->"}, {q.Items[2], "(b)+"}, {q.Items[2].X, "(b)+"},
		{q.Items[2].X.(*Binary).L, "b)"}, {q.Items[2].X.(*Binary).R, "f(c"}, {q.Items[2].X.(*Binary).R.(*Call).Args[1], "'ü'"},
		{q.Items[3], "s.*"}, {q.From, "s --"}, {q.Where, "NOT x"}, {q.Where.(*Not).X, "x LIKE"},
	} {
		if !strings.HasPrefix(at(c.n), c.want) {
			t.Errorf("%T stands at %q, want %q", c.n, at(c.n), c.want)
		}
	}
	if e := st[1].Fault(q.Where.Pos(), "no"); e.Line != 2 || e.Col != 8 || e.Near != "NOT" || e.Error() != "no\nStatement: "+text {
		t.Errorf("%+v", e)
	}
	if l := st[1].Location(q.From.Offset); l != "Line: 1, Col: 63" {
		t.Error(l)
	}
	var e *Error
	if _, err := Parse("SELECT 'üö' @ FROM s;", nil); !errors.As(err, &e) || e.Line != 1 || e.Col != 13 || e.Near != "@" {
		t.Errorf("columns count code points: %+v", e)
	}
	if _, err := Parse("SHOW TABLES;\nSELECT a FROM\r\n  b c d e;", nil); !errors.As(err, &e) || e.Line != 3 || e.Col != 7 ||
		!strings.HasSuffix(e.Error(), "\nStatement:   b c d e;") || !strings.HasSuffix(e.Show(), "  b c d e;\n      ^") {
		t.Errorf("%+v\n%s", e, e.Show())
	}
}

// TestErrors checks the wording and the place of errors.
func TestErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"SLECT * FROM KILNS;", "line 1:1: Syntax Error\nUnknown statement 'SLECT'\nDid you mean 'SELECT'?\nStatement: SLECT * FROM KILNS;"},
		{"SHOW STREAMS;\nSLECT 1;", "line 2:1: Syntax Error\nUnknown statement 'SLECT'\nDid you mean 'SELECT'?\nStatement: SLECT 1;"},
		{"RUN SCRIPT 'x';", "line 1:1: Syntax Error\nUnknown statement 'RUN'"},
		{"ASSERT VALUES f (id INT) VALUES (1);", "line 1:8: Syntax Error\nSyntax error at or near 'VALUES' at line 1:8"},
		{"SELECT * FROM a", "line 1:16: Syntax Error\nmissing ';' at '<EOF>'"},
		{"DEFINE v=3;", "line 1:10: Syntax Error\nExpecting STRING"},
		{"SELECT * FROM S1 ORDER BY K;", "line 1:24: Syntax Error\n\nStatement: SELECT * FROM S1 ORDER BY K;"},
		{"DROP STREAM STREAM s;", "line 1:13: Syntax Error\n\"STREAM\" is a reserved keyword and it can't be used as an identifier. " +
			"You can use it as an identifier by escaping it as 'STREAM' \n"},
		{"CREATE STREAM I (K INT (KEY));", "line 1:25: Syntax Error\nExpecting {'STRING', INTEGER_VALUE}"},
		{"CREATE TABLE o AS SELECT a FROM t GROUP BY f3, (f2, f1);", "line 1:51: Syntax Error\nmissing ')' at ','"},
		{"SELECT CAST(a AS INT b) FROM t;", "line 1:22: Syntax Error\nSyntax error at or near 'b' at line 1:22"},
		{"INSERT INTO t VALUES (1", "line 1:24: Syntax Error\nSyntax error at or near \";\"\n'}', ']', or ')' is missing"},
		{"INSERT INTO t VALUES ();", "Failed to prepare statement: Expected some values for INSERT INTO statement."},
		{"INSERT INTO t (a,b) VALUES (1);", "Failed to prepare statement: Expected number columns and values to match: 2, 1\nStatement: INSERT INTO t (a,b) VALUES (1);"},
		{"INSERT INTO t VALUES (FOO.a);", "Failed to prepare statement: 'FOO' is not a valid stream/table name or alias."},
		{"SELECT * FROM s LIMIT 2.5;", "Failed to prepare statement: Value must be integer for command: LIMIT"},
		{"SELECT * FROM s LIMIT heh;", "line 1:23: Syntax Error"},
		{"CREATE STREAM o AS SELECT * FROM s LIMIT 1;", "Failed to prepare statement: CREATE STREAM AS SELECT statements don't support LIMIT clause."},
		{"CREATE TABLE o AS SELECT a FROM s GROUP BY data, s.data;", "Failed to prepare statement: Duplicate GROUP BY expression: S.DATA"},
		{"SELECT a FROM s GROUP BY () EMIT CHANGES;", "Failed to prepare statement: GROUP BY requires at least one expression"},
		{"SELECT a FROM s PARTITION BY ();", "Failed to prepare statement: PARTITION BY requires at least one expression"},
		{"SELECT a FROM s GROUP BY a PARTITION BY b;", "Failed to prepare statement: Queries only support one of PARTITION BY and GROUP BY"},
		{"CREATE TABLE t (ID INT KEY);", "Line: 1, Col: 17: Column `ID` is a 'KEY' column: please use 'PRIMARY KEY' for tables."},
		{"CREATE STREAM t (`i d` INT PRIMARY KEY);", "Line: 1, Col: 18: Column `i d` is a 'PRIMARY KEY' column: please use 'KEY' for streams."},
		{"CREATE STREAM t (h INT HEADERS);", "Failed to prepare statement: Invalid type for HEADERS column: expected ARRAY<STRUCT<`KEY` STRING, `VALUE` BYTES>>, got INTEGER"},
		{"CREATE STREAM t (h INT HEADER('k'));", "Failed to prepare statement: Invalid type for HEADER('k') column: expected BYTES, got INTEGER"},
		{"CREATE STREAM t (h BYTES HEADER(' '));", "Failed to prepare statement: Header column must have a non-empty header key name defined"},
		{"CREATE STREAM t (h BYTES HEADER('k'), i BYTES HEADER('k'));", "Failed to prepare statement: Schema already contains a HEADER('k') column."},
		{"CREATE STREAM t (a INT, b INT, A INT, B INT);", "Failed to prepare statement: Duplicate column names: `A`, `B`"},
		{"CREATE STREAM t WITH (a='1', A='2');", "Failed to prepare statement: Multiple entries with same key: A="},
		{"ASSERT SCHEMA;", "Failed to prepare statement: ASSERT SCHEMA statements much include a subject name or an id"},
		{"ASSERT SCHEMA ID 'x';", "Failed to prepare statement: ID must be an integer"},
		{"SELECT a FROM s WHERE a LIKE 'x' ESCAPE '';", "Line: 1, Col: 41: Expected single character escape but got: "},
		{"SELECT f(a, x => g(b, x => x)) FROM s;", "Failed to prepare statement: Reusing lambda arguments in nested lambda is not allowed"},
		{"SELECT TIMESTAMP '2020-01-01' FROM s;", "Failed to prepare statement: Unknown type: TIMESTAMP, location:"},
		{"SELECT * FROM \"a b\";", "Failed to prepare statement: Illegal argument at Line: 1, Col: 15. Source names may only contain alphanumeric values, '_' or '-'. Got: 'a b'"},
		{"SELECT " + strings.Repeat("(", 600) + "1" + strings.Repeat(")", 600) + " FROM s;", "Error processing statement: Statement is too large to parse."},
		{"SELECT " + strings.Repeat("- ", 600) + "a FROM s;", "Error processing statement: Statement is too large to parse."},
		{"SELECT a + b AT TIME ZONE 'UTC' FROM s WHERE a AT TIME ZONE 'x' > b;", "Failed to prepare statement: AT TIME ZONE is not implemented."},
		{"SELECT a" + strings.Repeat("[1]", 600) + " FROM s;", "Error processing statement: Statement is too large to parse."},
		{strings.Repeat("EXPLAIN ", 600) + "SELECT a FROM s;", "Error processing statement: Statement is too large to parse."},
	} {
		_, err := Parse(c.in, nil)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%.80s: %v", c.in, err)
		} else if !strings.HasPrefix(e.Error(), c.want) || e.internal {
			t.Errorf("%.80s\n got %q\nwant %q", c.in, e.Error(), c.want)
		}
	}
	var e *Error
	if _, err := Parse("SELECT 'secret' FROM;", nil); !errors.As(err, &e) || e.Logged() != "line 1:21: Syntax error at line 1:21" {
		t.Errorf("logged: %+v", e)
	}
}

// TestRefused lists MySQL that ksqlDB does not read, with the place of the error.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		expr string
		col  int
	}{
		{"a = b = c", 7}, {"a IS NULL IS NULL", 11}, {"a = b IS NULL", 7}, {"a < b < c", 7}, {"'a' 'b'", 5}, {"N'x' 'y'", 6}, {"a # c", 3},
		{"a && b", 3}, {"a XOR b", 3}, {"a DIV b", 3}, {"a MOD b", 3}, {"!a", 1}, {"~a", 1}, {"a ^ b", 3}, {"a << b", 4}, {"@x", 1}, {"?", 1},
		{"{d '2020-01-01'}", 1}, {"a <=> b", 5}, {"a IS TRUE", 6}, {"a REGEXP b", 3}, {"a COLLATE x", 3}, {"BINARY a", 8}, {"(a, b)", 3},
		{"a.b.c", 4}, {"x.f(1)", 4}, {"(SELECT 1)", 2}, {"interval 1 day", 10}, {"EXISTS (a)", 1}, {"DISTINCT a", 1}, {"a | b", 3},
		{"a LIKE b LIKE c", 10}, {"a BETWEEN 1", 12}, {"a IN ()", 7}, {"a IN 1", 6}, {"f(x => x)", 5}, {"f(a, x => x, b)", 14}, {"a AT TIME ZONE 'x'", 3},
		{"a[b = c]", 5}, {"CASE a = b WHEN c THEN d END", 8}, {"CASE END", 6}, {"a->*", 2}, {"a->1", 4}, {"f(*, a)", 4}, {"a NOT b", 7}, {"", 1},
	} {
		_, err := parseExpr(c.expr)
		var e *Error
		if !errors.As(err, &e) || e.internal {
			t.Errorf("%s: %v", c.expr, err)
		} else if e.Line != 1 || e.Col != c.col {
			t.Errorf("%s: refused at %d:%d, want 1:%d", c.expr, e.Line, e.Col, c.col)
		}
	}
	for _, c := range []struct {
		stmt string
		col  int
	}{
		{"SELECT a FROM b, c;", 16}, {"SELECT a FROM b JOIN c;", 23}, {"SELECT a FROM b JOIN c USING (x);", 30}, {"SELECT a FROM b NATURAL JOIN c;", 31},
		{"SELECT a FROM b JOIN c JOIN d ON x ON y;", 24}, {"SELECT DISTINCT a FROM b;", 8}, {"SELECT a;", 9}, {"SELECT a FROM (SELECT b FROM c);", 15},
		{"SELECT a FROM b UNION SELECT c FROM d;", 23}, {"SELECT a FROM b FOR UPDATE;", 21}, {"SELECT a FROM b LIMIT 1, 2;", 24},
		{"INSERT INTO a VALUES (1), (2);", 25}, {"INSERT INTO a SET b = 1;", 15}, {"REPLACE INTO a VALUES (1);", 1}, {"UPDATE a SET b = 1;", 1},
		{"SELECT a->* AS b FROM c;", 13}, {"SELECT a + b->* FROM c;", 13}, {"SELECT a FROM b GROUP BY a = c;", 28},
		{"SELECT a FROM b GROUP BY (a, c), d;", 32}, {"SELECT a INTO x FROM b;", 10}, {"CREATE TABLE a (b INT NOT NULL);", 23}, {"TRUNCATE a;", 1},
	} {
		_, err := Parse(c.stmt, nil)
		var e *Error
		if !errors.As(err, &e) || e.internal {
			t.Errorf("%s: %v", c.stmt, err)
		} else if e.Line != 1 || e.Col != c.col {
			t.Errorf("%s: refused at %d:%d, want 1:%d", c.stmt, e.Line, e.Col, c.col)
		}
	}
}

func TestStatementsBeforeAnError(t *testing.T) {
	got, err := Parse("SHOW TABLES; CREATE TABLE t (a INT KEY); SHOW STREAMS;", nil)
	if len(got) != 1 || err == nil {
		t.Errorf("a broken rule keeps what was before: %v, %v", got, err)
	}
	got, err = Parse("CREATE TABLE t (a INT KEY); SHOW;", nil)
	var e *Error
	if len(got) != 0 || !errors.As(err, &e) || !e.Syntax {
		t.Errorf("broken grammar comes first: %v, %v", got, err)
	}
}

func TestParams(t *testing.T) {
	st, err := ParseParams("INSERT INTO t VALUES (?, f(?)); SELECT ? FROM t WHERE a = ?;", nil)
	if err != nil {
		t.Fatal(err)
	}
	in, q := st[0].Statement.(*InsertValues), st[1].Statement.(*Select)
	got := fmt.Sprint(in.Values[0].(*Param).N, in.Values[1].(*Call).Args[0].(*Param).N, q.Items[0].X.(*Param).N, q.Where.(*Binary).R.(*Param).N)
	if got != "0 1 2 3" {
		t.Error(got)
	}
	if st[0].Params != 2 || st[1].Params != 4 {
		t.Error(st[0].Params, st[1].Params)
	}
	st, err = ParseParams("DEFINE v = 'x?'; INSERT INTO t VALUES (?, '?'); INSERT INTO t VALUES ('${v}', ?);", nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := st[2].Statement.(*InsertValues).Values[1].(*Param).N; n != 1 || st[2].Params != 2 {
		t.Errorf("after a variable: parameter %d of %d", n, st[2].Params)
	}
	if _, err := Parse("SELECT ? FROM t;", nil); err == nil {
		t.Error("Parse takes parameters")
	}
}

func TestParallel(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				name := fmt.Sprintf("C%d_%d", g, i)
				st, err := Parse("SELECT "+name+" + 1 FROM s WHERE a->"+name+" = 'x';", nil)
				if err != nil || st[0].Statement.(*Select).Where.String() != "(A->"+name+" = 'x')" {
					t.Errorf("%v %v", st, err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"SELECT a, b->c[1] AS d, e->*, f.* FROM f JOIN g WITHIN (1 DAY, 2 HOURS) ON f.a = g.b WHERE NOT a LIKE 'x' GROUP BY a EMIT CHANGES;",
		"CREATE OR REPLACE TABLE t (k INT PRIMARY KEY, h BYTES HEADER('x')) WITH (a=${b}, c='${d}');", "DEFINE x='y'; SHOW ${x};",
		"INSERT INTO t (a, b) VALUES (-1.5e3, STRUCT(a := ARRAY[1], b := MAP('k' := NULL)));", "EXPLAIN SELECT CAST(a AS DECIMAL(3,1)) FROM b;",
		"SELECT REDUCE(a, 0, (x, y) => CASE x WHEN 1 THEN y ELSE -x END) || 'z' FROM t WINDOW SESSION (5 SECONDS) PARTITION BY (a, b) LIMIT 3;",
		"PRINT 'a' FROM BEGINNING INTERVAL 2 LIMIT 3; ASSERT NOT EXISTS TOPIC x TIMEOUT 3 DAYS; DESCRIBE TABLES; SET 'a'='b';",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Mask(text)
		checkAlphabet(t, text)
		st, err := ParseTest(text, map[string]string{"b": "1"})
		var e *Error
		if errors.As(err, &e) {
			if e.internal {
				t.Fatalf("%q: TiDB and the lowering disagree: %v", text, err)
			}
			_ = e.Show()
		}
		for _, s := range st {
			roundTrip(t, s)
		}
	})
}

// TestVerbs: each word that a statement may begin with is read.
func TestVerbs(t *testing.T) {
	for _, w := range verbs {
		if _, err := Parse(wordText[w]+";", nil); wordText[w] == "" || err != nil && strings.Contains(err.Error(), "Unknown statement") {
			t.Errorf("word %d, %q: %v", w, wordText[w], err)
		}
	}
}

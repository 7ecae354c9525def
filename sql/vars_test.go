package sql

import (
	"runtime"
	"strings"
	"testing"
)

func TestVariables(t *testing.T) {
	vars := map[string]string{"Fmt": "JSON", "n": "3", "topic": "'it''s'", "inj": "x'); DROP TABLE t; --", "name": "s1", "bad": "a b"}
	for _, c := range []struct{ in, want string }{
		{"CREATE STREAM ${name} WITH (v='${FMT}', p=${n});", "CREATE STREAM S1 WITH (V='JSON', P=3);"},
		{"SELECT * FROM t WHERE a = '${inj}';", "SELECT *\nFROM T T\nWHERE (A = 'x''); DROP TABLE t; --');"},
		{"SELECT * FROM t WHERE a = '${unknown} ${n}';", "SELECT *\nFROM T T\nWHERE (A = '${unknown} 3');"},
		{"DEFINE name='s2'; DROP STREAM ${name};", "DROP STREAM S2;"},
		{"DEFINE a='${name}x'; DROP STREAM ${a};", "DROP STREAM S1X;"},
		{"UNDEFINE name; DROP STREAM ${name};", "!Illegal argument at Line: 1, Col: 28. Identifier names cannot start with '@' and may only contain " +
			"alphanumeric values and '_'. Got: '${name}'"},
		{"DROP STREAM ${bad};", "!Illegal argument at Line: 1, Col: 13. Identifier names cannot start with '@' and may only contain " +
			"alphanumeric values and '_'. Got: 'a b'"},
		{"SELECT * FROM t WHERE a = ${inj};", "!Illegal argument at Line: 1, Col: 27. Got: 'x'); DROP TABLE t; --'"},
		{"SELECT ${name} FROM t;", "!Illegal argument at Line: 1, Col: 8. Got: 's1'"},
		{"SELECT a[${n}] FROM ${name} x;", "SELECT A[3]\nFROM S1 X;"},
		{"SET 'a'='${n}';", "SET 'a'='3';"},
		{"SELECT ${name}.a, ${name}(b) FROM ${name};", "SELECT\n  S1.A,\n  S1(B)\nFROM S1 S1;"},
	} {
		st, err := Parse(c.in, vars)
		if want, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%s: %v, %v", c.in, st, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
		} else if got := st[len(st)-1].Statement.String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
	if vars["name"] != "s1" || len(vars) != 6 {
		t.Errorf("the caller's map changed: %v", vars)
	}
	st, err := Parse("SHOW TABLES; DROP STREAM ${a} ;", map[string]string{"a": "b"})
	if err != nil || st[1].Text != "DROP STREAM b ;" || st[1].Start != 13 {
		t.Errorf("%+v %v", st, err)
	}
	if line, col := st[1].Position(st[1].Statement.Pos() + 5); line != 1 || col != 6 {
		t.Errorf("a statement with variables counts from its own start: %d:%d", line, col)
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"-- x\nINSERT INTO docks (dock, b) VALUES ('a', -1 /* c */); SELECT 'a' FROM b;",
			"-- x\nINSERT INTO `DOCKS` (`DOCK`, `B`) VALUES ('[value]', '[value]'); SELECT 'a' FROM b;"},
		{"insert into t values (f('x'));", "INSERT INTO `T` VALUES ('[value]');"},
		{"CREATE SOURCE CONNECTOR c WITH (\"connector.class\"='x.Y', 'k'='s', n=-3);",
			"CREATE SOURCE CONNECTOR c WITH (\"connector.class\"='x.Y', 'k'='[string]', n='[string]');"},
		{"EXPLAIN INSERT INTO t VALUES (1);", "EXPLAIN INSERT INTO `T` VALUES ('[value]');"},
		{"INSERT INTO t VALUES ('a', 1", "INSERT INTO t VALUES ('[string]', [number]"},
		{"INSERT INTO t VALUES ('a', 'sec", "INSERT INTO t VALUES ('[string]', '[string]'"},
		{"SHOW TABLES;", "SHOW TABLES;"},
	} {
		if got := Mask(c.in); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"A": "A", "a": "`a`", "SELECT": "`SELECT`", "KEY": "KEY", "A-B": "`A-B`", "A`B": "`A``B`", "1A": "`1A`", "": "``", "A@1": "A@1", "É": "`É`",
	} {
		if got := Quote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestRewrite(t *testing.T) {
	e, err := parseExpr("CASE WHEN a IN (b, 1) THEN f(a, x => x + a) ELSE s->a[a] END LIKE MAP(a := STRUCT(q := a))->z")
	if err != nil {
		t.Fatal(err)
	}
	before := e.String()
	out := Rewrite(e, func(e Expr) Expr {
		if c, ok := e.(*ColumnRef); ok && c.Name == "A" {
			return &ColumnRef{At: c.At, Source: "S", Name: "A"}
		}
		return e
	})
	want := "((CASE WHEN (S.A IN (B, 1)) THEN F(S.A, (X) => (X + S.A)) ELSE S->A[S.A] END) LIKE MAP(S.A:=STRUCT(Q:=S.A))->Z)"
	if out.String() != want || e.String() != before {
		t.Errorf("%s\n%s", out, e)
	}
	if Equal(e, out) || !Equal(out, Rewrite(out, func(e Expr) Expr { return e })) {
		t.Error("Equal")
	}
	if same := Rewrite(e, func(e Expr) Expr { return e }); same != e {
		t.Error("an unchanged tree is shared")
	}
	n := 0
	Walk(out, func(e Expr) bool {
		if c, ok := e.(*ColumnRef); ok && c.Source == "S" {
			n++
		}
		return true
	})
	if n != 6 {
		t.Errorf("%d references", n)
	}
}

// TestVariablesAreBounded: what variables become is measured while it grows, over all statements of a script.
func TestVariablesAreBounded(t *testing.T) {
	vars := map[string]string{"v": strings.Repeat("x", 50_000), "q": strings.Repeat("'", 50_000)}
	double := "DEFINE a='${v}';" + strings.Repeat("DEFINE a='${a}${a}';", 40)
	for what, text := range map[string]string{
		"one string":        "SELECT '" + strings.Repeat("${v}", 20_000) + "' FROM a;",
		"quotes":            "SELECT '" + strings.Repeat("${q}", 20_000) + "' FROM a;",
		"many strings":      "SELECT " + strings.Repeat("'${v}${v}',", 10_000) + "1 FROM a;",
		"many statements":   strings.Repeat("SELECT '"+strings.Repeat("${v}", 100)+"' FROM a;", 200),
		"doubled by itself": double,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(text, vars)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: %v", what, err)
		}
		if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > 800 {
			t.Errorf("%s: %d MB", what, got)
		}
	}
	if st, err := Parse("SELECT '"+strings.Repeat("${v}", 200)+"' FROM a;", vars); err != nil || len(st[0].Text) < 10_000_000 {
		t.Error(err)
	}
}

package sql

import (
	"regexp"
	"strings"
	"testing"
)

// lowerText is the lowered form of an expression, or of a query, on one line with names in place of numbers.
func lowerText(t *testing.T, text string) string {
	t.Helper()
	l, ok := lowerOnly(text)
	if !ok {
		t.Fatalf("%s: does not lower", text)
	}
	var parts []string
	for i := range l.out {
		line, _ := (&lowering{parser: l.parser, out: l.out[i : i+1]}).render(nil, nil)
		s := strings.TrimSuffix(string(line), "\n")
		s = regexp.MustCompile("`f?[0-9]+`").ReplaceAllStringFunc(s, func(string) string { return l.name(int(l.out[i].src)) })
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// lowerOnly lowers an expression or a query without having TiDB read it.
func lowerOnly(text string) (l *lowering, ok bool) {
	p, err := newParser(text, mode{params: true})
	if err != nil {
		return nil, false
	}
	defer catch(&err)
	l = p.lower()
	if p.cur().word == wSelect {
		l.must(wSelect, symSelect, operand)
		for l.item(); l.accept(wComma); l.item() {
			l.emit(symComma, l.p-1)
		}
		l.must(wFrom, symFrom, isName)
		l.relation()
		for l.join() {
		}
		l.clauses(&Select{})
	} else {
		l.emit(symDo, 0)
		l.expr()
	}
	p.end()
	return l, true
}

func TestLower(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a + b * c", "DO A + B * C"},
		{"a || b", "DO A | B"},
		{"-5", "DO ?"},
		{"- a", "DO - A"},
		{"a - -5", "DO A - ?"},
		{"a->b[1]->c", "DO `->`(`[]`(`->`(A , B ) , ? ) , C )"},
		{"a != 'x'", "DO A <> ?"},
		{"a LIKE b || 'c' ESCAPE '!'", "DO A LIKE `like`( B | ? , ? )"},
		{"a NOT LIKE b", "DO A NOT LIKE `like`( B )"},
		{"a IS DISTINCT FROM b", "DO A <=> `distinct`( B )"},
		{"a IS NOT DISTINCT FROM b", "DO A <=> `same`( B )"},
		{"a IS NOT NULL", "DO A IS NOT NULL"},
		{"a NOT IN (1, b)", "DO A NOT IN ( ? , B )"},
		{"ARRAY[1, a]", "DO `array`( ? , A )"},
		{"MAP('a' := 1, b := c)", "DO `map`( ? , ? , B , C )"},
		{"MAP(a, b)", "DO MAP( A , B )"},
		{"STRUCT(f := 1, g := h)", "DO `struct`( F , ? , G , H )"},
		{"CAST(a AS ARRAY<INT>)", "DO `cast`( A , ? )"},
		{"count(*)", "DO COUNT( `*` )"},
		{"f(a, (x, y) => x + y)", "DO F( A , `=>`( X , Y , X + Y ) )"},
		{"f(a, x => x)", "DO F( A , `=>`( X , X ) )"},
		{"dateadd(DAYS, 1, d)", "DO DATEADD( ? , ? , D )"},
		{"CASE a WHEN 1 THEN 'x' ELSE NULL END", "DO CASE A WHEN ? THEN ? ELSE ? END"},
		{"NOT a AND TRUE OR b", "DO NOT A AND ? OR B"},
		{"DATE '2020-01-01'", "DO `type`( DATE , ? )"},
		{"s.a = ?", "DO S . A = ?"},
		{"SELECT *, s.*, a b, c->* FROM s", "SELECT * , S . * , A AS B , `->*`(C ) FROM S"},
		{"SELECT a FROM s x FULL OUTER JOIN t ON x.a = t.a", "SELECT A FROM S AS X STRAIGHT_JOIN T ON X . A = T . A"},
		{"SELECT a FROM s LEFT OUTER JOIN t WITHIN 1 HOUR ON b", "SELECT A FROM S LEFT JOIN T ON B"},
		{"SELECT a FROM s WINDOW TUMBLING (SIZE 1 DAY) WHERE b GROUP BY (a, b) HAVING c EMIT CHANGES LIMIT 3",
			"SELECT A FROM S WHERE B GROUP BY A , B HAVING C"},
		{"SELECT a FROM s PARTITION BY a, b HAVING c", "SELECT A FROM S HAVING C ORDER BY A , B"},
		{"SELECT a FROM s GROUP BY ()", "SELECT A FROM S"},
	} {
		if got := lowerText(t, c.in); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

// alphabet is every line that lowered text may hold, carriers in front aside.
var alphabet = regexp.MustCompile("^(?:`(?:->|->\\*|\\[\\])`\\()*(?:" +
	"`[0-9]+`|`f[0-9]+`\\(|`\\*`|\\?|[()*+,./%|=<>-]|<=|>=|<>|<=>|" +
	"`(?:array|map|struct|cast|type|like|distinct|same|=>)`\\(|" +
	"AND|AS|BETWEEN|CASE|DO|ELSE|END|FROM|GROUP BY|HAVING|IN|INSERT INTO|IS NULL|IS NOT NULL|JOIN|LEFT|LIKE|NOT|ON|OR|ORDER BY|" +
	"RIGHT|SELECT|STRAIGHT_JOIN|THEN|VALUES|WHEN|WHERE)$")

func checkAlphabet(t *testing.T, text string) {
	t.Helper()
	l, ok := lowerOnly(text)
	if !ok {
		return
	}
	buf, _ := l.render(nil, nil)
	for line := range strings.Lines(string(buf)) {
		if !alphabet.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("%q lowers to the line %q", text, line)
		}
	}
}

func TestAlphabet(t *testing.T) {
	for _, s := range []string{
		"`; DROP TABLE x` + \"a`b\" || '/*! 1 */' || ?", "SELECT `a``b`, 'x' AS \"*/\" FROM `--` WHERE /*+ hint */ a->`\n` = 1.5e3",
		"f(a, `x` => x->y[-1] % 2 / 3)", "a--1\n", "CAST(a AS STRUCT<`'` INT>) BETWEEN 1 AND 2 IS NULL",
	} {
		checkAlphabet(t, s)
	}
	for s := symbol(0); s < symbolCount; s++ {
		if text := symbolText[s]; s > symFunc && !alphabet.MatchString(text) && s != symDeref && s != symExpand && s != symIndex {
			t.Errorf("symbol %d has the text %q", s, text)
		}
	}
}

package plan

import (
	"reflect"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// selects plans a SELECT: a pull query, or a push query if it has EMIT.
func (w *world) selects(text string, params ...sql.Type) error {
	w.Helper()
	stmts, err := sql.ParseParams(text, nil)
	if err != nil {
		return err
	}
	s := stmts[0].Statement.(*sql.Select)
	if s.Emit == sql.EmitNone {
		_, err = PlanPull(w.cat, w.env, s, stmts[0].Text, params...)
	} else {
		_, err = PlanPush(w.cat, w.env, s, stmts[0].Text, params...)
	}
	return err
}

// TestNames: which columns a clause may name, and which names a result may have.
func TestNames(t *testing.T) {
	w := newWorld(t, tables)
	const reservedAlias = "` is a reserved column name. You cannot use it as an alias for a column."
	for text, want := range map[string]string{
		"SELECT A AS ROWTIME FROM S EMIT CHANGES;":               "`ROWTIME" + reservedAlias,
		"SELECT ROWOFFSET AS ROWTIME FROM S EMIT CHANGES;":       "`ROWTIME" + reservedAlias,
		"SELECT ROWTIME + 1 AS WINDOWSTART FROM S EMIT CHANGES;": "`WINDOWSTART" + reservedAlias,
		"SELECT ROWTIME AS ROWTIME FROM S EMIT CHANGES;":         "",
		"SELECT ROWTIME, ROWPARTITION FROM S EMIT CHANGES;":      "",
		"SELECT *, A AS Z FROM S EMIT CHANGES;":                  "",
		"SELECT NOPE FROM S EMIT CHANGES;":                       "SELECT column 'NOPE' cannot be resolved.",
		"SELECT *, NOPE FROM S EMIT CHANGES;":                    "SELECT column 'NOPE' cannot be resolved.", "SELECT *, A AS ROWTIME FROM S EMIT CHANGES;": "`ROWTIME" + reservedAlias,
		"SELECT A, 1 + NOPE FROM S EMIT CHANGES;":                                        "SELECT column 'NOPE' cannot be resolved.",
		"SELECT A FROM S WHERE NOPE = 1 EMIT CHANGES;":                                   "WHERE column 'NOPE' cannot be resolved.",
		"SELECT A, COUNT(*) FROM S GROUP BY A, NOPE EMIT CHANGES;":                       "GROUP BY column 'NOPE' cannot be resolved.",
		"SELECT A, COUNT(*) FROM S GROUP BY A HAVING NOPE EMIT CHANGES;":                 "HAVING column 'NOPE' cannot be resolved.",
		"SELECT A FROM S PARTITION BY NOPE EMIT CHANGES;":                                "PARTITION BY column 'NOPE' cannot be resolved.",
		"SELECT A AS X FROM S PARTITION BY X EMIT CHANGES;":                              "PARTITION BY column 'X' cannot be resolved. 'X' must be a column in the source schema since PARTITION BY is applied on the input.",
		"SELECT A FROM S WHERE S.A = 1 AND Z.A = 1 EMIT CHANGES;":                        "'Z' is not a valid stream/table name or alias.",
		"SELECT * FROM S JOIN T ON S.A = T.ID EMIT CHANGES;":                             "JOIN is not available yet",
		"SELECT * FROM S JOIN T ON S.NOPE = T.ID EMIT CHANGES;":                          "JOIN ON column 'S.NOPE' cannot be resolved.",
		"SELECT A FROM S GROUP BY A, A EMIT CHANGES;":                                    "Duplicate GROUP BY expression: S.A",
		"SELECT A FROM S PARTITION BY A + B, B, A + B EMIT CHANGES;":                     "Duplicate PARTITION BY expression: (S.A + S.B)",
		"SELECT B, A, COUNT(*) FROM S GROUP BY A, B EMIT CHANGES;":                       "",
		"SELECT A FROM S EMIT FINAL;":                                                    "EMIT FINAL is only supported for windowed aggregations.",
		"SELECT A, COUNT(*) FROM S GROUP BY A EMIT FINAL;":                               "EMIT FINAL is only supported for windowed aggregations.",
		"SELECT A, COUNT(*) FROM S WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY A EMIT FINAL;": "",
		"SELECT * FROM QW EMIT CHANGES;":                                                 "",
		"SELECT * FROM Q WHERE ID = ?;":                                                  "no value is given for parameter 1",
	} {
		if err := w.selects(text); (err == nil) != (want == "") || err != nil && !strings.Contains(message(err), want) && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	w.env.Request = "\n SELECT * FROM S JOIN T ON S.A = T.NOPE EMIT CHANGES;"
	if err := w.selects(w.env.Request); err == nil || message(err) != "Line: 2, Col: 34: JOIN ON column 'T.NOPE' cannot be resolved." {
		t.Error(err)
	}
	w.env.Request = ""
	if err := w.selects("SELECT * FROM QS WHERE NOT K BETWEEN 10 AND 'a' AND NOT K BETWEEN 'a' AND 11;"); err == nil || message(err) != "Invalid expression: Cannot compare K (STRING) to 10 (INTEGER) with GREATER_THAN_OR_EQUAL." {
		t.Errorf("of two wrong conditions the first is told: %v", err)
	}
	w.refused("CREATE STREAM O AS SELECT K, ROWTIME FROM S;", "Reserved column name in select: `ROWTIME`. Please remove or alias the column.")
	w.do("CREATE STREAM O AS SELECT K, ROWTIME AS RT FROM S;")
	w.refused("CREATE TABLE P AS SELECT * FROM QW;", "KSQL does not support persistent queries on windowed tables.")
	w.refused("CREATE STREAM P AS SELECT * FROM QW;", "KSQL does not support persistent queries on windowed tables.")
	if err := w.selects("SELECT * FROM Q WHERE ID = ? AND A = ?;", sql.TInteger); err == nil || !strings.Contains(err.Error(), "no value is given for parameter 2") {
		t.Error(err)
	}
}

// TestNewPlanner: ksqlDB's alternative planner does projections only.
func TestNewPlanner(t *testing.T) {
	w := newWorld(t, people)
	w.env.Props["ksql.new.query.planner.enabled"] = "true"
	for text, clause := range map[string]string{
		"SELECT A, K FROM S EMIT CHANGES;": "", "SELECT A FROM S WHERE A = 1 EMIT CHANGES;": "WHERE", "SELECT A FROM S PARTITION BY A EMIT CHANGES;": "PARTITION BY",
		"SELECT A FROM S EMIT CHANGES LIMIT 1;": "LIMIT", "SELECT A, COUNT(*) FROM S GROUP BY A EMIT CHANGES;": "GROUP BY", "SELECT COUNT(*) FROM S HAVING COUNT(*) > 1 EMIT CHANGES;": "HAVING",
		"SELECT A, COUNT(*) FROM S WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY A EMIT CHANGES;": "GROUP BY",
	} {
		err := w.selects(text)
		if clause == "" && err != nil || clause != "" && (err == nil || message(err) != "New query planner does not support "+clause) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestReplacedAggregates: a query's groups go on only under the same groups and the same functions of the same columns (spec 9.4).
func TestReplacedAggregates(t *testing.T) {
	const frame = "Query is not upgradeable. Plan step of type Stream"
	for _, c := range []struct{ old, now, want string }{
		{"B, SUM(A) AS N FROM S GROUP BY B", "B, SUM(A) AS N FROM S WHERE A > 1 GROUP BY B", ""},
		{"B, SUM(A) AS N FROM S GROUP BY B", "B, SUM(A) AS N FROM S GROUP BY B HAVING SUM(A) > 1", ""},
		{"K, SUM(A) AS N FROM S GROUP BY K", "K, SUM(A) AS N FROM S WHERE A > 1 GROUP BY K", ""},
		{"B, SUM(A) AS N FROM S GROUP BY B", "B, MAX(A) AS N FROM S GROUP BY B", frame + "Aggregate must have matching aggregate functions. Values differ: [SUM(A)] vs. [MAX(A)]"},
		{"B, SUM(A) AS N FROM S GROUP BY B", "B, SUM(A + 1) AS N FROM S GROUP BY B", frame + "Aggregate must have matching aggregate functions. Values differ: [SUM(A)] vs. [SUM((A + 1))]"},
		{"K, TOPK(A, 2) AS N FROM S GROUP BY K", "K, TOPK(A, 3) AS N FROM S GROUP BY K", frame + "Aggregate must have matching aggregate functions. Values differ: [TOPK(A, 2)] vs. [TOPK(A, 3)]"},
		{"K, SUM(A) AS N FROM S GROUP BY K", "K, SUM(B) AS N FROM S GROUP BY K", frame + "Aggregate must have matching columns not part of aggregate. Values differ: [`K`, `A`] vs. [`K`, `B`]"},
		{"B + 1 AS X, SUM(A) AS N FROM S GROUP BY B + 1", "B + 2 AS X, SUM(A) AS N FROM S GROUP BY B + 2", frame + "GroupBy must have matching groupByExpressions. Values differ: [(B + 1)] vs. [(B + 2)]"},
		{"A, COUNT(*) AS N FROM T GROUP BY A", "A, COUNT(*) AS N FROM T WHERE ID > 1 GROUP BY A", "Upgrades not yet supported for TableAggregate"},
		{"B, SUM(A) AS N FROM S WINDOW SESSION (1 HOUR) GROUP BY B", "B, SUM(A) AS N FROM S WINDOW SESSION (1 HOUR) WHERE A > 1 GROUP BY B", "Upgrades not yet supported for StreamWindowedAggregate"},
	} {
		w := newWorld(t, people+"CREATE TABLE O AS SELECT "+c.old+";")
		err := w.run("CREATE OR REPLACE TABLE O AS SELECT " + c.now + ";")
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(message(err), c.want) {
			t.Errorf("%s after %s:\n%v\nwant %s", c.now, c.old, err, c.want)
		}
	}
}

// TestReasonable: the largest types that there may be.
func TestReasonable(t *testing.T) {
	wide := func(parts int) sql.Type { return sql.Type{Kind: sql.Struct, Fields: make([]sql.Field, parts-1)} }
	elem, half := wide(maxParts-1), wide(maxParts/2)
	for _, c := range []struct {
		types []sql.Type
		want  bool
	}{
		{[]sql.Type{wide(maxParts)}, true}, {[]sql.Type{wide(maxParts + 1)}, false},
		{[]sql.Type{{Kind: sql.Array, Elem: &elem}}, true}, {[]sql.Type{{Kind: sql.Map, Key: &sql.TString, Elem: &elem}}, false},
		{[]sql.Type{half, half}, true}, {[]sql.Type{half, half, sql.TString}, false}, {[]sql.Type{{Kind: sql.Map, Key: &half, Elem: &half}}, false},
		{[]sql.Type{sql.DecimalOf(maxDigits, 0)}, true}, {[]sql.Type{sql.DecimalOf(maxDigits+1, 0)}, false},
	} {
		if err := reasonable(c.types...); (err == nil) != c.want {
			t.Errorf("%d types: %v", len(c.types), err)
		}
		var row sql.Schema
		for _, x := range c.types {
			row = append(row, sql.Column{Field: sql.Field{Type: x}})
		}
		if err := reasonableRow(row); (err == nil) != c.want {
			t.Errorf("%d columns: %v", len(c.types), err)
		}
	}
}

// TestColumns: the columns that an expression reads, wherever in it they stand.
func TestColumns(t *testing.T) {
	const columns = "A INT, B INT, C INT, BO BOOLEAN, S STRING, AR ARRAY<INT>, M MAP<STRING, INT>, ST STRUCT<X INT>"
	all := []string{"A", "B", "C", "BO", "S", "AR", "M", "ST"}
	for expr, want := range map[string]string{
		"1": "", "A": "A", "A + B": "A B", "-A": "A", "A = C": "A C", "BO AND A = 1": "A BO", "NOT BO": "BO", "A IS NULL": "A", "A BETWEEN B AND C": "A B C", "A IN (B, C)": "A B C",
		"S LIKE CAST(A AS STRING)": "A S", "CASE WHEN BO THEN A WHEN B = 1 THEN 1 ELSE C END": "A B C BO", "CASE WHEN BO THEN A END": "A BO", "CAST(A AS STRING)": "A", "ARRAY[A, B]": "A B", "MAP(S := A, 'x' := B)": "A B S",
		"STRUCT(X := A, Y := S)": "A S", "AR[B]": "B AR", "ST->X": "ST", "ABS(A)": "A", "TRANSFORM(AR, X => X + C)": "C AR", "TRANSFORM(M, (K, V) => K + S, (K, V) => V + B)": "B S M",
	} {
		x, err := binderOf(t, columns).Bind(exprOf(t, expr))
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		used := make([]bool, len(all))
		Columns(x, used)
		var got []string
		for i, name := range all {
			if used[i] {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want || constant(x) != (want == "") {
			t.Errorf("%s reads %v, want %s; constant %v", expr, got, want, constant(x))
		}
		if len(got) > 1 {
			shown := 0
			if EachColumn(x, func(int) bool { shown++; return false }) || shown != 1 {
				t.Errorf("%s: %d columns are shown to one who wants one", expr, shown)
			}
		}
	}
}

// TestCallSites: what a function learns of its call: constants as values of its parameters' types, units as text.
func TestCallSites(t *testing.T) {
	for expr, want := range map[string][]any{
		"TIMESTAMPADD(HOURS, 1, TS)": {"HOURS", int32(1), nil}, "TIMESTAMPADD(NULL, 1, TS)": {nil, int32(1), nil}, "FROM_UNIXTIME(1)": {int64(1)}, "FROM_UNIXTIME(L)": {nil}, "SUBSTRING(S, 1, I)": {nil, int32(1), nil},
		"UCASE('a')": {"a"},
	} {
		b := binderOf(t, everyType)
		b.Config["ksql.functions.x"] = "y"
		x, err := b.Bind(exprOf(t, expr))
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		call := x.(*Call)
		if !reflect.DeepEqual(call.Site.Lits, want) || call.Site.Config["ksql.functions.x"] != "y" || !call.Site.Returns.Equal(call.T) {
			t.Errorf("%s: %#v, want %#v; %v", expr, call.Site.Lits, want, call.Site.Config)
		}
		for i, a := range call.Args {
			if unit := strings.HasPrefix(expr, "TIMESTAMPADD") && i == 0; unit != (a == nil) || !unit && !a.Type().Equal(call.Site.Args[i]) {
				t.Errorf("%s: argument %d is %v", expr, i, a)
			}
		}
	}
	b := binderOf(t, everyType)
	b.Config["ksql.lambdas.enabled"] = "false"
	if _, err := b.Bind(exprOf(t, "TRANSFORM(AR, X => X)")); err == nil || !strings.HasPrefix(message(err), "Lambda functions are disabled: ") {
		t.Error(err)
	}
}

// TestLambdaVariables: a name in a lambda is the nearest parameter of that name, else a column.
func TestLambdaVariables(t *testing.T) {
	of := func(expr string, path ...int) Expr { // the body of the lambda, and of that in it
		x, err := binderOf(t, everyType).Bind(exprOf(t, expr))
		for _, n := range path {
			if err != nil {
				t.Fatal(err)
			}
			x = x.(*Call).Lambdas[n].Body
		}
		return x
	}
	for _, c := range []struct {
		x            Expr
		depth, index int
	}{
		{of("TRANSFORM(AR, X => X)", 0), 0, 0}, {of("TRANSFORM(M, (K, V) => K, (K, V) => V)", 1), 0, 1}, {of("TRANSFORM(AR, X => TRANSFORM(AR, Y => X))", 0, 0), 1, 0},
		{of("TRANSFORM(AR, X => TRANSFORM(AR, Y => Y))", 0, 0), 0, 0},
		{of("TRANSFORM(M, (A, B) => A, (A, B) => REDUCE(AR, B, (S, X) => B))", 1, 0), 1, 1}, {of("TRANSFORM(M, (A, B) => A, (A, B) => REDUCE(AR, B, (S, X) => X))", 1, 0), 0, 1},
	} {
		if v, ok := c.x.(*LambdaVar); !ok || v.Depth != c.depth || v.Index != c.index {
			t.Errorf("%s is %#v, want depth %d, index %d", c.x, c.x, c.depth, c.index)
		}
	}
	if c, ok := of("TRANSFORM(AR, X => I)", 0).(*Column); !ok || c.Index != 1 {
		t.Error("a column in a lambda is none")
	}
}

// TestNestedLambdas: a lambda is bound once for each choice of types around it, not twice for each lambda around it.
func TestNestedLambdas(t *testing.T) {
	const deep = 12
	expr := "X" + itoa(deep)
	for i := deep; i > 0; i-- {
		expr = "TRANSFORM(ARRAY[1, 2], X" + itoa(i) + " => " + expr + ")"
	}
	b, looks := binderOf(t, "I INT"), 0
	b.check = func() { looks++ }
	x, err := b.Bind(exprOf(t, expr))
	if err != nil || x.Type().String() != strings.Repeat("ARRAY<", deep)+"INTEGER"+strings.Repeat(">", deep) {
		t.Fatal(x, err)
	}
	if looks < deep || looks > 20*deep {
		t.Errorf("%d expressions were bound in %d lambdas", looks, deep)
	}
	scope := func(types ...sql.Type) lambdaScope { return lambdaScope{types: types} }
	one := []lambdaScope{scope(sql.TInteger), scope(sql.TString, sql.TInteger)}
	for _, c := range []struct {
		other []lambdaScope
		want  bool
	}{
		{[]lambdaScope{scope(sql.TInteger), scope(sql.TString, sql.TInteger)}, true}, {[]lambdaScope{scope(sql.TBigint), scope(sql.TString, sql.TInteger)}, false},
		{[]lambdaScope{scope(sql.TInteger), scope(sql.TString, sql.TBigint)}, false}, {[]lambdaScope{scope(sql.TInteger), scope(sql.TBigint, sql.TInteger)}, false},
	} {
		if got := sameScopes(one, c.other); got != c.want {
			t.Errorf("%v and %v: %v", one, c.other, got)
		}
	}
}

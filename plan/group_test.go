package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// TestGroupsRefused: the rules of GROUP BY, aggregates, the bounds of windows and table functions (spec 10.5, 11).
func TestGroupsRefused(t *testing.T) {
	const win = " FROM S WINDOW TUMBLING (SIZE 1 HOUR) "
	refused(t, `CREATE STREAM KA (K STRING KEY, A INT) WITH (KAFKA_TOPIC='ka', VALUE_FORMAT='KAFKA', PARTITIONS=1);`, [][2]string{
		{"CREATE TABLE O AS SELECT K, MAX(SUM(A)) AS N FROM S GROUP BY K;", "Aggregate functions can not be nested: MAX(SUM())"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K HAVING MAX(SUM(A)) > 1;", "Aggregate functions can not be nested: MAX(SUM())"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K, MAX(A);", "GROUP BY does not support aggregate functions: MAX is an aggregate function."},
		{"CREATE TABLE O AS SELECT K, EXPLODE(L) AS X, COUNT(*) AS N FROM S GROUP BY K;", "Table functions cannot be used with aggregations."}, {"CREATE TABLE O AS SELECT EXPLODE(L) AS X FROM S GROUP BY K;", "Table functions cannot be used with aggregations."},
		{"CREATE STREAM O AS SELECT K, A FROM S WHERE COUNT(*) > 1;", "WHERE clause does not support aggregate functions: COUNT(*)"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WHERE SUM(A) > 1 GROUP BY K;", "WHERE clause does not support aggregate functions: SUM(A)"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N" + win + "WHERE MAX(A) > 1 GROUP BY K;", "WHERE clause does not support aggregate functions: MAX(A)"},
		{"CREATE STREAM O AS SELECT K, A" + win + ";", "WINDOW clause requires a GROUP BY clause."}, {"CREATE STREAM O AS SELECT K, A FROM S HAVING A > 1;", "HAVING clause requires a GROUP BY clause."},
		{"CREATE TABLE O AS SELECT K FROM S GROUP BY K;", "GROUP BY requires aggregate functions in either the SELECT or HAVING clause."}, {"CREATE TABLE O AS SELECT K, A FROM S GROUP BY K, A HAVING A > 1;", "GROUP BY requires aggregate functions in either the SELECT or HAVING clause."},
		{"CREATE TABLE O AS SELECT COUNT(*) AS N, SUM(A) AS M FROM S;", "CREATE TABLE AS SELECT statement does not support aggregate function [COUNT(ROWTIME), SUM(A)] without a GROUP BY clause."}, {"INSERT INTO S SELECT COUNT() AS N FROM S;", "INSERT INTO statement does not support aggregate function [COUNT(ROWTIME)] without a GROUP BY clause."},
		{"CREATE TABLE O AS SELECT A FROM S HAVING COUNT(*) > 1;", "Non-aggregate SELECT expression(s) not part of GROUP BY: A\n"},
		{"CREATE TABLE O AS SELECT K, A + B AS X, D, COUNT(*) AS N FROM S GROUP BY K;", "Non-aggregate SELECT expression(s) not part of GROUP BY: (A + B), D\nEither add the column(s) to the GROUP BY or remove them from the SELECT."},
		{"CREATE TABLE O AS SELECT A + B AS X, A, COUNT(*) AS N FROM S GROUP BY A + B;", "Non-aggregate SELECT expression(s) not part of GROUP BY: A\n"}, {"CREATE TABLE O AS SELECT *, COUNT(*) AS N FROM S GROUP BY K;", "Non-aggregate SELECT expression(s) not part of GROUP BY: A, B, L, D\n"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K HAVING A + B + A > SUM(B);", "Non-aggregate HAVING expression not part of GROUP BY: A, B"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K HAVING WINDOWSTART > 1;", "HAVING column 'WINDOWSTART' cannot be resolved."},
		{"CREATE TABLE O AS SELECT K, MAX(WINDOWSTART) AS N" + win + "GROUP BY K;", "Window bounds column WINDOWSTART can only be used in the SELECT clause"}, {"CREATE TABLE O AS SELECT *, MAX(WINDOWEND) AS N" + win + "GROUP BY K;", "Window bounds column WINDOWEND can only be used in the SELECT clause"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N" + win + "GROUP BY K, WINDOWEND;", "Window bounds column WINDOWEND can only be used in the SELECT clause"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N" + win + "GROUP BY K HAVING WINDOWSTART > 1;", "Window bounds column WINDOWSTART can only be used in the SELECT clause"},
		{"CREATE TABLE O AS SELECT K, A, COUNT(*) AS N" + win + "GROUP BY K;", "Non-aggregate SELECT expression(s) not part of GROUP BY: A\n"},
		{"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM KA GROUP BY A;", "Source(s) KA are using the 'KAFKA' value format. This format does not yet support GROUP BY."},
		{"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM T WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY A;", "Windowing not supported for table aggregations."}, {"CREATE TABLE O AS SELECT M, COUNT(*) AS N FROM S GROUP BY MAP('a':=A) ;", "SELECT column 'M' cannot be resolved."},
		{"CREATE TABLE O AS SELECT COUNT(*) AS N FROM S GROUP BY MAP('a':=A);", "Map keys, including types that contain maps, are not supported"}, {"CREATE TABLE O AS SELECT A, COUNT(*) AS N FROM S GROUP BY A, B;", "Key missing from projection (ie, SELECT). \nThe query used to build `O` must include the grouping expression B in its projection (eg, SELECT B...)."},
		{"CREATE TABLE O AS SELECT COUNT(*) AS N FROM S GROUP BY A, B;", "Keys missing from projection (ie, SELECT). \nThe query used to build `O` must include the grouping expressions A and B in its projection (eg, SELECT A, B...)."},
		{"CREATE TABLE O AS SELECT K, K AS Z, K AS Y, COUNT(*) AS N FROM S GROUP BY K;", "The projection contains a key column more than once: `K`, `Y` and `Z`.\n"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS K FROM S GROUP BY K;", "Duplicate value columns found in schema: `K` BIGINT"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N, SUM(A) AS N FROM S GROUP BY K;", "Duplicate value columns found in schema: `N` INTEGER"},
		{"CREATE TABLE O AS SELECT K, SUM(K) AS N FROM S GROUP BY K;", "Function 'SUM' does not accept parameters (STRING)."}, {"CREATE TABLE O AS SELECT K, TOPK(A, B) AS N FROM S GROUP BY K;", "Parameter 2 passed to function TOPK must be a literal constant, but was expression: 'B'"},
		{"CREATE TABLE O AS SELECT K, TOPK(A, 1 + 1) AS N FROM S GROUP BY K;", "must be a literal constant, but was expression: '(1 + 1)'"}, {"CREATE TABLE O AS SELECT K, TOPK(A, -B) AS N FROM S GROUP BY K;", "must be a literal constant, but was expression: '-B'"},
		{"CREATE TABLE O AS SELECT COUNT(*) AS N FROM S GROUP BY A + true;", "(A + true)"}, {"CREATE TABLE O AS SELECT K, SUM(A + true) AS N FROM S GROUP BY K;", "(A + true)"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K HAVING SUM(K) > 1;", "Function 'SUM' does not accept parameters (STRING)."},
		{"CREATE TABLE O AS SELECT K, LATEST_BY_OFFSET(A, 0) AS N FROM S GROUP BY K;", "must be 1 or greater"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K HAVING SUM(A);", "Type error in HAVING expression: Should evaluate to boolean but is SUM(A) (INTEGER) instead."},
		{"CREATE STREAM O AS SELECT K, A FROM S PARTITION BY A + true;", "(A + true)"}, {"CREATE STREAM O AS SELECT K, EXPLODE(ARRAY[A + true]) AS X FROM S;", "(A + true)"}, {"CREATE STREAM O AS SELECT K, 1E400 AS X FROM S;", "Number overflows DOUBLE: 1E400"},
		// Table functions.
		{"CREATE STREAM O AS SELECT K, EXPLODE(EXPLODE(ARRAY[L])) AS X FROM S;", "Table functions cannot be nested: EXPLODE(EXPLODE(ARRAY[S.L]))"}, {"CREATE STREAM O AS SELECT K, CASE WHEN A > 1 THEN EXPLODE(L) ELSE 1 END AS X FROM S;", "Table functions cannot be used in CASE: EXPLODE(S.L)"},
		{"CREATE STREAM O AS SELECT K, 1 + CASE EXPLODE(L) WHEN 1 THEN 2 END AS X FROM S;", "Table functions cannot be used in CASE: EXPLODE(S.L)"}, {"CREATE TABLE O AS SELECT ID, EXPLODE(ARRAY[A]) AS X FROM T;", "Table source is not supported with table functions"},
		{"CREATE STREAM O AS SELECT K, A FROM S WHERE EXPLODE(L) = 1;", "WHERE clause does not support table functions: (EXPLODE(S.L) = 1)"}, {"CREATE TABLE O AS SELECT COUNT(*) AS N FROM S GROUP BY EXPLODE(L);", "GROUP BY clause does not support table functions: EXPLODE(S.L)"},
		{"CREATE STREAM O AS SELECT K, A FROM S PARTITION BY EXPLODE(L);", "PARTITION BY clause does not support table functions: EXPLODE(S.L)"}, {"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K HAVING EXPLODE(L) > 1;", "HAVING"},
		{"CREATE STREAM O AS SELECT K, EXPLODE(A) AS X FROM S;", "Function 'explode' does not accept parameters (INTEGER)."}, {"CREATE STREAM O AS SELECT K, EXPLODE(L) AS X, EXPLODE(K) AS Y FROM S;", "Function 'explode' does not accept parameters (STRING)."},
		{"CREATE STREAM O AS SELECT K, A FROM S PARTITION BY MAX(A);", "PARTITION BY does not support aggregate functions: MAX(S.A)"}, {"CREATE STREAM O AS SELECT K, A FROM S PARTITION BY A, NULL;", "Cannot PARTITION BY multiple columns including NULL"},
		{"CREATE TABLE O AS SELECT ID, A FROM T PARTITION BY A + 1;", "Cannot repartition a TABLE source. If this is a join, make sure that the criteria uses the TABLE's key column T.ID instead of [(T.A + 1)]"}, {"CREATE STREAM O AS SELECT * FROM S PARTITION BY MAP('a':=A);", "Map keys, including types that contain maps, are not supported"},
		{"CREATE STREAM O AS SELECT B FROM S PARTITION BY A;", "The query used to build `O` must include the partitioning expression S.A in its projection (eg, SELECT S.A...)."}, {"CREATE STREAM O AS SELECT A, B AS X FROM S PARTITION BY A, B + 1;", "must include the partitioning expressions S.A and (S.B + 1) in its projection (eg, SELECT S.A, (S.B + 1)...)."},
		{"CREATE STREAM O AS SELECT K, K AS Z, A FROM S;", "The projection contains a key column (`K`) more than once, aliased as: K and Z.\n"}, {"CREATE STREAM O AS SELECT K AS X, A, B AS X FROM S;", "Value columns clash with key columns: `X`"},
		{"CREATE STREAM O AS SELECT K, CAST(A AS BOOLEAN) AS X FROM S;", "Invalid Select: Cast of INTEGER to BOOLEAN is not supported"}, {"CREATE STREAM O AS SELECT K, NULL AS X FROM S;", "Can't infer a type of null."},
	})
	w := newWorld(t, people)
	for text, want := range map[string]string{"SELECT EXPLODE(ARRAY[COUNT(*)]) FROM S EMIT CHANGES;": "Table functions cannot be used with aggregations.", "SELECT A, B AS A FROM S EMIT CHANGES;": "Duplicate value columns found in schema: `A` INTEGER", "SELECT K, A AS K FROM S EMIT CHANGES;": "", "SELECT K, K AS Z FROM S EMIT CHANGES;": "", "SELECT K, K FROM S EMIT CHANGES;": "",
		"SELECT K, SUM(A) FROM S GROUP BY K, A HAVING COUNT(*) > 1 EMIT CHANGES;": "", "SELECT WINDOWSTART, WINDOWSTART FROM W EMIT CHANGES;": "", "SELECT A + 1 AS X, WINDOWSTART + 1 AS X FROM W EMIT CHANGES;": "Duplicate value columns found in schema: `X` BIGINT"} {
		if _, err := pushOf(w, text); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func pushOf(w *world, text string) (*Query, error) {
	w.Helper()
	stmts, err := sql.Parse(text, nil)
	if err != nil {
		w.Fatal(text, err)
	}
	return PlanPush(w.cat, w.env, stmts[0].Statement.(*sql.Select), stmts[0].Text)
}

// aggregation is the aggregation of a plan, printed: its arguments are columns of the projection in front, its constants
// stand beside them.
func aggregation(t *testing.T, root Step) string {
	for _, s := range Steps(root) {
		if a, ok := s.(*Aggregate); ok {
			return a.Schema.String() + " of " + a.In.Out().Schema.String() + " by " + callTexts(a) + " reads " + strings.Join(a.Reads, " ")
		}
	}
	t.Fatal("no aggregation")
	return ""
}

func TestAggregations(t *testing.T) {
	w := newWorld(t, people)
	w.env.Const = func(x Expr) (any, error) {
		if n, ok := x.(*Neg); ok {
			return -n.X.(*Literal).Value.(int32), nil
		}
		return nil, errors.New("not to be computed")
	}
	for _, c := range []struct{ text, want string }{
		{"SELECT A, COUNT(*), COUNT(), SUM(B), SUM(B) + 1, COUNT(B) FROM S WHERE D > 1 GROUP BY A", "`A` INTEGER KEY, `KSQL_AGG_VARIABLE_0` BIGINT, `KSQL_AGG_VARIABLE_1` INTEGER, `KSQL_AGG_VARIABLE_2` BIGINT of `A` INTEGER KEY, `KSQL_INTERNAL_COL_1` BIGINT, `KSQL_INTERNAL_COL_2` INTEGER by [COUNT(ROWTIME), SUM(B), COUNT(B)] reads A ROWTIME B D"},
		{"SELECT A + B, SUM(A + B), MAX(A) FROM S GROUP BY A + B HAVING MIN(A) > 1", "`KSQL_COL_0` INTEGER KEY, `KSQL_AGG_VARIABLE_0` INTEGER, `KSQL_AGG_VARIABLE_1` INTEGER, `KSQL_AGG_VARIABLE_2` INTEGER of `KSQL_COL_0` INTEGER KEY, `KSQL_INTERNAL_COL_1` INTEGER by [SUM((A + B)), MAX(A), MIN(A)] reads A B"},
		{"SELECT SUM(A) FROM S", "`ROWKEY` INTEGER KEY, `KSQL_AGG_VARIABLE_0` INTEGER of `ROWKEY` INTEGER KEY, `KSQL_INTERNAL_COL_1` INTEGER by [SUM(A)] reads A"},
		{"SELECT B, A, COUNT(*) FROM S GROUP BY A, B", "`A` INTEGER KEY, `B` INTEGER KEY, `KSQL_AGG_VARIABLE_0` BIGINT of `A` INTEGER KEY, `B` INTEGER KEY, `KSQL_INTERNAL_COL_2` BIGINT by [COUNT(ROWTIME)] reads B A ROWTIME"},
		{"SELECT K, WINDOWSTART, COUNT(A) FROM S WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY K", "`K` STRING KEY, `WINDOWSTART` BIGINT, `WINDOWEND` BIGINT, `KSQL_AGG_VARIABLE_0` BIGINT of `K` STRING KEY, `KSQL_INTERNAL_COL_1` INTEGER by [COUNT(A)] reads K A"},
		{"SELECT K, TOPK(A, 2), TOPK(A, B, 3), LATEST_BY_OFFSET(A, -(-2)), LATEST_BY_OFFSET(B, 2, false) FROM S GROUP BY K", "`K` STRING KEY, `KSQL_AGG_VARIABLE_0` ARRAY<INTEGER>, `KSQL_AGG_VARIABLE_1` ARRAY<STRUCT<`sort_col` INTEGER, `col0` INTEGER>>, `KSQL_AGG_VARIABLE_2` ARRAY<INTEGER>, `KSQL_AGG_VARIABLE_3` ARRAY<INTEGER> of `K` STRING KEY, `KSQL_INTERNAL_COL_1` INTEGER, `KSQL_INTERNAL_COL_2` INTEGER by [TOPK(A, 2), TOPK(A, B, 3), LATEST_BY_OFFSET(A, 2), LATEST_BY_OFFSET(B, 2, false)] reads K A B"},
	} {
		q, err := pushOf(w, c.text+" EMIT CHANGES;")
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := aggregation(t, q.Root); got != c.want {
			t.Errorf("%s:\n got  %s\n want %s", c.text, got, c.want)
		}
	}
	w.env.Functions = w.env.Functions.With(fn.Func{Name: "TALLY", Variants: []fn.Variant{{Returns: sql.TBigint, Agg: func(fn.Site) (fn.Accumulator, error) { return nil, nil }}}})
	q, err := pushOf(w, "SELECT K, TALLY() FROM S GROUP BY K EMIT CHANGES;") // one that takes nothing, not ROWTIME either
	if err != nil {
		t.Fatal(err)
	}
	if got, want := aggregation(t, q.Root), "`K` STRING KEY, `KSQL_AGG_VARIABLE_0` BIGINT of `K` STRING KEY by [TALLY()] reads K ROWTIME"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.env.Const = func(Expr) (any, error) { return nil, errors.New("it overflows") }
	if _, err := pushOf(w, "SELECT K, TOPK(A, -(-2)) FROM S GROUP BY K EMIT CHANGES;"); err == nil || !strings.Contains(err.Error(), "it overflows") {
		t.Error(err)
	}
	w.env.Const = nil
	if _, err := pushOf(w, "SELECT K, TOPK(A, -(-2)) FROM S GROUP BY K EMIT CHANGES;"); err == nil || !strings.Contains(err.Error(), "Parameter 2 passed to function TOPK must be a literal constant, but was expression: '- -2'") {
		t.Error(err)
	}
}

// TestVariadic: of arguments that may stand any number of times each goes to the one that is declared so.
func TestVariadic(t *testing.T) {
	variant := func(args, variadic int) *fn.Variant {
		return &fn.Variant{Args: make([]fn.Arg, args), Variadic: variadic}
	}
	for _, c := range []struct {
		v    *fn.Variant
		n    int
		want []int
	}{
		{variant(3, 0), 3, []int{0, 1, 2}}, {variant(3, 2), 3, []int{0, 1, 2}}, {variant(3, 2), 5, []int{0, 1, 1, 1, 2}}, {variant(3, 2), 2, []int{0, 2}}, {variant(2, 2), 4, []int{0, 1, 1, 1}}, {variant(1, 1), 2, []int{0, 0}}, {variant(3, 1), 4, []int{0, 0, 1, 2}},
	} {
		for i, want := range c.want {
			if got := declared(c.v, c.n, i); got != want {
				t.Errorf("argument %d of %d to %d, of which %d repeats: %d, want %d", i, c.n, len(c.v.Args), c.v.Variadic, got, want)
			}
		}
	}
}

// TestTopicOfGroups: the rows of a group stand together already when the key is the source's only one and has only one
// expression.
func TestTopicOfGroups(t *testing.T) {
	for text, want := range map[string]bool{"K": false, "S.K": false, "A": true, "K, A": true, "UCASE(K)": true} {
		w := newWorld(t, people)
		q, err := pushOf(w, "SELECT COUNT(*) FROM S GROUP BY "+text+" EMIT CHANGES;")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := strings.Contains(names(q.Root), "Exchange"); got != want {
			t.Errorf("%s: %s", text, names(q.Root))
		}
	}
	w := newWorld(t, `CREATE STREAM S (K INT KEY, L INT KEY, A INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON', PARTITIONS=3); CREATE STREAM Z (K INT, A INT) WITH (KAFKA_TOPIC='z', FORMAT='JSON', PARTITIONS=3);`)
	for _, text := range []string{"SELECT COUNT(*) FROM S GROUP BY K EMIT CHANGES;", "SELECT COUNT(*) FROM S GROUP BY K, L EMIT CHANGES;", "SELECT COUNT(*) FROM Z GROUP BY K EMIT CHANGES;", "SELECT COUNT(*) FROM S EMIT CHANGES;"} {
		if q, err := pushOf(w, text); err != nil || !strings.Contains(names(q.Root), "Exchange") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

package plan

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

// TestRewrite: what is put in the place of a part stands there in the copy, wherever the part stood; the original stays
// as it was.
func TestRewrite(t *testing.T) {
	swap := func(e sql.Expr) sql.Expr {
		if c, ok := e.(*sql.ColumnRef); ok {
			return &sql.ColumnRef{Name: "N" + c.Name}
		}
		return nil
	}
	for _, c := range []struct{ text, want string }{
		{"A", "NA"}, {"1", "1"}, {"A + B", "(NA + NB)"}, {"-A", "-NA"}, {"NOT A", "(NOT NA)"}, {"A BETWEEN B AND C", "(NA BETWEEN NB AND NC)"}, {"A IN (B, 1, C)", "(NA IN (NB, 1, NC))"},
		{"A LIKE B", "(NA LIKE NB)"}, {"A IS NULL", "(NA IS NULL)"}, {"CASE WHEN A THEN B WHEN C THEN D ELSE E END", "(CASE WHEN NA THEN NB WHEN NC THEN ND ELSE NE END)"},
		{"CASE A WHEN B THEN C END", "(CASE NA WHEN NB THEN NC END)"}, {"CAST(A AS STRING)", "CAST(NA AS STRING)"}, {"ARRAY[A, B]", "ARRAY[NA, NB]"}, {"MAP(A:=B, C:=D)", "MAP(NA:=NB, NC:=ND)"},
		{"STRUCT(P:=A, Q:=B)", "STRUCT(P:=NA, Q:=NB)"}, {"F(A, G(B))", "F(NA, G(NB))"}, {"F()", "F()"}, {"A[B]", "NA[NB]"}, {"A->P->Q", "NA->P->Q"},
		{"F(A, X => X + B)", "F(NA, (X) => (X + NB))"}, {"F(A, (X, Y) => G(X, Z => X + Y + Z + W))", "F(NA, (X, Y) => G(X, (Z) => (((X + Y) + Z) + NW)))"}, {"F(A, X => X) + X", "(F(NA, (X) => X) + NX)"},
	} {
		e := exprOf(t, c.text)
		was := sql.Text(e)
		if got := sql.Text(rewrite(e, swap)); got != c.want {
			t.Errorf("%s becomes %s, want %s", c.text, got, c.want)
		}
		if now := sql.Text(e); now != was {
			t.Errorf("%s is %s now", c.text, now)
		}
	}
	inner := func(e sql.Expr) sql.Expr { // what was put in is not looked into
		if c, ok := e.(*sql.Call); ok && c.Name == "F" {
			return &sql.Call{Name: "F", Args: append(c.Args, exprOf(t, "F(A)"))}
		}
		return nil
	}
	if got := sql.Text(rewrite(exprOf(t, "1 + F(B)"), inner)); got != "(1 + F(B, F(A)))" {
		t.Error(got)
	}
}

// TestVisit: parts are seen from the top down, parameters of lambdas are not.
func TestVisit(t *testing.T) {
	for _, c := range []struct{ text, refs, seen string }{
		{"A + B * A", "A B A", "(A + (B * A)); A; (B * A); B; A"},
		{"F(A, X => X + B) + X", "A B X", "(F(A, (X) => (X + B)) + X); F(A, (X) => (X + B)); A; (X) => (X + B); (X + B); B; X"},
		{"F(T.X, (X, Y) => G(X, Z => X + Y + Z + W))", "T.X W", ""},
		{"F(1, X => X + T.X)", "T.X", ""},
	} {
		e := exprOf(t, c.text)
		var refs, seen []string
		for _, r := range references(e) {
			refs = append(refs, sql.Text(r))
		}
		if got := strings.Join(refs, " "); got != c.refs {
			t.Errorf("%s refers to %s, want %s", c.text, got, c.refs)
		}
		visit(e, func(x sql.Expr) bool {
			seen = append(seen, sql.Text(x))
			return true
		})
		if got := strings.Join(seen, "; "); c.seen != "" && got != c.seen {
			t.Errorf("%s shows %s, want %s", c.text, got, c.seen)
		}
	}
	for _, hidden := range []string{"F", "LAMBDA"} { // what is refused is not looked into
		n := 0
		visit(exprOf(t, "1 + F(A, X => X + B)"), func(x sql.Expr) bool {
			n++
			_, lambda := x.(*sql.LambdaExpr)
			call, ok := x.(*sql.Call)
			return !(lambda && hidden == "LAMBDA") && !(ok && call.Name == hidden)
		})
		if want := map[string]int{"F": 3, "LAMBDA": 5}[hidden]; n != want {
			t.Errorf("behind %s: %d parts, want %d", hidden, n, want)
		}
	}
}

package plan

import (
	"errors"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// TestWithText: an error gets its statement's text once, and stays what it is.
func TestWithText(t *testing.T) {
	cause := errors.New("cause")
	parse := &sql.Error{Msg: "parse"}
	for _, c := range []struct {
		err  error
		want error
	}{
		{&Error{Msg: "own", Bare: true, Err: cause}, &Error{Msg: "own", Text: "text", Bare: true, Err: cause}},
		{&Error{Msg: "own", Text: "other"}, &Error{Msg: "own", Text: "other"}},
		{parse, &sql.Error{Msg: "parse", Statement: "text"}},
		{&sql.Error{Msg: "parse", Statement: "other"}, &sql.Error{Msg: "parse", Statement: "other"}},
		{cause, &Error{Msg: "cause", Text: "text", Err: cause}},
	} {
		switch got := withText(c.err, "text").(type) {
		case *Error:
			if want, ok := c.want.(*Error); !ok || *got != *want {
				t.Errorf("%+v: %+v", c.err, got)
			}
		case *sql.Error:
			if want, ok := c.want.(*sql.Error); !ok || got.Msg != want.Msg || got.Statement != want.Statement {
				t.Errorf("%+v: %+v", c.err, got)
			}
		}
	}
	if parse.Statement != "" {
		t.Error("the error itself was changed")
	}
	if err := withText(cause, "text"); !errors.Is(err, cause) || err.Error() != "cause\nStatement: text" {
		t.Errorf("%v does not name its cause", err)
	}
}

// TestPlace: places are counted from 1, columns in characters.
func TestPlace(t *testing.T) {
	for _, c := range []struct {
		request   string
		at        sql.Pos
		line, col int
	}{
		{"", 5, 1, 1}, {"abc", 0, 1, 1}, {"abc", 2, 1, 3}, {"abc", 9, 1, 4}, {"a\nb", 2, 2, 1}, {"\n\nabc", 4, 3, 3}, {"é\nüb", 5, 2, 2},
	} {
		if line, col := (&Env{Request: c.request}).place(c.at, "statement"); line != c.line || col != c.col {
			t.Errorf("%q at %d: line %d, column %d", c.request, c.at, line, col)
		}
	}
}

// TestForeignPanic: a panic that planning did not make is not taken for the end of planning.
func TestForeignPanic(t *testing.T) {
	w := newWorld(t, people)
	w.env.ReadOnly = func(string) bool { panic("not ours") }
	stmts, err := sql.Parse("CREATE STREAM O AS SELECT K, A FROM S;", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if r := recover(); r != "not ours" {
			t.Errorf("Check panics with %v", r)
		}
	}()
	_, err = Check(w.cat, w.env, stmts[0].Statement, stmts[0].Text)
	t.Errorf("Check gives %v", err)
}

// TestKindText: what a record says of a query's kind is read again; what none can say is an error.
func TestKindText(t *testing.T) {
	for k := PersistentAs; k <= PullStream; k++ {
		text, err := k.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back QueryKind
		if err := back.UnmarshalText(text); err != nil || back != k {
			t.Errorf("%s is read as %v (%v)", text, back, err)
		}
	}
	var k QueryKind
	if err := k.UnmarshalText([]byte("NOPE")); err == nil {
		t.Errorf("NOPE is read as %v", k)
	}
}

// TestUnknownFunctions: a planner of functions that are not there says so, whichever clause names them.
func TestUnknownFunctions(t *testing.T) {
	w := newWorld(t, people)
	w.env.Functions = fn.Builtins()
	for _, text := range []string{
		"CREATE STREAM O AS SELECT K, NOPE(A) AS X FROM S;", "CREATE STREAM O AS SELECT K, A FROM S WHERE NOPE(A) = 1;", "CREATE STREAM O AS SELECT K, A FROM S PARTITION BY ABS(NOPE(A));",
		"CREATE TABLE O AS SELECT COUNT(*) AS N FROM S GROUP BY NOPE(A);", "CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S GROUP BY K HAVING COUNT(NOPE(A)) > 1;",
		"CREATE STREAM O AS SELECT K, TRANSFORM(L, X => NOPE(X)) AS X FROM S;", "CREATE STREAM O AS SELECT K, NOPE(OTHER(A)) AS X FROM S;",
	} {
		w.refused(text, "Can't find any functions with the name 'NOPE'")
	}
}

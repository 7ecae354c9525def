package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
)

// parents is the inheritance of ksqlDB's exceptions, by simple name.
var parents = map[string]string{
	"ParseFailedException":   "KsqlStatementException",
	"KsqlStatementException": "KsqlException",
	"KsqlFunctionException":  "KsqlException",
	"KsqlException":          "StreamsException",
}

// isA reports whether an exception of this class is also one of the wanted class, given with its package.
func isA(class, want string) bool {
	want = want[strings.LastIndexByte(want, '.')+1:]
	for ; class != ""; class = parents[class] {
		if class == want {
			return true
		}
	}
	return false
}

// classOf is the exception that ksqlDB would have thrown instead of err, which came from Execute or Query.
func classOf(err error) string {
	var parse *sql.Error
	var e *ksql.Error
	switch {
	case errors.As(err, &parse):
		return "ParseFailedException"
	case errors.As(err, &e) && e.Kind == ksql.ParseError:
		return "ParseFailedException"
	case errors.As(err, &e) && e.Kind == ksql.StatementError:
		return "KsqlStatementException"
	case errors.As(err, &e) && e.Kind == ksql.RuntimeError:
		return "StreamsException"
	}
	return "KsqlException"
}

// messageOf is the text of the exception in its unlogged form: details, then the statement.
func messageOf(err error) string {
	text := err.Error()
	var e *ksql.Error
	if errors.As(err, &e) && e.Statement != "" && !strings.Contains(text, "\nStatement: ") {
		text += "\nStatement: " + e.Statement
	}
	return text
}

// lacking finds in err the name of a feature that the engine says it has not got.
func lacking(err error) (string, bool) {
	var m missing
	if errors.As(err, &m) {
		return m.feature, true
	}
	if err == nil {
		return "", false
	}
	text := err.Error()
	if i := strings.Index(text, "not available"); i >= 0 {
		line := text[strings.LastIndexByte(text[:i], '\n')+1:]
		line, _, _ = strings.Cut(line, "\n")
		return line, true
	}
	return "", false
}

// matchError says how the error that came differs from the expected one, or "".
func matchError(want *Exception, class, message string) string {
	if want.Type != "" && !isA(class, want.Type) {
		return fmt.Sprintf("expected a %s, got a %s: %s", want.Type, class, message)
	}
	if !strings.Contains(message, want.Message) {
		return fmt.Sprintf("expected the message %q, got %q", want.Message, message)
	}
	if !strings.Contains(message, want.CauseMessage) {
		return fmt.Sprintf("expected the cause %q, got %q", want.CauseMessage, message)
	}
	return ""
}

package plan

import (
	"errors"
	"fmt"

	"github.com/ksqlgo/ksql/sql"
)

// Error is what ksqlDB calls a KsqlStatementException: the statement was understood, but cannot be carried out.
type Error struct {
	Msg  string // ksqlDB's message without the statement
	Text string // the statement
	Bare bool   // ksqlDB raises it without its statement (KsqlException): HTTP answers tell the two apart
	Err  error  // what kept the statement from being carried out, where it is not the statement's own fault
}

// Error is ksqlDB's message in its unlogged form, with the statement's text at the end. It holds user data.
func (e *Error) Error() string {
	if e.Text == "" {
		return e.Msg
	}
	return e.Msg + "\nStatement: " + e.Text
}

// Unwrap is the cause, if it is another error.
func (e *Error) Unwrap() error { return e.Err }

// Message is the message without the statement.
func (e *Error) Message() string { return e.Msg }

// errorf makes an Error; whoever knows the statement's text adds it.
func errorf(format string, args ...any) error { return &Error{Msg: fmt.Sprintf(format, args...)} }

// baref is errorf for the errors that ksqlDB raises without naming the statement.
func baref(format string, args ...any) error {
	return &Error{Msg: fmt.Sprintf(format, args...), Bare: true}
}

// unprepared is an error of the steps that ksqlDB takes before planning: it counts as a parse failure.
func unprepared(format string, args ...any) error {
	return &sql.Error{Msg: "Failed to prepare statement: " + fmt.Sprintf(format, args...)}
}

// withText adds the statement's text to an error that has none.
func withText(err error, text string) error {
	var parse *sql.Error
	if errors.As(err, &parse) {
		if parse.Statement != "" {
			return err
		}
		e := *parse
		e.Statement = text
		return &e
	}
	var own *Error
	if errors.As(err, &own) {
		if own.Text != "" {
			return err
		}
		return &Error{Msg: own.Msg, Text: text, Bare: own.Bare, Err: own.Err}
	}
	return &Error{Msg: err.Error(), Text: text, Err: err}
}

package door

import (
	"errors"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// Kind is the family of an error. Package ksql has the same ones, in this order.
type Kind uint8

// The kinds of errors.
const (
	InternalError  Kind = iota
	ParseError          // *sql.Error
	StatementError      // *plan.Error, *stmt.QueryError
	RuntimeError        // *exec.Fault
	ClosedError         // exec.ErrClosed, exec.ErrTerminated, store.ErrClosed
	AssertionError      // *stmt.AssertError
	ServiceError        // *stmt.NotConfigured
	RegistryError       // *stmt.NotConfigured of the Schema Registry
	PropertyError       // *stmt.UnknownProperty, and what is wrong with the value of a known one
	DeniedError         // *stmt.DeniedProperty
)

// badValue says what is wrong with the value of a property.
type badValue struct{ error }

func (e badValue) Unwrap() error { return e.error }

// Classify is the one table from errors to kinds. statement is the part of text that is to blame, where it is known;
// cause is err, but that every way to be closed is one error.
func Classify(err error, text string) (kind Kind, statement string, cause error) {
	var parse *sql.Error
	var planned *plan.Error
	var query *stmt.QueryError
	var fault *exec.Fault
	var claim *stmt.AssertError
	var service *stmt.NotConfigured
	var denied *stmt.DeniedProperty
	var unknown *stmt.UnknownProperty
	var bad badValue
	switch {
	case errors.Is(err, exec.ErrClosed) || errors.Is(err, store.ErrClosed):
		return ClosedError, text, exec.ErrClosed
	case errors.Is(err, exec.ErrTerminated):
		return ClosedError, text, err
	case errors.As(err, &parse):
		return ParseError, or(parse.Statement, text), err
	case errors.As(err, &planned):
		return StatementError, or(planned.Text, text), err
	case errors.As(err, &query):
		return StatementError, query.Text, err
	case errors.As(err, &fault):
		return RuntimeError, text, err
	case errors.As(err, &claim):
		return AssertionError, text, err
	case errors.As(err, &service) && service.Registry:
		return RegistryError, text, err
	case service != nil:
		return ServiceError, text, err
	case errors.As(err, &denied):
		return DeniedError, text, err
	case errors.As(err, &unknown) || errors.As(err, &bad):
		return PropertyError, text, err
	}
	return InternalError, text, err
}

func or(part, text string) string {
	if part != "" {
		return part
	}
	return text
}

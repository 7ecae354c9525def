// Package stmt is what each statement does and answers. An answer is a pointer to one of these types, by statement:
//
//	CREATE, DROP, ALTER, INSERT INTO ... SELECT, PAUSE, RESUME   *Command
//	TERMINATE                                  *Command; of a push query *Ended
//	SHOW STREAMS, SHOW TABLES                  *Streams, *Tables; with EXTENDED *Descriptions
//	DESCRIBE                                   *Description; of all streams or tables *Descriptions
//	SHOW QUERIES                               *Queries; with EXTENDED *QueryDescriptions
//	EXPLAIN                                    *Explained
//	SHOW TOPICS, ASSERT TOPIC                  *Topics, *TopicAsserted
//	SHOW FUNCTIONS, DESCRIBE FUNCTION          *Functions, *FunctionDescription
//	SHOW TYPES, VARIABLES, PROPERTIES          *Types, *Variables, *Properties
//	SHOW CONNECTORS, CONNECTOR PLUGINS         *Connectors, *ConnectorPlugins: empty
//	INSERT INTO ... VALUES, SET, UNSET, DEFINE nothing
//	UNDEFINE                                   nothing; *Note if the variable was not defined
//
// All marshal to the JSON of ksqlDB's HTTP API.
package stmt

import (
	"context"
	"errors"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
)

// Request is what statements of one call share: properties and variables, which SET and DEFINE change for
// the statements after them, and bound parameters.
type Request struct {
	Props      map[string]string
	Vars       map[string]string
	ParamTypes []sql.Type
	Params     []any // vec.Vec.Get's forms
	Formats    bool  // PRINT names the formats first
}

// Result is what a statement answers: a pointer to one of this package's result types, whose fields carry
// the names of ksqlDB's HTTP API.
type Result interface{ Text() string }

// Run executes the statements of a request in order. All are checked before the first is carried out, so that
// a request does all or nothing but for what fails at run time (ksqlDB: its sandbox).
func Run(ctx context.Context, e *exec.Engine, r *Request, list []sql.Parsed) ([]Result, error) {
	var out []Result
	err := Each(ctx, e, r, list, func(x Result) error {
		out = append(out, x)
		return nil
	})
	return out, err
}

// Each is Run for answers that are taken as they come; an error of take ends it.
func Each(ctx context.Context, e *exec.Engine, r *Request, list []sql.Parsed, take func(Result) error) error {
	if len(list) > 1 {
		if err := check(ctx, e, r, list); err != nil {
			return err
		}
	}
	for _, p := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		res, err := Execute(ctx, e, r, p)
		if err == nil && res != nil {
			err = take(res)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Execute carries out one statement. The result is nil where ksqlDB answers nothing.
func Execute(ctx context.Context, e *exec.Engine, r *Request, p sql.Parsed) (Result, error) {
	switch s := p.Statement.(type) {
	case *sql.CreateSource, *sql.CreateAs, *sql.AlterSource, *sql.DropSource, *sql.InsertSelect,
		*sql.CreateType, *sql.DropType, *sql.Terminate, *sql.Pause, *sql.Resume:
		return change(ctx, e, r, p)
	case *sql.InsertValues:
		return nil, insert(ctx, e, r, s)
	case *sql.Set:
		return nil, set(e, r, s, p)
	case *sql.Unset:
		return nil, unset(r, s, p)
	case *sql.Define:
		r.define(s.Name, s.Value)
		return nil, nil
	case *sql.Undefine:
		return undefine(r, s, p.Text), nil
	case *sql.AlterSystem:
		return nil, fault(p, "Cannot alter system configs when KSQL_SHARED_RUNTIME_ENABLED is turned off.")
	case *sql.Select, *sql.Print:
		return nil, &QueryError{Text: p.Text}
	}
	if res, ok, err := inspect(ctx, e, r, p); ok {
		return res, err
	}
	return nil, fault(p, "Statement type is for the command line only: "+p.Statement.String())
}

// ErrQuery is every QueryError.
var ErrQuery = errors.New("the statement is a query")

// QueryError says that a query was given where only other statements run. Each door knows where queries go.
type QueryError struct{ Text string }

// Is makes it ErrQuery.
func (*QueryError) Is(err error) bool { return err == ErrQuery }

// Error names the door of the Go API.
func (*QueryError) Error() string {
	return "SELECT and PRINT give rows, which Execute has no place for: give them to Query"
}

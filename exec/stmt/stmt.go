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
		if err := try(ctx, e, r, list); err != nil {
			return err
		}
	}
	for _, p := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		res, err := actionOf(p).run(ctx, e, r)
		if err == nil && res != nil {
			err = take(res)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// action is what a statement does.
type action struct {
	run func(context.Context, *exec.Engine, *Request) (Result, error) // the result is nil where ksqlDB answers nothing
	try func(*sandbox) error                                          // why it would be refused, before the request is begun; nil: only run tells
}

// actionOf makes the action of a statement: the one switch over all of them but those that change the catalog, which
// package plan knows.
func actionOf(p sql.Parsed) (a action) {
	switch s := p.Statement.(type) {
	case *sql.Select, *sql.Print:
		a.run = refuse(&QueryError{Text: p.Text})
		a.try = func(*sandbox) error { return &QueryError{Text: p.Text} }
	case *sql.InsertValues:
		a.run = func(ctx context.Context, e *exec.Engine, r *Request) (Result, error) {
			return nil, insert(ctx, e, r, s)
		}
		a.try = func(x *sandbox) error { return x.insert(s) }
	case *sql.Set:
		a.run = func(_ context.Context, e *exec.Engine, r *Request) (Result, error) { return nil, set(e, r, s, p) }
		a.try = func(x *sandbox) error { return set(x.e, &x.Request, s, p) }
	case *sql.Unset:
		a.run = func(_ context.Context, _ *exec.Engine, r *Request) (Result, error) { return nil, unset(r, s, p) }
		a.try = func(x *sandbox) error { return unset(&x.Request, s, p) }
	case *sql.Define:
		a.run = func(_ context.Context, _ *exec.Engine, r *Request) (Result, error) {
			r.define(s.Name, s.Value)
			return nil, nil
		}
	case *sql.Undefine:
		a.run = func(_ context.Context, _ *exec.Engine, r *Request) (Result, error) {
			return undefine(r, s, p.Text), nil
		}
	case *sql.Show:
		a.run = func(ctx context.Context, e *exec.Engine, r *Request) (Result, error) { return show(ctx, e, r, s, p) }
	case *sql.Describe:
		a.run = func(ctx context.Context, e *exec.Engine, _ *Request) (Result, error) { return describe(ctx, e, s, p) }
		a.try = func(x *sandbox) error { return checkDescribe(x.e, x.cat, s, p) }
	case *sql.Explain:
		a.run = func(ctx context.Context, e *exec.Engine, r *Request) (Result, error) { return explain(ctx, e, r, s, p) }
		a.try = func(x *sandbox) error {
			_, err := explained(x.ctx, x.e, x.cat, &x.Request, s, p)
			return err
		}
	case *sql.AssertTopic:
		a.run = func(ctx context.Context, e *exec.Engine, _ *Request) (Result, error) {
			return assertTopic(ctx, e, s, p)
		}
	case *sql.AssertSchema:
		a.run = refuse(&NotConfigured{What: "Schema Registry", Property: "ksql.schema.registry.url", Registry: true})
	case *sql.CreateConnector, *sql.DropConnector:
		a.run = refuse(noConnect)
	case *sql.AlterSystem:
		a.run = refuse(fault(p, "Cannot alter system configs when KSQL_SHARED_RUNTIME_ENABLED is turned off."))
	case *sql.AssertValues, *sql.AssertSource, *sql.RunScript:
		a.run = refuse(fault(p, "Statement type is for the command line only: "+s.String()))
	default:
		a.run = func(ctx context.Context, e *exec.Engine, r *Request) (Result, error) { return change(ctx, e, r, p) }
		a.try = func(x *sandbox) error { return x.change(p) }
	}
	return a
}

// refuse does nothing but tell why.
func refuse(err error) func(context.Context, *exec.Engine, *Request) (Result, error) {
	return func(context.Context, *exec.Engine, *Request) (Result, error) { return nil, err }
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

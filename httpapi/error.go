package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// ksqlDB's error codes. The status is a hundredth of the code, with the exceptions of problem.status.
const (
	badRequest     = 40000
	badStatement   = 40001
	queryEndpoint  = 40002
	tooManyPushes  = 40003
	http2Only      = 40004
	forbidden      = 40300
	notFound       = 40400
	assertFailed   = 41700
	noRegistry     = 42801
	tooMany        = 42900
	serverError    = 50000
	notImplemented = 50100 // not one of ksqlDB's
	commandTimeout = 50301
	shuttingDown   = 50303
	shutDown       = 50304
)

// problem is an error as it is answered. With a statement it is ksqlDB's statement_error, else generic_error.
type problem struct {
	code      int
	status    int // 0: code / 100
	msg       string
	statement *string
}

func (p *problem) Error() string { return p.msg }

func generic(code int, msg string) *problem { return &problem{code: code, msg: msg} }

func ofStatement(code int, msg, text string) *problem {
	text = sql.Mask(text)
	return &problem{code: code, msg: msg, statement: &text}
}

// endpoint is where an error is answered: ksqlDB words some differently.
type endpoint uint8

const (
	atStatements endpoint = iota // /ksql
	atQuery                      // /query: reading the request
	atStream                     // /query-stream, and /query once its SELECT runs
	atInserts
)

// explain is the one table from errors to ksqlDB's codes. text is the whole request.
func explain(err error, at endpoint, text string) *problem {
	var (
		done    *problem
		parse   *sql.Error
		planned *plan.Error
	)
	e := &ksql.Error{}
	errors.As(err, &e)
	switch {
	case errors.As(err, &done):
		return done
	case e.Kind == ksql.ClosedError, errors.Is(err, ksql.ErrClosed), errors.Is(err, ksql.ErrTerminated):
		return generic(shutDown, "The server is shut down")
	case errors.As(err, &parse):
		return parseProblem(parse, at, text)
	case errors.As(err, &planned) && planned.Bare:
		return generic(badRequest, planned.Msg)
	case errors.As(err, &planned):
		msg := planned.Msg
		switch {
		case planned.Text == "" || planned.Text == text:
		case at == atStream: // of a part of it, such as the condition of WHERE
			msg += "\nStatement: " + planned.Text
		default:
			text = planned.Text
		}
		return ofStatement(badStatement, msg, text)
	case errors.Is(err, ksql.ErrQuery):
		return ofStatement(queryEndpoint, "The following statement types should be issued to the websocket endpoint '/query':\n\t* PRINT\n\t* SELECT", e.Statement) // ksqlDB's words
	case e.Kind == ksql.AssertionError:
		return generic(assertFailed, err.Error())
	case e.Kind == ksql.RegistryError:
		return generic(noRegistry, err.Error())
	case e.Kind == ksql.ServiceError:
		return ofStatement(serverError, err.Error(), text)
	case e.Kind == ksql.DeniedError:
		return generic(badRequest, err.Error())
	case e.Kind == ksql.PropertyError:
		switch at {
		case atStatements:
			return ofStatement(serverError, err.Error(), text)
		case atQuery:
			return generic(serverError, err.Error())
		}
		return generic(badRequest, err.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return generic(commandTimeout, "The request ended before its answer: "+err.Error())
	case at == atStatements:
		return ofStatement(serverError, err.Error(), text)
	case at == atStream:
		return ofStatement(badStatement, err.Error(), text)
	}
	return generic(serverError, err.Error())
}

// parseProblem is an error of the text. For a broken grammar ksqlDB quotes the line, and at the query endpoints
// says so in the message too.
func parseProblem(e *sql.Error, at endpoint, text string) *problem {
	msg, statement := e.Msg, e.Statement
	if statement == "" {
		statement = text
	}
	if e.Syntax && at != atStatements {
		msg += "\nStatement: " + statement
		if at == atQuery {
			msg, statement = msg+"\nCaused by: "+e.Logged(), text
		}
	}
	return ofStatement(badStatement, msg, statement)
}

// body is ksqlDB's JSON of the problem.
func (p *problem) body() []byte {
	out := appendText(append([]byte(`{"@type":"`), p.kind()...), `","error_code":`)
	out = appendInt(out, p.code)
	out = appendString(append(out, `,"message":`...), p.msg)
	if p.statement != nil {
		out = appendString(append(out, `,"statementText":`...), *p.statement)
		out = append(out, `,"entities":[]`...)
	}
	return append(out, '}')
}

func (p *problem) kind() string {
	if p.statement != nil {
		return "statement_error"
	}
	return "generic_error"
}

// explain is explain for clients: files stand in it by their place in the log's directory, whose own is not theirs
// to know.
func (c *call) explain(err error, at endpoint, text string) *problem {
	p := *explain(err, at, text)
	if c.dir != "" {
		p.msg = strings.ReplaceAll(p.msg, c.dir+string(filepath.Separator), "")
		p.msg = strings.ReplaceAll(p.msg, c.dir, filepath.Base(c.dir))
	}
	p.msg = hidePaths(err, p.msg)
	return &p
}

// hidePaths leaves the last name of other paths that errors of the system hold.
func hidePaths(err error, msg string) string {
	hide := func(paths ...string) {
		for _, p := range paths {
			if filepath.IsAbs(p) && len(p) > 1 {
				msg = strings.ReplaceAll(msg, p, filepath.Base(p))
			}
		}
	}
	switch e := err.(type) {
	case *fs.PathError:
		hide(e.Path)
	case *os.LinkError:
		hide(e.Old, e.New)
	case interface{ Unwrap() []error }:
		for _, x := range e.Unwrap() {
			msg = hidePaths(x, msg)
		}
		return msg
	}
	if next := errors.Unwrap(err); next != nil {
		return hidePaths(next, msg)
	}
	return msg
}

// fail answers with an error. ksqlDB leaves out the Content-Type of some; it is always there here.
func (c *call) fail(err error, at endpoint, text string) {
	p := c.explain(err, at, text)
	status := p.status
	if status == 0 {
		status = p.code / 100
	}
	c.header(plain)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(p.body())
}

// ok answers with a value as JSON.
func (c *call) ok(v any) {
	b, err := marshal(v)
	if err != nil {
		c.fail(err, atInserts, "")
		return
	}
	c.answer(b)
}

// answer answers with JSON.
func (c *call) answer(b []byte) {
	if c.dir != "" { // a query's error, or a statement's, may stand in it
		dir := appendString(nil, c.dir)
		dir = append(dir[1:len(dir)-1], filepath.Separator)
		if bytes.Contains(b, dir) {
			b = bytes.ReplaceAll(b, dir, nil)
		}
	}
	c.header(plain)
	c.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	c.write(b)
}

// marshal is v as JSON with < > & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

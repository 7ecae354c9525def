package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
)

// query is POST /query for clients that ask for JSON or for nothing. ksqlDB reads the request in an old handler
// and hands a SELECT to the one of /query-stream: errors of the first stage have their own form, and */* asks the
// second stage, which prefers delimited rows.
func (a *api) query(c *call) {
	body, ok := c.body()
	if !ok {
		return
	}
	r, err := decode(body, ksqlRequest)
	if err != nil {
		c.fail(err, atQuery, "")
		return
	}
	f := streamed
	if out, _ := choose(c.wants, []string{delim, v1, plain}); out == delim {
		f = delimited
	}
	if rows := a.again(c, r); rows != nil {
		a.stream(c, rows, r, f, true)
		return
	}
	if strings.TrimSpace(r.text) == "" {
		c.fail(generic(badRequest, `"ksql" field must be populated`), atQuery, "")
		return
	}
	s, err := a.only(c, r)
	if err == nil {
		err = a.reach(c, r.sequence)
	}
	if err == nil {
		err = a.server.CheckProperties(r.props)
	}
	if err != nil {
		c.fail(err, atQuery, r.text)
		return
	}
	switch stmt := s.Statement.(type) {
	case *sql.Select:
		a.rows(c, r, stmt, s, f)
	case *sql.Print:
		if c.r.ProtoMajor > 1 {
			c.header("")
			c.w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		a.print(c, r, stmt, atQuery)
	default:
		c.fail(generic(badRequest, fmt.Sprintf("Statement type `%s' not supported for this resource", strings.TrimPrefix(fmt.Sprintf("%T", stmt), "*sql."))), atQuery, r.text)
	}
}

// queryNew is POST /query for clients that ask for delimited rows: only the request differs from /query-stream.
func (a *api) queryNew(c *call) { a.ask(c, ksqlRequest) }

// queryStream is POST /query-stream.
func (a *api) queryStream(c *call) { a.ask(c, queryStreamArgs) }

func (a *api) ask(c *call, m members) {
	body, ok := c.body()
	if !ok {
		return
	}
	r, err := decode(body, m)
	if err != nil {
		c.fail(err, atStream, "")
		return
	}
	f := delimited
	switch c.accept {
	case plain:
		f = array
	case v1:
		f = streamed
	case proto:
		f = protobuf
	}
	if rows := a.again(c, r); rows != nil {
		a.stream(c, rows, r, f, true)
		return
	}
	if err = a.server.CheckProperties(r.props); err != nil {
		c.fail(err, atStream, r.text)
		return
	}
	s, err := a.only(c, r)
	if err != nil {
		c.fail(err, atStream, r.text)
		return
	}
	switch stmt := s.Statement.(type) {
	case *sql.Select:
		a.rows(c, r, stmt, s, f)
	case *sql.Print:
		if f != delimited {
			c.header("")
			c.w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		a.print(c, r, stmt, atStream)
	default:
		c.fail(ofStatement(badStatement, "Neither a query nor a print statement\nStatement: "+s.Text, s.Text), atStream, r.text)
	}
}

// only is the one statement of a request.
func (a *api) only(c *call, r *request) (sql.Parsed, error) {
	list, err := c.parse(r.text, a.variables(r))
	if err != nil {
		return sql.Parsed{}, err
	}
	if len(list) != 1 {
		msg := "Expected exactly one KSQL statement; found " + strconv.Itoa(len(list)) + " instead"
		return sql.Parsed{}, ofStatement(badStatement, msg+"\nStatement: "+r.text, r.text)
	}
	return list[0], nil
}

// rows runs a SELECT and streams its rows.
func (a *api) rows(c *call, r *request, s *sql.Select, p sql.Parsed, f framing) {
	if !c.r.ProtoAtLeast(1, 1) {
		c.fail(generic(badRequest, "This endpoint is only available when using HTTP1.1 or HTTP2"), atStream, r.text)
		return
	}
	var err error
	if s.Emit != sql.EmitNone {
		err = a.mayPush(p.Text)
	} else {
		err = a.mayPull()
	}
	if err != nil {
		c.fail(err, atStream, p.Text)
		return
	}
	text := r.text
	if len(r.vars) > 0 { // the text alone does not say what is asked
		text = ""
	}
	rows, err := a.server.Query(c.r.Context(), p, text, options(r.props, nil)...)
	if err != nil {
		c.fail(err, atStream, p.Text)
		return
	}
	a.stream(c, rows, r, f, rows.Whole())
}

// again runs a pull query that was asked for before, perhaps with other keys; nil: there is none, or it must go
// the long way.
func (a *api) again(c *call, r *request) *ksql.Rows {
	if len(r.vars) > 0 || r.sequence > a.server.Sequence() {
		return nil
	}
	p := a.server.Planned(r.text, r.props)
	if p == nil || a.mayPull() != nil {
		return nil
	}
	rows, err := p.Query(c.r.Context())
	if err != nil {
		return nil
	}
	return rows
}

func (a *api) limit(name string) int {
	if n, err := strconv.Atoi(a.server.Property(name)); err == nil {
		return n
	}
	return math.MaxInt32
}

// mayPull refuses pull queries beyond ksql.query.pull.max.qps.
func (a *api) mayPull() error {
	n := a.limit("ksql.query.pull.max.qps")
	if n == math.MaxInt32 || a.rate.allow(time.Now(), n) {
		return nil
	}
	return generic(tooMany, "Host is at rate limit for pull queries. Currently set to "+strconv.Itoa(n)+" qps.")
}

// mayPush refuses push queries beyond ksql.max.push.queries.
func (a *api) mayPush(text string) error {
	const name = "ksql.max.push.queries"
	limit := 100
	if n := a.limit(name); n != math.MaxInt32 {
		limit = n
	}
	running := 0
	for _, t := range a.server.Queries() {
		if t.Push {
			running++
		}
	}
	if running < limit {
		return nil
	}
	return ofStatement(badStatement, fmt.Sprintf("Not executing statement(s) '%s' as it would cause the number of active, push queries to exceed the configured limit. "+
		"Terminate existing PUSH queries, or increase the '%s' setting via the 'ksql-server.properties' file. Current push query count: %d. Configured limit: %d.", text, name, running, limit), text)
}

// frame is what an answer is written in: as much as a DATA frame of HTTP/2 holds.
const frame = 16 << 10

// stream answers with rows until they end or the client leaves. whole: the rows are there already.
func (a *api) stream(c *call, rows *ksql.Rows, r *request, f framing, whole bool) {
	defer rows.Close()
	w := newWriter(c, rows.Schema(), f, whole)
	defer w.release()
	if whole && r.debug {
		w.tail = `,"sourceHost":"localhost:8088"`
	}
	if err := w.begin(rows.QueryID()); err != nil {
		c.fail(err, atStream, r.text)
		return
	}
	ctx := c.r.Context()
	// The client learns the query's id before there is a row. What has lines has its columns in a frame of their own
	// also when the rows are there: clients parse the first frame as one JSON value.
	if !whole || f == delimited {
		if !w.send() {
			return
		}
		c.flush()
	}
	// Clients of these formats parse each frame of HTTP/2, and each chunk, as one JSON value; of the others, lines.
	single := rows.Push() && (f == delimited || f == array)
	for {
		page, err := rows.Page(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return
		case err != nil:
			w.fail(err)
			w.send()
			return
		case page == nil:
			w.end(rows.Limited())
			w.send()
			return
		}
		for i := range page.N {
			from := len(w.buf)
			w.row(page, i)
			switch {
			case single:
				from = len(w.buf)
			case len(w.buf) <= frame:
				continue
			case f != delimited || from == 0: // lines are not cut, if they fit into a frame
				from = len(w.buf)
			}
			if !w.sendTo(from) {
				return
			}
			if single || f == delimited {
				c.flush()
			}
		}
		if !whole && !rows.Ready() {
			if !w.send() {
				return
			}
			c.flush()
		}
	}
}

// closeQuery is POST /close-query.
func (a *api) closeQuery(c *call) {
	body, ok := c.body()
	if !ok {
		return
	}
	all, err := object(body)
	if err != nil {
		c.fail(err, atInserts, "")
		return
	}
	raw, ok := all["queryId"]
	if !ok || null(raw) {
		c.fail(missingMember("queryId"), atInserts, "")
		return
	}
	id, err := textMember("queryId", raw)
	if err == nil && !a.server.End(id) {
		err = generic(badRequest, "No query with id "+id)
	}
	if err != nil {
		c.fail(err, atInserts, "")
		return
	}
	c.header("")
	c.w.WriteHeader(http.StatusOK)
}

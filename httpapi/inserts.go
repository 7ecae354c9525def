package httpapi

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// insertBatch is how many rows are made durable together at most.
const insertBatch = 1024

// inserts is POST /inserts-stream: a line that names the target, then a row a line. Rows are acknowledged in
// order, once they are durable; rows that have come by then share one wait for the disk. It is for HTTP/2, where
// the answer begins before the request has ended.
func (a *api) inserts(c *call) {
	if c.r.ProtoMajor < 2 {
		c.fail(generic(http2Only, "This endpoint is only available when using HTTP2"), atInserts, "")
		return
	}
	in := bufio.NewReaderSize(c.r.Body, 64<<10)
	line, err := c.readLine(in)
	if err != nil && !errors.Is(err, io.EOF) {
		var refused *problem
		if !errors.As(err, &refused) {
			err = badJSON("the request could not be read")
		}
		c.fail(err, atInserts, "")
		return
	}
	src, err := a.insertTarget(line)
	if err != nil {
		c.fail(err, atInserts, "")
		return
	}
	s := &inserting{a: a, c: c, in: in, src: src, array: c.accept == plain}
	for _, role := range []bool{true, false} { // keys first
		for _, col := range src.Schema {
			if (col.Role == sql.KeyRole) == role && col.Role != sql.HeadersRole {
				s.columns = append(s.columns, col)
			}
		}
	}
	if s.array {
		c.header(plain)
	} else {
		c.header(delim)
	}
	c.w.WriteHeader(http.StatusOK)
	c.flush()
	s.serve()
}

// insertTarget reads the arguments.
func (a *api) insertTarget(line []byte) (*plan.Source, error) {
	if err := a.server.Alive(); err != nil {
		return nil, err
	}
	all, err := object(line)
	if err != nil {
		return nil, err
	}
	raw, ok := all["target"]
	if !ok || null(raw) {
		return nil, missingMember("target")
	}
	target, err := textMember("target", raw)
	if err != nil {
		return nil, err
	}
	props, err := values(all, "properties")
	if err == nil {
		err = a.server.CheckProperties(props)
	}
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(a.server.Property("ksql.insert.into.values.enabled"), "false") {
		return nil, generic(badRequest, "The server has disabled INSERT INTO ... VALUES functionality. To enable it, restart your ksqlDB server with 'ksql.insert.into.values.enabled'=true")
	}
	name, ok := columnName(target)
	if !ok {
		return nil, generic(badStatement, "Invalid target name")
	}
	cat := a.e.Catalog()
	src := cat.Source(name)
	switch {
	case src == nil:
		return nil, generic(badStatement, "Cannot insert values into an unknown stream/table: `"+name+"`"+cat.CaseHint(name))
	case src.KeyWindow != nil:
		return nil, generic(badStatement, "Cannot insert values into windowed stream/table")
	case src.ReadOnly:
		return nil, generic(badStatement, "Cannot insert values into read-only "+strings.ToLower(src.Kind.String())+": "+name)
	case a.server.ReadOnly(src.Topic):
		return nil, generic(badStatement, "Cannot insert values into read-only topic: "+src.Topic)
	}
	return src, nil
}

// columnName is a name as the catalog has it: in upper case unless it is quoted.
func columnName(s string) (string, bool) {
	if n := len(s); n > 1 && (s[0] == '`' || s[0] == '"') && s[n-1] == s[0] {
		q := s[:1]
		return strings.ReplaceAll(s[1:n-1], q+q, q), n > 2
	}
	for i := range len(s) {
		ch := s[i]
		if ch < 0x80 && ch != '_' && ch != '@' && (ch < '0' || ch > '9') && (ch|0x20 < 'a' || ch|0x20 > 'z') {
			return s, false
		}
	}
	return strings.ToUpper(s), s != ""
}

var errLong = generic(badRequest, "A row is longer than 10 MiB")

// readLine is the next line without its end. With io.EOF it is the last one. A long line is held, with what its row
// becomes, until the caller drops it.
func (c *call) readLine(in *bufio.Reader) ([]byte, error) {
	var long []byte
	for {
		part, err := in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) && long == nil {
			return trimLine(bytes.Clone(part)), err
		}
		if held := c.hold(8 * int64(len(part))); held != nil {
			return nil, held
		}
		if long = append(long, part...); len(long) > maxBody {
			return nil, errLong
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return trimLine(long), err
		}
	}
}

func trimLine(b []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// inserting is one stream of rows at work.
type inserting struct {
	a       *api
	c       *call
	in      *bufio.Reader
	src     *plan.Source
	columns sql.Schema
	array   bool
	rows    [][]any
	seq     int
}

func (s *inserting) serve() {
	for {
		line, err := s.c.readLine(s.in)
		last := err != nil
		if refused := (*problem)(nil); errors.As(err, &refused) {
			if s.store() {
				s.refuse(refused)
			}
			break
		}
		if last && !errors.Is(err, io.EOF) && len(line) == 0 {
			s.store() // the client has left: what came whole is kept, and nobody can be told of more
			return
		}
		if len(bytes.TrimSpace(line)) > 0 {
			row, bad := readRow(line, s.columns)
			if bad != nil {
				if s.store() {
					s.refuse(bad)
				}
				break
			}
			s.rows = append(s.rows, row)
		}
		if last || len(s.rows) >= insertBatch || !s.lineReady() {
			if !s.store() {
				break
			}
		}
		if last {
			break
		}
	}
	if s.array {
		end := "]"
		if s.seq == 0 {
			end = "[]"
		}
		_, _ = s.c.w.Write([]byte(end))
	}
	_, _ = io.Copy(io.Discard, s.in) // further rows are ignored
}

// lineReady reports whether a whole line has come already.
func (s *inserting) lineReady() bool {
	b, _ := s.in.Peek(s.in.Buffered())
	return bytes.IndexByte(b, '\n') >= 0
}

// store makes the gathered rows durable and acknowledges them; false: it could not, and the answer says so.
func (s *inserting) store() bool {
	if len(s.rows) == 0 {
		return true
	}
	ctx := s.c.r.Context()
	if err := s.a.server.Append(ctx, s.src, s.columns, s.rows); err != nil {
		s.refuse(s.c.explain(err, atInserts, ""))
		return false
	}
	for range s.rows {
		b := appendInt([]byte(`{"seq":`), s.seq)
		s.answer(append(b, `,"status":"ok"}`...))
	}
	clear(s.rows)
	s.rows = s.rows[:0]
	s.c.release()
	return true
}

// refuse tells the error of the next row.
func (s *inserting) refuse(p *problem) {
	b := appendInt([]byte(`{"@type":"InsertError","status":"error","seq":`), s.seq)
	b = appendString(append(b, `,"message":`...), p.msg)
	b = appendInt(append(b, `,"error_code":`...), p.code)
	s.answer(append(b, '}'))
}

// answer writes one acknowledgement. Each is flushed alone: clients parse what they get as one JSON value.
func (s *inserting) answer(b []byte) {
	switch {
	case !s.array:
		b = append(b, '\n')
	case s.seq == 0:
		b = append([]byte("["), b...)
	default:
		b = append([]byte(","), b...)
	}
	s.seq++
	_, _ = s.c.w.Write(b)
	s.c.flush()
}

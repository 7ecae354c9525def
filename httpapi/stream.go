package httpapi

import (
	"slices"
	"sync"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
)

// framing is how rows stand in an answer.
type framing uint8

const (
	streamed  framing = iota // an array of objects with one member each, one a line (StreamedRow)
	delimited                // a JSON value a line
	array                    // the same values as one array
	protobuf                 // streamed, with rows as protobuf
)

var mediaTypes = [...]string{streamed: v1, delimited: delim, array: plain, protobuf: proto}

// writer frames the rows of one query.
type writer struct {
	c      *call
	f      framing
	whole  bool // a pull query on a table: rows are joined by commas, and there is no final message
	schema sql.Schema
	enc    rowEncoder
	proto  *protoRows
	tail   string // after each row
	buf    []byte
	pooled *[]byte
	open   bool // the headers are written
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

func newWriter(c *call, s sql.Schema, f framing, whole bool) *writer {
	b := buffers.Get().(*[]byte)
	return &writer{c: c, f: f, whole: whole, schema: s, enc: newRowEncoder(s), buf: (*b)[:0], pooled: b}
}

func (w *writer) release() {
	if cap(w.buf) <= 64<<10 {
		*w.pooled = w.buf
		buffers.Put(w.pooled)
	}
}

// send writes what is framed; false: the client is gone.
func (w *writer) send() bool { return w.sendTo(len(w.buf)) }

// sendTo writes the first n bytes of what is framed.
func (w *writer) sendTo(n int) bool {
	if !w.open {
		w.open = true
		w.c.header(mediaTypes[w.f])
	}
	if n == 0 {
		return true
	}
	_, err := w.c.w.Write(w.buf[:n])
	w.buf = append(w.buf[:0], w.buf[n:]...)
	return err == nil
}

// begin frames what stands before the rows: the query's id and its columns. Its error is the client's: these rows
// have no form as protobuf.
func (w *writer) begin(id string) error {
	b := w.buf
	switch w.f {
	case delimited, array:
		if w.f == array {
			b = append(b, '[')
		}
		b = appendString(append(b, `{"queryId":`...), id)
		b = append(b, `,"columnNames":[`...)
		for i, c := range w.schema {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, c.Name)
		}
		b = append(b, `],"columnTypes":[`...)
		for i, c := range w.schema {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, c.Type.String())
		}
		b = append(b, "]}"...)
		if w.f == delimited {
			b = append(b, '\n')
		}
	default:
		b = appendString(append(b, `[{"header":{"queryId":`...), id)
		b = appendString(append(b, `,"schema":`...), w.shape())
		if w.f == protobuf {
			var err error
			if w.proto, err = newProtoRows(w.schema); err != nil {
				return err
			}
			b = appendString(append(b, `,"protoSchema":`...), w.proto.schema())
		}
		b = append(b, "}}"...)
		b = w.separate(b)
	}
	w.buf = b
	return nil
}

// shape is the text of the schema. A pull query on a table names header columns before values, wherever their
// values stand (ksqlDB).
func (w *writer) shape() string {
	isHeader := func(c sql.Column) bool { return c.Role == sql.HeadersRole }
	if !w.whole || !slices.ContainsFunc(w.schema, isHeader) {
		return w.schema.String()
	}
	out := slices.Clone(w.schema)
	slices.SortStableFunc(out, func(a, b sql.Column) int {
		rank := map[sql.Role]int{sql.HeadersRole: 1, sql.ValueRole: 2}
		return rank[a.Role] - rank[b.Role]
	})
	return out.String()
}

// separate ends a line of streamed rows. The rows of a pull query carry their comma in front: none is left over.
func (w *writer) separate(b []byte) []byte {
	if w.whole {
		return b
	}
	return append(b, ",\n"...)
}

// row frames row i of a page. Only streamed rows tell of deleted keys.
func (w *writer) row(p *ksql.Page, i int) {
	b := w.buf
	gone := p.Tomb(i)
	switch {
	case w.f == protobuf && !gone:
		if w.whole {
			b = append(b, ",\n"...)
		}
		b = append(w.proto.row(append(b, `{"row":{"protobufBytes":"`...), p, i), `"}}`...)
		b = w.separate(b)
	case w.f == streamed || w.f == protobuf:
		if w.whole {
			b = append(b, ",\n"...)
		}
		if len(w.enc) == 0 {
			b = append(b, `{"row":{}`...)
		} else {
			b = w.enc.row(append(b, `{"row":{"columns":`...), p, i)
			if gone {
				b = append(b, `,"tombstone":true`...)
			}
			b = append(b, '}')
		}
		b = append(append(b, w.tail...), '}')
		b = w.separate(b)
	case gone:
	case w.f == array:
		b = w.enc.row(append(b, ','), p, i)
	default:
		b = append(w.enc.row(b, p, i), '\n')
	}
	w.buf = b
}

// end frames the end of the rows.
func (w *writer) end(limited bool) {
	switch {
	case w.f == delimited:
	case w.f == array || w.whole:
		w.buf = append(w.buf, ']')
	case limited:
		w.buf = append(w.buf, `{"finalMessage":"Limit Reached"}]`...)
	default:
		w.buf = append(w.buf, `{"finalMessage":"Query Completed"}]`...)
	}
}

// fail frames an error that came after the first bytes of the answer.
func (w *writer) fail(err error) {
	p := w.c.explain(err, atInserts, "")
	p = generic(p.code, p.msg)
	switch w.f {
	case delimited:
		w.buf = append(append(w.buf, p.body()...), '\n')
	case array:
		w.buf = append(append(append(w.buf, ','), p.body()...), ']')
	default:
		if w.whole {
			w.buf = append(w.buf, ",\n"...)
		}
		w.buf = append(append(append(w.buf, `{"errorMessage":`...), p.body()...), "}]"...)
	}
}

package format

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/serde"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// delimitedCodec is one CSV record a row, as Commons CSV 1.4 reads and writes it.
type delimitedCodec struct {
	spec  Spec
	delim string
	parts []store.Span // of buf: the fields of the record being read
	buf   []byte
	spare []*vec.Vec // for columns that nobody reads: they are checked all the same
	cols  []*vec.Vec
}

func openDelimited(s Spec) (Codec, error) {
	d, ok := s.Props[serde.Delimiter]
	if !ok {
		d = ","
	}
	r, err := serde.DelimiterOf(d)
	if err != nil {
		return nil, err
	}
	return &delimitedCodec{spec: s, delim: string(r), spare: make([]*vec.Vec, len(s.Columns)), cols: make([]*vec.Vec, len(s.Columns))}, nil
}

// Decode implements Codec.
func (c *delimitedCodec) Decode(src []byte, at []store.Span, out []*vec.Vec, fail func(int, error), null func(int)) {
	base := rows(out)
	for row, s := range at {
		if s.Len < 0 {
			nullRow(out)
			if null != nil {
				null(row)
			}
			continue
		}
		if err := c.row(s.Of(src), out); err != nil {
			truncate(out, base+row)
			nullRow(out)
			if fail != nil {
				fail(row, c.spec.unreadable(err))
			}
		}
	}
}

var errNoRecord = errors.New("No fields in record")

func (c *delimitedCodec) row(b []byte, out []*vec.Vec) error {
	if !utf8.Valid(b) {
		b = []byte(string([]rune(string(b)))) // each bad byte becomes U+FFFD
	}
	if err := c.split(b); err != nil {
		return err
	}
	if len(c.parts) != len(c.spec.Columns) {
		return fmt.Errorf("Column count mismatch on deserialization. topic: %s, expected: %d, got: %d",
			c.spec.Topic, len(c.spec.Columns), len(c.parts))
	}
	for k, p := range c.parts {
		v := out[k]
		if v == nil {
			if c.spare[k] == nil {
				c.spare[k] = vec.New(c.spec.Columns[k].Type)
			}
			v = c.spare[k]
			v.Truncate(0)
		}
		text := p.Of(c.buf)
		if len(text) == 0 {
			v.AppendNull()
			continue
		}
		if err := parseField(v, text); err != nil {
			return err
		}
	}
	return nil
}

// split cuts the first line that is not blank into fields.
func (c *delimitedCodec) split(b []byte) error {
	c.parts, c.buf = c.parts[:0], c.buf[:0]
	p := 0
	for p < len(b) && (b[p] == '\n' || b[p] == '\r') {
		p++
	}
	if p == len(b) {
		return errNoRecord
	}
	for {
		from := len(c.buf)
		if p < len(b) && b[p] == '"' {
			p++
			for {
				if p == len(b) {
					return errors.New("(startline 1) EOF reached before encapsulated token finished")
				}
				if b[p] == '"' {
					if p++; p == len(b) || b[p] != '"' {
						break
					}
				}
				c.buf = append(c.buf, b[p])
				p++
			}
			// Only blanks may follow the closing quote.
			for p < len(b) && !c.ends(b, p) {
				if b[p] > ' ' {
					return errors.New("(line 1) invalid char between encapsulated token and delimiter")
				}
				p++
			}
		} else {
			for p < len(b) && !c.ends(b, p) {
				c.buf = append(c.buf, b[p])
				p++
			}
		}
		c.parts = append(c.parts, store.Span{Off: int32(from), Len: int32(len(c.buf) - from)})
		if p == len(b) || b[p] == '\n' || b[p] == '\r' {
			return nil
		}
		p += len(c.delim)
	}
}

// ends reports whether a field ends at p: at the delimiter or the end of the line.
func (c *delimitedCodec) ends(b []byte, p int) bool {
	if b[p] == '\n' || b[p] == '\r' {
		return true
	}
	return b[p] == c.delim[0] && len(b)-p >= len(c.delim) && string(b[p:p+len(c.delim)]) == c.delim
}

// parseField adds the value that text spells to v.
func parseField(v *vec.Vec, text []byte) error {
	switch v.Type.Kind {
	case sql.Boolean:
		v.AppendBool(len(text) == 4 && text[0]|0x20 == 't' && text[1]|0x20 == 'r' && text[2]|0x20 == 'u' && text[3]|0x20 == 'e')
	case sql.Integer, sql.Bigint, sql.Date, sql.Time, sql.Timestamp:
		size := 64
		if v.Type.Kind == sql.Integer {
			size = 32
		}
		x, err := parseInt(text, size)
		if err != nil {
			return fmt.Errorf("For input string: \"%s\"", text)
		}
		return appendInteger(v, x)
	case sql.Double:
		x, ok := vec.ParseDouble(str(text))
		if !ok {
			return fmt.Errorf("For input string: \"%s\"", text)
		}
		v.AppendF64(x)
	case sql.Decimal:
		return v.AppendDecimal(text, vec.Exact)
	case sql.String:
		v.AppendBytes(text)
	case sql.Bytes:
		return appendBase64(v, text)
	}
	return nil
}

// Encode implements Codec.
func (c *delimitedCodec) Encode(cols []*vec.Vec, n int, skip []bool, dst []byte, at []store.Span) ([]byte, []store.Span, error) {
	for i := 0; i < n; i++ {
		if skip != nil && skip[i] {
			at = append(at, store.Span{Off: 0, Len: -1})
			continue
		}
		from := len(dst)
		for k, v := range cols {
			if k > 0 {
				dst = append(dst, c.delim...)
			}
			if v.IsNull(i) {
				continue
			}
			field := len(dst)
			dst = c.quote(appendField(dst, v, i), field, k == 0)
		}
		var err error
		if at, err = c.spec.span(at, from, len(dst), i); err != nil {
			return dst, at, err
		}
	}
	return dst, at, nil
}

// appendField adds the bare text of row i.
func appendField(dst []byte, v *vec.Vec, i int) []byte {
	switch v.Type.Kind {
	case sql.Boolean:
		return strconv.AppendBool(dst, v.Bool[i])
	case sql.Integer, sql.Date, sql.Time:
		return strconv.AppendInt(dst, int64(v.I32[i]), 10)
	case sql.Bigint, sql.Timestamp:
		return strconv.AppendInt(dst, v.I64[i], 10)
	case sql.Double:
		return vec.AppendDouble(dst, v.F64[i])
	case sql.Decimal:
		return v.AppendDecimalText(dst, i, false)
	case sql.String:
		if utf8.Valid(v.Bytes(i)) {
			return append(dst, v.Bytes(i)...)
		}
		return append(dst, vec.WellFormed(v.Str(i))...)
	case sql.Bytes:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes(i))
	}
	return dst
}

// quote puts the field that dst holds from from on into quotes where Commons CSV 1.4 does (QuoteMode.MINIMAL).
func (c *delimitedCodec) quote(dst []byte, from int, first bool) []byte {
	f := dst[from:]
	need := len(f) == 0 && first
	inner := 0
	if len(f) > 0 {
		ch := f[0]
		letter := ch-'0' <= 9 || ch|0x20 >= 'a' && ch|0x20 <= 'z'
		need = first && !letter || ch <= '#' || f[len(f)-1] <= ' '
		for p, ch := range f {
			switch {
			case ch == '"':
				inner++
				need = true
			case ch == '\n' || ch == '\r' || ch == c.delim[0] && c.ends(f, p):
				need = true
			}
		}
	}
	if !need {
		return dst
	}
	n := len(dst)
	for range inner + 2 {
		dst = append(dst, '"')
	}
	// Moved from behind, so that nothing is overwritten.
	w := len(dst) - 2
	for r := n - 1; r >= from; r-- {
		dst[w] = dst[r]
		w--
		if dst[r] == '"' {
			dst[w] = '"'
			w--
		}
	}
	dst[from] = '"'
	return dst
}

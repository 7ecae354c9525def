package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Rows as protobuf: messages of the schema that the header carries. Schema and messages are those of Confluent's
// converter: proto3 without optional, so that nulls and zeros are left out alike.

// message is the columns of a row, the fields of a STRUCT, or a MAP's key and value.
type message struct {
	name   string
	fields []protoField
}

type protoField struct {
	name     string
	typ      string
	t        sql.Type // of one item
	repeated bool
	sub      *message // of a STRUCT or an entry of a MAP
}

// protoRows writes rows as base64 of protobuf messages.
type protoRows struct {
	root    message
	logical bool // some type is not protobuf's own
	count   int
	buf     []byte
}

func newProtoRows(s sql.Schema) (*protoRows, error) {
	p := &protoRows{}
	var fields []sql.Field
	for _, c := range s {
		fields = append(fields, c.Field)
	}
	m, err := p.message("", fields)
	if err != nil {
		return nil, err
	}
	p.root = *m
	return p, nil
}

// message numbers messages depth first, as they are used.
func (p *protoRows) message(suffix string, fields []sql.Field) (*message, error) {
	p.count++
	m := &message{name: "ConnectDefault" + strconv.Itoa(p.count) + suffix}
	for _, f := range fields {
		x := protoField{name: f.Name, t: f.Type}
		if f.Type.Kind == sql.Array {
			x.repeated, x.t = true, *f.Type.Elem
			if x.t.Kind == sql.Array || x.t.Kind == sql.Map {
				return nil, generic(badRequest, "Array cannot be nested")
			}
		}
		var err error
		switch x.t.Kind {
		case sql.Struct:
			x.sub, err = p.message("", x.t.Fields)
		case sql.Map:
			x.repeated = true
			x.sub, err = p.message("Entry", []sql.Field{{Name: "key", Type: *x.t.Key}, {Name: "value", Type: *x.t.Elem}})
		case sql.Decimal, sql.Date, sql.Time, sql.Timestamp:
			p.logical = true
		}
		if err != nil {
			return nil, err
		}
		if x.typ = protoTypes[x.t.Kind]; x.sub != nil {
			x.typ = x.sub.name
		}
		m.fields = append(m.fields, x)
	}
	return m, nil
}

var protoTypes = map[sql.Kind]string{
	sql.Boolean: "bool", sql.Integer: "int32", sql.Bigint: "int64", sql.Double: "double", sql.String: "string", sql.Bytes: "bytes", sql.Null: "bytes",
	sql.Decimal: "confluent.type.Decimal", sql.Timestamp: "google.protobuf.Timestamp", sql.Date: "google.type.Date", sql.Time: "google.type.TimeOfDay",
}

// schema is the text of the schema.
func (p *protoRows) schema() string {
	var b strings.Builder
	b.WriteString("syntax = \"proto3\";\n\n")
	if p.logical {
		b.WriteByte('\n') // where imports would stand
	}
	p.root.print(&b, "")
	return b.String()
}

func (m *message) print(b *strings.Builder, indent string) {
	b.WriteString(indent + "message " + m.name + " {\n")
	in := indent + "  "
	var subs []*message
	for i, f := range m.fields {
		b.WriteString(in)
		if f.repeated {
			b.WriteString("repeated ")
		}
		b.WriteString(f.typ + " " + f.name + " = " + strconv.Itoa(i+1))
		if f.t.Kind == sql.Decimal {
			b.WriteString(" [(confluent.field_meta) = {\n" + in + "  params: [\n")
			param := func(name string, n int, end string) {
				b.WriteString(in + "    {\n" + in + "      value: \"" + strconv.Itoa(n) + "\",\n" + in + "      key: \"" + name + "\"\n" + in + "    }" + end + "\n")
			}
			param("precision", f.t.Precision, ",")
			param("scale", f.t.Scale, "")
			b.WriteString(in + "  ]\n" + in + "}]")
		}
		b.WriteString(";\n")
		if f.sub != nil {
			subs = append(subs, f.sub)
		}
	}
	if len(subs) > 0 {
		b.WriteByte('\n')
	}
	for _, s := range subs {
		s.print(b, in)
	}
	b.WriteString(indent + "}\n")
}

// row adds row i of a page as base64.
func (p *protoRows) row(dst []byte, page *ksql.Page, i int) []byte {
	p.buf = p.root.encode(p.buf[:0], page.Cols, i)
	return base64.StdEncoding.AppendEncode(dst, p.buf)
}

func (m *message) encode(dst []byte, cols []*vec.Vec, i int) []byte {
	for k := range m.fields {
		dst = m.fields[k].encode(dst, k+1, cols[k], i)
	}
	return dst
}

// The wire types.
const (
	varintWire = 0
	fixed64    = 1
	bytesWire  = 2
)

func tag(dst []byte, n, wire int) []byte { return binary.AppendUvarint(dst, uint64(n<<3|wire)) }

func withLength(dst []byte, n int, body []byte) []byte {
	dst = binary.AppendUvarint(tag(dst, n, bytesWire), uint64(len(body)))
	return append(dst, body...)
}

func (f *protoField) encode(dst []byte, n int, v *vec.Vec, i int) []byte {
	if v.IsNull(i) {
		return dst
	}
	if !f.repeated {
		return f.one(dst, n, v, i, false)
	}
	from, to := int(v.Offs[i]), int(v.Offs[i+1])
	switch {
	case f.t.Kind == sql.Map:
		for k := from; k < to; k++ {
			dst = withLength(dst, n, f.sub.encode(nil, v.Kids, k))
		}
	case f.packed():
		var body []byte
		for k := from; k < to; k++ {
			if !v.Kids[0].IsNull(k) {
				body = f.number(body, v.Kids[0], k)
			}
		}
		if len(body) > 0 {
			dst = withLength(dst, n, body)
		}
	default:
		for k := from; k < to; k++ {
			if !v.Kids[0].IsNull(k) {
				dst = f.one(dst, n, v.Kids[0], k, true)
			}
		}
	}
	return dst
}

func (f *protoField) packed() bool {
	return f.t.Kind == sql.Boolean || f.t.Kind == sql.Integer || f.t.Kind == sql.Bigint || f.t.Kind == sql.Double
}

func (f *protoField) number(dst []byte, v *vec.Vec, i int) []byte {
	switch f.t.Kind {
	case sql.Boolean:
		if v.Bool[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case sql.Integer:
		return binary.AppendUvarint(dst, uint64(int64(v.I32[i])))
	case sql.Bigint:
		return binary.AppendUvarint(dst, uint64(v.I64[i]))
	}
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.F64[i]))
}

// one adds a field of one value; zero values are left out unless always.
func (f *protoField) one(dst []byte, n int, v *vec.Vec, i int, always bool) []byte {
	switch f.t.Kind {
	case sql.Boolean, sql.Integer, sql.Bigint, sql.Double:
		wire := varintWire
		if f.t.Kind == sql.Double {
			wire = fixed64
		}
		from := len(dst)
		dst = tag(dst, n, wire)
		at := len(dst)
		dst = f.number(dst, v, i)
		for _, b := range dst[at:] {
			if b != 0 {
				return dst
			}
		}
		return dst[:from]
	case sql.String, sql.Bytes:
		if b := v.Bytes(i); len(b) > 0 || always {
			return withLength(dst, n, b)
		}
		return dst
	case sql.Struct:
		return withLength(dst, n, f.sub.encode(nil, v.Kids, i))
	case sql.Decimal:
		body := withLength(nil, 1, twosComplement(v, i))
		return withLength(dst, n, numbers(body, 2, int64(f.t.Precision), int64(f.t.Scale)))
	case sql.Timestamp:
		sec := v.I64[i] / 1000
		if v.I64[i] < sec*1000 {
			sec--
		}
		return withLength(dst, n, numbers(nil, 1, sec, (v.I64[i]-sec*1000)*1e6))
	case sql.Date:
		t := time.Unix(int64(v.I32[i])*86400, 0).UTC()
		return withLength(dst, n, numbers(nil, 1, int64(t.Year()), int64(t.Month()), int64(t.Day())))
	case sql.Time:
		ms := int64(v.I32[i])
		return withLength(dst, n, numbers(nil, 1, ms/3600000, ms/60000%60, ms/1000%60, ms%1000*1e6))
	}
	return dst
}

// numbers adds whole numbers as fields from number first on.
func numbers(dst []byte, first int, list ...int64) []byte {
	for i, x := range list {
		if x != 0 {
			dst = binary.AppendUvarint(tag(dst, first+i, varintWire), uint64(x))
		}
	}
	return dst
}

// twosComplement is the unscaled value of a DECIMAL as Java's BigInteger.toByteArray gives it.
func twosComplement(v *vec.Vec, i int) []byte {
	x := v.BigAt(i)
	if x.Sign() >= 0 {
		return x.FillBytes(make([]byte, x.BitLen()/8+1))
	}
	y := new(big.Int).Not(x) // has the inverted bits
	out := y.FillBytes(make([]byte, y.BitLen()/8+1))
	for k := range out {
		out[k] = ^out[k]
	}
	return out
}

package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// kafkaCodec is one bare value in the bytes of Kafka's own serializers, or no column at all.
type kafkaCodec struct {
	spec Spec
	kind sql.Kind
}

func openKafka(s Spec) (Codec, error) {
	if len(s.Columns) == 0 {
		return &noneCodec{}, nil
	}
	return &kafkaCodec{s, s.Columns[0].Type.Kind}, nil
}

var (
	errInt    = errors.New("Size of data received by IntegerDeserializer is not 4")
	errLong   = errors.New("Size of data received by LongDeserializer is not 8")
	errDouble = errors.New("Size of data received by Deserializer is not 8")
)

// Decode implements Codec.
func (c *kafkaCodec) Decode(src []byte, at []store.Span, out []*vec.Vec, fail func(int, error), null func(int)) {
	v := out[0]
	for row, s := range at {
		b := s.Of(src)
		if s.Len < 0 {
			if v != nil {
				v.AppendNull()
			}
			if null != nil {
				null(row)
			}
			continue
		}
		var err error
		switch {
		case c.kind == sql.Integer && len(b) != 4:
			err = errInt
		case c.kind == sql.Bigint && len(b) != 8:
			err = errLong
		case c.kind == sql.Double && len(b) != 8:
			err = errDouble
		}
		if err != nil {
			if v != nil {
				v.AppendNull()
			}
			if fail != nil {
				fail(row, c.spec.unreadable(err))
			}
			continue
		}
		if v == nil {
			continue
		}
		switch c.kind {
		case sql.Integer:
			v.AppendI32(int32(binary.BigEndian.Uint32(b)))
		case sql.Bigint:
			v.AppendI64(int64(binary.BigEndian.Uint64(b)))
		case sql.Double:
			v.AppendF64(math.Float64frombits(binary.BigEndian.Uint64(b)))
		case sql.String:
			if !utf8.Valid(b) { // Java puts U+FFFD for what is no UTF-8
				v.AppendString(strings.ToValidUTF8(string(b), "\uFFFD"))
				continue
			}
			v.AppendBytes(b)
		case sql.Bytes:
			v.AppendBytes(b)
		}
	}
}

// Encode implements Codec.
func (c *kafkaCodec) Encode(cols []*vec.Vec, n int, skip []bool, dst []byte, at []store.Span) ([]byte, []store.Span, error) {
	v := cols[0]
	if skip == nil && v.Nulls == 0 && c.width() > 0 {
		return c.numbers(v, n, dst, at)
	}
	for i := 0; i < n; i++ {
		if skip != nil && skip[i] || v.IsNull(i) {
			at = append(at, store.Span{Off: 0, Len: -1})
			continue
		}
		from := len(dst)
		switch c.kind {
		case sql.Integer:
			dst = binary.BigEndian.AppendUint32(dst, uint32(v.I32[i]))
		case sql.Bigint:
			dst = binary.BigEndian.AppendUint64(dst, uint64(v.I64[i]))
		case sql.Double:
			dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(v.F64[i]))
		case sql.String:
			if utf8.Valid(v.Bytes(i)) {
				dst = append(dst, v.Bytes(i)...)
			} else {
				dst = append(dst, vec.WellFormed(v.Str(i))...)
			}
		case sql.Bytes:
			dst = append(dst, v.Bytes(i)...)
		default:
			return dst, at, c.spec.unwritable(i, fmt.Errorf("The 'KAFKA' format does not support type '%s'", c.kind))
		}
		var err error
		if at, err = c.spec.span(at, from, len(dst), i); err != nil {
			return dst, at, err
		}
	}
	return dst, at, nil
}

// width is the bytes of each value; 0: they differ.
func (c *kafkaCodec) width() int {
	switch c.kind {
	case sql.Integer:
		return 4
	case sql.Bigint, sql.Double:
		return 8
	}
	return 0
}

// numbers encodes a column of fixed width without nulls.
func (c *kafkaCodec) numbers(v *vec.Vec, n int, dst []byte, at []store.Span) ([]byte, []store.Span, error) {
	from, w := len(dst), c.width()
	if from+n*w > math.MaxInt32 {
		return dst, at, c.spec.unwritable(0, errFull)
	}
	dst = slices.Grow(dst, n*w)[:from+n*w]
	switch b := dst[from:]; c.kind {
	case sql.Integer:
		for i, x := range v.I32[:n] {
			binary.BigEndian.PutUint32(b[4*i:], uint32(x))
		}
	case sql.Bigint:
		for i, x := range v.I64[:n] {
			binary.BigEndian.PutUint64(b[8*i:], uint64(x))
		}
	case sql.Double:
		for i, x := range v.F64[:n] {
			binary.BigEndian.PutUint64(b[8*i:], math.Float64bits(x))
		}
	}
	at = slices.Grow(at, n)
	for ; from < len(dst); from += w {
		at = append(at, store.Span{Off: int32(from), Len: int32(w)})
	}
	return dst, at, nil
}

// noneCodec reads and writes nothing.
type noneCodec struct{}

func openNone(Spec) (Codec, error) { return &noneCodec{}, nil }

// Decode implements Codec: every row is null, whatever its bytes.
func (*noneCodec) Decode(_ []byte, at []store.Span, out []*vec.Vec, _ func(int, error), null func(int)) {
	for row := range at {
		nullRow(out)
		if null != nil {
			null(row)
		}
	}
}

// Encode implements Codec.
func (*noneCodec) Encode(_ []*vec.Vec, n int, _ []bool, dst []byte, at []store.Span) ([]byte, []store.Span, error) {
	for range n {
		at = append(at, store.Span{Off: 0, Len: -1})
	}
	return dst, at, nil
}

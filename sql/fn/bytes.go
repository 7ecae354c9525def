package fn

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/vec"
)

const catConversions = "CONVERSIONS"

var bytesFuncs = []Func{
	{Name: "INT_FROM_BYTES", Declared: "int_from_bytes", Category: catConversions, Author: confluent,
		Doc: "Reads an INTEGER of four bytes.", Variants: fromBytes(4, func(b []byte, o binary.ByteOrder) int32 { return int32(o.Uint32(b)) })},
	{Name: "BIGINT_FROM_BYTES", Declared: "bigint_from_bytes", Category: catConversions, Author: confluent,
		Doc: "Reads a BIGINT of eight bytes.", Variants: fromBytes(8, func(b []byte, o binary.ByteOrder) int64 { return int64(o.Uint64(b)) })},
	{Name: "DOUBLE_FROM_BYTES", Declared: "double_from_bytes", Category: catConversions, Author: confluent,
		Doc: "Reads a DOUBLE of eight bytes.", Variants: fromBytes(8, func(b []byte, o binary.ByteOrder) float64 {
			return math.Float64frombits(o.Uint64(b))
		})},
	{Name: "TO_BYTES", Declared: "to_bytes", Category: catString, Author: confluent,
		Doc: "Turns a text into bytes: hex, utf8, ascii or base64.", Variants: []Variant{
			Fn2E("value: the text; encoding: how the text stands for bytes", toBytes)}},
	{Name: "FROM_BYTES", Declared: "from_bytes", Category: catString, Author: confluent,
		Doc: "Turns bytes into a text: hex, utf8, ascii or base64.", Variants: []Variant{
			Fn2E("value: the bytes; encoding: how the text stands for bytes", fromBytesText)}},
}

func fromBytes[T any](size int, read func([]byte, binary.ByteOrder) T) []Variant {
	get := func(b Opt[[]byte], order binary.ByteOrder) (Opt[T], error) {
		if !b.OK {
			return Opt[T]{}, nil
		}
		if len(b.V) != size {
			return Opt[T]{}, fmt.Errorf("Number of bytes must be equal to %d, but found %d", size, len(b.V))
		}
		return Some(read(b.V, order)), nil
	}
	return []Variant{
		FnOpt1("value: the bytes, the highest first", func(b Opt[[]byte]) (Opt[T], error) { return get(b, binary.BigEndian) }),
		FnOpt2("value: the bytes; byteOrder: BIG_ENDIAN or LITTLE_ENDIAN", func(b Opt[[]byte], order Opt[string]) (Opt[T], error) {
			switch {
			case order.OK && strings.EqualFold(order.V, "BIG_ENDIAN"):
				return get(b, binary.BigEndian)
			case order.OK && strings.EqualFold(order.V, "LITTLE_ENDIAN"):
				return get(b, binary.LittleEndian)
			}
			return Opt[T]{}, errors.New("Byte order must be BIG_ENDIAN or LITTLE_ENDIAN")
		}),
	}
}

func unknownEncoding(name string) error {
	return errors.New("Unknown encoding type '" + name + "'. Supported formats are 'hex', 'utf8', 'ascii', and 'base64'.")
}

// toBytes is strict where ENCODE is lenient: no hex prefix, no URL-safe base64, no partial padding.
func toBytes(s, encoding string) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "hex":
		return hex.DecodeString(s)
	case "utf8":
		return []byte(vec.WellFormed(s)), nil
	case "ascii":
		return asciiBytes(s), nil
	case "base64":
		if strings.ContainsAny(s, "\r\n") {
			return nil, errors.New("illegal base64 character")
		}
		if strings.HasSuffix(s, "=") {
			return base64.StdEncoding.DecodeString(s)
		}
		return base64.RawStdEncoding.DecodeString(s)
	}
	return nil, unknownEncoding(encoding)
}

func fromBytesText(b []byte, encoding string) (string, error) {
	switch strings.ToLower(encoding) {
	case "hex":
		return strings.ToUpper(hex.EncodeToString(b)), nil
	case "utf8":
		return string(chars.AppendUTF8(nil, b)), nil
	case "ascii":
		return asciiText(b), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(b), nil
	}
	return "", unknownEncoding(encoding)
}

// asciiBytes puts a question mark for each character that ASCII lacks.
func asciiBytes(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		r, n := chars.Next(s[i:])
		if r >= 0x80 {
			r = '?'
		}
		out = append(out, byte(r))
		i += n
	}
	return out
}

// asciiText puts U+FFFD for each byte that ASCII lacks.
func asciiText(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c >= 0x80 {
			out.WriteRune('\uFFFD')
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
}

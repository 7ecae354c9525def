package state

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

var (
	errShort = errors.New("state: row is cut short")
	errLong  = errors.New("state: row is too long")
	errNull  = errors.New("state: a key is null")
	errKind  = errors.New("state: a value of a type that has none")
)

// AppendRow appends the values of row i of cols in the engine's own form: for each value a byte that says
// whether it is there, then its bytes. It is the form of the rows that tables remember and of those in repartition
// topics. Keys have another, which keeps their order: vec.AppendKey.
func AppendRow(dst []byte, cols []*vec.Vec, i int) []byte {
	for _, c := range cols {
		dst = AppendValue(dst, c, i)
	}
	return dst
}

// AppendValue appends one value of AppendRow.
func AppendValue(dst []byte, c *vec.Vec, i int) []byte {
	if c.IsNull(i) {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	switch c.Type.Kind {
	case sql.Boolean:
		if c.Bool[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case sql.Integer, sql.Date, sql.Time:
		return binary.BigEndian.AppendUint32(dst, uint32(c.I32[i]))
	case sql.Bigint, sql.Timestamp:
		return binary.BigEndian.AppendUint64(dst, uint64(c.I64[i]))
	case sql.Double:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(c.F64[i]))
	case sql.Decimal:
		if vec.Wide(c.Type) {
			b := c.Big[i]
			dst = append(dst, byte(b.Sign()+1))
			return appendBytes(dst, b.Bytes())
		}
		dst = binary.BigEndian.AppendUint64(dst, uint64(c.Dec[i].Hi))
		return binary.BigEndian.AppendUint64(dst, c.Dec[i].Lo)
	case sql.String, sql.Bytes:
		return appendBytes(dst, c.Bytes(i))
	case sql.Array, sql.Map:
		lo, hi := int(c.Offs[i]), int(c.Offs[i+1])
		dst = binary.AppendUvarint(dst, uint64(hi-lo))
		for k := lo; k < hi; k++ {
			for _, kid := range c.Kids {
				dst = AppendValue(dst, kid, k)
			}
		}
	case sql.Struct:
		for _, kid := range c.Kids {
			dst = AppendValue(dst, kid, i)
		}
	}
	return dst
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// ReadRow appends one row to each of cols from the bytes that AppendRow wrote and returns what follows it.
// On an error the columns may have different lengths.
func ReadRow(src []byte, cols []*vec.Vec) ([]byte, error) {
	var err error
	for _, c := range cols {
		if src, err = ReadValue(src, c); err != nil {
			return nil, err
		}
	}
	return src, nil
}

// ReadValue appends one value of ReadRow.
func ReadValue(src []byte, c *vec.Vec) ([]byte, error) {
	if len(src) == 0 {
		return nil, errShort
	}
	there := src[0]
	src = src[1:]
	if there == 0 {
		c.AppendNull()
		return src, nil
	}
	need := func(n int) bool { return len(src) >= n }
	switch c.Type.Kind {
	case sql.Boolean:
		if !need(1) {
			return nil, errShort
		}
		c.AppendBool(src[0] != 0)
		return src[1:], nil
	case sql.Integer, sql.Date, sql.Time:
		if !need(4) {
			return nil, errShort
		}
		c.AppendI32(int32(binary.BigEndian.Uint32(src)))
		return src[4:], nil
	case sql.Bigint, sql.Timestamp:
		if !need(8) {
			return nil, errShort
		}
		c.AppendI64(int64(binary.BigEndian.Uint64(src)))
		return src[8:], nil
	case sql.Double:
		if !need(8) {
			return nil, errShort
		}
		c.AppendF64(math.Float64frombits(binary.BigEndian.Uint64(src)))
		return src[8:], nil
	case sql.Decimal:
		if vec.Wide(c.Type) {
			if !need(1) {
				return nil, errShort
			}
			negative := src[0] == 0
			b, rest, err := readBytes(src[1:])
			if err != nil {
				return nil, err
			}
			x := new(big.Int).SetBytes(b)
			if negative {
				x.Neg(x)
			}
			c.AppendBig(x)
			return rest, nil
		}
		if !need(16) {
			return nil, errShort
		}
		c.AppendNum(vec.Num{Hi: int64(binary.BigEndian.Uint64(src)), Lo: binary.BigEndian.Uint64(src[8:])})
		return src[16:], nil
	case sql.String, sql.Bytes:
		b, rest, err := readBytes(src)
		if err != nil {
			return nil, err
		}
		c.AppendBytes(b)
		return rest, nil
	case sql.Array, sql.Map:
		n, w := binary.Uvarint(src)
		if w <= 0 || n > uint64(len(src)-w) {
			return nil, errShort
		}
		src = src[w:]
		var err error
		for ; n > 0; n-- {
			for _, kid := range c.Kids {
				if src, err = ReadValue(src, kid); err != nil {
					return nil, err
				}
			}
		}
		c.EndList()
		return src, nil
	case sql.Struct:
		var err error
		for _, kid := range c.Kids {
			if src, err = ReadValue(src, kid); err != nil {
				return nil, err
			}
		}
		c.EndStruct()
		return src, nil
	}
	return nil, errKind
}

func readBytes(src []byte) (b, rest []byte, err error) {
	n, w := binary.Uvarint(src)
	if w <= 0 || n > uint64(len(src)-w) {
		return nil, nil, errShort
	}
	return src[w : w+int(n)], src[w+int(n):], nil
}

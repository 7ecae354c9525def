package vec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// Key bytes: every value begins with a tag, so that null comes before all values and the end of a list before
// both.
const (
	keyEnd byte = iota
	keyNull
	keyValue
)

// AppendKey adds the key bytes of that row of cols to dst: equal rows have equal bytes and the order of the bytes
// is that of Compare, column after column (a MAP's entries are sorted by their bytes). DecodeKey reads them back.
func AppendKey(dst []byte, cols []*Vec, row int) []byte {
	for _, v := range cols {
		dst = v.appendKey(dst, row)
	}
	return dst
}

func (v *Vec) appendKey(dst []byte, i int) []byte {
	if v.IsNull(i) {
		return append(dst, keyNull)
	}
	dst = append(dst, keyValue)
	switch v.Type.Kind {
	case sql.Boolean:
		if v.Bool[i] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case sql.Integer, sql.Date, sql.Time:
		return binary.BigEndian.AppendUint32(dst, uint32(v.I32[i])^1<<31)
	case sql.Bigint, sql.Timestamp:
		return binary.BigEndian.AppendUint64(dst, uint64(v.I64[i])^1<<63)
	case sql.Double:
		b := doubleBits(v.F64[i])
		if b>>63 == 1 {
			b = ^b
		} else {
			b |= 1 << 63
		}
		return binary.BigEndian.AppendUint64(dst, b)
	case sql.Decimal:
		if Wide(v.Type) {
			return appendBigKey(dst, v.Big[i])
		}
		dst = binary.BigEndian.AppendUint64(dst, uint64(v.Dec[i].Hi)^1<<63)
		return binary.BigEndian.AppendUint64(dst, v.Dec[i].Lo)
	case sql.String:
		b := v.Bytes(i)
		if !plain(b) {
			return escape(dst, b, swapLead)
		}
		return append(append(dst, b...), 0, 0)
	case sql.Bytes:
		return escape(dst, v.Bytes(i), func(c byte) byte { return c ^ 0x80 })
	case sql.Array:
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			dst = v.Kids[0].appendKey(dst, int(k))
		}
		return append(dst, keyEnd)
	case sql.Map:
		var entries []string
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			at := len(dst)
			dst = AppendKey(dst, v.Kids, int(k))
			entries = append(entries, string(dst[at:]))
			dst = dst[:at]
		}
		slices.Sort(entries)
		for _, e := range entries {
			dst = append(dst, e...)
		}
		return append(dst, keyEnd)
	case sql.Struct:
		return AppendKey(dst, v.Kids, i)
	}
	return dst
}

// plain reports whether the bytes of a text stand in a key as they are.
func plain(b []byte) bool {
	const high, low = 0x8080808080808080, 0x0101010101010101
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		if (x|(x-low))&high != 0 { // not ASCII, or 0
			break
		}
		b = b[8:]
	}
	for _, c := range b {
		if c == 0 || c >= 0xEE {
			return false
		}
	}
	return true
}

// swapLead makes the order of UTF-8 bytes that of UTF-16: the first bytes of U+E000 to U+FFFF change places with
// bytes that no text has and that stand behind those of the characters beyond.
func swapLead(c byte) byte {
	switch c {
	case 0xEE, 0xEF:
		return c + 0x0A
	case 0xF8, 0xF9:
		return c - 0x0A
	}
	return c
}

// escape adds b with 0 written as 0 255, and ends it with 0 0.
func escape(dst, b []byte, m func(byte) byte) []byte {
	for _, c := range b {
		c = m(c)
		dst = append(dst, c)
		if c == 0 {
			dst = append(dst, 0xFF)
		}
	}
	return append(dst, 0, 0)
}

// appendBigKey adds the sign and length, then the magnitude; all inverted for a negative number.
func appendBigKey(dst []byte, x *big.Int) []byte {
	mag := x.Bytes()
	at := len(dst)
	dst = binary.BigEndian.AppendUint32(dst, 1<<31|uint32(len(mag)))
	dst = append(dst, mag...)
	if x.Sign() < 0 {
		for k := at; k < len(dst); k++ {
			dst[k] = ^dst[k]
		}
	}
	return dst
}

var errKey = errors.New("vec: damaged key bytes")

// DecodeKey adds the row that AppendKey wrote to out, columns of the same types, and returns what follows it.
// After an error the columns may hold part of a row.
func DecodeKey(key []byte, out []*Vec) (rest []byte, err error) {
	for _, v := range out {
		if key, err = v.decodeKey(key); err != nil {
			return nil, err
		}
	}
	return key, nil
}

func (v *Vec) decodeKey(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, errKey
	}
	if b[0] == keyNull {
		v.AppendNull()
		return b[1:], nil
	}
	if b[0] != keyValue {
		return nil, errKey
	}
	b = b[1:]
	size := 0
	switch v.Type.Kind {
	case sql.Boolean:
		size = 1
	case sql.Integer, sql.Date, sql.Time:
		size = 4
	case sql.Bigint, sql.Timestamp, sql.Double:
		size = 8
	case sql.Decimal:
		size = 16
		if Wide(v.Type) {
			return v.decodeBigKey(b)
		}
	}
	if len(b) < size {
		return nil, errKey
	}
	switch v.Type.Kind {
	case sql.Boolean:
		v.AppendBool(b[0] != 0)
	case sql.Integer, sql.Date, sql.Time:
		v.AppendI32(int32(binary.BigEndian.Uint32(b) ^ 1<<31))
	case sql.Bigint, sql.Timestamp:
		v.AppendI64(int64(binary.BigEndian.Uint64(b) ^ 1<<63))
	case sql.Double:
		x := binary.BigEndian.Uint64(b)
		if x>>63 == 0 {
			x = ^x
		} else {
			x &^= 1 << 63
		}
		v.AppendF64(math.Float64frombits(x))
	case sql.Decimal:
		v.AppendNum(Num{binary.BigEndian.Uint64(b[8:]), int64(binary.BigEndian.Uint64(b) ^ 1<<63)})
	case sql.String:
		return v.unescape(b, swapLead)
	case sql.Bytes:
		return v.unescape(b, func(c byte) byte { return c ^ 0x80 })
	case sql.Array, sql.Map:
		for len(b) > 0 && b[0] != keyEnd {
			var err error
			if b, err = DecodeKey(b, v.Kids); err != nil {
				return nil, err
			}
		}
		if len(b) == 0 {
			return nil, errKey
		}
		v.EndList()
		return b[1:], nil
	case sql.Struct:
		b, err := DecodeKey(b, v.Kids)
		if err == nil {
			v.EndStruct()
		}
		return b, err
	case sql.Null:
		return nil, errKey
	}
	return b[size:], nil
}

func (v *Vec) unescape(b []byte, m func(byte) byte) ([]byte, error) {
	if i := bytes.IndexByte(b, 0); i >= 0 && i+1 < len(b) && b[i+1] == 0 && v.Type.Kind == sql.String && plain(b[:i]) {
		v.AppendBytes(b[:i])
		return b[i+2:], nil
	}
	for i := 0; i < len(b); i++ {
		if b[i] != 0 {
			v.Data = append(v.Data, m(b[i]))
			continue
		}
		if i++; i == len(b) {
			break
		}
		if b[i] == 0 {
			v.EndBytes()
			return b[i+1:], nil
		}
		v.Data = append(v.Data, m(0))
	}
	return nil, errKey
}

func (v *Vec) decodeBigKey(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, errKey
	}
	n := binary.BigEndian.Uint32(b)
	neg := n>>31 == 0
	if neg {
		n = ^n
	}
	n &^= 1 << 31
	if uint64(n) > uint64(len(b)-4) {
		return nil, errKey
	}
	mag := append([]byte(nil), b[4:4+n]...)
	if neg {
		for k := range mag {
			mag[k] = ^mag[k]
		}
	}
	x := new(big.Int).SetBytes(mag)
	if neg {
		x.Neg(x)
	}
	v.AppendBig(x)
	return b[4+n:], nil
}

package fn

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

var randomFuncs = []Func{
	{Name: "RANDOM", Declared: "random", Category: catMath, Doc: "Gives a random number from 0 up to but not including 1.", Variants: []Variant{
		FnRow("", nil, sql.TDouble, func(c *Call, _ int, out *vec.Vec) error {
			out.AppendF64(float64(c.Rand()>>11) / (1 << 53))
			return nil
		})}},
	{Name: "UUID", Declared: "UUID", Category: catString, Doc: "Gives a random UUID, or writes 16 bytes as one.", Variants: []Variant{
		FnRow("", nil, sql.TString, func(c *Call, _ int, out *vec.Vec) error {
			var b [16]byte
			binary.BigEndian.PutUint64(b[:8], c.Rand())
			binary.BigEndian.PutUint64(b[8:], c.Rand())
			b[6] = b[6]&0x0f | 0x40
			b[8] = b[8]&0x3f | 0x80
			out.Data = appendUUID(out.Data, b[:])
			out.EndBytes()
			return nil
		}),
		Fn1E("bytes: 16 bytes", func(b []byte) (string, error) {
			if len(b) != 16 {
				return "", ErrNull
			}
			return string(appendUUID(nil, b)), nil
		})}},
}

func appendUUID(dst, b []byte) []byte {
	from := 0
	for _, to := range [...]int{4, 6, 8, 10, 16} {
		if from > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, b[from:to])
		from = to
	}
	return dst
}

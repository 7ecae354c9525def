package format

import (
	"bytes"
	"math/big"
	"strconv"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/json"
	"github.com/ksqlgo/ksql/sql/vec"
)

// appendInteger adds x to a column of an integer kind: low bits of an INTEGER are kept, a TIME must be one.
func appendInteger(v *vec.Vec, x int64) error {
	switch v.Type.Kind {
	case sql.Integer, sql.Date:
		v.AppendI32(int32(x))
	case sql.Time:
		if x < 0 || x > 86400000 {
			return errTime
		}
		v.AppendI32(int32(x))
	default:
		v.AppendI64(x)
	}
	return nil
}

// integer reads a number, cut toward zero and to its low 64 bits, or a string of digits in the range of the kind.
// end is 0 for another value.
func (c *jsonCodec) integer(p int, k sql.Kind) (x int64, end int, err error) {
	b := c.b
	if x, end = json.SmallInt(b, p); end > 0 {
		return x, end, nil
	}
	if b[p] == '"' {
		s, end := c.textAt(p)
		if end < 0 {
			return 0, 0, errSyntax
		}
		size := 64
		if k == sql.Integer {
			size = 32
		}
		if x, err = parseInt(s, size); err != nil {
			return 0, 0, badText(k)
		}
		return x, end, nil
	}
	if b[p] != '-' && b[p]-'0' > 9 {
		return 0, 0, nil
	}
	end, whole := json.Number(b, p)
	if end < 0 {
		return 0, 0, errSyntax
	}
	s := b[p:end]
	if !whole && bytes.IndexByte(s, 'e')&bytes.IndexByte(s, 'E') != -1 {
		d, ok := vec.ParseDecimal(s)
		if !ok {
			return 0, 0, errSyntax // the exponent needs more than 32 bits
		}
		return lowBits(d), end, nil
	}
	var u uint64
	for _, ch := range s {
		if ch == '.' {
			break
		}
		if ch != '-' {
			u = u*10 + uint64(ch-'0')
		}
	}
	if s[0] == '-' {
		u = -u
	}
	return int64(u), end, nil
}

// parseInt is Java's Long.parseLong: an optional sign and digits, nothing else.
func parseInt(s []byte, size int) (int64, error) {
	if len(s) == 0 || s[len(s)-1]-'0' > 9 {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseInt(str(s), 10, size)
}

// lowBits is Java's BigDecimal.longValue: the fraction cut, the low 64 bits.
func lowBits(d vec.Decimal) int64 {
	if d.Scale <= -64 || vec.DigitsBig(d.Unscaled) <= d.Scale {
		return 0 // 2^64 divides 10^64
	}
	d, _ = d.Rescale(0, vec.Down)
	low := new(big.Int).And(d.Unscaled, new(big.Int).SetUint64(^uint64(0))) // two's complement, as big.Int has it
	return int64(low.Uint64())
}

// double reads the number at p as a double.
func double(b []byte, p int) (float64, int) {
	end, _ := json.Number(b, p)
	if end < 0 {
		return 0, -1
	}
	s := b[p:end]
	// Up to 15 digits without exponent: both parts are exact, so one division rounds right.
	if len(s) <= 16 {
		var u uint64
		neg, frac, dot := false, 0, 0
		for i, ch := range s {
			switch {
			case ch-'0' <= 9:
				u = u*10 + uint64(ch-'0')
				frac += dot
			case ch == '.':
				dot = 1
			case ch == '-' && i == 0:
				neg = true
			default:
				u = 1 << 63
			}
			if u >= 1<<53 {
				break
			}
		}
		if u < 1<<53 {
			x := vec.NumOf(int64(u)).Float(frac)
			if neg {
				x = -x
			}
			if x != 0 {
				return x, end
			}
			return 0, end // Java's number nodes have no -0
		}
	}
	x, _ := strconv.ParseFloat(str(s), 64)
	if x == 0 {
		x = 0
	}
	return x, end
}

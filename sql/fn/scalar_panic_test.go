package fn

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// odd gives a value of a type, mostly an awkward one.
func odd(r *rand.Rand, t sql.Type) any {
	texts := []string{"", "a", "abc", "%", "%zz", "0x1", "\\u00", "yyyy-MM-dd", "yyyy'", "HH:mm X z VV", "2021-02-31", "99999999999999999999",
		"(a+)+$", "[a-", "a{2", "$1", "\\", "😀", "\xed\xa0\xbd", "\xff\xfe", "+19:00", "UTC+", "Europe/Paris", "km", "hex", "base64", "BIG_ENDIAN",
		"http://[::1", "x:y", "//", "GMT-", "pppH", "[[HH]", "uuuu DDD", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "-", " "}
	ints := []int64{0, 1, -1, 2, 7, 1000, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, 253402300800000, -62135596800001}
	switch t.Kind {
	case sql.Boolean:
		return r.IntN(2) == 0
	case sql.Integer:
		return int32(ints[r.IntN(6)] + int64(r.IntN(2))*ints[r.IntN(8)])
	case sql.Bigint:
		return ints[r.IntN(len(ints))]
	case sql.Timestamp:
		return vec.Timestamp(ints[r.IntN(len(ints))])
	case sql.Date:
		return vec.Date(ints[r.IntN(8)])
	case sql.Time:
		return vec.Time(r.IntN(86400000))
	case sql.Double:
		return []float64{0, -1, 1.5, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, 5e-324, math.Copysign(0, -1)}[r.IntN(9)]
	case sql.Decimal:
		return vec.Decimal{Unscaled: big.NewInt(ints[r.IntN(9)]), Scale: t.Scale}
	case sql.String:
		return texts[r.IntN(len(texts))]
	case sql.Bytes:
		return []byte(texts[r.IntN(len(texts))])
	case sql.Interval:
		return []string{"DAYS", "MILLISECONDS"}[r.IntN(2)]
	}
	return nil
}

// TestScalarsNeverPanic gives every function values that nobody should give.
func TestScalarsNeverPanic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, f := range scalars().byName {
		for k := range f.Variants {
			v := &f.Variants[k]
			for range 150 {
				var args []typed
				n := len(v.Args)
				if v.Variadic > 0 {
					n += r.IntN(4) - 1
				}
				for i := range n {
					at := v.Args[min(i, len(v.Args)-1)].Type
					if at.Kind == sql.Decimal {
						at = sql.DecimalOf([]int{19, 38, 60}[r.IntN(3)], r.IntN(10))
					}
					x := odd(r, at)
					if at.Kind != sql.Interval && r.IntN(8) == 0 {
						x = nil
					}
					args = append(args, typed{at, x})
				}
				func() {
					defer func() {
						if p := recover(); p != nil {
							t.Errorf("%s%v: panic %v", name, args, p)
						}
					}()
					if name == "LPAD" || name == "RPAD" {
						if n, ok := args[1].value.(int32); ok && n > 1<<20 {
							args[1].value = n & (1<<20 - 1)
						}
					}
					got, err := call(v, args)
					if err != nil && got.value != nil {
						t.Errorf("%s%v failed with %v and gave %v", name, args, err, got.value)
					}
				}()
			}
		}
	}
}

package plan

import (
	"math"
	"math/big"
	"testing"

	"github.com/ksqlgo/ksql/sql/vec"
)

// TestLiteralText: constant arguments of an aggregate that differ have texts that do, whatever their types.
func TestLiteralText(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{true, "true"}, {false, "false"}, {int32(-7), "-7"}, {int64(math.MaxInt64), "9223372036854775807"},
		{1.5, "0x3ff8000000000000"}, {math.Copysign(0, -1), "0x8000000000000000"}, {0.0, "0x0"},
		{`a"b`, `"a""b"`}, {"", `""`}, {[]byte{0, 255}, "x00ff"},
		{vec.Decimal{Unscaled: big.NewInt(-1250), Scale: 3}, "-1250e-3"},
		{vec.Date(-1), "-1"}, {vec.Time(5), "5"}, {vec.Timestamp(1 << 40), "1099511627776"},
	} {
		if got, err := literalText(c.v); got != c.want || err != nil {
			t.Errorf("%T %v: got %s, %v, want %s", c.v, c.v, got, err, c.want)
		}
	}
	if got, err := literalText([]any{1}); err == nil {
		t.Errorf("a list is %s", got)
	}
}

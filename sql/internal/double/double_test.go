package double

import (
	"math"
	"testing"
)

func TestDouble(t *testing.T) {
	for _, c := range []struct {
		f    float64
		want string
	}{
		{1, "1.0"}, {0.001, "0.001"}, {1234567, "1234567.0"}, {1e7, "1.0E7"}, {1e10, "1.0E10"}, {1e-4, "1.0E-4"}, {math.SmallestNonzeroFloat64, "4.9E-324"},
		{-1.5e-7, "-1.5E-7"}, {0, "0.0"}, {math.Copysign(0, -1), "-0.0"}, {math.NaN(), "NaN"}, {math.Inf(-1), "-Infinity"}, {12345678.9, "1.23456789E7"},
		{4611686018427387904, "4.6116860184273879E18"}, {-2305843009213693952, "-2.305843009213694E18"}, {18014398509481984, "1.8014398509481984E16"}, {1.75723439087678746e18, "1.75723439087678746E18"}, // as OpenJDK 17 prints them
		{0.1, "0.1"}, {-3, "-3.0"}, {math.MaxFloat64, "1.7976931348623157E308"}, {9.9e-324, "9.9E-324"}, {2e23, "2.0E23"}, {100, "100.0"}, {-2e-5, "-2.0E-5"}, {1e100, "1.0E100"},
	} {
		if got := string(Append(nil, c.f)); got != c.want {
			t.Errorf("%v: %s, want %s", c.f, got, c.want)
		}
		if f, ok := Parse(c.want); !ok || math.Float64bits(f) != math.Float64bits(c.f) {
			t.Errorf("%s reads as %v", c.want, f)
		}
	}
	for s, want := range map[string]float64{" 1.5 ": 1.5, "1e400": math.Inf(1), "+.5f": .5, "5.d": 5, "0x1p3": 8, "0x1.8p1D": 3, "-Infinity": math.Inf(-1)} {
		if f, ok := Parse(s); !ok || f != want {
			t.Errorf("%q: %v %t", s, f, ok)
		}
	}
	for _, s := range []string{"", " ", "nan", "inf", "infinity", "1_0", "0x1", "1e", ".", "1ff", "e5", "0x_1p3", "1 2"} {
		if f, ok := Parse(s); ok {
			t.Errorf("%q reads as %v", s, f)
		}
	}
}

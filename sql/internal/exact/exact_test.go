package exact

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestNearest compares with Taylor's series in 400 bits.
func TestNearest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		x := (r.Float64() - 0.5) * 20
		same(t, "exp", x, Exp(x), series(x, 1, func(n int64) int64 { return n }, 1))
		same(t, "sin", x, Sin(x), series(x, x, func(n int64) int64 { return (2*n + 1) * 2 * n }, -1))
		same(t, "cos", x, Cos(x), series(x, 1, func(n int64) int64 { return (2*n - 1) * 2 * n }, -1))
		// e^(ln y) of the neighbours of ln y lies further from y than that of ln y.
		y := math.Exp(x)
		l := Ln(y)
		best := distance(l, y)
		for _, other := range []float64{math.Nextafter(l, -math.MaxFloat64), math.Nextafter(l, math.MaxFloat64)} {
			if distance(other, y).Cmp(best) < 0 {
				t.Errorf("ln %v is %v, nearer is %v", y, l, other)
			}
		}
	}
}

// series sums 1 or x and the terms that each are the one before times x (twice where sign is -1) over divide(n).
func series(x, first float64, divide func(n int64) int64, sign float64) *big.Float {
	step := num(x)
	if sign < 0 {
		step.Mul(step, num(-x))
	}
	term, sum := num(first), num(first)
	for n := int64(1); n < 400; n++ {
		term.Mul(term, step)
		term.Quo(term, num(float64(divide(n))))
		sum.Add(sum, term)
	}
	return sum
}

func num(x float64) *big.Float { return new(big.Float).SetPrec(400).SetFloat64(x) }

func distance(l, y float64) *big.Float {
	d := series(l, 1, func(n int64) int64 { return n }, 1)
	return d.Abs(d.Sub(d, num(y)))
}

func same(t *testing.T, name string, x, got float64, want *big.Float) {
	t.Helper()
	if w, _ := want.Float64(); got != w {
		t.Errorf("%s(%v): %v, want %v", name, x, got, w)
	}
}

// TestEdges holds what stands outside of the series, as OpenJDK 17 gives it.
func TestEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for i, c := range [][2]float64{
		{Exp(710), inf}, {Exp(-746), 0}, {Exp(1), math.E}, {Ln(0), -inf}, {Ln(-1), nan}, {Ln(1), 0}, {Ln(3), 1.0986122886681098},
		{Power(2, 10), 1024}, {Power(0, 0), 1}, {Power(10, -2), 0.01}, {Power(10, 400), inf}, {Power(-8, 0.333), nan}, {Power(-2, 3), -8},
		{Power(1, nan), nan}, {Power(-1, inf), nan}, {Power(3, 33), 5559060566555523},
		{Tan(0.43), 0.45862102348555517}, {Tan(math.Pi / 2), 1.633123935319537e16}, {Cos(math.Pi / 2), 6.123233995736766e-17}, {Sin(1e22), -0.8522008497671888},
	} {
		if math.Float64bits(c[0]) != math.Float64bits(c[1]) && !(c[0] != c[0] && c[1] != c[1]) {
			t.Errorf("%d: %v, want %v", i, c[0], c[1])
		}
	}
}

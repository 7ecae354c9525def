package fn

import "math"

// Sine, cosine and tangent after fdlibm (Sun Microsystems, 1993, free to use), as Java computes them: Go's own are off
// by more than the last digit near the zeros.

const (
	piHalf1, piHalf1Rest = 1.57079632673412561417e+00, 6.07710050650619224932e-11
	piHalf2, piHalf2Rest = 6.07710050630396597660e-11, 2.02226624879595063154e-21
	piHalf3, piHalf3Rest = 2.02226624871116645580e-21, 8.47842766036889956997e-32
	perPiHalf            = 6.36619772367581382433e-01
	// mostReduced is where fdlibm's short reduction ends; Go's reduction for large angles is exact.
	mostReduced = 1 << 19 * math.Pi / 2
)

func sin(x float64) float64 {
	if a := math.Abs(x); a < math.Pi/4 {
		return kernelSin(x, 0)
	} else if !(a < mostReduced) {
		return math.Sin(x)
	}
	n, y, rest := reduce(x)
	switch n & 3 {
	case 0:
		return kernelSin(y, rest)
	case 1:
		return kernelCos(y, rest)
	case 2:
		return -kernelSin(y, rest)
	}
	return -kernelCos(y, rest)
}

func cos(x float64) float64 {
	if a := math.Abs(x); a < math.Pi/4 {
		return kernelCos(x, 0)
	} else if !(a < mostReduced) {
		return math.Cos(x)
	}
	n, y, rest := reduce(x)
	switch n & 3 {
	case 0:
		return kernelCos(y, rest)
	case 1:
		return -kernelSin(y, rest)
	case 2:
		return -kernelCos(y, rest)
	}
	return kernelSin(y, rest)
}

func tan(x float64) float64 {
	if a := math.Abs(x); a < math.Pi/4 {
		return kernelTan(x, 0, false)
	} else if !(a < mostReduced) {
		return math.Tan(x)
	}
	n, y, rest := reduce(x)
	return kernelTan(y, rest, n&1 == 1)
}

// reduce is x minus n times half pi, in two parts.
func reduce(x float64) (n int, y, rest float64) {
	t := math.Abs(x)
	n = int(float64(t*perPiHalf) + 0.5)
	f := float64(n)
	lost := func(y float64) int {
		return int(math.Float64bits(t)>>52&0x7ff) - int(math.Float64bits(y)>>52&0x7ff)
	}
	r := t - float64(f*piHalf1)
	w := float64(f * piHalf1Rest)
	y = r - w
	if lost(y) > 16 {
		u := r
		w = float64(f * piHalf2)
		r = u - w
		w = float64(f*piHalf2Rest) - ((u - r) - w)
		y = r - w
		if lost(y) > 49 {
			u = r
			w = float64(f * piHalf3)
			r = u - w
			w = float64(f*piHalf3Rest) - ((u - r) - w)
			y = r - w
		}
	}
	rest = (r - y) - w
	if x < 0 {
		return -n, -y, -rest
	}
	return n, y, rest
}

func kernelSin(x, rest float64) float64 {
	const (
		s1 = -1.66666666666666324348e-01
		s2 = 8.33333333332248946124e-03
		s3 = -1.98412698298579493134e-04
		s4 = 2.75573137070700676789e-06
		s5 = -2.50507602534068634195e-08
		s6 = 1.58969099521155010221e-10
	)
	if math.Abs(x) < 0x1p-27 {
		return x
	}
	z := float64(x * x)
	v := float64(z * x)
	r := s2 + float64(z*(s3+float64(z*(s4+float64(z*(s5+float64(z*s6)))))))
	if rest == 0 {
		return x + float64(v*(s1+float64(z*r)))
	}
	return x - ((float64(z*(float64(0.5*rest)-float64(v*r))) - rest) - float64(v*s1))
}

func kernelCos(x, rest float64) float64 {
	const (
		c1 = 4.16666666666666019037e-02
		c2 = -1.38888888888741095749e-03
		c3 = 2.48015872894767294178e-05
		c4 = -2.75573143513906633035e-07
		c5 = 2.08757232129817482790e-09
		c6 = -1.13596475577881948265e-11
	)
	a := math.Abs(x)
	if a < 0x1p-27 {
		return 1
	}
	z := float64(x * x)
	r := float64(z * (c1 + float64(z*(c2+float64(z*(c3+float64(z*(c4+float64(z*(c5+float64(z*c6)))))))))))
	tail := float64(z*r) - float64(x*rest)
	if a < 0.3 {
		return 1 - (float64(0.5*z) - tail)
	}
	q := 0.28125
	if a <= 0.78125 {
		q = math.Float64frombits((math.Float64bits(a)>>32 - 0x00200000) << 32)
	}
	return (1 - q) - ((float64(0.5*z) - q) - tail)
}

var tanTerms = [...]float64{3.33333333333334091986e-01, 1.33333333333201242699e-01, 5.39682539762260521377e-02, 2.18694882948595424599e-02,
	8.86323982359930005737e-03, 3.59207910759131235356e-03, 1.45620945432529025516e-03, 5.88041240820264096874e-04, 2.46463134818469906812e-04,
	7.81794442939557092300e-05, 7.14072491382608190305e-05, -1.85586374855275456654e-05, 2.59073051863633712884e-05}

// kernelTan is the tangent, or, where inverse says so, minus its inverse.
func kernelTan(x, rest float64, inverse bool) float64 {
	const quarter, quarterRest = 7.85398163397448278999e-01, 3.06161699786838301793e-17
	if !inverse && math.Abs(x) < 0x1p-28 {
		return x
	}
	big, negative := math.Abs(x) >= 0.6744, x < 0
	if big {
		if negative {
			x, rest = -x, -rest
		}
		x, rest = (quarter-x)+(quarterRest-rest), 0
	}
	z := float64(x * x)
	w := float64(z * z)
	series := func(from int) float64 {
		r := tanTerms[from]
		for k := from - 2; k >= 1; k -= 2 {
			r = tanTerms[k] + float64(w*r)
		}
		return r
	}
	r, v := series(11), float64(z*series(12))
	s := float64(z * x)
	r = rest + float64(z*(float64(s*(r+v))+rest))
	r += float64(tanTerms[0] * s)
	w = x + r
	if big {
		v = 1
		if inverse {
			v = -1
		}
		t := v - 2*(x-(float64(w*w)/(w+v)-r))
		if negative {
			return -t
		}
		return t
	}
	if !inverse {
		return w
	}
	high := func(f float64) float64 { return math.Float64frombits(math.Float64bits(f) &^ 0xffffffff) }
	z = high(w)
	v = r - (z - x)
	a := -1 / w
	t := high(a)
	return t + float64(a*(1+float64(t*z)+float64(t*v)))
}

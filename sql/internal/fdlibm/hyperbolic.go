package fdlibm

import "math"

// The hyperbolic functions, with the two exponentials that they rest on; fdlibm.go has the terms of use.

const (
	fdLn2High = 6.93147180369123816490e-01
	fdLn2Low  = 1.90821492927058770002e-10
	fdPerLn2  = 1.44269504088896338700e+00
	// fdOverflow is the greatest argument of sinh and cosh with a finite result.
	fdOverflow = 710.4758600739439
)

// Sinh is the hyperbolic sine of x.
func Sinh(x float64) float64 {
	a := math.Abs(x)
	h := math.Copysign(0.5, x)
	switch ix := highWord(a); {
	case ix < 0x3e300000, ix >= 0x7ff00000: // |x| < 2^-28, or not finite
		return x
	case ix < 0x40360000: // |x| < 22
		t := fdExpm1(a)
		if ix < 0x3ff00000 {
			return float64(h * (float64(2*t) - float64(t*t)/(t+1)))
		}
		return float64(h * (t + t/(t+1)))
	case ix < 0x40862e42: // |x| < ln of the greatest double
		return float64(h * fdExp(a))
	case a <= fdOverflow:
		w := fdExp(float64(0.5 * a))
		return float64(float64(h*w) * w)
	}
	return math.Copysign(math.Inf(1), x)
}

// Cosh is the hyperbolic cosine of x.
func Cosh(x float64) float64 {
	a := math.Abs(x)
	switch ix := highWord(a); {
	case ix >= 0x7ff00000: // not finite
		return float64(x * x)
	case ix < 0x3fd62e43: // |x| < ln(2)/2
		t := fdExpm1(a)
		w := 1 + t
		if ix < 0x3c800000 {
			return w
		}
		return 1 + float64(t*t)/(w+w)
	case ix < 0x40360000: // |x| < 22
		t := fdExp(a)
		return float64(0.5*t) + 0.5/t
	case ix < 0x40862e42:
		return float64(0.5 * fdExp(a))
	case a <= fdOverflow:
		w := fdExp(float64(0.5 * a))
		return float64(float64(0.5*w) * w)
	}
	return math.Inf(1)
}

// Tanh is the hyperbolic tangent of x.
func Tanh(x float64) float64 {
	a := math.Abs(x)
	var z float64
	switch ix := highWord(a); {
	case x != x:
		return x
	case ix < 0x3c800000: // |x| < 2^-55
		return float64(x * (1 + x))
	case ix >= 0x40360000: // |x| >= 22
		z = 1
	case ix >= 0x3ff00000:
		z = 1 - 2/(fdExpm1(float64(2*a))+2)
	default:
		t := fdExpm1(float64(-2 * a))
		z = -t / (t + 2)
	}
	return math.Copysign(z, x)
}

// fdExp is fdlibm's e^x for 0 <= x <= 709; exp is the one that SQL's EXP uses.
func fdExp(x float64) float64 {
	const (
		p1 = 1.66666666666666019037e-01
		p2 = -2.77777777770155933842e-03
		p3 = 6.61375632143793436117e-05
		p4 = -1.65339022054652515390e-06
		p5 = 4.13813679705723846039e-08
	)
	hx := highWord(x)
	if hx < 0x3e300000 { // x < 2^-28
		return 1 + x
	}
	var hi, lo float64
	k := 0
	if hx > 0x3fd62e42 { // x > ln(2)/2
		k = 1
		if hx >= 0x3ff0a2b2 { // x >= 1.5 ln 2
			k = int(float64(fdPerLn2*x) + 0.5)
		}
		hi, lo = x-float64(float64(k)*fdLn2High), float64(float64(k)*fdLn2Low)
		x = hi - lo
	}
	t := float64(x * x)
	c := x - float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))
	if k == 0 {
		return 1 - (float64(x*c)/(c-2) - x)
	}
	return math.Ldexp(1-((lo-float64(x*c)/(2-c))-hi), k)
}

// fdExpm1 is fdlibm's e^x - 1 for |x| <= 44.
func fdExpm1(x float64) float64 {
	const (
		q1 = -3.33333333333331316428e-02
		q2 = 1.58730158725481460165e-03
		q3 = -7.93650757867487942473e-05
		q4 = 4.00821782732936239552e-06
		q5 = -2.01099218183624371326e-07
	)
	hx := highWord(math.Abs(x))
	if hx < 0x3c900000 { // |x| < 2^-54
		return x
	}
	var c float64
	k := 0
	if hx > 0x3fd62e42 { // |x| > ln(2)/2
		if hx < 0x3ff0a2b2 { // |x| < 1.5 ln 2
			k = int(math.Copysign(1, x))
		} else {
			k = int(float64(fdPerLn2*x) + math.Copysign(0.5, x))
		}
		hi, lo := x-float64(float64(k)*fdLn2High), float64(float64(k)*fdLn2Low)
		x = hi - lo
		c = (hi - x) - lo
	}
	half := float64(0.5 * x)
	s := float64(x * half)
	r := 1 + float64(s*(q1+float64(s*(q2+float64(s*(q3+float64(s*(q4+float64(s*q5)))))))))
	t := 3 - float64(r*half)
	e := float64(s * ((r - t) / (6 - float64(x*t))))
	if k == 0 {
		return x - (float64(x*e) - s)
	}
	e = float64(x*(e-c)) - c
	e -= s
	switch {
	case k == -1:
		return float64(0.5*(x-e)) - 0.5
	case k == 1 && x < -0.25:
		return float64(-2 * (e - (x + 0.5)))
	case k == 1:
		return 1 + float64(2*(x-e))
	case k <= -2 || k > 56:
		return math.Ldexp(1-(e-x), k) - 1
	case k < 20:
		return math.Ldexp((1-math.Ldexp(1, -k))-(e-x), k)
	}
	return math.Ldexp((x-(e+math.Ldexp(1, -k)))+1, k)
}

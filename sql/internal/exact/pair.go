// Package exact is the elementary functions of Java's class Math, rounded to the nearest double: exponential,
// logarithm, power, sine, cosine, tangent. Go's package math is off by a last digit here and there. Left out: what
// Java takes from fdlibm, for which see package fdlibm.
package exact

import "math"

// pair is the unevaluated sum of two doubles, hi the sum rounded to nearest: about 106 bits, enough to round the
// result of a function correctly in all but a handful of a billion cases. No operation here may be fused by the
// compiler (results must be the same on every processor), hence the conversions around products.
type pair struct{ hi, lo float64 }

// exactSum is a + b exactly.
func exactSum(a, b float64) pair {
	s := a + b
	bb := s - a
	return pair{s, (a - (s - bb)) + (b - bb)}
}

// quickSum is a + b exactly where |a| >= |b|.
func quickSum(a, b float64) pair {
	s := a + b
	return pair{s, b - (s - a)}
}

// exactProduct is a b exactly, unless it underflows.
func exactProduct(a, b float64) pair {
	p := float64(a * b)
	return pair{p, math.FMA(a, b, -p)}
}

func (p pair) add(q pair) pair {
	s := exactSum(p.hi, q.hi)
	return quickSum(s.hi, s.lo+(p.lo+q.lo))
}

func (p pair) mul(q pair) pair {
	s := exactProduct(p.hi, q.hi)
	return quickSum(s.hi, s.lo+(float64(p.hi*q.lo)+float64(p.lo*q.hi)))
}

func (p pair) div(q pair) pair {
	c := p.hi / q.hi
	rest := math.FMA(-c, q.hi, p.hi)
	return quickSum(c, (rest+(p.lo-float64(c*q.lo)))/q.hi)
}

func (p pair) neg() pair { return pair{-p.hi, -p.lo} }

// times is p f where f is a power of two.
func (p pair) times(f float64) pair { return pair{p.hi * f, p.lo * f} }

// polynomial is c[0] + c[1] x + ... + tail x^len(c).
func polynomial(x pair, c []pair, tail float64) pair {
	r := pair{tail, 0}
	for i := len(c) - 1; i >= 0; i-- {
		r = r.mul(x).add(c[i])
	}
	return r
}

// horner is c[0] + c[1] x + ... in plain doubles: the tail of a series.
func horner(x float64, c []float64) float64 {
	r := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		r = float64(r*x) + c[i]
	}
	return r
}

// scaled is p 2^n rounded once, also where the result is subnormal.
func (p pair) scaled(n int) float64 {
	if _, e := math.Frexp(p.hi); e+n > -1022 {
		return math.Ldexp(p.hi, n)
	}
	s := math.Ldexp(p.hi, n+1074) // in units of the smallest double
	r := math.RoundToEven(s)
	switch d := s - r; {
	case d == 0.5 && p.lo > 0:
		r++
	case d == -0.5 && p.lo < 0:
		r--
	}
	return math.Ldexp(r, -1074)
}

package exact

import "math"

// Exp is e^x rounded to the nearest double, as Java's Math.exp gives it.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > expMost:
		return math.Inf(1)
	case x < expLeast:
		return 0
	}
	p, n := expPair(pair{x, 0})
	return p.scaled(n)
}

// Beyond these exp is infinite or zero.
const expMost, expLeast = 710, -746

// expPair is e^x as p 2^n, for expLeast <= x <= expMost: with k = 16 x / ln 2 rounded, e^x is 2^(k/16) e^r, |r| < 0.022.
func expPair(x pair) (p pair, n int) {
	k := math.RoundToEven(float64(x.hi * (16 / math.Ln2)))
	t := exactProduct(k, ln2.hi/16)
	r := x.add(quickSum(t.hi, t.lo+float64(k*(ln2.lo/16))).neg())
	p = polynomial(r, inverseFactorials[:5], horner(r.hi, expTail[:]))
	return p.mul(sixteenthPowers[int(k)&15]), int(k) >> 4
}

// Power is b^e rounded to the nearest double, as Java's Math.pow gives it. It differs from math.Pow in 1^NaN and
// (-1)^infinity, which are NaN in Java.
func Power(b, e float64) float64 {
	switch {
	case e == 0:
		return 1
	case e != e || b != b || math.Abs(b) == 1 && math.IsInf(e, 0):
		return math.NaN()
	case b == 0 || math.IsInf(b, 0) || math.IsInf(e, 0):
		return math.Pow(b, e) // all of these are exact
	}
	sign := 1.0
	if b < 0 {
		if e != math.Trunc(e) {
			return math.NaN()
		}
		if math.Abs(e) < 1<<53 && int64(e)&1 != 0 {
			sign = -1
		}
		b = -b
	}
	switch e {
	case 1:
		return sign * b
	case 0.5:
		return math.Sqrt(b)
	}
	if b == 1 {
		return sign
	}
	l := lnPair(b)
	switch rough := l.hi * e; {
	case rough > expMost:
		return sign * math.Inf(1)
	case rough < expLeast:
		return sign * 0
	case math.Abs(rough) < 0x1p-60:
		return sign
	}
	t := exactProduct(l.hi, e)
	p, n := expPair(quickSum(t.hi, t.lo+float64(l.lo*e)))
	if math.Float64bits(b)<<47 == 0 {
		p = p.exact()
	}
	return sign * p.scaled(n)
}

// exact is p without the error of its computation where the true value is a double, or lies midway between two
// of them. Powers of short numbers do (c^3 of 54 bits, the 1.5th power of c^2, has a base of 36 bits: none is longer),
// and none of the others comes that close.
func (p pair) exact() pair {
	const most = 0x1p-76
	lo := math.Abs(p.lo)
	if lo < most {
		return pair{p.hi, 0}
	}
	other := math.Nextafter(p.hi, math.Copysign(math.Inf(1), p.lo))
	gap := math.Abs(other - p.hi)
	if math.Abs(2*lo-gap) > most {
		return p
	}
	if math.Float64bits(p.hi)&1 != 0 {
		return pair{other, math.Copysign(gap/2, p.hi-other)}
	}
	return pair{p.hi, math.Copysign(gap/2, p.lo)}
}

// inverseFactorials are 1/0!, 1/1! and so on, as far as pairs are worth their time.
var inverseFactorials = [...]pair{{1, 0}, {1, 0}, {0.5, 0}, {0.16666666666666666, 9.25185853854297e-18},
	{0.041666666666666664, 2.3129646346357427e-18}, {0.008333333333333333, 1.1564823173178714e-19},
	{0.001388888888888889, -5.300543954373577e-20}, {0.0001984126984126984, 1.7209558293420705e-22},
	{2.48015873015873e-05, 2.1511947866775882e-23}, {2.7557319223985893e-06, -1.858393274046472e-22}}

// expTail goes on with 1/5!.
var expTail = [...]float64{0.008333333333333333, 0.001388888888888889, 0.0001984126984126984, 2.48015873015873e-05, 2.7557319223985893e-06, 2.755731922398589e-07, 2.505210838544172e-08, 2.08767569878681e-09}

// sixteenthPowers are 2^(j/16).
var sixteenthPowers = [...]pair{
	{1.0, 0.0},
	{1.0442737824274138, 8.551889705537965e-17},
	{1.0905077326652577, -3.046782079812471e-17},
	{1.1387886347566916, 8.912812676025408e-17},
	{1.189207115002721, 3.982015231465646e-17},
	{1.241857812073484, 4.658027591836937e-17},
	{1.2968395546510096, 2.5382502794888315e-17},
	{1.3542555469368927, 7.70094837980299e-17},
	{1.4142135623730951, -9.667293313452913e-17},
	{1.4768261459394993, -3.483994556892796e-17},
	{1.5422108254079407, 7.949834809697621e-17},
	{1.6104903319492543, 2.4707192569797888e-17},
	{1.681792830507429, 8.199010020581497e-17},
	{1.7562521603732995, 2.960140695448873e-17},
	{1.8340080864093424, 3.283107224245627e-17},
	{1.9152065613971474, -1.0619946056195963e-16},
}

// Package fdlibm is the part of Java's StrictMath where Go's package math gives other bits: arc and hyperbolic
// functions and the cube root. It follows fdlibm 5.3 operation by operation, so that the results are the same bits.
// Conversions around products keep the compiler from fusing multiply and add.
//
// Left out: sine, cosine, tangent, exponential and logarithm, for which see package fn.
package fdlibm

// ====================================================
// Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//
// Developed at SunSoft, a Sun Microsystems, Inc. business.
// Permission to use, copy, modify, and distribute this
// software is freely granted, provided that this notice
// is preserved.
// ====================================================

import "math"

const (
	fdPiHalf      = 1.57079632679489655800e+00
	fdPiHalfRest  = 6.12323399573676603587e-17
	fdPiQuarter   = 7.85398163397448278999e-01
	fdPi          = 3.14159265358979311600e+00
	fdPiRest      = 1.2246467991473531772e-16
	fdPiThreeQuar = 3 * fdPiQuarter
)

// highWord is the upper half of the bits of x: sign, exponent and the first 20 bits of the fraction.
func highWord(x float64) int32 { return int32(math.Float64bits(x) >> 32) }

// shortened is x without the lower half of its bits.
func shortened(x float64) float64 { return math.Float64frombits(math.Float64bits(x) &^ 0xffffffff) }

// asinRatio is the rational approximation that asin and acos share: (asin(x)-x)/x^3, times t, for t = x^2.
func asinRatio(t float64) float64 {
	const (
		p0 = 1.66666666666666657415e-01
		p1 = -3.25565818622400915405e-01
		p2 = 2.01212532134862925881e-01
		p3 = -4.00555345006794114027e-02
		p4 = 7.91534994289814532176e-04
		p5 = 3.47933107596021167570e-05
		q1 = -2.40339491173441421878e+00
		q2 = 2.02094576023350569471e+00
		q3 = -6.88283971605453293030e-01
		q4 = 7.70381505559019352791e-02
	)
	p := float64(t * (p0 + float64(t*(p1+float64(t*(p2+float64(t*(p3+float64(t*(p4+float64(t*p5)))))))))))
	q := 1 + float64(t*(q1+float64(t*(q2+float64(t*(q3+float64(t*q4)))))))
	return p / q
}

// Asin is the arc sine of x, NaN outside of -1 to 1.
func Asin(x float64) float64 {
	a := math.Abs(x)
	switch ix := highWord(a); {
	case !(a <= 1):
		return math.NaN()
	case a == 1:
		return float64(x*fdPiHalf) + float64(x*fdPiHalfRest)
	case ix < 0x3e400000: // |x| < 2^-27
		return x
	case ix < 0x3fe00000: // |x| < 0.5
		return x + float64(x*asinRatio(float64(x*x)))
	}
	t := float64((1 - a) * 0.5)
	r, s := asinRatio(t), math.Sqrt(t)
	if highWord(a) >= 0x3fef3333 { // |x| > 0.975
		t = fdPiHalf - (float64(2*(s+float64(s*r))) - fdPiHalfRest)
	} else {
		w := shortened(s)
		c := (t - float64(w*w)) / (s + w)
		p := float64(float64(2*s)*r) - (fdPiHalfRest - float64(2*c))
		q := fdPiQuarter - float64(2*w)
		t = fdPiQuarter - (p - q)
	}
	if x < 0 {
		return -t
	}
	return t
}

// Acos is the arc cosine of x, NaN outside of -1 to 1.
func Acos(x float64) float64 {
	a := math.Abs(x)
	switch ix := highWord(a); {
	case !(a <= 1):
		return math.NaN()
	case x == 1:
		return 0
	case x == -1:
		return fdPi // and twice the rest, which does not show
	case ix <= 0x3c600000: // |x| < 2^-57
		return fdPiHalf
	case ix < 0x3fe00000: // |x| < 0.5
		r := asinRatio(float64(x * x))
		return fdPiHalf - (x - (fdPiHalfRest - float64(x*r)))
	case x < 0:
		z := float64((1 + x) * 0.5)
		s := math.Sqrt(z)
		w := float64(asinRatio(z)*s) - fdPiHalfRest
		return fdPi - float64(2*(s+w))
	}
	z := float64((1 - x) * 0.5)
	s := math.Sqrt(z)
	df := shortened(s)
	c := (z - float64(df*df)) / (s + df)
	w := float64(asinRatio(z)*s) + c
	return float64(2 * (df + w))
}

var (
	atanHigh = [...]float64{4.63647609000806093515e-01, fdPiQuarter, 9.82793723247329054082e-01, fdPiHalf}
	atanLow  = [...]float64{2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17, fdPiHalfRest}
)

// Atan is the arc tangent of x.
func Atan(x float64) float64 {
	const (
		t0  = 3.33333333333329318027e-01
		t1  = -1.99999999998764832476e-01
		t2  = 1.42857142725034663711e-01
		t3  = -1.11111104054623557880e-01
		t4  = 9.09088713343650656196e-02
		t5  = -7.69187620504482999495e-02
		t6  = 6.66107313738753120669e-02
		t7  = -5.83357013379057348645e-02
		t8  = 4.97687799461593236017e-02
		t9  = -3.65315727442169155270e-02
		t10 = 1.62858201153657823623e-02
	)
	a := math.Abs(x)
	y, id := x, -1
	switch ix := highWord(a); {
	case x != x:
		return x
	case ix >= 0x44100000: // |x| >= 2^66
		return math.Copysign(fdPiHalf, x)
	case ix < 0x3e200000: // |x| < 2^-29
		return x
	case ix < 0x3fdc0000: // |x| < 0.4375
	case ix < 0x3fe60000: // |x| < 11/16
		id, y = 0, (float64(2*a)-1)/(2+a)
	case ix < 0x3ff30000: // |x| < 19/16
		id, y = 1, (a-1)/(a+1)
	case ix < 0x40038000: // |x| < 39/16
		id, y = 2, (a-1.5)/(1+float64(1.5*a))
	default:
		id, y = 3, -1/a
	}
	z := float64(y * y)
	w := float64(z * z)
	s1 := float64(z * (t0 + float64(w*(t2+float64(w*(t4+float64(w*(t6+float64(w*(t8+float64(w*t10)))))))))))
	s2 := float64(w * (t1 + float64(w*(t3+float64(w*(t5+float64(w*(t7+float64(w*t9)))))))))
	if id < 0 {
		return y - float64(y*(s1+s2))
	}
	z = atanHigh[id] - ((float64(y*(s1+s2)) - atanLow[id]) - y)
	if x < 0 {
		return -z
	}
	return z
}

// Atan2 is the angle of the point (x, y), from -pi to pi.
func Atan2(y, x float64) float64 {
	switch {
	case x != x || y != y:
		return math.NaN()
	case x == 1:
		return Atan(y)
	case y == 0:
		if math.Signbit(x) {
			return math.Copysign(fdPi, y)
		}
		return y
	case x == 0:
		return math.Copysign(fdPiHalf, y)
	case math.IsInf(x, 0) && math.IsInf(y, 0):
		if x < 0 {
			return math.Copysign(fdPiThreeQuar, y)
		}
		return math.Copysign(fdPiQuarter, y)
	case math.IsInf(x, 1):
		return math.Copysign(0, y)
	case math.IsInf(x, -1):
		return math.Copysign(fdPi, y)
	case math.IsInf(y, 0):
		return math.Copysign(fdPiHalf, y)
	}
	var z float64
	switch k := (highWord(math.Abs(y)) - highWord(math.Abs(x))) >> 20; {
	case k > 60:
		z = fdPiHalf + 0.5*fdPiRest
	case x < 0 && k < -60:
		z = 0
	default:
		z = Atan(math.Abs(y / x))
	}
	if x < 0 {
		z = fdPi - (z - fdPiRest)
	}
	return math.Copysign(z, y)
}

// Cbrt is the cube root of x.
func Cbrt(x float64) float64 {
	const (
		b1 = 715094163 // (682-0.03306235651)*2^20
		b2 = 696219795 // (664-0.03306235651)*2^20
		c  = 5.42857142857142815906e-01
		d  = -7.05306122448979611050e-01
		e  = 1.41428571428571436819e+00
		f  = 1.60714285714285720630e+00
		g  = 3.57142857142857150787e-01
	)
	if x == 0 || x != x || math.IsInf(x, 0) {
		return x
	}
	a := math.Abs(x)
	// A first guess of 5 bits from the exponent.
	var t float64
	if hx := highWord(a); hx < 0x00100000 { // subnormal
		t = float64(a * 0x1p54)
		t = math.Float64frombits(uint64(highWord(t)/3+b2)<<32 | math.Float64bits(t)&0xffffffff)
	} else {
		t = math.Float64frombits(uint64(hx/3+b1) << 32)
	}
	// 23 bits, then cut to 20 and made greater than the root.
	r := float64(t*t) / a
	s := c + float64(r*t)
	t = float64(t * (g + f/(s+e+d/s)))
	t = math.Float64frombits((math.Float64bits(t)>>32 + 1) << 32)
	// One step of Newton's method: 53 bits.
	s = float64(t * t)
	r = a / s
	w := t + t
	r = (r - t) / (w + r)
	return math.Copysign(t+float64(t*r), x)
}

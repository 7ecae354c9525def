package fn

import "math"

// ln is the natural logarithm rounded to the nearest double, as Java's Math.log gives it (Go's own is off by a
// last digit here and there). It sums atanh's series in pairs of doubles.
func ln(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) || x == 1 {
		return math.Log(x)
	}
	m, e := math.Frexp(x) // x = m 2^e, m in [1/2, 1)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	// ln m = 2 (s + s^3/3 + s^5/5 + ...), s = (m-1)/(m+1), |s| < 0.172
	num := m - 1 // exact
	den, low := twoSum(m, 1)
	s := num / den
	r := math.FMA(-s, den, num) - s*low
	sl := r / den // s + sl is (m-1)/(m+1) to twice the precision
	q, ql := twoProd(s, s)
	ql += 2 * s * sl
	// The tail of the series, from its smallest term on.
	t, tl := 0.0, 0.0
	for k := 47; k >= 3; k -= 2 {
		c := 1 / float64(k)
		cl := math.FMA(-c, float64(k), 1) / float64(k)
		t, tl = addPair(t, tl, c, cl)
		t, tl = mulPair(t, tl, q, ql)
	}
	t, tl = mulPair(t, tl, s, sl)
	t, tl = addPair(t, tl, s, sl)
	t, tl = 2*t, 2*tl
	// ln 2 in two parts.
	const hi, lo = 0.6931471805599453, 2.3190468138462996e-17
	k, kl := twoProd(float64(e), hi)
	kl += float64(e) * lo
	t, tl = addPair(k, kl, t, tl)
	return t + tl
}

func twoSum(a, b float64) (s, err float64) {
	s = a + b
	bb := s - a
	return s, (a - (s - bb)) + (b - bb)
}

func twoProd(a, b float64) (p, err float64) {
	p = a * b
	return p, math.FMA(a, b, -p)
}

func addPair(a, al, b, bl float64) (s, sl float64) {
	s, e := twoSum(a, b)
	e += al + bl
	return fast(s, e)
}

func mulPair(a, al, b, bl float64) (p, pl float64) {
	p, e := twoProd(a, b)
	e += a*bl + al*b
	return fast(p, e)
}

func fast(a, b float64) (s, err float64) {
	s = a + b
	return s, b - (s - a)
}

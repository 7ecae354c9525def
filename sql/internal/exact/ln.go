package exact

import "math"

// Ln is the natural logarithm rounded to the nearest double, as Java's Math.log gives it (Go's own is off by a
// last digit here and there).
func Ln(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) || x == 1 {
		return math.Log(x)
	}
	return lnPair(x).hi
}

// lnPair is the natural logarithm of a finite x > 0: with x = m 2^e and c the sixteenth next to m,
// ln x = e ln 2 + ln c + 2 (s + s^3/3 + s^5/5 + ...), s = (m-c)/(m+c), |s| < 0.022.
func lnPair(x float64) pair {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	j := int(float64(m*16) + 0.5)
	c := float64(j) / 16
	s := pair{m - c, 0}.div(exactSum(m, c)) // m - c is exact
	q := s.mul(s)
	r := polynomial(q, oddInverses[:], horner(q.hi, oddInversesTail[:]))
	r = r.mul(s).times(2)
	if j != 16 {
		r = lnSixteenths[j-11].add(r)
	}
	if e != 0 {
		k := float64(e)
		p := exactProduct(k, ln2.hi)
		r = quickSum(p.hi, p.lo+float64(k*ln2.lo)).add(r)
	}
	return r
}

var ln2 = pair{0.6931471805599453, 2.3190468138462996e-17}

// oddInverses are 1, 1/3, 1/5, 1/7; their tail goes on with 1/9.
var (
	oddInverses = [...]pair{{1, 0}, {0.3333333333333333, 1.850371707708594e-17}, {0.2, -1.1102230246251566e-17},
		{0.14285714285714285, 7.93016446160826e-18}}
	oddInversesTail = [...]float64{1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19}
)

// lnSixteenths are ln 11/16 to ln 23/16.
var lnSixteenths = [...]pair{
	{-0.3746934494414107, 3.9243112288632396e-18},
	{-0.2876820724517809, -2.607160616442564e-17},
	{-0.2076393647782445, -1.2053243216686129e-17},
	{-0.13353139262452263, 3.664457663660085e-18},
	{-0.06453852113757118, 6.470486661692933e-18},
	{0, 0},
	{0.06062462181643484, 2.6424025938726934e-18},
	{0.11778303565638346, -1.1971685747593677e-18},
	{0.17185025692665923, -6.0224538210113705e-18},
	{0.22314355131420976, -9.091270597324799e-18},
	{0.27193371548364176, 7.83319637697442e-19},
	{0.3184537311185346, 2.7114779367326236e-17},
	{0.3629054936893685, -2.1492361455310972e-17},
}

package exact

import (
	"math"
	"math/bits"
)

// Sin is the sine of x.
func Sin(x float64) float64 {
	if math.Abs(x) < 0x1p-27 {
		return x
	}
	n, r := reduce(x)
	return math.Copysign(1, x) * quadrant(n, r)
}

// Cos is the cosine of x.
func Cos(x float64) float64 {
	n, r := reduce(x)
	return quadrant(n+1, r)
}

// Tan is the tangent of x.
func Tan(x float64) float64 {
	if math.Abs(x) < 0x1p-27 {
		return x
	}
	n, r := reduce(x)
	num, den := sinPair(r), cosPair(r)
	if n&1 == 1 {
		num, den = den.neg(), num
	}
	return math.Copysign(1, x) * num.div(den).hi
}

// quadrant is the sine of r + n pi/2.
func quadrant(n int, r pair) float64 {
	var s float64
	if n&1 == 0 {
		s = sinPair(r).hi
	} else {
		s = cosPair(r).hi
	}
	if n&2 != 0 {
		return -s
	}
	return s
}

// sinPair and cosPair sum Taylor's series for |r| <= pi/4.
func sinPair(r pair) pair {
	q := r.mul(r).neg()
	return polynomial(q, sinTerms[:], horner(q.hi, sinTail[:])).mul(r)
}

func cosPair(r pair) pair {
	q := r.mul(r).neg()
	return polynomial(q, cosTerms[:], horner(q.hi, cosTail[:]))
}

// The terms are 1/1!, 1/3! and so on, and 1/0!, 1/2! and so on; their tails go on with 1/11! and 1/10!.
var (
	sinTerms = [...]pair{inverseFactorials[1], inverseFactorials[3], inverseFactorials[5], inverseFactorials[7], inverseFactorials[9]}
	cosTerms = [...]pair{inverseFactorials[0], inverseFactorials[2], inverseFactorials[4], inverseFactorials[6], inverseFactorials[8]}
	sinTail  = [...]float64{2.505210838544172e-08, 1.6059043836821613e-10, 7.647163731819816e-13, 2.8114572543455206e-15, 8.22063524662433e-18, 1.9572941063391263e-20, 3.868170170630684e-23}
	cosTail  = [...]float64{2.755731922398589e-07, 2.08767569878681e-09, 1.1470745597729725e-11, 4.779477332387385e-14, 1.5619206968586225e-16, 4.110317623312165e-19, 8.896791392450574e-22}
)

// reduce gives |x| as n pi/2 + r, n modulo 4 and |r| <= pi/4, after Payne and Hanek: it multiplies the 53 bits of x by
// the 192 bits of 2/pi that matter, the rest adding whole turns or nothing that shows.
func reduce(x float64) (n int, r pair) {
	x = math.Abs(x)
	if !(x > math.Pi/4) {
		return 0, pair{x, 0}
	}
	if math.IsInf(x, 1) || x != x {
		return 0, pair{math.NaN(), 0}
	}
	b := math.Float64bits(x)
	m, e := b&(1<<52-1)|1<<52, int(b>>52)-1075 // x = m 2^e
	// The bits of 2/pi from the one on whose product with x is 2 turns of the quadrant, in words of 64.
	at := e - 2 + 64 // the table has a word of zeros in front
	var w [3]uint64
	for i := range w {
		k, s := at>>6+i, uint(at&63)
		w[i] = twoPerPi[k]<<s | twoPerPi[k+1]>>(64-s)
	}
	// x 2/pi modulo 4: 2 bits before the point, 190 behind it.
	h2, l2 := bits.Mul64(m, w[2])
	h1, l1 := bits.Mul64(m, w[1])
	p1, carry := bits.Add64(l1, h2, 0)
	p0, _ := bits.Add64(m*w[0], h1, carry)
	n = int(p0 >> 62)
	f0, f1, f2 := p0<<2|p1>>62, p1<<2|l2>>62, l2<<2
	negative := f0>>63 != 0
	if negative { // the next multiple is nearer
		n++
		var borrow uint64
		f2, borrow = bits.Sub64(0, f2, 0)
		f1, borrow = bits.Sub64(0, f1, borrow)
		f0, _ = bits.Sub64(0, f0, borrow)
	}
	exponent := 0
	if f0 == 0 {
		f0, f1, f2, exponent = f1, f2, 0, -64
	}
	s := uint(bits.LeadingZeros64(f0))
	f0, f1 = f0<<s|f1>>(64-s), f1<<s|f2>>(64-s)
	exponent -= int(s)
	r = quickSum(float64(f0>>11)*0x1p-53, float64(f0<<53|f1>>11)*0x1p-117)
	if negative {
		r = r.neg()
	}
	return n, r.mul(piHalf).times(math.Ldexp(1, exponent))
}

var piHalf = pair{1.5707963267948966, 6.123233995736766e-17}

// twoPerPi are the bits of 2/pi after the point, behind 64 zeros.
var twoPerPi = [...]uint64{
	0, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c,
	0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
	0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08,
	0x56033046fc7b6bab, 0xf0cfbc209af4361d,
}

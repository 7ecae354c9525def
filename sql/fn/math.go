package fn

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/exact"
	"github.com/ksqlgo/ksql/sql/internal/fdlibm"
	"github.com/ksqlgo/ksql/sql/vec"
)

const catMath = "MATHEMATICAL"

var mathFuncs = []Func{
	arith("ABS", "Abs", "Gives the absolute value.",
		Fn1(valSig, func(x int32) int32 { return max(x, -x) }), Fn1(valSig, func(x int64) int64 { return max(x, -x) }),
		Fn1(valSig, math.Abs), decimalAbs(valSig)),
	arith("CEIL", "Ceil", "Gives the next whole number above.",
		Fn1(valSig, same[int32]), Fn1(valSig, same[int64]), Fn1(valSig, math.Ceil), decimal1(valSig, ceiling, sameDecimal)),
	arith("FLOOR", "Floor", "Gives the next whole number below.",
		Fn1(valSig, same[int32]), Fn1(valSig, same[int64]), Fn1(valSig, math.Floor), decimal1(valSig, floorward, sameDecimal)),
	arith("ROUND", "Round", "Rounds to a whole number or to a number of decimals; halves go up.",
		Raising(Fn1(valSig, same[int64]), 1), Raising(Fn1(valSig, func(x int32) int64 { return int64(x) }), 1),
		Fn1(valSig, func(x float64) int64 {
			r := math.Floor(x)
			if x-r >= 0.5 {
				r++
			}
			return saturate(r)
		}),
		Fn2E(placesSig, func(x float64, n int32) (float64, error) { return roundDouble(x, int(n), true) }),
		decimal1(valSig, tiesUp, wholeDecimal), decimal2(placesSig, tiesUp)),
	arith("TRUNC", "trunc", "Cuts off decimals.",
		Fn1(valSig, same[int64]), Fn1(valSig, func(x int32) int64 { return int64(x) }), Fn1(valSig, saturate),
		Fn2E(placesSig, func(x float64, n int32) (float64, error) { return roundDouble(x, int(n), false) }),
		decimal1(valSig, truncate, wholeDecimal), decimal2(placesSig, truncate)),
	arith("SIGN", "sign", "Gives -1, 0 or 1 by the sign of a number.",
		Fn1(valueSig, sign[int32]), Fn1(valueSig, sign[int64]), Fn1(valueSig, sign[float64])),
	real1("SQRT", "sqrt", "value", "Gives the square root.", math.Sqrt),
	real1("CBRT", "cbrt", "value", "Gives the cube root.", fdlibm.Cbrt),
	real1("EXP", "exp", "exponent", "Gives e raised to a power.", exact.Exp),
	real1("LN", "ln", "value", "Gives the natural logarithm.", exact.Ln),
	arith("LOG", "log", "Gives the natural logarithm, or the logarithm to a base.", append(reals("value: the number", exact.Ln),
		reals2("base: the base; value: the number", func(b, x float64) float64 {
			if b <= 0 || b == 1 {
				return math.NaN()
			}
			return exact.Ln(x) / exact.Ln(b)
		})...)...),
	arith("POWER", "power", "Raises a number to a power.", reals2("base: the number; exponent: the power", exact.Power)...),
	real1("SIN", "sin", "value", "Gives the sine of an angle in radians.", exact.Sin),
	real1("COS", "cos", "value", "Gives the cosine of an angle in radians.", exact.Cos),
	real1("TAN", "tan", "value", "Gives the tangent of an angle in radians.", exact.Tan),
	real1("COT", "cot", "value", "Gives the cotangent of an angle in radians.", func(x float64) float64 { return 1 / exact.Tan(x) }),
	real1("ASIN", "asin", "value", "Gives the angle, in radians, of a sine.", fdlibm.Asin),
	real1("ACOS", "acos", "value", "Gives the angle, in radians, of a cosine.", fdlibm.Acos),
	real1("ATAN", "atan", "value", "Gives the angle, in radians, of a tangent.", fdlibm.Atan),
	arith("ATAN2", "atan2", "Gives the angle, in radians, of the point (x, y).", reals2("y: the ordinate; x: the abscissa", fdlibm.Atan2)...),
	real1("SINH", "sinh", "value", "Gives the hyperbolic sine.", fdlibm.Sinh),
	real1("COSH", "cosh", "value", "Gives the hyperbolic cosine.", fdlibm.Cosh),
	real1("TANH", "tanh", "value", "Gives the hyperbolic tangent.", fdlibm.Tanh),
	real1("DEGREES", "degrees", "value", "Turns radians into degrees.", func(x float64) float64 { return x * perRadian }),
	real1("RADIANS", "radians", "value", "Turns degrees into radians.", func(x float64) float64 { return x * perDegree }),
	arith("PI", "pi", "Gives the number pi.", Fn0(func(*Call) float64 { return math.Pi })),
	{Name: "GEO_DISTANCE", Declared: "geo_distance", Category: "OTHER", Author: confluent,
		Doc: "Gives the distance between two points on Earth along a great circle, in kilometres or miles.", Variants: []Variant{
			Raising(FnRow(geoSig+"; units: km or miles", append(fourDoubles[:4:4], sql.TString), sql.TDouble, geoDistance), 1, 2, 3, 4),
			Raising(FnRow(geoSig, fourDoubles, sql.TDouble, geoDistance), 1, 2, 3, 4)}},
}

// The constants of Java 17: its results match ours bit for bit with them.
const (
	perRadian = 57.29577951308232
	perDegree = 0.017453292519943295
)

const (
	valSig    = "val: the number"
	valueSig  = "value: the number"
	placesSig = "val: the number; decimalPlaces: how many decimals stay, negative for places before the point"
	geoSig    = "lat1: latitude of the first point; lon1: its longitude; lat2: latitude of the second point; lon2: its longitude"
)

func arith(name, declared, doc string, v ...Variant) Func {
	return Func{Name: name, Declared: declared, Category: catMath, Author: confluent, Doc: doc, Variants: v}
}

func real1(name, declared, arg, doc string, f func(float64) float64) Func {
	return arith(name, declared, doc, reals(arg+": the number", f)...)
}

// reals is f for each kind of number.
func reals(sig string, f func(float64) float64) []Variant {
	return []Variant{
		Fn1(sig, func(x int32) float64 { return f(float64(x)) }),
		Fn1(sig, func(x int64) float64 { return f(float64(x)) }),
		Fn1(sig, f),
	}
}

func reals2(sig string, f func(a, b float64) float64) []Variant {
	return []Variant{
		Fn2(sig, func(a, b int32) float64 { return f(float64(a), float64(b)) }),
		Fn2(sig, func(a, b int64) float64 { return f(float64(a), float64(b)) }),
		Fn2(sig, f),
	}
}

func same[T any](x T) T { return x }

func sign[T int32 | int64 | float64](x T) int32 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

// saturate is Java's cast of a double to long.
func saturate(x float64) int64 {
	switch {
	case x != x:
		return 0
	case x >= math.MaxInt64:
		return math.MaxInt64
	case x <= math.MinInt64:
		return math.MinInt64
	}
	return int64(x)
}

var errNotFinite = errors.New("Infinite or NaN")

// roundDouble rounds the shortest decimal text of x to n decimals: halves go up, or, when half is false,
// everything behind is cut off. Its zero has no sign.
func roundDouble(x float64, n int, half bool) (float64, error) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, errNotFinite
	}
	if x == 0 {
		return 0, nil
	}
	var text, room [32]byte // off the heap
	mantissa, e, _ := strings.Cut(string(strconv.AppendFloat(text[:0], math.Abs(x), 'e', -1, 64)), "e")
	exp, err := strconv.Atoi(e)
	if err != nil {
		return 0, err
	}
	digits := append(append(room[:0], '0', mantissa[0]), mantissa[min(2, len(mantissa)):]...) // a zero to carry into, no point
	keep := exp + 2 + n                                                                       // digits that stay
	if keep >= len(digits) {
		return x, nil
	}
	if keep < 1 {
		return 0, nil
	}
	up := false
	if half {
		rest := digits[keep:]
		up = rest[0] > '5' || rest[0] == '5' && (x > 0 || len(rest) > 1)
	}
	digits = digits[:keep]
	if up {
		i := len(digits) - 1
		for digits[i] == '9' {
			digits[i] = '0'
			i--
		}
		digits[i]++
	}
	r, err := strconv.ParseFloat(string(strconv.AppendInt(append(digits, 'e'), int64(-n), 10)), 64)
	if err != nil && !math.IsInf(r, 0) {
		return 0, err
	}
	if x < 0 && r != 0 {
		r = -r
	}
	return r, nil
}

var fourDoubles = []sql.Type{sql.TDouble, sql.TDouble, sql.TDouble, sql.TDouble}

const (
	earthKm    = 6371
	earthMiles = 3959
)

func geoDistance(c *Call, i int, out *vec.Vec) error {
	var p [4]float64
	for k := range p {
		if c.Args[k].IsNull(i) {
			return ErrNull
		}
		p[k] = c.Args[k].F64[i]
		most := 90.0
		if k%2 == 1 {
			most = 180
		}
		if p[k] < -most || p[k] > most {
			return errors.New("valid values are between -90 and 90 for latitude, between -180 and 180 for longitude")
		}
	}
	radius := float64(earthKm)
	if len(c.Args) > 4 && !c.Args[4].IsNull(i) {
		switch unit := strings.ToLower(strings.TrimSpace(c.Args[4].Str(i))); unit {
		case "", "km", "kilometer", "kilometers", "kilometre", "kilometres":
		case "mi", "mile", "miles":
			radius = earthMiles
		default:
			return errors.New("units must be kilometres or miles, not " + unit)
		}
	}
	dLat, dLon := float64((p[2]-p[0])*perDegree), float64((p[3]-p[1])*perDegree)
	lat1, lat2 := float64(p[0]*perDegree), float64(p[2]*perDegree)
	// The conversions keep the compiler from fusing multiply and add, which would change the last digit.
	a := float64(exact.Sin(dLat/2)*exact.Sin(dLat/2)) + float64(exact.Sin(dLon/2)*exact.Sin(dLon/2)*exact.Cos(lat1)*exact.Cos(lat2))
	out.AppendF64(radius * (2 * fdlibm.Asin(math.Sqrt(a))))
	return nil
}

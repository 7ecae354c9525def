package fn

import (
	"fmt"
	"math/big"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// checkedDecimal is DECIMAL(p, s) where there is such a type.
func checkedDecimal(p, s int) (sql.Type, error) {
	switch {
	case p < 1:
		return sql.Type{}, fmt.Errorf("DECIMAL precision must be >= 1: DECIMAL(%d,%d)", p, s)
	case s < 0:
		return sql.Type{}, fmt.Errorf("DECIMAL scale must be >= 0: DECIMAL(%d,%d)", p, s)
	case p < s:
		return sql.Type{}, fmt.Errorf("DECIMAL precision must be >= scale: DECIMAL(%d,%d)", p, s)
	}
	return sql.DecimalOf(p, s), nil
}

// sameDecimal is the type of the first argument.
func sameDecimal(args []sql.Type) (sql.Type, error) { return asDecimal(args[0]), nil }

// asDecimal is the DECIMAL that a whole number becomes.
func asDecimal(t sql.Type) sql.Type {
	switch t.Kind {
	case sql.Integer:
		return sql.DecimalOf(10, 0)
	case sql.Bigint:
		return sql.DecimalOf(19, 0)
	}
	return t
}

// wholeDecimal is the type of the first argument without its fraction.
func wholeDecimal(args []sql.Type) (sql.Type, error) {
	t := asDecimal(args[0])
	return checkedDecimal(t.Precision-t.Scale, 0)
}

// rounding says what becomes of the digits that are cut off.
type rounding uint8

const (
	truncate rounding = iota
	ceiling
	floorward
	tiesUp // half goes toward positive infinity
)

// smallPowers are the powers of ten that an int64 holds.
var smallPowers = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

func powerOfTen(n int) *big.Int {
	if n < len(smallPowers) {
		return big.NewInt(smallPowers[n])
	}
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// rescaled is x with another scale; it may be x itself.
func rescaled(x *big.Int, from, to int) *big.Int {
	switch {
	case from == to:
		return x
	case from < to:
		return new(big.Int).Mul(x, powerOfTen(to-from))
	}
	return new(big.Int).Quo(x, powerOfTen(from-to))
}

// cutDigits divides x by 10^drop and rounds.
func cutDigits(x *big.Int, drop int, mode rounding) *big.Int {
	q, r := new(big.Int).QuoRem(x, powerOfTen(drop), new(big.Int))
	switch mode {
	case ceiling:
		if r.Sign() > 0 {
			q.Add(q, big.NewInt(1))
		}
	case floorward:
		if r.Sign() < 0 {
			q.Sub(q, big.NewInt(1))
		}
	case tiesUp:
		sign := r.Sign()
		c := r.Abs(r).Lsh(r, 1).Cmp(powerOfTen(drop))
		if sign > 0 && c >= 0 {
			q.Add(q, big.NewInt(1))
		} else if sign < 0 && c > 0 {
			q.Sub(q, big.NewInt(1))
		}
	}
	return q
}

func cutSmall(x, p int64, mode rounding) int64 {
	q, r := x/p, x%p
	switch mode {
	case ceiling:
		if r > 0 {
			q++
		}
	case floorward:
		if r < 0 {
			q--
		}
	case tiesUp:
		if r > 0 && r >= p-r {
			q++
		} else if r < 0 && -r > p+r {
			q--
		}
	}
	return q
}

// roundRow appends row i of a, a DECIMAL, rounded to so many decimals, with the scale of out.
func roundRow(a *vec.Vec, i int, decimals int, mode rounding, out *vec.Vec) {
	scale, to := a.Type.Scale, out.Type.Scale
	drop := scale - decimals
	if drop <= 0 {
		out.AppendBig(rescaled(a.BigAt(i), scale, to))
		return
	}
	back := to - decimals // zeros that stand again behind the rounded digits
	if !vec.Wide(a.Type) && !vec.Wide(out.Type) && drop < len(smallPowers) && back < len(smallPowers) {
		if x, ok := a.Dec[i].Small(); ok {
			n, _ := vec.NumOf(cutSmall(x, smallPowers[drop], mode)).Mul(vec.NumOf(smallPowers[back]))
			out.AppendNum(n)
			return
		}
	}
	x := a.BigAt(i)
	if drop > len(x.Text(10))+1 && (mode == truncate || mode == tiesUp) {
		out.AppendBig(new(big.Int)) // all digits go; the power of ten may be huge
		return
	}
	out.AppendBig(rescaled(cutDigits(x, drop, mode), decimals, to))
}

// decimal1 rounds a DECIMAL to whole numbers.
func decimal1(sig string, mode rounding, infer func([]sql.Type) (sql.Type, error)) Variant {
	v := FnRow(sig, []sql.Type{{Kind: sql.Decimal}}, sql.Type{Kind: sql.Decimal}, func(c *Call, i int, out *vec.Vec) error {
		if c.Args[0].IsNull(i) {
			return ErrNull
		}
		roundRow(c.Args[0], i, 0, mode, out)
		return nil
	})
	v.Infer = infer
	return v
}

// decimal2 rounds a DECIMAL to the number of decimals that the second argument says, within its type.
func decimal2(sig string, mode rounding) Variant {
	v := FnRow(sig, []sql.Type{{Kind: sql.Decimal}, sql.TInteger}, sql.Type{Kind: sql.Decimal}, func(c *Call, i int, out *vec.Vec) error {
		if c.Args[0].IsNull(i) || c.Args[1].IsNull(i) {
			return ErrNull
		}
		roundRow(c.Args[0], i, int(c.Args[1].I32[i]), mode, out)
		return nil
	})
	v.Infer = sameDecimal
	return v
}

func decimalAbs(sig string) Variant {
	v := FnRow(sig, []sql.Type{{Kind: sql.Decimal}}, sql.Type{Kind: sql.Decimal}, func(c *Call, i int, out *vec.Vec) error {
		a := c.Args[0]
		if a.IsNull(i) {
			return ErrNull
		}
		if vec.Wide(a.Type) {
			out.AppendBig(new(big.Int).Abs(a.Big[i]))
			return nil
		}
		n := a.Dec[i]
		if n.Sign() < 0 {
			n = n.Neg()
		}
		out.AppendNum(n)
		return nil
	})
	v.Infer = sameDecimal
	return v
}

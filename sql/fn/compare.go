package fn

import (
	"math/big"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

var compareFuncs = []Func{
	extremes("GREATEST", "greatest", "Gives the greatest of its arguments; nulls do not count.", 1),
	extremes("LEAST", "least", "Gives the least of its arguments; nulls do not count.", -1),
}

func extremes(name, declared, doc string, sign int) Func {
	return Func{Name: name, Declared: declared, Category: catMath, Author: confluent, Doc: doc, Variants: []Variant{
		extreme(sign, compare[int32]), extreme(sign, compare[int64]), extreme(sign, vec.CompareDouble),
		extreme(sign, vec.CompareUTF16), extreme(sign, vec.CompareBytes),
		extreme(sign, compare[vec.Date]), extreme(sign, compare[vec.Time]), extreme(sign, compare[vec.Timestamp]),
		extremeDecimal(sign),
	}}
}

const extremeSig = "val: the first value; vals: more values"

func extreme[T any](sign int, cmp func(a, b T) int) Variant {
	t := typeOf[T]()
	return Variant{Args: signature(extremeSig, t, t), Variadic: 2, Returns: t, Scalar: func(s Site) (Kernel, error) {
		cols := make([]column[T], len(s.Args))
		var r result[T]
		return func(c *Call, out *vec.Vec) {
			for k := range cols {
				cols[k].load(c.Args[k], c.N)
			}
			y, ok := r.open(out, c.N), r.marks(c.N)
			for i := range y {
				ok[i] = false
				for k := range cols {
					if cols[k].v.IsNull(i) {
						continue
					}
					if x := cols[k].x[i]; !ok[i] || cmp(x, y[i])*sign > 0 {
						y[i], ok[i] = x, true
					}
				}
			}
			r.close(out, ok)
		}, nil
	}}
}

func extremeDecimal(sign int) Variant {
	t := sql.Type{Kind: sql.Decimal}
	return Variant{Args: signature(extremeSig, t, t), Variadic: 2, Returns: t, Infer: widest, Scalar: func(s Site) (Kernel, error) {
		if !vec.Wide(s.Returns) {
			return extremeNum(sign), nil
		}
		return func(c *Call, out *vec.Vec) {
			for i := range c.N {
				var best *big.Int
				for _, a := range c.Args {
					if a.IsNull(i) {
						continue
					}
					if x := rescaled(a.BigAt(i), a.Type.Scale, out.Type.Scale); best == nil || x.Cmp(best)*sign > 0 {
						best = x
					}
				}
				if best == nil {
					out.AppendNull()
				} else {
					out.AppendBig(best)
				}
			}
		}, nil
	}}
}

// extremeNum is the kernel where the widest argument has at most 38 digits.
func extremeNum(sign int) Kernel {
	return func(c *Call, out *vec.Vec) {
		for i := range c.N {
			var best vec.Num
			found := false
			for _, a := range c.Args {
				if a.IsNull(i) {
					continue
				}
				x, _ := a.Dec[i].Rescale(a.Type.Scale, out.Type.Scale, vec.Exact) // no argument has a larger scale
				if !found || x.Cmp(best)*sign > 0 {
					best, found = x, true
				}
			}
			if found {
				out.AppendNum(best)
			} else {
				out.AppendNull()
			}
		}
	}
}

// widest is the DECIMAL that holds every argument: the most integer digits, the largest scale.
func widest(args []sql.Type) (sql.Type, error) {
	whole, scale := 0, 0
	for _, a := range args {
		if a = asDecimal(a); a.Kind == sql.Decimal {
			whole, scale = max(whole, a.Precision-a.Scale), max(scale, a.Scale)
		}
	}
	return checkedDecimal(whole+scale, scale)
}

func compare[T int32 | int64 | vec.Date | vec.Time | vec.Timestamp](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

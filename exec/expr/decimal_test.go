package expr

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// randomDecimal is a number that fits DECIMAL(p, s), often a small or a round one.
func randomDecimal(r *rand.Rand, p, s int) vec.Decimal {
	digits := 1 + r.IntN(p)
	x := new(big.Int)
	for range digits {
		x.Mul(x, big.NewInt(10)).Add(x, big.NewInt(int64(r.IntN(10))))
	}
	if r.IntN(3) == 0 {
		zeros := vec.TenTo(r.IntN(digits))
		x.Quo(x, zeros).Mul(x, zeros)
	}
	if r.IntN(2) == 0 {
		x.Neg(x)
	}
	return vec.Decimal{Unscaled: x, Scale: s}
}

func rat(d vec.Decimal) *big.Rat { return new(big.Rat).SetFrac(d.Unscaled, vec.TenTo(d.Scale)) }

// reference computes with fractions: exactly, nil where the result type cannot hold the exact result.
func reference(op sql.BinaryOp, a, b vec.Decimal, t sql.Type) *vec.Decimal {
	x, y, z := rat(a), rat(b), new(big.Rat)
	switch op {
	case sql.OpAdd:
		z.Add(x, y)
	case sql.OpSub:
		z.Sub(x, y)
	case sql.OpMul:
		z.Mul(x, y)
	default:
		if y.Sign() == 0 {
			return nil
		}
		z.Quo(x, y)
		if op == sql.OpMod {
			q := new(big.Int).Quo(z.Num(), z.Denom())
			// The whole part of the quotient must show in as many digits as the result has.
			digits, rest := new(big.Int), new(big.Int).Abs(q)
			for n := len(rest.String()) - t.Precision; n > 0; n-- {
				if rest.QuoRem(rest, big.NewInt(10), digits); digits.Sign() != 0 {
					return nil
				}
			}
			z.Sub(x, new(big.Rat).Mul(new(big.Rat).SetInt(q), y))
		}
	}
	z.Mul(z, new(big.Rat).SetInt(vec.TenTo(t.Scale)))
	if !z.IsInt() || len(new(big.Int).Abs(z.Num()).String()) > t.Precision {
		return nil
	}
	return &vec.Decimal{Unscaled: new(big.Int).Set(z.Num()), Scale: t.Scale}
}

func TestDecimalArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for range 300 {
		p1, p2 := 1+r.IntN(42), 1+r.IntN(42)
		if r.IntN(2) == 0 {
			p1, p2 = 1+r.IntN(12), 1+r.IntN(12)
		}
		s1, s2 := r.IntN(p1+1), r.IntN(p2+1)
		x := columns(t, fmt.Sprintf("A DECIMAL(%d,%d), C DECIMAL(%d,%d)", p1, s1, p2, s2))
		const n = 20
		var rows []row
		for range n {
			rows = append(rows, row{"A": randomDecimal(r, p1, s1), "C": randomDecimal(r, p2, s2)})
		}
		cols := x.batch(rows...)
		for _, op := range []sql.BinaryOp{sql.OpAdd, sql.OpSub, sql.OpMul, sql.OpDiv, sql.OpMod} {
			e := x.mustBind(t, "A "+op.String()+" C")
			p, err := Compile(e, nil)
			if err != nil {
				t.Fatal(err)
			}
			out := p.Eval(&Call{Cols: cols, N: n})
			for i, in := range rows {
				a, b := in["A"].(vec.Decimal), in["C"].(vec.Decimal)
				want := reference(op, a, b, e.Type())
				got := out.Get(i)
				if want == nil && got != nil || want != nil && !vec.EqualValues(got, *want) {
					t.Fatalf("%s %s %s as %s %s %s: got %s, want %v", a.Plain(), op, b.Plain(), x.schema[0].Type, op, x.schema[1].Type, show(got), want)
				}
				// With a literal on one side the result is the same.
				lit := &plan.Literal{Typed: plan.Typed{T: x.schema[1].Type}, Value: b}
				withLit := *e.(*plan.Arith)
				withLit.R = lit
				if i == 0 {
					q, err := Compile(&withLit, nil)
					if err != nil {
						t.Fatal(err)
					}
					if l := q.Eval(&Call{Cols: cols, N: 1}).Get(0); !vec.EqualValues(l, got) {
						t.Fatalf("%s %s literal %s: got %s, want %s", a.Plain(), op, b.Plain(), show(l), show(got))
					}
				}
			}
		}
		for _, op := range []string{"=", "<>", "<", "<=", ">", ">="} {
			p, err := Compile(x.mustBind(t, "A "+op+" C"), nil)
			if err != nil {
				t.Fatal(err)
			}
			out := p.Eval(&Call{Cols: cols, N: n})
			for i, in := range rows {
				c := rat(in["A"].(vec.Decimal)).Cmp(rat(in["C"].(vec.Decimal)))
				want := map[string]bool{"=": c == 0, "<>": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
				if out.Get(i) != want {
					t.Fatalf("%s %s %s: got %v", show(in["A"]), op, show(in["C"]), out.Get(i))
				}
			}
		}
	}
}

package expr

import (
	"errors"
	"math/big"
	"math/bits"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

var (
	errRounding = errors.New("Rounding necessary")
	errDivision = errors.New("Division impossible")
	errRange    = errors.New("the result does not fit its DECIMAL type")
)

func negBig(x *big.Int) *big.Int { return new(big.Int).Neg(x) }

// decimalArith computes + - * / % where the result is a DECIMAL: exactly, an error where rounding would be
// needed. The operands are DECIMAL, INTEGER or BIGINT.
type decimalArith struct {
	op   sql.BinaryOp
	l, r decimalOperand
	wide bool
	out  *vec.Vec
}

func newDecimalArith(e *plan.Arith, l, r node) node {
	n := &decimalArith{op: e.Op, out: vec.New(e.T)}
	lt, rt := e.L.Type(), e.R.Type()
	n.wide = vec.Wide(e.T) || vec.Wide(lt) || vec.Wide(rt)
	n.l.init(l, lt)
	n.r.init(r, rt)
	if whole := max(wholeDigits(lt), wholeDigits(rt)); whole+e.T.Scale > 38 {
		n.wide = true // of the operands at one scale, which % needs though its result is narrow
	}
	switch e.Op {
	case sql.OpAdd, sql.OpSub, sql.OpMod:
		n.l.align(e.T.Scale)
		n.r.align(e.T.Scale)
	}
	return n
}

func (n *decimalArith) fails() bool { return true }

func (n *decimalArith) eval(f *frame) *vec.Vec {
	if n.wide {
		return n.evalBig(f)
	}
	if n.op == sql.OpMul && n.mulI64(f) {
		return n.out
	}
	l, r := n.l.load(f), n.r.load(f)
	n.out.SetLen(f.n)
	out := n.out.Dec[:f.n]
	// A literal has one row: every i is masked to 0.
	lm, rm := mask(l), mask(r)
	switch n.op {
	case sql.OpAdd: // the result's type has room for every sum
		for i := range out {
			out[i], _ = l[i&lm].Add(r[i&rm])
		}
	case sql.OpSub:
		for i := range out {
			out[i], _ = l[i&lm].Sub(r[i&rm])
		}
	case sql.OpMul:
		for i := range out {
			x, y := l[i&lm], r[i&rm]
			a, aok := x.Small()
			b, bok := y.Small()
			if aok && bok {
				out[i] = mul64(a, b)
			} else {
				n.store(f, i, n.one(x, y))
			}
		}
	default:
		for i := range out {
			if !f.bad(i) {
				n.store(f, i, n.one(l[i&lm], r[i&rm]))
			}
		}
	}
	return n.out
}

func mask(v []vec.Num) int {
	if len(v) == 1 {
		return 0
	}
	return -1
}

// at is row i of an operand; a literal has one row.
func at(v []vec.Num, i int) vec.Num {
	if len(v) == 1 {
		i = 0
	}
	return v[i]
}

type numResult struct {
	n   vec.Num
	err error
}

func (n *decimalArith) store(f *frame, i int, r numResult) {
	if r.err != nil {
		f.fail(i, r.err)
	}
	n.out.Dec[i] = r.n
}

func (n *decimalArith) one(x, y vec.Num) (r numResult) {
	ok := true
	switch n.op {
	case sql.OpAdd:
		r.n, ok = x.Add(y)
	case sql.OpSub:
		r.n, ok = x.Sub(y)
	case sql.OpMul:
		r.n, ok = x.Mul(y)
	case sql.OpDiv:
		if y.Sign() == 0 {
			r.err = errZero
			return r
		}
		shift := n.out.Type.Scale - n.l.scale + n.r.scale
		if q, exact, small := quoSmall(x, y, shift); small {
			r.n = vec.NumOf(q)
			if !exact {
				r.err = errRounding
			}
			return r
		}
		if r.n, ok = x.Quo(y, shift, vec.Exact); !ok {
			r.err = errRounding
			return r
		}
	case sql.OpMod:
		if y.Sign() == 0 {
			r.err = errZero
			return r
		}
		var q vec.Num
		q, r.n, ok = x.QuoRem(y)
		if over := q.Digits() - n.out.Type.Precision; ok && over > 0 {
			// Java computes the whole quotient with the result's precision; digits beyond must be zeros.
			if _, low, _ := q.QuoRem(vec.Pow10(over)); low.Sign() != 0 {
				r.err = errDivision
			}
		}
	}
	if !ok || !r.n.Fits(min(n.out.Type.Precision, 38)) {
		r.err = errRange
	}
	return r
}

// quoSmall is x * 10^shift / y where all of these fit int64.
func quoSmall(x, y vec.Num, shift int) (q int64, exact, ok bool) {
	a, aok := x.Small()
	b, bok := y.Small()
	if !aok || !bok || shift > 18 {
		return 0, false, false
	}
	ten, _ := vec.Pow10(shift).Small()
	if a, ok = mul64(a, ten).Small(); !ok || b == -1 {
		return 0, false, false
	}
	return a / b, a%b == 0, true
}

// mulI64 is the short way for BIGINT * literal. It reports whether it applied.
func (n *decimalArith) mulI64(f *frame) bool {
	col, lit := &n.l, &n.r
	if col.lit != nil {
		col, lit = lit, col
	}
	if col.lit != nil || lit.lit == nil || col.kind != sql.Bigint {
		return false
	}
	c, ok := lit.lit[0].Small()
	if !ok {
		return false
	}
	v := col.x.eval(f)
	failNulls(f, v)
	n.out.SetLen(f.n)
	out := n.out.Dec
	for i, x := range v.I64[:len(out)] {
		out[i] = mul64(x, c)
	}
	return true
}

func mul64(a, b int64) vec.Num {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	hi -= uint64(a>>63)&uint64(b) + uint64(b>>63)&uint64(a)
	return vec.Num{Lo: lo, Hi: int64(hi)}
}

func (n *decimalArith) evalBig(f *frame) *vec.Vec {
	l, r := n.l.loadBig(f), n.r.loadBig(f)
	n.out.Reset()
	for i := range f.n {
		if f.bad(i) {
			n.out.AppendNull()
			continue
		}
		z, err := n.oneBig(l[i], r[i])
		if err != nil {
			f.fail(i, err)
			n.out.AppendNull()
			continue
		}
		n.out.AppendBig(z)
	}
	return n.out
}

func (n *decimalArith) oneBig(x, y *big.Int) (*big.Int, error) {
	z := new(big.Int)
	switch n.op {
	case sql.OpAdd:
		z.Add(x, y)
	case sql.OpSub:
		z.Sub(x, y)
	case sql.OpMul:
		z.Mul(x, y)
	default:
		if y.Sign() == 0 {
			return nil, errZero
		}
		if n.op == sql.OpDiv {
			q, ok := vec.QuoBig(x, y, n.out.Type.Scale-n.l.scale+n.r.scale, vec.Exact)
			if !ok {
				return nil, errRounding
			}
			z = q
			break
		}
		q := new(big.Int)
		q.QuoRem(x, y, z)
		if over := vec.DigitsBig(q) - n.out.Type.Precision; over > 0 {
			if q.Rem(q, vec.TenTo(over)).Sign() != 0 {
				return nil, errDivision
			}
		}
	}
	if vec.DigitsBig(z) > n.out.Type.Precision {
		return nil, errRange
	}
	return z, nil
}

// wholeDigits is the number of digits before the point.
func wholeDigits(t sql.Type) int {
	switch t.Kind {
	case sql.Integer:
		return 10
	case sql.Bigint:
		return 19
	}
	return t.Precision - t.Scale
}

// decimalOperand reads an INTEGER, BIGINT or DECIMAL node as unscaled numbers of one scale.
type decimalOperand struct {
	x     node
	kind  sql.Kind
	own   int // the scale of x's type
	scale int // that the values get
	lit   []vec.Num
	buf   []vec.Num
	big   []*big.Int
}

func (o *decimalOperand) init(x node, t sql.Type) {
	o.x, o.kind = x, t.Kind
	if t.Kind == sql.Decimal {
		o.own = t.Scale
	}
	o.scale = o.own
	if v, ok := constant(x); ok && !vec.Wide(t) {
		switch v := v.(type) {
		case int32:
			o.lit = []vec.Num{vec.NumOf(int64(v))}
		case int64:
			o.lit = []vec.Num{vec.NumOf(v)}
		case vec.Decimal:
			if m, ok := vec.NumOfBig(v.Unscaled); ok {
				o.lit = []vec.Num{m}
			}
		}
	}
}

// align raises the scale of the values.
func (o *decimalOperand) align(scale int) {
	o.scale = scale
	if o.lit != nil && scale > o.own {
		m, ok := o.lit[0].Rescale(o.own, scale, vec.Exact)
		if !ok {
			o.lit = nil
			return
		}
		o.lit[0] = m
	}
}

func (o *decimalOperand) load(f *frame) []vec.Num {
	if o.lit != nil {
		return o.lit
	}
	v := o.x.eval(f)
	failNulls(f, v)
	return o.values(v, f.n)
}

// values gives the first n rows of the operand's column. The widths are such that scaling cannot overflow,
// as long as the values fit their types; rows that do not give 0.
func (o *decimalOperand) values(v *vec.Vec, n int) []vec.Num {
	if o.lit != nil {
		return o.lit
	}
	if o.kind == sql.Decimal && o.scale == o.own && n != 1 {
		return v.Dec[:n]
	}
	o.buf = resize(o.buf, max(n, 2)) // two at least: one alone would be taken for a literal
	by := vec.NumOf(1)
	if d := o.scale - o.own; d > 0 {
		by = vec.Pow10(min(d, 38))
	}
	small, isSmall := by.Small()
	for i := range n {
		var x vec.Num
		switch o.kind {
		case sql.Integer:
			x = vec.NumOf(int64(v.I32[i]))
		case sql.Bigint:
			x = vec.NumOf(v.I64[i])
		default:
			x = v.Dec[i]
		}
		if o.scale != o.own {
			if s, ok := x.Small(); ok && isSmall {
				x = mul64(s, small)
			} else {
				x, _ = x.Mul(by)
			}
		}
		o.buf[i] = x
	}
	return o.buf[:max(n, 2)]
}

func (o *decimalOperand) loadBig(f *frame) []*big.Int {
	v := o.x.eval(f)
	failNulls(f, v)
	o.big = resize(o.big, f.n)
	for i := range o.big {
		if v.IsNull(i) {
			o.big[i] = nil
			continue
		}
		x := bigAt(v, i)
		if o.scale > o.own {
			x = new(big.Int).Mul(x, vec.TenTo(o.scale-o.own))
		}
		o.big[i] = x
	}
	return o.big
}

// bigAt is the unscaled number in row i of an INTEGER, BIGINT or DECIMAL column.
func bigAt(v *vec.Vec, i int) *big.Int {
	switch v.Type.Kind {
	case sql.Integer:
		return big.NewInt(int64(v.I32[i]))
	case sql.Bigint:
		return big.NewInt(v.I64[i])
	}
	return v.BigAt(i)
}

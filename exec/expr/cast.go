package expr

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/property"
	"github.com/ksqlgo/ksql/sql/vec"
)

// cast compiles CAST(x AS T), whose operand's errors become null.
func (c *compiler) cast(e *plan.Cast) (node, error) {
	from := e.X.Type()
	if !plan.Castable(from, e.T) {
		return nil, fmt.Errorf("Cast of %s to %s is not supported", from, e.T)
	}
	var x node
	var err error
	if e.Implied {
		x, err = c.node(e.X)
	} else {
		x, err = c.guarded(e.X, "CAST")
	}
	if err != nil {
		return nil, err
	}
	n := newCast(x, from, e.T, c.env.Budget)
	if e.T.Kind == sql.String && !property.On(c.env.Config, "ksql.cast.strings.preserve.nulls") {
		return &nullText{x: n, out: c.vec(sql.TString)}, nil
	}
	return n, nil
}

// newCast converts x within a budget; the types must be castable. Literals are converted now, unless that fails.
func newCast(x node, from, to sql.Type, budget *vec.Budget) node {
	if from.Equal(to) {
		return x
	}
	if from.Kind == sql.Null {
		return newLiteral(to, nil)
	}
	var n node
	switch {
	case to.Kind == sql.Bigint && from.Kind == sql.Integer:
		return toI64(x, from)
	case to.Kind == sql.Double && from.Numeric():
		return toF64(x, from)
	case to.Kind == sql.Decimal && from.Kind == sql.Integer && !vec.Wide(to) && to.Precision-to.Scale >= 10,
		to.Kind == sql.Decimal && from.Kind == sql.Bigint && !vec.Wide(to) && to.Precision-to.Scale >= 19:
		d := &intDecimal{out: vec.New(to)}
		d.o.init(x, from)
		d.o.align(to.Scale)
		d.o.lit = nil
		n = d
	default:
		n = &cast{x: x, conv: caster(from, to), out: vec.NewIn(to, budget)}
	}
	if _, ok := x.(*literal); ok {
		f := &frame{}
		f.begin(1, nil)
		if v := n.eval(f); !f.any {
			return newLiteral(to, v.Get(0))
		}
	}
	return n
}

// cast converts row by row.
type cast struct {
	x    node
	conv conversion
	out  *vec.Vec
}

func (n *cast) fails() bool { return true }

func (n *cast) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	n.out.Reset()
	for i := range f.n {
		if err := n.conv.item(v, i, n.out); err != nil {
			f.fail(i, err)
			n.out.AppendNull()
		}
	}
	return n.out
}

// intDecimal converts INTEGER and BIGINT to a DECIMAL that holds them all.
type intDecimal struct {
	o   decimalOperand
	out *vec.Vec
}

func (n *intDecimal) fails() bool { return n.o.x.fails() }

func (n *intDecimal) eval(f *frame) *vec.Vec {
	v := n.o.x.eval(f)
	n.out.SetLen(f.n)
	copy(n.out.Dec, n.o.values(v, f.n))
	copyNulls(n.out, v)
	return n.out
}

// nullText writes null as the text null.
type nullText struct {
	x   node
	out *vec.Vec
}

func (n *nullText) fails() bool { return n.x.fails() }

func (n *nullText) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	if v.Nulls == 0 {
		return v
	}
	n.out.Reset()
	for i := range f.n {
		if v.IsNull(i) {
			n.out.AppendString("null")
		} else {
			n.out.AppendBytes(v.Bytes(i))
		}
	}
	return n.out
}

// conversion adds row i of in, which is not null, to out; nothing when it fails.
type conversion func(in *vec.Vec, i int, out *vec.Vec) error

func (c conversion) item(in *vec.Vec, i int, out *vec.Vec) error {
	if in.IsNull(i) {
		out.AppendNull()
		return nil
	}
	return c(in, i, out)
}

func copyRow(in *vec.Vec, i int, out *vec.Vec) error {
	out.AppendFrom(in, i)
	return nil
}

// caster is the conversion between castable types.
func caster(from, to sql.Type) conversion {
	if from.Equal(to) {
		return copyRow
	}
	switch to.Kind {
	case sql.String:
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			out.Data = appendText(out.Data, in, i, true)
			out.EndBytes()
			return nil
		}
	case sql.Integer, sql.Bigint, sql.Double, sql.Decimal:
		return toNumber(from, to)
	case sql.Boolean:
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			b, _ := booleanText(strings.TrimSpace(in.Str(i)))
			out.AppendBool(b)
			return nil
		}
	case sql.Date, sql.Time, sql.Timestamp:
		return toTime(from, to)
	case sql.Bytes:
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			b, err := base64.StdEncoding.DecodeString(in.Str(i))
			if err != nil {
				return fmt.Errorf("Failed to decode base64 text: %v", err)
			}
			out.AppendBytes(b)
			return nil
		}
	case sql.Array:
		return list(caster(*from.Elem, *to.Elem))
	case sql.Map:
		return list(caster(*from.Key, *to.Key), caster(*from.Elem, *to.Elem))
	case sql.Struct:
		return structs(from, to)
	}
	return copyRow
}

// booleanText is ksqlDB's reading of a BOOLEAN: a beginning of true, yes, false or no.
func booleanText(s string) (value, ok bool) {
	if s == "" {
		return false, false
	}
	is := func(word string) bool { return len(s) <= len(word) && strings.EqualFold(s, word[:len(s)]) }
	switch {
	case is("true"), is("yes"):
		return true, true
	case is("false"), is("no"):
		return false, true
	}
	return false, false
}

// list converts the items of an ARRAY, or the keys and values of a MAP.
func list(items ...conversion) conversion {
	return func(in *vec.Vec, i int, out *vec.Vec) error {
		start := out.Kids[0].N
		for k := int(in.Offs[i]); k < int(in.Offs[i+1]); k++ {
			for c, item := range items {
				if err := item.item(in.Kids[c], k, out.Kids[c]); err != nil {
					for _, kid := range out.Kids {
						kid.Truncate(start)
					}
					return err
				}
			}
		}
		if len(items) == 2 {
			out.EndMap(vec.MapCapacity(int(in.Offs[i+1] - in.Offs[i])))
		} else {
			out.EndList()
		}
		return nil
	}
}

func structs(from, to sql.Type) conversion {
	source := make([]int, len(to.Fields))
	items := make([]conversion, len(to.Fields))
	for k, f := range to.Fields {
		source[k] = -1
		for j, g := range from.Fields {
			if g.Name == f.Name {
				source[k], items[k] = j, caster(g.Type, f.Type)
			}
		}
	}
	return func(in *vec.Vec, i int, out *vec.Vec) error {
		for k, j := range source {
			if j < 0 {
				out.Kids[k].AppendNull()
				continue
			}
			if err := items[k].item(in.Kids[j], i, out.Kids[k]); err != nil {
				for _, kid := range out.Kids {
					kid.Truncate(out.N)
				}
				return err
			}
		}
		out.EndStruct()
		return nil
	}
}

func toTime(from, to sql.Type) conversion {
	const day = 86400000
	switch {
	case from.Kind == sql.Date: // to TIMESTAMP
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			out.AppendI64(int64(in.I32[i]) * day)
			return nil
		}
	case from.Kind == sql.Timestamp:
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			ms := in.I64[i] % day
			if ms < 0 {
				ms += day
			}
			if to.Kind == sql.Time {
				out.AppendI32(int32(ms))
			} else {
				out.AppendI32(int32((in.I64[i] - ms) / day))
			}
			return nil
		}
	case to.Kind == sql.Timestamp:
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			ms, err := plan.ParseTimestamp(in.Str(i))
			if err == nil {
				out.AppendI64(ms)
			}
			return err
		}
	}
	parse := plan.ParseDate
	if to.Kind == sql.Time {
		parse = plan.ParseTime
	}
	return func(in *vec.Vec, i int, out *vec.Vec) error {
		x, err := parse(in.Str(i))
		if err == nil {
			out.AppendI32(x)
		}
		return err
	}
}

func toNumber(from, to sql.Type) conversion {
	if to.Kind == sql.Decimal {
		return toDecimal(from, to)
	}
	put := func(out *vec.Vec, x int64) {
		if to.Kind == sql.Integer {
			out.AppendI32(int32(x))
		} else {
			out.AppendI64(x)
		}
	}
	switch {
	case from.Kind == sql.String:
		return parseNumber(to, put)
	case to.Kind == sql.Double:
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			switch from.Kind {
			case sql.Integer:
				out.AppendF64(float64(in.I32[i]))
			case sql.Bigint:
				out.AppendF64(float64(in.I64[i]))
			default:
				out.AppendF64(vec.Decimal{Unscaled: in.BigAt(i), Scale: from.Scale}.Float())
			}
			return nil
		}
	}
	return func(in *vec.Vec, i int, out *vec.Vec) error {
		switch from.Kind {
		case sql.Integer:
			put(out, int64(in.I32[i]))
		case sql.Bigint:
			put(out, in.I64[i])
		case sql.Double:
			lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
			if to.Kind == sql.Integer {
				lo, hi = math.MinInt32, math.MaxInt32
			}
			switch x := in.F64[i]; {
			case x != x:
				put(out, 0)
			case x <= float64(lo):
				put(out, lo)
			case x >= float64(hi):
				put(out, hi)
			default:
				put(out, int64(x))
			}
		default:
			d, _ := vec.Decimal{Unscaled: in.BigAt(i), Scale: from.Scale}.Rescale(0, vec.Down)
			put(out, lowBits(d.Unscaled))
		}
		return nil
	}
}

// lowBits is the low 64 bits of x in two's complement.
func lowBits(x *big.Int) int64 {
	if x.IsInt64() {
		return x.Int64()
	}
	m := new(big.Int).And(x, new(big.Int).SetUint64(math.MaxUint64))
	return int64(m.Uint64())
}

var errNotFiniteText = errors.New("the number is not finite")

func parseNumber(to sql.Type, put func(*vec.Vec, int64)) conversion {
	if to.Kind == sql.Double {
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			x, ok := vec.ParseDouble(in.Str(i))
			if !ok {
				return fmt.Errorf("For input string: \"%s\"", in.Str(i))
			}
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return errNotFiniteText
			}
			out.AppendF64(x)
			return nil
		}
	}
	bits := 64
	if to.Kind == sql.Integer {
		bits = 32
	}
	return func(in *vec.Vec, i int, out *vec.Vec) error {
		x, err := strconv.ParseInt(trim(in.Str(i)), 10, bits)
		if err != nil {
			return fmt.Errorf("For input string: \"%s\"", in.Str(i))
		}
		put(out, x)
		return nil
	}
}

// trim is Java's String.trim.
func trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
}

func toDecimal(from, to sql.Type) conversion {
	if from.Kind == sql.String {
		return func(in *vec.Vec, i int, out *vec.Vec) error {
			return out.AppendDecimal([]byte(trim(in.Str(i))), vec.HalfUp)
		}
	}
	return func(in *vec.Vec, i int, out *vec.Vec) error {
		var d vec.Decimal
		switch from.Kind {
		case sql.Integer, sql.Bigint:
			d.Unscaled = bigAt(in, i)
		case sql.Decimal:
			if !vec.Wide(from) && !vec.Wide(to) {
				n, err := vec.FitNum(in.Dec[i], from.Scale, to, vec.HalfUp)
				if err == nil {
					out.AppendNum(n)
				}
				return err
			}
			d = vec.Decimal{Unscaled: in.BigAt(i), Scale: from.Scale}
		default:
			var ok bool
			if d, ok = vec.DecimalOfFloat(in.F64[i], to.Precision); !ok {
				return errNotFinite
			}
		}
		d, err := d.Fit(to, vec.HalfUp)
		if err == nil {
			out.AppendBig(d.Unscaled)
		}
		return err
	}
}

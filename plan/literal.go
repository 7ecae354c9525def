package plan

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func (b *Binder) literal(e *sql.Literal) (Expr, error) {
	t, v, err := literalValue(e)
	if err != nil {
		return nil, err
	}
	return &Literal{b.typed(t, e), v}, nil
}

// literalValue types a literal by its text (spec 1.4).
func literalValue(e *sql.Literal) (sql.Type, any, error) {
	switch e.Kind {
	case sql.NullLiteral:
		return sql.TNull, nil, nil
	case sql.BoolLiteral:
		return sql.TBoolean, e.Bool, nil
	case sql.StringLiteral:
		return sql.TString, e.Text, nil
	case sql.IntegerLiteral, sql.BigintLiteral:
		n, err := strconv.ParseInt(e.Text, 10, 64)
		if err != nil {
			return sql.TNull, nil, errorf("Invalid numeric literal: %s", e.Text)
		}
		if e.Kind == sql.IntegerLiteral && n >= math.MinInt32 && n <= math.MaxInt32 {
			return sql.TInteger, int32(n), nil
		}
		return sql.TBigint, n, nil
	case sql.DoubleLiteral:
		f, ok := vec.ParseDouble(e.Text)
		if !ok || math.IsInf(f, 0) {
			return sql.TNull, nil, errorf("Number overflows DOUBLE: %s", e.Text)
		}
		return sql.TDouble, f, nil
	case sql.DecimalLiteral:
		if len(e.Text) > maxDigits {
			return sql.TNull, nil, errorf("Invalid numeric literal: more than %d digits", maxDigits)
		}
		d, ok := vec.ParseDecimal([]byte(e.Text))
		if !ok {
			return sql.TNull, nil, errorf("Invalid numeric literal: %s", e.Text)
		}
		t, d := decimalType(d)
		return t, d, nil
	}
	return sql.TNull, nil, errorf("%s can stand as the argument of a function only", e.Text)
}

// decimalType is the type of a decimal number: its own digits and scale, at least 0.
func decimalType(d vec.Decimal) (sql.Type, vec.Decimal) {
	if d.Scale < 0 {
		d, _ = d.Rescale(0, vec.Exact)
	}
	return sql.DecimalOf(max(vec.DigitsBig(d.Unscaled), d.Scale+1), d.Scale), d
}

// numberText types the text of a string literal that stands where a number is wanted (spec 5.7). ok is false
// when it is no number.
func numberText(text string) (t sql.Type, v any, ok bool) {
	text = strings.TrimSpace(text)
	d, ok := vec.ParseDecimal([]byte(text))
	if !ok || d.Scale < -10000 || d.Scale > 10000 {
		return sql.TNull, nil, false
	}
	if strings.ContainsAny(text, ".eE") {
		t, d = decimalType(d)
		return t, d, true
	}
	switch n := d.Unscaled; {
	case inside(n, math.MinInt32, math.MaxInt32):
		return sql.TInteger, int32(n.Int64()), true
	case inside(n, math.MinInt64, math.MaxInt64):
		return sql.TBigint, n.Int64(), true
	}
	t, d = decimalType(d)
	return t, d, true
}

func inside(n *big.Int, lo, hi int64) bool {
	return n.IsInt64() && n.Int64() > lo && n.Int64() < hi
}

// booleanText reads BOOLEAN text: a beginning of true, yes, false or no.
func booleanText(s string) (value, ok bool) {
	s = strings.TrimSpace(s)
	is := func(word string) bool { return s != "" && len(s) <= len(word) && strings.EqualFold(s, word[:len(s)]) }
	switch {
	case is("true"), is("yes"):
		return true, true
	case is("false"), is("no"):
		return false, true
	}
	return false, false
}

// convertLiteral is the value v of type from as one of type to, by lax coercion (spec 4.4). ok is false when
// the types forbid it or the text does not parse.
func convertLiteral(v any, from, to sql.Type) (any, bool) {
	if v == nil || from.Equal(to) {
		return v, true
	}
	if s, isText := v.(string); isText && to.Numeric() {
		t, n, ok := numberText(s)
		if !ok {
			return nil, false
		}
		if t.Kind > to.Kind {
			return nil, false
		}
		return convertLiteral(n, t, to)
	}
	switch to.Kind {
	case sql.Bigint:
		if n, ok := v.(int32); ok {
			return int64(n), true
		}
	case sql.Double:
		switch n := v.(type) {
		case int32:
			return float64(n), true
		case int64:
			return float64(n), true
		case vec.Decimal:
			return n.Float(), true
		}
	case sql.Decimal:
		d, ok := vec.DecimalOf(v)
		if !ok {
			return nil, false
		}
		d, err := d.Fit(to, vec.Exact)
		return d, err == nil
	case sql.String:
		switch n := v.(type) {
		case bool:
			return strconv.FormatBool(n), true
		case int32:
			return strconv.FormatInt(int64(n), 10), true
		case int64:
			return strconv.FormatInt(n, 10), true
		case float64:
			return string(vec.AppendDouble(nil, n)), true
		case vec.Decimal:
			return n.Plain(), true
		}
	case sql.Boolean:
		if s, ok := v.(string); ok {
			return booleanTextValue(s)
		}
	case sql.Date:
		if s, ok := v.(string); ok {
			x, err := ParseDate(s)
			return vec.Date(x), err == nil
		}
	case sql.Time:
		if s, ok := v.(string); ok {
			x, err := ParseTime(s)
			return vec.Time(x), err == nil
		}
	case sql.Timestamp:
		if s, ok := v.(string); ok {
			x, err := ParseTimestamp(s)
			return vec.Timestamp(x), err == nil
		}
	}
	return nil, false
}

func booleanTextValue(s string) (any, bool) {
	v, ok := booleanText(s)
	return v, ok
}

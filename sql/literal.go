package sql

import (
	"math"
	"strconv"
	"strings"
)

// constant makes the literal at a token: a string, a number with or without its minus, NULL, TRUE or FALSE.
func (c *cursor) constant(i int) *Literal {
	t := c.toks[i]
	l := &Literal{At: At{Pos(t.off)}}
	switch {
	case t.kind == stringToken:
		l.Kind, l.Text = StringLiteral, unquote(c.raw(i))
	case t.kind == varToken: // looked at again once the variable is replaced
		l.Kind, l.Text = StringLiteral, c.raw(i)
	case t.word == wTrue, t.word == wFalse:
		l.Kind, l.Bool, l.Text = BoolLiteral, t.word == wTrue, "false"
		if l.Bool {
			l.Text = "true"
		}
	case t.word == wMinus:
		c.number(l, i, i+1, "-")
	case t.number():
		c.number(l, i, i, "")
	default:
		l.Kind, l.Text = NullLiteral, "null"
	}
	return l
}

// number types a number by its text and writes it canonically.
func (c *cursor) number(l *Literal, at, i int, sign string) {
	text := sign + c.raw(i)
	switch c.toks[i].kind {
	case intToken:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			c.numberFault(at, "Invalid numeric literal: "+text)
		}
		l.Kind, l.Text = BigintLiteral, strconv.FormatInt(n, 10)
		if n >= math.MinInt32 && n <= math.MaxInt32 {
			l.Kind = IntegerLiteral
		}
	case decimalToken:
		l.Kind, l.Text = DecimalLiteral, decimalText(sign, c.raw(i))
	case floatToken:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			c.numberFault(at, "Number overflows DOUBLE: "+text)
			f = 0
		}
		l.Kind, l.Text = DoubleLiteral, doubleText(f)
	}
}

// numberFault reports a literal the way ksqlDB does here: with a column one too high.
func (c *cursor) numberFault(tok int, msg string) {
	line, col := c.position(c.toks[tok].off)
	c.fault(tok, "line %d:%d: %s", line, col+1, msg)
}

// decimalText writes a number with a point without leading zeros; the point stays even when nothing follows it,
// for without it the number would be an integer. There is no negative zero.
func decimalText(sign, digits string) string {
	whole, fraction, _ := strings.Cut(digits, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
		if strings.Trim(fraction, "0") == "" {
			sign = ""
		}
	}
	return sign + whole + "." + fraction
}

// doubleText writes a double as ksqlDB's messages do: 1.5E0, 1E0, 1E-1.
func doubleText(f float64) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
	sign := ""
	if exponent[0] == '-' {
		sign = "-"
	}
	exponent = strings.TrimLeft(exponent[1:], "0")
	if exponent == "" {
		sign, exponent = "", "0"
	}
	return mantissa + "E" + sign + exponent
}

// decimalMessage writes a decimal as ksqlDB's messages do: plainly, or with an exponent when more than five
// zeros follow the point (the text of Java's BigDecimal).
func decimalMessage(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	if fraction == "" {
		return sign + whole
	}
	unscaled := strings.TrimLeft(whole+fraction, "0")
	if unscaled == "" {
		unscaled = "0"
	}
	exponent := len(unscaled) - 1 - len(fraction)
	if exponent >= -6 {
		return sign + whole + "." + fraction
	}
	if len(unscaled) > 1 {
		unscaled = unscaled[:1] + "." + unscaled[1:]
	}
	return sign + unscaled + "E" + strconv.Itoa(exponent)
}

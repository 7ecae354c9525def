package sql

import (
	"math"
	"strconv"
	"strings"
)

// primitives are the type names without parameters.
func primitive(name string) (Type, bool) {
	switch strings.ToUpper(name) {
	case "BOOLEAN":
		return TBoolean, true
	case "INT", "INTEGER":
		return TInteger, true
	case "BIGINT":
		return TBigint, true
	case "DOUBLE":
		return TDouble, true
	case "STRING", "VARCHAR":
		return TString, true
	case "BYTES":
		return TBytes, true
	case "DATE":
		return TDate, true
	case "TIME":
		return TTime, true
	case "TIMESTAMP":
		return TTimestamp, true
	}
	return Type{}, false
}

// typeName reads a type. A name that is no built-in type gives a Named type.
func (c *cursor) typeName() Type {
	c.nest()
	t := c.baseType()
	for n := 0; c.accept(wArray); n++ {
		if n > maxDepth {
			c.tooLarge()
		}
		t = ArrayOf(t)
	}
	c.depth--
	return t
}

func (c *cursor) baseType() Type {
	next := c.peek(1).word
	switch w := c.cur().word; {
	case w == wArray && next == wLt:
		c.p += 2
		e := c.typeName()
		c.expect(wGt, nothing)
		return ArrayOf(e)
	case w == wMap && next == wLt:
		c.p += 2
		k := c.typeName()
		c.expect(wComma, isName)
		v := c.typeName()
		c.expect(wGt, nothing)
		return MapOf(k, v)
	case w == wStruct && next == wLt:
		c.p += 2
		return c.structType()
	case w == wStruct && next == wNe: // STRUCT<> is STRUCT and the sign <>: ksqlDB wants a blank inside
		c.p++
		c.miss(wLt, nothing)
	case w == wDecimal:
		return c.decimalType()
	}
	if !c.cur().ident() {
		c.wrong(func(t token) bool { return isName(t) || t.word == wDecimal })
	}
	name := c.named()
	c.typeParameters()
	if t, ok := primitive(name); ok {
		return t
	}
	return Type{Kind: Named, Name: name}
}

// typeParameters skips what ksqlDB lets follow a name, as in VARCHAR(255): it means nothing.
func (c *cursor) typeParameters() {
	if !c.accept(wLParen) {
		return
	}
	for {
		if c.cur().kind != intToken && c.cur().word != wString {
			c.choice(wString, wIntegerToken)
		}
		c.p++
		if !c.accept(wComma) {
			break
		}
	}
	c.closing(wRParen)
}

func (c *cursor) structType() Type {
	t := Type{Kind: Struct}
	if c.accept(wGt) {
		return t
	}
	seen := map[string]Type{}
	for {
		i := c.ident()
		f := Field{Name: c.name(i), Type: c.typeName()}
		if old, ok := seen[f.Name]; ok {
			c.fault(i, "Duplicate field names found in STRUCT: '`%s` %s' and '`%s` %s'", f.Name, old, f.Name, f.Type)
		}
		seen[f.Name] = f.Type
		t.Fields = append(t.Fields, f)
		if !c.accept(wComma) {
			break
		}
	}
	c.closing(wGt)
	return t
}

func (c *cursor) decimalType() Type {
	at := c.p
	c.p++
	c.expect(wLParen, token.number)
	p := c.integer("DECIMAL(PRECISION)")
	c.expect(wComma, token.number)
	s := c.integer("DECIMAL(SCALE)")
	c.expect(wRParen, nothing)
	switch {
	case p < 1:
		c.fault(at, "DECIMAL precision must be >= 1: DECIMAL(%d,%d)", p, s)
	case s < 0:
		c.fault(at, "DECIMAL scale must be >= 0: DECIMAL(%d,%d)", p, s)
	case p < s:
		c.fault(at, "DECIMAL precision must be >= scale: DECIMAL(%d,%d)", p, s)
	}
	return DecimalOf(p, s)
}

// signedNumber takes a number with its sign and gives its first token and its text.
func (c *cursor) signedNumber() (int, string) {
	at, sign := c.p, ""
	if c.accept(wMinus) {
		sign = "-"
	}
	if !c.cur().number() {
		if sign == "" {
			c.choice(wMinus, wIntegerToken, wDecimalToken, wFloatToken)
		}
		c.choice(wIntegerToken, wDecimalToken, wFloatToken)
	}
	c.p++
	return at, sign + c.raw(c.p-1)
}

// integer takes a number that must be a 32-bit integer; clause names it in the message.
func (c *cursor) integer(clause string) int {
	at, text := c.signedNumber()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
		c.fault(at, "Value must be integer for command: %s", clause)
		return 0
	}
	return int(n)
}

// duration takes a 64-bit number and a unit.
func (c *cursor) duration(clause string) Duration {
	at, text := c.signedNumber()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		c.fault(at, "Value must be integer for command: %s", clause)
	}
	unit := timeUnit[c.cur().word]
	if unit == "" {
		c.wrong(func(t token) bool { return timeUnit[t.word] != "" })
	}
	c.p++
	return Duration{N: n, Unit: unit}
}

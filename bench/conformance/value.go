package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// The forms of a value, expected or actual: nil, bool, string, json.Number (its text), []any, *object; actual
// ones also int32, int64, *big.Int, float64, decimal and []byte.

// object is a JSON object whose members keep their order: ksqlDB copies objects into text columns.
type object struct {
	names  []string
	values []any
}

func (o *object) get(name string) (any, bool) {
	for i, n := range o.names {
		if n == name {
			return o.values[i], true
		}
	}
	return nil, false
}

// decimal is Java's BigDecimal: unscaled / 10^scale; 12.3 and 12.30 differ.
type decimal struct {
	unscaled *big.Int
	scale    int
}

func (d decimal) String() string { return fmt.Sprintf("%sE%d", d.unscaled, -d.scale) }

// parseDecimal reads the text of a number as new BigDecimal(text) does.
func parseDecimal(text string) (decimal, bool) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		e, err := strconv.Atoi(text[i+1:])
		if err != nil {
			return decimal{}, false
		}
		mantissa, exponent = text[:i], e
	}
	scale := 0
	if i := strings.IndexByte(mantissa, '.'); i >= 0 {
		scale = len(mantissa) - i - 1
		mantissa = mantissa[:i] + mantissa[i+1:]
	}
	n, ok := new(big.Int).SetString(strings.TrimPrefix(mantissa, "+"), 10)
	if !ok {
		return decimal{}, false
	}
	return decimal{n, scale - exponent}, true
}

// sameValue reports whether d and e are the same number, whatever their scales.
func (d decimal) sameValue(e decimal) bool {
	if d.unscaled.Sign() == 0 || e.unscaled.Sign() == 0 {
		return d.unscaled.Sign() == e.unscaled.Sign()
	}
	a, b := d, e
	if a.scale > b.scale {
		a, b = b, a
	}
	if b.scale-a.scale > 5000 {
		return false
	}
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(b.scale-a.scale)), nil)
	return shift.Mul(shift, a.unscaled).Cmp(b.unscaled) == 0
}

// truncated is the integer part of d, as BigDecimal.toBigInteger gives it.
func (d decimal) truncated() *big.Int {
	if d.scale <= 0 {
		shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-d.scale)), nil)
		return shift.Mul(shift, d.unscaled)
	}
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.scale)), nil)
	return shift.Quo(d.unscaled, shift)
}

// parseJSON reads one JSON value; numbers keep their text.
func parseJSON(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := readValue(dec)
	if err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("something stands after the JSON value")
	}
	return v, nil
}

func readValue(dec *json.Decoder) (any, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := readValue(dec)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	case json.Delim('{'):
		o := &object{}
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := readValue(dec)
			if err != nil {
				return nil, err
			}
			o.names, o.values = append(o.names, name.(string)), append(o.values, v)
		}
		_, err := dec.Token()
		return o, err
	}
	return tok, nil
}

// appendJSON writes v without spaces, strings escaped as Jackson does.
func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case json.Number:
		return append(dst, v...)
	case string:
		return appendJSONString(dst, v)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case *object:
		dst = append(dst, '{')
		for i, e := range v.values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSONString(dst, v.names[i])
			dst = append(dst, ':')
			dst = appendJSON(dst, e)
		}
		return append(dst, '}')
	}
	return append(dst, fmt.Sprint(v)...)
}

func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c < 0x20:
			dst = append(dst, fmt.Sprintf("\\u%04X", c)...)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// javaDouble is Java's Double.toString.
func javaDouble(f float64) string {
	switch {
	case f != f:
		return "NaN"
	case f > 1.7976931348623157e308:
		return "Infinity"
	case f < -1.7976931348623157e308:
		return "-Infinity"
	}
	abs := f
	if abs < 0 {
		abs = -abs
	}
	if f == 0 || abs >= 1e-3 && abs < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	s := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	e, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(e)
}

// show prints a value for a report, shortened.
func show(v any) string {
	var s string
	switch v := v.(type) {
	case string, nil, bool, json.Number, []any, *object:
		s = string(appendJSON(nil, v))
	case decimal:
		s = "decimal " + v.String()
	default:
		s = fmt.Sprintf("%T %v", v, v)
	}
	if len(s) > 300 {
		s = s[:300] + "..."
	}
	return s
}

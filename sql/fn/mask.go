package fn

import (
	"errors"
	"unicode"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

var maskFuncs = []Func{
	mask("MASK", "mask", "Hides every character of a text behind a sign for its class.", nil),
	mask("MASK_LEFT", "mask_left", "Hides the first characters of a text.", func(n, k int) (int, int) { return 0, k }),
	mask("MASK_RIGHT", "mask_right", "Hides the last characters of a text.", func(n, k int) (int, int) { return n - k, n }),
	mask("MASK_KEEP_LEFT", "mask_keep_left", "Hides all but the first characters of a text.", func(n, k int) (int, int) { return k, n }),
	mask("MASK_KEEP_RIGHT", "mask_keep_right", "Hides all but the last characters of a text.", func(n, k int) (int, int) { return 0, n - k }),
}

// mask builds one function of the family; part says which of n units to hide when the count is k.
func mask(name, declared, doc string, part func(n, k int) (from, to int)) Func {
	sig, types, counted := "input: the text", []sql.Type{sql.TString}, part != nil
	if counted {
		sig += "; numChars: how many UTF-16 units"
		types = append(types, sql.TInteger)
	}
	signs := sig + "; upper: for upper-case letters; lower: for lower-case letters; digit: for digits; other: for the rest"
	all := append(types[:len(types):len(types)], sql.TString, sql.TString, sql.TString, sql.TString)
	row := func(c *Call, i int, out *vec.Vec) error {
		k, next := 0, 1
		if counted {
			if c.Args[1].IsNull(i) {
				return ErrNull
			}
			if k, next = int(c.Args[1].I32[i]), 2; k < 0 {
				return errors.New("function " + declared + " requires a non-negative number of characters to mask or skip")
			}
		}
		m := masks{'X', 'x', 'n', '-'}
		if len(c.Args) > next {
			for p := range m {
				s := optStr(c.Args[next+p], i)
				if !s.OK {
					m[p] = -1
					continue
				}
				u := vec.Units(nil, s.V)
				if len(u) != 1 {
					return errors.New("invalid mask character: " + s.V + ": a mask must be a single character")
				}
				m[p] = rune(u[0])
			}
		}
		if c.Args[0].IsNull(i) {
			return ErrNull
		}
		u := vec.Units(nil, c.Args[0].Str(i))
		from, to := 0, len(u)
		if counted {
			from, to = part(len(u), min(k, len(u)))
		}
		r := append([]uint16{}, u[:from]...)
		r = m.hide(r, u[from:to], &meter.Meter{Stop: c.Stop})
		out.Data = vec.AppendUnits(out.Data, append(r, u[to:]...))
		out.EndBytes()
		return nil
	}
	a, b := FnRow(sig, types, sql.TString, row), FnRow(signs, all, sql.TString, row)
	if counted {
		a, b = Raising(a, 2), Raising(b, 2)
	}
	return Func{Name: name, Declared: declared, Category: catString, Author: confluent, Doc: doc, Variants: []Variant{a, b}}
}

// masks is the signs for upper-case letters, lower-case letters, digits and the rest; -1 keeps the class.
type masks [4]rune

// hide appends u with its characters masked. As in ksqlDB, a character beyond U+FFFF counts once by itself
// and once more by its low half.
func (m masks) hide(dst, u []uint16, work *meter.Meter) []uint16 {
	for i := range u {
		work.Add(32)
		r, whole := rune(u[i]), u[i:i+1]
		if chars.High(u[i]) && i+1 < len(u) && chars.Low(u[i+1]) {
			r, whole = chars.Join(u[i], u[i+1]), u[i:i+2]
		}
		class := 3
		switch {
		case unicode.Is(unicode.Lu, r):
			class = 0
		case unicode.Is(unicode.Ll, r):
			class = 1
		case unicode.Is(unicode.Nd, r):
			class = 2
		}
		if m[class] < 0 {
			dst = append(dst, whole...)
		} else {
			dst = append(dst, uint16(m[class]))
		}
	}
	return dst
}

package fn

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

const (
	catString = "STRING"
	confluent = "Confluent"
)

var stringFuncs = []Func{
	{Name: "LCASE", Declared: "lcase", Category: catString, Doc: "Gives a text in lower case.", Variants: []Variant{
		PerSite(func(Site) Variant { return FnStr1("input: the text", caser(cases.Lower(language.Und), 'A')) })}},
	{Name: "UCASE", Declared: "ucase", Category: catString, Doc: "Gives a text in upper case.", Variants: []Variant{
		PerSite(func(Site) Variant { return FnStr1("input: the text", caser(cases.Upper(language.Und), 'a')) })}},
	{Name: "INITCAP", Declared: "initcap", Category: catString, Author: confluent,
		Doc: "Gives each word an upper-case first letter and makes the rest lower case; white space divides words.", Variants: []Variant{
			PerSite(func(Site) Variant { return FnStr1("str: the text", initcap()) })}},
	{Name: "TRIM", Declared: "trim", Category: catString, Doc: "Drops blanks and control characters at both ends of a text.", Variants: []Variant{
		Fn1("input: the text", func(s string) string {
			return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
		})}},
	{Name: "LEN", Declared: "len", Category: catString, Doc: "Counts the UTF-16 units of a text or the bytes of a byte string.", Variants: []Variant{
		Fn1("input: the text", func(s string) int32 { return int32(vec.UTF16Len(s)) }),
		Fn1("input: the bytes", func(b []byte) int32 { return int32(len(b)) })}},
	{Name: "SUBSTRING", Declared: "substring", Category: catString, Author: confluent,
		Doc: "Gives the part of a text or byte string that begins at a position counted from 1, or from the end if negative.", Variants: []Variant{
			Fn2("str: the text; pos: where the part begins", func(s string, pos int32) string { return cut(s, pos, nil) }),
			Fn3("str: the text; pos: where the part begins; length: its most units", func(s string, pos, n int32) string { return cut(s, pos, &n) }),
			Fn2("bytes: the bytes; pos: where the part begins", func(b []byte, pos int32) []byte {
				from, to := bounds(len(b), pos, nil)
				return b[from:to]
			}),
			Fn3("bytes: the bytes; pos: where the part begins; length: its most bytes", func(b []byte, pos, n int32) []byte {
				from, to := bounds(len(b), pos, &n)
				return b[from:to]
			})}},
	{Name: "INSTR", Declared: "instr", Category: catString, Author: confluent,
		Doc: "Gives where a text occurs in another, counted from 1, or 0.", Variants: []Variant{
			PerSite(func(site Site) Variant {
				work := meter.Meter{Stop: site.Stop}
				return FnOpt2("str: the text; substring: what to look for", func(s, sub Opt[string]) (Opt[int32], error) {
					return instr(s, sub, 1, 1, &work), nil
				})
			}),
			Raising(PerSite(func(site Site) Variant {
				work := meter.Meter{Stop: site.Stop}
				return FnOpt3("str: the text; substring: what to look for; position: where to begin, from the end if negative",
					func(s, sub Opt[string], pos Opt[int32]) (Opt[int32], error) {
						if !pos.OK {
							return Opt[int32]{}, nil
						}
						return instr(s, sub, pos.V, 1, &work), nil
					})
			}), 3),
			Raising(FnRow("str: the text; substring: what to look for; position: where to begin, from the end if negative; occurrence: which one",
				[]sql.Type{sql.TString, sql.TString, sql.TInteger, sql.TInteger}, sql.TInteger, func(c *Call, i int, out *vec.Vec) error {
					if c.Args[2].IsNull(i) || c.Args[3].IsNull(i) {
						return ErrNull
					}
					out.AppendI32(instr(optStr(c.Args[0], i), optStr(c.Args[1], i), c.Args[2].I32[i], c.Args[3].I32[i], &meter.Meter{Stop: c.Stop}).V)
					return nil
				}), 3, 4)}},
	{Name: "REPLACE", Declared: "replace", Category: catString, Author: confluent,
		Doc: "Replaces each occurrence of one text in another.", Variants: []Variant{
			PerSite(func(s Site) Variant {
				return FnStr3E("str: the text; oldStr: what to replace; newStr: what comes in its place", replacer(s))
			})}},
	{Name: "CONCAT", Declared: "concat", Category: catString, Doc: "Joins texts or byte strings; nulls are left out.", Variants: []Variant{
		variadic(1, FnRow("inputs: what to join", []sql.Type{sql.TString}, sql.TString, concat)),
		variadic(1, FnRow("inputs: what to join", []sql.Type{sql.TBytes}, sql.TBytes, concat))}},
	{Name: "CONCAT_WS", Declared: "concat_ws", Category: catString,
		Doc: "Joins texts or byte strings with the first one between them; nulls are left out.", Variants: []Variant{
			variadic(1, FnRow("inputs: the separator, then what to join", []sql.Type{sql.TString}, sql.TString, concatWS)),
			variadic(1, FnRow("inputs: the separator, then what to join", []sql.Type{sql.TBytes}, sql.TBytes, concatWS))}},
	{Name: "LPAD", Declared: "LPad", Category: catString, Doc: "Fills a text or byte string on the left up to a length, or cuts it to that length.", Variants: []Variant{
		padding(sql.TString, true), padding(sql.TBytes, true)}},
	{Name: "RPAD", Declared: "RPad", Category: catString, Doc: "Fills a text or byte string on the right up to a length, or cuts it to that length.", Variants: []Variant{
		padding(sql.TString, false), padding(sql.TBytes, false)}},
	{Name: "SPLIT", Declared: "split", Category: catString, Author: confluent,
		Doc: "Divides a text or byte string at each delimiter; an empty one divides it into units.", Variants: []Variant{
			FnRow("string: the text; delimiter: what divides it", []sql.Type{sql.TString, sql.TString}, sql.ArrayOf(sql.TString), split),
			FnRow("bytes: the bytes; delimiter: what divides them", []sql.Type{sql.TBytes, sql.TBytes}, sql.ArrayOf(sql.TBytes), split)}},
	{Name: "SPLIT_TO_MAP", Declared: "split_to_map", Category: catString,
		Doc: "Divides a text into entries, and each entry into key and value.", Variants: []Variant{
			FnRow("input: the text; entryDelimiter: what divides entries; kvDelimiter: what divides key and value",
				[]sql.Type{sql.TString, sql.TString, sql.TString}, sql.MapOf(sql.TString, sql.TString), splitToMap)}},
	{Name: "CHR", Declared: "Chr", Category: catString, Doc: "Gives the character of a code point, or of a \\u escape.", Variants: []Variant{
		Fn1E("decimalCode: the code point", func(n int32) (string, error) {
			if n < 0 || n > unicode.MaxRune {
				return "", ErrNull
			}
			return string(chars.AppendRune(nil, rune(n))), nil
		}),
		Fn1E("utf16Code: the escape", chrEscape)}},
	{Name: "ELT", Declared: "elt", Category: catString, Author: confluent, Doc: "Gives the n-th of the texts that follow, counted from 1.", Variants: []Variant{
		Raising(variadic(2, FnRow("n: which text; args: the texts", []sql.Type{sql.TInteger, sql.TString}, sql.TString, func(c *Call, i int, out *vec.Vec) error {
			if c.Args[0].IsNull(i) {
				return ErrNull
			}
			n := int(c.Args[0].I32[i])
			if n < 1 || n >= len(c.Args) || c.Args[n].IsNull(i) {
				return ErrNull
			}
			out.AppendBytes(c.Args[n].Bytes(i))
			return nil
		})), 1)}},
	{Name: "FIELD", Declared: "field", Category: catString, Author: confluent, Doc: "Gives the position of the first equal text among those that follow, counted from 1, or 0.", Variants: []Variant{
		variadic(2, FnRow("str: the text; args: where to look for it", []sql.Type{sql.TString, sql.TString}, sql.TInteger, func(c *Call, i int, out *vec.Vec) error {
			at := int32(0)
			if s := optStr(c.Args[0], i); s.OK {
				for k := 1; k < len(c.Args); k++ {
					if t := optStr(c.Args[k], i); t == s {
						at = int32(k)
						break
					}
				}
			}
			out.AppendI32(at)
			return nil
		}))}},
}

const padSig = "input: what to fill; targetLen: the length of the result; padding: what to fill with"

func variadic(position int, v Variant) Variant {
	v.Variadic = position
	return v
}

func optStr(v *vec.Vec, i int) Opt[string] {
	if v.IsNull(i) {
		return Opt[string]{}
	}
	return Some(v.Str(i))
}

// caser maps the case with Unicode's full rules; lone surrogates stay as they are. first is the first letter of
// ASCII that changes.
func caser(full cases.Caser, first byte) func(dst []byte, s string) []byte {
	return func(dst []byte, s string) []byte {
		n := len(dst)
		dst = append(dst, s...)
		part := dst[n:]
		for i, c := range part {
			if c >= utf8.RuneSelf {
				return mapCase(dst[:n], s, full)
			}
			if c-first < 26 {
				part[i] = c ^ 0x20
			}
		}
		return dst
	}
}

func mapCase(dst []byte, s string, full cases.Caser) []byte {
	for !utf8.ValidString(s) {
		i := 0
		for {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			i += n
		}
		_, n := chars.Next(s[i:])
		dst = append(dst, full.String(s[:i])...)
		dst = append(dst, s[i:i+n]...)
		s = s[i+n:]
	}
	return append(dst, full.String(s)...)
}

// initcap follows ksqlDB: lower case first, then the first UTF-16 unit of each word, so a letter beyond
// U+FFFF stays as it is. White space at the start goes.
func initcap() func(dst []byte, s string) []byte {
	lower, upper := caser(cases.Lower(language.Und), 'A'), caser(cases.Upper(language.Und), 'a')
	var low []byte
	return func(dst []byte, s string) []byte {
		low = lower(low[:0], s)
		first, seen := true, false
		for i := 0; i < len(low); {
			if c := low[i]; c == ' ' || c >= '\t' && c <= '\r' {
				if seen {
					dst = append(dst, c)
				}
				first = true
				i++
				continue
			}
			_, n := chars.Next(string(low[i:min(i+4, len(low))]))
			if first && n < 4 {
				dst = upper(dst, string(low[i:i+n]))
			} else {
				dst = append(dst, low[i:i+n]...)
			}
			first, seen = false, true
			i += n
		}
		return dst
	}
}

// bounds is the part of n units that SUBSTRING takes. The sum of start and length wraps at 32 bits, as in ksqlDB.
func bounds(n int, pos int32, length *int32) (from, to int) {
	start := 0
	switch {
	case pos > 0:
		start = min(int(pos)-1, n)
	case pos < 0:
		start = max(n+int(pos), 0)
	}
	if length == nil {
		return start, n
	}
	end := int(int32(start) + *length)
	return start, min(max(end, start), n)
}

func cut(s string, pos int32, length *int32) string {
	if chars.ASCII(s) {
		from, to := bounds(len(s), pos, length)
		return s[from:to]
	}
	u := vec.Units(make([]uint16, 0, len(s)), s)
	from, to := bounds(len(u), pos, length)
	return chars.OfUnits(u[from:to])
}

func replacer(site Site) func(dst []byte, s, from, to string) ([]byte, error) {
	work := meter.Meter{Stop: site.Stop}
	return func(dst []byte, s, from, to string) ([]byte, error) {
		return replace(dst, s, from, to, site.most(), &work)
	}
}

func replace(dst []byte, s, from, to string, most int, work *meter.Meter) ([]byte, error) {
	if from != "" {
		if more := len(to) - len(from); more > 0 && len(s)+strings.Count(s, from)*more > most {
			return dst, vec.ErrTooLarge
		}
		for {
			work.Add(16)
			at := strings.Index(s, from)
			if at < 0 {
				return append(dst, s...), nil
			}
			dst = append(append(dst, s[:at]...), to...)
			s = s[at+len(from):]
		}
	}
	if (len(s)+1)*len(to) > most {
		return dst, vec.ErrTooLarge
	}
	ins, units := vec.Units(nil, to), vec.Units(nil, s)
	out := append([]uint16{}, ins...)
	for _, u := range units {
		work.Add(8)
		out = append(append(out, u), ins...)
	}
	return vec.AppendUnits(dst, out), nil
}

func concat(c *Call, i int, out *vec.Vec) error {
	for _, a := range c.Args {
		if !a.IsNull(i) {
			out.Data = append(out.Data, a.Bytes(i)...)
			out.Bound(len(out.Data))
		}
	}
	out.EndBytes()
	return nil
}

func concatWS(c *Call, i int, out *vec.Vec) error {
	if len(c.Args) < 2 {
		return errors.New("CONCAT_WS expects at least two input arguments")
	}
	if c.Args[0].IsNull(i) {
		return ErrNull
	}
	sep, first := c.Args[0].Bytes(i), true
	for _, a := range c.Args[1:] {
		if a.IsNull(i) {
			continue
		}
		if !first {
			out.Data = append(out.Data, sep...)
		}
		out.Data = append(out.Data, a.Bytes(i)...)
		out.Bound(len(out.Data))
		first = false
	}
	out.EndBytes()
	return nil
}

// padding is LPAD or RPAD on STRING or BYTES.
func padding(t sql.Type, left bool) Variant {
	return FnRow(padSig, []sql.Type{t, sql.TInteger, t}, t, func(c *Call, i int, out *vec.Vec) error {
		if c.Args[0].IsNull(i) || c.Args[1].IsNull(i) || c.Args[2].IsNull(i) {
			return ErrNull
		}
		s, n, pad := c.Args[0].Str(i), int(c.Args[1].I32[i]), c.Args[2].Str(i)
		switch {
		case pad == "" || n < 0:
			return ErrNull
		case n > out.MostBytes():
			return errors.New("padded length is too large")
		case t.Kind == sql.Bytes || chars.ASCII(s) && chars.ASCII(pad):
			out.Data = appendFilled(out.Data, c.Args[0].Bytes(i), n, c.Args[2].Bytes(i), left)
		default:
			out.Data = vec.AppendUnits(out.Data, appendFilled(nil, vec.Units(nil, s), n, vec.Units(nil, pad), left))
		}
		out.EndBytes()
		return nil
	})
}

// appendFilled adds s, cut to n or filled up to n by pad, again and again.
func appendFilled[T any](dst, s []T, n int, pad []T, left bool) []T {
	fill := n - len(s)
	if fill <= 0 {
		return append(dst, s[:n]...)
	}
	if !left {
		dst = append(dst, s...)
	}
	dst = slices.Grow(dst, n)
	from := len(dst)
	for fill > 0 { // what is filled already fills the more
		n := min(fill, max(len(pad), (len(dst)-from)/len(pad)*len(pad)))
		if n <= len(pad) {
			dst = append(dst, pad[:n]...)
		} else {
			dst = append(dst, dst[from:from+n]...)
		}
		fill -= n
	}
	if left {
		dst = append(dst, s...)
	}
	return dst
}

// split divides row i at the delimiter; an empty one divides a text into UTF-16 units, bytes into bytes.
func split(c *Call, i int, out *vec.Vec) error {
	if c.Args[0].IsNull(i) || c.Args[1].IsNull(i) {
		return ErrNull
	}
	s, sep, items := c.Args[0].Bytes(i), c.Args[1].Bytes(i), out.Kids[0]
	work, most := meter.Meter{Stop: c.Stop}, out.MostItems()
	next := func() {
		if work.Add(32); items.N > most {
			panic(vec.ErrTooLarge)
		}
	}
	switch {
	case len(s) == 0:
		items.AppendBytes(nil)
	case len(sep) > 0:
		for {
			at := bytes.Index(s, sep)
			if at < 0 {
				break
			}
			items.AppendBytes(s[:at])
			next()
			s = s[at+len(sep):]
		}
		items.AppendBytes(s)
	case c.Args[0].Type.Kind == sql.Bytes || chars.ASCII(c.Args[0].Str(i)):
		for k := range s {
			items.AppendBytes(s[k : k+1])
			next()
		}
	default:
		u := vec.Units(nil, c.Args[0].Str(i))
		for k := range u {
			items.Data = vec.AppendUnits(items.Data, u[k:k+1])
			items.EndBytes()
			next()
		}
	}
	out.EndList()
	return nil
}

func splitToMap(c *Call, i int, out *vec.Vec) error {
	for _, a := range c.Args {
		if a.IsNull(i) {
			return ErrNull
		}
	}
	s, entryDelim, kvDelim := c.Args[0].Str(i), c.Args[1].Str(i), c.Args[2].Str(i)
	if entryDelim == "" || kvDelim == "" || entryDelim == kvDelim {
		return ErrNull
	}
	var keys, values []string
	at := map[string]int{}
	work, most := meter.Meter{Stop: c.Stop}, out.MostItems()
	for e := range strings.SplitSeq(s, entryDelim) {
		if work.Add(128); len(keys) > most {
			panic(vec.ErrTooLarge)
		}
		k, rest, ok := strings.Cut(e, kvDelim)
		if !ok {
			continue
		}
		v, _, _ := strings.Cut(rest, kvDelim)
		if p, dup := at[k]; dup {
			values[p] = v
			continue
		}
		at[k] = len(keys)
		keys, values = append(keys, k), append(values, v)
	}
	// Java's HashMap.merge, which is used here, puts a new key before the others of its bucket.
	for p := len(keys) - 1; p >= 0; p-- {
		out.Kids[0].AppendString(keys[p])
		out.Kids[1].AppendString(values[p])
	}
	out.EndMap(vec.DefaultMapCapacity)
	return nil
}

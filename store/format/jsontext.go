package format

import (
	"github.com/ksqlgo/ksql/sql/json"
	"github.com/ksqlgo/ksql/sql/vec"
)

// text reads any value as a STRING.
func (c *jsonCodec) text(p int, v *vec.Vec) (int, error) {
	var end int
	if v.Data, end = c.appendTextOf(v.Data, p, c.depth); end < 0 {
		return 0, errSyntax
	}
	v.EndBytes()
	return end, nil
}

// appendTextOf adds the text of the value at p: a string itself, a number in Java's form, [a, b] of an array, the
// compact JSON of an object.
func (c *jsonCodec) appendTextOf(dst []byte, p, depth int) ([]byte, int) {
	b := c.b
	if p >= len(b) || depth > json.MaxDepth {
		return dst, -1
	}
	switch b[p] {
	case '"':
		return json.AppendText(dst, b, p+1)
	case '{':
		return c.appendCompact(dst, p, depth)
	case '[':
		dst = append(dst, '[')
		p = json.Blank(b, p+1)
		for first := true; ; first = false {
			if first && p < len(b) && b[p] == ']' {
				return append(dst, ']'), p + 1
			}
			if dst, p = c.appendTextOf(dst, p, depth+1); p < 0 {
				return dst, -1
			}
			p = json.Blank(b, p)
			if p >= len(b) || b[p] != ',' && b[p] != ']' {
				return dst, -1
			}
			if b[p] == ']' {
				return append(dst, ']'), p + 1
			}
			dst = append(dst, ", "...)
			p = json.Blank(b, p+1)
		}
	case 't', 'f', 'n':
		end := json.Skip(b, p, depth)
		if end > 0 {
			dst = append(dst, b[p:end]...)
		}
		return dst, end
	}
	return appendNumber(dst, b, p)
}

// appendNumber adds the number at p as Java's BigInteger or BigDecimal writes it.
func appendNumber(dst, b []byte, p int) ([]byte, int) {
	end, whole := json.Number(b, p)
	if end < 0 {
		return dst, -1
	}
	s := b[p:end]
	if whole {
		if len(s) == 2 && s[0] == '-' && s[1] == '0' {
			s = s[1:]
		}
		return append(dst, s...), end
	}
	if n, scale, ok := vec.ParseNum(s); ok {
		return n.AppendJava(dst, scale), end
	}
	d, ok := vec.ParseDecimal(s)
	if !ok {
		return dst, -1
	}
	return vec.AppendJava(dst, d.Unscaled, d.Scale), end
}

// appendCompact adds the JSON at p without blanks, a repeated name with its last value.
func (c *jsonCodec) appendCompact(dst []byte, p, depth int) ([]byte, int) {
	b := c.b
	if p >= len(b) || depth > json.MaxDepth {
		return dst, -1
	}
	switch b[p] {
	case '"':
		s, end := json.AppendText(nil, b, p+1)
		if end < 0 {
			return dst, -1
		}
		return json.AppendQuoted(dst, s), end
	case '[':
		dst = append(dst, '[')
		p = json.Blank(b, p+1)
		if p < len(b) && b[p] == ']' {
			return append(dst, ']'), p + 1
		}
		for {
			if dst, p = c.appendCompact(dst, p, depth+1); p < 0 {
				return dst, -1
			}
			p = json.Blank(b, p)
			if p >= len(b) || b[p] != ',' && b[p] != ']' {
				return dst, -1
			}
			dst = append(dst, b[p])
			if b[p] == ']' {
				return dst, p + 1
			}
			p = json.Blank(b, p+1)
		}
	case '{':
		var names []string
		at := map[string]int{}
		end, err := c.members(p+1, func(key string, p int) {
			if _, ok := at[key]; !ok {
				names = append(names, key)
			}
			at[key] = p
		})
		if err != nil {
			return dst, -1
		}
		dst = append(dst, '{')
		for i, k := range names {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(json.AppendQuoted(dst, []byte(k)), ':')
			var q int
			if dst, q = c.appendCompact(dst, at[k], depth+1); q < 0 {
				return dst, -1
			}
		}
		return append(dst, '}'), end
	case 't', 'f', 'n':
		end := json.Skip(b, p, depth)
		if end > 0 {
			dst = append(dst, b[p:end]...)
		}
		return dst, end
	}
	return appendNumber(dst, b, p)
}

package format

import (
	"encoding/base64"
	"errors"
	"strconv"
	"unsafe"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/json"
	"github.com/ksqlgo/ksql/sql/vec"
)

func str(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// value reads the value at p as one row of v and gives the position behind it. After an error v may hold part of
// the row; the caller takes it back.
func (c *jsonCodec) value(p int, f *jsonField, v *vec.Vec) (int, error) {
	b := c.b
	if p >= len(b) {
		return 0, errSyntax
	}
	ch := b[p]
	if ch == 'n' {
		if p = json.Word(b, p, "null"); p < 0 {
			return 0, errSyntax
		}
		v.AppendNull()
		return p, nil
	}
	var end int
	switch f.kind {
	case sql.String:
		return c.text(p, v)
	case sql.Boolean:
		if ch == 't' {
			if end = json.Word(b, p, "true"); end > 0 {
				v.AppendBool(true)
				return end, nil
			}
		}
		if ch == 'f' {
			if end = json.Word(b, p, "false"); end > 0 {
				v.AppendBool(false)
				return end, nil
			}
		}
	case sql.Integer, sql.Bigint, sql.Date, sql.Time, sql.Timestamp:
		x, end, err := c.integer(p, f.kind)
		if err != nil || end > 0 {
			if err == nil {
				err = appendInteger(v, x)
			}
			return end, err
		}
	case sql.Double:
		if ch == '-' || ch-'0' <= 9 {
			var x float64
			if x, end = double(b, p); end < 0 {
				return 0, errSyntax
			}
			v.AppendF64(x)
			return end, nil
		}
		if ch == '"' {
			s, end := c.textAt(p)
			if end < 0 {
				return 0, errSyntax
			}
			x, ok := vec.ParseDouble(str(s))
			if !ok {
				return 0, badText(sql.Double)
			}
			v.AppendF64(x)
			return end, nil
		}
	case sql.Decimal:
		var s []byte
		if ch == '"' {
			s, end = c.textAt(p)
		} else if ch == '-' || ch-'0' <= 9 {
			end, _ = json.Number(b, p)
			if end > 0 {
				s = b[p:end]
			}
		}
		if end < 0 {
			return 0, errSyntax
		}
		if end > 0 {
			err := v.AppendDecimal(s, vec.Exact)
			if err == nil {
				return end, nil
			}
			if err == vec.ErrNumber {
				return 0, badText(sql.Decimal)
			}
			return 0, &coercion{text: err.Error()}
		}
	case sql.Bytes:
		if ch == '"' {
			s, end := c.textAt(p)
			if end < 0 {
				return 0, errSyntax
			}
			if err := appendBase64(v, s); err != nil {
				return 0, &coercion{text: err.Error()}
			}
			return end, nil
		}
	case sql.Array:
		if ch == '[' {
			return c.array(p+1, f, v)
		}
	case sql.Map:
		if ch == '{' {
			return c.mapping(p+1, f, v)
		}
	case sql.Struct:
		if ch == '{' {
			c.depth++
			end, err := c.object(p+1, f.rec, v.Kids, v.N)
			c.depth--
			if err == nil {
				v.EndStruct()
			}
			return end, err
		}
	}
	if json.Skip(b, p, c.depth) < 0 {
		return 0, errSyntax
	}
	return 0, mismatch(b, p, typeText(f.typ))
}

// textAt is the string at p, lent until the next one.
func (c *jsonCodec) textAt(p int) ([]byte, int) {
	b := c.b
	if e := json.TextEnd(b, p+1); e > 0 && b[e] == '"' {
		return b[p+1 : e], e + 1
	}
	var end int
	c.tmp, end = json.AppendText(c.tmp[:0], b, p+1)
	return c.tmp, end
}

var errBase64 = errors.New("Can't decode base64")

// appendBase64 adds the bytes that text spells to v.
func appendBase64(v *vec.Vec, text []byte) error {
	at := len(v.Data)
	d, err := base64.StdEncoding.AppendDecode(v.Data, text)
	if err != nil {
		v.Data = v.Data[:at]
		return errBase64
	}
	v.Data = d
	v.EndBytes()
	return nil
}

// array reads the items of an ARRAY from p on.
func (c *jsonCodec) array(p int, f *jsonField, v *vec.Vec) (int, error) {
	b := c.b
	c.depth++
	defer func() { c.depth-- }()
	p = json.Blank(b, p)
	if p < len(b) && b[p] == ']' {
		v.EndList()
		return p + 1, nil
	}
	for i := 0; ; i++ {
		var err error
		if p, err = c.value(p, f.item, v.Kids[0]); err != nil {
			return 0, within(err, "["+strconv.Itoa(i)+"]")
		}
		p = json.Blank(b, p)
		if p >= len(b) {
			return 0, errSyntax
		}
		if b[p] == ']' {
			v.EndList()
			return p + 1, nil
		}
		if b[p] != ',' {
			return 0, errSyntax
		}
		p = json.Blank(b, p+1)
	}
}

// mapping reads the entries of a MAP from p on. Names that repeat make the row one to read with care; then the
// entry stands where the name came first, with the last value, as in Java's LinkedHashMap.
func (c *jsonCodec) mapping(p int, f *jsonField, v *vec.Vec) (int, error) {
	b := c.b
	c.depth++
	defer func() { c.depth-- }()
	keys, vals := v.Kids[0], v.Kids[1]
	if c.careful {
		var names []string
		at := map[string]int{}
		end, err := c.members(p, func(key string, p int) {
			if _, ok := at[key]; !ok {
				names = append(names, key)
			}
			at[key] = p
		})
		if err != nil {
			return 0, err
		}
		for _, k := range names {
			keys.AppendString(k)
			if _, err := c.value(at[k], f.item, vals); err != nil {
				return 0, within(err, "."+k+".value")
			}
		}
		v.EndMap(vec.MapCapacity(len(names)))
		return end, nil
	}
	first := keys.N
	p = json.Blank(b, p)
	if p < len(b) && b[p] == '}' {
		v.EndList()
		return p + 1, nil
	}
	for {
		if p >= len(b) || b[p] != '"' {
			return 0, errSyntax
		}
		var q int
		keys.Data, q = json.AppendText(keys.Data, b, p+1)
		if p = json.Colon(b, q); p < 0 {
			return 0, errSyntax
		}
		keys.EndBytes()
		var err error
		if p, err = c.value(p, f.item, vals); err != nil {
			return 0, err
		}
		p = json.Blank(b, p)
		if p >= len(b) {
			return 0, errSyntax
		}
		if b[p] == '}' {
			break
		}
		if b[p] != ',' {
			return 0, errSyntax
		}
		p = json.Blank(b, p+1)
	}
	if repeats(keys, first) {
		return 0, errAgain
	}
	v.EndMap(vec.MapCapacity(keys.N - first))
	return p + 1, nil
}

// repeats reports whether a string stands twice among rows from first on.
func repeats(v *vec.Vec, first int) bool {
	if v.N-first > 32 {
		seen := make(map[string]bool, v.N-first)
		for i := first; i < v.N; i++ {
			if seen[v.Str(i)] {
				return true
			}
			seen[v.Str(i)] = true
		}
		return false
	}
	for i := first + 1; i < v.N; i++ {
		for j := first; j < i; j++ {
			if v.Str(i) == v.Str(j) {
				return true
			}
		}
	}
	return false
}
